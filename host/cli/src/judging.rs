//! From paths to a report: reads the files and the configuration, and has a session judge on all cores. What commands have
//! in common.
//!
//! It must not know how a report is printed, nor what exit code it is worth.

use std::mem::take;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use engine::baseline::Baseline;
use engine::config::Config;
use engine::manifest::Keep;
use engine::report::{Report, Unread};
use engine::waiver::Date;
use engine::{Bundle, Completeness, Rule, Selected, Settings, kept_for};
use protocol::documents::GROUP;
use protocol::{KindMatch, Profile, RuleMetadata, api_group};
use sandbox::{Budget, Module, Run, Sandbox};
use session::{Session, Setup};
use sources::{Exclude, Files, Log, Origin, Reading, RenderOptions};

use crate::base::{self, Base};
use crate::budget::{self, Unfinished};
use crate::bundle;
use crate::configuration::{self, Configuration, Located};
use crate::cores::Check;
use crate::failure::Failure;
use crate::foreign::{self, FileChange};
use crate::input;
use crate::options::configuration::ConfigOptions;
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::options::selection::Selection;
use crate::present::output::one_line;

/// What was decided, and under which configuration.
pub struct Judged<'a> {
    pub report: &'a Report<'a>,
    /// The configuration, as people type its path.
    pub configuration: Option<&'a str>,
    /// The rules that say nothing, since the configuration lacks the settings that they need.
    pub off: Vec<&'a str>,
    /// What policies would change, or have changed.
    pub changes: Vec<FileChange>,
    /// Who says that nothing is rendered.
    pub render_never: Option<String>,
    /// How many evaluations were run.
    pub evaluated: usize,
}

