//! Scalars as text, and which of them are versions.
//!
//! The module must not know where in a file they stand.

use crate::manifest::{Node, Value};

/// Whether a revision is a commit, a tag or a range of tags, and no branch. Before the version of a tag may stand a name:
/// `web-v9.0.0`, `release-7`.
#[must_use]
pub fn is_fixed(revision: &str) -> bool {
    let is_commit = (7..=64).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = revision.rsplit('/').next().unwrap_or_default();
    let mut parts = name.split(['-', '_']).map(|part| part.trim_start_matches(['v', 'V'])).peekable();
    let mut is_version = false;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let is_number = is_last && part.bytes().all(|byte| byte.is_ascii_digit());
        is_version |= part.starts_with(|first: char| first.is_ascii_digit()) && (is_number || part.contains('.'));
    }
    is_commit || is_version || name.contains(['*', '^', '~', '<', '>'])
}

/// A scalar as text.
#[must_use]
pub fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
