//! What a branch did to some files, commit by commit.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::command::run;
use super::error::GitError;
use super::repository::{Commit, Repository};

/// A commit of a branch, and the files that it changed against the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its hash.
    pub id: String,
    /// When it was made, in seconds since 1970, as the clock of whoever made it said.
    pub time: u64,
    /// The files.
    pub files: Vec<MadeFile>,
}

/// A file that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFile {
    /// Where it was; nowhere if it is new.
    pub old: Option<PathBuf>,
    /// Where it is, and the hash of its bytes; nowhere if it is gone, or is no file any more.
    pub new: Option<(PathBuf, String)>,
}

impl Repository {
    /// What was done to files with these endings, the newest commit first: by the commits of the branch itself, so that a merge
    /// is what it brought. No more than so many commits.
    ///
    /// # Errors
    /// Git does not list them.
    pub fn history(&self, branch: &Commit, endings: &[&str], most: usize) -> Result<Vec<Made>, GitError> {
        let most = format!("--max-count={most}");
        let words = ["log", "--first-parent", "--diff-merges=first-parent", "--raw", "-r", "-z", "-M", "--no-abbrev"];
        let more =
            ["--no-ext-diff", "--no-textconv", "--no-show-signature", "--format=%x01%H %ct", &most, branch.id(), "--"];
        let patterns: Vec<String> = endings.iter().map(|ending| format!("*{ending}")).collect();
        let words = words.into_iter().chain(more).chain(patterns.iter().map(String::as_str));
        let listed = run(self.top(), words)?.expected("log")?;
        let unread = || GitError::Refused("log".into(), "its output cannot be read".into());
        let mut fields = listed.split(|byte| *byte == 0);
        let mut history: Vec<Made> = Vec::new();
        while let Some(field) = fields.next() {
            let field = field.strip_prefix(b"\n").unwrap_or(field);
            match field.split_first() {
                None => {}
                Some((1, head)) => history.push(made(head).ok_or_else(unread)?),
                Some((b':', head)) => {
                    let file = file(head, &mut fields).ok_or_else(unread)?;
                    history.last_mut().ok_or_else(unread)?.files.push(file);
                }
                Some(_) => return Err(unread()),
            }
        }
        Ok(history)
    }
}

/// `0123... 1700000000`.
fn made(head: &[u8]) -> Option<Made> {
    let (id, time) = std::str::from_utf8(head).ok()?.split_once(' ')?;
    // A time before 1970 counts as 1970: no wait is that long.
    Some(Made { id: id.to_owned(), time: time.trim().parse().unwrap_or_default(), files: Vec::new() })
}

/// `100644 100644 0123... 4567... R086`, and one path or two.
fn file<'b>(head: &[u8], paths: &mut impl Iterator<Item = &'b [u8]>) -> Option<MadeFile> {
    let mut words = std::str::from_utf8(head).ok()?.split(' ');
    let (was, is, _, object, status) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let mut path = || paths.next().map(|path| PathBuf::from(OsStr::from_bytes(path)));
    let first = path()?;
    let (old, new) = match status.as_bytes().first()? {
        b'R' => (Some(first), path()?),
        b'C' => (None, path()?),
        b'A' => (None, first),
        _ => (Some(first.clone()), first),
    };
    // Links and submodules have other modes.
    let is_file = |mode: &str| mode.starts_with("100");
    Some(MadeFile { old: old.filter(|_| is_file(was)), new: is_file(is).then(|| (new, object.to_owned())) })
}
