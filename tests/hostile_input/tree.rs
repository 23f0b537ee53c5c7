//! Trees: what is no manifest, what is nowhere, what never ends, and what leads out.
#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Folder, run};
use crate::{POD, check};

fn bad() -> String {
    POD.replace("runAsNonRoot: true", "runAsNonRoot: false")
}

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The folder is judged, and that path in it is passed over: told by name, and refused by `--strict`.
fn passed_over(folder: &Folder, line: &str) {
    let run = check(folder, &["."]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(run.out.contains(line), "{}", run.out);
    assert!(run.out.contains("1 file, 1 object"), "{}", run.out);
    assert_eq!(check(folder, &[".", "--strict"]).code, Some(2));
}

/// That path was named and cannot be read.
fn refused(folder: &Folder, path: &str, reason: &str) {
    let run = check(folder, &["a.yaml", path]);
    assert_eq!((run.code, run.err.as_str()), (Some(2), ""), "{}", run.out);
    assert!(run.out.starts_with(&format!("error: {path} {reason}\n")), "{}", run.out);
}

#[test]
fn what_is_not_there_is_named() {
    let folder = Folder::of("a.yaml", POD);
    refused(&folder, "missing.yaml", "does not exist");
    refused(&folder, "missing/missing.yaml", "does not exist");
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    refused(&folder, "dangling", "does not exist");
    let run = check(&folder, &["a.yaml/b.yaml"]);
    assert!(run.code == Some(2) && run.out.starts_with("error: a.yaml/b.yaml cannot be read: "), "{run:?}");
}

#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::of("a.yaml", POD).and("secret.yaml", POD).and("closed/b.yaml", POD);
    for path in ["secret.yaml", "closed"] {
        fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(0o000)).unwrap();
    }
    if fs::read(folder.path().join("secret.yaml")).is_ok() {
        // Root may read everything, but nobody can read a folder's own memory map at its start.
        refused(&folder, "/proc/self/mem", "cannot be read: Input/output error (os error 5)");
    } else {
        let run = check(&folder, &["."]);
        assert_eq!(run.code, Some(2));
        for path in ["secret.yaml", "closed"] {
            assert!(run.out.contains(&format!("error: {path} may not be read (permission denied)\n")), "{}", run.out);
        }
    }
    fs::set_permissions(folder.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn pipes_are_not_waited_for() {
    let folder = Folder::of("a.yaml", POD);
    make_fifo(&folder.path().join("pipe.yaml"));
    passed_over(&folder, "skipped 1: no regular file\n  pipe.yaml\n");
    refused(&folder, "pipe.yaml", "is not a regular file; to read a pipe, give `-`");
    make_fifo(&folder.path().join("pipe.wasm"));
    assert!(folder.run(&["inspect", "pipe.wasm"]).complaint().contains("is not a regular file"));
    assert!(folder.run(&["rules", "--bundle", "."]).complaint().contains("is not a regular file"));
}

#[test]
fn devices_are_not_read_without_end() {
    let folder = Folder::of("a.yaml", POD);
    refused(&folder, "/dev/zero", "is not a regular file; to read a pipe, give `-`");
    symlink("/dev/zero", folder.path().join("zero.yaml")).unwrap();
    passed_over(&folder, "skipped 1: a link, not followed\n  zero.yaml\n");
    refused(&folder, "zero.yaml", "is not a regular file; to read a pipe, give `-`");
}

#[test]
fn standard_input_without_end_is_read_to_the_limit() {
    let folder = Folder::new();
    let zero = fs::File::open("/dev/zero").unwrap();
    let mut command = folder.command(&["check", "-", "--rule", crate::RULE, "--format", "short"]);
    let ended = command.stdin(Stdio::from(zero)).stdout(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let out = String::from_utf8(ended.stdout).unwrap();
    assert!(out.starts_with("<stdin>:1:1: error: one document, or an item of it, has more than the 8388608"), "{out}");
}

#[test]
fn links_out_of_the_tree_are_not_followed() {
    let outside = Folder::of("bad.yaml", bad());
    let folder = Folder::of("a.yaml", POD);
    symlink(outside.path().join("bad.yaml"), folder.path().join("file.yaml")).unwrap();
    passed_over(&folder, "skipped 1: a link, not followed\n  file.yaml\n");
    fs::remove_file(folder.path().join("file.yaml")).unwrap();
    symlink(outside.path(), folder.path().join("folder")).unwrap();
    passed_over(&folder, "skipped 1: a link to a folder, not followed\n  folder\n");
    // What is named is meant.
    assert_eq!(check(&folder, &["folder"]).code, Some(1));
}

#[test]
fn a_link_to_a_file_of_the_tree_is_read_once() {
    let folder = Folder::of("b.yaml", POD).and("data/v1", POD.replace("name: web", "name: other"));
    for (target, link) in [("b.yaml", "a.yaml"), ("data/v1", "c.yaml"), ("data/v1", "d.yaml")] {
        symlink(target, folder.path().join(link)).unwrap();
    }
    let out = check(&folder, &[".", "--strict"]).with(0);
    assert!(out.contains("2 files, 2 objects"), "{out}");
    let report: serde_json::Value =
        serde_json::from_str(&folder.run(&["check", ".", "--rule", crate::RULE, "--format", "json"]).with(0)).unwrap();
    let files: Vec<_> = report["results"].as_array().unwrap().iter().map(|result| &result["object"]["file"]).collect();
    assert_eq!(files, ["b.yaml", "c.yaml"]);
}

#[test]
fn a_link_to_what_git_keeps_is_not_followed() {
    let folder = Folder::of("a.yaml", POD).and(".git/config", bad());
    symlink(".git/config", folder.path().join("config.yaml")).unwrap();
    passed_over(&folder, "skipped 1: a link, not followed\n  config.yaml\n");
}

#[test]
fn links_in_a_circle_end() {
    let folder = Folder::of("a.yaml", POD);
    symlink(".", folder.path().join("circle")).unwrap();
    let out = check(&folder, &[".", "--strict"]).with(0);
    assert!(out.contains("1 file, 1 object"), "all of it is read without the link: {out}");
    fs::remove_file(folder.path().join("circle")).unwrap();
    symlink("b.yaml", folder.path().join("c.yaml")).unwrap();
    symlink("c.yaml", folder.path().join("b.yaml")).unwrap();
    passed_over(&folder, "skipped 2: a link, not followed\n  b.yaml\n  c.yaml\n");
    let run = check(&folder, &["b.yaml"]);
    assert!(run.code == Some(2) && run.out.starts_with("error: b.yaml cannot be read: "), "{run:?}");
}

#[test]
fn a_folder_without_manifests_is_undecided() {
    for folder in [Folder::new(), Folder::of("b.txt", POD), Folder::of(".git/a.yaml", POD)] {
        let run = check(&folder, &["."]);
        assert_eq!(run.code, Some(2));
        assert!(run.out.contains("no .yaml, .yml or .json file in it\n  .\n"), "{}", run.out);
        assert!(run.out.ends_with("Nothing to check: no Kubernetes object in 0 files\n"), "{}", run.out);
    }
}

#[test]
fn no_folder_is_left_out_but_that_of_git_and_none_that_was_asked_for() {
    let folder = Folder::of("node_modules/a.yaml", bad()).and(".git/a.yaml", bad());
    assert!(check(&folder, &["."]).with(1).contains("1 file, 1 object"));
    for named in ["node_modules", ".git"] {
        check(&folder, &[named]).with(1);
    }
}

#[test]
fn a_folder_with_the_name_of_a_manifest_is_a_folder() {
    let folder = Folder::of("a.yaml/b.yaml", bad());
    assert_eq!(check(&folder, &["."]).code, Some(1));
}

#[test]
fn a_great_many_files_are_read() {
    let folder = Folder::new();
    for number in 0..20_000 {
        let path = folder.path().join(format!("{number:05}.yaml"));
        fs::write(path, POD.replace("name: web", &format!("name: web-{number}"))).unwrap();
    }
    let run = check(&folder, &["."]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("(20,000 pass; 20,000 files, 20,000 objects, input: complete)"), "{}", run.out);
}

#[test]
fn a_deep_tree_and_odd_names_are_read() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let deep = vec!["d"; 400].join("/");
    let folder = Folder::of(&format!("{deep}/a.yaml"), bad());
    fs::write(folder.path().join(OsStr::from_bytes(b"\xff\n.yaml")), bad()).unwrap();
    let run = check(&folder, &["."]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("2 files, 2 objects"), "{}", run.out);
    assert!(run.out.contains("\u{fffd}\\n.yaml:"), "{}", run.out);
}

/// Files that go while the folder is read are told or not there at all; nothing panics.
#[test]
fn files_that_vanish_are_told() {
    let folder = Folder::of("a.yaml", POD);
    for _ in 0..20 {
        for number in 0..200 {
            fs::write(folder.path().join(format!("{number}.yaml")), POD).unwrap();
        }
        let path = folder.path().to_owned();
        let remover = std::thread::spawn(move || {
            for number in (0..200).rev() {
                fs::remove_file(path.join(format!("{number}.yaml"))).unwrap();
            }
        });
        let ended = run(&mut folder.command(&["check", ".", "--rule", crate::RULE]), "");
        remover.join().unwrap();
        let told = ended.out.contains(" does not exist\n");
        assert_eq!(ended.code, Some(if told { 2 } else { 0 }), "{ended:?}");
        assert_eq!(ended.err, "");
    }
}

#[test]
fn a_file_that_is_longer_than_it_says_is_read_to_the_limit() {
    // Files of /proc have no size; a reader that believes it sees nothing.
    let folder = Folder::of("a.yaml", POD);
    let run = check(&folder, &["/proc/self/status"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    let mut sparse = fs::File::create(folder.path().join("sparse.yaml")).unwrap();
    sparse.write_all(b"a: b\n").unwrap();
    sparse.set_len(1 << 40).unwrap();
    let run = check(&folder, &["sparse.yaml"]);
    assert!(
        run.out.starts_with("sparse.yaml:1:1: error: one document, or an item of it, has more than the 8388608 bytes"),
        "{}",
        run.out
    );
    assert!(run.peak < 200 << 10, "{} KiB", run.peak);
}

#[test]
fn all_files_together_have_a_limit() {
    let folder = Folder::of("0.yaml", POD);
    // Holes take no room on the disk. A file of NULs is refused, but it is read.
    for number in 10..45 {
        fs::File::create(folder.path().join(format!("{number}.yaml"))).unwrap().set_len(8 << 20).unwrap();
    }
    let run = check(&folder, &["--limits", "total=256Mi", "."]);
    assert_eq!((run.code, run.err.as_str()), (Some(2), ""));
    let refused = "error: 41.yaml is not read, and 3 files behind it: together with those before they have more than \
                   268435456 bytes; `--limits total=` allows more";
    assert!(run.out.contains(refused), "{}", run.out);
    assert!(run.out.contains("; 32 files, 1 object, "), "{}", run.out);
    assert!(run.peak < 512 << 10, "{} KiB", run.peak);
}