/// Which findings are known, and fail nothing.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    /// Those in the baseline of the options, or of the configuration.
    Baseline,
    /// These.
    These(&'a Baseline),
    /// Those in the baseline, and those that were there at the merge base of this revision and HEAD.
    Since(&'a str),
}

/// Judges what the options name, by rules and by policies of others, and hands the result on.
pub fn judged<T>(
    options: &Judging,
    policies: &PolicyOptions,
    needs: Needs,
    known: Known<'_>,
    then: impl FnOnce(Judged<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut prepared = Prepared::new(options, policies, needs, known)?;
    prepared.read()?;
    prepared.check(then)
}

/// Everything that it takes to judge an input, once or again and again.
pub struct Prepared<'o> {
    options: &'o Judging,
    policies: &'o PolicyOptions,
    /// What is read, and how.
    excludes: Vec<Exclude>,
    rendering: RenderOptions,
    render_never: Option<String>,
    is_whole: bool,
    /// The configuration, as people type its path.
    shown: Option<String>,
    baseline: Option<Baseline>,
    base: Option<Base>,
    /// What was found at the base, and what people call that.
    before: Option<(String, Baseline)>,
    /// Modules that cannot be used.
    refused: Vec<Unread>,
    unread: Vec<Unread>,
    origins: Vec<Origin>,
    session: &'static mut Session<&'static Run<'static>>,
    run: &'static Run<'static>,
    budget: Budget,
    /// Whether the session remembers what was said, as long as nobody beyond the input is asked.
    remembers: bool,
}

impl<'o> Prepared<'o> {
    /// Loads the rules and the configuration that the options name.
    ///
    /// # Errors
    /// They do not fit, or cannot be used.
    pub fn new(
        options: &'o Judging,
        policies: &'o PolicyOptions,
        needs: Needs,
        known: Known<'_>,
    ) -> Result<Self, Failure> {
        policies.check(&options.paths)?;
        check_stdin(options)?;
        let Chosen { mut found, configuration, mut refusals } =
            choose(&options.selection, &options.configuration, &options.paths)?;
        let baseline = match known {
            Known::These(baseline) => Some(baseline.clone()),
            Known::Baseline | Known::Since(_) => configuration.baseline(options.baseline.as_deref())?,
        };
        let base = match known {
            Known::Since(revision) => base::find(revision, &options.paths)?,
            Known::Baseline | Known::These(_) => None,
        };
        let mut excludes = configuration.patterns(options.baseline.as_deref())?;
        excludes.extend_from_slice(&options.exclude);
        let rendering = configuration.rendering(&options.rendering)?;
        let render_never = configuration.render_never(&options.rendering);
        let Configuration { mut config, shown, .. } = configuration;
        if policies.no_rules {
            found.clear();
        }
        if needs.documentation {
            bundle::document(&mut found)?;
        }
        let foreign = foreign::find(policies, &config)?;
        // A policy may be called like one of the rules that are not asked.
        let is_asked = |name: &str| found.iter().any(|found| found.metadata.name == name);
        config.settings.retain(|(name, _)| is_asked(name));
        config.severities.retain(|(name, _)| is_asked(name));
        config.disabled.retain(|name| is_asked(name));
        config.annotated.retain(|name| foreign.iter().all(|policy| policy.name() != name));
        config.overrides.iter_mut().for_each(|over| over.rules.retain(|(name, _)| is_asked(name)));
        // What a finding is known by stands in fields that rules need not read, and policies of others may read anything.
        let is_whole = needs.whole_objects || base.is_some() || baseline.is_some() || !foreign.is_empty();
        // A profile is about rules that nobody named.
        let is_of_profile = options.selection.rule.is_empty() && !found.is_empty();
        let profile = is_of_profile.then(|| options.profile.or(config.profile).unwrap_or(needs.profile));
        let sandbox = for_life(sandbox(foreign::limits(&foreign, &config), found.len() + foreign.len())?);
        let rules = load(sandbox, found, foreign, &config, &mut refusals)?;
        let completeness = options.world.map(Completeness::from).or(config.world);
        let completeness = completeness.unwrap_or_else(|| default_world(options));
        config.fail_on = options.fail_on.or(config.fail_on);
        let budget = budget::of_run(options.timeout);
        let run: &Run<'_> = for_life(sandbox.run_within(budget));
        let setup = Setup { config, profile, completeness, today: today() };
        let session = for_life(session(run, rules, setup, &options.selection)?);
        Ok(Self {
            options,
            policies,
            excludes,
            rendering,
            render_never,
            is_whole,
            shown,
            baseline,
            remembers: base.is_some(),
            base,
            before: None,
            refused: refusals.into_unread(),
            unread: Vec::new(),
            origins: Vec::new(),
            session,
            run,
            budget,
        })
    }

    /// The same, to be checked again and again.
    #[must_use]
    pub fn again_and_again(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Reads the input as it is now; whether it is another one than before.
    ///
    /// # Errors
    /// What it is compared with cannot be read.
    pub fn read(&mut self) -> Result<bool, Failure> {
        let Judging { paths, log, .. } = self.options;
        let mut files = self.read_files(paths, log, &self.excludes, &self.rendering);
        let mut is_other = self.session.files.load(take(&mut files.files), take(&mut files.unrendered));
        // The trees of repositories may be long, and few rules look at them.
        let wants_trees = looks_at_trees(self.session.asked());
        let trees = |paths: &[PathBuf], files: &mut Files| {
            if wants_trees { sources::read_trees(paths, files) } else { Vec::new() }
        };
        is_other |= self.session.load_trees(trees(paths, &mut files));
        if let Some(base) = self.base.as_ref().filter(|_| self.before.is_none()) {
            let read = |paths: &[PathBuf], excludes: &[Exclude], rendering: &RenderOptions| {
                let mut files = self.read_files(paths, &[], excludes, rendering);
                let trees = trees(paths, &mut files);
                (files, trees)
            };
            let (files, trees) = base.read(&self.excludes, &self.rendering, read)?;
            self.session.compare_with(files.files, trees, files.unrendered);
        }
        let Files { origins, unread, .. } = files;
        is_other |= self.unread != unread;
        (self.origins, self.unread) = (origins, unread);
        Ok(is_other)
    }

    /// Everything there is to check, but for the trees of repositories.
    fn read_files(&self, paths: &[PathBuf], logs: &[Log], excludes: &[Exclude], rendering: &RenderOptions) -> Files {
        let mut reading = Reading { keep: self.kept(), ..Reading::default() };
        self.options.limits.unwrap_or_default().apply(&mut reading);
        let mut files = input::read(paths, excludes, rendering, &reading);
        sources::read_logs(logs, &mut files);
        if sources::asks_for_dockerfiles(self.session.rules().map(|rule| &rule.metadata)) {
            sources::read_dockerfiles(&mut files);
        }
        files
    }

    /// What of the objects is kept.
    fn kept(&self) -> Keep<'_> {
        if self.is_whole {
            return Keep::default();
        }
        // One that lacks its settings reads nothing: it may be one that would read everything.
        let config = &self.session.setup().config;
        kept_for(self.session.rules().map(|rule| &rule.metadata).filter(|rule| config.suffices_for(rule)))
    }

    /// Judges what was read, and hands the result on.
    ///
    /// # Errors
    /// Something cannot be asked, or what follows fails.
    pub fn check<T>(&mut self, then: impl FnOnce(Judged<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let Self { policies, session, before, base, .. } = self;
        let asks_registry = foreign::asks_registry(session.bundle());
        let remembers = self.remembers && !foreign::asks_beyond(policies, session.bundle());
        // What one run records is read by another in the order of the input.
        let executor = Check { in_order: policies.has_session() };
        let asked = foreign::asking(policies, asks_registry, |route| {
            let beyond = (!remembers).then_some(route);
            if let (None, Some(base)) = (&before, &base) {
                // What is the same on both sides is evaluated once, if nobody else is asked.
                let report = session.check_base(&executor, beyond).into_report(Vec::new());
                *before = Some((base.shown.clone(), Baseline::of(report.violations())));
            }
            match beyond {
                Some(route) => session.check_beyond(&executor, route),
                None => session.check(&executor),
            }
        });
        let foreign::Asked { result: mut checked, lacking } = asked?;
        if let (Some(Selected { profile, .. }), []) = (checked.selected, checked.bundle.rules()) {
            let message =
                format!("the profile {profile} leaves out all selected rules for this input; --profile full runs them");
            return Err(Failure::Usage(message));
        }
        let mut unread = [self.unread.clone(), self.refused.clone(), lacking].concat();
        let unfinished = Unfinished::of(self.run, self.budget);
        checked.judged.iter_mut().for_each(|judged| unfinished.take_from(&mut judged.judgements));
        unread.extend(unfinished.unread);

        let (off, evaluated, Setup { config, today, .. }) = (off(checked.bundle), checked.evaluated, checked.setup);
        let written = (checked.input, self.origins.as_slice());
        let changes = foreign::settle(written, checked.bundle, &mut checked.judged, (config, *today), policies.write)?;
        let mut report = checked.into_report(unread).accepting_unchecked(self.options.allow_unchecked);
        if let Some(baseline) = &self.baseline {
            report = report.against(baseline);
        }
        if let Some((revision, found)) = before {
            report = report.since(revision, found);
        }
        let (configuration, render_never) = (self.shown.as_deref(), self.render_never.clone());
        then(Judged { report: &report, configuration, off, changes, render_never, evaluated })
    }
}

/// A session of the rules alone, with the files that the options name, for whoever checks again and again.
pub fn opened<'r>(
    run: &'r Run<'r>,
    sandbox: &Sandbox,
    options: &Judging,
    usual: Profile,
) -> Result<(Session<&'r Run<'r>>, Vec<Unread>), Failure> {
    let Chosen { mut found, configuration, mut refusals } =
        choose(&options.selection, &options.configuration, &options.paths)?;
    bundle::document(&mut found)?;
    let mut excludes = configuration.patterns(options.baseline.as_deref())?;
    excludes.extend_from_slice(&options.exclude);
    let rendering = configuration.rendering(&options.rendering)?;
    let mut config = configuration.config;
    let is_asked = |name: &str| found.iter().any(|found| found.metadata.name == name);
    config.settings.retain(|(name, _)| is_asked(name));
    config.severities.retain(|(name, _)| is_asked(name));
    config.disabled.retain(|name| is_asked(name));
    config.overrides.iter_mut().for_each(|over| over.rules.retain(|(name, _)| is_asked(name)));
    let mut files = input::read(&options.paths, &excludes, &rendering, &Reading::default());
    if sources::asks_for_dockerfiles(found.iter().map(|found| &found.metadata)) {
        sources::read_dockerfiles(&mut files);
    }
    let profile = options.profile.or(config.profile).unwrap_or(usual);
    let rules = load(sandbox, found, Vec::new(), &config, &mut refusals)?;
    let completeness = options.world.map(Completeness::from).or(config.world);
    let completeness = completeness.unwrap_or_else(|| default_world(options));
    let setup = Setup { config, profile: Some(profile), completeness, today: today() };
    let mut session = session(run, rules, setup, &options.selection)?;
    session.files.load(take(&mut files.files), take(&mut files.unrendered));
    if looks_at_trees(session.asked()) {
        let trees = sources::read_trees(&options.paths, &mut files);
        session.load_trees(trees);
    }
    let mut unread = files.unread;
    unread.extend(refusals.into_unread());
    Ok((session, unread))
}

/// Keeps a value as long as the process, which has only one of it and ends with its use: the system takes memory and code
/// back at once, and faster than it is given back piece by piece.
pub fn for_life<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// What a command needs of a check.
#[derive(Clone, Copy)]
pub struct Needs {
    /// The profile where nobody names one.
    pub profile: Profile,
    /// Whether it looks at all of the objects, and not only at what rules read.
    pub whole_objects: bool,
    /// Whether it shows the rules' documentation.
    pub documentation: bool,
}

/// The rules that were asked for, and what the configuration says of them.
pub struct Chosen {
    pub found: Vec<bundle::Found>,
    pub configuration: Configuration,
    pub refusals: bundle::Refusals,
}

/// Finds the rules and reads the configuration for this input; at least one rule.
pub fn choose(selection: &Selection, options: &ConfigOptions, paths: &[PathBuf]) -> Result<Chosen, Failure> {
    let (mut all, refusals) = bundle::find_undocumented(selection.bundle.as_deref())?;
    // Against all rules: `--rule` does not make the configuration of the others wrong. A rule that is missed there or
    // here may be one that was refused.
    let (_, located) = configuration::locate(options, paths)?;
    let configuration = read(located, &all).inspect_err(|_| _ = refusals.complain())?;
    let config = &configuration.config;
    config.check_waivers(today()).map_err(|cause| configuration::refused(&cause))?;
    bundle::set_severities(&mut all, &config.severities);
    let mut found = bundle::select(all, selection).inspect_err(|_| _ = refusals.complain())?;
    found.retain(|found| config.may_ask(&found.metadata.name));
    if found.is_empty() {
        let message = "--rule, --skip, --severity and the configuration leave no rule to run";
        return Err(Failure::Usage(message.into()));
    }
    Ok(Chosen { found, configuration, refusals })
}

fn read(located: Located, found: &[bundle::Found]) -> Result<Configuration, Failure> {
    let rules: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
    located.read(&rules)
}

/// A sandbox with room for so many modules on all cores.
pub fn sandbox(limits: sandbox::Limits, modules: usize) -> Result<Sandbox, Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let failed = |cause| Failure::Bundle(format!("modules cannot be run here: {cause}"));
    Sandbox::new(limits, threads * modules).map_err(failed)
}

