//! Where in a text something is: in bytes for us, in lines and columns for people.

/// A range of the decoded text, in bytes from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` to `end`. A limit keeps every text below 4 GiB, so the clamp is never seen.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// Whether nothing is there, as for the value of `key:`.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A place as an editor shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1; a line ends with LF, CR LF or CR.
    pub line: u32,
    /// Counted from 1, in Unicode scalar values.
    pub column: u32,
}
