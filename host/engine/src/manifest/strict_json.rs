//! Reads JSON: value behind value, each with its place. A way of its own, because requests and dumps are JSON, and its
//! grammar asks for a tenth of YAML's work.
//!
//! The values are those that Kubernetes' YAML reader makes of the same text, numbers included; only the escapes are JSON's.
//! A text that is not JSON to the last letter is left to that reader. It must not know what an object of Kubernetes is.

use super::Limits;
use super::budget::Budget;
use super::failure::Failure;
use super::members;
use super::node::{Entry, Node, Value};
use super::parse::Parsed;
use super::problem::ProblemKind;
use super::scalar::{self, Scalar};
use super::span::Span;

/// The text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson;

/// Why a value was not read: for not being one, or for what is wrong with it.
enum Stop {
    NotJson,
    Failure(Box<Failure>),
}

impl From<Box<Failure>> for Stop {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failure(failure)
    }
}

type Result<T> = std::result::Result<T, Stop>;

/// Whether the text may be JSON: other texts are not worth a try.
pub(super) fn may_be(text: &str) -> bool {
    text.trim_ascii_start().starts_with(['{', '['])
}

/// Reads the values of a text one by one.
pub(super) struct Values<'text, 'budget> {
    text: &'text str,
    bytes: &'text [u8],
    at: usize,
    /// Where in its file the text begins.
    offset: usize,
    limits: &'budget Limits,
    budget: &'budget mut Budget,
    duplicates: Vec<Failure>,
    /// What is in the collections that are open so far, for each to be made in its size.
    items: Vec<Node>,
    entries: Vec<Entry>,
}

impl<'text, 'budget> Values<'text, 'budget> {
    pub(super) fn new(text: &'text str, limits: &'budget Limits, budget: &'budget mut Budget) -> Self {
        let (duplicates, items, entries) = (Vec::new(), Vec::new(), Vec::new());
        Self { text, bytes: text.as_bytes(), at: 0, offset: 0, limits, budget, duplicates, items, entries }
    }

    /// The same for a text that begins at that byte of its file: all places are places in the file.
    pub(super) fn at(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    /// Whether the rest of the text is not worth a look.
    pub(super) const fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    /// The next value, and where it stands; `None` at the end of the text.
    ///
    /// # Errors
    /// The text is not JSON.
    pub(super) fn next(&mut self) -> std::result::Result<Option<(Parsed, usize, usize)>, NotJson> {
        self.skip_blanks();
        let start = self.at;
        let outcome = match self.byte() {
            b'{' | b'[' => self.value(0),
            _ if start == self.bytes.len() => return Ok(None),
            _ => return Err(NotJson),
        };
        let mut failures = std::mem::take(&mut self.duplicates);
        let node = match outcome {
            Ok(node) => Some(node).filter(|_| failures.is_empty()),
            Err(Stop::NotJson) => return Err(NotJson),
            Err(Stop::Failure(failure)) => {
                failures.push(*failure);
                // What is wrong ends the value, not the text: its end is where its brackets close.
                self.at = start;
                self.skip_value()?;
                self.items.clear();
                self.entries.clear();
                None
            }
        };
        Ok(Some((Parsed { node, failures }, start, self.at)))
    }

    /// Passes a value without a look at what it holds.
    fn skip_value(&mut self) -> std::result::Result<(), NotJson> {
        let mut depth = 0usize;
        loop {
            match self.byte() {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1).ok_or(NotJson)?,
                b'"' => {
                    let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
                    let mut from = 0;
                    let length = loop {
                        let found =
                            rest.get(from..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)).ok_or(NotJson)?;
                        if rest.get(from + found) == Some(&b'"') {
                            break from + found;
                        }
                        from += found + 2;
                    };
                    self.at += length + 1;
                }
                _ if self.at >= self.bytes.len() => return Err(NotJson),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Takes the byte, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.byte() == byte;
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(Stop::NotJson) }
    }

    /// The value that begins here, `depth` levels down.
    fn value(&mut self, depth: usize) -> Result<Node> {
        let start = self.at;
        self.budget.count(self.limits, self.span(start, start))?;
        let value = match self.byte() {
            b'"' => Value::String(self.string()?),
            b'{' => self.object(self.deeper(depth)?)?,
            b'[' => self.array(self.deeper(depth)?)?,
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(Stop::NotJson),
        };
        Ok(Node { value, span: self.span(start, self.at) })
    }

    fn deeper(&self, depth: usize) -> Result<usize> {
        let limit = self.limits.depth;
        if depth < limit {
            return Ok(depth + 1);
        }
        let failure = Failure::new(ProblemKind::TooDeep { limit }, self.span(self.at, self.at));
        Err(Stop::Failure(failure.into()))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err(Stop::NotJson);
        }
        self.at = end;
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value> {
        self.at += 1;
        let base = self.entries.len();
        self.skip_blanks();
        if !self.take(b'}') {
            loop {
                self.skip_blanks();
                let start = self.at;
                if self.byte() != b'"' {
                    return Err(Stop::NotJson);
                }
                let key = self.string()?;
                let key_span = self.span(start, self.at);
                self.skip_blanks();
                self.expect(b':')?;
                self.skip_blanks();
                let value = self.value(depth)?;
                self.entries.push(Entry { key, key_span, value });
                self.skip_blanks();
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b'}')?;
        }
        let entries = self.entries.drain(base..).collect();
        Ok(Value::Mapping(members::unique(entries, &[], &mut self.duplicates)))
    }

