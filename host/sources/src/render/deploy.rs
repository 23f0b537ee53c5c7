//! What Argo CD and Flux deploy of the folders of the input: with which values, in which namespace, under which name.
//!
//! An object that deploys from elsewhere is no business of this module: the engine says that it is not checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use engine::File;
use engine::manifest::{Covered, Limits, Manifest, Node, Object, Value, read};

use super::application_set;
use super::catalog::Catalog;
use super::chart::{Release, Values};
use super::failure::{Failure, Why};
use super::images::image_override;
use super::kustomization::Over;
use super::mark::{self, Shift};
use super::names;
use super::parts::list;
use super::plan::{Job, What, environment_of, or_here};
use super::repository::Repository;
use super::substitute::Variables;

/// What deploys, and which folders it does.
#[derive(Debug, Default)]
pub struct Deployed {
    pub jobs: Vec<Job>,
    pub folders: BTreeSet<PathBuf>,
}

/// An object that deploys.
struct Deployer<'a> {
    catalog: &'a Catalog<'a>,
    repository: &'a Repository,
    file: &'a File,
    object: &'a Object,
}

pub fn deployed(catalog: &Catalog<'_>) -> Deployed {
    let mut deployed = Deployed::default();
    let repository = Repository::of(catalog.tree);
    for known in &catalog.files {
        if catalog.charts.keys().any(|chart| known.real.starts_with(chart.join("templates"))) {
            continue;
        }
        for object in known.file.manifest.objects() {
            let deployer = Deployer { catalog, repository: &repository, file: known.file, object };
            for (folder, job) in deployer.jobs() {
                deployed.folders.extend(folder);
                deployed.jobs.push(job);
            }
        }
    }
    deployed
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    path.iter().try_fold(node, |node, key| node.get(key))?.as_str().filter(|text| !text.is_empty())
}

type Made = (Option<PathBuf>, Job);

