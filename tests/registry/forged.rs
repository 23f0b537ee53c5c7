//! Content that is not what it says: other bytes under a digest, more or fewer of them, and names that are paths.

use std::fs;

use registry::Digest;
use serde_json::json;

use crate::bundles::usual_folder;
use crate::hostile::{Answer, Hostile, INDEX, MANIFEST, WASM, wasm};
use crate::server::Server;
use crate::support::{Folder, Run};

/// Pulls into `out`, of which nothing is there if the pull fails.
pub fn pull(name: &str) -> Run {
    let folder = Folder::new();
    let run = folder.run(&["pull", name, "--output", "out"]);
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert!(run.code == Some(0) || files == 0, "a pull that fails writes nothing");
    run
}

#[test]
fn an_honest_answer_is_taken() {
    let server = Hostile::start();
    let digest = server.module("v1", &wasm(b"honest"));
    let out = pull(&server.name("v1")).with(0);
    assert!(out.contains(&digest.to_string()) && out.contains("rules.wasm"), "{out}");
}

#[test]
fn another_manifest_under_a_digest_is_refused() {
    let server = Hostile::start();
    let asked = server.module("v1", &wasm(b"asked for"));
    let other = server.module("v2", &wasm(b"other"));
    server.answers(move |asked_for| {
        let is_it = asked_for == format!("GET manifests/{asked}");
        is_it.then(|| Answer::redirect(&format!("/v2/shop/rules/manifests/{other}")))
    });
    let said = pull(&server.name("v1")).complaint();
    assert!(said.contains(&format!("its digest is {other} and not {asked}")), "{said}");
}

#[test]
fn another_layer_under_a_digest_is_refused() {
    let server = Hostile::start();
    server.module("v1", &wasm(b"right"));
    let (right, wrong) = (Digest::of(&wasm(b"right")), wasm(b"wrong"));
    let other = Digest::of(&wrong);
    server.answers(move |asked| (asked == format!("GET blobs/{right}")).then(|| Answer::of(wrong.clone())));
    let said = pull(&server.name("v1")).complaint();
    assert!(said.contains(&format!("its digest is {other} and not {right}")), "{said}");
}

#[test]
fn a_blob_that_a_real_registry_has_spoilt_is_refused() {
    let (server, folder) = (Server::start(), usual_folder());
    folder.run(&["push", "bundle/team-is-named.wasm", &server.name("rules:v1")]).with(0);
    let module = fs::read(folder.path().join("bundle/team-is-named.wasm")).unwrap();
    let mut spoilt = module.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    server.change_blob(&Digest::of(&module).hex(), &spoilt);
    let said = folder.run(&["pull", &server.name("rules:v1"), "--output", "out"]).complaint();
    assert!(said.contains("is not what was asked for"), "{said}");
}

#[test]
fn a_blob_that_ends_early_is_refused() {
    for has_length in [true, false] {
        let server = Hostile::start();
        let content = wasm(&[7; 100_000]);
        server.module("v1", &content);
        let digest = Digest::of(&content);
        server.answers(move |asked| {
            let half = Answer::of(&content[..50_000]);
            // Either the connection breaks within the announced length, or it just ends.
            let half = if has_length { half.header("Content-Length", "100008") } else { half.without_length() };
            (asked == format!("GET blobs/{digest}")).then_some(half)
        });
        let said = pull(&server.name("v1")).complaint();
        assert!(said.contains("of the 100008 bytes that its descriptor says"), "{said}");
    }
}

#[test]
fn a_size_below_zero_is_refused() {
    let server = Hostile::start();
    let mut layer = server.blob(WASM, &wasm(b""));
    layer["size"] = json!(-1);
    server.module_of("v1", &[layer]);
    let said = pull(&server.name("v1")).complaint();
    assert!(said.contains("its size is -1"), "{said}");
}

