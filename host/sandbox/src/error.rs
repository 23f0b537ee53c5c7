//! Why there is no sandbox, and why a module cannot be loaded into one. Why a module gave no answer is
//! `engine::ModuleError`.

use std::fmt;
use std::time::Duration;

use engine::RefusalError;

/// Why there is no sandbox.
#[derive(Debug)]
pub enum SandboxError {
    /// A limit makes no sense; which, and why.
    Limit(&'static str),
    /// wasmtime could not be set up on this machine.
    Engine(String),
    /// The thread that watches deadlines could not be started.
    Ticker(std::io::Error),
}

impl fmt::Display for SandboxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(what) => formatter.write_str(what),
            Self::Engine(cause) => write!(formatter, "WebAssembly cannot be run here: {cause}"),
            Self::Ticker(cause) => write!(formatter, "the deadline's thread could not be started: {cause}"),
        }
    }
}

impl std::error::Error for SandboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ticker(cause) => Some(cause),
            Self::Limit(_) | Self::Engine(_) => None,
        }
    }
}

/// Why a module cannot be loaded. Names come from the module, which may be hostile: they are shown escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is refused by every host.
    Refused(RefusalError),
    /// It imports or exports what it should, with another type.
    WrongType {
        /// The import's or export's name.
        name: String,
        /// The type that the contract gives it.
        expected: String,
        /// The type that it has.
        found: String,
    },
    /// It starts with more memory than it may have; both in bytes.
    Memory {
        /// What it starts with.
        size: u64,
        /// What it may have.
        limit: usize,
    },
    /// It wants more tables, or larger ones.
    Tables(String),
    /// It would take too long to compile, see [`CompileLimits`](crate::CompileLimits).
    TooComplex {
        /// What it has too many of.
        what: &'static str,
        /// How many it has.
        found: u64,
        /// How many it may have.
        limit: u64,
    },
    /// Compiling took longer than it may.
    CompileTime(Duration),
    /// Precompiled code does not fit this machine, this version of wasmtime or its configuration.
    Unfit(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(cause) => cause.fmt(formatter),
            Self::WrongType { name, expected, found } => {
                write!(formatter, "{name:?} has the type {found}, expected {expected}")
            }
            Self::Memory { size, limit } => {
                write!(formatter, "it starts with {} MiB of memory, more than {} MiB", size >> 20, limit >> 20)
            }
            Self::Tables(what) => formatter.write_str(what),
            Self::TooComplex { what, found, limit } => {
                write!(formatter, "it has {found} {what}, more than {limit}: it would take too long to compile")
            }
            Self::CompileTime(limit) => write!(formatter, "compiling took longer than {} s", limit.as_secs_f32()),
            Self::Unfit(cause) => write!(formatter, "the precompiled code does not fit: {cause}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<RefusalError> for LoadError {
    fn from(cause: RefusalError) -> Self {
        Self::Refused(cause)
    }
}

impl LoadError {
    pub(crate) fn invalid(cause: impl Into<String>) -> Self {
        Self::Refused(RefusalError::Invalid(cause.into()))
    }
}
