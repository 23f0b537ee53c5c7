//! The rules at hand: each one's metadata, its module, and what follows from the two for every evaluation.

use std::sync::OnceLock;

use protocol::{FieldMask, KindMatch, RuleMetadata, Section, Severity};
use serde::Deserialize;
use serde_json::Value;

use crate::admission::Admission;
use crate::capability::{Capabilities, Gate, Grant, InputAlone};
use crate::lookups::NoLookUps;
use crate::pods::Kind;
use crate::policy::Policy;
use crate::question::{Extent, Question};
use crate::runtime::{ModuleError, Reply, Runtime};
use crate::scope::Scope;
use crate::settings::{Settings, SettingsError};

/// One rule, ready to judge.
#[derive(Debug)]
pub struct Rule<M> {
    /// What it says of itself.
    pub metadata: RuleMetadata,
    /// What runs.
    pub module: M,
    /// The masks of the kinds that it judges, in the order of `metadata.applies_to`, each made when it is first needed:
    /// one manifest has few of the kinds there are.
    masks: Vec<OnceLock<FieldMask>>,
    /// How it is asked, where it is a policy of somebody else's.
    admission: Option<Admission>,
    /// Whether it may change what it judges.
    mutating: bool,
    /// What it may ask.
    grant: Grant,
    /// Its settings where no override has others.
    settings: Settings,
    /// Whether it is asked where no override says otherwise.
    is_on: bool,
    /// Where it is other than elsewhere; of several that hold the last one counts.
    overrides: Vec<Override>,
}

/// Where a rule is other than elsewhere, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Where.
    pub scope: Scope,
    /// Whether it is asked there.
    pub enabled: Option<bool>,
    /// How bad it is there.
    pub severity: Option<Severity>,
    /// Its settings there, which have been validated.
    pub settings: Option<Settings>,
}

impl<M> Rule<M> {
    /// A rule with its default settings, which may look up the kinds that it declares.
    #[must_use]
    pub fn new(metadata: RuleMetadata, module: M) -> Self {
        let masks = metadata.applies_to.iter().map(|_| OnceLock::new()).collect();
        // Unknown capabilities are ignored.
        let declared = Capabilities::new(&metadata.capabilities).unwrap_or_default();
        let grant = Grant::declaring(&metadata.looks_up, declared).allowing(Capabilities::look_ups());
        let settings = Settings::none(&metadata);
        let (admission, mutating, is_on, overrides) = (None, false, true, Vec::new());
        Self { metadata, module, masks, admission, mutating, grant, settings, is_on, overrides }
    }

    /// A policy of somebody else's, with empty settings: asked as an API server would ask it, and allowed nothing.
    #[must_use]
    pub fn foreign(policy: Policy, module: M) -> Self {
        let Policy { metadata, admission, mutating, grant } = policy;
        Self { admission: Some(admission), mutating, grant, ..Self::new(metadata, module) }
    }

    /// The same rule, where these are allowed as well, as far as it declares them.
    #[must_use]
    pub fn allowing(self, allowed: Capabilities) -> Self {
        Self { grant: self.grant.allowing(allowed), ..self }
    }

    /// The same rule with these settings, which have been validated.
    #[must_use]
    pub fn with_settings(self, settings: &Value) -> Self {
        let settings = Settings::new(&self.metadata, settings);
        self.with(settings)
    }

    /// The same rule with these settings of it.
    #[must_use]
    pub fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The same rule, asked or not where no override says otherwise, and with these overrides.
    #[must_use]
    pub fn with_overrides(self, is_on: bool, overrides: Vec<Override>) -> Self {
        Self { is_on, overrides, ..self }
    }

    /// Whether it is asked where no override says otherwise, and its overrides.
    #[must_use]
    pub fn overrides(&self) -> (bool, &[Override]) {
        (self.is_on, &self.overrides)
    }

    /// Has it asked or not where no override says otherwise.
    pub const fn turn(&mut self, is_on: bool) {
        self.is_on = is_on;
    }

