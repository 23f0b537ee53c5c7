//! The files of the repository around what is judged.

use std::fs;

use crate::bundles::POD;
use crate::support::Folder;

fn deployment(runbook: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\n\
         metadata: {{name: web, annotations: {{seaworthy.dev/runbook-url: {runbook}}}}}\n\
         spec: {{template: {{spec: {{containers: [{{name: app, image: 'a:1'}}]}}}}}}\n"
    )
}

/// A repository whose manifests are in a folder, and lead to `docs/runbook.md`.
fn repository() -> Folder {
    Folder::of("shop/k8s/web.yaml", deployment("docs/runbook.md")).and("shop/.git/HEAD", "")
}

/// The exit code, and what was printed.
fn check(folder: &Folder, paths: &[&str]) -> (Option<i32>, String) {
    let run = folder.run(&[&["check", "--rule", "runbook"], paths].concat());
    assert_eq!(run.err, "");
    (run.code, run.out)
}

fn is_there(folder: &Folder, path: &str) -> bool {
    let (code, out) = check(folder, &[path]);
    assert_eq!(code == Some(1), out.contains("the repository has no file "), "{out}");
    code == Some(0)
}

#[test]
fn a_file_is_looked_for_in_the_repository_around_the_folder() {
    let folder = repository();
    for path in ["shop/k8s", "shop", "shop/k8s/../k8s"] {
        assert!(!is_there(&folder, path), "{path}");
    }
    let folder = folder.and("shop/docs/runbook.md", "secret");
    for path in ["shop/k8s", "shop"] {
        assert!(is_there(&folder, path), "{path}");
    }
    let below = folder.path().join("shop/k8s");
    let out = folder.command(&["check", ".", "--rule", "runbook"]).current_dir(below).output().unwrap();
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn a_tree_is_no_file_and_no_object() {
    let (_, out) = check(&repository().and("shop/docs/runbook.md", ""), &["shop"]);
    assert!(out.contains("1 file, 1 object, "), "{out}");
    let folder = Folder::of("shop/docs/runbook.md", "").and("shop/.git/HEAD", "").and("shop/values.yaml", "a: 1");
    assert_eq!(check(&folder, &["shop"]).0, Some(2), "there is nothing to judge");
}

#[test]
fn where_no_repository_is_seen_no_file_is_missing() {
    assert!(is_there(&Folder::of("k8s/web.yaml", deployment("docs/runbook.md")), "k8s"));
    assert_eq!(check(&repository(), &["shop/k8s/web.yaml"]).0, Some(0), "a file is part of anything");
}

#[test]
fn a_project_has_its_own_files_and_those_of_the_repository_around_it() {
    let nested = Folder::of("all/shop/web.yaml", deployment("docs/runbook.md")).and("all/.git/HEAD", "");
    let nested = nested.and("all/docs/runbook.md", "").and("all/shop/.git/HEAD", "");
    assert!(!is_there(&nested, "all"), "it is a repository by itself");
    assert!(is_there(&nested.and("all/shop/docs/runbook.md", ""), "all"));
    let collection = || {
        let member = Folder::of("all/shop/web.yaml", deployment("docs/runbook.md")).and("all/.git/HEAD", "");
        member.and("all/shop/LICENSE", "").and("all/other/LICENSE", "")
    };
    assert!(!is_there(&collection(), "all"));
    for path in ["all/docs/runbook.md", "all/shop/docs/runbook.md"] {
        assert!(is_there(&collection().and(path, ""), "all"), "{path}");
    }
    assert!(!is_there(&collection().and("all/other/docs/runbook.md", ""), "all"));
}

#[test]
fn what_git_keeps_or_ignores_is_not_the_repositorys() {
    for place in ["node_modules/docs", ".git/docs", "target/docs"] {
        let folder = Folder::of("web.yaml", deployment(&format!("{place}/runbook.md"))).and(".git/HEAD", "");
        let folder = folder.and(&format!("{place}/runbook.md"), "").and(".gitignore", "node_modules\n/target\n");
        assert!(!is_there(&folder, "."), "{place}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_a_repository_or_around_in_it() {
    let folder = repository().and("docs/runbook.md", "");
    for (target, link) in [("../docs", "shop/docs"), ("..", "shop/k8s/up"), (".", "shop/loop")] {
        std::os::unix::fs::symlink(target, folder.path().join(link)).unwrap();
    }
    assert!(!is_there(&folder, "shop"));
    let folder = folder.and("shop/k8s/web.yaml", deployment("k8s/up"));
    assert!(is_there(&folder, "shop"), "a link is a file");
}

#[test]
fn a_large_repository_is_seen_whole_or_not_at_all() {
    let folder = repository();
    // Long names: the listing is full before there are many files.
    let add = |number: usize| {
        let path = folder.path().join(format!("shop/{}", number / 1000));
        fs::create_dir_all(&path).unwrap();
        fs::File::create(path.join(format!("{number:0>250}"))).unwrap();
    };
    (0..16_000).for_each(add);
    assert!(!is_there(&folder, "shop"), "a rule looks through some 4 MiB");
    (16_000..16_600).for_each(add);
    let (code, out) = check(&folder, &["shop"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains(", so that no path in it is called missing\n  shop\n"), "{out}");
    assert_eq!(check(&folder, &["shop", "--strict"]).0, Some(2));
    assert_eq!(folder.run(&["check", "shop", "--strict", "--rule", "min-ready-seconds"]).code, Some(1), "nobody asked");
    let out = folder.and("shop/k8s/web.yaml", POD).run(&["check", "shop"]).out;
    assert!(out.contains(": runbook\n"), "the profile leaves out who would ask: {out}");
    assert!(!out.contains("so that no path"), "and so nobody has: {out}");
}
