//! Reads captured logs: the beginning of each becomes a document, whose lines rules look at.
//!
//! It must not know what a line should be.

use std::path::{Path, PathBuf};

use engine::File;
use engine::documents::{Author, log_sample};

use crate::error::{LogError, ReadError};
use crate::files::{Files, Origin};
use crate::read::{STDIN, read_input};

/// Lines that are judged. A rule shows the first that fall short, and they repeat.
const LINES: usize = 10_000;
/// Bytes that are read.
const BYTES: usize = 1 << 20;

/// A log, and whose it is, as people give the two: `web.log`, `web=out.log`, `shop/web=out.log`, `web=-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    author: Author,
    /// Where it lies; `-` is standard input.
    pub path: PathBuf,
}

impl Log {
    /// Reads the argument. What stands before a `=` is a name if Kubernetes could have it; otherwise all of it is the path.
    ///
    /// # Errors
    /// What is missing.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let (author, path) = match text.split_once('=') {
            Some((author, path)) if author.split('/').count() <= 2 && author.split('/').all(is_name) => {
                let (namespace, name) = match author.split_once('/') {
                    Some((namespace, name)) => (Some(namespace.to_owned()), name),
                    None => (None, author),
                };
                (Author { namespace, name: name.to_owned() }, path)
            }
            _ => (Author { namespace: None, name: stem(text) }, text),
        };
        if path == STDIN && author.name.is_empty() {
            return Err(LogError::Nobody);
        }
        if path.is_empty() {
            return Err(LogError::NoFile);
        }
        Ok(Self { author, path: path.into() })
    }
}

/// A name of an object: what a path begins with is seldom one, unless it has no folder.
fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.bytes().all(is_inner) && is_end(text.as_bytes().first()) && is_end(text.as_bytes().last())
}

/// `web` of `logs/web.2026-11-24.log`; empty for `-`.
fn stem(path: &str) -> String {
    let file = Path::new(path).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    stem.trim_matches('-').to_owned()
}

/// Reads the logs, behind the manifests.
pub fn read_logs(logs: &[Log], files: &mut Files) {
    for Log { author, path } in logs {
        let read = read_input(path, BYTES).and_then(|(name, bytes)| Ok((name, beginning(bytes)?)));
        match read {
            Err(cause) => files.fail(path, &cause),
            Ok((name, (text, is_whole))) => {
                if !is_whole {
                    files.skip(path, &format!("a long log; its first {} lines are judged", text.lines().count()));
                }
                let file = File { manifest: log_sample(&name, text, author), project: 0 };
                let origin = if path.as_os_str() == STDIN { Origin::Stdin } else { Origin::Disk(path.clone()) };
                files.add(file, origin);
            }
        }
    }
}

/// As many whole lines as are judged, and whether these are all. A program may write anything, so bytes that are no UTF-8
/// are replaced.
fn beginning(mut bytes: Vec<u8>) -> Result<(String, bool), ReadError> {
    let is_whole = bytes.len() <= BYTES;
    if !is_whole {
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let end = end.ok_or(ReadError::NoLines(BYTES))?;
        bytes.truncate(end + 1);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.match_indices('\n').nth(LINES - 1).map(|(at, _)| at + 1);
    match lines.filter(|end| *end < text.len()) {
        Some(end) => Ok((text.get(..end).unwrap_or_default().to_owned(), false)),
        None => Ok((text, is_whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_by_its_file_or_by_its_argument() {
        for (text, namespace, name, path) in [
            ("web.log", None, "web", "web.log"),
            ("logs/web.2026-11-24.log", None, "web", "logs/web.2026-11-24.log"),
            ("web=out.log", None, "web", "out.log"),
            ("shop/web=logs/a=b.log", Some("shop"), "web", "logs/a=b.log"),
            ("web=-", None, "web", "-"),
            ("./a=b.log", None, "a=b", "./a=b.log"),
            ("Out=1.log", None, "Out=1", "Out=1.log"),
        ] {
            let log = Log::parse(text).unwrap();
            assert_eq!((log.author.namespace.as_deref(), log.author.name.as_str()), (namespace, name), "{text}");
            assert_eq!(log.path, Path::new(path), "{text}");
        }
        assert_eq!(Log::parse("-"), Err(LogError::Nobody));
        assert_eq!(Log::parse("web="), Err(LogError::NoFile));
    }

    #[test]
    fn a_long_log_is_cut_between_lines() {
        let (text, is_whole) = beginning(b"a\n".repeat(LINES)).unwrap();
        assert!(is_whole && text.lines().count() == LINES);
        let (text, is_whole) = beginning(b"a\n".repeat(LINES + 1)).unwrap();
        assert!(!is_whole && text.lines().count() == LINES);
        let long = [b"x".repeat(BYTES - 10), b"\n".to_vec(), b"y".repeat(100)].concat();
        let (text, is_whole) = beginning(long).unwrap();
        assert!(!is_whole && text.lines().count() == 1);
        assert!(beginning(b"x".repeat(BYTES + 1)).is_err());
        assert_eq!(beginning(vec![b'a', 0xFF]).unwrap().0, "a\u{FFFD}");
    }
}
