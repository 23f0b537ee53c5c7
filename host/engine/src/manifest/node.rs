//! The tree of a document: the values that JSON has, each with its place in the text.
//!
//! It must not know how the text is written (YAML or JSON) nor what an object of Kubernetes is.

use protocol::path::Segment;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::Number;

use super::source::Span;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands: a scalar with its quotes, a mapping or a list from its first to its last member. Empty for the
    /// value of `key:`. What an alias stands for is where the anchor is; the alias itself is the span of its top.
    pub span: Span,
}

/// What JSON can carry. Never nested deeper than [`Limits::depth`](super::Limits::depth), so recursion over it is safe.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean, also one of YAML 1.1 such as `yes`.
    Bool(bool),
    /// A number as JSON would carry it: `0x10` is 16, `1.0` is 1.
    Number(Number),
    /// A string.
    String(Box<str>),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the text, each key once.
    Mapping(Vec<Entry>),
}

/// A member of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as JSON has it: always a string.
    pub key: Box<str>,
    /// Where the key stands, with its quotes.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Value {
    /// The value's type in words, with an article.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

impl Node {
    /// The entry of that key, spelt exactly so; `None` also where this is no mapping.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(entries) => entries.iter().find(|entry| &*entry.key == key),
            _ => None,
        }
    }

    /// The value of that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The deepest node on the path that exists: the one it names, or the nearest parent of it.
    #[must_use]
    pub fn at(&self, path: &[Segment]) -> &Self {
        self.walk(path).0
    }

    /// The node that the path names, if it is there.
    #[must_use]
    pub fn find(&self, path: &[Segment]) -> Option<&Self> {
        let (node, _, missing) = self.walk(path);
        missing.is_empty().then_some(node)
    }

    /// Where to point for a finding about the path: at the scalar that is there; at the key of a mapping or a list; for
    /// what is absent, at its nearest parent. An item of a list is pointed at by its `name`, an object by its `kind`.
    #[must_use]
    pub fn locate(&self, path: &[Segment]) -> Span {
        let (node, entry, missing) = self.walk(path);
        let is_scalar = !matches!(node.value, Value::Sequence(_) | Value::Mapping(_));
        match entry {
            _ if missing.is_empty() && is_scalar && !node.span.is_empty() => node.span,
            Some(entry) => entry.key_span,
            None => node.title(),
        }
    }

    /// As far down the path as there are nodes: the node, the entry it is the value of, and the rest of the path.
    fn walk<'node, 'path>(
        &'node self,
        path: &'path [Segment],
    ) -> (&'node Self, Option<&'node Entry>, &'path [Segment]) {
        let (mut node, mut entry, mut rest) = (self, None, path);
        while let Some((step, after)) = rest.split_first() {
            match (step, &node.value) {
                (Segment::Key(key), Value::Mapping(_)) => {
                    let Some(found) = node.entry(key) else { break };
                    (node, entry) = (&found.value, Some(found));
                }
                (Segment::Index(index), Value::Sequence(items)) => {
                    let Some(item) = items.get(*index) else { break };
                    (node, entry) = (item, None);
                }
                _ => break,
            }
            rest = after;
        }
        (node, entry, rest)
    }

    /// What stands for a node that no key leads to.
    fn title(&self) -> Span {
        let Value::Mapping(entries) = &self.value else {
            return self.span;
        };
        let titled = ["name", "kind"].iter().find_map(|key| {
            let entry = self.entry(key)?;
            entry.value.as_str()?;
            // An alias may stand anywhere.
            (entry.key_span.end <= entry.value.span.start)
                .then_some(Span { start: entry.key_span.start, end: entry.value.span.end })
        });
        titled.or_else(|| entries.first().map(|entry| entry.key_span)).unwrap_or(self.span)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Sequence(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(item)?;
                }
                sequence.end()
            }
            Value::Mapping(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&*entry.key, &entry.value)?;
                }
                map.end()
            }
        }
    }
}
