//! This program under the name of a plugin of kubectl: then usage and examples say what people type, `kubectl seaworthy`.
//!
//! It must not know a command of its own.

use std::env;
use std::path::Path;

use clap::Command;

/// The file name by which kubectl finds the plugin.
const PLUGIN: &str = "kubectl-seaworthy";

/// What people type then.
const TYPED: &str = "kubectl seaworthy";

/// The definition, by the name under which this program was started.
pub fn named(definition: Command) -> Command {
    let is_plugin = env::args_os().next().is_some_and(|name| is_plugin(Path::new(&name)));
    if is_plugin { renamed(definition.bin_name(TYPED)) } else { definition }
}

fn is_plugin(program: &Path) -> bool {
    // `kubectl-seaworthy.exe` on Windows.
    program.file_stem().is_some_and(|name| name == PLUGIN)
}

/// The same with the examples of all commands.
fn renamed(definition: Command) -> Command {
    let examples =
        definition.get_after_help().map(|text| text.to_string().replace("  seaworthy ", "  kubectl seaworthy "));
    let definition = match examples {
        Some(examples) => definition.after_help(examples),
        None => definition,
    };
    let commands: Vec<String> = definition.get_subcommands().map(|of| of.get_name().to_owned()).collect();
    commands.iter().fold(definition, |definition, name| definition.mut_subcommand(name, renamed))
}
