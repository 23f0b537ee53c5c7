use protocol::{Finding, Level, Outcome, Verdict};

use super::{Decision, Place, Review, render};

fn finding(level: Level, path: &str, message: &str) -> Finding {
    Finding { level, path: path.into(), container: None, message: message.into(), fix: None, conceal: false }
}

fn review(verdict: Verdict, is_asked: bool) -> Review {
    let note = |path: &str, message: &str| finding(Level::Note, path, message);
    let mut findings = vec![
        note("$['spec']['objects'][0]", "image: Deployment shop/web: `image`: web:1 becomes web:2"),
        note("$['spec']['files'][1]", "platform: CODEOWNERS: CODEOWNERS decides what may be changed"),
        note("$['spec']", "class: platform"),
        note("$['spec']", "merge: the platform team (platform)"),
        note("$['spec']", "reviews: 2 of the platform team (platform)"),
        note("$['spec']", "path: staging first"),
    ];
    if verdict == Verdict::Fail {
        findings.push(finding(
            Level::Violation,
            "$['spec']['reviews']",
            "approvals are missing: 2 of the platform team",
        ));
    }
    let reason = (verdict == Verdict::Unknown).then(|| "the author is not known".to_owned());
    let place = |place: &str| Place { place: place.into(), environment: None };
    let objects = [Place { environment: Some("production".into()), ..place("services/web") }];
    let files = [place("services/web/values.yaml"), place("CODEOWNERS")];
    Review::new("main..feature", &Outcome { verdict, reason, findings }, is_asked, &files, &objects)
}

#[test]
fn what_the_rule_notes_is_read() {
    let review = review(Verdict::Pass, false);
    assert_eq!((review.decision, &*review.class, &*review.path), (Decision::Classified, "platform", "staging first"));
    let parts: Vec<_> = review.strictest_first().map(|part| (&*part.class, &*part.what, &*part.place)).collect();
    assert_eq!(parts, [("platform", "CODEOWNERS", "CODEOWNERS"), ("image", "Deployment shop/web", "services/web")]);
    assert_eq!(review.parts[0].reason, "`image`: web:1 becomes web:2");
}

#[test]
fn each_format_says_what_was_decided_and_why() {
    for (verdict, is_asked, decision, why) in [
        (Verdict::Pass, true, "Approved", ""),
        (Verdict::Fail, true, "Not approved", "approvals are missing: 2 of the platform team"),
        (Verdict::Unknown, true, "Undecided", "the author is not known"),
        (Verdict::Error, false, "Undecided", ""),
    ] {
        let review = review(verdict, is_asked);
        for text in [render::human(&review), render::github(&review)] {
            assert!(text.contains(decision) && text.contains(why), "{text}");
        }
        assert!(render::markdown(&review).contains(&format!("**{decision}**")));
        let json: serde_json::Value = serde_json::from_str(&render::json(&review, "1")).unwrap();
        assert_eq!(json["class"], "platform");
        assert_eq!(json["parts"][0]["environment"], "production");
    }
}

#[test]
fn a_change_of_nothing_is_said_to_be_one() {
    let outcome = Outcome { verdict: Verdict::Unknown, reason: Some("nothing was changed".into()), findings: vec![] };
    let review = |is_asked| Review::new("main..feature", &outcome, is_asked, &[], &[]);
    assert_eq!((review(false).decision, review(true).decision), (Decision::Unchanged, Decision::Undecided));
    let said = "Nothing changed, so there is nothing to approve";
    assert!(render::human(&review(false)).ends_with(&format!("\n\n{said}\n")));
    assert_eq!(render::markdown(&review(false)), format!("## Change review\n\n**{said}**\n"));
    assert_eq!(render::github(&review(false)), format!("::notice title=seaworthy review::{said}\n"));
    let json: serde_json::Value = serde_json::from_str(&render::json(&review(false), "1")).unwrap();
    assert_eq!(json["decision"], "unchanged");
}

#[test]
fn no_name_is_a_command_or_markup() {
    let mut review = review(Verdict::Pass, false);
    review.parts[1].what = "a\n::error::x".into();
    review.parts[1].place = "a,b:c%.yaml".into();
    review.parts[0].what = "[x](https://evil)|".into();
    let github = render::github(&review);
    assert!(github.contains("file=a%2Cb%3Ac%25.yaml,"), "{github}");
    assert_eq!(github.lines().filter(|line| line.starts_with("::error")).count(), 0, "{github}");
    assert!(!render::markdown(&review).contains("[x](https://evil)"));
}

#[test]
fn github_shows_ten_of_a_kind() {
    let mut review = review(Verdict::Pass, false);
    for _ in 0..20 {
        review.parts.push(review.parts[0].clone());
    }
    let github = render::github(&review);
    assert_eq!(github.lines().count(), 10);
    assert!(github.contains("and 14 more parts of the change"), "{github}");
}
