//! `seaworthy rules`: the checklist, by section and profile.

use std::fmt::Write as _;

use clap::ValueEnum;
use engine::report::to_json;
use protocol::{Profile, RuleMetadata};
use serde_json::json;

use crate::bundle;
use crate::failure::Failure;
use crate::options::selection::Selection;
use crate::present::markdown::cell;
use crate::present::output::{self, BOLD, DIM, one_line};
use crate::present::table::{WIDTH, wrapped};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy rules      the checklist
  seaworthy rules --severity high
                       what must not wait
  seaworthy rules --format json
                       all metadata: kinds, fields read, settings, documentation
  seaworthy rules --format markdown
                       the checklist as a page, a table for each section";

/// What the profiles are: a rule is in its own and in those after it.
const PROFILES: &str = "
A profile has the rules of those before it: essential, recommended (the default
of `check`), full (the default of `readiness`).
`seaworthy explain RULE` says what a rule requires, why, and how to fix it.
";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub selection: Selection,

    /// How to print the list.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table.
    Human,
    /// A page: a table for each section, with links to `<rule>.md`, which `explain --format markdown` writes.
    Markdown,
    /// All that the rules say of themselves.
    Json,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let selection = &options.selection;
    let (found, refusals) = bundle::find(selection.bundle.as_deref())?;
    let code = refusals.complain();
    let found = bundle::select(found, selection)?;
    let mut rules: Vec<_> = found.into_iter().map(|found| found.metadata).collect();
    rules.sort_by(|one, other| (one.section, &one.name).cmp(&(other.section, &other.name)));
    if options.format == Format::Json {
        return output::print(&(to_json(&json!(rules)) + "\n")).map(|()| code);
    }
    if options.format == Format::Markdown {
        return output::print(&page(&rules)).map(|()| code);
    }
    if rules.is_empty() {
        return output::print("No rule is left by --rule, --skip and --severity.\n").map(|()| code);
    }
    output::print(&list(&rules)).map(|()| code)
}

/// The checklist for a terminal: by section, then by the smallest profile that has the rule. No line is wider than 80
/// columns.
fn list(rules: &[RuleMetadata]) -> String {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for section in rules.chunk_by(|one, other| one.section == other.section) {
        for profile in Profile::ALL {
            let rules: Vec<&RuleMetadata> = section.iter().filter(|rule| rule.profile == profile).collect();
            let Some(first) = rules.first() else { continue };
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{BOLD}{}{BOLD:#}, profile {profile}", first.section);
            for RuleMetadata { name, severity, title, looks_up, .. } in rules {
                let _ = match looks_up.is_empty() {
                    true => writeln!(text, "  {name:width$}  {severity}"),
                    false => writeln!(text, "  {name:width$}  {severity:8}  {DIM}looks at other objects{DIM:#}"),
                };
                for line in wrapped(&one_line(title), WIDTH - 4) {
                    let _ = writeln!(text, "    {line}");
                }
            }
        }
    }
    text + PROFILES
}

/// The checklist as Markdown.
fn page(rules: &[RuleMetadata]) -> String {
    let mut text = format!("# Rules\n\n{} rules, by section of the checklist.\n", rules.len());
    for rules in rules.chunk_by(|one, other| one.section == other.section) {
        let section = rules.first().map(|rule| rule.section.to_string()).unwrap_or_default();
        let _ = write!(text, "\n## {section}\n\n| rule | requires | severity | profile |\n|---|---|---|---|\n");
        for RuleMetadata { name, title, severity, profile, .. } in rules {
            let (name, title) = (cell(name), cell(title));
            let _ = writeln!(text, "| [{name}]({name}.md) | {title} | {severity} | {profile} |");
        }
    }
    text
}
