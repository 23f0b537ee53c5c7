//! Documents that a host makes of what is no manifest: a log, a repository's paths, a Dockerfile, a pull request, a change,
//! a promotion.
//! Rules check them or look them up as they do objects of Kubernetes. Which kinds there are, and their fields, is a table:
//! [`protocol::documents`].
//!
//! Rules look up only documents that a host has made. A manifest of such a kind in a file is input like every other: it is
//! checked, and it makes no path exist.
//!
//! Each document is in a [`Manifest`](crate::manifest::Manifest) whose text is what the document was made of, so that a
//! finding about a line of a log points at that line of that file. The module must not know where the text comes from.

mod build;
mod change_set;
mod dockerfile;
mod log_sample;
mod promotion;
mod pull_request;
mod repository_tree;
mod schema;

pub use change_set::{
    Account, Change, ChangedField, ChangedFile, ChangedObject, Owned, Review, Section, Status, Team, change_set,
};
pub use dockerfile::{Form, Instruction, Word, dockerfile};
pub use log_sample::{Author, lines, log_sample};
pub use promotion::{Promoted, Staged, promotion};
pub use pull_request::{Commit, PullRequest, pull_request};
pub use repository_tree::repository_tree;
pub use schema::DocumentError;

#[cfg(test)]
mod tests;
