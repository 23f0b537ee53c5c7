//! One thing that a rule said about one place, with everything that a format may want of it.
//!
//! It must not know any format.

use protocol::{Finding, Fix, Level, RuleMetadata, Verdict};

use super::fingerprint::Fingerprints;
use super::{Place, Report};
use crate::input::Subject;
use crate::manifest::{Object, Position, Source};

/// A finding, or that a rule could not decide.
#[derive(Clone, Debug)]
pub struct Diagnostic<'a> {
    /// The rule.
    pub rule: &'a RuleMetadata,
    /// The rule's index in the report.
    pub rule_index: usize,
    /// The rule's answer that this is part of: a finding may be waived.
    pub verdict: Verdict,
    /// Why, where no finding says it: by whom it is waived, or why nothing could be decided.
    pub reason: Option<&'a str>,
    /// How much it weighs.
    pub level: Level,
    /// What was checked.
    pub object: &'a Object,
    /// What to call it: `Deployment shop/web`.
    pub label: String,
    /// The container concerned, if one is.
    pub container: Option<&'a str>,
    /// The field, as a normalised JSONPath from the root of the object; the root where the rule could not decide.
    pub path: &'a str,
    /// The place in the text that was checked.
    pub place: Option<Place>,
    /// Where the object begins in the text that was checked.
    pub object_start: Option<Position>,
    /// The text that was checked, to cut excerpts from; absent where the place may not be shown.
    pub source: Option<&'a Source>,
    /// The file that a reader opens. Where what was checked is made of other files, as a chart's are, it will name the
    /// file that this came from, and the place in it.
    pub file: &'a str,
    /// What is wrong. Absent where the rule could not decide, which the reason tells.
    pub message: Option<&'a str>,
    /// How to fix it.
    pub fix: Option<&'a Fix>,
    /// What it is known by as lines move; absent of what raises no alert.
    pub fingerprint: Option<String>,
}

impl Diagnostic<'_> {
    /// Whether the rule is broken here, or could not decide.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.level, Level::Violation)
    }

    /// What it is about: `Deployment shop/web, container app`.
    #[must_use]
    pub fn about(&self) -> String {
        match self.container {
            Some(container) => format!("{}, container {container}", self.label),
            None => self.label.clone(),
        }
    }
}

/// What to call an object: `Deployment shop/web`.
#[must_use]
pub fn label(object: &Object) -> String {
    let namespace = object.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {namespace}{}", object.kind, object.display_name()).trim_end().to_owned()
}

/// All that the rules said, in the order of the input: findings of every level and verdict, and for each rule that could
/// not decide that it could not.
pub fn diagnostics<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Diagnostic<'r>> {
    let mut fingerprints = Fingerprints::default();
    report.judged.iter().flat_map(|judged| judged.judgements.iter().map(move |of| (judged.subject, of))).flat_map(
        move |(subject, judgement)| {
            let Some(rule) = report.rules.get(judgement.rule) else { return Vec::new() };
            let outcome = &judgement.outcome;
            let undecided = (outcome.verdict == Verdict::Error).then_some(None);
            let said = undecided.into_iter().chain(outcome.findings.iter().map(Some));
            let about = |finding: Option<&'r Finding>| {
                let place = report.place_of_path(subject, finding.map_or("$", |finding| &finding.path));
                let is_hidden = place.is_some_and(|place| report.conceals(subject, place.start.line));
                Diagnostic {
                    rule,
                    rule_index: judgement.rule,
                    verdict: outcome.verdict,
                    reason: outcome.reason.as_deref(),
                    level: finding.map_or(Level::Violation, |finding| finding.level),
                    object: subject.object,
                    label: label(subject.object),
                    container: finding.and_then(|finding| finding.container.as_deref()),
                    path: finding.map_or("$", |finding| &finding.path),
                    place,
                    object_start: start(report, subject),
                    source: report.source(subject).filter(|_| place.is_some() && !is_hidden),
                    file: report.file_name(subject),
                    message: finding.map(|finding| &*finding.message),
                    fix: finding.and_then(|finding| finding.fix.as_ref()),
                    fingerprint: None,
                }
            };
            let raises_alerts = matches!(outcome.verdict, Verdict::Fail | Verdict::Waived);
            let number = |diagnostic: Diagnostic<'r>| {
                let is_alert = raises_alerts && diagnostic.level != Level::Note;
                let fingerprint = is_alert.then(|| fingerprints.of(&diagnostic));
                Diagnostic { fingerprint, ..diagnostic }
            };
            said.map(about).map(number).collect::<Vec<_>>()
        },
    )
}

fn start(report: &Report<'_>, subject: Subject<'_>) -> Option<Position> {
    Some(report.source(subject)?.position(subject.object.node.locate(&[]).start))
}
