//! `seaworthy fix`: what it writes into files of every style, what it leaves alone and why, and that a check agrees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod command;
mod properties;
mod real;
mod rendered;
mod safety;
mod styles;
#[path = "../command_line/support.rs"]
mod support;
#[path = "../rendering/tools.rs"]
#[allow(dead_code)]
mod tools;

use std::fs;

use support::{Folder, Run};

/// A rule with an edit that is safe, of which every style of file can have some.
pub const RULE: &str = "min-ready-seconds";

/// A Deployment that starts its next pod too soon, its lines as people write them.
pub const DEPLOYMENT: &str = "\
# the shop's front
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # its name
  labels: {app: web}   # in one line

spec:
  replicas: 2
  minReadySeconds: 1   # too few
  selector:
    matchLabels: {app: \"web\"}
  template:
    metadata:
      labels: {app: 'web'}
    spec:
      containers:
        - name: web
          image: \"example.com/web:1.4.2\"
";

pub fn fix(folder: &Folder, more: &[&str]) -> Run {
    folder.run(&[&["fix", ".", "--rule", RULE], more].concat())
}

pub fn text(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

/// How often the rule is broken in the folder.
pub fn findings(folder: &Folder, rule: &str) -> usize {
    let run = folder.run(&["check", ".", "--rule", rule, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}{}", run.out, run.err));
    let results = report["results"].as_array().unwrap().iter().filter(|result| result["verdict"] == "fail");
    results.map(|result| result["findings"].as_array().unwrap().len()).sum()
}
