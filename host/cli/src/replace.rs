//! Replaces a file by another, at once and never through a link.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sources::ReadError;
use tempfile::Builder;

/// Why a file is not written, to stand behind its path.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Where a link leads, nobody named.
    #[error("is a link, and is not written through")]
    Link,
    /// A folder, a device or a pipe.
    #[error("is not a regular file, and was not written")]
    Special,
    /// There is no folder to write it to.
    #[error("cannot be written: its folder does not exist; mkdir -p it first")]
    NoFolder,
    /// It cannot be compared with what was judged.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It has another text by now.
    #[error("changed since it was checked, or is not UTF-8, and was not written")]
    Changed,
    /// The system failed.
    #[error("cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes a file beside its place and moves it there, with the permissions of what was there. A link is refused: where it
/// leads, nobody named.
///
/// # Errors
/// Why not.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), ReplaceError> {
    let old = fs::symlink_metadata(path).ok();
    match &old {
        Some(old) if old.is_symlink() => return Err(ReplaceError::Link),
        Some(old) if !old.is_file() => return Err(ReplaceError::Special),
        _ => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(ReplaceError::NoFolder);
    }
    let write = || {
        // As any new file has it: others may read it, unless the user's mask says otherwise.
        let draft = Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
        // The whole cause names the draft, which the user did not name.
        let mut draft = draft.map_err(|cause| io::Error::from(cause.kind()))?;
        draft.write_all(bytes)?;
        if let Some(old) = &old {
            draft.as_file().set_permissions(old.permissions())?;
        }
        draft.persist(path).map_err(|cause| cause.error)
    };
    Ok(write().map(drop)?)
}
