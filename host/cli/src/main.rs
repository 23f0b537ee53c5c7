//! The command line: reads files, has the engine judge them with modules in the sandbox, and prints.
//!
//! Everything that touches the outside is here: files, the clock, the terminal, exit codes. It must not decide anything
//! about a manifest; the engine does, and the browser shows the same.
#![deny(clippy::print_stdout)]

mod arguments;
mod artifact;
mod audit;
mod bundle;
mod check;
mod explain;
mod files;
mod foreign;
mod human;
mod inspect;
mod judging;
mod kubewarden;
mod logs;
mod maturity;
mod output;
mod progress;
mod projects;
mod readiness;
mod rules;
mod tree;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;

/// All hold.
const HOLDS: u8 = 0;
/// Findings at or above the threshold.
const BROKEN: u8 = 1;
/// Could not decide: bad usage, unreadable input, a broken bundle.
const UNDECIDED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.apply();
    let done = match &arguments.command {
        Command::Check(options) => check::run(options),
        Command::Readiness(options) => readiness::run(options),
        Command::Maturity(options) => maturity::run(options),
        Command::Rules(options) => rules::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Inspect(options) => inspect::run(options),
        Command::Push(options) => artifact::push::run(options),
        Command::Pull(options) => artifact::pull::run(options),
        Command::Verify(options) => artifact::verify::run(options),
        Command::Keys(options) => artifact::keys::run(options),
        Command::Audit(options) => audit::run(options),
        Command::Kubewarden(options) => kubewarden::run(options),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output::complain(&failure.to_string());
            ExitCode::from(UNDECIDED)
        }
    }
}
