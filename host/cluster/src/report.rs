//! What rules said about an object as a policy report: `wgpolicyk8s.io/v1alpha2`, which Kubewarden, Kyverno and most viewers
//! know, or its successor `openreports.io/v1alpha1`.
//!
//! One report an object, as Kubewarden's audit scanner and Kyverno have it: it stands beside its object, is owned by it, so
//! that it goes with it, and stays far below what etcd stores of one object. No time is in it, so that writing it again
//! changes nothing where nothing has changed.

use std::collections::BTreeMap;

use engine::Judgement;
use engine::manifest::{Node, Object, label};
use protocol::{Finding, Level, RuleMetadata, Severity, Verdict, path};
use serde::Serialize;

/// Who manages the reports: their label, their source, and the manager of their fields.
pub const MANAGER: &str = "seaworthy";

/// The label that says so.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Results of one report. A hostile object can have findings without end.
const RESULTS: usize = 500;

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

/// A report as both APIs have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    api_version: String,
    kind: &'static str,
    metadata: Metadata,
    /// Whose report it is, for all results; only in the successor.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    scope: Reference,
    summary: Summary,
    results: Vec<Outcome>,
}

/// `ObjectMeta` of `meta/v1`, as far as a report has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    labels: BTreeMap<&'static str, &'static str>,
    owner_references: [Reference; 1],
}

/// `ObjectReference` of `core/v1`, or without a namespace `OwnerReference` of `meta/v1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
    uid: String,
}

/// How many results of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Outcome {
    policy: String,
    category: &'static str,
    severity: &'static str,
    source: &'static str,
    result: Word,
    scored: bool,
    message: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<&'static str, String>,
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

impl Summary {
    const fn count(&mut self, word: Word) {
        let count = match word {
            Word::Pass => &mut self.pass,
            Word::Fail => &mut self.fail,
            Word::Warn => &mut self.warn,
            Word::Error => &mut self.error,
            Word::Skip => &mut self.skip,
        };
        *count += 1;
    }
}

impl Report {
    /// The report about an object. `None` where the object has no `metadata.uid`, without which it cannot own anything.
    #[must_use]
    pub fn new(dialect: Dialect, object: &Object, rules: &[&RuleMetadata], judgements: &[Judgement]) -> Option<Self> {
        let owner = Reference {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: None,
            name: object.name.clone()?,
            uid: object.node.get("metadata")?.get("uid").and_then(Node::as_str)?.to_owned(),
        };
        let said = judgements.iter().filter_map(|judgement| Some((*rules.get(judgement.rule)?, judgement)));
        let mut results: Vec<Outcome> =
            said.flat_map(|(rule, judgement)| of_rule(dialect, rule, &judgement.outcome)).collect();
        let mut summary = Summary::default();
        results.iter().for_each(|outcome| summary.count(outcome.result));
        if let Some(more) = results.len().checked_sub(RESULTS).filter(|more| *more > 0) {
            results.truncate(RESULTS);
            if let Some(last) = results.last_mut() {
                last.message = format!("{}; and {more} more results, which the summary counts", last.message);
            }
        }
        Some(Self {
            api_version: format!("{}/{}", dialect.group(), dialect.version()),
            kind: dialect.kind(object.namespace.is_some()),
            metadata: Metadata {
                name: format!("{MANAGER}-{}", owner.uid),
                namespace: object.namespace.clone(),
                labels: BTreeMap::from([(MANAGED_BY, MANAGER)]),
                owner_references: [owner.clone()],
            },
            source: (dialect == Dialect::OpenReports).then_some(MANAGER),
            scope: Reference { namespace: object.namespace.clone(), ..owner },
            summary,
            results,
        })
    }

    /// Its name: that of its object would be taken by the reports of others.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Where it stands; nowhere for an object of the whole cluster.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.as_deref()
    }

    /// What it is about: `Deployment shop/web`.
    #[must_use]
    pub fn about(&self) -> String {
        let Reference { kind, namespace, name, .. } = &self.scope;
        label(kind, namespace.as_deref(), name)
    }
}

/// What one rule said: a result for each violation, and one where there is none; warnings besides. What does not concern
/// the object is left out, as is what is merely worth knowing.
fn of_rule(dialect: Dialect, rule: &RuleMetadata, outcome: &protocol::Outcome) -> Vec<Outcome> {
    let severity = dialect.severity(rule.severity);
    let result = |word: Word, message: String, finding: Option<&Finding>| {
        let mut properties = BTreeMap::new();
        if let Some(Finding { path, container, fix, .. }) = finding {
            properties.insert("path", path::shorten(path));
            properties.extend(container.iter().map(|container| ("container", cut(container))));
            properties.extend(fix.iter().map(|fix| ("fix", cut(&fix.text()))));
        }
        if severity != rule.severity.name() {
            properties.insert("severity", rule.severity.name().to_owned());
        }
        Outcome {
            policy: rule.name.clone(),
            category: rule.section.name(),
            severity,
            source: MANAGER,
            result: word,
            scored: word != Word::Warn,
            message: cut(&message),
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

/// The text, or its beginning.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}
