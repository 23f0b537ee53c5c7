//! A live cluster: lists its objects in pages, answers look-ups from it, writes policy reports.
//!
//! A [`Cluster`] is reached by kubeconfig ([`Access`]) and never asked for more than it has to tell: each request is bounded
//! in time and size, tried again where the server is merely busy, and its failure is told in words. Nothing is watched.
//!
//! Callers are synchronous: requests run on threads of this crate's own. It must not know wasmtime, files to judge, or how
//! anything is printed.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod access;
mod client;
mod discovery;
mod error;
mod list;
mod lookups;

use std::sync::mpsc;

use kube::client::ClientBuilder;
use tokio::runtime::{Builder, Runtime};

use client::Api;
use discovery::Served;

pub use access::Access;
pub use error::{ClusterError, RequestError, Status};
pub use lookups::LookUps;

/// A cluster that has answered: what it serves is known.
pub struct Cluster {
    runtime: Runtime,
    api: Api,
    served: Served,
    answers: lookups::Answers,
}

impl Cluster {
    /// Finds the cluster and discovers what it serves.
    ///
    /// # Errors
    /// There is no kubeconfig that holds, or its server does not answer.
    pub fn connect(access: &Access) -> Result<Self, ClusterError> {
        let host = |cause: &dyn std::fmt::Display| ClusterError::Host(cause.to_string());
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|cause| host(&cause))?;
        let (access, timeout) = (access.clone(), access.request_timeout);
        let (api, served) = wait(&runtime, async move {
            let config = access.config().await?;
            let client = ClientBuilder::try_from(config).map_err(|cause| ClusterError::Access(cause.to_string()))?;
            let api = Api::new(client.build(), timeout);
            let during = "discovering what the cluster serves";
            let served = Served::discover(&api).await.map_err(|cause| ClusterError::Request { during, cause })?;
            Ok((api, served))
        })??;
        Ok(Self { runtime, api, served, answers: lookups::Answers::default() })
    }

    /// What becomes of work that talks to the cluster. May be called from any thread, also from asynchronous code, which
    /// it blocks.
    fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, ClusterError> {
        wait(&self.runtime, work)
    }
}

fn wait<T: Send + 'static>(
    runtime: &Runtime,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, ClusterError> {
    let (send, receive) = mpsc::sync_channel(1);
    runtime.spawn(async move { send.send(work.await) });
    receive.recv().map_err(|_| ClusterError::Host("the work ended without a result".into()))
}
