//! What Argo CD deploys: the sources of an Application, and of those that an ApplicationSet makes.

use std::fs;
use std::path::Path;

use engine::manifest::{Entry, Limits, Manifest, Node, Value, read};
use serde_json::{Map, Value as Json, json};

use super::application_set;
use super::chart::{Release, Values};
use super::deployer::{Deployer, Made, Source, inline, is_true};
use super::failure::Why;
use super::images::image_override;
use super::kustomization::{Given, Over};
use super::mark;
use super::names;
use super::parameters;
use super::plan::What;
use super::repository::spelt;

/// What an Application may write into a kustomization, under the names that kustomize has for it.
const WRITTEN: [&str; 8] =
    ["namePrefix", "nameSuffix", "namespace", "commonLabels", "commonAnnotations", "replicas", "patches", "components"];

/// What an Application may say of a chart that is followed, or changes nothing that is checked.
const OF_CHART: [&str; 15] = [
    "apiVersions",
    "fileParameters",
    "ignoreMissingValueFiles",
    "kubeVersion",
    "namespace",
    "parameters",
    "passCredentials",
    "releaseName",
    "skipCrds",
    "skipSchemaValidation",
    "skipTests",
    "valueFiles",
    "values",
    "valuesObject",
    "version",
];

/// The same of a kustomization, beside what is written into it.
const OF_KUSTOMIZATION: [&str; 7] = [
    "forceCommonAnnotations",
    "forceCommonLabels",
    "ignoreMissingComponents",
    "images",
    "labelIncludeTemplates",
    "labelWithoutSelector",
    "version",
];

/// A source of an Application and what overrides it, what counts most first, each in the manifest that it stands in.
struct Layers<'n>(Vec<(&'n Manifest, &'n Node)>);

impl<'n> Layers<'n> {
    fn field(&self, group: &str, key: &str) -> Option<(&'n Manifest, &'n Node)> {
        self.0.iter().find_map(|(manifest, node)| Some((*manifest, node.get(group)?.get(key)?)))
    }

