//! What is released: the container image is one by its specification, and both it and the archive come out the same again.

use std::fs;
use std::path::Path;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bash;
use crate::support::{self, Folder, binary};

fn digest(bytes: &[u8]) -> String {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digest}")
}

/// What a descriptor describes, its digest and size checked.
fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let named = descriptor["digest"].as_str().unwrap();
    let bytes = fs::read(layout.join("blobs").join(named.replace(':', "/"))).unwrap();
    assert_eq!((digest(&bytes).as_str(), bytes.len() as u64), (named, descriptor["size"].as_u64().unwrap()));
    bytes
}

#[test]
fn an_image_is_made_without_an_engine_and_is_the_same_again() {
    let folder = Folder::of("program", "#!/bin/true\n");
    let make = |to: &str| {
        let script = workspace().join("integrations/image/layout.sh");
        let script =
            format!("umask 0{}; '{}' program 0.1.0 {to}", if to == "one" { "22" } else { "77" }, script.display());
        support::run(bash(&folder, &script).env("SOURCE_DATE_EPOCH", "1700000000"), "").with(0)
    };
    let (one, two) = (make("one"), make("two"));
    assert_eq!(one, two, "the digest of the image");
    let layout = folder.path().join("one");
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    assert_eq!(json(&fs::read(layout.join("oci-layout")).unwrap())["imageLayoutVersion"], "1.0.0");
    let index = json(&fs::read(layout.join("index.json")).unwrap());
    assert_eq!(index["manifests"][0]["digest"].as_str().unwrap(), one.trim());
    let manifest = json(&blob(&layout, &index["manifests"][0]));
    let config = json(&blob(&layout, &manifest["config"]));
    assert_eq!(config["created"], "2023-11-14T22:13:20Z");
    assert_eq!(config["config"]["User"], "65532:65532", "the image does not run as root");
    // What the README mounts there is checked.
    assert_eq!(config["config"]["WorkingDir"], "/work");
    fs::write(layout.join("layer.tar.gz"), blob(&layout, &manifest["layers"][0])).unwrap();
    support::run(&mut bash(&folder, "gunzip one/layer.tar.gz"), "").with(0);
    assert_eq!(digest(&fs::read(layout.join("layer.tar")).unwrap()), config["rootfs"]["diff_ids"][0].as_str().unwrap());
    let listed = support::run(&mut bash(&folder, "tar -tvf one/layer.tar --numeric-owner"), "").with(0);
    let line = listed.lines().find(|line| line.ends_with("./usr/bin/seaworthy")).unwrap();
    assert!(line.starts_with("-rwxr-xr-x 0/0"), "{line}");
}

#[test]
fn what_is_released_has_checksums_and_is_the_same_again() {
    let folder = Folder::new();
    let make = |to: &str| {
        let script = format!("'{}' '{}' {to}", workspace().join("integrations/dist.sh").display(), binary().display());
        support::run(bash(&folder, &script).env("SOURCE_DATE_EPOCH", "1700000000"), "").with(0)
    };
    let sums = make("one");
    assert_eq!(sums, make("two"));
    support::run(&mut bash(&folder, "cd one && sha256sum --check --quiet SHA256SUMS"), "").with(0);
    let mut released: Vec<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    released.sort_unstable();
    assert_eq!(
        released,
        ["image.digest", "seaworthy-image.oci.tar", "seaworthy-x86_64-linux.tar.gz", "seaworthy.yaml"]
    );
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    for name in ["{SHA256SUMS,seaworthy-x86_64-linux.tar.gz}", "-v \"$PWD:/work:ro\""] {
        assert!(readme.contains(name), "the README does not say {name}");
    }
    // The image is the one whose digest is told.
    support::run(&mut bash(&folder, "mkdir image && tar -xf one/seaworthy-image.oci.tar -C image"), "").with(0);
    let index: Value = serde_json::from_slice(&fs::read(folder.path().join("image/index.json")).unwrap()).unwrap();
    let told = fs::read_to_string(folder.path().join("one/image.digest")).unwrap();
    assert_eq!(index["manifests"][0]["digest"].as_str().unwrap(), told.trim());
    blob(&folder.path().join("image"), &index["manifests"][0]);
    let listed = support::run(&mut bash(&folder, "tar -tzf one/seaworthy-x86_64-linux.tar.gz"), "").with(0);
    for name in ["seaworthy", "LICENSE", "man/seaworthy-check.1", "completions/seaworthy.bash"] {
        assert!(listed.lines().any(|line| line == name), "{name} is not in {listed}");
    }
    let plugin: Value =
        serde_saphyr::from_str(&fs::read_to_string(folder.path().join("one/seaworthy.yaml")).unwrap()).unwrap();
    let archive = fs::read(folder.path().join("one/seaworthy-x86_64-linux.tar.gz")).unwrap();
    let platform = &plugin["spec"]["platforms"][0];
    let said = platform["sha256"].as_str().unwrap();
    assert_eq!(digest(&archive), format!("sha256:{said}"));
    let version = plugin["spec"]["version"].as_str().unwrap();
    assert_eq!(version, format!("v{}", env!("CARGO_PKG_VERSION")));
    let uri = platform["uri"].as_str().unwrap();
    assert!(uri.ends_with(&format!("/{version}/seaworthy-x86_64-linux.tar.gz")), "{uri}");

    // As krew installs it: its files, and a link with the plugin's name.
    let files = platform["files"].as_array().unwrap().iter().map(|file| file["from"].as_str().unwrap());
    let files = files.collect::<Vec<_>>().join(" ");
    let bin = platform["bin"].as_str().unwrap();
    let script = format!(
        "mkdir store && tar -xzf one/seaworthy-x86_64-linux.tar.gz -C store {files}\n\
         ln -s store/{bin} kubectl-seaworthy && ./kubectl-seaworthy check --help"
    );
    let help = support::run(&mut bash(&folder, &script), "").with(0);
    assert!(help.contains("Usage: kubectl seaworthy check "), "{help}");
}
