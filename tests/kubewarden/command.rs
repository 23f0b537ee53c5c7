//! `seaworthy kubewarden` as people run it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use protocol::{RuleMetadata, resource_name};
use seaworthy_tests::api::collection;
use seaworthy_tests::artifacts::target;
use seaworthy_tests::{metadata, needs_settings};
use serde_json::{Value, json};
use test_cluster::{Cluster, build};

use crate::policies::POLICIES;
use crate::schemas::{faults, object_faults, schema_of};
use crate::support::{Folder, Run};

const CONFIG: &str = "rules:
  liveness-probe: {enabled: false}
  container-resources: {settings: {cpu_limit: false, memory_max: '1e3'}}
  immutable-image-tag: {settings: {mutable_tags: [latest, 'on', '012']}}
";

fn run(arguments: &[&str]) -> Run {
    let folder = Folder::of("platform.yaml", CONFIG);
    folder.run(&[&["kubewarden"], arguments].concat())
}

/// The documents that a run printed.
pub fn documents(run: Run) -> Vec<Value> {
    assert_eq!(run.code, Some(0), "{}", run.err);
    parse(&run.out)
}

/// The same, where there was nothing to say but how to go on.
pub fn documents_alone(run: Run) -> Vec<Value> {
    let more: Vec<&str> = run.err.lines().filter(|line| !line.starts_with("note: mode monitor: ")).collect();
    assert_eq!(more, [""; 0], "{}", run.out);
    documents(run)
}

pub fn parse(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap_or_else(|cause| panic!("{cause}\n{text}"))
}

fn of_kind<'a>(documents: &'a [Value], kind: &str) -> Vec<&'a Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// What a cluster is asked about by default: no rule that needs settings, and none about documents alone.
fn rules_that_are_on() -> BTreeSet<String> {
    let all = metadata().into_values();
    let is_on = |rule: &RuleMetadata| !needs_settings(rule) && POLICIES[&rule.name].metadata["policyType"] != "raw";
    all.filter(is_on).map(|rule| rule.name).collect()
}

/// Options that leave out all other rules.
pub fn without_others() -> Vec<&'static str> {
    let on = rules_that_are_on();
    POLICIES.keys().filter(|name| !on.contains(*name)).flat_map(|name| ["--skip", name]).collect()
}

#[test]
fn every_rule_becomes_a_policy_of_the_cluster() {
    let documents = documents(run(&[]));
    let policies = of_kind(&documents, "ClusterAdmissionPolicy");
    for policy in &policies {
        assert_eq!(object_faults(policy), Vec::<String>::new(), "{policy:#}");
    }
    let names: BTreeSet<String> = policies
        .iter()
        .map(|policy| policy["metadata"]["name"].as_str().unwrap().strip_prefix("seaworthy-").unwrap().to_owned())
        .collect();
    assert_eq!(names, rules_that_are_on());

    for policy in policies {
        let name = policy["metadata"]["annotations"]["io.kubewarden.policy.title"].as_str().unwrap();
        let (spec, said) = (&policy["spec"], &POLICIES[name].metadata);
        assert_eq!(spec["rules"], json!(without_pods(&said["rules"])), "{name}");
        assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("monitor"), &json!("Ignore")), "{name}");
        let granted = spec.get("contextAwareResources").cloned().unwrap_or(json!([]));
        assert_eq!(granted, said["contextAwareResources"], "{name}");
        assert_eq!((&spec["settings"], &spec["mutating"]), (&json!({}), &json!(false)), "{name}");
        let module = format!("registry://ghcr.io/seaworthy-policies/policies/{name}:v{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(spec["module"], json!(module));
        let excluded = &spec["namespaceSelector"]["matchExpressions"][0]["values"];
        assert!(excluded.as_array().unwrap().contains(&json!("kube-system")), "{name}");
    }
}

