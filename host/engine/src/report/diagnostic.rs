//! One thing that a rule said about one place, with everything that a format may want of it.
//!
//! It must not know any format.

use std::collections::HashMap;

use protocol::{Fix, Level, RuleMetadata, Verdict};

use super::fingerprint::Fingerprints;
use super::{Judged, Place, Report};
use crate::input::Subject;
use crate::judge::Judgement;
use crate::manifest::{Object, Position, Source, with_container};

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
    /// The rule that says the same of this field. This one leaves it to that rule, and people are told it once.
    pub said_by: Option<&'a RuleMetadata>,
    /// What it is known by as lines move; absent of what raises no alert.
    pub fingerprint: Option<String>,
}

impl Diagnostic<'_> {
    /// Whether people are told: what is waived, said by another rule, or merely worth knowing, is told elsewhere or not at
    /// all.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        if self.said_by.is_some() {
            return false;
        }
        self.message.is_none() || !matches!(self.verdict, Verdict::Waived) && !matches!(self.level, Level::Note)
    }

    /// Whether the rule is broken here, or could not decide.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.level, Level::Violation)
    }

    /// What it is about: `Deployment shop/web, container app`.
    #[must_use]
    pub fn about(&self) -> String {
        with_container(self.label.clone(), self.container)
    }
}

/// All that the rules said, in the order of the input: findings of every level and verdict, and for each rule that could
/// not decide that it could not.
pub fn diagnostics<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Diagnostic<'r>> {
    let mut fingerprints = Fingerprints::default();
    report.judged.iter().flat_map(|judged| judged.judgements.iter().map(move |of| (judged, of))).flat_map(
        move |(Judged { subject, judgements }, judgement)| {
            let (subject, file) = (*subject, report.file_name(*subject));
            let placed = of_object(&report.rules, subject.object, file, judgements, judgement).map(|found| {
                let place = report.place_of_path(subject, found.path);
                let is_shown = place.is_some_and(|place| !report.conceals(subject, place.start.line));
                Diagnostic {
                    place,
                    object_start: start(report, subject),
                    source: report.source(subject).filter(|_| is_shown),
                    ..found
                }
            });
            let raises_alerts = matches!(judgement.outcome.verdict, Verdict::Fail | Verdict::Waived);
            let number = |diagnostic: Diagnostic<'r>| {
                let is_alert = raises_alerts && diagnostic.level != Level::Note && diagnostic.said_by.is_none();
                let Diagnostic { rule, object, container, path, file, .. } = diagnostic;
                let fingerprint = is_alert.then(|| fingerprints.of(&rule.name, file, object, container, path));
                Diagnostic { fingerprint, ..diagnostic }
            };
            placed.map(number).collect::<Vec<_>>()
        },
    )
}

/// What one rule said about an object that stands in no text, as one of a cluster does; `file` is what to call its place.
/// `all` is what all rules said about the object.
pub fn of_object<'r>(
    rules: &[&'r RuleMetadata],
    object: &'r Object,
    file: &'r str,
    all: &'r [Judgement],
    judgement: &'r Judgement,
) -> impl Iterator<Item = Diagnostic<'r>> {
    let said = said_by_others(rules, all, judgement);
    let outcome = &judgement.outcome;
    let undecided = (outcome.verdict == Verdict::Error).then_some(None);
    let findings = undecided.into_iter().chain(outcome.findings.iter().map(Some));
    let rule = rules.get(judgement.rule).copied();
    findings.filter_map(move |finding| {
        Some(Diagnostic {
            rule: rule?,
            rule_index: judgement.rule,
            verdict: outcome.verdict,
            reason: outcome.reason.as_deref(),
            level: finding.map_or(Level::Violation, |finding| finding.level),
            object,
            label: object.label(),
            container: finding.and_then(|finding| finding.container.as_deref()),
            path: finding.map_or("$", |finding| &finding.path),
            place: None,
            object_start: None,
            source: None,
            file,
            message: finding.map(|finding| &*finding.message),
            fix: finding.and_then(|finding| finding.fix.as_ref()),
            said_by: finding.and_then(|finding| said.get(finding.path.as_str()).copied()),
            fingerprint: None,
        })
    })
}

/// The fields that other rules say are wrong, of those to which this rule leaves what both say. What is waived is not said.
fn said_by_others<'r>(
    rules: &[&'r RuleMetadata],
    all: &'r [Judgement],
    judgement: &Judgement,
) -> HashMap<&'r str, &'r RuleMetadata> {
    let mut said = HashMap::new();
    let Some(rule) = rules.get(judgement.rule).filter(|rule| !rule.yields_to.is_empty()) else { return said };
    for other in all.iter().filter(|other| other.outcome.verdict == Verdict::Fail) {
        let Some(by) = rules.get(other.rule).filter(|by| rule.yields_to.contains(&by.name)) else { continue };
        let violations = other.outcome.findings.iter().filter(|finding| finding.level == Level::Violation);
        said.extend(violations.map(|finding| (finding.path.as_str(), *by)));
    }
    said
}

fn start(report: &Report<'_>, subject: Subject<'_>) -> Option<Position> {
    Some(report.source(subject)?.position(subject.object.node.locate(&[]).start))
}
