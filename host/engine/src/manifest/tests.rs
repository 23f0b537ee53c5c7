//! The reader as a whole: bytes in, JSON or a problem's place out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use protocol::FieldMask;

use super::*;

fn read_text(text: &str) -> Manifest {
    read("test.yaml", text.as_bytes().to_vec(), &Limits::default())
}

fn json_of(node: &Node) -> String {
    let mut out = Vec::new();
    node.write_json(&FieldMask::whole(), &mut out);
    String::from_utf8(out).unwrap()
}

/// What each document is, as JSON; an object of its own line for each object.
fn contents(text: &str) -> Vec<String> {
    let manifest = read_text(text);
    assert_eq!(manifest.problems, [], "{text}");
    let content = |document: &Document| match &document.content {
        Content::Objects(objects) => objects.iter().map(|object| json_of(&object.node)).collect(),
        Content::Other(node) => vec![json_of(node)],
        Content::Empty => vec!["empty".into()],
        Content::Template => vec!["template".into()],
        Content::Broken => vec!["broken".into()],
    };
    manifest.documents.iter().flat_map(content).collect()
}

#[test]
fn documents_are_read_one_by_one() {
    for (text, expected) in [
        ("a: 1\n---\nb: 2\n", vec![r#"{"a":1}"#, r#"{"b":2}"#]),
        ("--- # first\na: 1\n---   \n--- {b: 2}\n...\nc: 3", vec![r#"{"a":1}"#, "empty", r#"{"b":2}"#, r#"{"c":3}"#]),
    ] {
        assert_eq!(contents(text), expected, "{text}");
    }
}
