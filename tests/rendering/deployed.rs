//! What Argo CD and Flux deploy, wherever the objects come from that say so.

use super::support::Folder;
use super::tools::Tools;
use super::{check, deployment, failing_in, failures, incomplete, json};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
const RULE: &str = "run-as-non-root";

fn bad() -> String {
    deployment().replace("runAsNonRoot: true", "runAsNonRoot: false")
}

fn flux(fields: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: web}}\nspec:\n  sourceRef: {{kind: \
         GitRepository, name: flux-system}}\n{fields}"
    )
}

const OPERATION: &str = "    - op: replace\n      path: /spec/template/spec/containers/0/securityContext/runAsNonRoot\n      value: false\n";

#[test]
fn components_are_built_where_they_lie() {
    let Some(tools) = Tools::find() else { return };
    let component = format!(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- target: {{kind: Deployment}}\n  patch: |-\n{OPERATION}"
    );
    let folder = || {
        Folder::of("apps/web/kustomization.yaml", "namePrefix: base-\nresources: [web.yaml]\n")
            .and("apps/web/web.yaml", deployment())
            .and("components/root/kustomization.yaml", component.clone())
    };
    let flux = flux("  path: ./apps/web\n  namePrefix: eu-\n  components: [../../components/root]\n");
    let by_flux = folder().and("clusters/eu.yaml", flux);
    let expected = [("web".to_owned(), "components/root/kustomization.yaml".to_owned(), 8, true)];
    assert_eq!(failures(&by_flux, &tools, RULE), expected);
    let report = json(&by_flux, &tools, &["--rule", RULE]);
    assert_eq!(report["results"][0]["object"]["name"], "eu-web", "Flux writes over what stands there");
    let argo = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  source:\n    path: apps/web\n    \
                kustomize: {components: [../../components/root, ../gone], ignoreMissingComponents: true}\n";
    assert_eq!(failures(&folder().and("argo.yaml", argo), &tools, RULE), expected);
}

#[test]
fn flux_builds_a_folder_without_a_kustomization() {
    let Some(tools) = Tools::find() else { return };
    let patched = flux(&format!(
        "  path: ./apps/web\n  targetNamespace: shop\n  postBuild: {{substitute: {{tag: latest}}}}\n  patches:\n  - target: {{kind: \
         Deployment}}\n    patch: |-\n  {}",
        OPERATION.replace("\n    ", "\n      ")
    ));
    let folder = Folder::of("apps/web/web.yaml", deployment().replace("1.4.2", "${tag}"))
        .and("apps/web/more/kustomization.yaml", "resources: [api.yaml]\n")
        .and("apps/web/more/api.yaml", deployment().replace("name: web", "name: api"))
        .and("apps/web/notes.yaml", "no: object\n")
        .and("clusters/eu.yaml", patched);
    assert_eq!(failing_in(&folder, &tools, RULE), ["web", "web"]);
    let report = json(&folder, &tools, &["--rule", "immutable-image-tag"]);
    let results = report["results"].as_array().unwrap();
    let namespaces: Vec<_> = results.iter().map(|it| &it["object"]["namespace"]).collect();
    assert_eq!(namespaces, ["shop", "shop"]);
    let tags = failures(&folder, &tools, "immutable-image-tag");
    assert_eq!(tags.len(), 1, "the variable is filled in: {tags:?}");
}

#[test]
fn flux_without_a_path_builds_the_root() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("kustomization.yaml", "resources: [web.yaml, sync.yaml]\n")
        .and("web.yaml", bad())
        .and("sync.yaml", flux("  targetNamespace: shop\n"));
    let report = json(&folder, &tools, &["--rule", RULE]);
    assert_eq!(report["results"][0]["object"]["namespace"], "shop", "{report}");
}

