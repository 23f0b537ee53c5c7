//! Tags that move.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bundles::usual_folder;
use crate::hostile::{Answer, Hostile, wasm};
use crate::server::{Server, client};
use crate::support::Folder;

#[test]
fn a_tag_is_resolved_once_and_what_it_was_then_is_pulled() {
    let server = Hostile::start();
    let first = server.module("v1", &wasm(b"first"));
    let second = server.module("other", &wasm(b"second"));
    // The tag moves as soon as it was asked for.
    let asked_before = AtomicUsize::new(0);
    server.answers(move |asked| {
        let is_tag = asked.ends_with("manifests/v1");
        is_tag.then(|| {
            let digest = if asked_before.fetch_add(1, Ordering::SeqCst) == 0 { first } else { second };
            let away = format!("/v2/shop/rules/manifests/{digest}");
            Answer::redirect(&away).header("Docker-Content-Digest", &digest.to_string())
        })
    });
    let folder = Folder::new();
    let out = folder.run(&["pull", &server.name("v1"), "--output", "out"]).with(0);
    assert!(out.contains(&first.to_string()), "{out}");
    assert_eq!(fs::read(folder.path().join("out/rules.wasm")).unwrap(), wasm(b"first"));
    assert_eq!(server.asked().iter().filter(|head| head.contains("manifests/v1 ")).count(), 1);
}

#[test]
fn a_registry_that_does_not_say_digests_is_asked_for_the_manifest() {
    let server = Hostile::start();
    let digest = server.module("v1", &wasm(b"module"));
    server.answers(|asked| (asked == "HEAD manifests/v1").then(|| Answer::status(200)));
    assert!(pull(&server).contains(&digest.to_string()));
    server.answers(|asked| {
        let lies = Answer::status(200).header("Docker-Content-Digest", "sha512:abc");
        (asked == "HEAD manifests/v1").then_some(lies)
    });
    assert!(pull(&server).contains(&digest.to_string()));
}

fn pull(server: &Hostile) -> String {
    Folder::new().run(&["pull", &server.name("v1")]).with(0)
}

#[test]
fn everything_that_one_client_is_asked_about_a_tag_is_about_one_content() {
    let (server, folder) = (Server::start(), usual_folder());
    let push = |rule: &str| folder.run(&["push", &format!("bundle/{rule}.wasm"), &server.name("rule:v1")]).with(0);
    push("team-is-named");
    let (registry, reference) = server.look("rule:v1");
    let first = registry.resolve(&reference).unwrap();
    push("note-is-short");
    assert_eq!(registry.resolve(&reference).unwrap(), first);
    assert_eq!(registry.pull_module(&reference).unwrap().digest, first);
    assert_ne!(client().resolve(&reference).unwrap(), first);
}
