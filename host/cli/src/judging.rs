//! From paths to a report: reads the files and the configuration, and judges on all cores. What commands have in common.
//!
//! It must not know how a report is printed, nor what exit code it is worth.

use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use engine::baseline::Baseline;
use engine::config::{Config, RuleOverride};
use engine::manifest::Keep;
use engine::report::{self, Report, Unread};
use engine::waiver::Date;
use engine::{
    Bundle, Completeness, Input, Judge, Override, Question, Rule, Runtime, Scope, Selected, Subject, World, kept_for,
};
use protocol::{Profile, RuleMetadata};
use rayon::prelude::*;
use sandbox::{Module, Sandbox};
use serde_json::Value;
use sources::{Exclude, Files, Origin, Reading, RenderOptions};

use crate::budget;
use crate::bundle;
use crate::configuration::{self, Configuration, Located};
use crate::failure::Failure;
use crate::foreign::{self, FileChange};
use crate::input;
use crate::options::configuration::ConfigOptions;
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::options::selection::Selection;
use crate::present::output::one_line;
use crate::present::progress::Progress;

/// So few objects that starting a thread for them costs more than it gains.
const FEW: usize = 8;

/// What was decided, and under which configuration.
pub struct Judged<'a> {
    pub report: &'a Report<'a>,
    /// The configuration, as people type its path.
    pub configuration: Option<&'a str>,
    /// The rules that say nothing, since the configuration lacks the settings that they need.
    pub off: Vec<&'a str>,
    /// What policies would change, or have changed.
    pub changes: Vec<FileChange>,
}

/// Judges what the options name, by rules and by policies of others, and hands the result on. Findings are known that are in
/// `known`, or without it in the baseline of the options and of the configuration.
pub fn judged<T>(
    options: &Judging,
    policies: &PolicyOptions,
    usual: Profile,
    wanted: Wanted,
    known: Option<&Baseline>,
    then: impl FnOnce(Judged<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    policies.check(&options.paths)?;
    let Chosen { mut found, configuration, mut refusals } =
        choose(&options.selection, &options.configuration, &options.paths)?;
    let baseline = match known {
        Some(_) => None,
        None => configuration.baseline(options.baseline.as_deref())?,
    };
    let mut excludes = configuration.patterns(options.baseline.as_deref())?;
    excludes.extend_from_slice(&options.exclude);
    let config = &configuration.config;
    if policies.no_rules {
        found.clear();
    }
    let foreign = foreign::find(policies, config)?;
    // What a finding is known by, and what annotations waive, stands in fields that rules need not read.
    let is_whole = known.is_some() || baseline.is_some() || !config.annotated.is_empty();
    let wanted = if is_whole { Wanted::Whole } else { wanted };
    let mut reading = Reading { keep: kept(&found, &foreign, config, wanted), ..Reading::default() };
    options.limits.unwrap_or_default().apply(&mut reading);
    let rendering = configuration.rendering(&options.rendering)?;
    let (input, origins, mut unread) = read_input(options, (&excludes, &rendering, &reading), &found)?;
    let subjects: Vec<Subject<'_>> = input.subjects().collect();
    let profile = profile(options, &found, config, &input, usual);
    found.retain(|found| !profile.as_ref().is_some_and(|profile| profile.leaves_out(&found.metadata.name)));

    if let (Some(Selected { profile, .. }), true) = (&profile, found.is_empty() && foreign.is_empty()) {
        let message = format!("the profile {profile} has none of these rules for this input; --profile full has all");
        return Err(Failure::Usage(message));
    }

    // What comes next ends the process: the system takes back the pool and the code at once, and faster.
    let (sandbox, bundle) = load_all(found, foreign, &options.selection, config, &mut refusals)?;
    let (sandbox, bundle) = (ManuallyDrop::new(sandbox), ManuallyDrop::new(bundle));
    unread.extend(refusals.into_unread());
    let off = off(&bundle);

    let world = options.world.map(Completeness::from).or(config.world);
    let completeness = world.unwrap_or_else(|| default_world(options));
    let world = World::new(&input);
    let budget = budget::of_run(options.timeout);
    let run = sandbox.run_within(budget);
    let asked = foreign::asking(policies, &bundle, |route| {
        let judge = Judge::new(&run, &bundle, &world).beyond(route);
        let question = |subject| Question::of(&input, subject, completeness);
        // A session is written and read in the order of the input. What is soon done is sooner done without threads.
        if policies.has_session() || subjects.len() < FEW {
            judge_in_order(&judge, &subjects, question)
        } else {
            judge_all(&judge, &subjects, question)
        }
    });
    let foreign::Asked { result: mut judged, lacking } = asked?;
    unread.extend(lacking);
    unread.extend(budget::take_unfinished(&run, budget, &mut judged));

    let today = today();
    let changes = foreign::settle((&input, &origins), &bundle, &mut judged, (config, today), policies.write)?;
    let mut report = Report::new(&input, &bundle, completeness, judged, unread, &config.waivers, today)
        .waived_by_annotations(&config.annotated, config.longest_waiver(), today)
        .selected_by(profile)
        .failing_on(options.fail_on.or(config.fail_on))
        .accepting_unchecked(options.allow_unchecked);
    if let Some(baseline) = known.or(baseline.as_ref()) {
        report = report.against(baseline);
    }
    let configuration = configuration.shown.as_deref();
    then(Judged { report: &report, configuration, off, changes })
}

/// The profile, where there are rules that nobody named.
fn profile(
    options: &Judging,
    found: &[bundle::Found],
    config: &Config,
    input: &Input,
    usual: Profile,
) -> Option<Selected> {
    let is_named = |name: &str| config.enabled.iter().any(|enabled| enabled == name) || is_on_somewhere(name, config);
    (options.selection.rule.is_empty() && !found.is_empty()).then(|| {
        let rules = found.iter().map(|found| &found.metadata);
        Selected::new(options.profile.or(config.profile).unwrap_or(usual), rules, input, is_named)
    })
}

/// What is looked at in objects, where there are so many that the rest is not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What the rules read.
    ByRules,
    /// Everything.
    Whole,
}

