//! `seaworthy man`: man pages, from the same definitions as the help.

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_mangen::{Man, generate_to};

use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::present::output::{self, one_line};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy man | man -l -                read it
  seaworthy man ~/.local/share/man/man1   write the pages of all commands";

#[derive(clap::Args)]
pub struct Args {
    /// Write the pages of all commands to this folder.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Runs the command.
pub fn run(options: &Args, definition: &Command) -> Result<u8, Failure> {
    let Some(folder) = &options.folder else {
        let mut page = Vec::new();
        Man::new(definition.clone()).render(&mut page).map_err(Failure::Output)?;
        output::print(&String::from_utf8_lossy(&page))?;
        return Ok(HOLDS);
    };
    let written = fs::create_dir_all(folder).and_then(|()| generate_to(definition.clone(), folder));
    written
        .map_err(|cause| Failure::File(format!("{} cannot be written: {cause}", one_line(&sources::name(folder)))))?;
    Ok(HOLDS)
}
