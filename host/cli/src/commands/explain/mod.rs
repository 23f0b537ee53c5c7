//! `seaworthy explain`: a rule's documentation on a terminal, or as a page for a site.
//!
//! The documentation is the rule's own doc comment.

mod configured;
mod page;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use protocol::{LookUp, RuleMetadata};
use serde_json::Value;

use self::configured::Configured;
use crate::bundle;
use crate::exit::UNDECIDED;
use crate::failure::Failure;
use crate::options::configuration::ConfigOptions;
use crate::present::markdown;
use crate::present::output::{self, BOLD, CYAN, DIM, one_line, printable};
use crate::present::table::{folded, wrapped};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy explain readiness-probe                     with the settings here
  seaworthy explain readiness-probe --format markdown   a page for your own site";

#[derive(clap::Args)]
pub struct Args {
    /// The rule's name; `seaworthy rules` lists them.
    #[arg(value_name = "RULE")]
    pub rule: String,

    /// Use the modules of this folder instead of the bundle inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,

    #[command(flatten)]
    pub configuration: ConfigOptions,

    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Human,
    /// A page with its settings, kinds and look-ups as tables.
    Markdown,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let (found, refusals) = bundle::find(options.bundle.as_deref())?;
    let mut code = refusals.complain();
    let names: Vec<&str> = found.iter().map(|found| found.metadata.name.as_str()).collect();
    let rule = found.iter().map(|found| &found.metadata).find(|rule| rule.name == options.rule);
    let rule = rule.ok_or_else(|| Failure::Usage(bundle::unknown_rule(&options.rule, &names)))?;
    let text = match options.format {
        Format::Human => {
            let all: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
            let configured = match Configured::here(&options.configuration, &all, &rule.name) {
                Ok(configured) => configured,
                Err(broken) => {
                    output::complain(&broken.to_string());
                    output::warn("the rule is explained without the configuration");
                    code = UNDECIDED;
                    Configured::nowhere(&rule.name)
                }
            };
            render(rule, &configured, output::width())
        }
        Format::Markdown => page::render(rule),
    };
    output::print(&text).map(|()| code)
}

fn render(rule: &RuleMetadata, configured: &Configured<'_>, width: usize) -> String {
    let RuleMetadata { name, severity, section, profile, .. } = rule;
    let since = one_line(&rule.since);
    let about = format!("{section}, severity {severity}, profile {profile}, since {since}");
    let head = format!("{BOLD}{name}{BOLD:#}  {DIM}{about}{DIM:#}\n\n");
    let mut text = String::new();
    if let Some(url) = rule.link() {
        let _ = writeln!(text, "\n{DIM}{url}{DIM:#}");
    }
    settings(&rule.settings, configured, width, &mut text);
    for line in configured.lines() {
        let _ = writeln!(text, "\n{}", one_line(&line));
    }
    if !rule.rests_on.is_empty() {
        let _ = writeln!(text, "\n{BOLD}Rests on{BOLD:#}\n");
        for tools in &rule.rests_on {
            let tools: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            let _ = writeln!(text, "  {}", one_line(&tools.join(" or ")));
        }
        let _ = writeln!(text, "\nIf the input does not use it, this rule runs only with `--profile full`.");
    }
    if !rule.looks_up.is_empty() {
        let _ = writeln!(text, "\n{BOLD}Looks up{BOLD:#}\n");
        for LookUp { api_version, kind, .. } in &rule.looks_up {
            let _ = writeln!(text, "  {} ({})", one_line(kind), one_line(api_version));
        }
    }
    let hang = |line: &str| line.len() - line.trim_start_matches(' ').len() + 2;
    folded(&head, width, hang) + &markdown::render(&rule.documentation, width) + &folded(&text, width, hang)
}

fn settings(schema: &Value, configured: &Configured<'_>, width: usize, text: &mut String) {
    if schema.get("properties").and_then(Value::as_object).is_some_and(|known| !known.is_empty()) {
        let _ = writeln!(text, "\n{BOLD}Settings{BOLD:#}");
        fields(schema, "  ", &|name| configured.value(name), width, text);
    }
}

/// The settings, or the fields of the items of a setting below it.
fn fields(schema: &Value, indent: &str, configured: &dyn Fn(&str) -> Option<String>, width: usize, text: &mut String) {
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let name = one_line(name);
        let default = schema.get("default").map(|default| one_line(&format!("default {default}")));
        let default = default.unwrap_or_else(|| "required".into());
        let value = configured(&name).map_or_else(String::new, |value| format!("{BOLD}{}{BOLD:#}, ", one_line(&value)));
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "\n{indent}{CYAN}{name}{CYAN:#}  {value}{DIM}{default}{DIM:#}");
        for line in description.lines().flat_map(|line| wrapped(line, width.saturating_sub(indent.len() + 2))) {
            let _ = writeln!(text, "{indent}  {}", printable(&line));
        }
        if let Some(items) = schema.get("items") {
            // The values of a list's items are part of the list's.
            fields(items, &format!("{indent}    "), &|_| None, width, text);
        }
    }
}
