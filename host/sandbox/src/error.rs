//! Why there is no sandbox, and why a module is refused. Why a module gave no answer is `engine::ModuleError`.

use std::fmt;
use std::time::Duration;

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

/// Why a module is refused. Names come from the module, which may be hostile: escape them before showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The file is larger than it may be; both in bytes.
    TooLarge {
        /// What it is.
        size: usize,
        /// What it may be.
        limit: usize,
    },
    /// Not a WebAssembly module, or one that is not valid; where and why.
    Invalid(String),
    /// It imports what no policy gets.
    ForeignImport {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// It imports or exports what it should, with another type.
    WrongType {
        /// The import's or export's name.
        name: String,
        /// The type that the contract gives it.
        expected: String,
        /// The type that it has.
        found: String,
    },
    /// It lacks an export that the contract asks for.
    MissingExport(&'static str),
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
    /// It says neither what rule nor what policy it is.
    NoMetadata,
    /// It has a metadata section twice.
    DuplicateSection(&'static str),
    /// A metadata section is larger than it may be; both in bytes.
    SectionTooLarge {
        /// The section.
        section: &'static str,
        /// What it is.
        size: usize,
        /// What it may be.
        limit: usize,
    },
    /// A metadata section does not say what it should.
    BadSection {
        /// The section.
        section: &'static str,
        /// Why.
        cause: String,
    },
    /// Precompiled code does not fit this machine, this version of wasmtime or its configuration.
    Unfit(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, limit } => write!(formatter, "the module has {size} bytes, more than {limit}"),
            Self::Invalid(cause) => write!(formatter, "not a valid WebAssembly module: {cause}"),
            Self::ForeignImport { module, name } => {
                write!(formatter, "it imports {module:?} {name:?}; a policy may import waPC and WASI preview 1 only")
            }
            Self::WrongType { name, expected, found } => {
                write!(formatter, "{name:?} has the type {found}, expected {expected}")
            }
            Self::MissingExport(name) => write!(formatter, "it does not export {name:?}"),
            Self::Memory { size, limit } => {
                write!(formatter, "it starts with {} MiB of memory, more than {} MiB", size >> 20, limit >> 20)
            }
            Self::Tables(what) => formatter.write_str(what),
            Self::TooComplex { what, found, limit } => {
                write!(formatter, "it has {found} {what}, more than {limit}: it would take too long to compile")
            }
            Self::CompileTime(limit) => write!(formatter, "compiling took longer than {} s", limit.as_secs_f32()),
            Self::NoMetadata => write!(
                formatter,
                "it has neither of the sections {:?} and {:?}",
                protocol::contract::RULE_SECTION,
                protocol::contract::KUBEWARDEN_SECTION
            ),
            Self::DuplicateSection(section) => write!(formatter, "it has the section {section:?} twice"),
            Self::SectionTooLarge { section, size, limit } => {
                write!(formatter, "the section {section:?} has {size} bytes, more than {limit}")
            }
            Self::BadSection { section, cause } => write!(formatter, "the section {section:?} is wrong: {cause}"),
            Self::Unfit(cause) => write!(formatter, "the precompiled code does not fit: {cause}"),
        }
    }
}

impl std::error::Error for LoadError {}
