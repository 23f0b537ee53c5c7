//! How source files look: each says what it is for, and none grows into two.

use std::fs;
use std::path::{Path, PathBuf};

use seaworthy_tests::artifacts::workspace;
use walkdir::WalkDir;

/// A file above this many lines wants to be two.
const MANY_LINES: usize = 450;

/// All Rust files of these folders, relative to the workspace.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let all = folders.iter().flat_map(|folder| WalkDir::new(workspace().join(folder))).flatten();
    let sources = all.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    let sources = sources.filter(|entry| !entry.path().components().any(|step| step.as_os_str() == "node_modules"));
    let sources = sources.map(|entry| {
        let path = entry.path().strip_prefix(workspace()).unwrap_or_else(|_| entry.path()).to_owned();
        (path, fs::read_to_string(entry.path()).expect("a source is readable"))
    });
    sources.collect()
}

fn is_test(path: &Path) -> bool {
    path.starts_with("tests")
        || path.components().any(|step| step.as_os_str() == "tests" || step.as_os_str() == "tests.rs")
}

#[test]
fn every_module_says_what_it_is_for() {
    for (path, text) in sources(&["sdk", "host", "tests"]) {
        let is_module_of_tests = path.file_name().is_some_and(|name| name == "tests.rs");
        assert!(text.starts_with("//! ") || is_module_of_tests, "{} does not open with what it is for", path.display());
    }
}

#[test]
fn no_file_wants_to_be_two() {
    for (path, text) in sources(&["sdk", "host", "policies"]) {
        let lines = text.lines().count();
        assert!(is_test(&path) || lines <= MANY_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_generated_is_committed() {
    let listed = std::process::Command::new("git").arg("ls-files").current_dir(workspace()).output();
    let Ok(listed) = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) else {
        eprintln!("LEFT OUT: git is not installed, so it is not asked which files are committed");
        return;
    };
    for file in listed.lines() {
        let generated = [".wasm", ".cwasm", ".so", ".profraw"].iter().any(|ending| file.ends_with(ending));
        assert!(!generated, "{file} is a build product");
    }
}
