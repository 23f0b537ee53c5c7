//! The objects of Kubernetes in a document: lists opened, and each one's identity read.
//!
//! It must not know what any kind means, but for lists, which `kubectl` opens too, and for requests about objects.

use protocol::{api_group, path, workload_kind};

use super::failure::Failure;
use super::kinds;
use super::kustomization;
use super::node::{Entry, Node, Value, is_absent};
use super::problem::ProblemKind;
use super::request;
use super::span::Span;
use super::template;
use super::tree::Tree;

/// How many malformed items of one document are told.
const FAILURES_TOLD: usize = 32;

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
    /// How many bytes at the end of its name are made anew: by kustomize a hash of what it holds, by a template of Helm letters
    /// by chance.
    pub hash: usize,
    /// Where it is in its document, a normalised JSONPath: `$`, `$['items'][3]` for an item of a list, or
    /// `$['request']['object']` for the object of an admission review.
    pub path: String,
    /// The object itself. An item that took `apiVersion` or `kind` from its list has them as entries of its own.
    pub node: Tree,
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

    /// What people call it: its name without a hash, or the prefix of the name to come with a `*`; empty where it has
    /// neither.
    #[must_use]
    pub fn display_name(&self) -> String {
        match (&self.name, &self.generate_name) {
            (Some(name), _) => name.get(..name.len().saturating_sub(self.hash)).unwrap_or(name).to_owned(),
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
    read_from(document, 0)
}

/// The same for a part of a list, whose items are those of the whole from that index on.
pub(super) fn read_from(document: Node, first: usize) -> Read {
    let (document, path) = request::opened(document);
    let failure = misspelt_field(&document).or_else(|| versionless(&document)).or_else(|| kindless(&document));
    if let Some(failure) = failure.or_else(|| bare_list(&document)) {
        return Read::Objects(Vec::new(), vec![failure]);
    }
    if is_absent(&document, "kind") || is_absent(&document, "apiVersion") && !is_bare_list(&document) {
        return Read::Other(document);
    }
    let mut reader = Reader { first, ..Reader::default() };
    reader.object(document, &mut String::from(path));
    Read::Objects(reader.objects, reader.failures)
}

/// `Kind` for `kind`, beside an `apiVersion`, or the other way around: Kubernetes knows neither.
fn misspelt_field(document: &Node) -> Option<Failure> {
    let Value::Mapping(entries) = &document.value else { return None };
    let spelt = |name: &str| {
        entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name) && entry.value.as_str().is_some())
    };
    let (kind, api_version) = (spelt("kind")?, spelt("apiVersion")?);
    let misspelt = [("kind", kind), ("apiVersion", api_version)];
    misspelt.into_iter().find(|(meant, entry)| *entry.key != **meant && is_absent(document, meant)).map(
        |(meant, entry)| Failure::new(ProblemKind::MisspeltField { found: entry.key.clone(), meant }, entry.key_span),
    )
}

/// What says of which version it is, and is shaped like an object, but does not say what. A kustomization's kind is its
/// file's to say.
fn kindless(document: &Node) -> Option<Failure> {
    let api_version = document.get("apiVersion")?.as_str().filter(|version| !version.is_empty())?;
    let is_mapping = |key: &str| document.get(key).is_some_and(|node| matches!(node.value, Value::Mapping(_)));
    let is_object = is_absent(document, "kind") && (is_mapping("metadata") || is_mapping("spec"));
    let is_one = is_object && api_group(api_version) != kustomization::GROUP;
    is_one.then(|| Failure::new(ProblemKind::NoKind, document.locate(&[])))
}

/// An object of Kubernetes' own that does not say of which version, which `kubectl` refuses. The kind alone may be
/// anybody's word: a workload has a `spec` too, everything else a name, and what has neither the fields of a pod.
fn versionless(document: &Node) -> Option<Failure> {
    let is_mapping = |node: Option<&Node>| node.is_some_and(|node| matches!(node.value, Value::Mapping(_)));
    let meant = kinds::of_kind(document.get("kind")?.as_str()?).filter(|_| is_absent(document, "apiVersion"))?;
    let (metadata, spec) = (document.get("metadata"), document.get("spec"));
    let is_named = ["name", "generateName"].iter().any(|key| metadata.is_some_and(|it| it.get(key).is_some()));
    let is_workload = workload_kind(meant.group, meant.kind).is_some();
    let is_one = is_named && !is_workload || is_mapping(metadata) && is_mapping(spec);
    let has_pods = is_workload
        && ["containers", "jobTemplate", "template"].iter().any(|key| spec.is_some_and(|spec| spec.get(key).is_some()));
    (is_one || has_pods).then(|| Failure::new(ProblemKind::NoApiVersion { meant }, document.locate(&[])))
}

