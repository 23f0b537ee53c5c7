//! Why something is refused: a module, or a question.

use std::fmt;

use engine::PolicyError;
use engine::config::ConfigError;

use crate::pack::PackError;

/// Why a module is refused. Names come from the module, which may be hostile: they are shown escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalError {
    /// It is larger than it may be; both in bytes.
    TooLarge {
        /// What it is.
        size: usize,
        /// What it may be.
        limit: usize,
    },
    /// Not a core WebAssembly module; where and why.
    Invalid(String),
    /// It imports what no policy gets.
    ForeignImport {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// It lacks an export that the contract asks for.
    MissingExport(&'static str),
    /// Its memories or tables are not such as a policy may have; how.
    Resources(String),
    /// It says neither what rule nor what policy it is.
    NoMetadata,
    /// A metadata section does not say what it should.
    BadSection {
        /// The section.
        section: &'static str,
        /// Why.
        cause: String,
    },
    /// Its metadata says that it cannot be run here.
    Policy(PolicyError),
    /// The environment cannot compile it.
    Compile(String),
}

impl fmt::Display for RefusalError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, limit } => write!(formatter, "the module has {size} bytes, more than {limit}"),
            Self::Invalid(cause) => write!(formatter, "not a valid WebAssembly module: {cause}"),
            Self::ForeignImport { module, name } => {
                write!(formatter, "it imports {module:?} {name:?}; a policy may import waPC and WASI preview 1 only")
            }
            Self::MissingExport(name) => write!(formatter, "it does not export {name:?}"),
            Self::Resources(what) => formatter.write_str(what),
            Self::NoMetadata => write!(
                formatter,
                "it has neither of the sections {:?} and {:?}",
                protocol::contract::RULE_SECTION,
                protocol::contract::KUBEWARDEN_SECTION
            ),
            Self::BadSection { section, cause } => write!(formatter, "the section {section:?} is wrong: {cause}"),
            Self::Policy(cause) => cause.fmt(formatter),
            Self::Compile(cause) => write!(formatter, "it cannot be compiled: {cause}"),
        }
    }
}

impl std::error::Error for RefusalError {}

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
        cause: RefusalError,
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
