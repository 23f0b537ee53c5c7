//! A session: loads a bundle once, and checks many times, each time only what changed.
//!
//! It owns the rules with their settings, the configuration, the files and the memory of what was evaluated. Every face is
//! thin over it: the command line, the browser, an editor, a server. It is as pure as the engine: what runs modules is
//! given, and so is what spreads work over threads ([`Executor`]).
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod admission;
mod checked;
mod digest;
mod executor;
mod files;
mod job;
mod kinds;
mod memory;
mod noting;
mod setup;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use engine::config::Config;
use engine::manifest::Object;
use engine::report::Judged;
use engine::waiver::Date;
use engine::{
    Before, Bundle, Completeness, File, Input, Judge, Judgement, LeftOut, Override, Route, Rule, Runtime, Selected,
    Settings, Subject, Unrendered, World,
};
use protocol::{RuleMetadata, Severity};

pub use checked::Checked;
pub use executor::{Executor, InOrder, Job};
pub use files::Files;
pub use job::Checking;
pub use setup::{Refused, Setup};
pub use standing::Standing;

use digest::Digester;
use job::Heard;
use memory::Memory;

/// What stays the same of a rule while others configure it.
struct Known {
    /// The settings that it came with.
    settings: Settings,
    /// The severity that it came with.
    severity: Severity,
    /// Which rule it is, with its present settings: another one has another number.
    id: u64,
}

/// Rules, files, and what the ones said about the others.
pub struct Session<R: Runtime> {
    runtime: R,
    /// The rules that are asked.
    bundle: Bundle<R::Module>,
    /// The others.
    aside: Vec<Rule<R::Module>>,
    /// The names of the rules that may be asked: the profile chooses among them.
    used: HashSet<String>,
    selected: Option<Selected>,
    /// The rules that the profile leaves out and an override turns on: they are asked where it holds, and nowhere else.
    in_places: BTreeSet<String>,
    known: HashMap<String, Known>,
    setup: Setup,
    /// The files.
    pub files: Files,
    /// CustomResourceDefinitions that are no part of the files.
    definitions: Vec<Object>,
    input: Input,
    /// The state of the files that the input was made of; none where rules or the configuration changed since.
    seen: Option<u64>,
    base: Base,
    digester: Digester,
    memory: Memory,
    next_id: u64,
}

/// The files that objects replace those of.
#[derive(Default)]
struct Base {
    files: Files,
    input: Input,
    /// Which one, from 1; 0 before the first.
    number: u64,
}

/// Which files are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Now,
    Base,
}

impl<R: Runtime> Session<R> {
    /// A session without files, by these rules: nothing of the world is taken for missing, and no waiver counts.
    pub fn new(runtime: R, rules: Vec<Rule<R::Module>>) -> Self {
        let (config, profile) = (Config::default(), None);
        let setup = Setup { config, profile, completeness: Completeness::Partial, today: Date::LAST };
        let mut session = Self {
            runtime,
            bundle: Bundle::new(Vec::new()),
            aside: Vec::new(),
            used: HashSet::new(),
            selected: None,
            in_places: BTreeSet::new(),
            known: HashMap::new(),
            setup,
            files: Files::default(),
            definitions: Vec::new(),
            input: Input::default(),
            seen: None,
            base: Base::default(),
            digester: Digester::default(),
            memory: Memory::default(),
            next_id: 0,
        };
        session.extend(rules);
        session
    }

    /// What runs the modules.
    pub const fn runtime(&self) -> &R {
        &self.runtime
    }

    /// What is checked by, and in what world.
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The rules that are asked.
    pub const fn bundle(&self) -> &Bundle<R::Module> {
        &self.bundle
    }

    /// All rules, those that are not asked too.
    pub fn rules(&self) -> impl Iterator<Item = &Rule<R::Module>> {
        self.bundle.rules().iter().chain(&self.aside)
    }

