//! What is counted of an audit, and what could not be seen: all that is left of objects once they are judged.

use std::collections::BTreeMap;

use cluster::full_name;
use engine::BlindSpot;
use protocol::{RuleMetadata, Verdict};

use super::Judged;
use crate::{BROKEN, HOLDS, UNDECIDED};

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
    pub fn new(rules: Vec<&'a RuleMetadata>, off: Vec<&'a str>) -> Self {
        Self {
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
        if broken > 0 {
            self.broken += 1;
            // Of equals the first stays, as in a stable sort.
            let place = self.worst.partition_point(|(other, ..)| *other >= broken);
            if place < WORST {
                self.worst.insert(place, (broken, concerned, crate::human::who(judged.object)));
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
    pub fn exit_code(&self) -> u8 {
        let has = |verdict| self.verdicts.iter().any(|verdicts| verdicts.contains_key(&verdict));
        if self.problem_count > 0 || self.objects == 0 || has(Verdict::Error) {
            UNDECIDED
        } else if has(Verdict::Fail) {
            BROKEN
        } else {
            HOLDS
        }
    }
}
