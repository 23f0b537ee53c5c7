//! `seaworthy pr`: the conventions, from options or an event, with the change and the commits of the branch.

use crate::history::History;
use crate::support::Run;

fn pr(history: &History, title: &str, more: &[&str]) -> Run {
    let options = ["pr", "--title", title, "--branch", "feature/change", "--base", "main"];
    history.run(None, &[&options, more].concat())
}

/// The usual history with one commit.
fn changed(from: &str, to: &str) -> History {
    let history = History::usual();
    history.replace("services/web/web.yaml", from, to);
    history.commit("change\n\nSHOP-12");
    history
}

#[test]
fn a_title_that_is_nearly_right_is_suggested() {
    let history = changed("web:1.0.0", "web:1.1.0");
    let run = pr(&history, "feat(web): add keys", &[]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let run = pr(&history, "Feature (Web): Add keys.", &[]);
    assert!(run.code == Some(1) && run.out.contains("feat(web): add keys"), "{}{}", run.out, run.err);
    // The repository has no such service.
    let run = pr(&history, "feat(shop): add keys", &[]);
    assert!(run.code == Some(1) && run.out.contains("`shop` is no service"), "{}{}", run.out, run.err);
}

#[test]
fn a_runbook_is_asked_for_where_the_operation_changes() {
    let probe = "env: [{name: LOG, value: info}]\n          livenessProbe: {httpGet: {path: /, port: 80}}";
    let history = changed("env: [{name: LOG, value: info}]", probe);
    let run = pr(&history, "feat(web): add keys", &[]);
    assert!(run.code == Some(1) && run.out.contains("links no runbook"), "{}{}", run.out, run.err);
    history.write("body.md", "Runbook: https://runbooks.example.com/web\n");
    let run = pr(&history, "feat(web): add keys", &["--body-file", "body.md"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
}

#[test]
fn a_commit_names_its_ticket() {
    let history = History::usual();
    history.replace("services/web/web.yaml", "web:1.0.0", "web:1.1.0");
    history.commit("SHOP-12 change");
    let run = pr(&history, "feat(web): add keys", &[]);
    assert!(run.code == Some(1) && run.out.contains("no commit names its ticket"), "{}{}", run.out, run.err);
}

#[test]
fn an_event_says_what_the_options_would() {
    let history = changed("web:1.0.0", "web:1.1.0");
    let event = |branch: &str| {
        format!(
            "{{\"number\": 7, \"repository\": {{\"full_name\": \"acme/shop\"}}, \"pull_request\": {{\"number\": 7, \
             \"title\": \"feat(web): add keys\", \"body\": null, \"head\": {{\"ref\": \"{branch}\"}}, \
             \"base\": {{\"ref\": \"main\"}}, \"user\": {{\"login\": \"ana\"}}, \"labels\": []}}}}"
        )
    };
    history.write("event.json", &event("feature/change"));
    let run = history.run(None, &["pr", "--event", "event.json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    history.write("event.json", &event("fix-it"));
    let run = history.run(None, &["pr", "--event", "event.json", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(run.code == Some(1) && report.to_string().contains("acme/shop#7"), "{report:#}");
    history.write("event.json", "{\"ref\": \"refs/heads/main\", \"pusher\": {\"name\": \"ana\"}, \"commits\": []}");
    let run = history.run(None, &["pr", "--event", "event.json"]);
    assert!(run.code == Some(1) && run.out.contains("directly"), "{}{}", run.out, run.err);
    history.write("event.json", "{}");
    let said = history.run(None, &["pr", "--event", "event.json"]).complaint();
    assert!(said.contains("is about no pull request"), "{said}");
}

#[test]
fn the_conventions_are_those_of_the_base() {
    let history = changed("web:1.0.0", "web:1.1.0");
    history.write("seaworthy.yaml", "rules:\n  pull-request-conventions: {enabled: false}\n");
    history.commit("off");
    assert_eq!(pr(&history, "add keys", &[]).code, Some(1));
}
