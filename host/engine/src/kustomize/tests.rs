//! What counts as a patch, and what only says so.

use crate::file::File;
use crate::input::{Input, Skip};
use crate::manifest::{Limits, read};

pub(crate) fn input(files: &[(&str, &str)]) -> Input {
    let file = |(name, text): &(&str, &str)| File {
        manifest: read(name, text.as_bytes().to_vec(), &Limits::default()),
        project: 0,
    };
    Input::new(files.iter().map(file).collect())
}

#[test]
fn what_stands_in_a_kustomizations_file_is_one_without_saying_so() {
    let kinds = |name: &str, text: &str| -> Vec<String> {
        let input = input(&[(name, text)]);
        assert!(input.files().iter().all(|file| file.manifest.problems.is_empty()), "{text}");
        input.subjects().map(|it| format!("{} {}", it.object.api_version, it.object.kind)).collect()
    };
    let (own, component) =
        ("kustomize.config.k8s.io/v1beta1 Kustomization", "kustomize.config.k8s.io/v1alpha1 Component");
    for (text, expected) in [
        ("resources: []\n", own),
        ("---\n# c\n---\nresources: []\n", own),
        ("{\"resources\": []}", own),
        ("kind: Kustomization\n", own),
        ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind:\nresources: []\n", own),
        ("apiVersion: kustomize.config.k8s.io/v1alpha1\n", "kustomize.config.k8s.io/v1alpha1 Kustomization"),
        ("kind: Component\napiVersion: ''\n", component),
    ] {
        for name in ["kustomization.yaml", "a/kustomization.yml", "a/b/Kustomization"] {
            assert_eq!(kinds(name, text), [expected], "{name}: {text}");
        }
        let second = format!("a: 1\n---\n{text}");
        assert_eq!(kinds("kustomization.yaml", &second).get(1), None, "kustomize reads the first document: {text}");
    }
    for text in ["kind: Widget\n", "apiVersion: example.com/v1\n", "Kind: Kustomization\n", "[1]\n", "kind: 5\n"] {
        assert_eq!(kinds("kustomization.yaml", text), [""; 0], "{text}");
    }
    for name in ["other.yaml", "Kustomization.yaml", "kustomization.json", "kustomization.yaml/a.yaml"] {
        assert_eq!(kinds(name, "resources: []\n"), [""; 0], "{name}");
    }
}

#[test]
fn patches_of_a_kustomization_that_cannot_be_read_are_no_objects() {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n";
    for text in [
        "resources: [web.yaml\npatches:\n- path: patch.yaml\n",
        "resources: [web.yaml\npatches: [{path: \"./patch.yaml\"}]\n",
        "a: [\npatchesStrategicMerge:\n  - patch.yaml\nresources:\n- web.yaml\n",
    ] {
        let input = input(&[("a/kustomization.yaml", text), ("a/web.yaml", web), ("a/patch.yaml", web)]);
        let names: Vec<&str> = input.subjects().map(|it| input.file(it.file).unwrap().manifest.name.as_str()).collect();
        assert_eq!(names, ["a/web.yaml"], "{text}");
        assert!(!input.files()[0].manifest.problems.is_empty(), "the run is not green");
    }
}

#[test]
fn what_kustomizations_add_is_known_of_what_they_build() {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonLabels: {team: a}\n";
    let input = input(&[
        ("a/kustomization.yaml", "resources: [web.yaml]\ncomponents: [../c]\nlabels: [{pairs: {app: web}}]\n"),
        ("c/kustomization.yaml", component),
        ("a/web.yaml", "apiVersion: v1\nkind: Pod\n"),
        ("b/kustomization.yaml", "resources: [web.yaml]\nlabels: [{pairs: {app: web}, includeTemplates: true}]\n"),
        ("b/web.yaml", "apiVersion: v1\nkind: Pod\n"),
        ("d.yaml", "apiVersion: v1\nkind: Pod\n"),
    ]);
    let (selector, label, of_template) = (
        "$['spec']['selector']",
        "$['metadata']['labels']['app']",
        "$['spec']['template']['metadata']['labels']['app']",
    );
    let covered = |name: &str, path: &str| {
        let mut subjects = input.subjects();
        let subject = subjects.find(|it| input.file(it.file).unwrap().manifest.name == name).unwrap();
        input.added_to(subject).is_some_and(|added| added.covers(path))
    };
    let of = |name: &str| [selector, label, of_template].map(|path| covered(name, path));
    assert_eq!(of("a/web.yaml"), [true, true, false]);
    assert!(covered("a/web.yaml", "$['spec']['template']['metadata']['labels']['team']"));
    assert_eq!(of("b/web.yaml"), [false, true, true]);
    assert_eq!(of("d.yaml"), [false; 3]);
}