/// Objects in a list that has no kind itself, which `kubectl` refuses.
fn bare_list(document: &Node) -> Option<Failure> {
    let Value::Sequence(items) = &document.value else { return None };
    let is_object = |item: &Node| {
        let text = |key: &str| item.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        text("apiVersion").is_some() && text("kind").is_some() && item.get("metadata").is_some()
    };
    // A list of entities is how other programs hand a catalog on.
    let is_of_cluster =
        |item: &Node| item.get("apiVersion").and_then(Node::as_str).map(api_group) != Some("backstage.io");
    let are_objects = items.iter().all(is_object) && items.iter().any(is_of_cluster);
    are_objects.then(|| Failure::new(ProblemKind::BareList, document.locate(&[])))
}

/// What is wrong with an object that is a list, or should be, by its kind.
fn unlisted(node: &Node, group: &str, kind: &str) -> Option<ProblemKind> {
    let items = node.get("items").map(|items| &items.value);
    let listed = kind.strip_suffix("List");
    let is_empty = match items {
        Some(Value::Sequence(items)) => items.is_empty(),
        items => items == Some(&Value::Null),
    };
    match listed {
        // `AllowList` may be anybody's object.
        Some(of) if items.is_none() && (group.is_empty() || workload_kind(group, of).is_some()) => {
            Some(ProblemKind::NoItems)
        }
        None if is_empty => Some(ProblemKind::EmptyItems),
        _ if items.is_some() && template::is_templated(node) => Some(ProblemKind::TemplatedList),
        _ => None,
    }
}

/// Whether `kubectl` takes the object for a list, and so creates its items and not itself: whatever its kind is called,
/// as `UnstructuredJSONScheme` of `k8s.io/apimachinery` does. Where `items` is no list, it has to be called one.
fn is_list(node: &Node, kind: &str) -> bool {
    node.get("items").is_some_and(|items| matches!(items.value, Value::Sequence(_)) || kind.ends_with("List"))
}

/// A `List` that does not say of which version. `kubectl` takes it for the one that there is: its decoder asks for a kind
/// alone, and its mapper knows `List` in every group (`k8s.io/cli-runtime`, `k8s.io/client-go/restmapper`).
fn is_bare_list(node: &Node) -> bool {
    node.get("kind").and_then(Node::as_str) == Some("List")
        && node.get("items").is_some_and(|items| matches!(items.value, Value::Sequence(_)))
}

#[derive(Default)]
struct Reader {
    objects: Vec<Object>,
    failures: Vec<Failure>,
    /// The index of the first item of the outermost list.
    first: usize,
}

impl Reader {
    fn object(&mut self, node: Node, path: &mut String) {
        match identify(&node) {
            Err(failure) => self.fail(failure),
            Ok(Identity { api_version, kind, .. }) if let Some(meant) = kinds::misspelt(&api_version, &kind) => {
                let kind = ProblemKind::UnknownKind { api_version: api_version.into(), kind: kind.into(), meant };
                self.fail(Failure::new(kind, node.locate(&[])));
            }
            Ok(Identity { api_version, kind, .. })
                if let Some(problem) = unlisted(&node, api_group(&api_version), &kind) =>
            {
                self.fail(Failure::new(problem, node.entry("items").map_or(node.locate(&[]), |items| items.key_span)));
            }
            Ok(identity) if is_list(&node, &identity.kind) => self.list(node, &identity, path),
            Ok(Identity { api_version, kind, namespace, name, generate_name }) => {
                let (path, node) = (path.clone(), node.into());
                self.objects.push(Object { api_version, kind, namespace, name, generate_name, hash: 0, path, node });
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
        // The items of a DeploymentList are Deployments, those of a Deployment too; those of a List must say what they
        // are.
        let item_kind = list.kind.strip_suffix("List").unwrap_or(&list.kind);
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
        let first = std::mem::take(&mut self.first);
        for (index, mut item) in items.into_iter().enumerate() {
            path::push_index(path, first + index);
            // An item that says one of the two must say the other.
            if is_absent(&item, "apiVersion")
                && is_absent(&item, "kind")
                && let Value::Mapping(entries) = &mut item.value
            {
                entries.retain(|own| inherited.iter().all(|entry| entry.key != own.key));
                entries.splice(0..0, inherited.iter().cloned());
            }
            match &item.value {
                Value::Mapping(_) if is_absent(&item, "apiVersion") || is_absent(&item, "kind") => {
                    self.fail(Failure::new(ProblemKind::ItemWithoutKind, item.locate(&[])));
                }
                Value::Mapping(_) if template::is_kind(&item) => {
                    self.fail(Failure::new(ProblemKind::TemplatedItem, item.locate(&[])));
                }
                Value::Mapping(_) => self.object(item, path),
                other => self.malformed("items[]", other, "a mapping", item.span),
            }
            path.truncate(items_length);
        }
        path.truncate(length);
    }

    fn malformed(&mut self, field: &'static str, found: &Value, expected: &'static str, span: Span) {
        let kind = ProblemKind::Malformed { field, found: found.description(), expected };
        self.fail(Failure::new(kind, span));
    }

    fn fail(&mut self, failure: Failure) {
        if self.failures.len() < FAILURES_TOLD {
            self.failures.push(failure);
        }
    }
}

pub(super) struct Identity {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) generate_name: Option<String>,
}

pub(super) fn identify(node: &Node) -> Result<Identity, Failure> {
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

#[cfg(test)]
mod tests;
