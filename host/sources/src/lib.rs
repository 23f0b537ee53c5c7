//! Turns the outside into input: files and folders, what tools render of them, the paths of repositories, captured logs,
//! Dockerfiles, promotions, standard input.
//!
//! It reads disks, starts processes and decides nothing: what a text means is the engine's. It must not know a terminal, a rule or a sandbox.

mod cache;
mod definitions;
mod dockerfile;
mod earlier;
mod edited;
mod error;
mod event;
mod files;
mod find;
mod git;
mod ignores;
mod logs;
mod projects;
mod promotion;
mod read;
mod remembered;
mod render;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

pub use cache::Cache;
pub use definitions::read_definitions;
pub use dockerfile::{asks_for_dockerfiles, read_dockerfiles};
pub use earlier::{Earlier, EarlierError};
pub use edited::Edited;
pub use error::{LogError, ReadError};
pub use event::{Event, EventError};
pub use files::{Files, Origin, problems};
pub use find::{BASELINE, Found, Reading, find};
pub use git::{Change, Commit, Entry, EntryKind, GitError, Logged, Made, MadeFile, Repository, Revision};
pub use ignores::Exclude;
pub use logs::{Log, read_logs};
pub use promotion::{PromotionOptions, Promotions, asks_for_promotions, may_be_promoted, read_promotions};
pub use read::{STDIN, name, read_input, read_regular};
pub use remembered::Remembered;
pub use render::{
    HELM_WRAPPER, KUBE_VERSION, Mode, Refused, RenderOptions, helm_arguments, is_api_version, is_kube_version, render,
};
pub use tree::{is_asked_for, read_trees};
pub use walk::each_file;
