//! `seaworthy import waivers`: what another tool is told to ignore, as a configuration of ours.

use std::path::PathBuf;

use clap::Subcommand;
use engine::Input;
use engine::config::LONGEST_WAIVER_DAYS;
use engine::imports;
use engine::waiver::Date;
use sources::{Exclude, Files, Mode, Reading, RenderOptions};

use crate::bundle;
use crate::exit::{HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::input;
use crate::judging;
use crate::present::output;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy import waivers k8s/ --owner ana@example.com --expires 2027-03-31
  seaworthy import waivers . --owner platform-team --expires 2027-03-31 \\
                    > platform.yaml

It reads the annotations of kube-linter, kube-score, Polaris and Checkov,
.kube-linter.yaml, .checkov.yaml and a configuration of Polaris.
docs/coming-from.md has the table of all checks and rules.";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write a configuration with waivers to standard output, and name what could not be carried over.
    #[command(after_help = EXAMPLES)]
    Waivers(Waivers),
}

#[derive(clap::Args)]
struct Waivers {
    /// Files and folders with manifests, and with the files of the other tool.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Do not read what matches this pattern, in the way of .gitignore. May be given several times.
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<Exclude>,

    /// Who answers for the waivers.
    #[arg(long, alias = "by", value_name = "WHO", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    owner: String,

    /// The last day on which they count, such as 2027-03-31: at most 365 days from now.
    #[arg(long, alias = "until", value_name = "DATE", value_parser = day)]
    expires: Date,
}

/// A day that is not past, and on which waivers still count where a configuration says nothing of it.
fn day(text: &str) -> Result<Date, String> {
    let day = Date::parse(text).ok_or_else(|| "expected a day, such as 2027-03-31".to_owned())?;
    match day.days_since(judging::today()) {
        ..0 => Err("the day is past, so the waivers would not count".to_owned()),
        days if days > i64::from(LONGEST_WAIVER_DAYS) => Err(format!(
            "the day is {days} days away, and a waiver may last {LONGEST_WAIVER_DAYS}: give an earlier one"
        )),
        _ => Ok(day),
    }
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let What::Waivers(Waivers { paths, exclude, owner, expires }) = &options.what;
    // What is rendered comes from files that are read as they are, and a waiver is for what somebody wrote.
    let as_written = RenderOptions { mode: Mode::Never, ..RenderOptions::default() };
    let Files { files, unread, .. } = input::read(paths, exclude, &as_written, &Reading::default());
    let input = Input::new(files);
    let (rules, _) = bundle::find(None)?;
    let rules: Vec<&str> = rules.iter().map(|found| &*found.metadata.name).collect();
    let imported = imports::import(&input, &rules);
    let problems = sources::problems(&input, &unread);
    if !imported.is_empty() {
        output::print(&imported.to_yaml(owner, *expires))?;
    }
    for lost in imported.lost() {
        output::warn(&format!("{}: not carried over: {}: {}", lost.at, lost.what, lost.why));
    }
    problems.iter().for_each(|problem| output::complain(problem));
    if input.files().is_empty() && problems.is_empty() {
        output::complain("there is no .yaml, .yml or .json file here");
    } else if imported.is_empty() && problems.is_empty() {
        output::warn("no file here tells kube-linter, kube-score, Polaris or Checkov to ignore anything");
    }
    Ok(if problems.is_empty() && !input.files().is_empty() { HOLDS } else { UNDECIDED })
}
