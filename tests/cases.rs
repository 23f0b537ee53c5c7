//! Every documented example and every case of every rule, as inputs.

use std::fs;

use engine::Completeness;
use protocol::Expectation;
use serde::Deserialize;
use serde_json::Value;

use crate::{artifacts, metadata};

/// An input for one rule, and what it shows.
#[derive(Debug)]
pub struct Case {
    /// The rule.
    pub rule: String,
    /// What to call it when it fails.
    pub name: String,
    /// The verdict of the first object.
    pub verdict: String,
    /// How much of the world it is.
    pub completeness: Completeness,
    /// The rule's settings.
    pub settings: Value,
    /// The object as it was, where it is not new.
    pub old: Option<String>,
    /// The documents.
    pub yaml: String,
}

/// The part of `tests/cases.yaml` that concerns a host; the rule's own tests read the rest.
#[derive(Deserialize)]
struct Written {
    name: String,
    expect: String,
    #[serde(default)]
    settings: Option<Value>,
    #[serde(default)]
    world: Option<String>,
    #[serde(default)]
    old: Option<String>,
    yaml: String,
}

/// All of them.
///
/// # Panics
/// If a `cases.yaml` is not readable.
#[must_use]
pub fn all() -> Vec<Case> {
    metadata()
        .into_values()
        .flat_map(|rule| {
            let examples = rule.examples.iter().enumerate().map(|(index, example)| {
                let (verdict, completeness) = match example.expect {
                    Expectation::Pass => ("pass", Completeness::Complete),
                    Expectation::Fail { .. } => ("fail", Completeness::Complete),
                    Expectation::NotApplicable => ("not-applicable", Completeness::Complete),
                    Expectation::Unknown => ("unknown", Completeness::Partial),
                };
                Case {
                    rule: rule.name.clone(),
                    name: format!("example {}", index + 1),
                    verdict: verdict.to_owned(),
                    completeness,
                    settings: example.settings.as_deref().map(settings).unwrap_or_default(),
                    old: None,
                    yaml: example.yaml.clone(),
                }
            });
            let examples: Vec<Case> = examples.collect();
            examples.into_iter().chain(written(&rule.name)).collect::<Vec<_>>()
        })
        .collect()
}

fn settings(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap_or_else(|cause| panic!("{cause}\n{yaml}"))
}

fn written(rule: &str) -> Vec<Case> {
    let path = artifacts::workspace().join("policies").join(rule).join("tests/cases.yaml");
    let Ok(text) = fs::read_to_string(&path) else { return Vec::new() };
    let cases: Vec<Written> =
        serde_saphyr::from_str(&text).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    // Our hosts always say how much of the world they see; that another one asks is the rule's own test.
    // And none of them reaches a registry, as the stand-in of the rule's own tests does.
    let is_ours =
        |case: &Written| case.world.as_deref() != Some("admission") && !case.yaml.contains("kind: SignedImages");
    let cases = cases.into_iter().filter(is_ours);
    let cases = cases.map(|case| Case {
        rule: rule.to_owned(),
        name: case.name,
        verdict: case.expect,
        completeness: match case.world.as_deref() {
            Some("partial") => Completeness::Partial,
            _ => Completeness::Complete,
        },
        settings: case.settings.unwrap_or_default(),
        old: case.old,
        yaml: case.yaml,
    });
    cases.collect()
}
