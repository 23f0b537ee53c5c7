//! A cluster of a few objects behind a policy-server: what it answers when a policy looks something up.
//!
//! As Kubewarden's policy-evaluator does it: a kind that the policy was not granted is refused in its words, an object that
//! is not there and a kind that the cluster does not serve are errors, a list's items come without their kind, and field masks
//! are split at dots and never reach into metadata.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Kinds without a namespace, among those that rules look up or judge.
const CLUSTER_SCOPED: [&str; 13] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterPolicy",
    "ClusterImagePolicy",
    "ImageValidatingPolicy",
    "ClusterAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "CiliumClusterwideNetworkPolicy",
    "GlobalNetworkPolicy",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "ClusterNetworkPolicy",
];

/// Whether objects of the kind lie in namespaces.
pub fn is_namespaced(kind: &str) -> bool {
    !CLUSTER_SCOPED.contains(&kind) && kind != "ClusterExternalSecret"
}

pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The objects, and what one policy was granted of them.
pub struct Cluster {
    pub objects: Vec<Value>,
    /// `contextAwareResources`: apiVersion and kind.
    pub granted: Vec<(String, String)>,
    /// `hostCapabilities`.
    pub capabilities: Vec<String>,
}

impl Cluster {
    /// Answers one call.
    pub fn answer(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let capability = format!("{namespace}/{operation}");
        if !self.capabilities.contains(&capability) {
            return Err(format!(
                "Policy has not been granted access to the '{capability}' host capability. The violation has been reported."
            ));
        }
        if namespace != "kubernetes" {
            return Err("Callback evaluation failure: no signatures found for image".to_owned());
        }
        let asked: Value = serde_json::from_slice(payload).expect("a look-up is JSON");
        let (api_version, kind) = (text(&asked, "/api_version"), text(&asked, "/kind"));
        if !self.granted.iter().any(|(version, granted)| version == api_version && granted == kind) {
            return Err(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        let of_kind = self
            .objects
            .iter()
            .filter(|object| text(object, "/kind") == kind && group(text(object, "/apiVersion")) == group(api_version));
        let masks: Vec<&str> =
            asked["field_masks"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let in_namespace = |object: &&Value| text(object, "/metadata/namespace") == text(&asked, "/namespace");
        let found: Vec<&Value> = match operation {
            "list_resources_all" => of_kind.collect(),
            "list_resources_by_namespace" if !is_namespaced(kind) => {
                let cause = "is cluster wide. Cannot search for it inside of a namespace";
                return Err(format!("Callback evaluation failure: resource {api_version}/{kind} {cause}"));
            }
            "list_resources_by_namespace" => of_kind.filter(in_namespace).collect(),
            "get_resource" => {
                let name = text(&asked, "/name");
                let mut named = of_kind.filter(|object| text(object, "/metadata/name") == name);
                let found = named.find(|object| !is_namespaced(kind) || in_namespace(object));
                let object = found.ok_or_else(|| {
                    format!("Callback evaluation failure: Cannot find {api_version}/{kind} named '{name}' inside of namespace")
                })?;
                return Ok(serde_json::to_vec(object).unwrap());
            }
            other => return Err(format!("unknown operation: {other}")),
        };
        let items: Vec<Value> = found.into_iter().map(|object| item(object, &masks)).collect();
        let list = json!({ "apiVersion": api_version, "kind": format!("{kind}List"), "metadata": {}, "items": items });
        Ok(serde_json::to_vec(&list).unwrap())
    }
}

/// An object as an item of a list: without its kind, and masked below metadata.
fn item(object: &Value, masks: &[&str]) -> Value {
    let mut mask = Mask::default();
    masks.iter().for_each(|path| mask.insert(path));
    let members = object.as_object().into_iter().flatten().filter(|(key, _)| *key != "apiVersion" && *key != "kind");
    let kept = members.filter_map(|(key, value)| {
        if key == "metadata" {
            return Some((key.clone(), value.clone()));
        }
        let child = if mask.0.is_empty() { &mask } else { mask.0.get(key)? };
        Some((key.clone(), child.prune(value)))
    });
    Value::Object(kept.collect())
}

/// Members to keep; without any, all are kept.
#[derive(Default)]
struct Mask(BTreeMap<String, Mask>);

impl Mask {
    fn insert(&mut self, path: &str) {
        path.split('.').fold(self, |mask, step| mask.0.entry(step.to_owned()).or_default());
    }

    fn prune(&self, value: &Value) -> Value {
        match value {
            _ if self.0.is_empty() => value.clone(),
            Value::Object(members) => {
                let kept = members.iter().filter_map(|(key, value)| Some((key.clone(), self.0.get(key)?.prune(value))));
                Value::Object(kept.collect::<Map<_, _>>())
            }
            Value::Array(items) => items.iter().map(|item| self.prune(item)).collect(),
            scalar => scalar.clone(),
        }
    }
}
