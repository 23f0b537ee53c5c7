//! The one editor of manifests: what shall stand in an object's place becomes edits of the file's text.
//!
//! Only what differs is edited, at the places that the reader noted, so that comments, blank lines and layout stay. The
//! result is read again before it is given back: the objects must mean exactly what was asked for, and all others what
//! they meant before, and each comment must stand beside what it stood beside. A text in which that cannot be done (anchors
//! that others refer to, merge keys, a comment of what goes) is refused, or has the object written anew where the caller
//! takes that. The module must not know who asks for a change, nor write files.

mod apply;
mod comments;
mod difference;
mod in_text;
mod merge;
mod place;
#[cfg(test)]
mod tests;

use protocol::Edit;
use serde_json::Value as Json;

use apply::Applied;
pub use difference::{Change, Operation, between, is_same};
pub use merge::{MergeError, merged};

use crate::manifest::{Limits, Manifest, Object, read};

/// The text cannot be changed so that it means what was asked for, and has its comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manifest cannot be edited to give that result")]
pub struct Unwritable;

/// Why edits of rules cannot be made in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// They cannot be made in the object.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The text cannot be changed so.
    #[error(transparent)]
    Text(#[from] Unwritable),
}

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
    let (applied, new) = in_place(manifest, wanted).ok_or(Unwritable)?;
    if comments::are_kept(manifest, &new, &applied) { Ok(applied.text) } else { Err(Unwritable) }
}

/// The text of the file with these edits of rules made in one object, which is in the document of that index.
///
/// # Errors
/// [`EditError`]: all of the edits are made, or none.
pub fn with_edits<'e>(
    manifest: &Manifest,
    document: usize,
    object: &Object,
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Result<String, EditError> {
    let mutated = merged(object, edits)?;
    Ok(edited(manifest, &[Wanted { document, object, mutated: &mutated }])?)
}

/// As [`edited`], but comments of what goes may go with it; where that cannot be, with the objects written anew.
///
/// # Errors
/// [`Unwritable`].
pub fn rewritten(manifest: &Manifest, wanted: &[Wanted<'_>]) -> Result<Rewritten, Unwritable> {
    if let Some((applied, _)) = in_place(manifest, wanted) {
        return Ok(Rewritten { text: applied.text, is_clean: true });
    }
    let text = &*manifest.source.text();
    let anew = wanted.iter().map(|wanted| in_text::anew(text, &wanted.object.node, wanted.mutated)).collect();
    let (applied, _) = meant(manifest, wanted, Applied::new(text, anew)).ok_or(Unwritable)?;
    Ok(Rewritten { text: applied.text, is_clean: false })
}

/// The text with what differs edited, and what it is read as.
fn in_place(manifest: &Manifest, wanted: &[Wanted<'_>]) -> Option<(Applied, Manifest)> {
    let text = &*manifest.source.text();
    let mut edits = Vec::new();
    for wanted in wanted {
        for change in between(&wanted.object.node, wanted.mutated) {
            edits.extend(in_text::of_change(text, &wanted.object.node, &change).ok()?);
        }
    }
    meant(manifest, wanted, Applied::new(text, edits))
}

/// The new text and what it is read as, if that is what was asked for.
fn meant(manifest: &Manifest, wanted: &[Wanted<'_>], applied: Option<Applied>) -> Option<(Applied, Manifest)> {
    let applied = applied?;
    let new = read(&manifest.name, applied.text.as_bytes().to_vec(), &Limits::default());
    means(manifest, wanted, &new).then_some((applied, new))
}

/// Whether the new text has the same objects as the old one, but for those that shall differ.
fn means(old: &Manifest, wanted: &[Wanted<'_>], new: &Manifest) -> bool {
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
