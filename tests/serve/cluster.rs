//! Before a real API server: what it sends, and what its clients are told. Left out, and said so, where Go is not installed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_tests::api::kubeconfig;
use seaworthy_tests::artifacts::{target, workspace};
use serde_json::{Value, json};
use test_cluster::{Cluster, READER, build};
use tokio::time::sleep;

use crate::look_ups::{until, verdict};
use crate::reviews::deployment;
use crate::server::{PATIENCE, Server};
use crate::support::Folder;
use crate::tls::Pair;

const JSON: &str = "application/json";
const PATCH: &str = "application/merge-patch+json";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";

/// The webhook as the chart registers it, but for where it is.
fn registration(server: &Server, pair: &Pair) -> Value {
    let text = std::fs::read_to_string(workspace().join("charts/seaworthy/values.yaml")).unwrap();
    let values: Value = serde_saphyr::from_str(&text).unwrap();
    let mut rules = values["webhook"]["rules"].as_array().unwrap().clone();
    rules.iter_mut().for_each(|rule| rule["operations"] = json!(["CREATE", "UPDATE"]));
    rules.push(json!({
        "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/ephemeralcontainers"], "operations": ["UPDATE"],
    }));
    // What subresources and deletions are answered shows only where they are asked about.
    rules.push(json!({
        "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments/scale"], "operations": ["UPDATE"],
    }));
    rules.push(json!({
        "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/eviction"], "operations": ["CREATE"],
    }));
    rules.push(json!({
        "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["DELETE"],
    }));
    let template = std::fs::read_to_string(workspace().join("charts/seaworthy/templates/webhook.yaml")).unwrap();
    let (_, condition) = template.split_once("expression: >-").unwrap();
    let condition: Vec<&str> = condition.lines().skip(1).take_while(|line| line.starts_with("          ")).collect();
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "seaworthy" },
        "webhooks": [{
            "name": "readiness.seaworthy.dev", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "matchPolicy": "Equivalent", "failurePolicy": "Fail", "timeoutSeconds": 3, "rules": rules,
            "clientConfig": {
                "url": format!("https://{}/validate", server.address), "caBundle": STANDARD.encode(&pair.certificate),
            },
            "namespaceSelector": { "matchExpressions": [
                { "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": values["webhook"]["exemptNamespaces"] },
            ] },
            "matchConditions": [{ "name": "not-by-kubernetes-itself", "expression": condition.join(" ").trim() }],
        }],
    })
}

fn named(name: &str, image: &str, root: bool) -> Value {
    let mut object = deployment(image, root);
    object["metadata"] = json!({ "name": name, "namespace": "default" });
    object
}

