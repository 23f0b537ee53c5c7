//! Waivers of a configuration, as policies carry them.

use std::time::{Duration, Instant};

use seaworthy_tests::artifacts::target;
use serde_json::{Value, json};
use test_cluster::{Cluster, build};

use crate::command::documents;
use crate::schemas::object_faults;
use crate::support::{Folder, Run};

/// A configuration of waivers for these objects, by a rule that no setting exempts from.
fn config(objects: &[&str]) -> String {
    let waiver = |object: &&str| waiver("run-as-non-root", object, "expires: 2999-01-31");
    "longest_waiver_days: 400000\nwaivers:\n".to_owned() + &objects.iter().map(waiver).collect::<String>()
}

fn waiver(rule: &str, object: &str, rest: &str) -> String {
    format!("- {{rule: {rule}, object: {{{object}}}, owner: ana, reason: the image, {rest}}}\n")
}

fn run(config: &str, arguments: &[&str]) -> Run {
    let options = ["kubewarden", "--config", "platform.yaml", "--rule", "run-as-non-root"];
    Folder::of("platform.yaml", config).run(&[&options[..], arguments].concat())
}

fn conditions(policy: &Value) -> &[Value] {
    policy["spec"]["matchConditions"].as_array().unwrap()
}

#[test]
fn a_waiver_becomes_a_match_condition_that_always_has_a_value() {
    let text = config(&["kind: Deployment, namespace: shop, name: legacy", "name: web-*", "name: '*'"]);
    let out = run(&text, &[]);
    let expected = "note: a policy does not know the date, and the first waiver ends on 2999-01-31: write and install the \
                    policies again on 2999-02-01\n";
    assert!(out.err.contains(expected), "{}", out.err);
    let policies = documents(out);
    assert_eq!(object_faults(&policies[0]), Vec::<String>::new());
    let legacy = "!(has(request.kind.group) && request.kind.group == \"apps\" && has(request.kind.kind) && \
                  request.kind.kind == \"Deployment\" && has(request.namespace) && request.namespace == \"shop\" && \
                  has(request.kind.kind) && request.kind.kind != \"Namespace\" && has(request.name) && \
                  request.name == \"legacy\")";
    let expected = [
        json!({ "name": "waiver-1-until-2999-01-31", "expression": legacy }),
        json!({
            "name": "waiver-2-until-2999-01-31",
            "expression": "!(has(request.name) && request.name.startsWith(\"web-\"))",
        }),
        json!({ "name": "waiver-3-until-2999-01-31", "expression": "!(has(request.name))" }),
    ];
    // Behind those that leave out what controllers make.
    assert_eq!(conditions(&policies[0])[2..], expected);
    // The audit scanner of Kubewarden evaluates no match conditions, so its reports list these objects all the same.
    assert_eq!(policies[0]["spec"]["backgroundAudit"], true);
}

#[test]
fn a_waiver_for_all_of_a_namespace_becomes_a_setting_where_the_rule_has_one() {
    let waivers = ["namespace: legacy, name: '*'", "kind: Pod, namespace: shop, name: '*'"]
        .map(|object| waiver("pod-security", object, "expires: 2999-01-31"));
    let text = format!(
        "longest_waiver_days: 400000\nrules: {{pod-security: {{settings: {{exempt_namespaces: [tools]}}}}}}\n\
         waivers:\n{}",
        waivers.concat()
    );
    let folder = Folder::of("platform.yaml", &text);
    let options = ["kubewarden", "--config", "platform.yaml", "--rule", "pod-security"];
    let policy = documents(folder.run(&options)).remove(0);
    assert_eq!(policy["spec"]["settings"], json!({ "exempt_namespaces": ["tools", "legacy"] }));
    assert_eq!(conditions(&policy).len(), 3, "the setting exempts every kind: {policy:#}");

    // A policy-server without a cluster has settings and no conditions.
    let options = [&options[..], &["--format", "policy-server"]].concat();
    let complaint = folder.run(&options).complaint();
    assert!(complaint.contains("the waiver of pod-security for * needs a match condition"), "{complaint}");
    let policies = documents(folder.run(&[&options[..], &["--waivers", "possible"]].concat())).remove(0);
    assert_eq!(policies["pod-security"]["settings"], json!({ "exempt_namespaces": ["tools", "legacy"] }));
}

