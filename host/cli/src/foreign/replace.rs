//! Replaces a file by another, at once and never through a link.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use sources::explain;
use tempfile::NamedTempFile;

/// Writes a file beside its place and moves it there, with the permissions of what was there. A link is refused: where it
/// leads, nobody named.
///
/// # Errors
/// Why not, to stand behind the path.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let old = fs::symlink_metadata(path).ok();
    match &old {
        Some(old) if old.is_symlink() => return Err("is a link, and is not written through".into()),
        Some(old) if !old.is_file() => return Err("is no regular file, and is not written".into()),
        _ => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut draft = NamedTempFile::new_in(folder)?;
        draft.write_all(bytes)?;
        if let Some(old) = &old {
            draft.as_file().set_permissions(old.permissions())?;
        }
        draft.persist(path).map_err(|cause| cause.error)
    };
    write().map(drop).map_err(|cause| format!("cannot be written: {}", explain(&cause)))
}