/// Loads rules, and policies of others beside them, with leave to ask what the configuration allows.
pub fn load(
    sandbox: &Sandbox,
    found: Vec<bundle::Found>,
    policies: Vec<foreign::Found>,
    config: &Config,
    refusals: &mut bundle::Refusals,
) -> Result<Vec<Rule<Module>>, Failure> {
    let found = if found.is_empty() { Vec::new() } else { bundle::load(sandbox, found, refusals)? };
    let with_leave = |rule: Rule<Module>| {
        let name = rule.metadata.name.clone();
        let allowed = config.allowed.iter().filter(|(of, _)| *of == name);
        allowed.fold(rule, |rule, (_, allowed)| rule.allowing(allowed.clone()))
    };
    let mut rules: Vec<Rule<Module>> = found.into_iter().map(with_leave).collect();
    for policy in foreign::load(sandbox, policies)? {
        let name = &policy.metadata.name;
        if rules.iter().any(|rule| rule.metadata.name == *name) {
            return Err(Failure::Usage(format!("there is a rule {name} beside the policy {name}; rename its file")));
        }
        rules.push(policy);
    }
    Ok(rules)
}

/// A session of these rules, configured. None of those that were asked for by name lacks settings.
pub fn session<'r>(
    run: &'r Run<'r>,
    rules: Vec<Rule<Module>>,
    setup: Setup,
    selection: &Selection,
) -> Result<Session<&'r Run<'r>>, Failure> {
    let mut session = Session::new(run, rules);
    session.configure(setup, |_| true, |_| false).map_err(|refused| Failure::Usage(one_line(&refused.to_string())))?;
    if let Some(name) = selection.rule.iter().find(|name| off(session.bundle()).contains(&name.as_str())) {
        let message = format!("the rule {name} is disabled: it has no settings; `seaworthy explain {name}` lists them");
        return Err(Failure::Usage(message));
    }
    Ok(session)
}

