//! Which kinds of operators rules ask a policy-server for. Each question for a kind that the cluster does not serve costs a call
//! that fails, so these come last, and docs/kubewarden.md lists them.

use std::cell::RefCell;
use std::rc::Rc;

use seaworthy_tests::{metadata, needs_settings};
use serde_json::{Value, json};

use crate::admission::{create, objects};
use crate::cluster::{group, text};
use crate::policies::POLICIES;

/// What each rule asks for about a Deployment that a Service selects, where there is nothing else.
const ASKED: [(&str, &[&str]); 14] = [
    ("grafana-dashboard", &["Component"]),
    ("horizontal-pod-autoscaler", &["Rollout", "ScaledObject"]),
    ("min-ready-seconds", &["Rollout", "ScaledObject"]),
    (
        "network-policy",
        &[
            "CiliumNetworkPolicy",
            "CiliumClusterwideNetworkPolicy",
            "NetworkPolicy",
            "GlobalNetworkPolicy",
            "NetworkPolicy",
            "GlobalNetworkPolicy",
        ],
    ),
    ("on-call-rotation", &["Component"]),
    ("pagerduty-service", &["Component"]),
    ("pod-disruption-budget", &["Rollout", "ScaledObject"]),
    ("replicas", &["Rollout", "ScaledObject"]),
    ("runbook", &["Component"]),
    ("service-level-objective", &["PrometheusRule", "ServiceLevelObjective", "PrometheusServiceLevel"]),
    ("service-monitor", &["ServiceMonitor", "PodMonitor"]),
    (
        "signed-image",
        &["ClusterPolicy", "Policy", "ImageValidatingPolicy", "NamespacedImageValidatingPolicy", "ClusterImagePolicy"],
    ),
    ("topology-spread", &["Rollout", "ScaledObject"]),
    ("update-strategy", &["Rollout", "ScaledObject"]),
];

const SERVICE: &str =
    "---\n{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}}}\n";

/// A Deployment with these annotations and this in its container, and other objects.
fn deployment(annotations: &str, container: &str, others: &str) -> Vec<Value> {
    objects(&format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop, annotations: {{{annotations}}}}}\n\
         spec:\n  replicas: 3\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: app, {container}}}]}}\n{others}"
    ))
}

/// Whether every cluster that a policy-server runs in serves the kinds of a group.
fn is_served(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io") || group == "policies.kubewarden.io"
}

/// The verdict about the first object, and the kinds that not every cluster serves and that were asked for.
fn asked(rule: &str, settings: &Value, objects: &[Value]) -> (String, Vec<String>) {
    asked_for(rule, settings, objects, |_| None)
}

/// The same, where some look-ups fail.
fn asked_for(
    rule: &str,
    settings: &Value,
    objects: &[Value],
    failure: fn(&Value) -> Option<String>,
) -> (String, Vec<String>) {
    let loaded = &POLICIES[rule];
    let (cluster, kinds) = (loaded.cluster(objects), Rc::new(RefCell::new(Vec::new())));
    let seen = Rc::clone(&kinds);
    let answers = move |namespace: &str, operation: &str, payload: &[u8]| {
        let look_up: Value = serde_json::from_slice(payload).unwrap();
        if !is_served(group(text(&look_up, "/api_version"))) {
            seen.borrow_mut().push(text(&look_up, "/kind").to_owned());
        }
        failure(&look_up).map_or_else(|| cluster.answer(namespace, operation, payload), Err)
    };
    let payload = json!({ "request": create(&objects[0]), "settings": settings });
    let (response, _) = loaded.policy.call("validate", &serde_json::to_vec(&payload).unwrap(), Box::new(answers));
    let response: Value = serde_json::from_slice(&response.unwrap()).unwrap();
    (text(&response, "/outcome/verdict").to_owned(), kinds.take())
}

