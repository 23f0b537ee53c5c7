//! What a server needs of a cluster: look-ups that are answered from memory.
//!
//! It must not know how the cluster is followed.

use engine::HostCalls;
use protocol::RuleMetadata;

/// A cluster whose objects are in memory, so that no request waits for another one.
pub trait Cluster: HostCalls + Send + Sync {
    /// Follows the kinds that these rules look up, and no other.
    fn follow(&self, rules: &[&RuleMetadata]);

    /// What is known of each kind that is followed.
    fn kinds(&self) -> Vec<Cached>;

    /// Bytes that all kinds may take.
    fn most_bytes(&self) -> usize;
}

/// What is known of one kind.
#[derive(Clone, Debug)]
pub struct Cached {
    /// `Deployment.apps`.
    pub name: String,
    /// One word: [`COMING`](Self::COMING), [`CURRENT`](Self::CURRENT), or why look-ups have no answer.
    pub state: &'static str,
    /// How many objects are kept.
    pub objects: usize,
    /// Bytes that they take.
    pub bytes: usize,
    /// How often all of them were listed.
    pub lists: u64,
    /// How often they were lost or refused.
    pub failures: u64,
}

impl Cached {
    /// The state of a kind that is being read for the first time.
    pub const COMING: &'static str = "coming";

    /// The state of a kind whose look-ups are answered.
    pub const CURRENT: &'static str = "current";
}
