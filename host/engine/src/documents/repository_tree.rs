//! The paths of the files in a repository.

use protocol::documents::REPOSITORY_TREE;

use super::build::{Listing, Name, document, entry, list};
use super::schema::DocumentError;
use crate::manifest::Manifest;

/// The document with `spec.paths`, each from the root and with `/`. `folder` is the root's path as people would give it; it
/// is the document's name too.
///
/// # Errors
/// The repository is larger than a document may be.
pub fn repository_tree(folder: &str, paths: &[String]) -> Result<Manifest, DocumentError> {
    let mut listing = Listing::default();
    let items = paths.iter().map(|path| {
        let item = listing.field(path);
        listing.write("\n");
        item
    });
    let spec = vec![entry("paths", list(items.collect()))];
    let name = Name { namespace: None, name: folder };
    document(&REPOSITORY_TREE, folder, name, listing.source(), spec)
}
