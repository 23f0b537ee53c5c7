//! An application in which every kind of reference leads somewhere, broken one by one: each break is found once, on the
//! object and at the place where it is, and nothing else is found. A reference that the rule does not follow, or reads where
//! it should not, shows here.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::sync::LazyLock;

use engine::{Bundle, Completeness, Judge, Question, World};
use protocol::{Level, Verdict, path};
use sandbox::{Module, Sandbox};
use seaworthy_tests::artifacts::workspace;
use seaworthy_tests::{each, inputs, sandboxed};
use serde::Deserialize;
use serde_json::json;

/// One change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Break {
    /// Stands in the application once.
    replace: String,
    with: String,
    /// Kind and name of the object that is wrong then.
    object: String,
    /// The short path of what is wrong.
    at: String,
    says: String,
    #[serde(default = "violation")]
    level: Level,
}

const fn violation() -> Level {
    Level::Violation
}

fn read(name: &str) -> String {
    fs::read_to_string(workspace().join("tests/references").join(name)).unwrap()
}

static BUNDLE: LazyLock<(Sandbox, Bundle<Module>)> = LazyLock::new(|| {
    let (sandbox, bundle) = sandboxed(1, &["references"]);
    // The application has its own classes and roles.
    (sandbox, each(bundle, |rule| rule.with_settings(&json!({"cluster_wide": true}))))
});

/// What is found: the object, the level, the place, and the message.
type Found = (String, Level, String, String);

/// All that is found, and what could not be decided.
fn check(text: &str, completeness: Completeness) -> (Vec<Found>, Vec<String>) {
    check_files(&[("app.yaml", text)], completeness)
}

fn check_files(files: &[(&str, &str)], completeness: Completeness) -> (Vec<Found>, Vec<String>) {
    let (sandbox, bundle) = &*BUNDLE;
    let input = inputs(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    let world = World::new(&input);
    let judge = Judge::new(sandbox, bundle, &world);
    let (mut found, mut undecided) = (Vec::new(), Vec::new());
    for subject in input.subjects() {
        let object = format!("{} {}", subject.object.kind, subject.object.display_name());
        for judgement in judge.judge(&Question::of(&input, subject, completeness)) {
            let outcome = &judgement.outcome;
            if matches!(outcome.verdict, Verdict::Unknown | Verdict::Error) {
                undecided.push(format!("{object}: {}", outcome.reason.as_deref().unwrap_or_default()));
            }
            let findings = outcome.findings.iter();
            found.extend(findings.map(|it| (object.clone(), it.level, path::shorten(&it.path), it.message.clone())));
        }
    }
    (found, undecided)
}

#[test]
fn the_application_is_whole() {
    let (found, undecided) = check(&read("app.yaml"), Completeness::Complete);
    assert!(found.is_empty() && undecided.is_empty(), "{found:#?} {undecided:#?}");
}

#[test]
fn each_break_is_found_once_at_its_place_and_nothing_else_is() {
    let (app, breaks) = (read("app.yaml"), read("breaks.yaml"));
    let breaks: Vec<Break> = serde_saphyr::from_str(&breaks).unwrap();
    assert!(breaks.len() >= 80, "{} breaks", breaks.len());
    let mut wrong = Vec::new();
    for Break { replace, with, object, at, says, level } in breaks {
        assert_eq!(app.matches(&replace).count(), 1, "`{replace}` stands once in app.yaml");
        let (found, undecided) = check(&app.replace(&replace, &with), Completeness::Complete);
        let is_it = |it: &Found| it.0 == object && it.1 == level && it.2 == at && it.3.contains(&says);
        if !(matches!(found.as_slice(), [one] if is_it(one)) && undecided.is_empty()) {
            wrong.push(format!("{replace} -> {with}\n  expected {object} {at}: {says}\n  {found:#?} {undecided:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// Where a part is seen, what is named may be elsewhere: unknown, unless the object that is named is there and says no.
#[test]
fn in_a_part_nothing_is_called_missing() {
    let (app, breaks) = (read("app.yaml"), read("breaks.yaml"));
    let breaks: Vec<Break> = serde_saphyr::from_str(&breaks).unwrap();
    for Break { replace, with, says, .. } in breaks {
        let (found, undecided) = check(&app.replace(&replace, &with), Completeness::Partial);
        if found.is_empty() {
            assert!(!undecided.is_empty(), "{says} is neither found nor unknown");
        }
        for (object, _, at, message) in found {
            assert!(!message.contains("does not exist"), "{object} {at}: {message}");
        }
    }
}

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: app, image: 'example.com/web:1', envFrom: [{secretRef: {name: login}}]}]}
";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {a: b}\n";
const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
/// A workload of its own beside each of the others, so that each folder is one that is deployed.
const OTHER: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec: {containers: [{name: a, image: 'example.com/a:1'}]}\n";

#[test]
fn what_the_input_has_elsewhere_is_not_called_missing() {
    let missing = |files: &[(&str, &str)]| {
        let (found, undecided) = check_files(files, Completeness::Complete);
        (found.into_iter().map(|it| it.3).collect::<Vec<_>>(), undecided)
    };
    let says = |said: &[String], words: &str| matches!(said, [one] if one.contains(words));
    // In the same folder it is there, and nowhere it is missing.
    let (found, undecided) = missing(&[("a/pod.yaml", POD), ("a/secret.yaml", SECRET)]);
    assert!(found.is_empty() && undecided.is_empty(), "{found:?} {undecided:?}");
    let (found, undecided) = missing(&[("a/pod.yaml", POD), ("b/other.yaml", OTHER)]);
    assert!(says(&found, "Secret login does not exist") && undecided.is_empty(), "{found:?} {undecided:?}");
    // In another folder, which is deployed apart, it may be there.
    let (found, undecided) = missing(&[("a/pod.yaml", POD), ("b/secret.yaml", SECRET), ("b/other.yaml", OTHER)]);
    assert!(found.is_empty() && says(&undecided, "is deployed apart"), "{found:?} {undecided:?}");
    let (found, undecided) = missing(&[
        ("a/pod.yaml", POD),
        ("a/secret.yaml", SECRET),
        ("b/service.yaml", SERVICE),
        ("b/other.yaml", OTHER),
    ]);
    assert!(found.is_empty() && says(&undecided, "deployed apart"), "{found:?} {undecided:?}");
    // A file that nobody can read yet may hold it, and one of another folder does not.
    let template = "kind: {{ .Values.kind }}\n";
    let (found, undecided) = missing(&[("a/pod.yaml", POD), ("a/more.yaml", template)]);
    assert!(found.is_empty() && says(&undecided, "could not be read"), "{found:?} {undecided:?}");
    let (found, undecided) = missing(&[("a/pod.yaml", POD), ("b/other.yaml", OTHER), ("b/more.yaml", template)]);
    assert!(says(&found, "Secret login does not exist") && undecided.is_empty(), "{found:?} {undecided:?}");
}
