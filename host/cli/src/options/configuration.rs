//! Which configuration counts.

use std::path::PathBuf;

use clap::Args;

/// Which configuration.
#[derive(Args, Default)]
pub struct ConfigOptions {
    /// The configuration: rules, settings, waivers and more (docs/configuration.md). Without, `seaworthy.yaml` is looked for
    /// in the folder of the input and above it, up to the root of the repository.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Look for no configuration.
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,

    /// Take the configuration, with its waivers and the baseline, from this git revision, such as origin/main: what is being
    /// changed cannot waive itself.
    #[arg(long, value_name = "REF", conflicts_with = "no_config")]
    pub trusted_config: Option<String>,
}
