//! Configurations out of registries: they count at their digest, signed by those whom the file that extends them names, with
//! the registry or without it, and in no other way.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::commands::{json, signer, with_password};
use crate::server::Server;
use crate::support::{Folder, Run, run};

/// It breaks the rule `run-as-non-root`, which is less than critical.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n";

/// What is published: only what is critical fails.
const PUBLISHED: &str = "# the platform's\nfail_on: critical\n";

/// A signer with something to check, and what is to be published.
fn platform() -> Folder {
    let folder = signer().and("k8s/pod.yaml", POD).and("platform.yaml", PUBLISHED);
    with_password(&folder, &["keys", "--output", "other"], "hunter2").with(0);
    folder
}

/// Publishes a file; its address with a digest.
fn publish(folder: &Folder, file: &str, name: &str, key: &str) -> String {
    let arguments = ["push", file, name, "--sign", key, "--format", "json"];
    let pushed = json(&with_password(folder, &arguments, "hunter2").with(0));
    assert_eq!((pushed["signed"].as_bool(), pushed["modules"].as_array().map(Vec::len)), (Some(true), Some(0)));
    format!("registry://{}", pushed["pinned"].as_str().unwrap())
}

fn key(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// Writes the configuration of the repository.
fn extend(folder: &Folder, address: &str, of: &str, key: &str) {
    let config = json!({"extends": address, "signatures": [{"of": of, "public_keys": [key]}]});
    write(folder, &config);
}

fn write(folder: &Folder, config: &Value) {
    fs::write(folder.path().join("k8s/seaworthy.yaml"), config.to_string()).unwrap();
}

/// Checks with a cache of its own.
fn check(folder: &Folder) -> Run {
    let arguments = ["check", "k8s", "--rule", "run-as-non-root", "--format", "short"];
    run(folder.command(&arguments).env("XDG_CACHE_HOME", folder.path().join("cache")), "")
}

fn forget(folder: &Folder) {
    let _ = fs::remove_dir_all(folder.path().join("cache"));
}

/// All that is kept of configurations, one file.
fn kept(folder: &Path) -> std::path::PathBuf {
    let entries: Vec<_> = fs::read_dir(folder.join("cache/seaworthy/configurations")).unwrap().collect();
    assert_eq!(entries.len(), 1);
    entries.into_iter().next().unwrap().unwrap().path()
}

#[test]
fn a_published_configuration_counts_with_its_registry_and_without() {
    let (server, folder) = (Server::start(), platform());
    let address = publish(&folder, "platform.yaml", &server.name("configuration:v1"), "cosign.key");
    assert_eq!(check(&folder).code, Some(1), "nothing is extended yet");
    extend(&folder, &address, &server.name("configuration"), &key(&folder, "cosign.pub"));
    assert_eq!(check(&folder).code, Some(0));
    let values = folder.run(&["config", "k8s", "--format", "json"]).with(0);
    let values = json(&values);
    let fail_on = values.as_array().unwrap().iter().find(|value| value["path"] == "fail_on").unwrap().clone();
    assert_eq!(fail_on, json!({"path": "fail_on", "value": "critical", "file": address, "line": 2}));
    drop(server);
    assert_eq!(check(&folder).code, Some(0), "what was fetched once is kept");
    forget(&folder);
    let said = check(&folder).complaint();
    assert!(said.starts_with("error: k8s/seaworthy.yaml:1:12: `registry://127.0.0.1:"), "{said}");
    assert!(said.contains("cannot be reached"), "{said}");
}

#[test]
fn what_is_kept_is_verified_again() {
    let (server, folder) = (Server::start(), platform());
    let address = publish(&folder, "platform.yaml", &server.name("configuration:v1"), "cosign.key");
    let of = server.name("configuration");
    extend(&folder, &address, &of, &key(&folder, "cosign.pub"));
    assert_eq!(check(&folder).code, Some(0));
    drop(server);
    // Another signer is trusted by now.
    extend(&folder, &address, &of, &key(&folder, "other.pub"));
    assert!(check(&folder).complaint().contains("cannot be reached"));
    extend(&folder, &address, &of, &key(&folder, "cosign.pub"));
    assert_eq!(check(&folder).code, Some(0));
    // Somebody wrote another text there, or another manifest of another text.
    let (path, old) = (kept(folder.path()), fs::read_to_string(kept(folder.path())).unwrap());
    for part in ["text", "manifest", "signatures"] {
        let mut changed = json(&old);
        changed[part] = if part == "signatures" { json!([]) } else { json!("ZmFpbF9vbjogbG93Cg==") };
        fs::write(&path, changed.to_string()).unwrap();
        assert!(check(&folder).complaint().contains("cannot be reached"), "{part}");
    }
    fs::write(&path, old).unwrap();
    assert_eq!(check(&folder).code, Some(0));
}

#[test]
fn what_is_not_pinned_or_not_signed_as_the_file_says_is_refused() {
    let (server, folder) = (Server::start(), platform());
    let name = server.name("configuration:v1");
    let (of, address) = (server.name("configuration"), publish(&folder, "platform.yaml", &name, "cosign.key"));
    let (mine, other) = (key(&folder, "cosign.pub"), key(&folder, "other.pub"));
    let module = seaworthy_tests::artifacts::modules().remove("run-as-non-root").unwrap();
    fs::write(folder.path().join("rule.wasm"), module).unwrap();
    let module = publish(&folder, "rule.wasm", &server.name("rule:v1"), "cosign.key");
    let unsigned = {
        fs::write(folder.path().join("unsigned.yaml"), "profile: full\n").unwrap();
        let arguments = ["push", "unsigned.yaml", &server.name("configuration:v2"), "--format", "json"];
        format!("registry://{}", json(&folder.run(&arguments).with(0))["pinned"].as_str().unwrap())
    };
    let missing = format!("{}0000", &address[..address.len() - 4]);
    let tag = format!("registry://{name}");
    let elsewhere = server.name("elsewhere");
    let tries: [(&str, &str, &str, &str); 10] = [
        (&tag, &of, &mine, "is a tag, which can be moved: write its digest, registry://"),
        (&address, &of, &other, "is not verified: key 1 did not make its signature"),
        (&address, &elsewhere, &mine, "must be signed, and this file does not say by whom"),
        (&address, &of, "no key", "key 1 is no public key"),
        (&unsigned, &of, &mine, "is not verified: it has no signature"),
        (&missing, &of, &mine, "does not exist"),
        (&module, &server.host, &mine, "is not a configuration"),
        ("oci://ghcr.io/shop/configuration", &of, &mine, "is a tag, which can be moved: write its digest, registry://"),
        ("https://shop.example/a.yaml", &of, &mine, "is not a file, and not registry://HOST/REPOSITORY@sha256:DIGEST"),
        ("registry://UPPER/case@sha256:1", &of, &mine, "is not a reference"),
    ];
    for (address, of, key, said) in tries {
        extend(&folder, address, of, key);
        let complaint = check(&folder).complaint();
        assert!(complaint.starts_with("error: k8s/seaworthy.yaml:1:12: `"), "{address}: {complaint}");
        assert!(complaint.contains(said), "{address}: {complaint}");
    }
    write(&folder, &json!({"extends": address}));
    let complaint = check(&folder).complaint();
    assert!(complaint.contains(&format!("add `signatures: [{{of: {of}, public_keys: [...]}}]`")), "{complaint}");
    assert!(!folder.path().join("cache/seaworthy/configurations").read_dir().is_ok_and(|mut it| it.next().is_some()));
}

#[test]
fn a_configuration_does_not_vouch_for_itself_but_for_what_it_extends() {
    let (server, folder) = (Server::start(), platform());
    let of = server.name("base");
    let (mine, other) = (key(&folder, "cosign.pub"), key(&folder, "other.pub"));
    let base = publish(&folder, "platform.yaml", &server.name("base:v1"), "other.key");
    let team = json!({"extends": base, "signatures": [{"of": of, "public_keys": [other]}]});
    fs::write(folder.path().join("team.json"), team.to_string()).unwrap();
    let team = publish(&folder, "team.json", &server.name("team:v1"), "cosign.key");
    // The team's is signed by us, and it says who signs the platform's.
    extend(&folder, &team, &server.name("team"), &mine);
    assert_eq!(check(&folder).code, Some(0));
    // The team's own word on who signs the team's does not count.
    let forged = json!({"fail_on": "critical", "signatures": [{"of": server.name("team"), "public_keys": [other]}]});
    fs::write(folder.path().join("forged.json"), forged.to_string()).unwrap();
    let forged = publish(&folder, "forged.json", &server.name("team:v2"), "other.key");
    extend(&folder, &forged, &server.name("team"), &mine);
    assert!(check(&folder).complaint().contains("key 1 did not make its signature"));
    // Nor does that of one beside it.
    let config = json!({"extends": [team, base], "signatures": [{"of": server.name("team"), "public_keys": [mine]}]});
    write(&folder, &config);
    assert!(check(&folder).complaint().contains("must be signed, and this file does not say by whom"));
}

#[test]
fn what_does_not_hold_or_lies_on_a_disk_is_not_published() {
    let (server, folder) = (Server::start(), platform().and("base.yaml", "profile: full\n"));
    let name = server.name("configuration:v1");
    for (text, said) in [
        ("fail_on: hgih\n", "bad.yaml:1:10: a severity is one of"),
        ("rules: {run-as-nonroot: {}}\n", "bad.yaml:1:9: `run-as-nonroot` is not known here"),
        (
            "extends: base.yaml\n",
            "bad.yaml:1:10: `base.yaml` is a file, and a configuration in a registry has no files beside it",
        ),
        (
            "waivers: [{rule: run-as-non-root, object: {name: a}, owner: a, reason: b, expires: 2999-01-01}]\n",
            "bad.yaml:1:11: the waiver of run-as-non-root ends on",
        ),
    ] {
        fs::write(folder.path().join("bad.yaml"), text).unwrap();
        let complaint = folder.run(&["push", "bad.yaml", &name]).complaint();
        assert!(complaint.contains(said), "{text}: {complaint}");
    }
    assert!(folder.run(&["verify", &name, "--key", "cosign.pub"]).complaint().contains("does not exist"));
    // Somebody else's tool may have put it there.
    let (registry, reference) = server.look("configuration:v1");
    let digest = registry.push_configuration(&reference, b"extends: base.yaml\n").unwrap();
    let pair = registry::KeyPair::from_pem(&fs::read(folder.path().join("cosign.key")).unwrap(), b"hunter2").unwrap();
    registry.sign(&reference, digest, &pair, &Default::default()).unwrap();
    let address = format!("registry://{}", reference.at(digest));
    extend(&folder, &address, &server.name("configuration"), &key(&folder, "cosign.pub"));
    let complaint = check(&folder).complaint();
    assert!(complaint.starts_with(&format!("error: {address}:1:10: `base.yaml` is a file, and")), "{complaint}");
}
