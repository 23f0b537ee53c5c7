//! One pass over a text, for secrets in it: by the name of what is assigned, and by their shape.
//!
//! Every byte is looked at once, and a table says whether anything can begin or end there; names and shapes are compared
//! only where it does. Dashboards of a megabyte have few such places. The module must not know where a text comes from.

use sdk::prelude::*;

use crate::assignment::Value;
use crate::names::Names;
use crate::placeholders::is_placeholder;
use crate::shapes;
use crate::text::{begins, cut, cut_last, decode_base64, has, is_one_of, without};
use crate::tools;

const DIRECTIVES: &[&str] = &include!("../data/directives.rs");

/// A secret in a text: never its value.
pub enum Found {
    /// Of this kind, by its shape.
    Shape(&'static str),
    /// Under this name.
    Name(String),
}

/// What a byte may be.
const LETTER: u8 = 0;
/// Part of a word, but not of base64: `_`, `-`, `.`.
const JOINS_WORDS: u8 = 1;
/// Part of base64, but not of a word: `+`, `/`.
const JOINS_BASE64: u8 = 2;
/// Ends both.
const ENDS: u8 = 3;
/// Ends both, and something may begin there.
const BEGINS: u8 = 4;

static CLASSES: [u8; 256] = {
    let mut classes = [ENDS; 256];
    let mut byte = 0;
    while byte < 256 {
        let class = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => LETTER,
            b'_' | b'-' | b'.' => JOINS_WORDS,
            b'+' | b'/' => JOINS_BASE64,
            b':' | b'=' | b'@' | b'\\' | b'\n' | b'{' | b'>' => BEGINS,
            _ => ENDS,
        };
        #[allow(clippy::indexing_slicing)]
        {
            classes[byte] = class;
        }
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// No secret of a known shape is shorter, encoded.
const ENCODED: usize = 24;

/// The first secret in the text. Of source code only quoted texts are values.
pub fn find(text: &str, names: &Names, is_code: bool) -> Option<Found> {
    Pass::new(text, names, is_code).run()
}

/// A pass over a text, and what it remembers on the way.
pub struct Pass<'a> {
    pub text: &'a str,
    pub names: &'a Names,
    pub is_code: bool,
    /// Whether the text itself was decoded: once is enough.
    is_decoded: bool,
    /// Where the word began, the run of base64, and the line.
    word: usize,
    run: usize,
    pub line: usize,
    /// Whether the line has had a `:` or `=` already, and a `{`.
    pub is_separated: bool,
    pub has_brace: bool,
    /// The `name` of what may have its `value` next.
    pub item: Option<&'a str>,
}

impl<'a> Pass<'a> {
    fn new(text: &'a str, names: &'a Names, is_code: bool) -> Self {
        Self {
            text,
            names,
            is_code,
            is_decoded: false,
            word: 0,
            run: 0,
            line: 0,
            is_separated: false,
            has_brace: false,
            item: None,
        }
    }

    fn run(mut self) -> Option<Found> {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(rest) = bytes.get(at..) {
            let Some(length) = rest.iter().position(|byte| class(*byte) != LETTER) else { break };
            at += length;
            let byte = rest.get(length).copied().unwrap_or_default();
            let class = class(byte);
            if class != JOINS_WORDS
                && let Some(found) = self.word(at)
            {
                return Some(found);
            }
            if class != JOINS_BASE64
                && let Some(found) = self.base64(at)
            {
                return Some(found);
            }
            if class == BEGINS
                && let Some(found) = self.begins(byte, at)
            {
                return Some(found);
            }
            // What is escaped is one letter.
            at += if byte == b'\\' { 2 } else { 1 };
            if class != JOINS_WORDS {
                self.word = at;
            }
            if class != JOINS_BASE64 {
                self.run = at;
            }
        }
        self.word(bytes.len()).or_else(|| self.base64(bytes.len()))
    }

