//! Captured logs beside manifests, or alone.

use snapbox::{assert_data_eq, file};

use crate::support::Folder;

const LOG: &str = "{\"level\":\"info\",\"msg\":\"listening\",\"trace_id\":\"0af7\"}\r\n\npanic: \u{1b}[31mout of range\n\
                   {\"level\":\"warn\",\"msg\":\"slow\",\"token\":\"hunter2\"}\n";

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\n\
    metadata: {name: api, namespace: shop, labels: {app.kubernetes.io/name: web}}\nspec: {template: {spec: {\
    containers: [{name: app, image: 'a:1', env: [{name: LOG_FORMAT, value: json}]}]}}}\n";

const ONE: [&str; 3] = ["check", "--rule", "structured-logging"];

fn check(folder: &Folder, arguments: &[&str]) -> String {
    folder.run(&[&ONE[..], arguments].concat()).with(1)
}

#[test]
fn a_finding_about_a_log_stands_at_its_line_and_shows_no_other() {
    let folder = Folder::of("logs/web.2026.log", LOG);
    assert_data_eq!(check(&folder, &["--log", "logs/web.2026.log"]), file!["goldens/log.txt"].raw());
    let json = check(&folder, &["--log", "logs/web.2026.log", "--format", "json"]);
    let json = json.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"");
    assert_data_eq!(json, file!["goldens/log.json"].raw());
}

#[test]
fn a_log_is_a_line_of_the_checklist_of_whoever_wrote_it() {
    let folder = Folder::of("k8s/api.yaml", DEPLOYMENT).and("out.log", LOG);
    for log in ["api=out.log", "shop/api=out.log", "web=out.log"] {
        let out = folder.run(&["readiness", "k8s", "--rule", "structured-logging", "--log", log]).with(1);
        assert!(out.starts_with("shop/web  0 %  0 of 1 checks pass\n"), "{log}: {out}");
        assert!(out.contains("\n          out.log:4  LogSample "), "{log}: {out}");
    }
    let good = Folder::of("k8s/api.yaml", DEPLOYMENT).and("api.log", LOG.lines().next().unwrap());
    good.run(&["readiness", "k8s", "--rule", "structured-logging", "--log", "api.log"]).with(0);
}

#[test]
fn a_log_comes_from_standard_input_too() {
    let folder = Folder::new();
    let run = folder.run_with_input(&[&ONE[..], &["--log", "web=-"]].concat(), LOG);
    assert!(run.with(1).contains("--> <stdin>:3:1\n"));
    for arguments in [&["--log", "-"][..], &["--log", "web=-", "-"], &["--log", "a=-", "--log", "b=-"]] {
        let complaint = folder.run_with_input(&[&ONE[..], arguments].concat(), LOG).complaint();
        assert!(!complaint.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_long_log_is_judged_by_its_beginning_and_says_so() {
    let line = LOG.lines().next().unwrap().to_owned() + "\n";
    let folder = Folder::of("web.log", line.repeat(10_000) + "no JSON\n").and("endless.log", "x".repeat(2 << 20));
    let out = folder.run(&[&ONE[..], &["--log", "web.log"]].concat()).with(0);
    assert!(out.starts_with("skipped 1: a long log; its first 10000 lines are checked\n  web.log\n"), "{out}");
    folder.run(&[&ONE[..], &["--log", "web.log", "--strict"]].concat()).with(2);
    let out = folder.run(&[&ONE[..], &["--log", "endless.log"]].concat()).with(2);
    assert!(out.starts_with("error: endless.log is not a log: its first line has more than 1048576 bytes\n"), "{out}");
    let out = folder.run(&[&ONE[..], &["--log", "missing.log"]].concat()).with(2);
    assert!(out.starts_with("error: missing.log does not exist\n"), "{out}");
}

#[test]
fn whatever_a_program_writes_is_judged_within_the_limits_of_a_rule() {
    // What is no UTF-8 takes three bytes once it is read.
    for bytes in [vec![0x1B; (1 << 20) - 1], vec![0xFF; (1 << 20) / 3], b"{}\n".repeat(9_999), b"\n".repeat(9_999)] {
        let folder = Folder::of("web.log", bytes);
        let run = folder.run(&[&ONE[..], &["--log", "web.log", "--format", "json"]].concat());
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    }
}
