//! Evidence, file by file, and the level that follows.

use super::{Catalog, Level, Maturity, Practice};
use crate::manifest::{Limits, read};
use crate::{File, Input};

fn maturity(files: &[(&str, &str)]) -> Maturity {
    let file = |(name, text): &(&str, &str)| File {
        manifest: read(name, text.as_bytes().to_vec(), &Limits::default()),
        project: 0,
    };
    Maturity::new(&Input::new(files.iter().map(file).collect()), &Catalog::built_in(), &[])
}

/// `what @ file:line` of a practice.
fn found(files: &[(&str, &str)], practice: Practice) -> Vec<String> {
    let maturity = maturity(files);
    maturity.of(practice).map(|found| format!("{} @ {}:{}", found.what, found.file, found.line)).collect()
}

const WORKFLOW: (&str, &str) = (
    ".github/workflows/deploy.yaml",
    "name: kubectl apply\non: push\njobs:\n  ship:\n    steps:\n    - uses: docker/build-push-action@v6\n    - name: helm upgrade\n      \
     run: |\n        # first build; kubectl apply\n        echo kubectl apply\n        kubectl apply --dry-run=server -f k8s\n        \
     KUBECONFIG=x kubectl --context prod apply -f k8s && helm list\n    - run: seaworthy check k8s\n",
);
const APPLICATION: (&str, &str) = (
    "clusters/prod/apps/catalog.yaml",
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: catalog}\nspec:\n  source:\n    \
     repoURL: https://user:secret@git.example.com/config.git\n    path: services/catalog\n",
);
const STAGING: (&str, &str) = ("services/catalog/staging/kustomization.yaml", "resources: [../base]\n");
const PRODUCTION: (&str, &str) = ("services/catalog/production/kustomization.yaml", "resources: [../base]\n");
const COMPONENT: (&str, &str) =
    ("catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: catalog}\n");
const TENANT: (&str, &str) =
    ("tenant.yaml", "apiVersion: capsule.clastix.io/v1beta2\nkind: Tenant\nmetadata: {name: shop}\n");
const POLICY: (&str, &str) =
    ("policy.yaml", "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: signed}\nspec: {rules: []}\n");
const OBJECTIVE: (&str, &str) =
    ("slo.yaml", "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata: {name: catalog}\n");
const TEMPLATE: (&str, &str) =
    ("template.yaml", "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: http-service}\n");
const COST: (&str, &str) = (
    "opencost.yaml",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cost}\nspec: {template: {spec: {containers: [{image: \
     ghcr.io/opencost/opencost:1.117}]}}}\n",
);

#[test]
fn commands_of_a_workflow_are_evidence_and_what_merely_names_them_is_not() {
    assert_eq!(
        found(&[WORKFLOW], Practice::AutomatedDeployment),
        [
            "a pipeline runs docker/build-push-action@v6 @ .github/workflows/deploy.yaml:6",
            "a pipeline runs kubectl --context prod apply -f k8s @ .github/workflows/deploy.yaml:12",
        ]
    );
    assert_eq!(
        found(&[WORKFLOW], Practice::AutomatedCompliance),
        ["a pipeline runs seaworthy check k8s @ .github/workflows/deploy.yaml:13"]
    );
    assert_eq!(found(&[("docs/deploy.yaml", WORKFLOW.1)], Practice::AutomatedDeployment), [""; 0]);
}

#[test]
fn gitlab_and_tekton_pipelines_are_read_too() {
    let gitlab = (".gitlab-ci.yml", "deploy:\n  script:\n  - echo go\n  - helm upgrade --install web chart\n");
    let tekton = (
        "task.yaml",
        "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec:\n  steps:\n  - name: build\n    \
         command: [/kaniko/executor]\n    args: [--destination=r.example.com/web]\n  - script: |\n      #!/bin/sh\n      \
         oc apply -f k8s\n",
    );
    assert_eq!(
        found(&[gitlab, tekton], Practice::AutomatedDeployment),
        [
            "a pipeline runs helm upgrade --install web chart @ .gitlab-ci.yml:4",
            "a pipeline runs oc apply -f k8s @ task.yaml:11",
            "a pipeline runs /kaniko/executor --destination=r.example.com/web @ task.yaml:7",
        ]
    );
}

