//! From words on the command line to a session: the rules that are asked, the configuration, the sandbox. What commands have
//! in common.
//!
//! It must not know how a report is printed, nor what exit code it is worth.

use std::mem::take;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use editor::Opened;
use engine::config::{Config, FILE_NAME};
use engine::waiver::Date;
use engine::{Bundle, Completeness, Rule, Settings};
use protocol::documents::{GROUP, REPOSITORY_TREE};
use protocol::{KindMatch, Profile, RuleMetadata, api_group};
use sandbox::{Module, Run, Sandbox};
use session::{Session, Setup};
use sources::{Exclude, Reading, RenderOptions};

use crate::bundle::{self, Found};
use crate::configuration::{self, Configuration, Located};
use crate::failure::Failure;
use crate::foreign;
use crate::input;
use crate::options::configuration::ConfigOptions;
use crate::options::judging::Judging;
use crate::options::selection::Selection;
use crate::present::output::one_line;

/// A session of the rules alone, with the files that the options name, for whoever checks again and again.
pub fn opened<'r>(
    run: &'r Run<'r>,
    sandbox: &Sandbox,
    options: &Judging,
    usual: Profile,
) -> Result<Opened<&'r Run<'r>>, Failure> {
    let Chosen { mut found, configuration, mut refusals } =
        choose(&options.selection, &options.configuration, &options.paths)?;
    bundle::document(&mut found)?;
    let Scope { excludes, rendering, definitions } = Scope::new(&configuration, options)?;
    let is_configured_elsewhere = configuration.shown.as_deref().is_some_and(|name| name != FILE_NAME);
    let known = configuration.baseline(options.baseline.as_deref())?;
    let mut config = configuration.config;
    keep_asked(&mut config, &found);
    let mut files = input::read(&options.paths, &excludes, &rendering, &Reading::default());
    if sources::asks_for_dockerfiles(found.iter().map(|found| &found.metadata)) {
        sources::read_dockerfiles(&mut files);
    }
    let profile = options.profile.or(config.profile).unwrap_or(usual);
    let rules = load(sandbox, found, Vec::new(), &config, &mut refusals)?;
    let mut session = session(run, rules, setup(config, Some(profile), options), &options.selection)?;
    let promotion = options.promotion.options();
    let may_be_promoted = sources::may_be_promoted(&options.paths, &promotion, &files);
    session.files.load(take(&mut files.files), take(&mut files.unrendered));
    let (definitions, undefined) = sources::read_definitions(&definitions, &Reading::default());
    session.define(definitions);
    let mut trees = Vec::new();
    if looks_at_trees(session.asked()) {
        trees = sources::read_trees(&options.paths, &mut files);
    }
    if may_be_promoted && looks_at_promotions(session.asked()) {
        trees.extend(sources::read_promotions(&options.paths, &promotion, &mut files).now);
    }
    session.load_trees(trees);
    let mut unread = files.unread;
    unread.extend(undefined);
    unread.extend(refusals.into_unread());
    Ok(Opened { session, unread, known, is_configured_elsewhere })
}

/// What is read, and how, as the configuration and the options say together.
pub struct Scope {
    pub excludes: Vec<Exclude>,
    pub rendering: RenderOptions,
    /// Where CustomResourceDefinitions are that are no part of the input.
    pub definitions: Vec<PathBuf>,
}

impl Scope {
    pub fn new(configuration: &Configuration, options: &Judging) -> Result<Self, Failure> {
        let mut excludes = configuration.patterns(options.baseline.as_deref())?;
        excludes.extend_from_slice(&options.exclude);
        let rendering = configuration.rendering(&options.rendering)?;
        Ok(Self { excludes, rendering, definitions: configuration.definitions(&options.crds) })
    }
}

/// What a session checks by: the options come before the configuration.
pub fn setup(mut config: Config, profile: Option<Profile>, options: &Judging) -> Setup {
    let completeness = options.world.map(Completeness::from).or(config.world);
    let completeness = completeness.unwrap_or_else(|| default_world(options));
    config.fail_on = options.fail_on.or(config.fail_on);
    Setup { config, profile, completeness, today: today() }
}

/// Leaves out what a configuration says of rules that are not asked.
pub fn keep_asked(config: &mut Config, found: &[Found]) {
    let is_asked = |name: &str| found.iter().any(|found| found.metadata.name == name);
    config.settings.retain(|(name, _)| is_asked(name));
    config.severities.retain(|(name, _)| is_asked(name));
    config.disabled.retain(|name| is_asked(name));
    config.overrides.iter_mut().for_each(|over| over.rules.retain(|(name, _)| is_asked(name)));
}

/// Keeps a value as long as the process, which has only one of it and ends with its use: the system takes memory and code
/// back at once, and faster than it is given back piece by piece.
pub fn for_life<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
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
            return Err(Failure::Usage(format!(
                "a rule and a policy are both called {name}; rename the policy's file"
            )));
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

/// Whether some of the rules that are asked looks at the trees of repositories. One that is about other documents alone,
/// such as pull requests, is asked of them by other commands.
pub fn looks_at_trees(bundle: &Bundle<Module>) -> bool {
    let is_other = |about: &KindMatch| about.group == GROUP && about.kind != REPOSITORY_TREE.kind;
    let asked = bundle.rules().iter().filter(|rule| speaks_of_documents(rule));
    let asked = asked.filter(|rule| !rule.metadata.applies_to.iter().all(is_other));
    sources::is_asked_for(asked.map(|rule| &rule.metadata))
}

/// Whether some of the rules that are asked looks at promotions.
pub fn looks_at_promotions(bundle: &Bundle<Module>) -> bool {
    let asked = bundle.rules().iter().filter(|rule| speaks_of_documents(rule));
    sources::asks_for_promotions(asked.map(|rule| &rule.metadata))
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
pub fn check_stdin(options: &Judging) -> Result<(), Failure> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == sources::STDIN;
    let logs = options.log.iter().map(|log| &log.path).filter(is_stdin).count();
    if logs > 1 || logs == 1 && options.paths.iter().any(|path| is_stdin(&path)) {
        return Err(Failure::Usage("standard input can be used once: for one log, or for manifests".into()));
    }
    if options.crds.iter().any(|path| is_stdin(&path)) && (logs > 0 || options.paths.iter().any(|path| is_stdin(&path)))
    {
        return Err(Failure::Usage("standard input is what is checked, and cannot be --crds too".into()));
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
