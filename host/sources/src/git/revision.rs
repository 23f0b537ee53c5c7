//! Single files as they are in a revision: what a pull request cannot change.

use std::ffi::OsString;
use std::path::Path;

use super::command::run;
use super::error::GitError;
use super::repository::{Commit, Repository};

/// A commit of a repository, by the name that a person gave it.
#[derive(Clone, Debug)]
pub struct Revision {
    name: String,
    repository: Repository,
    commit: Commit,
}

impl Revision {
    /// The commit that a name means in the repository of a folder.
    ///
    /// # Errors
    /// The repository or the revision does not exist.
    pub fn new(folder: &Path, name: &str) -> Result<Self, GitError> {
        let repository = Repository::around(folder)?;
        let commit = repository.commit(name)?;
        Ok(Self { name: name.to_owned(), repository, commit })
    }

    /// What a file has in it.
    ///
    /// # Errors
    /// It is not there.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, GitError> {
        let top = self.repository.top();
        let path = path.strip_prefix(top).map_err(|_| GitError::Outside)?;
        let mut object = OsString::from(format!("{}:", self.commit.id()));
        object.push(path);
        let words = ["cat-file".into(), "blob".into(), object];
        run(top, words)?.output().ok_or_else(|| GitError::Missing(self.name.clone()))
    }

    /// Whether it has a file.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        self.read(path).is_ok()
    }
}
