//! Findings stand where somebody wrote what is wrong: in a base, a patch, a template or a file of values.

use std::fs;

use super::support::Folder;
use super::tools::Tools;
use super::{check, deployment, failures, json};

const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.4.0\n";

/// A chart with a helper, whose values decide about the security context.
fn chart() -> Folder {
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  selector:\n    \
                    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      \
                    initContainers:\n        - name: migrate\n          image: shop/migrate:latest\n          securityContext: \
                    {{- toYaml .Values.securityContext | nindent 12 }}\n      {{- include \"web.pod\" . | nindent 6 }}\n";
    let helper = "{{- define \"web.name\" -}}\n{{ .Chart.Name | trunc 63 }}\n{{- end }}\n{{- define \"web.pod\" -}}\ncontainers:\n  - \
                  name: {{ include \"web.name\" . }}\n    image: \"{{ .Values.image.name }}:{{ .Values.image.tag }}\"\n    \
                  securityContext:\n      readOnlyRootFilesystem: {{ .Values.readOnly }}\n      runAsNonRoot: false\n    \
                  resources:\n      {{- toYaml .Values.resources | nindent 6 }}\n{{- end }}\n";
    let values = "image:\n  name: shop/web\n  tag: 1.4.2\nreadOnly: true\nsecurityContext:\n  readOnlyRootFilesystem: true\n  \
                  runAsNonRoot: true\n  allowPrivilegeEscalation: false\nresources:\n  limits:\n    cpu: 100m\n";
    Folder::of("charts/shop-web/Chart.yaml", CHART)
        .and("charts/shop-web/templates/web.yaml", template)
        .and("charts/shop-web/templates/_helpers.tpl", helper)
        .and("charts/shop-web/values.yaml", values)
        .and("charts/shop-web/values-staging.yaml", "image:\n  tag: latest\n")
        .and("charts/shop-web/values-production.yaml", "# reports are written\nreadOnly: false\n")
        .and("charts/shop-web/values.schema.json", "{\"properties\": {\"readOnly\": {\"type\": \"boolean\"}}}")
}

fn at(environment: &str, file: &str, line: u64) -> (String, String, u64, bool) {
    (environment.to_owned(), file.to_owned(), line, true)
}

#[test]
fn a_chart_is_judged_in_each_environment_and_points_at_its_sources() {
    let Some(tools) = Tools::find() else { return };
    let folder = chart();
    let (helper, values) = ("charts/shop-web/templates/_helpers.tpl", "charts/shop-web/values.yaml");
    let production = "charts/shop-web/values-production.yaml";
    assert_eq!(failures(&folder, &tools, "read-only-root-filesystem"), [at("production", production, 2)]);
    let all = ["default", "production", "staging"];
    assert_eq!(failures(&folder, &tools, "run-as-non-root"), all.map(|of| at(of, helper, 10)));
    let template = "charts/shop-web/templates/web.yaml";
    let mut tags = all.map(|of| at(of, template, 14)).to_vec();
    tags.push(at("staging", "charts/shop-web/values-staging.yaml", 2));
    tags.sort();
    assert_eq!(failures(&folder, &tools, "immutable-image-tag"), tags);
    // What is missing is added where the rest of it stands.
    let memory = failures(&folder, &tools, "container-resources");
    assert!(memory.iter().any(|it| *it == at("default", values, 10)), "{memory:?}");
    let short = check(&folder, &tools, &["--rule", "run-as-non-root", "--format", "full"]).with(1);
    assert_eq!(short.matches("[run-as-non-root]").count(), 1, "{short}");
    assert!(short.contains("in environments: default, production, staging"), "{short}");
    assert!(short.contains("templates/_helpers.tpl:10:"), "{short}");
}

#[test]
fn an_overlay_points_at_the_patch_that_sets_the_field() {
    let Some(tools) = Tools::find() else { return };
    let patch = "# a place for files\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      \
                 containers:\n      - name: web\n        securityContext:\n          readOnlyRootFilesystem: false\n";
    let inline = "resources: [../../base]\nnamePrefix: p-\nimages:\n- name: shop/web\n  newTag: latest\npatches:\n- path: \
                  files.yaml\n- target: {kind: Deployment}\n  patch: |-\n    - op: replace\n      path: \
                  /spec/template/spec/containers/0/securityContext/runAsNonRoot\n      value: false\n";
    let folder = Folder::of("base/deployment.yaml", deployment())
        .and("base/kustomization.yaml", "resources: [deployment.yaml]\n")
        .and("overlays/staging/kustomization.yaml", "namespace: staging\nresources: [../../base]\n")
        .and("overlays/production/kustomization.yaml", inline)
        .and("overlays/production/files.yaml", patch);
    let kustomization = "overlays/production/kustomization.yaml";
    assert_eq!(
        failures(&folder, &tools, "read-only-root-filesystem"),
        [at("production", "overlays/production/files.yaml", 11)]
    );
    assert_eq!(failures(&folder, &tools, "run-as-non-root"), [at("production", kustomization, 12)]);
    assert_eq!(failures(&folder, &tools, "immutable-image-tag"), [at("production", kustomization, 5)]);
}

#[test]
fn the_same_in_several_environments_is_one_finding_whose_fingerprint_stays() {
    let Some(tools) = Tools::find() else { return };
    let bad = deployment().replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true");
    let overlay = |name: &str| format!("namePrefix: {name}-\nnamespace: shop-{name}\nresources: [../../base]\n");
    let mut folder =
        Folder::of("base/deployment.yaml", bad).and("base/kustomization.yaml", "resources: [deployment.yaml]\n");
    for name in ["dev", "staging", "production"] {
        folder = folder.and(&format!("overlays/{name}/kustomization.yaml"), overlay(name));
    }
    let rule = "privilege-escalation-disabled";
    let sarif = |folder: &Folder| -> Vec<serde_json::Value> {
        let run = check(folder, &tools, &["--rule", rule, "--format", "sarif"]);
        let log: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        log["runs"][0]["results"].as_array().unwrap().clone()
    };
    let results = sarif(&folder);
    assert_eq!(results.len(), 1, "{results:#?}");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "base/deployment.yaml");
    assert_eq!(place["region"]["startLine"], 21);
    assert_eq!(results[0]["properties"]["environments"], serde_json::json!(["dev", "production", "staging"]));
    let folder = folder.and("overlays/eu/kustomization.yaml", overlay("eu"));
    let more = sarif(&folder);
    assert_eq!(more[0]["partialFingerprints"], results[0]["partialFingerprints"]);
    assert_eq!(more[0]["properties"]["environments"].as_array().unwrap().len(), 4);
}

#[test]
fn a_name_that_is_made_anew_every_time_is_one_finding_and_known_again() {
    let Some(tools) = Tools::find() else { return };
    let template = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-test-{{ randAlphaNum 5 | lower }}\n  \
                    annotations:\n    helm.sh/hook: test\nspec:\n  restartPolicy: Never\n  containers:\n    - name: curl\n      \
                    image: curlimages/curl:8.16.0\n      command:\n        - curl\n        - http://web\n";
    let folder = Folder::of("charts/web/Chart.yaml", CHART)
        .and("charts/web/templates/test.yaml", template)
        .and("charts/web/values.yaml", "a: b\n")
        .and("charts/web/values-staging.yaml", "a: c\n");
    let rendered_anew = || {
        let _ = fs::remove_dir_all(folder.path().join(".cache"));
        let report = json(&folder, &tools, &["--rule", "run-as-non-root"]);
        let found = report["results"].as_array().unwrap().iter().flat_map(|it| it["findings"].as_array().unwrap());
        let known: Vec<String> = found.map(|finding| finding["fingerprint"].to_string()).collect();
        assert_eq!(known.len(), 2, "one an environment: {report}");
        known
    };
    assert_eq!(rendered_anew(), rendered_anew());
    let told = check(&folder, &tools, &["--rule", "run-as-non-root", "--format", "full"]).with(1);
    assert_eq!(told.matches("[run-as-non-root]").count(), 1, "{told}");
}

#[test]
fn a_chart_that_a_kustomization_inflates_is_deployed_only_so() {
    let Some(tools) = Tools::find() else { return };
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  selector: {matchLabels: {a: \
                    b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n        - name: web\n          \
                    image: shop/web:{{ .Values.image.tag }}\n          securityContext:\n            {{- toYaml \
                    .Values.securityContext | nindent 12 }}\n";
    let folder = Folder::of("charts/web/Chart.yaml", CHART)
        .and("charts/web/templates/web.yaml", template)
        .and("charts/web/values.yaml", "image: {tag: edge}\nsecurityContext:\n  readOnlyRootFilesystem: true\n")
        .and("web.yaml", "image: {tag: 1.4.2}\nsecurityContext:\n  readOnlyRootFilesystem: false\n")
        .and(
            "kustomization.yaml",
            "namespace: shop\nhelmCharts:\n- name: web\n  releaseName: web\n  valuesFile: web.yaml\n  valuesInline:\n    image:\n      \
             tag: latest\n",
        );
    assert_eq!(failures(&folder, &tools, "read-only-root-filesystem"), [at("default", "web.yaml", 3)]);
    assert_eq!(failures(&folder, &tools, "immutable-image-tag"), [at("default", "kustomization.yaml", 8)]);
    let report = super::json(&folder, &tools, &["--rule", "immutable-image-tag"]);
    let objects: Vec<_> = report["results"].as_array().unwrap().iter().map(|it| &it["object"]["namespace"]).collect();
    assert_eq!(objects, ["shop"], "which kustomize 5.8 writes nowhere");
    let folder = folder.and(
        "kustomization.yaml",
        "helmCharts:\n- name: web\n  releaseName: web\n  namespace: eu\n  valuesFile: web.yaml\n",
    );
    assert_eq!(failures(&folder, &tools, "read-only-root-filesystem"), [at("default", "web.yaml", 3)]);
    let report = super::json(&folder, &tools, &["--rule", "read-only-root-filesystem"]);
    assert_eq!(report["results"][0]["object"]["namespace"], "eu", "the release's, which the template does not write");
}

#[test]
fn a_literal_of_a_generator_is_the_place_of_what_it_makes() {
    let Some(tools) = Tools::find() else { return };
    let kustomization = |password: &str| {
        format!(
            "namePrefix: shop-\nsecretGenerator:\n- name: db\n  literals: [a=b]\n- name: db-admin\n  literals:\n  - DB_USER=shop\n  - \
             DB_PASSWORD={password}\nconfigMapGenerator:\n- name: conf\n  literals:\n  - \"API_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a\"\n"
        )
    };
    let folder = Folder::of("kustomization.yaml", kustomization("S3cr3tPa55"));
    let rule = "external-secrets";
    let found = failures(&folder, &tools, rule);
    for line in [8, 12] {
        assert!(found.contains(&at("default", "kustomization.yaml", line)), "{line}: {found:?}");
    }
    let fingerprints = |folder: &Folder| -> Vec<serde_json::Value> {
        let run = check(folder, &tools, &["--rule", rule, "--format", "sarif"]);
        let log: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|it| it["partialFingerprints"].clone()).collect()
    };
    let full = check(&folder, &tools, &["--rule", rule, "--format", "full"]).with(1);
    assert!(full.contains("Secret shop-db-admin") && !full.contains("shop-db-admin-"), "without its hash: {full}");
    assert!(!full.contains("S3cr3tPa55") && !full.contains("ghp_16C7"), "{full}");
    let before = fingerprints(&folder);
    let changed = Folder::of("kustomization.yaml", kustomization("an0therS3cret"));
    assert_eq!(fingerprints(&changed), before, "another secret is the same finding");
}

#[test]
fn what_a_subchart_writes_points_at_the_values_that_set_it() {
    let Some(tools) = Tools::find() else { return };
    // What is compared with a boolean can have no mark, whatever the subchart is called.
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: db\n{{- if eq .Values.debug true }}\n  annotations: \
                    {debug: yes please}\n{{- end }}\nspec:\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: \
                    {labels: {app: db}}\n    spec:\n      containers:\n        - name: db\n          image: \"shop/db:{{ .Values.tag \
                    }}\"\n          securityContext:\n            readOnlyRootFilesystem: {{ .Values.global.readOnly }}\n            \
                    runAsNonRoot: {{ .Values.nonRoot }}\n";
    let chart = "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n- {name: db, version: 0.4.0, alias: store, \
                 condition: store.enabled}\n";
    let values = "store:\n  enabled: true\n  debug: true\n  tag: latest\nglobal:\n  readOnly: false\n";
    let folder = Folder::of("charts/shop/Chart.yaml", chart)
        .and("charts/shop/values.yaml", values)
        .and("charts/shop/charts/db/Chart.yaml", CHART.replace("name: web", "name: db"))
        .and("charts/shop/charts/db/templates/db.yaml", template)
        .and("charts/shop/charts/db/values.yaml", "tag: 1.4.2\nnonRoot: false\ndebug: false\n");
    let values = "charts/shop/values.yaml";
    assert_eq!(failures(&folder, &tools, "immutable-image-tag"), [at("default", values, 4)]);
    assert_eq!(failures(&folder, &tools, "read-only-root-filesystem"), [at("default", values, 6)]);
    let own = "charts/shop/charts/db/values.yaml";
    assert_eq!(failures(&folder, &tools, "run-as-non-root"), [at("default", own, 2)]);
}
