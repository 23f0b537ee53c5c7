//! Verdicts: the same as our own host's on everything that is documented, and the stated ones for what only a cluster sends.

use std::collections::BTreeSet;

use engine::{Bundle, Judge, World};
use protocol::Expectation;
use seaworthy_tests::cases::{self, Case};
use seaworthy_tests::{input, metadata, needs_settings, questions, sandboxed};
use serde_json::{Value, json};

use crate::admission::{create, debug, delete, objects, subresource, update};
use crate::cluster::{group, text};
use crate::policies::{Answer, Loaded, POLICIES};

fn settings(case: &Case) -> Value {
    if case.settings.is_null() { json!({}) } else { case.settings.clone() }
}

/// An outcome with its findings by place: an API server sorts an object's fields, and findings come in the order of fields.
fn in_order(outcome: &Value) -> Value {
    let mut outcome = outcome.clone();
    if let Some(findings) = outcome["findings"].as_array_mut() {
        findings.sort_by_key(|finding| (finding["path"].to_string(), finding["message"].to_string()));
    }
    outcome
}

#[test]
fn both_hosts_give_one_answer_to_every_example_and_case() {
    let (sandbox, modules) = sandboxed(1, &[]);
    let mut rules = modules.into_rules();
    let (mut compared, mut differences) = (0, Vec::new());
    for case in cases::all() {
        // An API server has converted what came in old versions, before anybody looks it up.
        if case.yaml.contains("policy/v1beta1") {
            continue;
        }
        let at = rules.iter().position(|rule| rule.metadata.name == case.rule).unwrap();
        let bundle = Bundle::new(vec![rules.swap_remove(at).with_settings(&settings(&case))]);
        let old = case.old.as_ref().map(|old| input("old.yaml", old));
        let input = input("case.yaml", &case.yaml);
        let world = World::new(&input);
        let judge = Judge::new(&sandbox, &bundle, &world);
        let judged = questions(&input, old.as_ref(), case.completeness).next();
        let judged = judged.map(|(_, question)| judge.judge(&question)).unwrap_or_default();

        let documents: Vec<Value> = serde_saphyr::from_multiple(&case.yaml).unwrap();
        let loaded = &POLICIES[&case.rule];
        let world = if case.completeness == engine::Completeness::Complete { "complete" } else { "partial" };
        let mut cluster = loaded.cluster(&documents);
        // Neither host reaches a registry here.
        cluster.capabilities.retain(|capability| capability.starts_with("kubernetes/"));
        let old: Option<Value> = case.old.as_deref().map(|old| serde_saphyr::from_str(old).unwrap());
        let asked = old.map_or_else(|| create(&documents[0]), |old| update(&old, &documents[0]));
        let (answer, _) = loaded.validate(&asked, &settings(&case), Some(world), cluster);
        let agree = match judged.first() {
            Some(judgement) => {
                compared += 1;
                let ours = serde_json::to_value(&*judgement.outcome).unwrap();
                in_order(&answer.outcome) == in_order(&ours) && answer.accepted != judgement.outcome.verdict.denies()
            }
            // Our host does not even ask.
            None => answer.accepted,
        };
        if !agree {
            let ours = judged.first().map(|judgement| &judgement.outcome);
            differences.push(format!("{}: {}\n{}{answer:#?}\n{ours:#?}\n", case.rule, case.name, case.yaml));
        }
        rules.extend(bundle.into_rules());
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 500, "{compared} cases are few");
}

