//! The files that a change touches, with the Kubernetes objects in them before and after.
//!
//! It must not know what makes a change large or small, nor how versions are compared.

use protocol::documents::CHANGE_SET;

use super::build::{Listing, Name, document, entry, entry_at, list, string};
use super::schema::DocumentError;
use crate::manifest::{Entry, Manifest, Node, Object, Span, Value};

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is new.
    Added,
    /// Its content is another.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path, and perhaps another content.
    Renamed,
    /// It was made of another file, which is still there.
    Copied,
    /// It became a link, or ceased to be one.
    TypeChanged,
}

impl Status {
    /// The name in the document, and the letter that git shows.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Added => ("added", "A"),
            Self::Modified => ("modified", "M"),
            Self::Deleted => ("deleted", "D"),
            Self::Renamed => ("renamed", "R"),
            Self::Copied => ("copied", "C"),
            Self::TypeChanged => ("typeChanged", "T"),
        }
    }
}

/// One file that the change touches.
#[derive(Clone, Debug)]
pub struct ChangedFile<'a> {
    /// Its path from the root, with `/`; the old path of a deleted file.
    pub path: &'a str,
    /// Its path before it was renamed, or that of the file it was copied from.
    pub previous_path: Option<&'a str>,
    /// What happened to it.
    pub status: Status,
    /// The objects in it before. None where there was no file, or where it cannot be read as manifests.
    pub old_objects: Option<Vec<&'a Object>>,
    /// The objects in it after. None where there is no file, or where it cannot be read as manifests.
    pub new_objects: Option<Vec<&'a Object>>,
}

/// The document with `spec.files`. Its text is a listing of the files, as `git diff --name-status` has it, and all that is
/// known of a file points at its line. `name` is what people call the change, such as `main..feature/basket`.
///
/// # Errors
/// The change is larger than a document may be.
pub fn change_set(name: &str, files: &[ChangedFile<'_>]) -> Result<Manifest, DocumentError> {
    let mut listing = Listing::default();
    let files = files.iter().map(|file| node(file, &mut listing)).collect();
    let spec = vec![entry("files", list(files))];
    document(&CHANGE_SET, name, Name { namespace: None, name }, listing.source(), spec)
}

fn node(file: &ChangedFile<'_>, listing: &mut Listing) -> Node {
    let (status, letter) = file.status.names();
    listing.write(letter);
    let previous = file.previous_path.map(|path| {
        listing.write("\t");
        listing.field(path)
    });
    listing.write("\t");
    let path = listing.field(file.path);
    listing.write("\n");
    let place = path.span;
    let mut entries = vec![entry("path", path)];
    entries.extend(previous.map(|previous| entry("previousPath", previous)));
    entries.push(entry("status", string(status, place)));
    for (key, objects) in [("oldObjects", &file.old_objects), ("newObjects", &file.new_objects)] {
        let objects = objects.as_ref().map(|objects| objects.iter().map(|object| moved(&object.node, place)).collect());
        entries.extend(objects.map(|objects| entry_at(key, place, list(objects))));
    }
    Node { value: Value::Mapping(entries), span: place }
}

/// The same value, all of it at that place: its own place is in another text.
fn moved(node: &Node, place: Span) -> Node {
    let value = match &node.value {
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| moved(item, place)).collect()),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|entry| Entry {
                key: entry.key.clone(),
                key_span: place,
                value: moved(&entry.value, place),
            });
            Value::Mapping(entries.collect())
        }
        scalar => scalar.clone(),
    };
    Node { value, span: place }
}
