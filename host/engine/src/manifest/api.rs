//! Reads objects as an API server sends them: JSON without a place in any file, pruned to a field mask while it is read, so
//! that nothing is allocated for what no rule looks at.
//!
//! The objects of a cluster were valid when they were stored, but not all are what a rule can be sent: those nested too
//! deeply, or with a key twice, are told apart from the others on the same page, which stay readable.

use std::cell::RefCell;
use std::fmt;

use protocol::FieldMask;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::node::{Entry, Node, Value};
use super::object::{Object, identify};
use super::span::Span;
use super::{Limits, ProblemKind};

/// One object of an API server's answer, to be read with what `mask` keeps of it. The items of a list do not say what they
/// are; then they are what the list is of.
///
/// The value is an error if the object cannot be checked: in words, with what of its identity was read.
#[derive(Clone, Copy, Debug)]
pub struct ApiObject<'a> {
    /// What to keep.
    pub mask: &'a FieldMask,
    /// `apps/v1`, or `v1` for the core group.
    pub api_version: &'a str,
    /// Singular.
    pub kind: &'a str,
}

/// Why something is no object that can be checked, with what of its identity was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ObjectError(String);

impl<'de> DeserializeSeed<'de> for ApiObject<'_> {
    type Value = Result<Object, ObjectError>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let problem = RefCell::new(None);
        let depth = Limits::default().depth;
        let node = Masked { mask: self.mask, depth, problem: &problem }.deserialize(deserializer)?;
        Ok(self.object(node, problem.into_inner()))
    }
}

impl ApiObject<'_> {
    fn object(self, mut node: Node, problem: Option<String>) -> Result<Object, ObjectError> {
        let Value::Mapping(entries) = &mut node.value else {
            return Err(ObjectError(format!("{} is {}, not a mapping", self.kind, node.value.description())));
        };
        for (key, value) in [("kind", self.kind), ("apiVersion", self.api_version)] {
            if self.mask.field(key).is_some() && entries.iter().all(|entry| &*entry.key != key) {
                entries.insert(0, Entry { key: key.into(), key_span: Span::default(), value: string(value) });
            }
        }
        let identity = identify(&node).map_err(|failure| ObjectError(format!("{}: {}", self.kind, failure.kind)))?;
        let own = |said: String, else_this: &str| if said.is_empty() { else_this.to_owned() } else { said };
        let object = Object {
            api_version: own(identity.api_version, self.api_version),
            kind: own(identity.kind, self.kind),
            namespace: identity.namespace,
            name: identity.name,
            generate_name: identity.generate_name,
            hash: 0,
            path: "$".into(),
            node: node.into(),
        };
        match problem {
            None => Ok(object),
            Some(problem) => Err(ObjectError(format!("{}: {problem}", object.label()))),
        }
    }
}

fn node(value: Value) -> Node {
    Node { value, span: Span::default() }
}

fn string(text: &str) -> Node {
    node(Value::String(text.into()))
}

/// A value, and as many levels as may be in it.
#[derive(Clone, Copy)]
struct Masked<'a> {
    mask: &'a FieldMask,
    depth: usize,
    /// The first thing that is wrong with the whole object.
    problem: &'a RefCell<Option<String>>,
}

