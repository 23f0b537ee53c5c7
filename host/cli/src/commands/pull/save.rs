//! Writes what was pulled: each file whole or not at all, in the folder that was named and nowhere else.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::failure::Failure;
use crate::present::output::shown;

/// A module to write as `<name>.wasm`.
pub struct File<'a> {
    /// A plain word: no path.
    pub name: &'a str,
    pub content: &'a [u8],
}

/// The folder, made if it is not there.
pub fn folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|cause| failed(path, &cause))
}

/// The modules of a folder that are not among these: together with them they would pass for one bundle.
pub fn others(folder: &Path, names: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.and_then(Iterator::collect::<Result<Vec<_>, _>>),
    };
    let paths = entries.map_err(|cause| failed(folder, &cause))?.into_iter().map(|entry| entry.path());
    let is_other = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "wasm")
            && !names.iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name))
    };
    let mut others: Vec<PathBuf> = paths.filter(is_other).collect();
    others.sort();
    Ok(others)
}

/// Writes the file beside its place, and then moves it there: who looks sees the old content or the new one, and a link at
/// its place is replaced, not followed.
pub fn write(folder: &Path, file: &File<'_>) -> Result<PathBuf, Failure> {
    let path = folder.join(format!("{}.wasm", file.name));
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let written = builder.tempfile_in(folder).and_then(|mut beside| {
        beside.write_all(file.content)?;
        beside.as_file().sync_all()?;
        beside.persist(&path).map_err(|cause| cause.error)
    });
    written.map(|_| path.clone()).map_err(|cause| failed(&path, &cause))
}

fn failed(path: &Path, cause: &std::io::Error) -> Failure {
    Failure::File(format!("{} cannot be written: {cause}", shown(path)))
}