/// What of the objects is kept. Policies of others may read anything.
fn kept(found: &[bundle::Found], foreign: &[foreign::Found], config: &Config, wanted: Wanted) -> Keep {
    if wanted == Wanted::Whole || !foreign.is_empty() {
        return Keep::default();
    }
    let is_set = |name: &str| config.settings.iter().any(|(of, _)| of == name);
    // One that lacks its settings reads nothing: it may be one that would read everything.
    let asks = |rule: &RuleMetadata| {
        rule.settings.get("required").and_then(Value::as_array).is_some_and(|fields| !fields.is_empty())
    };
    let lacks = |rule: &RuleMetadata| asks(rule) && !is_set(&rule.name);
    kept_for(found.iter().map(|found| &found.metadata).filter(|rule| !lacks(rule)))
}

/// The rules that were asked for, and what the configuration says of them.
pub struct Chosen {
    pub found: Vec<bundle::Found>,
    pub configuration: Configuration,
    pub refusals: bundle::Refusals,
}

/// Finds the rules and reads the configuration for this input; at least one rule.
pub fn choose(selection: &Selection, options: &ConfigOptions, paths: &[PathBuf]) -> Result<Chosen, Failure> {
    let (mut all, refusals) = bundle::find(selection.bundle.as_deref())?;
    // Against all rules: `--rule` does not make the configuration of the others wrong. A rule that is missed there or
    // here may be one that was refused.
    let (_, located) = configuration::locate(options, paths)?;
    let configuration = read(located, &all).inspect_err(|_| _ = refusals.complain())?;
    let config = &configuration.config;
    config.check_waivers(today()).map_err(|cause| configuration::refused(&cause))?;
    for (name, severity) in &config.severities {
        all.iter_mut()
            .filter(|found| found.metadata.name == *name)
            .for_each(|found| found.metadata.severity = *severity);
    }
    let mut found = bundle::select(all, selection).inspect_err(|_| _ = refusals.complain())?;
    found.retain(|found| is_on(&found.metadata.name, config) || is_on_somewhere(&found.metadata.name, config));
    if found.is_empty() {
        let message = "no rule is left by --rule, --skip, --severity and the configuration";
        return Err(Failure::Usage(message.into()));
    }
    Ok(Chosen { found, configuration, refusals })
}

