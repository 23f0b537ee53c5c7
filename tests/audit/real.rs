//! What any cluster can answer: the server of these tests, or with `SEAWORTHY_TEST_KUBECONFIG` a real one, of which nothing
//! is changed.

use std::path::PathBuf;

use crate::server::Server;
use crate::{audit_by, budgets, deployment, deployments, report_kinds, reports};

/// A cluster, and what keeps it there.
fn cluster() -> (Option<Server>, PathBuf) {
    if let Some(path) = std::env::var_os("SEAWORTHY_TEST_KUBECONFIG") {
        return (None, path.into());
    }
    let mut kinds = report_kinds();
    kinds.extend([deployments(vec![deployment("shop", "web", 2, false)]), budgets(Vec::new())]);
    let server = Server::of(kinds);
    let path = server.kubeconfig();
    (Some(server), path)
}

#[test]
fn every_object_has_one_valid_report() {
    let (_server, kubeconfig) = cluster();
    for format in ["policy-report", "openreports"] {
        let run = audit_by(&kubeconfig, &["--format", format]);
        assert!(run.code.is_some(), "{}", run.err);
        let reports = reports::documents(&run.out);
        assert!(!reports.is_empty(), "{}", run.err);
        let mut names: Vec<_> = reports.iter().map(|report| report["metadata"]["name"].as_str().unwrap()).collect();
        for report in &reports {
            assert_eq!(reports::faults(report), Vec::<String>::new(), "{report:#}");
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "an object has two reports");
    }
}

#[test]
fn the_api_server_takes_the_reports_where_it_serves_them() {
    let (_server, kubeconfig) = cluster();
    for format in ["policy-report", "openreports"] {
        let run = audit_by(&kubeconfig, &["--format", format, "--write", "--dry-run"]);
        let is_served = !run.err.contains("does not serve");
        assert!(
            !is_served || run.out.contains("would be written") && !run.out.contains("cannot be written"),
            "{}",
            run.out
        );
    }
}
