//! A commit as files in a folder, for whoever reads folders.
//!
//! The commit may be a stranger's: nothing is written outside of the folder, nothing through a link, and nothing of what
//! git would take for its own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Component, Path};

use super::entries::{Entry, EntryKind};
use super::error::GitError;
use super::repository::{Commit, Repository};

impl Repository {
    /// Writes all files of a commit into an empty folder. Of those that nobody wants to read only the names are there. Links
    /// are links.
    ///
    /// # Errors
    /// Git does not give a file, or it cannot be written.
    pub fn export(&self, commit: &Commit, folder: &Path, is_wanted: impl Fn(&Path) -> bool) -> Result<(), GitError> {
        let entries = self.entries(commit)?;
        let is_safe = |entry: &&Entry| entry.path.components().all(is_plain);
        let (links, files): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().filter(is_safe).partition(|entry| entry.kind == EntryKind::Link);
        let (wanted, named): (Vec<&Entry>, Vec<&Entry>) = files.into_iter().partition(|entry| is_wanted(&entry.path));
        for entry in named {
            match entry.kind {
                EntryKind::Submodule => written(entry, fs::create_dir_all(folder.join(&entry.path)))?,
                _ => written(entry, write(&folder.join(&entry.path), &[]))?,
            }
        }
        self.read_all(wanted, |entry, bytes| written(entry, write(&folder.join(&entry.path), &bytes)))?;
        // Last of all, so that nothing is written through one.
        self.read_all(links, |entry, bytes| {
            let target = std::str::from_utf8(&bytes).map_err(io::Error::other);
            written(entry, target.and_then(|target| link(&folder.join(&entry.path), target)))
        })
    }
}

/// Whether a step of a path leads down, and not into what git keeps.
fn is_plain(step: Component<'_>) -> bool {
    matches!(step, Component::Normal(name) if !name.eq_ignore_ascii_case(".git"))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

fn link(path: &Path, target: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    symlink(target, path)
}

fn written(entry: &Entry, result: io::Result<()>) -> Result<(), GitError> {
    result.map_err(|cause| GitError::Write { path: entry.path.display().to_string(), cause })
}
