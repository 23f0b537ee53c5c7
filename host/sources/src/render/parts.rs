//! Everything that a kustomization refers to, read and staged: its bases, patches and charts, and the files that it names.
//!
//! Names that would become arguments of helm are held against their grammar here, and what is not in the input is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use engine::kustomize::is_remote;
use engine::manifest::{Manifest, Node, Source, Value, read};
use serde_json::{Map, Value as Json};
use walkdir::WalkDir;

use super::failure::{Failure, Why};
use super::mark;
use super::names;
use super::rendered::limits;
use super::stage::Stage;
use super::tree::Tree;
use crate::ignores::GIT;

/// What kustomize looks for in a folder, the first one first.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Folders that one build reaches.
const FOLDERS: usize = 2_000;

/// Members of a kustomization in which no path stands.
const NO_PATHS: [&str; 16] = [
    "annotations",
    "commonAnnotations",
    "commonLabels",
    "fieldPaths",
    "images",
    "labels",
    "literals",
    "metadata",
    "name",
    "options",
    "patch",
    "repo",
    "select",
    "source",
    "target",
    "valuesInline",
];

/// A member of a chart's description, what its value has to be, and that in words.
type NameKind = (&'static str, fn(&str) -> bool, &'static str);

/// A file that a build is made of.
pub struct Part {
    /// From the root of the stage.
    pub path: PathBuf,
    pub manifest: Manifest,
    pub role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Kustomization,
    Resource,
    Patch,
    Values,
}

/// Everything that a build is made of.
pub struct Parts<'t> {
    pub tree: &'t Tree,
    /// The folder that holds all that was given.
    pub root: PathBuf,
    pub stage: Stage,
    pub parts: Vec<Part>,
    pub seen: BTreeSet<PathBuf>,
    pub allow_network: bool,
    /// Where a chart is inflated, if one is.
    pub chart: Option<(String, u32)>,
    /// The charts that are inflated.
    pub charts: Vec<PathBuf>,
}

impl<'t> Parts<'t> {
    /// None yet.
    pub fn new(tree: &'t Tree, allow_network: bool) -> Self {
        Self {
            tree,
            root: tree.top(),
            stage: Stage::default(),
            parts: Vec::new(),
            seen: BTreeSet::new(),
            allow_network,
            chart: None,
            charts: Vec::new(),
        }
    }

    /// Where a file is in the stage.
    pub fn staged(&self, real: &Path) -> PathBuf {
        real.strip_prefix(&self.root).unwrap_or(real).to_owned()
    }

