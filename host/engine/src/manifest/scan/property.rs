//! Anchors, aliases, tags and directives.

use std::borrow::Cow;

use super::{Kind, Refusal, Scanner};

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The characters of a tag, `%` aside.
const fn is_uri(byte: u8) -> bool {
    const OTHERS: &[u8] = b";/?:@&=+$,.!~*'()[]";
    if is_name(byte) {
        return true;
    }
    let mut others = OTHERS;
    while let [first, rest @ ..] = others {
        if *first == byte {
            return true;
        }
        others = rest;
    }
    false
}

impl<'text> Scanner<'text> {
    pub(super) fn anchor(&mut self, kind: fn(&'text str) -> Kind<'text>) -> Result<(), Refusal> {
        self.save_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let name = self.name();
        let is_end = self.is_blank_or_end(self.at)
            || matches!(self.byte(self.at), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !is_end {
            let message = "did not find expected alphabetic or numeric character";
            return Err(Refusal::syntax(message, start));
        }
        self.push(kind(name), start);
        Ok(())
    }

    /// Letters, digits, `-` and `_`.
    fn name(&mut self) -> &'text str {
        let start = self.at;
        while is_name(self.byte(self.at)) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn tag(&mut self) -> Result<(), Refusal> {
        self.save_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        let (mut handle, suffix);
        if self.byte(self.at + 1) == b'<' {
            self.at += 2;
            handle = "";
            suffix = self.uri("", start)?;
            if self.byte(self.at) != b'>' {
                return Err(Refusal::syntax("did not find the expected '>'", start));
            }
            self.at += 1;
        } else {
            handle = self.handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                suffix = self.uri("", start)?;
            } else {
                let rest = self.uri(handle, start)?;
                // `!` alone has no handle, and itself as its suffix.
                (handle, suffix) = if rest.is_empty() { ("", Cow::Borrowed(b"!".as_slice())) } else { ("!", rest) };
            }
        }
        if !self.is_blank_or_end(self.at) {
            return Err(Refusal::syntax("did not find expected whitespace or line break", start));
        }
        self.push(Kind::Tag { handle, suffix }, start);
        Ok(())
    }

    /// `!`, `!!`, `!name!`, or `!name`, which is only valid in a tag.
    fn handle(&mut self, is_directive: bool, start: usize) -> Result<&'text str, Refusal> {
        let from = self.at;
        if self.byte(self.at) != b'!' {
            return Err(Refusal::syntax("did not find expected '!'", start));
        }
        self.at += 1;
        self.name();
        if self.byte(self.at) == b'!' {
            self.at += 1;
        } else if is_directive && self.at - from > 1 {
            return Err(Refusal::syntax("did not find expected '!'", start));
        }
        Ok(self.text.get(from..self.at).unwrap_or_default())
    }

    /// What follows the handle, or `head`, which turned out to be none, without its `!`.
    fn uri(&mut self, head: &'text str, start: usize) -> Result<Cow<'text, [u8]>, Refusal> {
        let from = self.at - head.len().saturating_sub(1);
        let mut uri: Cow<'text, [u8]> = Cow::Borrowed(&[]);
        loop {
            match self.byte(self.at) {
                b'%' => {
                    uri = Cow::Owned(match uri {
                        Cow::Owned(uri) => uri,
                        Cow::Borrowed(_) => self.bytes.get(from..self.at).unwrap_or_default().to_vec(),
                    });
                    self.escaped(uri.to_mut(), start)?;
                }
                byte if is_uri(byte) => {
                    self.at += 1;
                    if let Cow::Owned(uri) = &mut uri {
                        uri.push(byte);
                    }
                }
                _ => break,
            }
        }
        if let Cow::Borrowed(uri) = &mut uri {
            *uri = self.bytes.get(from..self.at).unwrap_or_default();
        }
        if uri.is_empty() && head.is_empty() {
            return Err(Refusal::syntax("did not find expected tag URI", start));
        }
        Ok(uri)
    }

    /// A character as `%C3%A9`.
    fn escaped(&mut self, uri: &mut Vec<u8>, start: usize) -> Result<(), Refusal> {
        let mut left = None;
        while left != Some(0) {
            let digit = |at: usize| char::from(self.byte(at)).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (b'%', Some(high), Some(low)) = (self.byte(self.at), digit(self.at + 1), digit(self.at + 2)) else {
                return Err(Refusal::syntax("did not find URI escaped octet", start));
            };
            let octet = high << 4 | low;
            left = Some(match (left, octet) {
                (None, 0..=0x7F) => 0,
                (None, 0xC0..=0xDF) => 1,
                (None, 0xE0..=0xEF) => 2,
                (None, 0xF0..=0xF7) => 3,
                (None, _) => return Err(Refusal::syntax("found an incorrect leading UTF-8 octet", start)),
                (Some(left), 0x80..=0xBF) => left - 1,
                (Some(_), _) => return Err(Refusal::syntax("found an incorrect trailing UTF-8 octet", start)),
            });
            uri.push(octet);
            self.at += 3;
        }
        Ok(())
    }

    pub(super) fn directive(&mut self) -> Result<(), Refusal> {
        self.unroll(-1);
        self.remove_key()?;
        self.is_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let name = self.name();
        if name.is_empty() {
            return Err(Refusal::syntax("could not find expected directive name", start));
        }
        if !self.is_blank_or_end(self.at) {
            return Err(Refusal::syntax("found unexpected non-alphabetical character", start));
        }
        self.skip_blanks();
        let kind = match name {
            "YAML" => {
                let major = self.version_number(start)?;
                if self.byte(self.at) != b'.' {
                    return Err(Refusal::syntax("did not find expected digit or '.' character", start));
                }
                self.at += 1;
                Kind::Version(major, self.version_number(start)?)
            }
            "TAG" => {
                let handle = self.handle(true, start)?;
                if !matches!(self.byte(self.at), b' ' | b'\t') {
                    return Err(Refusal::syntax("did not find expected whitespace", start));
                }
                self.skip_blanks();
                let prefix = self.uri("", start)?;
                if !self.is_blank_or_end(self.at) {
                    return Err(Refusal::syntax("did not find expected whitespace or line break", start));
                }
                Kind::TagDirective { handle, prefix }
            }
            _ => return Err(Refusal::syntax("found unknown directive name", start)),
        };
        let end = self.at;
        self.end_line(start)?;
        self.tokens.push_back(super::Token { kind, start, end });
        Ok(())
    }

    fn version_number(&mut self, start: usize) -> Result<u8, Refusal> {
        let (mut number, from) = (0, self.at);
        while let digit @ b'0'..=b'9' = self.byte(self.at) {
            if self.at - from == 2 {
                return Err(Refusal::syntax("found extremely long version number", start));
            }
            number = number * 10 + (digit - b'0');
            self.at += 1;
        }
        if self.at == from {
            return Err(Refusal::syntax("did not find expected version number", start));
        }
        Ok(number)
    }

    /// Takes blanks, a comment and the line break, and nothing else.
    pub(super) fn end_line(&mut self, start: usize) -> Result<(), Refusal> {
        self.skip_blanks();
        if self.byte(self.at) == b'#' {
            self.at = self.line_end();
        }
        if !self.end_last_line() && !self.skip_break() {
            return Err(Refusal::syntax("did not find expected comment or line break", start));
        }
        Ok(())
    }
}
