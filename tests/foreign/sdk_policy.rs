//! The fixture: a policy as anybody writes it, with settings, look-ups and findings, on both targets it is built for.

use std::fs;

use serde_json::{Value, json};

use crate::policies::{TARGETS, annotated, answering, metadata, sdk_metadata, sdk_policy, shop, speaking};
use crate::support::Folder;

const LABELLED: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {owner: OWNER}}\n";

/// The policy in a folder whose Pod names this owner.
fn owned_by(owner: &str, target: &str) -> Folder {
    shop().and("k8s/web.yaml", LABELLED.replace("OWNER", owner)).and("owner.wasm", sdk_policy(target))
}

const ALLOW: [&str; 2] = ["--allow", "kubernetes/get_resource"];

fn check<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["check", "k8s", "--no-rules", "--policy", "owner.wasm"], more].concat()
}

#[test]
fn it_holds_where_its_look_ups_say_so() {
    for target in TARGETS {
        let told = owned_by("ana", target).run(&check(&ALLOW)).with(0);
        assert!(told.contains("owner") && told.contains("1 pass"), "{target}: {told}");
    }
}

#[test]
fn its_refusals_are_findings_in_every_format() {
    for target in TARGETS {
        let folder = owned_by("bob", target);
        let said = "the owner is \"bob\", and that of the namespace is \"ana\"";
        for format in ["full", "short"] {
            let told = folder.run(&check(&[&ALLOW[..], &["--format", format]].concat())).with(1);
            assert!(told.contains("medium[owner]") && told.contains(said), "{target} {format}: {told}");
            assert!(told.contains("warning[owner]") && told.contains("ask the platform team"), "{target}: {told}");
        }
        let json = folder.run(&check(&[&ALLOW[..], &["--format", "json"]].concat())).with(1);
        let report: Value = serde_json::from_str(&json).unwrap();
        let result = &report["results"][0];
        assert_eq!(report["results"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&result["rule"], &result["severity"], &result["section"]),
            (&json!("owner"), &json!("medium"), &json!("operations"))
        );
        assert_eq!(result["findings"][0]["message"], json!(said));
        assert_eq!(result["findings"][1]["level"], json!("warning"));
    }
}

#[test]
fn what_is_not_allowed_is_refused_and_said() {
    let run = owned_by("ana", TARGETS[0]).run(&check(&[]));
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("the configuration does not allow kubernetes/get_resource"), "{}", run.out);
    let wants = "warning: the policy owner wants to ask for oci/v1/manifest_digest, net/v1/dns_lookup_host, \
                 kubernetes/get_resource, and is refused";
    assert!(run.err.starts_with(wants), "{}", run.err);
}

#[test]
fn the_configuration_gives_settings_and_leave() {
    let config = "policies:\n  owner:\n    settings: {label: team}\n    allow: [kubernetes/get_resource]\n";
    let folder = owned_by("ana", TARGETS[0]).and("c.yaml", config);
    let told = folder.run(&check(&["--config", "c.yaml"])).with(1);
    assert!(told.contains("the namespace shop names no team"), "{told}");
    // Of the file's settings and the configuration's, the file's are nearer.
    let told =
        folder.and("s.json", "{\"label\": \"owner\"}").run(&check(&["--config", "c.yaml", "--settings", "s.json"]));
    assert_eq!(told.code, Some(0), "{told:?}");
    let misspelt = config.replace("owner:", "ownr:");
    let folder = owned_by("ana", TARGETS[0]).and("c.yaml", misspelt);
    let said = folder.run(&check(&["--config", "c.yaml"])).complaint();
    assert!(said.contains("the configuration has a policy ownr, and the one given is owner"), "{said}");
}

#[test]
fn settings_are_the_policys_to_judge() {
    for (settings, said) in [
        ("label: ''", "the policy owner refuses its settings: label must not be empty"),
        ("lable: x", "the policy owner refuses its settings"),
        ("- a", "settings are one mapping"),
        ("a: 1\na: 2", "s.yaml:2:1: "),
    ] {
        let folder = owned_by("ana", TARGETS[0]).and("s.yaml", settings);
        let told = folder.run(&check(&[&ALLOW[..], &["--settings", "s.yaml"]].concat())).complaint();
        assert!(told.contains(said), "{settings}: {told}");
    }
    let folder = owned_by("ana", TARGETS[0]).and("other.wasm", sdk_policy(TARGETS[0])).and("s.yaml", "{}");
    let told = folder.run(&check(&["--policy", "other.wasm", "--settings", "s.yaml"])).complaint();
    assert!(told.contains("--settings is for one --policy"), "{told}");
}

