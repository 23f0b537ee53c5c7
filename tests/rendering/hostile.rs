//! A stranger's repository: no name is a flag, no link leaves the input, nothing runs that it brings along, and what is
//! not rendered is never green.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::support::Folder;
use super::tools::Tools;
use super::{check, deployment};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";

#[test]
fn names_that_are_flags_run_nothing() {
    let Some(tools) = Tools::find() else { return };
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n  \
                   releaseName: --post-renderer=./after.sh\n  chart:\n    spec:\n      chart: ./charts/web\n      sourceRef: \
                   {kind: GitRepository, name: flux-system}\n";
    let folder = Folder::of("charts/web/Chart.yaml", CHART)
        .and("charts/web/templates/web.yaml", deployment())
        .and("after.sh", "#!/bin/sh\ntouch RAN\ncat\n")
        .and("releases/web.yaml", release)
        .and("kustomization.yaml", "helmCharts:\n- name: web\n  releaseName: --post-renderer=./after.sh\n");
    let script = folder.path().join("after.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = check(&folder, &tools, &[]);
    assert_eq!(run.code, Some(2));
    for place in ["kustomization.yaml:3: ", "releases/web.yaml:5: "] {
        assert!(run.out.contains(place), "{place}: {}", run.out);
    }
    let ran = walkdir::WalkDir::new(folder.path()).into_iter().filter_map(Result::ok).any(|it| it.file_name() == "RAN");
    assert!(!ran);
}

#[test]
fn a_link_out_of_a_chart_is_not_followed() {
    let Some(tools) = Tools::find() else { return };
    let outside = Folder::of("secret.txt", "do-not-read-this");
    let folder = Folder::of("chart/Chart.yaml", CHART)
        .and(
            "chart/templates/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: {{ .Files.Get \"a.txt\" | quote }}\n",
        )
        .and("k8s/web.yaml", deployment());
    symlink(outside.path().join("secret.txt"), folder.path().join("chart/a.txt")).unwrap();
    for format in ["full", "json", "sarif"] {
        let run = check(&folder, &tools, &["--format", format]);
        assert_eq!(run.code, Some(2));
        assert!(run.out.contains("chart/a.txt is a link that leaves the input"), "{}", run.out);
        assert!(!(run.out + &run.err).contains("do-not-read-this"));
    }
    let cached = walkdir::WalkDir::new(folder.path().join(".cache")).into_iter().filter_map(Result::ok);
    let read = cached.filter(|it| it.file_type().is_file()).map(|it| std::fs::read(it.path()).unwrap_or_default());
    assert!(read.into_iter().all(|bytes| !String::from_utf8_lossy(&bytes).contains("do-not-read-this")));
}

#[test]
fn a_generator_renders_no_chart_outside_of_the_input() {
    let Some(tools) = Tools::find() else { return };
    let template =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: {{ .Files.Get \"secret.txt\" | quote }}\n";
    let outside = Folder::of("web/Chart.yaml", CHART)
        .and("web/templates/a.yaml", template)
        .and("web/secret.txt", "do-not-read-this")
        .and("web/values.yaml", "a: 1\n")
        .and("values.yaml", "a: do-not-read-this\n");
    let home = std::fs::canonicalize(outside.path()).unwrap();
    let generator = |more: &str| {
        format!(
            "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {{name: g}}\nname: web\nreleaseName: web\n{more}"
        )
    };
    let chart = generator(&format!("chartHome: {}\nvaluesFile: v.yaml\n", home.display()));
    let values = generator(&format!("additionalValuesFiles: [{}/values.yaml]\n", home.display()));
    for (generator, told) in [(chart, "leaves the input"), (values, "is not in or below")] {
        let own = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {b: '{{ .Values.a }}'}\n";
        let folder = Folder::of("charts/web/Chart.yaml", CHART)
            .and("charts/web/templates/web.yaml", own)
            .and("charts/web/values.yaml", "a: 1\n")
            .and("v.yaml", "a: 1\n")
            .and("gen.yaml", generator.clone())
            .and("kustomization.yaml", "helmCharts:\n- {name: web, releaseName: own}\ngenerators: [gen.yaml]\nconfigMapGenerator: [{name: c, files: [v.yaml]}]\n");
        let run = check(&folder, &tools, &["--format", "json"]);
        assert_eq!(run.code, Some(2), "{generator}: {}", run.out);
        assert!(run.out.contains(told) && !run.out.contains("do-not-read-this"), "{}", run.out);
        let cached = walkdir::WalkDir::new(folder.path().join(".cache")).into_iter().filter_map(Result::ok);
        let mut cached = cached.filter(|it| it.file_type().is_file()).map(|it| std::fs::read(it.path()).unwrap());
        assert!(cached.all(|bytes| !String::from_utf8_lossy(&bytes).contains("do-not-read-this")));
    }
}

#[test]
fn what_fails_or_cannot_be_had_is_told_and_the_others_go_on() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("broken/Chart.yaml", CHART)
        .and("broken/templates/a.yaml", "{{ required \"set the host\" .Values.host }}\n")
        .and(
            "lacks/Chart.yaml",
            format!("{CHART}dependencies:\n- name: redis\n  version: 1.0.0\n  repository: https://example.com\n"),
        )
        .and("lacks/templates/a.yaml", "kind: {{ .Values.kind }}\n")
        .and("remote/kustomization.yaml", "resources: ['https://example.com/a.yaml']\n")
        .and("good/kustomization.yaml", "resources: [web.yaml]\n")
        .and("good/web.yaml", deployment().replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"));
    let run = check(&folder, &tools, &["--rule", "read-only-root-filesystem"]);
    assert_eq!(run.code, Some(2));
    for told in [
        "broken/Chart.yaml:1: ",
        "set the host",
        "lacks/Chart.yaml:1: ",
        "helm dependency build lacks",
        "remote/kustomization.yaml:1: ",
        "--allow-network",
        "good/web.yaml:19:",
    ] {
        assert!(run.out.contains(told), "{told}: {}", run.out);
    }
}

#[test]
fn without_the_tools_nothing_is_green() {
    let chart = Folder::of("chart/Chart.yaml", CHART).and("chart/templates/web.yaml", deployment());
    let run = check(&chart, &Tools::none(), &[]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("helm is not installed") && run.out.contains("helm.sh/helm/v3/cmd/helm"), "{}", run.out);
    assert!(run.out.contains("where it is installed: helm template chart | seaworthy check -"), "{}", run.out);
    let template = deployment().replacen("name: web", "name: {{ .Release.Name }}", 1);
    let chart = chart.and("chart/templates/web.yaml", template);
    let never = check(&chart, &Tools::none(), &["--render", "never"]);
    assert!(never.code == Some(2) && never.out.contains("nothing is rendered: `--render never`"), "{}", never.out);
    let configured = chart.and("seaworthy.yaml", "rendering: {enabled: false}\n");
    let never = check(&configured, &Tools::none(), &[]);
    let cause = "nothing is rendered: `rendering.enabled` is false in seaworthy.yaml";
    assert!(never.code == Some(2) && never.out.contains(cause), "{}", never.out);
    let kustomization =
        Folder::of("k8s/kustomization.yaml", "resources: [web.yaml]\n").and("k8s/web.yaml", deployment());
    let run = check(&kustomization, &Tools::none(), &["--rule", "run-as-non-root"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.out.contains("kustomize is not installed"), "{}", run.out);
    assert_eq!(
        check(&kustomization, &Tools::none(), &["--rule", "run-as-non-root", "--render", "never"]).code,
        Some(0)
    );
}
