//! In the place of a policy-server: its file of policies, its paths, its metrics, and what it does with each request.

use std::fs;

use seaworthy_tests::artifacts;
use serde_json::{Value, json};

use crate::look_ups::{until, verdict};
use crate::looping::section;
use crate::reviews::{create, deployment, request};
use crate::server::{Answer, Server, review};
use crate::stand_in::StandIn;
use crate::support::Folder;

/// A policy of somebody else's that answers every request so.
fn policy(answer: &str) -> Vec<u8> {
    policy_that(&format!("(call $response (i32.const 0) (i32.const {}))", answer.len()), answer)
}

/// A policy of somebody else's that does this with every request. Its answer, if it gives one, is at 0.
fn policy_that(validates: &str, answer: &str) -> Vec<u8> {
    let data = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let answer = data(answer);
    let (version, valid) = (data("\"v1\""), data("{\"valid\":true}"));
    let text = format!(
        r#"(module
          (import "wapc" "__guest_response" (func $response (param i32 i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "{answer}") (data (i32.const 0x800) "{version}") (data (i32.const 0x900) "{valid}")
          (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
            (if (i32.eq (local.get $operation) (i32.const 8)) (then {validates}))
            (if (i32.eq (local.get $operation) (i32.const 16)) (then (call $response (i32.const 0x800) (i32.const 4))))
            (if (i32.eq (local.get $operation) (i32.const 17)) (then (call $response (i32.const 0x900) (i32.const 14))))
            (i32.const 1)))"#
    );
    let mut wasm = wat::parse_str(text).unwrap();
    let rules = json!([{ "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"] }]);
    let metadata =
        json!({ "protocolVersion": "v1", "rules": rules, "mutating": true, "executionMode": "kubewarden-wapc" });
    wasm.extend(section("io.kubewarden.metadata", metadata.to_string().as_bytes()));
    wasm
}

const DENIES: &str = r#"{"accepted":false,"message":"not on my watch"}"#;

const POLICIES: &str = "\
root: {module: rule.wasm, policyMode: protect}
watched: {module: 'file://rule.wasm', policyMode: monitor}
never: {module: never.wasm, settings: {a: 1}}
changes: {module: changes.wasm}
";

