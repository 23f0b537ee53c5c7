//! The rules at hand, and how a caller's question becomes a report. Knows no JavaScript: what runs modules is given.

use std::collections::BTreeSet;

use engine::config::{Config, suggestion};
use engine::report::Report;
use engine::{Capabilities, Policy, RefusalError, Rule, Runtime, is_rule_name};
use protocol::{Profile, RuleMetadata};
use serde_json::{Map, Value, json};
use session::{InOrder, Refused, Setup};

use crate::error::CompileError;
use crate::options::Options;
use crate::screen::{Screened, screen};
use crate::{LoadError, SessionError};

/// What makes modules ready to run.
pub trait Compile: Runtime {
    /// Compiles a module that was looked through.
    ///
    /// # Errors
    /// What the environment says against it.
    fn compile(&self, name: &str, wasm: &[u8]) -> Result<Self::Module, CompileError>;

    /// Whether a module of that name is no longer run.
    fn is_stopped(&self, name: &str) -> bool;

    /// Lets it run again.
    fn forget(&self, name: &str);
}

/// A session of rules, and of policies that were added to them.
pub struct Session<R: Runtime> {
    session: session::Session<R>,
    /// Policies of somebody else's, by name.
    policies: BTreeSet<String>,
}

impl<R: Compile> Session<R> {
    /// Without rules.
    pub fn new(runtime: R) -> Self {
        Self { session: session::Session::new(runtime, Vec::new()), policies: BTreeSet::new() }
    }

    /// What runs the modules.
    pub const fn runtime(&self) -> &R {
        self.session.runtime()
    }

    /// All metadata, in the order of the checklist.
    pub fn rules(&self) -> Vec<&RuleMetadata> {
        let mut rules: Vec<&RuleMetadata> = self.session.rules().map(|rule| &rule.metadata).collect();
        rules.sort_by_key(|rule| (rule.section, &rule.name));
        rules
    }

    /// Has a rule asked anew, whatever it said before.
    pub fn forget(&mut self, name: &str) {
        self.session.forget(name);
    }

    /// Adds a rule of the bundle.
    pub fn add_rule(&mut self, name: &str, wasm: &[u8]) -> Result<(), SessionError> {
        let refused = |cause| SessionError::Module { name: name.to_owned(), cause };
        let Screened { wasm, sections } = screen(wasm).map_err(refused)?;
        let metadata = sections.rule.ok_or_else(|| refused(RefusalError::NoMetadata.into()))?;
        let module = self.compile(&metadata.name, &wasm)?;
        self.session.extend([Rule::new(metadata, module)]);
        Ok(())
    }

    /// Adds a policy of anybody's. Settings, JSON, it is asked about first; without it has none.
    pub fn add_policy(
        &mut self,
        name: &str,
        wasm: &[u8],
        settings: Option<&str>,
    ) -> Result<&RuleMetadata, SessionError> {
        if !is_rule_name(name) {
            return Err(SessionError::Name(format!(
                "a policy's name has only lower-case letters, digits and `-`: {name:?}"
            )));
        }
        if self.rule(name).is_some() {
            return Err(SessionError::Name(format!("there is a rule `{name}` already")));
        }
        let given: Option<Value> = settings
            .map(serde_json::from_str)
            .transpose()
            .map_err(|cause| SessionError::Settings { rule: name.to_owned(), cause: cause.into() })?;
        let refused = |cause| SessionError::Module { name: name.to_owned(), cause };
        let Screened { wasm, sections } = screen(wasm).map_err(refused)?;
        let module = self.compile(name, &wasm)?;
        let rule = match (sections.rule, sections.kubewarden) {
            (Some(rule), _) => {
                // Who brings a rule wants it to run, whatever the profile.
                let (name, profile, rests_on) = (name.to_owned(), Profile::Essential, Vec::new());
                Rule::new(RuleMetadata { name, profile, rests_on, ..rule }, module)
            }
            (None, Some(kubewarden)) => {
                let policy = Policy::read(name, &kubewarden).map_err(LoadError::Policy).map_err(refused)?;
                // What it declares to look up is answered from the files that are here, and nothing else is.
                Rule::foreign(policy, module).allowing(Capabilities::look_ups())
            }
            (None, None) => return Err(refused(RefusalError::NoMetadata.into())),
        };
        if let Some(settings) = &given {
            rule.validate_settings(self.runtime(), settings)
                .map_err(|cause| SessionError::Settings { rule: name.to_owned(), cause: cause.into() })?;
        }
        self.session.extend([rule.with_settings(&given.unwrap_or_else(|| json!({})))]);
        self.policies.insert(name.to_owned());
        self.rule(name).map(|rule| &rule.metadata).ok_or(SessionError::NoRules)
    }

