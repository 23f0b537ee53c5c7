//! The objects of Kubernetes in a document: lists opened, and each one's identity read.
//!
//! It must not know what any kind means, but for lists, which `kubectl` opens too.

use std::sync::Arc;

use protocol::{api_group, path};

use super::node::{Entry, Node, Value};
use super::parse::Failure;
use super::problem::ProblemKind;

/// One object of Kubernetes.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `apps/v1`, or `v1` for the core group.
    pub api_version: String,
    /// Singular.
    pub kind: String,
    /// `metadata.namespace`; absent where it is empty too.
    pub namespace: Option<String>,
    /// `metadata.name`; absent where it is empty too.
    pub name: Option<String>,
    /// `metadata.generateName`: the prefix of a name that the API server makes up.
    pub generate_name: Option<String>,
    /// Where it is in its document, a normalised JSONPath: `$`, or `$['items'][3]` for an item of a list.
    pub path: String,
    /// The object itself. An item that took `apiVersion` or `kind` from its list has them as entries of its own.
    pub node: Arc<Node>,
}

impl Object {
    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        api_group(&self.api_version)
    }

    /// The version within the group, `v1`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }

    /// What people call it: its name, or the prefix of the name to come with a `*`; empty where it has neither.
    #[must_use]
    pub fn display_name(&self) -> String {
        match (&self.name, &self.generate_name) {
            (Some(name), _) => name.clone(),
            (None, Some(prefix)) => format!("{prefix}*"),
            (None, None) => String::new(),
        }
    }
}

/// What a document turned out to be.
#[derive(Debug)]
pub(super) enum Read {
    /// Objects, and what is wrong with those that are missing.
    Objects(Vec<Object>, Vec<Failure>),
    /// No object: it lacks `apiVersion` or `kind`.
    Other(Node),
}

/// Takes the document apart.
pub(super) fn read(document: Node) -> Read {
    if is_absent(&document, "apiVersion") || is_absent(&document, "kind") {
        return Read::Other(document);
    }
    let mut reader = Reader::default();
    reader.object(document, &mut String::from("$"));
    Read::Objects(reader.objects, reader.failures)
}

fn is_absent(node: &Node, key: &str) -> bool {
    node.get(key).is_none_or(|node| match &node.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    })
}

#[derive(Default)]
struct Reader {
    objects: Vec<Object>,
    failures: Vec<Failure>,
}

impl Reader {
    fn object(&mut self, node: Node, path: &mut String) {
        match identify(&node) {
            Err(failure) => self.failures.push(failure),
            Ok(identity) if identity.kind.ends_with("List") && node.get("items").is_some() => {
                self.list(node, &identity, path);
            }
            Ok(Identity { api_version, kind, namespace, name, generate_name }) => {
                let (path, node) = (path.clone(), Arc::new(node));
                self.objects.push(Object { api_version, kind, namespace, name, generate_name, path, node });
            }
        }
    }

    fn list(&mut self, node: Node, list: &Identity, path: &mut String) {
        let Value::Mapping(entries) = node.value else { return };
        let (mut items, mut api_version, mut kind) = (None, None, None);
        for entry in entries {
            match &*entry.key {
                "items" => items = Some(entry),
                "apiVersion" => api_version = Some(entry),
                "kind" => kind = Some(entry),
                _ => {}
            }
        }
        let Some(items) = items else { return };
        let items = match items.value.value {
            Value::Sequence(items) => items,
            Value::Null => return,
            other => return self.malformed("items", &other, "a list", items.key_span),
        };
        // The items of a DeploymentList are Deployments; those of a List must say what they are.
        let item_kind = list.kind.strip_suffix("List").unwrap_or_default();
        let inherited: Vec<Entry> = if item_kind.is_empty() {
            Vec::new()
        } else {
            let kind = kind.map(|mut entry| {
                entry.value.value = Value::String(item_kind.into());
                entry
            });
            api_version.into_iter().chain(kind).collect()
        };
        let length = path.len();
        path::push_key(path, "items");
        let items_length = path.len();
        for (index, mut item) in items.into_iter().enumerate() {
            path::push_index(path, index);
            for entry in inherited.iter().rev().filter(|entry| is_absent(&item, &entry.key)).collect::<Vec<_>>() {
                if let Value::Mapping(entries) = &mut item.value {
                    entries.retain(|own| own.key != entry.key);
                    entries.insert(0, entry.clone());
                }
            }
            match &item.value {
                Value::Mapping(_) if is_absent(&item, "apiVersion") || is_absent(&item, "kind") => {
                    self.failures.push(Failure::new(ProblemKind::ItemWithoutKind, item.locate(&[])));
                }
                Value::Mapping(_) => self.object(item, path),
                other => self.malformed("items[]", other, "a mapping", item.span),
            }
            path.truncate(items_length);
        }
        path.truncate(length);
    }

    fn malformed(&mut self, field: &'static str, found: &Value, expected: &'static str, span: super::Span) {
        let kind = ProblemKind::Malformed { field, found: found.description(), expected };
        self.failures.push(Failure::new(kind, span));
    }
}

struct Identity {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: Option<String>,
    generate_name: Option<String>,
}

fn identify(node: &Node) -> Result<Identity, Failure> {
    let metadata = match node.entry("metadata") {
        None => None,
        Some(Entry { value, key_span, .. }) => match &value.value {
            Value::Mapping(_) => Some(value),
            Value::Null => None,
            other => {
                let kind =
                    ProblemKind::Malformed { field: "metadata", found: other.description(), expected: "a mapping" };
                return Err(Failure::new(kind, *key_span));
            }
        },
    };
    let named = |field, key| metadata.map_or(Ok(None), |metadata| string(metadata, field, key));
    Ok(Identity {
        api_version: string(node, "apiVersion", "apiVersion")?.unwrap_or_default(),
        kind: string(node, "kind", "kind")?.unwrap_or_default(),
        namespace: named("metadata.namespace", "namespace")?,
        name: named("metadata.name", "name")?,
        generate_name: named("metadata.generateName", "generateName")?,
    })
}

/// The string of that key; `None` where it is absent, null or empty.
fn string(node: &Node, field: &'static str, key: &str) -> Result<Option<String>, Failure> {
    let Some(entry) = node.entry(key) else { return Ok(None) };
    match &entry.value.value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.to_string())),
        other => {
            let kind = ProblemKind::Malformed { field, found: other.description(), expected: "a string" };
            let span =
                if matches!(other, Value::Sequence(_) | Value::Mapping(_)) { entry.key_span } else { entry.value.span };
            Err(Failure::new(kind, span))
        }
    }
}
