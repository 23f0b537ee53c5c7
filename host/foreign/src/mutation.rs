//! Mutations: what a policy would have instead of an object, and whether Kubernetes would take it. How that is written into
//! the manifest is the [editor](engine::edit)'s.

#[cfg(test)]
mod tests;

use engine::edit::{Change, between, is_same};
use engine::manifest::Object;
use protocol::path::Segment;
use serde_json::Value as Json;

/// Why a mutation is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MutationError {
    /// What it gave is no object.
    #[error("it would have no object here")]
    NoObject,
    /// It changes who the object is; the field's path, for people.
    #[error("it changes {0}, and Kubernetes refuses a mutation that makes another object")]
    Identity(String),
}

/// The fields that say which object it is.
const IDENTITY: [&[&str]; 6] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "generateName"],
    &["metadata", "namespace"],
    &["metadata", "uid"],
];

/// What a policy would change of an object, in the order of its fields. None where it gives back what it was given.
///
/// # Errors
/// Kubernetes would refuse it.
pub fn changes(object: &Object, mutated: &Json) -> Result<Vec<Change>, MutationError> {
    if !mutated.is_object() {
        return Err(MutationError::NoObject);
    }
    let changes = between(&object.node, mutated);
    let is_identity = |change: &Change| {
        let keys: Vec<&str> = change.path.iter().map_while(key).collect();
        // Whoever replaces `metadata` replaces the name in it.
        IDENTITY.iter().find(|field| keys == **field || field.starts_with(&keys) && !keeps(object, mutated, field))
    };
    match changes.iter().find_map(is_identity) {
        Some(field) => Err(MutationError::Identity(field.join("."))),
        None => Ok(changes),
    }
}

fn key(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    }
}

fn keeps(object: &Object, mutated: &Json, field: &[&str]) -> bool {
    let old = field.iter().try_fold(&*object.node, |node, key| node.get(key));
    let new = field.iter().try_fold(mutated, |value, key| value.get(key)).unwrap_or(&Json::Null);
    old.map_or(new.is_null(), |old| is_same(old, new))
}
