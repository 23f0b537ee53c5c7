//! Policy reports, printed and written: held to the schemas of their definitions, one for each object, and gone with it.

use seaworthy_tests::schema;
use serde_json::{Value, json};

use crate::server::{Fault, Kind, Server};
use crate::{ALONE, BUDGET, audit, budgets, deployment, deployments, kind, report_kinds};

const BOTH: [&str; 4] = ["--rule", ALONE, "--rule", BUDGET];

/// In what a report is not as its definition has it.
pub fn faults(report: &Value) -> Vec<String> {
    let root: Value = serde_saphyr::from_str(include_str!("schemas.yaml")).unwrap();
    let kind = report["kind"].as_str().unwrap_or_default();
    let definition = format!("/$defs/{}", kind.strip_prefix("Cluster").unwrap_or(kind));
    let mut faults = schema::faults(&root, &definition, report);
    if report["metadata"].get("namespace").is_some() == kind.starts_with("Cluster") {
        faults.push(format!("{kind} in a namespace, or out of one"));
    }
    faults
}

/// What can be done with objects of a kind.
pub fn verbs(kind: &Kind) -> Value {
    if kind.kind == "ComponentStatus" { json!(["get", "list"]) } else { json!(["create", "get", "list"]) }
}

pub fn is_report(kind: &str) -> bool {
    kind.ends_with("Report")
}

/// All documents of an output that a cluster reads as YAML.
pub fn documents(text: &str) -> Vec<Value> {
    let input = seaworthy_tests::input("reports.yaml", text);
    input.subjects().map(|subject| serde_json::to_value(&*subject.object.node).unwrap()).collect()
}

