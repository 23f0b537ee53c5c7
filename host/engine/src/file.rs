//! One file of an input.

use crate::manifest::Manifest;

/// One file and the project that it is part of.
#[derive(Clone, Debug)]
pub struct File {
    /// What was read of it. Its name is a path with `/`, as people gave it.
    pub manifest: Manifest,
    /// Objects of other projects are not part of this file's world.
    pub project: usize,
}
