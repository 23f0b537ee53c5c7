//! Turns the outside into input: files and folders, the paths of repositories, captured logs, standard input.
//!
//! It reads disks and decides nothing: what a text means is the engine's. It must not know a terminal, a rule or a sandbox.

mod files;
mod logs;
mod projects;
mod read;
mod tree;

pub use files::{Files, Found, find, problems};
pub use logs::{Log, read_logs};
pub use read::{STDIN, explain, name, read_input, read_regular};
pub use tree::{is_asked_for, read_trees};
