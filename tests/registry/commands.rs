//! Push, pull, verify and keys, from one end to the other.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use protocol::Verdict;
use registry::{BUNDLE_TYPE, OciManifest};
use serde_json::Value;

use crate::bundles::{FixedRule, usual, usual_folder, write};
use crate::server::Server;
use crate::support::{Folder, Run, run};

/// The usual bundle with a key pair beside it, whose password is hunter2.
pub fn signer() -> Folder {
    let folder = usual_folder();
    with_password(&folder, &["keys"], "hunter2").with(0);
    folder
}

/// A run whose environment has the private key's password.
pub fn with_password(folder: &Folder, arguments: &[&str], password: &str) -> Run {
    run(folder.command(arguments).env("COSIGN_PASSWORD", password), "")
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|cause| panic!("{cause}: {text}"))
}

#[test]
fn a_bundle_is_pushed_signed_verified_pulled_and_used() {
    let (server, folder) = (Server::start(), signer());
    let name = server.name("rules:v1");
    let push =
        ["push", "--bundle", "bundle", &name, "--sign", "cosign.key", "--annotation", "team=shop", "--format", "json"];
    let pushed = json(&with_password(&folder, &push, "hunter2").with(0));
    assert_eq!(pushed["modules"].as_array().unwrap().len(), 3);
    let pinned = pushed["pinned"].as_str().unwrap();

    let verify = folder.run(&["verify", &name, "--key", "cosign.pub", "--annotation", "team=shop"]).with(0);
    assert!(verify.contains("verified") && verify.contains(pinned), "{verify}");
    let other = folder.run(&["verify", &name, "--key", "cosign.pub", "--annotation", "team=other"]);
    assert_eq!((other.code, other.err.contains("team=other")), (Some(1), true), "{}", other.err);

    let pulled = folder.run(&["pull", &name, "--output", "out", "--verify", "cosign.pub", "--format", "json"]);
    let pulled = json(&pulled.with(0));
    assert_eq!((pulled["pinned"].as_str(), pulled["verified"].as_bool()), (Some(pinned), Some(true)));
    for rule in usual().map(|rule| rule.metadata.name) {
        let file = |parent: &str| fs::read(folder.path().join(parent).join(format!("{rule}.wasm"))).unwrap();
        assert_eq!(file("out"), file("bundle"), "{rule}");
    }
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 3, "nothing else is left there");
    let check = folder.run(&["check", "pod.yaml", "--bundle", "out", "--format", "short"]);
    assert_eq!(check.code, Some(1), "{}{}", check.out, check.err);

    // One of its modules, by digest, signed as well, and readable by everybody.
    let module = pushed["modules"][0]["pinned"].as_str().unwrap();
    folder.run(&["verify", module, "--key", "cosign.pub"]).with(0);
    folder.run(&["pull", module, "--output", "one", "--verify", "cosign.pub"]).with(0);
    let file = folder.path().join("one").join(format!("{}.wasm", pushed["modules"][0]["rule"].as_str().unwrap()));
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn the_bundle_inside_the_binary_is_pushed_where_no_other_is_named() {
    let (server, folder) = (Server::start(), Folder::new());
    let name = server.name("rules:v1");
    let pushed = folder.run(&["push", &name]).with(0);
    assert!(pushed.contains("not signed"), "{pushed}");
    let rules = seaworthy_tests::metadata();
    folder.run(&["pull", &name, "--output", "out"]).with(0);
    for (rule, wasm) in seaworthy_tests::artifacts::modules() {
        assert_eq!(fs::read(folder.path().join(format!("out/{rule}.wasm"))).unwrap(), wasm, "{rule}");
    }
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), rules.len());
}

