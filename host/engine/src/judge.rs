//! One rule, one question: has the module run, and reads its answer.
//!
//! The answer comes from a guest that may be hostile. Whatever is not exactly an answer is the verdict `error` of that
//! rule for that object, with the cause; it never counts as a pass, and never stops the rest.

use std::cell::RefCell;
use std::sync::Arc;

use protocol::{Finding, Level, NO_CONTAINERS, Outcome, Severity, Verdict, path};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::bundle::{Bundle, Rule};
use crate::call::HostCalls;
use crate::capability::{Gate, InputAlone, Route};
use crate::kustomize::labels::Added;
use crate::lookups::LookUps;
use crate::manifest::Object;
use crate::pods::{self, Owner};
use crate::question::{Completeness, Extent, Question, Writer};
use crate::redaction::{Noting, Redaction};
use crate::runtime::Runtime;
use crate::world::World;

/// How many kinds a rule looks up at least that is told which of them are absent.
const MANY: usize = 12;

/// What one rule says about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The index of the rule in the bundle.
    pub rule: usize,
    /// Its answer. It is shared: who remembers it says it again without a copy.
    pub outcome: Arc<Outcome>,
    /// The object as a policy would have it instead, where it accepts it only so. Nobody has looked at it yet.
    pub mutated: Option<Json>,
    /// How bad it is here that the rule does not hold, where that is not as elsewhere.
    pub severity: Option<Severity>,
}

/// Judges objects, one after the other or several at a time: it is shared, and nothing in it changes.
pub struct Judge<'a, R: Runtime> {
    runtime: &'a R,
    bundle: &'a Bundle<R::Module>,
    world: &'a World<'a>,
    route: &'a dyn Route,
}

/// A rule that a question is for.
pub struct Asked<'a, M> {
    /// The index of the rule in the bundle.
    pub index: usize,
    rule: &'a Rule<M>,
    extent: Extent<'a>,
    settings: &'a [u8],
    /// The owner that it looks at in place of the object, in words.
    through: Option<String>,
}

impl<M> Asked<'_, M> {
    /// The owner that the rule checks in place of the object: no module is run then.
    #[must_use]
    pub fn through(&self) -> Option<&str> {
        self.through.as_deref()
    }

    /// Appends the rule's request. `absent` is what the [judge](Judge::absent) knows of the kinds that the rule looks up, or
    /// empty.
    pub fn write(&self, writer: &Writer<'_>, absent: &str, payload: &mut Vec<u8>) {
        if let Some(owner) = &self.through {
            // Nobody is asked; what is written tells this from every other request.
            payload.extend_from_slice(owner.as_bytes());
            return;
        }
        writer.write(self.extent, self.settings, absent, payload);
    }
}

impl<'a, R: Runtime> Judge<'a, R> {
    /// A judge by this bundle, in this world.
    pub const fn new(runtime: &'a R, bundle: &'a Bundle<R::Module>, world: &'a World<'a>) -> Self {
        Self { runtime, bundle, world, route: &InputAlone }
    }

    /// The same judge, whose modules may ask beyond the world as well: each what it was granted.
    #[must_use]
    pub const fn beyond(self, route: &'a dyn Route) -> Self {
        Self { route, ..self }
    }

    /// What every rule that the question is for says, in the bundle's order.
    #[must_use]
    pub fn judge(&self, question: &Question<'_>) -> Vec<Judgement> {
        let writer = Writer::new(question);
        let mut payload = Vec::new();
        let answers = self.asked(question).map(|asked| {
            payload.clear();
            asked.write(&writer, &self.absent(&asked, question, self.route), &mut payload);
            self.ask(&asked, question, &payload, self.route)
        });
        let mut judgements: Vec<Judgement> = answers.collect();
        self.settle(question, &mut judgements);
        judgements
    }

