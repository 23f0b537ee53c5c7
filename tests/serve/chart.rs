//! The chart, rendered by Helm as `make` fetched it, and held to our own rules.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use protocol::{api_group, resource_name};
use seaworthy_tests::artifacts::{target, workspace};
use seaworthy_tests::metadata;
use serde_json::Value;

use crate::reviews::{create, deployment};
use crate::server::Server;
use crate::stand_in::StandIn;
use crate::support::Folder;

/// What the platform that installs the chart has around every service.
const OF_THE_PLATFORM: [&str; 8] = [
    "monitoring.enabled=true",
    "monitoring.dashboard=true",
    "platform.onCall=platform-primary",
    "platform.backstage.owner=team-platform",
    "platform.pagerDuty.serviceId=PX7Q2LA",
    "platform.pagerDuty.routingKey.name=pagerduty",
    "platform.sloth.enabled=true",
    "platform.tracing.endpoint=http://collector.observability:4318",
];

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
fn the_chart_passes_every_rule() {
    let digest = format!("image.digest=sha256:{}", "0".repeat(64));
    for more in [&[][..], &["lookUps.enabled=false"]] {
        let Some(output) = helm(&[&OF_THE_PLATFORM, &[digest.as_str()][..], more].concat()) else { return };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let group =
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team-platform}\nspec: {type: team}\n";
        let folder = Folder::of("k8s/all.yaml", output.stdout).and("k8s/team.yaml", group);
        let run = folder.run(&["check", "k8s", "--profile", "full", "--no-config", "--format", "json"]);
        let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {run:?}"));
        let text = report.to_string();
        for kind in ["ValidatingWebhookConfiguration", "ServiceMonitor", "PrometheusServiceLevel", "AlertmanagerConfig"]
        {
            assert!(text.contains(kind), "{kind}: {text}");
        }
        let results = report["results"].as_array().unwrap().iter();
        let is_fine = |result: &&Value| ["pass", "not-applicable"].contains(&result["verdict"].as_str().unwrap());
        let failing: Vec<String> = results
            .filter(|result| !is_fine(result))
            .map(|it| format!("{} {}: {}", it["rule"], it["object"], it["findings"]))
            .collect();
        assert!(failing.is_empty(), "{more:?}: {failing:#?}");
        assert_eq!(run.code, Some(0), "{more:?}: {run:?}");
    }
}

/// What rules look up and a cluster may have, by group and plural.
fn looked_up() -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for look_up in metadata().into_values().flat_map(|rule| rule.looks_up) {
        let group = api_group(&look_up.api_version);
        // Documents and files of ours and of kustomize, which no API server has.
        if !["seaworthy.dev", "kustomize.config.k8s.io"].contains(&group) {
            let group = if group.is_empty() { "core" } else { group };
            all.entry(group.to_owned()).or_default().insert(resource_name(&look_up.kind));
        }
    }
    all
}

#[test]
fn the_role_reads_what_rules_look_up_and_nothing_else() {
    let path = workspace().join("charts/seaworthy/look-ups.yaml");
    let lines = looked_up().into_iter().map(|(group, resources)| {
        let resources: Vec<String> = resources.into_iter().collect();
        format!("{group}: [{}]\n", resources.join(", "))
    });
    let head = "# Made of what rules say that they look up, by a test: SNAPSHOTS=overwrite writes it anew.\n";
    let text = head.to_owned() + &lines.collect::<String>();
    if std::env::var("SNAPSHOTS").is_ok_and(|what| what == "overwrite") {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "SNAPSHOTS=overwrite writes it anew");
    for (values, reads_secrets) in [(&[][..], false), (&["lookUps.secrets=true"], true)] {
        let Some(output) = helm(values) else { return };
        let input = seaworthy_tests::input("all.yaml", &String::from_utf8_lossy(&output.stdout));
        let roles = input.subjects().map(|subject| subject.object).filter(|object| object.kind == "ClusterRole");
        let roles: Vec<Value> = roles.map(|role| serde_json::to_value(&*role.node.look()).unwrap()).collect();
        let rules: Vec<&Value> = roles.iter().flat_map(|role| role["rules"].as_array().unwrap()).collect();
        assert!(rules.iter().all(|rule| rule["verbs"] == serde_json::json!(["list", "watch"])), "{rules:#?}");
        let names = |rule: &&&Value| rule["resources"].as_array().unwrap().iter().any(|name| name == "secrets");
        assert_eq!(rules.iter().any(|rule| names(&rule)), reads_secrets, "{rules:#?}");
    }
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let text = std::fs::read_to_string(workspace().join("charts/seaworthy/dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let (cluster, folder) = (StandIn::of(&["services"]), Folder::of("seaworthy.yaml", "admission: {mode: warn}\n"));
    cluster.kubeconfig(folder.path());
    let options = ["--cluster", "--kubeconfig", "kubeconfig", "--config", "seaworthy.yaml"];
    let server = Server::start(&folder, &options);
    // What nobody has counted yet is not there.
    assert!(server.ask(&create(&deployment("web:1.2.3", false))).is_allowed());
    std::fs::write(folder.path().join("seaworthy.yaml"), "admission: {mode: audit}\n").unwrap();
    server.wait_for("the configuration was replaced");
    let metrics = server.get("/metrics").body;
    let word = |character: char| !(character.is_alphanumeric() || character == '_');
    let names =
        asked.iter().flat_map(|expression| expression.split(word)).filter(|name| name.starts_with("seaworthy_"));
    let names: BTreeSet<&str> = names.collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let family = name.trim_end_matches("_total").trim_end_matches("_bucket");
        assert!(metrics.contains(&format!("# TYPE {family} ")), "{name}: {metrics}");
    }
}

#[test]
fn the_chart_refuses_what_is_misspelt() {
    for value in ["webhook.failurepolicy=Fail", "webhook.failurePolicy=fail", "image.digest=latest", "replicas=2"] {
        let Some(output) = helm(&[value]) else { return };
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("values don't meet the specifications"), "{value}: {said}");
    }
}