/// What a module asks to be asked about, without what controllers make of what people write.
fn without_pods(rules: &Value) -> Vec<Value> {
    let mut rules = rules.as_array().unwrap().clone();
    for rule in &mut rules {
        let resources = rule["resources"].as_array_mut().unwrap();
        resources.retain(|name| !["pods", "replicasets", "replicationcontrollers"].contains(&name.as_str().unwrap()));
    }
    rules.retain(|rule| rule["resources"] != json!([]));
    rules
}

/// The groups and resources that a policy is asked about.
fn asked(policy: &Value) -> BTreeSet<String> {
    let rules = policy["spec"]["rules"].as_array().unwrap().iter();
    rules.flat_map(|rule| rule["resources"].as_array().unwrap()).map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_people_write_is_checked_and_what_controllers_make_only_where_asked() {
    let rule = ["--rule", "run-as-non-root", "--mode", "protect"];
    let [policy] = &documents(run(&rule))[..] else { panic!("one policy") };
    let written = ["deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "pods/ephemeralcontainers"]
        .map(str::to_owned);
    assert!(asked(policy).is_superset(&written.clone().into()), "{policy:#}");
    for made in ["pods", "replicasets", "replicationcontrollers"] {
        assert!(!asked(policy).contains(made), "{policy:#}");
    }
    let conditions = policy["spec"]["matchConditions"].as_array().unwrap();
    let names: Vec<&Value> = conditions.iter().map(|condition| &condition["name"]).collect();
    assert_eq!(names, ["not-by-kubernetes-itself", "not-made-by-controllers"]);
    // An optional field that is read without `has` fails where it is not there, and what fails lets everything in.
    for condition in conditions {
        let expression = condition["expression"].as_str().unwrap();
        assert!(expression.contains("has(request."), "{expression}");
        assert!(!expression.contains("object"), "who sends an object writes what is in it: {expression}");
    }
    let [policy] = &documents(run(&[&rule[..], &["--pods"]].concat()))[..] else { panic!("one policy") };
    assert_eq!(policy["spec"]["rules"], POLICIES["run-as-non-root"].metadata["rules"]);
    assert!(policy["spec"].get("matchConditions").is_none(), "{policy:#}");
}

#[test]
fn nothing_is_denied_before_somebody_says_so() {
    let out = run(&["--rule", "run-as-non-root"]);
    assert!(out.err.contains("note: mode monitor: nothing is denied"), "{}", out.err);
    assert!(out.err.contains("--mode protect"), "{}", out.err);
    let spec = &documents(out)[0]["spec"];
    assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("monitor"), &json!("Ignore")));
    let out = run(&["--rule", "run-as-non-root", "--mode", "protect"]);
    assert!(!out.err.contains("note: mode"), "{}", out.err);
    let spec = &documents(out)[0]["spec"];
    assert_eq!((&spec["mode"], &spec["failurePolicy"]), (&json!("protect"), &json!("Fail")));
}

#[test]
fn the_right_to_look_up_comes_by_itself_where_asked() {
    let objects = |which| documents(run(&["--rule", "network-policy", "--objects", which]));
    let kinds =
        |which| objects(which).iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds("policies"), ["ClusterAdmissionPolicy"]);
    assert_eq!(kinds("rbac"), ["ClusterRole", "ClusterRoleBinding"]);
    assert_eq!(objects("all"), [objects("policies"), objects("rbac")].concat());
}

#[test]
fn the_policy_server_may_read_what_the_rules_look_up_and_nothing_else() {
    let documents = documents(run(&["--rule", "network-policy", "--rule", "run-as-non-root"]));
    let [role] = of_kind(&documents, "ClusterRole")[..] else { panic!("{documents:#?}") };
    let rules = role["rules"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["verbs"] == json!(["get", "list", "watch"])), "{role:#}");
    let core = rules.iter().find(|rule| rule["apiGroups"] == json!([""])).unwrap();
    assert_eq!(core["resources"], json!(["namespaces", "serviceaccounts"]));
    let [binding] = of_kind(&documents, "ClusterRoleBinding")[..] else { panic!("{documents:#?}") };
    let account = json!({ "kind": "ServiceAccount", "name": "policy-server", "namespace": "kubewarden" });
    assert_eq!((&binding["roleRef"]["name"], &binding["subjects"][0]), (&role["metadata"]["name"], &account));

    let pure = documents_alone(run(&["--rule", "run-as-non-root"]));
    assert_eq!(pure.len(), 1, "who looks nothing up needs no right to");
}

