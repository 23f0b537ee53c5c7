//! Turns verdicts into the answer to an API server.
//!
//! A violation of an enforced rule denies, unless it was there before, or depends on other objects, which may still come. An
//! enforced rule without a verdict follows the setting `undecided`. The module must not know how rules are run, nor HTTP.

use std::collections::{HashMap, HashSet};

use engine::config::{Admission, Mode, Reaction};
use engine::{Judgement, Operation};
use protocol::told::{MESSAGE, WARNINGS, fit, one_line};
use protocol::{Finding, Level, RuleMetadata, Severity, Verdict, path};

use crate::answer::Answer;

/// What identifies a finding before and after an update: rule, container and message. Its path may change with an index.
pub type Known = (usize, Option<String>, String);

/// How often each finding is there. An index is no part of it, so two that differ in nothing else are one finding, twice.
pub type Counts = HashMap<Known, usize>;

/// A review that is to be decided.
pub struct Case<'a> {
    pub uid: &'a str,
    pub operation: Operation,
    pub namespace: Option<&'a str>,
    /// The rules, in the order that judgements name them in.
    pub rules: &'a [&'a RuleMetadata],
    /// Their verdicts, waivers applied.
    pub judgements: &'a [Judgement],
    /// The rules that looked at other objects, by index.
    pub looked_up: &'a HashSet<usize>,
    /// The findings before an update, if they are known.
    pub before: Option<&'a Counts>,
    pub admission: &'a Admission,
    /// What happens if an enforced rule has no verdict and the configuration does not set `undecided`.
    pub undecided: Reaction,
}

/// What becomes of one finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Denies,
    Warns,
    /// It is only logged and counted.
    Counts,
}

/// A part of the answer.
struct Said<'a> {
    weight: Weight,
    severity: Severity,
    rule: &'a str,
    text: String,
}

impl Case<'_> {
    /// The answer.
    pub fn answer(&self) -> Answer {
        let mut said: Vec<Said<'_>> = self.judgements.iter().flat_map(|judgement| self.said(judgement)).collect();
        // The worst first. Equal ones keep the order of the rules.
        said.sort_by_key(|said| (said.weight != Weight::Denies, std::cmp::Reverse(said.severity)));
        let text = |said: &Said<'_>| format!("{}: {}", said.rule, said.text);
        let of = |weight: Weight| said.iter().filter(move |said| said.weight == weight);
        let denied = of(Weight::Denies).next().is_some();
        let (told, more) = fit(&mut of(Weight::Denies).map(text), MESSAGE);
        let message = denied.then(|| format!("seaworthy: {}{}", told.join("; "), and_more("; ", more)));
        let (mut warnings, more) = fit(&mut of(Weight::Denies).chain(of(Weight::Warns)).map(text), WARNINGS);
        if more > 0 {
            warnings.push(format!("seaworthy:{}", and_more(" ", more)));
        }
        let mut audited: Vec<&str> = of(Weight::Counts).map(|said| said.rule).collect();
        audited.dedup();
        Answer { uid: self.uid.to_owned(), message, warnings, audited: audited.join(", ") }
    }

    /// The rules with a finding that denies, by index. Only for these the findings before the update matter.
    pub fn denying(&self) -> HashSet<usize> {
        let denies = |judgement: &&Judgement| self.said(judgement).iter().any(|said| said.weight == Weight::Denies);
        self.judgements.iter().filter(denies).map(|judgement| judgement.rule).collect()
    }

    fn said<'s>(&'s self, judgement: &'s Judgement) -> Vec<Said<'s>> {
        let Some(rule) = self.rules.get(judgement.rule) else { return Vec::new() };
        let mode = self.admission.mode_of(&rule.name, self.namespace);
        let severity = judgement.severity.unwrap_or(rule.severity);
        let said = |weight, text| Said { weight, severity, rule: &rule.name, text };
        let outcome = &judgement.outcome;
        match outcome.verdict {
            // A policy-server denies too if a policy may not change the object.
            Verdict::Pass if judgement.mutated.is_some() => {
                let text = "would change the object, and this webhook changes nothing".to_owned();
                vec![said(weigh(mode, Reaction::Deny), text)]
            }
            Verdict::Error => {
                let reason = outcome.reason.as_deref().unwrap_or("it gave no reason");
                vec![said(weigh(mode, self.reaction()), format!("not decided: {}", one_line(reason)))]
            }
            Verdict::Fail | Verdict::Pass => {
                let findings = outcome.findings.iter().filter(|finding| finding.level != Level::Note);
                let now = counted(judgement.rule, &outcome.findings);
                findings.map(|finding| said(self.weight(judgement, finding, &now, mode), prose(finding))).collect()
            }
            // An audit can decide what is unknown here. A waiver has an owner.
            Verdict::Unknown | Verdict::NotApplicable | Verdict::Waived => Vec::new(),
        }
    }

    /// What happens if an enforced rule has no verdict.
    fn reaction(&self) -> Reaction {
        self.admission.undecided.unwrap_or(self.undecided)
    }

    fn weight(&self, judgement: &Judgement, finding: &Finding, now: &Counts, mode: Mode) -> Weight {
        let reaction = if finding.level != Level::Violation || self.looked_up.contains(&judgement.rule) {
            Reaction::Warn
        } else if self.operation == Operation::Update && self.admission.known != Some(Reaction::Deny) {
            let key = known(judgement.rule, finding);
            match self.before {
                // More of the same is worse. What was not there at all is `None`, which is less than any count.
                Some(before) if before.get(&key) >= now.get(&key) => Reaction::Warn,
                Some(_) => Reaction::Deny,
                // The request timed out before the old object was checked.
                None => self.reaction(),
            }
        } else {
            Reaction::Deny
        };
        weigh(mode, reaction)
    }
}

fn weigh(mode: Mode, reaction: Reaction) -> Weight {
    match (mode, reaction) {
        (Mode::Audit, _) => Weight::Counts,
        (Mode::Enforce, Reaction::Deny) => Weight::Denies,
        (Mode::Enforce | Mode::Warn, _) => Weight::Warns,
    }
}

/// How often each of a rule's findings is there.
pub fn counted(rule: usize, findings: &[Finding]) -> Counts {
    let mut counts = Counts::new();
    for finding in findings {
        *counts.entry(known(rule, finding)).or_default() += 1;
    }
    counts
}

/// What identifies a finding of a rule.
fn known(rule: usize, finding: &Finding) -> Known {
    (rule, finding.container.clone(), finding.message.clone())
}

fn prose(finding: &Finding) -> String {
    let (message, path) = (&finding.message, path::shorten(&finding.path));
    one_line(&match &finding.container {
        Some(container) => format!("container {container}: {message} ({path})"),
        None => format!("{message} ({path})"),
    })
}

fn and_more(before: &str, more: usize) -> String {
    if more == 0 { String::new() } else { format!("{before}and {more} more") }
}
