//! The way to a cluster: a kubeconfig as `kubectl` finds it, or the service account of the pod that this runs in.
//!
//! What is wrong with a kubeconfig is told without its text, which holds credentials.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::error::ClusterError;

/// Where the cluster is, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Instead of `KUBECONFIG`, `~/.kube/config` and the pod's own service account.
    pub kubeconfig: Option<PathBuf>,
    /// Instead of the kubeconfig's current one.
    pub context: Option<String>,
    /// How long one request may take, answer included.
    pub request_timeout: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self { kubeconfig: None, context: None, request_timeout: Duration::from_secs(60) }
    }
}

impl Access {
    pub(crate) async fn config(&self) -> Result<Config, ClusterError> {
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        let config = match &self.kubeconfig {
            Some(path) => match Kubeconfig::read_from(path) {
                Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
                Err(cause) => Err(cause),
            },
            None => Config::from_kubeconfig(&options).await,
        };
        let mut config = match config {
            Err(cause) if self.is_nowhere(&cause) => Config::incluster().map_err(|_| {
                ClusterError::Access(
                    "there is no ~/.kube/config, and this is no pod; give --kubeconfig or set KUBECONFIG".into(),
                )
            })?,
            config => config.map_err(|cause| ClusterError::Access(explain(&cause)))?,
        };
        config.connect_timeout = Some(self.request_timeout.min(Duration::from_secs(10)));
        // Retries are this crate's own: it knows which requests may be long, and what the server asks for.
        config.default_retry = false;
        Ok(config)
    }

    /// Whether no kubeconfig is named, and the default places have no file.
    fn is_nowhere(&self, cause: &KubeconfigError) -> bool {
        let is_absent = match cause {
            KubeconfigError::FindPath => true,
            KubeconfigError::ReadConfig(cause, _) => cause.kind() == io::ErrorKind::NotFound,
            _ => false,
        };
        let is_named = self.kubeconfig.is_some() || self.context.is_some() || std::env::var_os("KUBECONFIG").is_some();
        is_absent && !is_named
    }
}

fn explain(cause: &KubeconfigError) -> String {
    match cause {
        KubeconfigError::ReadConfig(cause, path) => format!("{} cannot be read: {cause}", path.display()),
        // The parser's message quotes the lines around it.
        KubeconfigError::Parse(_) => "the kubeconfig is not valid YAML of a kubeconfig".into(),
        KubeconfigError::LoadContext(name) => format!("the kubeconfig has no context `{name}`"),
        KubeconfigError::LoadClusterOfContext(name) => format!("the kubeconfig has no cluster `{name}`"),
        KubeconfigError::CurrentContextNotSet => "the kubeconfig has no current context; give --context".into(),
        other => match other.source() {
            Some(source) if !other.to_string().contains(&source.to_string()) => format!("{other}: {source}"),
            _ => other.to_string(),
        },
    }
}
