//! `seaworthy inspect`: what a module says of itself. Nothing in it is run.

use std::fmt::Write as _;
use std::fs;

use protocol::{KindMatch, LookUp};
use sandbox::{Limits, sections};
use serde_json::Value;

use crate::HOLDS;
use crate::arguments::InspectOptions;
use crate::output::{self, BOLD, Failure, printable};

/// Runs the command.
pub fn run(options: &InspectOptions) -> Result<u8, Failure> {
    let path = options.file.display();
    let wasm = fs::read(&options.file).map_err(|cause| Failure::File(format!("{path}: cannot be read: {cause}")))?;
    let sections = sections(&wasm, &Limits::default())
        .map_err(|cause| Failure::Bundle(format!("{path} is no policy module: {cause}")))?;
    let mut text = format!("{BOLD}{path}{BOLD:#}  {} bytes\n", wasm.len());
    if let Some(rule) = &sections.rule {
        let _ = writeln!(text, "\n{BOLD}A seaworthy rule{BOLD:#}");
        line(&mut text, "name", &format!("{} {}", rule.name, rule.version));
        line(&mut text, "decides", &rule.title);
        line(&mut text, "section", rule.section.name());
        line(&mut text, "severity", rule.severity.name());
        let kinds = rule.applies_to.iter().map(|KindMatch { group, kind, .. }| format!("{kind}.{group}"));
        line(&mut text, "judges", &list(kinds.map(|kind| kind.trim_end_matches('.').to_owned())));
        line(&mut text, "reads", &list(rule.reads.iter().cloned()));
        line(
            &mut text,
            "looks up",
            &list(rule.looks_up.iter().map(|LookUp { api_version, kind, .. }| format!("{api_version} {kind}"))),
        );
        line(&mut text, "examples", &rule.examples.len().to_string());
    }
    if let Some(metadata) = &sections.kubewarden {
        let _ = writeln!(text, "\n{BOLD}Kubewarden metadata{BOLD:#}");
        let shown = metadata.as_object().into_iter().flatten().filter(|(key, _)| *key != "annotations");
        for (key, value) in shown {
            line(&mut text, key, &value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned));
        }
        for (key, value) in metadata.get("annotations").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            line(&mut text, key, value.lines().next().unwrap_or_default());
        }
    }
    output::print(&text).map(|()| HOLDS)
}

fn line(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "  {:12}  {}", printable(key), printable(value));
}

fn list(items: impl Iterator<Item = String>) -> String {
    let joined = items.collect::<Vec<_>>().join(", ");
    if joined.is_empty() { "nothing".into() } else { joined }
}
