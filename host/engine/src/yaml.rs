//! Writes JSON as YAML, in the style of `kubectl`: blocks, lists not indented, strings plain where nobody can take them for
//! anything else.

use std::fmt::Write as _;

use protocol::yaml::is_plain;
use serde_json::Value;

use crate::shown::{self, is_hidden};

/// A whole document, with a line break at its end.
#[must_use]
pub fn document(value: &Value) -> String {
    block(value, 0) + "\n"
}

/// `key: value` with its children, all lines but the first indented by `indent` spaces. Without a line break at the end.
pub fn entry(key: &str, value: &Value, indent: usize) -> String {
    scalar(key) + &behind_key(value, indent)
}

/// What [`entry`] writes behind the key: the colon, and the value behind it or below.
pub fn behind_key(value: &Value, indent: usize) -> String {
    let mut text = ":".to_owned();
    match value {
        Value::Object(members) if !members.is_empty() => {
            let _ = write!(text, "\n{:1$}", "", indent + 2);
            text.push_str(&block(value, indent + 2));
        }
        Value::Array(items) if !items.is_empty() => {
            let _ = write!(text, "\n{:1$}", "", indent);
            text.push_str(&block(value, indent));
        }
        other => {
            text.push(' ');
            text.push_str(&block(other, indent));
        }
    }
    text
}

/// The value, all lines but the first indented by `indent` spaces. Without a line break at the end.
pub fn block(value: &Value, indent: usize) -> String {
    let lines = |lines: Vec<String>| lines.join(&format!("\n{:indent$}", ""));
    match value {
        Value::Object(members) if !members.is_empty() => {
            lines(members.iter().map(|(key, value)| entry(key, value, indent)).collect())
        }
        Value::Array(items) if !items.is_empty() => {
            lines(items.iter().map(|item| format!("- {}", block(item, indent + 2))).collect())
        }
        Value::String(text) => scalar(text),
        // Numbers, booleans, null, `{}` and `[]` are YAML too.
        other => other.to_string(),
    }
}

/// The value on one line, in braces and brackets.
pub fn flow(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| format!("{}: {}", scalar(key), flow(value));
            format!("{{{}}}", joined(members.iter().map(member).collect()))
        }
        Value::Array(items) => format!("[{}]", joined(items.iter().map(flow).collect())),
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A string.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(is_hidden) {
        shown::to_json(&text)
    } else {
        single_quoted(text)
    }
}

/// In single quotes; for what has no control characters.
pub fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use crate::manifest::{Content, Limits, read};
    use serde_json::json;

    use super::*;

    fn read_back(yaml: &str) -> Option<Value> {
        let manifest = read("a.yaml", yaml.into(), &Limits::default());
        match &manifest.documents.first()?.content {
            Content::Other(node) => serde_json::to_value(node).ok(),
            _ => None,
        }
    }

    #[test]
    fn blocks_are_in_the_style_of_kubectl() {
        let value = json!({"a": {"b": [1, {"c": "d e", "f": []}, [true]], "g": {}}, "h": null});
        assert_eq!(block(&value, 0), "a:\n  b:\n  - 1\n  - c: d e\n    f: []\n  - - true\n  g: {}\nh: null");
        assert_eq!(entry("k", &json!({"a": [1]}), 4), "k:\n      a:\n      - 1");
    }

    #[test]
    fn every_string_is_read_back_as_itself() {
        for text in [
            "",
            "a",
            "a b",
            "yes",
            "No",
            "null",
            "~",
            "1",
            "1.5",
            "0x1",
            "1e3",
            "2001-01-01",
            "12:30",
            "-",
            "- a",
            "a: b",
            "a:b",
            "a:",
            "a #b",
            "#a",
            "it's",
            "\"q\"",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "a\nb",
            "a\tb",
            " a",
            "a ",
            "é",
            "\u{2028}",
            "\u{7f}",
            "?",
            "? a",
            "=",
            "<<",
            ".inf",
            "NaN",
            "_1",
            "/v1",
            "a,b",
            "\\",
        ] {
            let value = json!({"key": text, text: 1});
            assert_eq!(read_back(&block(&value, 0)), Some(value.clone()), "{text:?}");
            assert_eq!(read_back(&flow(&json!({"a": [value]}))), Some(json!({"a": [value]})), "{text:?}");
        }
    }
}
