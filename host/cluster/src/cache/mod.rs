//! A cluster as it was seen last: the kinds that rules look up are listed once and then followed, and look-ups are answered
//! from memory, so that no request waits for a list.
//!
//! A look-up is refused, with the reason, if not all objects of its kind are known: the kind is still being read, may not be
//! listed, was lost too long ago, or takes too much memory. The rule is then unknown. A kind that the cluster does not serve
//! has no objects. The cluster is asked for it again and again, since its definition may come.

mod event;
mod follow;
mod kind;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use engine::{CallError, Denial, HostCall, HostCalls, Live, LookUpRequest};
use kube::client::ClientBuilder;
use protocol::{LookUp, RuleMetadata, api_group, contract};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::access::Access;
use crate::client::{self, Api};
use crate::discovery::{Found, Resource, Served, full_name};
use crate::error::{self, ClusterError};
use crate::survey::LookedUp;

use follow::{Follower, Shared, Told};
use kind::{Budget, Change, Kind};

pub use kind::Sight;

/// How `told` hears of the cluster itself.
const CLUSTER: &str = "the cluster";

/// How often the cluster is asked which kinds it serves.
const PERIOD: Duration = Duration::from_secs(10);

/// How a cluster is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct CacheOptions {
    /// Bytes that all kinds may take.
    pub bytes: usize,
    /// How long look-ups of a kind are answered after its watch broke.
    pub patience: Duration,
}

/// What is known of one kind.
#[derive(Clone, Debug)]
pub struct CachedKind {
    /// `Deployment.apps`.
    pub name: String,
    /// Whether look-ups are answered.
    pub sight: Sight,
    /// How many objects are kept.
    pub objects: usize,
    /// Bytes that they take.
    pub bytes: usize,
    /// How often it was listed.
    pub lists: u64,
    /// How often it was lost or refused.
    pub failures: u64,
}

/// A cluster, followed.
pub struct Cache {
    kinds: Arc<Kinds>,
    /// Everything that follows the cluster runs on it.
    runtime: Option<Runtime>,
}

struct Kinds {
    all: RwLock<Vec<Entry>>,
    /// Other kinds are wanted than before.
    are_others: Notify,
    budget: Arc<Budget>,
    patience: Duration,
    told: Told,
}

/// A kind that is looked up.
struct Entry {
    wanted: LookedUp,
    kind: Shared,
    follower: Option<(Resource, AbortHandle)>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.unfollow();
    }
}

impl Entry {
    fn unfollow(&mut self) {
        if let Some((_, task)) = self.follower.take() {
            task.abort();
        }
    }

    fn take(&self, change: Change) {
        // No change that is taken here needs memory.
        let _ = self.kind.write().unwrap_or_else(PoisonError::into_inner).take(change, Instant::now());
    }
}

impl Cache {
    /// Begins to follow a cluster. `told` hears of each kind, and of the cluster itself, that look-ups are answered, or why
    /// they may not be. It hears only what is new.
    ///
    /// # Errors
    /// The way to the cluster is not known. A cluster that does not answer is no error: it is asked again and again.
    pub fn start(
        access: &Access,
        options: CacheOptions,
        told: impl Fn(&str, Result<(), &str>) + Send + Sync + 'static,
    ) -> Result<Self, ClusterError> {
        let host = |cause: &dyn std::fmt::Display| ClusterError::Host(cause.to_string());
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("cache").enable_all().build();
        let runtime = runtime.map_err(|cause| host(&cause))?;
        let access = access.clone();
        let request_timeout = access.request_timeout;
        let api = crate::wait(&runtime, async move {
            let client = ClientBuilder::try_from(access.config().await?).map_err(|cause| {
                ClusterError::Access(error::credentials(&cause).unwrap_or_else(|| client::chain(&cause)))
            })?;
            Ok::<_, ClusterError>(Api::new(client.build(), request_timeout))
        })??;
        let kinds = Arc::new(Kinds {
            all: RwLock::default(),
            are_others: Notify::new(),
            budget: Arc::new(Budget::of(options.bytes)),
            patience: options.patience,
            told: once_each(told),
        });
        runtime.spawn(discover(api, Arc::clone(&kinds), runtime.handle().clone()));
        Ok(Self { kinds, runtime: Some(runtime) })
    }

    /// Follows the kinds that these rules look up, and no other.
    pub fn follow<'a>(&self, rules: impl Iterator<Item = &'a RuleMetadata>) {
        self.kinds.want(LookedUp::by(rules));
        self.kinds.are_others.notify_one();
    }

    /// What is known of each kind.
    #[must_use]
    pub fn kinds(&self) -> Vec<CachedKind> {
        let now = Instant::now();
        let all = self.kinds.all.read().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().map(|Entry { wanted, kind, .. }| {
            let kind = kind.read().unwrap_or_else(PoisonError::into_inner);
            CachedKind {
                name: full_name(&wanted.group, &wanted.kind),
                sight: kind.sight(now),
                objects: kind.len(),
                bytes: kind.bytes(),
                lists: kind.lists,
                failures: kind.failures,
            }
        });
        known.collect()
    }

    /// Bytes that all kinds may take.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        self.kinds.budget.most
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // May happen in asynchronous code, which must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl HostCalls for Cache {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        let is_look_up = [contract::GET_RESOURCE, contract::LIST_BY_NAMESPACE, contract::LIST_ALL];
        if call.namespace != contract::KUBERNETES || !is_look_up.contains(&call.operation) {
            return Err(call.unanswered("no watch cache answers it"));
        }
        let asked: LookUpRequest = call.read()?;
        let unseen = |reason: String| CallError::from(Denial::Unseen { kind: asked.kind.clone(), reason });
        let shared = self.kinds.find(api_group(&asked.api_version), &asked.kind);
        let shared = shared.ok_or_else(|| unseen("it is not followed".into()))?;
        let kind = shared.read().unwrap_or_else(PoisonError::into_inner);
        kind.look(Instant::now()).map_err(unseen)?.answer(call, &asked)
    }

    fn lacks(&self, kinds: &[LookUp]) -> Vec<bool> {
        let (now, all) = (Instant::now(), self.kinds.all.read().unwrap_or_else(PoisonError::into_inner));
        let lacks = |wanted: &LookUp| {
            let Some(entry) = find(&all, api_group(&wanted.api_version), &wanted.kind) else { return false };
            let kind = entry.kind.read().unwrap_or_else(PoisonError::into_inner);
            kind.look(now).is_ok_and(Live::is_empty)
        };
        kinds.iter().map(lacks).collect()
    }
}