    /// Forgets a policy.
    pub fn remove_policy(&mut self, name: &str) {
        if self.policies.remove(name) {
            self.session.remove_rule(name);
            self.runtime().forget(name);
        }
    }

    fn rule(&self, name: &str) -> Option<&Rule<R::Module>> {
        self.session.rules().find(|rule| rule.metadata.name == name)
    }

    fn compile(&self, name: &str, wasm: &[u8]) -> Result<R::Module, SessionError> {
        let refused = |cause| SessionError::Module { name: name.to_owned(), cause: LoadError::Compile(cause) };
        self.runtime().compile(name, wasm).map_err(refused)
    }

    /// Judges files, given as names and texts in turn, and hands the report on.
    pub fn judged<T>(
        &mut self,
        files: Vec<String>,
        options: &str,
        usual: Profile,
        then: impl FnOnce(&Report<'_>) -> T,
    ) -> Result<T, SessionError> {
        let asked = Options::read(options)?;
        let (today, completeness) = (asked.today()?, asked.completeness());
        let config = self.config(&asked)?;
        config.check_waivers(today).map_err(SessionError::Config)?;
        let selected = self.selected(&asked, &config)?;
        let stopped: BTreeSet<String> =
            selected.iter().filter(|name| self.runtime().is_stopped(name)).cloned().collect();
        let profile = asked.profile(config.profile.unwrap_or(usual));
        let setup = Setup { config, profile, completeness, today };
        self.session
            .configure(setup, |name| selected.contains(name), |name| stopped.contains(name))
            .map_err(|Refused { rule, cause, .. }| SessionError::Settings { rule, cause: cause.into() })?;
        let is_off = |rule: &&Rule<_>| asked.rules.contains(&rule.metadata.name) && !rule.is_configured();
        let off = self.session.rules().find(is_off).map(|rule| rule.metadata.name.clone());
        if let Some(off) = off {
            return Err(SessionError::Off(off));
        }
        let mut files = files.into_iter();
        let texts = std::iter::from_fn(|| Some((files.next()?, files.next()?.into_bytes())));
        self.session.files.replace(texts);
        Ok(then(&self.session.check(&InOrder).into_report(Vec::new())))
    }

    /// The configuration, the options' settings before its own.
    fn config(&self, asked: &Options) -> Result<Config, SessionError> {
        let rules = self.rules();
        let mut config = match &asked.config {
            Some(text) => Config::read("config", text.clone().into_bytes(), &rules).map_err(SessionError::Config)?,
            None => Config::default(),
        };
        for (name, settings) in &asked.settings {
            self.known(name)?;
            let settings = if self.policies.contains(name) {
                settings.clone()
            } else {
                // JSON is YAML, and is checked as such.
                let text = json!({"rules": {name: {"settings": settings}}}).to_string();
                let read = Config::read("settings", text.into_bytes(), &rules);
                let read =
                    read.map_err(|cause| SessionError::Settings { rule: name.clone(), cause: cause.message.into() })?;
                read.settings.into_iter().next().map_or_else(|| Value::Object(Map::new()), |(_, settings)| settings)
            };
            config.settings.retain(|(rule, _)| rule != name);
            config.settings.push((name.clone(), settings));
        }
        Ok(config)
    }

    /// The names of the rules that are asked.
    fn selected(&self, asked: &Options, config: &Config) -> Result<BTreeSet<String>, SessionError> {
        asked.rules.iter().chain(&asked.skip).try_for_each(|name| self.known(name))?;
        let is_asked = |name: &String| {
            (asked.rules.is_empty() || asked.rules.contains(name)) && !asked.skip.contains(name) && config.may_ask(name)
        };
        let names = self.session.rules().map(|rule| rule.metadata.name.clone());
        let selected: BTreeSet<String> = names.filter(is_asked).collect();
        if selected.is_empty() { Err(SessionError::NoRules) } else { Ok(selected) }
    }

    fn known(&self, name: &str) -> Result<(), SessionError> {
        let names: Vec<&str> = self.session.rules().map(|rule| rule.metadata.name.as_str()).collect();
        if names.contains(&name) {
            return Ok(());
        }
        Err(SessionError::UnknownRule { name: name.to_owned(), hint: suggestion(name, &names) })
    }
}
