//! An audit in shards: all of them together say what one audit says.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::{Fault, Server};
use crate::support::{Folder, Run};
use crate::{ALONE, BUDGET, audit, audited, budget, budgets, deployment, deployments, many, report_kinds};

/// A rule that looks at an object alone, and one whose verdict rests on objects of other shards.
const RULES: [&str; 4] = ["--rule", ALONE, "--rule", BUDGET];

/// More than a page, some of which break a rule.
fn server() -> Server {
    let all =
        (0..600).map(|number| deployment(&format!("n{}", number % 7), &format!("d{number:03}"), 2, number % 3 == 0));
    let some = (0..40).map(|number| budget(&format!("n{}", number % 7), &format!("d{number:03}")));
    Server::of(vec![deployments(all.collect()), budgets(some.collect())])
}

/// A folder with the audits of so many shards.
fn shards(server: &Server, of: usize) -> Folder {
    (0..of).fold(Folder::new(), |folder, index| {
        let (code, audit) = audited(server, &[&RULES[..], &["--shard", &format!("{index}/{of}")]].concat());
        assert!(code.is_some_and(|code| code < 2), "{:#}", audit["problems"]);
        folder.and(&format!("{index}.json"), audit.to_string())
    })
}

fn merge(folder: &Folder, files: &[&str]) -> Run {
    folder.run(&[&["report", "merge"], files].concat())
}

/// Results stand in no order that counts.
fn unordered(mut audit: Value) -> (BTreeSet<String>, Value) {
    let results = audit["results"].as_array().unwrap().iter().map(Value::to_string).collect();
    audit["results"] = Value::Null;
    (results, audit)
}

#[test]
fn all_shards_together_are_one_audit() {
    let server = server();
    let (code, whole) = audited(&server, &RULES);
    let folder = shards(&server, 3);
    // Whichever order they come in.
    let merged = merge(&folder, &["2.json", "0.json", "1.json"]);
    assert_eq!((merged.code, merged.err.as_str()), (code, ""));
    let merged: Value = serde_json::from_str(&merged.out).unwrap();
    assert_eq!(merged["summary"]["objects"], 640);
    assert_eq!(unordered(merged), unordered(whole));
}

#[test]
fn what_no_shard_may_see_is_one_problem_as_in_one_audit() {
    let server = server();
    server.fails("deployments", Fault::Refused { times: usize::MAX, code: 403, retry_after: None });
    let (code, whole) = audited(&server, &RULES);
    let part = |shard: &str| audited(&server, &[&RULES[..], &["--shard", shard]].concat()).1.to_string();
    let folder = Folder::of("0.json", part("0/2")).and("1.json", part("1/2"));
    let merged = merge(&folder, &["0.json", "1.json"]);
    assert_eq!((merged.code, merged.err.as_str()), (code, ""));
    assert_eq!((code, &whole["summary"]["problems"]), (Some(2), &json!(1)));
    assert_eq!(unordered(serde_json::from_str(&merged.out).unwrap()), unordered(whole));
}

#[test]
fn shards_without_objects_are_whole_all_the_same() {
    let server = Server::of(vec![deployments(vec![deployment("shop", "web", 1, true)]), budgets(Vec::new())]);
    let folder = shards(&server, 4);
    let merged = merge(&folder, &["0.json", "1.json", "2.json", "3.json"]);
    assert_eq!(merged.code, Some(0), "{merged:?}");
    // But an audit of nothing is incomplete.
    let nothing = Server::of(vec![deployments(Vec::new()), budgets(Vec::new())]);
    let merged = merge(&shards(&nothing, 2), &["0.json", "1.json"]);
    assert_eq!(merged.code, Some(2), "{merged:?}");
}

#[test]
fn what_is_no_whole_is_refused() {
    let server = server();
    let folder = shards(&server, 2);
    let (_, whole) = audited(&server, &["--rule", ALONE]);
    let (_, of_three) = audited(&server, &["--rule", ALONE, "--shard", "1/3"]);
    let (_, by_another) = audited(&server, &["--rule", BUDGET, "--shard", "1/2"]);
    let mut other = whole.clone();
    other["format"] = json!("seaworthy.dev/report/v1");
    let folder = folder
        .and("whole.json", whole.to_string())
        .and("three.json", of_three.to_string())
        .and("rule.json", by_another.to_string())
        .and("format.json", other.to_string())
        .and("check.json", json!({"format": "seaworthy.dev/report/v1", "results": []}).to_string())
        .and("broken.json", "{\"format\":");
    for (files, says) in [
        (&["0.json"][..], "shard 1/2 is missing"),
        (&["0.json", "1.json", "0.json"], "shard 0/2 is there twice"),
        (&["0.json", "three.json"], "another audit"),
        (&["0.json", "rule.json"], "another audit"),
        (&["whole.json"], "not from a shard"),
        (&["format.json"], "seaworthy.dev/report/v1"),
        (
            &["check.json"],
            "check.json has the format seaworthy.dev/report/v1; only seaworthy.dev/audit/v1 can be merged",
        ),
        (&["0.json", "broken.json"], "broken.json is not an audit"),
        (&["none.json"], "none.json"),
    ] {
        let said = merge(&folder, files).complaint();
        assert!(said.contains(says), "{files:?}: {said}");
    }
    assert!(folder.run(&["audit", "--shard", "2/2"]).err.contains("INDEX/COUNT"));
}

#[test]
fn a_shard_leaves_the_reports_of_others_alone() {
    let mut kinds = report_kinds();
    kinds.extend([many(40), budgets(Vec::new())]);
    let server = Server::of(kinds);
    let write = |more: &[&str]| {
        let run = audit(&server, &[&["--rule", ALONE, "--format", "policy-report", "--write"], more].concat());
        assert!(run.code.is_some_and(|code| code < 2), "{run:?}");
    };
    write(&["--shard", "0/2"]);
    let first = server.reports().len();
    write(&["--shard", "1/2"]);
    assert!((1..40).contains(&first), "{first}");
    assert_eq!(server.reports().len(), 40);
    // A stale one goes with its own shard.
    let stale = |index: usize| {
        json!({
            "apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport",
            "metadata": { "name": format!("seaworthy-gone-{index}"), "namespace": "shop", "labels": { "app.kubernetes.io/managed-by": "seaworthy" } },
            "scope": { "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": format!("gone-{index}") },
        })
    };
    for index in 0..20 {
        let path = format!("/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports/seaworthy-gone-{index}");
        server.holds(&path, stale(index));
    }
    write(&["--shard", "0/2"]);
    let left = server.reports().len();
    assert!((41..60).contains(&left), "{left}");
    write(&["--shard", "1/2"]);
    assert_eq!(server.reports().len(), 40);
}
