//! Asks a policy one case, in the sandbox.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use engine::{
    Bundle, CallError, HostCall, HostCalls, InputAlone, Judge, Question, Route, Rule, SettingsError, Viewpoint, World,
};
use foreign::session::Replay;
use protocol::{Level, Verdict};
use sandbox::{Module, Sandbox};
use serde_json::Value as Json;

use super::cases::{Case, Expect, Ready};
use crate::present::output::one_line;

/// The largest session, in bytes.
const SESSION_BYTES: usize = 256 << 20;

/// What a policy said to a case.
pub struct Answer {
    pub verdict: Expect,
    /// Why.
    pub message: String,
    /// The object as the policy would have it.
    pub mutated: Option<Json>,
}

/// Answers look-ups as the case says, and remembers those that it does not.
struct Watched<'a> {
    answers: Answers<'a>,
    lacking: Mutex<Vec<String>>,
}

enum Answers<'a> {
    /// The case's other objects.
    Others,
    Session(&'a Replay),
    /// Nothing was said.
    None,
}

impl Route for Watched<'_> {
    fn route(&self, call: HostCall<'_>, input: &dyn HostCalls) -> Result<Vec<u8>, CallError> {
        let answer = match &self.answers {
            Answers::Others => InputAlone.route(call, input),
            Answers::Session(replay) => replay.route(call, input),
            Answers::None => Err(call.unanswered("the case says nothing of other objects")),
        };
        // That an object is not there is an answer.
        if let Err(cause) = &answer
            && !matches!(cause, CallError::NotFound)
        {
            let mut lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
            lacking.push(format!("{} {}", call.path(), String::from_utf8_lossy(call.payload)));
        }
        answer
    }
}

/// Asks the policy, and gives it back.
///
/// The answer is missing, with the reason, where the policy decided nothing: no case may rest on that.
pub fn ask(
    sandbox: &Sandbox,
    rule: Rule<Module>,
    case: &Case,
    settings: &Json,
    folder: &Path,
) -> (Option<Rule<Module>>, Result<Answer, String>) {
    let ready = match case.ready(folder) {
        Ok(ready) => ready,
        Err(cause) => return (Some(rule), Err(cause)),
    };
    if let Err(cause) = rule.validate_settings(sandbox, settings) {
        let answer = match cause {
            SettingsError::Refused(message) => {
                let message = message.unwrap_or_default();
                Ok(Answer { verdict: Expect::InvalidSettings, message, mutated: None })
            }
            other => Err(format!("the settings could not be checked: {other}")),
        };
        return (Some(rule), answer);
    }
    let bundle = Bundle::new(vec![rule.with_settings(settings)]);
    let answer = asked(sandbox, &bundle, case, &ready, folder);
    (bundle.into_rules().pop(), answer)
}

fn asked(
    sandbox: &Sandbox,
    bundle: &Bundle<Module>,
    case: &Case,
    ready: &Ready,
    folder: &Path,
) -> Result<Answer, String> {
    let Ready { object, old, operation, subresource, user, others, completeness } = ready;
    let session = case.session.as_ref().map(|path| replay(&folder.join(path))).transpose()?;
    let answers = match (&session, others) {
        (Some(_), Some(_)) => return Err("it has `others` and a `session`: one of them answers".into()),
        (Some(replay), None) => Answers::Session(replay),
        (None, Some(_)) => Answers::Others,
        (None, None) => Answers::None,
    };
    let watched = Watched { answers, lacking: Mutex::default() };
    let about = object.as_ref().or(old.as_ref()).ok_or("it asks about nothing")?;
    let world = World::of(object.iter().chain(others.iter().flatten()), Vec::new());
    let question = Question {
        object: object.as_ref(),
        old_object: old.as_ref(),
        operation: *operation,
        subresource: subresource.as_deref(),
        user: user.as_ref(),
        file: None,
        viewpoint: Viewpoint::nowhere(about),
        completeness: *completeness,
        is_hook: false,
        added: None,
    };
    let judgements = Judge::new(sandbox, bundle, &world).beyond(&watched).judge(&question);
    let Some(judgement) = judgements.first() else {
        return Err(format!(
            "the policy is not asked: its metadata does not name {} of {} {}, or it lacks settings",
            operation.name(),
            about.api_version,
            about.kind
        ));
    };
    let lacking = watched.lacking.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(look_up) = lacking.first() {
        return Err(format!("it looks up what the case does not answer: {}", one_line(look_up)));
    }
    if let Some(left) = session.map(|replay| replay.left_over()).filter(|left| *left > 0) {
        return Err(format!("the session has {left} answers that it did not ask for"));
    }
    let outcome = &judgement.outcome;
    let verdict = match outcome.verdict {
        Verdict::Pass => Expect::Accept,
        Verdict::Fail => Expect::Reject,
        Verdict::NotApplicable => Expect::NotApplicable,
        Verdict::Unknown | Verdict::Error | Verdict::Waived => {
            let reason = outcome.reason.as_deref().unwrap_or("without a reason");
            return Err(format!("{}: {}", outcome.verdict, one_line(reason)));
        }
    };
    let told = outcome.findings.iter().filter(|finding| finding.level != Level::Note);
    let told = told.map(|finding| finding.message.as_str()).chain(outcome.reason.as_deref());
    let message = told.collect::<Vec<_>>().join("; ");
    Ok(Answer { verdict, message, mutated: judgement.mutated.clone() })
}

fn replay(path: &Path) -> Result<Replay, String> {
    let shown = one_line(&sources::name(path));
    let text = sources::read_regular(path, SESSION_BYTES).map_err(|cause| format!("the session {shown} {cause}"))?;
    Replay::read(&shown, text).map_err(|cause| format!("{shown}:{cause}"))
}
