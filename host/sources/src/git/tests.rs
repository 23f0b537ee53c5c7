use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Change, EntryKind, GitError, Repository};

/// A repository with one commit on `main`.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    write(folder.path(), "k8s/web.yaml", "kind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: true}\n");
    write(folder.path(), "k8s/gone.yaml", "gone\n");
    symlink("web.yaml", folder.path().join("k8s/link.yaml")).unwrap();
    commit(folder.path());
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgSign=false"];
    let status = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).status().unwrap();
    assert!(status.success(), "{arguments:?}");
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=more"]);
}

#[test]
fn what_changed_is_told_with_renames() {
    let folder = repository();
    let path = folder.path();
    git(path, &["switch", "--quiet", "--create", "change"]);
    fs::rename(path.join("k8s/web.yaml"), path.join("k8s/shop.yaml")).unwrap();
    fs::remove_file(path.join("k8s/gone.yaml")).unwrap();
    write(path, "k8s/with a\ttab.yaml", "new\n");
    commit(path);
    git(path, &["switch", "--quiet", "main"]);
    write(path, "other.yaml", "other\n");
    commit(path);
    let repository = Repository::around(&path.join("k8s")).unwrap();
    let (main, change) = (repository.commit("main").unwrap(), repository.commit("change").unwrap());
    let base = repository.merge_base(&main, &change).unwrap();
    assert_ne!(base, main);
    let of = |old: Option<&str>, new: Option<&str>| Change { old: old.map(Into::into), new: new.map(Into::into) };
    let mut changes = repository.changes(&base, &change).unwrap();
    changes.sort_by_key(|change| change.new.clone());
    let expected = [
        of(Some("k8s/gone.yaml"), None),
        of(Some("k8s/web.yaml"), Some("k8s/shop.yaml")),
        of(None, Some("k8s/with a\ttab.yaml")),
    ];
    assert_eq!(changes, expected);
}

#[test]
fn files_of_a_commit_are_read_whatever_lies_on_the_disk() {
    let folder = repository();
    fs::remove_dir_all(folder.path().join("k8s")).unwrap();
    let repository = Repository::around(folder.path()).unwrap();
    let head = repository.commit("HEAD").unwrap();
    let entries = repository.entries(&head).unwrap();
    let mut read = Vec::new();
    repository
        .read_all(&entries, |entry, bytes| {
            read.push((entry.path.clone(), entry.kind, String::from_utf8(bytes).unwrap()));
            Ok(())
        })
        .unwrap();
    assert_eq!(read[0], (PathBuf::from("k8s/gone.yaml"), EntryKind::File, "gone\n".into()));
    assert_eq!(read[1], (PathBuf::from("k8s/link.yaml"), EntryKind::Link, "web.yaml".into()));
    let out = tempfile::tempdir().unwrap();
    repository.export(&head, out.path(), |path| !path.ends_with("gone.yaml")).unwrap();
    assert_eq!(fs::read_to_string(out.path().join("k8s/gone.yaml")).unwrap(), "", "only its name is there");
    assert!(fs::read_to_string(out.path().join("k8s/link.yaml")).unwrap().contains("hostNetwork"));
}

#[test]
fn what_is_not_here_is_told_with_what_to_fetch() {
    let folder = repository();
    let path = folder.path();
    let repository = Repository::around(path).unwrap();
    for name in ["gone", "", "--help", "-x"] {
        let said = repository.commit(name).unwrap_err().to_string();
        assert!(said.starts_with(&format!("there is no revision `{name}` here")), "{said}");
    }
    write(path, "more.yaml", "more\n");
    commit(path);
    let clone = tempfile::tempdir().unwrap();
    let from = format!("file://{}", path.display());
    git(clone.path(), &["clone", "--quiet", "--depth=1", &from, "shop"]);
    let shallow = Repository::around(&clone.path().join("shop")).unwrap();
    let cause = shallow.commit("v1").unwrap_err();
    assert!(cause.is_of_shallow_clone() && cause.to_string().contains("fetch-depth: 0"), "{cause}");
    git(path, &["switch", "--quiet", "--orphan", "other"]);
    write(path, "a", "a");
    commit(path);
    let (main, other) = (repository.commit("main").unwrap(), repository.commit("other").unwrap());
    let cause = repository.merge_base(&main, &other).unwrap_err();
    assert!(matches!(cause, GitError::Unrelated { is_shallow: false, .. }), "{cause}");
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(Repository::around(nowhere.path()), Err(GitError::Repository(_))));
}

