//! What deploys workloads that nobody looked at: charts whose templates are not rendered, kustomizations that build on
//! what was not given, objects that have a controller deploy something from elsewhere.
//!
//! Each is known by what it deploys from ([`Unchecked::source`]), so that whoever renders it can take it from the list. A
//! file that could not be read and a rule that failed are told elsewhere: they are faults, and these are not. It
//! must not know what it means for a run that something is in the list.

mod beside;
#[cfg(test)]
mod tests;
mod unrendered;

pub(crate) use beside::beside_unseen;
pub use unrendered::Unrendered;
pub(crate) use unrendered::{at_sources, replace, without_rendered};

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::file::File;
use crate::kustomize::{Graph, Target, is_remote};
use crate::manifest::{Content, Entry, Node, Object, Value};
use crate::paths::{ancestors, file_name, normal};

/// Something that deploys workloads and was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The index of the file that says so.
    pub file: usize,
    /// The line there.
    pub line: u32,
    /// How many files of the input were skipped for it, or are not there.
    pub files: usize,
    /// What deploys.
    pub source: Source,
    /// Why its objects are not known, without a full stop.
    pub reason: String,
    /// What to type instead of [`command`](Self::command)'s usual answer.
    pub advice: Option<String>,
}

/// What deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The Helm chart in this folder.
    Chart(String),
    /// The kustomization in this folder.
    Kustomization(String),
    /// A file that is a template of no chart.
    Template,
    /// A helmfile.
    Helmfile,
    /// An object that a controller reads.
    Object {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
}

impl Unchecked {
    /// The command that shows what is deployed, to be piped into a check; none where that depends on too much.
    #[must_use]
    pub fn command(&self) -> Option<String> {
        if self.advice.is_some() {
            return self.advice.clone();
        }
        let file = |folder: &str| if folder.is_empty() { ".".to_owned() } else { shell_word(folder) };
        let render = match &self.source {
            Source::Chart(folder) => format!("helm template {}", file(folder)),
            Source::Kustomization(folder) => format!("kustomize build {}", file(folder)),
            Source::Helmfile => "helmfile template".to_owned(),
            Source::Object { kind, name } => match kind.as_str() {
                "Application" => format!("argocd app manifests {}", shell_word(name)),
                "HelmRelease" | "HelmChart" => "helm template <chart>".to_owned(),
                "Kustomization" => format!("flux build kustomization {} --path <folder>", shell_word(name)),
                _ => return None,
            },
            Source::Template => return None,
        };
        Some(format!("{render} | seaworthy check -"))
    }
}

/// A word of a command as a shell takes it, whatever is in it: it may be typed as it stands.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let word = if word.starts_with('-') { format!("./{word}") } else { word.to_owned() };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

impl fmt::Display for Unchecked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

/// Finds all of it, in the order of the files. `unproven` are the kustomizations that patch unknown objects, and
/// `objects` those that stand for themselves, each with the index of its file.
pub(crate) fn find(
    files: &[Arc<File>],
    graph: &Graph<'_>,
    unproven: &HashSet<usize>,
    objects: &[(usize, &Object)],
) -> Vec<Unchecked> {
    let mut found = Vec::new();
    charts_and_templates(files, &mut found);
    kustomizations(files, graph, unproven, &mut found);
    let folders = Folders::new(files);
    for &(file, object) in objects {
        if let Some(from) = deploys(object, &folders) {
            let reason = format!("{} deploys {from}", object.label_in_namespace());
            let source = Source::Object { kind: object.kind.clone(), name: object.display_name() };
            found.push(Unchecked {
                file,
                line: line(files, file, object.node.locate(&[]).start),
                files: 1,
                source,
                reason,
                advice: None,
            });
        }
    }
    found.sort_by_key(|unchecked| (unchecked.file, unchecked.line));
    found
}

fn line(files: &[Arc<File>], file: usize, at: u32) -> u32 {
    files.get(file).map_or(1, |file| file.manifest.source.position(at).line)
}

/// The chart that a file says it is: its first document.
fn chart(file: &File) -> Option<&Node> {
    let is_chart = matches!(file_name(&file.manifest.name), "Chart.yaml" | "Chart.yml");
    let first = file.manifest.documents.iter().find_map(|document| match &document.content {
        Content::Other(node) => Some(node),
        _ => None,
    });
    first.filter(|node| is_chart && node.get("name").is_some())
}

