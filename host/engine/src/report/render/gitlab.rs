//! The report for GitLab's code quality, which shows in a merge request what came and what went.
//!
//! GitLab knows a finding by its fingerprint alone, drops all but one of those that have the same, and needs a severity.

use std::io;

use protocol::Severity;
use serde::{Serialize, Serializer};

use super::gaps::{Gap, gaps, worst_first};
use crate::report::fingerprint::Fingerprints;
use crate::report::{Diagnostic, Report};
use crate::shown::write_json;

/// Writes the report as a code quality document. What keeps the run from being complete is a `blocker`.
///
/// # Errors
/// The writer's own.
pub fn gitlab(report: &Report<'_>, out: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let mut fingerprints = Fingerprints::default();
    let gaps = gaps(report).into_iter().map(|gap| Issue::of_gap(gap, &mut fingerprints));
    let mut issues: Vec<Issue> = gaps.collect();
    issues.extend(worst_first(report).iter().filter_map(Issue::of_finding));
    write_json(&issues, out)
}

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    #[serde(serialize_with = "lines")]
    lines: u32,
}

fn lines<S: Serializer>(begin: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([("begin", begin)])
}

impl Issue {
    /// None for advice of a rule that holds: nobody would see it go.
    fn of_finding(found: &Diagnostic<'_>) -> Option<Self> {
        let severity = match (found.is_error(), found.severity) {
            (true, Severity::Critical) => "critical",
            (true, Severity::High) => "major",
            (true, _) => "minor",
            (false, _) => "info",
        };
        let line = found.place.map(|place| place.start.line).or(found.object_start.map(|start| start.line));
        Some(Self {
            description: format!("{}: {}", found.about(), found.message?),
            check_name: found.rule.name.clone(),
            fingerprint: found.fingerprint.clone()?,
            severity,
            location: Location { path: relative(found.file), lines: line.unwrap_or(1) },
        })
    }

    fn of_gap(Gap { file, line, text }: Gap, fingerprints: &mut Fingerprints) -> Self {
        let fingerprint = fingerprints.of_text(&file, &text);
        let location = Location { path: relative(&file), lines: line };
        Self { description: text, check_name: "incomplete".into(), fingerprint, severity: "blocker", location }
    }
}

/// A path as GitLab takes it: from the root of the repository, without `./`.
fn relative(file: &str) -> String {
    match file.strip_prefix("./").unwrap_or(file) {
        "" => ".".into(),
        file => file.into(),
    }
}