#[test]
fn the_same_content_has_the_same_digest_wherever_it_is_pushed() {
    let (first, second, folder) = (Server::start(), Server::start(), usual_folder());
    let digest = |server: &Server, tag: &str| {
        let name = server.name(tag);
        json(&folder.run(&["push", "--bundle", "bundle", &name, "--format", "json"]).with(0))["digest"].clone()
    };
    let one = digest(&first, "rules:v1");
    assert_eq!(one, digest(&first, "rules:v2"));
    assert_eq!(one, digest(&second, "elsewhere:v1"));
}

#[test]
fn a_module_has_the_form_that_kubewarden_pulls() {
    let (server, folder) = (Server::start(), Folder::new());
    let (rule, wasm) = seaworthy_tests::artifacts::modules().pop_first().unwrap();
    let folder = folder.and("module.wasm", &wasm);
    folder.run(&["push", "module.wasm", &format!("registry://{}", server.name("module:v1"))]).with(0);
    let (registry, reference) = server.look("module:v1");
    let manifest = registry.manifest(&reference).unwrap();
    let OciManifest::Image(image) = manifest.content else { panic!("a module is no index") };
    assert_eq!(image.config.media_type, "application/vnd.wasm.config.v1+json");
    let layers: Vec<(&str, i64)> = image.layers.iter().map(|layer| (layer.media_type.as_str(), layer.size)).collect();
    assert_eq!(layers, [("application/vnd.wasm.content.layer.v1+wasm", i64::try_from(wasm.len()).unwrap())]);
    let annotations = image.annotations.unwrap();
    let given = |name: &str| annotations.get(name).map(String::as_str);
    assert_eq!(given("io.kubewarden.policy.title"), Some(rule.as_str()));
    assert_eq!(given("org.opencontainers.image.title"), Some(rule.as_str()));
    assert_eq!(given("dev.seaworthy.rule"), Some(rule.as_str()));
    assert_eq!(given("io.kubewarden.policy.usage"), None, "an annotation is one line");
    assert_eq!(registry.pull_module(&reference).unwrap().bytes, wasm);
}

#[test]
fn a_bundle_is_an_index_that_names_its_rules() {
    let (server, folder) = (Server::start(), usual_folder());
    folder.run(&["push", "--bundle", "bundle", &server.name("rules:v1")]).with(0);
    let (registry, reference) = server.look("rules:v1");
    let OciManifest::ImageIndex(index) = registry.manifest(&reference).unwrap().content else {
        panic!("it is an index")
    };
    assert_eq!(index.artifact_type.as_deref(), Some(BUNDLE_TYPE));
    let rules = index.manifests.iter().map(|entry| entry.annotations.as_ref().unwrap()["dev.seaworthy.rule"].clone());
    assert_eq!(rules.collect::<Vec<_>>(), ["image-is-plain", "note-is-short", "team-is-named"]);
    let said = registry.pull_module(&reference).unwrap_err().to_string();
    assert!(said.contains("is a bundle of 3 modules") && said.contains("(image-is-plain)"), "{said}");
}

#[test]
fn a_bundle_with_a_module_that_cannot_be_used_is_not_pushed() {
    let (server, folder) = (Server::start(), usual_folder().and("bundle/broken.wasm", "no module"));
    let name = server.name("rules:v1");
    let said = folder.run(&["push", "--bundle", "bundle", &name]).complaint();
    assert!(said.contains("broken.wasm"), "{said}");
    assert!(folder.run(&["pull", &name]).complaint().contains("does not exist"));
}

#[test]
fn modules_of_others_in_the_folder_are_not_mixed_in() {
    let (server, folder) = (Server::start(), usual_folder());
    let name = server.name("rules:v1");
    folder.run(&["push", "--bundle", "bundle", &name]).with(0);
    write(folder.path(), "bundle/stale", &FixedRule::new("stale", Verdict::Pass));
    let said = folder.run(&["pull", &name, "--output", "bundle"]).complaint();
    assert!(said.contains("bundle/stale.wasm"), "{said}");
}

