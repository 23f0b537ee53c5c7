//! `seaworthy new service`: what it writes passes every check, builds, overwrites nothing, and can be compared with a newer
//! template.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod backstage;
mod diff;
mod golden_path;
#[allow(dead_code)]
#[path = "../command_line/support.rs"]
mod support;
mod templates;
#[allow(dead_code)]
#[path = "../rendering/tools.rs"]
mod tools;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

pub const KINDS: [&str; 3] = ["http-api", "worker", "cron"];
pub const LAYOUTS: [&str; 2] = ["monorepo", "polyrepo"];
pub const PACKAGES: [&str; 2] = ["kustomize", "helm"];

/// The words of a command that writes a service.
pub fn service<'a>(kind: &'a str, layout: &'a str, package: &'a str) -> Vec<&'a str> {
    let mut words = vec!["new", "service", "payments-api", "--owner", "team-payments", "--organisation", "acme"];
    words.extend(["--kind", kind, "--layout", layout, "--package", package]);
    words
}

/// All files below a folder, by path.
pub fn files(folder: &Path) -> BTreeMap<String, String> {
    let files = WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let files = files.map(|entry| {
        let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (path, fs::read_to_string(entry.path()).unwrap())
    });
    files.collect()
}
