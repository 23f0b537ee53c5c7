//! Reads what commands are given, and shows how far that has come.

use std::path::PathBuf;

use sources::{Exclude, Files};

use crate::present::progress::Progress;

/// Reads all files of the paths but what is excluded.
pub fn read(paths: &[PathBuf], excludes: &[Exclude]) -> Files {
    let found = sources::find(paths, excludes);
    let progress = Progress::start("reading", found.count());
    found.read(|| progress.step())
}
