//! What all documents are built with: values with their places, and the manifest around them.
//!
//! It must not know any kind.

use protocol::documents::DocumentKind;

use super::schema::{self, DocumentError};
use crate::manifest::{Content, Document, Entry, Manifest, Node, Object, Origin, Source, Span, Value};

/// Text that shows a document to people, where there is no file to show. It grows field by field.
#[derive(Default)]
pub(super) struct Listing(String);

impl Listing {
    /// Adds text that is part of no field.
    pub(super) fn write(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Adds the text of a field.
    pub(super) fn field(&mut self, text: &str) -> Node {
        let start = self.0.len();
        self.0.push_str(text);
        string(text, Span::new(start, self.0.len()))
    }

    pub(super) fn source(self) -> Source {
        Source::new(self.0)
    }
}

/// A string with its place.
pub(super) fn string(text: &str, span: Span) -> Node {
    Node { value: Value::String(text.into()), span }
}

/// A value that stands nowhere in the text.
pub(super) fn unplaced(value: Value) -> Node {
    Node { value, span: Span::default() }
}

/// A list of values, each with its place.
pub(super) fn list(items: Vec<Node>) -> Node {
    unplaced(Value::Sequence(items))
}

/// A field whose key stands where its value does.
pub(super) fn entry(key: &str, value: Node) -> Entry {
    entry_at(key, value.span, value)
}

/// A field to show at that place, if its value has none.
pub(super) fn entry_at(key: &str, place: Span, value: Node) -> Entry {
    Entry { key: key.into(), key_span: place, value }
}

/// Whose document it is.
pub(super) struct Name<'a> {
    pub namespace: Option<&'a str>,
    pub name: &'a str,
}

/// The manifest with one document of the kind. `file` is the path of the text as people know it.
///
/// # Errors
/// The document is not as the table says, or larger.
pub(super) fn document(
    kind: &DocumentKind,
    file: &str,
    Name { namespace, name }: Name<'_>,
    source: Source,
    spec: Vec<Entry>,
) -> Result<Manifest, DocumentError> {
    if source.len() > kind.bytes {
        return Err(DocumentError::TooLong { kind: kind.kind, limit: kind.bytes });
    }
    let spec = unplaced(Value::Mapping(spec));
    schema::check(kind, &spec)?;
    let text = |key: &str, text: &str| entry(key, string(text, Span::default()));
    let mut metadata = vec![text("name", name)];
    metadata.extend(namespace.map(|namespace| text("namespace", namespace)));
    let root = Value::Mapping(vec![
        text("apiVersion", kind.api_version),
        text("kind", kind.kind),
        entry("metadata", unplaced(Value::Mapping(metadata))),
        entry("spec", spec),
    ]);
    let object = Object {
        api_version: kind.api_version.to_owned(),
        kind: kind.kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: Some(name.to_owned()),
        generate_name: None,
        hash: 0,
        path: "$".to_owned(),
        node: unplaced(root).into(),
    };
    let span = Span::new(0, source.len());
    Ok(Manifest {
        name: file.to_owned(),
        origin: Origin::Host,
        source,
        documents: vec![Document { span, content: Content::Objects(vec![object]) }],
        problems: Vec::new(),
    })
}
