//! The rows that every JSON for machines has, whatever stands beside them: places in a report of files, none in an audit
//! of a cluster. Fields are added, never renamed or removed.

use std::collections::BTreeMap;

use protocol::{Edit, Finding, Fix, Level, RuleMetadata, Section, Severity, Verdict};
use serde::Serialize;

use crate::judge::Judgement;
use crate::manifest::Object;

/// A rule, and how often it gave each verdict.
#[derive(Serialize)]
pub struct RuleRow<'a> {
    name: &'a str,
    title: &'a str,
    section: Section,
    severity: Severity,
    /// The page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    verdicts: BTreeMap<Verdict, usize>,
}

impl<'a> RuleRow<'a> {
    /// The row of a rule.
    #[must_use]
    pub fn new(rule: &'a RuleMetadata, verdicts: BTreeMap<Verdict, usize>) -> Self {
        let RuleMetadata { name, title, section, severity, .. } = rule;
        Self { name, title, section: *section, severity: *severity, url: rule.link(), verdicts }
    }
}

/// What one rule said of one object. An [`ObjectRow`] and [`FindingRow`]s, or what begins with them.
#[derive(Serialize)]
pub struct ResultRow<'a, O, F> {
    rule: &'a str,
    section: Section,
    severity: Severity,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    object: O,
    findings: Vec<F>,
}

impl<'a, O, F> ResultRow<'a, O, F> {
    /// The row of a rule's answer, each of its findings written by `finding`.
    pub fn new(
        rule: &'a RuleMetadata,
        judgement: &'a Judgement,
        object: O,
        finding: impl FnMut(&'a Finding) -> F,
    ) -> Self {
        let outcome = &judgement.outcome;
        Self {
            rule: &rule.name,
            section: rule.section,
            severity: judgement.severity.unwrap_or(rule.severity),
            verdict: outcome.verdict,
            reason: outcome.reason.as_deref(),
            object,
            findings: outcome.findings.iter().map(finding).collect(),
        }
    }
}

/// Which object.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRow<'a> {
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: String,
}

impl<'a> From<&'a Object> for ObjectRow<'a> {
    fn from(object: &'a Object) -> Self {
        Self {
            api_version: &object.api_version,
            kind: &object.kind,
            namespace: object.namespace.as_deref(),
            name: object.display_name(),
        }
    }
}

/// What was found, and where in the object.
#[derive(Serialize)]
pub struct FindingRow<'a> {
    level: Level,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<&'a Edit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    /// Normalised JSONPath from the root of the object.
    path: &'a str,
}

impl<'a> From<&'a Finding> for FindingRow<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            level: finding.level,
            message: &finding.message,
            fix: finding.fix.as_ref().map(Fix::text),
            edit: finding.fix.as_ref().and_then(Fix::edit),
            container: finding.container.as_deref(),
            path: &finding.path,
        }
    }
}
