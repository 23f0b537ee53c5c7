//! What the exit codes mean.

use engine::report::Conclusion;

/// All hold.
pub const HOLDS: u8 = 0;
/// Findings at or above the threshold.
pub const BROKEN: u8 = 1;
/// Could not decide: bad usage, unreadable or unchecked input, a broken bundle.
pub const UNDECIDED: u8 = 2;

/// The exit code of a run.
pub const fn code(conclusion: Conclusion) -> u8 {
    match conclusion {
        Conclusion::Holds => HOLDS,
        Conclusion::Broken => BROKEN,
        Conclusion::Incomplete => UNDECIDED,
    }
}
