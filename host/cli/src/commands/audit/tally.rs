//! What is counted of an audit, and what could not be seen: all that is left of objects once they are judged.

use std::collections::BTreeMap;

use cluster::full_name;
use engine::config::Config;
use engine::report::Conclusion;
use engine::report::render::human::who;
use engine::waiver::{Date, Standing, State, Waiver};
use engine::{BlindSpot, Standings};
use protocol::{RuleMetadata, Severity, Verdict};

use super::Judged;
use crate::exit;

/// Problems that are told one by one. All count.
const TOLD: usize = 200;

/// Objects that are told at the end, the worst first.
const WORST: usize = 20;

/// What is counted.
pub struct Tally<'a> {
    /// The rules, in the bundle's order.
    pub rules: Vec<&'a RuleMetadata>,
    /// Those of them that lack settings they need.
    pub off: Vec<&'a str>,
    /// The waivers, and what they have covered.
    standings: Standings,
    /// What annotations of objects have waived.
    annotated: Vec<Standing>,
    /// Annotations that waive nothing, though they say so; the first of them.
    pub ignored_waivers: Vec<String>,
    /// The rules that annotations may waive, and for how many days.
    annotations: (Vec<String>, u32),
    /// The lowest severity that fails the audit.
    fail_on: Severity,
    /// Whether one has.
    is_failed: bool,
    /// The namespaces that are checked; all if it is empty.
    namespaces: Vec<String>,
    /// The day on which waivers count.
    today: Date,
    /// By rule, how often each verdict was given.
    pub verdicts: Vec<BTreeMap<Verdict, usize>>,
    /// Objects judged.
    pub objects: usize,
    /// Objects judged through their owners.
    pub owned: usize,
    /// Objects that break a rule.
    pub broken: usize,
    /// The objects that break most rules: how many, of how many that concern it, and its name.
    pub worst: Vec<(usize, usize, String)>,
    /// What kept something from being judged, the first of it.
    pub problems: Vec<String>,
    /// All of it.
    pub problem_count: usize,
    /// Kinds that rules look up and that cannot all be seen, each with the reason.
    pub unseen: Vec<(String, String)>,
    /// Whether all objects that rules judge were listed.
    pub is_whole: bool,
    /// Whether it is one of several parts, to each of which nothing may fall.
    pub is_part: bool,
}

impl<'a> Tally<'a> {
    pub fn new(rules: Vec<&'a RuleMetadata>, off: Vec<&'a str>, today: Date) -> Self {
        Self {
            standings: Standings::new(&[], today),
            annotated: Vec::new(),
            ignored_waivers: Vec::new(),
            annotations: (Vec::new(), 0),
            fail_on: Severity::Low,
            is_failed: false,
            namespaces: Vec::new(),
            today,
            verdicts: vec![BTreeMap::new(); rules.len()],
            rules,
            off,
            objects: 0,
            owned: 0,
            broken: 0,
            worst: Vec::new(),
            problems: Vec::new(),
            problem_count: 0,
            unseen: Vec::new(),
            is_whole: true,
            is_part: false,
        }
    }

    /// Holds what is found against this configuration, where only these namespaces are judged.
    pub fn watch(&mut self, config: &Config, namespaces: &[String]) {
        self.standings = Standings::new(&config.waivers, self.today);
        self.annotations = (config.annotated.clone(), config.longest_waiver());
        self.fail_on = config.fail_on.unwrap_or(Severity::Low);
        self.namespaces = namespaces.to_vec();
    }

    /// What became of the waivers, as far as that can be said: a waiver for what was not judged is not called unused.
    pub fn waivers(&self) -> Vec<Standing> {
        let is_within = |waiver: &Waiver| {
            let is_judged = |namespace: &String| self.namespaces.contains(namespace);
            self.namespaces.is_empty() || waiver.namespace.as_ref().is_some_and(is_judged)
        };
        let mut all = self.standings.clone().finish(&self.rules);
        all.retain(|standing| standing.state != State::Unused || self.is_whole && is_within(&standing.waiver));
        all.extend_from_slice(&self.annotated);
        all
    }

    /// Applies the waivers to what was said of one object.
    fn waive(&mut self, Judged { object, judgements }: &mut Judged<'_>) {
        self.standings.accept(&self.rules, object, None, judgements);
        let mut own = Standings::new(&[], self.today);
        let (rules, days) = &self.annotations;
        for refused in own.take(object, rules, *days) {
            if self.ignored_waivers.len() < TOLD {
                self.ignored_waivers.push(format!("{}: {refused}", object.label()));
            }
        }
        own.accept(&self.rules, object, None, judgements);
        self.annotated.extend(own.finish(&self.rules));
    }

    /// Counts what was said of one object.
    pub fn count(&mut self, judged: &mut Judged<'_>) {
        self.waive(judged);
        self.objects += 1;
        let (mut broken, mut concerned) = (0, 0);
        for judgement in &judged.judgements {
            let verdict = judgement.outcome.verdict;
            if let Some(verdicts) = self.verdicts.get_mut(judgement.rule) {
                *verdicts.entry(verdict).or_default() += 1;
            }
            let own = || self.rules.get(judgement.rule).map(|rule| rule.severity);
            let severity = judgement.severity.or_else(own);
            self.is_failed |= verdict == Verdict::Fail && severity.is_none_or(|severity| severity >= self.fail_on);
            broken += usize::from(verdict.denies());
            concerned += usize::from(verdict != Verdict::NotApplicable);
        }
        if broken > 0 {
            self.broken += 1;
            // Of equals the first stays, as in a stable sort.
            let place = self.worst.partition_point(|(other, ..)| *other >= broken);
            if place < WORST {
                self.worst.insert(place, (broken, concerned, who(judged.object)));
                self.worst.truncate(WORST);
            }
        }
    }

    /// Notes what kept something from being judged.
    pub fn problem(&mut self, problem: String) {
        self.problem_count += 1;
        if self.problems.len() < TOLD {
            self.problems.push(problem);
        }
    }

    /// Notes a kind of which not all objects were judged.
    pub fn unlisted(&mut self, kind: &str, reason: &str) {
        self.is_whole = false;
        self.problem(format!("{kind} cannot be checked: {reason}"));
    }

    /// Notes the kinds that rules cannot look up.
    pub fn unseen(&mut self, spots: &[BlindSpot]) {
        self.unseen.extend(spots.iter().map(|spot| (full_name(&spot.group, &spot.kind), spot.reason.clone())));
    }

    /// How often each verdict was given.
    pub fn all_verdicts(&self) -> BTreeMap<Verdict, usize> {
        let mut all = BTreeMap::new();
        for (verdict, number) in self.verdicts.iter().flatten() {
            *all.entry(*verdict).or_default() += number;
        }
        all
    }

    /// What the audit comes to.
    pub fn conclusion(&self) -> Conclusion {
        let has = |verdict| self.verdicts.iter().any(|verdicts| verdicts.contains_key(&verdict));
        let is_complete = self.problem_count == 0 && (self.objects > 0 || self.is_part) && !has(Verdict::Error);
        Conclusion::of(is_complete, self.is_failed)
    }

    /// The exit code of that.
    pub fn exit_code(&self) -> u8 {
        exit::code(self.conclusion())
    }
}
