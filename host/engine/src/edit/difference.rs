//! What differs between an object and its mutation. It must not know how the object is written.

use crate::manifest::{Node, Value};
use protocol::path::{self, Segment};
use serde_json::{Map, Value as Json};

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where, in the object as it was. For an item to be inserted, the place of the item that it comes before.
    pub path: Vec<Segment>,
    /// What happens there.
    pub operation: Operation,
}

/// What happens at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Another value stands there.
    Replace(Json),
    /// A member that was not there.
    Add(Json),
    /// An item that was not there.
    Insert(Json),
    /// Nothing stands there any more.
    Remove,
}

impl Change {
    /// Where, as a normalised JSONPath.
    #[must_use]
    pub fn place(&self) -> String {
        let mut text = "$".to_owned();
        for segment in &self.path {
            match segment {
                Segment::Key(key) => path::push_key(&mut text, key),
                Segment::Index(index) => path::push_index(&mut text, *index),
            }
        }
        text
    }

    /// The new value, if there is one.
    #[must_use]
    pub const fn value(&self) -> Option<&Json> {
        match &self.operation {
            Operation::Replace(value) | Operation::Add(value) | Operation::Insert(value) => Some(value),
            Operation::Remove => None,
        }
    }
}

/// All differences, in the order of the object's fields.
#[must_use]
pub fn between(old: &Node, new: &Json) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(old, new, &mut Vec::new(), &mut changes);
    changes
}

/// Whether both mean the same to Kubernetes: a member that is null counts as absent.
#[must_use]
pub fn is_same(old: &Node, new: &Json) -> bool {
    match (&old.value, new) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(old), Json::Bool(new)) => old == new,
        (Value::Number(old), Json::Number(new)) => old == new || old.as_f64() == new.as_f64() && is_float(new),
        (Value::String(old), Json::String(new)) => **old == **new,
        (Value::Sequence(old), Json::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(old, new))
        }
        (Value::Mapping(_), Json::Object(new)) => {
            let mut kept = members(old);
            let is_kept = |key: &str| old.get(key).is_some_and(|old| old.value != Value::Null);
            kept.all(|(key, value)| new.get(key).is_some_and(|new| is_same(value, new)))
                && new.iter().all(|(key, new)| new.is_null() || is_kept(key))
        }
        _ => false,
    }
}

fn is_float(number: &serde_json::Number) -> bool {
    number.is_f64()
}

/// The members of a mapping that are there.
fn members(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match &node.value {
        Value::Mapping(entries) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().filter(|entry| entry.value.value != Value::Null).map(|entry| (&*entry.key, &entry.value))
}

fn compare(old: &Node, new: &Json, path: &mut Vec<Segment>, changes: &mut Vec<Change>) {
    if is_same(old, new) {
        return;
    }
    match (&old.value, new) {
        (Value::Mapping(_), Json::Object(new)) if has_common(old, new) => compare_members(old, new, path, changes),
        (Value::Sequence(old), Json::Array(new)) if !old.is_empty() && !new.is_empty() => {
            compare_items(old, new, path, changes);
        }
        _ => changes.push(Change { path: path.clone(), operation: Operation::Replace(new.clone()) }),
    }
}

/// Whether anything stays: otherwise it is another mapping.
fn has_common(old: &Node, new: &Map<String, Json>) -> bool {
    members(old).any(|(key, _)| new.get(key).is_some_and(|new| !new.is_null()))
}

fn compare_members(old: &Node, new: &Map<String, Json>, path: &mut Vec<Segment>, changes: &mut Vec<Change>) {
    let mut at = |key: &str, operation: Option<Operation>, deeper: Option<(&Node, &Json)>| {
        path.push(Segment::Key(key.to_owned()));
        if let Some(operation) = operation {
            changes.push(Change { path: path.clone(), operation });
        }
        if let Some((old, new)) = deeper {
            compare(old, new, path, changes);
        }
        path.pop();
    };
    for (key, value) in members(old) {
        match new.get(key).filter(|new| !new.is_null()) {
            Some(new) => at(key, None, Some((value, new))),
            None => at(key, Some(Operation::Remove), None),
        }
    }
    for (key, value) in new.iter().filter(|(_, value)| !value.is_null()) {
        match old.get(key) {
            Some(old) if old.value == Value::Null => at(key, Some(Operation::Replace(value.clone())), None),
            Some(_) => {}
            None => at(key, Some(Operation::Add(value.clone())), None),
        }
    }
}

/// What is equal at both ends stays; in between items are changed one by one, and the rest comes or goes.
fn compare_items(old: &[Node], new: &[Json], path: &mut Vec<Segment>, changes: &mut Vec<Change>) {
    let shorter = old.len().min(new.len());
    let same = |(old, new): &(&Node, &Json)| is_same(old, new);
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old.iter().rev().zip(new.iter().rev()).take(shorter - head).take_while(same).count();
    let middle = |length: usize| length.saturating_sub(head + tail);
    let pairs = middle(old.len()).min(middle(new.len()));
    let mut at = |index: usize, operation: Option<Operation>, deeper: Option<(&Node, &Json)>| {
        path.push(Segment::Index(index));
        if let Some(operation) = operation {
            changes.push(Change { path: path.clone(), operation });
        }
        if let Some((old, new)) = deeper {
            compare(old, new, path, changes);
        }
        path.pop();
    };
    for (index, (old, new)) in old.iter().zip(new).enumerate().skip(head).take(pairs) {
        at(index, None, Some((old, new)));
    }
    for index in head + pairs..head + middle(old.len()) {
        at(index, Some(Operation::Remove), None);
    }
    for item in new.iter().skip(head + pairs).take(middle(new.len()) - pairs) {
        at(head + pairs, Some(Operation::Insert(item.clone())), None);
    }
}
