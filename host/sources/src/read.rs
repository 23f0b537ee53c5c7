//! Reads one file, or standard input, as far as may be read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::error::ReadError;

/// The path that means standard input.
pub const STDIN: &str = "-";

/// Bytes that are made room for before they are there: what a file says of its length is not believed beyond this.
const READ_AHEAD: usize = 8 << 20;

/// What standard input is called.
pub(crate) const STDIN_NAME: &str = "<stdin>";

/// The bytes of standard input (`-`) or of a regular file, and what it is called.
///
/// # Errors
/// As [`read_regular`].
pub fn read_input(path: &Path, limit: usize) -> Result<(String, Vec<u8>), ReadError> {
    if path.as_os_str() == STDIN {
        let mut bytes = Vec::new();
        io::stdin().lock().take(limit as u64 + 1).read_to_end(&mut bytes)?;
        return Ok((STDIN_NAME.into(), bytes));
    }
    Ok((name(path), read_regular(path, limit)?))
}

/// The bytes of a regular file. What could hang or never end is refused; of what is too large there is one byte more
/// than the limit, so that whoever has set it sees.
///
/// # Errors
/// Why it cannot be read.
pub fn read_regular(path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let file = open_regular(path)?;
    // A file as long as it says is read by two calls, and not by one for each step in which the buffer grows.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(length.min(limit).saturating_add(1).min(READ_AHEAD));
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A regular file, to be read. What could hang or never end is refused.
pub(crate) fn open_regular(path: &Path) -> Result<File, ReadError> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(ReadError::Folder);
    }
    if !kind.is_file() {
        return Err(ReadError::Special);
    }
    Ok(File::open(path)?)
}

/// A path as people type it, with `/` and without a `./` before it. Bytes that are no UTF-8 are replaced; they name no
/// other file in the output.
#[must_use]
pub fn name(path: &Path) -> String {
    let mut text = String::new();
    let below = path.strip_prefix(".").ok().filter(|below| !below.as_os_str().is_empty());
    for component in below.unwrap_or(path).components() {
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        match component {
            Component::RootDir => text.push('/'),
            other => text.push_str(&other.as_os_str().to_string_lossy()),
        }
    }
    text
}

/// The path without `.` and, where a folder stands before it, `..`.
#[must_use]
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => _ = clean.pop(),
            other => clean.push(other),
        }
    }
    clean
}
