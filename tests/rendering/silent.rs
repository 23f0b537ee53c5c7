//! What is not followed or not rendered keeps a run from being whole, each with a word.

use super::support::Folder;
use super::tools::Tools;
use super::{check, deployment, incomplete, json};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
const HERE: &str = "https://github.com/shop/web";

/// A repository with a remote, a chart and a kustomization in which nothing is wrong.
fn repository() -> Folder {
    Folder::of(".git/config", format!("[remote \"origin\"]\n\turl = {HERE}\n"))
        .and(".git/HEAD", "ref: refs/heads/main\n")
        .and("charts/web/Chart.yaml", CHART)
        .and("charts/web/templates/web.yaml", deployment())
        .and("apps/web/kustomization.yaml", "resources: [web.yaml]\n")
        .and("apps/web/web.yaml", deployment())
}

fn application(source: &str) -> String {
    format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n{source}")
}

#[test]
fn each_source_of_an_application_is_followed_or_told() {
    let Some(tools) = Tools::find() else { return };
    let local = format!("{{repoURL: {HERE}, path: apps/web}}");
    let whole = repository().and("argo.yaml", application(&format!("  source: {local}\n")));
    assert_eq!(check(&whole, &tools, &["--rule", "run-as-non-root"]).code, Some(0));
    for (other, told) in [
        (
            "{repoURL: https://charts.example.com, chart: redis, targetRevision: 1.0.0}".to_owned(),
            "deploys the chart redis",
        ),
        ("{repoURL: https://github.com/shop/other, path: apps/web}".to_owned(), "`apps/web` of github.com/shop/other"),
        (
            format!("{{repoURL: {HERE}, path: apps/gone}}"),
            "`apps/gone` of github.com/shop/web, which is not in the input",
        ),
        (format!("{{repoURL: {HERE}, path: apps/web, plugin: {{name: x}}}}"), "a plugin of Argo CD"),
        (format!("{{repoURL: {HERE}, path: apps/web, targetRevision: v1.0.0}}"), "deployed at `v1.0.0`"),
        (
            format!("{{repoURL: {HERE}, path: charts/web, helm: {{fileParameters: [{{name: a, path: b}}]}}}}"),
            "`fileParameters` are not read here",
        ),
        (
            format!("{{repoURL: {HERE}, path: charts/web, helm: {{valueFiles: [gone.yaml]}}}}"),
            "the values file `gone.yaml` is not in the input",
        ),
    ] {
        let sources = format!("  sources:\n  - {local}\n  - {other}\n");
        let folder = repository().and("argo.yaml", application(&sources));
        incomplete(&folder, &tools, told);
        incomplete(&folder, &tools, "argocd app manifests web");
        incomplete(&repository().and("argo.yaml", application(&format!("  source: {other}\n"))), &tools, told);
    }
    let values = format!("  sources:\n  - {local}\n  - {{repoURL: {HERE}, ref: values}}\n");
    let folder = repository().and("argo.yaml", application(&values));
    assert_eq!(check(&folder, &tools, &["--rule", "run-as-non-root"]).code, Some(0), "values alone are no source");
}

#[test]
fn kustomizations_that_refer_to_each_other_in_a_circle_are_told() {
    let Some(tools) = Tools::find() else { return };
    let circle = |folder: Folder| {
        folder.and("a/kustomization.yaml", "resources: [../b]\n").and("b/kustomization.yaml", "resources: [../a]\n")
    };
    for told in ["a/kustomization.yaml", "b/kustomization.yaml", "cycle detected"] {
        incomplete(&circle(repository()), &tools, told);
    }
    let led_to = circle(repository()).and("top/kustomization.yaml", "resources: [../a]\n");
    incomplete(&led_to, &tools, "top/kustomization.yaml");
}

#[test]
fn two_kustomizations_in_one_folder_are_told() {
    let Some(tools) = Tools::find() else { return };
    let folder = repository().and("apps/web/kustomization.yml", "resources: [web.yaml]\nnamespace: shop\n");
    incomplete(&folder, &tools, "apps/web has more than one kustomization");
}

