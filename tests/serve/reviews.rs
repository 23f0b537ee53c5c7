//! What becomes of objects: by mode, by namespace, by what was there before, and by what is asked for.

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::Folder;

pub fn deployment(image: &str, root: bool) -> Value {
    let container = json!({ "name": "app", "image": image, "securityContext": { "runAsNonRoot": !root } });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": {
            "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [container] },
        } },
    })
}

pub fn request(operation: &str, object: &Value, old: &Value) -> Value {
    let about = if object.is_null() { old } else { object };
    let (group, version) = about["apiVersion"].as_str().unwrap().split_once('/').unwrap_or(("", "v1"));
    json!({
        "kind": { "group": group, "version": version, "kind": about["kind"] },
        "operation": operation, "name": about["metadata"]["name"], "namespace": about["metadata"]["namespace"],
        "userInfo": { "username": "ana", "groups": ["system:authenticated"] },
        "object": object, "oldObject": old, "dryRun": false,
    })
}

pub fn create(object: &Value) -> Value {
    request("CREATE", object, &Value::Null)
}

/// A server under this configuration.
pub fn serve(configuration: &str) -> (Server, Folder) {
    let folder = Folder::of("seaworthy.yaml", configuration);
    (Server::start(&folder, &["--config", "seaworthy.yaml"]), folder)
}

const ENFORCED: &str =
    "admission: {mode: warn, modes: [{rules: [run-as-non-root, immutable-image-tag], mode: enforce}]}\n";

fn bad() -> Value {
    deployment("web:latest", true)
}

fn says(texts: &[String], rule: &str) -> bool {
    texts.iter().any(|text| text.starts_with(&format!("{rule}: ")))
}

#[test]
fn nothing_is_denied_before_the_configuration_says_so() {
    let server = Server::start(&Folder::new(), &[]);
    let answer = server.ask(&create(&bad()));
    assert!(answer.is_allowed(), "{answer:?}");
    for rule in ["run-as-non-root", "immutable-image-tag", "container-resources"] {
        assert!(says(&answer.warnings(), rule), "{rule}: {answer:?}");
    }
}

#[test]
fn an_enforced_rule_denies_and_every_finding_is_in_the_answer() {
    let (server, _folder) = serve(ENFORCED);
    let answer = server.ask(&create(&bad()));
    let message = answer.message();
    assert!(message.starts_with("seaworthy: ") && !message.ends_with(';'), "{message}");
    assert!(message.contains("run-as-non-root: container app: "), "{message}");
    assert!(message.contains("immutable-image-tag: ") && !message.contains("container-resources"), "{message}");
    // The other rules warn, and the client shows the warnings of a denial too.
    for rule in ["run-as-non-root", "immutable-image-tag", "container-resources"] {
        assert!(says(&answer.warnings(), rule), "{rule}: {answer:?}");
    }
    assert!(server.ask(&create(&deployment("web:1.2.3", false))).is_allowed());
    // A rule by itself, as a policy-server has it.
    let one =
        |rule: &str| server.post(&format!("/validate/{rule}"), crate::server::review(&create(&bad())).to_string());
    assert!(!one("run-as-non-root").is_allowed());
    assert!(one("container-resources").warnings().iter().all(|text| text.starts_with("container-resources: ")));
}

#[test]
fn modes_go_by_rule_and_namespace() {
    let (server, _folder) = serve(
        "admission: {mode: audit, modes: [{namespaces: [shop-*], mode: enforce}, \
         {rules: [immutable-image-tag], namespaces: [shop-dev], mode: warn}]}\n\
         overrides: [{namespaces: [shop-dev], rules: {run-as-non-root: {enabled: false}}}]\n",
    );
    let ask = |namespace: &str, rule: &str| {
        let mut object = bad();
        object["metadata"]["namespace"] = json!(namespace);
        server.post(&format!("/validate/{rule}"), crate::server::review(&create(&object)).to_string())
    };
    let audited = ask("tools", "run-as-non-root");
    assert!(audited.is_allowed() && audited.warnings().is_empty(), "{audited:?}");
    assert_eq!(audited.review()["auditAnnotations"]["found"], "run-as-non-root");
    assert!(!ask("shop-prod", "immutable-image-tag").is_allowed());
    let warned = ask("shop-dev", "immutable-image-tag");
    assert!(warned.is_allowed() && warned.warnings().len() == 1, "{warned:?}");
    assert!(ask("shop-dev", "run-as-non-root").warnings().is_empty());
}

