//! Which cluster is asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cluster::{Access, Cluster};

use crate::failure::Failure;

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
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..), value_name = "SECONDS")]
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
