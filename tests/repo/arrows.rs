//! Who may depend on whom: `protocol <- engine <- session <- {serve, editor, web, cli}`, `{serve, editor} <- cli`,
//! `engine <- sandbox <- cli`, `protocol <- sdk <- policies`;
//! beside the sandbox stand `engine <- {sources, registry, cluster, foreign, scaffold} <- cli`, none of which knows another. Nothing else: a host
//! never depends on the SDK, a guest never on a host.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

/// Our packages, and which of ours each depends on, development aside.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version=1", "--offline"]).current_dir(workspace());
    let output = command.output().expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeSet<String> = packages.iter().map(|package| text(&package["name"])).collect();
    let arrows = packages.iter().map(|package| {
        let all = package["dependencies"].as_array().expect("dependencies are a list");
        let ours =
            all.iter().filter(|dependency| dependency["kind"] != "dev").map(|dependency| text(&dependency["name"]));
        (text(&package["name"]), ours.filter(|name| names.contains(name)).collect())
    });
    arrows.collect()
}

#[test]
fn arrows_between_crates_are_as_designed() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("seaworthy-protocol", &[][..]),
        ("seaworthy-macros", &["seaworthy-protocol"]),
        ("seaworthy-sdk", &["seaworthy-macros", "seaworthy-protocol"]),
        ("seaworthy-engine", &["seaworthy-protocol"]),
        ("seaworthy-session", &["seaworthy-engine", "seaworthy-protocol"]),
        ("seaworthy-editor", &["seaworthy-engine", "seaworthy-protocol", "seaworthy-session"]),
        ("seaworthy-sandbox", &["seaworthy-engine", "seaworthy-protocol"]),
        ("seaworthy-registry", &["seaworthy-engine", "seaworthy-protocol"]),
        ("seaworthy-cluster", &["seaworthy-engine", "seaworthy-protocol"]),
        ("seaworthy-foreign", &["seaworthy-engine", "seaworthy-protocol"]),
        ("seaworthy-sources", &["seaworthy-engine", "seaworthy-protocol"]),
        ("seaworthy-scaffold", &["seaworthy-engine"]),
        (
            "seaworthy",
            &[
                "seaworthy-cluster",
                "seaworthy-editor",
                "seaworthy-engine",
                "seaworthy-foreign",
                "seaworthy-protocol",
                "seaworthy-registry",
                "seaworthy-sandbox",
                "seaworthy-scaffold",
                "seaworthy-serve",
                "seaworthy-session",
                "seaworthy-sources",
            ],
        ),
        ("seaworthy-serve", &["seaworthy-engine", "seaworthy-protocol", "seaworthy-session"]),
        ("seaworthy-web", &["seaworthy-engine", "seaworthy-protocol", "seaworthy-session"]),
    ]);
    for (package, dependencies) in arrows() {
        // The tests look at everything.
        if package == "seaworthy-tests" {
            continue;
        }
        let allowed = allowed.get(package.as_str()).copied().unwrap_or(&["seaworthy-sdk"]);
        for dependency in dependencies {
            assert!(allowed.contains(&dependency.as_str()), "{package} depends on {dependency}");
        }
    }
}
