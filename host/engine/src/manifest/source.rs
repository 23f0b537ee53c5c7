//! The text of one file, and where in it something is.
//!
//! Bytes become text here (UTF-8, UTF-16, byte order marks), and byte offsets become the lines and columns that people
//! read. It must not know YAML: what the text means is the parser's business.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use super::packed_text::{BLOCK, PackedText};
use super::problem::ProblemKind;
use super::span::{Position, Span};

/// How far apart the known positions are, in bytes. A look-up reads at most this much; a file of 16 MiB, even one of
/// nothing but line breaks, needs 128 KiB of index.
pub(super) const STRIDE: usize = 1024;

/// What [`Source::excerpt`] gives of a line at most, in bytes: a line may be the whole file.
const EXCERPT: usize = 1024;

/// Texts up to here are not worth packing.
const SMALL: usize = 64 << 10;

/// The decoded text of one file.
#[derive(Clone, Debug, Default)]
pub struct Source {
    text: Text,
    /// The position of every [`STRIDE`]th byte; made when somebody first asks for a position.
    index: OnceLock<Vec<Position>>,
    /// The lines that are not shown; whoever knows finds them when somebody first asks.
    pub(crate) hidden: OnceLock<HashSet<u32>>,
}

#[derive(Clone, Debug)]
enum Text {
    Whole(String),
    Packed(PackedText),
}

impl Default for Text {
    fn default() -> Self {
        Self::Whole(String::new())
    }
}

impl Source {
    /// The text whose positions are asked for, without a byte order mark at its start.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { text: Text::Whole(text), ..Self::default() }
    }

    /// A text that is packed already, with the position of every [`STRIDE`]th byte.
    pub(super) fn of_packed(text: PackedText, index: Vec<Position>) -> Self {
        Self { text: Text::Packed(text), index: index.into(), ..Self::default() }
    }

    /// Packs the text: it is still there, but to look at it takes longer.
    pub fn pack(&mut self) {
        if let Text::Whole(text) = &self.text
            && text.len() > SMALL
        {
            self.index();
            let mut packed = PackedText::default();
            let Text::Whole(text) = &self.text else { return };
            text.as_bytes().chunks(BLOCK).for_each(|block| packed.push(block));
            self.text = Text::Packed(packed);
        }
    }

    /// Decodes UTF-8 or UTF-16, with or without a byte order mark. The text goes as far as it could be decoded; what
    /// kept it from going on stands at its end.
    pub(super) fn decode(bytes: Vec<u8>) -> (Self, Option<ProblemKind>) {
        let (text, problem) = match bytes.as_slice() {
            [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
            // No manifest begins with NUL or with a letter and NUL but in UTF-16.
            [first, 0, ..] if *first != 0 => decode_utf16(&bytes, u16::from_le_bytes),
            [0, second, ..] if *second != 0 => decode_utf16(&bytes, u16::from_be_bytes),
            _ => decode_utf8(bytes),
        };
        (Self::new(text), problem)
    }

    /// The whole text, where it is not packed.
    pub(super) fn whole(&self) -> &str {
        match &self.text {
            Text::Whole(text) => text,
            Text::Packed(_) => "",
        }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        self.slice(Span::new(0, self.len()))
    }

    /// The bytes of the text.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.text {
            Text::Whole(text) => text.len(),
            Text::Packed(text) => text.len(),
        }
    }

    /// Whether there is no text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What stands there; empty where the span is not one of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> Cow<'_, str> {
        let range = span.start as usize..span.end as usize;
        match &self.text {
            Text::Whole(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
            Text::Packed(text) if range.end <= text.len() => {
                Cow::Owned(String::from_utf8(text.bytes(range)).unwrap_or_default())
            }
            Text::Packed(_) => Cow::Borrowed(""),
        }
    }

    /// The position of a byte offset; that of the end for an offset behind it.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.len());
        let index = self.index();
        let block = (offset / STRIDE).min(index.len().saturating_sub(1));
        let known = index.get(block).copied().unwrap_or(Position { line: 1, column: 1 });
        let start = block * STRIDE;
        // What follows tells whether a line ends with CR.
        advance(known, &self.bytes(start..offset + 1), 0, offset - start)
    }

    /// The text of a line, counted from 1, without its line break; cut at 1 KiB. Empty where there is no such line.
    #[must_use]
    pub fn excerpt(&self, line: u32) -> String {
        let index = self.index();
        // The last known position before the line: the line begins before the next one.
        let block = index.partition_point(|known| known.line < line).saturating_sub(1);
        let known = index.get(block).copied().unwrap_or(Position { line: 1, column: 1 });
        let bytes = self.bytes(block * STRIDE..(block + 1) * STRIDE + EXCERPT + 1);
        let (mut at, mut start) = (known, 0);
        while at.line < line {
            let rest = bytes.get(start..).unwrap_or_default();
            let Some(length) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { return String::new() };
            at = advance(at, &bytes, start, start + length + 1);
            start += length + 1;
        }
        let longest = bytes.get(start..).unwrap_or_default();
        let longest = longest.get(..EXCERPT).unwrap_or(longest);
        let length = longest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(longest.len());
        let longest = longest.get(..length).unwrap_or_default();
        // The cut may be within a character.
        let whole = longest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        whole.to_owned()
    }

    /// The bytes of that range, as far as there are any.
    fn bytes(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match &self.text {
            Text::Whole(text) => Cow::Borrowed(text.as_bytes().get(range).unwrap_or_default()),
            Text::Packed(text) => Cow::Owned(text.bytes(range)),
        }
    }

    fn index(&self) -> &[Position] {
        self.index.get_or_init(|| match &self.text {
            Text::Whole(text) => {
                let bytes = text.as_bytes();
                let mut at = Position { line: 1, column: 1 };
                let starts = (0..=bytes.len() / STRIDE).map(|block| block * STRIDE);
                starts
                    .map(|start| {
                        let known = at;
                        at = advance(at, bytes, start, (start + STRIDE).min(bytes.len()));
                        known
                    })
                    .collect()
            }
            // It has one from the start.
            Text::Packed(_) => Vec::new(),
        })
    }
}

