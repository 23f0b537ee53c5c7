//! What environments have in common, and what each of them names in its place.

use super::{PRODUCTION, found};
use crate::manifest::{Limits, read};
use crate::promotion::{Environments, Own, Shared, Stage, named};

/// The environments of these files, with what they have in common.
pub fn environments(files: &[(&str, &str)]) -> Environments {
    let manifests: Vec<_> =
        files.iter().map(|(path, text)| (*path, read(path, (*text).into(), &Limits::default()))).collect();
    let mut environments = Environments::default();
    let own = manifests
        .iter()
        .filter_map(|(path, manifest)| Some(Own { path, stage: environments.place(path)?.0, manifest }));
    let own: Vec<Own<'_>> = own.collect();
    let find = |wanted: &str| manifests.iter().find(|(path, _)| *path == wanted).map(|(_, manifest)| manifest.clone());
    environments.shared = Shared::new(&own, find);
    environments
}

/// Which environments name what of a shared file: `staging tag`, each.
fn shared(files: &[(&str, &str)], path: &str) -> Vec<String> {
    let environments = environments(files);
    let text = files.iter().find(|(known, _)| *known == path).unwrap().1;
    let all = named(path, &found(path, text), &environments);
    all.iter().map(|it| format!("{} {}", it.stage.name(), it.version.tag.clone().unwrap_or_default())).collect()
}

#[test]
fn what_a_base_names_each_environment_names_unless_it_names_another() {
    let base = ("web/base/kustomization.yaml", "resources: [web.yaml, ../gone, 'https://example.com/x', ../base]");
    let web =
        ("web/base/web.yaml", "kind: Deployment\napiVersion: apps/v1\nspec: {containers: [{image: 'acme/web:1'}]}");
    let plain = "resources: [../base]";
    let own = "resources: [../base]\nimages: [{name: acme/web, newTag: '2'}]";
    let (staging, production) = ("web/staging/kustomization.yaml", "web/production/kustomization.yaml");
    let of = |one, other| shared(&[base, web, (staging, one), (production, other)], web.0);
    assert_eq!(of(plain, plain), ["staging 1", "production 1"]);
    assert_eq!(of(own, plain), ["production 1"]);
    assert_eq!(of(own, own), [""; 0]);
    let values = ("chart/values.yaml", "image: {tag: '1'}");
    let of = |one, other| {
        shared(&[values, ("chart/values-staging.yaml", one), ("chart/values-production.yaml", other)], values.0)
    };
    assert_eq!(of("a: b", "a: b"), ["staging 1", "production 1"]);
    assert_eq!(of("image: {tag: '2'}", "a: b"), ["production 1"]);
}

#[test]
fn a_patch_takes_the_place_of_what_a_base_names() {
    let web = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\nspec: {containers: [{name: web, image: 'acme/web:latest'}]}";
    let patch = web.replace("latest", "2");
    let inline = format!("resources: [../base]\npatches:\n  - patch: |\n{}", indented(&patch));
    let operation = "[{op: replace, path: /spec/containers/0/image, value: 'acme/web:2'}]";
    let operations =
        format!("resources: [../base]\npatches: [{{patch: \"{operation}\", target: {{kind: Deployment}}}}]");
    let file = "resources: [../base]\npatches: [{path: patch.yaml}]";
    for (overlay, patch) in [(&*inline, "a: b"), (&*operations, "a: b"), (file, &*patch), (file, operation)] {
        let files = [
            ("web/base/kustomization.yaml", "resources: [web.yaml]"),
            ("web/base/web.yaml", web),
            ("web/staging/kustomization.yaml", "resources: [../base]"),
            ("web/production/kustomization.yaml", overlay),
            ("web/production/patch.yaml", patch),
        ];
        assert_eq!(shared(&files, "web/base/web.yaml"), ["staging latest"], "{overlay} {patch}");
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("      {line}\n")).collect()
}

#[test]
fn references_that_are_not_followed_are_told() {
    let most = 20_000;
    let many: Vec<String> = (0..=most).map(|number| format!("{number}.yaml")).collect();
    let overlay = |count: usize| format!("resources: [{}]", many[..count].join(", "));
    let is_cut = |count: usize| {
        let manifest = read(PRODUCTION, overlay(count).into_bytes(), &Limits::default());
        let own = [Own { path: PRODUCTION, stage: Stage::Production, manifest: &manifest }];
        Shared::new(&own, |_| None).is_cut
    };
    assert!(!is_cut(most) && is_cut(most + 1));
}

