//! Which of the folders that were found are projects: worlds of their own, whose objects are no answer to the questions
//! about anybody else's.
//!
//! It is told what a walk meets, and asked when all walks are done, so that the order of the arguments decides nothing.
//! It must not read a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use walkdir::DirEntry;

use crate::ignores::is_repository;

/// How many children with a license make a folder a collection of projects. One alone is a part with other terms.
const COLLECTION: usize = 2;

/// What was met so far. All paths are real ones.
#[derive(Default)]
pub struct Projects {
    /// Folders with a `.git` of their own, below what was asked for.
    repositories: BTreeSet<PathBuf>,
    /// By folder that was asked for, its children with a license.
    licensed: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

impl Projects {
    /// Looks at an entry, which lies at `real`, of the walk through `root`. The root itself is no project of its own,
    /// whatever is in it: it is the world that was asked for.
    pub fn meet(&mut self, root: &Path, entry: &DirEntry, real: &Path) {
        let (depth, name) = (entry.depth(), entry.file_name().to_string_lossy());
        if depth > 0 && entry.file_type().is_dir() && is_repository(real) {
            self.repositories.insert(real.to_owned());
        }
        if depth == 2
            && !entry.file_type().is_dir()
            && name.starts_with("LICENSE")
            && let Some(child) = real.parent()
        {
            self.licensed.entry(root.to_owned()).or_default().insert(child.to_owned());
        }
    }

    /// The folders that are projects; a file's project is the nearest above it.
    pub fn folders(self) -> Folders {
        let collections = self.licensed.into_values().filter(|children| children.len() >= COLLECTION);
        let folders: BTreeSet<PathBuf> = collections.flatten().chain(self.repositories).collect();
        Folders(folders.into_iter().zip(1..).collect())
    }
}

/// The projects by their folders.
#[derive(Default)]
pub struct Folders(BTreeMap<PathBuf, usize>);

impl Folders {
    /// The project of the file that really lies there; 0 is the world of everything else.
    pub fn project(&self, file: &Path) -> usize {
        file.ancestors().skip(1).find_map(|folder| self.0.get(folder)).copied().unwrap_or_default()
    }

    /// The projects in a folder, with their numbers. All paths are real ones.
    pub fn within<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, usize)> {
        let projects = self.0.iter().filter(move |(project, _)| project.starts_with(folder));
        projects.map(|(project, number)| (project.as_path(), *number))
    }
}