#[test]
fn at_admission_every_example_is_accepted_denied_or_warned_of() {
    let (mut denied, mut warned) = (BTreeSet::new(), BTreeSet::new());
    for (name, rule) in metadata() {
        let loaded = &POLICIES[&name];
        for example in &rule.examples {
            let settings = example.settings.as_deref().map_or(json!({}), |yaml| serde_saphyr::from_str(yaml).unwrap());
            let objects = objects(&example.yaml);
            let (answer, calls) = loaded.validate(&create(&objects[0]), &settings, None, loaded.cluster(&objects));
            let context = format!("{name}: {answer:#?}\n{}", example.yaml);
            let declared = loaded.metadata["hostCapabilities"].as_array().unwrap();
            assert!(calls.iter().all(|call| declared.contains(&json!(call))), "{calls:?} {context}");
            match example.expect {
                Expectation::Fail { .. } if calls.is_empty() => {
                    assert!(!answer.accepted && answer.verdict() == "fail", "{context}");
                    denied.insert(name.clone());
                }
                // What is missing may still come: warned of as broken, or as not known, or left to the audit.
                Expectation::Fail { .. } | Expectation::Unknown => {
                    assert!(answer.accepted && answer.verdict() != "error", "{context}");
                    let is_said = ["fail", "unknown"].contains(&answer.verdict());
                    assert_eq!(is_said, !answer.warnings.is_empty(), "{context}");
                    warned.extend(is_said.then(|| name.clone()));
                }
                Expectation::Pass => assert!(answer.accepted && answer.verdict() == "pass", "{context}"),
                Expectation::NotApplicable => assert!(answer.accepted, "{context}"),
            }
        }
    }
    assert!(denied.len() >= 10 && warned.len() >= 15, "{denied:?} {warned:?}");
}

#[test]
fn a_policy_that_was_granted_nothing_does_not_know_and_lets_pass() {
    let mut refused = BTreeSet::new();
    for (name, rule) in metadata() {
        let loaded = &POLICIES[&name];
        for example in rule.examples.iter().filter(|example| example.settings.is_none()) {
            let objects = objects(&example.yaml);
            let mut cluster = loaded.cluster(&objects);
            cluster.granted.clear();
            let (answer, calls) = loaded.validate(&create(&objects[0]), &json!({}), None, cluster);
            if calls.iter().any(|call| call.starts_with("kubernetes/")) {
                assert!(answer.accepted && answer.verdict() != "error", "{name}: {answer:#?}");
                refused.extend((answer.verdict() == "unknown").then(|| name.clone()));
            }
        }
    }
    assert!(refused.len() >= 10, "{refused:?}");
}

#[test]
fn a_rule_that_asks_for_services_does_not_know_where_it_may_not() {
    let deployment: Value = serde_saphyr::from_str(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, \
         spec: {template: {spec: {containers: [{name: app, image: 'web:1.2.3'}]}}}}",
    )
    .unwrap();
    for name in ["graceful-shutdown", "service-monitor", "service-level-objective"] {
        let loaded = &POLICIES[name];
        let mut cluster = loaded.cluster(&[]);
        cluster.granted.retain(|(_, kind)| kind != "Service");
        let (answer, _) = loaded.validate(&create(&deployment), &json!({}), None, cluster);
        assert!(answer.accepted && answer.verdict() == "unknown" && !answer.warnings.is_empty(), "{name}: {answer:#?}");
    }
}

/// What a module answers where every look-up fails so, and what it asked for.
fn with_look_ups_that_fail(rule: &str, object: &Value, failure: fn(&Value) -> String) -> (Value, Vec<String>) {
    let payload = serde_json::to_vec(&json!({ "request": create(object), "settings": {} })).unwrap();
    let answers = move |_: &str, _: &str, payload: &[u8]| Err(failure(&serde_json::from_slice(payload).unwrap()));
    let (response, calls) = POLICIES[rule].policy.call("validate", &payload, Box::new(answers));
    (serde_json::from_slice(&response.unwrap()).unwrap(), calls)
}

/// What a policy-server passes on where a kind is not served.
fn unserved(asked: &Value) -> String {
    let (version, kind) = (text(asked, "/api_version"), text(asked, "/kind"));
    format!("Callback evaluation failure: Cannot find resource {version}/{kind}")
}

#[test]
fn an_api_server_that_is_down_denies_nothing_and_is_said() {
    let mut asked = 0;
    for (name, rule) in metadata() {
        for example in rule.examples.iter().filter(|example| example.settings.is_none()) {
            let object = objects(&example.yaml).remove(0);
            let down = |_: &Value| "Callback evaluation failure: ServiceError: client error (Connect)".to_owned();
            let (response, calls) = with_look_ups_that_fail(&name, &object, down);
            if calls.iter().any(|call| call.starts_with("kubernetes/")) {
                asked += 1;
                assert_eq!(response["accepted"], true, "{name}: {response:#}");
                assert_ne!(response["outcome"]["verdict"], "error", "{name}: {response:#}");
                if response["outcome"]["verdict"] == "unknown" {
                    assert!(response["warnings"].to_string().contains("failed"), "{name}: {response:#}");
                }
            }
        }
    }
    assert!(asked > 30, "{asked}");
}

