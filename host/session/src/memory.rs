//! What rules said, and what it rests on: their requests, and the answers that they looked up.
//!
//! An object in a file that has not changed is not even written again. One that stands in a changed file, and is the same
//! nonetheless, is found by its requests. What the last checks did not use is forgotten, and only so much is kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Input, Judgement};
use protocol::{Outcome, Verdict};
use serde_json::Value;

use crate::digest::Digester;
use crate::files::Files;
use crate::kinds::Kinds;
use crate::noting::Noted;

/// Bytes of what is remembered, about: some 100,000 evaluations.
const BYTES_KEPT: usize = 64 << 20;

/// Checks after which what none of them used is looked for.
const SWEEP: u64 = 8;

/// One evaluation.
#[derive(Debug)]
pub struct Evaluation {
    /// The rule, with its settings.
    pub rule: u64,
    /// What its asker saw of the world.
    pub sight: u128,
    pub look_ups: Vec<LookUp>,
    outcome: Arc<Outcome>,
    mutated: Option<Value>,
    /// The check that used it last.
    used: AtomicU64,
}

/// What a module asked its host, and what it heard.
#[derive(Debug)]
pub struct LookUp {
    pub operation: String,
    pub payload: Vec<u8>,
    /// The digest of the answer.
    pub answer: u128,
    /// The number of the kind that it asked for.
    kind: usize,
    /// The state in which that kind was when this was the answer.
    state: AtomicU64,
}

impl LookUp {
    pub fn was_in(&self, state: u64) -> bool {
        self.state.load(Ordering::Relaxed) == state
    }

    /// It has this answer in that state too.
    pub fn is_in(&self, state: u64) {
        self.state.store(state, Ordering::Relaxed);
    }
}

impl Evaluation {
    /// The answer, of the rule that has this index now.
    pub fn judgement(&self, rule: usize) -> Judgement {
        Judgement { rule, outcome: Arc::clone(&self.outcome), mutated: self.mutated.clone(), severity: None }
    }

    fn bytes(&self) -> usize {
        let look_ups = self.look_ups.iter().map(|it| size_of::<LookUp>() + it.operation.len() + it.payload.len());
        let texts = self.outcome.findings.iter().map(|it| size_of_val(it) + it.path.len() + 2 * it.message.len());
        size_of::<Self>() + size_of::<Judgement>() + look_ups.sum::<usize>() + texts.sum::<usize>()
    }
}

/// An evaluation that is to be remembered.
#[derive(Debug)]
pub struct Draft {
    rule: u64,
    request: u128,
    sight: u128,
    outcome: Arc<Outcome>,
    mutated: Option<Value>,
    look_ups: LookedUp,
}

#[derive(Debug)]
enum LookedUp {
    Noted(Vec<Noted>),
    /// As another evaluation did, with the numbers of the kinds, maybe from another project than this one.
    Like(usize, Vec<(String, Vec<u8>, u128, usize)>),
}

impl Draft {
    pub fn new(rule: u64, request: u128, sight: u128, judgement: &Judgement, noted: Vec<Noted>) -> Self {
        let (outcome, mutated) = (Arc::clone(&judgement.outcome), judgement.mutated.clone());
        Self { rule, request, sight, outcome, mutated, look_ups: LookedUp::Noted(noted) }
    }

    /// The same evaluation from another place, in that project, from where all look-ups have the same answers.
    pub fn of(known: &Evaluation, request: u128, sight: u128, project: usize) -> Self {
        let Evaluation { rule, outcome, mutated, look_ups, .. } = known;
        let alike = look_ups.iter().map(|it| (it.operation.clone(), it.payload.clone(), it.answer, it.kind)).collect();
        let (outcome, mutated) = (Arc::clone(outcome), mutated.clone());
        Self { rule: *rule, request, sight, outcome, mutated, look_ups: LookedUp::Like(project, alike) }
    }
}

/// What was found out about one rule and one object.
pub enum Found {
    Known(Arc<Evaluation>),
    New(Draft),
}