#[test]
fn a_waiver_holds_here_as_in_a_check() {
    let waiver = "waivers: [{rule: run-as-non-root, object: {kind: Deployment, namespace: shop, name: web}, \
                  owner: ana@example.com, reason: it moves, expires: ";
    let day = |days: i64| {
        let today =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 / 86_400;
        civil(today + days)
    };
    let ask = |expires: &str| {
        let (server, _folder) = serve(&format!("{ENFORCED}{waiver}{expires}}}]\n"));
        server.ask(&create(&deployment("web:1.2.3", true))).is_allowed()
    };
    assert!(ask(&day(30)));
    assert!(!ask("2020-01-01"), "its last day is over");
}

/// A day since 1970 as a date.
fn civil(days: i64) -> String {
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + i64::from(month <= 2))
}

#[test]
fn what_was_wrong_before_an_update_only_warns_and_nothing_may_get_worse() {
    let (server, _folder) = serve(ENFORCED);
    let mut scaled = bad();
    scaled["spec"]["replicas"] = json!(5);
    let answer = server.ask(&request("UPDATE", &scaled, &bad()));
    assert!(answer.is_allowed() && says(&answer.warnings(), "run-as-non-root"), "{answer:?}");
    // The place of a container is not what it is known by.
    let mut more = bad();
    let sidecar = json!({ "name": "proxy", "image": "proxy:1.0.0", "securityContext": { "runAsNonRoot": true } });
    more["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().insert(0, sidecar);
    assert!(server.ask(&request("UPDATE", &more, &bad())).is_allowed());
    // Another container, or another rule, is new.
    more["spec"]["template"]["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] = json!(false);
    let answer = server.ask(&request("UPDATE", &more, &bad()));
    let message = answer.message();
    assert!(message.contains("container proxy") && !message.contains("container app"), "{message}");
    let worse = server.ask(&request("UPDATE", &bad(), &deployment("web:1.2.3", true)));
    assert!(
        worse.message().contains("immutable-image-tag") && !worse.message().contains("run-as-non-root"),
        "{worse:?}"
    );

    let (strict, _folder) = serve(&ENFORCED.replace("mode: warn,", "mode: warn, known: deny,"));
    assert!(!strict.ask(&request("UPDATE", &scaled, &bad())).is_allowed());
}

#[test]
fn more_of_what_was_wrong_before_an_update_is_worse() {
    let (server, _folder) = serve("admission: {modes: [{rules: [pod-security], mode: enforce}]}\n");
    let mounting = |paths: &[&str]| {
        let mut object = deployment("web:1.2.3", false);
        let volumes = paths.iter().map(|path| json!({ "name": "files", "hostPath": { "path": path } }));
        object["spec"]["template"]["spec"]["volumes"] = volumes.collect();
        object
    };
    let allows = |old: &[&str], new: &[&str]| {
        let mut new = mounting(new);
        new["spec"]["replicas"] = json!(5);
        server.ask(&request("UPDATE", &new, &mounting(old))).is_allowed()
    };
    assert!(allows(&["/var/log"], &["/var/log"]));
    assert!(allows(&["/", "/var/log"], &["/var/log"]), "one less is better");
    // The rule says the same of both volumes.
    assert!(!allows(&["/var/log"], &["/var/log", "/"]));
}

#[test]
fn what_may_still_come_denies_nothing_and_is_not_called_missing() {
    let (server, _folder) = serve("admission: {mode: enforce}\n");
    let ask =
        |rule: &str| server.post(&format!("/validate/{rule}"), crate::server::review(&create(&bad())).to_string());
    for rule in ["pod-disruption-budget", "network-policy", "service-monitor"] {
        let answer = ask(rule);
        assert!(answer.is_allowed() && !answer.body.contains("no PodDisruptionBudget selects"), "{rule}: {answer:?}");
    }
    assert!(
        server
            .log()
            .iter()
            .any(|line| line.contains(r#""pod-disruption-budget":{"mode":"enforce","verdict":"unknown"}"#))
    );
}

fn pod(extra: Value) -> Value {
    let container = json!({ "name": "app", "image": "web:latest", "securityContext": { "runAsNonRoot": false } });
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "containers": [container] },
    });
    if !extra.is_null() {
        pod["spec"]["ephemeralContainers"] = json!([extra]);
    }
    pod
}

#[test]
fn each_operation_and_subresource_has_its_verdict() {
    let (server, _folder) = serve(ENFORCED);
    let part = |name: &str, operation: &str, object: &Value, old: &Value| {
        let mut request = request(operation, object, old);
        request["subResource"] = json!(name);
        server.ask(&request)
    };
    let nobody = Value::Null;
    let debugged =
        |image: &str| pod(json!({ "name": "debug", "image": image, "securityContext": { "runAsNonRoot": true } }));
    let answer = part("ephemeralcontainers", "UPDATE", &debugged("busybox:latest"), &pod(Value::Null));
    assert!(answer.message().contains("container debug") && !answer.message().contains("container app"), "{answer:?}");
    assert!(part("ephemeralcontainers", "UPDATE", &debugged("busybox:1.36.1"), &pod(Value::Null)).is_allowed());

    let scale = json!({ "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": { "name": "web" }, "spec": { "replicas": 9 } });
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "web" } });
    let exec = json!({ "apiVersion": "v1", "kind": "PodExecOptions", "command": ["cat", "TOP-SECRET"] });
    let mut going = bad();
    going["metadata"]["deletionTimestamp"] = json!("2027-01-01T00:00:00Z");
    going["metadata"]["finalizers"] = json!(["shop/wait"]);
    let mut gone = going.clone();
    gone["metadata"]["finalizers"] = json!([]);
    for answer in [
        part("scale", "UPDATE", &scale, &scale),
        part("eviction", "CREATE", &eviction, &nobody),
        part("exec", "CONNECT", &exec, &nobody),
        part("status", "UPDATE", &bad(), &deployment("web:1.2.3", false)),
        server.ask(&request("DELETE", &nobody, &bad())),
        server.ask(&request("UPDATE", &bad(), &bad())),
        server.ask(&request("UPDATE", &gone, &going)),
        // A kind that no rule is about.
        server.ask(&create(&json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "a" } }))),
    ] {
        assert!(answer.is_allowed() && answer.warnings().is_empty(), "{answer:?}");
    }
    // They pass for what they are: the same objects in another place do not.
    for answer in [
        server.ask(&request("UPDATE", &bad(), &deployment("web:1.2.3", false))),
        server.ask(&request("UPDATE", &gone, &deployment("web:1.2.3", false))),
    ] {
        assert!(!answer.warnings().is_empty(), "{answer:?}");
    }
    let mut dry = create(&bad());
    dry["dryRun"] = json!(true);
    assert!(!server.ask(&dry).is_allowed(), "a dry run is told what the real one would be");
    // Nothing of an object is in the log.
    let log = server.log().join("\n");
    assert!(!log.contains("TOP-SECRET") && !log.contains("latest") && !log.contains("\"ana\""), "{log}");
    let line: Value = serde_json::from_str(&server.wait_for(r#""operation":"DELETE""#)).unwrap();
    assert_eq!((&line["uid"], &line["allowed"], &line["kind"]), (&json!("7f3c"), &json!(true), &json!("Deployment")));
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains(r#"seaworthy_reviews_total{operation="CREATE",answer="denied"} 1"#), "{metrics}");
    assert!(
        metrics.contains(r#"seaworthy_verdicts_total{rule="run-as-non-root",verdict="fail",mode="enforce"}"#),
        "{metrics}"
    );
    assert!(!metrics.contains("shop") && !metrics.contains("web"), "{metrics}");
}

#[test]
fn what_is_no_review_is_an_error_that_says_why() {
    let server = Server::start(&Folder::new(), &[]);
    let good = crate::server::review(&create(&bad())).to_string();
    let json = "content-type: application/json";
    for (path, header, body, status, says) in [
        ("/validate", "content-type: text/plain", good.clone(), 415, "content-type: application/json"),
        (
            "/validate",
            "content-type: application/json\r\ncontent-encoding: gzip",
            good.clone(),
            415,
            "content-encoding",
        ),
        (
            "/validate",
            json,
            good.replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1"),
            400,
            "admission.k8s.io/v1,",
        ),
        ("/validate", json, good.replace("7f3c", ""), 400, "no uid"),
        ("/validate", json, "{}".to_owned(), 400, "expected an AdmissionReview"),
        ("/validate", json, String::new(), 400, "not an AdmissionReview"),
        ("/validate/run-as-nonroot", json, good.clone(), 404, "did you mean `run-as-non-root`?"),
    ] {
        let answer = server.post_as(path, header, &body);
        assert_eq!((answer.status, answer.body.contains(says)), (status, true), "{answer:?}");
    }
    assert!(server.post_as("/validate", "content-type: Application/JSON; charset=utf-8", good).is_allowed());
    assert_eq!((server.get("/validate").status, server.get("/healthz").status), (405, 200));
    // An object that the host itself cannot read is undecided, and no error.
    let twice = crate::server::review(&create(&bad()))
        .to_string()
        .replace("\"spec\":{\"replicas\"", "\"kind\":1,\"spec\":{\"replicas\"");
    let answer = server.post("/validate", twice);
    assert!(answer.is_allowed() && answer.warnings()[0].contains("not checked"), "{answer:?}");
}
