//! Scalars: plain, quoted, and blocks. What stands in the text as it is meant is borrowed.

use std::borrow::Cow;
use std::mem;

use super::{Fault, Kind, Refusal, Scanner, Style};

/// What a folded scalar's parts are joined with: the line breaks between two of them.
#[derive(Clone, Copy, Default)]
struct Breaks(usize);

impl Breaks {
    /// One break is a space. If there are several, the first is dropped.
    fn fold_into(self, text: &mut String) {
        match self.0 {
            0 => {}
            1 => text.push(' '),
            count => push_breaks(count - 1, text),
        }
    }
}

fn push_breaks(count: usize, text: &mut String) {
    text.extend(std::iter::repeat_n('\n', count));
}

/// What a block scalar keeps of its last line breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl<'text> Scanner<'text> {
    pub(in super::super) fn slice(&self, start: usize, end: usize) -> &'text str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn push_scalar(&mut self, text: Cow<'text, str>, style: Style, start: usize, end: usize) {
        self.tokens.push_back(super::Token { kind: Kind::Scalar { text, style }, start, end });
    }

    /// Counts the characters of what was passed on this line.
    fn widen(&mut self, passed: &str) {
        if !passed.is_ascii() {
            self.wide += passed.bytes().filter(|byte| matches!(byte, 0x80..=0xBF)).count();
        }
    }

    pub(super) fn plain(&mut self) -> Result<(), Refusal> {
        self.save_key()?;
        self.is_key_allowed = false;
        let indent = self.indent + 1;
        let start = self.at;
        // What is joined already, and the part that is not.
        let mut joined = String::new();
        let (mut part, mut end) = (start, start);
        let mut breaks = Breaks::default();
        while !self.is_document_marker() && self.byte(self.at) != b'#' {
            let word = self.at;
            self.skip_word();
            if self.at > word {
                if breaks.0 > 0 {
                    joined.push_str(self.slice(part, end));
                    mem::take(&mut breaks).fold_into(&mut joined);
                    part = word;
                }
                end = self.at;
            }
            let before = self.at;
            loop {
                match self.byte(self.at) {
                    b'\t' if breaks.0 > 0 && self.indentation() < indent => {
                        return Err(Refusal { fault: Fault::Tab, at: self.at + 1 });
                    }
                    b' ' | b'\t' => self.at += 1,
                    _ if self.skip_break() => breaks.0 += 1,
                    _ => break,
                }
            }
            if self.at == before || (self.flow == 0 && self.indentation() < indent) {
                break;
            }
        }
        if breaks.0 > 0 {
            self.is_key_allowed = true;
        }
        let text = if joined.is_empty() {
            Cow::Borrowed(self.slice(part, end))
        } else {
            joined.push_str(self.slice(part, end));
            Cow::Owned(joined)
        };
        self.push_scalar(text, Style::Plain, start, end);
        Ok(())
    }

    /// What belongs to a plain scalar, up to a blank.
    fn skip_word(&mut self) {
        let is_flow = self.flow > 0;
        for (offset, byte) in self.bytes.get(self.at..).unwrap_or_default().iter().enumerate() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => return self.at += offset,
                b':' if self.is_blank_or_end(self.at + offset + 1) => return self.at += offset,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if is_flow => return self.at += offset,
                0x80..=0xBF => self.wide += 1,
                _ => {}
            }
        }
        self.at = self.bytes.len();
    }

    pub(super) fn single_quoted(&mut self) -> Result<(), Refusal> {
        self.save_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some(length) = memchr::memchr3(b'\'', b'\n', b'\r', rest)
            && self.byte(self.at + length) == b'\''
            && self.byte(self.at + length + 1) != b'\''
        {
            return self.push_quoted(start, length);
        }
        self.quoted(start, b'\'')
    }

    pub(super) fn double_quoted(&mut self) -> Result<(), Refusal> {
        self.save_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if let Some(length) = memchr::memchr2(b'"', b'\\', rest)
            && self.byte(self.at + length) == b'"'
            && memchr::memchr2(b'\n', b'\r', rest.get(..length).unwrap_or_default()).is_none()
        {
            return self.push_quoted(start, length);
        }
        self.quoted(start, b'"')
    }

    /// A quoted scalar on one line, without escapes.
    fn push_quoted(&mut self, start: usize, length: usize) -> Result<(), Refusal> {
        let text = self.slice(self.at, self.at + length);
        self.widen(text);
        self.at += length + 1;
        self.push_scalar(Cow::Borrowed(text), Style::Quoted, start, self.at);
        Ok(())
    }

    /// Any quoted scalar, from behind its first quote.
    fn quoted(&mut self, start: usize, quote: u8) -> Result<(), Refusal> {
        let mut text = String::new();
        loop {
            if self.is_document_marker() {
                return Err(Refusal::syntax("found unexpected document indicator", start));
            }
            if self.at >= self.bytes.len() {
                return Err(Refusal::syntax("unclosed quote", start));
            }
            let is_continued = self.quoted_words(start, quote, &mut text)?;
            if self.byte(self.at) == quote {
                self.at += 1;
                self.push_scalar(Cow::Owned(text), Style::Quoted, start, self.at);
                return Ok(());
            }
            // Blanks between words are kept, around line breaks not; an escaped line break is nothing.
            let (blanks, mut breaks) = (self.at, Breaks::default());
            loop {
                if matches!(self.byte(self.at), b' ' | b'\t') {
                    self.at += 1;
                } else if self.skip_break() {
                    breaks.0 += 1;
                } else {
                    break;
                }
            }
            if is_continued {
                push_breaks(breaks.0, &mut text);
            } else if breaks.0 > 0 {
                breaks.fold_into(&mut text);
            } else {
                text.push_str(self.slice(blanks, self.at));
            }
        }
    }

    /// What stands between quotes up to a blank or the closing quote. Whether it ends with an escaped line break.
    fn quoted_words(&mut self, start: usize, quote: u8, text: &mut String) -> Result<bool, Refusal> {
        loop {
            let from = self.at;
            for byte in self.bytes.get(from..).unwrap_or_default() {
                match byte {
                    b' ' | b'\t' | b'\n' | b'\r' => break,
                    byte if *byte == quote || (*byte == b'\\' && quote == b'"') => break,
                    0x80..=0xBF => self.wide += 1,
                    _ => {}
                }
                self.at += 1;
            }
            text.push_str(self.slice(from, self.at));
            match self.byte(self.at) {
                b'\'' if quote == b'\'' && self.byte(self.at + 1) == b'\'' => {
                    text.push('\'');
                    self.at += 2;
                }
                b'\\' if quote == b'"' => {
                    if matches!(self.byte(self.at + 1), b'\n' | b'\r') {
                        self.at += 1;
                        self.skip_break();
                        return Ok(true);
                    }
                    self.escape(start, text)?;
                }
                _ => return Ok(false),
            }
        }
    }

    fn escape(&mut self, start: usize, text: &mut String) -> Result<(), Refusal> {
        let (character, digits) = match self.byte(self.at + 1) {
            b'0' => ('\0', 0),
            b'a' => ('\x07', 0),
            b'b' => ('\x08', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\x0B', 0),
            b'f' => ('\x0C', 0),
            b'r' => ('\r', 0),
            b'e' => ('\x1B', 0),
            byte @ (b' ' | b'"' | b'\'' | b'\\') => (char::from(byte), 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{A0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => ('\0', 2),
            b'u' => ('\0', 4),
            b'U' => ('\0', 8),
            b'/' => return Err(Refusal::syntax("only JSON knows this escape", self.at)),
            _ => return Err(Refusal::syntax("found unknown escape character", self.at)),
        };
        if digits == 0 {
            text.push(character);
        } else {
            let code = self.slice(self.at + 2, self.at + 2 + digits);
            // YAML does not take a sign, though Rust would.
            let code = Some(code).filter(|code| code.len() == digits && !code.starts_with('+'));
            let Some(code) = code.and_then(|code| u32::from_str_radix(code, 16).ok()) else {
                return Err(Refusal::syntax("did not find expected hexdecimal number", start));
            };
            let Some(character) = char::from_u32(code) else {
                return Err(Refusal::syntax("found invalid Unicode character escape code", self.at));
            };
            text.push(character);
        }
        self.at += 2 + digits;
        Ok(())
    }

    pub(super) fn block_scalar(&mut self, is_literal: bool) -> Result<(), Refusal> {
        self.remove_key()?;
        self.is_key_allowed = true;
        let header = self.at;
        self.at += 1;
        let (chomping, increment) = self.block_header(header)?;
        self.end_line(header)?;
        let mut indent = match (increment, usize::try_from(self.indent)) {
            (0, _) => 0,
            (increment, Ok(indent)) => indent + increment,
            (increment, Err(_)) => increment,
        };
        let mut breaks = self.block_breaks(&mut indent)?;
        let start = self.at;
        let mut text = String::new();
        // The break behind the last line, and whether that line began with a blank, which keeps it from being folded.
        let (mut last, mut was_blank) = (false, false);
        let mut end = start;
        while self.column() == indent && self.at < self.bytes.len() {
            let is_blank = matches!(self.byte(self.at), b' ' | b'\t');
            if last {
                if is_literal || was_blank || is_blank {
                    text.push('\n');
                } else if breaks == 0 {
                    text.push(' ');
                }
            }
            push_breaks(breaks, &mut text);
            was_blank = is_blank;
            let from = self.at;
            self.at = self.line_end();
            end = self.at;
            text.push_str(self.slice(from, end));
            last = self.end_last_line() || self.skip_break();
            breaks = self.block_breaks(&mut indent)?;
        }
        if chomping != Chomping::Strip && last {
            text.push('\n');
        }
        if chomping == Chomping::Keep {
            push_breaks(breaks, &mut text);
        }
        self.push_scalar(Cow::Owned(text), Style::Block, start, end);
        Ok(())
    }

    /// What stands behind `|` or `>`: a chomping indicator and an indentation indicator, in any order.
    fn block_header(&mut self, header: usize) -> Result<(Chomping, usize), Refusal> {
        let (mut chomping, mut increment) = (None, None);
        loop {
            match self.byte(self.at) {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'0' if increment.is_none() => {
                    return Err(Refusal::syntax("found an indentation indicator equal to 0", header));
                }
                digit @ b'1'..=b'9' if increment.is_none() => increment = Some(usize::from(digit - b'0')),
                _ => return Ok((chomping.unwrap_or(Chomping::Clip), increment.unwrap_or(0))),
            }
            self.at += 1;
        }
    }

    /// The line breaks before the next line of a block scalar, whose indentation the first of them tells.
    fn block_breaks(&mut self, indent: &mut usize) -> Result<usize, Refusal> {
        let (mut breaks, mut deepest) = (0, 0);
        loop {
            while (*indent == 0 || self.column() < *indent) && self.byte(self.at) == b' ' {
                self.at += 1;
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.byte(self.at) == b'\t' {
                return Err(Refusal { fault: Fault::Tab, at: self.at + 1 });
            }
            if !(self.skip_break() || self.column() > 0 && self.end_last_line()) {
                break;
            }
            breaks += 1;
        }
        if *indent == 0 {
            *indent = deepest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(breaks)
    }
}