    /// Adds rules. They are asked until [`configure`](Self::configure) says otherwise.
    pub fn extend(&mut self, rules: impl IntoIterator<Item = Rule<R::Module>>) {
        self.seen = None;
        let mut all = self.take_rules();
        for rule in rules {
            let id = self.new_id();
            self.known.insert(
                rule.metadata.name.clone(),
                Known { settings: rule.settings().clone(), severity: rule.metadata.severity, id },
            );
            self.used.insert(rule.metadata.name.clone());
            all.push(rule);
        }
        self.set_rules(all);
    }

    /// Removes a rule.
    pub fn remove_rule(&mut self, name: &str) {
        self.seen = None;
        let mut all = self.take_rules();
        all.retain(|rule| rule.metadata.name != name);
        self.known.remove(name);
        self.used = all.iter().map(|rule| rule.metadata.name.clone()).collect();
        self.set_rules(all);
    }

    /// These CustomResourceDefinitions may be looked up from now on, where the files have none of their name. They are not
    /// checked.
    pub fn define(&mut self, definitions: Vec<Object>) {
        self.definitions = definitions;
        // What was said rests on the definitions of before.
        self.memory = Memory::default();
        self.number_rules();
    }

    /// Forgets what a rule said: from now on it may say something else of the same.
    pub fn forget(&mut self, name: &str) {
        let id = self.new_id();
        if let Some(known) = self.known.get_mut(name) {
            known.id = id;
        }
        self.number_rules();
    }

    /// Checks from now on by this configuration, and by the rules that are used, by name. Each rule has the last word on
    /// its settings, but for one that is trusted: it was stopped, and says nothing.
    ///
    /// # Errors
    /// The first rule that refuses its settings; the others have theirs.
    pub fn configure(
        &mut self,
        setup: Setup,
        is_used: impl Fn(&str) -> bool,
        is_trusted: impl Fn(&str) -> bool,
    ) -> Result<(), Refused> {
        let mut refused = Ok(());
        let mut all = Vec::new();
        for mut rule in self.take_rules() {
            let name = rule.metadata.name.clone();
            let severity = setup.config.severities.iter().find(|(of, _)| *of == name).map(|(_, severity)| *severity);
            if let Some(severity) = severity.or_else(|| self.known.get(&name).map(|known| known.severity)) {
                rule.metadata.severity = severity;
            }
            if !is_used(&name) {
                all.push(rule);
                continue;
            }
            let given = setup.config.settings_of(&name);
            let settings = given.map(|given| Settings::new(&rule.metadata, given));
            let settings = settings.or_else(|| self.known.get(&name).map(|known| known.settings.clone()));
            let settings = settings.unwrap_or_else(|| Settings::none(&rule.metadata));
            let overrides = overrides(&rule.metadata, &setup.config);
            let is_on = self.is_on(&name, &setup.config);
            let has_settings = *rule.settings() == settings;
            let has_overrides = rule.overrides() == (is_on, &overrides[..]);
            if has_settings && has_overrides {
                all.push(rule);
                continue;
            }
            // What it came with it was asked about then.
            let given = given.map(|given| (given, setup.config.settings_spot_of(&name))).into_iter();
            let others = setup.config.overrides_of(&name).filter(|_| !has_overrides);
            let others = others.filter_map(|(_, it)| Some((it.settings.as_ref()?, it.settings_spot.as_ref())));
            let mut asked = given.filter(|_| !has_settings).chain(others);
            if !is_trusted(&name)
                && let Err((cause, spot)) = asked.try_for_each(|(settings, spot)| {
                    rule.validate_settings(&self.runtime, settings).map_err(|cause| (cause, spot.cloned()))
                })
            {
                refused = refused.and(Err(Refused { rule: name.clone(), spot, cause }));
                all.push(rule);
                continue;
            }
            let id = self.new_id();
            if let Some(known) = self.known.get_mut(&name) {
                known.id = id;
            }
            all.push(rule.with(settings).with_overrides(is_on, overrides));
        }
        self.setup = setup;
        self.seen = None;
        self.used = all.iter().map(|rule| rule.metadata.name.clone()).filter(|name| is_used(name)).collect();
        self.set_rules(all);
        refused
    }

    /// The rules that are asked of the files as they are now: the profile has chosen among them.
    pub fn asked(&mut self) -> &Bundle<R::Module> {
        self.look();
        &self.bundle
    }

