//! `check --base`: only what a change brought fails, whatever git has to say about it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bundles::{POD, usual};
use crate::support::{Folder, Run, run};

const KNOWN: &str = "known: it was there at ";

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=more"]);
}

/// A repository `repo` with a Pod in `k8s/pod.yaml`, and the usual bundle beside it.
fn repository() -> Folder {
    let folder = Folder::of("repo/k8s/pod.yaml", POD).bundle(&usual());
    git(&folder.path().join("repo"), &["init", "--quiet"]);
    commit(&folder.path().join("repo"));
    folder
}

fn check(folder: &Folder, below: &str, arguments: &[&str]) -> Run {
    let bundle = folder.path().join("bundle").display().to_string();
    let mut command = folder.command(&[&["check", "--bundle", &bundle], arguments].concat());
    command.current_dir(folder.path().join("repo").join(below)).env("PATH", std::env::var_os("PATH").unwrap());
    run(&mut command, "")
}

/// New, fixed and known findings.
fn since(folder: &Folder, code: i32) -> [u64; 3] {
    let text = check(folder, "", &["k8s", "--base", "main", "--format", "json"]).with(code);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(crate::schema::faults(&report), Vec::<String>::new());
    ["new", "fixed", "known"].map(|field| report["since"][field].as_u64().unwrap())
}

fn pod(name: &str) -> String {
    POD.replace("name: web\n", &format!("name: {name}\n"))
}

#[test]
fn only_what_a_change_brought_fails() {
    let folder = repository();
    let repo = folder.path().join("repo");
    let text = check(&folder, "", &["k8s", "--base", "main"]).with(0);
    assert!(
        text.contains("\nsince main (") && text.contains("): 0 new, 0 fixed; 2 findings known, which do not fail\n"),
        "{text}"
    );
    git(&repo, &["switch", "--quiet", "--create", "change"]);
    // A renamed file with the same object, a new one that is committed, and one that git does not know.
    fs::rename(repo.join("k8s/pod.yaml"), repo.join("k8s/renamed.yaml")).unwrap();
    assert_eq!(since(&folder, 0), [0, 0, 2]);
    let folder = folder.and("repo/k8s/new.yaml", pod("new"));
    commit(&repo);
    assert_eq!(since(&folder, 1), [2, 0, 2]);
    let folder = folder.and("repo/k8s/untracked.yaml", pod("untracked"));
    assert_eq!(since(&folder, 1), [4, 0, 2]);
    // What came to main since then is not held against the branch, nor does it excuse anything.
    git(&repo, &["stash", "--quiet", "--include-untracked"]);
    git(&repo, &["switch", "--quiet", "main"]);
    let folder = folder.and("repo/k8s/new.yaml", pod("new"));
    commit(&repo);
    git(&repo, &["switch", "--quiet", "change"]);
    git(&repo, &["stash", "pop", "--quiet"]);
    assert_eq!(since(&folder, 1), [4, 0, 2]);
    let text = check(&folder, "", &["k8s", "--base", "main"]).with(1);
    assert!(text.contains("since main (merge base "), "{text}");
    // What is mended and what is deleted is gone.
    let folder = folder.and("repo/k8s/renamed.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n");
    assert_eq!(since(&folder, 1), [4, 2, 0]);
}

#[test]
fn names_are_those_of_today_wherever_the_command_is_run() {
    let folder = repository();
    for (below, path) in [("", "k8s"), ("", "."), ("k8s", "."), ("k8s", "../k8s"), ("k8s", "pod.yaml")] {
        let text = check(&folder, below, &[path, "--base", "HEAD", "--format", "json"]).with(0);
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["since"]["known"], 2, "{below} {path}");
        let reason = report["results"][0]["reason"].as_str().unwrap();
        assert!(reason.starts_with(&format!("{KNOWN}HEAD (")), "{reason}");
    }
    let absolute = folder.path().join("repo/k8s").canonicalize().unwrap();
    check(&folder, "", &[absolute.to_str().unwrap(), "--base", "HEAD"]).with(0);
    let elsewhere = check(&folder, "..", &["repo/k8s", "--base", "HEAD"]).complaint();
    assert!(elsewhere.starts_with("error: --base: run it in the repository: cd "), "{elsewhere}");
    // A configuration says of paths what it says today, on both sides.
    let rules = "overrides: [{paths: [k8s/], rules: {image-is-plain: {enabled: false}}}]\nexclude: [k8s/old/]\n";
    let folder = folder.and("repo/seaworthy.yaml", rules).and("repo/k8s/old/pod.yaml", pod("old"));
    assert_eq!(since(&folder, 0), [0, 0, 1]);
}

#[test]
fn a_base_that_is_not_here_is_told_with_what_to_fetch() {
    let folder = repository();
    for (revision, said) in [
        ("gone", "error: --base: there is no revision `gone` here; fetch it first: git fetch origin gone\n"),
        (
            "origin/gone",
            "error: --base: there is no revision `origin/gone` here; fetch it first: git fetch origin gone\n",
        ),
        ("--help", "error: --base: there is no revision `--help` here"),
    ] {
        let complaint = check(&folder, "", &["k8s", &format!("--base={revision}")]).complaint();
        assert!(complaint.starts_with(said), "{complaint}");
    }
    let complaint = check(&folder, "", &["-", "--base", "main"]).complaint();
    assert!(complaint.starts_with("error: --base: standard input has no earlier state"), "{complaint}");
    let repo = folder.path().join("repo");
    fs::rename(&repo, folder.path().join("origin")).unwrap();
    let from = format!("file://{}", folder.path().join("origin").display());
    fs::write(folder.path().join("origin/k8s/pod.yaml"), format!("{POD}  hostNetwork: true\n")).unwrap();
    commit(&folder.path().join("origin"));
    git(folder.path(), &["clone", "--quiet", "--depth=1", &from, "repo"]);
    let shallow = check(&folder, "", &["k8s", "--base", "HEAD^"]);
    assert_eq!(shallow.code, Some(1), "everything is reported: {}", shallow.out);
    assert!(shallow.err.starts_with("warning: --base: there is no revision `HEAD^` here"), "{}", shallow.err);
    assert!(
        shallow.err.contains("fetch-depth: 0") && shallow.err.ends_with("Everything is reported\n"),
        "{}",
        shallow.err
    );
    fs::remove_dir_all(repo.join(".git")).unwrap();
    let complaint = check(&folder, "", &["k8s", "--base", "main"]).complaint();
    assert!(complaint.contains("is in no git repository"), "{complaint}");
}

#[test]
fn a_base_that_could_not_be_read_excuses_nothing() {
    let folder = repository().and("repo/k8s/pod.yaml", "apiVersion: [\n");
    commit(&folder.path().join("repo"));
    let folder = folder.and("repo/k8s/pod.yaml", POD);
    assert_eq!(since(&folder, 1), [2, 0, 0]);
}

#[test]
fn a_work_tree_of_its_own_is_a_repository_too() {
    let folder = repository();
    let repo = folder.path().join("repo");
    git(&repo, &["worktree", "add", "--quiet", "-b", "change", "../tree"]);
    fs::rename(&repo, folder.path().join("main")).unwrap();
    fs::rename(folder.path().join("tree"), &repo).unwrap();
    git(&folder.path().join("main"), &["worktree", "repair", "../repo"]);
    let folder = folder.and("repo/k8s/new.yaml", pod("new"));
    assert_eq!(since(&folder, 1), [2, 0, 2]);
}
