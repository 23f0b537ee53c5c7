//! The files of a commit, and their bytes.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;

use super::command::{command, run};
use super::error::GitError;
use super::repository::{Commit, Repository};

/// What a commit has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From the top of the repository.
    pub path: PathBuf,
    /// What it is.
    pub kind: EntryKind,
    /// The hash of its bytes: equal ones are equal files.
    pub object: String,
    /// How many bytes it has; none of a submodule.
    pub bytes: u64,
}

/// What a path of a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A symbolic link; its bytes are where it leads.
    Link,
    /// Another repository, of which nothing is here.
    Submodule,
}

impl Repository {
    /// All files of a commit, by path.
    ///
    /// # Errors
    /// Git does not list them.
    pub fn entries(&self, commit: &Commit) -> Result<Vec<Entry>, GitError> {
        let listed = run(self.top(), ["ls-tree", "-r", "-z", "-l", "--full-tree", commit.id()])?.expected("ls-tree")?;
        let entries = listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        let unread = || GitError::Refused("ls-tree".into(), "its output cannot be read".into());
        entries.map(|line| entry(line).ok_or_else(unread)).collect()
    }

    /// Hands over the bytes of files, one after the other in their order. Submodules have none and are left out.
    ///
    /// # Errors
    /// Git does not give one of them, or the receiver's own.
    pub fn read_all<'e>(
        &self,
        entries: impl IntoIterator<Item = &'e Entry>,
        mut then: impl FnMut(&'e Entry, Vec<u8>) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let entries: Vec<&Entry> = entries.into_iter().filter(|it| it.kind != EntryKind::Submodule).collect();
        let mut command = command(self.top(), ["cat-file", "--batch", "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(GitError::Git)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Ok(()) };
        let asked: String = entries.iter().map(|entry| format!("{}\n", entry.object)).collect();
        // Git may fill its output before it has read all questions. That it is gone shows in its output.
        let asking = thread::spawn(move || _ = input.write_all(asked.as_bytes()));
        let mut output = BufReader::new(output);
        let handed = entries.into_iter().try_for_each(|entry| then(entry, blob(&mut output, entry)?));
        drop(output);
        let _ = child.kill();
        let _ = child.wait();
        let _ = asking.join();
        handed
    }
}

/// `100644 blob 0123... 42\tpath`.
fn entry(line: &[u8]) -> Option<Entry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (head, path) = line.split_at_checked(tab)?;
    let mut words = std::str::from_utf8(head).ok()?.split_ascii_whitespace();
    let (mode, _, object, bytes) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let kind = match mode {
        "120000" => EntryKind::Link,
        "160000" => EntryKind::Submodule,
        _ => EntryKind::File,
    };
    let path = PathBuf::from(OsStr::from_bytes(path.get(1..)?));
    Some(Entry { path, kind, object: object.to_owned(), bytes: bytes.parse().unwrap_or_default() })
}

/// `0123... blob 42\n`, so many bytes, and a line break.
fn blob(output: &mut impl BufRead, entry: &Entry) -> Result<Vec<u8>, GitError> {
    let mut head = String::new();
    output.take(200).read_line(&mut head).map_err(GitError::Git)?;
    let lacking = || GitError::Refused("cat-file".into(), format!("{} is not here", entry.path.display()));
    let mut words = head.split_ascii_whitespace();
    let size = match (words.next(), words.next(), words.next()) {
        (Some(_), Some("blob"), Some(size)) => size.parse::<usize>().map_err(|_| lacking())?,
        _ => return Err(lacking()),
    };
    let mut bytes = vec![0; size];
    output.read_exact(&mut bytes).map_err(GitError::Git)?;
    output.read_exact(&mut [0]).map_err(GitError::Git)?;
    Ok(bytes)
}
