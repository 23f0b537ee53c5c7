//! Reads what commands are given, and shows how far that has come.

use std::path::PathBuf;

use sources::Files;

use crate::present::progress::Progress;

/// Reads all files of the paths.
pub fn read(paths: &[PathBuf]) -> Files {
    let found = sources::find(paths);
    let progress = Progress::start("reading", found.count());
    found.read(|| progress.step())
}