fn shop() -> Server {
    let role = json!({
        "metadata": {"name": "everything", "uid": "uid-everything"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    });
    let mut kinds = report_kinds();
    kinds.extend([
        deployments(vec![deployment("shop", "bad", 2, false), deployment("shop", "good", 1, true)]),
        budgets(Vec::new()),
        kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", vec![role]),
    ]);
    Server::of(kinds)
}

#[test]
fn reports_are_valid_and_say_what_rules_said() {
    for (format, api_version, kinds) in [
        ("policy-report", "wgpolicyk8s.io/v1alpha2", ["PolicyReport", "ClusterPolicyReport"]),
        ("openreports", "openreports.io/v1alpha1", ["Report", "ClusterReport"]),
    ] {
        let rules = [&BOTH[..], &["--rule", "least-privilege-rbac", "--format", format]].concat();
        let run = audit(&shop(), &rules);
        assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
        let reports = documents(&run.out);
        for report in &reports {
            assert_eq!(faults(report), Vec::<String>::new(), "{report:#}");
            assert_eq!(report["apiVersion"], api_version);
        }
        let about = |name: &str| reports.iter().find(|report| report["scope"]["name"] == name).unwrap();
        let (bad, good, role) = (about("bad"), about("good"), about("everything"));
        assert_eq!((&bad["kind"], &role["kind"]), (&json!(kinds[0]), &json!(kinds[1])));
        assert_eq!(bad["metadata"]["name"], "seaworthy-uid-shop-bad");
        assert_eq!(bad["metadata"]["ownerReferences"][0]["uid"], "uid-shop-bad");
        assert_eq!(bad["summary"], json!({"pass": 0, "fail": 2, "warn": 0, "error": 0, "skip": 0}));
        assert_eq!(good["summary"], json!({"pass": 1, "fail": 0, "warn": 0, "error": 0, "skip": 0}));
        let of_root = bad["results"].as_array().unwrap().iter().find(|result| result["policy"] == ALONE).unwrap();
        assert_eq!((&of_root["result"], &of_root["category"]), (&json!("fail"), &json!("security")));
        assert_eq!(of_root["properties"]["path"], "spec.template.spec.securityContext.runAsNonRoot");
        let severity = role["results"][0]["severity"].as_str().unwrap();
        assert!(["high", "critical"].contains(&severity), "{severity}");
    }
}

#[test]
fn written_reports_follow_their_objects() {
    let server = shop();
    let write = |more: &[&str]| {
        // The name without a hyphen is accepted too.
        let run = audit(&server, &[&BOTH[..], &["--format", "policyreport", "--write"], more].concat());
        assert_eq!(run.err, "", "{}", run.out);
        (run.code, run.out.lines().last().unwrap().to_owned())
    };
    let folder = "/apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports";
    let said = "2 reports would be written, 0 reports of earlier audits would be removed".to_owned();
    assert_eq!(write(&["--dry-run"]), (Some(1), said));
    assert_eq!(server.reports().len(), 0);
    assert_eq!(write(&[]), (Some(1), "2 reports written, 0 reports of earlier audits removed".into()));
    assert!(server.reports().contains_key(&format!("{folder}/seaworthy-uid-shop-bad")));
    let first = server.reports();
    // Where nothing has changed, nothing is written anew.
    write(&[]);
    assert_eq!(server.reports(), first);

    let stale = json!({
        "kind": "PolicyReport", "metadata": {"name": "seaworthy-gone", "namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "seaworthy"}},
    });
    let others = json!({"kind": "PolicyReport", "metadata": {"name": "theirs", "namespace": "shop", "labels": {"app.kubernetes.io/managed-by": "kyverno"}}});
    // Neither a name like ours nor our label alone makes a report ours.
    let [mut named, mut labelled] = [others.clone(), stale.clone()];
    named["metadata"]["name"] = json!("seaworthy-theirs");
    labelled["metadata"]["name"] = json!("copied");
    server.holds(&format!("{folder}/seaworthy-theirs"), named);
    server.holds(&format!("{folder}/copied"), labelled);
    server.holds(&format!("{folder}/seaworthy-gone"), stale.clone());
    server.holds(&format!("{folder}/theirs"), others);
    assert_eq!(write(&["--dry-run"]).1, "2 reports would be written, 1 report of earlier audits would be removed");
    assert_eq!(server.reports().len(), 6);
    assert_eq!(write(&[]).1, "2 reports written, 1 report of earlier audits removed");
    assert!(!server.reports().contains_key(&format!("{folder}/seaworthy-gone")) && server.reports().len() == 5);

    // What was not listed may still be there.
    server.holds(&format!("{folder}/seaworthy-gone"), stale);
    server.fails("deployments", Fault::Refused { times: usize::MAX, code: 403, retry_after: None });
    let (code, said) = write(&[]);
    assert_eq!((code, said.contains("those of earlier audits kept")), (Some(2), true), "{said}");
    assert!(server.reports().contains_key(&format!("{folder}/seaworthy-gone")));
}

#[test]
fn what_nobody_writes_is_not_checked_and_lacks_no_report() {
    let mut kinds = report_kinds();
    // An API server says it of itself, without a uid.
    let status = json!({"metadata": {"name": "etcd-0"}, "conditions": [{"type": "Healthy", "status": "True"}]});
    kinds.extend([
        deployments(vec![deployment("shop", "good", 1, true)]),
        kind("v1", "ComponentStatus", "componentstatuses", vec![status]),
    ]);
    let server = Server::of(kinds);
    let run = audit(&server, &["--rule", "kubernetes-schema", "--format", "policyreport"]);
    assert!(run.code.is_some_and(|code| code < 2), "{run:?}");
    assert!(!server.requests().iter().any(|request| request.contains("componentstatuses")));
}

#[test]
fn reports_that_nobody_serves_are_refused_before_anything_is_judged() {
    let server = Server::of(vec![deployments(vec![deployment("shop", "web", 1, true)])]);
    let said = audit(&server, &["--rule", ALONE, "--format", "openreports", "--write"]).complaint();
    assert!(said.contains("does not serve Report of openreports.io/v1alpha1; install"), "{said}");
}
