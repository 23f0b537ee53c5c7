//! An audit from where its caller stands: what there is to judge, page by page, and the world to judge it in.
//!
//! It must not know rules but by their metadata, nor how an object is judged.

use engine::manifest::Object;
use engine::{Viewpoint, World, pods};
use protocol::RuleMetadata;

use crate::Cluster;
use crate::error::{ClusterError, RequestError};
use crate::gather::{Gathered, gather};
use crate::list::{Page, Query};
use crate::shard::Shard;
use crate::survey::{Kind, Survey};

/// One audit of a cluster, or of some of its namespaces.
pub struct Audit<'a> {
    cluster: &'a Cluster,
    survey: Survey,
    namespaces: Vec<String>,
    shard: Option<Shard>,
}

/// Objects to judge.
#[derive(Debug, Default)]
pub struct Batch {
    /// Those that are judged themselves.
    pub objects: Vec<Object>,
    /// How many are judged through their owners.
    pub owned: usize,
    /// Objects that cannot be judged, each in words.
    pub problems: Vec<String>,
    /// How many of the kind come behind these, where the server says so.
    pub remaining: Option<u64>,
}

impl<'a> Audit<'a> {
    /// The audit by rules of this metadata, of these namespaces; of everything, where none is given.
    #[must_use]
    pub fn new<'m>(
        cluster: &'a Cluster,
        rules: impl Iterator<Item = &'m RuleMetadata>,
        namespaces: Vec<String>,
    ) -> Self {
        Self { cluster, survey: Survey::new(&cluster.served, rules), namespaces, shard: None }
    }

    /// The same audit of the objects that fall to this shard; rules look up all.
    #[must_use]
    pub fn of_shard(self, shard: Option<Shard>) -> Self {
        Self { shard, ..self }
    }

    /// Reads the world, in no more than about so many bytes of memory. `done` is told how many objects have come.
    ///
    /// # Errors
    /// The work itself could not be done; what cannot be seen is a blind spot and no error.
    pub fn gather(&self, bytes: usize, done: impl Fn(usize) + Send + Sync + 'static) -> Result<Gathered, ClusterError> {
        let (api, survey, namespaces) = (self.cluster.api.clone(), self.survey.clone(), self.namespaces.clone());
        self.cluster.wait(async move { gather(api, survey, namespaces, bytes, &done).await })
    }

    /// The kinds to judge, each as `Deployment.apps`, with all batches of its objects. A batch is read while the one before
    /// it is judged. An error ends the kind's list. Objects whose owners the world holds are judged through those.
    pub fn kinds<'w>(
        &'w self,
        world: &'w World<'w>,
    ) -> impl Iterator<Item = (String, impl Iterator<Item = Result<Batch, RequestError>>)> {
        let kinds = self.survey.judged.iter().filter(|kind| self.namespaces.is_empty() || kind.resource.is_namespaced);
        kinds.map(|kind| (kind.resource.full_name(), self.batches(kind, world)))
    }

    /// Kinds that rules judge, and that the cluster may or may not serve, each with the reason.
    pub fn unknown_kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.survey.unknown_judged.iter().map(|(kind, reason)| (kind.as_str(), reason.as_str()))
    }

    fn batches<'w>(&'w self, kind: &Kind, world: &'w World<'w>) -> impl Iterator<Item = Result<Batch, RequestError>> {
        let namespaces: Vec<Option<&str>> = match self.namespaces.as_slice() {
            [] => vec![None],
            some => some.iter().map(|namespace| Some(namespace.as_str())).collect(),
        };
        let query = |namespace| Query::all(&kind.resource, namespace, kind.mask.clone());
        let queries: Vec<Query> = namespaces.into_iter().map(query).collect();
        queries.into_iter().flat_map(|query| self.cluster.pages(query)).map(|page| Ok(self.batch(page?, world)))
    }

    fn batch(&self, page: Page, world: &World<'_>) -> Batch {
        let is_owned = |object: &Object| {
            let owner = pods::owner(object, world, Viewpoint::nowhere(object));
            owner.is_some_and(|owner| self.survey.judges(owner.through))
        };
        let mut batch = Batch { problems: page.problems, remaining: page.remaining, ..Batch::default() };
        let is_here = |object: &Object| {
            let name = object.name.as_deref().unwrap_or_default();
            self.shard.is_none_or(|shard| shard.has(&object.kind, object.namespace.as_deref(), name))
        };
        for object in page.objects.into_iter().filter(is_here) {
            if is_owned(&object) {
                batch.owned += 1;
            } else {
                batch.objects.push(object);
            }
        }
        batch
    }
}