impl Kinds {
    fn find(&self, group: &str, kind: &str) -> Option<Shared> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        find(&all, group, kind).map(|entry| Arc::clone(&entry.kind))
    }

    /// Sets the wanted kinds. Those that were wanted before in the same way keep their objects.
    fn want(&self, wanted: Vec<LookedUp>) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *all);
        *all = wanted.into_iter().map(|wanted| self.entry(&mut before, wanted)).collect();
    }

    fn entry(&self, before: &mut Vec<Entry>, wanted: LookedUp) -> Entry {
        match before.iter().position(|entry| entry.wanted == wanted) {
            Some(place) => before.swap_remove(place),
            None => {
                let kind = Arc::new(RwLock::new(Kind::new(Arc::clone(&self.budget), self.patience)));
                Entry { wanted, kind, follower: None }
            }
        }
    }

    /// Follows each wanted kind that the cluster serves.
    fn settle(&self, api: &Api, served: &Served, runtime: &Handle) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        for entry in &mut *all {
            let LookedUp { group, kind, versions, mask } = &entry.wanted;
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            match served.find(group, kind, &versions) {
                Found::Served(resource) if entry.follower.as_ref().is_some_and(|(known, _)| known == resource) => {}
                Found::Served(resource) => {
                    let (api, told) = (api.clone(), Arc::clone(&self.told));
                    let (resource, mask, kind) = (resource.clone(), mask.clone(), Arc::clone(&entry.kind));
                    entry.unfollow();
                    let follower = Follower { api, resource: resource.clone(), mask, kind, told };
                    entry.follower = Some((resource, runtime.spawn(follower.run()).abort_handle()));
                }
                Found::Absent => {
                    entry.unfollow();
                    entry.take(Change::Absent);
                }
                // Its follower says what happens to it.
                Found::Unknown(_) if entry.follower.is_some() => {}
                Found::Unknown(reason) => entry.take(Change::Lost(reason.to_owned())),
            }
        }
    }

    /// The cluster does not say what it serves.
    fn lose(&self, reason: &str) {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        for entry in all.iter().filter(|entry| entry.follower.is_none()) {
            entry.take(Change::Lost(reason.to_owned()));
        }
        (self.told)(CLUSTER, Err(reason));
    }
}

/// The entry of a kind, of all in the order of their groups and kinds.
fn find<'a>(all: &'a [Entry], group: &str, kind: &str) -> Option<&'a Entry> {
    let order = |entry: &Entry| (entry.wanted.group.as_str(), entry.wanted.kind.as_str()).cmp(&(group, kind));
    all.binary_search_by(order).ok().and_then(|index| all.get(index))
}

/// Asks the cluster again and again which kinds it serves.
async fn discover(api: Api, kinds: Arc<Kinds>, runtime: Handle) {
    loop {
        match Served::discover(&api).await {
            Ok(served) => {
                kinds.settle(&api, &served, &runtime);
                (kinds.told)(CLUSTER, Ok(()));
            }
            Err(cause) => kinds.lose(&cause.to_string()),
        }
        let _ = timeout(PERIOD, kinds.are_others.notified()).await;
    }
}

/// Calls `told` only if it says something new of a name: a failure is told once, and so is its end.
fn once_each(told: impl Fn(&str, Result<(), &str>) + Send + Sync + 'static) -> Told {
    let last: Mutex<HashMap<String, Option<String>>> = Mutex::default();
    Arc::new(move |name, said| {
        let reason = said.err().map(str::to_owned);
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = last.get(name) != Some(&reason);
        last.insert(name.to_owned(), reason);
        drop(last);
        if is_new {
            told(name, said);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_once_and_so_is_its_end() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        let told = once_each(move |name, said| {
            let said = said.err().unwrap_or("known").to_owned();
            hearing.lock().unwrap().push(format!("{name}: {said}"));
        });
        for (name, said) in [
            ("Pod", Err("gone")),
            ("Pod", Err("gone")),
            ("Node", Err("gone")),
            ("Pod", Err("forbidden")),
            ("Pod", Ok(())),
            ("Pod", Ok(())),
            ("Pod", Err("forbidden")),
        ] {
            told(name, said);
        }
        let expected = ["Pod: gone", "Node: gone", "Pod: forbidden", "Pod: known", "Pod: forbidden"];
        assert_eq!(*heard.lock().unwrap(), expected);
    }
}
