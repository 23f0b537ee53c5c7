//! `seaworthy baseline`: writes down what is found today, so that only what comes after it fails.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use engine::baseline::Baseline;
use engine::report::Report;
use protocol::Profile;

use crate::configuration::{read_baseline, shown};
use crate::exit::{HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::judging::{Chosen, choose};
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::prepared::{Judged, Known, Needs, judged};
use crate::present::output::{self, count, one_line};
use crate::replace::replace;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy baseline write k8s/    write all findings to seaworthy-baseline.yaml
  seaworthy check k8s/ --baseline seaworthy-baseline.yaml
                                   fails only for new findings
  seaworthy baseline update k8s/   remove findings that are gone
  seaworthy baseline update k8s/ --add
                                   and add new ones

Exit codes:
  0  written
  2  not written, or not everything could be checked";

const WRITE: &str = "\
Examples:
  seaworthy baseline write k8s/   write all findings to seaworthy-baseline.yaml
  seaworthy baseline write k8s/ --output known.yaml
                                  or to another file";

const UPDATE: &str = "\
Examples:
  seaworthy baseline update k8s/         remove findings that are gone
  seaworthy baseline update k8s/ --add   and add new ones";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write all current findings to a new file. Waived findings are left out.
    #[command(after_help = WRITE)]
    Write {
        #[command(flatten)]
        judging: Judging,

        /// The file. The default is the `baseline` of the configuration, or seaworthy-baseline.yaml.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,

        /// Replace an existing file.
        #[arg(long)]
        force: bool,
    },
    /// Remove findings that are gone from the file. New findings are added only with `--add`.
    #[command(after_help = UPDATE)]
    Update {
        #[command(flatten)]
        judging: Judging,

        /// Add new findings.
        #[arg(long)]
        add: bool,
    },
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    match &options.command {
        Command::Write { judging, output, force } => write(judging, output.as_deref(), *force),
        Command::Update { judging, add } => update(judging, *add),
    }
}

fn write(options: &Judging, output: Option<&Path>, force: bool) -> Result<u8, Failure> {
    if options.baseline.is_some() {
        return Err(Failure::Usage("a new baseline is written to --output FILE; --baseline is for `update`".into()));
    }
    let path = file(options, output)?;
    let name = one_line(&shown(&path));
    if !force && path.symlink_metadata().is_ok() {
        let message = format!("{name} exists already: `seaworthy baseline update` changes it, --force replaces it");
        return Err(Failure::Usage(message));
    }
    all_findings(options, |report, baseline| {
        save(&path, &baseline)?;
        output::print(&format!("{name}: {}; `--baseline {name}` accepts them\n", count(baseline.len(), "finding")))?;
        let code = complete(report);
        if code != HOLDS {
            output::complain(&format!("{name} is incomplete: fix that, and write it again with --force"));
        }
        Ok(code)
    })
}

fn update(options: &Judging, add: bool) -> Result<u8, Failure> {
    let path = file(options, options.baseline.as_deref())?;
    let name = one_line(&shown(&path));
    let bytes = sources::read_regular(&path, engine::manifest::Limits::default().bytes);
    let old = read_baseline(&name, bytes.map_err(|cause| cause.to_string()))?;
    all_findings(options, |report, found| {
        if complete(report) != HOLDS {
            output::complain(&format!("{name} was not changed: findings that were not checked may still exist"));
            return Ok(UNDECIDED);
        }
        let gone = report.gone(&old, &found);
        let new = found.without(&old).count();
        let mut baseline = old.less(&gone);
        let come = if add { new } else { 0 };
        if add {
            baseline = baseline.and(found);
        }
        save(&path, &baseline)?;
        let left = match new - come {
            0 => String::new(),
            left => format!("; {} left out; --add adds them", count(left, "new finding")),
        };
        let known = count(baseline.len(), "finding");
        output::print(&format!("{name}: {known}, {} removed, {come} added{left}\n", gone.len()))?;
        Ok(HOLDS)
    })
}

/// The file that was named, or else the one of the configuration, or the usual one.
fn file(options: &Judging, given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let Chosen { configuration, .. } = choose(&options.selection, &options.configuration, &options.paths)?;
    Ok(configuration.baseline_path(None).unwrap_or_else(|| PathBuf::from(sources::BASELINE)))
}

/// Checks, and hands on what is broken, where nothing is known.
fn all_findings<T>(
    options: &Judging,
    then: impl FnOnce(&Report<'_>, Baseline) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (policies, known) = (PolicyOptions::default(), Baseline::default());
    let needs = Needs { profile: Profile::Recommended, whole_objects: true, documentation: false };
    judged(options, &policies, needs, Known::These(&known), |Judged { report, .. }| {
        then(report, Baseline::of(report.violations()))
    })
}

/// Whether all was checked: the exit code.
fn complete(report: &Report<'_>) -> u8 {
    if report.is_incomplete() {
        output::complain("not everything could be checked; run `seaworthy check` to see what and why");
        UNDECIDED
    } else {
        HOLDS
    }
}

fn save(path: &Path, baseline: &Baseline) -> Result<(), Failure> {
    replace(path, baseline.to_yaml().as_bytes()).map_err(|cause| Failure::File(format!("{} {cause}", shown(path))))
}