#[test]
fn a_link_where_a_module_goes_is_replaced_and_not_followed() {
    let (server, folder) = (Server::start(), usual_folder().and("precious", "mine").and("out/.keep", ""));
    let name = server.name("rules:v1");
    folder.run(&["push", "--bundle", "bundle", &name]).with(0);
    let place = folder.path().join("out/team-is-named.wasm");
    symlink(folder.path().join("precious"), &place).unwrap();
    folder.run(&["pull", &name, "--output", "out"]).with(0);
    assert_eq!(fs::read_to_string(folder.path().join("precious")).unwrap(), "mine");
    assert!(fs::symlink_metadata(&place).unwrap().is_file());
}

#[test]
fn keys_are_made_once_and_kept_private() {
    let folder = Folder::new();
    let said = with_password(&folder, &["keys"], "hunter2").with(0);
    let key = fs::read_to_string(folder.path().join("cosign.key")).unwrap();
    assert!(key.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"));
    assert!(!said.contains(key.lines().nth(1).unwrap()) && !said.contains("hunter2"));
    assert_eq!(fs::metadata(folder.path().join("cosign.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(folder.path().join("cosign.pub")).unwrap().starts_with("-----BEGIN PUBLIC KEY-----"));
    assert!(with_password(&folder, &["keys"], "other").complaint().contains("exists already"));
    assert_eq!(fs::read_to_string(folder.path().join("cosign.key")).unwrap(), key);
    symlink("nowhere", folder.path().join("a.key")).unwrap();
    assert!(with_password(&folder, &["keys", "--output", "a"], "b").complaint().contains("a.key exists already"));
    assert!(folder.run(&["keys", "--output", "b"]).complaint().contains("COSIGN_PASSWORD"));
    folder.run_with_input(&["keys", "--output", "b", "--password-stdin"], "from a pipe\n").with(0);
    assert!(folder.path().join("b.pub").exists());
}

#[test]
fn a_key_that_cannot_sign_is_said_before_anything_is_pushed() {
    let (server, folder) = (Server::start(), signer());
    let name = server.name("rules:v1");
    let push = |key: &str, password: &str| {
        with_password(&folder, &["push", "--bundle", "bundle", &name, "--sign", key], password).complaint()
    };
    assert!(push("cosign.key", "hunter3").contains("is the password right?"));
    assert!(push("cosign.pub", "hunter2").contains("no private key"));
    assert!(push("missing.key", "hunter2").contains("missing.key does not exist"));
    assert!(folder.run(&["pull", &name]).complaint().contains("does not exist"));
}

#[test]
fn bad_usage_says_what_to_write() {
    let folder = Folder::new();
    for (arguments, said) in [
        (&["pull", "Not A Reference"][..], "invalid reference format"),
        (&["pull", "ghcr.io/kubew\u{430}rden/a"][..], "only ASCII"),
        (&["pull", "127.0.0.1:1/a:v1"][..], "cannot be reached"),
        (&["pull", "127.0.0.1:1/a:v1", "--annotation", "a=b"][..], "--verify KEY.pub"),
        (&["verify", "127.0.0.1:1/a:v1"][..], "--key"),
        (&["verify", "127.0.0.1:1/a:v1", "--key", "missing.pub"][..], "missing.pub does not exist"),
        (&["verify", "127.0.0.1:1/a:v1", "--key", "k", "--annotation", "a"][..], "NAME=VALUE"),
        (&["push"][..], "REFERENCE"),
        (&["push", "missing.wasm", "127.0.0.1:1/a:v1"][..], "missing.wasm does not exist"),
        (&["push", "127.0.0.1:1/a:v1", "--annotation", "a=b"][..], "--sign"),
    ] {
        let complaint = folder.run(arguments).complaint();
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
    }
    let pinned = format!("127.0.0.1:1/a@{}", registry::Digest::of(b""));
    assert!(folder.run(&["push", &pinned]).complaint().contains("name a tag"));
}
