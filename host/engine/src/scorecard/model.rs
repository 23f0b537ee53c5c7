//! Cards, sections and lines: the checklist before it is shown.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use protocol::{Finding, Level, Outcome, RuleMetadata, Section, Severity, Verdict};

use super::service::{Grouping, Services};
use super::share::{Mark, Share, Standing};
use crate::input::Subject;
use crate::manifest::with_container;
use crate::report::Report;

/// The checklists of all services of a report.
#[derive(Debug)]
pub struct Scorecard<'a> {
    /// A card for each service, by namespace and name; behind them, for each namespace, one for what is shared.
    pub cards: Vec<Card<'a>>,
    /// Whether something was not checked that may belong to any of them.
    pub is_incomplete: bool,
}

/// The checklist of one service.
#[derive(Debug)]
pub struct Card<'a> {
    /// Whose card this is.
    pub owner: Owner,
    /// The namespace; none where the manifests name none.
    pub namespace: Option<&'a str>,
    /// Everything that was judged for it, in the order of the input.
    pub objects: Vec<Subject<'a>>,
    /// The sections of the guide's checklist that the bundle has rules for, and delivery where it concerns the service.
    pub sections: Vec<SectionCard<'a>>,
}

/// Whose a card is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The service of this name.
    Service(String),
    /// Objects that belong to no single service.
    Shared,
}

/// One section of a card.
#[derive(Debug)]
pub struct SectionCard<'a> {
    /// Which.
    pub section: Section,
    /// A line for each rule, in the bundle's order.
    pub lines: Vec<Line<'a>>,
}

/// One line of the checklist: one rule, for all objects of a service.
#[derive(Debug)]
pub struct Line<'a> {
    /// The rule.
    pub rule: &'a RuleMetadata,
    /// The worst of the answers; `not-applicable` only where all are, or none was given.
    pub verdict: Verdict,
    /// The answers.
    pub answers: Vec<Answer<'a>>,
}

/// What a line's rule says about one object.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The object.
    pub subject: Subject<'a>,
    /// The answer.
    pub outcome: &'a Outcome,
}

/// Something to read under a line.
#[derive(Clone, Copy, Debug)]
pub struct Remark<'a> {
    /// The object that it is about.
    pub subject: Subject<'a>,
    /// The finding; none where the outcome's reason is all there is.
    pub finding: Option<&'a Finding>,
    /// What it says.
    pub message: &'a str,
}

impl<'a> Scorecard<'a> {
    /// The scorecard of a report.
    #[must_use]
    pub fn new(report: &'a Report<'a>, grouping: &Grouping) -> Self {
        let services = Services::of(report.input, grouping);
        let mut of_service: Vec<Gathered<'a>> = services.identities.iter().map(|_| Gathered::default()).collect();
        let mut shared: BTreeMap<(Option<&'a str>, usize), Gathered<'a>> = BTreeMap::new();
        for judged in &report.judged {
            let subject = judged.subject;
            let project = report.input.file(subject.file).map_or(0, |file| file.project);
            let answers = || judged.judgements.iter().map(|judgement| (judgement.rule, &*judgement.outcome));
            let owners = services.owners(grouping, project, subject);
            for owner in &owners {
                if let Some(gathered) = of_service.get_mut(*owner) {
                    gathered.add(subject, answers());
                }
            }
            if owners.is_empty() {
                let gathered = shared.entry((subject.object.namespace.as_deref(), project)).or_default();
                // What does not concern an object that nobody owns concerns nobody.
                gathered.add(subject, answers().filter(|(_, outcome)| outcome.verdict != Verdict::NotApplicable));
            }
        }
        let cards = services.identities.into_iter().zip(of_service).map(|(identity, gathered)| {
            let sections = gathered.sections(&report.rules, |rule| rule.section != Section::Delivery);
            Card {
                owner: Owner::Service(identity.name),
                namespace: identity.namespace,
                objects: gathered.objects,
                sections,
            }
        });
        let shared = shared.into_iter().map(|((namespace, _), gathered)| {
            let sections = gathered.sections(&report.rules, |_| false);
            Card { owner: Owner::Shared, namespace, objects: gathered.objects, sections }
        });
        let cards = cards.chain(shared.filter(|card| !card.sections.is_empty())).collect();
        Self { cards, is_incomplete: report.is_incomplete() }
    }

    /// How good a share is: nothing is ready while something is unknown or was not checked.
    #[must_use]
    pub const fn standing(&self, share: Share) -> Standing {
        match share.standing() {
            Standing::Ready if self.is_incomplete => Standing::Nearly,
            standing => standing,
        }
    }

    /// The cards, the worst first: by share, then by how bad the failures are, then in their order. What is shared is last.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&Card<'a>> {
        let mut cards: Vec<&Card<'a>> = self.cards.iter().collect();
        cards.sort_by_cached_key(|card| {
            let failing = Severity::ALL.map(|severity| Reverse(card.failing(severity)));
            let [low, medium, high, critical] = failing;
            (card.owner == Owner::Shared, card.share().percent().unwrap_or(101), [critical, high, medium, low])
        });
        cards
    }