#[test]
fn the_configuration_chooses_rules_and_settings() {
    let out = run(&["--config", "platform.yaml", "--rule", "container-resources", "--rule", "immutable-image-tag"]);
    // Readers of YAML 1.1, as the API server's, keep them strings.
    assert!(out.out.contains("\"on\"") || out.out.contains("'on'"), "{}", out.out);
    assert!(out.out.contains("\"012\"") || out.out.contains("'012'"), "{}", out.out);
    let documents = documents(out);
    let settings: Vec<&Value> = documents.iter().map(|policy| &policy["spec"]["settings"]).collect();
    let tags = json!({ "mutable_tags": ["latest", "on", "012"] });
    assert_eq!(settings, [&json!({ "cpu_limit": false, "memory_max": "1e3" }), &tags]);

    let placed = "rules: {container-resources: {severity: critical}}\n\
                  overrides: [{namespaces: [dev-*], rules: {container-resources: {enabled: false}}}]\n";
    let folder = Folder::of("platform.yaml", placed);
    let out = folder.run(&["kubewarden", "--config", "platform.yaml", "--severity", "critical"]);
    assert!(out.err.contains("note: the overrides of container-resources are not carried over: "), "{}", out.err);
    let documents = self::documents(out);
    let policy = documents.iter().find(|it| it["metadata"]["name"] == "seaworthy-container-resources").unwrap();
    assert_eq!(policy["metadata"]["annotations"]["io.kubewarden.policy.severity"], "critical");

    let out = run(&["--config", "platform.yaml"]);
    assert!(out.err.contains("note: liveness-probe is left out: the configuration says so\n"), "{}", out.err);
    assert!(out.err.contains("note: field-assertions is left out: it needs settings"), "{}", out.err);
    assert!(!out.out.contains("liveness-probe"), "{}", out.out);
}

#[test]
fn the_command_line_chooses_modules_modes_and_places() {
    let documents = documents(run(&[
        "--rule",
        "network-policy",
        "--registry",
        "registry.example.com:5000/policies/",
        "--tag",
        "v9",
        "--mode",
        "protect",
        "--policy-server",
        "strict",
        "--exclude-namespace",
        "sandbox",
        "--service-account",
        "security/strict",
        "--failure-policy",
        "ignore",
        "--timeout-seconds",
        "3",
        "--timeout-eval-seconds",
        "2",
        "--match-condition",
        "not-ana=request.name != 'ana'",
    ]));
    assert_eq!(object_faults(&documents[0]), Vec::<String>::new());
    let spec = &documents[0]["spec"];
    assert_eq!(spec["module"], "registry://registry.example.com:5000/policies/network-policy:v9");
    assert_eq!((&spec["mode"], &spec["policyServer"]), (&json!("protect"), &json!("strict")));
    assert_eq!(spec["namespaceSelector"]["matchExpressions"][0]["values"], json!(["sandbox"]));
    assert_eq!((&spec["failurePolicy"], &spec["timeoutSeconds"]), (&json!("Ignore"), &json!(3)));
    assert_eq!(spec["timeoutEvalSeconds"], 2);
    let own = json!({ "name": "not-ana", "expression": "request.name != 'ana'" });
    assert_eq!(spec["matchConditions"][2], own);
    assert_eq!(of_kind(&documents, "ClusterRoleBinding")[0]["subjects"][0]["namespace"], "security");
}

