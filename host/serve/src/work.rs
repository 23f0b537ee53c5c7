//! One review at work: a thread asks the rules one by one. When the time is over, the answer is made of the verdicts so far.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::config::Reaction;
use engine::manifest::Object;
use engine::waiver::Date;
use engine::{
    BlindSpot, CallError, HostCall, HostCalls, Judgement, Operation, Question, Route, Runtime, World, Writer,
};
use protocol::{LookUp, Outcome, RuleMetadata, Verdict, api_group};
use session::Session;

use crate::answer::Answer;
use crate::cluster::Cluster;
use crate::decide::{Case, Counts, counted};
use crate::review::Review;

/// Why a rule that was not asked in time has no verdict.
pub const TIMED_OUT: &str = "the request timed out";

/// Why a rule that was not asked has no verdict, if the server itself failed before.
pub const PANICKED: &str = "the check panicked; please report this as a bug";

/// Why a look-up has no answer without a cluster.
const NO_CLUSTER: &str = "seaworthy serve sees other objects only with --cluster";

/// The rules under one configuration, and the world that they see. Nothing in it is known, so no object counts as missing.
pub struct Rules<R: Runtime> {
    pub session: Session<R>,
    world: World<'static>,
}

impl<R: Runtime> Rules<R> {
    pub fn new(session: Session<R>) -> Self {
        let looked_up = session.rules().flat_map(|rule| &rule.metadata.looks_up);
        let blind = looked_up.map(|look_up| BlindSpot {
            group: api_group(&look_up.api_version).to_owned(),
            kind: look_up.kind.clone(),
            seen_in: Vec::new(),
            reason: NO_CLUSTER.to_owned(),
        });
        let world = World::of(std::iter::empty::<&'static Object>(), blind.collect());
        Self { session, world }
    }

    /// The rules that are enabled for some object. What other rules look up is not needed.
    pub fn at_work(&self) -> Vec<&RuleMetadata> {
        let config = &self.session.setup().config;
        let is_off =
            |rule: &RuleMetadata| config.disabled.contains(&rule.name) && !config.enables_somewhere(&rule.name);
        let mut rules = self.metadata();
        rules.retain(|rule| config.suffices_for(rule) && !is_off(rule));
        rules
    }

    /// What becomes of an object that was not checked. `fallback` applies if the configuration does not set `undecided`.
    pub fn reaction(&self, fallback: Reaction) -> Reaction {
        let admission = &self.session.setup().config.admission;
        if admission.may_enforce() { admission.undecided.unwrap_or(fallback) } else { Reaction::Warn }
    }

    /// The rules, in the order that judgements name them in.
    pub fn metadata(&self) -> Vec<&RuleMetadata> {
        self.session.bundle().rules().iter().map(|rule| &rule.metadata).collect()
    }
}

/// A review, and the verdicts so far.
pub struct Work {
    pub review: Review,
    /// Why none of our rules is asked.
    passes: Option<&'static str>,
    /// The only rule that is asked, if one is named.
    only: Option<String>,
    deadline: Instant,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    judgements: Vec<Judgement>,
    /// When each rule was asked and how long it took, by index.
    times: HashMap<usize, (Instant, Duration)>,
    /// The rules that looked at other objects, by index.
    looked_up: HashSet<usize>,
    before: Option<Counts>,
    /// The review was answered.
    is_closed: bool,
}

/// The result of a review.
pub struct Concluded {
    pub answer: Answer,
    /// The verdict of each rule, waivers applied.
    pub judgements: Vec<Judgement>,
    /// When each rule was asked and how long it took, by index.
    pub times: HashMap<usize, (Instant, Duration)>,
}

impl Work {
    pub fn new(review: Review, only: Option<String>, deadline: Instant) -> Self {
        Self { passes: review.passes_because(), review, only, deadline, progress: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.lock().is_closed || Instant::now() >= self.deadline
    }

    /// Whether a rule is asked. Policies of others are asked about every request, and our rules are not.
    fn is_asked<R: Runtime>(&self, rules: &Rules<R>, index: usize) -> bool {
        let Some(rule) = rules.session.bundle().rules().get(index) else { return false };
        let is_named = self.only.as_ref().is_none_or(|only| *only == rule.metadata.name);
        is_named && (rule.admission().is_some() || self.passes.is_none())
    }

    /// Why no rule was asked, if none was.
    pub fn passes_because<R: Runtime>(&self, rules: &Rules<R>) -> Option<&'static str> {
        let count = rules.session.bundle().rules().len();
        self.passes.filter(|_| !(0..count).any(|index| self.is_asked(rules, index)))
    }

    /// Asks the rules until the time is over. The cluster answers their look-ups, if there is one.
    pub fn run<R: Runtime>(&self, rules: &Rules<R>, cluster: Option<&dyn Cluster>, today: Date, undecided: Reaction) {
        let Some(question) = self.review.question() else { return };
        let asking = Asking { rules, cluster };
        self.ask(asking, &question, &|index| self.is_asked(rules, index), &mut |judgement, looked_up, time| {
            let mut progress = self.lock();
            if looked_up {
                progress.looked_up.insert(judgement.rule);
            }
            progress.times.insert(judgement.rule, time);
            progress.judgements.push(judgement);
        });
        if self.review.operation != Operation::Update {
            return;
        }
        let Some(before) = self.review.question_before() else { return };
        let nothing = Counts::new();
        let (judgements, looked_up) = {
            let progress = self.lock();
            (progress.judgements.clone(), progress.looked_up.clone())
        };
        let judgements = self.settled(rules, &question, judgements, today, TIMED_OUT);
        let denying = self.case(rules, &judgements, &looked_up, Some(&nothing), undecided, &rules.metadata()).denying();
        let (mut found, mut asked) = (Counts::new(), 0);
        self.ask(asking, &before, &|index| denying.contains(&index), &mut |judgement, _, _| {
            asked += 1;
            found.extend(counted(judgement.rule, &judgement.outcome.findings));
        });
        if asked == denying.len() {
            self.lock().before = Some(found);
        }
    }