#[test]
fn it_is_compiled_once() {
    let folder = owned_by("ana", TARGETS[1]);
    let cache = folder.path().join("cache");
    let run = || {
        let mut command = folder.command(&check(&ALLOW));
        crate::support::run(command.env("XDG_CACHE_HOME", &cache), "").with(0)
    };
    run();
    let files = || fs::read_dir(cache.join("seaworthy/modules")).unwrap().flatten().map(|entry| entry.path());
    let entry: Vec<_> = files().collect();
    let [entry] = entry.as_slice() else { panic!("{entry:?}") };
    let written = fs::metadata(entry).unwrap().modified().unwrap();
    run();
    assert_eq!(files().count(), 1);
    assert_eq!(fs::metadata(entry).unwrap().modified().unwrap(), written);
}

#[test]
fn only_what_its_metadata_names_is_judged() {
    let folder = owned_by("ana", TARGETS[0])
        .and("k8s/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n")
        .and("k8s/apps.yaml", LABELLED.replace("OWNER", "ana").replace("v1\nkind: Pod", "apps/v1\nkind: Deployment"))
        .and(
            "k8s/old.yaml",
            LABELLED.replace("OWNER", "ana").replace("v1\nkind: Pod", "extensions/v1beta1\nkind: Deployment"),
        );
    let json = folder.run(&check(&[&ALLOW[..], &["--format", "json"]].concat())).with(0);
    let report: Value = serde_json::from_str(&json).unwrap();
    let judged: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|it| it["object"]["file"].as_str().unwrap()).collect();
    // An API server asks a policy that names apps/v1 about the same resource of an older group too.
    assert_eq!(judged, ["k8s/apps.yaml", "k8s/old.yaml", "k8s/web.yaml"]);
}

#[test]
fn rules_come_beside_it_unless_they_are_left_out() {
    let folder = owned_by("ana", TARGETS[0]);
    let rules = |more: &[&str]| -> Vec<String> {
        let arguments = [&["check", "k8s", "--policy", "owner.wasm", "--format", "json"], &ALLOW[..], more].concat();
        let report: Value = serde_json::from_str(&folder.run(&arguments).out).unwrap();
        report["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(rules(&["--no-rules"]), ["owner"]);
    assert_eq!(rules(&["--rule", "run-as-non-root"]), ["run-as-non-root", "owner"]);
    let all = rules(&[]);
    assert!(all.len() > 20 && all.iter().any(|rule| rule == "owner"), "{all:?}");
}

#[test]
fn what_cannot_be_run_is_refused_by_name() {
    let with = |key: &str, value: Value| {
        let mut metadata = metadata();
        metadata[key] = value;
        answering(&json!({"accepted": true}), &metadata)
    };
    let unannotated = wat::parse_str("(module)").unwrap();
    for (module, said) in [
        (with("executionMode", json!("gatekeeper")), "it is made for the execution mode \"gatekeeper\""),
        (with("hostCapabilities", json!(["oci/v3/*"])), "there is no capability `oci/v3/*`"),
        (with("protocolVersion", json!("v2")), "protocolVersion is \"v2\""),
        (unannotated, "not a policy module"),
        (b"no module".to_vec(), "is not a WebAssembly module"),
        (speaking("\"v2\""), "it speaks the protocol \"v2\""),
        (speaking("v1"), "it does not say which protocol it speaks"),
        (annotated(&wat::parse_str("(module (import \"env\" \"f\" (func)))").unwrap(), &sdk_metadata()), "env"),
    ] {
        let said_here =
            shop().and("p.wasm", module).run(&["check", "k8s", "--no-rules", "--policy", "p.wasm"]).complaint();
        assert!(said_here.contains(said), "{said}: {said_here}");
    }
    let nowhere = shop().run(&["check", "k8s", "--no-rules", "--policy", "nowhere.wasm"]).complaint();
    assert!(nowhere.contains("the policy nowhere.wasm does not exist"), "{nowhere}");
    let nobody = shop().run(&["check", "k8s", "--no-rules", "--policy", "registry://127.0.0.1:1/a/b:v1"]).complaint();
    assert!(nobody.contains("the policy registry://127.0.0.1:1/a/b:v1: "), "{nobody}");
}

#[test]
fn a_policy_that_fails_is_undecided_and_no_pass() {
    for answer in [json!({"accepted": "yes"}), json!(null), json!({})] {
        let folder = shop().and("p.wasm", answering(&answer, &metadata()));
        let run = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm"]);
        assert_eq!(run.code, Some(2), "{answer}: {run:?}");
        assert!(run.out.contains("Pod shop/web could not be checked"), "{}", run.out);
    }
}
