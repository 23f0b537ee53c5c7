use crate::input::{Input, Skip};
use crate::kustomize::tests::input;
use crate::question::{Completeness, Question};

/// What is not checked, a line each: the file, how many, why, and the command.
fn unchecked(files: &[(&str, &str)]) -> Vec<String> {
    let input = input(files);
    let told = input.unchecked().iter().map(|it| {
        let name = input.file(it.file).map_or("", |file| &file.manifest.name);
        let command = it.command().unwrap_or_default();
        format!("{name}:{} {} {it}; {}", it.line, it.files, command.trim_end_matches(" | seaworthy check -"))
    });
    told.collect()
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";
const TEMPLATE: &str = "{{ if .Values.on }}\napiVersion: v1\nkind: Pod\n{{ end }}\n";
const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

#[test]
fn a_chart_is_told_once_with_its_templates() {
    let files = [
        ("charts/web/Chart.yaml", CHART),
        ("charts/web/templates/a.yaml", TEMPLATE),
        ("charts/web/templates/deep/b.yaml", TEMPLATE),
        ("charts/web/charts/db/Chart.yaml", CHART),
        ("charts/web/charts/db/templates/c.yaml", TEMPLATE),
        ("pod.yaml", POD),
    ];
    let told = ["charts/web/Chart.yaml:1 3 a Helm chart: 3 templates are not rendered; helm template charts/web"];
    assert_eq!(unchecked(&files), told);
    let plain = [("c/Chart.yaml", CHART), ("c/templates/pod.yaml", POD)];
    assert_eq!(unchecked(&plain), [""; 0], "what is no template is checked");
    let library = [("c/Chart.yaml", "name: c\ntype: library\n"), ("c/templates/a.yaml", TEMPLATE)];
    assert_eq!(unchecked(&library), [""; 0], "a library deploys nothing");
    let umbrella = [("Chart.yaml", "name: c\ndependencies: [{name: redis}]\n")];
    assert_eq!(unchecked(&umbrella), ["Chart.yaml:1 1 a Helm chart that deploys another chart; helm template ."]);
    let beside = [("a/Chart.yaml", CHART), ("b/templates/a.yaml", TEMPLATE)];
    let told = ["b/templates/a.yaml:1 1 a template: it is no manifest until it is rendered; "];
    assert_eq!(unchecked(&beside), told);
}

#[test]
fn a_kustomization_is_told_for_what_is_not_in_the_input() {
    let remote = "resources:\n- https://me:secret@example.com/a?ref=v1\n- here.yaml\n- ../gone\n";
    let files = [("k/kustomization.yaml", remote), ("k/here.yaml", POD)];
    let remote = "the kustomization builds on `https://example.com/a?ref=v1`, which is in another repository";
    let gone = "the kustomization builds on `../gone`, which is not in the input";
    let told = [
        format!("k/kustomization.yaml:2 1 {remote}; kustomize build k"),
        format!("k/kustomization.yaml:4 1 {gone}; kustomize build k"),
    ];
    assert_eq!(unchecked(&files), told);
    let whole = [("k/kustomization.yaml", "resources: [here.yaml]\n"), ("k/here.yaml", POD)];
    assert_eq!(unchecked(&whole), [""; 0]);
    for maker in ["helmCharts: [{name: a}]", "generators: [a.yaml]"] {
        let told = unchecked(&[("kustomization.yaml", maker)]);
        assert!(
            told.len() == 1
                && told
                    .iter()
                    .all(|it| it.ends_with("; kustomize build --enable-helm .") || it.ends_with("; kustomize build .")),
            "{told:?}"
        );
    }
    let hostile = [("-x/'; rm -rf/kustomization.yaml", "resources: [gone]\n")];
    let told = unchecked(&hostile);
    assert!(told.iter().all(|it| it.ends_with("; kustomize build './-x/'\\''; rm -rf'")), "{told:?}");
}

#[test]
fn a_controller_deploys_what_is_not_in_the_input() {
    let object = |api_version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web}}\nspec: {spec}\n")
    };
    let app = |spec: &str| object("argoproj.io/v1alpha1", "Application", spec);
    let flux = |spec: &str| object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", spec);
    let release = |spec: &str| object("helm.toolkit.fluxcd.io/v2", "HelmRelease", spec);
    let set = |generators: &str, path: &str| {
        let spec =
            format!("{{generators: {generators}, template: {{spec: {{source: {{repoURL: r, path: '{path}'}}}}}}}}");
        object("argoproj.io/v1alpha1", "ApplicationSet", &spec)
    };
    for (object, is_unchecked) in [
        (app("{source: {repoURL: 'https://charts', chart: redis}}"), true),
        (app("{source: {repoURL: r, path: apps/web}}"), false),
        (app("{source: {repoURL: r, path: ./apps/web/}}"), false),
        (app("{source: {repoURL: r, path: apps/web, plugin: {name: p}}}"), true),
        (app("{source: {repoURL: r, path: web}}"), false),
        (app("{source: {repoURL: r, path: eb}}"), true),
        (app("{source: {repoURL: r, path: .}}"), true),
        (app("{sources: [{repoURL: r, path: apps/web}, {repoURL: r, ref: values}]}"), false),
        (app("{sources: [{repoURL: r, path: apps/web}, {repoURL: r, chart: redis}]}"), true),
        (set("[{git: {directories: [{path: apps/*}]}}]", "{{path}}"), false),
        (set("[{matrix: {generators: [{git: {directories: [{path: gone/*}]}}]}}]", "{{.path.path}}"), true),
        (set("[{list: {elements: [{a: b}]}}]", "apps/{{a}}"), false),
        (set("[{list: {elements: [{a: b}]}}]", "{{a}}"), true),
        (set("[{list: {elements: [{a: apps/web}, {a: b}]}}]", "{{a}}"), true),
        (set("[{list: {elements: [{a: apps/web}, {b: c}]}}]", "{{ .a }}"), false),
        (set("[{merge: {generators: [{list: {elements: [{a: apps}]}}]}}]", "{{a}}/web"), false),
        (set("[{list: {elements: [{a: apps}]}}]", "{{a}}-web"), true),
        (flux("{path: ./apps/web, sourceRef: {kind: GitRepository, name: flux-system}}"), false),
        (flux("{path: ./, sourceRef: {kind: GitRepository, name: flux-system}}"), false),
        (flux("{path: ./, sourceRef: {kind: GitRepository, name: podinfo}}"), true),
        (flux("{path: ./apps/web, sourceRef: {kind: OCIRepository, name: a}}"), true),
        (release("{chart: {spec: {chart: redis, sourceRef: {kind: HelmRepository, name: a}}}}"), true),
        (release("{chart: {spec: {chart: ./apps/web, sourceRef: {kind: GitRepository, name: a}}}}"), false),
        (release("{chartRef: {kind: OCIRepository, name: a}}"), true),
        (object("helm.cattle.io/v1", "HelmChart", "{chart: traefik}"), true),
        (object("example.com/v1", "Application", "{source: {chart: redis}}"), false),
    ] {
        let told = unchecked(&[("app.yaml", &object), ("repo/apps/web/pod.yaml", POD)]);
        assert_eq!(told.len(), usize::from(is_unchecked), "{object}{told:?}");
    }
    let template = "apiVersion: template.openshift.io/v1\nkind: Template\nobjects: [{kind: Pod}]\n";
    assert_eq!(unchecked(&[("t.yaml", template)]).len(), 1);
    assert_eq!(unchecked(&[("helmfile.yaml", "releases: [{name: a}]\n")]).len(), 1);
}

