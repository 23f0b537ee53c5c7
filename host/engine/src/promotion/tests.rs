//! Which versions files name, when they stood, and what is held against what.

mod moves;
mod regions;
mod shared;

use std::sync::Arc;

use super::stage::Stage;
use super::{
    Environments, FileChange, MOST_VERSIONS, Mapped, Pairs, Present, Side, Step, Timeline, Version, named, versions,
};
use crate::manifest::{Limits, read};

fn found(name: &str, yaml: &str) -> Vec<Version> {
    versions(&read(name, yaml.into(), &Limits::default()))
}

/// `of@at=tag@digest`, each.
fn shown(name: &str, yaml: &str) -> Vec<String> {
    let show = |version: Version| {
        let Version { of, at, tag, digest, .. } = version;
        format!(
            "{} {at} {}{}",
            of.unwrap_or("?".into()),
            tag.unwrap_or_default(),
            digest.map_or(String::new(), |it| format!("@{it}"))
        )
    };
    found(name, yaml).into_iter().map(show).collect()
}

#[test]
fn kustomizations_name_images_charts_and_patches() {
    let yaml = "\
images:
  - {name: web, newName: docker.io/acme/web, newTag: '1.10'}
  - {name: api, digest: sha256:ab}
  - {name: job, newTag: 2}
  - {name: renamed, newName: other}
  - {name: nothing}
  - {name: debug, newTag: 2, tagSuffix: -debug}
  - {name: suffix, tagSuffix: -debug}
helmCharts: [{name: redis, repo: 'https://charts.example.com/', version: 1.2.3, valuesInline: {image: {tag: '7'}}}]
patches:
  - patch: |
      - {op: replace, path: /spec/template/spec/containers/0/image, value: 'acme/side:3'}
  - patch: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec: {template: {spec: {containers: [{name: web, image: 'acme/patched:4'}]}}}
";
    assert_eq!(
        shown("a/kustomization.yaml", yaml),
        [
            "acme/web images[web] 1.10",
            "api images[api] @sha256:ab",
            "job images[job] 2",
            "other images[renamed] ",
            "debug images[debug] 2-debug",
            "suffix images[suffix] *-debug",
            "https://charts.example.com/redis helmCharts[redis] 1.2.3",
            "? helmCharts[redis].valuesInline.image 7",
            "acme/side patches[0].patch [0] /spec/template/spec/containers/0/image 3",
            "acme/patched patches[1].patch Deployment/web spec.template.spec.containers[web].image 4",
        ]
    );
}

#[test]
fn values_of_a_chart_name_images() {
    let yaml = "\
image: {registry: ghcr.io, repository: acme/web, tag: 1.0.0}
sidecar: {image: 'acme/side:2.0.0@sha256:cd'}
global: {imageTag: 3.0.0}
proxy: {image: {tag: 4.0.0}}
pinned: {image: {repository: acme/pinned, tag: 'v1@sha256:ef'}}
ports: {tag: not-an-image}
replicas: 2
open: {image: {tag: '{{ .Values.tag }}'}}
config: {inputs: [{name: tail, tag: kube.*}]}
empty: {image: {repository: acme/none, tag: ''}}
near: {image: {registry: eu.example.com}}
";
    assert_eq!(
        shown("values-production.yaml", yaml),
        [
            "ghcr.io/acme/web image 1.0.0",
            "acme/side sidecar.image 2.0.0@sha256:cd",
            "? global.imageTag 3.0.0",
            "? proxy.image 4.0.0",
            "acme/pinned pinned.image v1@sha256:ef",
            "acme/none empty.image ",
            "eu.example.com/ near.image ",
        ]
    );
}

