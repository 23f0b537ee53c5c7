//! Which cluster is asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cluster::{Access, Cluster};

use crate::failure::Failure;

use super::word::number;

/// What `--request-timeout` takes.
const ABOVE_0: &str = "whole seconds above 0, such as 30";

/// Which cluster, and how to reach it.
#[derive(Args)]
pub struct AccessOptions {
    /// The kubeconfig, instead of KUBECONFIG, ~/.kube/config and a pod's own service account.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The kubeconfig's context, instead of its current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// How long one request to the cluster may take, answer included.
    #[arg(long, default_value_t = 60, value_parser = number::<u32>(1..=u64::MAX, ABOVE_0), value_name = "SECONDS")]
    pub request_timeout: u32,
}

impl AccessOptions {
    /// The way to the cluster.
    pub fn access(&self) -> Access {
        Access {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            request_timeout: Duration::from_secs(self.request_timeout.into()),
        }
    }

    /// Connects to the cluster.
    pub fn connect(&self) -> Result<Cluster, Failure> {
        Cluster::connect(&self.access()).map_err(|cause| Failure::Cluster(cause.to_string()))
    }
}
