//! What a branch did to some files, commit by commit.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;

use super::command::{command, run};
use super::entries::{Entry, EntryKind};
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
        let mut fields = listed.split(|byte| *byte == 0).peekable();
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

    /// The bytes of these files by their hashes, but for those that are larger.
    ///
    /// # Errors
    /// Git does not give one of them.
    pub fn blobs<'o>(
        &self,
        objects: impl IntoIterator<Item = &'o str>,
        most: u64,
        mut then: impl FnMut(&'o str, Vec<u8>),
    ) -> Result<(), GitError> {
        let mut seen = HashSet::new();
        let objects: Vec<&str> = objects.into_iter().filter(|object| seen.insert(*object)).collect();
        let sizes = self.sizes(&objects)?;
        let entry = |object: &&'o str| {
            let bytes = sizes.get(*object).copied().filter(|bytes| *bytes <= most)?;
            Some((*object, Entry { path: PathBuf::new(), kind: EntryKind::File, object: (*object).to_owned(), bytes }))
        };
        let entries: Vec<(&str, Entry)> = objects.iter().filter_map(entry).collect();
        let mut names = entries.iter().map(|(object, _)| *object);
        self.read_all(entries.iter().map(|(_, entry)| entry), |_, bytes| {
            names.next().into_iter().for_each(|object| then(object, bytes.clone()));
            Ok(())
        })
    }

    /// How many bytes each of these has.
    fn sizes(&self, objects: &[&str]) -> Result<HashMap<String, u64>, GitError> {
        let mut command = command(self.top(), ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(GitError::Git)?;
        let input = child.stdin.take();
        let asked: String = objects.iter().map(|object| format!("{object}\n")).collect();
        // Git may fill its output before it has read all questions. That it is gone shows in its output.
        let asking = thread::spawn(move || _ = input.map(|mut input| input.write_all(asked.as_bytes())));
        let output = child.wait_with_output().map_err(GitError::Git)?;
        let _ = asking.join();
        let text = String::from_utf8_lossy(&output.stdout);
        let mut sizes = HashMap::new();
        for line in text.lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next().and_then(|size| size.parse().ok())) {
                (Some(object), Some("blob"), Some(size)) => _ = sizes.insert(object.to_owned(), size),
                (Some(object), ..) => {
                    return Err(GitError::Refused("cat-file".into(), format!("{object} is not here")));
                }
                _ => {}
            }
        }
        Ok(sizes)
    }
}

/// `0123... 1700000000`.
fn made(head: &[u8]) -> Option<Made> {
    let (id, time) = std::str::from_utf8(head).ok()?.split_once(' ')?;
    // A time before 1970 is none that anybody waited for.
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
