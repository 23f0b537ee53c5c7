//! Who owns a file: `CODEOWNERS`, as GitHub reads it, and the owners of Backstage Components.
//!
//! Of `CODEOWNERS` the last pattern that matches counts, and a line without owners takes them away. Where it says nothing,
//! the Component of the nearest folder around the file does. Whose version of either counts is for others to know.

use std::collections::BTreeMap;

use protocol::glob::matches_name;

use super::version::Version;
use crate::manifest::Node;
use crate::paths::{ancestors, folder};

/// Where `CODEOWNERS` may lie, the first of these that is there.
pub const CODEOWNERS: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// Who owns what.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// Patterns with their owners, in order.
    rules: Vec<(String, Vec<String>)>,
    /// By folder.
    components: BTreeMap<String, Vec<String>>,
}

impl Owners {
    /// As the text of a `CODEOWNERS` says, if there is one, and the Components of a version.
    #[must_use]
    pub fn new(codeowners: Option<&str>, version: Version<'_>) -> Self {
        let rules = codeowners.unwrap_or_default().lines().filter_map(rule).collect();
        let mut components: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for deployed in version.deployed() {
            let object = deployed.subject.object;
            if (object.group(), object.kind.as_str()) != ("backstage.io", "Component") {
                continue;
            }
            let node = object.node.look();
            let owner = node.get("spec").and_then(|spec| spec.get("owner")).and_then(Node::as_str);
            if let Some(owner) = owner.and_then(entity) {
                let owners = components.entry(deployed.place).or_default();
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        Self { rules, components }
    }

    /// The owners of a file: `None` if no line names the file, empty if a line says that it has no owner.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<Vec<String>> {
        let last = self.rules.iter().rev().find(|(pattern, _)| matches(pattern, path));
        last.map(|(_, owners)| owners.clone()).or_else(|| {
            let mut folders = ancestors(folder(path)).chain([""]);
            folders.find_map(|folder| self.components.get(folder)).cloned()
        })
    }
}

/// A line of the file. Sections of GitLab (`[Backend]`) stand for themselves alone.
fn rule(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '[', '^']) {
        return None;
    }
    // A space in a path is escaped.
    let line = line.replace("\\ ", "\u{0}");
    let mut words = line.split_whitespace().take_while(|word| !word.starts_with('#'));
    let pattern = words.next()?.replace('\u{0}', " ");
    Some((pattern, words.map(|word| word.replace('\u{0}', " ")).collect()))
}

/// The owner as `CODEOWNERS` would have it: `@ana` of `user:default/ana`, `shop` of `group:default/shop`.
fn entity(owner: &str) -> Option<String> {
    let (kind, name) = owner.split_once(':').unwrap_or(("group", owner));
    let name = name.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some(if kind.eq_ignore_ascii_case("user") { format!("@{name}") } else { name.to_owned() })
}

/// Whether a file is meant by a pattern of `CODEOWNERS`: a pattern with a slash anywhere but at its end begins at the root,
/// another anywhere; a folder is all that is in it, and `folder/*` only the files directly in it.
fn matches(pattern: &str, path: &str) -> bool {
    let is_folder = pattern.ends_with('/');
    let steps: Vec<&str> = pattern.trim_matches('/').split('/').collect();
    let is_rooted = pattern.trim_end_matches('/').contains('/');
    let path: Vec<&str> = path.split('/').collect();
    let starts = if is_rooted { 0..1 } else { 0..path.len() };
    starts.into_iter().any(|start| is_here(&steps, path.get(start..).unwrap_or_default(), is_folder))
}

fn is_here(steps: &[&str], path: &[&str], is_folder: bool) -> bool {
    match (steps.split_first(), path.split_first()) {
        (None, None) => !is_folder,
        (None, Some(_)) => true,
        (Some((&"**", [])), _) => !path.is_empty(),
        (Some((&"**", rest)), Some((_, below))) => is_here(rest, path, is_folder) || is_here(steps, below, is_folder),
        (Some((&"*", [])), Some((_, below))) => below.is_empty() != is_folder,
        (Some((step, rest)), Some((name, below))) => matches_name(step, name) && is_here(rest, below, is_folder),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(text: &str) -> Owners {
        Owners { rules: text.lines().filter_map(rule).collect(), components: BTreeMap::new() }
    }

    #[test]
    fn patterns_mean_what_they_mean_to_github() {
        for (pattern, yes, no) in [
            ("*", &["a", "a/b"][..], &[][..]),
            ("*.js", &["a.js", "x/a.js"], &["a.ts"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a", "docs"]),
            ("apps/", &["apps/a", "x/apps/b"], &["apps"]),
            ("docs/*", &["docs/a.md"], &["docs/b/a.md"]),
            ("/docs", &["docs", "docs/a"], &["x/docs"]),
            ("**/logs", &["logs/a", "x/y/logs/a"], &["logsx/a"]),
            ("services/**/base", &["services/web/base/a.yaml", "services/base"], &["x/services/web/base"]),
            ("/clusters/*/infra/", &["clusters/production/infra/a/b"], &["clusters/infra/a"]),
            ("web.yaml", &["web.yaml", "a/b/web.yaml"], &["web.yml"]),
        ] {
            yes.iter().for_each(|path| assert!(matches(pattern, path), "{pattern} {path}"));
            no.iter().for_each(|path| assert!(!matches(pattern, path), "{pattern} {path}"));
        }
    }

    #[test]
    fn the_last_line_counts_and_one_without_owners_takes_them_away() {
        let owners = owners("# all\n* @acme/all\n/a/ @acme/a ana@example.com # why\n/a/b/\n/with\\ space/ @acme/s\n");
        assert_eq!(owners.of("x"), Some(vec!["@acme/all".into()]));
        assert_eq!(owners.of("a/x"), Some(vec!["@acme/a".into(), "ana@example.com".into()]));
        assert_eq!(owners.of("a/b/x"), Some(vec![]));
        assert_eq!(owners.of("with space/x"), Some(vec!["@acme/s".into()]));
        assert_eq!(super::Owners::default().of("x"), None);
    }

    #[test]
    fn an_entity_is_a_team_unless_it_says_otherwise() {
        assert_eq!(entity("group:default/shop"), Some("shop".into()));
        assert_eq!(entity("shop"), Some("shop".into()));
        assert_eq!(entity("user:ana"), Some("@ana".into()));
        assert_eq!(entity(""), None);
    }
}