#[test]
fn values_files_of_a_release_stand_in_the_place_of_the_charts_own() {
    let Some(tools) = Tools::find() else { return };
    let template = deployment().replace("runAsNonRoot: true", "runAsNonRoot: {{ .Values.nonRoot | default false }}");
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n  chart:\n    \
                   spec:\n      chart: ./charts/web\n      valuesFiles: [charts/web/eu.yaml]\n      sourceRef: {kind: GitRepository, name: \
                   flux-system}\n";
    let folder = Folder::of("charts/web/Chart.yaml", CHART)
        .and("charts/web/templates/web.yaml", template)
        .and("charts/web/values.yaml", "nonRoot: true\n")
        .and("charts/web/eu.yaml", "other: 1\n")
        .and("release.yaml", release);
    assert_eq!(failing_in(&folder, &tools, RULE), ["web"]);
}

#[test]
fn what_a_rendering_deploys_is_followed() {
    let Some(tools) = Tools::find() else { return };
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop-{{ .Values.stage }}}\nspec:\n  \
                       destination: {namespace: shop}\n  source:\n    path: charts/web\n    helm:\n      values: |\n        nonRoot: \
                       {{ .Values.nonRoot }}\n";
    let web = deployment().replace("runAsNonRoot: true", "runAsNonRoot: {{ .Values.nonRoot }}");
    let folder = Folder::of("charts/apps/Chart.yaml", CHART.replace("web", "apps"))
        .and("charts/apps/templates/web.yaml", application)
        .and("charts/apps/values.yaml", "stage: dev\nnonRoot: false\n")
        .and("charts/web/Chart.yaml", CHART)
        .and("charts/web/templates/web.yaml", web)
        .and("charts/web/values.yaml", "nonRoot: true\n");
    let failed = failures(&folder, &tools, RULE);
    let [(environment, file, _, is_certain)] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((environment.as_str(), file.as_str()), ("shop-dev", "charts/apps/templates/web.yaml"));
    assert!(!is_certain, "what lies between is not proven");
    let report = json(&folder, &tools, &["--rule", RULE]);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "the chart is deployed only so: {results:#?}");
    assert_eq!(results[0]["object"]["namespace"], "shop");
}

#[test]
fn what_a_kustomization_lists_is_followed_as_the_build_has_it() {
    let Some(tools) = Tools::find() else { return };
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  source:\n    path: apps/base\n";
    let patch =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {source: {path: apps/eu}}\n";
    let folder = |argo: &str| {
        Folder::of("argo/base/web.yaml", application)
            .and("argo/base/kustomization.yaml", "resources: [web.yaml]\n")
            .and("argo/eu/kustomization.yaml", argo)
            .and("argo/eu/web.yaml", patch)
            .and("apps/base/kustomization.yaml", "resources: [web.yaml]\n")
            .and("apps/base/web.yaml", bad())
            .and(
                "apps/eu/kustomization.yaml",
                format!(
                    "resources: [../base]\npatches:\n- target: {{kind: Deployment}}\n  patch: |-\n{}",
                    OPERATION.replace("false", "true")
                ),
            )
    };
    let good = folder("resources: [../base]\npatches: [{path: web.yaml}]\n");
    let run = check(&good, &tools, &["--rule", RULE]);
    assert_eq!(run.code, Some(0), "only apps/eu is deployed: {}", run.out);
    let unpatched = folder("resources: [../base]\n");
    assert_eq!(failures(&unpatched, &tools, RULE), [("web".to_owned(), "apps/base/web.yaml".to_owned(), 20, true)]);
    let broken = folder("resources: [../base, 'https://example.com/a.yaml']\n");
    assert_eq!(failing_in(&broken, &tools, RULE), ["web"], "from the file, where nothing is built of it");
}

