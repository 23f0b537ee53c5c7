//! The rule `api-version` beside what Kubernetes' own types say of their lifecycle (`main.go`): every version of every kind,
//! at every target version, in both directions. And its table is what the program beside it makes.
//!
//! Where Go is not installed, the rule is held to the table alone. What an API server warns of in fields is recorded in
//! `warned.jsonl`: the warnings of deprecations that kube-apiserver 1.36.3 sent for these objects (`dryRun=All`).
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use engine::{CallError, HostCall, HostCalls, Runtime};
use seaworthy_tests::artifacts::workspace;
use seaworthy_tests::native::{Library, Native};
use serde_json::{Value, json};

/// The newest minor that the table knows.
const NEWEST: u32 = 36;

/// Groups that no client has objects of: a server sends them, or writes them down.
const OF_NO_CLIENT: [&str; 4] = ["admission.k8s.io", "apidiscovery.k8s.io", "audit.k8s.io", "imagepolicy.k8s.io"];

/// Groups whose types of v1alpha1 are still there, and say nothing, although no API server serves them any more.
const UNSAID: [&str; 2] = ["node.k8s.io", "rbac.authorization.k8s.io"];

/// What is said of a version: the minors since which it is there, deprecated and gone, 0 where nothing is said.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    introduced: u32,
    deprecated: u32,
    removed: u32,
    replacement: String,
}

/// By group, kind and version.
type Lifecycles = BTreeMap<(String, String, String), Said>;

fn read(text: &str) -> Lifecycles {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lifecycles = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [group, kind, version, introduced, deprecated, removed, replacement] = fields[..] else {
            panic!("a line has seven fields: {line}");
        };
        let minor = |text: &str| if text == "-" { 0 } else { text.parse().expect("a minor") };
        let (introduced, deprecated, removed) = (minor(introduced), minor(deprecated), minor(removed));
        let said = Said { introduced, deprecated, removed, replacement: replacement.to_owned() };
        ((group.to_owned(), kind.to_owned(), version.to_owned()), said)
    });
    lifecycles.collect()
}

fn table_file() -> PathBuf {
    workspace().join("policies/api-version/data/lifecycle.tsv")
}

fn table() -> Lifecycles {
    read(&fs::read_to_string(table_file()).expect("the table is there"))
}

/// What a program of Go prints; `None` where Go is not installed.
fn go_run(folder: &Path) -> Option<String> {
    Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let output = Command::new("go").args(["run", "."]).current_dir(folder).output().expect("go runs");
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("it prints text"))
}

struct Nothing;

