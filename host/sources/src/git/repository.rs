//! A repository, its commits by their names, and where two histories part.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::command::{Answer, run};
use super::error::GitError;

/// Characters by which people tell commits apart.
const SHORT: usize = 10;

/// The repository that a folder is in.
#[derive(Clone, Debug)]
pub struct Repository {
    top: PathBuf,
}

/// A commit. It is shown by the beginning of its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit(String);

impl Commit {
    /// The whole hash.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.get(..SHORT).unwrap_or(&self.0))
    }
}

impl Repository {
    /// The repository around a folder.
    ///
    /// # Errors
    /// The folder is in no repository, or git does not open it.
    pub fn around(folder: &Path) -> Result<Self, GitError> {
        let shown = || folder.display().to_string();
        match run(folder, ["rev-parse", "--show-toplevel"])? {
            Answer::Output(top) => {
                let top = PathBuf::from(OsStr::from_bytes(line(&top)));
                // A configuration may say that the files are elsewhere.
                let is_around = folder.canonicalize().is_ok_and(|real| real.starts_with(&top));
                if is_around { Ok(Self { top }) } else { Err(GitError::Repository(shown())) }
            }
            Answer::Refusal(said) if said.contains("dubious ownership") => Err(GitError::Owner(shown())),
            Answer::Refusal(_) => Err(GitError::Repository(shown())),
        }
    }

    /// Its topmost folder.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The commit that a person means by this name: a branch, a tag, a hash, `HEAD^`.
    ///
    /// # Errors
    /// No commit here has that name.
    pub fn commit(&self, name: &str) -> Result<Commit, GitError> {
        let unknown = || GitError::Unknown { name: name.to_owned(), is_shallow: self.is_shallow() };
        if name.is_empty() || name.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{name}^{{commit}}");
        let found = run(&self.top, ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?.output();
        found.and_then(|found| id(&found)).ok_or_else(unknown)
    }

    /// The last commit that both have in their history.
    ///
    /// # Errors
    /// Their histories have no commit in common here.
    pub fn merge_base(&self, one: &Commit, other: &Commit) -> Result<Commit, GitError> {
        let found = run(&self.top, ["merge-base", &one.0, &other.0])?.output();
        found.and_then(|found| id(&found)).ok_or_else(|| GitError::Unrelated {
            one: one.to_string(),
            other: other.to_string(),
            is_shallow: self.is_shallow(),
        })
    }

    /// Whether a part of the history is not here.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        let said = run(&self.top, ["rev-parse", "--is-shallow-repository"]).ok().and_then(Answer::output);
        said.is_some_and(|said| line(&said) == b"true")
    }

    /// Whether it is a clone of another repository, or knows one.
    ///
    /// # Errors
    /// Git does not list the remotes.
    pub fn has_remote(&self) -> Result<bool, GitError> {
        Ok(!run(&self.top, ["remote"])?.expected("remote")?.is_empty())
    }
}

/// The first hash of an output.
fn id(output: &[u8]) -> Option<Commit> {
    let id = std::str::from_utf8(output).ok()?.lines().next()?;
    let is_id = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| Commit(id.to_owned()))
}

fn line(output: &[u8]) -> &[u8] {
    let end = output.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    output.get(..end).unwrap_or_default()
}
