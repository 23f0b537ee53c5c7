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
        then: impl FnMut(&'e Entry, Vec<u8>) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let entries = entries.into_iter().filter(|entry| entry.kind != EntryKind::Submodule);
        let objects = entries.map(|entry| (&*entry.object, entry));
        self.blobs(objects, usize::MAX, then)
    }

    /// Hands over the bytes of files by their hashes, each with what was given beside the hash.
    ///
    /// # Errors
    /// Git does not give one of them, one has more bytes, or the receiver's own.
    pub fn blobs<'o, T>(
        &self,
        objects: impl IntoIterator<Item = (&'o str, T)>,
        most: usize,
        mut then: impl FnMut(T, Vec<u8>) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let objects: Vec<(&str, T)> = objects.into_iter().collect();
        let mut command = command(self.top(), ["cat-file", "--batch", "--buffer"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(GitError::Git)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Ok(()) };
        let asked: String = objects.iter().map(|(object, _)| format!("{object}\n")).collect();
        // Git may fill its output before it has read all questions. That it is gone shows in its output.
        let asking = thread::spawn(move || _ = input.write_all(asked.as_bytes()));
        let mut output = BufReader::new(output);
        let handed = objects.into_iter().try_for_each(|(object, with)| then(with, blob(&mut output, object, most)?));
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
fn blob(output: &mut impl BufRead, object: &str, most: usize) -> Result<Vec<u8>, GitError> {
    let mut head = String::new();
    output.take(200).read_line(&mut head).map_err(GitError::Git)?;
    let lacking = || GitError::Refused("cat-file".into(), format!("{object} is not here"));
    let mut words = head.split_ascii_whitespace();
    let size = match (words.next(), words.next(), words.next()) {
        (Some(_), Some("blob"), Some(size)) => size.parse::<usize>().map_err(|_| lacking())?,
        _ => return Err(lacking()),
    };
    if size > most {
        return Err(GitError::Large(most));
    }
    let mut bytes = vec![0; size];
    output.read_exact(&mut bytes).map_err(GitError::Git)?;
    output.read_exact(&mut [0]).map_err(GitError::Git)?;
    Ok(bytes)
}