    fn array(&mut self, depth: usize) -> Result<Value> {
        self.at += 1;
        let base = self.items.len();
        self.skip_blanks();
        if !self.take(b']') {
            loop {
                self.skip_blanks();
                let item = self.value(depth)?;
                self.items.push(item);
                self.skip_blanks();
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b']')?;
        }
        Ok(Value::Sequence(self.items.drain(base..).collect()))
    }

    /// A number as YAML reads it, which takes one that no float can hold for a string.
    fn number(&mut self) -> Result<Value> {
        let start = self.at;
        self.take(b'-');
        let digits = self.at;
        let first = self.byte();
        self.digits()?;
        let is_whole = !matches!(self.byte(), b'.' | b'e' | b'E');
        if first == b'0' && self.at > digits + 1 {
            return Err(Stop::NotJson);
        }
        if is_whole && self.at - digits <= 18 {
            let digits = self.bytes.get(digits..self.at).unwrap_or_default();
            let magnitude = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
            return Ok(Value::Number(if digits.len() == self.at - start { magnitude } else { -magnitude }.into()));
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let value = scalar::resolve(text.into(), scalar::Tag::Open).and_then(Scalar::into_value);
        value.map_err(|kind| Stop::Failure(Failure::new(kind, self.span(start, self.at)).into()))
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Stop::NotJson) }
    }

    fn string(&mut self) -> Result<Box<str>> {
        let start = self.at;
        self.at += 1;
        let end = self.plain_end(self.at);
        let text: Box<str> = match self.bytes.get(end) {
            Some(b'"') => self.text.get(self.at..end).unwrap_or_default().into(),
            Some(b'\\') => return self.escaped(start, end),
            _ => return Err(Stop::NotJson),
        };
        self.at = end + 1;
        self.bounded(text, start)
    }

    /// Where the string that goes on at `at` has a quote, a backslash or a control character, or the text its end.
    fn plain_end(&self, at: usize) -> usize {
        const ONES: u64 = u64::from_ne_bytes([1; 8]);
        const HIGHS: u64 = ONES << 7;
        // The lowest of the bits that are set is right: a borrow goes upwards only.
        let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let mut at = at;
        let mut rest = self.bytes.get(at..).unwrap_or_default();
        while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let quotes = zeros(word ^ (ONES * u64::from(b'"')));
            let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
            let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
            let found = quotes | backslashes | controls;
            if found != 0 {
                return at + (found.trailing_zeros() / 8) as usize;
            }
            (at, rest) = (at + 8, behind);
        }
        at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
    }

    /// A string whose first escape is at `at`.
    #[cold]
    fn escaped(&mut self, start: usize, at: usize) -> Result<Box<str>> {
        let mut text = String::from(self.text.get(start + 1..at).unwrap_or_default());
        self.at = at;
        while self.take(b'\\') {
            let escape = self.byte();
            self.at += 1;
            text.push(match escape {
                b'"' | b'\\' | b'/' => char::from(escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.unicode()?,
                _ => return Err(Stop::NotJson),
            });
            let end = self.plain_end(self.at);
            text.push_str(self.text.get(self.at..end).unwrap_or_default());
            self.at = end;
        }
        self.expect(b'"')?;
        self.bounded(text.into(), start)
    }

    /// A character in one escape, or in two where it is beyond the first 65,536.
    fn unicode(&mut self) -> Result<char> {
        let first = self.hex()?;
        let code = match first {
            0xD800..=0xDBFF => {
                self.expect(b'\\')?;
                self.expect(b'u')?;
                let second = self.hex()?;
                let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400).ok_or(Stop::NotJson)?;
                0x10000 + ((first - 0xD800) << 10) + low
            }
            code => code,
        };
        char::from_u32(code).ok_or(Stop::NotJson)
    }

    fn hex(&mut self) -> Result<u32> {
        let end = self.at + 4;
        let digits = self.text.get(self.at..end).filter(|digits| !digits.starts_with('+')).ok_or(Stop::NotJson)?;
        self.at = end;
        u32::from_str_radix(digits, 16).map_err(|_| Stop::NotJson)
    }

    fn bounded(&self, text: Box<str>, start: usize) -> Result<Box<str>> {
        let limit = self.limits.scalar_bytes;
        if text.len() <= limit {
            return Ok(text);
        }
        let kind = ProblemKind::ScalarTooLong { size: text.len(), limit };
        Err(Stop::Failure(Failure::new(kind, self.span(start, self.at)).into()))
    }
}
