//! What a git repository keeps: files of a commit, what changed between two commits, and where two histories part.
//!
//! ```text
//! let repository = Repository::around(folder)?;        // the one that a folder is in
//! let main = repository.commit("origin/main")?;        // a name that a person gave
//! let head = repository.commit("HEAD")?;
//! let base = repository.merge_base(&main, &head)?;     // what a pull request is compared with
//! repository.changes(&base, &head)?;                   // the paths, renames included
//! repository.entries(&base)?;                          // all files of a commit
//! repository.read_all(&entries, |entry, bytes| ..)?;   // their bytes, in one process
//! repository.log(&base, &head)?;                       // the commits of a branch, with their messages
//! repository.history(&main, &[".yaml"], 1_000)?;       // what a branch did to files, commit by commit
//! repository.export(&base, folder, |path| ..)?;        // the commit as files in a folder
//! ```
//!
//! Only `git` itself is asked, for what it keeps and never for the files on the disk: nothing that a repository's
//! configuration or attributes name is run. The module must not know what a file means.

mod changes;
mod command;
mod entries;
mod error;
mod export;
mod history;
mod log;
mod repository;
mod revision;
#[cfg(test)]
mod tests;

pub use changes::Change;
pub use entries::{Entry, EntryKind};
pub use error::GitError;
pub use history::{Made, MadeFile};
pub use log::Logged;
pub use repository::{Commit, Repository};
pub use revision::Revision;