    /// What is known of the repositories of the files, from now on. Nothing of it decides which rules are asked: it may be
    /// long, and is listed only where some rule that is asked looks at it. Whether it is something else than before.
    pub fn load_trees(&mut self, trees: Vec<File>) -> bool {
        let are_first = self.files.trees().is_empty();
        let is_other = self.files.load_trees(trees);
        match self.seen {
            Some(_) if is_other && are_first => {
                self.input = std::mem::take(&mut self.input).with_trees(self.files.trees());
            }
            Some(_) if is_other => self.seen = None,
            _ => {}
        }
        is_other
    }

    /// Objects replace those of these files from now on: each is asked about as an update of the one that it replaces.
    /// Files as they were read elsewhere, as for [`Files::load`] and [`load_trees`](Self::load_trees).
    pub fn compare_with(&mut self, files: Vec<impl Into<Arc<File>>>, trees: Vec<File>, unrendered: Vec<Unrendered>) {
        let number = self.base.number + 1;
        // Serials tell files apart, those of now and those of before.
        let mut before = Files::after(u64::MAX / 2 + (number << 32));
        before.load(files, unrendered);
        before.load_trees(trees);
        self.base = Base { input: before.input().with_trees(before.trees()), files: before, number };
    }

    /// Takes in what has changed of the files.
    fn look(&mut self) {
        if self.seen == Some(self.files.changes()) {
            return;
        }
        self.input = self.files.input();
        self.select();
        self.input = std::mem::take(&mut self.input).with_trees(self.files.trees());
        self.seen = Some(self.files.changes());
    }

    /// Checks everything, and evaluates only what may have another answer than before. Modules look up what is in the
    /// files, and nothing else.
    pub fn check<E>(&mut self, executor: &E) -> Checked<'_, R::Module>
    where
        E: for<'j> Executor<Checking<'j, R>>,
    {
        self.run(executor, Side::Now, None)
    }

    /// Checks everything once, where modules may ask beyond the files: what they hear there may change at any time, so
    /// nothing is remembered.
    pub fn check_beyond<E>(&mut self, executor: &E, route: &dyn Route) -> Checked<'_, R::Module>
    where
        E: for<'j> Executor<Checking<'j, R>>,
    {
        self.run(executor, Side::Now, Some(route))
    }

    /// Checks the files that objects replace those of, by the rules that the files of now have: each object is asked about
    /// as an update that changes nothing. What has not changed is then evaluated once for both. With a route as
    /// [`check_beyond`](Self::check_beyond), without one as [`check`](Self::check).
    pub fn check_base<E>(&mut self, executor: &E, route: Option<&dyn Route>) -> Checked<'_, R::Module>
    where
        E: for<'j> Executor<Checking<'j, R>>,
    {
        self.run(executor, Side::Base, route)
    }

    fn run<E>(&mut self, executor: &E, side: Side, route: Option<&dyn Route>) -> Checked<'_, R::Module>
    where
        E: for<'j> Executor<Checking<'j, R>>,
    {
        self.look();
        let Self { runtime, bundle, selected, setup, files, definitions, input, base, digester, memory, .. } = self;
        let (files, input): (&Files, &Input) = match side {
            Side::Base => (&base.files, &base.input),
            Side::Now => (files, input),
        };
        let before = (base.number > 0).then(|| Before::new(&base.input));
        let world = World::new(input).defined_by(definitions);
        let subjects: Vec<Subject<'_>> = input.subjects().collect();
        if route.is_none() {
            memory.turn(input, files, digester);
        }
        let judge = Judge::new(runtime, bundle, &world);
        let checking = Checking {
            judge: match route {
                Some(route) => judge.beyond(route),
                None => judge,
            },
            world: &world,
            input,
            subjects: &subjects,
            completeness: setup.completeness,
            files,
            digester,
            memory: route.is_none().then_some(&*memory),
            before: before.as_ref(),
            base: base.number,
            answers: Default::default(),
        };
        let heard = executor.run(&checking);
        let mut evaluated = 0;
        let judged = subjects.into_iter().zip(heard).map(|(subject, Heard { judgements, place })| {
            evaluated += match (route, place) {
                (Some(_), _) => judgements.len(),
                (None, Some(place)) => memory.keep(place),
                (None, None) => 0,
            };
            Judged { subject, judgements }
        });
        let judged = judged.collect();
        Checked { input, bundle, selected: selected.as_ref(), setup, judged, evaluated }
    }

