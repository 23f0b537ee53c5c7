//! Why something is refused: a module, or a question.

use std::fmt;

use engine::config::ConfigError;
use engine::{PolicyError, RefusalError};

use crate::pack::PackError;

/// Why a module is refused here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is refused by every host.
    Refused(RefusalError),
    /// Its memories or tables are not such as a policy may have; how.
    Resources(String),
    /// Its metadata says that it cannot be run here.
    Policy(PolicyError),
    /// The environment cannot compile it.
    Compile(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(cause) => cause.fmt(formatter),
            Self::Resources(what) => formatter.write_str(what),
            Self::Policy(cause) => cause.fmt(formatter),
            Self::Compile(cause) => write!(formatter, "it cannot be compiled: {cause}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<RefusalError> for LoadError {
    fn from(cause: RefusalError) -> Self {
        Self::Refused(cause)
    }
}

/// Why a session does not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The bundle is none.
    Bundle(PackError),
    /// A module is refused.
    Module {
        /// What it was called.
        name: String,
        /// Why.
        cause: LoadError,
    },
    /// A policy's name is taken, or none.
    Name(String),
    /// The options are not such.
    Options(String),
    /// The configuration does not hold.
    Config(ConfigError),
    /// There is no such rule; what may have been meant.
    UnknownRule {
        /// What was asked for.
        name: String,
        /// A sentence's end, or nothing.
        hint: String,
    },
    /// A rule was asked for that lacks settings.
    Off(String),
    /// No rule is left by the options and the configuration.
    NoRules,
    /// A rule's settings are refused.
    Settings {
        /// The rule.
        rule: String,
        /// Why.
        cause: String,
    },
}

impl fmt::Display for SessionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(cause) => cause.fmt(formatter),
            Self::Module { name, cause } => write!(formatter, "{name}: {cause}"),
            Self::Name(cause) | Self::Options(cause) => formatter.write_str(cause),
            Self::Config(cause) => write!(formatter, "the configuration, {cause}"),
            Self::UnknownRule { name, hint } => write!(formatter, "there is no rule `{name}`{hint}"),
            Self::Off(name) => write!(formatter, "the rule {name} is off until it has settings"),
            Self::NoRules => formatter.write_str("no rule is left by the options and the configuration"),
            Self::Settings { rule, cause } => write!(formatter, "the settings of {rule} are refused: {cause}"),
        }
    }
}

impl std::error::Error for SessionError {}

impl From<PackError> for SessionError {
    fn from(cause: PackError) -> Self {
        Self::Bundle(cause)
    }
}
