//! Mutations: what a policy would have instead of an object, as changes of the manifest's text.
//!
//! Only what differs is edited, at the places that the reader noted, so that comments and layout stay. A text in which that
//! cannot be done (anchors that others refer to, merge keys, unusual indentation) has the object written anew, and says so.
//! Whatever was done, the result is read again and must mean exactly what the policy gave, and for every other object what
//! it meant before: a rewrite that does not is none.

mod difference;
mod edit;
mod place;
#[cfg(test)]
mod tests;

use std::fmt;

use engine::manifest::{Limits, Manifest, Object, read};
use protocol::path::Segment;
use serde_json::Value as Json;

use difference::is_same;
pub use difference::{Change, Operation};
use edit::{Edit, Unclean};

/// Why a mutation is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MutationError {
    /// What it gave is no object.
    NoObject,
    /// It changes who the object is; the field's path, for people.
    Identity(String),
    /// The text cannot be changed so that it means what the policy gave.
    Unwritable,
}

impl fmt::Display for MutationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => formatter.write_str("it would have no object here"),
            Self::Identity(field) => {
                write!(formatter, "it changes {field}, and Kubernetes refuses a mutation that makes another object")
            }
            Self::Unwritable => {
                formatter.write_str("the manifest cannot be changed so that it means what the policy gives")
            }
        }
    }
}

impl std::error::Error for MutationError {}

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
    let changes = difference::between(&object.node, mutated);
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

/// An object of a file, and what shall stand in its place.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The index of its document in the file.
    pub document: usize,
    /// The object as it is.
    pub object: &'a Object,
    /// What the policy gave.
    pub mutated: &'a Json,
}

/// A file's new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// All of it.
    pub text: String,
    /// Whether only what differs was edited; otherwise objects were written anew, and their comments are gone.
    pub is_clean: bool,
}

/// The text of the file with these objects changed. Each object is given once.
///
/// # Errors
/// [`MutationError::Unwritable`].
pub fn rewrite(manifest: &Manifest, wanted: &[Wanted<'_>]) -> Result<Rewritten, MutationError> {
    let text = manifest.source.text();
    let clean: Result<Vec<Edit>, Unclean> = wanted.iter().try_fold(Vec::new(), |mut edits, wanted| {
        for change in difference::between(&wanted.object.node, wanted.mutated) {
            edits.push(edit::of_change(text, &wanted.object.node, &change)?);
        }
        Ok(edits)
    });
    let is_meant = |text: &String| means(manifest, wanted, text);
    if let Some(text) = clean.ok().and_then(|edits| edit::apply(text, edits)).filter(is_meant) {
        return Ok(Rewritten { text, is_clean: true });
    }
    let anew = wanted.iter().map(|wanted| edit::anew(text, &wanted.object.node, wanted.mutated)).collect();
    match edit::apply(text, anew).filter(is_meant) {
        Some(text) => Ok(Rewritten { text, is_clean: false }),
        None => Err(MutationError::Unwritable),
    }
}

/// Whether the new text has the same objects as the old one, but for those that shall differ.
fn means(old: &Manifest, wanted: &[Wanted<'_>], text: &str) -> bool {
    let new = read(&old.name, text.as_bytes().to_vec(), &Limits::default());
    if !new.problems.is_empty() || new.documents.len() != old.documents.len() {
        return false;
    }
    let mut documents = old.documents.iter().zip(&new.documents).enumerate();
    documents.all(|(index, (old, new))| {
        let mut objects = old.objects().iter().zip(new.objects());
        old.objects().len() == new.objects().len()
            && old.skipped() == new.skipped()
            && objects.all(|(old, new)| {
                let changed = wanted.iter().find(|wanted| wanted.document == index && wanted.object.path == old.path);
                match changed {
                    Some(wanted) => is_same(&new.node, wanted.mutated),
                    None => serde_json::to_value(&*old.node).is_ok_and(|old| is_same(&new.node, &old)),
                }
            })
    })
}