    /// Leaves out what the profile does not have for these files. What an override turns on is asked where it holds.
    fn select(&mut self) {
        let used = self.rules().map(|rule| &rule.metadata).filter(|rule| self.used.contains(&rule.name));
        let Config { enabled, .. } = &self.setup.config;
        let is_asked_for = |name: &str| enabled.iter().any(|enabled| enabled == name);
        let mut selected = self.setup.profile.map(|profile| Selected::new(profile, used, &self.input, is_asked_for));
        let mut in_places = BTreeSet::new();
        if let Some(selected) = &mut selected {
            let is_on_somewhere = |left_out: &mut LeftOut| self.setup.config.enables_somewhere(&left_out.rule);
            in_places.extend(selected.left_out.extract_if(.., is_on_somewhere).map(|left_out| left_out.rule));
        }
        if selected == self.selected && in_places == self.in_places {
            return;
        }
        let turned: BTreeSet<String> = self.in_places.symmetric_difference(&in_places).cloned().collect();
        (self.selected, self.in_places) = (selected, in_places);
        let mut all = self.take_rules();
        for rule in all.iter_mut().filter(|rule| turned.contains(&rule.metadata.name)) {
            rule.turn(self.is_on(&rule.metadata.name, &self.setup.config));
            let id = self.new_id();
            if let Some(known) = self.known.get_mut(&rule.metadata.name) {
                known.id = id;
            }
        }
        self.set_rules(all);
    }

    /// Whether the rule is asked where no override says otherwise.
    fn is_on(&self, rule: &str, config: &Config) -> bool {
        !config.disabled.iter().any(|disabled| disabled == rule) && !self.in_places.contains(rule)
    }

    /// Checks objects that stand in no file, such as those of a cluster, in a world that somebody else keeps: what the
    /// rules say of each, in their order. No waiver is applied yet. Nothing is remembered: there may be more objects than
    /// memory.
    pub fn check_objects<E>(&self, executor: &E, world: &World<'_>, objects: &[Object]) -> Vec<Vec<Judgement>>
    where
        E: for<'j> Executor<Standing<'j, R>>,
    {
        let Self { runtime, bundle, setup, .. } = self;
        executor.run(&Standing { judge: Judge::new(runtime, bundle, world), completeness: setup.completeness, objects })
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn take_rules(&mut self) -> Vec<Rule<R::Module>> {
        let mut all = std::mem::replace(&mut self.bundle, Bundle::new(Vec::new())).into_rules();
        all.append(&mut self.aside);
        all
    }

    fn set_rules(&mut self, all: Vec<Rule<R::Module>>) {
        let is_left_out = |name: &str| self.selected.as_ref().is_some_and(|selected| selected.leaves_out(name));
        let is_asked = |name: &String| self.used.contains(name) && !is_left_out(name);
        let (used, aside) = all.into_iter().partition(|rule: &Rule<R::Module>| is_asked(&rule.metadata.name));
        self.bundle = Bundle::new(used);
        self.aside = aside;
        self.number_rules();
    }

    fn number_rules(&mut self) {
        let ids =
            self.bundle.rules().iter().map(|rule| self.known.get(&rule.metadata.name).map_or(0, |known| known.id));
        self.memory.set_rules(ids.collect());
    }
}

/// What a configuration says of a rule for some places only.
fn overrides(rule: &RuleMetadata, config: &Config) -> Vec<Override> {
    let made = config.overrides_of(&rule.name).map(|(scope, said)| Override {
        scope: scope.clone(),
        enabled: said.enabled,
        severity: said.severity,
        settings: said.settings.as_ref().map(|settings| Settings::new(rule, settings)),
    });
    made.collect()
}
