//! Which workloads take their configuration or their secrets from an object.
//!
//! A pod names a ConfigMap or a Secret in a volume or in a variable, and finds it in its own namespace.

use std::collections::{BTreeMap, BTreeSet};

use protocol::workload_kind;

use super::hashed;
use crate::manifest::{Node, Object, Value};

/// The workloads by what they take.
pub struct Users(BTreeMap<Taken, BTreeSet<String>>);

/// What deploys it, its kind, its namespace, its name.
type Taken = (String, &'static str, Option<String>, String);

impl Users {
    /// Those among the objects, each with the place that it is deployed from.
    pub fn new<'o>(objects: impl Iterator<Item = (&'o str, &'o Object)>) -> Self {
        let mut users: BTreeMap<Taken, BTreeSet<String>> = BTreeMap::new();
        for (place, object) in objects {
            let Some(kind) = workload_kind(object.group(), &object.kind) else { continue };
            let node = object.node.look();
            let Some(template) = kind.template.iter().try_fold(&*node, |node, step| node.get(step)) else { continue };
            for (kind, name) in taken(template) {
                let key = (place.to_owned(), kind, object.namespace.clone(), hashed::without(&name).to_owned());
                users.entry(key).or_default().insert(object.label());
            }
        }
        Self(users)
    }

    /// Those of a ConfigMap or of what makes a Secret.
    pub fn of(&self, place: &str, object: &Object) -> Vec<String> {
        let kind = match (object.group(), object.kind.as_str()) {
            ("", "ConfigMap") => "ConfigMap",
            ("", "Secret") | ("bitnami.com", "SealedSecret") => "Secret",
            _ => return Vec::new(),
        };
        let name = hashed::without(object.name.as_deref().unwrap_or_default()).to_owned();
        let found = self.0.get(&(place.to_owned(), kind, object.namespace.clone(), name));
        found.into_iter().flatten().cloned().collect()
    }
}

/// The kinds and names of the ConfigMaps and Secrets that are named anywhere in an object or a pod template.
pub fn taken(node: &Node) -> Vec<(&'static str, String)> {
    let mut taken = Vec::new();
    find(node, &mut taken);
    taken
}

fn find(node: &Node, taken: &mut Vec<(&'static str, String)>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| find(item, taken)),
        Value::Mapping(entries) => {
            for entry in entries {
                let kind = match &*entry.key {
                    "configMap" | "configMapRef" | "configMapKeyRef" => Some("ConfigMap"),
                    "secret" | "secretRef" | "secretKeyRef" => Some("Secret"),
                    _ => None,
                };
                let name = ["name", "secretName"].iter().find_map(|key| entry.value.get(key)?.as_str());
                taken.extend(kind.zip(name).map(|(kind, name)| (kind, name.to_owned())));
                let secret = entry.value.as_str().filter(|_| &*entry.key == "secretName");
                taken.extend(secret.map(|name| ("Secret", name.to_owned())));
                find(&entry.value, taken);
            }
        }
        _ => {}
    }
}