fn is_on(rule: &str, config: &Config) -> bool {
    !config.disabled.iter().any(|disabled| disabled == rule)
}

/// Whether some override turns the rule on.
fn is_on_somewhere(rule: &str, config: &Config) -> bool {
    let mut of_rules = config.overrides.iter().flat_map(|over| &over.rules);
    of_rules.any(|(name, over)| name == rule && over.enabled == Some(true))
}

fn read(located: Located, found: &[bundle::Found]) -> Result<Configuration, Failure> {
    let rules: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
    located.read(&rules)
}

/// Loads the rules into a sandbox with room for all cores, and gives them their settings.
pub fn load(
    found: Vec<bundle::Found>,
    selection: &Selection,
    config: &Config,
    refusals: &mut bundle::Refusals,
) -> Result<(Sandbox, Bundle<Module>), Failure> {
    load_all(found, Vec::new(), selection, config, refusals)
}

/// The same, with policies of others beside the rules.
fn load_all(
    found: Vec<bundle::Found>,
    policies: Vec<foreign::Found>,
    selection: &Selection,
    config: &Config,
    refusals: &mut bundle::Refusals,
) -> Result<(Sandbox, Bundle<Module>), Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let sandbox = Sandbox::new(foreign::limits(&policies, config), threads * (found.len() + policies.len()))
        .map_err(|cause| Failure::Bundle(format!("modules cannot be run here: {cause}")))?;
    let mut rules = Vec::new();
    if !found.is_empty() {
        rules = with_settings(&sandbox, bundle::load(&sandbox, found, refusals)?, config)?;
    }
    for policy in foreign::load(&sandbox, policies)? {
        let name = &policy.metadata.name;
        if rules.iter().any(|rule| rule.metadata.name == *name) {
            return Err(Failure::Usage(format!("there is a rule {name} beside the policy {name}; rename its file")));
        }
        rules.push(policy);
    }
    let bundle = Bundle::new(rules);
    if let Some(name) = selection.rule.iter().find(|name| off(&bundle).contains(&name.as_str())) {
        let message = format!("the rule {name} is disabled: it has no settings; `seaworthy explain {name}` lists them");
        return Err(Failure::Usage(message));
    }
    Ok((sandbox, bundle))
}

/// The rules that lack settings they need.
pub fn off<M>(bundle: &Bundle<M>) -> Vec<&str> {
    bundle.rules().iter().filter(|rule| is_off(rule)).map(|rule| &*rule.metadata.name).collect()
}

/// Reads everything there is to judge.
fn read_input(
    options: &Judging,
    (excludes, rendering, reading): (&[Exclude], &RenderOptions, &Reading),
    rules: &[bundle::Found],
) -> Result<(Input, Vec<Origin>, Vec<Unread>), Failure> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == sources::STDIN;
    let logs = options.log.iter().map(|log| &log.path).filter(is_stdin).count();
    if logs > 1 || logs == 1 && options.paths.iter().any(|path| is_stdin(&path)) {
        return Err(Failure::Usage("standard input is one log, or manifests, and `-` names it for more".into()));
    }
    let mut files = input::read(&options.paths, excludes, rendering, reading);
    sources::read_logs(&options.log, &mut files);
    let rules = rules.iter().map(|rule| &rule.metadata);
    if sources::asks_for_dockerfiles(rules.clone()) {
        sources::read_dockerfiles(&options.paths, &options.exclude, &mut files);
    }
    let trees = if sources::is_asked_for(rules) { sources::read_trees(&options.paths, &mut files) } else { Vec::new() };
    let Files { files, origins, unread, unrendered, .. } = files;
    Ok((Input::new(files).with_trees(trees).with_unrendered(unrendered), origins, unread))
}

