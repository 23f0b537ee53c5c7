//! Why a rule stops before the end.

use alloc::string::String;

/// Why a rule stops before the end. With `?` it is the short way, and the safe one: none of these is a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// The rule does not concern this object, for this reason.
    NotApplicable(String),
    /// The world is not complete, or a look-up is not allowed here; says what was looked for.
    Unknown(String),
    /// The rule could not decide. Fails closed.
    Error(String),
}

/// The rule does not concern this object: `return not_applicable("a DaemonSet runs on every node")`.
///
/// # Errors
/// Always; that is its purpose.
pub fn not_applicable<T>(reason: impl Into<String>) -> Result<T, Undecided> {
    Err(Undecided::NotApplicable(reason.into()))
}
