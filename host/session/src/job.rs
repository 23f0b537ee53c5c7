//! One check as a job of many pieces, one for each object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::pods::Owner;
use engine::{
    Before, Completeness, HostCall, HostCalls as _, Input, Judge, Judgement, LookUps, Question, Runtime, Subject,
    Viewpoint, World, Writer,
};
use protocol::{Verdict, contract};

use crate::digest::Digester;
use crate::executor::Job;
use crate::files::Files;
use crate::memory::{Draft, Evaluation, Found, LookUp, Memory, PlaceDraft};
use crate::noting::{Noting, digest};

/// The objects to check, by whom, and what is known of them.
pub struct Checking<'a, R: Runtime> {
    pub(crate) judge: Judge<'a, R>,
    pub(crate) world: &'a World<'a>,
    pub(crate) input: &'a Input,
    pub(crate) subjects: &'a [Subject<'a>],
    pub(crate) completeness: Completeness,
    pub(crate) files: &'a Files,
    pub(crate) digester: &'a Digester,
    pub(crate) memory: Option<&'a Memory>,
    /// What objects replace, where that is known.
    pub(crate) before: Option<&'a Before<'a>>,
    /// Which earlier input that is.
    pub(crate) base: u64,
    /// The digests of look-ups that were answered again in this check, by who sees what and the question: many objects of
    /// a place ask for one list.
    pub(crate) answers: Mutex<HashMap<u128, u128>>,
}

/// What is said about one object, and what is to be remembered of it.
pub struct Heard {
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) place: Option<PlaceDraft>,
}

impl<R: Runtime> Job for Checking<'_, R> {
    type Output = Heard;

    fn pieces(&self) -> usize {
        self.subjects.len()
    }

    fn piece(&self, index: usize) -> Heard {
        let Some(subject) = self.subjects.get(index) else { return Heard { judgements: Vec::new(), place: None } };
        let old = self.before.and_then(|before| before.of(self.input, *subject));
        let question =
            Question::of(self.input, *subject, self.completeness).replacing(old.map(|subject| subject.object));
        let Some(memory) = self.memory else {
            return Heard { judgements: self.judge.judge(&question), place: None };
        };
        let serial = self.files.serial(subject.file);
        let outlook = self.world.outlook(question.viewpoint);
        // Files are told apart by their serial: an index is of one input alone.
        // An owner is looked up by no module, and decides which rules are asked at all.
        let owner = self.judge.owner(&question).map(|Owner { kind, name, through }| (kind, name, through));
        let sight = self.digester.digest(&(
            question.viewpoint,
            owner,
            outlook.folders(),
            outlook.is_of_file().then_some(serial),
            // Who asks for what is missing hears how much could not be read.
            self.world.unread(question.viewpoint),
        ));
        let key =
            self.digester.digest(&(serial, subject.document, &subject.object.path, question.completeness, self.base));
        let place = memory.place(key);
        let holds = |evaluation: &Evaluation| self.holds(evaluation, sight, question.viewpoint, memory);
        if let Some(mut judgements) = place.and_then(|place| memory.judgements(place, sight, holds)) {
            self.judge.settle(&question, &mut judgements);
            return Heard { judgements, place: None };
        }
        let mut draft = PlaceDraft { key, found: Vec::new(), is_whole: true, evaluated: 0 };
        let mut judgements = Vec::new();
        let (writer, mut payload) = (Writer::new(&question), Vec::new());
        for asked in self.judge.asked(&question) {
            let rule = memory.rule(asked.index);
            let known = place.and_then(|place| place.evaluations.iter().find(|known| known.rule == rule));
            if let Some(known) = known.filter(|known| known.sight == sight && holds(known)) {
                judgements.push(known.judgement(asked.index));
                draft.found.push(Found::Known(Arc::clone(known)));
                continue;
            }
            payload.clear();
            // What a look-up heard is noted, and so each is asked: which kinds are absent may change before the next check.
            asked.write(&writer, "", &mut payload);
            let request = self.digester.digest(&(rule, asked.through(), &payload));
            if let Some(known) = memory.request(request).filter(|known| holds(known)) {
                judgements.push(known.judgement(asked.index));
                draft.found.push(if known.sight == sight {
                    Found::Known(Arc::clone(known))
                } else {
                    Found::New(Draft::of(known, request, sight, outlook.project()))
                });
                continue;
            }
            let noting = Noting::new(self.digester, outlook.project());
            let judgement = self.judge.ask(&asked, &question, &payload, &noting);
            draft.evaluated += usize::from(asked.through().is_none());
            // What kept a module from answering may be gone the next time.
            match noting.into_noted().filter(|_| judgement.outcome.verdict != Verdict::Error) {
                Some(noted) => draft.found.push(Found::New(Draft::new(rule, request, sight, &judgement, noted))),
                None => draft.is_whole = false,
            }
            judgements.push(judgement);
        }
        self.judge.settle(&question, &mut judgements);
        Heard { judgements, place: Some(draft) }
    }
}

impl<R: Runtime> Checking<'_, R> {
    /// Whether everything that the evaluation looked up would be answered alike here and now.
    fn holds(&self, evaluation: &Evaluation, sight: u128, from: Viewpoint<'_>, memory: &Memory) -> bool {
        let sees_the_same = evaluation.sight == sight;
        let is_alike = |look_up: &LookUp| {
            let state = memory.state(look_up);
            if sees_the_same && look_up.was_in(state) {
                return true;
            }
            let is_alike = self.answer(look_up, sight, from) == look_up.answer;
            if is_alike && sees_the_same {
                look_up.is_in(state);
            }
            is_alike
        };
        let holds = evaluation.look_ups.iter().all(is_alike);
        if holds {
            memory.mark(evaluation);
        }
        holds
    }

    /// The digest of the answer that a look-up has now. Whether it may be asked has been decided, for this rule.
    fn answer(&self, look_up: &LookUp, sight: u128, from: Viewpoint<'_>) -> u128 {
        let key = self.digester.digest(&(sight, &look_up.operation, &look_up.payload));
        let known = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        known.unwrap_or_else(|| {
            let (binding, namespace) = (contract::BINDING, contract::KUBERNETES);
            let call = HostCall { binding, namespace, operation: &look_up.operation, payload: &look_up.payload };
            let answer = digest(self.digester, &LookUps { world: self.world, from }.call(call));
            self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer);
            answer
        })
    }
}
