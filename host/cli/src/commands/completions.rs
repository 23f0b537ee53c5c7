//! `seaworthy completions`: what a shell completes, from the same definitions as the help.

use clap::Command;
use clap_complete::{Shell, generate};

use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::present::output;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy completions bash \\
                    > ~/.local/share/bash-completion/completions/seaworthy
  seaworthy completions zsh > ~/.zfunc/_seaworthy
  seaworthy completions fish > ~/.config/fish/completions/seaworthy.fish";

#[derive(clap::Args)]
pub struct Args {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
pub fn run(options: &Args, definition: &Command) -> Result<u8, Failure> {
    let mut script = Vec::new();
    generate(options.shell, &mut definition.clone(), "seaworthy", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(HOLDS)
}
