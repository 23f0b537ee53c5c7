//! What a change comes to: the objects that are deployed otherwise after it than before.
//!
//! Two inputs are compared, each of the whole repository: what a chart or a kustomization renders to, and what stands in
//! files by itself. An object is the same one before and after if it is deployed from the same place under the same name;
//! the hash that kustomize appends to a generated name is no part of it. The module must not know how a version of a
//! repository is had, nor what any difference means.

mod accounts;
mod apart;
mod codeowners;
mod conditions;
mod deployers;
mod environment;
mod fields;
mod generators;
mod hashed;
mod made;
mod markers;
mod name_pattern;
mod namespaces;
mod others;
mod owners;
mod releases;
mod routes;
mod selection;
mod sources;
#[cfg(test)]
mod tests;
mod unplaced;
mod users;
mod version;

use std::collections::BTreeMap;

use accounts::Accounts;
use hashed::Generated;
use others::Others;
use releases::Releases;

use crate::documents::ChangedObject;

pub use codeowners::{CODEOWNERS, Codeowners};
pub use conditions::{asks_installation, asks_more_than_a_name};
pub use generators::gives_values_alone;
pub use owners::Owners;
pub use sources::Sources;
pub use unplaced::unplaced;
pub use version::{Deployed, Version};

/// What an object is known by in both versions.
type Identity<'a> = (String, &'a str, &'a str, Option<&'a str>, String);

/// The objects that are deployed otherwise, by place and name in order.
#[must_use]
pub fn compare<'a>(old: Version<'a>, new: Version<'a>) -> Vec<ChangedObject<'a>> {
    let (before, after): (Vec<Deployed<'a>>, Vec<Deployed<'a>>) = (old.deployed().collect(), new.deployed().collect());
    let mut pairs: BTreeMap<Identity<'a>, (Vec<&Deployed<'a>>, Vec<&Deployed<'a>>)> = BTreeMap::new();
    for deployed in &before {
        pairs.entry(identity(deployed)).or_default().0.push(deployed);
    }
    for deployed in &after {
        pairs.entry(identity(deployed)).or_default().1.push(deployed);
    }
    // What was there before is taken by those who took it then: a change makes nothing its own by taking it.
    let users_of = |deployed: &[Deployed<'a>]| {
        users::Users::new(deployed.iter().map(|deployed| (&*deployed.place, deployed.subject.object)))
    };
    let (users_before, users_after) = (users_of(&before), users_of(&after));
    let mut generated: BTreeMap<&str, Generated<'_>> = BTreeMap::new();
    for deployed in &before {
        let names = &mut generated.entry(&deployed.place).or_default().before;
        names.extend(hashed::generated_name(deployed.subject.object));
    }
    for deployed in &after {
        let names = &mut generated.entry(&deployed.place).or_default().after;
        names.extend(hashed::generated_name(deployed.subject.object));
    }
    let nothing = Generated::default();
    let pairs: Vec<_> = pairs.into_values().flat_map(|(old, new)| paired(&old, new)).collect();
    let added: Vec<&Deployed<'a>> = pairs.iter().filter_map(|(old, new)| new.filter(|_| old.is_none())).collect();
    let asked: &[Deployed<'a>] = if added.is_empty() { &[] } else { &before };
    let whole = [old, new].iter().flat_map(Version::whole_folders).collect();
    let (accounts, others) = (Accounts::new(asked), Others::new(asked, &added, whole));
    let (rendered_before, rendered_after) = (Releases::new(old), Releases::new(new));
    let mut changed = Vec::new();
    for (old, new) in pairs {
        let objects = (old.map(|old| old.subject.object), new.map(|new| new.subject.object));
        let Some(deployed) = new.or(old) else { continue };
        let is_rendered =
            || old.is_some_and(|old| rendered_before.has(old)) && new.is_some_and(|new| rendered_after.has(new));
        let fields = match objects {
            (Some(old), Some(new)) => {
                let generated = generated.get(&*deployed.place).unwrap_or(&nothing);
                let mut fields = fields::differences(&old.node.look(), &new.node.look(), generated);
                // The letters of a name that a template makes up are others every time.
                let is_made_up = old.hash > 0 && new.hash > 0;
                fields.retain(|field| !(is_made_up && field.path == "metadata.name"));
                // What they make of the rendered objects is compared there.
                fields.retain(|field| !(releases::is_value(new, &field.path) && is_rendered()));
                if fields.is_empty() {
                    continue;
                }
                fields
            }
            _ => Vec::new(),
        };
        let is_new = objects.0.is_none();
        let users = if is_new { &users_after } else { &users_before };
        changed.push(ChangedObject {
            place: deployed.shown.clone(),
            environment: deployed.environment,
            namespace: deployed.namespace,
            old: objects.0,
            new: objects.1,
            fields,
            users: users.of(&deployed.place, deployed.subject.object),
            account: if is_new { accounts.of(deployed) } else { None },
            others: if is_new { others.of(deployed) } else { Vec::new() },
        });
    }
    changed
}

fn identity<'a>(deployed: &Deployed<'a>) -> Identity<'a> {
    let object = deployed.subject.object;
    let name = object.display_name();
    let name = if hashed::is_generated(object) { hashed::without(&name).to_owned() } else { name };
    (deployed.place.clone(), object.group(), &object.kind, deployed.namespace, name)
}

/// Those before beside those after: of several in one folder, those of one file first.
fn paired<'d, 'a>(
    old: &[&'d Deployed<'a>],
    mut new: Vec<&'d Deployed<'a>>,
) -> Vec<(Option<&'d Deployed<'a>>, Option<&'d Deployed<'a>>)> {
    let mut pairs: Vec<_> = old.iter().map(|old| (Some(*old), None)).collect();
    for is_strict in [true, false] {
        for (old, found) in pairs.iter_mut().filter(|(_, found)| found.is_none()) {
            let shown = old.map(|old| &old.shown);
            if let Some(at) = new.iter().position(|new| !is_strict || Some(&new.shown) == shown) {
                *found = Some(new.remove(at));
            }
        }
    }
    pairs.extend(new.into_iter().map(|new| (None, Some(new))));
    pairs
}