#[test]
fn a_container_without_a_tag_runs_the_latest_one() {
    let yaml = "\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
spec:
  initContainers: [{name: init, image: 'registry:5000/acme/init'}]
  containers: [{name: web, image: acme/web}, {name: side, image: 'acme/side@sha256:ab'}, {name: none, image: ''}]
";
    assert_eq!(
        shown("production/web.yaml", yaml),
        [
            "registry:5000/acme/init Deployment/web spec.initContainers[init].image latest",
            "acme/web Deployment/web spec.containers[web].image latest",
            "acme/side Deployment/web spec.containers[side].image @sha256:ab",
        ]
    );
    let patch = "patches: [{patch: '[{op: replace, path: /spec/containers/0/image, value: acme/web}]'}]";
    assert_eq!(shown("kustomization.yaml", patch), ["acme/web patches[0].patch [0] /spec/containers/0/image latest"]);
    // The tag of what is no container may stand beside it.
    assert_eq!(shown("values-production.yaml", "image: acme/web"), [""; 0]);
}

#[test]
fn images_of_a_chart_are_listed_by_name() {
    let yaml = "\
images:
  registry: localhost:5000
  tag: v1
  web: example.com/web:1.0.0
  worker: {repository: example.com/worker, tag: 2.0.0}
  side: {tag: 3.0.0}
  pullPolicy: Always
job: {images: [{repository: example.com/job, tag: 4.0.0}, 'example.com/cron:5.0.0']}
";
    assert_eq!(
        shown("values-production.yaml", yaml),
        [
            "? images v1",
            "example.com/web images.web 1.0.0",
            "example.com/worker images.worker 2.0.0",
            "? images.side 3.0.0",
            "example.com/job job.images[0] 4.0.0",
            "example.com/cron job.images[1] 5.0.0",
        ]
    );
}

#[test]
fn a_file_of_parameters_names_the_version_of_its_environment() {
    let json = r#"{"env": "production", "revision": "v9.0.0", "replicas": 3, "app": {"image": "acme/web:1"}}"#;
    assert_eq!(shown("envs/production/config.json", json), ["? revision v9.0.0", "acme/web app.image 1"]);
    for none in ["{revision: v9.0.0}", "{env: production, revision: main}", "{env: {A: b}, version: 1.0.0}"] {
        assert_eq!(shown("envs/production/config.yaml", none), [""; 0], "{none}");
    }
}

#[test]
fn argo_cd_names_charts_parameters_and_fixed_revisions() {
    let yaml = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  sources:
    - repoURL: https://charts.example.com
      chart: web
      targetRevision: 1.2.3
      helm:
        parameters: [{name: image.tag, value: '5'}, {name: replicas, value: '2'}]
        values: |
          image: {repository: acme/web, tag: '6'}
    - {repoURL: 'https://github.com/acme/config.git', path: web, targetRevision: v1.0.0}
    - {repoURL: 'https://github.com/acme/config.git', path: web, targetRevision: main}
    - repoURL: https://github.com/acme/config.git
      path: api
      targetRevision: HEAD
      kustomize: {images: ['api=acme/api:7', 'old=acme/new']}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  generators:
    - list:
        elements:
          - {env: staging, tag: '2', replicas: '1'}
          - {env: production, tag: '1', image: 'acme/web:8'}
";
    assert_eq!(
        shown("apps.yaml", yaml),
        [
            "https://charts.example.com/web Application/web spec.sources[0].targetRevision 1.2.3",
            "? Application/web spec.sources[0].helm.parameters[image.tag] 5",
            "acme/web Application/web spec.sources[0].helm.values image 6",
            "https://github.com/acme/config//web Application/web spec.sources[1].targetRevision v1.0.0",
            "acme/api Application/web spec.sources[3].kustomize.images[0] 7",
            "acme/new Application/web spec.sources[3].kustomize.images[1] ",
            "? ApplicationSet/web spec.generators[0].list.elements[staging].tag 2",
            "? ApplicationSet/web spec.generators[0].list.elements[production].tag 1",
            "acme/web ApplicationSet/web spec.generators[0].list.elements[production].image 8",
        ]
    );
}

