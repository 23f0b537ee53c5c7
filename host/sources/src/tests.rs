//! What is found in a folder, what is left out, and what is said of it.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::{Edited, Exclude, Files, Origin, Reading, Remembered, find, read_dockerfiles};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read_all(folder: &Path, excludes: &[&str]) -> Files {
    let excludes: Vec<Exclude> = excludes.iter().map(|pattern| pattern.parse().unwrap()).collect();
    find(&[folder.to_owned()], &excludes, &Reading::default()).read(|| ())
}

/// What was read and what was told, both as paths below the folder.
fn read_without(folder: &TempDir, excludes: &[&str]) -> (Vec<String>, Vec<String>) {
    names(folder, &read_all(folder.path(), excludes))
}

fn names(folder: &TempDir, files: &Files) -> (Vec<String>, Vec<String>) {
    let below = |path: &str| path.strip_prefix(&crate::name(folder.path())).unwrap().trim_start_matches('/').to_owned();
    let read = files.files.iter().map(|file| below(&file.manifest.name));
    let told = files.unread.iter().map(|it| format!("{}: {}", below(&it.path), it.reason));
    (read.collect(), told.collect())
}

fn read(folder: &TempDir) -> (Vec<String>, Vec<String>) {
    read_without(folder, &[])
}

#[test]
fn hidden_folders_are_read_and_what_git_keeps_is_not() {
    let folder =
        folder(&[(".github/workflows/ci.yaml", "on: push"), (".git/a.yaml", POD), ("node_modules/b.yaml", POD)]);
    assert_eq!(read(&folder), (vec![".github/workflows/ci.yaml".into(), "node_modules/b.yaml".into()], vec![]));
}

#[test]
fn what_git_ignores_is_left_out_and_told() {
    let files = [
        (".gitignore", "node_modules\n*.gen.yaml\n!keep.gen.yaml\n[\n"),
        ("node_modules/a.yaml", POD),
        ("k8s/b.gen.yaml", POD),
        ("k8s/keep.gen.yaml", POD),
        ("k8s/c.yaml", POD),
        ("k8s/local/.gitignore", "*"),
        ("k8s/local/notes.txt", ""),
        ("k8s/local/d.yaml", POD),
        // A repository of its own does not know the patterns around it.
        ("other/.git/HEAD", ""),
        ("other/e.gen.yaml", POD),
    ];
    let (read_there, told) = read(&folder(&files));
    assert_eq!(read_there.len(), 6, "outside of a repository nobody has said that git ignores anything");
    assert_eq!(told, [""; 0]);

    let folder = folder(&[&files[..], &[(".git/HEAD", "")]].concat());
    let ignored = ["k8s/b.gen.yaml", "k8s/local/d.yaml", "node_modules"];
    let (read_there, told) = read(&folder);
    assert_eq!(read_there, ["k8s/c.yaml", "k8s/keep.gen.yaml", "other/e.gen.yaml"]);
    assert_eq!(told, ignored.map(|path| format!("{path}: ignored by a .gitignore")));
    // The folders above the one that was asked for count, but not for that one itself.
    let below = read_all(&folder.path().join("k8s"), &[]);
    assert_eq!(below.files.len(), 2);
    assert_eq!(read_all(&folder.path().join("node_modules"), &[]).files.len(), 1);
}

#[test]
fn an_ignore_file_counts_everywhere_and_before_gits() {
    let folder = folder(&[(".ignore", "a.yaml\n!b.yaml"), (".gitignore", "b.yaml"), (".git/HEAD", "")]);
    for name in ["a.yaml", "b.yaml"] {
        fs::write(folder.path().join(name), POD).unwrap();
    }
    assert_eq!(read(&folder), (vec!["b.yaml".into()], vec!["a.yaml: ignored by an .ignore".into()]));
    fs::remove_dir_all(folder.path().join(".git")).unwrap();
    assert_eq!(read(&folder).0, ["b.yaml"]);
}

#[test]
fn what_is_excluded_is_left_out_without_a_word() {
    let folder = folder(&[("a.yaml", POD), ("tests/b.yaml", POD), ("k8s/tests/c.yaml", POD), ("k8s/d.yaml", POD)]);
    let all = read_without(&folder, &["/tests/", "d.yaml"]);
    assert_eq!(all, (vec!["a.yaml".into(), "k8s/tests/c.yaml".into()], vec![]));
    assert_eq!(read_without(&folder, &["tests", "!tests"]).0.len(), 4);
    assert!("a[z-a]".parse::<Exclude>().is_err());
}

#[test]
fn what_a_configuration_leaves_out_is_told_dockerfiles_too() {
    let folder = folder(&[
        ("a.yaml", POD),
        ("tests/b.yaml", POD),
        ("tests/Dockerfile", "FROM a\n"),
        ("web/Dockerfile", "FROM a\n"),
        ("web/old.dockerfile", "FROM a\n"),
    ]);
    let real = fs::canonicalize(folder.path()).unwrap();
    let pattern = |text: &str| text.parse::<Exclude>().unwrap().within(&real).configured();
    let read_by = |patterns: &[Exclude]| {
        let mut files = find(&[folder.path().to_owned()], patterns, &Reading::default()).read(|| ());
        read_dockerfiles(&mut files);
        names(&folder, &files)
    };
    let (read, told) = read_by(&[pattern("/tests/"), pattern("old.dockerfile")]);
    assert_eq!(read, ["a.yaml", "web/Dockerfile"]);
    assert_eq!(told, ["tests", "web/old.dockerfile"].map(|path| format!("{path}: excluded by the configuration")));
    let (read, told) = read_by(&[pattern("tests/").included()]);
    assert_eq!(read, ["tests/b.yaml", "tests/Dockerfile"]);
    let others = ["a.yaml", "web/Dockerfile", "web/old.dockerfile"];
    assert_eq!(told, others.map(|path| format!("{path}: not included by the configuration")));
    let (read, told) = read_by(&["web/".parse().unwrap()]);
    assert_eq!((read.len(), told.len()), (3, 0), "whoever runs this knows what they excluded");
}

