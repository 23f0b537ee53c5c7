//! `seaworthy fix`: shows the edits that fix findings, or writes them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::fixes::{Left, Made};

use crate::change;
use crate::exit::{BROKEN, HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::fixing::{Fixed, fixed};
use crate::options::judging::Judging;
use crate::present::output::{self, BOLD, DIM, GREEN, YELLOW, count, one_line};

/// How many edits that are not made are told one by one.
const TOLD: usize = 20;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy fix k8s/             show what would change, as a diff
  seaworthy fix k8s/ --write     change the files
  seaworthy fix k8s/ --unsafe    with edits that you have to review: docs/fix.md
  seaworthy fix k8s/ --rule min-ready-seconds --write
                                 the edits of one rule

Exit codes:
  0  there is nothing to edit, or everything was written; findings without an
     edit are left to `seaworthy check`
  1  the diff shows edits that are not written
  2  a file could not be written, or something could not be checked";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub judging: Judging,

    /// Show what would change, and write nothing. This is the default.
    #[arg(long, conflicts_with = "write")]
    pub diff: bool,

    /// Change the files. Each is written whole or not at all; links are not written through.
    #[arg(long)]
    pub write: bool,

    /// Also make edits that may change how a workload runs. Review what they change.
    #[arg(long = "unsafe")]
    pub needing_review: bool,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let Args { judging, write, needing_review, .. } = options;
    let is_stdin = |path: &PathBuf| path.as_os_str() == sources::STDIN;
    if judging.paths.iter().any(is_stdin) || judging.log.iter().any(|log| is_stdin(&log.path)) {
        return Err(Failure::Usage("`seaworthy fix` changes files: name files or folders, not `-`".into()));
    }
    let fixed = fixed(judging, *needing_review)?;
    let mut failed = false;
    for (path, change) in &fixed.changes {
        if !write {
            output::print(&(change::diff(change) + "\n"))?;
        } else if let Err(cause) = change::write(path, change) {
            output::complain(&format!("{} {cause}", one_line(&change.name)));
            failed = true;
        }
    }
    output::print(&summary(&fixed, *write && !failed))?;
    if fixed.is_incomplete {
        output::complain("not everything could be checked; run `seaworthy check` to see what and why");
    }
    Ok(match (failed || fixed.is_incomplete, *write || fixed.changes.is_empty()) {
        (true, _) => UNDECIDED,
        (false, true) => HOLDS,
        (false, false) => BROKEN,
    })
}

fn summary(Fixed { changes, made, rest, .. }: &Fixed, is_written: bool) -> String {
    let (findings, files) = (count(made.len(), "finding"), count(changes.len(), "file"));
    let mut text = match (changes.is_empty(), is_written) {
        (true, _) => "Nothing to edit\n".to_owned(),
        (false, true) => format!("{GREEN}Fixed {findings} in {files}{GREEN:#}\n"),
        (false, false) => format!("{BOLD}{findings} can be fixed in {files}{BOLD:#}; `--write` makes the changes\n"),
    };
    for ((rule, needs_review), count) in by_rule(made) {
        let review = if needs_review { format!("  {YELLOW}review it{YELLOW:#}") } else { String::new() };
        text.push_str(&format!("  {count:>4}  {}{review}\n", one_line(rule)));
    }
    if !rest.left.is_empty() {
        text.push_str(&format!("\n{} not made:\n", count(rest.left.len(), "edit")));
        rest.left.iter().take(TOLD).for_each(|left| text.push_str(&told(left)));
        if rest.left.len() > TOLD {
            text.push_str(&format!("  and {} more\n", rest.left.len() - TOLD));
        }
    }
    if rest.need_review > 0 {
        let edits = count(rest.need_review, "more edit");
        text.push_str(&format!("\n{edits} may change how a workload runs: `--unsafe` makes them, for you to review\n"));
    }
    if rest.by_hand > 0 {
        let findings = count(rest.by_hand, "finding");
        text.push_str(&format!("{findings} left to fix by hand: run `seaworthy check` to see how\n"));
    }
    text
}

fn by_rule(made: &[Made]) -> BTreeMap<(&str, bool), usize> {
    let mut counts = BTreeMap::new();
    for made in made {
        *counts.entry((made.finding.asked.rule.as_str(), made.needs_review)).or_default() += 1;
    }
    counts
}

fn told(Left { finding, about, fix, why }: &Left) -> String {
    let place = format!("{}: {about}: {}", finding.asked.file, finding.asked.rule);
    let fix = fix.lines().collect::<Vec<_>>().join("; ");
    format!("  {}\n    {DIM}{}{DIM:#}\n    {}\n", one_line(&place), one_line(&fix), one_line(why))
}
