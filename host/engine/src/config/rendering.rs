//! What a configuration says of rendering: charts and kustomizations become manifests with these options. The module must
//! not know what renders them.

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
}

impl Reader<'_> {
    pub(super) fn rendering(&self, node: &Node) -> Read<Rendering> {
        let mut rendering = Rendering::default();
        for entry in self.entries(node, &["enabled", "values", "set", "kube_version", "api_versions", "roots"])? {
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
                _ => rendering.roots = self.texts(value, "a folder")?,
            }
        }
        Ok(rendering)
    }
}
