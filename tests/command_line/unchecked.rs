//! What deploys workloads and was not checked: a run is never green by mistake.

use serde_json::Value;

use crate::bundles::{FixedRule, POD};
use crate::schema;
use crate::support::{Folder, Run};

/// A folder in which every rule holds.
fn folder() -> Folder {
    let holds = FixedRule::new("holds", protocol::Verdict::Pass);
    Folder::of("pod.yaml", POD).bundle(&[holds])
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const TEMPLATE: &str = "{{ if .Values.on }}\nkind: Pod\n{{ end }}\n";
const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: redis}\n\
                           spec: {source: {repoURL: 'https://me:hunter2@charts.example.com', chart: redis}}\n";

fn check(folder: &Folder, more: &[&str]) -> Run {
    // What a tool says of them is tested where there are tools.
    folder.run(&[&["check", ".", "--bundle", "bundle", "--render", "never"], more].concat())
}

#[test]
fn what_deploys_and_was_not_checked_is_never_green() {
    assert_eq!(check(&folder(), &[]).code, Some(0));
    let chart = folder().and("charts/web/Chart.yaml", CHART).and("charts/web/templates/web.yaml", TEMPLATE);
    let overlay = folder().and("prod/kustomization.yaml", "resources: [../base]\n");
    let application = folder().and("apps/redis.yaml", APPLICATION);
    for (folder, why, command) in [
        (&chart, "charts/web/Chart.yaml:1: a Helm chart: 1 template is not rendered", "helm template charts/web"),
        (&overlay, "builds on `../base`, which is not in the input", "kustomize build prod"),
        (&application, "deploys the chart redis of https://charts.example.com", "argocd app manifests redis"),
    ] {
        let out = check(folder, &[]).with(2);
        assert!(out.contains(why) && out.contains(&format!("{command} | seaworthy check -")), "{out}");
        assert!(out.contains("Incomplete: ") && out.contains("`--allow-unchecked` accepts this"), "{out}");
        assert!(!out.contains("All checks passed") && !out.contains("hunter2"), "{out}");
        let accepted = check(folder, &["--allow-unchecked"]).with(0);
        assert!(
            accepted.contains(why) && accepted.contains("All checks passed"),
            "it is told all the same: {accepted}"
        );
    }
}

#[test]
fn nothing_else_is_accepted_with_it() {
    let broken = folder().and("broken.yaml", "apiVersion: [\n").and("templates/web.yaml", TEMPLATE);
    assert_eq!(check(&broken, &["--allow-unchecked"]).code, Some(2));
    let nothing = Folder::of("chart/Chart.yaml", CHART).and("chart/templates/web.yaml", TEMPLATE);
    let nothing = nothing.bundle(&[FixedRule::new("holds", protocol::Verdict::Pass)]);
    assert_eq!(check(&nothing, &["--allow-unchecked"]).code, Some(2), "there is nothing that was checked");
    let out = check(&nothing, &[]).with(2);
    assert!(out.ends_with("1 file not checked, see above\n"), "and it is not offered: {out}");
    let fails = FixedRule::new("fails", protocol::Verdict::Fail).finds(protocol::Level::Violation, "$", "no", None);
    let fails = Folder::of("pod.yaml", POD).and("t.yaml", TEMPLATE).bundle(&[fails]);
    assert_eq!(check(&fails, &[]).code, Some(2));
    assert_eq!(check(&fails, &["--allow-unchecked"]).code, Some(1));
}

#[test]
fn every_format_says_so() {
    let folder = folder().and("prod/kustomization.yaml", "resources: [../base]\n");
    let json = |more: &[&str], code| -> Value {
        let report = serde_json::from_str(&check(&folder, &[&["--format", "json"], more].concat()).with(code)).unwrap();
        let faults = schema::faults(&report);
        assert!(faults.is_empty(), "{faults:#?}");
        report
    };
    let report = json(&[], 2);
    assert_eq!(report["summary"]["outcome"], "incomplete");
    assert_eq!(report["unchecked"][0]["file"], "prod/kustomization.yaml");
    assert_eq!(report["unchecked"][0]["command"], "kustomize build prod | seaworthy check -");
    let accepted = json(&["--allow-unchecked"], 0);
    assert_eq!((&accepted["summary"]["outcome"], &accepted["unchecked"]), (&"holds".into(), &report["unchecked"]));

    let sarif: Value = serde_json::from_str(&check(&folder, &["--format", "sarif"]).with(2)).unwrap();
    let run = &sarif["runs"][0]["invocations"][0];
    assert_eq!(run["executionSuccessful"], false);
    assert_eq!(run["toolExecutionNotifications"][0]["level"], "warning");

    let readiness =
        |more: &[&str]| folder.run(&[&["readiness", ".", "--bundle", "bundle", "--render", "never"], more].concat());
    let told = readiness(&[]);
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("builds on `../base`") && told.err.contains("`--allow-unchecked`"), "{}", told.err);
    let json: Value = serde_json::from_str(&readiness(&["--format", "json"]).out).unwrap();
    assert_eq!(json["undecided"], true);
    assert_eq!(readiness(&["--allow-unchecked"]).code, Some(0));
}