#[test]
fn modules_that_were_pushed_are_named_by_digest() {
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let pinned = format!("registry.example.com/shop/readiness@{digest}");
    let pushed = json!({ "modules": [{ "rule": "run-as-non-root", "digest": digest, "pinned": pinned }] });
    let folder = Folder::of("pushed.json", pushed.to_string()).and(
        "tag.json",
        json!({ "modules": [{ "rule": "run-as-non-root", "pinned": "ghcr.io/shop/x:v1" }] }).to_string(),
    );
    let options = |file, rule| ["kubewarden", "--pushed", file, "--rule", rule];
    let policies = documents_alone(folder.run(&options("pushed.json", "run-as-non-root")));
    assert_eq!(policies[0]["spec"]["module"], json!(format!("registry://{pinned}")));
    for (file, rule, expected) in [
        ("pushed.json", "network-policy", "network-policy is not among the modules that were pushed"),
        (
            "tag.json",
            "run-as-non-root",
            "tag.json is not what `seaworthy push --format json` prints: `ghcr.io/shop/x:v1` has no",
        ),
        ("missing.json", "run-as-non-root", "missing.json does not exist"),
    ] {
        let complaint = folder.run(&options(file, rule)).complaint();
        assert!(complaint.starts_with(&format!("error: {expected}")), "{complaint}");
    }
}

#[test]
fn a_namespaces_policies_ask_only_for_what_they_may() {
    let out = run(&["--namespace", "shop"]);
    let left_out =
        "note: network-policy is left out: it looks at other objects, which a namespace's policies may not\n";
    assert!(out.err.contains(left_out), "{}", out.err);
    let documents = documents(out);
    assert!(documents.len() >= 6, "{documents:#?}");
    for policy in &documents {
        assert_eq!(object_faults(policy), Vec::<String>::new(), "{policy:#}");
        assert_eq!((&policy["kind"], &policy["metadata"]["namespace"]), (&json!("AdmissionPolicy"), &json!("shop")));
        for rule in policy["spec"]["rules"].as_array().unwrap() {
            assert_eq!(rule["scope"], "Namespaced", "{policy:#}");
            // Kubewarden refuses wildcards of both in a namespace.
            assert_ne!((&rule["apiGroups"], &rule["resources"]), (&json!(["*"]), &json!(["*"])), "{policy:#}");
        }
    }
    let everything = Folder::of(
        "platform.yaml",
        "rules: {field-assertions: {settings: {assertions: [{group: '', kind: Pod, query: $.spec, condition: exists, message: m}]}}}",
    );
    let options = ["kubewarden", "--config", "platform.yaml", "--rule", "field-assertions"];
    let documents = documents_alone(everything.run(&options));
    assert_eq!(documents[0]["spec"]["rules"][0]["resources"], json!(["*"]));
    let narrowed = everything.run(&[&options[..], &["--namespace", "shop"]].concat());
    assert_eq!(documents_alone(narrowed)[0]["spec"]["rules"].as_array().unwrap().len(), 1);
}

#[test]
fn a_policy_server_by_itself_reads_policies_yml() {
    let [policies] = &documents(run(&["--format", "policy-server"]))[..] else { panic!("one document") };
    assert_eq!(faults("policies", policies), Vec::<String>::new());
    let policy = &policies["network-policy"];
    assert_eq!((&policy["policyMode"], &policy["allowedToMutate"]), (&json!("monitor"), &json!(false)));
    assert!(policy["contextAwareResources"].as_array().unwrap().len() > 3);
    let strict = ["--format", "policy-server", "--mode", "protect", "--rule", "run-as-non-root"];
    assert_eq!(documents(run(&strict))[0]["run-as-non-root"]["policyMode"], "protect");
}

