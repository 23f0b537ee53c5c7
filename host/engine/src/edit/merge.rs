//! Fixes of an object, merged into what it is: the object as it shall be. It must not know text.

use protocol::path::{self, Segment};
use protocol::{Applicability, Edit, Json as Wanted};
use serde_json::{Map, Value as Json};

use crate::manifest::Object;

/// Why fixes cannot be merged into an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The edit shows the form alone.
    #[error("{0} is an example: a person puts in the value")]
    Example(String),
    /// The object changed since the edit was made, or the edit is malformed.
    #[error("there is nothing at {0}")]
    Nothing(String),
    /// Two of the edits want different values in one place.
    #[error("two fixes contradict each other at {0}")]
    Contradiction(String),
}

/// The object with all these edits made.
///
/// # Errors
/// [`MergeError`]: all of the edits are made, or none.
pub fn merged<'e>(object: &Object, edits: impl IntoIterator<Item = &'e Edit>) -> Result<Json, MergeError> {
    let nothing = |path: &str| MergeError::Nothing(path::shorten(path));
    let mut json = serde_json::to_value(&*object.node).map_err(|_| nothing("$"))?;
    let mut placed = Vec::new();
    for edit in edits {
        if edit.applicability == Applicability::Example {
            return Err(MergeError::Example(path::shorten(&edit.path)));
        }
        placed.push((path::parse(&edit.path).ok_or_else(|| nothing(&edit.path))?, edit));
    }
    // What is removed goes last, and from the end, so that every other path still means what it meant.
    let (mut removals, merges): (Vec<_>, Vec<_>) = placed.into_iter().partition(|(_, edit)| edit.value == Wanted::Null);
    for (path, edit) in &merges {
        merge(at(&mut json, path).ok_or_else(|| nothing(&edit.path))?, &edit.value);
    }
    // An edit that would still change something was undone by a later one.
    for (path, edit) in &merges {
        let mut again = json.clone();
        merge(at(&mut again, path).ok_or_else(|| nothing(&edit.path))?, &edit.value);
        if again != json {
            return Err(MergeError::Contradiction(path::shorten(&edit.path)));
        }
    }
    removals.sort_by(|(one, _), (other, _)| other.cmp(one));
    removals.dedup_by(|(one, _), (other, _)| one == other);
    for (path, edit) in &removals {
        remove(&mut json, path).ok_or_else(|| nothing(&edit.path))?;
    }
    Ok(json)
}

fn at<'j>(json: &'j mut Json, path: &[Segment]) -> Option<&'j mut Json> {
    path.iter().try_fold(json, |json, segment| match segment {
        Segment::Key(key) => json.get_mut(key),
        Segment::Index(index) => json.get_mut(index),
    })
}

fn remove(json: &mut Json, path: &[Segment]) -> Option<()> {
    let (last, parents) = path.split_last()?;
    match (at(json, parents)?, last) {
        (Json::Object(members), Segment::Key(key)) => members.remove(key).map(|_| ()),
        (Json::Array(items), Segment::Index(index)) if *index < items.len() => {
            items.remove(*index);
            Some(())
        }
        _ => None,
    }
}

/// As [`Edit`] says.
fn merge(old: &mut Json, new: &Wanted) {
    match new {
        Wanted::Map(members) => {
            if !old.is_object() {
                *old = Json::Object(Map::new());
            }
            let Json::Object(object) = old else { return };
            for (key, value) in members {
                if *value == Wanted::Null {
                    object.remove(key);
                } else {
                    merge(object.entry(key.clone()).or_insert(Json::Null), value);
                }
            }
        }
        Wanted::List(items) => {
            if !old.is_array() {
                *old = Json::Array(Vec::new());
            }
            let Json::Array(list) = old else { return };
            for item in items {
                let name = name(item);
                let same = name
                    .and_then(|name| list.iter_mut().find(|old| old.get("name").and_then(Json::as_str) == Some(name)));
                if let Some(old) = same {
                    merge(old, item);
                    continue;
                }
                let mut new = Json::Null;
                merge(&mut new, item);
                if !list.contains(&new) {
                    list.push(new);
                }
            }
        }
        Wanted::Null => *old = Json::Null,
        Wanted::Bool(value) => *old = Json::from(*value),
        Wanted::Integer(value) => *old = Json::from(*value),
        Wanted::String(text) => *old = Json::from(text.as_str()),
    }
}

fn name(item: &Wanted) -> Option<&str> {
    let Wanted::Map(members) = item else { return None };
    members.iter().find_map(|(key, value)| match value {
        Wanted::String(name) if key == "name" => Some(name.as_str()),
        _ => None,
    })
}
