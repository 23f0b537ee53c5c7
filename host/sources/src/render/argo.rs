//! What Argo CD deploys: the sources of an Application, and of those that an ApplicationSet makes.

use std::fs;
use std::path::Path;

use engine::manifest::{Limits, Node, Value, read};
use serde_json::{Map, Value as Json};

use super::application_set;
use super::chart::{Release, Values};
use super::deployer::{Deployer, Made, Source, is_true, text};
use super::failure::Why;
use super::images::image_override;
use super::kustomization::Over;
use super::mark;
use super::names;
use super::plan::What;
use super::repository::spelt;

/// What an Application may write into a kustomization, under the names that kustomize has for it.
const WRITTEN: [&str; 8] =
    ["namePrefix", "nameSuffix", "namespace", "commonLabels", "commonAnnotations", "replicas", "patches", "components"];

impl Deployer<'_> {
    pub fn application_set(&self, spec: &Node) -> Vec<Made> {
        let Some(template) = spec.get("template") else { return Vec::new() };
        if let Some(patch) = spec.get("templatePatch").filter(|patch| !patch.as_str().is_some_and(patches_no_source)) {
            return vec![*self.unknown("`templatePatch` is not applied here: nothing of the set is rendered", patch)];
        }
        let elements = match application_set::elements(spec, self.catalog, self.repository, self.generators) {
            Ok(elements) => elements,
            Err(application_set::Unknown { what, at }) => {
                return vec![*self.unknown(format!("{what}: nothing of the set is rendered"), at)];
            }
        };
        let is_go = is_true(spec, "goTemplate");
        let made = elements.iter().map(|element| application_set::filled(template, element)).flat_map(|template| {
            let name = text(&template, &["metadata", "name"]).unwrap_or_default();
            let Some(spec) = template.get("spec") else { return Vec::new() };
            // Go templates are programs, of which only variables are filled in here.
            match is_go.then(|| expression(&template)).flatten() {
                Some(open) => vec![*self.open(open)],
                None => self.application(spec, name),
            }
        });
        made.collect()
    }

    fn open(&self, at: &Node) -> Box<Made> {
        let text = at.as_str().unwrap_or_default();
        self.unknown(format!("`{text}` is not evaluated here: what it deploys is not rendered"), at)
    }

    pub fn application(&self, spec: &Node, name: &str) -> Vec<Made> {
        let several = spec.list("sources");
        let one = spec.get("source").or_else(|| spec.get("sourceHydrator")?.get("drySource"));
        let sources: Vec<&Node> = if several.is_empty() { one.into_iter().collect() } else { several.iter().collect() };
        let namespace = match self.name(spec, &["destination", "namespace"], names::is_label, "namespace") {
            Ok(namespace) => namespace,
            Err(refused) => return vec![*refused],
        };
        let made = sources.iter().filter_map(|source| {
            self.source(source, &sources, name, namespace.as_deref()).unwrap_or_else(|said| Some(*said))
        });
        made.collect()
    }

    fn source(&self, source: &Node, all: &[&Node], name: &str, namespace: Option<&str>) -> Source {
        let url = text(source, &["repoURL"]).unwrap_or_default();
        if let Some(chart) = text(source, &["chart"]) {
            return Err(self.unknown(format!("deploys the chart {chart} of {}", spelt(url)), source));
        }
        let path = match text(source, &["path"]) {
            Some(path) => path,
            // Values for another source.
            None if source.get("ref").is_some() => return Ok(None),
            None => ".",
        };
        let expressions = ["path", "repoURL", "targetRevision"].iter().filter_map(|key| source.get(key));
        if let Some(open) = expressions.into_iter().find_map(expression) {
            return Err(self.open(open));
        }
        if name.contains("{{") {
            return Err(self.unknown(format!("the name `{name}` is not evaluated here"), source));
        }
        let folder = Some(path).filter(|_| self.repository.is_here(url)).and_then(|path| self.catalog.folder(path));
        let Some(folder) = folder else {
            let text = format!("deploys `{path}` of {}, which is not in the input", spelt(url));
            return Err(self.unknown(text, source.get("path").unwrap_or(source)));
        };
        if let Some(plugin) = source.get("plugin") {
            return Err(self.unknown(format!("a plugin of Argo CD renders `{path}`: that is not done here"), plugin));
        }
        if let Some(revision) = source.get("targetRevision").filter(|at| !self.repository.is_this_tree(at.as_str())) {
            let text = mark::text_of(&revision.value).unwrap_or_default();
            let text = format!("`{path}` is deployed at `{text}`, which is not this tree: that is not rendered");
            return Err(self.unknown(text, revision));
        }
        let is_chart = self.catalog.charts.contains_key(&folder);
        if !is_chart && !self.catalog.kustomizations.contains_key(&folder) {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let has_jsonnet = entries.into_iter().any(|it| it.path().extension().is_some_and(|it| it == "jsonnet"));
            let text = format!("the Jsonnet files of `{path}` are not rendered here");
            return if has_jsonnet { Err(self.unknown(text, source)) } else { Ok(None) };
        }
        let overrides = self.overrides(&folder, name);
        let field = |group: &str, key: &str| {
            let nodes = overrides.iter().chain([source]);
            nodes.into_iter().find_map(|node| node.get(group)?.get(key))
        };
        let what = if is_chart {
            self.release(source, all, &folder, (name, namespace), &field)?
        } else {
            What::Kustomization { folder: folder.clone(), over: written(&folder, &field) }
        };
        let job = self.job(&folder, name.to_owned(), namespace.map(str::to_owned), what);
        Ok(Some((Some(folder), job)))
    }

    fn release<'n>(
        &self,
        source: &Node,
        all: &[&Node],
        folder: &Path,
        (name, namespace): (&str, Option<&str>),
        field: &impl Fn(&str, &str) -> Option<&'n Node>,
    ) -> Result<What, Box<Made>> {
        if let Some(files) = field("helm", "fileParameters").filter(|it| it.value != Value::Sequence(Vec::new())) {
            return Err(self.unknown("`fileParameters` are not read here: the chart is not rendered", files));
        }
        let release = self.name(source, &["helm", "releaseName"], names::is_release, "name of a release")?;
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
                        let text = format!("the values file `{path}` is not in the input");
                        return Err(self.nothing(Why::Unknown(text), file));
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
                if let Some(name) = text(parameter, &["name"]) {
                    let flag = if is_true(parameter, "forceString") { "--set-string" } else { "--set" };
                    set.push((flag, format!("{name}={}", value.replace(',', "\\,"))));
                }
            }
        }
        Ok(What::Release(Release {
            chart: folder.to_owned(),
            name: release.unwrap_or_else(|| names::release_of(name)),
            namespace: namespace.map(str::to_owned),
            values,
            set,
            ..Release::default()
        }))
    }

    /// What lies beside the files that an Application deploys and says more of it, what counts most first.
    fn overrides(&self, folder: &Path, name: &str) -> Vec<Node> {
        let files = [format!(".argocd-source-{name}.yaml"), ".argocd-source.yaml".to_owned()];
        let read = |file: &String| {
            let path = self.catalog.tree.resolve(&folder.join(file)).ok()??;
            let bytes = crate::read::read_regular(&path, Limits::default().bytes).ok()?;
            let manifest = read(file, bytes, &Limits::default());
            manifest.documents.iter().find_map(mark::node_of).cloned()
        };
        files.iter().filter_map(read).collect()
    }
}