/// A rule that lacks settings it needs does not even look at the kinds that it is about.
fn is_off<M>(rule: &Rule<M>) -> bool {
    rule.metadata.applies_to.first().is_some_and(|about| rule.mask(&about.group, &about.kind).is_none())
}

/// Judges on all cores; the order of the answers is that of the subjects.
fn judge_all<'a, R: Runtime + Sync>(
    judge: &Judge<'_, R>,
    subjects: &[Subject<'a>],
    question: impl Fn(Subject<'a>) -> Question<'a> + Sync,
) -> Vec<report::Judged<'a>>
where
    R::Module: Sync,
{
    let progress = Progress::start("judging", subjects.len());
    let judged = subjects.par_iter().map(|subject| {
        let judgements = judge.judge(&question(*subject));
        progress.step();
        report::Judged { subject: *subject, judgements }
    });
    judged.collect()
}

/// Judges one object after the other.
fn judge_in_order<'a, R: Runtime>(
    judge: &Judge<'_, R>,
    subjects: &[Subject<'a>],
    question: impl Fn(Subject<'a>) -> Question<'a>,
) -> Vec<report::Judged<'a>> {
    let progress = Progress::start("judging", subjects.len());
    let judged = subjects.iter().map(|subject| {
        let judgements = judge.judge(&question(*subject));
        progress.step();
        report::Judged { subject: *subject, judgements }
    });
    judged.collect()
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

/// Gives each rule its settings, and leave to ask what the configuration allows. The rule itself has the last word on its
/// settings.
fn with_settings(sandbox: &Sandbox, bundle: Bundle<Module>, config: &Config) -> Result<Vec<Rule<Module>>, Failure> {
    let configured = bundle.into_rules().into_iter().map(|mut rule| {
        let name = rule.metadata.name.clone();
        for (_, allowed) in config.allowed.iter().filter(|(of, _)| *of == name) {
            rule = rule.allowing(allowed.clone());
        }
        let validate = |settings: &Value| {
            rule.validate_settings(sandbox, settings).map_err(|cause| {
                Failure::Usage(format!("the settings of {name} are refused: {}", one_line(&cause.to_string())))
            })
        };
        let mut overrides = Vec::new();
        for (scope, over) in overrides_of(&name, config) {
            over.settings.as_ref().map_or(Ok(()), validate)?;
            let settings = over.settings.as_ref().map(|settings| settings.to_string().into_bytes());
            overrides.push(Override { scope: scope.clone(), enabled: over.enabled, severity: over.severity, settings });
        }
        let given = config.settings.iter().find(|(of, _)| *of == name).map(|(_, settings)| settings);
        given.map_or(Ok(()), validate)?;
        if let Some(settings) = given {
            rule = rule.with_settings(settings);
        }
        Ok(rule.with_overrides(is_on(&name, config), overrides))
    });
    configured.collect()
}

/// What is said of a rule for some places only, in order.
fn overrides_of<'c>(rule: &'c str, config: &'c Config) -> impl Iterator<Item = (&'c Scope, &'c RuleOverride)> {
    let of_rules = config.overrides.iter().flat_map(|over| over.rules.iter().map(move |said| (&over.scope, said)));
    of_rules.filter(move |(_, (name, _))| name == rule).map(|(scope, (_, said))| (scope, said))
}

/// Today, in UTC.
pub fn today() -> Date {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
    // Far in the future no waiver counts, which is the safe side of a clock that gives no date.
    Date::parse(&today).unwrap_or(Date::LAST)
}
