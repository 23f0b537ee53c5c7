//! `seaworthy rules`: the checklist as a table.

use std::fmt::Write as _;

use clap::ValueEnum;
use engine::report::to_json;
use protocol::RuleMetadata;
use serde_json::json;

use crate::bundle;
use crate::failure::Failure;
use crate::options::selection::Selection;
use crate::present::markdown::cell;
use crate::present::output::{self, BOLD, DIM, one_line};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy rules                   the checklist
  seaworthy rules --severity high   what must not wait
  seaworthy rules --format json     all metadata: kinds, fields read, settings, documentation
  seaworthy rules --format markdown the checklist as a page, a table for each section";

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
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    let mut section = None;
    for rule in &rules {
        if section.replace(rule.section) != Some(rule.section) {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{BOLD}{}{BOLD:#}", rule.section);
        }
        let world = if rule.looks_up.is_empty() { "" } else { " (looks at other objects)" };
        let (name, severity, profile, title) = (&rule.name, rule.severity, rule.profile, one_line(&rule.title));
        let _ = writeln!(text, "  {name:width$}  {severity:8}  {profile:11}  {title}{DIM}{world}{DIM:#}");
    }
    output::print(&text).map(|()| code)
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
