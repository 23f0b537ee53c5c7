//! What is written, what is not, and what is said of it.

use std::fs;

use crate::support::Folder;
use crate::{files, service};

#[test]
fn nothing_is_overwritten_and_all_that_is_in_the_way_is_said() {
    let folder =
        Folder::of("payments-api/Dockerfile", "mine").and("k8s-config/services/payments-api/catalog-info.yaml", "");
    let before = files(folder.path());
    let complaint = folder.run(&service("worker", "monorepo", "kustomize")).complaint();
    assert!(complaint.contains("payments-api/Dockerfile exists already"), "{complaint}");
    assert!(complaint.contains("k8s-config/services/payments-api/catalog-info.yaml exists already"), "{complaint}");
    assert_eq!(files(folder.path()), before, "nothing was written");
}

#[test]
fn a_file_where_a_folder_should_be_is_in_the_way() {
    let folder = Folder::of("payments-api/docs", "a file");
    let complaint = folder.run(&service("cron", "polyrepo", "helm")).complaint();
    assert!(complaint.contains("payments-api/docs is not a folder"), "{complaint}");
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn a_second_service_of_a_monorepo_shares_what_is_there() {
    let folder = Folder::of("k8s-config/seaworthy.yaml", "rules: {}\n");
    let out = folder.run(&service("worker", "monorepo", "kustomize")).with(0);
    assert!(out.contains("k8s-config/seaworthy.yaml exists already and is shared"), "{out}");
    assert_eq!(fs::read_to_string(folder.path().join("k8s-config/seaworthy.yaml")).unwrap(), "rules: {}\n");
    let mut second = service("http-api", "monorepo", "helm");
    second[2] = "orders-api";
    folder.run(&second).with(0);
}

#[test]
fn a_dry_run_lists_exactly_what_is_written() {
    let folder = Folder::new();
    let listed = folder.run(&[service("http-api", "polyrepo", "helm"), vec!["--dry-run"]].concat()).with(0);
    assert!(files(folder.path()).is_empty());
    let written = folder.run(&service("http-api", "polyrepo", "helm")).with(0);
    assert_eq!(listed.replace("Would write", "Wrote"), written);
    for path in files(folder.path()).keys() {
        assert!(listed.contains(&format!("  {path}\n")), "{path}: {listed}");
    }
}

#[test]
fn answers_are_checked_and_the_right_one_is_proposed() {
    let folder = Folder::new();
    let complaint = |words: &[&str]| {
        let words = [&["new", "service"], words].concat();
        let said = folder.run(&words).complaint();
        assert!(files(folder.path()).is_empty());
        said
    };
    let said = complaint(&["Payments_API", "--kind", "http-ap", "--owner", "on"]);
    assert!(said.contains("did you mean `payments-api`?"), "{said}");
    assert!(said.contains("expected http-api, worker, cron") && said.contains("did you mean `http-api`?"), "{said}");
    assert!(said.contains("`owner` is `on`, which YAML does not read as a text"), "{said}");
    let said = complaint(&["web", "--kind", "cron", "--owner", "team", "--set", "schedul=1 2 3 4 5"]);
    assert!(said.contains("asks for no `schedul`") && said.contains("did you mean `schedule`?"), "{said}");
    for hostile in ["port=80\n80", "domain=a b", "prometheus=http://x\"", "grafana=javascript:x", "registry=../../x"] {
        let said = complaint(&["web", "--kind", "cron", "--owner", "team", "--set", hostile]);
        assert!(said.contains("does not fit"), "{said}");
    }
    let said = folder.run(&["new", "service", "web", "--kind", "cron"]).complaint();
    assert!(said.contains("--owner"), "{said}");
}

#[test]
fn what_nobody_answered_is_listed_to_be_replaced() {
    let folder = Folder::new();
    let out = folder.run(&service("worker", "monorepo", "kustomize")).with(0);
    assert!(out.contains("PSERVICE") && out.contains("--set pagerduty_service="), "{out}");
    let other = Folder::new();
    let answered = ["--set", "pagerduty_service=P1", "--set", "pagerduty_policy=P2"];
    let out = other.run(&[service("worker", "monorepo", "kustomize"), answered.to_vec()].concat()).with(0);
    assert!(!out.contains("Replace before production"), "{out}");
}
