//! `seaworthy new`: writes what a team would otherwise copy from its neighbour.

mod changes;
mod policy;
mod service;
mod template;
mod write;

use clap::Subcommand;

use crate::failure::Failure;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy new service payments-api --kind http-api --owner team-payments
  seaworthy new policy team-is-named";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a service on which all checks pass: program, manifests, pipeline, dashboard, alerts and runbook.
    #[command(after_help = service::EXAMPLES)]
    Service(Box<service::Args>),
    /// Start a rule, as a crate of its own: one file, its cases, its CI.
    #[command(after_help = policy::EXAMPLES)]
    Policy(policy::Args),
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    match &options.command {
        Command::Service(args) => service::run(args),
        Command::Policy(args) => policy::run(args),
    }
}
