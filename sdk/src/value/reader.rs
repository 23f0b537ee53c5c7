//! Reads JSON into values, in one pass.
//!
//! Reading is most of what a small rule costs, and a module carries all of its own code: a lexer for any kind of input took
//! three times the instructions of this one, which is for texts that are in memory. The text as a whole is UTF-8, or it is
//! refused; then every part of it that ends at an ASCII character is text too. Tests hold it to serde_json's answers.

use alloc::vec::Vec;

use bumpalo::Bump;
use bumpalo::collections::String;

use super::Value;
use crate::seen::{Seen, hash};
use crate::text::same;

/// How deep lists and maps may be nested; serde_json's own limit, and far beyond what the API defines.
const MAX_DEPTH: usize = 127;

/// One text on its way into values.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
    memory: &'a Bump,
    /// The items of all lists that are not at their end, those of the outer ones first.
    items: Vec<Value<'a>>,
    /// The members of all maps that are not at their end.
    members: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Reader<'a> {
    /// The value of a text that is one JSON value and nothing else.
    pub(super) fn read(text: &'a [u8], memory: &'a Bump) -> Option<Value<'a>> {
        let text = core::str::from_utf8(text).ok()?;
        let mut reader = Self { text, at: 0, memory, items: Vec::new(), members: Vec::new() };
        let value = reader.value(MAX_DEPTH)?;
        reader.next().is_none().then_some(value)
    }

    /// The next byte that is no white space. It stays the next one.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        match self.next()? {
            b'"' => self.string().map(Value::String),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        let is_there = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_there.then_some(value)
    }

    fn array(&mut self, depth: usize) -> Option<Value<'a>> {
        let first = self.items.len();
        self.at += 1;
        if self.next()? == b']' {
            self.at += 1;
            return Some(Value::Array(&[]));
        }
        loop {
            let item = self.value(depth)?;
            self.items.push(item);
            if self.is_last(b']')? {
                let items = self.memory.alloc_slice_copy(self.items.get(first..)?);
                self.items.truncate(first);
                return Some(Value::Array(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value<'a>> {
        let (first, mut seen) = (self.members.len(), Seen::default());
        self.at += 1;
        if self.next()? == b'}' {
            self.at += 1;
            return Some(Value::Object(&[]));
        }
        loop {
            let key = (self.next()? == b'"').then(|| self.string())??;
            if self.next()? != b':' {
                return None;
            }
            self.at += 1;
            let value = self.value(depth)?;
            if is_there(self.members.get(first..)?, key, &mut seen) {
                return None;
            }
            self.members.push((key, value));
            if self.is_last(b'}')? {
                let members = self.memory.alloc_slice_copy(self.members.get(first..)?);
                self.members.truncate(first);
                return Some(Value::Object(members));
            }
        }
    }

    /// Whether what was read is the last of a list or a map, which ends with this bracket; otherwise more follows.
    fn is_last(&mut self, bracket: u8) -> Option<bool> {
        let next = self.next()?;
        self.at += 1;
        (next == bracket || next == b',').then_some(next == bracket)
    }

    /// The text behind this quote.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let end = self.plain(start)?;
        match self.text.as_bytes().get(end)? {
            b'"' => {
                self.at = end + 1;
                self.text.get(start..end)
            }
            _ => self.escaped(start, end),
        }
    }

    /// The same of a text that has an escape, the first of which is at `end`.
    #[inline(never)]
    fn escaped(&mut self, start: usize, mut end: usize) -> Option<&'a str> {
        let mut text = String::from_str_in(self.text.get(start..end)?, self.memory);
        loop {
            match self.text.as_bytes().get(end)? {
                b'"' => {
                    self.at = end + 1;
                    return Some(text.into_bump_str());
                }
                b'\\' => {
                    let (character, length) = escape(self.text.as_bytes().get(end + 1..)?)?;
                    text.push(character);
                    let start = end + 1 + length;
                    end = self.plain(start)?;
                    text.push_str(self.text.get(start..end)?);
                }
                _ => return None,
            }
        }
    }

    /// Where, from this byte on, the first quote, backslash or control character is; else the end.
    fn plain(&self, start: usize) -> Option<usize> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let mut rest = self.text.as_bytes().get(start..)?;
        // Eight bytes at once: the highest bit of each tells whether it is such. What is above the first such byte may be
        // wrong, and is not looked at.
        while let Some((eight, behind)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*eight);
            let (quote, backslash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5C));
            let is_control = word.wrapping_sub(ONES * 0x20) & !word;
            let is_such =
                is_control | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash);
            let is_such = is_such & (ONES * 0x80);
            if is_such != 0 {
                return Some(self.text.len() - rest.len() + (is_such.trailing_zeros() / 8) as usize);
            }
            rest = behind;
        }
        let length = rest.iter().position(|byte| matches!(byte, 0..=0x1F | b'"' | b'\\')).unwrap_or(rest.len());
        Some(self.text.len() - rest.len() + length)
    }

    /// A number, which stays the text that it is: the quantity `0.1` is `0.1`.
    fn number(&mut self) -> Option<Value<'a>> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let digits = |from: usize| {
            let length = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (length > 0).then_some(from + length)
        };
        let whole = start + usize::from(byte(start) == b'-');
        let mut end = if byte(whole) == b'0' { whole + 1 } else { digits(whole)? };
        if byte(end) == b'.' {
            end = digits(end + 1)?;
        }
        if matches!(byte(end), b'e' | b'E') {
            end = digits(end + 1 + usize::from(matches!(byte(end + 1), b'+' | b'-')))?;
        }
        self.at = end;
        self.text.get(start..end).map(Value::Number)
    }
}

/// Whether a key is among these. Where they are many, their hashes are found in `seen`, to which this one is added: an object
/// may have tens of thousands of keys.
fn is_there(members: &[(&str, Value<'_>)], key: &str, seen: &mut Seen) -> bool {
    const FEW: usize = 64;
    if members.len() < FEW {
        return members.iter().any(|(known, _)| same(known, key));
    }
    if members.len() == FEW {
        members.iter().for_each(|(known, _)| seen.push(hash(&[known])));
    }
    let number = hash(&[key]);
    let is_there = seen.contains(number, |at| members.get(at).is_some_and(|(known, _)| same(known, key)));
    seen.push(number);
    is_there
}

/// The character that an escape stands for, and how many bytes it takes behind its backslash.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let character = match text.first()? {
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
        _ => return None,
    };
    Some((character, 1))
}

/// A character by its UTF-16: one unit, or a pair of them. Half of a pair is refused.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |from: usize| {
        let digits = text.get(from..from + 4)?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(1)?;
    if !matches!(first, 0xD800..=0xDBFF) {
        return Some((char::from_u32(first)?, 5));
    }
    let second = text.get(5..7).filter(|between| between == b"\\u").and_then(|_| unit(7))?;
    let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)?, 11))
}
