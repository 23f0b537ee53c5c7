//! What hides a violation: ways to write something that a rule forbids so that it does not look like it, by what Kubernetes
//! makes of it (defaults, precedence, other lists and kinds, selectors, splits), each with the verdict that it gets.
//!
//! The table is `spellings.yaml`. Each group is a manifest with a gap, and what is put into the gap; among the ways to hide
//! stands at least one that is right, so that the manifest around the gap is shown to pass.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;

use engine::{Bundle, Completeness};
use seaworthy_tests::{input, native, report};
use serde::Deserialize;
use serde_json::Value;

/// Where a spelling goes in the manifest of its group.
const GAP: &str = "<HERE>";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    rule: String,
    /// What the rule is asked, in a sentence.
    about: String,
    #[serde(default)]
    settings: Option<Value>,
    #[serde(default)]
    partial: bool,
    /// The object checked, then its world.
    yaml: String,
    /// The verdicts, each with the spellings that get it.
    #[serde(default)]
    fail: Vec<String>,
    #[serde(default)]
    pass: Vec<String>,
    #[serde(default, rename = "not-applicable")]
    not_applicable: Vec<String>,
    #[serde(default)]
    unknown: Vec<String>,
}

impl Group {
    fn spellings(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let lists = [
            ("fail", &self.fail),
            ("pass", &self.pass),
            ("not-applicable", &self.not_applicable),
            ("unknown", &self.unknown),
        ];
        lists.into_iter().flat_map(|(verdict, spellings)| spellings.iter().map(move |spelling| (verdict, spelling)))
    }
}

#[test]
fn nothing_hides_a_violation() {
    let groups: Vec<Group> = serde_saphyr::from_str(include_str!("spellings.yaml")).expect("the table is YAML");
    let (runtime, bundle) = native(&[]);
    let mut rules = bundle.into_rules();
    let (mut count, mut hidden, mut about) = (0, Vec::new(), BTreeSet::new());
    for group in &groups {
        assert!(group.yaml.contains(GAP), "{}: no gap", group.about);
        assert!(!group.fail.is_empty() && count_of_others(group) > 0, "{}: shows one side only", group.about);
        let at = rules.iter().position(|rule| rule.metadata.name == group.rule).expect("a rule of that name");
        let rule = rules.swap_remove(at);
        let rule = group.settings.iter().fold(rule, |rule, settings| rule.with_settings(settings));
        let bundle = Bundle::new(vec![rule]);
        let world = if group.partial { Completeness::Partial } else { Completeness::Complete };
        for (expected, spelling) in group.spellings() {
            count += 1;
            let report = report(&runtime, &bundle, &input("a.yaml", &group.yaml.replace(GAP, spelling)), world);
            let report: Value = serde_json::from_str(&report).expect("a report is JSON");
            let verdict = report.pointer("/results/0/verdict").and_then(Value::as_str).unwrap_or("not-applicable");
            if verdict != expected {
                hidden.push(format!("{}, {}: {spelling}\n  is {verdict}, not {expected}", group.rule, group.about));
            }
        }
        about.insert(group.rule.clone());
        let rule = bundle.into_rules().pop().expect("it went in");
        rules.push(rule.with_settings(&Value::Object(serde_json::Map::new())));
    }
    assert!(hidden.is_empty(), "{} of {count}:\n{}", hidden.len(), hidden.join("\n"));
    assert!(count >= 150 && about.len() >= 18, "{count} spellings over {} rules", about.len());
}

/// How many spellings show something else than a failure.
fn count_of_others(group: &Group) -> usize {
    group.spellings().filter(|(verdict, _)| *verdict != "fail").count()
}
