//! Lines and columns. The reader counts both from 1, columns in Unicode scalar values; the protocol counts both from 0, and
//! columns in what the two sides agreed on: UTF-16 code units if they said nothing.

use engine::manifest;
use lsp_types::{Position, PositionEncodingKind, Range};

/// What columns are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    /// The best of those that the editor offers: the reader's own way of counting first.
    pub fn chosen(offered: &[PositionEncodingKind]) -> Self {
        if offered.contains(&PositionEncodingKind::UTF32) {
            Self::Utf32
        } else if offered.contains(&PositionEncodingKind::UTF8) {
            Self::Utf8
        } else {
            Self::Utf16
        }
    }

    /// Its name in the protocol.
    pub const fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, letter: char) -> usize {
        match self {
            Self::Utf8 => letter.len_utf8(),
            Self::Utf16 => letter.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// A text, to find places in.
pub struct Text<'t> {
    lines: Vec<&'t str>,
    encoding: Encoding,
}

impl<'t> Text<'t> {
    pub fn new(text: &'t str, encoding: Encoding) -> Self {
        Self { lines: lines(text), encoding }
    }

    /// A place of the reader's, for the editor. One behind the end of a line is at its end.
    pub fn position(&self, place: manifest::Position) -> Position {
        let line = place.line.saturating_sub(1);
        let column = usize::try_from(place.column.saturating_sub(1)).unwrap_or(usize::MAX);
        let letters = self.line(line).chars().take(column);
        let character = letters.map(|letter| self.encoding.width(letter)).sum::<usize>();
        Position { line, character: u32::try_from(character).unwrap_or(u32::MAX) }
    }

    /// The whole of a line, without the spaces before it.
    pub fn whole_line(&self, line: u32) -> Range {
        let line = line.saturating_sub(1);
        let width = |text: &str| text.chars().map(|letter| self.encoding.width(letter)).sum::<usize>();
        let text = self.line(line).trim_end();
        let at = |character: usize| Position { line, character: u32::try_from(character).unwrap_or(u32::MAX) };
        Range { start: at(width(text) - width(text.trim_start())), end: at(width(text)) }
    }

    /// The end of the text.
    pub fn end(&self) -> Position {
        let last = self.lines.len().saturating_sub(1);
        let line = u32::try_from(last).unwrap_or(u32::MAX);
        self.position(manifest::Position { line: line.saturating_add(1), column: u32::MAX })
    }

    fn line(&self, line: u32) -> &'t str {
        usize::try_from(line).ok().and_then(|line| self.lines.get(line)).copied().unwrap_or_default()
    }
}

/// The lines without what ends them: LF, CR LF or CR, which is also how the protocol tells lines apart.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let (line, ended) = rest.split_at(at);
        lines.push(line);
        rest = ended.strip_prefix("\r\n").unwrap_or_else(|| ended.get(1..).unwrap_or_default());
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, encoding: Encoding, line: u32, column: u32) -> (u32, u32) {
        let Position { line, character } = Text::new(text, encoding).position(manifest::Position { line, column });
        (line, character)
    }

    #[test]
    fn columns_are_counted_as_agreed() {
        let text = "a: 1\r\nü😀: x\rend";
        assert_eq!(at(text, Encoding::Utf16, 2, 3), (1, 3), "a smile is two code units");
        assert_eq!(at(text, Encoding::Utf8, 2, 3), (1, 6));
        assert_eq!(at(text, Encoding::Utf32, 2, 3), (1, 2));
        assert_eq!(at(text, Encoding::Utf16, 3, 99), (2, 3), "a line has an end");
        assert_eq!(at(text, Encoding::Utf16, 9, 1), (8, 0));
        assert_eq!(Text::new(text, Encoding::Utf16).end(), Position { line: 2, character: 3 });
    }

    #[test]
    fn the_readers_own_way_is_chosen_first() {
        use PositionEncodingKind as Kind;
        assert_eq!(Encoding::chosen(&[]), Encoding::Utf16);
        assert_eq!(Encoding::chosen(&[Kind::UTF16, Kind::UTF8]), Encoding::Utf8);
        assert_eq!(Encoding::chosen(&[Kind::UTF8, Kind::UTF32]), Encoding::Utf32);
    }
}
