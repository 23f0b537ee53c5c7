//! JSON as a module writes it: answers and look-ups.
//!
//! One writer without type parameters, since every module carries its own: what serde would generate is larger by 5 KiB.
//! Hosts read with serde; tests hold the two to the same bytes.

use alloc::string::ToString;
use alloc::vec::Vec;

use protocol::Json;

use crate::value::Value;

/// A JSON text that grows. Commas come by themselves.
#[derive(Default)]
pub(crate) struct Writer {
    text: Vec<u8>,
}

impl Writer {
    /// Begins a map or a list.
    pub(crate) fn open(&mut self, bracket: u8) {
        self.separate();
        self.text.push(bracket);
    }

    /// Ends a map or a list.
    pub(crate) fn close(&mut self, bracket: u8) {
        self.text.push(bracket);
    }

    /// The key of the value that follows.
    pub(crate) fn key(&mut self, key: &str) {
        self.string(key);
        self.text.push(b':');
    }

    /// A member whose value is text.
    pub(crate) fn member(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// A member whose value is text, if it is there.
    pub(crate) fn optional(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.member(key, text);
        }
    }

    /// A member whose value is true or false.
    pub(crate) fn flag(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.plain(if flag { "true" } else { "false" });
    }

    /// A member whose value is a number.
    pub(crate) fn number(&mut self, key: &str, number: u32) {
        self.key(key);
        self.plain(&number.to_string());
    }

    /// A member whose value is a list of texts.
    pub(crate) fn texts(&mut self, key: &str, texts: &mut dyn Iterator<Item = &str>) {
        self.key(key);
        self.open(b'[');
        texts.for_each(|text| self.string(text));
        self.close(b']');
    }

    /// A text.
    #[inline(never)]
    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        self.text.push(b'"');
        for part in text.as_bytes().split_inclusive(|byte| is_escaped(*byte)) {
            match part.split_last() {
                Some((last, clean)) if is_escaped(*last) => {
                    self.text.extend_from_slice(clean);
                    self.escape(*last);
                }
                _ => self.text.extend_from_slice(part),
            }
        }
        self.text.push(b'"');
    }

    /// The value of an edit.
    pub(crate) fn json(&mut self, value: &Json) {
        match value {
            Json::Null => self.plain("null"),
            Json::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            Json::Integer(value) => self.plain(&value.to_string()),
            Json::String(text) => self.string(text),
            Json::List(items) => {
                self.open(b'[');
                items.iter().for_each(|item| self.json(item));
                self.close(b']');
            }
            Json::Map(members) => {
                self.open(b'{');
                for (key, value) in members {
                    self.key(key);
                    self.json(value);
                }
                self.close(b'}');
            }
        }
    }

    /// What is made of maps, lists and texts in a value; anything else is `null`.
    pub(crate) fn texts_of(&mut self, value: Option<&Value<'_>>) {
        match value {
            Some(Value::String(text)) => self.string(text),
            Some(Value::Array(items)) => {
                self.open(b'[');
                items.iter().for_each(|item| self.texts_of(Some(item)));
                self.close(b']');
            }
            Some(Value::Object(members)) => {
                self.open(b'{');
                for (key, value) in *members {
                    self.key(key);
                    self.texts_of(Some(value));
                }
                self.close(b'}');
            }
            _ => self.plain("null"),
        }
    }

    /// The text.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.text
    }

    fn plain(&mut self, text: &str) {
        self.separate();
        self.text.extend_from_slice(text.as_bytes());
    }

    /// What follows a value is another one.
    fn separate(&mut self) {
        if !matches!(self.text.last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(b',');
        }
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0C => b'f',
            b'\r' => b'r',
            _ => {
                let digit = byte & 15;
                let letter = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
                self.text.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), letter]);
                return;
            }
        };
        self.text.extend_from_slice(&[b'\\', short]);
    }
}

const fn is_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn written(write: impl Fn(&mut Writer)) -> String {
        let mut writer = Writer::default();
        write(&mut writer);
        String::from_utf8(writer.finish()).unwrap()
    }

    #[test]
    fn writes_what_serde_json_writes() {
        let all: String = (0..0x250).filter_map(char::from_u32).chain("\u{2028}\u{FEFF}😀".chars()).collect();
        for text in ["", "a", "\"", "\\\\", "a\nb", "\n", "ends in {", "[", ":", &all] {
            assert_eq!(written(|writer| writer.string(text)), serde_json::to_string(text).unwrap());
        }
        let list = alloc::vec![Json::from(""), Json::Null, Json::from(i64::MIN), Json::from(alloc::vec![])];
        let value = Json::of("a:", true).and("[", list).and("{", Json::Map(alloc::vec![])).and(&all, "{");
        assert_eq!(written(|writer| writer.json(&value)), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn a_relation_is_made_of_texts() {
        let memory = bumpalo::Bump::new();
        let value = Value::parse(br#"{"a": ["b", {}, [], {"c": "d"}], "e": 1, "f": true}"#, &memory).unwrap();
        let text = r#"{"a":["b",{},[],{"c":"d"}],"e":null,"f":null}"#;
        assert_eq!(written(|writer| writer.texts_of(Some(&value))), text);
        assert_eq!(written(|writer| writer.texts_of(None)), "null");
    }
}