    /// The cards of services.
    pub fn services(&self) -> impl Iterator<Item = &Card<'a>> {
        self.cards.iter().filter(|card| card.owner != Owner::Shared)
    }
}

/// What was said about the objects of one card.
#[derive(Default)]
struct Gathered<'a> {
    objects: Vec<Subject<'a>>,
    by_rule: BTreeMap<usize, Vec<Answer<'a>>>,
}

impl<'a> Gathered<'a> {
    fn add(&mut self, subject: Subject<'a>, answers: impl Iterator<Item = (usize, &'a Outcome)>) {
        let mut is_judged = false;
        for (rule, outcome) in answers {
            is_judged = true;
            self.by_rule.entry(rule).or_default().push(Answer { subject, outcome });
        }
        if is_judged {
            self.objects.push(subject);
        }
    }

    /// A line for each rule that said something, and for each that is on the list whether or not it did.
    fn sections(
        &self,
        rules: &[&'a RuleMetadata],
        is_always_listed: impl Fn(&RuleMetadata) -> bool,
    ) -> Vec<SectionCard<'a>> {
        let mut sections: Vec<SectionCard<'a>> = Vec::new();
        for (index, &rule) in rules.iter().enumerate() {
            let answers = self.by_rule.get(&index).cloned().unwrap_or_default();
            let line = Line { rule, verdict: worst(&answers), answers };
            let concerns = line.verdict != Verdict::NotApplicable;
            if !concerns && !is_always_listed(rule) {
                continue;
            }
            match sections.last_mut().filter(|last| last.section == rule.section) {
                Some(last) => last.lines.push(line),
                None => sections.push(SectionCard { section: rule.section, lines: vec![line] }),
            }
        }
        sections
    }
}

/// The worst answer. One that does not concern its object says nothing about the others.
fn worst(answers: &[Answer<'_>]) -> Verdict {
    let verdicts = answers.iter().map(|answer| answer.outcome.verdict);
    verdicts.filter(|verdict| *verdict != Verdict::NotApplicable).max().unwrap_or(Verdict::NotApplicable)
}

impl Card<'_> {
    /// `shop/catalog`; `shared in shop` for what belongs to no service.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.owner, self.namespace) {
            (Owner::Service(name), Some(namespace)) => format!("{namespace}/{name}"),
            (Owner::Service(name), None) => name.clone(),
            (Owner::Shared, Some(namespace)) => format!("shared in {namespace}"),
            (Owner::Shared, None) => "shared".into(),
        }
    }

    /// Whether somebody who types this name means this service: `catalog`, or `shop/catalog`.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        matches!(&self.owner, Owner::Service(own) if own == name) || self.owner != Owner::Shared && self.title() == name
    }

    /// The lines of the readiness checklist. Delivery is about how the service gets there, not whether it is ready.
    pub fn lines(&self) -> impl Iterator<Item = &Line<'_>> {
        self.sections.iter().filter(|card| card.section != Section::Delivery).flat_map(|card| &card.lines)
    }

    /// The share of the checklist that holds, delivery aside.
    #[must_use]
    pub fn share(&self) -> Share {
        Share::of(self.lines().map(Line::mark))
    }

    /// How many lines of the checklist are marked so.
    #[must_use]
    pub fn count(&self, mark: Mark) -> usize {
        self.lines().filter(|line| line.mark() == mark).count()
    }

    /// How many checks of that severity fail, or could not decide; delivery included.
    #[must_use]
    pub fn failing(&self, severity: Severity) -> usize {
        let lines = self.sections.iter().flat_map(|section| &section.lines);
        lines.filter(|line| line.mark() == Mark::Open && line.rule.severity == severity).count()
    }

    /// Whether any line, delivery included, does not hold.
    #[must_use]
    pub fn has_open_lines(&self) -> bool {
        self.sections.iter().flat_map(|card| &card.lines).any(|line| line.mark() == Mark::Open)
    }
}

