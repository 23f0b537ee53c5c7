//! What others run seaworthy by, each run as its host does: a step of an action, a job of a pipeline, a hook, a plugin, a
//! shell's completions, a container image.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod github;
mod gitlab;
mod hooks;
mod image;
mod names;
mod review;
#[path = "../command_line/support.rs"]
mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

use support::{Folder, binary};

/// In which one rule finds something that is safe to fix.
pub const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  minReadySeconds: 1\n  template:\n    \
                              spec: {containers: [{name: web}]}\n";

/// A folder with a finding, and with the binary in `bin`.
pub fn folder() -> Folder {
    let folder = Folder::of("k8s/web.yaml", DEPLOYMENT);
    fs::create_dir(folder.path().join("bin")).unwrap();
    symlink(binary(), folder.path().join("bin/seaworthy")).unwrap();
    folder
}

/// The PATH of a host that has the binary of that folder, and the tools of this machine.
pub fn path_of(folder: &Folder) -> String {
    format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap())
}

/// A file of the repository, read as YAML.
pub fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(workspace().join(name)).unwrap()).unwrap()
}

/// A command of bash with nothing but these variables.
pub fn bash(folder: &Folder, script: &str) -> Command {
    shell(folder, &["bash", "-e", "-o", "pipefail", "-c", script])
}

/// The same of a shell that knows no more than POSIX says, such as that of a small image.
pub fn sh(folder: &Folder, script: &str) -> Command {
    shell(folder, &["sh", "-e", "-c", script])
}

fn shell(folder: &Folder, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    let cache: PathBuf = folder.path().join("cache");
    command.args(&words[1..]).current_dir(folder.path()).env_clear();
    command.env("PATH", path_of(folder)).env("HOME", folder.path()).env("XDG_CACHE_HOME", cache);
    command
}
