//! What changed between two commits.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::command::run;
use super::error::GitError;
use super::repository::{Commit, Repository};

/// A file that is another one than before. Renamed ones have both paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it was, from the top of the repository; nowhere if it is new.
    pub old: Option<PathBuf>,
    /// Where it is; nowhere if it is gone.
    pub new: Option<PathBuf>,
}

impl Repository {
    /// What changed from one commit to the other, by path.
    ///
    /// # Errors
    /// Git does not compare them.
    pub fn changes(&self, from: &Commit, to: &Commit) -> Result<Vec<Change>, GitError> {
        let words = ["diff-tree", "-r", "-z", "-M", "--raw", "--no-ext-diff", "--no-textconv", "--no-commit-id"];
        let listed = run(self.top(), words.into_iter().chain([from.id(), to.id()]))?.expected("diff-tree")?;
        let mut fields = listed.split(|byte| *byte == 0);
        let mut changes = Vec::new();
        while let Some(head) = fields.next().filter(|head| head.first() == Some(&b':')) {
            let mut path = || fields.next().map(|path| PathBuf::from(OsStr::from_bytes(path)));
            // `:100644 100644 0123... 4567... R086`
            let status = head.rsplit(|byte| *byte == b' ').next().and_then(<[u8]>::first);
            let (old, new) = match status {
                Some(b'A') => (None, path()),
                Some(b'D') => (path(), None),
                Some(b'R') => (path(), path()),
                Some(b'C') => {
                    let _ = path();
                    (None, path())
                }
                _ => {
                    let path = path();
                    (path.clone(), path)
                }
            };
            changes.push(Change { old, new });
        }
        Ok(changes)
    }
}
