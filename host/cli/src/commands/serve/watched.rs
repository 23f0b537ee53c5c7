//! Gives the server the watch cache, and logs what happens to it.

use cluster::{Access, Cache, CacheOptions, CachedKind, Sight};
use engine::{CallError, HostCall, HostCalls};
use protocol::{LookUp, RuleMetadata};
use serve::Cached;

use super::log::log;
use crate::failure::Failure;

/// A cluster in memory.
pub struct Watched(Cache);

impl Watched {
    /// Begins to follow it.
    ///
    /// # Errors
    /// The way to it is not known.
    pub fn start(access: &Access, options: CacheOptions) -> Result<Self, Failure> {
        let cache = Cache::start(access, options, |kind, said| match said {
            Ok(()) => log(&serve::line("info", &format!("look-ups of {kind} are answered"))),
            Err(reason) => log(&serve::line("warning", &format!("look-ups of {kind} may become unknown: {reason}"))),
        });
        cache.map(Self).map_err(|cause| Failure::Cluster(cause.to_string()))
    }
}

impl HostCalls for Watched {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        self.0.call(call)
    }

    fn lacks(&self, kinds: &[LookUp]) -> Vec<bool> {
        self.0.lacks(kinds)
    }
}

impl serve::Cluster for Watched {
    fn follow(&self, rules: &[&RuleMetadata]) {
        self.0.follow(rules.iter().copied());
    }

    fn kinds(&self) -> Vec<Cached> {
        let kinds = self.0.kinds().into_iter();
        let cached = kinds.map(|CachedKind { name, sight, objects, bytes, lists, failures }| Cached {
            name,
            state: match sight {
                Sight::Coming => Cached::COMING,
                Sight::Current => Cached::CURRENT,
                other => other.name(),
            },
            objects,
            bytes,
            lists,
            failures,
        });
        cached.collect()
    }

    fn most_bytes(&self) -> usize {
        self.0.most_bytes()
    }
}