/// The position of byte `to`, if `known` is that of byte `from`.
pub(super) fn advance(known: Position, bytes: &[u8], from: usize, to: usize) -> Position {
    let mut at = known;
    let passed = bytes.get(from..to).unwrap_or_default();
    if !passed.contains(&b'\r') {
        // Without a CR, as nearly everywhere, the compiler counts many bytes at once.
        let last_break = passed.iter().rposition(|byte| *byte == b'\n');
        if last_break.is_some() {
            at = Position { line: at.line + count(passed, |byte| byte == b'\n'), column: 1 };
        }
        let line = passed.get(last_break.map_or(0, |last| last + 1)..).unwrap_or_default();
        at.column += count(line, |byte| !matches!(byte, 0x80..=0xBF));
        return at;
    }
    for (offset, byte) in passed.iter().enumerate() {
        match byte {
            b'\r' if bytes.get(from + offset + 1) == Some(&b'\n') => at.column += 1,
            b'\n' | b'\r' => at = Position { line: at.line + 1, column: 1 },
            // The further bytes of a character.
            0x80..=0xBF => {}
            _ => at.column += 1,
        }
    }
    at
}

/// How many of the bytes are such.
fn count(bytes: &[u8], is_such: impl Fn(u8) -> bool) -> u32 {
    u32::try_from(bytes.iter().filter(|byte| is_such(**byte)).count()).unwrap_or(u32::MAX)
}

fn decode_utf8(mut bytes: Vec<u8>) -> (String, Option<ProblemKind>) {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(valid);
            (String::from_utf8(bytes).unwrap_or_default(), Some(ProblemKind::Encoding { encoding: "UTF-8" }))
        }
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<ProblemKind>) {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(character) => text.push(character),
            Err(_) => return (text, Some(ProblemKind::Encoding { encoding: "UTF-16" })),
        }
    }
    let problem = (!odd.is_empty()).then_some(ProblemKind::Encoding { encoding: "UTF-16" });
    (text, problem)
}

/// Where the text goes beyond that many lines.
pub(super) fn beyond_lines(text: &str, limit: usize) -> Option<usize> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let breaks = text.as_bytes().iter().filter(|byte| is_break(byte)).count();
    if breaks < limit {
        return None;
    }
    // CR LF is one break: only now is it worth to look closer.
    let mut lines = 1;
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        byte => **byte == b'\n',
    });
    for (at, _) in ends {
        lines += 1;
        if lines > limit {
            return Some(at + 1);
        }
    }
    None
}

