//! Kustomizations as kustomize knows them: by the name of the file. They need not say what they are.
//!
//! What they leave out is written into their tree, so that whoever looks at objects looks at them too. It must not know
//! what a kustomization refers to.

use protocol::api_group;

use super::node::{Entry, Node, Value, is_absent};
use super::span::Span;

/// The group of kustomizations.
pub(crate) const GROUP: &str = "kustomize.config.k8s.io";

/// Whether kustomize looks for itself in a file of that name, which is the last step of a path.
pub(crate) fn is_file_name(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Writes the `apiVersion` and the `kind` that kustomize takes a document of its file for, where it lacks them. A document
/// that says it is something else, or says it in another spelling, stays as it is.
pub(super) fn complete(node: &mut Node) {
    let Some((api_version, kind)) = meant(node) else { return };
    let Span { start, end, .. } = node.span;
    let Value::Mapping(entries) = &mut node.value else { return };
    for (key, text) in [("apiVersion", api_version), ("kind", kind)] {
        let known = entries.iter_mut().find(|entry| &*entry.key == key);
        // Nothing of it stands in the text: no editor takes the key for one that does, and nobody is pointed at it.
        let value = Node { value: Value::String(text.into()), span: Span { start, end: start } };
        match known {
            Some(entry) if entry.value.as_str().is_none_or(str::is_empty) => entry.value.value = value.value,
            Some(_) => {}
            None => entries.push(Entry { key: key.into(), key_span: Span { start: end, end }, value }),
        }
    }
}

/// What kustomize takes the document for, where it does not say it all.
fn meant(node: &Node) -> Option<(&'static str, &'static str)> {
    let Value::Mapping(entries) = &node.value else { return None };
    let is_misspelt = |entry: &Entry| {
        ["apiVersion", "kind"].iter().any(|key| *entry.key != **key && entry.key.eq_ignore_ascii_case(key))
    };
    if !(is_absent(node, "apiVersion") || is_absent(node, "kind")) || entries.iter().any(is_misspelt) {
        return None;
    }
    let said = |key: &str| if is_absent(node, key) { Some("") } else { node.get(key)?.as_str() };
    let api_version = said("apiVersion")?;
    let is_own = api_version.is_empty() || api_group(api_version) == GROUP;
    match said("kind")? {
        "Component" if is_own => Some(("kustomize.config.k8s.io/v1alpha1", "Component")),
        "" | "Kustomization" if is_own => Some(("kustomize.config.k8s.io/v1beta1", "Kustomization")),
        _ => None,
    }
}