#[test]
fn what_a_kustomization_leaves_out_stands_nowhere_in_its_text() {
    let input = input(&[("kustomization.yaml", "# c\nresources:\n- a.yaml\nnamespace: b\n")]);
    let (file, subject) = (input.file(0).unwrap(), input.subjects().next().unwrap());
    let place = |path: &str| {
        let span = subject.object.node.locate(&protocol::path::parse(path).unwrap());
        (file.manifest.source.position(span.start).line, file.manifest.source.slice(span))
    };
    assert_eq!(place("$"), (2, "resources".into()));
    assert_eq!(place("$['namespace']"), (4, "b".into()));
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";
const BASE: (&str, &str) = ("base/kustomization.yaml", "resources: [web.yaml]\n");
const WEB: (&str, &str) = ("base/web.yaml", DEPLOYMENT);

/// The files of the objects that stand for themselves, kustomizations left out.
fn judged(files: &[(&str, &str)]) -> Vec<String> {
    let input = input(files);
    let subjects = input.subjects().filter(|it| it.object.kind != "Kustomization" && it.object.kind != "Component");
    subjects.filter_map(|it| Some(input.file(it.file)?.manifest.name.clone())).collect()
}

/// Whether `over/patch.yaml`, listed by the kustomization in `over/`, is judged as an object.
fn is_object(kustomization: &str, patch: &str) -> bool {
    let files = [BASE, WEB, ("over/kustomization.yaml", kustomization), ("over/patch.yaml", patch)];
    judged(&files).contains(&"over/patch.yaml".to_owned())
}

#[test]
fn a_patch_is_no_object_however_it_is_listed() {
    for key in ["patchesStrategicMerge: [patch.yaml]", "patches: [{path: ./patch.yaml}]", "patches: [patch.yaml]"] {
        assert!(!is_object(&format!("resources: [../base]\n{key}\n"), DEPLOYMENT), "{key}");
        assert!(!is_object(&format!("bases: [../base]\n{key}\n"), DEPLOYMENT), "{key}");
    }
    let operations = "resources: [../base]\npatchesJson6902: [{path: patch.yaml, target: {kind: Deployment}}]\n";
    let files = [BASE, WEB, ("over/kustomization.yaml", operations), ("over/patch.yaml", "- {op: remove, path: /a}\n")];
    let input = input(&files);
    let patch = Skip::Patch("over/kustomization.yaml".into());
    assert!(input.skipped().any(|skipped| skipped.file == 3 && skipped.reason == patch));
}

#[test]
fn a_resource_is_an_object_whoever_lists_it_as_a_patch() {
    let listed = ("a/kustomization.yaml", "resources: [../base]\npatches: [{path: x/web.yaml}]\n");
    let (web, other) = (("a/x/web.yaml", DEPLOYMENT), ("b/kustomization.yaml", "resources: [../a/x/web.yaml]\n"));
    assert_eq!(judged(&[BASE, WEB, listed, web]), ["base/web.yaml"]);
    assert_eq!(judged(&[BASE, WEB, listed, web, other]), ["base/web.yaml", "a/x/web.yaml"]);
}

#[test]
fn only_a_kustomization_by_its_name_and_group_lists_patches() {
    let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
                         resources: [../base]\npatches: [{path: patch.yaml}]\n";
    let of = |name: &str, text: &str| judged(&[BASE, WEB, (name, text), ("over/patch.yaml", DEPLOYMENT)]).len() == 1;
    for name in ["over/kustomization.yaml", "over/kustomization.yml", "over/Kustomization"] {
        assert!(of(name, kustomization), "{name}");
    }
    for name in ["over/other.yaml", "over/Kustomization.yaml", "kustomization.yaml"] {
        assert!(!of(name, kustomization), "{name}");
    }
    for (from, to) in [
        ("kustomize.config.k8s.io/v1beta1", "kustomize.toolkit.fluxcd.io/v1"),
        ("kustomize.config.k8s.io/v1beta1", "example.com/v1"),
        ("kind: Kustomization", "kind: Widget"),
    ] {
        assert!(!of("over/kustomization.yaml", &kustomization.replace(from, to)), "{to}");
    }
    let second = format!("apiVersion: v1\nkind: ConfigMap\n---\n{kustomization}");
    assert!(!of("over/kustomization.yaml", &second), "kustomize reads the first document");
}

#[test]
fn a_patch_lies_in_the_folder_of_its_kustomization() {
    let kustomization = ("over/kustomization.yaml", "resources: [../base]\npatches: [{path: ../prod/web.yaml}]\n");
    let files = [BASE, WEB, kustomization, ("prod/web.yaml", DEPLOYMENT)];
    assert_eq!(judged(&files), ["base/web.yaml", "prod/web.yaml"]);
}

#[test]
fn what_patches_nothing_that_the_build_holds_is_an_object() {
    let miner = "apiVersion: v1\nkind: Pod\nmetadata: {name: miner}\n";
    let plain = "resources: [../base]\npatches: [{path: patch.yaml}]\n";
    assert!(is_object(plain, miner));
    assert!(is_object(plain, "apiVersion: apps/v1\nkind: Deployment\n"), "it names nothing");
    assert!(is_object(plain, "apiVersion: example.com/v1\nkind: Deployment\nmetadata: {name: web}\n"));
    assert!(is_object("patches: [{path: patch.yaml}]\n", DEPLOYMENT), "another build holds it");
    let both = format!("{DEPLOYMENT}---\n{miner}");
    let files = [BASE, WEB, ("over/kustomization.yaml", plain), ("over/patch.yaml", both.as_str())];
    let found: Vec<_> = input(&files).subjects().map(|it| (it.file, it.document)).collect();
    assert_eq!(found, [(0, 0), (1, 0), (2, 0), (3, 1)]);
}

#[test]
fn where_the_base_is_not_known_what_is_listed_is_a_patch() {
    let miner = "apiVersion: v1\nkind: Pod\nmetadata: {name: miner}\n";
    for base in [
        "resources: ['https://example.com/a?ref=v1']",
        "resources: [../gone]",
        "resources: [../base, gone.yaml]",
        "helmCharts: [{name: a}]",
    ] {
        let kustomization = format!("{base}\npatches: [{{path: patch.yaml}}]\n");
        assert!(!is_object(&kustomization, miner), "{base}");
        let files = [BASE, WEB, ("over/kustomization.yaml", kustomization.as_str()), ("over/patch.yaml", miner)];
        assert_eq!(input(&files).unchecked().len(), 1, "and the run is incomplete: {base}");
    }
    let broken = [("base/kustomization.yaml", "resources: [web.yaml]\n"), ("base/web.yaml", "a: [\n")];
    let over =
        [("over/kustomization.yaml", "resources: [../base]\npatches: [{path: a.yaml}]\n"), ("over/a.yaml", miner)];
    assert_eq!(judged(&[broken, over].concat()), [""; 0]);
}

#[test]
fn a_component_patches_what_those_hold_that_include_it() {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: patch.yaml}]\n";
    let alone = [("c/kustomization.yaml", component), ("c/patch.yaml", DEPLOYMENT)];
    assert_eq!(judged(&alone), [""; 0], "it is not known what it patches");
    assert_eq!(input(&alone).unchecked().len(), 1);
    let used = ("over/kustomization.yaml", "resources: [../base]\ncomponents: [../c]\n");
    let files = [&[BASE, WEB, used][..], &alone].concat();
    assert_eq!((judged(&files), input(&files).unchecked().len()), (vec!["base/web.yaml".to_owned()], 0));
    let other = ("over/kustomization.yaml", "components: [../c]\n");
    let files = [&[BASE, WEB, other][..], &alone].concat();
    assert_eq!(judged(&files), ["base/web.yaml", "c/patch.yaml"]);
}

