//! What was decided, with the place of everything in it.
//!
//! A report is all there is to say about one run: every rule's answer for every object that it concerns, every document
//! that held nothing to judge, and every problem that kept something from being judged. The [`Diagnostic`]s are its
//! findings one by one; [formats](render) are functions of both.

mod diagnostic;
mod fingerprint;
mod outcome;
pub mod render;
mod secrets;

use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use protocol::{Finding, RuleMetadata, Severity, Verdict, path};
use serde::Serialize;

use crate::accept::accept;
use crate::baseline::{Baseline, Comparison, Known, Numbers, identity};
use crate::bundle::Bundle;
use crate::input::{Input, Skipped, Subject};
use crate::judge::Judgement;
use crate::manifest::{Object, Position, Source, Span};
use crate::profile::Selected;
use crate::question::Completeness;
use crate::standing::Standings;
use crate::waiver::{Date, Standing, Waiver, is_violation};

pub use diagnostic::{Diagnostic, Rendered, bare_diagnostics, diagnostics, fingerprints, of_object};
pub use outcome::Conclusion;
pub use render::{FindingRow, ObjectRow, ResultRow, RuleRow, is_hidden, to_json};
pub use secrets::{hidden_lines, is_shown};

/// With what the reason begins why a finding is accepted that was there before.
const KNOWN: &str = "known: ";

/// Whether that is why a finding is accepted: it was there before.
#[must_use]
pub fn is_known(reason: &str) -> bool {
    reason.starts_with(KNOWN)
}

/// What became of findings since an earlier state of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// What people call that state.
    pub revision: String,
    /// Findings that were there.
    pub known: usize,
    /// Findings that were not.
    pub new: usize,
    /// Findings that are gone.
    pub fixed: usize,
}

/// All that rules said about one object.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The object.
    pub subject: Subject<'a>,
    /// The answers, in the bundle's order.
    pub judgements: Vec<Judgement>,
}

/// A path that gave no manifest: why is for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The path as it would be typed.
    pub path: String,
    /// What happened, without a full stop.
    pub reason: String,
    /// Whether this kept something from being judged that should have been, or is merely worth knowing.
    pub is_failure: bool,
}

/// Where a finding stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text concerned.
    pub span: Span,
    /// Its first character.
    pub start: Position,
    /// The character after its last one.
    pub end: Position,
}

/// The place in the sources of a rendered text.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The file.
    pub file: &'a str,
    /// The place there.
    pub place: Place,
    /// The text, to cut excerpts from, where the line may be shown if the rendered one may.
    pub shown: Option<&'a Source>,
    /// The environment.
    pub environment: &'a str,
    /// Whether the place is proven to have made the rendered one.
    pub is_certain: bool,
    /// The object's name in that file, where it may be another one.
    pub name: Option<&'a str>,
}

/// What was decided.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was judged.
    pub input: &'a Input,
    /// The rules, in the bundle's order; a judgement names its rule by its index here.
    pub rules: Vec<&'a RuleMetadata>,
    /// How much of the world was given.
    pub completeness: Completeness,
    /// The answers, in the order of the input.
    pub judged: Vec<Judged<'a>>,
    /// The documents that held nothing to judge.
    pub skipped: Vec<Skipped>,
    /// The paths that gave no manifest.
    pub unread: Vec<Unread>,
    /// The profile that the rules are of, and which ones it leaves out; absent where rules were named one by one.
    pub profile: Option<Selected>,
    /// The waivers, and what became of each.
    pub waivers: Vec<Standing>,
    /// Annotations that waive nothing, though they say so, and why.
    pub ignored_waivers: Vec<String>,
    /// What became of the findings that were known; absent without a baseline.
    pub baseline: Option<Comparison>,
    /// What became of the findings of an earlier state; absent without an earlier state to compare with.
    pub since: Option<Since>,
    /// Whether what deploys workloads need not be checked.
    accepts_unchecked: bool,
    /// The lowest severity that fails the run.
    fail_on: Severity,
    /// By file, the lines of findings that ask not to be shown.
    concealed: HashMap<usize, HashSet<u32>>,
}

impl<'a> Report<'a> {
    /// The report of a run, waivers applied.
    #[must_use]
    pub fn new<M>(
        input: &'a Input,
        bundle: &'a Bundle<M>,
        completeness: Completeness,
        mut judged: Vec<Judged<'a>>,
        unread: Vec<Unread>,
        waivers: &[Waiver],
        today: Date,
    ) -> Self {
        let rules: Vec<&RuleMetadata> = bundle.rules().iter().map(|rule| &rule.metadata).collect();
        // Nobody has given the tree of a repository: it is told only where a rule has something to say about it.
        let concerns = |judgement: &Judgement| judgement.outcome.verdict != Verdict::NotApplicable;
        judged.retain(|judged| !input.is_tree(judged.subject) || judged.judgements.iter().any(concerns));
        let mut standings = Standings::new(waivers, today);
        for Judged { subject, judgements } in &mut judged {
            standings.accept(&rules, subject.object, environment(input, *subject), judgements);
        }
        let waivers = standings.finish(&rules);
        let skipped = input.skipped().collect();
        let concealed = HashMap::new();
        let mut report = Self {
            input,
            rules,
            completeness,
            judged,
            skipped,
            unread,
            profile: None,
            waivers,
            ignored_waivers: Vec::new(),
            baseline: None,
            since: None,
            accepts_unchecked: false,
            fail_on: Severity::Low,
            concealed,
        };
        report.conceal();
        report
    }

