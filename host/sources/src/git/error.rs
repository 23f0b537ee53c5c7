//! Why git gives no answer, and what to do about it.

use std::io;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no program, or its output cannot be read.
    #[error("git cannot be run: {0}")]
    Git(#[source] io::Error),
    /// The folder is in no repository.
    #[error("{0} is in no git repository")]
    Repository(String),
    /// Git does not open the repository of somebody else.
    #[error("{0} belongs to somebody else, and git does not open it: git config --global --add safe.directory {0}")]
    Owner(String),
    /// There is no such commit here.
    #[error("there is no revision `{name}` here; {advice}", advice = advice(name, *.is_shallow))]
    Unknown {
        /// The name that was given.
        name: String,
        /// Whether a part of the history is not here.
        is_shallow: bool,
    },
    /// Two commits have no common ancestor here.
    #[error("{one} and {other} have no common history here{}", if *.is_shallow { SHALLOW } else { "" })]
    Unrelated {
        /// One.
        one: String,
        /// The other.
        other: String,
        /// Whether a part of the history is not here.
        is_shallow: bool,
    },
    /// It is no file of the repository.
    #[error("lies outside of the repository")]
    Outside,
    /// The revision does not have it.
    #[error("is not in the revision {0}")]
    Missing(String),
    /// Git refused something that should be there.
    #[error("git {0} failed: {1}")]
    Refused(String, String),
    /// A file of a commit is larger than is read.
    #[error("the history has a file with more than {} MiB", *.0 >> 20)]
    Large(usize),
    /// A file of a commit cannot be written down.
    #[error("{path} cannot be written: {cause}")]
    Write {
        /// Its path in the repository.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

/// What to do in a clone that lacks history.
const SHALLOW: &str = ": this clone is shallow. Fetch the whole history: `fetch-depth: 0` of actions/checkout, \
                       `GIT_DEPTH: 0` in GitLab, or git fetch --unshallow";

fn advice(name: &str, is_shallow: bool) -> String {
    // It is asked of the remote, where the branch has no prefix.
    let name = name.strip_prefix("origin/").unwrap_or(name);
    if is_shallow {
        format!("fetch it first: git fetch origin {name}{SHALLOW}")
    } else {
        format!("fetch it first: git fetch origin {name}")
    }
}

impl GitError {
    /// Whether the answer is missing because the clone is shallow.
    #[must_use]
    pub const fn is_of_shallow_clone(&self) -> bool {
        matches!(self, Self::Unknown { is_shallow: true, .. } | Self::Unrelated { is_shallow: true, .. })
    }
}