#[test]
fn a_target_says_what_is_patched() {
    let over = |target: &str| format!("resources: [../base]\npatches: [{{path: patch.yaml, target: {target}}}]\n");
    let any = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: any}\n";
    assert!(!is_object(&over("{kind: Deployment}"), any));
    assert!(!is_object(&over("{group: apps, kind: Deployment, name: 'w.*'}"), any));
    assert!(!is_object(&over("{labelSelector: app=web}"), any));
    assert!(is_object(&over("{kind: Deployment, name: other}"), any), "no object has that name");
    assert!(is_object(&over("{kind: StatefulSet}"), any));
    let daemon = any.replace("Deployment", "DaemonSet");
    assert!(is_object(&over("{kind: Deployment}"), &daemon), "it is no fragment of one");
    let two = format!("{any}---\n{any}");
    assert!(is_object(&over("{kind: Deployment}"), &two), "kustomize takes one patch with a target");
}

#[test]
fn a_patch_with_a_target_needs_no_version_that_a_cluster_knows() {
    let over =
        "resources: [../base]\npatches: [{path: patch.yaml, target: {group: apps, kind: Deployment, name: web}}]\n";
    let loose = "apiVersion: apps\nkind: Deployment\nmetadata: {name: web}\n";
    let problems = |kustomization: &str, patch: &str| {
        let files = [BASE, WEB, ("over/kustomization.yaml", kustomization), ("over/patch.yaml", patch)];
        let input = input(&files);
        input.files().iter().map(|file| file.manifest.problems.len()).sum::<usize>()
    };
    assert_eq!(problems(over, loose), 0);
    assert_eq!(problems("resources: [../base]\npatches: [{path: patch.yaml}]\n", loose), 1, "nothing says what it is");
    assert_eq!(problems(&over.replace("name: web", "name: gone"), loose), 1);
    assert_eq!(problems(over, &format!("{loose}a: [\n")), 1, "what is no YAML patches nothing");
}