/// What is to be remembered of one object.
pub struct PlaceDraft {
    pub key: u128,
    pub found: Vec<Found>,
    /// Whether all rules that the object is for are among them.
    pub is_whole: bool,
    /// How many evaluations were run.
    pub evaluated: usize,
}

/// What rules said of the object in one place of one text.
#[derive(Debug)]
pub struct Place {
    pub evaluations: Vec<Arc<Evaluation>>,
    /// All answers, where all rules of a time are remembered.
    whole: Option<Whole>,
    used: AtomicU64,
}

/// What all rules said of one object. Whoever checks again looks at this alone where nothing has changed: to look at each of
/// many thousand evaluations, wherever they lie in memory, takes longer than all the rest.
#[derive(Debug)]
struct Whole {
    /// Which rules.
    generation: u64,
    /// What the object saw of the world.
    sight: u128,
    /// The kinds that were asked for, and their states.
    kinds: Vec<(usize, AtomicU64)>,
    judgements: Vec<Judgement>,
}

/// Everything that is remembered.
#[derive(Debug, Default)]
pub struct Memory {
    places: HashMap<u128, Place>,
    requests: HashMap<u128, Arc<Evaluation>>,
    /// What was said without any finding, which is the same of most objects.
    brief: HashMap<(Verdict, Option<String>), Arc<Outcome>>,
    kinds: Kinds,
    /// The rules, each by its number, in the order of the bundle.
    rules: Vec<u64>,
    /// Counts how often the rules were others.
    generation: u64,
    check: u64,
    bytes: usize,
}

impl Memory {
    /// These are the rules from now on.
    pub fn set_rules(&mut self, rules: Vec<u64>) {
        if self.rules != rules {
            self.rules = rules;
            self.generation += 1;
        }
    }

    /// A new check begins.
    pub fn turn(&mut self, input: &Input, files: &Files, digester: &Digester) {
        self.check += 1;
        if self.check.is_multiple_of(SWEEP) {
            let oldest = self.check - 2;
            self.places.retain(|_, place| place.used.load(Ordering::Relaxed) >= oldest);
            for place in self.places.values() {
                let used = place.used.load(Ordering::Relaxed);
                for evaluation in &place.evaluations {
                    evaluation.used.fetch_max(used, Ordering::Relaxed);
                }
            }
            self.brief.retain(|_, outcome| Arc::strong_count(outcome) > 1);
            self.requests.retain(|_, evaluation| evaluation.used.load(Ordering::Relaxed) >= oldest);
            self.bytes = self.requests.values().map(|evaluation| evaluation.bytes()).sum();
        }
        self.kinds.look(input, files, digester);
    }

    pub fn place(&self, key: u128) -> Option<&Place> {
        self.places.get(&key)
    }

    pub fn request(&self, request: u128) -> Option<&Arc<Evaluation>> {
        self.requests.get(&request)
    }

    /// All answers of a place, if all the rules of today and no others have been asked there, with that sight of the world,
    /// and each of them `holds` that looked something up in a kind that is in another state now.
    pub fn judgements(
        &self,
        place: &Place,
        sight: u128,
        holds: impl Fn(&Evaluation) -> bool,
    ) -> Option<Vec<Judgement>> {
        let whole = place.whole.as_ref().filter(|it| (it.generation, it.sight) == (self.generation, sight))?;
        let is_as_it_was =
            |(kind, state): &(usize, AtomicU64)| state.load(Ordering::Relaxed) == self.kinds.state(*kind);
        if !whole.kinds.iter().all(is_as_it_was) {
            if !place.evaluations.iter().all(|evaluation| holds(evaluation)) {
                return None;
            }
            whole.kinds.iter().for_each(|(kind, state)| state.store(self.kinds.state(*kind), Ordering::Relaxed));
        }
        place.used.store(self.check, Ordering::Relaxed);
        Some(whole.judgements.clone())
    }

