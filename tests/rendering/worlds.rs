//! What is deployed, by whom, and what sees what.

use super::support::Folder;
use super::tools::Tools;
use super::{check, deployment, failures, json};

const BUDGET: &str = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec:\n  maxUnavailable: 1\n  selector: \
                      {matchLabels: {app: web}}\n";

#[test]
fn an_overlay_does_not_vouch_for_another() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("base/web.yaml", deployment())
        .and("base/kustomization.yaml", "resources: [web.yaml]\n")
        .and("overlays/staging/kustomization.yaml", "namespace: shop\nresources: [../../base]\n")
        .and("overlays/production/kustomization.yaml", "namespace: shop\nresources: [../../base, budget.yaml]\n")
        .and("overlays/production/budget.yaml", BUDGET);
    let failed = failures(&folder, &tools, "pod-disruption-budget");
    assert_eq!(failed.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["staging"]);
}

#[test]
fn values_of_one_environment_do_not_vouch_for_another() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .and("web/templates/web.yaml", deployment())
        .and("web/templates/budget.yaml", format!("{{{{ if .Values.budget }}}}\n{BUDGET}{{{{ end }}}}\n"))
        .and("web/values.yaml", "budget: true\n")
        .and("web/values-staging.yaml", "budget: false\n");
    let failed = failures(&folder, &tools, "pod-disruption-budget");
    assert_eq!(failed.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["staging"]);
}

#[test]
fn sources_are_no_objects_once_they_are_rendered() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("base/web.yaml", deployment())
        .and("base/kustomization.yaml", "resources: [web.yaml]\n")
        .and("prod/kustomization.yaml", "resources: [../base]\nnamespace: shop\npatches: [{path: p.yaml}]\n")
        .and("prod/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 4}\n");
    let report = json(&folder, &tools, &["--rule", "run-as-non-root"]);
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{results:#?}");
    assert_eq!(results[0]["object"]["namespace"], "shop");
    assert_eq!(report["unchecked"], serde_json::json!([]));
}

#[test]
fn hooks_of_a_release_serve_nobody_and_run_all_the_same() {
    let Some(tools) = Tools::find() else { return };
    let hook = deployment().replace("  name: web\nspec:", "  name: hook\n  annotations: {helm.sh/hook: test}\nspec:");
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: hook, annotations: {helm.sh/hook: \
                pre-install}}\nrules: [{apiGroups: ['*'], resources: [pods], verbs: [get]}]\n";
    let folder = Folder::of("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .and("web/templates/web.yaml", deployment())
        .and("web/templates/tests/role.yaml", role)
        .and("web/templates/tests/hook.yaml", hook.replace("runAsNonRoot: true", "runAsNonRoot: false"));
    let failed_in = |rule| failures(&folder, &tools, rule).into_iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!(failed_in("run-as-non-root"), ["web/templates/tests/hook.yaml"]);
    assert_eq!(failed_in("least-privilege-rbac"), ["web/templates/tests/role.yaml"]);
    for rule in ["pod-disruption-budget", "readiness-probe"] {
        let failed = failed_in(rule);
        assert!(!failed.is_empty() && failed.iter().all(|file| file == "web/templates/web.yaml"), "{rule}: {failed:?}");
    }
}

