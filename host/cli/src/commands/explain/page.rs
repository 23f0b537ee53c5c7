//! A rule's documentation as a page of a site: what its doc comment says, and what its declaration says as tables.
//!
//! It knows metadata alone, so that a bundle of anybody's gets the same pages.

use std::fmt::Write as _;

use protocol::RuleMetadata;
use serde_json::Value;

use crate::present::markdown::cell;
use crate::present::output::printable;

/// The page, with headings from the first level on.
pub fn render(rule: &RuleMetadata) -> String {
    let RuleMetadata { name, section, severity, profile, since, .. } = rule;
    let mut text = format!("# {name}\n\n");
    let _ = writeln!(text, "Section {section} · severity {severity} · profile {profile} · since {}\n", cell(since));
    text.push_str(rule.documentation.trim_end());
    text.push('\n');
    settings(&rule.settings, &mut text);
    rests_on(rule, &mut text);
    kinds(rule, &mut text);
    looks_up(rule, &mut text);
    text
}

fn settings(schema: &Value, text: &mut String) {
    let mut rows = Vec::new();
    collect(schema, "", &mut rows);
    if rows.is_empty() {
        return;
    }
    text.push_str("\n## Settings\n\n| setting | default | |\n|---|---|---|\n");
    for (name, schema) in rows {
        let default = schema.get("default").map_or_else(|| "required".into(), |value| code(&value.to_string()));
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "| {} | {default} | {} |", code(&name), cell(description));
    }
}

/// The settings with their schemas, and below a list of objects the fields of its items: `teams[].name`.
fn collect<'a>(schema: &'a Value, prefix: &str, rows: &mut Vec<(String, &'a Value)>) {
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let name = format!("{prefix}{name}");
        rows.push((name.clone(), schema));
        if let Some(items) = schema.get("items") {
            collect(items, &format!("{name}[]."), rows);
        }
    }
}

fn rests_on(rule: &RuleMetadata, text: &mut String) {
    if rule.rests_on.is_empty() {
        return;
    }
    text.push_str("\n## Rests on\n\n");
    for tools in &rule.rests_on {
        let tools: Vec<String> = tools.iter().map(|tool| cell(&tool.name)).collect();
        let _ = writeln!(text, "- {}", tools.join(" or "));
    }
    text.push_str("\nIf the input does not use it, this rule runs only with `--profile full`.\n");
}

fn kinds(rule: &RuleMetadata, text: &mut String) {
    if rule.applies_to.is_empty() {
        return;
    }
    text.push_str("\n## Kinds\n\n");
    for kind in &rule.applies_to {
        let versions = kind.versions.join(", ");
        let group = if kind.group.is_empty() { versions } else { format!("{}/{versions}", kind.group) };
        let _ = writeln!(text, "- {} ({})", cell(&kind.kind), code(&group));
    }
}

fn looks_up(rule: &RuleMetadata, text: &mut String) {
    if rule.looks_up.is_empty() {
        return;
    }
    text.push_str("\n## Looks up\n\nIn a cluster the rule may read these kinds; they are part of its permissions.\n\n");
    for looked_up in &rule.looks_up {
        let _ = writeln!(text, "- {} ({})", cell(&looked_up.kind), code(&looked_up.api_version));
    }
}

/// A code span that a table takes: backticks of the text would end it, and a `|` ends the cell.
fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " "))
}
