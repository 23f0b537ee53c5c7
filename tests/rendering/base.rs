//! `check --base` where things are rendered: both sides are, and a change of a base is one of each overlay that it reaches.

use std::process::Command;

use serde_json::Value;

use crate::deployment;
use crate::support::{Folder, run};
use crate::tools::Tools;

const RULE: [&str; 2] = ["--rule", "privilege-escalation-disabled"];

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder.path()).output();
    let output = output.expect("git is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn both_sides_are_rendered() {
    let Some(tools) = Tools::find() else { return };
    let bad = |text: String| text.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true");
    let mut folder = Folder::of("base/kustomization.yaml", "resources: [deployment.yaml]\n")
        .and("base/deployment.yaml", deployment())
        .and(".gitignore", ".cache/\n");
    for name in ["dev", "production"] {
        let overlay = format!("namePrefix: {name}-\nresources: [../../base]\n");
        folder = folder.and(&format!("overlays/{name}/kustomization.yaml"), overlay);
    }
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, \
                 securityContext: {allowPrivilegeEscalation: true}}]}}}\n";
    let folder = folder.and("overlays/dev/patch.yaml", patch).and(
        "overlays/dev/kustomization.yaml",
        "namePrefix: dev-\nresources: [../../base]\npatches: [{path: patch.yaml}]\n",
    );
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message=first"]);
    let since = |folder: &Folder| {
        let arguments = [&["check", ".", "--format", "json", "--base", "HEAD"], &RULE[..]].concat();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(std::path::PathBuf::from(tools.path())).chain(std::env::split_paths(&paths));
        let mut command = folder.command(&arguments);
        let cache = folder.path().join(".cache");
        let run = run(command.env("PATH", std::env::join_paths(paths).unwrap()).env("XDG_CACHE_HOME", cache), "");
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}", run.err));
        ["new", "fixed", "known"].map(|field| report["since"][field].as_u64().unwrap_or(99))
    };
    assert_eq!(since(&folder), [0, 0, 1], "what was wrong in one overlay is known");
    let folder = folder.and("base/deployment.yaml", bad(deployment()));
    assert_eq!(since(&folder), [1, 0, 1], "the base reaches the other one, too");
}
