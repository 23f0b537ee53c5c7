use std::sync::Arc;

use protocol::{Level, Outcome};

use super::*;
use crate::file::File;
use crate::manifest::{Limits, read};

fn report<'a>(input: &'a Input, bundle: &'a Bundle<()>, judged: Vec<Judged<'a>>) -> Report<'a> {
    Report::new(input, bundle, Completeness::Partial, judged, Vec::new(), &[], Date::LAST)
}

/// The lines that are concealed when rules find something at these paths of the first object.
fn concealed(yaml: &str, findings: &[(&str, bool)]) -> Vec<u32> {
    let input = Input::new(vec![File { manifest: read("a.yaml", yaml.into(), &Limits::default()), project: 0 }]);
    let finding = |(path, conceal): &(&str, bool)| Finding {
        level: Level::Violation,
        path: (*path).into(),
        container: None,
        message: String::new(),
        fix: None,
        conceal: *conceal,
    };
    let findings = findings.iter().map(finding).collect();
    let outcome = Arc::new(Outcome { verdict: Verdict::Fail, reason: None, findings });
    let subject = input.subjects().next().unwrap();
    let judgements = vec![Judgement { rule: 0, outcome, mutated: None, severity: None }];
    let bundle = Bundle::new(Vec::new());
    let report = report(&input, &bundle, vec![Judged { subject, judgements }]);
    let lines = u32::try_from(yaml.lines().count()).unwrap();
    (1..=lines).filter(|line| report.conceals(subject, *line)).collect()
}

#[test]
fn a_document_of_the_host_is_concealed_as_its_kind_says() {
    let file = crate::documents::dockerfile("Dockerfile", "ENV TOKEN=hunter2\n".into(), &[]).unwrap();
    let tree = crate::documents::repository_tree("shop", &["README.md".into()]).unwrap();
    let made = [file, tree].map(|manifest| File { manifest, project: 0 });
    let input = Input::new(Vec::<File>::new()).with_trees(made.into());
    let bundle = Bundle::new(Vec::new());
    let report = report(&input, &bundle, Vec::new());
    let concealed: Vec<bool> = input.subjects().map(|subject| report.conceals(subject, 1)).collect();
    assert_eq!(concealed, [true, false]);
}

const JOB: &str = "\
apiVersion: batch/v1
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {
  containers: [
    {name: a,
     image: b,
     env: [
       {name: EMPTY, value: ''},
       {name: LOG_FORMAT, value: json},
       {name: FROM, valueFrom: {secretKeyRef: {name: c, key: d}}},
       {name: PASSWORD,
        value: hunter2}],
     args: [
       --password=hunter2]}],
  initContainers: [{name: e,
     command: [
       hunter2]}]}}}}}
";

#[test]
fn only_values_that_are_known_to_be_harmless_are_shown_whatever_rules_run() {
    assert_eq!(concealed(JOB, &[]), [9, 12, 14, 17]);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  a: b\n  c: ''\nstringData:\n  d: |\n    e\n    f\n";
    assert_eq!(concealed(secret, &[]), [5, 9, 10]);
    assert_eq!(concealed("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: b\n", &[]), [4]);
    assert_eq!(concealed("apiVersion: v1\nkind: Service\nspec:\n  type: b\n", &[]), [0; 0]);
}

#[test]
fn a_finding_hides_its_line_if_it_asks_for_that_and_shows_none() {
    let place = |field: &str| format!("$['spec']['jobTemplate']['spec']['template']['spec']['containers'][0]{field}");
    let (value, image) = (place("['env'][1]['value']"), place("['image']"));
    assert_eq!(concealed(JOB, &[(&value, false), (&image, false)]), [9, 12, 14, 17]);
    assert_eq!(concealed(JOB, &[(&image, true)]), [6, 9, 12, 14, 17]);
}