    /// Settles what all rules said about the question, taken together: whoever asks them one by one has this done last.
    pub fn settle(&self, question: &Question<'_>, judgements: &mut [Judgement]) {
        let rules = self.bundle.rules();
        for judgement in judgements.iter_mut() {
            judgement.severity = rules.get(judgement.rule).and_then(|rule| rule.severity_for(question));
        }
        if let (Some(added), Some(object)) = (question.added, question.object) {
            judgements.iter_mut().for_each(|judgement| without_added(judgement, added, object));
        }
        // What the object is, is seen here: no module can silence another by its word.
        if question.object.is_some_and(pods::lacks_containers) {
            say_once(judgements, |rule| rules.get(rule).is_some_and(Rule::is_about_workloads));
        }
    }

    /// The owner that the object is checked through, if the world has one.
    #[must_use]
    pub fn owner(&self, question: &Question<'_>) -> Option<Owner> {
        // Who sends a pod to an admission may have written any owner into it.
        let object = question.object.filter(|_| question.completeness != Completeness::Admission)?;
        pods::owner(object, self.world, question.viewpoint)
    }

    /// The rules that the question is for, in the bundle's order.
    pub fn asked(&self, question: &Question<'_>) -> impl Iterator<Item = Asked<'a, R::Module>> {
        let owner = self.owner(question).map(|Owner { kind, name, through }| (format!("{kind}/{name}"), through));
        let rules = self.bundle.rules().iter().enumerate();
        rules.filter_map(move |(index, rule)| {
            let extent = rule.concerns(question)?;
            let owner = owner.as_ref().filter(|(_, through)| rule.checks_in_place_of_others(*through));
            let (settings, through) = (rule.settings_for(question).json(), owner.map(|(owner, _)| owner.clone()));
            Some(Asked { index, rule, extent, settings, through })
        })
    }

    /// Which of the kinds that a rule looks up are [absent](contract::ABSENT), as its request says it. Only a rule that looks
    /// up many kinds gains by being told: it asks for most of them in vain.
    #[must_use]
    pub fn absent(&self, asked: &Asked<'_, R::Module>, question: &Question<'_>, route: &dyn Route) -> String {
        let kinds = &asked.rule.metadata.looks_up;
        if kinds.len() < MANY || asked.through.is_some() || !matches!(asked.extent, Extent::Fields(_)) {
            return String::new();
        }
        let input = LookUps { world: self.world, from: question.viewpoint };
        let lacked = Gate { grant: asked.rule.grant(), route, input }.lacks(kinds);
        lacked.into_iter().map(|is_absent| if is_absent { '1' } else { '0' }).collect()
    }

    /// Has one rule answer a request that was written for it. What it is granted to ask goes by `route`.
    pub fn ask(
        &self,
        asked: &Asked<'_, R::Module>,
        question: &Question<'_>,
        payload: &[u8],
        route: &dyn Route,
    ) -> Judgement {
        let Asked { index, rule, ref through, .. } = *asked;
        if let Some(owner) = through {
            let reason = Some(format!("checked through its owner {owner}"));
            let outcome = Outcome { verdict: Verdict::NotApplicable, reason, findings: Vec::new() };
            return Judgement { rule: index, outcome: Arc::new(outcome), mutated: None, severity: None };
        }
        let input = LookUps { world: self.world, from: question.viewpoint };
        let host = Gate { grant: rule.grant(), route, input };
        let said = if rule.admission().is_none() {
            self.call(rule, question, payload, &host)
        } else {
            let redaction = Redaction::default();
            for object in [question.object, question.old_object].into_iter().flatten() {
                if (object.group(), object.kind.as_str()) == ("", "Secret") {
                    redaction.note(&serde_json::to_value(&*object.node.look()).unwrap_or_default());
                }
            }
            let mut said = self.call(rule, question, payload, &Noting { host, redaction: &redaction });
            redaction.apply(&mut said.outcome);
            said
        };
        Judgement { rule: index, outcome: shared(index, said.outcome), mutated: said.mutated, severity: None }
    }

    fn call(&self, rule: &Rule<R::Module>, question: &Question<'_>, payload: &[u8], host: &dyn HostCalls) -> Said {
        let reply = self.runtime.call(&rule.module, "validate", payload, host);
        let said = reply.map_err(|cause| cause.to_string()).and_then(|reply| read_answer(&reply.bytes));
        let said = said.and_then(|mut said| {
            // Some policies give back the object that they were given.
            let given = || question.object.and_then(|object| serde_json::to_value(&*object.node.look()).ok());
            said.mutated = said.mutated.filter(|mutated| given().as_ref() != Some(mutated));
            // As a policy-server has it: what a policy does not say that it does, it must not do.
            let is_stealthy = said.mutated.is_some() && !rule.is_mutating();
            if is_stealthy { Err("it changes the object, and its metadata does not say so".into()) } else { Ok(said) }
        });
        said.unwrap_or_else(|cause| Said { outcome: error(cause), mutated: None })
    }
}

/// Leaves out findings about labels and selectors that are not there, where a build adds them.
fn without_added(judgement: &mut Judgement, added: &Added, object: &Object) {
    let outcome = &judgement.outcome;
    let look = object.node.look();
    let is_added = |finding: &Finding| {
        let is_set = || path::parse(&finding.path).is_some_and(|path| look.find(&path).is_some());
        added.covers(&finding.path) && !is_set()
    };
    if outcome.verdict != Verdict::Fail || !outcome.findings.iter().any(is_added) {
        return;
    }
    let left: Vec<Finding> = outcome.findings.iter().filter(|finding| !is_added(finding)).cloned().collect();
    let fails = left.iter().any(|finding| finding.level == Level::Violation);
    let reason = "a kustomization adds what is missing here, and it was not rendered".to_owned();
    judgement.outcome = Arc::new(match fails {
        true => Outcome { verdict: Verdict::Fail, reason: outcome.reason.clone(), findings: left },
        false => Outcome { verdict: Verdict::Unknown, reason: Some(reason), findings: left },
    });
}

/// The outcome, in the memory of the one before where a rule says the same again, as it does of most objects.
fn shared(rule: usize, outcome: Outcome) -> Arc<Outcome> {
    thread_local! {
        static LAST: RefCell<Vec<Option<Arc<Outcome>>>> = const { RefCell::new(Vec::new()) };
    }
    if !outcome.findings.is_empty() {
        return Arc::new(outcome);
    }
    LAST.with_borrow_mut(|last| {
        if last.len() <= rule {
            last.resize(rule + 1, None);
        }
        match last.get_mut(rule) {
            Some(Some(known)) if **known == outcome => Arc::clone(known),
            Some(place) => Arc::clone(place.insert(Arc::new(outcome))),
            None => Arc::new(outcome),
        }
    })
}

/// A workload without containers is wrong as a whole. Of the rules of ours about workloads, the first that says so is
/// enough, and the others have nothing to look at; where none says so, all of them stand.
fn say_once(judgements: &mut [Judgement], is_about_workloads: impl Fn(usize) -> bool) {
    let says_it = |judgement: &Judgement| {
        is_about_workloads(judgement.rule)
            && judgement.outcome.findings.iter().any(|finding| finding.message.starts_with(NO_CONTAINERS))
    };
    let Some(first) = judgements.iter().find(|judgement| says_it(judgement)).map(|judgement| judgement.rule) else {
        return;
    };
    for Judgement { rule, outcome, .. } in judgements {
        if *rule == first {
            Arc::make_mut(outcome).findings.retain(|finding| finding.message.starts_with(NO_CONTAINERS));
        } else if is_about_workloads(*rule) {
            let reason = Some(format!("{NO_CONTAINERS}, which another rule says"));
            *outcome = Arc::new(Outcome { verdict: Verdict::NotApplicable, reason, findings: Vec::new() });
        }
    }
}

/// Kubewarden's `ValidationResponse`; our rules add the outcome.
#[derive(Deserialize)]
struct Answer {
    accepted: bool,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    mutated_object: Option<Json>,
    #[serde(default)]
    outcome: Option<Outcome>,
}

/// What an answer comes to.
#[derive(Debug, PartialEq)]
struct Said {
    outcome: Outcome,
    mutated: Option<Json>,
}

/// Reads an answer to `validate`, of one of our rules or of anybody's.
fn read_answer(bytes: &[u8]) -> Result<Said, String> {
    let answer: Answer =
        serde_json::from_slice(bytes).map_err(|cause| format!("its answer is not readable: {cause}"))?;
    let Some(outcome) = answer.outcome else {
        let verdict = if answer.accepted { Verdict::Pass } else { Verdict::Fail };
        let denial = (!answer.accepted).then(|| answer.message.unwrap_or_else(|| "denied without a reason".into()));
        let denial = denial.into_iter().map(|message| (Level::Violation, message));
        let warnings = answer.warnings.unwrap_or_default().into_iter().map(|message| (Level::Warning, message));
        let findings = denial.chain(warnings).map(|(level, message)| Finding {
            level,
            path: "$".into(),
            container: None,
            message,
            fix: None,
            conceal: false,
        });
        let outcome = Outcome { verdict, reason: None, findings: findings.collect() };
        // Of what is denied there is nothing to change.
        return Ok(Said { outcome, mutated: answer.mutated_object.filter(|_| answer.accepted) });
    };
    let broken = outcome.findings.iter().any(|finding| finding.level == Level::Violation);
    let consistent = match outcome.verdict {
        Verdict::Pass => answer.accepted && !broken,
        Verdict::NotApplicable | Verdict::Unknown => answer.accepted && !broken,
        Verdict::Fail => broken,
        Verdict::Error => !answer.accepted,
        Verdict::Waived => false,
    };
    if !consistent {
        return Err(format!(
            "its answer contradicts itself: accepted {}, verdict {}",
            answer.accepted, outcome.verdict
        ));
    }
    match outcome.findings.iter().find(|finding| path::parse(&finding.path).is_none()) {
        Some(finding) => Err(format!("its answer names a place that does not exist: {}", finding.path)),
        None => Ok(Said { outcome, mutated: None }),
    }
}

fn error(cause: String) -> Outcome {
    Outcome { verdict: Verdict::Error, reason: Some(cause), findings: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_there_are_no_containers_is_said_once() {
        let finding = |message: &str| Finding {
            level: Level::Violation,
            path: "$".into(),
            container: None,
            message: message.into(),
            fix: None,
            conceal: false,
        };
        let judgement = |rule, messages: &[&str]| {
            let verdict = if messages.is_empty() { Verdict::Pass } else { Verdict::Fail };
            let findings = messages.iter().map(|message| finding(message)).collect();
            Judgement {
                rule,
                outcome: Arc::new(Outcome { verdict, reason: None, findings }),
                mutated: None,
                severity: None,
            }
        };
        let said = |mut all: Vec<Judgement>| {
            // The last one is a policy of somebody else's.
            say_once(&mut all, |rule| rule < 4);
            all.into_iter().map(|it| (it.outcome.verdict, it.outcome.findings.len())).collect::<Vec<_>>()
        };
        let (pass, fail, not_applicable) = ((Verdict::Pass, 0), (Verdict::Fail, 1), (Verdict::NotApplicable, 0));
        let all = vec![
            judgement(0, &[]),
            judgement(1, &["other", "the pod has no containers: `template` is missing"]),
            judgement(2, &["other"]),
            judgement(3, &[NO_CONTAINERS]),
            judgement(4, &["other"]),
        ];
        assert_eq!(said(all), [not_applicable, fail, not_applicable, not_applicable, fail]);
        // Nobody else's word silences a rule.
        assert_eq!(
            said(vec![judgement(0, &[]), judgement(1, &["other"]), judgement(4, &[NO_CONTAINERS])]),
            [pass, fail, fail]
        );
    }

    #[test]
    fn what_a_build_adds_is_not_missing() {
        let input = crate::kustomize::tests::input(&[
            ("kustomization.yaml", "resources: [web.yaml]\ncommonLabels: {app: web}\n"),
            ("web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {labels: {app: 1}}\nspec: {}\n"),
        ]);
        let subject = input.subjects().find(|subject| subject.object.kind == "Deployment").unwrap();
        let settled = |paths: &[&str]| {
            let finding = |path: &&str| Finding {
                level: Level::Violation,
                path: (*path).into(),
                container: None,
                message: "it is missing".into(),
                fix: None,
                conceal: false,
            };
            let findings = paths.iter().map(finding).collect();
            let outcome = Arc::new(Outcome { verdict: Verdict::Fail, reason: None, findings });
            let mut judgement = Judgement { rule: 0, outcome, mutated: None, severity: None };
            without_added(&mut judgement, input.added_to(subject).unwrap(), subject.object);
            (judgement.outcome.verdict, judgement.outcome.findings.len())
        };
        assert_eq!(settled(&["$['spec']['selector']"]), (Verdict::Unknown, 0));
        assert_eq!(settled(&["$['spec']['selector']", "$['spec']['replicas']"]), (Verdict::Fail, 1));
        // What stands there is not missing.
        assert_eq!(settled(&["$['metadata']['labels']['app']"]), (Verdict::Fail, 1));
        assert_eq!(settled(&["$['metadata']['labels']['team']"]), (Verdict::Fail, 1));
    }

    fn verdict(answer: &str) -> Verdict {
        read_answer(answer.as_bytes()).map_or(Verdict::Error, |said| said.outcome.verdict)
    }

    #[test]
    fn anybodys_answers_are_read() {
        assert_eq!(verdict(r#"{"accepted":true}"#), Verdict::Pass);
        assert_eq!(verdict(r#"{"accepted":true,"message":null,"code":200,"warnings":["careful"]}"#), Verdict::Pass);
        // As the Rust SDK writes it.
        let nothing = r#"{"accepted":true,"message":null,"code":null,"mutated_object":null,"audit_annotations":null,"warnings":null}"#;
        assert_eq!(verdict(nothing), Verdict::Pass);
        assert_eq!(verdict(r#"{"accepted":false}"#), Verdict::Fail);
        let denied = read_answer(br#"{"accepted":false,"message":"no","warnings":["careful"]}"#);
        assert_eq!(
            denied.map(|said| said.outcome.findings.iter().map(|found| found.level).collect::<Vec<_>>()),
            Ok(vec![Level::Violation, Level::Warning])
        );
    }

    #[test]
    fn a_mutation_is_part_of_an_acceptance_alone() {
        let mutated = |accepted| {
            let answer = format!(r#"{{"accepted":{accepted},"mutated_object":{{"kind":"Pod"}}}}"#);
            read_answer(answer.as_bytes()).ok().and_then(|said| said.mutated)
        };
        assert_eq!(mutated(true), Some(serde_json::json!({"kind": "Pod"})));
        assert_eq!(mutated(false), None);
    }

    #[test]
    fn what_is_not_exactly_an_answer_is_an_error() {
        for answer in [
            "",
            "null",
            "{}",
            r#"{"accepted":"yes"}"#,
            "\u{0}",
            r#"{"accepted":true} true"#,
            r#"{"accepted":true,"outcome":{"verdict":"fail","findings":[]}}"#,
            r#"{"accepted":false,"outcome":{"verdict":"pass"}}"#,
            r#"{"accepted":true,"outcome":{"verdict":"waived"}}"#,
            r#"{"accepted":true,"outcome":{"verdict":"fine"}}"#,
            r#"{"accepted":true,"outcome":{"verdict":"pass","findings":[{"level":"violation","path":"$","message":"m"}]}}"#,
            r#"{"accepted":false,"outcome":{"verdict":"fail","findings":[{"level":"violation","path":"spec","message":"m"}]}}"#,
        ] {
            assert_eq!(verdict(answer), Verdict::Error, "{answer}");
        }
    }
}
