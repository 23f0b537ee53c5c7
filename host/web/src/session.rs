//! The rules at hand, and how a caller's question becomes a report. Knows no JavaScript: what runs modules is given.

use std::collections::BTreeSet;

use engine::config::{Config, suggestion};
use engine::manifest::{Limits, read};
use engine::report::{Judged, Report};
use engine::{
    Bundle, Capabilities, File, Input, Judge, Judgement, Policy, Question, RefusalError, Rule, Runtime, World,
    is_rule_name,
};
use protocol::RuleMetadata;
use serde_json::{Map, Value, json};

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

    /// Says that a new question begins.
    fn turn(&self);
}

/// Rules and policies, and what they said last.
pub struct Session<R: Runtime> {
    runtime: R,
    rules: Vec<Rule<R::Module>>,
    /// Policies of somebody else's, with the settings that they were added with.
    policies: Vec<(String, Value)>,
    last: Option<Last>,
}

/// One question and what all rules said: reports of other formats are made of the same.
struct Last {
    files: Vec<String>,
    options: String,
    judgements: Vec<Vec<Judgement>>,
}

impl<R: Compile> Session<R> {
    /// Without rules.
    pub const fn new(runtime: R) -> Self {
        Self { runtime, rules: Vec::new(), policies: Vec::new(), last: None }
    }

    /// What runs the modules.
    pub const fn runtime(&self) -> &R {
        &self.runtime
    }

    /// All metadata, in the order of the checklist.
    pub fn rules(&self) -> Vec<&RuleMetadata> {
        self.rules.iter().map(|rule| &rule.metadata).collect()
    }

