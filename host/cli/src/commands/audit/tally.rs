//! What is counted of an audit, and what could not be seen: all that is left of objects once they are judged.

use std::collections::BTreeMap;

use cluster::full_name;
use engine::BlindSpot;
use engine::report::Conclusion;
use engine::waiver::{Date, Waiver};
use protocol::{RuleMetadata, Verdict};

use super::Judged;
use crate::exit;
use crate::present::human::{needs, who};

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
    /// The waivers that nothing has needed yet, some of them ended.
    idle: Vec<&'a Waiver>,
    /// The day on which they count.
    pub today: Date,
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
}

impl<'a> Tally<'a> {
    pub fn new(rules: Vec<&'a RuleMetadata>, off: Vec<&'a str>, today: Date) -> Self {
        Self {
            idle: Vec::new(),
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
        }
    }

    /// Watches whether waivers are needed: those of rules that judge, and for objects that are judged, which with
    /// namespaces are only those in them.
    pub fn watch(&mut self, waivers: &'a [Waiver], namespaces: &[String]) {
        let is_judged = |waiver: &&Waiver| {
            let has_rule = self.rules.iter().any(|rule| rule.name == waiver.rule);
            let is_within = |namespace: &String| namespaces.contains(namespace);
            has_rule && (namespaces.is_empty() || waiver.namespace.as_ref().is_some_and(is_within))
        };
        self.idle = waivers.iter().filter(|waiver| waiver.until < self.today || is_judged(waiver)).collect();
    }

    /// The waivers that have ended, and those that nothing needs, as far as that can be said.
    pub fn idle_waivers(&self) -> impl Iterator<Item = &'a Waiver> {
        self.idle.iter().copied().filter(|waiver| waiver.until < self.today || self.is_whole)
    }

    /// Counts what was said of one object.
    pub fn count(&mut self, judged: &Judged<'_>) {
        self.objects += 1;
        let (mut broken, mut concerned) = (0, 0);
        for judgement in &judged.judgements {
            let verdict = judgement.outcome.verdict;
            if let Some(verdicts) = self.verdicts.get_mut(judgement.rule) {
                *verdicts.entry(verdict).or_default() += 1;
            }
            broken += usize::from(verdict.denies());
            concerned += usize::from(verdict != Verdict::NotApplicable);
        }
        let Self { idle, rules, today, .. } = self;
        idle.retain(|waiver| {
            let rule = rules.iter().position(|rule| rule.name == waiver.rule);
            waiver.until < *today || !rule.is_some_and(|rule| needs(waiver, judged.object, rule, &judged.judgements))
        });
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
        self.problem(format!("{kind} cannot be judged: {reason}"));
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
        let is_complete = self.problem_count == 0 && self.objects > 0 && !has(Verdict::Error);
        Conclusion::of(is_complete, has(Verdict::Fail))
    }

    /// The exit code of that.
    pub fn exit_code(&self) -> u8 {
        exit::code(self.conclusion())
    }
}
