//! Files that were read before: who checks again whenever something changes reads most of them for nothing.
//!
//! A file is taken for the same by its text alone, so the bytes are looked at each time; what is saved is to find out what
//! they mean. It must not know who remembers the files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use engine::File;
use engine::manifest::Origin;

/// Files by their names.
#[derive(Debug, Default)]
pub struct Remembered<'k>(HashMap<&'k str, &'k Arc<File>>);

impl<'k> Remembered<'k> {
    /// These, of which the bounds and what is kept of objects were the same.
    #[must_use]
    pub fn new(files: impl Iterator<Item = &'k Arc<File>>) -> Self {
        // What is made of other files has a text that stands in none, and what is no manifest is judged by those beside it.
        let is_read = |file: &&Arc<File>| {
            let manifest = &file.manifest;
            matches!(manifest.origin, Origin::File)
                && manifest.problems.is_empty()
                && manifest.objects().next().is_some()
        };
        Self(files.filter(is_read).map(|file| (file.manifest.name.as_str(), file)).collect())
    }

    /// The file of that name and project, if its text is the same. `text` reads it, if it is not longer than that.
    pub(crate) fn still<'t>(
        &self,
        name: &str,
        project: usize,
        text: impl FnOnce(usize) -> Option<Cow<'t, [u8]>>,
    ) -> Option<Arc<File>> {
        let file = *self.0.get(name).filter(|file| file.project == project)?;
        let source = &file.manifest.source;
        let is_same = *text(source.len())? == *source.text().as_bytes();
        is_same.then(|| Arc::clone(file))
    }
}
