//! A field of an object, whether it is there or not: what every view is made of.
//!
//! A field knows its value, if it has one, and its path, always: a rule that misses something can say where it
//! belongs. Reading is total. A value of the wrong type is noted as a finding, with its path, and then reads as absent,
//! so that a rule goes on and still never passes; the same for a field spelt in the wrong case, which Kubernetes
//! ignores without a word. `null` is absent, as to the API server.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use protocol::{Finding, Fix, Level, path};

use crate::memory::Memory;
use crate::quantity::Quantity;
use crate::text;
use crate::value::{MalformedJson, Value, find};

/// One step on the way from the root to a field.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// The root of the object judged, with all that is in it; of another object with what to call it, such as `Service web`.
    Root(Option<&'a Value<'a>>, Option<&'a str>),
    /// Fields of structs, dotted: `securityContext.runAsNonRoot`.
    Fields(&'a Step<'a>, &'a str),
    /// A key of a map with free keys, such as labels.
    Key(&'a Step<'a>, &'a str),
    /// An element of a list, with the `name` by which people know it.
    Item(&'a Step<'a>, usize, Option<&'a str>),
}

/// One step of a path.
#[derive(Clone, Copy)]
pub(crate) enum Way<'a> {
    Key(&'a str),
    Index(usize),
}

impl Way<'_> {
    pub(crate) fn push(self, path: &mut String) {
        match self {
            Self::Key(key) => path::push_key(path, key),
            Self::Index(index) => path::push_index(path, index),
        }
    }
}

/// A field of an object, whether it is there or not.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    memory: &'a Memory,
    value: Option<&'a Value<'a>>,
    step: &'a Step<'a>,
}

impl<'a> Field<'a> {
    pub(crate) fn root(memory: &'a Memory, value: Option<&'a Value<'a>>) -> Self {
        Self::of(memory, value, None)
    }

    /// The root of an object that was looked up. What is malformed in it is said at the root of the object judged.
    pub(crate) fn root_of_other(memory: &'a Memory, value: Option<&'a Value<'a>>, name: &str) -> Self {
        Self::of(memory, value, Some(memory.bump.alloc_str(name)))
    }

    fn of(memory: &'a Memory, value: Option<&'a Value<'a>>, name: Option<&'a str>) -> Self {
        let value = value.filter(|value| !matches!(value, Value::Null));
        Self { memory, value, step: memory.bump.alloc(Step::Root(value, name)) }
    }

    fn child(self, step: Step<'a>, value: Option<&'a Value<'a>>) -> Self {
        let step = self.memory.bump.alloc(step);
        Self { memory: self.memory, value: value.filter(|value| !matches!(value, Value::Null)), step }
    }

    /// A field of this struct, or of structs in it: `get("spec.replicas")`, `get("metadata.labels['example.com/team']")`.
    #[must_use]
    pub fn get(self, fields: &'a str) -> Self {
        let (mut value, mut rest) = (self.value, fields);
        while let Some(parent) = value {
            let above = fields.get(..fields.len() - rest.len()).unwrap_or_default();
            let (key, behind) = first_step(rest);
            value = self.member(parent, key, above);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        self.child(Step::Fields(self.step, fields), value)
    }

    /// The member `key` of a struct that lies `above` (the path to it, maybe with a trailing dot) below this field.
    fn member(self, parent: &'a Value<'a>, key: &str, above: &str) -> Option<&'a Value<'a>> {
        let place = || match above.strip_suffix('.').unwrap_or(above) {
            "" => self,
            above => self.child(Step::Fields(self.step, self.memory.bump.alloc_str(above)), None),
        };
        match parent {
            Value::Object(members) => {
                if let Some(value) = find(members, key) {
                    return Some(value);
                }
                if let Some((wrong, _)) = members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
                    place().child(Step::Key(place().step, wrong), None).note_malformed(
                        format!("`{wrong}` is ignored: Kubernetes spells it `{key}`"),
                        format!("{key}:").into(),
                    );
                }
                None
            }
            Value::Null => None,
            other => {
                place().malformed(other, "a map");
                None
            }
        }
    }

    /// The entry of a map with free keys, such as labels or annotations.
    #[must_use]
    pub fn entry(self, key: &str) -> Self {
        let value = match self.value {
            Some(Value::Object(members)) => find(members, key),
            Some(other) => {
                self.malformed(other, "a map");
                None
            }
            None => None,
        };
        let key = self.memory.bump.alloc_str(key);
        self.child(Step::Key(self.step, key), value)
    }

    /// The entries of a map with free keys.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let members: &'a [(&'a str, Value<'a>)] = match self.value {
            Some(Value::Object(members)) => members,
            Some(other) => {
                self.malformed(other, "a map");
                &[]
            }
            None => &[],
        };
        members.iter().map(move |(key, value)| (*key, self.child(Step::Key(self.step, key), Some(value))))
    }

    /// The entry at this place of a map, in the order of its text.
    #[must_use]
    pub fn entry_at(self, index: usize) -> Option<Self> {
        let (key, value) = self.value?.members().get(index)?;
        Some(self.child(Step::Key(self.step, key), Some(value)))
    }

    /// The elements of a list.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let items: &'a [Value<'a>] = match self.value {
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.malformed(other, "a list");
                &[]
            }
            None => &[],
        };
        items.iter().enumerate().map(move |(index, value)| {
            let name = match value.get("name") {
                Some(Value::String(name)) => Some(*name),
                _ => None,
            };
            self.child(Step::Item(self.step, index, name), Some(value))
        })
    }

    /// Whether the field is set to anything but `null`.
    #[must_use]
    pub fn is_set(self) -> bool {
        if matches!(self.value, Some(Value::Undeclared)) {
            self.memory.note_undeclared();
        }
        self.value.is_some()
    }

    /// Whether the field is a list or a map without anything in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        matches!(self.value, Some(Value::Array([]) | Value::Object([])))
    }

    /// Whether the field is a list with something in it.
    #[must_use]
    pub fn has_items(self) -> bool {
        self.items().next().is_some()
    }

    /// Whether the field is a list.
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(self.value, Some(Value::Array(_)))
    }

    /// The value as it is, for the few places where Kubernetes takes several types.
    #[must_use]
    pub fn value(self) -> Option<&'a Value<'a>> {
        self.value.filter(|_| self.is_set())
    }

    /// The boolean, if the field is set.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        self.read("a boolean", |value| if let Value::Bool(value) = value { Some(*value) } else { None })
    }

    /// The whole number, if the field is set.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        self.read("a whole number", |value| if let Value::Number(text) = value { text.parse().ok() } else { None })
    }

    /// The string, if the field is set. May be empty.
    #[must_use]
    pub fn str(self) -> Option<&'a str> {
        self.read("a string", |value| if let Value::String(value) = value { Some(*value) } else { None })
    }

    /// The quantity, if the field is set: a string such as `500m`, or a YAML number. Anything else is noted as malformed.
    #[must_use]
    pub fn quantity(self) -> Option<Quantity> {
        let text = match self.value()? {
            Value::Number(text) => text,
            // The API server cuts off spaces around it.
            _ => self.str()?.trim_matches(' '),
        };
        let read = Quantity::parse(text);
        if let Err(cause) = &read {
            self.note_malformed(cause.to_string(), "a quantity such as 500m or 1Gi".into());
        }
        read.ok()
    }

    /// The JSON that is written in this string, if the field is set; its parts are named by their paths within it.
    ///
    /// # Errors
    /// The string is no JSON.
    pub fn json(self) -> Option<Result<Self, MalformedJson>> {
        let value = Value::parse(self.str()?.as_bytes(), &self.memory.bump);
        Some(value.map(|value| Self { value: Some(self.memory.bump.alloc(value)), ..self }))
    }

    /// The map, if the field is set: a struct that a rule takes to be there, such as a probe.
    #[must_use]
    pub fn map(self) -> Option<Self> {
        self.read("a map", |value| matches!(value, Value::Object(_)).then_some(self))
    }

    fn read<T>(self, wanted: &str, read: impl FnOnce(&'a Value<'a>) -> Option<T>) -> Option<T> {
        let value = self.value?;
        let read = read(value);
        if read.is_none() {
            self.malformed(value, wanted);
        }
        read
    }

    /// Notes that the value is of the wrong type.
    fn malformed(self, value: &Value<'_>, wanted: &str) {
        if matches!(value, Value::Undeclared) {
            self.memory.note_undeclared();
        } else if !matches!(value, Value::Null) {
            let found = value.noun();
            let fix = match (value, wanted) {
                (Value::Number(_) | Value::Bool(_), "a string") => "a string, in quotes",
                (Value::String("true" | "false"), "a boolean") => "a boolean, without quotes",
                (Value::String(text), "a whole number")
                    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) =>
                {
                    "a whole number, without quotes"
                }
                _ => wanted,
            };
            self.note_malformed(format!("this is {found}, where Kubernetes takes {wanted}"), fix.into());
        }
    }

    /// Notes down that the value is not what the API takes, once a place.
    pub(crate) fn note_malformed(self, message: String, fix: Fix) {
        let finding = self.finding(Level::Violation, message, Some(fix));
        self.memory.note_malformed(finding, self.other().is_some());
    }

    /// A finding about this place. Findings are about the object judged, so a place in another object is named in words.
    pub(crate) fn finding(self, level: Level, message: String, fix: Option<Fix>) -> Finding {
        match self.other() {
            None => Finding {
                level,
                path: self.path(),
                container: self.container().map(String::from),
                message,
                fix,
                conceal: false,
            },
            Some(name) => {
                let message = format!("{} of {name}: {message}", path::shorten(&self.path()));
                Finding { level, path: String::from("$"), container: None, message, fix, conceal: false }
            }
        }
    }

    /// What to call the object, if it is not the one judged.
    pub(crate) fn other(self) -> Option<&'a str> {
        let mut step = self.step;
        loop {
            step = match step {
                Step::Root(_, name) => return *name,
                Step::Fields(parent, _) | Step::Key(parent, _) | Step::Item(parent, ..) => parent,
            };
        }
    }

    /// The normalised JSONPath from the root of the object.
    #[must_use]
    pub fn path(self) -> String {
        let mut text = String::from("$");
        self.route().1.iter().for_each(|way| way.push(&mut text));
        text
    }

    /// The object that this field is part of, and the way from there.
    pub(crate) fn route(self) -> (Option<&'a Value<'a>>, Vec<Way<'a>>) {
        let mut ways = Vec::new();
        let mut step = self.step;
        let root = loop {
            step = match step {
                Step::Root(root, _) => break *root,
                Step::Fields(parent, fields) => {
                    let (first, mut rest) = (ways.len(), *fields);
                    while !rest.is_empty() {
                        let (key, behind) = first_step(rest);
                        ways.push(Way::Key(key));
                        rest = behind;
                    }
                    // The way is written from its end.
                    ways.get_mut(first..).unwrap_or_default().reverse();
                    parent
                }
                Step::Key(parent, key) => {
                    ways.push(Way::Key(key));
                    parent
                }
                Step::Item(parent, index, _) => {
                    ways.push(Way::Index(*index));
                    parent
                }
            };
        };
        ways.reverse();
        (root, ways)
    }

    /// The name of the container that this field is part of.
    fn container(self) -> Option<&'a str> {
        let mut step = self.step;
        loop {
            step = match step {
                Step::Root(..) => return None,
                Step::Fields(parent, _) | Step::Key(parent, _) => parent,
                Step::Item(list, _, name) => match list {
                    Step::Fields(_, fields) | Step::Key(_, fields) if is_container_list(fields) => return *name,
                    _ => list,
                },
            };
        }
    }

    /// What the field's memory keeps for as long as the request lives.
    pub(crate) const fn memory(self) -> &'a Memory {
        self.memory
    }
}

/// The first key of a path, and what is behind it.
fn first_step(fields: &str) -> (&str, &str) {
    if let Some(quoted) = fields.strip_prefix("['")
        && let Some((key, rest)) = text::before(quoted, "']").zip(text::after(quoted, "']"))
    {
        return (key, rest.strip_prefix('.').unwrap_or(rest));
    }
    let is_end = |byte: &u8| matches!(byte, b'.' | b'[');
    let end =
        fields.as_bytes().get(1..).unwrap_or_default().iter().position(is_end).map_or(fields.len(), |end| end + 1);
    let (key, rest) = fields.split_at_checked(end).unwrap_or((fields, ""));
    (key, rest.strip_prefix('.').unwrap_or(rest))
}

fn is_container_list(fields: &str) -> bool {
    matches!(fields.rsplit('.').next(), Some("containers" | "initContainers" | "ephemeralContainers"))
}

#[cfg(test)]
mod tests;
