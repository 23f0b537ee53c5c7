use super::*;
use crate::File;
use crate::manifest::{Limits, read};
use crate::waiver::Date;

/// Rules that the tests name.
const RULES: &[&str] = &[
    "container-resources",
    "immutable-image-tag",
    "liveness-probe",
    "pod-security",
    "read-only-root-filesystem",
    "readiness-probe",
    "run-as-non-root",
];

fn imported(files: &[(&str, &str)]) -> Imported {
    let read = |(name, text): &(&str, &str)| File {
        manifest: read(name, text.as_bytes().to_vec(), &Limits::default()),
        project: 0,
    };
    import(&Input::new(files.iter().map(read).collect()), RULES)
}

fn yaml(files: &[(&str, &str)]) -> String {
    imported(files).to_yaml("ana@example.com", Date::parse("2027-03-31").unwrap())
}

fn lost(files: &[(&str, &str)]) -> Vec<String> {
    imported(files).lost().iter().map(|lost| format!("{}: {}: {}", lost.at, lost.what, lost.why)).collect()
}

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations:
    ignore-check.kube-linter.io/run-as-non-root: \"the vendor's image needs root: until 4.2\"
    ignore-check.kube-linter.io/unset-cpu-requirements: ''
    kube-score/ignore: container-image-tag,pod-probes , container-resources
    polaris.fairwinds.com/hostNetworkSet-exempt: 'true'
    polaris.fairwinds.com/hostPIDSet-exempt: 'false'
    checkov.io/skip1: CKV_K8S_22=writes to its folder
spec:
  template:
    metadata:
      annotations:
        checkov.io/skip2: CKV_K8S_43
    spec: {containers: [{name: app, image: nginx}]}
";

#[test]
fn annotations_become_waivers_with_their_reasons() {
    let text = yaml(&[("web.yaml", WEB)]);
    let expected = "\
# Made by `seaworthy import waivers`: read each before you rely on it.
waivers:
# web.yaml:7: kube-linter run-as-non-root
- rule: run-as-non-root
  object: {kind: Deployment, namespace: shop, name: web}
  owner: ana@example.com
  reason: 'the vendor''s image needs root: until 4.2'
  expires: '2027-03-31'
# web.yaml:8: kube-linter unset-cpu-requirements
# web.yaml:9: kube-score container-resources
# wider than before: it also waives unset-memory-requirements of kube-linter
";
    assert!(text.starts_with(expected), "{text}");
    for rule in
        ["liveness-probe", "readiness-probe", "immutable-image-tag", "pod-security", "read-only-root-filesystem"]
    {
        assert_eq!(text.matches(&format!("- rule: {rule}\n")).count(), 1, "{rule}\n{text}");
    }
    assert!(text.contains("reason: writes to its folder\n"), "{text}");
    assert!(text.contains("web.yaml:17: Checkov CKV_K8S_43\n"), "of the pods: {text}");
    assert!(text.contains("reason: 'ignored before: Polaris hostNetworkSet'"), "{text}");
    assert!(!text.contains("hostPIDSet\n"), "what is false exempts nothing: {text}");
}