    /// What the rules of today said, if all evaluations were made from one sight of the world.
    fn whole(&self, evaluations: &[Arc<Evaluation>]) -> Option<Whole> {
        let sight = evaluations.first().map_or(0, |first| first.sight);
        let mut rules = self.rules.iter().enumerate();
        // Both are in the order of the bundle.
        let mut index = |rule: u64| rules.find(|(_, known)| **known == rule).map(|(index, _)| index);
        let judgement = |evaluation: &Arc<Evaluation>| {
            let index = index(evaluation.rule).filter(|_| evaluation.sight == sight)?;
            Some(evaluation.judgement(index))
        };
        let judgements = evaluations.iter().map(judgement).collect::<Option<_>>()?;
        let asked: BTreeMap<usize, u64> = evaluations
            .iter()
            .flat_map(|evaluation| &evaluation.look_ups)
            .map(|look_up| (look_up.kind, look_up.state.load(Ordering::Relaxed)))
            .collect();
        let kinds = asked.into_iter().map(|(kind, state)| (kind, state.into())).collect();
        Some(Whole { generation: self.generation, sight, kinds, judgements })
    }

    /// The number of the rule of this index.
    pub fn rule(&self, index: usize) -> u64 {
        self.rules.get(index).copied().unwrap_or_default()
    }

    /// In which state the kind of a look-up is.
    pub fn state(&self, look_up: &LookUp) -> u64 {
        self.kinds.state(look_up.kind)
    }

    pub fn mark(&self, evaluation: &Evaluation) {
        evaluation.used.store(self.check, Ordering::Relaxed);
    }

    /// Remembers what was said of one object; how many evaluations that took.
    pub fn keep(&mut self, draft: PlaceDraft) -> usize {
        let PlaceDraft { key, found, mut is_whole, evaluated } = draft;
        let mut evaluations = Vec::with_capacity(found.len());
        for found in found {
            match found {
                Found::Known(known) => evaluations.push(known),
                Found::New(draft) => match self.evaluation(draft) {
                    Some(evaluation) => evaluations.push(evaluation),
                    None => is_whole = false,
                },
            }
        }
        let whole = if is_whole { self.whole(&evaluations) } else { None };
        self.places.insert(key, Place { evaluations, whole, used: AtomicU64::new(self.check) });
        evaluated
    }

    /// The same outcome, which others have too where it is brief.
    fn shared(&mut self, outcome: Arc<Outcome>) -> Arc<Outcome> {
        if !outcome.findings.is_empty() {
            return outcome;
        }
        Arc::clone(self.brief.entry((outcome.verdict, outcome.reason.clone())).or_insert(outcome))
    }

    fn evaluation(&mut self, draft: Draft) -> Option<Arc<Evaluation>> {
        let Draft { rule, request, sight, outcome, mutated, look_ups } = draft;
        let look_ups: Vec<_> = match look_ups {
            LookedUp::Noted(noted) => noted
                .into_iter()
                .map(|Noted { operation, payload, kind, answer }| (operation, payload, answer, self.kinds.id(kind)))
                .collect(),
            LookedUp::Like(project, look_ups) => look_ups
                .into_iter()
                .map(|(operation, payload, answer, kind)| {
                    (operation, payload, answer, self.kinds.elsewhere(kind, project))
                })
                .collect(),
        };
        let look_up = |(operation, payload, answer, kind)| {
            let state = AtomicU64::new(self.kinds.state(kind));
            LookUp { operation, payload, answer, kind, state }
        };
        let look_ups = look_ups.into_iter().map(look_up).collect();
        let outcome = self.shared(outcome);
        let evaluation = Evaluation { rule, sight, look_ups, outcome, mutated, used: AtomicU64::new(self.check) };
        let bytes = self.bytes + evaluation.bytes();
        if bytes > BYTES_KEPT {
            return None;
        }
        self.bytes = bytes;
        let evaluation = Arc::new(evaluation);
        self.requests.insert(request, Arc::clone(&evaluation));
        Some(evaluation)
    }
}
