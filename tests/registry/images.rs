//! The container image that is released: pushed to a registry by the binary that it contains, without a container engine.

use std::fs;
use std::process::Command;

use registry::OciManifest;
use seaworthy_tests::artifacts::workspace;

use crate::commands::{json, signer, with_password};
use crate::server::Server;
use crate::support::Folder;

/// Lays an image out in `image/`; its digest.
fn lay_out(folder: &Folder) -> String {
    let script = workspace().join("integrations/image/layout.sh");
    let made = Command::new("bash").arg(script).args(["program", "0.1.0", "image"]).current_dir(folder.path()).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[test]
fn an_image_is_pushed_as_it_is_and_signed() {
    let (server, folder) = (Server::start(), signer().and("program", "#!/bin/true\n"));
    let (name, made) = (server.name("seaworthy:0.1.0"), lay_out(&folder));
    let push = ["push", "image", &name, "--sign", "cosign.key", "--format", "json"];
    assert_eq!(json(&with_password(&folder, &push, "hunter2").with(0))["digest"], made.as_str());
    folder.run(&["verify", &name, "--key", "cosign.pub"]).with(0);
    let (registry, reference) = server.look("seaworthy:0.1.0");
    let OciManifest::Image(image) = registry.manifest(&reference).unwrap().content else { panic!("it is an image") };
    assert_eq!(image.layers[0].media_type, "application/vnd.oci.image.layer.v1.tar+gzip");
    let there = registry.manifest_and_config(&reference).unwrap();
    assert_eq!((there.digest.to_string(), &there.config["config"]["User"]), (made, &"65532:65532".into()));
}

#[test]
fn what_is_no_layout_or_was_changed_is_not_pushed() {
    let (server, folder) = (Server::start(), Folder::of("program", "#!/bin/true\n").and("empty/readme", ""));
    let name = server.name("seaworthy:0.1.0");
    let complaint = |path: &str| folder.run(&["push", path, &name]).complaint();
    assert!(complaint("empty").contains("empty is not an OCI layout: index.json does not exist"));
    let made = lay_out(&folder);
    let blob = |digest: &str| folder.path().join("image/blobs").join(digest.replace(':', "/"));
    let manifest = json(&fs::read_to_string(blob(&made)).unwrap());
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    fs::write(blob(layer), "another layer").unwrap();
    let said = complaint("image");
    assert!(said.contains(&format!("the blob {layer} has the digest sha256:")), "{said}");
    fs::remove_file(blob(layer)).unwrap();
    assert!(complaint("image").contains(&format!("the blob {layer} does not exist")));
    fs::write(blob(&made), "{}").unwrap();
    assert!(complaint("image").contains(&format!("has another manifest at {made}")));
    fs::write(folder.path().join("image/index.json"), r#"{"manifests": []}"#).unwrap();
    assert!(complaint("image").contains("is not an OCI layout of one image"));
    assert!(folder.run(&["pull", &name]).complaint().contains("does not exist"), "nothing was pushed");
}