#[test]
fn a_good_deployment_costs_few_questions_for_kinds_that_a_cluster_does_not_serve() {
    let deployment: Value = serde_saphyr::from_str(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, labels: {app: web}}, \
         spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
         spec: {containers: [{name: app, image: 'web:1.2.3', ports: [{containerPort: 80}]}]}}}}",
    )
    .unwrap();
    let all = metadata();
    let mut asked = Vec::new();
    for name in POLICIES.keys().filter(|name| !needs_settings(&all[*name])) {
        let (_, calls) = with_look_ups_that_fail(name, &deployment, unserved);
        asked.extend(calls.into_iter().map(|call| format!("{name}: {call}")));
    }
    assert!(asked.len() <= 60, "{} look-ups: {asked:#?}", asked.len());
}

#[test]
fn a_cluster_without_the_kinds_that_are_looked_up_is_no_error() {
    for (name, rule) in metadata() {
        for example in rule.examples.iter().filter(|example| example.settings.is_none()) {
            let object = objects(&example.yaml).remove(0);
            let (response, _) = with_look_ups_that_fail(&name, &object, unserved);
            assert_ne!(response["outcome"]["verdict"], "error", "{name}: {response:#}");
        }
    }
}

fn pod(container: &str, ephemeral: &str) -> Value {
    let yaml = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec:\n  containers:\n  - {{name: app, {container}}}\n"
    );
    let mut pod: Value = serde_saphyr::from_str(&yaml).unwrap();
    if !ephemeral.is_empty() {
        let container: Value = serde_saphyr::from_str(&format!("{{name: debugger, {ephemeral}}}")).unwrap();
        pod["spec"]["ephemeralContainers"] = json!([container]);
    }
    pod
}

fn judged(rule: &str, request: &Value) -> Answer {
    let loaded: &Loaded = &POLICIES[rule];
    loaded.validate(request, &json!({}), None, loaded.cluster(&[])).0
}

const SAFE: &str = "image: 'web:1.2.3', securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true, \
                    allowPrivilegeEscalation: false}";
const UNSAFE: &str = "image: 'busybox:latest'";

#[test]
fn an_ephemeral_container_is_judged_when_it_is_added() {
    let rules =
        ["run-as-non-root", "read-only-root-filesystem", "privilege-escalation-disabled", "immutable-image-tag"];
    for rule in rules {
        let answer = judged(rule, &debug(&pod(SAFE, ""), &pod(SAFE, UNSAFE)));
        assert!(!answer.accepted && answer.message.as_deref().unwrap_or_default().contains("debugger"), "{answer:#?}");
        let answer = judged(rule, &debug(&pod(SAFE, ""), &pod(SAFE, SAFE)));
        assert!(answer.accepted && answer.verdict() == "pass" && answer.warnings.is_empty(), "{rule}: {answer:#?}");
    }
}

#[test]
fn an_object_that_does_not_say_its_kind_is_of_the_kind_that_the_request_says() {
    let yaml = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, \
                spec: {template: {spec: {containers: [{name: app, image: busybox}]}}}}";
    let mut request = create(&serde_saphyr::from_str(yaml).unwrap());
    for field in ["apiVersion", "kind"] {
        request["object"].as_object_mut().unwrap().remove(field);
    }
    let answer = judged("immutable-image-tag", &request);
    assert!(!answer.accepted && answer.verdict() == "fail", "{answer:#?}");
}

#[test]
fn what_is_wrong_with_the_pod_besides_keeps_nobody_from_debugging_it() {
    let rules = ["run-as-non-root", "immutable-image-tag", "container-resources", "readiness-probe"];
    for rule in rules {
        let created = judged(rule, &create(&pod(UNSAFE, "")));
        assert!(!created.accepted, "{rule}: {created:#?}");
        let debugged = judged(rule, &debug(&pod(UNSAFE, ""), &pod(UNSAFE, SAFE)));
        assert!(debugged.accepted && !debugged.warnings.is_empty(), "{rule}: {debugged:#?}");
        // And nothing of it hides what is added.
        if rule != "container-resources" && rule != "readiness-probe" {
            assert!(!judged(rule, &debug(&pod(UNSAFE, ""), &pod(UNSAFE, UNSAFE))).accepted, "{rule}");
        }
    }
}

