//! Mutating policies: shown as a diff, written on demand, and refused where Kubernetes would refuse them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::{Value, json};

use crate::policies::{POD, TARGETS, answering, metadata, sdk_policy, shop};
use crate::support::Folder;

const CHECK: [&str; 7] = ["check", "k8s", "--no-rules", "--policy", "owner.wasm", "--allow", "*"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&CHECK[..], more].concat()
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

const DIFF: &str = "\
--- k8s/web.yaml
+++ k8s/web.yaml
@@ -3,3 +3,5 @@
 metadata:
   name: web # its name
   namespace: shop
+  labels:
+    owner: ana

`--write` makes these changes.
";

#[test]
fn a_mutation_is_a_finding_and_a_diff() {
    for target in TARGETS {
        let folder = shop().and("owner.wasm", sdk_policy(target));
        let told = folder.run(&CHECK).with(1);
        assert!(told.starts_with(DIFF), "{target}: {told}");
        assert!(told.contains("medium[owner]: Pod shop/web: the policy adds this"), "{told}");
        assert!(told.contains("at metadata.labels"), "{told}");
        assert_eq!(read(&folder, "k8s/web.yaml"), POD);
        let report: Value = serde_json::from_str(&folder.run(&with(&["--format", "json"])).with(1)).unwrap();
        assert_eq!(report["results"][0]["findings"][0]["path"], json!("$['metadata']['labels']"));
    }
}

#[test]
fn what_is_written_needs_no_more_changes() {
    for target in TARGETS {
        let folder = shop().and("owner.wasm", sdk_policy(target));
        let path = folder.path().join("k8s/web.yaml");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let told = folder.run(&with(&["--write"])).with(0);
        assert!(told.starts_with(DIFF.split("\n\n").next().unwrap()), "{told}");
        let written = read(&folder, "k8s/web.yaml");
        assert_eq!(written, POD.to_owned() + "  labels:\n    owner: ana\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let again = folder.run(&with(&["--write"])).with(0);
        assert!(!again.contains("---"), "{again}");
        assert_eq!(read(&folder, "k8s/web.yaml"), written);
        assert_eq!(fs::read_dir(folder.path().join("k8s")).unwrap().count(), 2, "no draft is left");
    }
}

#[test]
fn nothing_is_written_through_a_link_or_to_a_pipe() {
    let folder = shop().and("owner.wasm", sdk_policy(TARGETS[0])).and("elsewhere/real.yaml", POD);
    fs::remove_file(folder.path().join("k8s/web.yaml")).unwrap();
    let check =
        ["check", "link.yaml", "k8s/namespace.yaml", "--no-rules", "--policy", "owner.wasm", "--allow", "*", "--write"];
    symlink(folder.path().join("elsewhere/real.yaml"), folder.path().join("link.yaml")).unwrap();
    let said = folder.run(&check).complaint();
    assert!(said.contains("link.yaml is a link, and is not written through"), "{said}");
    assert_eq!(read(&folder, "elsewhere/real.yaml"), POD);
    let piped = ["check", "-", "--no-rules", "--policy", "owner.wasm", "--allow", "*", "--write"];
    let run = folder.run_with_input(&piped, POD);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("--write changes files, and `-` is not a file"), "{}", run.err);
}

#[test]
fn a_file_that_is_no_utf_8_is_not_written() {
    let utf_16: Vec<u8> = POD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = shop().and("owner.wasm", sdk_policy(TARGETS[0])).and("k8s/web.yaml", &utf_16);
    let said = folder.run(&with(&["--write"])).complaint();
    assert!(said.contains("k8s/web.yaml changed since it was checked"), "{said}");
    assert_eq!(fs::read(folder.path().join("k8s/web.yaml")).unwrap(), utf_16);
}

/// A policy that gives this instead of the Pod.
fn giving(mutated: &Value, metadata: &Value) -> Folder {
    shop().and("p.wasm", answering(&json!({"accepted": true, "mutated_object": mutated}), metadata))
}

fn pod() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}})
}

