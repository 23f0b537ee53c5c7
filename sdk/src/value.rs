//! JSON as a rule sees it: a tree that borrows from the request and lives in its memory.
//!
//! Objects are slices in the order of the text: a pod has few keys at any level, and a linear search through a few
//! neighbours beats a tree. A number stays its text, so that the quantity `0.1` is `0.1` and a module carries no
//! floating-point parser. A key that occurs twice is refused, since two readers would see two different objects.

mod reader;

use bumpalo::Bump;

use crate::text::same;
use reader::Reader;

/// A JSON value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`; to Kubernetes the same as absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(&'a str),
    /// Text, escapes decoded.
    String(&'a str),
    /// An array.
    Array(&'a [Value<'a>]),
    /// An object, in the order of its text.
    Object(&'a [(&'a str, Value<'a>)]),
    /// A value outside the rule's field mask. Only tests make it, to catch a rule that reads what it did not declare.
    Undeclared,
}

impl<'a> Value<'a> {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// The text is no JSON, is nested too deep, or has a key twice.
    pub fn parse(text: &'a [u8], memory: &'a Bump) -> Result<Self, MalformedJson> {
        Reader::read(text, memory).ok_or(MalformedJson)
    }

    /// The member of that name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        match self {
            Self::Object(members) => find(members, key),
            _ => None,
        }
    }

    /// The text, of a string.
    #[must_use]
    pub const fn str(&self) -> Option<&'a str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The elements, of an array; nothing else has any.
    #[must_use]
    pub const fn items(&self) -> &'a [Value<'a>] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// The members, of an object; nothing else has any.
    #[must_use]
    pub const fn members(&self) -> &'a [(&'a str, Value<'a>)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// What this is, in a reader's words.
    #[must_use]
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "a map",
            Self::Undeclared => "outside the rule's field mask",
        }
    }
}

/// The value of that key.
pub(crate) fn find<'a>(members: &'a [(&'a str, Value<'a>)], key: &str) -> Option<&'a Value<'a>> {
    members.iter().find(|(name, _)| same(name, key)).map(|(_, value)| value)
}

/// A text that is no JSON a rule would trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedJson;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn an_escaped_key_is_the_key() {
        let memory = Bump::new();
        let text = br#"{"c\u006fntainers": [{"a": "\u00e9\n"}, 1, -2, 0.50, null, true]}"#;
        let value = Value::parse(text, &memory).unwrap();
        let Some(Value::Array([first, rest @ ..])) = value.get("containers") else { panic!("{value:?}") };
        assert_eq!(first.get("a"), Some(&Value::String("é\n")));
        let numbers = ["1", "-2", "0.50"].map(Value::Number);
        assert_eq!(rest, [numbers.as_slice(), &[Value::Null, Value::Bool(true)]].concat());
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let many = |last: &str| {
            let keys = (0..200).map(|key| alloc::format!("\"k{key}\":0")).collect::<Vec<_>>().join(",");
            alloc::format!("{{{keys},\"{last}\":1}}")
        };
        for (last, is_read) in
            [("k0", false), ("k63", false), ("k64", false), ("k65", false), ("k199", false), ("k200", true)]
        {
            assert_eq!(Value::parse(many(last).as_bytes(), &Bump::new()).is_ok(), is_read, "{last}");
        }
        for text in [r#"{"a":1,"a":2}"#, r#"{"a":1,"\u0061":2}"#, r#"[{"b":{"a":1,"a":1}}]"#] {
            assert_eq!(Value::parse(text.as_bytes(), &Bump::new()), Err(MalformedJson), "{text}");
        }
    }

    /// Texts near the edges of the grammar, each also wrapped, cut and doubled.
    fn edges() -> Vec<Vec<u8>> {
        let seeds: [&[u8]; 38] = [
            b"",
            b" ",
            b"null",
            b"nul",
            b"nulll",
            b"true",
            b"True",
            b"0",
            b"-0",
            b"01",
            b"-",
            b"+1",
            b"1.",
            b".5",
            b"1.5e3",
            b"1e",
            b"1E+9",
            b"1e999",
            b"0x1",
            b"\"a\"",
            b"\"\\u0041\"",
            b"\"\\ud83d\\ude00\"",
            b"\"\\ud800\"",
            b"\"\\q\"",
            b"\"\n\"",
            b"\"\xff\"",
            b"\"\xc3\xa9\"",
            b"[]",
            b"[1,]",
            b"[,1]",
            b"[1 2]",
            b"{}",
            b"{\"a\":1}",
            b"{\"a\" 1}",
            b"{a:1}",
            b"{\"a\":1,}",
            b"\xef\xbb\xbf1",
            b"'a'",
        ];
        let mut texts: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).collect();
        for seed in seeds {
            texts.push([b"[", seed, b"]"].concat());
            texts.push([b"{\"k\": ", seed, b"}"].concat());
            texts.push([seed, b" ", seed].concat());
            texts.extend((1..seed.len()).map(|cut| seed.iter().take(cut).copied().collect()));
        }
        texts.extend([126, 127, 128, 129, 200].map(|depth| [b"[".repeat(depth), b"]".repeat(depth)].concat()));
        texts
    }

    #[test]
    fn reads_what_serde_json_reads() {
        for text in edges() {
            let memory = Bump::new();
            let ours = Value::parse(&text, &memory).ok();
            let theirs = serde_json::from_slice::<serde_json::Value>(&text);
            // A number beyond a double's range is still text to us.
            if theirs.as_ref().is_err_and(|cause| cause.to_string().starts_with("number out of range")) {
                continue;
            }
            assert_eq!(
                ours.map(|value| to_serde(&value)),
                theirs.ok(),
                "{}",
                alloc::string::String::from_utf8_lossy(&text)
            );
        }
    }

    fn to_serde(value: &Value<'_>) -> serde_json::Value {
        match value {
            Value::Null | Value::Undeclared => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap(),
            Value::String(text) => (*text).into(),
            Value::Array(items) => items.iter().map(to_serde).collect(),
            Value::Object(members) => members.iter().map(|(key, value)| (key.to_string(), to_serde(value))).collect(),
        }
    }
}