fn charts_and_templates(files: &[Arc<File>], found: &mut Vec<Unchecked>) {
    let charts: HashMap<String, (usize, &Node)> = files
        .iter()
        .enumerate()
        .filter_map(|(index, file)| Some((normal(file.manifest.folder()), (index, chart(file)?))))
        .collect();
    let mut templates: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let template = file.manifest.documents.iter().find(|it| matches!(it.content, Content::Template));
        let Some(template) = template else { continue };
        let own = normal(file.manifest.folder());
        match ancestors(&own).find_map(|folder| charts.get(top(folder, &charts))).or_else(|| charts.get("")) {
            Some((chart, _)) => *templates.entry(*chart).or_default() += 1,
            None => found.push(Unchecked {
                file: index,
                line: line(files, index, template.span.start),
                files: 1,
                source: Source::Template,
                reason: "a template: it is no manifest until it is rendered".to_owned(),
                advice: None,
            }),
        }
    }
    for (folder, (index, node)) in &charts {
        // A library has nothing to deploy, and a part of a chart is deployed with that.
        if node.get("type").and_then(Node::as_str) == Some("library") || top(folder, &charts) != folder {
            continue;
        }
        let (skipped, dependencies) =
            (templates.get(index).copied().unwrap_or_default(), node.list("dependencies").len());
        let reason = match (skipped, dependencies) {
            (0, 0) => continue,
            (0, 1) => "a Helm chart that deploys another chart".to_owned(),
            (0, _) => format!("a Helm chart that deploys {dependencies} other charts"),
            (1, _) => "a Helm chart: 1 template is not rendered".to_owned(),
            (_, _) => format!("a Helm chart: {skipped} templates are not rendered"),
        };
        let source = Source::Chart(folder.clone());
        found.push(Unchecked { file: *index, line: 1, files: skipped.max(1), source, reason, advice: None });
    }
    for (index, file) in files.iter().enumerate() {
        let name = file_name(&file.manifest.name);
        let releases = |content: &Content| matches!(content, Content::Other(node) if !node.list("releases").is_empty());
        if matches!(name, "helmfile.yaml" | "helmfile.yml")
            && file.manifest.documents.iter().any(|document| releases(&document.content))
        {
            let reason = "a helmfile: its releases are not rendered".to_owned();
            found.push(Unchecked { file: index, line: 1, files: 1, source: Source::Helmfile, reason, advice: None });
        }
    }
}

/// The folder of the chart that a chart in `charts/` is a part of, or the folder itself.
fn top<'a>(mut folder: &'a str, charts: &HashMap<String, (usize, &Node)>) -> &'a str {
    while let Some((parent, _)) = folder.rsplit_once('/').filter(|_| charts.contains_key(folder)) {
        let Some(around) = parent.strip_suffix("charts").filter(|around| around.is_empty() || around.ends_with('/'))
        else {
            break;
        };
        let around = around.trim_end_matches('/');
        if !charts.contains_key(around) {
            break;
        }
        folder = around;
    }
    folder
}

fn kustomizations(files: &[Arc<File>], graph: &Graph<'_>, unproven: &HashSet<usize>, found: &mut Vec<Unchecked>) {
    for (index, kustomization) in graph.kustomizations.iter().enumerate() {
        let needs_helm = !kustomization.node.list("helmCharts").is_empty();
        let mut add = |at: u32, reason: String| {
            let line = line(files, kustomization.file, at);
            let source = Source::Kustomization(kustomization.folder.clone());
            let folder =
                if kustomization.folder.is_empty() { ".".to_owned() } else { shell_word(&kustomization.folder) };
            let advice = needs_helm.then(|| format!("kustomize build --enable-helm {folder} | seaworthy check -"));
            found.push(Unchecked { file: kustomization.file, line, files: 1, source, reason, advice });
        };
        let before = kustomization.references.iter().filter(|reference| reference.target == Target::Elsewhere).count();
        for reference in kustomization.references.iter().filter(|reference| reference.target == Target::Elsewhere) {
            let path = reference.path;
            let what = if is_remote(path) { "is in another repository" } else { "is not in the input" };
            add(reference.span.start, format!("the kustomization builds on `{}`, which {what}", shown(path)));
        }
        let start = kustomization.node.locate(&[]).start;
        if kustomization.generates() {
            add(start, "what the charts or generators of this kustomization make is not rendered".to_owned());
        } else if before == 0 && unproven.contains(&index) {
            let kind = if kustomization.is_component { "Component" } else { "kustomization" };
            add(start, format!("the {kind} patches objects that are not all in the input"));
        }
    }
}

