//! Tells templates from manifests: text that becomes YAML only when Helm, Jinja or their like has filled it in.
//!
//! Nothing is guessed from the look of a text alone. Plenty of manifests quote templates (alerts, workflows), so a document
//! is one only if an action is what keeps it from being read, or from having a kind.

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

/// Whether it is a template all of whose actions are quoted, and which is no object before they are done: no kind is
/// called `{{ .Values.kind }}`. A name may be, to a reader of YAML; what stands behind it is judged.
pub(super) fn is_kind(node: &Node) -> bool {
    ["apiVersion", "kind"]
        .iter()
        .any(|key| node.get(key).and_then(Node::as_str).is_some_and(|text| text.contains("{{")))
}
