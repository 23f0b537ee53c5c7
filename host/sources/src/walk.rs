//! The one walk through a folder: everything in it by name, but what git, `.ignore` or the command line leaves out.
//!
//! No link is followed below the root. Hidden folders are read like others. It is walkdir's walk with the patterns of the
//! `ignore` crate, and not that crate's own: that one opens whatever is called `.gitignore`, a pipe too, and does not say
//! what it leaves out.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, IntoIter, WalkDir};

use crate::error::ReadError;
use crate::ignores::{GIT, Ignores, LeftOut, Patterns};

/// Hands over each file at a path or below it, as far as they can be seen, whatever leaves it out; not what git keeps.
pub fn each_file(path: &Path, mut then: impl FnMut(PathBuf, &Metadata)) {
    let walk = WalkDir::new(path).follow_root_links(true).into_iter();
    for entry in walk.filter_entry(|entry| entry.file_name() != GIT).flatten() {
        if let Ok(kind) = entry.metadata()
            && !kind.is_dir()
        {
            then(entry.into_path(), &kind);
        }
    }
}

/// What a walk meets.
pub enum Met {
    /// A file, a folder, a link, or something else; and where it really lies.
    Entry(DirEntry, PathBuf),
    /// Something that is left out; nothing in it is met.
    LeftOut(DirEntry, LeftOut),
    /// What could not be looked at.
    Failed(PathBuf, ReadError),
}

/// A walk under way.
pub struct Walk<'a> {
    root: &'a Path,
    real: &'a Path,
    /// Where the folders that it stands in really lie, from the root on.
    folders: Vec<PathBuf>,
    entries: IntoIter,
    ignores: Ignores,
}

impl<'a> Walk<'a> {
    /// Through a folder that is typed as `root` and lies at `real`, to that depth.
    ///
    /// # Errors
    /// The file with patterns that cannot be read, and why.
    pub fn new(root: &'a Path, real: &'a Path, depth: usize, patterns: Patterns) -> Result<Self, (PathBuf, ReadError)> {
        let ignores = Ignores::new(real, patterns)?;
        let walk = WalkDir::new(root).follow_links(false).follow_root_links(true).max_depth(depth);
        Ok(Self { root, real, folders: Vec::new(), entries: walk.sort_by_file_name().into_iter(), ignores })
    }

    /// Leaves the folder that was met last.
    pub fn skip_folder(&mut self) {
        self.entries.skip_current_dir();
    }

    fn met(&mut self, entry: DirEntry) -> Met {
        let (depth, is_folder) = (entry.depth(), entry.file_type().is_dir());
        // Below the root no link to a folder is followed, so this is where it really lies.
        let folder = depth.checked_sub(1).and_then(|above| self.folders.get(above));
        let real = folder.map_or_else(|| self.real.to_owned(), |folder| folder.join(entry.file_name()));
        // The root may be a link.
        if is_folder || depth == 0 {
            self.folders.truncate(depth);
            self.folders.push(real.clone());
        }
        if depth == 0 {
            return Met::Entry(entry, real);
        }
        if let Some(left_out) = self.ignores.leaves_out(&real, depth, is_folder) {
            if is_folder {
                self.skip_folder();
            }
            return Met::LeftOut(entry, left_out);
        }
        if is_folder && let Err((path, cause)) = self.ignores.enter(&real, depth) {
            self.skip_folder();
            let below = path.strip_prefix(self.real).unwrap_or(&path);
            return Met::Failed(self.root.join(below), cause);
        }
        Met::Entry(entry, real)
    }
}

impl Iterator for Walk<'_> {
    type Item = Met;

    fn next(&mut self) -> Option<Met> {
        Some(match self.entries.next()? {
            Ok(entry) => self.met(entry),
            Err(cause) => {
                let path = cause.path().unwrap_or(self.root).to_owned();
                let depth = cause.depth();
                let cause = cause.into_io_error().unwrap_or_else(|| std::io::Error::other(format!("at depth {depth}")));
                Met::Failed(path, cause.into())
            }
        })
    }
}