#[test]
fn folders_that_are_given_apart_are_one_input() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("base/kustomization.yaml", "resources: [web.yaml]\n")
        .and("base/web.yaml", bad())
        .and("overlays/eu/kustomization.yaml", "resources: [../../base]\nnamespace: shop\n");
    let mut command = folder.command(&["check", "overlays", "base", "--rule", RULE, "--format", "json"]);
    command.env("PATH", tools.path()).env("XDG_CACHE_HOME", folder.path().join(".cache"));
    let run = super::support::run(&mut command, "");
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{results:#?}");
    let (object, source) = (&results[0]["object"], &results[0]["findings"][0]["source"]);
    assert_eq!((&object["environment"], &object["namespace"]), (&"eu".into(), &"shop".into()));
    assert_eq!((&source["file"], &source["line"]), (&"base/web.yaml".into(), &20.into()));
}

#[test]
fn what_a_cluster_knows_may_stand_in_the_configuration() {
    let Some(tools) = Tools::find() else { return };
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web}\nspec:\n  generators:\n  - clusters:\n      \
               selector: {matchLabels: {tier: production}}\n      values: {folder: '{{name}}-apps'}\n  template:\n    metadata: {name: \
               'web-{{name}}'}\n    spec:\n      source: {repoURL: https://example.com/mirror, path: '{{values.folder}}/web'}\n";
    let folder = clusters(set);
    super::incomplete(
        &folder,
        &tools,
        "the generator `clusters` is not known here, nor are its elements in the configuration",
    );
    let labels = |tier: &str| format!("metadata: {{labels: {{tier: {tier}}}}}");
    let config = format!(
        "rendering:\n  repositories: ['git@example.com:mirror.git']\n  generators:\n    clusters:\n    - {{name: eu, {}}}\n    - {{name: \
         us, {}}}\n    - {{name: test, {}}}\n",
        labels("production"),
        labels("production"),
        labels("test")
    );
    let folder = folder.and("seaworthy.yaml", config);
    assert_eq!(failing_in(&folder, &tools, RULE), ["web-eu"]);
    assert_eq!(check(&folder, &tools, &["--rule", RULE]).code, Some(1), "all is rendered: test is of another tier");
    let given = |clusters: &str| {
        format!("rendering:\n  repositories: ['git@example.com:mirror.git']\n  generators: {{clusters: {clusters}}}\n")
    };
    for unfit in ["[]".to_owned(), format!("[{{name: test, {}}}]", labels("test"))] {
        let folder = clusters(set).and("seaworthy.yaml", given(&unfit));
        super::incomplete(&folder, &tools, "the configuration has no element that the generator `clusters` chooses");
    }
    // These labels choose the resource that lists the clusters.
    let decided = set
        .replace("clusters:", "clusterDecisionResource:")
        .replace("selector: {matchLabels", "labelSelector: {matchLabels");
    let config = given("[{name: eu}]").replace("clusters:", "clusterDecisionResource:");
    assert_eq!(failing_in(&clusters(&decided).and("seaworthy.yaml", config), &tools, RULE), ["web-eu"]);
}

/// A folder of two clusters' applications, which this set deploys.
fn clusters(set: &str) -> Folder {
    Folder::of("set.yaml", set)
        .and(".git/config", "[remote \"origin\"]\n\turl = https://example.com/shop\n")
        .and("eu-apps/web/kustomization.yaml", "resources: [web.yaml]\n")
        .and("eu-apps/web/web.yaml", bad())
        .and("us-apps/web/kustomization.yaml", "resources: [web.yaml]\n")
        .and("us-apps/web/web.yaml", deployment())
}

#[test]
fn values_named_default_are_beside_the_charts_own_and_shared_ones_are_no_environment() {
    let Some(tools) = Tools::find() else { return };
    let web = deployment().replace("runAsNonRoot: true", "runAsNonRoot: {{ .Values.nonRoot }}");
    let folder = Folder::of("Chart.yaml", CHART)
        .and("templates/web.yaml", web)
        .and("values.yaml", "nonRoot: true\n")
        .and("environments/default.yaml", "nonRoot: false\n")
        .and("environments/common.yaml", "nonRoot: false\n");
    assert_eq!(failing_in(&folder, &tools, RULE), ["default (environments/default.yaml)"]);
}

