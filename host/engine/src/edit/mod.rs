//! The one editor of manifests: what shall stand in an object's place becomes edits of the file's text.
//!
//! Only what differs is edited, at the places that the reader noted, so that comments, blank lines and layout stay. The
//! result is read again before it is given back: the objects must mean exactly what was asked for, and all others what
//! they meant before. A text in which that cannot be done (anchors that others refer to, merge keys, unusual
//! indentation) is refused, or has the object written anew where the caller takes that. The module must not know who asks
//! for a change, nor write files.

mod difference;
mod in_text;
mod merge;
mod place;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;

pub use difference::{Change, Operation, between, is_same};
use in_text::{TextEdit, Unclean};
pub use merge::{MergeError, merged};

use crate::manifest::{Limits, Manifest, Object, read};

/// The text cannot be changed so that it means what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manifest cannot be changed so that it means what was asked for")]
pub struct Unwritable;

/// An object of a file, and what shall stand in its place.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The index of its document in the file.
    pub document: usize,
    /// The object as it is.
    pub object: &'a Object,
    /// As it shall be.
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

/// The text of the file with these objects changed, and every byte that need not change as it was. Each object is given
/// once.
///
/// # Errors
/// [`Unwritable`]: all of the changes are made, or none.
pub fn edited(manifest: &Manifest, wanted: &[Wanted<'_>]) -> Result<String, Unwritable> {
    let text = &*manifest.source.text();
    let edits: Result<Vec<TextEdit>, Unclean> = wanted.iter().try_fold(Vec::new(), |mut edits, wanted| {
        for change in between(&wanted.object.node, wanted.mutated) {
            edits.push(in_text::of_change(text, &wanted.object.node, &change)?);
        }
        Ok(edits)
    });
    let new = edits.ok().and_then(|edits| in_text::apply(text, edits));
    new.filter(|new| means(manifest, wanted, new)).ok_or(Unwritable)
}

/// As [`edited`], and where that cannot be, with the objects written anew.
///
/// # Errors
/// [`Unwritable`].
pub fn rewritten(manifest: &Manifest, wanted: &[Wanted<'_>]) -> Result<Rewritten, Unwritable> {
    if let Ok(text) = edited(manifest, wanted) {
        return Ok(Rewritten { text, is_clean: true });
    }
    let text = &*manifest.source.text();
    let anew = wanted.iter().map(|wanted| in_text::anew(text, &wanted.object.node, wanted.mutated)).collect();
    let new = in_text::apply(text, anew).filter(|new| means(manifest, wanted, new));
    new.map(|text| Rewritten { text, is_clean: false }).ok_or(Unwritable)
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
