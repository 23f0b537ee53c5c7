//! Whether a document is as the table says. One that is not is no document: a rule could take it for what it is not.

use protocol::documents::{DocumentKind, FieldType};

use crate::manifest::{Entry, Node, Value};

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is made of more text than rules are given.
    #[error("has more than the {limit} bytes that a {kind} may have")]
    TooLong {
        /// What it would be.
        kind: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A list is longer than rules are given.
    #[error("has more than {limit} items in {path}, which is the most that a {kind} may have")]
    TooMany {
        /// What it would be.
        kind: &'static str,
        /// The list.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// A place that was given is not in the text.
    #[error("has a part that is not in its text")]
    Outside,
    /// A field is missing, unknown or of another type.
    #[error("is not a valid {kind}: {path} does not match the schema")]
    Malformed {
        /// What it would be.
        kind: &'static str,
        /// The field.
        path: String,
    },
}

/// Checks `spec` against the fields of the kind.
///
/// # Errors
/// The first field that is not as the table says.
pub(super) fn check(kind: &DocumentKind, spec: &Node) -> Result<(), DocumentError> {
    check_value(kind, "spec", &FieldType::Mapping, spec)
}

fn check_value(kind: &DocumentKind, path: &str, of: &FieldType, node: &Node) -> Result<(), DocumentError> {
    match (of, &node.value) {
        (FieldType::Text, Value::String(_)) | (FieldType::Object, Value::Mapping(_)) => Ok(()),
        (FieldType::Integer, Value::Number(number)) if number.is_u64() => Ok(()),
        (FieldType::OneOf(known), Value::String(text)) if known.contains(&&**text) => Ok(()),
        (FieldType::List { of, most }, Value::Sequence(items)) => {
            if items.len() > *most {
                return Err(DocumentError::TooMany { kind: kind.kind, path: path.to_owned(), limit: *most });
            }
            items.iter().try_for_each(|item| check_value(kind, path, of, item))
        }
        (FieldType::Mapping, Value::Mapping(entries)) => check_mapping(kind, path, entries),
        _ => Err(malformed(kind, path)),
    }
}

fn check_mapping(kind: &DocumentKind, path: &str, entries: &[Entry]) -> Result<(), DocumentError> {
    for entry in entries {
        let below = format!("{path}.{}", entry.key);
        let field = kind.field(&below).ok_or_else(|| malformed(kind, &below))?;
        check_value(kind, &below, &field.of, &entry.value)?;
    }
    let has = |key: &str| entries.iter().any(|entry| &*entry.key == key);
    let parts = kind.fields.iter().filter_map(|field| Some((field, field.path.rsplit_once('.')?)));
    let mut required = parts.filter(|(field, (parent, _))| field.is_required && *parent == path);
    match required.find(|(_, (_, key))| !has(key)) {
        Some((field, _)) => Err(malformed(kind, field.path)),
        None => Ok(()),
    }
}

fn malformed(kind: &DocumentKind, path: &str) -> DocumentError {
    DocumentError::Malformed { kind: kind.kind, path: path.to_owned() }
}
