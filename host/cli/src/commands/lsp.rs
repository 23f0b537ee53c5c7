//! `seaworthy lsp`: a language server on standard input and output.

use std::env;
use std::io::{BufReader, stdin, stdout};
use std::path::Path;

use clap::Parser;
use editor::{Open, OpenError, Opened};
use protocol::Profile;
use sandbox::{Budget, Limits, Run, Sandbox};

use crate::bundle;
use crate::failure::Failure;
use crate::judging;
use crate::options::judging::{Judging, profile};

pub const EXAMPLES: &str = "\
An editor starts it; docs/editors.md says how. It uses the `seaworthy.yaml` of
the folder that is open.

Examples:
  seaworthy lsp                       with the profile recommended
  seaworthy lsp --profile essential   only the rules for every team";

#[derive(clap::Args)]
pub struct Args {
    /// Which rules run, if the configuration does not say it.
    #[arg(long, value_parser = profile, value_name = "PROFILE")]
    pub profile: Option<Profile>,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let (found, refusals) = bundle::find(None)?;
    refusals.complain();
    let sandbox: &Sandbox = judging::for_life(judging::sandbox(Limits::default(), found.len())?);
    // An editor stays open for days.
    let run: &Run<'_> = judging::for_life(sandbox.run_within(Budget { time: None, ..Budget::default() }));
    let (connection, threads) = editor::connect(BufReader::new(stdin()), stdout()).map_err(Failure::Output)?;
    let served = editor::serve(&connection, Workspace { sandbox, run, profile: options.profile });
    drop(connection);
    served.map_err(|cause| Failure::Usage(cause.to_string()))?;
    threads.join().map_err(Failure::Output)?;
    Ok(0)
}

/// Reads a workspace as `seaworthy check .` does there.
struct Workspace {
    sandbox: &'static Sandbox,
    run: &'static Run<'static>,
    profile: Option<Profile>,
}

/// The words of `check`, for a folder that one is in.
#[derive(Parser)]
struct InFolder {
    #[command(flatten)]
    judging: Judging,
}

impl Open for Workspace {
    type Runtime = &'static Run<'static>;

    fn open(&mut self, root: &Path) -> Result<Opened<Self::Runtime>, OpenError> {
        let refused = |cause: &dyn std::fmt::Display| OpenError(cause.to_string());
        // Files are named as people see them: from the folder that is open.
        env::set_current_dir(root).map_err(|cause| OpenError(format!("{}: {cause}", root.display())))?;
        let InFolder { mut judging } = InFolder::try_parse_from(["lsp", "."]).map_err(|cause| refused(&cause))?;
        judging.profile = self.profile;
        judging::opened(self.run, self.sandbox, &judging, Profile::Recommended).map_err(|cause| refused(&cause))
    }
}
