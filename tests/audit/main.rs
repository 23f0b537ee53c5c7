//! `seaworthy audit` against an API server: a small one of these tests (see `server`), or with `SEAWORTHY_TEST_KUBECONFIG`
//! set to the path of a kubeconfig, a real one. Of a real cluster only is asked what it can answer: the tests of `real` judge
//! it and have its API server check the reports, and change nothing; all others need faults on demand and their own server.
//! Where Go is installed, `cluster` starts a real API server and fills it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agreement;
mod bounds;
mod cluster;
mod encrypted;
mod faults;
mod look_ups;
mod memory;
mod owners;
mod pages;
mod real;
mod reports;
mod server;
mod shards;
#[path = "../command_line/support.rs"]
mod support;
mod tls;
mod waivers;

use std::path::Path;

use serde_json::{Value, json};
use server::{Kind, Objects, Server};
use support::{Folder, Run};

/// Rules that are there in every bundle: one looks at an object alone, the other at budgets too.
const ALONE: &str = "run-as-non-root";
const BUDGET: &str = "pod-disruption-budget";

/// Audits the cluster that this kubeconfig leads to.
fn audit_by(kubeconfig: &Path, arguments: &[&str]) -> Run {
    let kubeconfig = kubeconfig.display().to_string();
    Folder::new().run(&[&["audit", "--kubeconfig", &kubeconfig], arguments].concat())
}

fn audit(server: &Server, arguments: &[&str]) -> Run {
    audit_by(&server.kubeconfig(), arguments)
}

/// The audit as JSON, and its exit code.
fn audited(server: &Server, arguments: &[&str]) -> (Option<i32>, Value) {
    let run = audit(server, &[arguments, &["--format", "json"]].concat());
    assert_eq!(run.err, "");
    (run.code, serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}", run.out)))
}

/// `namespace/name` of every object with a result of that rule, in order.
fn judged_by(audit: &Value, rule: &str) -> Vec<String> {
    let results = audit["results"].as_array().unwrap().iter().filter(|result| result["rule"] == rule);
    let name = |result: &Value| {
        let object = &result["object"];
        format!("{}/{}", object["namespace"].as_str().unwrap_or_default(), object["name"].as_str().unwrap())
    };
    results.map(name).collect()
}

fn metadata(namespace: &str, name: &str) -> Value {
    json!({"name": name, "namespace": namespace, "uid": format!("uid-{namespace}-{name}"), "resourceVersion": "3"})
}

fn deployment(namespace: &str, name: &str, replicas: u32, is_safe: bool) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(namespace, name),
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"securityContext": {"runAsNonRoot": is_safe}, "containers": [{"name": "app", "image": "example.com/a:1"}]},
        }},
        "status": {"replicas": replicas},
    })
}

fn budget(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata(namespace, &format!("{name}-pdb")),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}},
    })
}

fn kind(api_version: &str, kind: &str, plural: &str, objects: Vec<Value>) -> Kind {
    let is_namespaced = kind != "Namespace" && !kind.starts_with("Cluster");
    let [api_version, kind, plural] = [api_version, kind, plural].map(str::to_owned);
    Kind { api_version, kind, plural, is_namespaced, objects: Objects::Given(objects) }
}

fn deployments(objects: Vec<Value>) -> Kind {
    kind("apps/v1", "Deployment", "deployments", objects)
}

fn budgets(objects: Vec<Value>) -> Kind {
    kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", objects)
}

fn namespaces(names: &[&str]) -> Kind {
    let namespace = |name: &&str| json!({"metadata": {"name": name, "uid": format!("uid-{name}")}});
    kind("v1", "Namespace", "namespaces", names.iter().map(namespace).collect())
}

/// Both kinds of reports, of both APIs.
fn report_kinds() -> Vec<Kind> {
    vec![
        kind("wgpolicyk8s.io/v1alpha2", "PolicyReport", "policyreports", Vec::new()),
        kind("wgpolicyk8s.io/v1alpha2", "ClusterPolicyReport", "clusterpolicyreports", Vec::new()),
        kind("openreports.io/v1alpha1", "Report", "reports", Vec::new()),
        kind("openreports.io/v1alpha1", "ClusterReport", "clusterreports", Vec::new()),
    ]
}

/// Many Deployments, of which none breaks a rule.
fn many(number: usize) -> Kind {
    let make = |index: usize| deployment(&format!("n{:04}", index / 100), &format!("d{index:06}"), 1, true).to_string();
    Kind { objects: Objects::Made(number, make), ..deployments(Vec::new()) }
}
