//! What a configuration says of rendering: charts and kustomizations become manifests with these options. The module must
//! not know what renders them.

use std::collections::BTreeMap;

use super::{Read, Reader};
use crate::manifest::{Node, Value};

/// How charts and kustomizations are rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendering {
    /// Whether anything is rendered; where nothing is said, what there are tools for.
    pub enabled: Option<bool>,
    /// Files of values for charts, from the configuration's folder.
    pub values: Vec<String>,
    /// Single values for charts, as `helm --set` takes them.
    pub set: Vec<String>,
    /// The version of Kubernetes that charts ask for, such as `1.34.0`.
    pub kube_version: Option<String>,
    /// The API versions that charts may count on, such as `monitoring.coreos.com/v1`.
    pub api_versions: Vec<String>,
    /// Folders that are deployed though nothing here refers to them, from the configuration's folder.
    pub roots: Vec<String>,
    /// Addresses of this repository beside those of its remotes, in any spelling.
    pub repositories: Vec<String>,
    /// What generators of Argo CD's ApplicationSets give that ask a cluster or a server, by the generator: each element a
    /// scalar by the keys on the way to it, such as `metadata.labels.region`.
    pub generators: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}

/// The generators whose elements nobody can know of the files.
pub(super) const GENERATORS: [&str; 5] =
    ["clusters", "clusterDecisionResource", "plugin", "pullRequest", "scmProvider"];

const KEYS: [&str; 8] =
    ["enabled", "values", "set", "kube_version", "api_versions", "roots", "repositories", "generators"];

impl Reader<'_> {
    pub(super) fn rendering(&self, node: &Node) -> Read<Rendering> {
        let mut rendering = Rendering::default();
        for entry in self.entries(node, &KEYS)? {
            let value = &entry.value;
            match &*entry.key {
                "enabled" => match value.value {
                    Value::Bool(enabled) => rendering.enabled = Some(enabled),
                    _ => return self.refuse(value.span, "`enabled` is true or false"),
                },
                "values" => rendering.values = self.texts(value, "a file of values")?,
                "set" => rendering.set = self.texts(value, "a value such as `image.tag=1.4`")?,
                "kube_version" => rendering.kube_version = self.optional(node, "kube_version")?,
                "api_versions" => rendering.api_versions = self.texts(value, "an API version")?,
                "repositories" => rendering.repositories = self.texts(value, "an address")?,
                "generators" => {
                    for generator in self.entries(value, &GENERATORS)? {
                        let elements = self.items(&generator.value)?.iter().map(|element| self.element(element));
                        rendering.generators.insert(generator.key.to_string(), elements.collect::<Read<_>>()?);
                    }
                }
                _ => rendering.roots = self.texts(value, "a folder")?,
            }
        }
        Ok(rendering)
    }

    fn element(&self, node: &Node) -> Read<BTreeMap<String, String>> {
        let mut element = BTreeMap::new();
        self.flatten(node, "", &mut element)?;
        Ok(element)
    }

    fn flatten(&self, node: &Node, before: &str, element: &mut BTreeMap<String, String>) -> Read<()> {
        let text = match &node.value {
            Value::Mapping(entries) => {
                let dot = if before.is_empty() { "" } else { "." };
                let mut members = entries.iter();
                return members
                    .try_for_each(|it| self.flatten(&it.value, &format!("{before}{dot}{}", it.key), element));
            }
            Value::String(text) => text.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::Null | Value::Sequence(_) => {
                return self.refuse(node.span, "an element is a mapping of strings, such as {name: eu}");
            }
        };
        if before.is_empty() {
            return self.refuse(node.span, "an element is a mapping of strings, such as {name: eu}");
        }
        element.insert(before.to_owned(), text);
        Ok(())
    }
}
