//! What will be deployed: charts and kustomizations are rendered, findings point at what people wrote, and a stranger's
//! repository runs nothing. Helm and kustomize come from `make`; where they are not, that is said and nothing is tried.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod adoption;
mod base;
mod deployed;
mod hostile;
mod kinds;
mod places;
mod silent;
#[path = "../command_line/support.rs"]
mod support;
mod tools;
mod watched;
#[path = "../command_line/watching.rs"]
#[allow(dead_code)]
mod watching;
mod worlds;

use serde_json::Value;

use support::{Folder, Run};
use tools::Tools;

/// A container in which nothing is wrong but what a test writes.
pub const CONTAINER: &str = "      containers:\n      - name: web\n        image: shop/web:1.4.2\n        securityContext:\n          \
                             readOnlyRootFilesystem: true\n          runAsNonRoot: true\n          \
                             allowPrivilegeEscalation: false\n";

/// A Deployment, its pods' labels and containers behind it.
pub fn deployment() -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n  selector:\n    matchLabels:\n      \
         app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n{CONTAINER}"
    )
}

/// What a run says of one rule: each finding that fails with its environment, its file and its line, and whether that is
/// certain.
pub fn failures(folder: &Folder, tools: &Tools, rule: &str) -> Vec<(String, String, u64, bool)> {
    let report = json(folder, tools, &["--rule", rule]);
    let results = report["results"].as_array().unwrap().iter().filter(|result| result["verdict"] == "fail");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut failures: Vec<_> = results
        .flat_map(|result| {
            let environment = text(&result["object"]["environment"]);
            result["findings"].as_array().unwrap().iter().map(move |finding| {
                let source = &finding["source"];
                let line = source["line"].as_u64().unwrap_or_default();
                (environment.clone(), text(&source["file"]), line, source["certain"] == true)
            })
        })
        .collect();
    failures.sort();
    failures
}

/// The environments in which a rule fails.
pub fn failing_in(folder: &Folder, tools: &Tools, rule: &str) -> Vec<String> {
    failures(folder, tools, rule).into_iter().map(|it| it.0).collect()
}

/// A run that is not whole, and what it says.
pub fn incomplete(folder: &Folder, tools: &Tools, told: &str) {
    let run = check(folder, tools, &["--rule", "run-as-non-root"]);
    assert_eq!(run.code, Some(2), "{told}: {}{}", run.out, run.err);
    assert!(run.out.contains(told), "{told}: {}", run.out);
}

pub fn json(folder: &Folder, tools: &Tools, more: &[&str]) -> Value {
    let run = check(folder, tools, &[&["--format", "json"], more].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}{}", run.out, run.err))
}

pub fn check(folder: &Folder, tools: &Tools, more: &[&str]) -> Run {
    let mut command = folder.command(&[&["check", "."], more].concat());
    command.env("PATH", tools.path()).env("XDG_CACHE_HOME", folder.path().join(".cache"));
    support::run(&mut command, "")
}
