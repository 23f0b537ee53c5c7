//! Versions of custom resources that are deprecated or gone, of well-known operators.
//!
//! It must not know the kinds of Kubernetes.

use sdk::prelude::*;

/// Kept by hand; each line says where from.
const TABLE: &str = include_str!("../data/operators.tsv");

/// What became of a version.
pub struct Known<'t> {
    /// `removed`, `deprecated` or `served`.
    pub state: &'t str,
    /// The release that did it, such as `Flux 2.7`; may be empty.
    pub release: &'t str,
    /// `apps/v1 Deployment`, or an `apiVersion` alone where the kind stays; may be empty.
    pub replacement: &'t str,
}

/// What is known of a version of a kind.
pub fn known(object: Object<'_>) -> Option<Known<'static>> {
    let (group, kind, version) = (object.group(), object.kind(), object.version());
    TABLE.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let mut field = || fields.next();
        let is_it = field()? == group && matches!(field()?, of if of == kind || of == "*") && field()? == version;
        is_it.then(|| Some(Known { state: field()?, release: field()?, replacement: field()? }))?
    })
}
