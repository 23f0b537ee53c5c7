//! What is shown, what is written, and how the command ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::Folder;
use crate::{DEPLOYMENT, findings, fix, text};

#[test]
fn without_write_the_diff_is_shown_and_nothing_is_written() {
    let folder = Folder::of("web.yaml", DEPLOYMENT);
    let out = fix(&folder, &[]).with(1);
    assert!(out.contains("--- web.yaml\n+++ web.yaml\n@@ -7,7 +7,7 @@\n"), "{out}");
    assert!(out.contains("\n-  minReadySeconds: 1   # too few\n+  minReadySeconds: 30   # too few\n"), "{out}");
    assert!(
        out.ends_with("1 finding can be fixed in 1 file; `--write` makes the changes\n     1  min-ready-seconds\n"),
        "{out}"
    );
    assert_eq!(text(&folder, "web.yaml"), DEPLOYMENT);
    assert_eq!(fix(&folder, &["--diff"]).with(1), out);
    let refused = fix(&folder, &["--diff", "--write"]);
    assert!(refused.code == Some(2) && refused.err.contains("cannot be used with"), "{}", refused.err);
}

#[test]
fn what_is_written_keeps_its_mode_and_is_named() {
    let folder = Folder::of("web.yaml", DEPLOYMENT);
    let path = folder.path().join("web.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let out = fix(&folder, &["--write"]).with(0);
    assert_eq!(out, "Fixed 1 finding in 1 file\n     1  min-ready-seconds\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    assert_eq!(fix(&folder, &["--write"]).with(0), "Nothing to edit\n");
}

#[test]
fn a_link_is_not_written_through() {
    let (folder, elsewhere) = (Folder::new(), Folder::of("web.yaml", DEPLOYMENT));
    symlink(elsewhere.path().join("web.yaml"), folder.path().join("web.yaml")).unwrap();
    let run = folder.run(&["fix", "web.yaml", "--rule", crate::RULE, "--write"]);
    assert!(run.code == Some(0) && run.out.contains("its file is a link"), "{}{}", run.out, run.err);
    assert_eq!(text(&elsewhere, "web.yaml"), DEPLOYMENT);
}

#[test]
fn what_is_waived_known_or_left_out_is_not_fixed() {
    let waiver = "waivers:\n- rule: min-ready-seconds\n  object: {kind: Deployment, name: web}\n  owner: ana@example.com\n  \
                  reason: it is fast\n  expires: 2999-01-01\n";
    let longest = "longest_waiver_days: 999999\n";
    let waived = Folder::of("web.yaml", DEPLOYMENT).and("seaworthy.yaml", format!("{longest}{waiver}"));
    let run = fix(&waived, &[]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "Nothing to edit\n"), "{}", run.err);
    let known = Folder::of("web.yaml", DEPLOYMENT);
    known.run(&["baseline", "write", ".", "--rule", crate::RULE]).with(0);
    assert_eq!(fix(&known, &["--baseline", "seaworthy-baseline.yaml"]).with(0), "Nothing to edit\n");
    let off = Folder::of("web.yaml", DEPLOYMENT)
        .and("seaworthy.yaml", "rules: {min-ready-seconds: {settings: {at_least: 0}}}\n");
    assert_eq!(fix(&off, &[]).with(0), "Nothing to edit\n");
    let set = Folder::of("web.yaml", DEPLOYMENT)
        .and("seaworthy.yaml", "rules: {min-ready-seconds: {settings: {at_least: 45}}}\n");
    fix(&set, &["--write"]).with(0);
    assert!(text(&set, "web.yaml").contains("minReadySeconds: 45   # too few"));
}

#[test]
fn what_cannot_be_read_makes_the_run_incomplete_and_the_rest_is_written() {
    let folder = Folder::of("web.yaml", DEPLOYMENT).and("broken.yaml", "apiVersion: [\n");
    let run = fix(&folder, &["--write"]);
    assert!(run.code == Some(2) && run.err.contains("not everything could be checked"), "{}{}", run.out, run.err);
    assert!(text(&folder, "web.yaml").contains("minReadySeconds: 30 "));
    assert_eq!(text(&folder, "broken.yaml"), "apiVersion: [\n");
}

#[test]
fn standard_input_is_no_file() {
    let complaint = Folder::new().run_with_input(&["fix", "-"], DEPLOYMENT).complaint();
    assert!(complaint.contains("name files or folders"), "{complaint}");
}

#[test]
fn secrets_are_not_shown_beside_what_changes() {
    let password = DEPLOYMENT.replace("  replicas: 2\n", "  password: hunter2\n");
    let out = fix(&Folder::of("web.yaml", password), &[]).with(1);
    assert!(out.contains("(not shown)") && !out.contains("hunter2"), "{out}");
}

#[test]
fn the_example_shop_is_fixed_as_far_as_it_is_safe() {
    let folder = Folder::new();
    let shop = seaworthy_tests::artifacts::workspace().join("examples/shop/storefront.yaml");
    let folder = folder.and("storefront.yaml", fs::read(shop).unwrap());
    let before = findings(&folder, crate::RULE);
    let run = folder.run(&["fix", ".", "--write"]);
    assert!(run.code == Some(0), "{}{}", run.out, run.err);
    assert!(before > 0 && findings(&folder, crate::RULE) == 0);
}
