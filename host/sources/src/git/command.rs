//! Runs git so that it only reads what it keeps.
//!
//! The repository may be a stranger's. Its own configuration could name programs for hooks, a file system monitor, pagers,
//! filters, external differences and transports: those that a command of ours could meet are turned off, and no command of
//! ours looks at the files on the disk, where filters would run. What changes the output of a command, such as the number of
//! renames that git looks for, is set. Variables of the environment that lead git elsewhere, as in a hook, are taken away.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::GitError;

/// What no configuration may say otherwise.
const SETTINGS: [&str; 12] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.quotePath=false",
    "diff.external=",
    "diff.ignoreSubmodules=none",
    "diff.orderFile=/dev/null",
    "diff.relative=false",
    "diff.renameLimit=1000",
    "log.showRoot=true",
    "protocol.allow=never",
];

/// The environment of git: nothing that a person set for another purpose, nobody to ask, nobody to call.
const VARIABLES: [(&str, &str); 8] = [
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

/// Characters that are told of what git complains of.
const SAID: usize = 300;

/// What a command came to.
pub enum Answer {
    /// Its output.
    Output(Vec<u8>),
    /// What it said when it refused.
    Refusal(String),
}

impl Answer {
    /// The output, if there is one.
    pub fn output(self) -> Option<Vec<u8>> {
        match self {
            Self::Output(bytes) => Some(bytes),
            Self::Refusal(_) => None,
        }
    }

    /// The output of a command that has no reason to refuse.
    pub fn expected(self, command: &str) -> Result<Vec<u8>, GitError> {
        match self {
            Self::Output(bytes) => Ok(bytes),
            Self::Refusal(said) => Err(GitError::Refused(command.to_owned(), said)),
        }
    }
}

/// A git command in a folder, to be given more arguments.
pub fn command<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command.envs(VARIABLES).arg("--no-pager").arg("-C").arg(folder);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What git says.
pub fn run<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Result<Answer, GitError> {
    let output = command(folder, arguments).output().map_err(GitError::Git)?;
    if output.status.success() {
        return Ok(Answer::Output(output.stdout));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(Answer::Refusal(said.trim().trim_start_matches("fatal: ").chars().take(SAID).collect()))
}
