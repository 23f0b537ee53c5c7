//! Why something is refused: a module, or a question.

use engine::config::ConfigError;
use engine::{PolicyError, RefusalError};

use crate::pack::PackError;

/// Why a module is refused here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is refused by every host.
    #[error(transparent)]
    Refused(#[from] RefusalError),
    /// Its memories or tables are not such as a policy may have; how.
    #[error("{0}")]
    Resources(String),
    /// Its metadata says that it cannot be run here.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The environment cannot compile it.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// Why the environment does not compile a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be compiled: {0}")]
pub struct CompileError(pub String);

/// Why a session does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The bytes are not a bundle.
    #[error(transparent)]
    Bundle(#[from] PackError),
    /// A module is refused.
    #[error("{name}: {cause}")]
    Module {
        /// What it was called.
        name: String,
        /// Why.
        #[source]
        cause: LoadError,
    },
    /// A policy's name is taken, or none.
    #[error("{0}")]
    Name(String),
    /// The options are not such.
    #[error("{0}")]
    Options(String),
    /// An edit cannot be made; why.
    #[error("{0}")]
    Edit(String),
    /// The configuration does not hold.
    #[error("the configuration, {0}")]
    Config(#[source] ConfigError),
    /// There is no such rule; what may have been meant.
    #[error("there is no rule `{name}`{hint}")]
    UnknownRule {
        /// What was asked for.
        name: String,
        /// A sentence's end, or nothing.
        hint: String,
    },
    /// A rule was asked for that lacks settings.
    #[error("the rule {0} is disabled: it has no settings")]
    Off(String),
    /// No rule is left by the options and the configuration.
    #[error("no rule is left by the options and the configuration")]
    NoRules,
    /// A rule's settings are refused.
    #[error("the settings of {rule} are refused: {cause}")]
    Settings {
        /// The rule.
        rule: String,
        /// Why.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}
