//! Tells templates from manifests: text that becomes YAML only when Helm, Jinja or their like has filled it in.
//!
//! Nothing is guessed from the look of a text alone. Plenty of manifests quote templates (alerts, workflows), so a document
//! is one only if an action is what keeps it from being read, or from having a name.

use super::node::Node;
use super::parse::Failure;
use super::problem::ProblemKind;

/// Whether the document fails for being a template: an action stands where YAML wants a value, on the very line of the
/// failure. A mistake elsewhere, in a manifest that merely quotes a template, is none.
pub(super) fn explains(text: &str, offset: usize, failure: &Failure) -> bool {
    if !matches!(failure.kind, ProblemKind::Syntax(_) | ProblemKind::InvalidKey(_)) {
        return false;
    }
    let at = (failure.span.start as usize).saturating_sub(offset);
    let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    let end = behind.find('\n').map_or(text.len(), |length| at + length);
    let line = text.get(start..end).unwrap_or_default().trim_ascii_start();
    let value = line.split_once(": ").map_or(line, |(_, value)| value);
    [line, value].iter().any(|text| {
        let text = text.trim_start_matches("- ").trim_start_matches([' ', '"', '\'']);
        text.starts_with("{{") || text.starts_with("{%")
    })
}

/// Whether it is a template all of whose actions are quoted: no object is called `{{ .Release.Name }}`.
pub(super) fn names(node: &Node) -> bool {
    let metadata = node.get("metadata");
    let names = ["name", "generateName", "namespace"].map(|key| metadata.and_then(|metadata| metadata.get(key)));
    let kinds = ["apiVersion", "kind"].map(|key| node.get(key));
    names.into_iter().chain(kinds).flatten().any(|value| value.as_str().is_some_and(|text| text.contains("{{")))
}
