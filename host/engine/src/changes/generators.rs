//! Files that the git generators of ApplicationSets read: whether all that a change of one does shows in what is rendered.
//!
//! What a set fills in among values and images of its template shows there. What it fills in elsewhere, such as a project or
//! the address of a cluster, does not. The module must not know what a field may be.

use super::fields::differences;
use super::hashed::Generated;
use super::releases::{Releases, is_filled_in};
use super::version::Version;
use crate::manifest::{Content, Node, Object, Value};
use crate::paths::normal;

/// Whether a file differs only in what ApplicationSets of both versions fill in as values, and all that they deploy is rendered.
#[must_use]
pub fn gives_values_alone(old: Version<'_>, new: Version<'_>, path: &str) -> bool {
    let (Some(before), Some(after)) = (content(old, path), content(new, path)) else { return false };
    let (Value::Mapping(_), Value::Mapping(_)) = (&before.value, &after.value) else { return false };
    let changed = differences(before, after, &Generated::default());
    let keys: Vec<&str> = changed.iter().map(|field| field.path.split(['.', '[']).next().unwrap_or_default()).collect();
    // A key that needs quotes is no name that a template has.
    let is_plain = !keys.is_empty() && keys.iter().all(|key| !key.is_empty());
    is_plain && [old, new].into_iter().all(|version| are_values(version, path, &keys))
}

/// Whether the sets that read a file, at least one, take these keys for values alone.
fn are_values(version: Version<'_>, path: &str, keys: &[&str]) -> bool {
    let is_set = |object: &Object| (object.group(), object.kind.as_str()) == ("argoproj.io", "ApplicationSet");
    // Most repositories have no set, and many changed files.
    if !version.input.subjects().any(|subject| is_set(subject.object)) {
        return false;
    }
    let releases = Releases::new(version);
    let mut sets = version.deployed().filter(|deployed| is_set(deployed.subject.object)).filter_map(|deployed| {
        let node = deployed.subject.object.node.look();
        let spec = node.get("spec")?;
        let reads = spec.get("generators").is_some_and(|generators| may_read(generators, path));
        reads.then(|| releases.has(&deployed) && !keys.iter().any(|key| is_filled_in(spec, "spec", key)))
    });
    sets.next().is_some_and(|is_value| is_value && sets.all(|is_value| is_value))
}

/// Whether a pattern of files in these generators may mean the path: as far as it is fixed, it begins like it.
fn may_read(generators: &Node, path: &str) -> bool {
    match &generators.value {
        Value::Sequence(items) => items.iter().any(|item| may_read(item, path)),
        Value::Mapping(entries) => entries.iter().any(|entry| match &*entry.key {
            "files" => entry.value.items().iter().any(|file| {
                let pattern = file.text(&["path"]).unwrap_or_default().trim_start_matches('/');
                let end = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
                path.starts_with(pattern.get(..end).unwrap_or_default())
            }),
            _ => may_read(&entry.value, path),
        }),
        _ => false,
    }
}

/// What stands in a file that is no manifest, where it is one document.
fn content<'a>(version: Version<'a>, path: &str) -> Option<&'a Node> {
    let is_it = |name: &str| normal(version.path(name)) == path;
    let file = version.input.files().iter().find(|file| is_it(&file.manifest.name))?;
    match file.manifest.documents.as_slice() {
        [document] if file.manifest.problems.is_empty() => match &document.content {
            Content::Other(node) => Some(node),
            _ => None,
        },
        _ => None,
    }
}