/// The folders of an input, to look for one by its path in a repository.
pub(crate) struct Folders(HashMap<String, Vec<String>>);

impl Folders {
    pub(crate) fn new(files: &[Arc<File>]) -> Self {
        let mut all = HashSet::new();
        for file in files {
            for folder in ancestors(&normal(file.manifest.folder())) {
                if !all.insert(folder.to_owned()) {
                    break;
                }
            }
        }
        let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort_unstable();
        for folder in all {
            by_name.entry(file_name(&folder).to_owned()).or_default().push(folder);
        }
        Self(by_name)
    }

    /// The folders of the input that end with the path. Where the repository begins is not known here.
    fn ending_with(&self, path: &str) -> Vec<&str> {
        let path = normal(path.trim_start_matches('/'));
        let ends = |folder: &&String| {
            folder.strip_suffix(&path).is_some_and(|around| around.is_empty() || around.ends_with('/'))
        };
        let named = self.0.get(file_name(&path)).filter(|_| !path.is_empty());
        named.into_iter().flatten().filter(ends).map(String::as_str).collect()
    }

    /// The folder of the input that a path in a repository means, where that is clear.
    pub(crate) fn only(&self, path: &str) -> Option<&str> {
        let found = self.ending_with(path);
        let exact = found.iter().find(|folder| **folder == normal(path));
        exact.or(found.first().filter(|_| found.len() == 1)).copied()
    }

    /// All folders of the input, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str)
    }

    fn has(&self, path: &str) -> bool {
        !self.ending_with(path).is_empty()
    }
}

/// What an object has a controller deploy that is not in the input, in words; `None` where it deploys nothing, or what is
/// here.
fn deploys(object: &Object, folders: &Folders) -> Option<String> {
    // Kubernetes' own kinds deploy nothing from elsewhere, and are most of all objects.
    if !object.group().contains('.') && object.kind != "Template" || object.group().ends_with(".k8s.io") {
        return None;
    }
    let spec = object.node.get("spec");
    let text = |path: &[&str]| spec?.text(path);
    match (object.group(), object.kind.as_str()) {
        ("argoproj.io", "Application") => argo(spec?, None, folders),
        ("argoproj.io", "ApplicationSet") => {
            argo(spec?.get("template")?.get("spec")?, Some(spec?.get("generators")?), folders)
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            let path = text(&["path"]).unwrap_or_default();
            let (kind, name) = (text(&["sourceRef", "kind"])?, text(&["sourceRef", "name"]).unwrap_or_default());
            // What `flux bootstrap` calls the repository that the object itself is from.
            let is_here = match normal(path).as_str() {
                "" => name == "flux-system",
                path => folders.has(path),
            };
            (kind != "GitRepository" || !is_here)
                .then(|| format!("`{path}` of {kind} {name}, which is not in the input"))
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            let chart = text(&["chart", "spec", "chart"]);
            let is_path = text(&["chart", "spec", "sourceRef", "kind"]) == Some("GitRepository");
            match chart {
                // The chart itself says what of it is not rendered.
                Some(path) if is_path && folders.has(path) => None,
                Some(chart) => Some(format!("the chart {chart}")),
                None => Some("a chart".to_owned()),
            }
        }
        ("helm.cattle.io", "HelmChart") => {
            Some(text(&["chart"]).map_or("a chart".into(), |chart| format!("the chart {}", shown(chart))))
        }
        ("helm.crossplane.io", "Release") => Some("a chart".to_owned()),
        ("fleet.cattle.io", "GitRepo") => Some(shown(text(&["repo"]).unwrap_or("a repository"))),
        ("fleet.cattle.io", "Bundle") => Some("its resources".to_owned()),
        ("kappctrl.k14s.io", "App") | ("packaging.carvel.dev", "PackageInstall") => Some("a package".to_owned()),
        ("template.openshift.io" | "", "Template") => {
            let count = object.node.list("objects").len();
            (count > 0).then(|| format!("{count} objects when its parameters are filled in (`oc process`)"))
        }
        _ => None,
    }
}