    /// Whether it has, in some place at least, the settings without which it has nothing to say.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        let of_overrides = self.overrides.iter().filter_map(|it| it.settings.as_ref());
        self.settings.suffices() || of_overrides.into_iter().any(Settings::suffices)
    }

    /// The last of the overrides that hold for the question's object and say something of the kind.
    fn last<'s, T>(&'s self, question: &Question<'_>, said: impl Fn(&'s Override) -> Option<T>) -> Option<T> {
        if self.overrides.is_empty() {
            return None;
        }
        let namespace = question.about().and_then(|object| object.namespace.as_deref());
        let holding = self.overrides.iter().rev().filter(|it| it.scope.holds(question.file, namespace));
        holding.filter_map(said).next()
    }

    /// How bad it is for the question's object that the rule does not hold, where that is not as elsewhere.
    pub(crate) fn severity_for(&self, question: &Question<'_>) -> Option<Severity> {
        self.last(question, |it| it.severity)
    }

    /// Its settings for the question's object.
    pub(crate) fn settings_for(&self, question: &Question<'_>) -> &Settings {
        self.last(question, |it| it.settings.as_ref()).unwrap_or(&self.settings)
    }

    /// Has the rule itself look at settings.
    ///
    /// # Errors
    /// The rule refuses them, or has not said whether it takes them.
    pub fn validate_settings<R: Runtime<Module = M>>(
        &self,
        runtime: &R,
        settings: &Value,
    ) -> Result<(), SettingsError> {
        #[derive(Deserialize)]
        struct Answer {
            valid: bool,
            #[serde(default)]
            message: Option<String>,
        }
        let payload = settings.to_string().into_bytes();
        let reply = self.ask(runtime, "validate_settings", &payload)?;
        let answer: Answer = serde_json::from_slice(&reply.bytes).map_err(SettingsError::Unreadable)?;
        if answer.valid { Ok(()) } else { Err(SettingsError::Refused(answer.message)) }
    }

    /// Has the module say which protocol it speaks.
    ///
    /// # Errors
    /// It speaks another than `v1`, or says nothing.
    pub fn check_protocol<R: Runtime<Module = M>>(&self, runtime: &R) -> Result<(), ProtocolError> {
        let reply = self.ask(runtime, "protocol_version", b"")?;
        let version: Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
        match version.as_str() {
            Some("v1") => Ok(()),
            Some(other) => Err(ProtocolError::Other(other.to_owned())),
            None => Err(ProtocolError::Unsaid),
        }
    }

    /// One operation that is about no object: nothing can be looked up.
    fn ask<R: Runtime<Module = M>>(&self, runtime: &R, operation: &str, payload: &[u8]) -> Result<Reply, ModuleError> {
        let host = Gate { grant: &Grant::default(), route: &InputAlone, input: NoLookUps };
        runtime.call(&self.module, operation, payload, &host)
    }

    /// The same rule, sent whole objects: as other hosts do it. Tests and benchmarks compare.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn unmasked(mut self) -> Self {
        self.masks = self.masks.iter().map(|_| OnceLock::from(FieldMask::whole())).collect();
        self
    }

    /// The same rule, sent what it declares to read: as [`new`](Self::new) makes it.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn masked(self) -> Self {
        let masks = self.masks.iter().map(|_| OnceLock::new()).collect();
        Self { masks, ..self }
    }

    /// The mask for objects of this group and kind; `None` where the rule does not judge them.
    #[must_use]
    pub fn mask(&self, group: &str, kind: &str) -> Option<&FieldMask> {
        let index = self.metadata.applies_to.iter().position(|known| known.matches(group, kind))?;
        Some(self.masks.get(index)?.get_or_init(|| FieldMask::for_kind(&self.metadata.reads, group, kind)))
    }

    /// Whether it is one of ours, and does not take each object as it is, whatever its kind.
    pub(crate) fn is_about_workloads(&self) -> bool {
        self.admission.is_none() && !self.metadata.applies_to.iter().any(|known| known.kind == KindMatch::ANY)
    }

    /// Whether it checks objects of this kind in place of those that they make.
    pub(crate) fn checks_in_place_of_others(&self, (group, kind): Kind) -> bool {
        self.is_about_workloads() && self.mask(group, kind).is_some()
    }

    /// How much of the object it is sent; `None` where the question is not for it, or it lacks the settings to say
    /// anything.
    pub(crate) fn concerns(&self, question: &Question<'_>) -> Option<Extent<'_>> {
        let is_on = self.last(question, |it| it.enabled).unwrap_or(self.is_on);
        if !is_on || !self.settings_for(question).suffices() {
            return None;
        }
        match &self.admission {
            None => {
                let object =
                    question.about().filter(|_| !question.is_hook || self.metadata.section == Section::Security)?;
                self.mask(object.group(), &object.kind).map(Extent::Fields)
            }
            Some(admission) => admission.concerns(question).then(|| admission.extent()),
        }
    }

    /// How it is asked, where it is a policy of somebody else's.
    #[must_use]
    pub const fn admission(&self) -> Option<&Admission> {
        self.admission.as_ref()
    }

    /// Whether it may change what it judges.
    pub(crate) const fn is_mutating(&self) -> bool {
        self.mutating
    }

    /// What it may ask.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Its settings where no override has others.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Why a module cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// It speaks another protocol.
    #[error("it speaks the protocol {0:?}, expected \"v1\"")]
    Other(String),
    /// It says nothing that is a protocol's name.
    #[error("it does not say which protocol it speaks, expected \"v1\"")]
    Unsaid,
    /// It gave no answer.
    #[error(transparent)]
    Module(#[from] ModuleError),
}

/// The rules, by name in order.
#[derive(Debug)]
pub struct Bundle<M> {
    rules: Vec<Rule<M>>,
}

impl<M> Bundle<M> {
    /// The rules in the order of the checklist: by section, then by name.
    #[must_use]
    pub fn new(mut rules: Vec<Rule<M>>) -> Self {
        rules.sort_by(|Rule { metadata: one, .. }, Rule { metadata: other, .. }| {
            (one.section, &one.name).cmp(&(other.section, &other.name))
        });
        Self { rules }
    }

    /// The rules one by one, to give them settings.
    #[must_use]
    pub fn into_rules(self) -> Vec<Rule<M>> {
        self.rules
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule<M>] {
        &self.rules
    }

    /// The rule of that name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&Rule<M>> {
        self.rules.iter().find(|rule| rule.metadata.name == name)
    }
}