#[test]
fn what_a_policy_cannot_carry_is_refused_by_name() {
    let text = config(&["name: whole"])
        + &waiver("run-as-non-root", "name: part", "container: app, expires: 2999-01-31")
        + &waiver("run-as-non-root", "name: field", "path: spec.hostUsers, expires: 2999-01-31")
        + &waiver("run-as-non-root", "name: stage", "environment: dev, expires: 2999-01-31")
        + &waiver("run-as-non-root", "name: old", "container: app, expires: 2020-01-31")
        + &waiver("network-policy", "name: of-no-policy-here", "container: app, expires: 2999-01-31");
    let complaint = run(&text, &[]).complaint();
    for said in [
        "note: the waiver of run-as-non-root for old ended on 2020-01-31 and is left out\n",
        "error: policies cannot carry every waiver: the waiver of run-as-non-root for part is for a container, ",
        "the waiver of run-as-non-root for field is for a field, ",
        "the waiver of run-as-non-root for stage is for an environment, ",
        "--waivers possible",
    ] {
        assert!(complaint.contains(said), "{said}: {complaint}");
    }
    assert!(!complaint.contains("of-no-policy-here") && !complaint.contains("for whole"), "{complaint}");

    let out = run(&text, &["--waivers", "possible"]);
    assert!(out.err.contains("for part is for a container, and a policy checks the whole object, so it is left out\n"));
    let policies = documents(out);
    assert_eq!(conditions(&policies[0])[2]["expression"], "!(has(request.name) && request.name == \"whole\")");
    assert_eq!(conditions(&policies[0]).len(), 3);

    let out = run(&text, &["--waivers", "none"]);
    assert!(out.err.contains("the waiver of run-as-non-root for whole is left out: --waivers none\n"), "{}", out.err);
    assert_eq!(conditions(&documents(out)[0]).len(), 2);

    // The right to look things up has no waivers.
    let out = run(&text, &["--objects", "rbac", "--rule", "network-policy"]);
    assert_eq!(out.code, Some(0), "{}", out.err);

    let many: Vec<String> = (0..63).map(|number| format!("name: web-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let complaint = run(&config(&many), &[]).complaint();
    assert!(complaint.contains("the waiver of run-as-non-root for web-62 is one too many"), "{complaint}");
    assert!(!complaint.contains("web-61 "), "{complaint}");

    let complaint = run(&config(&["name: web"]).replace("400000", "90"), &[]).complaint();
    assert!(complaint.contains("a waiver may last 90 days"), "{complaint}");
}

#[test]
fn a_waiver_for_a_namespace_that_is_not_checked_is_passed_over() {
    let elsewhere: Vec<String> = (0..70).map(|number| format!("namespace: legacy, name: web-{number}")).collect();
    let elsewhere: Vec<&str> = elsewhere.iter().map(String::as_str).collect();
    let text = config(&elsewhere)
        + &waiver("run-as-non-root", "namespace: legacy, name: part", "container: app, expires: 2999-01-31")
        + &waiver("run-as-non-root", "namespace: legacy, name: old", "expires: 2020-01-31")
        + &waiver("run-as-non-root", "namespace: sh*, name: here", "expires: 2999-01-31");
    for arguments in [["--namespace", "shop"], ["--exclude-namespace", "legacy"]] {
        let out = run(&text, &arguments);
        assert!(!out.err.contains("the waiver of "), "{arguments:?}: {}", out.err);
        let policy = documents(out).remove(0);
        let names: Vec<&Value> = conditions(&policy)[2..].iter().map(|condition| &condition["name"]).collect();
        assert_eq!(names, ["waiver-1-until-2999-01-31"], "{arguments:?}");
    }

    let in_a_chart = ["--exclude-namespace", "legacy", "--format", "helm", "--output", "chart"];
    for arguments in [&["--namespace", "legacy"][..], &["--exclude-namespace", "shop"], &in_a_chart] {
        let complaint = run(&text, arguments).complaint();
        assert!(complaint.contains("for web-69 is one too many"), "{arguments:?}: {complaint}");
        assert!(complaint.contains("for part is for a container, "), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_waiver_for_what_controllers_make_counts_where_that_is_checked() {
    let text = config(&["kind: Pod, name: whole", "kind: ReplicaSet, name: revision"])
        + &waiver("run-as-non-root", "kind: Pod, name: part", "container: app, expires: 2999-01-31")
        + &waiver("run-as-non-root", "kind: ReplicaSet, name: of-revision", "container: app, expires: 2999-01-31");
    let out = run(&text, &[]);
    assert!(out.err.contains("the waiver of run-as-non-root for part is left out: without --pods, "), "{}", out.err);
    assert!(!out.err.contains("revision"), "{}", out.err);
    let policy = documents(out).remove(0);
    // `kubectl debug` is about a Pod.
    let [whole] = &conditions(&policy)[2..] else { panic!("{policy:#}") };
    assert!(whole["expression"].as_str().unwrap().contains("\"whole\""), "{whole}");

    let complaint = run(&text, &["--pods"]).complaint();
    assert!(complaint.contains("for part is for a container, "), "{complaint}");
    assert!(complaint.contains("for of-revision is for a container, "), "{complaint}");
    let possible = documents(run(&text, &["--pods", "--waivers", "possible"])).remove(0);
    assert_eq!(conditions(&possible).len(), 2, "{possible:#}");
}

#[test]
fn waivers_in_annotations_are_named_by_their_rule() {
    let text = "rules: {run-as-non-root: {annotations: true}, network-policy: {annotations: true}}\n";
    let out = run(text, &[]);
    let expected =
        "note: waivers of run-as-non-root in annotations are not carried over: a policy does not read them\n";
    assert!(out.err.contains(expected), "{}", out.err);
    assert!(!out.err.contains("network-policy"), "there is no policy of it: {}", out.err);
    assert_eq!(conditions(&documents(out)[0]).len(), 2);
}

/// Objects that a configuration may waive, and whether a condition of [`WAIVED`] is about them.
const OBJECTS: [(&str, &str, &str, bool); 15] = [
    ("Deployment", "shop", "legacy", true),
    ("Deployment", "shop", "legacy-2", false),
    ("Deployment", "default", "legacy", false),
    ("DaemonSet", "shop", "legacy", false),
    ("DaemonSet", "default", "web-a.b-eu", true),
    ("Deployment", "default", "web-a.b.c-eu", true),
    ("Deployment", "default", "web-ab-eu", false),
    ("Deployment", "default", "my-web-a.b-eu", false),
    ("Deployment", "old-tools", "anything", true),
    ("Deployment", "older-tools", "anything", false),
    ("DaemonSet", "shop", "of-team-db", true),
    ("Deployment", "shop", "of-team-db", false),
    ("Namespace", "", "sandbox", true),
    ("Namespace", "", "sandbox-2", false),
    // A waiver for what is in it does not mean the Namespace, though a request about it names it as its own namespace.
    ("Namespace", "", "old-things", false),
];

const WAIVED: [&str; 5] = [
    "kind: Deployment, namespace: shop, name: legacy",
    "name: web-*.b*-eu",
    "namespace: old-*, name: '*'",
    "group: app*, kind: Daemon*, name: '*-db'",
    "kind: Namespace, name: sandbox",
];

/// A webhook that an API server calls in vain, and what the policy's webhook would be called for.
fn webhook(policy: &Value) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "waivers" },
        "webhooks": [{
            "name": "waivers.seaworthy.dev", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "failurePolicy": "Fail", "timeoutSeconds": 3,
            "clientConfig": { "url": "https://127.0.0.1:9/validate" },
            "rules": [{
                "apiGroups": ["", "apps"], "apiVersions": ["v1"], "operations": ["CREATE"],
                "resources": ["deployments", "daemonsets", "namespaces"],
            }],
            "matchConditions": conditions(policy),
        }],
    })
}

#[test]
fn the_conditions_are_written_as_cel_has_it() {
    let policy = documents(run(&config(&WAIVED), &[])).remove(0);
    let folder = Folder::of("webhook.yaml", webhook(&policy).to_string());
    let out = folder.run(&["check", "--rule", "kubernetes-schema", "webhook.yaml"]);
    assert_eq!(out.code, Some(0), "{}", out.out);
}

/// Whether an object is let in without asking the webhook. It is neither where a condition fails: that is another error.
async fn is_waived(cluster: &Cluster, kind: &str, namespace: &str, name: &str) -> bool {
    let labels = json!({ "app": "web" });
    let workload = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "app", "image": "web:1.2.3" }] },
            },
        },
    });
    let (path, object) = match kind {
        "Namespace" => {
            let object = json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name } });
            ("/api/v1/namespaces".to_owned(), object)
        }
        _ => (format!("/apis/apps/v1/namespaces/{namespace}/{}s", kind.to_lowercase()), workload),
    };
    let (status, said) = cluster.would_create(&path, object.to_string()).await;
    let is_asked = said["message"].as_str().unwrap_or_default().contains("failed calling webhook");
    assert!(status == 201 || is_asked, "{kind} {namespace}/{name}: {said:#}");
    !is_asked
}

#[test]
fn an_api_server_asks_about_everything_but_what_is_waived() {
    let Some(program) = build("1.36", &target().join("judge")) else {
        eprintln!("LEFT OUT: Go is not installed, so no API server evaluates match conditions");
        return;
    };
    let policy = documents(run(&config(&WAIVED), &[])).remove(0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(&program).await;
        for namespace in ["shop", "old-tools", "older-tools"] {
            let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
            assert_eq!(cluster.ask("POST", "/api/v1/namespaces", "application/json", &object).await.0, 201);
        }
        let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?fieldValidation=Strict";
        let (status, _, said) = cluster.ask("POST", path, "application/json", &webhook(&policy)).await;
        assert_eq!(status, 201, "{said:#}");
        let start = Instant::now();
        while is_waived(&cluster, "Deployment", "default", "probe").await {
            assert!(start.elapsed() < Duration::from_secs(60), "the webhook is not called");
            std::thread::sleep(Duration::from_millis(100));
        }
        for (kind, namespace, name, expected) in OBJECTS {
            assert_eq!(is_waived(&cluster, kind, namespace, name).await, expected, "{kind} {namespace}/{name}");
        }
    });
}