    /// What follows a place.
    pub fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    /// The byte there; a line break beyond the ends.
    pub fn byte(&self, at: Option<usize>) -> u8 {
        at.and_then(|at| self.text.as_bytes().get(at)).copied().unwrap_or(b'\n')
    }

    /// The rest of the line.
    pub fn line_from(&self, at: usize) -> &'a str {
        let rest = self.rest(at);
        cut(rest, b"\n").map_or(rest, |(line, _)| line)
    }

    fn word(&self, end: usize) -> Option<Found> {
        let word = self.text.get(self.word..end)?;
        let shape = |kind: &'static str, is_it: bool| is_it.then_some(Found::Shape(kind));
        if word.len() >= shapes::SHORTEST_TOKEN
            && let Some(kind) = shapes::token(word)
        {
            return Some(Found::Shape(kind));
        }
        let bytes = word.as_bytes();
        match (word.len(), bytes.first()?) {
            (5, b'B' | b'b') if word.eq_ignore_ascii_case("basic") => {
                shape("credentials for HTTP Basic authentication", shapes::is_basic(self.line_from(end)))
            }
            (6, b'B' | b'b') if word.eq_ignore_ascii_case("bearer") => {
                shape("a bearer token", shapes::is_bearer(self.line_from(end)))
            }
            (8.., b'-') if word.starts_with("---") && word.ends_with("BEGIN") => {
                shape("a private key", shapes::is_private_key(self.rest(end)))
            }
            (20.., b'P') if word.starts_with("PuTTY-User-Key-File-") => shape("a private key", true),
            (8, b'P' | b'p') if word.eq_ignore_ascii_case("password") => self.after_password(end),
            (10, b'I' | b'i') if word.eq_ignore_ascii_case("identified") => {
                shape("a database password", is_identified_by(self.line_from(end)))
            }
            (4..=11, b'b' | b'c' | b'l' | b'm' | b'r' | b's' | b'v') => {
                let line = self.line_from(end);
                if DIRECTIVES.contains(&word) && self.is_first_in_line(self.word) {
                    let value = line.trim_ascii();
                    let is_value = line.starts_with(' ') && !has(value, b" ") && !is_placeholder(unquoted(value));
                    return is_value.then(|| Found::Name(word.to_string()));
                }
                shape("a password", tools::has_password(word, line))
            }
            _ => None,
        }
    }

    /// SQL's `PASSWORD 'hunter2'`, and `login web password hunter2` of a .netrc.
    fn after_password(&self, end: usize) -> Option<Found> {
        let line = self.line_from(end);
        let value = line.strip_prefix(' ')?.trim_ascii_start();
        let before = self.text.get(self.line..self.word)?;
        let says = |wanted: &[&str]| before.split_ascii_whitespace().any(|word| is_one_of(wanted, word));
        let is_login = before.split_ascii_whitespace().any(|word| word == "login");
        if self.is_comment() || !is_login && !says(&["create", "alter", "role", "user", "with"]) {
            return None;
        }
        let is_password = match value.strip_prefix('\'') {
            Some(value) => cut(value, b"'").is_some_and(|(value, _)| !has(value, b" ") && !is_placeholder(value)),
            None => is_login && value.split_ascii_whitespace().next().is_some_and(|value| !is_placeholder(value)),
        };
        is_password.then_some(Found::Shape(if is_login { "a password" } else { "a database password" }))
    }

    fn is_first_in_line(&self, at: usize) -> bool {
        self.text.get(self.line..at).is_some_and(|before| before.trim_ascii().is_empty())
    }

    /// What is encoded is looked through as well, once.
    fn base64(&self, end: usize) -> Option<Found> {
        let run = self.text.get(self.run..end)?;
        if run.len() < ENCODED || self.is_decoded {
            return None;
        }
        // Most of what may be base64 is not, or is no text: its beginning says so.
        let is_text = |text: &String| !text.bytes().any(|byte| byte < b' ' && !byte.is_ascii_whitespace());
        let is_ascii = |text: &String| text.is_ascii();
        decode_base64(run.get(..16)?).filter(is_text).filter(is_ascii)?;
        let text = decode_base64(run).filter(is_text)?;
        Pass { is_decoded: true, ..Pass::new(&text, self.names, self.is_code) }.run()
    }