const DEPLOYMENT: &str = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\nspec: {containers: [{name: web, image: 'acme/web:1'}]}";

#[test]
fn a_file_that_its_own_kustomization_lists_is_compared() {
    let (staging, production) = (DEPLOYMENT.to_owned(), DEPLOYMENT.replace(":1", ":9"));
    for overlay in [
        "resources: [web.yaml]",
        "bases: [web.yaml]",
        "patches: [{path: web.yaml}]",
        "patchesStrategicMerge: [web.yaml]",
    ] {
        let files = [
            ("web/base/web.yaml", DEPLOYMENT),
            ("web/staging/kustomization.yaml", overlay),
            ("web/staging/web.yaml", &*staging),
            ("web/production/kustomization.yaml", overlay),
            ("web/production/web.yaml", &*production),
        ];
        assert_eq!(shared(&files, "web/staging/web.yaml"), ["staging 1"], "{overlay}");
        assert_eq!(shared(&files, "web/production/web.yaml"), ["production 9"], "{overlay}");
    }
    // `images` have the last word, also after a patch.
    let images = "patches: [{path: web.yaml}]\nimages: [{name: acme/web, newTag: '2'}]";
    let files = [(PRODUCTION, images), ("web/production/web.yaml", &*production)];
    assert_eq!(shared(&files, files[1].0), [""; 0]);
    assert_eq!(shared(&files, PRODUCTION), ["production 2"]);
}

#[test]
fn patches_of_one_place_do_not_hide_each_other() {
    let (one, other) = (DEPLOYMENT.replace(":1", ":2"), DEPLOYMENT.replace(":1", ":3"));
    let files = [
        ("web/base/kustomization.yaml", "resources: [web.yaml]"),
        ("web/base/web.yaml", DEPLOYMENT),
        (PRODUCTION, "resources: [../base]\npatches: [{path: one.yaml}, {path: other.yaml}]"),
        ("web/production/one.yaml", &*one),
        ("web/production/other.yaml", &*other),
    ];
    assert_eq!(shared(&files, "web/production/one.yaml"), ["production 2"]);
    assert_eq!(shared(&files, "web/production/other.yaml"), ["production 3"]);
    assert_eq!(shared(&files, "web/base/web.yaml"), [""; 0]);
}

#[test]
fn an_overlay_that_a_cluster_lists_is_compared() {
    for base in ["web.yaml", "../../../base"] {
        let of = |tag: &str| format!("resources: [{base}]\nimages: [{{name: acme/web, newTag: '{tag}'}}]");
        let (staging, production) = (of("1"), of("9"));
        let files = [
            ("base/kustomization.yaml", "resources: [web.yaml]"),
            ("base/web.yaml", DEPLOYMENT),
            ("clusters/staging/kustomization.yaml", "resources: [web]"),
            ("clusters/staging/web/kustomization.yaml", &*staging),
            ("clusters/staging/web/web.yaml", DEPLOYMENT),
            ("clusters/production/kustomization.yaml", "resources: [web]"),
            ("clusters/production/web/kustomization.yaml", &*production),
            ("clusters/production/web/web.yaml", DEPLOYMENT),
        ];
        assert_eq!(shared(&files, "clusters/production/web/kustomization.yaml"), ["production 9"], "{base}");
        let below = if base == "web.yaml" { "clusters/production/web/web.yaml" } else { "base/web.yaml" };
        assert_eq!(shared(&files, below), [""; 0], "{base}");
    }
}

#[test]
fn what_an_overlay_adds_takes_the_place_of_nothing() {
    let remote = |tag: &str| format!("resources: ['https://github.com/acme/config//web?ref=v{tag}']");
    let (one, other) = (remote("1.0.0"), format!("{}\nbases: [../base]", remote("2.0.0")));
    let files = [("web/base/kustomization.yaml", &*one), (PRODUCTION, &*other)];
    assert_eq!(shared(&files, "web/base/kustomization.yaml"), ["production v1.0.0"]);
}
