//! Whether a change is approved: by whom, of which commit, and never where something is not known.

use crate::history::History;

const TEAMS: &str = "\"teams\": {\"@acme/shop\": [\"ana\", \"ben\"], \"@acme/platform\": [\"pia\", \"paul\"], \"@acme/managers\": [\"mo\"]}";

/// The decision and the exit code, where these have approved.
fn decide(change: impl FnOnce(&History), users: &[&str], teams: &str) -> (String, i32, String) {
    let history = History::usual();
    change(&history);
    let head = history.commit("change");
    let reviews =
        users.iter().map(|user| format!("{{\"user\": \"{user}\", \"state\": \"APPROVED\", \"commit\": \"{head}\"}}"));
    let reviews = reviews.collect::<Vec<_>>().join(", ");
    let teams = if teams.is_empty() { String::new() } else { format!(", {teams}") };
    history.write("approvals.json", &format!("{{\"author\": \"ana\", \"reviews\": [{reviews}]{teams}}}"));
    let (review, code) = history.review(None, &["--approvals", "approvals.json"]);
    (review["decision"].as_str().unwrap().to_owned(), code, review.to_string())
}

fn bump(history: &History) {
    history.replace("services/web/web.yaml", "web:1.0.0", "web:1.1.0");
}

#[test]
fn the_owners_approve_what_is_theirs() {
    let (decision, code, review) = decide(bump, &["ben"], TEAMS);
    assert_eq!((decision.as_str(), code), ("approved", 0), "{review}");
    for users in [&[][..], &["ana"], &["pia"], &["eve"]] {
        let (decision, code, review) = decide(bump, users, TEAMS);
        assert_eq!((decision.as_str(), code), ("refused", 1), "{users:?}: {review}");
        assert!(review.contains("approvals are missing: 1 of @acme/shop"), "{review}");
    }
}

#[test]
fn a_file_that_moves_to_others_takes_the_approval_of_both() {
    let change = |history: &History| {
        history.git(&["switch", "--quiet", "main"]);
        history.append(".github/CODEOWNERS", "/services/pay/ @acme/pay\n");
        history.write("services/pay/notes.md", "# Pay\n\nSome lines that git finds again.\n");
        history.commit("notes");
        history.git(&["switch", "--quiet", "feature/change"]);
        history.git(&["reset", "--quiet", "--hard", "main"]);
        history.rename("services/pay/notes.md", "services/web/notes.md");
    };
    let teams = TEAMS.replace('}', ", \"@acme/pay\": [\"per\"]}");
    let (decision, code, review) = decide(change, &["ben"], &teams);
    assert_eq!((decision.as_str(), code), ("refused", 1), "{review}");
    assert!(review.contains("approvals are missing: 1 of @acme/pay"), "{review}");
    assert_eq!(decide(change, &["ben", "per"], &teams).1, 0);
}

#[test]
fn each_section_of_gitlab_gives_its_own_approvals() {
    let codeowners = "* @acme/all\n[Shop][2] @acme/shop\n/services/\n^[Docs] @acme/docs\n*.yaml\n";
    let teams = "\"teams\": {\"@acme/all\": [\"al\"], \"@acme/shop\": [\"ben\", \"bea\"], \"@acme/docs\": [\"dan\"]}";
    for (users, missing) in [
        (&["ben", "bea"][..], Some("approvals are missing: 1 of @acme/all")),
        (&["ben", "al", "dan"], Some("approvals are missing: 2 of @acme/shop")),
        (&["ben", "bea", "al"], None),
    ] {
        let history = History::of(&[("CODEOWNERS", codeowners), ("services/web/web.yaml", crate::history::WEB)]);
        bump(&history);
        let head = history.commit("change");
        let reviews = users
            .iter()
            .map(|user| format!("{{\"user\": \"{user}\", \"state\": \"APPROVED\", \"commit\": \"{head}\"}}"));
        let reviews = reviews.collect::<Vec<_>>().join(", ");
        history.write("approvals.json", &format!("{{\"author\": \"ana\", \"reviews\": [{reviews}], {teams}}}"));
        let (review, code) = history.review(None, &["--approvals", "approvals.json"]);
        assert_eq!(code, i32::from(missing.is_some()), "{users:?}: {review:#}");
        assert!(review.to_string().contains(missing.unwrap_or("approved")), "{users:?}: {review:#}");
        assert_eq!(review["reviews"], "1 of the app team (@acme/all, @acme/shop), 2 of @acme/shop");
    }
}

#[test]
fn the_platform_approves_what_is_hidden_in_a_bump() {
    let change = |history: &History| {
        bump(history);
        history.append("services/web/web.yaml", crate::history::CLUSTER_ROLE);
    };
    assert_eq!(decide(change, &["ben", "pia"], TEAMS).1, 1);
    assert_eq!(decide(change, &["paul", "pia"], TEAMS).1, 0);
}

#[test]
fn an_upgrade_wants_a_manager() {
    let change = |history: &History| history.replace("clusters/production/control-plane.yaml", "v1.35.0", "v1.36.0");
    assert_eq!(decide(change, &["paul", "pia"], TEAMS).1, 1);
    assert_eq!(decide(change, &["paul", "pia", "mo"], TEAMS).1, 0);
}

#[test]
fn nothing_is_approved_where_something_is_not_known() {
    let (decision, code, review) = decide(bump, &["ben"], "");
    assert_eq!((decision.as_str(), code), ("undecided", 2), "{review}");
    assert!(review.contains("@acme/shop"), "{review}");
}

#[test]
fn a_file_that_is_none_is_refused_with_what_it_should_be() {
    let history = History::usual();
    for (text, said) in [("{", "line 1"), ("{\"review\": []}", "unknown field"), ("", "no reviews")] {
        history.write("approvals.json", text);
        let said_instead =
            history.run(None, &["review", "--base", "main", "--approvals", "approvals.json"]).complaint();
        assert!(said_instead.contains(said) && said_instead.contains("docs/review.md"), "{said_instead}");
    }
}

#[test]
fn every_format_says_who_must_approve() {
    let history = History::usual();
    bump(&history);
    history.commit("change");
    for format in ["human", "markdown", "github"] {
        let run = history.run(None, &["review", "--base", "main", "--format", format]);
        assert!(run.code == Some(0) && run.out.contains("1 of the app team"), "{format}: {}{}", run.out, run.err);
        assert!(run.out.contains("Deployment shop/web"), "{format}: {}", run.out);
    }
}
