//! Writes a tree as JSON, pruned to a field mask: what a rule's module is sent.
//!
//! This is the hot path: one call for each pair of rule and object. It must not allocate but for `out`.

use std::io::Write as _;

use protocol::FieldMask;

use super::node::{Node, Value};

impl Node {
    /// Appends the value as JSON, with only the fields that the mask keeps; see [`protocol::mask`].
    ///
    /// All elements of a list are kept, so that indices stay true. Where the mask goes on and the tree has a scalar, the
    /// scalar is written: a rule must see the malformed shape to say so. A mapping of which nothing is kept is `{}`.
    pub fn write_json(&self, mask: &FieldMask, out: &mut Vec<u8>) {
        match &self.value {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            // Writing to a vector cannot fail.
            Value::Number(number) => drop(write!(out, "{number}")),
            Value::String(text) => write_string(text, out),
            Value::Sequence(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write_json(mask, out);
                }
                out.push(b']');
            }
            Value::Mapping(entries) => {
                out.push(b'{');
                let mut is_first = true;
                for entry in entries {
                    let Some(kept) = mask.field(&entry.key) else { continue };
                    if !is_first {
                        out.push(b',');
                    }
                    is_first = false;
                    write_string(&entry.key, out);
                    out.push(b':');
                    entry.value.write_json(kept, out);
                }
                out.push(b'}');
            }
        }
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    // Most strings are written as they are, and to see that takes a few bytes a cycle.
    let must_escape = text.bytes().fold(false, |must, byte| must | matches!(byte, 0..0x20 | b'"' | b'\\'));
    if must_escape {
        // A string is always JSON, and writing to a vector cannot fail.
        let _ = serde_json::to_writer(out, text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::super::Content;
    use super::super::tests::{json_of, read_text};
    use super::*;

    fn root(yaml: &str) -> Node {
        let manifest = read_text(yaml);
        let Content::Other(node) = &manifest.documents[0].content else { panic!("{yaml}") };
        node.clone()
    }

    fn masked(yaml: &str, reads: &[&str]) -> String {
        let mut out = Vec::new();
        root(yaml).write_json(&FieldMask::of_entries(reads), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_mask_keeps_its_fields_and_no_other() {
        let yaml = "spec: {a: [{b: 1, c: 2}, {c: 3}, {}], d: {e: 4, f: {g: 5}}}\nstatus: 6\n";
        for (reads, json) in [
            (vec!["spec.d"], r#"{"spec":{"d":{"e":4,"f":{"g":5}}}}"#),
            (vec!["spec.a.b"], r#"{"spec":{"a":[{"b":1},{},{}]}}"#),
            (vec!["spec.a.b", "spec.d.f", "status"], r#"{"spec":{"a":[{"b":1},{},{}],"d":{"f":{"g":5}}},"status":6}"#),
            (vec!["SPEC.D.E"], r#"{"spec":{"d":{"e":4}}}"#),
            (vec!["metadata.name"], "{}"),
            (vec!["spec.x"], r#"{"spec":{}}"#),
        ] {
            assert_eq!(masked(yaml, &reads), json, "{reads:?}");
        }
    }

    #[test]
    fn a_malformed_shape_is_shown_and_not_hidden() {
        assert_eq!(
            masked("a: \"false\"\nb: [1, {c: 2, d: 3}]\ne:\n", &["a.x", "b.c", "e.x"]),
            r#"{"a":"false","b":[1,{"c":2}],"e":null}"#
        );
    }

    #[test]
    fn every_string_is_written_as_json() {
        let text = "\"\\\"\\\\\\b\\f\\n\\r\\t\\0\\e\\x1f/ é 𝄞\\x7f\"";
        let node = root(&format!("k: {text}\n{text}: v\n"));
        let value: serde_json::Value = serde_json::from_str(&json_of(&node)).unwrap();
        let expected = "\"\\\u{8}\u{c}\n\r\t\0\u{1b}\u{1f}/ é 𝄞\u{7f}";
        assert_eq!(value, serde_json::json!({"k": expected, expected: "v"}));
        assert_eq!(value, serde_json::to_value(&node).unwrap());
    }
}