#[test]
fn shared_values_lie_below_those_of_each_environment_and_are_rendered_alone_without_one() {
    let Some(tools) = Tools::find() else { return };
    let web = deployment().replace("runAsNonRoot: true", "runAsNonRoot: {{ .Values.nonRoot }}");
    let chart = |shared: &str| {
        Folder::of("Chart.yaml", CHART)
            .and("templates/web.yaml", web.clone())
            .and("values.yaml", "nonRoot: true\n")
            .and(shared, "nonRoot: false\n")
    };
    for (shared, alone) in [("values-common.yaml", "common"), ("environments/base.yaml", "base")] {
        assert_eq!(failing_in(&chart(shared), &tools, RULE), [alone]);
        let environments = chart(shared).and("values-eu.yaml", "a: 1\n").and("values-us.yaml", "nonRoot: true\n");
        assert_eq!(failing_in(&environments, &tools, RULE), ["eu"]);
    }
}

#[test]
fn values_that_no_rendering_uses_are_not_checked() {
    let Some(tools) = Tools::find() else { return };
    let web = deployment().replace("runAsNonRoot: true", "runAsNonRoot: {{ .Values.nonRoot }}");
    let chart = || {
        Folder::of("web/Chart.yaml", CHART)
            .and("web/templates/web.yaml", web.clone())
            .and("web/values.yaml", "nonRoot: true\n")
            .and("web/values-staging.yaml", "nonRoot: true\n")
            .and("web/values.schema.json", "{\"type\": \"object\"}")
            .and("web/ci/all-values.yaml", "nonRoot: false\n")
    };
    assert_eq!(check(&chart(), &tools, &["--rule", RULE]).code, Some(0));
    let told = "nothing here renders the chart with these values";
    for (file, text) in [("values/values2.yaml", "nonRoot: false\n"), ("env/eu.json", "{\"nonRoot\": false}")] {
        incomplete(&chart().and(&format!("web/{file}"), text), &tools, told);
    }
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  source:\n    path: web\n    \
                       helm: {valueFiles: [values-staging.yaml]}\n";
    let deployed = chart().and("web.yaml", application);
    assert_eq!(check(&deployed, &tools, &["--rule", RULE]).code, Some(0));
    let other = deployed.and("web/values-production.yaml", "nonRoot: false\n");
    incomplete(&other, &tools, told);
    incomplete(&other, &tools, "helm template web --values web/values-production.yaml | seaworthy check -");
}

