//! `seaworthy check`: reads, judges on all cores, prints.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use engine::config::Config;
use engine::report::{Judged, Report};
use engine::waiver::Date;
use engine::{Bundle, Completeness, Input, Judge, Rule, Runtime, Subject, World};
use protocol::RuleMetadata;
use rayon::prelude::*;
use sandbox::{Limits, Module, Sandbox};

use crate::arguments::{CheckOptions, Format};
use crate::files::{self, Files};
use crate::output::{self, Failure};
use crate::{BROKEN, HOLDS, UNDECIDED, bundle, human};

/// Runs the command; the exit code says what was decided.
pub fn run(options: &CheckOptions) -> Result<u8, Failure> {
    let mut found = bundle::find(&options.selection)?;
    let config = read_config(options.config.as_deref(), &found)?;
    found.retain(|found| !config.disabled.contains(&found.metadata.name));
    if found.is_empty() {
        return Err(Failure::Usage("no rule is selected".into()));
    }

    let Files { files, unread } = files::read_all(&options.paths);
    let input = Input::new(files);
    let subjects: Vec<Subject<'_>> = input.subjects().collect();

    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let sandbox = Sandbox::new(Limits::default(), threads * found.len())
        .map_err(|cause| Failure::Bundle(format!("modules cannot be run here: {cause}")))?;
    let bundle = bundle::load(&sandbox, found)?;
    let bundle = with_settings(&sandbox, bundle, &config)?;

    let completeness = options.world.map_or_else(|| default_world(options), Completeness::from);
    let world = World::new(&input);
    let judge = Judge::new(&sandbox, &bundle, &input, &world, completeness);
    let judged = judge_all(&judge, &subjects);

    let report = Report::new(&input, &bundle, completeness, judged, unread, &config.waivers, today());
    match options.format {
        Format::Human => output::print(&human::render(&report))?,
        Format::Json => output::print(&(report.to_json(env!("CARGO_PKG_VERSION")) + "\n"))?,
    }
    Ok(exit_code(&report, options.strict))
}

/// Judges on all cores; the order of the answers is that of the subjects.
fn judge_all<'a, R: Runtime + Sync>(judge: &Judge<'_, R>, subjects: &[Subject<'a>]) -> Vec<Judged<'a>>
where
    R::Module: Sync,
{
    let judged = subjects.par_iter().map(|subject| Judged { subject: *subject, judgements: judge.judge(*subject) });
    judged.collect()
}

/// Folders are everything there is; a file or a stream may be one of many.
fn default_world(options: &CheckOptions) -> Completeness {
    if options.paths.iter().all(|path| path.is_dir()) { Completeness::Complete } else { Completeness::Partial }
}

fn exit_code(report: &Report<'_>, strict: bool) -> u8 {
    if report.is_undecided() || report.judged.is_empty() || strict && skipped_any(report) {
        UNDECIDED
    } else if report.has_failures() {
        BROKEN
    } else {
        HOLDS
    }
}

fn skipped_any(report: &Report<'_>) -> bool {
    let harmless = |skip: &engine::Skip| matches!(skip, engine::Skip::NoObject(engine::manifest::SkipReason::Empty));
    !report.unread.is_empty() || report.skipped.iter().any(|skipped| !harmless(&skipped.reason))
}

fn read_config(path: Option<&Path>, found: &[bundle::Found]) -> Result<Config, Failure> {
    let Some(path) = path else {
        return Ok(Config::default());
    };
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|cause| Failure::File(format!("{name}: cannot be read: {cause}")))?;
    let rules: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
    Config::read(&name, text, &rules).map_err(|cause| Failure::Usage(format!("{name}:{cause}")))
}

/// Gives each rule its settings. The rule itself has the last word on them.
fn with_settings(sandbox: &Sandbox, bundle: Bundle<Module>, config: &Config) -> Result<Bundle<Module>, Failure> {
    let mut rules = Vec::new();
    for rule in bundle.into_rules() {
        let name = &rule.metadata.name;
        let Some((_, settings)) = config.settings.iter().find(|(of, _)| of == name) else {
            rules.push(rule);
            continue;
        };
        rule.validate_settings(sandbox, settings)
            .map_err(|cause| Failure::Usage(format!("the settings of {name} are refused: {cause}")))?;
        rules.push(Rule::with_settings(rule, settings));
    }
    Ok(Bundle::new(rules))
}

fn today() -> Date {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
    // Far in the future no waiver counts, which is the safe side of a clock that gives no date.
    Date::parse(&today).unwrap_or(Date::LAST)
}
