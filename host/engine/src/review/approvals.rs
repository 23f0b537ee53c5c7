//! The reviews of a change and the members of teams, as a file gives them: an event of a pull request has neither.
//!
//! ```json
//! {
//!   "author": "ana",
//!   "reviews": [{"user": "ben", "state": "APPROVED", "commit": "3b1f..."}],
//!   "teams": {"@acme/shop": ["ana", "ben"]}
//! }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::documents::{Review, Team};
use crate::manifest::{Content, Document, Limits, read};
use crate::spelling::with_suggestion;

/// What a file says of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    /// Who proposes the change, where the file says so.
    pub author: Option<String>,
    /// The reviews, the oldest first.
    pub reviews: Vec<Review>,
    /// The teams.
    pub teams: Vec<Team>,
}

/// Why a file gives none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; docs/review.md shows what it has")]
pub struct ApprovalsError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    author: Option<String>,
    reviews: Vec<Row>,
    #[serde(default)]
    teams: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    user: String,
    state: String,
    commit: Option<String>,
}

impl Approvals {
    /// Reads JSON or YAML.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn read(name: &str, text: Vec<u8>) -> Result<Self, ApprovalsError> {
        let manifest = read(name, text, &Limits::default());
        if let Some(problem) = manifest.problems.first() {
            return Err(ApprovalsError(format!("line {}: {}", problem.position.line, problem.kind)));
        }
        let [Document { content: Content::Other(node), .. }] = manifest.documents.as_slice() else {
            return Err(ApprovalsError("it has no reviews, or more than one document".into()));
        };
        let refused = |cause: serde_json::Error| ApprovalsError(with_suggestion(&cause.to_string()));
        let File { author, reviews, teams } =
            serde_json::to_value(node).and_then(serde_json::from_value).map_err(refused)?;
        let mut known = Vec::new();
        for Row { user, state, commit } in reviews {
            // A review that is not sent yet does not count.
            let state = match state.to_ascii_lowercase().replace(['_', '-'], "").as_str() {
                "approved" => "approved",
                "changesrequested" => "changesRequested",
                "commented" => "commented",
                "dismissed" => "dismissed",
                "pending" => continue,
                _ => {
                    let known = "approved, changes_requested, commented or dismissed";
                    return Err(ApprovalsError(format!(
                        "the state `{state}` of {user}'s review is not one of {known}"
                    )));
                }
            };
            known.push(Review { user, state: state.into(), commit });
        }
        let teams = teams.into_iter().map(|(team, members)| Team { team, members }).collect();
        Ok(Self { author, reviews: known, teams })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_and_teams_are_read() {
        let text = r#"{"author": "ana", "reviews": [{"user": "ben", "state": "APPROVED", "commit": "c1"},
            {"user": "cleo", "state": "CHANGES_REQUESTED"}, {"user": "dan", "state": "PENDING"}],
            "teams": {"@acme/shop": ["ana", "ben"]}}"#;
        let approvals = Approvals::read("a.json", text.into()).unwrap();
        let states: Vec<_> = approvals.reviews.iter().map(|review| (&*review.user, &*review.state)).collect();
        assert_eq!(states, [("ben", "approved"), ("cleo", "changesRequested")]);
        assert_eq!(approvals.teams[0].members, ["ana", "ben"]);
    }

    #[test]
    fn what_is_none_is_refused() {
        for (text, said) in [
            ("", "no reviews"),
            ("a: [", "line 1"),
            ("reviews: [{user: a, state: fine}]", "the state `fine`"),
            ("reviews: [{user: a, state: approved, at: now}]", "unknown field `at`"),
            ("review: []", "did you mean `reviews`?"),
            ("teams: {}", "missing field `reviews`"),
            ("apiVersion: v1\nkind: Pod\n", "no reviews"),
        ] {
            let cause = Approvals::read("a.yaml", text.into()).unwrap_err().to_string();
            assert!(cause.contains(said), "{text}: {cause}");
        }
    }
}