#[cfg(test)]
mod tests {
    use protocol::{KindMatch, Profile, Section};
    use serde_json::json;

    use super::*;
    use crate::file::File;
    use crate::input::Input;
    use crate::manifest::{Limits, read};
    use crate::question::Completeness;

    fn rule(settings: Value) -> Rule<()> {
        let any = || KindMatch::ANY.to_owned();
        let metadata = RuleMetadata {
            name: String::new(),
            version: String::new(),
            title: String::new(),
            documentation: String::new(),
            severity: Severity::Low,
            section: Section::Delivery,
            since: String::new(),
            url: String::new(),
            profile: Profile::default(),
            rests_on: Vec::new(),
            yields_to: Vec::new(),
            applies_to: vec![KindMatch { group: any(), versions: vec![any()], kind: any() }],
            reads: vec!["*".to_owned()],
            looks_up: Vec::new(),
            capabilities: Vec::new(),
            settings,
            examples: Vec::new(),
        };
        Rule::new(metadata, ())
    }

    #[test]
    fn a_rule_about_everything_sees_whole_objects_of_every_kind() {
        let rule = rule(json!({}));
        for (group, kind) in [("", "Pod"), ("apps", "Deployment"), ("example.com", "Widget")] {
            assert!(rule.mask(group, kind).is_some_and(FieldMask::is_whole), "{kind}");
        }
    }

    #[test]
    fn a_rule_that_needs_settings_is_off_until_it_has_them() {
        let mut rule = rule(json!({"required": ["assertions"]}));
        assert!(!rule.is_configured());
        for (settings, asked) in [
            (json!({}), false),
            (json!({"assertions": null}), false),
            (json!({"assertions": []}), false),
            (json!({"other": [1]}), false),
            (json!({"assertions": [{"kind": "Pod"}]}), true),
        ] {
            rule = rule.with_settings(&settings);
            assert_eq!(rule.is_configured(), asked, "{settings}");
        }
    }

    fn over<M>(rule: &Rule<M>, paths: &[&str], namespaces: &[&str], settings: Option<Value>) -> Override {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let scope = Scope::new(owned(paths), owned(namespaces));
        let settings = settings.map(|settings| Settings::new(&rule.metadata, &settings));
        Override { scope, enabled: None, severity: None, settings }
    }

    /// Asks about a Pod of the namespace `dev-1` in `k8s/a.yaml`.
    fn asked(then: impl Fn(Question<'_>)) {
        let yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: dev-1}\n";
        let file = File { manifest: read("k8s/a.yaml", yaml.into(), &Limits::default()), project: 0 };
        let input = Input::new(vec![file]);
        let subject = input.subjects().next().unwrap();
        then(Question::of(&input, subject, Completeness::Complete));
    }

    #[test]
    fn a_hook_is_checked_for_what_it_may_do() {
        let mut rule = rule(json!({}));
        asked(|question| assert!(rule.concerns(&Question { is_hook: true, ..question }).is_none()));
        rule.metadata.section = Section::Security;
        asked(|question| assert!(rule.concerns(&Question { is_hook: true, ..question }).is_some()));
    }

    #[test]
    fn settings_of_an_override_are_enough_where_it_holds() {
        let rule = rule(json!({"required": ["assertions"]}));
        let given = over(&rule, &["k8s"], &[], Some(json!({"assertions": [1]})));
        let rule = rule.with_overrides(true, vec![given]);
        assert!(rule.is_configured() && !rule.settings().suffices());
        asked(|question| {
            assert!(rule.concerns(&question).is_some());
            assert!(rule.concerns(&Question { file: Some("docs/a.yaml"), ..question }).is_none());
        });
    }

    #[test]
    fn of_several_overrides_that_hold_the_last_one_counts() {
        let rule = rule(json!({}));
        let overrides = vec![
            Override { enabled: Some(true), ..over(&rule, &["k8s"], &[], Some(json!(1))) },
            Override { severity: Some(Severity::High), ..over(&rule, &[], &["dev-*"], Some(json!(2))) },
            Override {
                enabled: Some(false),
                severity: Some(Severity::Critical),
                ..over(&rule, &["k8s"], &["other"], Some(json!(3)))
            },
        ];
        asked(|question| {
            assert!(rule.concerns(&question).is_some());
            assert_eq!((rule.settings_for(&question).json(), rule.severity_for(&question)), (&b"{}"[..], None));
        });
        let rule = rule.with_overrides(false, overrides);
        asked(|question| {
            assert!(rule.concerns(&question).is_some());
            assert_eq!(rule.settings_for(&question).json(), b"2");
            assert_eq!(rule.severity_for(&question), Some(Severity::High));
            let elsewhere = Question { file: Some("docs/a.yaml"), ..question };
            assert!(rule.concerns(&elsewhere).is_none());
        });
    }
}
