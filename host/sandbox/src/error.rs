//! Why there is no sandbox, why a module cannot be loaded into one, and why its machine code cannot be kept. Why a module gave no answer is
//! `engine::ModuleError`.

use std::io;
use std::time::Duration;

use engine::RefusalError;

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A limit makes no sense; which, and why.
    #[error("{0}")]
    Limit(&'static str),
    /// wasmtime could not be set up on this machine.
    #[error("WebAssembly cannot be run here: {0}")]
    Engine(String),
}

/// Why a module cannot be loaded. Names come from the module, which may be hostile: they are shown escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is refused by every host.
    #[error(transparent)]
    Refused(#[from] RefusalError),
    /// It imports or exports what it should, with another type.
    #[error("{name:?} has the type {found}, expected {expected}")]
    WrongType {
        /// The import's or export's name.
        name: String,
        /// The type that the contract gives it.
        expected: String,
        /// The type that it has.
        found: String,
    },
    /// It starts with more memory than it may have; both in bytes.
    #[error("it starts with {} MiB of memory, more than {} MiB", size >> 20, limit >> 20)]
    Memory {
        /// What it starts with.
        size: u64,
        /// What it may have.
        limit: usize,
    },
    /// It wants more tables, or larger ones.
    #[error("{0}")]
    Tables(String),
    /// It would take too long to compile, see [`CompileLimits`](crate::CompileLimits).
    #[error("it has {found} {what}, more than {limit}: it would take too long to compile")]
    TooComplex {
        /// What it has too many of.
        what: &'static str,
        /// How many it has.
        found: u64,
        /// How many it may have.
        limit: u64,
    },
    /// Compiling took longer than it may.
    #[error("compiling took longer than {} s", .0.as_secs_f32())]
    CompileTime(Duration),
    /// Precompiled code does not fit this machine, this version of wasmtime or its configuration.
    #[error("the precompiled code does not fit: {0}")]
    Unfit(String),
}

impl LoadError {
    pub(crate) fn invalid(cause: impl Into<String>) -> Self {
        Self::Refused(RefusalError::Invalid(cause.into()))
    }
}

/// Why a directory cannot be trusted with machine code.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It could not be made or opened.
    #[error("the cache directory cannot be used: {0}")]
    Io(#[source] io::Error),
    /// Others may enter it; its mode.
    #[error("the cache directory has mode {0:04o}, expected 0700")]
    Exposed(u32),
    /// It belongs to somebody else; the owner's user id.
    #[error("the cache directory belongs to user {0}")]
    Foreign(u32),
    /// This platform has no such thing as a directory of one's own.
    #[error("machine code cannot be kept on this platform")]
    Unsupported,
}
