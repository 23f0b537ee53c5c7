//! The fields in which two objects differ, down to their values.
//!
//! Items of lists go by their names where all of them have one, so that a container that moves is no other container. It
//! must not know any kind.

use std::collections::HashSet;

use protocol::path;

use super::hashed::Generated;
use crate::documents::ChangedField;
use crate::manifest::{Entry, Node, Value};

/// All of them, in the order of the object before, and then of what is new. A name that was generated anew is no
/// difference.
pub fn differences(old: &Node, new: &Node, generated: &Generated<'_>) -> Vec<ChangedField> {
    let mut differences = Differences { generated, found: Vec::new() };
    differences.compare(Some(old), Some(new), &Way::default());
    differences.found
}

/// Where a field is: in the way of a mask, and as people read it.
#[derive(Clone, Default)]
struct Way {
    path: String,
    at: String,
}

impl Way {
    fn key(&self, key: &str) -> Self {
        let step = |path: &str| {
            let mut quoted = String::from("$");
            path::push_key(&mut quoted, key);
            let step = path::shorten(&quoted);
            if path.is_empty() || step.starts_with('[') { format!("{path}{step}") } else { format!("{path}.{step}") }
        };
        Self { path: step(&self.path), at: step(&self.at) }
    }

    /// Whether it names a ConfigMap or a Secret, in the fields in which kustomize writes the name with its hash. A tag or an
    /// account that ends like a hash is another one, and what a ConfigMap or a Secret holds is no name.
    fn names_source(&self) -> bool {
        let path = self.path.to_ascii_lowercase();
        if matches!(path.split(['.', '[']).next(), Some("data" | "stringdata" | "binarydata")) {
            return false;
        }
        let steps = path.rsplit(['.', '[']).map(|step| step.trim_end_matches(['\'', ']']));
        let mut steps = steps.filter(|step| !step.is_empty());
        let (last, around) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
        let is_source = |step: &str| step.contains("secret") || step.contains("configmap");
        match last {
            "name" => is_source(around) || around == "metadata" || around.ends_with("from"),
            "resourcenames" => true,
            last => is_source(last),
        }
    }

    fn item(&self, name: &str) -> Self {
        Self { path: self.path.clone(), at: format!("{}[{name}]", self.at) }
    }
}

struct Differences<'g> {
    generated: &'g Generated<'g>,
    found: Vec<ChangedField>,
}

impl Differences<'_> {
    fn compare(&mut self, old: Option<&Node>, new: Option<&Node>, way: &Way) {
        let (old, new) = (old.filter(|node| is_there(node)), new.filter(|node| is_there(node)));
        let values = (old.map(|node| &node.value), new.map(|node| &node.value));
        match values {
            (None, None) => {}
            (Some(Value::Mapping(old)), Some(Value::Mapping(new))) => self.mappings(old, new, way),
            (Some(Value::Mapping(old)), None) if !old.is_empty() => self.mappings(old, &[], way),
            (None, Some(Value::Mapping(new))) if !new.is_empty() => self.mappings(&[], new, way),
            (Some(Value::Sequence(old)), Some(Value::Sequence(new))) => self.lists(old, new, way),
            (Some(Value::Sequence(old)), None) if !old.is_empty() => self.lists(old, &[], way),
            (None, Some(Value::Sequence(new))) if !new.is_empty() => self.lists(&[], new, way),
            (Some(before), Some(after)) if self.is_equal(before, after, way) => {}
            (before, after) => self.add(way, before, after),
        }
    }

    fn mappings(&mut self, old: &[Entry], new: &[Entry], way: &Way) {
        let value = |entries: &'_ [Entry], key: &str| entries.iter().position(|entry| &*entry.key == key);
        for entry in old {
            let other = value(new, &entry.key).and_then(|at| new.get(at)).map(|entry| &entry.value);
            self.compare(Some(&entry.value), other, &way.key(&entry.key));
        }
        for entry in new.iter().filter(|entry| value(old, &entry.key).is_none()) {
            self.compare(None, Some(&entry.value), &way.key(&entry.key));
        }
    }

    fn lists(&mut self, old: &[Node], new: &[Node], way: &Way) {
        let (Some(names), Some(new_names)) = (names(old), names(new)) else {
            for at in 0..old.len().max(new.len()) {
                self.compare(old.get(at), new.get(at), &way.item(&at.to_string()));
            }
            return;
        };
        for (name, item) in names.iter().zip(old) {
            let other = new_names.iter().position(|other| other == name).and_then(|at| new.get(at));
            self.compare(Some(item), other, &way.item(name));
        }
        for (name, item) in new_names.iter().zip(new).filter(|(name, _)| !names.contains(name)) {
            self.compare(None, Some(item), &way.item(name));
        }
        let common = |names: &[&str], others: &[&str]| -> Vec<String> {
            names.iter().filter(|name| others.contains(name)).map(|name| (*name).to_owned()).collect()
        };
        if common(&names, &new_names) != common(&new_names, &names) {
            self.add(way, None, None);
        }
    }

    fn add(&mut self, way: &Way, old: Option<&Value>, new: Option<&Value>) {
        let (old, new) = (old.and_then(text), new.and_then(text));
        self.found.push(ChangedField { path: way.path.clone(), at: way.at.clone(), old, new });
    }

    fn is_equal(&self, old: &Value, new: &Value, way: &Way) -> bool {
        match (old, new) {
            (Value::String(old), Value::String(new)) => {
                old == new || way.names_source() && self.generated.is_same(old, new)
            }
            (Value::Bool(old), Value::Bool(new)) => old == new,
            (Value::Number(old), Value::Number(new)) => old == new,
            (Value::Sequence(old), Value::Sequence(new)) => old.is_empty() && new.is_empty(),
            (Value::Mapping(old), Value::Mapping(new)) => old.is_empty() && new.is_empty(),
            _ => false,
        }
    }
}

/// The names of all items, if each has one of its own. An empty list has them.
pub fn names(items: &[Node]) -> Option<Vec<&str>> {
    let names: Option<Vec<&str>> = items.iter().map(|item| item.get("name").and_then(Node::as_str)).collect();
    names.filter(|names| names.iter().collect::<HashSet<_>>().len() == names.len())
}

/// What is null is absent, as to the API server.
fn is_there(node: &Node) -> bool {
    !matches!(node.value, Value::Null)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}
