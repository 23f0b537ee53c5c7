//! `seaworthy inspect`: what a module says of itself. Nothing in it is run.

use std::fmt::Write as _;
use std::path::PathBuf;

use protocol::{KindMatch, LookUp};
use serde_json::Value;

use crate::bundle;
use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::present::output::{self, BOLD, one_line};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy inspect policies/readiness-probe.wasm";

#[derive(clap::Args)]
pub struct Args {
    /// The module.
    #[arg(value_name = "FILE.wasm")]
    pub file: PathBuf,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let path = output::shown(&options.file);
    let (wasm, sections) =
        bundle::read_module(&options.file).map_err(|cause| Failure::Bundle(format!("{path} {cause}")))?;
    let mut text = format!("{BOLD}{path}{BOLD:#}  {} bytes\n", wasm.len());
    if let Some(rule) = &sections.rule {
        let _ = writeln!(text, "\n{BOLD}A seaworthy rule{BOLD:#}");
        line(&mut text, "name", &format!("{} {}", rule.name, rule.version));
        line(&mut text, "decides", &rule.title);
        line(&mut text, "section", rule.section.name());
        line(&mut text, "severity", rule.severity.name());
        let kinds = rule.applies_to.iter().map(|KindMatch { group, kind, .. }| format!("{kind}.{group}"));
        line(&mut text, "checks", &list(kinds.map(|kind| kind.trim_end_matches('.').to_owned())));
        line(&mut text, "reads", &list(rule.reads.iter().cloned()));
        line(
            &mut text,
            "looks up",
            &list(rule.looks_up.iter().map(|LookUp { api_version, kind, .. }| format!("{api_version} {kind}"))),
        );
        if !rule.capabilities.is_empty() {
            line(&mut text, "asks for", &list(rule.capabilities.iter().cloned()));
        }
        line(&mut text, "examples", &rule.examples.len().to_string());
    }
    if let Some(metadata) = &sections.kubewarden {
        let _ = writeln!(text, "\n{BOLD}Kubewarden metadata{BOLD:#}");
        for (key, value) in metadata.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("rules", Value::Array(rules)) => rules.iter().for_each(|rule| line(&mut text, key, &admission(rule))),
                ("contextAwareResources", Value::Array(kinds)) => {
                    let kinds = kinds.iter().map(|kind| format!("{} {}", word(kind, "apiVersion"), word(kind, "kind")));
                    line(&mut text, key, &list(kinds));
                }
                (_, Value::Array(items)) => {
                    line(&mut text, key, &list(items.iter().filter_map(Value::as_str).map(ToOwned::to_owned)));
                }
                ("annotations", Value::Object(annotations)) => {
                    for (key, value) in annotations {
                        let value = value.as_str().unwrap_or_default();
                        let first = value.lines().next().unwrap_or_default();
                        line(&mut text, key.trim_start_matches("io.kubewarden.policy."), first);
                    }
                }
                (_, Value::String(value)) => line(&mut text, key, value),
                (_, other) => line(&mut text, key, &other.to_string()),
            }
        }
    }
    output::print(&text).map(|()| HOLDS)
}

/// One of the metadata's `rules`: `CREATE, UPDATE of deployments in apps/v1`.
fn admission(rule: &Value) -> String {
    let words = |key: &str| {
        let words = rule.get(key).and_then(Value::as_array).into_iter().flatten();
        list(words.filter_map(Value::as_str).map(ToOwned::to_owned))
    };
    let group = match words("apiGroups") {
        core if core.is_empty() => words("apiVersions"),
        group => format!("{group}/{}", words("apiVersions")),
    };
    format!("{} of {} in {group}", words("operations"), words("resources"))
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn line(text: &mut String, key: &str, value: &str) {
    let value = if value.is_empty() { "nothing" } else { value };
    let _ = writeln!(text, "  {:26}  {}", one_line(key), one_line(value));
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
