//! `check --watch`: a report at the start and after each change, of which only what changed is evaluated again.

use std::fs;
use std::os::unix::fs::symlink;

use crate::bundles::{POD, usual_folder};
use crate::support::Folder;
use crate::watching::{PATIENCE, Watching};

fn start(folder: &Folder, arguments: &[&str]) -> Watching {
    Watching::start(&mut folder.command(&[&["check", "--bundle", "bundle", "--watch"], arguments].concat()))
}

fn pod(name: &str) -> String {
    POD.replace("name: web\n", &format!("name: {name}\n"))
}

#[test]
fn only_what_changed_is_evaluated_again() {
    let mut folder = usual_folder();
    for at in 0..20 {
        folder = folder.and(&format!("k8s/{at}.yaml"), pod(&format!("web-{at}")));
    }
    let watching = start(&folder, &["k8s", "--output", "json=report.json"]);
    assert_eq!(watching.evaluated(), 20 * 3);
    let path = folder.path().join("k8s/7.yaml");
    fs::write(&path, pod("other")).unwrap();
    assert_eq!(watching.evaluated(), 3);
    fs::write(folder.path().join("k8s/new.yaml"), pod("new")).unwrap();
    assert_eq!(watching.evaluated(), 3);
    fs::remove_file(&path).unwrap();
    assert_eq!(watching.evaluated(), 0, "what is gone is not evaluated");
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(report.contains("web-8") && !report.contains("\"other\""), "files are written anew");
    let (code, out) = watching.end();
    assert_eq!(code, Some(1));
    let totals: Vec<&String> = out.iter().filter(|line| line.contains(" findings in ")).collect();
    assert_eq!(totals.len(), 4, "{out:#?}");
    assert!(!out.iter().any(|line| line.contains('\u{1b}')), "no terminal is cleared");
}

#[test]
fn the_exit_code_is_that_of_the_last_state() {
    let folder = usual_folder().and("k8s/web.yaml", POD).and("k8s/service.yaml", "apiVersion: v1\nkind: Service\n");
    let watching = start(&folder, &["k8s"]);
    watching.evaluated();
    fs::write(folder.path().join("k8s/web.yaml"), "apiVersion: [\n").unwrap();
    watching.evaluated();
    assert_eq!(watching.end().0, Some(2));
    let watching = start(&folder, &["k8s"]);
    watching.evaluated();
    fs::remove_file(folder.path().join("k8s/web.yaml")).unwrap();
    watching.evaluated();
    assert_eq!(watching.end().0, Some(0));
}

#[test]
fn files_that_are_saved_by_renaming_others_are_followed() {
    let folder = usual_folder().and("k8s/web.yaml", POD).and("k8s/api.yaml", pod("api"));
    let watching = start(&folder, &["k8s/web.yaml", "k8s/api.yaml"]);
    watching.evaluates(2 * 3);
    for name in ["one", "two"] {
        let saved = folder.path().join("k8s/.web.yaml.swp");
        fs::write(&saved, pod(name)).unwrap();
        fs::rename(saved, folder.path().join("k8s/web.yaml")).unwrap();
        watching.evaluates(3);
    }
    assert_eq!(watching.end().0, Some(1));
}

#[test]
fn folders_that_come_later_are_followed() {
    let folder = usual_folder().and("k8s/web.yaml", POD);
    let watching = start(&folder, &["k8s", "--output", "json=report.json"]);
    watching.evaluates(3);
    // As a tool does that makes a whole tree: files are there before anybody was told of their folder.
    let folder = folder.and("k8s/new/deep/api.yaml", pod("api"));
    watching.evaluates(3);
    let folder = folder.and("k8s/new/deep/api.yaml", pod("other"));
    watching.evaluates(3);
    let other = folder.path().join("k8s/other");
    fs::rename(folder.path().join("k8s/new"), &other).unwrap();
    fs::write(other.join("deep/api.yaml"), pod("third")).unwrap();
    let folder = folder.and("k8s/other/deep/last.yaml", pod("the-last"));
    while !fs::read_to_string(folder.path().join("report.json")).is_ok_and(|text| text.contains("the-last")) {
        watching.evaluated();
    }
    assert_eq!(watching.end().0, Some(1));
}

#[test]
fn what_is_watched_may_go_and_come_again() {
    let folder = usual_folder().and("k8s/web.yaml", POD);
    let watching = start(&folder, &["k8s"]);
    watching.evaluates(3);
    let path = |name: &str| folder.path().join(name);
    fs::rename(path("k8s"), path("away")).unwrap();
    assert_eq!(watching.evaluated(), 0, "the folder is gone, and that is said");
    fs::create_dir(path("made")).unwrap();
    fs::write(path("made/web.yaml"), pod("other")).unwrap();
    fs::rename(path("made"), path("k8s")).unwrap();
    watching.evaluates(3);
    fs::write(path("k8s/web.yaml"), pod("third")).unwrap();
    watching.evaluates(3);
    assert_eq!(watching.end().0, Some(1));
}

#[test]
fn a_link_is_followed_to_wherever_it_leads() {
    let folder = usual_folder().and("one/web.yaml", POD).and("two/web.yaml", pod("two"));
    let link = folder.path().join("k8s");
    symlink("one", &link).unwrap();
    let watching = start(&folder, &["k8s"]);
    watching.evaluates(3);
    fs::write(folder.path().join("one/web.yaml"), pod("one")).unwrap();
    watching.evaluates(3);
    let other = folder.path().join("other");
    symlink("two", &other).unwrap();
    fs::rename(other, link).unwrap();
    watching.evaluates(3);
    fs::write(folder.path().join("two/web.yaml"), pod("third")).unwrap();
    watching.evaluates(3);
    assert_eq!(watching.end().0, Some(1));
}

#[test]
fn a_configuration_that_changes_is_not_used_and_that_is_said() {
    let folder = usual_folder().and("k8s/web.yaml", POD).and("seaworthy.yaml", "fail_on: low\n");
    let watching = start(&folder, &["k8s"]);
    watching.evaluates(3);
    fs::write(folder.path().join("seaworthy.yaml"), "fail_on: critical\n").unwrap();
    assert_eq!(watching.evaluated(), 0);
    let warning = watching.notes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(warning, "warning: seaworthy.yaml has changed: end with Ctrl-C and start again to use it");
    assert_eq!(watching.end().0, Some(1));
}

#[test]
fn what_does_not_change_is_not_watched() {
    let complaint = usual_folder().run(&["check", "--bundle", "bundle", "-", "--watch"]).complaint();
    assert!(complaint.starts_with("error: --watch: standard input does not change"), "{complaint}");
}