    /// The same report of rules that a profile selected.
    #[must_use]
    pub fn selected_by(self, profile: Option<Selected>) -> Self {
        Self { profile, ..self }
    }

    /// The same report of a run that only broken rules of this severity or a higher one fail.
    #[must_use]
    pub fn failing_on(self, fail_on: Option<Severity>) -> Self {
        Self { fail_on: fail_on.unwrap_or(Severity::Low), ..self }
    }

    /// The lowest severity that fails the run.
    #[must_use]
    pub const fn fails_on(&self) -> Severity {
        self.fail_on
    }

    /// The same report, where annotations of objects count that waive one of these rules for at most so many days.
    #[must_use]
    pub fn waived_by_annotations(mut self, rules: &[String], days: u32, today: Date) -> Self {
        for Judged { subject, judgements } in &mut self.judged {
            // An annotation is for its own object, whatever that one is called.
            let mut own = Standings::new(&[], today);
            let refused = own.take(subject.object, rules, days);
            self.ignored_waivers
                .extend(refused.into_iter().map(|cause| format!("{}: {cause}", subject.object.label())));
            own.accept(&self.rules, subject.object, environment(self.input, *subject), judgements);
            self.waivers.extend(own.finish(&self.rules));
        }
        self
    }

    /// The same report, where findings that a baseline knows are accepted.
    #[must_use]
    pub fn against(mut self, baseline: &Baseline) -> Self {
        let comparison = self.accept_known(baseline, "it is in the baseline");
        Self { baseline: Some(comparison), ..self }
    }

    /// The same report, where findings are accepted that an earlier state of the input had.
    #[must_use]
    pub fn since(mut self, revision: &str, found: &Baseline) -> Self {
        let Comparison { known, new, stale } = self.accept_known(found, &format!("it was there at {revision}"));
        let since = Since { revision: revision.to_owned(), known, new, fixed: stale.len() };
        Self { since: Some(since), ..self }
    }

    /// Accepts the findings that are known, for this reason.
    fn accept_known(&mut self, baseline: &Baseline, reason: &str) -> Comparison {
        let (mut numbers, mut found) = (Numbers::default(), Baseline::default());
        let mut comparison = Comparison::default();
        let (rules, input) = (&self.rules, self.input);
        for Judged { subject, judgements } in &mut self.judged {
            let subject = *subject;
            accept(judgements, |rule, finding| {
                let rule = rules.get(rule).filter(|_| is_violation(finding))?;
                let finding = Known::new(&rule.name, subject.object, finding);
                let finding = numbers.number(finding, environment(input, subject));
                let is_known = baseline.knows(&finding);
                let count = if is_known { &mut comparison.known } else { &mut comparison.new };
                *count += 1;
                found.add(finding);
                is_known.then(|| format!("{KNOWN}{reason}"))
            });
        }
        comparison.stale = self.gone(baseline, &found);
        comparison
    }

    /// What a baseline knows and nobody finds any more, where these are all findings there are. What was not asked, or not
    /// decided, may be there still; so may what is about an object that is not here, unless this is everything there is.
    #[must_use]
    pub fn gone(&self, baseline: &Baseline, found: &Baseline) -> Vec<Known> {
        let objects = LazyCell::new(|| {
            let mut objects: HashMap<[String; 3], Vec<&Judged<'_>>> = HashMap::new();
            self.judged.iter().for_each(|it| objects.entry(identity(it.subject.object)).or_default().push(it));
            objects
        });
        let is_gone = |known: &&Known| {
            let Some(rule) = self.rules.iter().position(|rule| rule.name == known.rule) else { return false };
            let Some(here) = objects.get(&known.object().map(str::to_owned)) else {
                return self.completeness == Completeness::Complete;
            };
            let mut said = here.iter().flat_map(|judged| &judged.judgements).filter(|it| it.rule == rule);
            said.all(|it| it.outcome.verdict != Verdict::Unknown)
        };
        baseline.without(found).filter(is_gone).cloned().collect()
    }

    /// What makes rules broken: by which rule, in which environment and which object.
    pub fn violations(&self) -> impl Iterator<Item = (&str, Option<&str>, &Object, &Finding)> {
        let judgements = self.judged.iter().flat_map(|judged| judged.judgements.iter().map(|it| (judged.subject, it)));
        let broken = judgements.filter(|(_, judgement)| judgement.outcome.verdict == Verdict::Fail);
        broken.flat_map(move |(subject, judgement)| {
            let rule = self.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            let violations = judgement.outcome.findings.iter().filter(|finding| is_violation(finding));
            violations.map(move |finding| (rule, environment(self.input, subject), subject.object, finding))
        })
    }

