//! The hooks, run by pre-commit as `make` fetched it; where it is not, that is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seaworthy_tests::artifacts::{target, workspace};

use crate::support::{self, Folder, Run};
use crate::{bash, folder};

/// All that is committed.
const ALL: &str = "--all-files";

fn pre_commit() -> Option<PathBuf> {
    let path = target().join("tools/pre-commit/bin/pre-commit");
    if !path.exists() {
        eprintln!("LEFT OUT: pre-commit is not in target/tools; `make pre-commit` fetches it with Python");
        return None;
    }
    Some(path)
}

fn git(folder: &Folder, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"]);
    let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a hook of a repository that has our hooks and nothing else, in a repository of somebody's, for these files.
fn hook(tool: &Path, folder: &Folder, id: &str, files: &str) -> Run {
    let hooks = Folder::of(".pre-commit-hooks.yaml", fs::read(workspace().join(".pre-commit-hooks.yaml")).unwrap());
    git(&hooks, &["init", "--quiet"]);
    git(&hooks, &["add", "."]);
    git(&hooks, &["commit", "--quiet", "--message", "hooks"]);
    let script = format!("'{}' try-repo '{}' {id} {files}", tool.display(), hooks.path().display());
    support::run(&mut bash(folder, &script), "")
}

#[test]
fn hooks_check_and_fix_what_is_committed() {
    let Some(tool) = pre_commit() else { return };
    let folder = folder().and("seaworthy.yaml", "profile: essential\nfail_on: critical\n");
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "k8s", "seaworthy.yaml"]);
    let run = hook(&tool, &folder, "seaworthy-check", ALL);
    assert!(run.code == Some(0) && run.out.contains("Passed"), "{}{}", run.out, run.err);
    fs::write(folder.path().join("seaworthy.yaml"), "profile: recommended\n").unwrap();
    git(&folder, &["add", "seaworthy.yaml"]);
    let run = hook(&tool, &folder, "seaworthy-check", ALL);
    assert!(run.code == Some(1) && run.out.contains("min-ready-seconds"), "{}{}", run.out, run.err);
    // A hook that changes files fails, so that somebody looks.
    let run = hook(&tool, &folder, "seaworthy-fix", ALL);
    assert!(run.code == Some(1) && run.out.contains("files were modified by this hook"), "{}{}", run.out, run.err);
    assert!(fs::read_to_string(folder.path().join("k8s/web.yaml")).unwrap().contains("minReadySeconds: 30"));
    git(&folder, &["add", "k8s"]);
    let run = hook(&tool, &folder, "seaworthy-fix", ALL);
    assert!(run.code == Some(0) && run.out.contains("Passed"), "{}{}", run.out, run.err);
}

#[test]
fn a_check_runs_for_whatever_is_deployed() {
    let Some(tool) = pre_commit() else { return };
    let folder = folder().and("chart/templates/_helpers.tpl", "{{- define \"name\" }}web{{ end }}\n");
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "k8s", "chart"]);
    let run = hook(&tool, &folder, "seaworthy-check", "--files chart/templates/_helpers.tpl");
    assert!(run.code == Some(1) && !run.out.contains("Skipped"), "{}{}", run.out, run.err);
}