#[test]
fn a_kustomization_with_a_misspelt_kind_is_told() {
    let Some(tools) = Tools::find() else { return };
    let text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: kustomization\nresources: [web.yaml]\n";
    let folder = repository().and("apps/web/kustomization.yaml", text);
    incomplete(&folder, &tools, "kind should be Kustomization or Component");
}

#[test]
fn a_generator_that_is_not_evaluated_is_told() {
    let Some(tools) = Tools::find() else { return };
    let list = "  - list: {elements: [{name: web}]}\n";
    let set = |before: &str, generators: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n{before}  generators:\n{generators}  \
             template:\n    metadata: {{name: web}}\n    spec:\n      source: {{repoURL: {HERE}, path: '{path}'}}\n"
        )
    };
    let whole = repository().and("set.yaml", set("", list, "apps/{{name}}"));
    assert_eq!(check(&whole, &tools, &["--rule", "run-as-non-root"]).code, Some(0));
    let many: String = (0..1_001).map(|number| format!("{{name: a{number}}},")).collect();
    let git = |fields: &str| format!("  - git: {{repoURL: {HERE}, {fields}}}\n");
    for (before, generators, path, told) in [
        ("  templatePatch: 'a: 1'\n", list.to_owned(), "apps/{{name}}", "`templatePatch` is not applied here"),
        ("", "  - list: {elementsYaml: '[]'}\n".to_owned(), "apps/web", "`elementsYaml` is not evaluated here"),
        (
            "",
            "  - list: {elements: [{name: web}], template: {spec: {project: x}}}\n".to_owned(),
            "apps/web",
            "a template of its own",
        ),
        ("", git("directories: [{path: 'apps/{{name}}'}]"), "{{path}}", "the path `apps/{{name}}` of a generator"),
        ("", git("directories: [{path: 'clusters/*'}]"), "{{path}}", "nothing in the input fits the paths"),
        ("", git("revision: v1.0.0, directories: [{path: 'apps/*'}]"), "{{path}}", "another state of this one"),
        ("", format!("  - list: {{elements: [{many}]}}\n"), "apps/web", "more than 1,000 Applications"),
        ("", list.to_owned(), "apps/{{other}}", "`apps/{{other}}` is not evaluated here"),
        ("  goTemplate: true\n", list.to_owned(), "apps/{{ .name | lower }}", "is not evaluated here"),
        (
            "",
            "  - list: {elements: [{name: web}]}\n    selector: {matchExpressions: [{key: a, operator: Exists}]}\n"
                .to_owned(),
            "apps/web",
            "`matchExpressions` of a generator",
        ),
    ] {
        incomplete(&repository().and("set.yaml", set(before, &generators, path)), &tools, told);
    }
}

#[test]
fn what_flux_does_to_a_chart_and_is_not_done_here_is_told() {
    let Some(tools) = Tools::find() else { return };
    let release = |chart: &str, more: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: shop}}\nspec:\n  chart:\n    \
             spec:\n      chart: ./charts/web\n      sourceRef: {{kind: GitRepository, name: flux-system}}\n{chart}{more}"
        )
    };
    let whole = repository().and("release.yaml", release("", ""));
    assert_eq!(check(&whole, &tools, &["--rule", "run-as-non-root"]).code, Some(0));
    let optional = "  valuesFrom: [{kind: ConfigMap, name: gone, optional: true}]\n";
    let whole = repository().and("release.yaml", release("", optional));
    assert_eq!(check(&whole, &tools, &["--rule", "run-as-non-root"]).code, Some(0), "it need not be there");
    let map = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: values, namespace: {namespace}}}\ndata: {{values.yaml: 'a: 1'}}\n"
        )
    };
    for (chart, more, namespace, told) in [
        ("", "  postRenderers: [{kustomize: {}}]\n", "shop", "`postRenderers` are not run here"),
        ("      valuesFiles: [gone.yaml]\n", "", "shop", "the values file `gone.yaml` is not in the input"),
        (
            "",
            "  valuesFrom: [{kind: ConfigMap, name: values, optional: true, targetPath: a.b}]\n",
            "shop",
            "`targetPath` is not read here",
        ),
        (
            "",
            "  valuesFrom: [{kind: ConfigMap, name: values}]\n",
            "other",
            "the values of ConfigMap `values` are not in the input",
        ),
    ] {
        let folder = repository().and("release.yaml", release(chart, more)).and("map.yaml", map(namespace));
        incomplete(&folder, &tools, told);
    }
    let other = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system}\nspec: {url: \
                 'https://github.com/shop/other'}\n";
    let folder = repository().and("release.yaml", release("", "")).and("source.yaml", other);
    incomplete(&folder, &tools, "of github.com/shop/other, which is another repository");
    let tagged = other.replace("'https://github.com/shop/other'", &format!("'{HERE}', ref: {{tag: v1.0.0}}"));
    let folder = repository().and("release.yaml", release("", "")).and("source.yaml", tagged);
    incomplete(&folder, &tools, "is deployed at `v1.0.0`");
}