    /// A folder that is built, with all that it refers to.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        if !self.seen.insert(folder.to_owned()) {
            return Ok(());
        }
        if self.seen.len() > FOLDERS {
            return Err(Why::Unknown(format!("the kustomization reaches more than {FOLDERS} folders")).into());
        }
        let mut own = Vec::new();
        for name in NAMES {
            let real = self.tree.resolve(&folder.join(name))?.filter(|real| real.is_file());
            own.extend(real.map(|real| (name, real)));
        }
        let [(name, real)] = own.as_slice() else {
            let count = if own.is_empty() { "no kustomization" } else { "more than one kustomization" };
            return Err(Why::Unknown(format!("{} has {count}", self.tree.shown(folder))).into());
        };
        let path = self.staged(folder).join(name);
        let at = self.parts.len();
        self.add_part(real, path, Role::Kustomization)?;
        let Some(part) = self.parts.get(at) else { return Ok(()) };
        let Some(node) = kustomization_of(&part.manifest).cloned() else {
            return Err(Failure::at(Why::Unknown("this is no kustomization".into()), part.manifest.name.clone(), 1));
        };
        self.add_references(folder, &node, at)
    }

    fn add_part(&mut self, real: &Path, path: PathBuf, role: Role) -> Result<(), Failure> {
        if self.parts.iter().any(|part| part.path == path) {
            return Ok(());
        }
        self.stage.copy(self.tree, real, path.clone())?;
        let bytes = self.stage.get(&path).unwrap_or_default().to_vec();
        self.parts.push(Part { path, manifest: read(&self.tree.shown(real), bytes, &limits()), role });
        Ok(())
    }

    /// Everything that a kustomization names and that is there. What it takes objects from has to be.
    fn add_references(&mut self, folder: &Path, node: &Node, at: usize) -> Result<(), Failure> {
        let Some((name, source)) =
            self.parts.get(at).map(|part| (part.manifest.name.clone(), part.manifest.source.clone()))
        else {
            return Ok(());
        };
        let located = |why: Why, node: &Node| Failure::at(why, name.clone(), line(&source, node));
        for chart in node.list("helmCharts").iter().chain(node.list("helmChartInflationGenerator")) {
            self.add_chart(folder, node, chart).map_err(|failure| Failure {
                at: failure.at.or_else(|| Some((name.clone(), line(&source, chart)))),
                ..failure
            })?;
            self.chart.get_or_insert_with(|| (name.clone(), line(&source, chart)));
        }
        for (named, role) in references(node) {
            let Some(text) = named.as_str() else { continue };
            self.add_named(folder, text, role).map_err(|failure| Failure {
                at: failure.at.or_else(|| Some((name.clone(), line(&source, named)))),
                ..failure
            })?;
        }
        let mut texts = Vec::new();
        strings(node, &mut texts);
        for named in texts {
            let Some(text) = named.as_str() else { continue };
            for text in [text, text.split_once('=').map_or("", |(_, path)| path)] {
                if !(1..1024).contains(&text.len()) || text.contains('\n') {
                    continue;
                }
                if is_remote(text) && !self.allow_network && !text.contains(char::is_whitespace) {
                    return Err(located(Why::Remote(text.to_owned()), named));
                }
                let path = folder.join(text);
                let Some(real) = self.tree.resolve(&path).map_err(|failure| located(failure.why, named))? else {
                    continue;
                };
                let path = self.staged(&crate::read::clean(&path));
                if real.is_file() {
                    self.stage.copy(self.tree, &real, path)?;
                } else if NAMES.iter().any(|name| real.join(name).is_file()) && text.contains('/') {
                    self.add_folder(&real)?;
                }
            }
        }
        Ok(())
    }

    /// A file or a folder that a kustomization names.
    fn add_named(&mut self, folder: &Path, text: &str, role: Role) -> Result<(), Failure> {
        if is_remote(text) {
            return if self.allow_network { Ok(()) } else { Err(Why::Remote(text.to_owned()).into()) };
        }
        let path = folder.join(text);
        match self.tree.resolve(&path)? {
            Some(real) if real.is_dir() => self.add_folder(&real),
            Some(real) => self.add_part(&real, self.staged(&crate::read::clean(&path)), role),
            None if role == Role::Resource => Err(Why::Elsewhere(text.to_owned()).into()),
            None => Err(Why::Unknown(format!("`{text}` is not in the input")).into()),
        }
    }

    /// What is laid over a kustomization names components and patches, from the folder of that.
    pub fn add_laid_over(&mut self, folder: &Path, fields: &Map<String, Json>) -> Result<(), Failure> {
        let items = |key: &str| fields.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        for component in items("components").iter().filter_map(Json::as_str) {
            self.add_named(folder, component, Role::Resource)?;
        }
        for patch in items("patches").iter().filter_map(|patch| patch.get("path")?.as_str()) {
            self.add_named(folder, patch, Role::Patch)?;
        }
        Ok(())
    }

    /// A folder without a kustomization, of which Flux takes all files, and the kustomizations below it: their paths.
    pub fn add_bare(&mut self, folder: &Path) -> Result<Vec<String>, Failure> {
        let mut resources = Vec::new();
        let mut entries = WalkDir::new(folder).follow_links(false).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(|cause| Why::System(cause.to_string()))?;
            let (path, name) = (entry.path(), entry.file_name());
            let below = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
            if entry.file_type().is_dir() {
                let is_built = path != folder && NAMES.iter().any(|name| path.join(name).is_file());
                if is_built {
                    self.add_folder(path)?;
                    resources.push(below);
                }
                if is_built || name == GIT {
                    entries.skip_current_dir();
                }
            } else if path.extension().is_some_and(|it| it == "yaml" || it == "yml")
                && let Some(real) = self.tree.resolve(path)?.filter(|real| real.is_file())
            {
                let at = self.parts.len();
                self.add_part(&real, self.staged(path), Role::Resource)?;
                // What holds no object is no business of Flux.
                let is_object = |part: &Part| part.manifest.objects().next().is_some();
                if self.parts.get(at).is_some_and(is_object) { resources.push(below) } else { self.parts.truncate(at) }
            }
        }
        Ok(resources)
    }

    /// The chart that a kustomization inflates: its names are held against their grammar, and it has to be here.
    fn add_chart(&mut self, folder: &Path, node: &Node, chart: &Node) -> Result<(), Failure> {
        let Some(part) = self.parts.last() else { return Ok(()) };
        let (name, source) = (part.manifest.name.clone(), part.manifest.source.clone());
        let kinds: [NameKind; 6] = [
            ("name", names::is_chart, "name of a chart"),
            ("releaseName", names::is_release, "name of a release"),
            ("namespace", names::is_label, "namespace"),
            ("version", names::is_version, "version"),
            ("kubeVersion", names::is_kube_version, "Kubernetes version"),
            ("nameTemplate", names::is_release, "name of a release"),
        ];
        for (key, is_name, what) in kinds {
            let Some(value) = chart.get(key) else { continue };
            let text = mark::text_of(&value.value).unwrap_or_default();
            if !text.is_empty() && !is_name(&text) {
                return Err(Failure::at(Why::Name(text, what), name, line(&source, value)));
            }
        }
        let namespace = node.get("namespace").filter(|it| it.as_str().is_some_and(|text| !names::is_label(text)));
        if let Some(value) = namespace {
            let text = value.as_str().unwrap_or_default().to_owned();
            return Err(Failure::at(Why::Name(text, "namespace"), name, line(&source, value)));
        }
        let versions = chart.list("apiVersions").iter().find(|it| !it.as_str().is_some_and(names::is_api_version));
        if let Some(value) = versions {
            let text = value.as_str().unwrap_or_default().to_owned();
            return Err(Failure::at(Why::Name(text, "API version"), name, line(&source, value)));
        }
        let home = node.get("helmGlobals").and_then(|globals| globals.get("chartHome")?.as_str()).unwrap_or("charts");
        let of = chart.get("name").and_then(Node::as_str).unwrap_or_default();
        let version = chart.get("version").and_then(Node::as_str);
        // As kustomize does: a folder of the version first.
        let nested = version.map(|version| format!("{home}/{of}-{version}/{of}"));
        let candidates = nested.into_iter().chain([format!("{home}/{of}")]);
        for path in candidates.map(|path| folder.join(path)) {
            if let Some(real) = self.tree.resolve(&path)?.filter(|real| real.is_dir()) {
                let to = self.staged(&crate::read::clean(&path));
                self.stage.copy_all(self.tree, &real, &to)?;
                self.charts.push(real.clone());
                if let Some(values) = self.tree.resolve(&real.join("values.yaml"))? {
                    let bytes = self.stage.get(&to.join("values.yaml")).unwrap_or_default().to_vec();
                    let manifest = read(&self.tree.shown(&values), bytes, &limits());
                    self.parts.push(Part { path: to.join("values.yaml"), manifest, role: Role::Values });
                }
                return Ok(());
            }
        }
        if self.allow_network {
            return Ok(());
        }
        Err(Why::Remote(format!("chart {of}")).into())
    }
}

