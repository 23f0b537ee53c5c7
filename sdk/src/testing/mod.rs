//! Runs a rule's documented examples and cases natively, as its tests.
//!
//! Each is judged three times: with the whole object, as other hosts send it; pruned to the rule's field mask, as ours
//! does; and with everything outside the mask present but poisoned, so that a read that `reads` does not declare is
//! caught even where the verdict would be the same. All three must agree, to the last finding.
//!
//! The first document is the object judged; it and all others are the world. A case may show the object as it was before:
//! then it is an update.
#![allow(clippy::panic, clippy::expect_used)]

mod files;

use bumpalo::Bump;
use protocol::{Applicability, FieldMask, Finding, Fix, Outcome, Verdict, path};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::memory::Memory;
use crate::rule::{Rule, judge};
use crate::value::Value;
use crate::world::Completeness;
use files::Files;

/// One entry of `tests/cases.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// A sentence: what is decided, and why.
    name: String,
    /// `pass`, `fail`, `not-applicable`, `unknown` or `error`.
    expect: Verdict,
    /// Default `{}`.
    #[serde(default)]
    settings: Option<Json>,
    /// Whether the documents are everything there is.
    #[serde(default)]
    world: World,
    /// The findings, all of them and in order, where the case is about them.
    #[serde(default)]
    findings: Option<Vec<ExpectedFinding>>,
    /// Words that the reason contains.
    #[serde(default)]
    reason: Option<String>,
    /// The object as it was, where it is not new.
    #[serde(default)]
    old: Option<String>,
    /// The documents.
    yaml: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum World {
    #[default]
    Complete,
    Partial,
    /// Another host asks, as an object enters a cluster.
    Admission,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedFinding {
    /// The path in short form, `spec.containers[0].image`.
    at: String,
    /// Words that the message contains.
    #[serde(default)]
    says: String,
    /// Words that the fix contains.
    #[serde(default)]
    fix: String,
    /// Whether a program may make the edit unasked.
    safe: Option<bool>,
}

/// Runs one documented example.
///
/// # Panics
/// If the verdict, or the container named, is another one.
pub fn example<R: Rule>(expect: &str, container: &str, settings: &str, yaml: &str) {
    // An example of `unknown` is one whose world is not complete.
    let world = if expect == "unknown" { Completeness::Partial } else { Completeness::Complete };
    let settings = serde_saphyr::from_str(settings).unwrap_or_else(|cause| panic!("settings: {cause}\n{settings}"));
    let outcome = run::<R>(yaml, None, &settings, world);
    assert_eq!(outcome.verdict.name(), expect, "{outcome:#?}");
    let named = |finding: &Finding| finding.container.as_deref() == Some(container);
    assert!(container.is_empty() || outcome.findings.iter().any(named), "no finding names {container}: {outcome:#?}");
    complete(&outcome);
}

/// Runs all cases of the `tests/cases.yaml` of a crate, if it has one.
///
/// # Panics
/// If any case is decided otherwise; names each of them.
pub fn cases<R: Rule>(crate_folder: &str) {
    let path = std::path::Path::new(crate_folder).join("tests/cases.yaml");
    #[allow(clippy::disallowed_methods, reason = "the author's own file, in a test")]
    let yaml = match std::fs::read_to_string(path) {
        Ok(yaml) => yaml,
        // The documented examples are enough for a small rule.
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return,
        Err(cause) => panic!("tests/cases.yaml: {cause}"),
    };
    all::<R>(&yaml);
}

/// Runs the cases that are written in this text.
fn all<R: Rule>(yaml: &str) {
    let cases: Vec<Case> = serde_saphyr::from_str(yaml).unwrap_or_else(|cause| panic!("tests/cases.yaml: {cause}"));
    let failures: Vec<String> = cases.iter().filter_map(|case| check::<R>(case).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(!cases.is_empty(), "tests/cases.yaml has no cases");
}

fn check<R: Rule>(case: &Case) -> Result<(), String> {
    let world = match case.world {
        World::Complete => Completeness::Complete,
        World::Partial => Completeness::Partial,
        World::Admission => Completeness::Admission,
    };
    let settings = case.settings.clone().unwrap_or_else(|| json!({}));
    let outcome = run::<R>(&case.yaml, case.old.as_deref(), &settings, world);
    let told = |what: &str| Err(format!("case `{}`: {what}: {outcome:#?}", case.name));
    if outcome.verdict != case.expect {
        return told(&format!("expected {}", case.expect));
    }
    if let Some(words) = &case.reason
        && !outcome.reason.as_deref().unwrap_or_default().contains(words)
    {
        return told(&format!("expected a reason with `{words}`"));
    }
    if let Some(expected) = &case.findings {
        let same = |(finding, expected): (&Finding, &ExpectedFinding)| {
            path::shorten(&finding.path) == expected.at
                && finding.message.contains(&expected.says)
                && finding.fix.as_ref().map(Fix::text).unwrap_or_default().contains(&expected.fix)
                && expected.safe.is_none_or(|safe| safe == is_safe(finding))
        };
        if outcome.findings.len() != expected.len() || !outcome.findings.iter().zip(expected).all(same) {
            return told("expected other findings");
        }
    }
    complete(&outcome);
    Ok(())
}

fn is_safe(finding: &Finding) -> bool {
    let edit = finding.fix.as_ref().and_then(Fix::edit);
    edit.is_some_and(|edit| edit.applicability == Applicability::Safe)
}

/// What every outcome owes its reader.
fn complete(outcome: &Outcome) {
    for finding in &outcome.findings {
        assert!(path::parse(&finding.path).is_some(), "{} is no normalised path", finding.path);
        assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{}", finding.message);
        let says_what_to_write = finding.fix.as_ref().is_some_and(|fix| !fix.text().is_empty());
        assert!(says_what_to_write || finding.level == protocol::Level::Note, "no fix: {finding:?}");
    }
    if outcome.findings.is_empty() {
        assert!(outcome.verdict == Verdict::Pass || outcome.reason.is_some(), "no reason: {outcome:?}");
    }
}

/// Judges the first document three times, and insists on one outcome.
fn run<R: Rule>(yaml: &str, old: Option<&str>, settings: &Json, world: Completeness) -> Outcome {
    let documents = documents_of(yaml);
    let old = old.map(|old| documents_of(old).pop().unwrap_or_else(|| panic!("the old object is empty:\n{yaml}")));
    let object = documents.first().unwrap_or_else(|| panic!("the example is empty:\n{yaml}"));
    let text = |field: &str| object.get(field).and_then(Json::as_str).unwrap_or_default();
    let mask = FieldMask::for_kind(R::READS, protocol::api_group(text("apiVersion")), text("kind"));
    let files = Files::new(&documents);

    let prune = |object: &Json| files::prune(object, &mask);
    let ask = |request: &Json, poison| outcome::<R>(request, poison, settings, &files, world);
    let whole = ask(&request(object, old.as_ref()), None);
    let pruned = ask(&request(&prune(object), old.as_ref().map(prune).as_ref()), None);
    let poisoned = ask(&request(object, old.as_ref()), Some(&mask));
    assert_eq!(whole, pruned, "the field mask hides something that the rule reads");
    assert_eq!(whole, poisoned, "the rule reads what its field mask does not declare");
    whole
}

fn documents_of(yaml: &str) -> Vec<Json> {
    serde_saphyr::from_multiple(yaml).unwrap_or_else(|cause| panic!("the example is no YAML: {cause}\n{yaml}"))
}

/// What a host asks: whether the object may be created, or may replace the old one.
fn request(object: &Json, old: Option<&Json>) -> Json {
    let namespace = object.pointer("/metadata/namespace").cloned().unwrap_or_default();
    match old {
        None => json!({"operation": "CREATE", "namespace": namespace, "object": object}),
        Some(old) => json!({"operation": "UPDATE", "namespace": namespace, "object": object, "oldObject": old}),
    }
}

fn outcome<R: Rule>(
    request: &Json,
    poison: Option<&FieldMask>,
    settings: &Json,
    files: &Files<'_>,
    world: Completeness,
) -> Outcome {
    let payload = json!({"request": request, "settings": settings});
    let payload = serde_json::to_vec(&payload).expect("JSON is written to memory");
    let memory = Memory::new();
    let value = Value::parse(&payload, &memory.bump).expect("what was written is read");
    let value = match poison {
        None => value,
        Some(mask) => replace(&value, "request", &memory.bump, |request| {
            ["object", "oldObject"].iter().fold(*request, |request, key| {
                replace(&request, key, &memory.bump, |object| poisoned(object, mask, &memory.bump))
            })
        }),
    };
    judge::<R>(&value, &memory, files, world)
}

fn replace<'a>(value: &Value<'a>, key: &str, bump: &'a Bump, change: impl Fn(&Value<'a>) -> Value<'a>) -> Value<'a> {
    let Value::Object(members) = value else { return *value };
    let members = members.iter().map(|(name, value)| (*name, if *name == key { change(value) } else { *value }));
    Value::Object(bump.alloc_slice_fill_iter(members.collect::<Vec<_>>()))
}

/// The value with everything outside the mask made unreadable.
fn poisoned<'a>(value: &Value<'a>, mask: &FieldMask, bump: &'a Bump) -> Value<'a> {
    if mask.is_whole() {
        return *value;
    }
    match value {
        Value::Object(members) => Value::Object(bump.alloc_slice_fill_iter(members.iter().map(|(key, value)| {
            (*key, mask.field(key).map_or(Value::Undeclared, |mask| poisoned(value, mask, bump)))
        }))),
        Value::Array(items) => {
            Value::Array(bump.alloc_slice_fill_iter(items.iter().map(|item| poisoned(item, mask, bump))))
        }
        scalar => *scalar,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use crate::findings::Findings;
    use crate::request::Request;
    use crate::rule::Declaration;
    use crate::settings::{Settings, SettingsError};
    use crate::undecided::Undecided;
    use crate::world::Declared;

    /// Wants a workload to keep its replicas.
    struct Steady;

    impl Declaration for Steady {
        const NAME: &'static str = "steady";
        const SECTION: protocol::Section = protocol::Section::Delivery;
        const READS: &'static [&'static str] = &["spec.replicas"];
        const LOOKS_UP: &'static [Declared] = &[];

        fn configure(_: Settings<'_>) -> Result<Self, SettingsError> {
            Ok(Self)
        }
    }

    impl Rule for Steady {
        fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
            let Some(old) = request.old_object() else { return crate::undecided::not_applicable("it is new") };
            let (before, now) = (old.get("spec.replicas"), request.object().get("spec.replicas"));
            if before.integer() != now.integer() {
                findings.fail(now, "it was another number", "the number that it was");
            }
            if old.get("spec.paused").is_set() {
                findings.fail(now, "it was paused", "nothing");
            }
            Ok(())
        }
    }

    fn case(expect: &str, old: &str, new: &str) -> String {
        let old = if old.is_empty() { String::new() } else { format!("  old: '{old}'\n") };
        format!("- name: a\n  expect: {expect}\n{old}  yaml: '{new}'\n")
    }

    #[test]
    fn a_case_may_show_the_object_before_an_update() {
        let of = |replicas: u8| format!("{{apiVersion: apps/v1, kind: Deployment, spec: {{replicas: {replicas}}}}}");
        all::<Steady>(&case("not-applicable", "", &of(2)));
        all::<Steady>(&case("pass", &of(2), &of(2)));
        all::<Steady>(&case("fail", &of(1), &of(2)));
    }

    #[test]
    fn a_field_of_the_old_object_that_is_not_declared_is_noticed() {
        let (new, old) = ("{apiVersion: apps/v1, kind: Deployment}", "{kind: Deployment, spec: {paused: true}}");
        let outcome = catch_unwind(|| all::<Steady>(&case("fail", old, new)));
        assert!(outcome.is_err(), "`spec.paused` is read");
    }
}
