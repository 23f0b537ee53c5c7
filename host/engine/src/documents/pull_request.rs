//! What somebody proposes to merge: a pull request, a merge request, or a branch on its way.
//!
//! It must not know whose platform it is from.

use protocol::documents::PULL_REQUEST;

use super::build::{Listing, Name, document, entry, list, unplaced};
use super::schema::DocumentError;
use crate::manifest::{Manifest, Value};

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its hash, whole.
    pub sha: String,
    /// Its message: subject and body.
    pub message: String,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its title.
    pub title: String,
    /// Its description, Markdown; empty if it has no description.
    pub body: String,
    /// The branch with the change, without `refs/heads/`.
    pub branch: String,
    /// The branch to merge into, without `refs/heads/`.
    pub base: String,
    /// The account that opened it.
    pub author: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its commits, the oldest first.
    pub commits: Vec<Commit>,
}

/// The document. There is no file to point into, so its text is a listing of the fields. `name` is what people call the
/// pull request, such as `shop/web#42`.
///
/// # Errors
/// The pull request is larger than a document may be.
pub fn pull_request(name: &str, about: &PullRequest) -> Result<Manifest, DocumentError> {
    let mut listing = Listing::default();
    let mut line = |label: &str, text: &str, end: &str| {
        listing.write(label);
        let field = listing.field(text);
        listing.write(end);
        field
    };
    let mut spec = vec![
        entry("title", line("title: ", &about.title, "\n")),
        entry("branch", line("branch: ", &about.branch, "\n")),
        entry("base", line("base: ", &about.base, "\n")),
        entry("author", line("author: ", &about.author, "\n")),
    ];
    let labels = about.labels.iter().map(|label| line("label: ", label, "\n")).collect();
    spec.push(entry("labels", list(labels)));
    spec.push(entry("body", line("\n", &about.body, "\n")));
    let commits = about.commits.iter().map(|Commit { sha, message }| {
        let sha = entry("sha", line("\ncommit ", sha, "\n"));
        unplaced(Value::Mapping(vec![sha, entry("message", line("", message, "\n"))]))
    });
    spec.push(entry("commits", list(commits.collect())));
    document(&PULL_REQUEST, name, Name { namespace: None, name }, listing.source(), spec)
}