/// What a kustomization takes objects and patches from, and values of charts.
pub fn references(node: &Node) -> Vec<(&Node, Role)> {
    let mut references = Vec::new();
    for key in ["resources", "bases", "components"] {
        references.extend(node.list(key).iter().map(|item| (item, Role::Resource)));
    }
    for item in node.list("patches").iter().chain(node.list("patchesJson6902")) {
        references.extend(item.get("path").map(|path| (path, Role::Patch)));
    }
    let merged = node.list("patchesStrategicMerge").iter().chain(node.list("patches"));
    let is_path = |item: &&Node| item.as_str().is_some_and(|text| !text.contains('\n'));
    references.extend(merged.filter(is_path).map(|path| (path, Role::Patch)));
    for chart in node.list("helmCharts") {
        let files = chart.get("valuesFile").into_iter().chain(chart.list("additionalValuesFiles"));
        references.extend(files.map(|path| (path, Role::Values)));
    }
    references.retain(|(node, _)| node.as_str().is_some_and(|text| !text.is_empty()));
    references
}

/// The kustomization that a manifest is.
pub fn kustomization_of(manifest: &Manifest) -> Option<&Node> {
    manifest.documents.iter().find_map(mark::node_of).filter(|node| matches!(node.value, Value::Mapping(_)))
}

pub fn line(source: &Source, node: &Node) -> u32 {
    source.position(node.span.start).line
}

fn strings<'a>(node: &'a Node, found: &mut Vec<&'a Node>) {
    match &node.value {
        Value::String(_) => found.push(node),
        Value::Sequence(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Mapping(entries) => {
            let inner = entries.iter().filter(|entry| !NO_PATHS.contains(&&*entry.key));
            inner.for_each(|entry| strings(&entry.value, found));
        }
        _ => {}
    }
}
