//! A line of a Dockerfile that goes on over several lines of the file, and where each byte of it comes from.

use std::ops::Range;

/// What is left of physical lines once they are joined.
#[derive(Default)]
pub struct Line {
    /// The joined text, without the characters that continued it and the line breaks behind them.
    pub text: String,
    /// Where a piece begins: in the text, and in the file.
    pieces: Vec<(usize, usize)>,
}

impl Line {
    /// Adds a piece of a physical line, which begins there in the file.
    pub fn push(&mut self, piece: &str, at: usize) {
        if !piece.is_empty() {
            self.pieces.push((self.text.len(), at));
            self.text.push_str(piece);
        }
    }

    /// The bytes of the file from which these bytes of the text come.
    pub fn place(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.offset(range.start);
        let end = if range.is_empty() { start } else { self.offset(range.end - 1) + 1 };
        start..end
    }

    fn offset(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= at);
        let (start, from) = piece.checked_sub(1).and_then(|piece| self.pieces.get(piece)).copied().unwrap_or_default();
        from + (at - start)
    }
}
