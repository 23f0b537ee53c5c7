//! Policies of others, and what these may ask.

use std::path::PathBuf;

use clap::Args;
use engine::{Capabilities, CapabilityError};

use super::registry::SignatureOptions;
use crate::failure::Failure;

/// Policies, and what they may ask.
#[derive(Args, Default)]
#[command(next_help_heading = "Policies of others")]
pub struct PolicyOptions {
    /// Also run this Kubewarden policy: a module, or registry://HOST/REPOSITORY:TAG. May be given several times.
    #[arg(long, value_name = "POLICY")]
    pub policy: Vec<String>,

    /// Run the policies alone, without the rules.
    #[arg(long, requires = "policy", conflicts_with_all = ["rule", "bundle", "profile"])]
    pub no_rules: bool,

    /// The policy's settings, YAML or JSON. For several policies the configuration has them.
    #[arg(long, requires = "policy", value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// A public key that must have signed each policy; if several are given, all of them. The policies must come from a
    /// registry. A policy without these signatures is not fetched.
    #[arg(long, requires = "policy", value_name = "KEY.pub")]
    pub verify: Vec<PathBuf>,

    #[command(flatten)]
    pub signature: SignatureOptions,

    /// What the policies may ask this host, as far as their metadata declares it: oci/v1/verify, net/*, *. May be given
    /// several times.
    #[arg(long, requires = "policy", value_parser = capability, value_name = "CAPABILITY")]
    pub allow: Vec<Capabilities>,

    /// Record all look-ups and their answers in a file, in kwctl's session format.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Answer look-ups from such a file only.
    #[arg(long, conflicts_with_all = ["record", "cluster"], value_name = "FILE")]
    pub replay: Option<PathBuf>,

    /// Answer look-ups from a cluster instead of the input.
    #[arg(long)]
    pub cluster: bool,

    /// The cluster's kubeconfig, instead of KUBECONFIG and ~/.kube/config.
    #[arg(long, requires = "cluster", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig, instead of its current one.
    #[arg(long, requires = "cluster", value_name = "NAME")]
    pub context: Option<String>,

    /// Change the files as mutating policies would change the objects in them.
    #[arg(long, requires = "policy")]
    pub write: bool,
}

impl PolicyOptions {
    /// What the options cannot mean together.
    pub fn check(&self, paths: &[PathBuf]) -> Result<(), Failure> {
        let is_piped = paths.iter().any(|path| path.as_os_str() == sources::STDIN);
        if self.write && is_piped {
            return Err(Failure::Usage("--write changes files, and `-` is not a file".into()));
        }
        Ok(())
    }

    /// Whether what is asked has an order to keep.
    pub fn has_session(&self) -> bool {
        self.record.is_some() || self.replay.is_some()
    }
}

fn capability(word: &str) -> Result<Capabilities, CapabilityError> {
    Capabilities::new(&[word])
}