/// The files whose objects see a part of the world alone.
fn partial<'a>(files: &[(&'a str, &str)]) -> Vec<&'a str> {
    let input = input(files);
    for completeness in [Completeness::Partial, Completeness::Admission] {
        assert!(input.subjects().all(|it| Question::of(&input, it, completeness).completeness == completeness));
    }
    let completeness = |subject| Question::of(&input, subject, Completeness::Complete).completeness;
    let partial = input.subjects().filter(|subject| completeness(*subject) == Completeness::Partial);
    partial.filter_map(|subject| Some(files.get(subject.file)?.0)).filter(|name| !name.contains("kustom")).collect()
}

#[test]
fn beside_what_is_not_here_nothing_can_be_called_missing() {
    let pods = [("a/pod.yaml", POD), ("a/beside.yaml", POD), ("base/pod.yaml", POD), ("b/pod.yaml", POD)];
    let base = ("base/kustomization.yaml", "resources: [pod.yaml]\n");
    let with = |a: &str, base: (&'static str, &'static str)| {
        let b = ("b/kustomization.yaml", "resources: [pod.yaml]\n");
        partial(&[&pods[..], &[("a/kustomization.yaml", a), base, b]].concat())
    };
    assert_eq!(with("resources: [pod.yaml, ../base]\n", base), [""; 0], "all is here");
    let built = ["a/pod.yaml", "a/beside.yaml", "base/pod.yaml"];
    for unseen in [
        "resources: [pod.yaml, ../base, ../gone]\n",
        "resources: [pod.yaml, ../base, 'https://example.com/a?ref=v1']\n",
        "resources: [pod.yaml, ../base]\nhelmCharts: [{name: a}]\n",
        "resources: [pod.yaml]\ncomponents: [../base, ../gone]\n",
    ] {
        assert_eq!(with(unseen, base), built, "{unseen}");
    }
    // What a base lacks, its overlays lack too; and an overlay's is the base's, which is not deployed alone.
    let lacking = ("base/kustomization.yaml", "resources: [pod.yaml, gone.yaml]\n");
    assert_eq!(with("resources: [pod.yaml, ../base]\n", lacking), built);
    assert_eq!(with("resources: [pod.yaml]\n", lacking), ["base/pod.yaml"]);
    let patched = "kind: Component\nresources: [pod.yaml]\npatches: [{path: patch.yaml}]\n";
    let patch = POD.replace("web", "db");
    let files = [("c/kustomization.yaml", patched), ("c/pod.yaml", POD), ("c/patch.yaml", patch.as_str())];
    assert_eq!(partial(&files), ["c/pod.yaml"], "who includes a Component may bring anything");
    let circle = [("a/kustomization.yaml", "resources: [../a, gone.yaml]\n"), ("a/pod.yaml", POD)];
    assert_eq!(partial(&circle), ["a/pod.yaml"]);
}

