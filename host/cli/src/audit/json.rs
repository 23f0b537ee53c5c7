//! The audit as JSON, format `seaworthy.dev/audit/v1`: one document, written as the objects come, so that what is counted
//! stands at its end. Fields are added, never renamed or removed.

use std::collections::BTreeMap;

use engine::report::to_json;
use protocol::{Finding, Level, Section, Severity, Verdict};
use serde::Serialize;

use super::tally::Tally;
use super::{Judged, Outlet};
use crate::output::{self, Failure};

/// What one rule said about one object.
#[derive(Serialize)]
struct Result<'a> {
    rule: &'a str,
    section: Section,
    severity: Severity,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    object: Object<'a>,
    findings: Vec<Found<'a>>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
struct Found<'a> {
    level: Level,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    path: &'a str,
}

/// What stands behind the results.
#[derive(Serialize)]
struct Tail<'a> {
    rules: Vec<Rule<'a>>,
    unseen: Vec<Unseen<'a>>,
    problems: &'a [String],
    summary: Summary,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    title: &'a str,
    section: Section,
    severity: Severity,
    verdicts: &'a BTreeMap<Verdict, usize>,
}

#[derive(Serialize)]
struct Unseen<'a> {
    kind: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Summary {
    objects: usize,
    owned: usize,
    broken: usize,
    problems: usize,
    verdicts: BTreeMap<Verdict, usize>,
}

/// Writes the document.
pub struct Json {
    namespaces: Vec<String>,
    results: usize,
}

impl Json {
    pub fn new(namespaces: &[String]) -> Self {
        Self { namespaces: namespaces.to_vec(), results: 0 }
    }

    /// What is to be written before the next result.
    fn lead(&mut self) -> String {
        self.results += 1;
        if self.results > 1 {
            return ",".into();
        }
        let (version, namespaces) = (to_json(&env!("CARGO_PKG_VERSION")), to_json(&self.namespaces));
        let namespaces = namespaces.replace('\n', "\n  ");
        format!(
            "{{\n  \"format\": \"seaworthy.dev/audit/v1\",\n  \"version\": {version},\n  \"namespaces\": {namespaces},\n  \
             \"results\": ["
        )
    }
}

impl Outlet for Json {
    fn batch(&mut self, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> std::result::Result<(), Failure> {
        let mut text = String::new();
        for Judged { object, judgements } in judged {
            let object = Object {
                api_version: &object.api_version,
                kind: &object.kind,
                namespace: object.namespace.as_deref(),
                name: object.name.as_deref().unwrap_or_default(),
            };
            for judgement in judgements {
                let (Some(rule), outcome) = (tally.rules.get(judgement.rule), &judgement.outcome) else { continue };
                let result = Result {
                    rule: &rule.name,
                    section: rule.section,
                    severity: rule.severity,
                    verdict: outcome.verdict,
                    reason: outcome.reason.as_deref(),
                    object: object.clone(),
                    findings: outcome.findings.iter().map(found).collect(),
                };
                text += &self.lead();
                text += "\n    ";
                text += &to_json(&result).replace('\n', "\n    ");
            }
        }
        output::print(&text)
    }

    fn finish(&mut self, tally: &mut Tally<'_>) -> std::result::Result<(), Failure> {
        let rules = tally.rules.iter().zip(&tally.verdicts).map(|(rule, verdicts)| Rule {
            name: &rule.name,
            title: &rule.title,
            section: rule.section,
            severity: rule.severity,
            verdicts,
        });
        let tail = Tail {
            rules: rules.collect(),
            unseen: tally.unseen.iter().map(|(kind, reason)| Unseen { kind, reason }).collect(),
            problems: &tally.problems,
            summary: Summary {
                objects: tally.objects,
                owned: tally.owned,
                broken: tally.broken,
                problems: tally.problem_count,
                verdicts: tally.all_verdicts(),
            },
        };
        let head = if self.results == 0 { self.lead() } else { "\n  ".into() };
        let tail = to_json(&tail);
        // The members of the tail go on where the results end.
        output::print(&format!("{head}],{}\n", tail.strip_prefix('{').unwrap_or(&tail)))
    }
}

fn found(finding: &Finding) -> Found<'_> {
    Found {
        level: finding.level,
        message: &finding.message,
        fix: finding.fix.as_deref(),
        container: finding.container.as_deref(),
        path: &finding.path,
    }
}