/// The rules that lack settings they need.
pub fn off<M>(bundle: &Bundle<M>) -> Vec<&str> {
    bundle.rules().iter().filter(|rule| !rule.is_configured()).map(|rule| &*rule.metadata.name).collect()
}

/// Whether some of the rules that are asked looks at the trees of repositories.
fn looks_at_trees(bundle: &Bundle<Module>) -> bool {
    let asked = bundle.rules().iter().filter(|rule| speaks_of_documents(rule));
    sources::is_asked_for(asked.map(|rule| &rule.metadata))
}

/// Whether a rule may say something about what is no object of Kubernetes: one about everything has only that to say which
/// stands in its settings.
fn speaks_of_documents(rule: &Rule<Module>) -> bool {
    let RuleMetadata { applies_to, looks_up, .. } = &rule.metadata;
    let is_about_everything = applies_to.iter().any(|about| about.group == KindMatch::ANY);
    let is_set = *rule.settings() != Settings::none(&rule.metadata) || !rule.overrides().1.is_empty();
    let names_some = looks_up.iter().any(|asked| api_group(&asked.api_version) == GROUP);
    rule.is_configured() && (!is_about_everything || is_set || names_some)
}

/// Standard input can be read once.
fn check_stdin(options: &Judging) -> Result<(), Failure> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == sources::STDIN;
    let logs = options.log.iter().map(|log| &log.path).filter(is_stdin).count();
    if logs > 1 || logs == 1 && options.paths.iter().any(|path| is_stdin(&path)) {
        return Err(Failure::Usage("standard input is one log, or manifests, and `-` names it for more".into()));
    }
    Ok(())
}

/// Folders are everything there is; a file or a stream may be one of many.
fn default_world(options: &Judging) -> Completeness {
    let is_whole = !options.paths.is_empty() && options.paths.iter().all(|path| path.is_dir());
    if is_whole { Completeness::Complete } else { Completeness::Partial }
}

/// A configuration that was named, held against all rules there are.
pub fn read_config(path: Option<&Path>, found: &[bundle::Found]) -> Result<Config, Failure> {
    let options =
        ConfigOptions { config: path.map(Path::to_owned), no_config: path.is_none(), ..ConfigOptions::default() };
    let (_, located) = configuration::locate(&options, &[])?;
    Ok(read(located, found)?.config)
}

/// Today, in UTC.
pub fn today() -> Date {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
    // Far in the future no waiver counts, which is the safe side of a clock that gives no date.
    Date::parse(&today).unwrap_or(Date::LAST)
}
