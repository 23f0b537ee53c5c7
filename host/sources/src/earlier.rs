//! The input as it was in a commit, where it stands today: read and rendered by the same code, under the same names.
//!
//! The commit is written to a temporary folder, and the process works there while it is read. So a path that was typed leads
//! to the file as it was, and what is read is called as people call it today. What is read stays in memory.

use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

use tempfile::TempDir;

use crate::git::{Commit, GitError, Repository};
use crate::ignores::{GIT, IGNORES};
use crate::read::read_regular;

/// Bytes of a file of git's own that are copied.
const BYTES: usize = 64 << 10;

/// The input as it was.
pub struct Earlier {
    /// Goes with the value.
    _folder: TempDir,
    /// The topmost folder of the repository, and of the earlier one.
    top: PathBuf,
    root: PathBuf,
    /// Where the process works, from the top of the repository.
    here: PathBuf,
    paths: Vec<PathBuf>,
}

/// Why there is no earlier input.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    /// Git does not give it.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It cannot be written down.
    #[error("the earlier files cannot be written to a temporary folder: {0}")]
    System(#[from] io::Error),
    /// Paths are typed from elsewhere.
    #[error("run it in the repository: cd {0}")]
    Elsewhere(String),
    /// A path is of another repository, or of none.
    #[error("{0} lies outside of the repository")]
    Outside(String),
}

impl Earlier {
    /// What these paths of a repository held in a commit.
    ///
    /// # Errors
    /// Why the earlier state cannot be had.
    pub fn of(repository: &Repository, commit: &Commit, paths: &[PathBuf]) -> Result<Self, EarlierError> {
        let (folder, top) = (tempfile::tempdir()?, repository.top().to_owned());
        let working = env::current_dir()?.canonicalize()?;
        let here = working.strip_prefix(&top).map_err(|_| EarlierError::Elsewhere(top.display().to_string()))?;
        // What is not there is told by whoever reads the input of today.
        let real = paths.iter().filter_map(|path| Some((path, fs::canonicalize(path).ok()?)));
        let mut below = Vec::new();
        for (path, real) in real {
            let outside = || EarlierError::Outside(path.display().to_string());
            below.push((path, real.strip_prefix(&top).map_err(|_| outside())?.to_owned()));
        }
        // Of the others only the names are looked at, by rules about whole repositories.
        let is_wanted = |path: &Path| {
            let is_ignore = path.file_name().is_some_and(|name| IGNORES.iter().any(|ignore| name == *ignore));
            is_ignore || below.iter().any(|(_, root)| path.starts_with(root))
        };
        // A repository has its name here, too.
        let root = folder.path().canonicalize()?.join(top.file_name().unwrap_or_else(|| "repository".as_ref()));
        fs::create_dir_all(root.join(here))?;
        repository.export(commit, &root, is_wanted)?;
        copy_git(&top, &root)?;
        let up: PathBuf = here.components().map(|_| "..").collect();
        let typed = |(path, below): (&PathBuf, PathBuf)| if path.is_absolute() { up.join(below) } else { path.clone() };
        let paths = below.into_iter().map(typed).collect();
        Ok(Self { _folder: folder, here: here.to_owned(), paths, top, root })
    }

    /// On this branch, whatever is checked out today: what deploys another one deploys something else.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn on(self, branch: &str) -> Result<Self, EarlierError> {
        fs::write(self.root.join(GIT).join("HEAD"), format!("ref: refs/heads/{branch}\n"))?;
        Ok(self)
    }

    /// Where what lies in the repository lies in the earlier one.
    #[must_use]
    pub fn relocated(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.top).map_or_else(|_| path.to_owned(), |below| self.root.join(below))
    }

    /// Does something with the paths that were there, in the earlier repository.
    ///
    /// # Errors
    /// The process cannot work there.
    pub fn visit<T>(&self, then: impl FnOnce(&[PathBuf]) -> T) -> io::Result<T> {
        let _back = Visit::to(&self.root.join(&self.here))?;
        let there: Vec<PathBuf> = self.paths.iter().filter(|path| path.symlink_metadata().is_ok()).cloned().collect();
        Ok(then(&there))
    }
}

/// The process works elsewhere, until this is dropped.
struct Visit(PathBuf);

impl Visit {
    fn to(folder: &Path) -> io::Result<Self> {
        let back = env::current_dir()?;
        env::set_current_dir(folder)?;
        Ok(Self(back))
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // It was there a moment ago.
        let _ = env::set_current_dir(&self.0);
    }
}

/// Makes it a repository with the same remotes and the same branch, so that what refers to them means the same. Nothing
/// else of git's configuration is copied: it may hold credentials.
fn copy_git(top: &Path, root: &Path) -> io::Result<()> {
    let (from, to) = (top.join(GIT), root.join(GIT));
    fs::create_dir_all(&to)?;
    for (name, start) in [("config", "url"), ("HEAD", "ref:")] {
        let file = from.join(name);
        let is_own = fs::symlink_metadata(&file).is_ok_and(|kind| kind.is_file());
        if let Some(bytes) = is_own.then(|| read_regular(&file, BYTES).ok()).flatten() {
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.lines().filter(|line| line.trim_start().starts_with(start));
            fs::write(to.join(name), lines.collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(())
}