#[test]
fn flux_names_charts_images_and_sources() {
    let yaml = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  chart: {spec: {chart: web, version: '>=1.0.0', sourceRef: {kind: HelmRepository, name: acme}}}
  values: {image: {repository: acme/web, tag: '9'}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: web}
spec: {url: 'oci://ghcr.io/acme/web', ref: {tag: 1.0.0}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: web}
spec: {url: 'https://github.com/acme/web', ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web}
spec: {images: [{name: acme/web, newTag: '3'}]}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {image: 'acme/secret:1'}
";
    assert_eq!(
        shown("web.yaml", yaml),
        [
            "acme/web HelmRelease/web spec.chart.spec.version >=1.0.0",
            "acme/web HelmRelease/web spec.values.image 9",
            "ghcr.io/acme/web OCIRepository/web spec.ref 1.0.0",
            "acme/web Kustomization/web spec.images[acme/web] 3",
        ]
    );
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\n\
                 spec: {chart: {spec: {version: 6.5.0}}}\n";
    assert_eq!(shown("production/web.yaml", patch), ["? HelmRelease/web spec.chart.spec.version 6.5.0"]);
}

#[test]
fn a_revision_is_a_version_unless_it_is_a_branch() {
    let of = |revision: &str| {
        let resource = format!("https://github.com/acme/config.git//web?timeout=9s&ref={revision}");
        shown("kustomization.yaml", &format!("resources: [base, '{resource}']"))
    };
    for version in ["v1.0.0", "web-v9.0.0", "web/v1", "release-7", "1.2.3-rc.1", "^9.0.0", "v1.*", "0123abc"] {
        assert_eq!(of(version), [format!("https://github.com/acme/config.git//web resources[1] {version}")]);
    }
    for branch in ["main", "HEAD", "feature/login", "v2-preview", "dev-branch", ""] {
        assert_eq!(of(branch), [""; 0], "{branch}");
    }
}

#[test]
fn hostile_files_name_little_and_break_nothing() {
    for text in
        ["", "images: {}", "images: [1, null, [], {name: []}]", "image: '@@::'", "images: &a [*a]", "{{ x", "\u{0}"]
    {
        assert!(found("kustomization.yaml", text).len() <= 1, "{text}");
    }
    let many = "- image: acme/web:1\n".repeat(5_000);
    // One more than are compared, so that nobody takes them for all.
    assert_eq!(found("values.yaml", &many).len(), MOST_VERSIONS + 1);
    let nested = (0..50).fold("image: a:1".to_owned(), |inner, _| {
        format!("patch: |\n{}", inner.lines().map(|line| format!("  {line}\n")).collect::<String>())
    });
    assert!(found("kustomization.yaml", &nested).is_empty());
}

/// A step that leaves a file with one image of these tags, at the old path or a new one.
fn step(time: u64, changes: &[(&str, &str, &str)]) -> Step {
    let change = |(old, new, tag): &(&str, &str, &str)| FileChange {
        old: (!old.is_empty()).then(|| (*old).to_owned()),
        new: (!new.is_empty()).then(|| {
            let text = format!("images: [{{name: acme/web, newTag: '{tag}'}}]");
            ((*new).to_owned(), Arc::from(found(new, &text)))
        }),
    };
    Step { commit: format!("c{time}"), time, changes: changes.iter().map(change).collect() }
}

const STAGING: &str = "web/staging/kustomization.yaml";
const PRODUCTION: &str = "web/production/kustomization.yaml";

/// `tag from-until` of staging, in the order of the timeline.
fn staging(steps: Vec<Step>) -> Vec<String> {
    let timeline = Timeline::new(steps, &Environments::default(), 1_000);
    let stood = timeline.stood.iter().filter(|stood| stood.named.stage == Stage::Staging);
    let tag = |stood: &super::Stood| stood.named.version.tag.clone().unwrap_or_default();
    stood
        .map(|it| {
            format!("{} {} {}-{}", it.named.slot, tag(it), it.from, it.until.map_or(String::new(), |it| it.to_string()))
        })
        .collect()
}

#[test]
fn a_version_stands_until_a_commit_takes_it_away() {
    let steps = vec![
        step(10, &[("", STAGING, "1")]),
        step(20, &[(STAGING, STAGING, "2")]),
        step(30, &[(STAGING, STAGING, "1")]),
        step(40, &[(STAGING, "", "")]),
    ];
    let slot = "web/*/kustomization.yaml";
    assert_eq!(staging(steps), [format!("{slot} 1 10-20"), format!("{slot} 2 20-30"), format!("{slot} 1 30-40")]);
}

