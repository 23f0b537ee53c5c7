//! What the rules that replace other linters cost: the schema of one object, and all of them in a whole run.

use std::fs;
use std::path::Path;

use engine::World;
use seaworthy_tests::{artifacts, generate, input, sandboxed};

use super::linters::{Linter, cpu};
use super::{clock, judge_all};

const SCHEMA: &str = "kubernetes-schema";

/// A run without the rules that other linters have, and with them.
const RUNS: [(&str, &[&str]); 2] = [
    (
        "without them",
        &[
            "check",
            "--format",
            "json",
            "--profile",
            "full",
            "--skip",
            "api-version",
            "--skip",
            "exposure",
            "--skip",
            "job-limits",
            "--skip",
            "kubernetes-schema",
            "--skip",
            "pod-security",
            "--skip",
            "references",
            "--skip",
            "replicas",
            "--skip",
            "update-strategy",
        ],
    ),
    ("all rules", &["check", "--format", "json", "--profile", "full"]),
];

/// One Deployment by its schema.
pub fn schema() {
    let input = input("deployment.yaml", &generate::deployment(1));
    let world = World::new(&input);
    let (simple_sandbox, simple) = sandboxed(1, &[super::RULE]);
    let (sandbox, bundle) = sandboxed(1, &[SCHEMA]);
    let figures = clock::medians(
        400,
        &mut [
            (super::RULE, &mut || judge_all(&simple_sandbox, &simple, &input, &world)),
            (SCHEMA, &mut || judge_all(&sandbox, &bundle, &input, &world)),
        ],
    );
    println!("one Deployment of {} bytes of JSON, by its schema", clock::json_size(&input));
    clock::table(&figures, "target: 60 us at 8 KB");
}

/// All rules over those of the guide alone, on the corpus or, without one, on 1,000 services.
pub fn budget(corpus: Option<&Path>) {
    let made = artifacts::target().join("bench/budget");
    let _ = fs::remove_dir_all(&made);
    fs::create_dir_all(&made).expect("the target folder is writable");
    for index in 0..50 {
        let text = generate::namespace_of(20, &format!("shop-{index}"));
        fs::write(made.join(format!("{index}.yaml")), text).expect("the target folder is writable");
    }
    let runs = RUNS.map(|(name, arguments)| Linter::ours(name, arguments));
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..5 {
        for (run, times) in runs.iter().zip(&mut times) {
            times.push(cpu(run, corpus.unwrap_or(&made)));
        }
    }
    let [without, all] = times.map(|mut times| clock::median(&mut times).as_secs_f64());
    println!("the rules that other linters have, CPU time (target: 1.3)");
    println!("  without them {without:.2} s, all rules {all:.2} s   {:5.2} x\n", all / without);
}