impl Deployer<'_> {
    fn jobs(&self) -> Vec<Made> {
        let Some(spec) = self.object.node.get("spec") else { return Vec::new() };
        match (self.object.group(), self.object.kind.as_str()) {
            ("argoproj.io", "Application") => {
                let name = self.object.name.clone().unwrap_or_default();
                self.application(spec, &name)
            }
            ("argoproj.io", "ApplicationSet") => self.application_set(spec),
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => self.kustomization(spec).into_iter().collect(),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => self.helm_release(spec).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn line(&self, node: &Node) -> u32 {
        self.file.manifest.source.position(node.span.start).line
    }

    /// A job of this object; `folder` is where what it renders lies.
    fn job(&self, folder: &Path, environment: String, namespace: Option<String>, what: What) -> Job {
        let file = self.file.manifest.name.clone();
        let line = self.file.manifest.source.position(self.object.node.locate(&[]).start).line;
        let shown = self.catalog.tree.shown(folder);
        let (tool, place) = match &what {
            What::Kustomization { .. } => ("kustomize build", shown.clone()),
            // One chart in several environments has a place for each.
            _ => ("helm template", format!("{}/{environment}", or_here(&shown))),
        };
        let name = format!("{} ({tool}, {environment})", or_here(&shown));
        let covers = vec![Covered::Object { file: file.clone(), line }, Covered::Folder(shown)];
        let project = self.file.project;
        Job { environment, name, folder: place, file, line, covers, namespace, project, what, is_default: false }
    }

    /// Something that is refused or not known, at a place in this object.
    fn nothing(&self, why: Why, at: &Node) -> Made {
        let line = if at.span.end == 0 { self.line(&self.object.node) } else { self.line(at) };
        let failure = Failure::at(why, self.file.manifest.name.clone(), line);
        let mut job = self.job(Path::new(""), self.object.display_name(), None, What::Nothing(failure));
        job.covers.retain(|covered| matches!(covered, Covered::Object { .. }));
        (None, job)
    }

    /// The text at a path, if it is a name. A text that is none is refused where it stands.
    fn name(
        &self,
        node: &Node,
        path: &[&str],
        is_name: fn(&str) -> bool,
        what: &'static str,
    ) -> Result<Option<String>, Box<Made>> {
        let Some(at) = path.iter().try_fold(node, |node, key| node.get(key)) else { return Ok(None) };
        match at.as_str() {
            None | Some("") => Ok(None),
            Some(text) if is_name(text) => Ok(Some(text.to_owned())),
            Some(text) => Err(Box::new(self.nothing(Why::Name(text.to_owned(), what), at))),
        }
    }

    fn application_set(&self, spec: &Node) -> Vec<Made> {
        let Some(template) = spec.get("template") else { return Vec::new() };
        let folders = self.catalog.folders();
        let elements = match application_set::elements(spec, self.catalog.tree, &folders, &self.catalog.files) {
            Ok(elements) => elements,
            Err(unknown) => {
                let why =
                    Why::Unknown(format!("the generator `{unknown}` is not known here: nothing of it is rendered"));
                return vec![self.nothing(why, spec.get("generators").unwrap_or(spec))];
            }
        };
        let filled = elements.iter().map(|element| application_set::filled(template, element));
        let made = filled.flat_map(|template| {
            let name = text(&template, &["metadata", "name"]).unwrap_or_default().to_owned();
            template.get("spec").map(|spec| self.application(spec, &name)).unwrap_or_default()
        });
        made.collect()
    }

    fn application(&self, spec: &Node, name: &str) -> Vec<Made> {
        let sources: Vec<&Node> = spec.get("source").into_iter().chain(list(spec, "sources")).collect();
        let namespace = match self.name(spec, &["destination", "namespace"], names::is_label, "namespace") {
            Ok(namespace) => namespace,
            Err(refused) => return vec![*refused],
        };
        let made = sources.iter().filter_map(|source| self.source(source, &sources, name, namespace.as_deref()));
        made.collect()
    }

    fn source(&self, source: &Node, all: &[&Node], name: &str, namespace: Option<&str>) -> Option<Made> {
        let path =
            text(source, &["path"]).filter(|_| source.get("plugin").is_none() && source.get("chart").is_none())?;
        if !self.repository.is_here(text(source, &["repoURL"]).unwrap_or_default()) {
            return None;
        }
        let folder = self.catalog.folder(path)?;
        let is_chart = self.catalog.charts.contains_key(&folder);
        if !is_chart && !self.catalog.kustomizations.contains_key(&folder) {
            return None;
        }
        if let Some(revision) = source.get("targetRevision").filter(|at| !self.repository.is_this_tree(at.as_str())) {
            let text = mark::text_of(&revision.value).unwrap_or_default();
            let why =
                Why::Unknown(format!("`{path}` is deployed at `{text}`, which is not this tree: that is not rendered"));
            return Some(self.nothing(why, revision));
        }
        let overrides = self.overrides(&folder, name);
        let field = |group: &str, key: &str| {
            let nodes = overrides.iter().map(|(_, node)| node).chain([source]);
            nodes.into_iter().find_map(|node| node.get(group)?.get(key))
        };
        let namespace = namespace.map(str::to_owned);
        if !is_chart {
            let mut fields = String::new();
            for key in [
                "namePrefix",
                "nameSuffix",
                "namespace",
                "commonLabels",
                "commonAnnotations",
                "replicas",
                "patches",
                "components",
            ] {
                if let Some(value) = field("kustomize", key) {
                    fields += &format!(",{}:{}", mark::quoted(key), mark::plain(value));
                }
            }
            if let Some(Value::Sequence(images)) = field("kustomize", "images").map(|images| &images.value) {
                let images = images.iter().filter_map(|image| image_override(image.as_str()?));
                fields += &format!(",\"images\":[{}]", images.collect::<Vec<_>>().join(","));
            }
            let over = (!fields.is_empty()).then_some(Over { fields, variables: None });
            let what = What::Kustomization { folder: folder.clone(), over };
            let job = self.job(&folder, name.to_owned(), namespace, what);
            return Some((Some(folder), job));
        }
        let release = match self.name(source, &["helm", "releaseName"], names::is_release, "name of a release") {
            Ok(release) => release.unwrap_or_else(|| names::release_of(name)),
            Err(refused) => return Some(*refused),
        };
        let mut values = Vec::new();
        let is_lenient = field("helm", "ignoreMissingValueFiles").is_some_and(|it| it.value == Value::Bool(true));
        if let Some(Value::Sequence(files)) = field("helm", "valueFiles").map(|files| &files.value) {
            for file in files {
                let Some(path) = file.as_str() else { continue };
                let found = match path.strip_prefix('$').and_then(|path| path.split_once('/')) {
                    Some((reference, below)) => {
                        let refers = |it: &&&Node| text(it, &["ref"]) == Some(reference);
                        let url = all.iter().find(refers).and_then(|it| text(it, &["repoURL"])).unwrap_or_default();
                        self.repository.is_here(url).then(|| self.catalog.file(below)).flatten()
                    }
                    None if path.starts_with('/') => self.catalog.file(path.trim_start_matches('/')),
                    None => Some(folder.join(path)).filter(|path| path.is_file()),
                };
                match found {
                    Some(path) => values.push(Values::File(path)),
                    None if is_lenient => {}
                    None => {
                        let why = Why::Unknown(format!("the values file `{path}` is not in the input"));
                        return Some(self.nothing(why, file));
                    }
                }
            }
        }
        values.extend(field("helm", "values").and_then(|values| self.inline(values)));
        values.extend(field("helm", "valuesObject").and_then(|values| self.inline(values)));
        let mut set = Vec::new();
        if let Some(Value::Sequence(parameters)) = field("helm", "parameters").map(|it| &it.value) {
            for parameter in parameters {
                let value = parameter.get("value").and_then(|it| mark::text_of(&it.value)).unwrap_or_default();
                let is_text = parameter.get("forceString").is_some_and(|it| it.value == Value::Bool(true));
                if let Some(name) = text(parameter, &["name"]) {
                    let flag = if is_text { "--set-string" } else { "--set" };
                    set.push((flag, format!("{name}={}", value.replace(',', "\\,"))));
                }
            }
        }
        let chart = folder.clone();
        let what = What::Release(Release { chart, name: release, namespace: namespace.clone(), values, set });
        let job = self.job(&folder, name.to_owned(), namespace, what);
        Some((Some(folder), job))
    }

    /// What lies beside the files that an Application deploys and says more of it, what counts most first.
    fn overrides(&self, folder: &Path, name: &str) -> Vec<(String, Node)> {
        let files = [format!(".argocd-source-{name}.yaml"), ".argocd-source.yaml".to_owned()];
        let read = |file: &String| {
            let path = self.catalog.tree.resolve(&folder.join(file)).ok()??;
            let bytes = crate::read::read_regular(&path, Limits::default().bytes).ok()?;
            let manifest = read(file, bytes, &Limits::default());
            let node = manifest.documents.iter().find_map(mark::node_of).cloned()?;
            Some((file.clone(), node))
        };
        files.iter().filter_map(read).collect()
    }

    /// Values that stand in this object, as a mapping or as a text.
    fn inline(&self, node: &Node) -> Option<Values> {
        inline(&self.file.manifest, node)
    }

    fn kustomization(&self, spec: &Node) -> Option<Made> {
        let path = text(spec, &["path"])?;
        if text(spec, &["sourceRef", "kind"]) != Some("GitRepository") {
            return None;
        }
        let folder = self.catalog.folder(path).filter(|folder| self.catalog.kustomizations.contains_key(folder))?;
        let namespace = match self.name(spec, &["targetNamespace"], names::is_label, "namespace") {
            Ok(namespace) => namespace,
            Err(refused) => return Some(*refused),
        };
        let mut fields = String::new();
        if let Some(namespace) = &namespace {
            fields += &format!(",\"namespace\":{}", mark::quoted(namespace));
        }
        for key in ["namePrefix", "nameSuffix", "patches", "images", "components"] {
            if let Some(value) = spec.get(key) {
                fields += &format!(",{}:{}", mark::quoted(key), mark::plain(value));
            }
        }
        let variables = spec.get("postBuild").map(|build| self.variables(build));
        let over = (!fields.is_empty() || variables.is_some()).then_some(Over { fields, variables });
        let what = What::Kustomization { folder: folder.clone(), over };
        let environment = environment_of(&self.catalog.tree.shown(&folder));
        let mut job = self.job(&folder, environment, namespace, what);
        job.name = format!("{} (kustomize build, {})", job.folder, self.object.display_name());
        Some((Some(folder), job))
    }

    /// What Flux fills in after a build, as far as it stands in the input.
    fn variables(&self, build: &Node) -> Variables {
        let mut variables = Variables::new();
        let mut add = |node: &Node| {
            if let Value::Mapping(entries) = &node.value {
                let texts = entries.iter().filter_map(|it| Some((it.key.to_string(), mark::text_of(&it.value.value)?)));
                variables.extend(texts);
            }
        };
        for reference in list(build, "substituteFrom") {
            let found = self.object(reference).map(|(_, object)| object);
            found
                .iter()
                .flat_map(|object| [object.node.get("data"), object.node.get("stringData")])
                .flatten()
                .for_each(&mut add);
        }
        build.get("substitute").into_iter().for_each(&mut add);
        variables
    }

    /// The ConfigMap or the Secret of the input that is named. What is encoded is not read: it would be a Secret's.
    fn object(&self, reference: &Node) -> Option<(&File, &Object)> {
        let (kind, name) = (text(reference, &["kind"])?, text(reference, &["name"])?);
        let (file, object) = self.catalog.files.iter().find_map(|known| {
            let mut objects = known.file.manifest.objects();
            let fits = |it: &&Object| it.kind == kind && it.name.as_deref() == Some(name) && it.group().is_empty();
            Some((known.file, objects.find(fits)?))
        })?;
        (kind == "ConfigMap" || object.node.get("stringData").is_some()).then_some((file, object))
    }

    fn helm_release(&self, spec: &Node) -> Option<Made> {
        let path = text(spec, &["chart", "spec", "chart"])?;
        if text(spec, &["chart", "spec", "sourceRef", "kind"]) != Some("GitRepository") {
            return None;
        }
        let folder = self.catalog.folder(path).filter(|folder| self.catalog.charts.contains_key(folder))?;
        let named = || -> Result<(Option<String>, Option<String>), Box<Made>> {
            let release = self.name(spec, &["releaseName"], names::is_release, "name of a release")?;
            Ok((release, self.name(spec, &["targetNamespace"], names::is_label, "namespace")?))
        };
        let (release, target) = match named() {
            Ok(named) => named,
            Err(refused) => return Some((Some(folder), refused.1)),
        };
        let own = self.object.display_name();
        let release = release.unwrap_or_else(|| {
            names::release_of(&target.as_ref().map_or_else(|| own.clone(), |target| format!("{target}-{own}")))
        });
        let namespace = target.or_else(|| self.object.namespace.clone()).filter(|it| names::is_label(it));
        let mut values = Vec::new();
        let files =
            spec.get("chart").and_then(|it| it.get("spec")).map(|it| list(it, "valuesFiles")).unwrap_or_default();
        for file in files.iter().filter_map(Node::as_str) {
            values.extend(self.catalog.file(file.trim_start_matches("./")).map(Values::File));
        }
        for reference in list(spec, "valuesFrom") {
            match self.values_from(reference) {
                Some(found) => values.push(found),
                None if reference.get("optional").is_some_and(|it| it.value == Value::Bool(true)) => {}
                None => {
                    let kind = text(reference, &["kind"]).unwrap_or("object");
                    let name = text(reference, &["name"]).unwrap_or_default();
                    let why = Why::Unknown(format!("the values of {kind} `{name}` are not in the input"));
                    return Some((Some(folder), self.nothing(why, reference).1));
                }
            }
        }
        values.extend(spec.get("values").and_then(|values| self.inline(values)));
        let (chart, set) = (folder.clone(), Vec::new());
        let what = What::Release(Release { chart, name: release, namespace: namespace.clone(), values, set });
        let job = self.job(&folder, own, namespace, what);
        Some((Some(folder), job))
    }

    /// The values in a ConfigMap or a Secret of the input.
    fn values_from(&self, reference: &Node) -> Option<Values> {
        if reference.get("targetPath").is_some() {
            return None;
        }
        let key = text(reference, &["valuesKey"]).unwrap_or("values.yaml");
        let (file, object) = self.object(reference)?;
        let value = ["data", "stringData"].iter().find_map(|data| object.node.get(data)?.get(key))?;
        inline(&file.manifest, value)
    }
}

/// Values that a node of a manifest is, or that its text is.
fn inline(manifest: &Manifest, node: &Node) -> Option<Values> {
    let (name, source) = (manifest.name.clone(), manifest.source.clone());
    let Some(inner) = node.as_str() else {
        let is_mapping = matches!(node.value, Value::Mapping(_));
        return is_mapping.then(|| Values::Inline { name, source, node: node.clone(), shift: None });
    };
    let values = read("values", inner.into(), &Limits::default());
    let values = values.documents.iter().find_map(mark::node_of).cloned()?;
    let shift = Some(Shift::new(inner, &source.text(), node.span));
    Some(Values::Inline { name, source, node: values, shift })
}
