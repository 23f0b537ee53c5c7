//! Texts that stand for those of files on the disk, as an editor has some that are not saved.
//!
//! Whatever reads or renders the files takes these instead, so that a change is checked before anybody writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Texts by the files that they stand for.
#[derive(Clone, Debug, Default)]
pub struct Edited(Arc<BTreeMap<PathBuf, Vec<u8>>>);

impl Edited {
    /// These texts, each with where its file really lies: an absolute path without links.
    #[must_use]
    pub fn new(texts: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        Self(Arc::new(texts))
    }

    /// The text that stands for that of a file, by where it really lies.
    pub(crate) fn get(&self, real: &Path) -> Option<&[u8]> {
        self.0.get(real).map(Vec::as_slice)
    }
}
