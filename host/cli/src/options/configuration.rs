//! Which configuration counts.

use std::path::PathBuf;

use clap::Args;

/// Which configuration.
#[derive(Args, Default)]
pub struct ConfigOptions {
    /// The configuration: rules, settings, waivers and more (docs/configuration.md). Without it, the `seaworthy.yaml`
    /// in the folder of the input or above it counts, up to the root of the repository.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Use no configuration.
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,

    /// Take the configuration, with its waivers and the baseline, from this git revision, such as origin/main: a change
    /// cannot waive its own findings.
    #[arg(long, value_name = "REF", conflicts_with = "no_config")]
    pub trusted_config: Option<String>,
}