impl<'a> SectionCard<'a> {
    /// As the guide writes it.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self.section {
            Section::Reliability => "Reliability",
            Section::Observability => "Observability",
            Section::Security => "Security",
            Section::Operations => "Operations",
            Section::Delivery => "Delivery",
        }
    }

    /// The lines, those that do not hold first, and of these the worst; otherwise in the bundle's order.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&Line<'a>> {
        let mut lines: Vec<&Line<'a>> = self.lines.iter().collect();
        lines.sort_by_key(|line| match line.mark() {
            Mark::Open => (0, Reverse(Some(line.rule.severity))),
            Mark::Unknown => (1, Reverse(None)),
            Mark::Waived => (2, Reverse(None)),
            Mark::Done => (3, Reverse(None)),
            Mark::NotApplicable => (4, Reverse(None)),
        });
        lines
    }

    /// The share of the section's lines that holds.
    #[must_use]
    pub fn share(&self) -> Share {
        Share::of(self.lines.iter().map(Line::mark))
    }
}

impl<'a> Line<'a> {
    /// How the line is marked.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        match self.verdict {
            Verdict::Pass => Mark::Done,
            Verdict::Fail | Verdict::Error => Mark::Open,
            Verdict::Unknown => Mark::Unknown,
            Verdict::Waived => Mark::Waived,
            Verdict::NotApplicable => Mark::NotApplicable,
        }
    }

    /// What there is to read under the line: all findings, and the reasons of answers as bad as the line. Where a line
    /// does not apply, each reason once.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark<'a>> {
        let mut remarks: Vec<Remark<'a>> = Vec::new();
        for Answer { subject, outcome } in &self.answers {
            let reason = outcome.reason.as_deref().filter(|_| outcome.verdict == self.verdict);
            if let Some(message) = reason {
                let is_said = self.mark() == Mark::NotApplicable && remarks.iter().any(|said| said.message == message);
                if !is_said {
                    remarks.push(Remark { subject: *subject, finding: None, message });
                }
            }
            let findings = outcome.findings.iter();
            remarks.extend(findings.map(|finding| Remark {
                subject: *subject,
                finding: Some(finding),
                message: &finding.message,
            }));
        }
        remarks
    }
}

impl Remark<'_> {
    /// `warning` and `note` where it is only that.
    #[must_use]
    pub fn prefix(&self) -> Option<&'static str> {
        match self.finding.map(|finding| finding.level) {
            Some(Level::Warning) => Some("warning"),
            Some(Level::Note) => Some("note"),
            Some(Level::Violation) | None => None,
        }
    }

    /// `Deployment catalog`, `Deployment catalog, container app`; the card tells the namespace.
    #[must_use]
    pub fn about(&self) -> String {
        let container = self.finding.and_then(|finding| finding.container.as_deref());
        with_container(self.subject.object.label_in_namespace(), container)
    }

    /// The file, and the line in it, counted from 1.
    #[must_use]
    pub fn place<'r>(&self, report: &Report<'r>) -> (&'r str, u32) {
        let path = self.finding.map_or("$", |finding| &finding.path);
        if let Some(origin) = report.origin(self.subject, path) {
            return (origin.file, origin.place.start.line);
        }
        let line = match self.finding.and_then(|finding| report.place(self.subject, finding)) {
            Some(place) => place.start.line,
            None => {
                let start = self.subject.object.node.look().locate(&[]).start;
                report.source(self.subject).map_or(1, |source| source.position(start).line)
            }
        };
        (report.file_name(self.subject), line)
    }
}
