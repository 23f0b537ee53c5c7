//! What the exit codes mean.

/// All hold.
pub const HOLDS: u8 = 0;
/// Findings at or above the threshold.
pub const BROKEN: u8 = 1;
/// Could not decide: bad usage, unreadable input, a broken bundle.
pub const UNDECIDED: u8 = 2;
