//! Profiles: which rules run where nobody names them, and what is said of those that do not.

use protocol::{Profile, Tool};
use serde_json::{Value, json};

use crate::bundles::{FixedRule, POD};
use crate::support::{Folder, Run};

/// An essential rule, one that rests on a tool, one that every service should hold, one for the whole checklist only.
fn rules() -> Vec<FixedRule> {
    let rule = |name: &str, profile, rests_on| {
        let mut rule = FixedRule::new(name, protocol::Verdict::Pass);
        rule.metadata.profile = profile;
        rule.metadata.rests_on = rests_on;
        rule
    };
    let portal = Tool { name: "Portal".into(), keys: vec!["portal.example".into()], ..Tool::default() };
    vec![
        rule("has-probes", Profile::Essential, vec![]),
        rule("has-page", Profile::Recommended, vec![vec![portal]]),
        rule("is-spread", Profile::Recommended, vec![]),
        rule("is-titled", Profile::Full, vec![]),
    ]
}

fn check(arguments: &[&str]) -> Run {
    let paged = POD.replace("  labels:\n", "  labels:\n    portal.example/page: web\n");
    assert_ne!(paged, POD);
    let folder = Folder::of("pod.yaml", POD)
        .and("paged.yaml", paged)
        .and("c.yaml", "rules: {is-titled: {enabled: true}, has-page: {settings: {}}}")
        .bundle(&rules());
    folder.run(&[&["check", "--bundle", "bundle"], arguments].concat())
}

fn names(arguments: &[&str]) -> Vec<String> {
    let report: Value = serde_json::from_str(&check(&[arguments, &["--format", "json"]].concat()).with(0)).unwrap();
    assert_eq!(crate::schema::faults(&report), Vec::<String>::new());
    report["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_profile_asks_its_rules() {
    assert_eq!(names(&["pod.yaml"]), ["has-probes", "is-spread"]);
    assert_eq!(names(&["paged.yaml"]), ["has-page", "has-probes", "is-spread"]);
    assert_eq!(names(&["paged.yaml", "--profile", "essential"]), ["has-probes"]);
    assert_eq!(names(&["pod.yaml", "--profile", "full"]), ["has-page", "has-probes", "is-spread", "is-titled"]);
}

#[test]
fn what_somebody_names_runs() {
    assert_eq!(names(&["pod.yaml", "--rule", "has-page"]), ["has-page"]);
    assert_eq!(names(&["pod.yaml", "--config", "c.yaml"]), ["has-probes", "is-spread", "is-titled"]);
}

#[test]
fn the_summary_says_what_was_left_out_and_why() {
    let said = |arguments: &[&str]| {
        let out = check(arguments).with(0);
        out.lines().skip_while(|line| !line.starts_with("profile ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&["pod.yaml"]),
        [
            "profile recommended: 2 of 4 rules left out",
            "  no trace of Portal: has-page",
            "  part of the profile full: is-titled"
        ]
    );
    assert_eq!(said(&["pod.yaml", "--profile", "full"]), ["profile full: all rules"]);
    assert_eq!(said(&["pod.yaml", "--rule", "has-page"]), [""; 0]);
    let report = check(&["pod.yaml", "--format", "json"]).with(0);
    let report: Value = serde_json::from_str(&report).unwrap();
    let left_out = json!([
        {"rule": "has-page", "reason": "no trace of Portal"},
        {"rule": "is-titled", "reason": "part of the profile full"},
    ]);
    assert_eq!(report["profile"], json!({"name": "recommended", "leftOut": left_out}));
    let named = check(&["pod.yaml", "--rule", "has-page", "--format", "json"]).with(0);
    assert_eq!(serde_json::from_str::<Value>(&named).unwrap().get("profile"), None);
}

#[test]
fn a_profile_that_is_none_is_refused() {
    let complaint = check(&["pod.yaml", "--profile", "ful"]).complaint();
    assert!(complaint.contains("expected essential, recommended, full; did you mean `full`?"), "{complaint}");
    let complaint = check(&["pod.yaml", "--profile", "full", "--rule", "has-page"]).complaint();
    assert!(complaint.contains("cannot be used with '--rule"), "{complaint}");
}
