//! Every operation of Kubewarden's contract: denied by default, and answered where the metadata declares it and somebody
//! allows it. A session answers here, so that nothing is reached.

use std::fs;

use serde_json::{Value, json};

use crate::policies::{asking, metadata, shop};
use crate::support::Folder;

/// An operation with a payload, and the session that answers it.
const OPERATIONS: [(&str, &str, &str, &str); 11] = [
    (
        "oci",
        "v1/verify",
        r#"{"SigstorePubKeyVerify":{"image":"a","pub_keys":[]}}"#,
        "!SigstorePubKeyVerify {image: a, pub_keys: []}",
    ),
    (
        "oci",
        "v2/verify",
        r#"{"type":"SigstorePubKeyVerify","image":"a","pub_keys":[]}"#,
        "!SigstorePubKeyVerify {image: a, pub_keys: []}",
    ),
    ("oci", "v1/manifest_digest", r#""a""#, "!OciManifestDigest {image: a}"),
    ("oci", "v1/oci_manifest", r#""a""#, "!OciManifest {image: a}"),
    ("oci", "v1/oci_manifest_config", r#""a""#, "!OciManifestAndConfig {image: a}"),
    ("net", "v1/dns_lookup_host", r#""a""#, "!DNSLookupHost {host: a}"),
    (
        "crypto",
        "v1/is_certificate_trusted",
        r#"{"cert":{"encoding":"Pem","data":[]}}"#,
        "!CryptoIsCertificateTrusted {request: {cert: {encoding: Pem, data: []}}}",
    ),
    (
        "kubernetes",
        "get_resource",
        r#"{"api_version":"v1","kind":"Secret","name":"a"}"#,
        "!KubernetesGetResource {api_version: v1, kind: Secret, name: a}",
    ),
    (
        "kubernetes",
        "list_resources_by_namespace",
        r#"{"api_version":"v1","kind":"Secret","namespace":"a"}"#,
        "!KubernetesListResourceNamespace {api_version: v1, kind: Secret, namespace: a}",
    ),
    (
        "kubernetes",
        "list_resources_all",
        r#"{"api_version":"v1","kind":"Secret"}"#,
        "!KubernetesListResourceAll {api_version: v1, kind: Secret}",
    ),
    ("kubernetes", "can_i", r#"{"subject_access_review":{"user":"ana"}}"#, "!KubernetesCanI {request: {user: ana}}"),
];

fn declaring(capabilities: &Value, kinds: &Value) -> Value {
    let mut metadata = metadata();
    metadata["hostCapabilities"] = capabilities.clone();
    metadata["contextAwareResources"] = kinds.clone();
    metadata
}

#[test]
fn each_operation_is_denied_unless_it_is_declared_and_allowed() {
    for (namespace, operation, payload, request) in OPERATIONS {
        let path = format!("{namespace}/{operation}");
        let kinds = json!([{"apiVersion": "v1", "kind": "Secret"}]);
        let declared = declaring(&json!([path]), &kinds);
        let answer = format!("- request: '{request}'\n  response: {{type: Success, payload: '{{}}'}}\n");
        for (metadata, allow, code) in [
            (&declared, path.as_str(), 0),
            (&declared, "*", 0),
            (&declared, "cache/get", 1),
            (&declaring(&json!([]), &json!([])), "*", 1),
        ] {
            let folder = shop().and("p.wasm", asking(namespace, operation, payload, metadata)).and("s.yaml", &answer);
            let run = folder.run(&[
                "check",
                "k8s",
                "--no-rules",
                "--policy",
                "p.wasm",
                "--allow",
                allow,
                "--replay",
                "s.yaml",
            ]);
            assert_eq!(run.code, Some(code), "{path} with --allow {allow}: {}{}", run.out, run.err);
        }
    }
}

#[test]
fn what_nobody_answers_is_no_answer() {
    for (namespace, operation, payload, _) in OPERATIONS {
        // What the input, this host or its network answers is asked elsewhere.
        if ["get_resource", "list_resources_by_namespace", "list_resources_all"].contains(&operation)
            || namespace == "oci"
        {
            continue;
        }
        let metadata = declaring(&json!(["*"]), &json!([]));
        let folder = shop().and("p.wasm", asking(namespace, operation, payload, &metadata));
        let run = folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--allow", "*"]);
        let resolves = namespace == "net" && run.code == Some(0);
        assert!(resolves || run.code == Some(1), "{namespace}/{operation}: {run:?}");
    }
}

#[test]
fn names_are_resolved_and_logs_are_never_refused() {
    let accepts = |namespace, operation, payload, capabilities, allow: &str| {
        let module = asking(namespace, operation, payload, &declaring(&capabilities, &json!([])));
        shop().and("p.wasm", module).run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--allow", allow]).code
            == Some(0)
    };
    assert!(accepts("net", "v1/dns_lookup_host", "\"127.0.0.1\"", json!(["net/*"]), "net/*"));
    assert!(accepts("tracing", "log", "{}", json!([]), "cache/get"));
    assert!(!accepts("tracing", "other", "{}", json!(["*"]), "*"));
    assert!(!accepts("kubernetes", "delete_resource", "{}", json!(["*"]), "*"));
}

#[test]
fn a_capability_that_there_is_not_is_refused_where_it_is_typed() {
    let said = shop().run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--allow", "oci"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("did you mean `oci/*`?"), "{}", said.err);
}

#[test]
fn the_values_of_secrets_are_told_to_no_policy() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: aHVudGVyMg==}\n";
    let kinds = json!([{"apiVersion": "v1", "kind": "Secret"}]);
    let module = asking(
        "kubernetes",
        "list_resources_all",
        r#"{"api_version":"v1","kind":"Secret"}"#,
        &declaring(&json!([]), &kinds),
    );
    let folder = shop().and("k8s/secret.yaml", secret).and("p.wasm", module);
    folder.run(&["check", "k8s", "--no-rules", "--policy", "p.wasm", "--allow", "*", "--record", "s.yaml"]).with(0);
    let session = fs::read_to_string(folder.path().join("s.yaml")).unwrap();
    assert!(session.contains("\"password\":\"\"") && !session.contains("aHVudGVyMg"), "{session}");
}

/// A rule of ours whose images must be signed, in a folder with the session of a run that reached no registry.
fn signed_image(allow: &str) -> (Folder, String) {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: '127.0.0.1:1/web:1'}]}\n";
    let config = format!("rules:\n  signed-image:\n    settings: {{public_keys: [KEY]}}\n    {allow}\n");
    let folder = Folder::of("k8s/web.yaml", pod).and("c.yaml", config);
    let run = folder.run(&["check", "k8s", "--rule", "signed-image", "--config", "c.yaml", "--record", "s.yaml"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let session = fs::read_to_string(folder.path().join("s.yaml")).unwrap();
    (folder, session)
}

#[test]
fn our_own_rules_ask_through_the_same_gate() {
    for allow in ["", "allow: [oci/v1/*]"] {
        let (_, session) = signed_image(allow);
        assert!(session.contains("!KubernetesListResourceAll") && !session.contains("!Sigstore"), "{session}");
    }
    let (folder, session) = signed_image("allow: [oci/v2/verify]");
    let (before, after) = session.split_once("!SigstorePubKeyVerify").expect("it was asked");
    assert!(after.contains("image: 127.0.0.1:1/web:1\n") && after.contains("type: Error"), "{after}");
    // As if the registry had been there, and the signature good.
    let start = after.find("    type: Error").unwrap();
    let trusted = "    type: Success\n    payload: '{\"is_trusted\":true,\"digest\":\"sha256:0\"}'\n";
    let folder = folder.and("s.yaml", format!("{before}!SigstorePubKeyVerify{}{trusted}", &after[..start]));
    folder.run(&["check", "k8s", "--rule", "signed-image", "--config", "c.yaml", "--replay", "s.yaml"]).with(0);
}
