//! Edits of a text, and where in the new text stands what they leave. It must not know what the text means.

use std::ops::Range;

use super::place::Text;

/// What stands between two members. Where several are added behind one, each asks for it, and it is put there once.
pub(super) const COMMA: &str = ",";

/// A range of the text, in bytes, and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextEdit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// A text with its edits made.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) text: String,
    /// In the order of the text.
    edits: Vec<Made>,
}

/// An edit that was made.
#[derive(Debug)]
struct Made {
    /// In the old text.
    range: Range<usize>,
    /// Whether nothing stands there instead.
    is_removal: bool,
    /// Behind what it wrote, in the new text.
    end: usize,
}

impl Applied {
    /// The text with all edits; `None` where two of them meet.
    pub(super) fn new(text: &str, mut edits: Vec<TextEdit>) -> Option<Self> {
        // Several insertions at one place keep their order.
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        edits.dedup_by(|one, other| one == other && one.text == COMMA);
        let mut new = String::with_capacity(text.len());
        let mut made = Vec::with_capacity(edits.len());
        let mut at = 0;
        let line_break = Text(text).line_break();
        for TextEdit { range, text: inserted } in edits {
            new.push_str(text.get(at..range.start)?);
            new.push_str(&inserted.replace('\n', line_break));
            at = range.end;
            made.push(Made { range, is_removal: inserted.is_empty(), end: new.len() });
        }
        new.push_str(text.get(at..)?);
        Some(Self { text: new, edits: made })
    }

    /// Where in the new text the code stands that began here in the old one; `None` if it is gone. Code that was replaced
    /// from its first character on stands where its replacement does.
    pub(super) fn moved(&self, at: usize) -> Option<usize> {
        let before = self.edits.partition_point(|edit| edit.range.start < at || edit.range == (at..at));
        if self.edits.get(before).is_some_and(|edit| edit.range.start == at && edit.is_removal) {
            return None;
        }
        match before.checked_sub(1).and_then(|last| self.edits.get(last)) {
            Some(last) => Some(last.end + at.checked_sub(last.range.end)?),
            None => Some(at),
        }
    }
}
