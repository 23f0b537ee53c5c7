//! What Kubernetes grants to the roles that it makes itself, and to whom it binds them. Anybody may give a role such a
//! name, so the name exempts nothing: only what is granted does.
//!
//! The facts are in `granted.tsv`, made from Kubernetes' own test data by `facts/`, which says what its columns are.

use sdk::prelude::*;

const GRANTED: &str = include_str!("granted.tsv");

/// Whether Kubernetes gives this rule, or more, to its own role of that name; a Role's name is `namespace/name`.
pub fn grants(role: &str, rule: Field<'_>) -> bool {
    let texts = |field| strings(rule.get(field));
    let (verbs, groups, resources) = (texts("verbs"), texts("apiGroups"), texts("resources"));
    let (names, urls) = (texts("resourceNames"), texts("nonResourceURLs"));
    let grants: Vec<Grant<'_>> =
        lines("role").filter_map(Grant::read).filter(|grant| holds(role, grant.role)).collect();
    let covers = |wanted: &dyn Fn(&Grant<'_>) -> bool| grants.iter().any(wanted);
    let every_resource = |verb: &str| {
        groups
            .iter()
            .all(|group| resources.iter().all(|resource| covers(&|grant| grant.is_of(verb, group, resource, &names))))
    };
    let every_url =
        |verb: &str| urls.iter().all(|url| covers(&|grant| is_in(grant.verbs, verb) && is_in(grant.urls, url)));
    !grants.is_empty() && verbs.iter().all(|verb| every_resource(verb) && every_url(verb))
}

/// Whether Kubernetes itself binds its own ClusterRole of that name to this group.
pub fn binds(role: &str, group: &str) -> bool {
    lines("binding").any(|columns| columns.split_once('\t') == Some((role, group)))
}

/// Whether one of Kubernetes' own roles holds the rules of another: its own, or those that it aggregates.
fn holds(role: &str, source: &str) -> bool {
    let aggregated = source.strip_prefix("system:aggregate-to-").unwrap_or_default();
    role == source
        || match role {
            "admin" => matches!(aggregated, "admin" | "edit" | "view"),
            "edit" => matches!(aggregated, "edit" | "view"),
            "view" => aggregated == "view",
            _ => false,
        }
}

/// One rule of a role.
struct Grant<'t> {
    role: &'t str,
    verbs: &'t str,
    groups: &'t str,
    resources: &'t str,
    names: &'t str,
    urls: &'t str,
}

impl<'t> Grant<'t> {
    fn read(columns: &'t str) -> Option<Self> {
        let mut columns = columns.split('\t');
        let mut next = || columns.next();
        Some(Self { role: next()?, verbs: next()?, groups: next()?, resources: next()?, names: next()?, urls: next()? })
    }

    /// Whether it is about resources, and this one among them, under these names at most.
    fn is_of(&self, verb: &str, group: &str, resource: &str, names: &[&str]) -> bool {
        !self.resources.is_empty()
            && is_in(self.verbs, verb)
            && is_in(self.groups, group)
            && is_in(self.resources, resource)
            && (self.names.is_empty() || (!names.is_empty() && names.iter().all(|name| is_in(self.names, name))))
    }
}

fn lines(kind: &'static str) -> impl Iterator<Item = &'static str> {
    GRANTED.lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix('\t'))
}

fn is_in(list: &str, wanted: &str) -> bool {
    list.split(',').any(|item| item == wanted || item == "*")
}

fn strings(list: Field<'_>) -> Vec<&str> {
    list.items().filter_map(Field::str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let facts = GRANTED.lines().filter(|line| !line.starts_with('#')).count();
        let roles = lines("role").filter_map(Grant::read).filter(|grant| !grant.verbs.is_empty()).count();
        let bindings = lines("binding").filter(|columns| columns.split('\t').count() == 2).count();
        assert_eq!(roles + bindings, facts);
        assert!(GRANTED.starts_with("# What k8s.io/kubernetes v1."), "the facts name their source and version");
        assert!(roles > 30 && bindings > 5);
    }
}