#[test]
fn content_from_elsewhere_is_not_fetched() {
    let (server, elsewhere) = (Hostile::start(), Hostile::start());
    let mut layer = server.blob(WASM, &wasm(b"here"));
    layer["urls"] = json!([format!("http://{}/v2/shop/rules/blobs/x", elsewhere.host)]);
    server.module_of("v1", &[layer]);
    server.answers(|asked| asked.contains("blobs").then(|| Answer::status(404)));
    pull(&server.name("v1")).complaint();
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[test]
fn what_is_no_single_module_is_refused() {
    let server = Hostile::start();
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (layers, said) in [
        (vec![], "has 0 layers"),
        (vec![server.blob(WASM, &wasm(b"1")), server.blob(WASM, &wasm(b"2"))], "has 2 layers"),
        (vec![server.blob("application/vnd.oci.image.layer.v1.tar+gzip", &gzip)], "tar+gzip"),
        (vec![server.blob(WASM, &gzip)], "is not WebAssembly"),
        (vec![server.blob(WASM, b"")], "is not WebAssembly"),
    ] {
        server.module_of("v1", &layers);
        let complaint = pull(&server.name("v1")).complaint();
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn the_title_of_a_layer_names_no_file() {
    let server = Hostile::start();
    let mut layer = server.blob(WASM, &wasm(b"module"));
    layer["annotations"] = json!({"org.opencontainers.image.title": "../outside.wasm"});
    server.module_of("v1", &[layer]);
    let folder = Folder::new();
    folder.run(&["pull", &server.name("v1"), "--output", "in/out"]).with(0);
    assert!(folder.path().join("in/out/rules.wasm").exists() && !folder.path().join("in/outside.wasm").exists());
    assert_eq!(fs::read_dir(folder.path().join("in")).unwrap().count(), 1);
}

#[test]
fn the_name_of_a_rule_is_no_path() {
    let server = Hostile::start();
    for rule in ["../outside", "/tmp/outside", "a/b", "..", ".", "", "-a", "A", "a.wasm", "a\u{0}b"] {
        // As a bundle's entry it is refused; of a single module the repository is name enough.
        let layer = server.blob(WASM, &wasm(b"module"));
        let config = server.blob("application/vnd.wasm.config.v1+json", b"{}");
        let annotations = json!({"dev.seaworthy.rule": rule});
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
                              "annotations": annotations});
        let digest = server.manifest("one", &manifest);
        let entry = json!({"mediaType": MANIFEST, "digest": digest, "size": manifest.to_string().len(),
                           "annotations": annotations});
        server.manifest(
            "all",
            &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry],
                                       "artifactType": "application/vnd.seaworthy.bundle.v1"}),
        );
        let said = pull(&server.name("all")).complaint();
        assert!(said.contains("not kebab-case"), "{rule:?}: {said}");
        let folder = Folder::new();
        folder.run(&["pull", &server.name("one"), "--output", "in/out"]).with(0);
        assert!(folder.path().join("in/out/rules.wasm").exists(), "{rule:?}");
        assert_eq!(fs::read_dir(folder.path().join("in")).unwrap().count(), 1, "{rule:?}");
    }
}

#[test]
fn a_module_that_calls_itself_otherwise_than_its_bundle_does_is_refused() {
    let (server, folder) = (Hostile::start(), usual_folder());
    let content = fs::read(folder.path().join("bundle/team-is-named.wasm")).unwrap();
    let digest = server.module("one", &content);
    let entry = json!({"mediaType": MANIFEST, "digest": digest, "size": 1,
                       "annotations": {"dev.seaworthy.rule": "run-as-non-root"}});
    server.manifest(
        "all",
        &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry],
                                   "artifactType": "application/vnd.seaworthy.bundle.v1"}),
    );
    let said = pull(&server.name("all")).complaint();
    assert!(said.contains("the module run-as-non-root") && said.contains("calls itself something else"), "{said}");
}
