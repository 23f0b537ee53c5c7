//! The job's template, its script run as a runner of GitLab does: in a shell, with the job's variables.

use std::fs;

use crate::support::{self, Folder, Run};
use crate::{folder, sh, yaml};

fn job(folder: &Folder, more: &[(&str, &str)]) -> Run {
    let template = yaml("integrations/gitlab/seaworthy.yml");
    let job = &template[".seaworthy"];
    let script: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let mut command = sh(folder, &script.join("\n"));
    for (name, value) in job["variables"].as_object().unwrap() {
        command.env(name, value.as_str().unwrap());
    }
    command.envs(more.iter().copied());
    support::run(&mut command, "")
}

#[test]
fn a_job_leaves_the_report_that_gitlab_shows() {
    let folder = folder();
    let run = job(&folder, &[("SEAWORTHY_PATH", "k8s")]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let template = yaml("integrations/gitlab/seaworthy.yml");
    let report = template[".seaworthy"]["artifacts"]["reports"]["codequality"].as_str().unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join(report)).unwrap()).unwrap();
    let findings = report.as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["location"]["path"] == "k8s/web.yaml"), "{report}");
    assert_eq!(job(&folder, &[("SEAWORTHY_PATH", "k8s"), ("SEAWORTHY_FAIL_ON", "critical")]).code, Some(0));
    assert_eq!(job(&folder, &[("SEAWORTHY_PATH", "nowhere")]).code, Some(2));
}

#[test]
fn nothing_in_a_variable_is_run() {
    for hostile in ["$(touch pwned)", "`touch pwned`", "x; touch pwned", "\"; touch pwned; \""] {
        for name in ["SEAWORTHY_PATH", "SEAWORTHY_PROFILE", "SEAWORTHY_FAIL_ON"] {
            let folder = folder();
            assert_eq!(job(&folder, &[(name, hostile)]).code, Some(2));
            assert!(!folder.path().join("pwned").exists(), "{name} = {hostile} was run");
        }
    }
}
