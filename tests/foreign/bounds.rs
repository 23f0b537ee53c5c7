//! Policies that never end. The run does, and says why once.

use std::fs;

use serde_json::json;

use crate::policies::{POD, looping, metadata, of_rule, shop};
use crate::support::Folder;

/// Fifty Pods, and this policy.
fn pods(policy: Vec<u8>) -> Folder {
    let pods: Vec<_> = (0..50).map(|number| POD.replace("web", &format!("web-{number}"))).collect();
    shop().and("k8s/pods.yaml", pods.join("---\n")).and("loops.wasm", policy)
}

#[test]
fn a_run_ends_with_its_time_and_says_so_once() {
    let told = pods(looping(None, &metadata()))
        .run(&["check", "k8s", "--no-rules", "--policy", "loops.wasm", "--timeout", "1"])
        .with(2);
    assert_eq!(told.matches("ended the run after 1 s: 51 checks did not run").count(), 1, "{told}");
    assert!(!told.contains("without an answer"), "{told}");
}

#[test]
fn a_policy_that_misses_its_deadline_again_and_again_is_switched_off_and_named_once() {
    let folder = pods(looping(None, &metadata()));
    let told = folder.run(&["check", "k8s", "--no-rules", "--policy", "loops.wasm", "--timeout", "60"]).with(2);
    assert_eq!(told.matches("loops was switched off after 3 missed deadlines: ").count(), 1, "{told}");
    // Two threads may be in one evaluation each when the third deadline passes.
    let missed = told.matches("stopped after 5000 ms without an answer").count();
    assert!((1..=4).contains(&missed), "{told}");
}

#[test]
fn a_policy_that_asks_without_end_fills_no_session() {
    let (call, mut metadata) = (["kubernetes", "get_resource", GET], metadata());
    metadata["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "Namespace"}]);
    let folder = pods(looping(Some(call), &metadata));
    let check = ["check", "k8s", "--no-rules", "--policy", "loops.wasm", "--allow", "*", "--timeout", "3"];
    let told = folder.run(&[&check[..], &["--record", "s.yaml"]].concat()).with(2);
    let session = fs::read_to_string(folder.path().join("s.yaml")).unwrap();
    assert_eq!(session.matches("- type: Exchange\n").count(), 10_000);
    assert_eq!(told.matches("s.yaml is full: ").count(), 1, "{told}");
}

#[test]
fn what_a_module_says_of_itself_begins_no_line_of_an_error() {
    let line = "v1\n::error::all is well";
    let mut policy = metadata();
    policy["executionMode"] = json!(line);
    let folder = pods(looping(None, &policy)).and("rules/bad.wasm", of_rule(&json!({"name": "bad", "severity": line})));
    for arguments in [&["--no-rules", "--policy", "loops.wasm"][..], &["--bundle", "rules"]] {
        let complaint = folder.run(&[&["check", "k8s"], arguments].concat()).complaint();
        assert!(complaint.contains("all is well"), "{complaint}");
        assert!(!complaint.lines().any(|line| line.starts_with("::error::")), "{complaint}");
    }
}

const GET: &str = r#"{"api_version":"v1","kind":"Namespace","name":"shop","namespace":null,"disable_cache":false}"#;