fn folder(policies: &str) -> Folder {
    Folder::of("policies.yml", policies)
        .and("rule.wasm", &artifacts::modules()["run-as-non-root"])
        .and("never.wasm", policy(DENIES))
        .and("changes.wasm", policy(r#"{"accepted":true,"mutated_object":{"kind":"Other"}}"#))
}

fn ask(server: &Server, policy: &str, request: &Value) -> Answer {
    server.post(&format!("/validate/{policy}"), review(request).to_string())
}

#[test]
fn each_policy_is_asked_at_its_path_and_has_its_mode() {
    let folder = folder(POLICIES);
    let server = Server::start(&folder, &["--policies", "policies.yml"]);
    let (bad, good) = (create(&deployment("web:1.2.3", true)), create(&deployment("web:1.2.3", false)));
    assert!(ask(&server, "root", &bad).message().contains("root: container app"));
    assert!(ask(&server, "root", &good).is_allowed());
    let watched = ask(&server, "watched", &bad);
    assert!(watched.is_allowed() && watched.warnings().is_empty(), "{watched:?}");
    assert_eq!(watched.review()["auditAnnotations"]["found"], "watched");
    assert!(ask(&server, "never", &good).message().contains("never: not on my watch"));
    // All of them in one call.
    let all = server.post("/validate", review(&bad).to_string());
    assert!(["root: ", "never: "].iter().all(|name| all.message().contains(name)), "{all:?}");
    assert_eq!(ask(&server, "roots", &bad).status, 404);
    assert_eq!(ask(&server, "run-as-non-root", &bad).status, 404, "only what the file names is served");
    let metrics = server.get("/metrics").body;
    let line = r#"kubewarden_policy_evaluations_total{policy_name="never",resource_request_operation="CREATE",accepted="false",mutated="false",request_origin="validate"}"#;
    assert!(metrics.contains(line), "{metrics}");
    assert!(
        metrics.contains(r#"kubewarden_policy_evaluation_latency_milliseconds_count{policy_name="root"}"#),
        "{metrics}"
    );
}

#[test]
fn a_policy_has_the_last_word_on_whatever_it_is_asked() {
    let folder = folder(POLICIES);
    let server = Server::start(&folder, &["--policies", "policies.yml"]);
    let object = deployment("web:1.2.3", false);
    let exec = json!({ "apiVersion": "v1", "kind": "PodExecOptions", "command": ["sh"] });
    let mut part = create(&exec);
    (part["subResource"], part["operation"]) = (json!("exec"), json!("CONNECT"));
    for asked in [request("DELETE", &Value::Null, &object), request("UPDATE", &object, &object), part] {
        assert!(ask(&server, "never", &asked).message().contains("not on my watch"), "{asked}");
        // Rules of ours have nothing to say of these.
        assert!(ask(&server, "root", &asked).is_allowed());
    }
    // What was there before is no excuse, as with a policy-server.
    let (bad, mut scaled) = (deployment("web:1.2.3", true), deployment("web:1.2.3", true));
    scaled["spec"]["replicas"] = json!(5);
    assert!(!ask(&server, "root", &request("UPDATE", &scaled, &bad)).is_allowed());
    let changes = ask(&server, "changes", &create(&object));
    assert!(changes.message().contains("would change the object"), "{changes:?}");
}

#[test]
fn a_policy_that_gives_no_answer_denies_where_it_protects() {
    let policies = "\
        traps: {module: traps.wasm}\n\
        loops: {module: loops.wasm}\n\
        babbles: {module: babbles.wasm}\n\
        watched: {module: traps.wasm, policyMode: monitor}\n";
    let folder = Folder::of("policies.yml", policies)
        .and("traps.wasm", policy_that("(unreachable)", ""))
        .and("loops.wasm", policy_that("(loop $again (br $again))", ""))
        .and("babbles.wasm", policy("yes"));
    let server = Server::start(&folder, &["--policies", "policies.yml"]);
    let object = create(&deployment("web:1.2.3", false));
    for name in ["traps", "loops", "babbles"] {
        let answer = ask(&server, name, &object);
        assert!(answer.message().contains(&format!("{name}: not decided: ")), "{answer:?}");
    }
    assert!(ask(&server, "watched", &object).is_allowed());
    // What is too large to be checked is denied as well.
    let padded = review(&object).to_string().replace("1.2.3", &"1".repeat(33 << 20));
    let padded = padded.replace(",\"uid\":\"7f3c\"", "").replace("\"request\":{", "\"request\":{\"uid\":\"7f3c\",");
    assert!(server.post("/validate/traps", padded).message().contains("not checked"));
    let run = folder.run(&["serve", "--plain-http", "--policies", "policies.yml", "--undecided", "warn"]);
    assert!(run.code == Some(2) && run.err.contains("--undecided"), "{run:?}");
}

#[test]
fn a_new_file_or_module_counts_at_once_and_as_a_whole() {
    let folder = folder(POLICIES);
    let server = Server::start(&folder, &["--policies", "policies.yml"]);
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let object = create(&deployment("web:1.2.3", true));
    write("never.wasm", &policy(r#"{"accepted":true}"#));
    until("the new module answers", || ask(&server, "never", &object).is_allowed());
    // Half of a module, and half of a file, change nothing.
    write("never.wasm", &policy(DENIES)[..40]);
    server.wait_for("the old configuration is kept: ");
    assert!(ask(&server, "never", &object).is_allowed() && !ask(&server, "root", &object).is_allowed());
    write("never.wasm", &policy(r#"{"accepted":true}"#));
    write("policies.yml", b"root: {module: rule.wasm, policyMode: protec}\n");
    server.wait_for("policies.yml, policy root: ");
    assert!(!ask(&server, "root", &object).is_allowed());
    write("policies.yml", b"root: {module: rule.wasm, policyMode: monitor}\n");
    until("the new file counts", || ask(&server, "root", &object).is_allowed());
    assert_eq!(ask(&server, "never", &object).status, 404);
}

#[test]
fn what_has_no_meaning_here_is_refused_by_name() {
    for (entry, says) in [
        ("{module: rule.wasm, allowedToMutate: true}", "policy p: allowedToMutate"),
        ("{module: rule.wasm, policyMod: monitor}", "policy p: unknown field `policyMod`"),
        ("{policies: {}, expression: 'true'}", "policy p: groups are not served"),
        ("{policyMode: monitor}", "policy p: missing field `module`"),
        ("{module: none.wasm}", "none.wasm"),
        ("{module: policies.yml}", "is not a WebAssembly module"),
    ] {
        let run = folder(&format!("p: {entry}\n")).run(&["serve", "--plain-http", "--policies", "policies.yml"]);
        assert!(run.code == Some(2) && run.err.contains(says), "{entry}: {run:?}");
    }
    let run = folder("{}\n").run(&["serve", "--plain-http", "--policies", "policies.yml"]);
    assert!(run.code == Some(2) && run.err.contains("names no policy"), "{run:?}");
}

#[test]
fn a_module_that_cannot_be_used_stops_the_start_beside_others_that_can() {
    let mut wasm = wat::parse_str(r#"(module (import "env" "beyond" (func)))"#).unwrap();
    let said = serde_json::to_vec(&seaworthy_tests::metadata()["run-as-non-root"]).unwrap();
    wasm.extend(section("io.kubewarden.metadata", br#"{"protocolVersion":"v1"}"#));
    wasm.extend(section("dev.seaworthy.rule", &said));
    let folder = folder("root: {module: rule.wasm}\nbad: {module: bad.wasm}\n").and("bad.wasm", wasm);
    let run = folder.run(&["serve", "--plain-http", "--address", "127.0.0.1:0", "--policies", "policies.yml"]);
    assert!(run.code == Some(2) && run.err.contains("bad.wasm"), "{run:?}");
}

#[test]
fn only_what_an_entry_allows_is_looked_up() {
    let cluster = StandIn::of(&["poddisruptionbudgets"]);
    cluster.put("poddisruptionbudgets", &json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } },
    }));
    let said = &seaworthy_tests::metadata()["pod-disruption-budget"];
    let kinds: Vec<Value> =
        said.looks_up.iter().map(|it| json!({ "apiVersion": it.api_version, "kind": it.kind })).collect();
    let policies = json!({
        "open": { "module": "budget.wasm", "contextAwareResources": kinds },
        "shut": { "module": "budget.wasm" },
    });
    let folder = Folder::of("policies.yml", policies.to_string())
        .and("budget.wasm", &artifacts::modules()["pod-disruption-budget"]);
    cluster.kubeconfig(folder.path());
    let server = Server::start(&folder, &["--policies", "policies.yml", "--cluster", "--kubeconfig", "kubeconfig"]);
    until("it is ready", || server.get("/readyz").status == 200);
    assert_eq!((verdict(&server, "open"), verdict(&server, "shut")), ("pass".into(), "unknown".into()));
}
