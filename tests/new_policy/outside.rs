//! A crate outside of this repository, from nothing to a verdict: with the network off, and with what `cargo` has of this
//! workspace.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use seaworthy_tests::artifacts::{target, workspace};

use crate::server::Server;
use crate::support::{Folder, binary, run};

const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'example.com/web:latest'}]}
";

fn in_crate(crate_folder: &Path, program: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    // The compiler's own variables would make it another crate; what is built stays from one run to the next.
    for (name, _) in std::env::vars_os().filter(|(name, _)| {
        name.to_str()
            .is_some_and(|name| name.starts_with("CARGO_") && name != "CARGO_HOME" || name.starts_with("SEAWORTHY_"))
    }) {
        command.env_remove(name);
    }
    command.env("CARGO_TARGET_DIR", target().join("outside")).env("CARGO_NET_OFFLINE", "true");
    command.args(words).current_dir(crate_folder).output().unwrap()
}

fn succeeded(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{all}");
    all
}

#[test]
fn a_rule_is_started_tested_built_pushed_pulled_and_run_beside_ours() {
    let folder = Folder::of("web.yaml", MANIFEST);
    folder.run(&["new", "policy", "required-team-label", "--sdk", workspace().to_str().unwrap()]).with(0);
    let crate_folder = folder.path().join("required-team-label");
    // The versions that are here.
    fs::copy(workspace().join("Cargo.lock"), crate_folder.join("Cargo.lock")).unwrap();

    let cargo = Path::new("cargo");
    let said = succeeded(&in_crate(&crate_folder, cargo, &["test"]));
    assert!(said.contains("documented::example_1_fail ... ok") && said.contains("documented::cases ... ok"), "{said}");
    succeeded(&in_crate(&crate_folder, cargo, &["fmt", "--check"]));

    let said = succeeded(&in_crate(&crate_folder, &binary(), &["build"]));
    assert!(said.contains("required-team-label.wasm"), "{said}");
    let module = crate_folder.join("required-team-label.wasm");
    let inspected = folder.run(&["inspect", module.to_str().unwrap()]).with(0);
    assert!(inspected.contains("required-team-label 0.1.0"), "{inspected}");
    assert!(
        !inspected.contains("ociUrl") && !inspected.contains("seaworthy-policies"),
        "nobody said where: {inspected}"
    );

    let server = Server::start();
    let reference = server.name("required-team-label:v1");
    folder.run(&["push", module.to_str().unwrap(), &reference]).with(0);
    let address = format!("registry://{reference}");
    let words = ["check", "web.yaml", "--rule", "immutable-image-tag", "--policy", &address, "--format", "short"];
    let checked = run(&mut folder.command(&words), "");
    assert_eq!(checked.code, Some(1), "{}{}", checked.out, checked.err);
    assert!(checked.out.contains("no team is named that owns this workload"), "{}", checked.out);
    assert!(checked.out.contains("immutable-image-tag"), "{}", checked.out);
}

#[test]
fn what_cannot_be_built_says_why() {
    let folder = Folder::of("web.yaml", MANIFEST);
    let said = folder.run(&["build", "nowhere"]).complaint();
    assert!(said.contains("nowhere/Cargo.toml cannot be read"), "{said}");
    let plain = Folder::of("Cargo.toml", "[package]\nname = \"plain\"\nedition = \"2024\"\n[workspace]\n")
        .and("src/lib.rs", "");
    let output = in_crate(plain.path(), &binary(), &["build"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("makes no module"), "{said}");
}