#[test]
fn a_set_lists_no_hidden_folders() {
    let Some(tools) = Tools::find() else { return };
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec:\n  generators:\n  - git: {directories: \
               [{path: apps/*}]}\n  template:\n    metadata: {name: '{{path.basename}}-eu'}\n    spec: {source: {path: '{{path}}'}}\n";
    let folder = Folder::of("set.yaml", set)
        .and("apps/web/kustomization.yaml", "resources: [web.yaml]\n")
        .and("apps/web/web.yaml", bad())
        .and("apps/.old/kustomization.yaml", "resources: [web.yaml]\n")
        .and("apps/.old/web.yaml", bad());
    assert_eq!(failing_in(&folder, &tools, RULE), [".old", "web-eu"], "what nobody deploys stands for itself");
}

/// An Application of the folder `web`, with these fields of its source.
fn application(fields: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec: {{source: {{path: web, {fields}}}}}\n"
    )
}

#[test]
fn an_application_says_for_which_cluster_a_chart_is_rendered() {
    let Some(tools) = Tools::find() else { return };
    for (condition, said) in [
        ("semverCompare \"<1.30\" .Capabilities.KubeVersion.Version", "kubeVersion: 1.29.0"),
        (".Capabilities.APIVersions.Has \"example.com/v1\"", "apiVersions: [example.com/v1]"),
        ("eq .Release.Namespace \"shop\"", "namespace: shop"),
    ] {
        let web = deployment().replace("runAsNonRoot: true", &format!("runAsNonRoot: {{{{ not ({condition}) }}}}"));
        let folder = |helm: &str| {
            Folder::of("web/Chart.yaml", CHART)
                .and("web/templates/web.yaml", &web)
                .and("web.yaml", application(&format!("helm: {{{helm}}}")))
        };
        assert!(failing_in(&folder(""), &tools, RULE).is_empty(), "{said}");
        assert_eq!(failing_in(&folder(said), &tools, RULE), ["web"], "{said}");
        let (key, _) = said.split_once(':').unwrap();
        incomplete(&folder(&format!("{key}: --post-renderer=x")), &tools, "`--post-renderer=x` is not a valid");
    }
}

#[test]
fn labels_without_selectors_are_not_on_pods() {
    let Some(tools) = Tools::find() else { return };
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {podSelector: {matchLabels: {team: \
                  shop}}, policyTypes: [Ingress, Egress]}\n";
    let folder = |more: &str| {
        Folder::of("web.yaml", application(&format!("kustomize: {{commonLabels: {{team: shop}}{more}}}")))
            .and("web/kustomization.yaml", "resources: [web.yaml, policy.yaml]\n")
            .and("web/web.yaml", deployment())
            .and("web/policy.yaml", policy)
    };
    let failing = |more: &str| failing_in(&folder(more), &tools, "network-policy");
    assert!(failing("").is_empty());
    assert_eq!(failing(", labelWithoutSelector: true"), ["web"]);
    assert!(failing(", labelWithoutSelector: true, labelIncludeTemplates: true").is_empty());
    incomplete(&folder(", apiVersions: [v1]"), &tools, "`kustomize.apiVersions` is not followed here");
}

#[test]
fn objects_with_variables_of_what_is_not_in_the_input_are_not_checked() {
    let Some(tools) = Tools::find() else { return };
    let folder = |build: &str| {
        Folder::of("apps/web/web.yaml", deployment().replace("replicas: 3", "replicas: ${replicas}"))
            .and("apps/web/api.yaml", deployment().replace("name: web", "name: api"))
            .and("clusters/eu.yaml", flux(&format!("  path: ./apps/web\n  postBuild: {{{build}}}\n")))
    };
    let secret = "substituteFrom: [{kind: Secret, name: vars}]";
    let told = "the values of Secret `vars` are not in the input in plain text: 1 object with variables is not checked";
    incomplete(&folder(secret), &tools, told);
    let report = json(&folder(secret), &tools, &["--rule", "kubernetes-schema", "--rule", RULE]);
    let results = report["results"].as_array().unwrap().iter().filter(|it| it["object"]["kind"] == "Deployment");
    let names: Vec<_> = results.map(|it| (&it["object"]["name"], &it["verdict"])).collect();
    assert!(!names.is_empty() && names.iter().all(|(name, verdict)| *name == "api" && *verdict == "pass"), "{names:?}");
    let encoded = folder(secret)
        .and("vars.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: vars}\ndata: {replicas: Mw==}\n");
    incomplete(&encoded, &tools, told);
    for settled in [format!("{secret}, substitute: {{replicas: '3'}}"), "substitute: {replicas: '3'}".to_owned()] {
        assert_eq!(check(&folder(&settled), &tools, &["--rule", RULE]).code, Some(0), "{settled}");
    }
}

#[test]
fn flux_fills_in_nothing_where_no_variable_is_set() {
    let Some(tools) = Tools::find() else { return };
    let folder = |build: &str| {
        Folder::of("apps/web/web.yaml", deployment().replace("replicas: 3", "replicas: ${replicas:-3}"))
            .and("apps/web/kustomization.yaml", "resources: [web.yaml]\n")
            .and("clusters/eu.yaml", flux(&format!("  path: ./apps/web\n  postBuild: {{{build}}}\n")))
    };
    assert_eq!(failing_in(&folder("substitute: {}"), &tools, "kubernetes-schema"), ["web"]);
    assert!(failing_in(&folder("substitute: {other: '1'}"), &tools, "kubernetes-schema").is_empty());
}