#[test]
fn an_api_server_takes_whatever_is_written() {
    let Some(program) = build("1.36", &target().join("judge")) else {
        eprintln!("LEFT OUT: Go is not installed, so no API server is given policies");
        return;
    };
    let strict = ["--mode", "protect", "--pods", "--timeout-seconds", "3", "--timeout-eval-seconds", "2"];
    let condition = ["--match-condition", "not-ana=request.name != 'ana'"];
    let configured = ["--config", "platform.yaml", "--failure-policy", "ignore"];
    let all = [run(&[]), run(&[&strict[..], &condition, &configured].concat()), run(&["--namespace", "shop"])];
    let written: Vec<Value> = all.into_iter().flat_map(documents).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(&program).await;
        for (kind, is_namespaced) in [("ClusterAdmissionPolicy", false), ("AdmissionPolicy", true)] {
            let plural = resource_name(kind);
            cluster.define("policies.kubewarden.io/v1", kind, &plural, is_namespaced, &schema_of(kind)).await;
        }
        let mut kinds = BTreeSet::new();
        for object in &written {
            let (status, said) = cluster.would_create(&collection(object), object.to_string()).await;
            assert_eq!(status, 201, "{object:#}\n{said:#}");
            kinds.insert(object["kind"].as_str().unwrap());
        }
        let expected = ["AdmissionPolicy", "ClusterAdmissionPolicy", "ClusterRole", "ClusterRoleBinding"];
        assert_eq!(kinds, BTreeSet::from(expected));
        // It is strict: what Kubewarden does not know is refused.
        let mut misspelt = written[0].clone();
        misspelt["spec"]["policyMode"] = json!("protect");
        let (status, said) = cluster.would_create(&collection(&misspelt), misspelt.to_string()).await;
        assert!(status == 400 && said["message"].as_str().unwrap().contains("spec.policyMode"), "{said:#}");
    });
}

fn listed(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_kustomization_names_every_file() {
    let folder = Folder::new();
    let options = ["kubewarden", "--format", "kustomize", "--output", "policies"];
    documents_alone(folder.run(&[&options[..], &without_others()].concat()));
    let path = folder.path().join("policies");
    let text = fs::read_to_string(path.join("kustomization.yaml")).unwrap();
    let named: BTreeSet<String> = serde_json::from_value(parse(&text)[0]["resources"].clone()).unwrap();
    let mut files = listed(&path);
    assert!(files.remove("kustomization.yaml"));
    assert_eq!(named, files);
    assert_eq!(files.len(), rules_that_are_on().len() + 1);
}

#[test]
fn what_does_not_go_is_said_before_anything_is_written() {
    let folder = Folder::of("full/other.yaml", "a: 1")
        .and("bad.yaml", "rules: {min-ready-seconds: {settings: {at_least: 30, at_lest: 1}}}");
    for (arguments, expected) in [
        (&["--format", "helm"][..], "this format is a folder: give it with --output DIR"),
        (&["--format", "policy-server", "--namespace", "shop"], "--namespace goes with a cluster"),
        (
            &["--format", "kustomize", "--output", "full", "--skip", "field-assertions"],
            "full is not empty: give a new folder",
        ),
        (&["--rule", "run-as-nonroot"], "there is no rule `run-as-nonroot`; did you mean `run-as-non-root`?"),
        (&["--config", "bad.yaml"], "bad.yaml:1:54: `at_lest` is not known here; did you mean `at_least`?"),
        (&["--registry", "Registry/Policies"], "`registry://Registry/Policies/api-version:v"),
        (
            &["--rule", "run-as-non-root", "--tag", "a b"],
            "`registry://ghcr.io/seaworthy-policies/policies/run-as-non-root:a b`",
        ),
        (&["--namespace", "Shop"], "invalid value 'Shop' for '--namespace <NAMESPACE>': expected lower-case letters"),
        (&["--format", "policy-server", "--objects", "rbac"], "--objects goes with --format yaml"),
        (
            &["--match-condition", "a"],
            "invalid value 'a' for '--match-condition <NAME=EXPRESSION>': expected NAME=VALUE",
        ),
        (&["--timeout-seconds", "31"], "invalid value '31' for '--timeout-seconds <SECONDS>'"),
        (&["--mode", "audit"], "invalid value 'audit' for '--mode <MODE>'"),
        (&["--rule", "network-policy", "--namespace", "shop"], "there is no rule to write a policy for"),
    ] {
        let complaint = folder.run(&[&["kubewarden"], arguments].concat()).complaint();
        assert!(complaint.contains(&format!("error: {expected}")), "{arguments:?}: {complaint}");
    }
    assert_eq!(listed(folder.path()), ["bad.yaml".to_owned(), "full".to_owned()].into());
}