/// What an Application writes into the kustomization of a folder.
fn written<'n>(folder: &Path, field: &impl Fn(&str, &str) -> Option<&'n Node>) -> Option<Over> {
    let mut fields = Map::new();
    for key in WRITTEN {
        if let Some(value) = field("kustomize", key).and_then(|value| serde_json::to_value(value).ok()) {
            fields.insert(key.to_owned(), value);
        }
    }
    let is_lenient = field("kustomize", "ignoreMissingComponents").is_some_and(|it| it.value == Value::Bool(true));
    if let Some(Json::Array(components)) = fields.get_mut("components").filter(|_| is_lenient) {
        components.retain(|path| path.as_str().is_some_and(|path| folder.join(path).is_dir()));
    }
    if let Some(Value::Sequence(images)) = field("kustomize", "images").map(|images| &images.value) {
        let images = images.iter().filter_map(|image| image_override(image.as_str()?));
        fields.insert("images".to_owned(), images.collect());
    }
    (!fields.is_empty()).then_some(Over { fields, variables: None })
}

/// The first text below a node that holds an expression.
fn expression(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::String(text) => Some(node).filter(|_| text.contains("{{")),
        Value::Sequence(items) => items.iter().find_map(expression),
        Value::Mapping(entries) => entries.iter().find_map(|entry| expression(&entry.value)),
        _ => None,
    }
}

/// Whether a patch of a set's template changes only how Applications are synced, in plain sight: it is a Go template, of
/// which nothing but conditions is understood here.
fn patches_no_source(patch: &str) -> bool {
    const HARMLESS: [&str; 4] = ["syncPolicy:", "ignoreDifferences:", "info:", "revisionHistoryLimit:"];
    let is_condition = |line: &str| {
        let action = line.strip_prefix("{{").and_then(|line| line.strip_suffix("}}"));
        let words = action.filter(|action| !action.contains("{{")).map(|action| action.trim_matches(['-', ' ']));
        words.and_then(|words| words.split(' ').next()).is_some_and(|word| ["if", "else", "end"].contains(&word))
    };
    let mut inner = None;
    patch.lines().filter(|line| !line.trim().is_empty() && !is_condition(line.trim())).all(|line| {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text.contains("{{") {
            return false;
        }
        let is_harmless = match (indent, inner) {
            _ if text.starts_with('#') => true,
            (0, _) => text.trim_end() == "spec:",
            (indent, inner) if inner.is_none_or(|inner| inner == indent) => {
                HARMLESS.iter().any(|key| text.starts_with(key))
            }
            (indent, inner) => inner.is_some_and(|inner| inner < indent),
        };
        inner = inner.or_else(|| (indent > 0).then_some(indent));
        is_harmless
    })
}

#[cfg(test)]
mod tests {
    use super::patches_no_source;

    #[test]
    fn a_patch_that_is_only_about_syncing_is_told_from_others() {
        let sync = "spec:\n  syncPolicy:\n    automated: {prune: true}\n";
        assert!(patches_no_source(sync));
        assert!(patches_no_source(&format!("{{{{- if .automated }}}}\n{sync}{{{{- end }}}}\n")));
        for other in [
            "spec:\n  source: {path: b}\n",
            "spec:\n  syncPolicy: {}\n  source: {path: b}\n",
            "spec:\n    syncPolicy: {}\n  source: {path: b}\n",
            "spec: {source: {path: b}}\n",
            "{spec: {source: {path: b}}}\n",
            "spec:\n  syncPolicy: {}\n  {{ toYaml .more }}\n",
            "{{ range .all }}\nspec:\n  syncPolicy: {}\n{{ end }}\n",
            "spec:\n  syncPolicy: {}\nmetadata: {name: other}\n",
        ] {
            assert!(!patches_no_source(other), "{other}");
        }
    }
}
