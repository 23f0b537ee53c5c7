//! Reads one file, or standard input, as far as may be read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

/// The path that means standard input.
pub const STDIN: &str = "-";

/// A device or a pipe.
pub const SPECIAL: &str = "is no regular file; to read a pipe, give `-`";

/// The bytes of standard input (`-`) or of a regular file, and what it is called.
///
/// # Errors
/// As [`read_regular`].
pub fn read_input(path: &Path, limit: usize) -> Result<(String, Vec<u8>), String> {
    if path.as_os_str() == STDIN {
        let bytes = read_limited(io::stdin().lock(), limit).map_err(|cause| explain(&cause))?;
        return Ok(("<stdin>".into(), bytes));
    }
    Ok((name(path), read_regular(path, limit)?))
}

/// The bytes of a regular file. What could hang or never end is refused; of what is too large there is one byte more
/// than the limit, so that whoever has set it sees.
///
/// # Errors
/// Why not, to stand behind the path.
pub fn read_regular(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let kind = fs::metadata(path).map_err(|cause| explain(&cause))?;
    if kind.is_dir() {
        return Err("is a folder".into());
    }
    if !kind.is_file() {
        return Err(SPECIAL.into());
    }
    File::open(path).and_then(|file| read_limited(file, limit)).map_err(|cause| explain(&cause))
}

fn read_limited(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What happened to a path, to stand behind it.
#[must_use]
pub fn explain(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "may not be read (permission denied)".into(),
        _ => format!("cannot be read: {cause}"),
    }
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
