//! The language server: what the rules say of a workspace, as people type.
//!
//! It speaks the Language Server Protocol over whatever connection it is given, and is a face over a session: each change
//! of a text goes into the session, which evaluates only what may have another answer, and what it says becomes
//! diagnostics, hovers and code actions. It opens no connection, and what it writes are edits that the editor makes.
//!
//! It must not know how a workspace is read, nor what runs the rules: [`Open`] does.
//!
//! - [`server`]: the protocol, message by message.
//! - [`wire`]: messages on streams of bytes.
//! - [`workspace`]: the session under the texts that an editor has open.
//! - [`notes`]: what is said of each file.
//! - [`actions`]: fixes and waivers as edits.
//! - [`position`]: lines and columns, as the reader and as editors count them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod actions;
mod notes;
mod position;
mod server;
mod wire;
mod workspace;

use std::path::Path;

use engine::Runtime;
use engine::baseline::Baseline;
use engine::report::Unread;
use session::Session;

pub use server::{ServeError, serve};
pub use wire::{Threads, connect};

/// A workspace as it is on the disk.
pub struct Opened<R: Runtime> {
    /// Its rules and its files. Files are named by their paths from the root, with `/`.
    pub session: Session<R>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What was there before somebody looked, and is not told again.
    pub known: Option<Baseline>,
    /// Whether the configuration lies elsewhere, so that a file of its name here would take its place.
    pub is_configured_elsewhere: bool,
}

/// Why a workspace cannot be opened. The editor shows it, and keeps what it had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// Reads a workspace: its configuration, its files, and what is rendered of them.
pub trait Open {
    /// What runs the rules.
    type Runtime: Runtime;

    /// Reads the folder. It is called again when something on the disk has changed.
    ///
    /// # Errors
    /// The configuration is refused, or the rules cannot be loaded.
    fn open(&mut self, root: &Path) -> Result<Opened<Self::Runtime>, OpenError>;
}
