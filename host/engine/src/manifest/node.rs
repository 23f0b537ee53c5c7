//! The tree of a document: the values that JSON has, each with its place in the text.
//!
//! It must not know how the text is written (YAML or JSON) nor what an object of Kubernetes is.

use protocol::path::Segment;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::Number;

use super::span::Span;

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

    /// The items, if this is a list.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The items of the list under that key, if there is one.
    #[must_use]
    pub fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// The string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The string at the end of these keys; `None` also where it is empty.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(self, |node, key| node.get(key))?.as_str().filter(|text| !text.is_empty())
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

/// Whether the field is not there, or nothing: Kubernetes reads an empty text so.
pub(super) fn is_absent(node: &Node, key: &str) -> bool {
    node.get(key).is_none_or(|node| match &node.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use protocol::path;

    use super::super::tests::read_text;
    use super::*;

    const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostNetwork: false
  volumes:
  nodeSelector: {}
  containers:
  - image: a:1
    name: app
    securityContext:
      privileged: true
  - image: b
  - args: [x, \"y\"]
";

    #[test]
    fn a_finding_points_at_its_value_or_at_the_nearest_parent() {
        let manifest = read_text(POD);
        let node = &manifest.objects().next().unwrap().node;
        for (path, expected) in [
            ("$", "5:kind: Pod"),
            ("$['spec']", "4:spec"),
            ("$['spec']['hostNetwork']", "5:false"),
            ("$['spec']['hostPID']", "4:spec"),
            ("$['spec']['volumes']", "6:volumes"),
            ("$['spec']['nodeSelector']['a']", "7:nodeSelector"),
            ("$['spec']['containers']", "8:containers"),
            ("$['spec']['containers'][0]", "10:name: app"),
            ("$['spec']['containers'][0]['image']", "9:a:1"),
            ("$['spec']['containers'][0]['resources']['limits']", "10:name: app"),
            ("$['spec']['containers'][0]['securityContext']['runAsNonRoot']", "11:securityContext"),
            ("$['spec']['containers'][0]['securityContext']['privileged']", "12:true"),
            ("$['spec']['containers'][1]['resources']", "13:image"),
            ("$['spec']['containers'][2]['args'][1]", "14:\"y\""),
            ("$['spec']['containers'][9]['image']", "8:containers"),
            ("$['spec'][0]", "4:spec"),
        ] {
            let span = node.locate(&path::parse(path).unwrap());
            let place = format!("{}:{}", manifest.source.position(span.start).line, manifest.source.slice(span));
            let expected = if path == "$" { "2:kind: Pod" } else { expected };
            assert_eq!(place, expected, "{path}");
        }
    }

    #[test]
    fn spans_of_collections_go_from_their_first_to_their_last_member() {
        let text = "a:\n- b: 1\n  c: |\n    d\n\n- {e: [f,\n    g ]}\nh: i\n";
        let manifest = read_text(text);
        let super::super::Content::Other(root) = &manifest.documents[0].content else { panic!() };
        let slice = |path: &str| manifest.source.slice(root.find(&path::parse(path).unwrap()).unwrap().span);
        assert_eq!(slice("$"), text.trim_end());
        assert_eq!(slice("$['a']"), "b: 1\n  c: |\n    d\n\n- {e: [f,\n    g ]}");
        assert_eq!(slice("$['a'][0]"), "b: 1\n  c: |\n    d");
        assert_eq!(slice("$['a'][0]['c']"), "d");
        assert_eq!(slice("$['a'][1]"), "{e: [f,\n    g ]}");
        assert_eq!(slice("$['a'][1]['e']"), "[f,\n    g ]");
    }

    #[test]
    fn an_alias_stands_where_it_is_written_and_its_members_where_the_anchor_is() {
        let manifest = read_text("a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n");
        let super::super::Content::Other(root) = &manifest.documents[0].content else { panic!() };
        let line = |path: &str| manifest.source.position(root.locate(&path::parse(path).unwrap()).start).line;
        assert_eq!(manifest.source.slice(root.get("c").unwrap().span), "*x");
        assert_eq!([line("$['c']"), line("$['c']['b']"), line("$['d']['b']")], [3, 2, 2]);
    }

    #[test]
    fn the_deepest_node_that_exists_is_found() {
        let manifest = read_text(POD);
        let node = &manifest.objects().next().unwrap().node;
        let path = path::parse("$['spec']['containers'][0]['resources']['limits']").unwrap();
        assert_eq!(node.at(&path).get("name").and_then(Node::as_str), Some("app"));
        assert_eq!(node.find(&path), None);
    }
}