const TEMPLATE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  selector: {matchLabels: {app: \
                        web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n        - name: web\n          \
                        image: \"shop/web:{{ .Values.tag }}\"\n";

#[test]
fn an_application_deploys_a_chart_with_its_values() {
    let Some(tools) = Tools::find() else { return };
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web-eu}\nspec:\n  destination: {namespace: \
                       shop}\n  source:\n    repoURL: https://github.com/shop/web\n    path: charts/web\n    helm:\n      valueFiles: \
                       [eu.yaml]\n      values: |\n        other: 1\n        tag: latest\n";
    let folder = Folder::of("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .and("charts/web/templates/web.yaml", TEMPLATE)
        .and("charts/web/values.yaml", "tag: edge\n")
        .and("charts/web/eu.yaml", "tag: 1.4.2\n")
        .and("apps/web.yaml", application);
    let rule = "immutable-image-tag";
    assert_eq!(failures(&folder, &tools, rule), [("web-eu".into(), "apps/web.yaml".into(), 13, true)]);
    let report = json(&folder, &tools, &["--rule", rule]);
    let object = &report["results"][0]["object"];
    assert_eq!((&object["namespace"], &object["name"]), (&"shop".into(), &"web-eu".into()));
}

#[test]
fn an_application_set_makes_one_environment_of_each_element() {
    let Some(tools) = Tools::find() else { return };
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web}\nspec:\n  generators:\n  - matrix:\n      \
               generators:\n      - list: {elements: [{stage: dev, tag: latest}, {stage: prod, tag: 1.4.2}]}\n      - git: {directories: \
               [{path: charts/*}]}\n  template:\n    metadata: {name: '{{path.basename}}-{{stage}}'}\n    spec:\n      destination: \
               {namespace: '{{stage}}'}\n      source:\n        repoURL: https://github.com/shop/web\n        path: '{{path}}'\n        \
               helm:\n          parameters:\n          - {name: tag, value: '{{tag}}'}\n";
    let folder = Folder::of("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .and("charts/web/templates/web.yaml", TEMPLATE)
        .and("set.yaml", set);
    let failed = failures(&folder, &tools, "immutable-image-tag");
    assert_eq!(failed.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["web-dev"]);
    let unknown = folder.and(
        "other.yaml",
        set.replace("name: web}", "name: other}").replace("  - matrix:\n", "  - clusters: {}\n  - matrix:\n"),
    );
    let run = check(&unknown, &tools, &["--rule", "immutable-image-tag"]);
    assert!(run.code == Some(2) && run.out.contains("the generator `clusters` is not known here"), "{}", run.out);
}

#[test]
fn flux_deploys_a_kustomization_into_its_namespace() {
    let Some(tools) = Tools::find() else { return };
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\nspec:\n  path: ./apps/production\n  \
                targetNamespace: shop\n  sourceRef: {kind: GitRepository, name: flux-system}\n";
    let folder = Folder::of("apps/base/web.yaml", deployment().replace("runAsNonRoot: true", "runAsNonRoot: false"))
        .and("apps/base/kustomization.yaml", "resources: [web.yaml]\n")
        .and("apps/production/kustomization.yaml", "resources: [../base]\n")
        .and("clusters/production.yaml", flux);
    assert_eq!(
        failures(&folder, &tools, "run-as-non-root"),
        [("production".into(), "apps/base/web.yaml".into(), 20, true)]
    );
    let report = json(&folder, &tools, &["--rule", "run-as-non-root"]);
    assert_eq!(report["results"][0]["object"]["namespace"], "shop");
}

#[test]
fn a_rendering_that_was_made_before_is_not_made_again() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("k8s/kustomization.yaml", "resources: [web.yaml]\n").and("k8s/web.yaml", deployment());
    let first = check(&folder, &tools, &["--rule", "run-as-non-root"]).with(0);
    let renderings = || std::fs::read_dir(folder.path().join(".cache/seaworthy/renderings")).unwrap().count();
    let made = renderings();
    assert!(made >= 2, "the plain one and the marked one");
    assert_eq!(check(&folder, &tools, &["--rule", "run-as-non-root"]).with(0), first);
    assert_eq!(renderings(), made);
}

#[test]
fn environments_may_have_a_folder_of_their_own() {
    let Some(tools) = Tools::find() else { return };
    let folder = Folder::of("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .and("web/templates/web.yaml", TEMPLATE)
        .and("web/values.yaml", "tag: 1.4.2\n")
        .and("web/environments/production.yaml", "# what is released\ntag: latest\n")
        .and("web/env/test/values.yaml", "tag: edge\n")
        .and("web/values/values-eu.yaml", "tag: 1.4.1\n")
        .and("web/environments/note.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n")
        .and("web/files/other.yaml", "tag: latest\n");
    let failed = failures(&folder, &tools, "immutable-image-tag");
    let at = |environment: &str, file: &str, line| (environment.to_owned(), file.to_owned(), line, true);
    let expected = [at("production", "web/environments/production.yaml", 2), at("test", "web/env/test/values.yaml", 1)];
    assert_eq!(failed, expected);
    let report = json(&folder, &tools, &["--rule", "run-as-non-root"]);
    let results = report["results"].as_array().unwrap().iter().map(|it| it["object"]["environment"].as_str().unwrap());
    let mut environments: Vec<&str> = results.collect();
    environments.sort_unstable();
    assert_eq!(environments, ["default", "eu", "production", "test"]);
}

#[test]
fn what_a_rendered_release_lacks_is_missing() {
    let Some(tools) = Tools::find() else { return };
    let autoscaler = |target: &str| {
        format!(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web, namespace: shop}}\nspec: {{minReplicas: \
             2, maxReplicas: 4, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {target}}}}}\n"
        )
    };
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n  chart: \
                   {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system}}}\n";
    let mut folder = Folder::of("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n")
        .and("charts/web/templates/web.yaml", deployment())
        .and("release.yaml", release);
    for (target, is_there) in [("wbe", false), ("web", true)] {
        folder = folder.and("autoscaler.yaml", autoscaler(target));
        let run = check(&folder, &tools, &["--rule", "horizontal-pod-autoscaler"]);
        let missing = format!("there is no Deployment {target} in this namespace");
        assert_eq!(run.out.contains(&missing), !is_there, "{target}: {}{}", run.out, run.err);
    }
}

/// What a rule says of what stands beside a release in the namespace `shop`: the verdict, and the reason where it is unknown.
fn beside_a_release(chart: &str, rule: &str, object: &str) -> Option<(String, String)> {
    let tools = Tools::find()?;
    let release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: redis, namespace: shop}}\nspec: {{chart: {{spec: \
         {chart}}}}}\n"
    );
    let folder = Folder::of("charts/redis/Chart.yaml", "apiVersion: v2\nname: redis\nversion: 0.1.0\n")
        .and("charts/redis/templates/redis.yaml", deployment().replace("web", "redis"))
        .and("release.yaml", release)
        .and("object.yaml", object);
    let report = json(&folder, &tools, &["--rule", rule, "--allow-unchecked"]);
    let results = report["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["object"]["name"] == "web").unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Some((text(&result["verdict"]), text(&result["reason"])))
}

#[test]
fn only_a_release_that_is_not_rendered_leaves_open_what_is_missing() {
    let here = "{chart: ./charts/redis, sourceRef: {kind: GitRepository, name: flux-system}}";
    let elsewhere = "{chart: redis, sourceRef: {kind: HelmRepository, name: bitnami}}";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web, image: \
               'shop/web:1.4.2', envFrom: [{configMapRef: {name: settings}}]}]}\n";
    let autoscaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: \
                      shop}\nspec: {minReplicas: 2, maxReplicas: 4, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: \
                      other}}\n";
    for (rule, object) in [("references", pod), ("horizontal-pod-autoscaler", autoscaler)] {
        let Some((verdict, reason)) = beside_a_release(here, rule, object) else { return };
        assert_eq!((verdict.as_str(), reason.as_str()), ("fail", ""), "{rule}");
        let Some((verdict, reason)) = beside_a_release(elsewhere, rule, object) else { return };
        assert_eq!(verdict, "unknown", "{rule}");
        assert!(reason.contains("HelmRelease redis deploys objects that are not in this input"), "{rule}: {reason}");
    }
}