#[test]
fn a_source_is_named_without_the_password_in_it() {
    assert_eq!(
        found(&[APPLICATION], Practice::SeparateConfig),
        ["Application catalog takes https://git.example.com/config.git @ clusters/prod/apps/catalog.yaml:6"]
    );
}

#[test]
fn one_environment_is_none() {
    let other = ("services/front/staging/kustomization.yaml", "resources: []\n");
    assert_eq!(found(&[STAGING, other], Practice::Environments), [""; 0]);
    assert_eq!(
        found(&[STAGING, other, PRODUCTION], Practice::Environments),
        [
            "a configuration for production @ services/catalog/production/kustomization.yaml:1",
            "a configuration for staging @ services/catalog/staging/kustomization.yaml:1",
        ]
    );
    let values = [("chart/values-dev.yaml", "a: 1\n"), ("chart/values-prod.yaml", "a: 2\n")];
    assert_eq!(found(&values, Practice::Environments).len(), 2);
}

#[test]
fn an_environment_is_what_the_rule_about_promotions_takes_for_one() {
    let overlay = |path| (path, "resources: [../base]\n");
    for same in ["services/front/prod/kustomization.yaml", "services/front/live/kustomization.yaml"] {
        assert_eq!(found(&[PRODUCTION, overlay(same)], Practice::Environments), [""; 0], "{same}");
        assert_eq!(found(&[STAGING, overlay(same)], Practice::Environments).len(), 2, "{same}");
    }
    let pipeline = overlay(".github/staging/kustomization.yaml");
    assert_eq!(found(&[PRODUCTION, pipeline], Practice::Environments), [""; 0]);
    // That rule knows no `dev`: the catalog does.
    assert_eq!(found(&[PRODUCTION, overlay("services/front/dev/kustomization.yaml")], Practice::Environments).len(), 2);
}

#[test]
fn the_folders_above_what_was_asked_for_name_no_environment() {
    let file = |path: &str| File {
        manifest: read(&format!("/srv/staging/shop/{path}"), "resources: []\n".into(), &Limits::default()),
        project: 0,
    };
    let input = Input::new(["a/kustomization.yaml", "production/kustomization.yaml"].map(file).into());
    let maturity = Maturity::new(&input, &Catalog::built_in(), &["/srv/staging/shop".to_owned()]);
    assert_eq!(maturity.of(Practice::Environments).count(), 0);
}

#[test]
fn kinds_are_matched_with_their_group() {
    let application = ("app.yaml", "apiVersion: app.k8s.io/v1beta1\nkind: Application\nmetadata: {name: x}\n");
    let component = ("c.yaml", "apiVersion: core.oam.dev/v1\nkind: Component\nmetadata: {name: x}\n");
    assert_eq!(maturity(&[application, component]).evidence, []);
}

#[test]
fn recording_rules_of_objectives_are_told_from_others() {
    let rule = |record: &str| {
        format!(
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: r}}\n\
                 spec: {{groups: [{{rules: [{{record: '{record}', expr: '1'}}]}}]}}\n"
        )
    };
    assert_eq!(found(&[("r.yaml", &rule("slo:sli_error:ratio_rate5m"))], Practice::Objectives).len(), 1);
    assert_eq!(found(&[("r.yaml", &rule("job:requests:rate5m"))], Practice::Objectives).len(), 0);
}

