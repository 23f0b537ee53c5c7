//! `seaworthy report`: what is done with reports that were written before.

mod merge;

use clap::Subcommand;

use crate::failure::Failure;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy report merge shard-*.json > audit.json";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Merge the audits of all shards into one document, with the exit code of one audit.
    #[command(after_help = merge::EXAMPLES)]
    Merge(merge::Args),
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    match &options.command {
        Command::Merge(args) => merge::run(args),
    }
}