#[test]
fn a_patch_may_know_an_object_by_the_name_that_the_build_gave_it() {
    let over = "resources: [../base]\npatches: [{path: patch.yaml}]\n";
    let named = ("base/kustomization.yaml", "resources: [web.yaml]\nnamePrefix: shop-\nnameSuffix: -v2\n");
    let is_object = |name: &str| {
        let patch = DEPLOYMENT.replace("web", name);
        let files = [named, WEB, ("over/kustomization.yaml", over), ("over/patch.yaml", patch.as_str())];
        judged(&files).len() == 2
    };
    assert!(!is_object("shop-web-v2") && !is_object("web"));
    assert!(is_object("shop-miner-v2") && is_object("shop--v2"));
}

#[test]
fn generated_objects_are_patched_too() {
    let over = "configMapGenerator: [{name: settings}]\npatches: [{path: patch.yaml}]\n";
    assert!(!is_object(over, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"));
    assert!(is_object(over, "apiVersion: v1\nkind: Secret\nmetadata: {name: settings}\n"));
}

#[test]
fn settings_of_a_build_are_no_objects_but_a_workload_is_one() {
    for key in ["transformers: [patch.yaml]", "generators: [patch.yaml]", "replacements: [{path: patch.yaml}]"] {
        let over = format!("resources: [../base]\n{key}\n");
        assert!(
            !is_object(&over, "apiVersion: builtin\nkind: PrefixSuffixTransformer\nmetadata: {name: a}\n"),
            "{key}"
        );
        assert!(!is_object(&over, "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\n"), "{key}");
        assert!(is_object(&over, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"), "{key}");
        assert!(is_object(&over, "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n"), "{key}");
        assert!(is_object(&over, "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n"), "{key}");
    }
}

#[test]
fn builds_that_refer_to_each_other_without_end_are_ended() {
    let (one, other) = ("resources: [../b]\npatches: [{path: patch.yaml}]\n", "resources: [../a]\n");
    let files = [("a/kustomization.yaml", one), ("b/kustomization.yaml", other), ("a/patch.yaml", DEPLOYMENT)];
    assert_eq!(judged(&files), ["a/patch.yaml"]);
    // A chain so long that not all builds are followed to its end.
    let names: Vec<String> = (0..2_000).map(|index| format!("k{index}/kustomization.yaml")).collect();
    let texts: Vec<String> = (0..2_000)
        .map(|index| format!("resources: [../k{}]\npatches: [{{path: p.yaml}}]\n", (index + 1) % 2_000))
        .collect();
    let patches: Vec<String> = (0..2_000).map(|index| format!("k{index}/p.yaml")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().zip(&texts).map(|(name, text)| (&**name, &**text)).collect();
    files.extend(patches.iter().map(|name| (&**name, DEPLOYMENT)));
    let input = input(&files);
    let (judged, unchecked) = (input.subjects().count() - 2_000, input.unchecked().len());
    assert!(judged > 100 && unchecked > 1_000 && judged + unchecked >= 2_000, "{judged} {unchecked}");
}