/// The defence is a file's kind and size: as a plain small file each of them is read, in the test above.
#[test]
fn a_hostile_ignore_file_hides_nothing_and_hangs_nobody() {
    for name in [".gitignore", ".ignore"] {
        for (kind, make) in [
            (
                "pipe",
                (|path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())) as fn(&Path),
            ),
            ("device", |path| symlink("/dev/zero", path).unwrap()),
            ("link", |path| symlink("a.yaml", path).unwrap()),
            ("large", |path| fs::write(path, "*\n".repeat(40 << 10)).unwrap()),
        ] {
            let folder = folder(&[("a.yaml", POD), ("below/b.yaml", POD), (".git/HEAD", "")]);
            make(&folder.path().join("below").join(name));
            let files = read_all(folder.path(), &[]);
            assert_eq!(files.files.len(), 1, "{kind}");
            let failed: Vec<_> = files.unread.iter().filter(|unread| unread.is_failure).collect();
            assert!(
                matches!(failed[..], [unread] if unread.path.ends_with(&format!("below/{name}"))),
                "{kind}: {failed:?}"
            );
        }
    }
}

#[test]
fn what_a_kustomization_names_is_read_whatever_it_is_called() {
    let outside = folder(&[("bad.conf", POD)]);
    let kustomization = "resources:\n- evil.conf\n- ../base/other.txt\n- ../base/known.yaml\n- ../../bad.conf\n- \
                         link.conf\n- ../.git/config\n- missing.conf\n- https://example.com/x.conf\n- ../base\n- pipe.conf\n";
    let folder = folder(&[
        ("overlay/kustomization.yaml", kustomization),
        ("overlay/evil.conf", POD),
        ("base/other.txt", POD),
        ("base/known.yaml", POD),
        ("base/unnamed.conf", POD),
        (".git/config", POD),
        (".gitignore", "*.conf"),
    ]);
    symlink(outside.path().join("bad.conf"), folder.path().join("overlay/link.conf")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("overlay/pipe.conf")).status().unwrap().success());
    let (read_there, told) = read(&folder);
    let expected = ["base/known.yaml", "overlay/kustomization.yaml", "overlay/evil.conf", "base/other.txt"];
    assert_eq!((read_there, told), (expected.map(str::to_owned).to_vec(), vec![]));
    assert_eq!(read_without(&folder, &["evil.conf", "base/"]).0, ["overlay/kustomization.yaml"]);
}

#[test]
fn a_linked_folder_is_told_only_where_it_is_not_read_by_its_own_path() {
    let outside = folder(&[("b.yaml", POD)]);
    let folder = folder(&[("base/a.yaml", POD), ("gone/c.yaml", POD), (".gitignore", "gone"), (".git/HEAD", "")]);
    for (target, link) in [(Path::new("base"), "inside"), (outside.path(), "out"), (Path::new("gone"), "ignored")] {
        symlink(target, folder.path().join(link)).unwrap();
    }
    let (read_there, told) = read(&folder);
    assert_eq!(read_there, ["base/a.yaml"]);
    assert_eq!(
        told,
        [
            "gone: ignored by a .gitignore",
            "ignored: a link to a folder, not followed",
            "out: a link to a folder, not followed"
        ]
    );
}

#[test]
fn a_file_keeps_the_place_that_it_came_from() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder(&[]);
    let path: PathBuf = folder.path().join(OsStr::from_bytes(b"\xff.yaml"));
    fs::write(&path, POD).unwrap();
    let files = read_all(folder.path(), &[]);
    assert!(files.files[0].manifest.name.ends_with("\u{fffd}.yaml"));
    assert_eq!(files.origins, [Origin::Disk(path)]);
}

#[test]
fn what_has_the_same_text_is_not_read_again() {
    let folder = folder(&[("a.yaml", POD), ("b.yaml", POD), ("c.yaml", POD), ("values.yaml", "x: y\n")]);
    let before = read_all(folder.path(), &[]);
    let other = POD.replace("web", "job");
    fs::write(folder.path().join("b.yaml"), &other).unwrap();
    assert_eq!(other.len(), POD.len(), "the length tells nothing");
    let edited = BTreeMap::from([(fs::canonicalize(folder.path().join("c.yaml")).unwrap(), other.into_bytes())]);
    let remembered = Remembered::new(before.files.iter());
    let reading = Reading { remembered, edited: Edited::new(edited), ..Reading::default() };
    let now = find(&[folder.path().to_owned()], &[], &reading).read(|| ());
    let is_same = before.files.iter().zip(&now.files).map(|(before, now)| Arc::ptr_eq(before, now));
    assert_eq!(is_same.collect::<Vec<_>>(), [true, false, false, false]);
    let names = now.files.iter().flat_map(|file| file.manifest.objects()).filter_map(|object| object.name.as_deref());
    assert_eq!(names.collect::<Vec<_>>(), ["web", "job", "job"]);
}