/// The first character that Kubernetes' reader refuses, or that it takes for a line break where no editor shows one.
pub(super) fn forbidden(text: &str, is_json: bool) -> Option<(usize, ProblemKind)> {
    /// The first bytes of the characters in question, of which most texts have none.
    const fn is_suspect(byte: u8) -> bool {
        matches!(byte, 0..=8 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F | 0xC2 | 0xE2 | 0xEF)
    }
    let check = |at: usize| {
        let character = text.get(at..)?.chars().next()?;
        match character {
            // go-yaml's reader looks for one where none is, and takes characters of other lines for it.
            '\u{feff}' if !is_json => Some((at, ProblemKind::Syntax("a BOM must not appear inside a document".into()))),
            '\u{85}' | '\u{2028}' | '\u{2029}' if !is_json => Some((at, ProblemKind::HiddenLineBreak(character))),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                Some((at, ProblemKind::ControlCharacter(character)))
            }
            _ => None,
        }
    };
    // By blocks without an early end, for the compiler to look at many bytes at once.
    const BLOCK: usize = 128;
    let blocks = text.as_bytes().chunks(BLOCK).enumerate();
    let mut suspects = blocks
        .filter(|(_, block)| block.iter().fold(false, |found, byte| found | is_suspect(*byte)))
        .flat_map(|(index, block)| block.iter().enumerate().map(move |(at, byte)| (index * BLOCK + at, *byte)))
        .filter(|(_, byte)| is_suspect(*byte));
    suspects.find_map(|(at, _)| check(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts from the start, without an index.
    fn slow_position(text: &str, offset: usize) -> Position {
        let before = text[..offset].replace("\r\n", "\n");
        // Between CR and LF the line has not ended.
        let before = if text[offset..].starts_with('\n') { before.trim_end_matches('\r') } else { &before };
        let cut = usize::from(text[offset..].starts_with('\n') && text[..offset].ends_with('\r'));
        let line = before.matches(['\n', '\r']).count() + 1;
        let column = before.rsplit(['\n', '\r']).next().unwrap().chars().count() + 1 + cut;
        Position { line: u32::try_from(line).unwrap(), column: u32::try_from(column).unwrap() }
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let text: String =
            (0..400).map(|line| ["aé😀", "\n", "x\r\n", "\r", "b\n\n"][line % 5].repeat(line % 7 + 1)).collect();
        // Those without a CR are counted in another way.
        for text in [text.replace('\r', ""), text] {
            assert!(text.len() > STRIDE, "the index must be used");
            let source = Source::new(text.clone());
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                assert_eq!(source.position(u32::try_from(offset).unwrap()), slow_position(&text, offset), "{offset}");
            }
            assert_eq!(source.position(u32::MAX), slow_position(&text, text.len()));
        }
    }

    #[test]
    fn a_packed_text_says_the_same() {
        let text: String =
            (0..60_000).map(|line| ["aé😀", "\n", "x\r\n", "\r", "b\n\n"][line % 5].repeat(line % 7 + 1)).collect();
        let (whole, mut packed) = (Source::new(text.clone()), Source::new(text.clone()));
        packed.pack();
        assert!(matches!(&packed.text, Text::Packed(text) if text.memory() < whole.len() / 8));
        assert_eq!(packed.text(), text);
        for offset in (0..text.len() + 10).step_by(97).chain(BLOCK - 5..BLOCK + 5) {
            let (offset, end) = (u32::try_from(offset).unwrap(), u32::try_from(offset + 3000).unwrap());
            let span = Span { start: offset, end };
            assert_eq!(packed.position(offset), whole.position(offset), "{offset}");
            assert_eq!(packed.slice(span), whole.slice(span), "{offset}");
        }
        let last = whole.position(u32::MAX).line;
        for line in (0..last + 3).step_by(61).chain(last - 2..last + 3) {
            assert_eq!(packed.excerpt(line), whole.excerpt(line), "{line}");
        }
    }

    #[test]
    fn an_excerpt_is_one_line() {
        let text: String = (1..3000).map(|line| format!("line {line}\r\n")).collect();
        let source = Source::new(text);
        for line in [1, 2, 500, 1024, 2999] {
            assert_eq!(source.excerpt(line), format!("line {line}"));
        }
        assert_eq!([0, 3000, 3001, u32::MAX].map(|line| source.excerpt(line)), ["line 1", "", "", ""]);
    }

    #[test]
    fn an_excerpt_of_a_long_line_is_cut_between_characters() {
        let source = Source::new(format!("a{}", "é".repeat(100_000)));
        assert_eq!(source.excerpt(1).len(), EXCERPT - 1);
    }
}
