//! What a CI event says of a pull request: GitHub's `pull_request` and `push`, GitLab's merge request.
//!
//! It must not know what a pull request should say.

use engine::documents::{Commit, PullRequest};
use serde_json::Value;

/// A pull request and what people call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `acme/shop#7`.
    pub name: String,
    /// What it says. The commits are there only where the event has them.
    pub about: PullRequest,
}

/// Why an event is about no pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is something else.
    #[error("is not the JSON of an event")]
    NoJson,
    /// It is an event of another kind.
    #[error("is about no pull request, no merge request and no push to a branch")]
    Other,
}

impl Event {
    /// Reads the JSON that a CI system gives to a job.
    ///
    /// # Errors
    /// It is about something else.
    pub fn read(text: &[u8]) -> Result<Self, EventError> {
        let event: Value = serde_json::from_slice(text).map_err(|_| EventError::NoJson)?;
        github(&event).or_else(|| gitlab(&event)).or_else(|| push(&event)).ok_or(EventError::Other)
    }
}

fn text(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn labels(value: &Value, path: &str, key: &str) -> Vec<String> {
    let labels = value.pointer(path).and_then(Value::as_array).into_iter().flatten();
    labels.map(|label| text(label, key)).filter(|label| !label.is_empty()).collect()
}

fn github(event: &Value) -> Option<Event> {
    let request = event.get("pull_request")?;
    let number = request.get("number").or_else(|| event.get("number")).and_then(Value::as_u64).unwrap_or_default();
    let about = PullRequest {
        title: text(request, "/title"),
        body: text(request, "/body"),
        branch: text(request, "/head/ref"),
        base: text(request, "/base/ref"),
        author: text(request, "/user/login"),
        labels: labels(request, "/labels", "/name"),
        commits: Vec::new(),
    };
    Some(Event { name: format!("{}#{number}", text(event, "/repository/full_name")), about })
}

fn gitlab(event: &Value) -> Option<Event> {
    let request = event.get("object_attributes").filter(|request| request.get("source_branch").is_some())?;
    let number = request.get("iid").and_then(Value::as_u64).unwrap_or_default();
    let about = PullRequest {
        title: text(request, "/title"),
        body: text(request, "/description"),
        branch: text(request, "/source_branch"),
        base: text(request, "/target_branch"),
        author: text(event, "/user/username"),
        labels: labels(request, "/labels", "/title"),
        commits: Vec::new(),
    };
    Some(Event { name: format!("{}!{number}", text(event, "/project/path_with_namespace")), about })
}

/// A push: its branch is merged into itself, without anybody's review.
fn push(event: &Value) -> Option<Event> {
    let branch = event.get("ref")?.as_str()?.strip_prefix("refs/heads/")?.to_owned();
    let commits = event.get("commits")?.as_array()?.iter();
    let commits = commits.map(|commit| Commit { sha: text(commit, "/id"), message: text(commit, "/message") });
    let commits: Vec<Commit> = commits.collect();
    let last = commits.last().map(|commit| commit.message.as_str()).unwrap_or_default();
    let (title, body) = last.split_once('\n').unwrap_or((last, ""));
    let author = ["/pusher/name", "/user_username"].map(|path| text(event, path));
    let about = PullRequest {
        title: title.to_owned(),
        body: body.trim().to_owned(),
        base: branch.clone(),
        author: author.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        labels: Vec::new(),
        commits,
        branch: branch.clone(),
    };
    Some(Event { name: branch, about })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_says_the_same_in_its_own_words() {
        let github = r#"{"number": 7, "repository": {"full_name": "acme/shop"}, "pull_request": {"number": 7,
            "title": "feat(web): a", "body": null, "head": {"ref": "feature/a"}, "base": {"ref": "main"},
            "user": {"login": "ana"}, "labels": [{"name": "risk"}]}}"#;
        let gitlab = r#"{"object_kind": "merge_request", "user": {"username": "ana"},
            "project": {"path_with_namespace": "acme/shop"}, "object_attributes": {"iid": 7, "title": "feat(web): a",
            "description": "", "source_branch": "feature/a", "target_branch": "main", "labels": [{"title": "risk"}]}}"#;
        let (one, other) = (Event::read(github.as_bytes()).unwrap(), Event::read(gitlab.as_bytes()).unwrap());
        assert_eq!((one.name.as_str(), other.name.as_str()), ("acme/shop#7", "acme/shop!7"));
        assert_eq!(one.about, other.about);
        assert_eq!((one.about.branch.as_str(), one.about.base.as_str()), ("feature/a", "main"));
    }

    #[test]
    fn a_push_goes_to_its_own_branch() {
        let push = r#"{"ref": "refs/heads/main", "pusher": {"name": "ana"},
            "commits": [{"id": "a1", "message": "feat(web): a\n\nSHOP-1"}]}"#;
        let Event { about, .. } = Event::read(push.as_bytes()).unwrap();
        assert_eq!((about.branch.as_str(), about.base.as_str(), about.author.as_str()), ("main", "main", "ana"));
        assert_eq!((about.title.as_str(), about.body.as_str()), ("feat(web): a", "SHOP-1"));
    }

    #[test]
    fn other_events_are_refused() {
        for text in ["{", "[]", "{}", r#"{"ref": "refs/tags/v1", "commits": []}"#, r#"{"object_attributes": {}}"#] {
            assert!(Event::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
