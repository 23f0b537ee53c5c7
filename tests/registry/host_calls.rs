//! What Kubewarden's policies ask about images, answered by a real registry.

use engine::{HostCall, HostCalls};
use registry::OciCalls;
use serde_json::{Value, json};

use crate::commands::{signer, with_password};
use crate::hostile::{Hostile, INDEX, MANIFEST, wasm};
use crate::server::{Server, client};

fn ask(calls: &OciCalls<'_>, operation: &str, payload: &Value) -> Result<Value, String> {
    let payload = payload.to_string();
    let call = HostCall { binding: "kubewarden", namespace: "oci", operation, payload: payload.as_bytes() };
    let answer = calls.call(call).map_err(|cause| cause.to_string())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[test]
fn a_policy_learns_digest_manifest_and_configuration() {
    let (server, registry) = (Hostile::start(), client());
    let calls = OciCalls::new(&registry);
    let config = server.blob("application/vnd.oci.image.config.v1+json", br#"{"config": {"User": "65532"}}"#);
    let layer = server.blob("application/vnd.oci.image.layer.v1.tar+gzip", b"layer");
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
    let digest = server.manifest("v1", &manifest);
    let platform = json!({"architecture": "amd64", "os": "linux"});
    let entry = json!({"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": platform});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
    let index_digest = server.manifest("all", &index);

    let image = json!(server.name("v1"));
    assert_eq!(ask(&calls, "v1/manifest_digest", &image), Ok(json!({ "digest": digest })));
    assert_eq!(ask(&calls, "v1/oci_manifest", &image), Ok(manifest.clone()));
    let both = json!({"manifest": manifest, "digest": digest, "config": {"config": {"User": "65532"}}});
    assert_eq!(ask(&calls, "v1/oci_manifest_config", &image), Ok(both.clone()));
    // Of an image for several platforms.
    let image = json!(server.name("all"));
    assert_eq!(ask(&calls, "v1/manifest_digest", &image), Ok(json!({ "digest": index_digest })));
    assert_eq!(ask(&calls, "v1/oci_manifest", &image), Ok(index));
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        assert_eq!(ask(&calls, "v1/oci_manifest_config", &image), Ok(both));
    }
    // By digest: what is not there has none.
    let pinned = format!("{}/shop/rules@{digest}", server.host);
    assert_eq!(ask(&calls, "v1/manifest_digest", &json!(pinned)), Ok(json!({ "digest": digest })));
    let absent = format!("{}/shop/rules@{}", server.host, registry::Digest::of(b"absent"));
    assert!(ask(&calls, "v1/manifest_digest", &json!(absent)).unwrap_err().contains("does not exist"));
}

#[test]
fn a_policy_has_signatures_verified_by_public_keys() {
    let (server, folder, registry) = (Server::start(), signer(), client());
    let calls = OciCalls::new(&registry);
    let name = server.name("rules:v1");
    let push =
        ["push", "--bundle", "bundle", &name, "--sign", "cosign.key", "--annotation", "env=prod", "--format", "json"];
    let pushed: Value = serde_json::from_str(&with_password(&folder, &push, "hunter2").with(0)).unwrap();
    let key = std::fs::read_to_string(folder.path().join("cosign.pub")).unwrap();
    let trusted = json!({"is_trusted": true, "digest": pushed["digest"]});
    let asked = |annotations: Value| json!({"image": name, "pub_keys": [key], "annotations": annotations});
    let second = |mut asked: Value| {
        asked["type"] = json!("SigstorePubKeyVerify");
        asked
    };
    for annotations in [json!(null), json!({}), json!({"env": "prod"})] {
        let first = json!({"SigstorePubKeyVerify": asked(annotations.clone())});
        assert_eq!(ask(&calls, "v1/verify", &first), Ok(trusted.clone()));
        assert_eq!(ask(&calls, "v2/verify", &second(asked(annotations))), Ok(trusted.clone()));
    }
    let without = second(json!({"image": name, "pub_keys": [key]}));
    assert_eq!(ask(&calls, "v2/verify", &without), Ok(trusted));
    for (wrong, said) in [
        (second(asked(json!({"env": "test"}))), "env=test"),
        (second(json!({"image": name, "pub_keys": []})), "no key was given"),
        (second(json!({"image": name, "pub_keys": ["hunter2"]})), "key 1 is no public key"),
        (second(json!({"image": "Not One", "pub_keys": [key]})), "is not a reference"),
        (json!({"type": "SigstorePubKeyVerify", "image": name}), "not readable"),
        (json!([]), "not readable"),
    ] {
        let refused = ask(&calls, "v2/verify", &wrong).unwrap_err();
        assert!(refused.contains(said) && !refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn what_cannot_be_verified_offline_is_never_trusted() {
    let registry = client();
    let calls = OciCalls::new(&registry);
    let keyless = json!([{"issuer": "https://token.example", "subject": "ana@example.com"}]);
    for (kind, more) in [
        ("SigstoreKeylessVerify", json!({"keyless": keyless})),
        ("SigstoreKeylessPrefixVerify", json!({"keyless_prefix": []})),
        ("SigstoreGithubActionsVerify", json!({"owner": "shop"})),
        ("SigstoreCertificateVerify", json!({"certificate": [1], "require_rekor_bundle": true})),
    ] {
        let mut asked = more.clone();
        asked["image"] = json!("ghcr.io/shop/web:v1");
        asked["type"] = json!(kind);
        let refused = ask(&calls, "v2/verify", &asked).unwrap_err();
        assert!(refused.contains("is not verified") && refused.contains("SigstorePubKeyVerify"), "{refused}");
    }
    let first = json!({"SigstoreKeylessVerify": {"image": "ghcr.io/shop/web:v1", "keyless": keyless}});
    assert!(ask(&calls, "v1/verify", &first).unwrap_err().contains("a keyless signature is not verified"));
}

#[test]
fn the_same_question_is_asked_of_a_registry_once() {
    let (server, registry) = (Hostile::start(), client());
    server.module("v1", &wasm(b"module"));
    let calls = OciCalls::new(&registry);
    for _ in 0..3 {
        ask(&calls, "v1/oci_manifest", &json!(server.name("v1"))).unwrap();
        ask(&calls, "v1/oci_manifest", &json!(server.name("absent"))).unwrap_err();
    }
    assert_eq!(server.asked().len(), 3, "two for what is there, one for what is not");
}

#[test]
fn other_operations_and_namespaces_are_denied() {
    let registry = client();
    let calls = OciCalls::new(&registry);
    for (binding, namespace, operation) in [
        ("kubewarden", "oci", "v3/verify"),
        ("kubewarden", "oci", "manifest_digest"),
        ("kubewarden", "oci", ""),
        ("kubewarden", "kubernetes", "v1/manifest_digest"),
        ("kubewarden", "", "v1/manifest_digest"),
        ("other", "oci", "v1/manifest_digest"),
    ] {
        let call = HostCall { binding, namespace, operation, payload: b"\"127.0.0.1:1/a\"" };
        let refused = calls.call(call).unwrap_err();
        assert_eq!(refused.kind(), "denied", "{binding} {namespace} {operation}: {refused}");
    }
    for operation in registry::OPERATIONS {
        assert!(ask(&calls, operation, &json!(7)).unwrap_err().contains("not readable"), "{operation}");
    }
}
