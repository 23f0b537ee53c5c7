//! The commits of a branch.

use super::command::run;
use super::error::GitError;
use super::repository::{Commit, Repository};

/// One commit, and what people wrote about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its hash.
    pub id: String,
    /// Its message: subject and body.
    pub message: String,
}

impl Repository {
    /// The commits that one has in its history and the other has not, the oldest first, merges left out.
    ///
    /// # Errors
    /// Git does not list them.
    pub fn log(&self, from: &Commit, to: &Commit) -> Result<Vec<Logged>, GitError> {
        let range = format!("{}..{}", from.id(), to.id());
        let words = ["log", "-z", "--reverse", "--no-merges", "--no-show-signature", "--format=%H%n%B", &range, "--"];
        let listed = run(self.top(), words)?.expected("log")?;
        let listed = String::from_utf8_lossy(&listed);
        let commits = listed.split('\0').filter_map(|commit| commit.split_once('\n'));
        Ok(commits.map(|(id, message)| Logged { id: id.to_owned(), message: message.trim_end().to_owned() }).collect())
    }
}