async fn register(cluster: &Cluster, webhook: &Value) {
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?fieldValidation=Strict";
    let (status, warnings, said) = cluster.ask("POST", path, JSON, webhook).await;
    assert_eq!((status, warnings.len()), (201, 0), "{warnings:?} {said:#}");
    let start = Instant::now();
    let dry = format!("{DEPLOYMENTS}?dryRun=All");
    while cluster.ask("POST", &dry, JSON, &named("probe", "web:latest", true)).await.0 != 403 {
        assert!(start.elapsed() < PATIENCE, "nothing is denied");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn play(cluster: &Cluster) {
    let pair = Pair::of("127.0.0.1");
    let folder = Folder::of(
        "seaworthy.yaml",
        "admission: {mode: warn, modes: [{rules: [run-as-non-root, immutable-image-tag], mode: enforce}]}\n",
    );
    pair.write(folder.path());
    let options = ["--tls-cert", "tls.crt", "--tls-key", "tls.key", "--config", "seaworthy.yaml"];
    let server = Server::start_with(&folder, &options);
    let of = |name: &str| format!("{DEPLOYMENTS}/{name}");

    // It was there before the webhook.
    assert_eq!(cluster.ask("POST", DEPLOYMENTS, JSON, &named("legacy", "web:latest", true)).await.0, 201);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web" },
        "spec": { "automountServiceAccountToken": false, "containers": [{ "name": "app", "image": "web:latest" }] },
    });
    let (status, _, said) = cluster.ask("POST", PODS, JSON, &pod).await;
    assert_eq!(status, 201, "{said:#}");
    register(cluster, &registration(&server, &pair)).await;

    let (status, warnings, said) = cluster.ask("POST", DEPLOYMENTS, JSON, &named("web", "web:latest", true)).await;
    let message = said["message"].as_str().unwrap();
    assert_eq!((status, &said["reason"]), (403, &json!("Forbidden")), "{said:#}");
    assert!(message.contains("run-as-non-root: container app") && message.contains("immutable-image-tag"), "{message}");
    assert!(warnings.iter().any(|text| text.contains("container-resources: ")), "{warnings:#?}");
    assert!(warnings.iter().any(|text| text.contains("run-as-non-root: ")), "{warnings:#?}");

    let (status, warnings, said) = cluster.ask("POST", DEPLOYMENTS, JSON, &named("web", "web:1.2.3", false)).await;
    assert!(status == 201 && !warnings.is_empty(), "{said:#}");
    let worse = json!({ "spec": { "template": { "spec": { "securityContext": { "runAsUser": 0 }, "containers": [
        { "name": "app", "image": "web:latest" },
    ] } } } });
    let (status, _, said) = cluster.ask("PATCH", &of("web"), PATCH, &worse).await;
    assert!(status == 403 && said["message"].as_str().unwrap().contains("immutable-image-tag"), "{said:#}");

    // An old workload is labelled, scaled, and deleted.
    let label = json!({ "metadata": { "labels": { "team": "shop" } } });
    let (status, warnings, said) = cluster.ask("PATCH", &of("legacy"), PATCH, &label).await;
    assert_eq!(status, 200, "{said:#}");
    assert!(warnings.iter().any(|text| text.contains("run-as-non-root: ")), "{warnings:#?}");
    let scale = json!({ "spec": { "replicas": 3 } });
    let (status, warnings, said) = cluster.ask("PATCH", &(of("legacy") + "/scale"), PATCH, &scale).await;
    assert_eq!((status, warnings.len()), (200, 0), "{warnings:?} {said:#}");
    let (status, ..) = cluster.ask("PATCH", &of("legacy"), PATCH, &scale).await;
    assert_eq!(status, 200);
    let (status, warnings, said) = cluster.ask("DELETE", &of("legacy"), JSON, &json!({})).await;
    assert_eq!((status, warnings.len()), (200, 0), "{warnings:?} {said:#}");

    // `kubectl debug`.
    let debug = |image: &str| {
        json!({ "spec": { "ephemeralContainers": [
            { "name": "debug", "image": image, "securityContext": { "runAsNonRoot": true } },
        ] } })
    };
    let part = format!("{PODS}/web/ephemeralcontainers");
    let (status, _, said) = cluster.ask("PATCH", &part, PATCH, &debug("busybox:latest")).await;
    let message = said["message"].as_str().unwrap_or_default();
    assert!(status == 403 && message.contains("container debug") && !message.contains("container app"), "{said:#}");
    let (status, _, said) = cluster.ask("PATCH", &part, PATCH, &debug("busybox:1.36.1")).await;
    assert_eq!(status, 200, "{said:#}");

    // An eviction is no deletion, and no rule's business.
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "web" } });
    let (status, warnings, said) = cluster.ask("POST", &format!("{PODS}/web/eviction"), JSON, &eviction).await;
    assert_eq!((status, warnings.len()), (201, 0), "{said:#}");

    // A system namespace is exempt.
    let mut system = named("system", "web:latest", true);
    system["metadata"]["namespace"] = json!("kube-system");
    let path = DEPLOYMENTS.replace("default", "kube-system");
    assert_eq!(cluster.ask("POST", &path, JSON, &system).await.0, 201);

    // With `failurePolicy: Fail` and nobody there, nothing is let in: so it was asked all the time.
    drop(server);
    let (status, _, said) = cluster.ask("POST", DEPLOYMENTS, JSON, &named("late", "web:1.2.3", false)).await;
    assert!(status == 500 && said["message"].as_str().unwrap().contains("failed calling webhook"), "{said:#}");
}

