//! Writes reports to the cluster by server-side apply, and removes those of ours that nothing has written any more.
//!
//! It must not know what is in a report.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use engine::manifest::{Node, Object};
use kube::core::Request;
use kube::core::params::{DeleteParams, Patch, PatchParams};
use protocol::FieldMask;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Cluster;
use crate::client::Api;
use crate::discovery::{Found, Resource, is_segment};
use crate::error::{ClusterError, RequestError};
use crate::list::{Pages, Query};
use crate::report::{Dialect, MANAGED_BY, MANAGER, Report};
use crate::shard::Shard;

/// Reports on their way at once: enough to keep a server busy, few enough to leave it to others.
const AT_ONCE: usize = 8;

/// Why a report is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// What it would be about: `Deployment shop/web`.
    pub about: String,
    /// Why.
    pub cause: RequestError,
}

/// Writes reports of one API.
pub struct Publisher<'a> {
    cluster: &'a Cluster,
    writer: Arc<Writer>,
    /// The names of all reports that are to be there.
    written: HashSet<Box<str>>,
}

impl<'a> Publisher<'a> {
    /// Who writes reports of this API; in a dry run, the server does all but keep them.
    ///
    /// # Errors
    /// The cluster does not serve them.
    pub fn new(cluster: &'a Cluster, dialect: Dialect, is_dry_run: bool) -> Result<Self, ClusterError> {
        let find = |is_namespaced| {
            let (kind, group, version) = (dialect.kind(is_namespaced), dialect.group(), dialect.version());
            match cluster.served.find(group, kind, &[version]) {
                Found::Served(resource) if resource.version == version => Ok(resource.clone()),
                Found::Unknown(reason) => Err(ClusterError::NotServed(format!("{kind} of {group}: {reason}"))),
                _ => Err(ClusterError::NotServed(format!(
                    "{kind} of {group}/{version}; install the definitions of these reports first"
                ))),
            }
        };
        let writer =
            Writer { api: cluster.api.clone(), namespaced: find(true)?, cluster_wide: find(false)?, is_dry_run };
        Ok(Self { cluster, writer: Arc::new(writer), written: HashSet::new() })
    }

    /// Applies the reports; what fails is told, and does not keep the others from being written.
    ///
    /// # Errors
    /// The work itself could not be done.
    pub fn apply(&mut self, reports: Vec<Report>) -> Result<Vec<Unwritten>, ClusterError> {
        self.written.extend(reports.iter().map(|report| report.name().into()));
        let writer = Arc::clone(&self.writer);
        self.cluster.wait(async move { writer.apply_all(reports).await })
    }

    /// Removes our reports in these namespaces that were not written; where none is given, in all, and those of the cluster.
    /// Those about objects of other shards are left to them. Gives the number of those removed, or that would be.
    ///
    /// # Errors
    /// The first report that could not be listed or removed.
    pub fn remove_stale(self, namespaces: &[String], shard: Option<Shard>) -> Result<usize, ClusterError> {
        let Self { cluster, writer, written } = self;
        let (namespaces, earlier) = (namespaces.to_vec(), Earlier { written, shard });
        let removed = cluster.wait(async move { writer.remove_stale(&earlier, &namespaces).await })?;
        removed.map_err(|cause| ClusterError::Request { during: "removing stale reports", cause })
    }
}

/// Which reports of earlier audits may go.
struct Earlier {
    /// Those that are to be there, by name.
    written: HashSet<Box<str>>,
    /// The part of the audit that this is.
    shard: Option<Shard>,
}

impl Earlier {
    fn may_go(&self, report: &Object) -> bool {
        let name = report.name.as_deref().unwrap_or_default();
        let node = report.node.look();
        let scope = |field: &str| node.get("scope").and_then(|scope| scope.get(field)).and_then(Node::as_str);
        let is_here = |shard: Shard| {
            shard.has(scope("kind").unwrap_or_default(), scope("namespace"), scope("name").unwrap_or_default())
        };
        // The label alone is easily copied.
        !self.written.contains(name) && name.starts_with(MANAGER) && self.shard.is_none_or(is_here)
    }
}

struct Writer {
    api: Api,
    namespaced: Resource,
    cluster_wide: Resource,
    is_dry_run: bool,
}

impl Writer {
    async fn apply_all(self: Arc<Self>, reports: Vec<Report>) -> Vec<Unwritten> {
        let (mut work, at_once) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
        for report in reports {
            let (writer, at_once) = (Arc::clone(&self), Arc::clone(&at_once));
            work.spawn(async move {
                let _turn = at_once.acquire_owned().await;
                let failed = writer.apply(&report).await.err();
                failed.map(|cause| Unwritten { about: report.about(), cause })
            });
        }
        let mut unwritten: Vec<Unwritten> = work.join_all().await.into_iter().flatten().collect();
        unwritten.sort_by(|one, other| one.about.cmp(&other.about));
        unwritten
    }

    async fn apply(&self, report: &Report) -> Result<(), RequestError> {
        let resource = if report.namespace().is_some() { &self.namespaced } else { &self.cluster_wide };
        let request = request(resource, report.namespace(), report.name())?;
        let parameters = PatchParams { dry_run: self.is_dry_run, ..PatchParams::apply(MANAGER).force() };
        let request = request.patch(report.name(), &parameters, &Patch::Apply(report));
        self.api.send(request.map_err(|cause| unreadable(&cause))?).await.map(drop)
    }

    async fn remove_stale(&self, earlier: &Earlier, namespaces: &[String]) -> Result<usize, RequestError> {
        let mut removed = 0;
        if namespaces.is_empty() {
            removed += self.remove_stale_of(&self.namespaced, None, earlier).await?;
            removed += self.remove_stale_of(&self.cluster_wide, None, earlier).await?;
        }
        for namespace in namespaces {
            removed += self.remove_stale_of(&self.namespaced, Some(namespace), earlier).await?;
        }
        Ok(removed)
    }

    async fn remove_stale_of(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        earlier: &Earlier,
    ) -> Result<usize, RequestError> {
        let mask = FieldMask::of_entries(&["metadata.name", "metadata.namespace", "scope"]);
        let query = Query { labels: format!("{MANAGED_BY}={MANAGER}"), ..Query::all(resource, namespace, mask) };
        let (mut pages, mut removed) = (Pages::new(self.api.clone(), query), 0);
        while let Some(page) = pages.next().await {
            for object in page?.objects.into_iter().filter(|report| earlier.may_go(report)) {
                let name = object.name.as_deref().unwrap_or_default();
                let parameters = DeleteParams { dry_run: self.is_dry_run, ..DeleteParams::default() };
                let request = request(resource, object.namespace.as_deref(), name)?;
                let request = request.delete(name, &parameters).map_err(|cause| unreadable(&cause))?;
                match self.api.send(request).await {
                    // Its object went, and it with it.
                    Err(cause) if cause.is(404) => {}
                    answer => {
                        answer?;
                        removed += 1;
                    }
                }
            }
        }
        Ok(removed)
    }
}

fn request(resource: &Resource, namespace: Option<&str>, name: &str) -> Result<Request, RequestError> {
    let path = resource.path(namespace).filter(|_| is_segment(name));
    path.map(Request::new).ok_or_else(|| unreadable(&"a name that can be none"))
}

fn unreadable(cause: &dyn fmt::Display) -> RequestError {
    RequestError::Unreadable(cause.to_string())
}