#[test]
fn no_configuration_of_a_repository_changes_its_history() {
    let folder = repository();
    let path = folder.path();
    // Two renames with a change each, so that git has to compare files.
    for name in ["a", "b"] {
        write(path, &format!("k8s/{name}.yaml"), &format!("{name}\n").repeat(50));
    }
    commit(path);
    for name in ["a", "b"] {
        fs::remove_file(path.join(format!("k8s/{name}.yaml"))).unwrap();
        write(path, &format!("shop/{name}.yaml"), &format!("{}more\n", format!("{name}\n").repeat(50)));
    }
    commit(path);
    let repository = Repository::around(path).unwrap();
    let history = || repository.history(&repository.commit("main").unwrap(), &[".yaml"], 10).unwrap();
    let before = history();
    assert_eq!(before.iter().map(|made| made.files.len()).collect::<Vec<_>>(), [2, 2, 3]);
    for (setting, value) in [
        ("diff.ignoreSubmodules", "all"),
        ("diff.orderFile", "nowhere"),
        ("diff.relative", "true"),
        ("diff.renameLimit", "1"),
        ("diff.renames", "false"),
        ("log.diffMerges", "off"),
        ("log.showRoot", "false"),
    ] {
        git(path, &["config", setting, value]);
        assert_eq!(history(), before, "{setting}");
    }
}

#[test]
fn nothing_that_a_repository_names_is_run() {
    let folder = repository();
    let path = folder.path();
    let trap = path.join(".git/trap.sh");
    fs::write(&trap, format!("#!/bin/sh\ntouch {}\n", path.join("sprung").display())).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let trap = trap.to_str().unwrap();
    for setting in
        ["core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv", "diff.x.command", "filter.x.clean"]
    {
        git(path, &["config", setting, trap]);
    }
    for setting in ["filter.x.smudge", "core.sshCommand", "core.alternateRefsCommand"] {
        git(path, &["config", setting, trap]);
    }
    fs::write(path.join(".git/info/attributes"), "* diff=x filter=x\n").unwrap();
    write(path, "k8s/web.yaml", "changed\n");
    let repository = Repository::around(path).unwrap();
    let head = repository.commit("HEAD").unwrap();
    let entries = repository.entries(&head).unwrap();
    repository.read_all(&entries, |_, _| Ok(())).unwrap();
    repository.changes(&head, &head).unwrap();
    repository.merge_base(&head, &head).unwrap();
    let out = tempfile::tempdir().unwrap();
    repository.export(&head, out.path(), |_| true).unwrap();
    assert!(!path.join("sprung").exists(), "something ran");
}

#[test]
fn a_hostile_commit_is_written_nowhere_else() {
    let folder = repository();
    let path = folder.path();
    let outside = tempfile::tempdir().unwrap();
    // A tree with a link and a file of one name, and one that climbs: no git command makes such a commit by itself.
    let script = format!(
        "blob=$(printf evil | git hash-object -w --stdin)\n\
         link=$(printf %s {0} | git hash-object -w --stdin)\n\
         below=$(printf '100644 blob %s\\tevil\\n' $blob | git mktree)\n\
         tree=$(printf '120000 blob %s\\ta\\n040000 tree %s\\ta\\n' $link $below | git mktree)\n\
         commit=$(git -c user.name=a -c user.email=a@example.com commit-tree -m x $tree)\n\
         git update-ref refs/heads/evil $commit\n",
        outside.path().display()
    );
    let status = Command::new("sh").args(["-ec", &script]).current_dir(path).status().unwrap();
    assert!(status.success());
    let repository = Repository::around(path).unwrap();
    let evil = repository.commit("evil").unwrap();
    let out = tempfile::tempdir().unwrap();
    let _ = repository.export(&evil, out.path(), |_| true);
    assert!(!outside.path().join("evil").exists());
}
