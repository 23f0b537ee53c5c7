//! The chart, rendered by Helm as `make` fetched it, and held to our own rules.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use seaworthy_tests::artifacts::{target, workspace};
use serde_json::Value;

use crate::support::Folder;

/// What only the platform that installs the chart can have: a catalogue, people on call, objectives, a collector of traces.
const OF_THE_PLATFORM: [&str; 5] =
    ["grafana-dashboard", "on-call-rotation", "opentelemetry-tracing", "pagerduty-service", "service-level-objective"];

/// What Helm makes of it with these values; nothing where there is no Helm, which is said.
fn helm(values: &[&str]) -> Option<Output> {
    let program = target().join("tools/helm");
    if !program.exists() {
        eprintln!("LEFT OUT: {} is not there; `make rendering-tools` fetches it with Go", program.display());
        return None;
    }
    let mut command = Command::new(program);
    command.args(["template", "gate", "charts/seaworthy", "--namespace", "seaworthy", "--kube-version", "1.34.0"]);
    command.args(values.iter().flat_map(|value| ["--set", value]));
    Some(command.current_dir(workspace()).output().unwrap())
}

#[test]
fn the_chart_passes_every_rule_that_a_chart_can() {
    let digest = format!("image.digest=sha256:{}", "0".repeat(64));
    let Some(output) = helm(&["monitoring.enabled=true", &digest]) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = Folder::of("k8s/all.yaml", output.stdout);
    let run = folder.run(&["check", "k8s", "--profile", "full", "--no-config", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {run:?}"));
    let text = report.to_string();
    assert!(text.contains("ValidatingWebhookConfiguration") && text.contains("ServiceMonitor"), "{text}");
    let results = report["results"].as_array().unwrap().iter();
    let failing = results.filter(|result| !["pass", "not-applicable"].contains(&result["verdict"].as_str().unwrap()));
    let failing: BTreeSet<&str> = failing.map(|result| result["rule"].as_str().unwrap()).collect();
    assert_eq!(failing, OF_THE_PLATFORM.into(), "{}", run.out);
}

#[test]
fn the_chart_refuses_what_is_misspelt() {
    for value in ["webhook.failurepolicy=Fail", "webhook.failurePolicy=fail", "image.digest=latest", "replicas=2"] {
        let Some(output) = helm(&[value]) else { return };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("values don't meet the specifications"), "{value}: {said}");
    }
}