    fn get(&self, group: &str, key: &str) -> Option<&'n Node> {
        self.field(group, key).map(|(_, node)| node)
    }

    /// What a group says that is not among these keys, where it says something.
    fn other(&self, group: &str, is_known: impl Fn(&str) -> bool) -> Option<(&'n Manifest, &'n Entry)> {
        let is_said = |node: &Node| match &node.value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Sequence(items) => !items.is_empty(),
            Value::Mapping(entries) => !entries.is_empty(),
            Value::Bool(true) | Value::Number(_) => true,
        };
        self.0.iter().find_map(|(manifest, node)| {
            let Value::Mapping(entries) = &node.get(group)?.value else { return None };
            let other = entries.iter().find(|entry| !is_known(&entry.key) && is_said(&entry.value))?;
            Some((*manifest, other))
        })
    }

    fn is_true(&self, group: &str, key: &str) -> bool {
        self.get(group, key).is_some_and(|it| it.value == Value::Bool(true))
    }

    /// Values that stand in them. Objects of values are laid over each other, and where there is one, no text counts.
    fn values(&self) -> Vec<Values> {
        let object =
            |(manifest, node): &(&'n Manifest, &'n Node)| inline(manifest, node.get("helm")?.get("valuesObject")?);
        let objects: Vec<Values> = self.0.iter().rev().filter_map(object).collect();
        let text = || self.field("helm", "values").and_then(|(manifest, values)| inline(manifest, values));
        if objects.is_empty() { text().into_iter().collect() } else { objects }
    }
}

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
            let name = template.text(&["metadata", "name"]).unwrap_or_default();
            let Some(spec) = template.get("spec") else { return Vec::new() };
            // Go templates are programs, of which only variables are filled in here.
            match is_go.then(|| expression(&template)).flatten() {
                Some(open) => vec![*self.open(open)],
                None => self.application(spec, name),
            }
        });
        made.collect()
    }

    pub fn open(&self, at: &Node) -> Box<Made> {
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
        let url = source.text(&["repoURL"]).unwrap_or_default();
        if let Some(chart) = source.text(&["chart"]) {
            return Err(self.unknown(format!("deploys the chart {chart} of {}", spelt(url)), source));
        }
        let path = match source.text(&["path"]) {
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
        if let Some(said) = self.other_state(source, path) {
            return Err(said);
        }
        let is_chart = self.catalog.charts.contains_key(&folder);
        if !is_chart && !self.catalog.kustomizations.contains_key(&folder) {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let has_jsonnet = entries.into_iter().any(|it| it.path().extension().is_some_and(|it| it == "jsonnet"));
            let text = format!("the Jsonnet files of `{path}` are not rendered here");
            return if has_jsonnet { Err(self.unknown(text, source)) } else { Ok(None) };
        }
        let overrides = self.overrides(&folder, name);
        let over = overrides.iter().filter_map(|it| Some((it, it.documents.iter().find_map(mark::node_of)?)));
        let layers = Layers(over.chain([(&self.file.manifest, source)]).collect());
        let (group, other) = if is_chart {
            ("helm", layers.other("helm", |key| OF_CHART.contains(&key)))
        } else {
            let is_known = |key: &str| WRITTEN.contains(&key) || OF_KUSTOMIZATION.contains(&key);
            ("kustomize", layers.other("kustomize", is_known))
        };
        if let Some((manifest, entry)) = other {
            let text = format!("`{group}.{}` is not followed here: `{path}` is not rendered", entry.key);
            return Err(self.unknown(text, self.at(manifest, &entry.value, source)));
        }
        let what = if is_chart {
            self.release(source, all, &folder, (name, namespace), &layers)?
        } else {
            What::Kustomization { folder: folder.clone(), over: written(&folder, &layers).map(Box::new) }
        };
        let job = self.job(&folder, name.to_owned(), namespace.map(str::to_owned), what);
        Ok(Some((Some(folder), job)))
    }

    fn release(
        &self,
        source: &Node,
        all: &[&Node],
        folder: &Path,
        (name, namespace): (&str, Option<&str>),
        layers: &Layers<'_>,
    ) -> Result<What, Box<Made>> {
        if let Some((manifest, files)) = layers.field("helm", "fileParameters").filter(|(_, it)| !it.items().is_empty())
        {
            let at = self.at(manifest, files, source);
            return Err(self.unknown("`fileParameters` are not read here: the chart is not rendered", at));
        }
        let of_helm = |key, is_name, what| self.names(layers, key, source, is_name, what);
        let kube_version = of_helm("kubeVersion", names::is_kube_version, "Kubernetes version")?.pop();
        let api_versions = of_helm("apiVersions", names::is_api_version, "API version")?;
        let own_namespace = of_helm("namespace", names::is_label, "namespace")?.pop();
        let release = self.name(source, &["helm", "releaseName"], names::is_release, "name of a release")?;
        let mut values = Vec::new();
        let is_lenient = layers.is_true("helm", "ignoreMissingValueFiles");
        if let Some((manifest, files)) = layers.field("helm", "valueFiles") {
            for file in files.items() {
                let Some(path) = file.as_str() else { continue };
                let found = match path.strip_prefix('$').and_then(|path| path.split_once('/')) {
                    Some((reference, below)) => {
                        let refers = |it: &&&Node| it.text(&["ref"]) == Some(reference);
                        let url = all.iter().find(refers).and_then(|it| it.text(&["repoURL"])).unwrap_or_default();
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
                        return Err(self.unknown(text, self.at(manifest, file, source)));
                    }
                }
            }
        }
        values.extend(layers.values());
        let given = layers.field("helm", "parameters").map(|(manifest, given)| (manifest, given.items()));
        let set = given.map(|(_, given)| parameters::flags(given)).unwrap_or_default();
        let parameters = given.and_then(|(manifest, given)| parameters::values(manifest, given));
        Ok(What::Release(Box::new(Release {
            chart: folder.to_owned(),
            name: release.unwrap_or_else(|| names::release_of(name)),
            namespace: own_namespace.or_else(|| namespace.map(str::to_owned)),
            values,
            set,
            parameters,
            kube_version,
            api_versions,
            ..Release::default()
        })))
    }

    /// The names that a key of `helm` gives, or the one. Any other text is refused.
    fn names(
        &self,
        layers: &Layers<'_>,
        key: &str,
        source: &Node,
        is_name: fn(&str) -> bool,
        what: &'static str,
    ) -> Result<Vec<String>, Box<Made>> {
        let Some((manifest, given)) = layers.field("helm", key) else { return Ok(Vec::new()) };
        let items = if given.items().is_empty() { std::slice::from_ref(given) } else { given.items() };
        let texts = items.iter().filter_map(|item| mark::text_of(&item.value)).filter(|text| !text.is_empty());
        let texts: Vec<String> = texts.collect();
        match texts.iter().find(|text| !is_name(text)) {
            Some(other) => Err(self.nothing(Why::Name(other.clone(), what), self.at(manifest, given, source))),
            None => Ok(texts),
        }
    }

    /// Where to tell what stands in a manifest: what lies beside the chart has no line in the Application.
    fn at<'n>(&self, manifest: &Manifest, node: &'n Node, source: &'n Node) -> &'n Node {
        if std::ptr::eq(manifest, &self.file.manifest) { node } else { source }
    }

    /// What lies beside the files that an Application deploys and says more of it, what counts most first.
    fn overrides(&self, folder: &Path, name: &str) -> Vec<Manifest> {
        let files = [format!(".argocd-source-{name}.yaml"), ".argocd-source.yaml".to_owned()];
        let read = |file: &String| {
            let path = self.catalog.tree.resolve(&folder.join(file)).ok()??;
            let bytes = crate::read::read_regular(&path, Limits::default().bytes).ok()?;
            Some(read(&self.catalog.tree.shown(&path), bytes, &Limits::default()))
        };
        files.iter().filter_map(read).collect()
    }
}