#[test]
fn another_object_is_refused_as_kubernetes_would() {
    for (pointer, value, said) in [
        ("/kind", json!("Service"), "it changes kind"),
        ("/metadata/name", json!("other"), "it changes metadata.name"),
        ("/metadata/namespace", json!("other"), "it changes metadata.namespace"),
        ("", json!([]), "it would have no object here"),
    ] {
        let mut mutated = pod();
        *mutated.pointer_mut(pointer).unwrap() = value;
        let folder = giving(&mutated, &metadata());
        let run = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--write"]);
        assert_eq!(run.code, Some(2), "{pointer}: {}", run.out);
        assert!(run.out.contains(said), "{pointer}: {}", run.out);
        assert_eq!(read(&folder, "k8s/web.yaml"), POD);
    }
}

#[test]
fn a_policy_that_does_not_say_so_changes_nothing() {
    let mut quiet = metadata();
    quiet["mutating"] = json!(false);
    let mut mutated = pod();
    mutated["metadata"]["labels"] = json!({"a": "b"});
    let run = giving(&mutated, &quiet).run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--write"]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("it changes the object, and its metadata does not say so"), "{}", run.out);
    // Giving back what was given is no change.
    giving(&pod(), &quiet).run(&["check", "k8s", "--no-rules", "--policy", "p.wasm"]).with(0);
}

#[test]
fn a_waived_change_is_not_made() {
    let config = "longest_waiver_days: 400000\npolicies: {owner: {allow: ['*']}}\nwaivers:\n- {rule: owner, object: {name: web}, by: ana, why: later, until: 2999-01-01}\n";
    let folder = shop().and("owner.wasm", sdk_policy(TARGETS[0])).and("c.yaml", config);
    folder.run(&["check", "k8s", "--no-rules", "--policy", "owner.wasm", "--config", "c.yaml", "--write"]).with(0);
    assert_eq!(read(&folder, "k8s/web.yaml"), POD);
}

#[test]
fn values_that_may_be_secrets_are_in_no_diff() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  containers:\n  - name: app\n    args:\n    \
                - --password=hunter2\n    env:\n    - name: PASSWORD\n      value: hunter2\n    \
                lifecycle:\n      preStop:\n        exec:\n          command: [curl, hunter2]\n";
    let mut mutated = pod();
    mutated["spec"] = json!({"containers": [{"name": "app", "args": ["--password=hunter2"],
        "env": [{"name": "PASSWORD", "value": "hunter2"}, {"name": "TOKEN", "value": "hunter3"}],
        "lifecycle": {"preStop": {"exec": {"command": ["curl", "hunter3"]}}}}]});
    let folder = giving(&mutated, &metadata()).and("k8s/web.yaml", text);
    for format in ["full", "short", "json"] {
        let told = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--format", format]).with(1);
        assert!(!told.contains("hunter"), "{told}");
        assert!(format == "json" || told.contains("\n+    - name: TOKEN\n+(not shown)\n"), "{told}");
    }
}

#[test]
fn a_message_repeats_no_value_of_a_secret() {
    let mut metadata = metadata();
    metadata["rules"][0]["resources"] = json!(["secrets"]);
    let says = "the password hunter2 (aHVudGVyMg==) of web is weak";
    let answer = json!({"accepted": false, "message": says, "warnings": [says]});
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ndata: {password: aHVudGVyMg==}\n";
    let folder = Folder::of("k8s/web.yaml", secret).and("p.wasm", answering(&answer, &metadata));
    for format in ["full", "short", "json", "sarif"] {
        let told = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--format", format]).with(1);
        assert!(!told.contains("hunter2") && !told.contains("aHVudGVyMg"), "{told}");
        assert!(told.contains("the password (redacted) ((redacted)) of web is weak"), "{told}");
    }
}

#[test]
fn a_text_that_cannot_be_edited_in_place_is_written_anew_and_said() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: &m {name: web, namespace: shop} # gone\nx: *m\n";
    let mut mutated = pod();
    mutated["x"] = mutated["metadata"].clone();
    mutated["metadata"]["labels"] = json!({"a": "b"});
    let folder = giving(&mutated, &metadata()).and("k8s/web.yaml", text);
    let told = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--write"]).with(0);
    assert!(told.contains("The objects of k8s/web.yaml are written anew, without their comments"), "{told}");
    folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm"]).with(0);
}

#[test]
fn a_raw_policy_is_sent_the_document() {
    let mut raw = metadata();
    raw["policyType"] = json!("raw");
    raw["rules"] = json!([]);
    let folder = shop().and("p.wasm", answering(&json!({"accepted": false, "message": "no"}), &raw));
    let run = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--format", "short"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.out.matches("medium[p]").count(), 2, "{}", run.out);
}
