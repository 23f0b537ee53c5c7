//! Reads what commands are given, and shows how far that has come.

use std::path::PathBuf;

use sources::{Exclude, Files, Reading, RenderOptions};

use crate::present::progress::Progress;

/// Reads all files of the paths but what is excluded, and renders what is to be rendered of them.
pub fn read(paths: &[PathBuf], excludes: &[Exclude], rendering: &RenderOptions, reading: &Reading<'_>) -> Files {
    let found = sources::find(paths, excludes, reading);
    let progress = Progress::start("reading", found.count());
    let mut files = found.read(|| progress.step());
    drop(progress);
    let progress = Progress::open_ended("rendering".into(), "charts and kustomizations");
    sources::render(paths, &mut files, rendering, &|| progress.step());
    files
}
