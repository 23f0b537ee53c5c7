//! Files as they are in a revision of a git repository: what a pull request cannot change. Only `git` itself is asked, and
//! only for what it keeps.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A commit of a repository.
#[derive(Clone, Debug)]
pub struct Revision {
    name: String,
    top: PathBuf,
    commit: String,
}

/// Why there is no such revision, or no such file in it.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// There is no program.
    #[error("git cannot be run: {0}")]
    Git(#[source] io::Error),
    /// The folder is in no repository.
    #[error("{0} is in no git repository")]
    Repository(String),
    /// There is no such commit here.
    #[error("there is no revision `{0}` here; in a shallow clone, fetch it first: git fetch origin {0}")]
    Unknown(String),
    /// It is no file of the repository.
    #[error("lies outside of the repository")]
    Outside,
    /// The revision does not have it.
    #[error("is not in the revision {0}")]
    Missing(String),
}

impl Revision {
    /// The commit that a name means in the repository of a folder.
    ///
    /// # Errors
    /// There is none.
    pub fn new(folder: &Path, name: &str) -> Result<Self, RevisionError> {
        let top = git(folder, &["rev-parse", "--show-toplevel"])?;
        let top = top.ok_or_else(|| RevisionError::Repository(folder.display().to_string()))?;
        let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end_matches(['\n', '\r']));
        let commit = format!("{name}^{{commit}}");
        let commit = git(&top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        let commit = commit.ok_or_else(|| RevisionError::Unknown(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), top, commit: String::from_utf8_lossy(&commit).trim().to_owned() })
    }

    /// What a file has in it.
    ///
    /// # Errors
    /// It is not there.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, RevisionError> {
        let path = path.strip_prefix(&self.top).map_err(|_| RevisionError::Outside)?;
        let object = format!("{}:{}", self.commit, path.to_string_lossy());
        let bytes = git(&self.top, &["cat-file", "blob", &object])?;
        bytes.ok_or_else(|| RevisionError::Missing(self.name.clone()))
    }

    /// Whether it has a file.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        self.read(path).is_ok()
    }
}

/// What git prints; nothing where it refuses.
fn git(folder: &Path, arguments: &[&str]) -> Result<Option<Vec<u8>>, RevisionError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    // Where these are set, git looks at another repository than the one that was named.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(variable);
    }
    let output = command.output().map_err(RevisionError::Git)?;
    Ok(output.status.success().then_some(output.stdout))
}
