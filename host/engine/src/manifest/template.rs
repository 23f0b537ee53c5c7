//! Tells templates from manifests: text that becomes YAML only when Helm, Jinja or their like has filled it in.
//!
//! Nothing is guessed from the look of a text alone. Plenty of manifests quote templates (alerts, workflows), so a document
//! is a template only if it is no YAML to Kubernetes either and an action stands outside of its scalars, or if an action is
//! to say its kind.

use super::failure::Failure;
use super::node::{Node, Value};
use super::problem::ProblemKind;

/// Whether the document, which could not be read, is a template.
pub(super) fn explains(text: &str, failures: &[Failure]) -> bool {
    // What Kubernetes reads and we refuse is no template: a key that is null too, where a second key of its mapping's
    // name takes its mapping away.
    let is_syntax = |kind: &ProblemKind| {
        matches!(
            kind,
            ProblemKind::Syntax(_) | ProblemKind::InvalidKey("a mapping" | "a list") | ProblemKind::TabIndentation
        )
    };
    !failures.is_empty() && failures.iter().all(|failure| is_syntax(&failure.kind)) && has_action(text)
}

/// Whether an action stands where a value or a key begins, or breaks the quotes around it.
fn has_action(text: &str) -> bool {
    // Lines that are indented deeper than the header of a block scalar are its text.
    let mut block: Option<usize> = None;
    text.lines().any(|line| {
        let content = line.trim_ascii_start();
        let indent = line.len() - content.len();
        if content.is_empty() || content.starts_with('#') || block.is_some_and(|header| indent > header) {
            return false;
        }
        block = begins_block(content).then_some(indent);
        let value = content.split_once(": ").map_or(content, |(_, value)| value);
        [content, value].iter().any(|text| is_action(text.trim_start_matches("- ").trim_ascii_start()))
            || breaks_quotes(content)
    })
}

fn is_action(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| text.starts_with(open))
}

/// Whether an action begins a line.
pub(super) fn has_action_alone(text: &str) -> bool {
    text.lines().map(str::trim_ascii_start).any(|line| line.starts_with("{{") || line.starts_with("{%"))
}

/// Whether a block scalar begins at the end of the line: `|`, `>` and what may follow them.
fn begins_block(line: &str) -> bool {
    let header = line.trim_ascii_end().trim_end_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    header.strip_suffix(['|', '>']).is_some_and(|before| before.is_empty() || before.ends_with(' '))
}

/// Whether an action within quotes has such quotes itself: `"{{ include "name" . }}"`.
fn breaks_quotes(line: &str) -> bool {
    line.match_indices("{{").any(|(at, _)| {
        let (before, behind) = line.split_at(at);
        let action = behind.split_once("}}").map_or(behind, |(action, _)| action);
        ['"', '\''].iter().any(|quote| before.matches(*quote).count() % 2 == 1 && action.contains(*quote))
    })
}

/// Whether it is a template all of whose actions are quoted, and which is no object before they are done: no kind is
/// called `{{ .Values.kind }}`. A name may be, to a reader of YAML; what stands behind it is judged. A list is one whatever
/// it is called.
pub(super) fn is_kind(node: &Node) -> bool {
    let is_list = matches!(node.get("items"), Some(Node { value: Value::Sequence(_), .. }));
    !is_list && is_templated(node)
}

/// Whether an action is to say what the object is.
pub(super) fn is_templated(node: &Node) -> bool {
    ["apiVersion", "kind"]
        .iter()
        .any(|key| node.get(key).and_then(Node::as_str).is_some_and(|text| text.contains("{{")))
}