#[test]
fn what_is_deleted_scaled_evicted_or_entered_concerns_no_rule() {
    let deployment: Value = serde_saphyr::from_str(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 3}}",
    )
    .unwrap();
    let of_kind =
        |kind: &str, version: &str| json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "web" } });
    let mut scale = of_kind("Scale", "autoscaling/v1");
    scale["spec"] = json!({ "replicas": 9 });
    let requests = [
        delete(&deployment),
        delete(&pod(UNSAFE, "")),
        subresource(&deployment, "UPDATE", "scale", scale),
        subresource(&pod(UNSAFE, ""), "CREATE", "eviction", of_kind("Eviction", "policy/v1")),
        subresource(&pod(UNSAFE, ""), "CONNECT", "exec", of_kind("PodExecOptions", "v1")),
    ];
    let all = metadata();
    for name in POLICIES.keys() {
        for request in &requests {
            let answer = judged(name, request);
            // A rule that needs settings decides nothing without them.
            let is_without_settings = needs_settings(&all[name]);
            assert!(answer.accepted || is_without_settings, "{name}: {answer:#?}\n{request:#}");
            assert!(answer.warnings.is_empty() || is_without_settings, "{name}: {answer:#?}\n{request:#}");
        }
    }
}

#[test]
fn a_member_of_a_group_accepts_the_kinds_of_the_others() {
    let all = metadata();
    let examples = all.values().flat_map(|rule| &rule.examples);
    let mut subjects: Vec<Value> = examples.map(|example| objects(&example.yaml).remove(0)).collect();
    let mut seen = BTreeSet::new();
    subjects.retain(|object| seen.insert((text(object, "/apiVersion").to_owned(), text(object, "/kind").to_owned())));
    let mut asked = 0;
    for (name, loaded) in POLICIES.iter().filter(|(name, _)| !needs_settings(&all[*name])) {
        for object in &subjects {
            let (api_version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
            let is_judged = all[name].applies_to.iter().any(|judged| judged.matches(group(api_version), kind));
            if !is_judged {
                let (answer, _) = loaded.validate(&create(object), &json!({}), None, loaded.cluster(&[]));
                assert!(answer.accepted && answer.warnings.is_empty(), "{name}: {answer:#?}\n{object:#}");
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn a_raw_policy_is_given_the_document_itself() {
    let sample = |line: &str| json!({ "apiVersion": "seaworthy.dev/v1", "kind": "LogSample", "metadata": { "name": "web" }, "spec": { "lines": [line] } });
    let good = r#"{"level": "info", "msg": "ready", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}"#;
    assert_eq!(judged("structured-logging", &sample(good)).verdict(), "pass");
    assert!(!judged("structured-logging", &sample("ready")).accepted);
}

#[test]
fn a_request_without_an_object_denies() {
    for name in POLICIES.keys() {
        let answer = judged(name, &json!({ "uid": "1", "operation": "CREATE", "object": null }));
        assert!(!answer.accepted && answer.verdict() == "error", "{name}: {answer:#?}");
    }
}

#[test]
fn a_flood_of_findings_stays_within_an_api_servers_limits() {
    let long = "x".repeat(300);
    let containers: Vec<Value> =
        (0..200).map(|index| json!({ "name": format!("{index}-{long}"), "image": "busybox:latest" })).collect();
    let mut debugged = pod(UNSAFE, "");
    debugged["spec"]["containers"] = json!(containers);
    let (mut flooded, mut denied) = (0, 0);
    for name in POLICIES.keys() {
        // Reading the answer holds it to the limits.
        let answer = judged(name, &debug(&pod(UNSAFE, ""), &debugged));
        flooded += usize::from(answer.warnings.len() > 10);
        let answer = judged(name, &create(&debugged));
        let message = answer.message.unwrap_or_default();
        denied += usize::from(message.len() > 4096);
        assert!(message.len() < 4096 || message.ends_with(" more"), "{message}");
    }
    assert!(flooded >= 4 && denied >= 4, "{flooded} and {denied} rules have much to say of this pod");
}
