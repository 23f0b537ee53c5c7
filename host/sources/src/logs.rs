//! Reads captured logs: the beginning of each becomes a document, whose lines rules look at.
//!
//! It must not know what a line should be.

use std::path::{Path, PathBuf};

use engine::File;
use engine::documents::{Author, lines, log_sample};
use engine::manifest::Manifest;
use protocol::documents::{LOG_LINES, LOG_SAMPLE};

use crate::error::{LogError, ReadError};
use crate::files::{Files, Origin};
use crate::read::{STDIN, read_input};

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
        match read_log(path, author) {
            Err(cause) => files.fail(path, &cause),
            Ok((manifest, is_whole)) => {
                if !is_whole {
                    let count = lines(&manifest.source.text()).count();
                    files.skip(path, &format!("a long log; its first {count} lines are checked"));
                }
                let origin = if path.as_os_str() == STDIN { Origin::Stdin } else { Origin::Disk(path.clone()) };
                files.add(File { manifest, project: 0 }, origin);
            }
        }
    }
}

/// The document of a log, and whether it has all lines. A program may write anything, so bytes that are no UTF-8 are
/// replaced.
fn read_log(path: &Path, author: &Author) -> Result<(Manifest, bool), ReadError> {
    let (name, bytes) = read_input(path, LOG_SAMPLE.bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    let end = beginning(&text)?;
    let is_whole = end == text.len();
    text.truncate(end);
    Ok((log_sample(&name, text, author)?, is_whole))
}

/// How much of the text is judged: as many whole lines as a document may have. A rule shows the first that fall short, and
/// they repeat.
fn beginning(text: &str) -> Result<usize, ReadError> {
    if text.is_empty() {
        return Ok(0);
    }
    let ends = lines(text).map(|line| line.start).skip(1).chain([text.len()]);
    let ends = ends.take(LOG_LINES).take_while(|end| *end <= LOG_SAMPLE.bytes);
    ends.last().ok_or(ReadError::NoLines(LOG_SAMPLE.bytes))
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
        let end = |text: &str| beginning(text).ok();
        let (most, bytes) = ("a\n".repeat(LOG_LINES), LOG_SAMPLE.bytes);
        assert_eq!(end(&most), Some(most.len()));
        assert_eq!(end(&(most.clone() + "a")), Some(most.len()));
        // A line that is written over counts, as it does in the document.
        assert_eq!(end(&"50 %\r".repeat(LOG_LINES + 1)), Some(5 * LOG_LINES));
        let first = "x".repeat(bytes - 10) + "\n";
        assert_eq!(end(&(first.clone() + &"y".repeat(100))), Some(first.len()));
        assert_eq!([end(&"x".repeat(bytes)), end(&"x".repeat(bytes + 1)), end("")], [Some(bytes), None, Some(0)]);
    }

    #[test]
    fn a_log_may_hold_any_bytes() {
        let author = Author { namespace: None, name: "web".into() };
        let file = tempfile::NamedTempFile::new().unwrap();
        for (bytes, expected, whole) in [
            (vec![b'a', 0xFF], "a\u{FFFD}".to_owned(), true),
            // What replaces a byte is longer than the byte.
            (
                [vec![0xFF; LOG_SAMPLE.bytes / 3], b"\nlast\n".to_vec()].concat(),
                "\u{FFFD}".repeat(LOG_SAMPLE.bytes / 3) + "\n",
                false,
            ),
        ] {
            std::fs::write(file.path(), bytes).unwrap();
            let (log, is_whole) = read_log(file.path(), &author).unwrap();
            assert!(log.source.text() == expected && is_whole == whole);
        }
    }
}
