//! Where things stand in the text: lines, columns, dashes, and whether a value is written in braces. It must not know what
//! is to be changed.

use crate::manifest::{Entry, Node, Value};

/// The text, looked at by byte offsets.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl<'a> Text<'a> {
    pub(super) fn slice(self, from: usize, to: usize) -> &'a str {
        self.0.get(from..to).unwrap_or_default()
    }

    fn before(self, at: usize) -> &'a str {
        self.slice(0, at)
    }

    /// The first byte of the line that this is in.
    pub(super) fn line_start(self, at: usize) -> usize {
        self.before(at).rfind('\n').map_or(0, |at| at + 1)
    }

    /// The end of the line, before its line break.
    pub(super) fn line_end(self, at: usize) -> usize {
        let rest = self.slice(at, self.0.len());
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        at + line.trim_end_matches('\r').len()
    }

    /// The first byte of the next line; the end of the text behind the last one.
    pub(super) fn next_line(self, at: usize) -> usize {
        let rest = self.slice(at, self.0.len());
        rest.find('\n').map_or(self.0.len(), |length| at + length + 1)
    }

    /// Behind the comments on the next lines that belong to what ends at the end of this line: they are indented deeper than
    /// a column, or comment out what is.
    pub(super) fn behind_comments(self, mut end: usize, column: usize) -> usize {
        let indent = |text: &str| text.len() - text.trim_start_matches(' ').len();
        loop {
            let start = self.next_line(end);
            let line = self.slice(start, self.line_end(start));
            let Some((space, comment)) = line.split_once('#').filter(|(space, _)| space.trim().is_empty()) else {
                return end;
            };
            if space.len().max(indent(comment)) <= column {
                return end;
            }
            end = self.line_end(start);
        }
    }

    /// The first byte of the comments right above a line, if they are indented like it, in characters: they are about it.
    pub(super) fn above_comments(self, mut start: usize, column: usize) -> usize {
        while let Some(line_break) = start.checked_sub(1) {
            let above = self.line_start(line_break);
            let line = self.slice(above, line_break);
            let words = line.trim_start_matches(' ');
            if line.len() - words.len() != column || !words.starts_with('#') {
                break;
            }
            start = above;
        }
        start
    }

    /// How far a place is indented, in characters.
    pub(super) fn column(self, at: usize) -> usize {
        self.slice(self.line_start(at), at).chars().count()
    }

    /// Whether nothing but spaces stands before it on its line.
    pub(super) fn is_first_on_line(self, at: usize) -> bool {
        self.slice(self.line_start(at), at).chars().all(|character| character == ' ')
    }

    /// The line break that this text uses.
    pub(super) fn line_break(self) -> &'static str {
        if self.0.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Whether a collection is written in braces or brackets of its own. A block list begins where its first item does,
    /// which may be written in some.
    pub(super) fn is_flow(self, node: &Node) -> bool {
        let (start, _) = span(node);
        let rest = self.slice(start, self.0.len());
        match &node.value {
            Value::Mapping(_) => rest.starts_with('{'),
            Value::Sequence(items) => rest.starts_with('[') && items.first().is_none_or(|first| span(first).0 > start),
            _ => false,
        }
    }

    /// The dash of a block's item, if it stands right before it.
    pub(super) fn dash(self, item: &Node) -> Option<usize> {
        let (start, _) = span(item);
        let before = self.before(start).trim_end_matches(' ');
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// What stands between a key and its value: `: ` where nothing is unusual.
    pub(super) fn between(self, entry: &Entry) -> &'a str {
        self.slice(entry.key_span.end as usize, span(&entry.value).0)
    }

    /// Behind the value of a member, or behind the colon if the value is missing.
    pub(super) fn end_of(self, entry: &Entry) -> Option<usize> {
        if !entry.value.span.is_empty() {
            return Some(span(&entry.value).1);
        }
        let end = entry.key_span.end as usize;
        let rest = self.slice(end, self.0.len());
        let colon = rest.find(':').filter(|at| rest.get(..*at).is_some_and(|before| before.trim().is_empty()))?;
        Some(end + colon + 1)
    }
}

/// Where a value stands.
pub(super) const fn span(node: &Node) -> (usize, usize) {
    (node.span.start as usize, node.span.end as usize)
}

/// The members that are written in the mapping itself, in the order of the text. Others come from merge keys, or from the
/// list that an object is an item of.
pub(super) fn own_entries(node: &Node) -> Vec<&Entry> {
    let (start, end) = span(node);
    let entries = match &node.value {
        Value::Mapping(entries) => entries.as_slice(),
        _ => &[],
    };
    let is_own = |entry: &&Entry| (start..end).contains(&(entry.key_span.start as usize));
    let mut own: Vec<&Entry> = entries.iter().filter(is_own).collect();
    own.sort_by_key(|entry| entry.key_span.start);
    own
}
