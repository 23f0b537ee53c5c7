//! What a newer template would change in a service.

use std::fs;
use std::path::Path;

use seaworthy_tests::artifacts::workspace;
use walkdir::WalkDir;

use crate::service;
use crate::support::Folder;

/// A service, and a copy of our template beside it to be changed.
fn folder() -> Folder {
    let folder = Folder::new();
    let ours = workspace().join("host/scaffold/templates/service");
    for entry in WalkDir::new(&ours).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
        let to = folder.path().join("golden").join(entry.path().strip_prefix(&ours).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(entry.path(), to).unwrap();
    }
    folder.run(&service("worker", "monorepo", "kustomize")).with(0);
    folder
}

fn replace(folder: &Folder, path: &str, from: &str, to: &str) {
    let path = folder.path().join(path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{}: {text}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

const DIFF: [&str; 5] = ["new", "service", "--diff", "--output", "payments-api"];

#[test]
fn the_same_template_changes_nothing_whatever_people_changed() {
    let folder = folder();
    let out = folder.run(&DIFF).with(0);
    assert!(out.contains("Template service, version 1: nothing to change"), "{out}");
    replace(&folder, "payments-api/main.go", "item failed", "no luck");
    fs::remove_file(folder.path().join("payments-api/.dockerignore")).unwrap();
    folder.run(&DIFF).with(0);
}

#[test]
fn a_newer_template_shows_what_it_adds_changes_and_drops() {
    let folder = folder();
    let newer = [&DIFF[..], &["--template", "golden"]].concat();
    folder.run(&newer).with(0);
    replace(&folder, "golden/template.yaml", "version: 1", "version: 2");
    replace(&folder, "golden/manifests/workload.yaml", "cpu: 100m", "cpu: 200m");
    replace(&folder, "golden/source/worker/main.go", "item failed", "the item failed");
    replace(&folder, "payments-api/main.go", "item failed", "no luck");
    fs::write(folder.path().join("golden/source/common/LICENSE"), "of [[ owner ]]\n").unwrap();
    fs::remove_file(folder.path().join("golden/source/common/.dockerignore")).unwrap();
    let before = crate::files(folder.path());
    let out = folder.run(&newer).with(1);
    for line in [
        "k8s-config/services/payments-api/base/workload.yaml  changed in the template\n",
        "+            requests: {cpu: 200m",
        "payments-api/main.go  changed in the template, and here as well\n",
        "payments-api/LICENSE  new in the template\n",
        "+of team-payments\n",
        "payments-api/.dockerignore  not in the template any more\n",
        "Template service, version 2, was 1: changes above; nothing was written\n",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert_eq!(crate::files(folder.path()), before);
}

#[test]
fn what_is_not_here_was_not_compared() {
    let folder = folder();
    fs::rename(folder.path().join("k8s-config"), folder.path().join("elsewhere")).unwrap();
    let run = folder.run(&DIFF);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains("k8s-config is not here"), "{}", run.err);
}

#[test]
fn without_a_record_there_is_nothing_to_compare() {
    let folder = Folder::of("web/main.go", "package main");
    let said = folder.run(&["new", "service", "--diff", "--output", "web"]).complaint();
    assert!(said.contains(".seaworthy-template.yaml cannot be read"), "{said}");
    let folder = Folder::of("web/.seaworthy-template.yaml", "template: [");
    let said = folder.run(&["new", "service", "--diff", "--output", "web"]).complaint();
    assert!(said.contains("is not a record of a template"), "{said}");
    assert!(Path::new(&folder.path().join("web")).exists());
}