#[test]
fn a_renamed_overlay_is_the_same_one_and_one_of_another_environment_is_not() {
    let old = "web/stage/kustomization.yaml";
    let moved = "apps/web/staging/kustomization.yaml";
    let steps = vec![
        step(10, &[("", old, "1")]),
        step(20, &[(old, old, "2")]),
        step(30, &[(old, moved, "2")]),
        step(40, &[(moved, PRODUCTION, "2")]),
    ];
    let slot = "apps/web/*/kustomization.yaml";
    assert_eq!(staging(steps), [format!("{slot} 1 10-20"), format!("{slot} 2 20-40")]);
}

#[test]
fn clocks_that_go_wrong_make_no_time_longer() {
    // The third says that it is older than the second, the fourth that it is of the future.
    let steps = vec![
        step(100, &[("", STAGING, "1")]),
        step(200, &[(STAGING, STAGING, "2")]),
        step(50, &[(STAGING, STAGING, "3")]),
        step(5_000, &[(STAGING, STAGING, "4")]),
        step(300, &[(STAGING, STAGING, "5")]),
    ];
    let slot = "web/*/kustomization.yaml";
    let expected = ["1 100-200", "2 200-200", "3 200-1000", "4 1000-300", "5 300-"];
    assert_eq!(staging(steps), expected.map(|it| format!("{slot} {it}")));
}

/// What staging named for production's only version: `tag from`.
fn against(environments: &Environments, files: &[(&str, &str)], steps: Vec<Step>) -> Option<Vec<String>> {
    let mut side = Side { timeline: Timeline::new(steps, environments, 1_000), ..Side::default() };
    for (path, text) in files {
        let present = named(path, &found(path, text), environments).into_iter();
        side.present.extend(present.map(|named| Present { file: (*path).to_owned(), named }));
    }
    let (path, _) = files.first()?;
    let promoted = Pairs::new(&[&side]).of(0, path).into_iter().next()?;
    let show = |it: &crate::documents::Staged| {
        format!("{} {}", it.tag.clone().unwrap_or_default(), it.from.map_or("today".into(), |from| from.to_string()))
    };
    Some(promoted.staging.iter().map(show).collect())
}

#[test]
fn the_counterpart_is_compared_and_otherwise_the_same_image() {
    let usual = Environments::default();
    let production = (PRODUCTION, "images: [{name: acme/web, newTag: '1'}]");
    let steps = || vec![step(10, &[("", STAGING, "1")]), step(20, &[("", "other/staging/kustomization.yaml", "9")])];
    assert_eq!(against(&usual, &[production], steps()).unwrap(), ["1 10"]);
    // Staging has another overlay by now, in a folder of another name.
    let elsewhere = ("shop/production/kustomization.yaml", "images: [{name: acme/web, newTag: '1'}]");
    assert_eq!(against(&usual, &[elsewhere], steps()).unwrap(), ["1 10", "9 20"]);
    let today = ("web/staging/kustomization.yaml", "images: [{name: acme/web, newTag: '3'}]");
    assert_eq!(against(&usual, &[production, today], steps()).unwrap(), ["1 10", "3 today"]);
}

#[test]
fn one_staging_stands_for_all_regions_of_production() {
    let against = |production, staging| {
        let files = [(production, "image: {tag: '2'}"), (staging, "image: {tag: '1'}")];
        against(&Environments::default(), &files, Vec::new()).unwrap()
    };
    assert_eq!(against("clusters/prod-eu/web/values.yaml", "clusters/staging/web/values.yaml"), ["1 today"]);
    assert_eq!(against("web/values-prod-eu.yaml", "web/values-staging.yaml"), ["1 today"]);
    // Another service, or another region.
    assert_eq!(against("clusters/prod-eu/web/values.yaml", "clusters/staging/api/values.yaml"), [""; 0]);
    assert_eq!(against("web-prod/values.yaml", "api-staging/values.yaml"), [""; 0]);
}

