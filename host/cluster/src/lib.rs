//! A live cluster: lists its objects in pages, answers look-ups from it, writes policy reports.
//!
//! A [`Cluster`] is reached by kubeconfig ([`Access`]) and never asked for more than it has to tell: each request is bounded
//! in time and size, tried again where the server is merely busy, and its failure is told in words. A [`Cache`] follows one
//! by watches, for whoever cannot wait for an answer.
//!
//! Callers are synchronous: requests run on threads of this crate's own. It must not know wasmtime, files to judge, or how
//! anything is printed.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod access;
mod audit;
mod cache;
mod client;
mod discovery;
mod error;
mod gather;
mod list;
mod lookups;
mod publish;
mod report;
mod shard;
mod survey;

use std::sync::mpsc;

use kube::client::ClientBuilder;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, channel};

use client::Api;
use discovery::{Found, Served};
use list::{Page, Pages, Query};
use protocol::FieldMask;

pub use access::Access;
pub use audit::{Audit, Batch};
pub use cache::{Cache, CacheOptions, CachedKind, Sight};
pub use discovery::full_name;
pub use error::{ClusterError, RequestError, Status};
pub use gather::Gathered;
pub use lookups::LookUps;
pub use publish::{Publisher, Unwritten};
pub use report::{Dialect, Report};
pub use shard::{Shard, ShardError};

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
            let client = ClientBuilder::try_from(config).map_err(|cause| {
                ClusterError::Access(error::credentials(&cause).unwrap_or_else(|| client::chain(&cause)))
            })?;
            let api = Api::new(client.build(), timeout);
            let during = "discovering what the cluster serves";
            let served = Served::discover(&api).await.map_err(|cause| ClusterError::Request { during, cause })?;
            Ok((api, served))
        })??;
        Ok(Self { runtime, api, served, answers: lookups::Answers::default() })
    }

    /// The names of all namespaces; `None` where they may not be listed.
    ///
    /// # Errors
    /// They could not be listed for another reason.
    pub fn namespaces(&self) -> Result<Option<Vec<String>>, RequestError> {
        let Found::Served(resource) = self.served.find("", "Namespace", &["v1"]) else { return Ok(None) };
        let mut names = Vec::new();
        for page in self.pages(Query::all(resource, None, FieldMask::of_entries(&["metadata.name"]))) {
            match page {
                Err(cause) if cause.is(403) => return Ok(None),
                page => names.extend(page?.objects.into_iter().filter_map(|object| object.name)),
            }
        }
        Ok(Some(names))
    }

    /// A list, page by page.
    fn pages(&self, query: Query) -> PageStream<'_> {
        let (send, pages) = channel(1);
        let mut list = Pages::new(self.api.clone(), query);
        // It ends with the list, or as soon as nobody reads it any more.
        self.runtime.spawn(async move {
            while let Some(page) = list.next().await
                && send.send(page).await.is_ok()
            {}
        });
        PageStream { cluster: self, pages: Some(pages) }
    }

    /// What becomes of work that talks to the cluster. May be called from any thread, also from asynchronous code, which
    /// it blocks.
    fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, ClusterError> {
        wait(&self.runtime, work)
    }
}

/// The pages of a list. The next one is read while whoever reads them looks at the one before.
struct PageStream<'a> {
    cluster: &'a Cluster,
    pages: Option<Receiver<Result<Page, RequestError>>>,
}

impl Iterator for PageStream<'_> {
    type Item = Result<Page, RequestError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut pages = self.pages.take()?;
        let next = self.cluster.wait(async move { (pages.recv().await, pages) });
        let (page, pages) = match next {
            Ok(next) => next,
            Err(cause) => return Some(Err(RequestError::Unreachable(cause.to_string()))),
        };
        self.pages = Some(pages);
        page
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
