//! Which files see each other: the projects of a folder.

use crate::support::Folder;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: 'a:1'}]}
";

const BUDGET: &str = "apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
";

const WORLDS: &str = " projects, each checked on its own\n";

/// Whether the Deployment's budget is in its world, and how many worlds the output tells of.
fn sees(folder: &Folder, paths: &[&str]) -> (bool, usize) {
    let run = folder.run(&[&["check", "--rule", "pod-disruption-budget", "--world", "complete"], paths].concat());
    assert_eq!(run.err, "");
    let worlds = run
        .out
        .lines()
        .find_map(|line| line.strip_suffix(WORLDS.trim_end()))
        .map_or(1, |number| number.parse().unwrap());
    (run.code == Some(0), worlds)
}

fn apart() -> Folder {
    Folder::of("app/web.yaml", DEPLOYMENT).and("platform/budget.yaml", BUDGET)
}

#[test]
fn a_folder_with_a_license_is_a_part_of_the_world() {
    let folder = apart().and("app/LICENSE", "");
    assert_eq!(sees(&folder, &["."]), (true, 1));
    let deeper = Folder::of("a/b/web.yaml", DEPLOYMENT).and("a/c/budget.yaml", BUDGET);
    let deeper = deeper.and("a/b/LICENSE", "").and("a/c/LICENSE", "");
    assert_eq!(sees(&deeper, &["."]), (true, 1));
    assert_eq!(sees(&deeper, &["a"]), (false, 2));
}

#[test]
fn several_children_with_a_license_are_projects() {
    let folder = apart().and("app/LICENSE.apache", "").and("platform/LICENSE", "");
    assert_eq!(sees(&folder, &["."]), (false, 2));
    assert_eq!(sees(&folder, &["app", "platform"]), (true, 1));
}

#[test]
fn a_repository_in_a_folder_is_a_project_at_any_depth() {
    let folder = Folder::of("a/b/web.yaml", DEPLOYMENT).and("budget.yaml", BUDGET).and("a/b/.git/HEAD", "");
    assert_eq!(sees(&folder, &["."]), (false, 2));
    let root = apart().and(".git/HEAD", "").and("LICENSE", "");
    assert_eq!(sees(&root, &["."]), (true, 1));
}

#[test]
fn the_order_of_the_arguments_does_not_part_worlds() {
    let folder = Folder::of("a/b/web.yaml", DEPLOYMENT).and("budget.yaml", BUDGET).and("a/b/.git/HEAD", "");
    for paths in [[".", "a/b"], ["a/b", "."], [".", "a/b/web.yaml"], ["a/b/web.yaml", "."]] {
        assert_eq!(sees(&folder, &paths), (false, 2), "{paths:?}");
    }
}

#[test]
fn a_kustomization_without_an_extension_is_read() {
    let folder = Folder::of("web.yaml", DEPLOYMENT).and("Kustomization", "patchesStrategicMerge: [web.yaml]\n");
    let run = folder.run(&["check", ".", "--rule", "pod-disruption-budget"]);
    assert!(run.out.contains("; 2 files, ") || run.out.contains(" in 2 files"), "{}", run.out);
}