/// What an Application writes into the kustomization of a folder.
fn written(folder: &Path, layers: &Layers<'_>) -> Option<Over> {
    let mut fields = Map::new();
    for key in WRITTEN {
        if let Some(value) = layers.get("kustomize", key).and_then(|value| serde_json::to_value(value).ok()) {
            fields.insert(key.to_owned(), value);
        }
    }
    // As `kustomize edit add label --without-selector` writes them.
    if layers.is_true("kustomize", "labelWithoutSelector")
        && let Some(pairs) = fields.remove("commonLabels")
    {
        let is_in_templates = layers.is_true("kustomize", "labelIncludeTemplates");
        fields.insert("labels".to_owned(), json!([{ "pairs": pairs, "includeTemplates": is_in_templates }]));
    }
    let is_lenient = layers.is_true("kustomize", "ignoreMissingComponents");
    if let Some(Json::Array(components)) = fields.get_mut("components").filter(|_| is_lenient) {
        components.retain(|path| path.as_str().is_some_and(|path| folder.join(path).is_dir()));
    }
    let mut given = Vec::new();
    if let Some((manifest, images)) = layers.field("kustomize", "images") {
        let images =
            Node { value: Value::Sequence(images.items().iter().filter_map(image).collect()), span: images.span };
        fields.extend(serde_json::to_value(&images).ok().map(|images_of| ("images".to_owned(), images_of)));
        let entry = Entry { key: "images".into(), key_span: images.span, value: images };
        given.push(Given::member(manifest, entry));
    }
    let patches =
        layers.0.iter().find_map(|(manifest, node)| Some((*manifest, node.get("kustomize")?.entry("patches")?)));
    given.extend(patches.map(|(manifest, entry)| Given::member(manifest, entry.clone())));
    (!fields.is_empty()).then(|| Over { fields, given, ..Over::default() })
}

/// An image as Argo CD has it, as an item of a kustomization that stands in its place.
fn image(node: &Node) -> Option<Node> {
    let Json::Object(members) = image_override(node.as_str()?)? else { return None };
    let span = node.span;
    let entry = |(key, value): (String, Json)| {
        let value = Node { value: Value::String(value.as_str()?.into()), span };
        Some(Entry { key: key.into(), key_span: span, value })
    };
    Some(Node { value: Value::Mapping(members.into_iter().filter_map(entry).collect()), span })
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