    fn ask<R: Runtime>(
        &self,
        Asking { rules, cluster }: Asking<'_, R>,
        question: &Question<'_>,
        is_asked: &dyn Fn(usize) -> bool,
        each: &mut dyn FnMut(Judgement, bool, (Instant, Duration)),
    ) {
        let judge = rules.session.judge(&rules.world);
        let (writer, mut payload) = (Writer::new(question), Vec::new());
        for asked in judge.asked(question).filter(|asked| is_asked(asked.index)) {
            if self.is_over() {
                return;
            }
            payload.clear();
            let (noting, begun) = (Noting { cluster, has_looked: AtomicBool::new(false) }, Instant::now());
            asked.write(&writer, &judge.absent(&asked, question, &noting), &mut payload);
            let judgement = judge.ask(&asked, question, &payload, &noting);
            // The verdict of a policy of others is final, whatever it looked up.
            let is_ours =
                rules.session.bundle().rules().get(asked.index).is_some_and(|rule| rule.admission().is_none());
            each(judgement, is_ours && noting.has_looked.into_inner(), (begun, begun.elapsed()));
        }
    }

    /// The verdicts so far, waivers applied. Rules that have not answered are undecided, for this reason.
    fn settled<R: Runtime>(
        &self,
        rules: &Rules<R>,
        question: &Question<'_>,
        mut judgements: Vec<Judgement>,
        today: Date,
        why: &str,
    ) -> Vec<Judgement> {
        let judge = rules.session.judge(&rules.world);
        let asked = judge.asked(question).map(|asked| asked.index).filter(|index| self.is_asked(rules, *index));
        for rule in asked {
            if !judgements.iter().any(|judgement| judgement.rule == rule) {
                let reason = Some(why.to_owned());
                let outcome = Arc::new(Outcome { verdict: Verdict::Error, reason, findings: Vec::new() });
                judgements.push(Judgement { rule, outcome, mutated: None, severity: None });
            }
        }
        judge.settle(question, &mut judgements);
        if let Some(object) = question.object {
            rules.session.waive(object, &mut judgements, today);
        }
        judgements
    }

    fn case<'a, R: Runtime>(
        &'a self,
        rules: &'a Rules<R>,
        judgements: &'a [Judgement],
        looked_up: &'a HashSet<usize>,
        before: Option<&'a Counts>,
        undecided: Reaction,
        metadata: &'a [&'a RuleMetadata],
    ) -> Case<'a> {
        Case {
            uid: &self.review.uid,
            operation: self.review.operation,
            namespace: self.review.namespace.as_deref(),
            rules: metadata,
            judgements,
            looked_up,
            before,
            admission: &rules.session.setup().config.admission,
            undecided,
        }
    }

    /// The answer by the verdicts so far, and why there are no others. No rule is asked after this.
    pub fn conclude<R: Runtime>(&self, rules: &Rules<R>, today: Date, undecided: Reaction, why: &str) -> Concluded {
        let closed = Progress { is_closed: true, ..Progress::default() };
        let Progress { judgements, looked_up, before, times, .. } = std::mem::replace(&mut *self.lock(), closed);
        let uid = self.review.uid.clone();
        let without = |answer| Concluded { answer, judgements: Vec::new(), times: HashMap::new() };
        if self.passes_because(rules).is_some() {
            return without(Answer::allowed(uid));
        }
        let Some(question) = self.review.question() else {
            return without(Answer::undecided(uid, rules.reaction(undecided), "the request has no object"));
        };
        let judgements = self.settled(rules, &question, judgements, today, why);
        let metadata = rules.metadata();
        let answer = self.case(rules, &judgements, &looked_up, before.as_ref(), undecided, &metadata).answer();
        Concluded { answer, judgements, times }
    }
}

/// The rules, and the cluster that answers their look-ups.
struct Asking<'a, R: Runtime> {
    rules: &'a Rules<R>,
    cluster: Option<&'a dyn Cluster>,
}

impl<R: Runtime> Clone for Asking<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Runtime> Copy for Asking<'_, R> {}

/// Notes whether a rule looks anything up: a verdict that depends on other objects may still change.
struct Noting<'a> {
    cluster: Option<&'a dyn Cluster>,
    has_looked: AtomicBool,
}

impl Route for Noting<'_> {
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        self.has_looked.store(true, Ordering::Relaxed);
        match self.cluster {
            Some(cluster) => cluster.call(call),
            None => input.call(call),
        }
    }

    fn lacks(&self, kinds: &[LookUp], input: &dyn HostCalls) -> Vec<bool> {
        self.cluster.map_or_else(|| input.lacks(kinds), |cluster| cluster.lacks(kinds))
    }
}
