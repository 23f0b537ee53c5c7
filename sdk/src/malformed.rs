//! The fields that are not of the type that Kubernetes takes, each said once.
//!
//! It must not know how a field is read, nor what a rule finds besides.

use alloc::vec::Vec;

use protocol::Finding;

use crate::seen::{Seen, hash};

/// The findings about malformed fields, in the order in which they were read.
#[derive(Default)]
pub(crate) struct Malformed {
    all: Vec<Finding>,
    paths: Seen,
}

impl Malformed {
    /// Takes one, unless the same was said at its place. Of other objects than the one judged, whose places all have the
    /// same path, the messages count too.
    pub(crate) fn push(&mut self, finding: Finding, is_of_other: bool) {
        let hash = if is_of_other { hash(&[&finding.path, &finding.message]) } else { hash(&[&finding.path]) };
        let said = |known: usize| {
            self.all
                .get(known)
                .is_some_and(|known| known.path == finding.path && (!is_of_other || known.message == finding.message))
        };
        if !self.paths.contains(hash, said) {
            self.paths.push(hash);
            self.all.push(finding);
        }
    }

    /// Whether this place is malformed, or lies in one that is.
    pub(crate) fn covers(&self, path: &str) -> bool {
        if self.all.is_empty() {
            return false;
        }
        let ends = path.match_indices('[').map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).any(|place| {
            // At the root stands what is malformed elsewhere.
            let is_place = |known: usize| self.all.get(known).is_some_and(|known| known.path == place);
            place != "$" && self.paths.contains(hash(&[place]), is_place)
        })
    }

    /// All of them.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.all
    }
}
