//! Versions of custom resources that are deprecated or gone, of well-known operators.
//!
//! It must not know the kinds of Kubernetes.

use sdk::prelude::*;
use sdk::rows::rows;

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
    [kind, "*"].into_iter().find_map(|kind| {
        let mut fields = rows(TABLE, &format!("{group}\t{kind}\t{version}\t")).next()?.split('\t');
        let mut field = || fields.next();
        Some(Known { state: field()?, release: field()?, replacement: field()? })
    })
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_table_is_sorted_by_group_kind_and_version() {
        let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert!(rows.is_sorted_by_key(|row| row.match_indices('\t').nth(2).map(|(end, _)| &row[..=end])));
    }
}