    fn begins(&mut self, byte: u8, at: usize) -> Option<Found> {
        match byte {
            b'\n' => {
                self.line = at + 1;
                self.is_separated = false;
                self.has_brace = false;
            }
            b'{' => self.has_brace = true,
            b'@' => {
                let before = self.text.get(self.line..at)?;
                let word = cut_last(before, b" \"'=").map_or(before, |(_, word)| word);
                let is_address = ["@tcp(", "@unix("].iter().any(|start| self.rest(at).starts_with(start));
                return (is_address && shapes::is_user_with_password(word))
                    .then_some(Found::Shape(shapes::CONNECTION_STRING));
            }
            b'>' => return self.element(at),
            b':' | b'=' => {
                if let Some(rest) = self.rest(at).strip_prefix("://") {
                    self.is_separated = true;
                    return shapes::url(rest).map(Found::Shape);
                }
                return self.assignment(byte, at);
            }
            _ => {}
        }
        None
    }

    /// `<password>hunter2</password>`.
    fn element(&self, at: usize) -> Option<Found> {
        let (before, name) = cut_last(self.text.get(self.line..at)?, b"<")?;
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        if !is_name || !self.names.may_name(name.as_bytes()) || before.ends_with('<') {
            return None;
        }
        let (value, closing) = cut(self.line_from(at + 1), b"<")?;
        let is_value = closing.strip_prefix('/').is_some_and(|it| it.starts_with(name))
            && !has(value, b" ")
            && self.names.is_secret(name, value);
        is_value.then(|| Found::Name(name.to_string()))
    }

    /// What is assigned by the `:` or `=` there, if its name is that of a secret.
    fn assignment(&mut self, sign: u8, at: usize) -> Option<Found> {
        let named = self.name_before(sign, at);
        let item = self.item.take();
        let is_first = !self.is_separated;
        self.is_separated = true;
        let name = named?;
        match name {
            "name" | "key" => {
                let name = Value::read(self, sign, at, is_first).map(|value| value.text);
                self.item = name.or_else(|| self.name_in_braces(at));
                None
            }
            "value" => {
                let name = item.filter(|name| self.names.may_name(name.as_bytes()))?;
                let value = Value::read(self, sign, at, is_first)?;
                self.names.is_secret(name, value.text).then(|| Found::Name(name.to_string()))
            }
            "auth" => {
                let value = Value::read(self, sign, at, is_first)?;
                shapes::is_basic(value.text).then_some(Found::Shape("credentials of a registry"))
            }
            _ => {
                let value = Value::read(self, sign, at, is_first)?;
                let is_value = !self.is_comment() || is_random(value.text);
                (is_value && self.names.is_secret(name, value.text)).then(|| Found::Name(name.to_string()))
            }
        }
    }

    /// What is commented out may be an example.
    fn is_comment(&self) -> bool {
        let line = self.rest(self.line).trim_ascii_start();
        begins(line, b"#;") || line.starts_with("//")
    }
}

fn is_random(value: &str) -> bool {
    value.len() >= 8
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

pub fn unquoted(text: &str) -> &str {
    without(text, b" \t\r,\"'")
}

/// SQL's `IDENTIFIED BY 'hunter2'`, also `WITH plugin BY` and `BY PASSWORD`.
fn is_identified_by(line: &str) -> bool {
    let Some((before, rest)) = cut(line, b"'\"") else { return false };
    let mut words = before.split_ascii_whitespace();
    words.any(|word| is_one_of(&["by", "as"], word))
        && cut(rest, b"'\"").is_some_and(|(value, _)| !is_placeholder(value))
}