impl HostCalls for Nothing {
    fn call(&self, _: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Ok(br#"{"items": []}"#.to_vec())
    }
}

/// The verdict on an object, and the findings.
fn ask(rule: &Library, object: &Value, minor: u32) -> (String, Vec<Value>) {
    let payload = json!({
        "request": {"operation": "CREATE", "object": object}, "settings": {"kubernetes": format!("1.{minor}")},
        "world": "complete",
    });
    let reply = Native.call(rule, "validate", payload.to_string().as_bytes(), &Nothing).expect("the rule answers");
    let answer: Value = serde_json::from_slice(&reply.bytes).expect("it answers in JSON");
    let findings = answer["outcome"]["findings"].as_array().cloned().unwrap_or_default();
    (answer["outcome"]["verdict"].as_str().unwrap_or_default().to_owned(), findings)
}

/// The verdict on a version, and the finding at `apiVersion`: its level, message and fix.
fn judged(rule: &Library, (group, kind, version): &(String, String, String), minor: u32) -> (String, Option<Value>) {
    let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
    let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
    let (verdict, findings) = ask(rule, &object, minor);
    assert!(findings.len() < 2, "{findings:?}");
    (verdict, findings.into_iter().next())
}

/// Holds the rule to what is said, at every target.
fn hold(lifecycles: &Lifecycles) {
    let rule = Library::open("api-version");
    for (of, said) in lifecycles {
        for minor in 14..=NEWEST + 6 {
            let (verdict, finding) = judged(&rule, of, minor);
            let text = finding.as_ref().map(Value::to_string).unwrap_or_default();
            let context = || format!("{of:?} at 1.{minor}: {said:?}: {verdict} {text}");
            let counts = |since: u32| since != 0 && since <= minor;
            let is_there = said.introduced <= minor && !counts(said.removed);
            assert_eq!(verdict == "fail", !is_there, "{}", context());
            if counts(said.removed) {
                assert!(text.contains(&format!("Kubernetes 1.{} removed", said.removed)), "{}", context());
            } else if is_there && counts(said.deprecated) {
                assert!(text.contains(&format!("deprecated since Kubernetes 1.{}", said.deprecated)), "{}", context());
                let removed = format!("removed in 1.{}", said.removed);
                assert_eq!(text.contains(&removed), said.removed != 0, "{}", context());
                let (api_version, kind) = said.replacement.split_once(' ').unwrap_or_default();
                // What takes its place may be gone as well, or not yet there.
                let is_named = text.contains(&format!("\"{api_version}\"")) || text.contains(kind);
                assert!(api_version.is_empty() || is_named, "{}", context());
            } else {
                assert!(!text.contains("deprecated") && !text.contains("removed"), "{}", context());
            }
        }
    }
}

#[test]
fn every_version_of_every_kind_is_decided_as_the_table_says() {
    let table = table();
    assert!(table.len() > 200, "{} versions", table.len());
    for (of, said) in &table {
        let minors = [said.introduced, said.deprecated, said.removed];
        let given: Vec<u32> = minors.into_iter().filter(|minor| *minor != 0).collect();
        assert!(given.is_sorted(), "{of:?}: {said:?}");
    }
    hold(&table);
}

#[test]
fn every_version_of_every_kind_is_decided_as_its_own_methods_say() {
    let Some(said) = go_run(&workspace().join("tests/judges/api-version")) else {
        eprintln!("LEFT OUT: Go is not installed, so API versions are not compared with Kubernetes' own types");
        return;
    };
    let (mut methods, table) = (read(&said), table());
    methods.retain(|(group, _, version), _| version != "v1alpha1" || !UNSAID.contains(&group.as_str()));
    assert!(methods.len() > 150, "{} versions", methods.len());
    for (of, said) in &mut methods {
        let known = table.get(of).unwrap_or_else(|| panic!("the table lacks {of:?}"));
        // Types of alpha versions do not say since when they are there; the first release that has them does.
        if said.introduced == 0 {
            said.introduced = known.introduced;
        }
        assert_eq!(said, known, "{of:?}");
    }
    for (of, said) in &table {
        let is_gone = said.removed != 0 && said.removed <= NEWEST;
        let is_known = methods.contains_key(of) || OF_NO_CLIENT.contains(&of.0.as_str());
        assert!(is_gone || is_known, "{of:?} is not a kind of Kubernetes 1.{NEWEST}: {said:?}");
    }
    hold(&methods);
}

#[test]
fn the_table_is_what_its_program_makes() {
    let Some(made) = go_run(&workspace().join("policies/api-version/lifecycle")) else {
        eprintln!("LEFT OUT: Go is not installed, so the table is not made again to compare it");
        return;
    };
    let kept = fs::read_to_string(table_file()).expect("the table is there");
    assert!(made == kept, "`make lifecycle` writes another table");
}

#[test]
fn what_an_api_server_warns_of_is_advice_at_the_same_field() {
    let rule = Library::open("api-version");
    let recorded = fs::read_to_string(workspace().join("tests/judges/api-version/warned.jsonl")).expect("it is there");
    let mut warnings = 0;
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).expect("each line is JSON");
        let (verdict, findings) = ask(&rule, &case["object"], NEWEST);
        let theirs: Vec<&str> = case["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(findings.len(), theirs.len(), "{theirs:?} {findings:?}");
        assert_eq!(verdict, "pass", "{findings:?}");
        warnings += theirs.len();
        for finding in findings {
            assert_eq!(finding["level"], "warning", "{finding}");
            let path = protocol::path::shorten(finding["path"].as_str().unwrap_or_default());
            // The server quotes no keys, and misnames two fields. Some warnings name the field in words.
            let path = path.replace(['\'', '"'], "").replace("storageos", "storageOS");
            let name = path.rsplit(['[', '.']).next().unwrap_or_default().trim_end_matches(']');
            let is_same = |said: &&str| {
                said.starts_with(&path)
                    || (!said.starts_with("spec.template") && said.contains(name))
                    || path == "apiVersion"
                    || (path.starts_with("scheduling.") && said.starts_with("scheduling."))
            };
            assert!(theirs.iter().any(is_same), "{path} is not among {theirs:?}");
        }
    }
    assert!(warnings > 40, "{warnings} warnings");
}
