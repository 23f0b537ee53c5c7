//! The command line: has sources read files and the engine check them with modules in the sandbox, and prints.
//!
//! The clock, the terminal and exit codes are here. It must not decide anything
//! about a manifest; the engine does, and the browser shows the same.
//!
//! In layers, each of which knows only those before it: [`failure`] and [`exit`]; [`options`], [`present`]; what commands
//! have in common; [`commands`].
#![deny(clippy::print_stdout)]

mod base;
mod budget;
mod bundle;
mod cache;
mod change;
mod commands;
mod configuration;
mod cores;
mod documents;
mod exit;
mod failure;
mod fixing;
mod foreign;
mod helm;
mod input;
mod judging;
mod kubectl;
mod options;
mod outputs;
mod prepared;
mod present;
mod published;
mod replace;
mod trust;
mod versions;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use commands::Command;
use options::color::Color;

/// Is your service ready for production? Checks Kubernetes manifests with sandboxed rules.
#[derive(Parser)]
#[command(name = "seaworthy", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Whether to colour the output; `auto` colours a terminal, and heeds NO_COLOR.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", display_order = 998)]
    color: Color,
}

const EXAMPLES: &str = "\
Examples:
  seaworthy check k8s/        check a folder of manifests
  seaworthy rules             list all rules
  seaworthy explain readiness-probe
                              what a rule requires, why, and how to fix findings";

fn main() -> ExitCode {
    if let Some(arguments) = helm::asked() {
        return ExitCode::from(helm::run(&arguments));
    }
    let definition = kubectl::named(Arguments::command());
    let matches = definition.clone().get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|refused| refused.exit());
    arguments.color.apply();
    match arguments.command.run(&definition) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            present::output::complain(&failure.to_string());
            ExitCode::from(exit::UNDECIDED)
        }
    }
}
