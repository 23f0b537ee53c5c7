//! From nothing to a service on which all checks pass, in one command.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use seaworthy_tests::artifacts::target;
use serde_json::Value;

use crate::support::{Folder, Run, run};
use crate::tools::Tools;
use crate::{KINDS, LAYOUTS, PACKAGES, service};

/// What a serving workload is asked at the least. That they pass shows that something was checked.
const ASKED: [&str; 16] = [
    "container-resources",
    "external-secrets",
    "graceful-shutdown",
    "grafana-dashboard",
    "horizontal-pod-autoscaler",
    "liveness-probe",
    "network-policy",
    "on-call-rotation",
    "opentelemetry-tracing",
    "pagerduty-service",
    "pod-disruption-budget",
    "readiness-probe",
    "runbook",
    "service-monitor",
    "signed-image",
    "topology-spread",
];

fn with_tools(folder: &Folder, tools: &Tools, words: &[&str]) -> Run {
    with_tools_in(folder, folder.path(), tools, words)
}

fn with_tools_in(folder: &Folder, place: &Path, tools: &Tools, words: &[&str]) -> Run {
    let mut command = folder.command(words);
    command.current_dir(place);
    // Git is where the system has it.
    let path = [tools.path(), "/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()];
    command.env("PATH", std::env::join_paths(path).unwrap()).env("XDG_CACHE_HOME", folder.path().join(".cache"));
    run(&mut command, "")
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=ana", "-c", "user.email=ana@example.com"]);
    command.args(["-c", "commit.gpgSign=false"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

/// The folder of published definitions; none where `make custom-resources` could not fetch them, which is said.
fn published_definitions() -> Option<String> {
    let folder = target().join("tools/crds");
    if !folder.exists() {
        eprintln!("LEFT OUT: {} is not there; `make custom-resources` fetches it with Go", folder.display());
        return None;
    }
    Some(folder.display().to_string())
}

fn config_repository(layout: &str) -> &'static str {
    if layout == "monorepo" { "k8s-config" } else { "payments-api-config" }
}

#[test]
fn every_kind_layout_and_package_passes_all_checks_and_is_ready() {
    let Some(tools) = Tools::find() else { return };
    let definitions = published_definitions();
    let crds: Vec<&str> = definitions.iter().flat_map(|folder| ["--crds", folder.as_str()]).collect();
    for kind in KINDS {
        for (layout, package) in LAYOUTS.iter().flat_map(|layout| PACKAGES.map(|package| (*layout, package))) {
            let folder = Folder::new();
            folder.run(&service(kind, layout, package)).with(0);
            let config = config_repository(layout);
            let repository = folder.path().join(config);
            git(&repository, &["init", "--quiet", "--initial-branch=main"]);
            // A repository knows by its remote that an Application's source is itself.
            git(&repository, &["remote", "add", "origin", &format!("https://github.com/acme/{config}.git")]);
            let shown = format!("{kind}, {layout}, {package}");

            let check = [&["check", config, "--profile", "full", "--format", "json"][..], &crds].concat();
            let checked = with_tools(&folder, &tools, &check);
            let report: Value = serde_json::from_str(&checked.out).unwrap_or_else(|_| panic!("{shown}: {checked:?}"));
            let results = report["results"].as_array().unwrap();
            let open: Vec<&Value> = results
                .iter()
                .filter(|result| !matches!(result["verdict"].as_str(), Some("pass" | "not-applicable")))
                .collect();
            assert!(checked.code == Some(0) && open.is_empty(), "{shown}: {open:#?}\n{}", checked.err);
            let advice = results.iter().flat_map(|result| result["findings"].as_array().into_iter().flatten());
            let advice: Vec<&Value> = advice.filter(|finding| finding["level"] == "warning").collect();
            assert!(advice.is_empty(), "{shown}: {advice:#?}");

            // Without a definition there is no shape; a catalog entity has none, and what is no object neither.
            let schema = results.iter().filter(|result| result["rule"] == "kubernetes-schema");
            let unshaped = schema.filter(|result| result["verdict"] != "pass").map(|result| &result["object"]["kind"]);
            let unshaped: BTreeSet<&str> = unshaped.filter_map(Value::as_str).collect();
            let expected = if crds.is_empty() {
                unshaped.clone()
            } else {
                BTreeSet::from(["Component", "Kustomization", "Promotion", "RepositoryTree"])
            };
            assert!(unshaped.is_subset(&expected), "{shown}: {unshaped:?}");

            let environments: BTreeSet<&str> =
                results.iter().filter_map(|result| result["object"]["environment"].as_str()).collect();
            for environment in ["dev", "staging", "production"] {
                assert!(environments.iter().any(|it| it.ends_with(environment)), "{shown}: {environments:?}");
            }
            let passed: BTreeSet<&str> = results
                .iter()
                .filter(|result| result["verdict"] == "pass")
                .filter_map(|result| result["rule"].as_str())
                .collect();
            // A worker serves nobody, and a cron does not stay.
            let not_asked: &[&str] = match kind {
                "http-api" => &[],
                "worker" => &["graceful-shutdown", "service-monitor"],
                _ => &ASKED,
            };
            let missing: Vec<_> = ASKED.iter().filter(|rule| !passed.contains(*rule)).collect();
            assert!(missing.iter().all(|rule| not_asked.contains(rule)), "{shown}: {missing:?}");

            let ready = with_tools(&folder, &tools, &["readiness", config, "--profile", "full", "--format", "json"]);
            let card: Value = serde_json::from_str(&ready.out).unwrap_or_else(|_| panic!("{shown}: {ready:?}"));
            let services = card["services"].as_array().unwrap();
            assert_eq!((ready.code, services.len()), (Some(0), 1), "{shown}: {}", ready.out);
            assert_eq!(services[0]["share"]["percent"], 100, "{shown}: {}", services[0]);
            assert_eq!(services[0]["unknown"], 0, "{shown}: {}", services[0]);

            // What the repository has of its own is there before its services are.
            let own =
                ["seaworthy.yaml", ".github/CODEOWNERS"].into_iter().filter(|path| repository.join(path).exists());
            git(&repository, &[&["add"][..], &own.collect::<Vec<_>>()].concat());
            git(&repository, &["commit", "--quiet", "--message=repository"]);
            git(&repository, &["switch", "--quiet", "--create", "feature/payments-api"]);
            git(&repository, &["add", "--all"]);
            git(&repository, &["commit", "--quiet", "--message=service"]);
            let review = with_tools_in(&folder, &repository, &tools, &["review", "--base", "main", "--format", "json"]);
            let reviewed: Value = serde_json::from_str(&review.out).unwrap_or_else(|_| panic!("{shown}: {review:?}"));
            assert_eq!(
                (review.code, reviewed["class"].as_str()),
                (Some(0), Some("new-service")),
                "{shown}: {reviewed:#}"
            );
        }
    }
}

#[test]
fn the_program_is_built_vetted_and_tested() {
    if Command::new("go").arg("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("LEFT OUT: Go is not installed, so the programs of new services are not built");
        return;
    }
    for kind in KINDS {
        let folder = Folder::new();
        folder.run(&service(kind, "monorepo", "kustomize")).with(0);
        let program = folder.path().join("payments-api");
        for words in [&["vet", "./..."][..], &["test", "./..."]] {
            let output =
                Command::new("go").args(words).current_dir(&program).env("GOTOOLCHAIN", "local").output().unwrap();
            assert!(output.status.success(), "{kind}: go {words:?}\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let formatted = Command::new("gofmt").args(["-l", "."]).current_dir(&program).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&formatted.stdout), "", "{kind}: not formatted");
    }
}

#[test]
fn the_dockerfile_passes_too() {
    let folder = Folder::new();
    folder.run(&service("http-api", "monorepo", "helm")).with(0);
    let checked = folder.run(&["check", "payments-api", "--rule", "dockerfile", "--format", "json"]);
    let report: Value = serde_json::from_str(&checked.out).unwrap();
    let verdicts: Vec<&Value> = report["results"].as_array().unwrap().iter().map(|result| &result["verdict"]).collect();
    assert_eq!((checked.code, verdicts), (Some(0), vec![&Value::from("pass")]), "{}", checked.out);
}