    /// Notes the lines of all findings that ask for it, so that no other rule's excerpt shows them either.
    fn conceal(&mut self) {
        let mut concealed: HashMap<usize, HashSet<u32>> = HashMap::new();
        for Judged { subject, judgements } in &self.judged {
            for finding in judgements.iter().flat_map(|judgement| &judgement.outcome.findings) {
                if finding.conceal
                    && let Some(place) = self.place(*subject, finding)
                {
                    concealed.entry(subject.file).or_default().extend(place.start.line..=place.end.line);
                }
            }
        }
        self.concealed = concealed;
    }

    /// Whether a line of the object's file may hold a secret, and is not to be shown.
    ///
    /// That is so where a finding asks for it, and, whatever rules were part of the run, for every value that is not
    /// known to be harmless: see [`is_shown`].
    #[must_use]
    pub fn conceals(&self, subject: Subject<'_>, line: u32) -> bool {
        let file = subject.file;
        let is_secret = || self.input.file(file).is_some_and(|file| hidden_lines(&file.manifest).contains(&line));
        self.concealed.get(&file).is_some_and(|lines| lines.contains(&line)) || is_secret()
    }

    /// How often each verdict was given.
    #[must_use]
    pub fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        self.count(|_| true)
    }

    /// How often each verdict was given by the rule of that index.
    #[must_use]
    pub fn verdicts_of(&self, rule: usize) -> BTreeMap<Verdict, usize> {
        self.count(|judgement| judgement.rule == rule)
    }

    fn count(&self, counts: impl Fn(&Judgement) -> bool) -> BTreeMap<Verdict, usize> {
        let mut verdicts = BTreeMap::new();
        for judgement in self.judged.iter().flat_map(|judged| &judged.judgements).filter(|judgement| counts(judgement))
        {
            *verdicts.entry(judgement.outcome.verdict).or_default() += 1;
        }
        verdicts
    }

    /// The file's text, to cut excerpts from.
    #[must_use]
    pub fn source(&self, subject: Subject<'_>) -> Option<&'a Source> {
        self.input.file(subject.file).map(|file| &file.manifest.source)
    }

    /// The file's name.
    #[must_use]
    pub fn file_name(&self, subject: Subject<'_>) -> &'a str {
        self.input.file(subject.file).map_or("", |file| &file.manifest.name)
    }

    /// Where a finding stands.
    #[must_use]
    pub fn place(&self, subject: Subject<'_>, finding: &Finding) -> Option<Place> {
        self.place_of_path(subject, &finding.path)
    }

    /// In which environment an object was rendered, if it was.
    #[must_use]
    pub fn environment(&self, subject: Subject<'_>) -> Option<&'a str> {
        let rendering = self.input.file(subject.file)?.manifest.rendering()?;
        Some(&rendering.environment)
    }

    /// Where what was rendered comes from: the place that made a field, or the nearest certain one.
    #[must_use]
    pub fn origin(&self, subject: Subject<'_>, path: &str) -> Option<Origin<'a>> {
        let manifest = &self.input.file(subject.file)?.manifest;
        let rendering = manifest.rendering()?;
        let mut steps = path::parse(path)?;
        let at = subject.object.node.locate(&steps).start;
        // Where nothing is known of the field itself, what it stands in may be.
        let mut found = rendering.place(at);
        while found.is_none() && steps.pop().is_some() {
            let around = rendering.place(subject.object.node.locate(&steps).start);
            found = around.map(|(place, _)| (place, false));
        }
        let (origin, is_certain) = found.or_else(|| Some((rendering.object(at)?, false)))?;
        let (file, text) = rendering.text(origin)?;
        let span = origin.span;
        let place = Place { span, start: text.position(span.start), end: text.position(span.end) };
        // A line that holds more than one value may hold one that the rendered line does not.
        let is_plain = !text.excerpt(place.start.line).contains(['{', '[']) || !is_yaml(file);
        let (environment, name) = (rendering.environment.as_str(), origin.name.as_deref());
        Some(Origin { file, place, shown: Some(text).filter(|_| is_plain), environment, is_certain, name })
    }

    /// Where a field of an object stands, by its normalised JSONPath.
    fn place_of_path(&self, subject: Subject<'_>, path: &str) -> Option<Place> {
        let span = subject.object.node.look().locate(&path::parse(path)?);
        let source = self.source(subject)?;
        Some(Place { span, start: source.position(span.start), end: source.position(span.end) })
    }
}

/// Whether the file is no template.
fn is_yaml(file: &str) -> bool {
    !file.contains("templates/")
}

/// The environment that an object was rendered for, if it was rendered.
fn environment<'i>(input: &'i Input, subject: Subject<'_>) -> Option<&'i str> {
    let rendering = input.file(subject.file)?.manifest.rendering()?;
    Some(rendering.environment.as_str())
}

#[cfg(test)]
mod tests;
