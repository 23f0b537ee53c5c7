//! `seaworthy config`: what counts for an input, and where each value of it comes from.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use engine::config::{SetValue, schema, set_values};
use engine::report::to_json;
use protocol::RuleMetadata;
use serde_json::json;

use crate::bundle;
use crate::configuration::locate;
use crate::failure::Failure;
use crate::options::configuration::ConfigOptions;
use crate::present::output::{self, DIM, one_line};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy config                what counts for the folder you are in
  seaworthy config k8s/ --format json
                                  for machines
  seaworthy config --schema > seaworthy.schema.json
                                  for editors, with all rules and their settings";

#[derive(clap::Args)]
pub struct Args {
    /// What would be checked: the configuration of this input is shown.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub configuration: ConfigOptions,

    /// Use the modules (`<rule>.wasm`) of this folder instead of the bundle inside the binary.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,

    /// Print the JSON Schema of configurations instead.
    #[arg(long)]
    pub schema: bool,

    /// How to print the values.
    #[arg(long, value_enum, default_value_t = Format::Yaml, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The resulting configuration, with the place that each line comes from.
    Yaml,
    /// For machines: a list of `path`, `value`, `file` and `line`.
    Json,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let (found, refusals) = bundle::find(options.bundle.as_deref())?;
    let code = refusals.complain();
    let rules: Vec<&RuleMetadata> = found.iter().map(|found| &found.metadata).collect();
    if options.schema {
        return output::print(&(to_json(&schema(&rules)) + "\n")).map(|()| code);
    }
    let (path, located) = locate(&options.configuration, &options.paths)?;
    let values = match path {
        None => set_values("", Vec::new(), &mut engine::config::Alone).unwrap_or_default(),
        Some(_) => located.open(|name, text, loader| set_values(name, text, loader))?,
    };
    // Whatever is shown counts: what does not hold is refused here as in a check.
    let configuration = located.read(&rules)?;
    configuration
        .config
        .check_waivers(crate::judging::today())
        .map_err(|cause| crate::configuration::refused(&cause))?;
    let text = match options.format {
        Format::Yaml => yaml(&values, configuration.shown.is_some()),
        Format::Json => json(&values),
    };
    output::print(&text).map(|()| code)
}

fn yaml(values: &[SetValue], is_found: bool) -> String {
    let mut text = String::new();
    if !is_found {
        let _ = writeln!(text, "{DIM}# no seaworthy.yaml here or above{DIM:#}");
    }
    let width =
        values.iter().map(|value| value.line.chars().count()).filter(|width| *width <= 60).max().unwrap_or_default();
    for SetValue { line, value, spot, .. } in values {
        let from = match (value, spot) {
            (None, _) => String::new(),
            (Some(_), None) => "  # default".to_owned(),
            (Some(_), Some(spot)) => format!("  # {}", one_line(&spot.to_string())),
        };
        let line = one_line(line);
        if from.is_empty() {
            let _ = writeln!(text, "{line}");
        } else {
            let _ = writeln!(text, "{line:width$}{DIM}{from}{DIM:#}");
        }
    }
    text
}

fn json(values: &[SetValue]) -> String {
    let rows =
        values.iter().filter(|value| value.value.is_some()).map(|SetValue { path, value, spot, .. }| match spot {
            None => json!({"path": path, "value": value}),
            Some(spot) => json!({"path": path, "value": value, "file": spot.file, "line": spot.position.line}),
        });
    to_json(&rows.collect::<Vec<_>>()) + "\n"
}