impl Masked<'_> {
    fn report(&self, kind: &ProblemKind) {
        self.problem.borrow_mut().get_or_insert_with(|| kind.to_string());
    }

    /// What is read a level below; `None` where that would be too deep.
    fn below(self) -> Option<Self> {
        if self.depth == 0 {
            self.report(&ProblemKind::TooDeep { limit: Limits::default().depth });
            return None;
        }
        Some(Self { depth: self.depth - 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Masked<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Masked<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(node(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(node(Value::Bool(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(node(Value::Number(value.into())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(node(Value::Number(value.into())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number that JSON has not"))?;
        Ok(node(Value::Number(number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(string(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut sequence = Vec::new();
        match self.below() {
            Some(below) => {
                while let Some(item) = items.next_element_seed(below)? {
                    sequence.push(item);
                }
            }
            None => while items.next_element::<IgnoredAny>()?.is_some() {},
        }
        // Most lists are short, and a page's thousands of them would keep what they grew by.
        sequence.shrink_to_fit();
        Ok(node(Value::Sequence(sequence)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        let below = self.below();
        while let Some(key) = members.next_key::<String>()? {
            let (Some(below), Some(mask)) = (below, self.mask.field(&key)) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = members.next_value_seed(Masked { mask, ..below })?;
            if entries.iter().any(|entry| *entry.key == *key) {
                self.report(&ProblemKind::DuplicateKey(key.as_str().into()));
                continue;
            }
            entries.push(Entry { key: key.into(), key_span: Span::default(), value });
        }
        entries.shrink_to_fit();
        Ok(node(Value::Mapping(entries)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::json_of;
    use super::*;

    fn read(json: &str, reads: &[&str]) -> Result<Object, ObjectError> {
        let mask = FieldMask::of_entries(reads);
        let mut deserializer = serde_json::Deserializer::from_str(json);
        ApiObject { mask: &mask, api_version: "apps/v1", kind: "Deployment" }.deserialize(&mut deserializer).unwrap()
    }

    #[test]
    fn what_is_kept_is_what_a_rule_would_be_sent_of_the_whole_object() {
        let json = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"b","uid":"c"},
            "spec":{"n":1,"f":1.5,"big":18446744073709551615,"neg":-1,"none":null,"list":[{"x":1,"y":2},3,"s"],"on":true},
            "status":{"q":"\u00e9\n"}}"#;
        let whole = read(json, &["*"]).unwrap();
        assert_eq!(json_of(&whole.node), json.split_whitespace().collect::<String>().replace("\\u00e9", "é"));
        for reads in [vec!["spec.list.x"], vec!["SPEC.n", "status"], vec!["spec.list", "metadata.uid"], vec![]] {
            let mask = FieldMask::of_entries(&reads);
            let mut expected = Vec::new();
            whole.node.write_json(&mask, &mut expected);
            let mut kept = Vec::new();
            read(json, &reads).unwrap().node.write_json(&mask, &mut kept);
            assert_eq!(kept, expected, "{reads:?}");
        }
    }

    #[test]
    fn the_items_of_a_list_are_what_the_list_is_of() {
        let object = read(r#"{"metadata":{"name":"a","namespace":"b"}}"#, &["*"]).unwrap();
        assert_eq!((object.group(), object.version(), &*object.kind), ("apps", "v1", "Deployment"));
        assert_eq!((object.namespace.as_deref(), object.name.as_deref()), (Some("b"), Some("a")));
        let expected = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"b"}}"#;
        assert_eq!(json_of(&object.node), expected);
        let own = read(r#"{"apiVersion":"x/v2","kind":"Y"}"#, &["*"]).unwrap();
        assert_eq!((own.group(), &*own.kind), ("x", "Y"));
    }

    #[test]
    fn an_object_that_no_rule_can_be_sent_is_told_by_name_and_read_to_its_end() {
        let identity = r#""metadata":{"name":"a","namespace":"b"}"#;
        let deep = format!("{{{identity},\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let twice = format!("{{{identity},\"x\":1,\"x\":2}}");
        for (json, expected) in [(deep, "100"), (twice, "`x`")] {
            let problem = read(&json, &["*"]).unwrap_err();
            assert!(problem.0.starts_with("Deployment b/a: ") && problem.0.contains(expected), "{problem}");
            // What no rule looks at is nobody's problem.
            assert!(read(&json, &["metadata"]).is_ok());
        }
        assert!(read("[]", &["*"]).unwrap_err().0.contains("a list"));
        assert!(read(r#"{"metadata":[]}"#, &["*"]).unwrap_err().0.contains("metadata"));
    }
}