#[test]
fn a_service_that_is_called_like_an_environment_has_both() {
    let against = |production, staging| {
        let files = [(production, "image: {tag: '2'}"), (staging, "image: {tag: '1'}")];
        against(&Environments::default(), &files, Vec::new()).unwrap()
    };
    for (production, staging) in [
        ("apps/live/overlays/production/values.yaml", "apps/live/overlays/staging/values.yaml"),
        ("apps/prod/overlays/production/values.yaml", "apps/prod/overlays/staging/values.yaml"),
        ("services/stage/production/values.yaml", "services/stage/staging/values.yaml"),
        ("clusters/production/apps/stage/values.yaml", "clusters/staging/apps/stage/values.yaml"),
        ("charts/stage/values-production.yaml", "charts/stage/values-staging.yaml"),
        ("staging/prod-eu/web/values.yaml", "staging/staging-eu/web/values.yaml"),
    ] {
        assert_eq!(against(production, staging), ["1 today"], "{production}");
    }
    assert_eq!(against("apps/prod/overlays/production/values.yaml", "apps/web/overlays/staging/values.yaml"), [""; 0]);
}

#[test]
fn a_tag_of_another_thing_is_another_tag() {
    let usual = Environments::default();
    let against = |production: &str, staging: &str| {
        let files = [(PRODUCTION, production), (STAGING, staging)];
        against(&usual, &files, Vec::new()).unwrap()
    };
    let image = |of: &str| format!("images: [{{name: web, newName: {of}, newTag: '1'}}]");
    assert_eq!(against(&image("evil/miner"), &image("acme/web")), ["acme/web:1 today"]);
    assert_eq!(against(&image("mirror.example.com/web"), &image("acme/web")), ["acme/web:1 today"]);
    // A registry of each environment has the same thing.
    assert_eq!(against(&image("acme-prod/web"), &image("acme-staging/web")), ["1 today"]);
    assert_eq!(against(&image("acme-prod/web"), &image("acme-prod/web")), ["1 today"]);
    // Staging leaves it to the values of the chart.
    let (whole, part) = ("image: {repository: evil/miner, tag: '1'}", "image: {tag: '1'}");
    assert_eq!(against(whole, part), ["?:1 today"]);
    assert_eq!(against(part, part), ["1 today"]);
}

#[test]
fn what_stood_before_is_told_by_commits_and_not_by_seconds() {
    let usual = Environments::default();
    // Three commits of one second.
    let steps = ["1", "2", "3"].map(|tag| step(10, &[(if tag == "1" { "" } else { PRODUCTION }, PRODUCTION, tag)]));
    let mut side = Side { timeline: Timeline::new(steps, &usual, 1_000), ..Side::default() };
    let present = named(PRODUCTION, &found(PRODUCTION, "images: [{name: acme/web, newTag: '3'}]"), &usual);
    side.present.extend(present.into_iter().map(|named| Present { file: PRODUCTION.into(), named }));
    assert_eq!(Pairs::new(&[&side]).of(0, PRODUCTION)[0].earlier, 2);
}

#[test]
fn folders_that_are_mapped_win_over_names() {
    let mapped = Environments {
        mapped: vec![
            Mapped { stage: Stage::Staging, folder: "envs/a/*".into() },
            Mapped { stage: Stage::Production, folder: "envs/b/*".into() },
        ],
        named: vec![Stage::Staging, Stage::Production],
        ..Environments::default()
    };
    let production = ("envs/b/web/kustomization.yaml", "images: [{name: acme/web, newTag: '1'}]");
    let steps = vec![step(10, &[("", "envs/a/web/kustomization.yaml", "1"), ("", STAGING, "2")])];
    assert_eq!(against(&mapped, &[production], steps).unwrap(), ["1 10"]);
    assert_eq!(against(&mapped, &[(PRODUCTION, production.1)], vec![]), None);
}

#[test]
fn one_file_may_have_both_environments() {
    let set = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  generators: [{list: {elements: [{env: production, tag: '1'}, {env: staging, tag: '2'}]}}]
";
    assert_eq!(against(&Environments::default(), &[("apps/web.yaml", set)], vec![]).unwrap(), ["2 today"]);
}