    /// Adds a rule of the bundle.
    pub fn add_rule(&mut self, name: &str, wasm: &[u8]) -> Result<(), SessionError> {
        let refused = |cause| SessionError::Module { name: name.to_owned(), cause };
        let Screened { wasm, sections } = screen(wasm).map_err(refused)?;
        let metadata = sections.rule.ok_or_else(|| refused(RefusalError::NoMetadata.into()))?;
        let module = self.compile(&metadata.name, &wasm)?;
        self.add(Rule::new(metadata, module));
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
                "a policy's name is of lower-case letters, digits and `-`: {name:?}"
            )));
        }
        if self.rules.iter().any(|rule| rule.metadata.name == name) {
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
            (Some(rule), _) => Rule::new(RuleMetadata { name: name.to_owned(), ..rule }, module),
            (None, Some(kubewarden)) => {
                let policy = Policy::read(name, &kubewarden).map_err(LoadError::Policy).map_err(refused)?;
                // What it declares to look up is answered from the files that are here, and nothing else is.
                Rule::foreign(policy, module).allowing(Capabilities::look_ups())
            }
            (None, None) => return Err(refused(RefusalError::NoMetadata.into())),
        };
        self.add(rule);
        self.policies.push((name.to_owned(), given.clone().unwrap_or_else(|| json!({}))));
        let given: Vec<(String, Value)> = given.into_iter().map(|settings| (name.to_owned(), settings)).collect();
        if let Err(refused) = self.configure(&given) {
            self.remove_policy(name);
            return Err(refused);
        }
        let added = self.rules.iter().find(|rule| rule.metadata.name == name);
        added.map(|rule| &rule.metadata).ok_or(SessionError::NoRules)
    }

    /// Forgets a policy.
    pub fn remove_policy(&mut self, name: &str) {
        if self.policies.iter().any(|(policy, _)| policy == name) {
            self.policies.retain(|(policy, _)| policy != name);
            self.rules.retain(|rule| rule.metadata.name != name);
            self.runtime.forget(name);
            self.forget_judgements();
        }
    }

    /// Has the next question judged anew, whatever was asked before.
    pub fn forget_judgements(&mut self) {
        self.last = None;
    }

    fn compile(&self, name: &str, wasm: &[u8]) -> Result<R::Module, SessionError> {
        let refused = |cause| SessionError::Module { name: name.to_owned(), cause: LoadError::Compile(cause) };
        self.runtime.compile(name, wasm).map_err(refused)
    }

    fn add(&mut self, rule: Rule<R::Module>) {
        self.rules.push(rule);
        self.rules = Bundle::new(std::mem::take(&mut self.rules)).into_rules();
        self.forget_judgements();
    }

    /// Judges files, given as names and texts in turn, and hands the report on.
    pub fn judged<T>(
        &mut self,
        files: Vec<String>,
        options: &str,
        then: impl FnOnce(&Report<'_>) -> T,
    ) -> Result<T, SessionError> {
        let asked = Options::read(options)?;
        let today = asked.today()?;
        let mut config = self.config(&asked)?;
        let selected = self.selected(&asked, &config)?;
        config.settings.retain(|(rule, _)| selected.contains(rule));
        // What policies were added with they were asked about then.
        for (policy, settings) in self.policies.clone() {
            self.set(&policy, &settings);
        }
        self.configure(&config.settings)?;
        if let Some(off) = self.rules.iter().find(|rule| asked.rules.contains(&rule.metadata.name) && is_off(rule)) {
            return Err(SessionError::Off(off.metadata.name.clone()));
        }
        let (used, others) = std::mem::take(&mut self.rules).into_iter().partition(|rule| {
            let rule: &Rule<R::Module> = rule;
            selected.contains(&rule.metadata.name)
        });
        let bundle = Bundle::new(used);

        let input = Input::new(read_all(&files));
        let world = World::new(&input);
        let judge = Judge::new(&self.runtime, &bundle, &world);
        let subjects = input.subjects();
        let judgements = match self.last.take().filter(|last| last.files == files && last.options == options) {
            Some(last) => last.judgements,
            None => {
                self.runtime.turn();
                let question = |subject| Question::of(&input, subject, asked.completeness());
                input.subjects().map(|subject| judge.judge(&question(subject))).collect()
            }
        };
        let judged = subjects.zip(&judgements);
        let judged = judged.map(|(subject, judgements)| Judged { subject, judgements: judgements.clone() }).collect();
        let report = Report::new(&input, &bundle, asked.completeness(), judged, Vec::new(), &config.waivers, today);
        let answer = then(&report);
        drop(report);

        let rules = bundle.into_rules().into_iter().map(|rule| rule.with_settings(&json!({}))).chain(others);
        self.rules = Bundle::new(rules.collect()).into_rules();
        self.last = Some(Last { files, options: options.to_owned(), judgements });
        Ok(answer)
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
            let settings = if self.policies.iter().any(|(policy, _)| policy == name) {
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
            (asked.rules.is_empty() || asked.rules.contains(name))
                && !asked.skip.contains(name)
                && !config.disabled.contains(name)
        };
        let names = self.rules.iter().map(|rule| rule.metadata.name.clone());
        let selected: BTreeSet<String> = names.filter(is_asked).collect();
        if selected.is_empty() { Err(SessionError::NoRules) } else { Ok(selected) }
    }

    fn known(&self, name: &str) -> Result<(), SessionError> {
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.metadata.name.as_str()).collect();
        if names.contains(&name) {
            return Ok(());
        }
        Err(SessionError::UnknownRule { name: name.to_owned(), hint: suggestion(name, &names) })
    }

    /// Gives rules their settings. Each has the last word on its own, but for one that was stopped.
    fn configure(&mut self, settings: &[(String, Value)]) -> Result<(), SessionError> {
        for (name, settings) in settings {
            let rule = self.rules.iter().find(|rule| rule.metadata.name == *name);
            if let Some(rule) = rule.filter(|_| !self.runtime.is_stopped(name)) {
                rule.validate_settings(&self.runtime, settings)
                    .map_err(|cause| SessionError::Settings { rule: name.clone(), cause: cause.into() })?;
            }
            self.set(name, settings);
        }
        Ok(())
    }

    fn set(&mut self, name: &str, settings: &Value) {
        if let Some(at) = self.rules.iter().position(|rule| rule.metadata.name == name) {
            let rule = self.rules.remove(at);
            self.rules.insert(at, rule.with_settings(settings));
        }
    }
}

/// A rule that lacks settings it needs does not even look at the kinds that it is about.
fn is_off<M>(rule: &Rule<M>) -> bool {
    rule.metadata.applies_to.first().is_some_and(|about| rule.mask(&about.group, &about.kind).is_none())
}

fn read_all(files: &[String]) -> Vec<File> {
    let (pairs, _) = files.as_chunks::<2>();
    let file = |[name, text]: &[String; 2]| File {
        manifest: read(name, text.clone().into_bytes(), &Limits::default()),
        project: 0,
    };
    let mut files: Vec<File> = pairs.iter().map(file).collect();
    // Where nothing is a manifest, people want to know why.
    if files.iter().any(|file| file.manifest.objects().next().is_some()) {
        files.iter_mut().for_each(|file| file.manifest.skip_foreign());
    }
    files
}
