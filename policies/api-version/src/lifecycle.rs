//! The kinds that Kubernetes has had, version by version, from a table that a program makes of its sources.
//!
//! It must not know any rule, nor the versions of custom resources.

use sdk::prelude::*;
use sdk::rows::rows;

/// See `../lifecycle/main.go`.
const TABLE: &str = include_str!("../data/lifecycle.tsv");

/// One version of a kind, with the minors of Kubernetes at which something became of it.
#[derive(Clone, Copy)]
pub struct Lifecycle<'t> {
    pub version: &'t str,
    pub introduced: Option<u32>,
    pub deprecated: Option<u32>,
    pub removed: Option<u32>,
    /// What takes its place, `apps/v1 Deployment`; empty where the sources do not say.
    replacement: &'t str,
}

impl Lifecycle<'_> {
    pub fn is_served(&self, minor: u32) -> bool {
        self.introduced.is_none_or(|since| since <= minor) && self.removed.is_none_or(|since| minor < since)
    }

    pub fn is_deprecated(&self, minor: u32) -> bool {
        self.deprecated.is_some_and(|since| since <= minor)
    }

    pub fn is_stable(&self) -> bool {
        !self.version.contains("alpha") && !self.version.contains("beta")
    }

    /// Whether an API server serves it only where somebody has turned it on: alpha versions, and beta versions that came
    /// with Kubernetes 1.24 or later.
    pub fn is_off_by_default(&self) -> bool {
        let is_new = self.introduced.is_some_and(|since| since >= 24);
        self.version.contains("alpha") || (self.version.contains("beta") && is_new)
    }
}

/// All versions of a kind; none where Kubernetes itself never had it.
pub fn versions(group: &str, kind: &str) -> Vec<Lifecycle<'static>> {
    // Groups of Kubernetes have no dot, or are of its own domain.
    if group.contains('.') && !group.ends_with(".k8s.io") {
        return Vec::new();
    }
    rows(TABLE, &format!("{group}\t{kind}\t")).filter_map(read).collect()
}

fn read(line: &'static str) -> Option<Lifecycle<'static>> {
    let mut fields = line.split('\t');
    let version = fields.next()?;
    let mut minor = || fields.next().and_then(|field| field.parse().ok());
    let (introduced, deprecated, removed) = (minor(), minor(), minor());
    Some(Lifecycle { version, introduced, deprecated, removed, replacement: fields.next()? })
}

/// What to write in place of a version: an `apiVersion` and a kind that are served at this minor.
pub fn replacement(group: &str, kind: &str, of: Lifecycle<'_>, minor: u32) -> Option<(String, String)> {
    let (mut group, mut kind, mut of) = (group.to_owned(), kind.to_owned(), of);
    // A replacement may be gone itself, and name the next one. None takes more than two steps.
    for _ in 0..4 {
        let Some((api_version, next)) = of.replacement.split_once(' ') else { break };
        let (next_group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        // The sources name a list in one place.
        let next = if kind.ends_with("List") { next } else { next.strip_suffix("List").unwrap_or(next) };
        let known = versions(next_group, next).into_iter().find(|known| known.version == version);
        match known {
            Some(known) if known.is_served(minor) => return Some((api_version.to_owned(), next.to_owned())),
            Some(known) => (group, kind, of) = (next_group.to_owned(), next.to_owned(), known),
            None => break,
        }
    }
    let mut served = versions(&group, &kind);
    served.retain(|known| known.version != of.version && known.is_served(minor) && !known.is_deprecated(minor));
    let best = served.iter().rev().find(|known| known.is_stable()).or(served.last())?;
    let api_version = if group.is_empty() { best.version.to_owned() } else { format!("{group}/{}", best.version) };
    Some((api_version, kind))
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn the_table_is_sorted_by_group_and_kind() {
        let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert!(rows.is_sorted_by_key(|row| row.match_indices('\t').nth(1).map(|(end, _)| &row[..=end])));
    }
}
