//! What a rule says about one object.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::fix::Fix;

/// The answer of one rule for one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule holds.
    Pass,
    /// The rule does not concern this object; the outcome's reason says why.
    NotApplicable,
    /// The rule is broken, and somebody allowed it until a date. Only a host decides this.
    Waived,
    /// The world is not complete, or a look-up is not allowed here.
    Unknown,
    /// The rule is broken.
    Fail,
    /// The rule could not decide. Counts as a failure, never as a pass.
    Error,
}

impl Verdict {
    /// The verdict's name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
            Self::Waived => "waived",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }

    /// Whether the object may go on: `fail` and `error` deny, everything else does not.
    #[must_use]
    pub const fn denies(self) -> bool {
        matches!(self, Self::Fail | Self::Error)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// How a rule begins what it says of a workload whose pod template is missing or has no containers. A host says it once for
/// the object, whatever number of rules do.
pub const NO_CONTAINERS: &str = "the pod has no containers";

/// How every rule says that a field is of the wrong type: what it is stands before, and what is right behind. A host tells it
/// once, as the rule that also says the name of the field.
pub const WRONG_TYPE: &str = ", where Kubernetes takes ";

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rule is broken here: the verdict is `fail`.
    Violation,
    /// Worth a look; does not change the verdict.
    Warning,
    /// Worth knowing, such as the reason why something deliberate was accepted.
    Note,
}

impl Level {
    /// The level's name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Violation => "violation",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing a rule has to say about one place of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub level: Level,
    /// Where: a normalised JSONPath (RFC 9535, section 2.7) from the root of the object. The field need not exist.
    pub path: String,
    /// The name of the container concerned, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// How to fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// Whether the text at `path` may be a secret: no host shows it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub conceal: bool,
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A rule's whole answer for one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// Why, where no finding says it: for `not-applicable`, `unknown`, `waived` and `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// All that was found, in the order of the object's fields.
    #[serde(default)]
    pub findings: Vec<Finding>,
}
