//! `seaworthy rules`: the checklist as a table.

use std::fmt::Write as _;

use serde_json::json;

use crate::arguments::{Format, RulesOptions};
use crate::output::{self, BOLD, DIM, Failure};
use crate::{HOLDS, bundle};

/// Runs the command.
pub fn run(options: &RulesOptions) -> Result<u8, Failure> {
    let mut rules: Vec<_> = bundle::find(&options.selection)?.into_iter().map(|found| found.metadata).collect();
    rules.sort_by(|one, other| (one.section, &one.name).cmp(&(other.section, &other.name)));
    if options.format == Format::Json {
        let text = serde_json::to_string_pretty(&json!(rules)).unwrap_or_default();
        return output::print(&(text + "\n")).map(|()| HOLDS);
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
        let _ = writeln!(text, "  {:width$}  {:8}  {}{DIM}{world}{DIM:#}", rule.name, rule.severity, rule.title);
    }
    output::print(&text).map(|()| HOLDS)
}
