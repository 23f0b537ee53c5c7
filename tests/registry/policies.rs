//! Policies straight out of a registry: judged by what was signed, where somebody must have signed, and by nothing else.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use registry::Digest;
use serde_json::json;

use crate::commands::{json, signer, with_password};
use crate::hostile::{Answer, Hostile, MANIFEST, WASM};
use crate::server::Server;
use crate::signatures::Signed;
use crate::support::{Folder, Run, run};

/// It breaks the rule `run-as-non-root`.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n";

fn module() -> Vec<u8> {
    seaworthy_tests::artifacts::modules().remove("run-as-non-root").expect("the rule is there")
}

/// Judges the Pod by what is there, with a cache of its own.
fn check(folder: &Folder, name: &str, more: &[&str]) -> Run {
    fs::write(folder.path().join("pod.yaml"), POD).unwrap();
    let policy = format!("registry://{name}");
    let arguments = [&["check", "pod.yaml", "--no-rules", "--policy", &policy, "--format", "json"][..], more].concat();
    run(folder.command(&arguments).env("XDG_CACHE_HOME", folder.path().join("cache")), "")
}

/// Whether the policy has judged, and found what there is to find.
fn has_judged(run: &Run) -> bool {
    run.code == Some(1) && json(&run.out)["results"][0]["verdict"] == "fail"
}

/// The configuration that wants everything below a place signed by a key.
fn configured(place: &str, folder: &Path) -> String {
    let key = fs::read_to_string(folder.join("cosign.pub")).unwrap();
    json!({"signatures": [{"of": place, "public_keys": [key]}]}).to_string()
}

/// A hostile registry that has the module at `v1`, unsigned.
fn unsigned() -> Signed {
    let signed = Signed::new();
    let digest = signed.server.module("v1", &module());
    Signed { digest, ..signed }
}

/// Signs it as its honest signer would.
fn sign(signed: &Signed) {
    let payload = signed.payload(signed.digest, "shop/rules").to_string();
    signed.put(payload.as_bytes(), &signed.sign(payload.as_bytes()));
}

