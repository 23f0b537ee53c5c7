//! What rules said as policy reports: `wgpolicyk8s.io/v1alpha2`, which Kubewarden, Kyverno and most viewers know, or its
//! successor `openreports.io/v1alpha1`.
//!
//! The results are the same wherever a report stands: in a cluster beside its object, or in a file for all of an input. No
//! time is in them, so that writing a report again changes nothing where nothing has changed.

use std::collections::BTreeMap;

use protocol::{Finding, Level, RuleMetadata, Severity, Verdict, path};
use serde::Serialize;

use super::gaps::gaps;
use crate::judge::Judgement;
use crate::manifest::Object;
use crate::report::{Judged, Report};
use crate::shown::cut;
use crate::yaml;

/// Who makes the results.
pub const SOURCE: &str = "seaworthy";

/// Characters of one message.
const MESSAGE: usize = 1024;

/// An API of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `wgpolicyk8s.io/v1alpha2`: `PolicyReport`, `ClusterPolicyReport`.
    PolicyReport,
    /// `openreports.io/v1alpha1`: `Report`, `ClusterReport`.
    OpenReports,
}

impl Dialect {
    /// Its API group.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::PolicyReport => "wgpolicyk8s.io",
            Self::OpenReports => "openreports.io",
        }
    }

    /// Its version.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::PolicyReport => "v1alpha2",
            Self::OpenReports => "v1alpha1",
        }
    }

    /// The kind of reports about objects in namespaces, and the one about others.
    #[must_use]
    pub const fn kind(self, is_namespaced: bool) -> &'static str {
        match (self, is_namespaced) {
            (Self::PolicyReport, true) => "PolicyReport",
            (Self::PolicyReport, false) => "ClusterPolicyReport",
            (Self::OpenReports, true) => "Report",
            (Self::OpenReports, false) => "ClusterReport",
        }
    }

    /// Of the working group's reports an early and widespread schema knows nothing above `high`.
    fn severity(self, severity: Severity) -> &'static str {
        match (self, severity) {
            (Self::PolicyReport, Severity::Critical) => Severity::High.name(),
            _ => severity.name(),
        }
    }
}

/// How many results of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

impl Summary {
    /// Of these results.
    pub fn of<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Self {
        let mut summary = Self::default();
        for outcome in outcomes {
            let count = match outcome.result {
                Word::Pass => &mut summary.pass,
                Word::Fail => &mut summary.fail,
                Word::Warn => &mut summary.warn,
                Word::Error => &mut summary.error,
                Word::Skip => &mut summary.skip,
            };
            *count += 1;
        }
        summary
    }
}

/// One result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    policy: String,
    category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    source: &'static str,
    result: Word,
    scored: bool,
    message: String,
    /// The object, where the report is about several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Resource>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<&'static str, String>,
}

impl Outcome {
    /// Says more behind its message.
    pub fn remark(&mut self, text: &str) {
        self.message = format!("{}; {text}", self.message);
    }
}

/// What a result may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Pass,
    Fail,
    Warn,
    Error,
    Skip,
}

/// `ObjectReference` of `core/v1`, of an object that no cluster has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

impl From<&Object> for Resource {
    fn from(object: &Object) -> Self {
        Self {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.display_name(),
        }
    }
}

/// One report about everything in the input, as Kyverno's command line has it. What keeps the run from being complete is a
/// result `error`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: String,
    kind: &'static str,
    metadata: BTreeMap<&'static str, &'static str>,
    summary: Summary,
    results: Vec<Outcome>,
}

/// The report as one YAML document.
#[must_use]
pub fn policy_report(report: &Report<'_>) -> String {
    let dialect = Dialect::PolicyReport;
    let gaps = gaps(report).into_iter().map(|gap| Outcome {
        policy: "everything-is-checked".into(),
        category: "completeness",
        severity: None,
        source: SOURCE,
        result: Word::Error,
        scored: true,
        message: short(&gap.text),
        resources: Vec::new(),
        properties: [("file", gap.file)].into_iter().filter(|(_, file)| !file.is_empty()).collect(),
    });
    let mut results: Vec<Outcome> = gaps.collect();
    for Judged { subject, judgements } in &report.judged {
        let (file, environment) = (report.file_name(*subject), report.environment(*subject));
        results.extend(outcomes(dialect, &report.rules, judgements).into_iter().map(|mut outcome| {
            outcome.resources.push(Resource::from(subject.object));
            outcome.properties.insert("file", short(file));
            outcome.properties.extend(environment.map(|name| ("environment", short(name))));
            outcome
        }));
    }
    let document = Document {
        api_version: format!("{}/{}", dialect.group(), dialect.version()),
        kind: dialect.kind(false),
        metadata: BTreeMap::from([("name", SOURCE)]),
        summary: Summary::of(&results),
        results,
    };
    yaml::document(&serde_json::to_value(&document).unwrap_or_default())
}

/// The results of what rules said about one object.
#[must_use]
pub fn outcomes(dialect: Dialect, rules: &[&RuleMetadata], judgements: &[Judgement]) -> Vec<Outcome> {
    let said = judgements.iter().filter_map(|judgement| Some((*rules.get(judgement.rule)?, judgement)));
    said.flat_map(|(rule, judgement)| of_rule(dialect, rule, judgement)).collect()
}

/// What one rule said: a result for each violation, or one that passes; warnings besides. What does not concern
/// the object is left out, as is what is merely worth knowing.
fn of_rule(dialect: Dialect, rule: &RuleMetadata, judgement: &Judgement) -> Vec<Outcome> {
    let (outcome, own) = (&judgement.outcome, judgement.severity.unwrap_or(rule.severity));
    let severity = dialect.severity(own);
    let result = |word: Word, message: String, finding: Option<&Finding>| {
        let mut properties = BTreeMap::new();
        if let Some(Finding { path, container, fix, .. }) = finding {
            properties.insert("path", path::shorten(path));
            properties.extend(container.iter().map(|container| ("container", short(container))));
            properties.extend(fix.iter().map(|fix| ("fix", short(&fix.text()))));
        }
        if severity != own.name() {
            properties.insert("severity", own.name().to_owned());
        }
        Outcome {
            policy: rule.name.clone(),
            category: rule.section.name(),
            severity: Some(severity),
            source: SOURCE,
            result: word,
            scored: word != Word::Warn,
            message: short(&message),
            resources: Vec::new(),
            properties,
        }
    };
    let found = |word, level| {
        let found = outcome.findings.iter().filter(move |finding| finding.level == level);
        found.map(move |finding| (word, finding))
    };
    let reason = outcome.reason.clone().unwrap_or_default();
    let whole = match outcome.verdict {
        Verdict::NotApplicable | Verdict::Fail => None,
        Verdict::Pass => Some(result(Word::Pass, rule.title.clone(), None)),
        Verdict::Waived => Some(result(Word::Skip, format!("waived {reason}"), None)),
        Verdict::Unknown => Some(result(Word::Warn, format!("unknown: {reason}"), None)),
        Verdict::Error => Some(result(Word::Error, reason, None)),
    };
    let is_broken = outcome.verdict == Verdict::Fail;
    let violations = found(Word::Fail, Level::Violation).filter(|_| is_broken);
    let findings = violations.chain(found(Word::Warn, Level::Warning));
    whole.into_iter().chain(findings.map(|(word, it)| result(word, it.message.clone(), Some(it)))).collect()
}

/// The text as far as a report has room for it.
fn short(text: &str) -> String {
    cut(text, MESSAGE)
}