#[test]
fn the_level_needs_everything_that_it_and_all_below_ask_for() {
    let l3 = [APPLICATION, STAGING, PRODUCTION];
    let l4 = [&l3[..], &[COMPONENT, TENANT, POLICY, OBJECTIVE]].concat();
    let l5 = [&l4[..], &[WORKFLOW, TEMPLATE, COST]].concat();
    let levels: [(&[_], Level); 7] = [
        (&[], Level::Manual),
        (&[WORKFLOW], Level::CiDeployments),
        (&l3[..2], Level::CiDeployments),
        (&l3, Level::GitOps),
        (&l4[..6], Level::GitOps),
        (&l4, Level::Platform),
        (&l5, Level::ProductPlatform),
    ];
    for (files, level) in levels {
        assert_eq!(maturity(files).level(), level);
    }
    let top = maturity(&[WORKFLOW, TEMPLATE, COST]);
    assert_eq!(top.missing(Level::ProductPlatform).count(), 0);
    assert_eq!(top.level(), Level::CiDeployments, "a level stands on all below it");
    assert_eq!(maturity(&l5).next(), None);
    let missing: Vec<_> = maturity(&l4).missing(Level::ProductPlatform).collect();
    assert_eq!(missing, [Practice::GoldenPaths, Practice::AutomatedCompliance, Practice::CostShowback]);
}

/// A repository in which nothing deploys: <https://github.com/ko-build/setup-ko> installs a program.
#[test]
fn to_install_a_tool_to_test_and_to_show_something_is_no_evidence() {
    let workflow = (
        ".github/workflows/ci.yaml",
        "on: push\njobs:\n  test:\n    steps:\n    - uses: ko-build/setup-ko@v0.6\n    - uses: \
         kyverno/action-install-cli@v0.2.0\n    - run: docker build --push=false .\n",
    );
    assert_eq!(maturity(&[workflow]).evidence, []);
    for folder in ["samples", "testdata", "a/examples/b", "test/e2e"] {
        let files = [APPLICATION, STAGING, PRODUCTION, COMPONENT, TEMPLATE, COST, POLICY];
        let files = files.map(|(name, text)| (format!("{folder}/{name}"), text));
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        assert_eq!(maturity(&files).evidence, [], "{folder}");
    }
    let tests = [("test/kustomization.yaml", ""), ("web/testing/kustomization.yaml", ""), STAGING];
    assert_eq!(found(&tests, Practice::Environments), [""; 0]);
}

#[test]
fn a_folder_that_was_asked_for_may_have_any_name() {
    let file = |(name, text): (&str, &str)| File {
        manifest: read(&format!("examples/{name}"), text.as_bytes().to_vec(), &Limits::default()),
        project: 0,
    };
    let input = Input::new([STAGING, PRODUCTION].map(file).into());
    let environments = |roots: &[&str]| {
        let roots: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
        Maturity::new(&input, &Catalog::built_in(), &roots).of(Practice::Environments).count()
    };
    assert_eq!(environments(&["examples"]), 2);
    assert_eq!(environments(&["."]), 0);
    assert_eq!(environments(&["exam"]), 0);
}

#[test]
fn the_table_names_practices_as_the_output_does_and_has_no_name_twice() {
    let catalog = Catalog::built_in();
    for practice in Practice::ALL {
        let node = format!("practices: {{{}: {{commands: [x]}}}}", practice.name());
        let manifest = read("a.yaml", node.into(), &Limits::default());
        let crate::manifest::Content::Other(node) = &manifest.documents[0].content else { panic!() };
        let more = Catalog::read(node).unwrap();
        assert_ne!(catalog.clone().and(&more), catalog);
    }
    let text = include_str!("catalog.yaml");
    assert!(text.contains("gitops:") && catalog.is_environment("production") && catalog.is_sample("testdata/a.yaml"));
}

#[test]
fn what_is_promoted_shows_environments_each_once() {
    let set = (
        "apps/web.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web}\nspec:\n  generators:\n  - list:\n      \
         elements:\n      - {env: staging, tag: '2'}\n      - {env: production, tag: '1'}\n",
    );
    assert_eq!(
        found(&[set], Practice::Environments),
        ["a configuration for production @ apps/web.yaml:9", "a configuration for staging @ apps/web.yaml:8"]
    );
    let image = ("web/prod/values.yaml", "image: {repository: acme/web, tag: '1'}\n");
    assert_eq!(found(&[image], Practice::Environments), [""; 0], "`prod` and `production` are one");
}
