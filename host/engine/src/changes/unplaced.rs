//! The objects that differ, and of which nobody here knows the namespace though something deploys them to one.
//!
//! It may be one of the platform. The module must not know which these are.

use super::version::Version;
use crate::builtin;
use crate::documents::ChangedObject;
use crate::paths::is_within;
use crate::places::{is_filled_in, open_folders};
use crate::unchecked::Folders;

/// A line for each of them, as far as a version says what deploys it.
#[must_use]
pub fn unplaced(version: Version<'_>, changed: &[ChangedObject<'_>]) -> Vec<String> {
    let folders = Folders::new(version.input.files());
    let mut open = Vec::new();
    for subject in version.input.subjects() {
        // What Flux sets, it sets over the namespace that an object names.
        let is_set = subject.object.kind == "Kustomization";
        for folder in open_folders(subject.object, &folders) {
            open.push((version.path(folder), is_set, subject.object));
        }
    }
    let lines = changed.iter().filter_map(|changed| {
        let object = changed.new.or(changed.old)?;
        if builtin::is_cluster_wide(object.group(), &object.kind) {
            return None;
        }
        let namespace = changed.namespace.or(object.namespace.as_deref());
        let what = format!("{}: {}", changed.place, object.label());
        if let Some(namespace) = namespace.filter(|namespace| is_filled_in(namespace)) {
            return Some(format!("{what} is deployed to `{namespace}`, and what that stands for is not known"));
        }
        let place = if changed.place == "." { "" } else { changed.place.as_str() };
        let covers = |folder: &str, is_set: bool| (is_set || namespace.is_none()) && is_within(place, folder);
        let (_, _, deployer) = open.iter().find(|(folder, is_set, _)| covers(folder, *is_set))?;
        Some(format!("{what} is deployed by {}, and to which namespace is not known", deployer.label()))
    });
    lines.collect()
}
