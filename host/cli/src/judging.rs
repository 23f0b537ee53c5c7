//! From paths to a report: reads the files and the configuration, and judges on all cores. What commands have in common.
//!
//! It must not know how a report is printed, nor what exit code it is worth.

use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use engine::config::Config;
use engine::manifest::Keep;
use engine::report::{self, Report, Unread};
use engine::waiver::Date;
use engine::{Bundle, Completeness, Input, Judge, Question, Rule, Runtime, Selected, Subject, World, kept_for};
use protocol::{Profile, RuleMetadata};
use rayon::prelude::*;
use sandbox::{Module, Sandbox};
use serde_json::Value;
use sources::{Files, Origin, Reading};

use crate::budget;
use crate::bundle;
use crate::failure::Failure;
use crate::foreign::{self, FileChange};
use crate::input;
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
    pub config: &'a Config,
    pub today: Date,
    /// The rules that say nothing, since the configuration lacks the settings that they need.
    pub off: Vec<&'a str>,
    /// What policies would change, or have changed.
    pub changes: Vec<FileChange>,
}

/// Judges what the options name, by rules and by policies of others, and hands the result on.
pub fn judged<T>(
    options: &Judging,
    policies: &PolicyOptions,
    usual: Profile,
    wanted: Wanted,
    then: impl FnOnce(Judged<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    policies.check(&options.paths)?;
    let Chosen { mut found, config, mut refusals } = choose(&options.selection, options.config.as_deref())?;
    if policies.are_alone(&options.selection) {
        found.clear();
    }
    let foreign = foreign::find(policies, &config)?;
    let mut reading = Reading { keep: kept(&found, &foreign, &config, wanted), ..Reading::default() };
    options.limits.unwrap_or_default().apply(&mut reading);
    let (input, origins, mut unread) = read_input(options, &found, &reading)?;
    let subjects: Vec<Subject<'_>> = input.subjects().collect();
    let profile = profile(options, &found, &config, &input, usual);
    found.retain(|found| !profile.as_ref().is_some_and(|profile| profile.leaves_out(&found.metadata.name)));

    // What comes next ends the process: the system takes back the pool and the code at once, and faster.
    let (sandbox, bundle) = load_all(found, foreign, &options.selection, &config, &mut refusals)?;
    let (sandbox, bundle) = (ManuallyDrop::new(sandbox), ManuallyDrop::new(bundle));
    unread.extend(refusals.into_unread());
    let off = off(&bundle);

    let completeness = options.world.map_or_else(|| default_world(options), Completeness::from);
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
    let changes = foreign::settle((&input, &origins), &bundle, &mut judged, (&config, today), policies.write)?;
    let report = Report::new(&input, &bundle, completeness, judged, unread, &config.waivers, today)
        .selected_by(profile)
        .accepting_unchecked(options.allow_unchecked);
    then(Judged { report: &report, config: &config, today, off, changes })
}

/// The profile, where there are rules that nobody named.
fn profile(
    options: &Judging,
    found: &[bundle::Found],
    config: &Config,
    input: &Input,
    usual: Profile,
) -> Option<Selected> {
    let is_named = |name: &str| config.enabled.iter().any(|enabled| enabled == name);
    (options.selection.rule.is_empty() && !found.is_empty()).then(|| {
        let rules = found.iter().map(|found| &found.metadata);
        Selected::new(options.profile.unwrap_or(usual), rules, input, is_named)
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
    pub config: Config,
    pub refusals: bundle::Refusals,
}

/// Finds the rules and reads the configuration; at least one rule.
pub fn choose(selection: &Selection, config: Option<&Path>) -> Result<Chosen, Failure> {
    let (all, refusals) = bundle::find(selection.bundle.as_deref())?;
    // Against all rules: `--rule` does not make the configuration of the others wrong. A rule that is missed there or
    // here may be one that was refused.
    let config = read_config(config, &all).inspect_err(|_| _ = refusals.complain())?;
    let mut found = bundle::select(all, selection).inspect_err(|_| _ = refusals.complain())?;
    found.retain(|found| !config.disabled.contains(&found.metadata.name));
    if found.is_empty() {
        let message = "no rule is left by --rule, --skip, --severity and the configuration";
        return Err(Failure::Usage(message.into()));
    }
    Ok(Chosen { found, config, refusals })
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
    rules: &[bundle::Found],
    reading: &Reading,
) -> Result<(Input, Vec<Origin>, Vec<Unread>), Failure> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == sources::STDIN;
    let logs = options.log.iter().map(|log| &log.path).filter(is_stdin).count();
    if logs > 1 || logs == 1 && options.paths.iter().any(|path| is_stdin(&path)) {
        return Err(Failure::Usage("standard input is one log, or manifests, and `-` names it for more".into()));
    }
    let mut files = input::read(&options.paths, &options.exclude, &options.rendering.options(), reading);
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

/// The configuration, held against all rules there are.
pub fn read_config(path: Option<&Path>, found: &[bundle::Found]) -> Result<Config, Failure> {
    let Some(path) = path else {
        return Ok(Config::default());
    };
    let name = path.display().to_string();
    let limit = engine::manifest::Limits::default().bytes;
    let text = sources::read_regular(path, limit).map_err(|cause| Failure::File(format!("{name} {cause}")))?;
    let rules: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
    Config::read(&name, text, &rules).map_err(|cause| Failure::Usage(format!("{name}:{cause}")))
}

/// Gives each rule its settings, and leave to ask what the configuration allows. The rule itself has the last word on its
/// settings.
fn with_settings(sandbox: &Sandbox, bundle: Bundle<Module>, config: &Config) -> Result<Vec<Rule<Module>>, Failure> {
    let configured = bundle.into_rules().into_iter().map(|mut rule| {
        let name = rule.metadata.name.clone();
        for (_, allowed) in config.allowed.iter().filter(|(of, _)| *of == name) {
            rule = rule.allowing(allowed.clone());
        }
        let Some((_, settings)) = config.settings.iter().find(|(of, _)| *of == name) else { return Ok(rule) };
        rule.validate_settings(sandbox, settings).map_err(|cause| {
            Failure::Usage(format!("the settings of {name} are refused: {}", one_line(&cause.to_string())))
        })?;
        Ok(rule.with_settings(settings))
    });
    configured.collect()
}

/// Today, in UTC.
pub fn today() -> Date {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
    // Far in the future no waiver counts, which is the safe side of a clock that gives no date.
    Date::parse(&today).unwrap_or(Date::LAST)
}