#[test]
fn what_a_chart_deploys_is_beside_its_templates() {
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/templates/web.yaml", TEMPLATE),
        ("c/templates/plain.yaml", POD),
        ("c/charts/db/Chart.yaml", CHART),
        ("c/charts/db/templates/pod.yaml", POD),
        ("c/pod.yaml", POD),
        ("c/templates-of-others/pod.yaml", POD),
    ];
    assert_eq!(partial(&files), ["c/templates/plain.yaml", "c/charts/db/templates/pod.yaml"]);
    assert_eq!(partial(&[("c/Chart.yaml", CHART), ("c/templates/pod.yaml", POD)]), [""; 0], "all is here");
    let top = [("Chart.yaml", "name: c\ndependencies: [{name: a}]\n"), ("templates/a.yaml", POD), ("b.yaml", POD)];
    assert_eq!(partial(&top), ["templates/a.yaml"]);
}

#[test]
fn known_files_are_skipped_and_nobody_misses_them() {
    let files = [
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", "a: 1\n"),
        ("c/values-production.yaml", "a: 1\n"),
        ("c/ci/minimal-values.yaml", "a: 1\n"),
        ("other.yaml", "a: 1\n"),
        ("list/values.yaml", "[1]\n"),
    ];
    let input: Input = input(&files);
    let known = |skip: &Skip| matches!(skip, Skip::Known(_));
    let all: Vec<bool> = input.skipped().map(|skipped| known(&skipped.reason)).collect();
    assert_eq!(all, [true, true, true, true, false, false]);
    assert_eq!(crate::kustomize::tests::input(&[("k/kustomization.yaml", "resources: []\n")]).skipped().count(), 0);
}
