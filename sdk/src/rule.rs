//! What a rule is, and how one request becomes one outcome.

use alloc::string::{String, ToString};

use protocol::{Finding, Level, Outcome, Verdict};

pub use protocol::Section;

use crate::field::Field;
use crate::findings::Findings;
use crate::memory::Memory;
use crate::request::Request;
use crate::settings::{Settings, SettingsError};
use crate::undecided::Undecided;
use crate::value::Value;
use crate::world::{Completeness, Declared, Host, World};

/// What the `policy!` macro writes for a rule.
pub trait Declaration: Sized {
    /// Kebab-case name.
    const NAME: &'static str;
    /// Where it stands on the checklist.
    const SECTION: Section;
    /// The field mask.
    const READS: &'static [&'static str];
    /// The kinds that it may ask for.
    const LOOKS_UP: &'static [Declared];
    /// What else it may ask for, as Kubewarden names it: `oci/v2/verify`.
    const CAPABILITIES: &'static [&'static str] = &[];

    /// The rule as its settings configure it.
    ///
    /// # Errors
    /// An unknown setting, or one of the wrong type.
    fn configure(settings: Settings<'_>) -> Result<Self, SettingsError>;
}

/// What the author writes for a rule.
pub trait Rule: Declaration {
    /// Judges one object: adds findings, and goes on to the end.
    ///
    /// # Errors
    /// [`Undecided`], where there is nothing to judge or no way to.
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided>;

    /// Looks at settings whose types are right, when they are validated. [`check`](Self::check) must fail closed on its own.
    ///
    /// # Errors
    /// What makes no sense about them.
    fn validate(&self) -> Result<(), SettingsError> {
        Ok(())
    }
}

/// Evaluates the payload of waPC's `validate`: `{"request": ..., "settings": ..., "world"?: ..., "absent"?: ...}`. The flag says whether
/// the outcome rests on objects that arrive one by one: the rule looked some up, for a host that admits them.
pub(crate) fn evaluate<R: Rule>(payload: &[u8], host: &dyn Host) -> (Outcome, bool) {
    let memory = Memory::new();
    let payload = match Value::parse(payload, &memory.bump) {
        Ok(payload) => payload,
        Err(_) => return (error("the request is not valid JSON".to_string()), false),
    };
    let completeness = match payload.get(protocol::contract::WORLD) {
        Some(Value::String("complete")) => Completeness::Complete,
        Some(_) => Completeness::Partial,
        None => Completeness::Admission,
    };
    let outcome = judge::<R>(&payload, &memory, host, completeness);
    (outcome, completeness == Completeness::Admission && memory.asked())
}

/// Judges a parsed payload.
pub(crate) fn judge<'a, R: Rule>(
    payload: &'a Value<'a>,
    memory: &'a Memory,
    host: &'a dyn Host,
    completeness: Completeness,
) -> Outcome {
    let payload = Field::root(memory, Some(payload));
    let rule = match R::configure(Settings::new(payload.get("settings"))) {
        Ok(rule) => rule,
        Err(cause) => return error(cause.to_string()),
    };
    let absent = payload.get(protocol::contract::ABSENT).str().unwrap_or_default();
    let world = World::new(memory, host, completeness, R::LOOKS_UP).lacking(absent);
    let mut findings = Findings::default();
    let checked =
        Request::new(payload.get("request"), world, R::SECTION).and_then(|request| rule.check(&request, &mut findings));
    if memory.read_undeclared() {
        return error("the rule reads a field that its `reads` do not declare".to_string());
    }
    let mut findings = findings.into_all(memory.take_malformed());
    if payload.get("request.subResource").str() == Some("ephemeralcontainers") {
        only_what_is_added(&mut findings);
    }
    let broken = findings.iter().any(|finding| finding.level == Level::Violation);
    let (verdict, reason) = match checked {
        Err(Undecided::Error(cause)) => (Verdict::Error, Some(cause)),
        // What is broken is broken, whatever could not be seen besides.
        _ if broken => (Verdict::Fail, None),
        Err(Undecided::NotApplicable(reason)) => (Verdict::NotApplicable, Some(reason)),
        Err(Undecided::Unknown(reason)) => (Verdict::Unknown, Some(reason)),
        Ok(()) => (Verdict::Pass, None),
    };
    Outcome { verdict, reason, findings }
}

/// `kubectl debug` sends the whole pod, but may add nothing to it besides ephemeral containers: what else is wrong with the
/// pod has been said when it came, and must not keep anybody from looking into it.
fn only_what_is_added(findings: &mut [Finding]) {
    let elsewhere = findings.iter_mut().filter(|finding| !finding.path.starts_with("$['spec']['ephemeralContainers']"));
    elsewhere.filter(|finding| finding.level == Level::Violation).for_each(|finding| finding.level = Level::Warning);
}

/// Checks bare settings, the payload of waPC's `validate_settings`.
pub(crate) fn validate_settings<R: Rule>(payload: &[u8]) -> Result<(), String> {
    let memory = Memory::new();
    let value = Value::parse(payload, &memory.bump).map_err(|_| "the settings are not valid JSON".to_string())?;
    let rule = R::configure(Settings::new(Field::root(&memory, Some(&value))));
    rule.and_then(|rule| rule.validate()).map_err(|cause| cause.to_string())
}

fn error(reason: String) -> Outcome {
    Outcome { verdict: Verdict::Error, reason: Some(reason), findings: alloc::vec::Vec::new() }
}