#[test]
fn a_chart_that_renders_to_nothing_was_not_checked() {
    let Some(tools) = Tools::find() else { return };
    let chart = || {
        Folder::of("web/Chart.yaml", CHART)
            .and("web/templates/web.yaml", format!("{{{{ if .Values.enabled }}}}\n{}{{{{ end }}}}\n", deployment()))
            .and("k8s/web.yaml", deployment())
    };
    incomplete(&chart(), &tools, "the chart renders to nothing with these values");
    let enabled = chart().and("web/values-eu.yaml", "enabled: true\n");
    assert_eq!(
        check(&enabled, &tools, &["--rule", "run-as-non-root"]).code,
        Some(0),
        "another environment has objects"
    );
    let disabled = enabled.and("web/values-us.yaml", "enabled: false\n");
    incomplete(&disabled, &tools, "us: the chart renders to nothing with these values");
    incomplete(&disabled, &tools, "helm template web --values web/values-us.yaml | seaworthy check -");
}

#[test]
fn what_tests_give_a_chart_is_tried_where_nothing_else_renders() {
    let Some(tools) = Tools::find() else { return };
    let bad = deployment().replace("runAsNonRoot: true", "runAsNonRoot: {{ required \"say it\" .Values.nonRoot }}");
    let folder = || Folder::of("web/Chart.yaml", CHART).and("web/templates/web.yaml", bad.clone());
    incomplete(&folder(), &tools, "say it");
    let tried = folder().and("web/ci/all-values.yaml", "nonRoot: true\n");
    assert_eq!(check(&tried, &tools, &["--rule", "run-as-non-root"]).code, Some(0));
    let report = json(&tried.and("web/values-eu.yaml", "nonRoot: true\n"), &tools, &["--rule", "run-as-non-root"]);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.iter().map(|it| &it["object"]["environment"]).collect::<Vec<_>>(), ["eu"], "it has one");
}

#[test]
fn what_a_chart_asks_a_cluster_for_is_told() {
    let Some(tools) = Tools::find() else { return };
    let asked = format!(
        "{}---\n{{{{ if .Capabilities.APIVersions.Has \"monitoring.coreos.com/v1\" }}}}\napiVersion: v1\nkind: \
         ConfigMap\nmetadata: {{name: there}}\n{{{{ end }}}}\n",
        deployment()
    );
    let service = "{{ if .Capabilities.APIVersions.Has \"apiregistration.k8s.io/v1\" }}\napiVersion: v1\nkind: ConfigMap\nmetadata: \
                   {name: always}\n{{ end }}\n";
    let folder = Folder::of("web/Chart.yaml", CHART)
        .and("web/templates/web.yaml", asked)
        .and("web/templates/service.yaml", service);
    let run = check(&folder, &tools, &[]);
    let told = "web/Chart.yaml is rendered as without monitoring.coreos.com/v1; `--api-versions` gives";
    assert!(run.out.contains(told) && run.out.contains(", 2 objects,"), "{}", run.out);
    let run = check(&folder, &tools, &["--api-versions", "monitoring.coreos.com/v1"]);
    assert!(!run.out.contains("is rendered as without") && run.out.contains(", 3 objects,"), "{}", run.out);
}