#[test]
fn a_policy_judges_straight_out_of_a_registry() {
    let (server, folder) = (Server::start(), Folder::of("rule.wasm", module()));
    let name = server.name("root:v1");
    folder.run(&["push", "rule.wasm", &name]).with(0);
    let check = check(&folder, &name, &[]);
    assert!(has_judged(&check), "{check:?}");
    assert_eq!(json(&check.out)["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_policy_that_must_be_signed_judges_if_its_signer_has_signed_it() {
    let (server, folder) = (Server::start(), signer().and("rule.wasm", module()));
    let name = server.name("root:v1");
    let push = ["push", "rule.wasm", &name, "--sign", "cosign.key", "--annotation", "team=shop"];
    with_password(&folder, &push, "hunter2").with(0);
    with_password(&folder, &["keys", "--output", "other"], "hunter2").with(0);
    fs::write(folder.path().join("c.yaml"), configured(&server.name("root"), folder.path())).unwrap();
    for more in [
        &["--verify", "cosign.pub"][..],
        &["--verify", "cosign.pub", "--annotation", "team=shop"],
        &["--config", "c.yaml"],
        &["--config", "c.yaml", "--verify", "cosign.pub"],
    ] {
        let check = check(&folder, &name, more);
        assert!(has_judged(&check), "{more:?}: {check:?}");
    }
    for (more, said) in [
        (&["--verify", "other.pub"][..], "key 1 did not make its signature"),
        (&["--verify", "cosign.pub", "--verify", "other.pub"], "key 2 did not make its signature"),
        (&["--config", "c.yaml", "--verify", "other.pub"], "key 1 did not make its signature"),
        (&["--verify", "cosign.pub", "--annotation", "team=other"], "team=other"),
        (&["--verify", "missing.pub"], "missing.pub does not exist"),
        (&["--annotation", "team=shop"], "need a key: --verify KEY.pub"),
    ] {
        let complaint = check(&folder, &name, more).complaint();
        assert!(complaint.contains(said), "{more:?}: {complaint}");
    }
}

#[test]
fn what_is_not_signed_is_neither_fetched_nor_compiled() {
    let signed = unsigned();
    let name = signed.server.name("v1");
    fs::write(signed.folder.path().join("c.yaml"), configured(&signed.server.host, signed.folder.path())).unwrap();
    for more in [["--verify", "cosign.pub"], ["--config", "c.yaml"]] {
        let said = check(&signed.folder, &name, &more).complaint();
        assert!(said.contains("is not verified: it has no signature"), "{said}");
    }
    let blob = format!("blobs/{}", Digest::of(&module()));
    assert!(signed.server.asked().iter().all(|head| !head.contains(&blob)));
    assert!(!signed.folder.path().join("cache").exists());
    assert!(has_judged(&check(&signed.folder, &name, &[])), "it could have judged");
}

#[test]
fn what_was_signed_judges_though_the_tag_has_moved() {
    let signed = unsigned();
    sign(&signed);
    let evil = signed.server.module("evil", b"\0asm\x01\0\0\0 evil");
    let asked_before = AtomicBool::new(false);
    signed.server.answers(move |asked| {
        let has_moved = asked.ends_with("manifests/v1") && asked_before.swap(true, Ordering::SeqCst);
        has_moved.then(|| Answer::redirect(&format!("/v2/shop/rules/manifests/{evil}")))
    });
    let check = check(&signed.folder, &signed.server.name("v1"), &["--verify", "cosign.pub"]);
    assert!(has_judged(&check), "{check:?}");
}

#[test]
fn another_module_under_what_was_signed_does_not_judge() {
    let signed = unsigned();
    sign(&signed);
    let blob = Digest::of(&module());
    signed.server.answers(move |asked| (asked == format!("GET blobs/{blob}")).then(|| Answer::of("\0asm evil")));
    check(&signed.folder, &signed.server.name("v1"), &["--verify", "cosign.pub"]).complaint();
}

#[test]
fn the_name_that_a_registry_gives_a_policy_frees_it_of_nothing() {
    let signed = unsigned();
    let layer = signed.server.blob(WASM, &module());
    let config = signed.server.blob("application/vnd.wasm.config.v1+json", b"{}");
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
                          "annotations": {"dev.seaworthy.rule": "another"}});
    signed.server.manifest("v1", &manifest);
    let place = format!("{}/shop/rules", signed.server.host);
    fs::write(signed.folder.path().join("c.yaml"), configured(&place, signed.folder.path())).unwrap();
    let said = check(&signed.folder, &signed.server.name("v1"), &["--config", "c.yaml"]).complaint();
    assert!(said.contains("it has no signature"), "{said}");
}

#[test]
fn where_signers_are_named_a_policy_of_nobodys_is_refused() {
    let signed = unsigned();
    sign(&signed);
    let (name, host) = (signed.server.name("v1"), signed.server.host.clone());
    for place in ["ghcr.io/shop".to_owned(), format!("{host}/sho"), format!("{host}/shop/rules/more")] {
        fs::write(signed.folder.path().join("c.yaml"), configured(&place, signed.folder.path())).unwrap();
        let said = check(&signed.folder, &name, &["--config", "c.yaml"]).complaint();
        assert!(said.contains(&format!("names a key for {host}/shop/rules")), "{place}: {said}");
        let more = ["--config", "c.yaml", "--verify", "cosign.pub"];
        assert!(has_judged(&check(&signed.folder, &name, &more)), "{place}");
    }
}

#[test]
fn a_file_is_not_signed() {
    let folder = signer().and("rule.wasm", module()).and("pod.yaml", POD);
    let said =
        folder.run(&["check", "pod.yaml", "--no-rules", "--policy", "rule.wasm", "--verify", "cosign.pub"]).complaint();
    assert!(said.contains("the policy rule.wasm: a file is not signed"), "{said}");
}

#[test]
fn a_key_in_the_configuration_that_is_none_is_refused() {
    let server = Hostile::start();
    let config = "signatures: [{of: ghcr.io/shop, public_keys: [hunter2]}]";
    let folder = Folder::of("c.yaml", config);
    let said = check(&folder, &server.name("v1"), &["--config", "c.yaml"]).complaint();
    assert!(said.contains("signatures of ghcr.io/shop: key 1 is no public key") && !said.contains("hunter2"), "{said}");
    assert_eq!(server.asked(), Vec::<String>::new());
}
