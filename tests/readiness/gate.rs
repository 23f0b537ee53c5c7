//! Which services, and what the run ends with.

use protocol::{Level, Verdict};
use serde_json::Value;

use crate::bundles::FixedRule;
use crate::support::Folder;

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: catalog, namespace: shop, labels: {app.kubernetes.io/part-of: system}}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: shop, labels: {app.kubernetes.io/part-of: system}}
";

fn folder(verdicts: &[Verdict]) -> Folder {
    let name = |index: usize| ["a-is", "b-is", "c-is", "d-is"][index];
    let rule = |(index, verdict): (usize, &Verdict)| match FixedRule::new(name(index), *verdict) {
        rule if *verdict == Verdict::Fail => rule.finds(Level::Violation, "$", "it is not", None),
        rule => rule.because("so it is"),
    };
    let rules: Vec<FixedRule> = verdicts.iter().enumerate().map(rule).collect();
    Folder::of("k8s/pods.yaml", PODS).bundle(&rules)
}

fn run(folder: &Folder, more: &[&str]) -> crate::support::Run {
    folder.run(&[&["readiness", "k8s", "--bundle", "bundle"], more].concat())
}

#[test]
fn the_exit_code_is_that_of_check_or_of_the_gate() {
    use Verdict::{Fail, NotApplicable, Pass, Unknown};
    for (verdicts, more, code) in [
        (&[Pass, NotApplicable][..], &[][..], 0),
        (&[Pass, Unknown], &[], 0),
        (&[Pass, Fail], &[], 1),
        (&[Pass, Fail], &["--fail-under", "50"], 0),
        (&[Pass, Fail], &["--fail-under", "51"], 1),
        (&[Pass, Unknown], &["--fail-under", "51"], 1),
        (&[Pass, Pass, Fail], &["--fail-under", "67"], 1),
        (&[NotApplicable], &["--fail-under", "100"], 0),
    ] {
        let run = run(&folder(verdicts), more);
        assert_eq!(run.code, Some(code), "{verdicts:?} {more:?}\n{}{}", run.out, run.err);
    }
}

#[test]
fn a_rule_that_fails_to_decide_is_undecided_whatever_the_gate() {
    for more in [&[][..], &["--fail-under", "0"]] {
        let run = run(&folder(&[Verdict::Pass, Verdict::Error]), more);
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains("run `seaworthy check` to see what"), "{}", run.err);
    }
}

#[test]
fn no_format_is_silent_about_what_could_not_be_read() {
    let folder = folder(&[Verdict::Pass]).and("k8s/broken.yaml", "apiVersion: [\n");
    for (format, said) in [
        ("human", ""),
        ("markdown", "**Not everything"),
        ("html", "<p class=\"undecided\""),
        ("json", "\"undecided\": true"),
    ] {
        let run = run(&folder, &["--format", format]);
        assert_eq!(run.code, Some(2), "{format}");
        assert!(
            run.out.contains(said) && run.err.contains("error: k8s/broken.yaml:1: not valid YAML"),
            "{format}: {}",
            run.err
        );
    }
}

#[test]
fn where_nothing_was_judged_nothing_is_ready() {
    let folder = Folder::of("k8s/values.yaml", "a: 1\n").bundle(&[FixedRule::new("a-is", Verdict::Pass)]);
    let run = run(&folder, &[]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("No services found"), "{}", run.out);
}

fn services(folder: &Folder, more: &[&str]) -> Vec<String> {
    let out = run(folder, &[&["--format", "json"], more].concat()).with(0);
    let card: Value = serde_json::from_str(&out).unwrap();
    let services = card["services"].as_array().unwrap().iter();
    services.map(|service| service["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn services_are_grouped_as_asked_and_picked_by_name() {
    let folder = folder(&[Verdict::Pass]);
    assert_eq!(services(&folder, &[]), ["catalog", "front"]);
    assert_eq!(services(&folder, &["--group-by", "part-of"]), ["system"]);
    assert_eq!(services(&folder, &["--group-by", "workload,part-of"]), ["catalog", "front"]);
    assert_eq!(services(&folder, &["--service", "front"]), ["front"]);
    assert_eq!(services(&folder, &["--service", "shop/front"]), ["front"]);
}

#[test]
fn a_service_that_is_not_there_is_a_mistake_with_a_suggestion() {
    let folder = folder(&[Verdict::Pass]);
    let complaint = |name: &str| run(&folder, &["--service", name]).complaint();
    assert_eq!(complaint("catalogue"), "error: there is no service `catalogue`; did you mean `catalog`?\n");
    assert_eq!(complaint("x"), "error: there is no service `x`; the services are `shop/catalog`, `shop/front`\n");
    let mistyped = run(&folder, &["--group-by", "part_of"]).complaint();
    assert!(mistyped.contains("did you mean `part-of`?"), "{mistyped}");
}

#[test]
fn a_gate_that_no_service_goes_through_is_not_passed() {
    let namespace = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let folder = Folder::of("k8s/a.yaml", namespace).bundle(&[FixedRule::new("a-is", Verdict::Pass)]);
    for more in [&[][..], &["--fail-under", "0"], &["--fail-under", "80", "--format", "json"]] {
        let run = run(&folder, more);
        assert_eq!(
            (run.code, run.err.as_str()),
            (
                Some(2),
                "error: no workload found; give its manifests, or pipe in what `helm template` or `kustomize build` prints\n"
            )
        );
    }
}
