//! Runs modules in wasmtime.

mod cache;
mod compile;
#[cfg(unix)]
mod directory;
mod effort;
mod error;
mod evaluation;
mod limits;
mod log;
mod module;
mod sandbox;
mod screen;
mod sections;
mod setup;
mod signature;
mod slots;
mod ticker;
mod wapc;
mod wasi;

pub use cache::{Cache, CacheError};
pub use error::{LoadError, SandboxError};
pub use limits::{CompileLimits, Limits};
pub use module::{Module, Origin};
pub use sandbox::{Sandbox, Until};
pub use sections::{Sections, sections};