#[test]
fn kinds_of_others_are_named_with_their_group() {
    let object = |api_version: &str, kind: &str| {
        let meta = "{name: web, annotations: {kube-score/ignore: container-image-tag}}";
        yaml(&[("a.yaml", &format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {meta}\n"))])
    };
    assert!(object("serving.knative.dev/v1", "Service").contains("{kind: Service.serving.knative.dev, name: web}"));
    assert!(object("argoproj.io/v1alpha1", "Rollout").contains("{kind: Rollout.argoproj.io, name: web}"));
    assert!(object("extensions/v1beta1", "Deployment").contains("{kind: Deployment, name: web}"));
}

#[test]
fn a_rule_is_off_only_where_all_that_it_covers_is() {
    let linter = |checks: &str| format!("checks:\n  exclude: [{checks}]\n");
    let both = linter("unset-cpu-requirements, unset-memory-requirements, no-liveness-probe, liveness-port");
    let text = yaml(&[(".kube-linter.yaml", &both)]);
    assert!(
        text.contains("rules:\n  container-resources:\n    enabled: false\n  liveness-probe:\n    enabled: false\n"),
        "{text}"
    );
    assert_eq!(lost(&[(".kube-linter.yaml", &both)]), Vec::<String>::new());
    let one = linter("unset-cpu-requirements");
    assert_eq!(
        lost(&[("k8s/.kube-linter.yml", &one)]),
        [
            "k8s/.kube-linter.yml:2: kube-linter unset-cpu-requirements, off everywhere: the rule container-resources also \
          covers unset-memory-requirements: see its settings, or waive objects"
        ]
    );
}

#[test]
fn files_of_checkov_and_polaris_are_read() {
    let checkov = "skip-check:\n  - CKV_K8S_43\n  - CKV_K8S_14\n  - CKV_AWS_1\n  - CKV_K8S_*\nskip-path: [tests/]\n";
    let text = yaml(&[(".checkov.yaml", checkov)]);
    assert!(text.contains("immutable-image-tag:\n    enabled: false"), "{text}");
    assert!(!text.contains("AWS") && text.contains("skip-check: CKV_K8S_*") && text.contains("--exclude"), "{text}");
    assert!(yaml(&[(".checkov.yml", "skip-check: CKV_K8S_43,CKV_K8S_14\n")]).contains("enabled: false"));

    let polaris = "\
checks: {tagNotSpecified: ignore, hostNetworkSet: danger}
exemptions:
  - namespace: kube-system
    controllerNames: [dns, proxy]
    rules: [hostNetworkSet]
  - controllerNames: [web]
    containerNames: [app]
    rules: [runAsRootAllowed]
  - namespace: monitoring
    rules: [runAsRootAllowed]
  - controllerNames: [all]
";
    let text = yaml(&[("polaris.yaml", polaris)]);
    assert!(text.contains("immutable-image-tag:\n    enabled: false"), "{text}");
    assert!(text.contains("object: {namespace: kube-system, name: proxy}"), "{text}");
    assert!(text.contains("object: {name: web}\n  container: app\n"), "{text}");
    let lost = lost(&[("polaris.yaml", polaris)]);
    assert_eq!(lost.len(), 2, "{lost:?}");
    assert!(lost[0].contains("every controller") && lost[1].contains("every check"), "{lost:?}");
}

#[test]
fn what_is_not_theirs_is_left_alone() {
    for (name, text) in [
        ("values.yaml", "checks: {enabled: true}\nexemptions: []\n"),
        ("other.yaml", "checks:\n  exclude: [run-as-non-root]\n"),
        (
            "web.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {checkov.io/skipper: CKV_K8S_1}}\n",
        ),
        ("web.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: [kube-score/ignore]}\n"),
        (
            "web.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {polaris.fairwinds.com/exempt: true}}\n",
        ),
    ] {
        assert!(imported(&[(name, text)]).is_empty(), "{text}");
    }
}

#[test]
fn what_cannot_be_carried_over_is_named() {
    let pod = |annotations: &str, name: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{{name}, annotations: {{{annotations}}}}}\n")
    };
    for (annotations, name, says) in [
        ("kube-linter.io/ignore-all: yes it is", "name: web", "waive the rules that fail"),
        ("polaris.fairwinds.com/exempt: 'true'", "name: web", "waive the rules that fail"),
        ("kube-score/ignore: container-image-tag", "generateName: web-", "has no name"),
        ("kube-score/ignore: no-such-check", "name: web", "no check of this name is known"),
        ("checkov.io/skip1: CKV_K8S_15=always", "name: web", "no rule reports this"),
        ("ignore-check.kube-linter.io/no-node-affinity: any", "name: web", "no rule reports this"),
        ("ignore-check.kube-linter.io/ssh-port: any", "name: web", "the rule exposure is not in this bundle"),
    ] {
        let text = pod(annotations, name);
        let lost = lost(&[("web.yaml", &text)]);
        assert!(lost.len() == 1 && lost[0].contains(says), "{annotations}: {lost:?}");
        assert!(!yaml(&[("web.yaml", &text)]).contains("waivers:"), "{annotations}");
    }
}

#[test]
fn line_breaks_in_reasons_stay_inside() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {ignore-check.kube-linter.io/run-as-non-root: \"a\\n- rule: b\"}}\n";
    let text = yaml(&[("a\nb.yaml", pod)]);
    assert!(
        text.lines()
            .all(|line| line.starts_with(['#', ' ']) || line == "waivers:" || line == "- rule: run-as-non-root"),
        "{text}"
    );
}