/// The right to read what the chart's role reads, Secrets aside.
async fn grant(cluster: &Cluster) {
    let text = std::fs::read_to_string(workspace().join("charts/seaworthy/look-ups.yaml")).unwrap();
    let all: BTreeMap<String, Vec<String>> = serde_saphyr::from_str(&text).unwrap();
    let rules = all.into_iter().map(|(group, mut resources)| {
        resources.retain(|resource| resource != "secrets");
        let group = if group == "core" { String::new() } else { group };
        json!({ "apiGroups": [group], "resources": resources, "verbs": ["list", "watch"] })
    });
    let rules: Vec<Value> = rules.collect();
    let rbac = "rbac.authorization.k8s.io";
    let role = json!({ "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": { "name": "look-ups" }, "rules": rules });
    let binding = json!({
        "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": "look-ups" },
        "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": "look-ups" },
        "subjects": [{ "apiGroup": rbac, "kind": "User", "name": READER.0 }],
    });
    for (plural, object) in [("clusterroles", role), ("clusterrolebindings", binding)] {
        let (status, _, said) = cluster.ask("POST", &format!("/apis/{rbac}/v1/{plural}"), JSON, &object).await;
        assert_eq!(status, 201, "{said:#}");
    }
}

/// Rules see a real cluster through a watch cache, with the rights that the chart gives.
async fn look_ups(cluster: &Cluster) {
    grant(cluster).await;
    let folder = Folder::of("kubeconfig", kubeconfig(cluster.url(), READER.1));
    let server = Server::start(&folder, &["--cluster", "--kubeconfig", "kubeconfig"]);
    let rule = "pod-disruption-budget";
    until("it is ready", || server.get("/readyz").status == 200);
    let line = server.wait_for("look-ups of Secret may become unknown: forbidden (403)");
    assert!(line.contains(READER.0), "{line}");
    let is_in = |kind: &str, state: &str| {
        server.get("/metrics").body.contains(&format!(r#"seaworthy_cache_state{{kind="{kind}",state="{state}"}} 1"#))
    };
    assert!(is_in("Secret", "unknown") && is_in("Service", "current") && is_in("Rollout.argoproj.io", "not-served"));
    assert_eq!(verdict(&server, rule), "unknown");

    let budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } });
    assert_eq!(cluster.ask("POST", "/api/v1/namespaces", JSON, &namespace).await.0, 201);
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "web" },
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } },
    });
    assert_eq!(cluster.ask("POST", budgets, JSON, &budget).await.0, 201);
    until("the budget is seen", || verdict(&server, rule) == "pass");
    for (label, expected) in [("other", "unknown"), ("web", "pass")] {
        let change = json!({ "spec": { "selector": { "matchLabels": { "app": label } } } });
        assert_eq!(cluster.ask("PATCH", &format!("{budgets}/web"), PATCH, &change).await.0, 200);
        until("the change is seen", || verdict(&server, rule) == expected);
    }
    assert_eq!(cluster.ask("DELETE", &format!("{budgets}/web"), JSON, &json!({})).await.0, 200);
    until("it is gone", || verdict(&server, rule) == "unknown");

    // A definition comes, and its kind with it.
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    cluster.define("argoproj.io/v1alpha1", "Rollout", "rollouts", true, &schema).await;
    until("the kind is followed", || is_in("Rollout.argoproj.io", "current"));
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollouts.argoproj.io";
    assert_eq!(cluster.ask("DELETE", path, JSON, &json!({})).await.0, 200);
    until("the kind has gone", || is_in("Rollout.argoproj.io", "not-served"));
}

#[test]
fn an_api_server_asks_and_its_clients_are_told() {
    let Some(program) = build("1.36", &target().join("judge")) else {
        eprintln!("LEFT OUT: Go is not installed, so no API server asks the webhook");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(&program).await;
        look_ups(&cluster).await;
        play(&cluster).await;
    });
}
