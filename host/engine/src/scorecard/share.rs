//! How a line is marked, and how many of the lines that count hold.

/// How a line is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It holds.
    Done,
    /// It does not, or the rule could not decide.
    Open,
    /// Whether it holds cannot be seen from here.
    Unknown,
    /// It does not hold, which somebody allowed until a date.
    Waived,
    /// It does not concern the service.
    NotApplicable,
}

impl Mark {
    /// In every text format: a box, or a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Done => "[x]",
            Self::Open => "[ ]",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::NotApplicable => "n/a",
        }
    }
}

/// How many of the lines that count hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Lines that hold.
    pub holds: usize,
    /// Lines that count: those that hold and those that do not.
    pub counted: usize,
    /// Lines that are unknown: no failures, and no reason to call the service ready.
    pub unknown: usize,
}

/// How good a share is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All that counts holds.
    Ready,
    /// At least 80 %, or nothing fails but something is unknown or was not checked.
    Nearly,
    /// Less.
    Not,
    /// No line counts.
    Nothing,
}

impl Standing {
    /// The name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Nearly => "nearly",
            Self::Not => "not",
            Self::Nothing => "nothing",
        }
    }
}

impl Share {
    /// Whole percents, rounded down, so that 100 means all; none where no line counts.
    #[must_use]
    pub const fn percent(self) -> Option<usize> {
        match self.counted {
            0 => None,
            counted => Some(self.holds * 100 / counted),
        }
    }

    /// Whether it may be less than so many percent: a gate takes what is unknown for a failure. A service of which no line
    /// counts is not under anything.
    #[must_use]
    pub fn is_under(self, least: u8) -> bool {
        self.holds * 100 < usize::from(least) * (self.counted + self.unknown)
    }

    /// How good it is by itself; the scorecard's `standing` knows of the rest of the input.
    pub(super) const fn standing(self) -> Standing {
        match (self.percent(), self.unknown) {
            (None, 0) => Standing::Nothing,
            (Some(100), 0) => Standing::Ready,
            (None | Some(80..), _) => Standing::Nearly,
            (Some(_), _) => Standing::Not,
        }
    }

    /// The share of lines that are marked so.
    pub(super) fn of(marks: impl Iterator<Item = Mark>) -> Self {
        let mut share = Self::default();
        for mark in marks {
            match mark {
                Mark::Done => share = Self { holds: share.holds + 1, counted: share.counted + 1, ..share },
                Mark::Open => share.counted += 1,
                Mark::Unknown => share.unknown += 1,
                Mark::Waived | Mark::NotApplicable => {}
            }
        }
        share
    }
}