#[test]
fn a_deployment_costs_the_questions_for_kinds_of_operators_that_are_documented() {
    let serving = deployment("", "image: 'web:1.2.3'", SERVICE);
    let all = metadata();
    for rule in POLICIES.keys().filter(|rule| !needs_settings(&all[*rule])) {
        let expected = ASKED.iter().find(|(known, _)| known == rule).map_or(&[][..], |(_, kinds)| *kinds);
        assert_eq!(asked(rule, &json!({}), &serving).1, expected, "{rule}");
    }
}

/// What a policy-server says of a kind of a group that its API server does not list.
fn without_the_group(look_up: &Value) -> Option<String> {
    let (version, kind) = (text(look_up, "/api_version"), text(look_up, "/kind"));
    let cause = format!(r#"error finding resource {version} / {kind}: ApiError: "404 page not found\n""#);
    (!is_served(group(version))).then(|| format!("Callback evaluation failure: {cause}"))
}

#[test]
fn a_group_that_is_not_served_costs_a_rule_one_question() {
    let serving = deployment("", "image: 'web:1.2.3'", SERVICE);
    let mut all = 0;
    for (rule, one_by_one) in ASKED {
        let (verdict, kinds) = asked_for(rule, &json!({}), &serving, without_the_group);
        assert_eq!(verdict, asked(rule, &json!({}), &serving).0, "{rule}");
        let expected = match rule {
            "network-policy" => &["CiliumNetworkPolicy", "NetworkPolicy", "NetworkPolicy"][..],
            "service-monitor" => &["ServiceMonitor"],
            "signed-image" => &["ClusterPolicy", "ImageValidatingPolicy", "ClusterImagePolicy"],
            _ => one_by_one,
        };
        assert_eq!(kinds, expected, "{rule}");
        all += kinds.len();
    }
    // As docs/kubewarden.md says.
    assert_eq!(all, 26);
}

#[test]
fn what_every_cluster_serves_decides_before_kinds_of_operators_are_asked_for() {
    let nothing: (&str, Vec<String>) = ("pass", Vec::new());
    let worker = deployment("", "image: 'web:1.2.3'", "");
    for rule in ["replicas", "service-level-objective", "service-monitor", "update-strategy"] {
        let (verdict, kinds) = asked(rule, &json!({}), &worker);
        assert_eq!((verdict.as_str(), kinds), ("not-applicable", Vec::new()), "{rule}");
    }
    let mut recreated = worker;
    recreated[0]["spec"]["strategy"] = json!({ "type": "Recreate" });
    let (verdict, kinds) = asked("min-ready-seconds", &json!({ "exempt_recreate": true }), &recreated);
    assert_eq!((verdict.as_str(), kinds), ("not-applicable", Vec::new()));
    let digest = "0123456789abcdef".repeat(4);
    let isolated = "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: shop}, \
                    spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}\n";
    let verified = "---\n{apiVersion: policies.kubewarden.io/v1, kind: ClusterAdmissionPolicy, metadata: {name: signed}, \
                    spec: {module: 'ghcr.io/kubewarden/policies/verify-image-signatures:v1', mode: protect, \
                    settings: {signatures: [{image: '*'}]}}}\n";
    let owned = "---\n{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop, ownerReferences: \
                 [{apiVersion: external-secrets.io/v1, kind: ExternalSecret, name: db, uid: u, controller: true}]}, \
                 data: {password: aHVudGVyMg==}}\n";
    let plain = "image: 'web:1.2.3'";
    for (rule, objects) in [
        ("network-policy", deployment("", plain, isolated)),
        ("runbook", deployment("seaworthy.dev/runbook-url: docs/web.md", plain, "")),
        ("signed-image", deployment("", &format!("image: 'web@sha256:{digest}'"), "")),
        ("signed-image", deployment("", plain, verified)),
        ("external-secrets", deployment("", &format!("{plain}, envFrom: [{{secretRef: {{name: db}}}}]"), owned)),
    ] {
        let (verdict, kinds) = asked(rule, &json!({}), &objects);
        assert_eq!((verdict.as_str(), kinds), nothing, "{rule}");
    }
}
