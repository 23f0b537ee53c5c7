//! Who owns a file: whom `CODEOWNERS` names, and the owners of Backstage Components.
//!
//! Where `CODEOWNERS` says nothing, the Component of the nearest folder around the file does. Whose version of either counts is
//! for others to know.

use std::collections::BTreeMap;

use super::codeowners::Codeowners;
use super::version::Version;
use crate::documents::Owned;
use crate::manifest::Node;
use crate::paths::{ancestors, folder};

/// Who owns what.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    codeowners: Codeowners,
    /// By folder.
    components: BTreeMap<String, Vec<String>>,
}

impl Owners {
    /// As `CODEOWNERS` says, if there is one, and the Components of a version.
    #[must_use]
    pub fn new(codeowners: Option<&Codeowners>, version: Version<'_>) -> Self {
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
        Self { codeowners: codeowners.cloned().unwrap_or_default(), components }
    }

    /// The owners of a file: `None` if no line names the file, empty if a line says that it has no owner.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<Owned> {
        self.codeowners.of(path).or_else(|| {
            let mut folders = ancestors(folder(path)).chain([""]);
            let owners = folders.find_map(|folder| self.components.get(folder)).cloned()?;
            Some(Owned { owners, sections: Vec::new() })
        })
    }
}

/// The owner as `CODEOWNERS` would have it: `@ana` of `user:default/ana`, `shop` of `group:default/shop`.
fn entity(owner: &str) -> Option<String> {
    let (kind, name) = owner.split_once(':').unwrap_or(("group", owner));
    let name = name.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some(if kind.eq_ignore_ascii_case("user") { format!("@{name}") } else { name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_a_team_unless_it_says_otherwise() {
        assert_eq!(entity("group:default/shop"), Some("shop".into()));
        assert_eq!(entity("shop"), Some("shop".into()));
        assert_eq!(entity("user:ana"), Some("@ana".into()));
        assert_eq!(entity(""), None);
    }
}