/// The sources of an Argo CD Application. A path with a variable stands for all folders in the one before it, or for
/// those that the generators list.
fn argo(spec: &Node, generators: Option<&Node>, folders: &Folders) -> Option<String> {
    let sources = spec.get("source").into_iter().chain(spec.list("sources"));
    sources.into_iter().find_map(|source| {
        let repository = shown(source.text(&["repoURL"]).unwrap_or("a repository"));
        if let Some(chart) = source.text(&["chart"]) {
            return Some(format!("the chart {chart} of {repository}"));
        }
        let path = match source.text(&["path"]) {
            Some(path) => path,
            // Values for another source.
            None if source.get("ref").is_some() => return None,
            None => "",
        };
        let is_here = match path.split_once("{{") {
            None => folders.has(path),
            Some((before, variable)) => match before.rsplit_once('/') {
                Some((fixed, _)) => folders.has(fixed),
                None => {
                    let globs = generators.map(|generators| beginnings(generators, variable)).unwrap_or_default();
                    !globs.is_empty()
                        && globs.iter().all(|glob| {
                            let fixed = glob.split(['*', '?', '[', '{']).next().unwrap_or_default();
                            let fixed = if fixed.len() == glob.len() {
                                fixed
                            } else {
                                fixed.rsplit_once('/').map_or("", |it| it.0)
                            };
                            folders.has(fixed)
                        })
                }
            },
        };
        let is_made = source.get("plugin").is_some();
        (!is_here || is_made).then(|| format!("`{path}` of {repository}, which is not in the input"))
    })
}

/// The paths that generators give for the variable that a path begins with: patterns of git, and what lists say.
fn beginnings<'a>(generators: &'a Node, variable: &str) -> Vec<&'a str> {
    let mut paths = Vec::new();
    directories(generators, &mut paths);
    if let Some((key, behind)) = variable.split_once("}}")
        && (behind.is_empty() || behind.starts_with('/'))
    {
        let key = key.trim_matches(['-', ' ']).trim_start_matches('.');
        let elements = of_kind(generators, "list").into_iter().flat_map(|list| list.list("elements"));
        paths.extend(elements.filter_map(|element| element.text(&[key])));
    }
    paths
}

/// The paths that git generators list, nested ones too.
pub(crate) fn directories<'a>(node: &'a Node, globs: &mut Vec<&'a str>) {
    for git in of_kind(node, "git") {
        let places = git.list("directories").iter().chain(git.list("files"));
        let included = places.filter(|it| !matches!(it.get("exclude").map(|it| &it.value), Some(Value::Bool(true))));
        globs.extend(included.filter_map(|place| place.get("path")?.as_str()));
    }
}

/// The generators of a kind, nested ones too.
fn of_kind<'a>(node: &'a Node, kind: &str) -> Vec<&'a Node> {
    match &node.value {
        Value::Sequence(items) => items.iter().flat_map(|item| of_kind(item, kind)).collect(),
        Value::Mapping(entries) => {
            let of = |entry: &'a Entry| {
                if &*entry.key == kind { vec![&entry.value] } else { of_kind(&entry.value, kind) }
            };
            entries.iter().flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

/// An address without the user and the password that may stand in it.
fn shown(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// The file that everybody knows to hold no object, in a few words, where nothing is missed for skipping it.
pub(crate) fn known_file(name: &str, content: &Content) -> Option<&'static str> {
    let Content::Other(node) = content else { return None };
    let (name, is_mapping) = (file_name(name).to_ascii_lowercase(), matches!(node.value, Value::Mapping(_)));
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or_default();
    match stem {
        _ if !is_mapping => None,
        "chart" | "requirements" => Some("a Helm chart's description"),
        _ if stem == "values"
            || stem.starts_with("values-")
            || stem.starts_with("values.")
            || stem.ends_with("-values") =>
        {
            Some("a Helm chart's values")
        }
        _ if name == "values.schema.json" => Some("a Helm chart's values"),
        _ => None,
    }
}
