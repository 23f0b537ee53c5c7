//! How to fix a finding: an edit that a program can make, or advice for a person.
//!
//! A rule says it once, as data. Reports and pages show [`Fix::text`], editors and commands apply the [`Edit`]. The
//! module must not know how an edit is written into a file: comments and layout are the editor's.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::{self, Segment};
use crate::yaml::is_plain;

/// How to fix a finding. As JSON, advice is a string and an edit is a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fix {
    /// A change of the object that was checked.
    Edit(Edit),
    /// A sentence, where no single change of this object fixes it.
    Advice(String),
}

/// A change of the object that was checked: `value` is merged into what stands at `path`.
///
/// A map is merged member by member, and `null` removes a member. The items of a list are added to the list that is
/// there; an item whose `name` is there already is merged into that one, and an item that is there already is not added
/// again. Anything else replaces what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// A normalised JSONPath from the root of the object. Something stands there.
    pub path: String,
    /// What to merge into it. It brings along everything that is still missing on the way: `lifecycle: {preStop: ...}`.
    pub value: Json,
    /// Who may make the change.
    pub applicability: Applicability,
}

/// Who may make a change.
///
/// The test is what happens to a workload that runs today, and to whoever uses it. A change is [`Safe`](Self::Safe) if
/// its pods start and behave as before and its value is not a guess: only what the rule is about changes.
/// `maxUnavailable: 1` of a disruption budget is safe. `readOnlyRootFilesystem: true` is not, because a program that
/// writes files stops working, nor is `cpu: 100m`, because nobody measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// A program may make it unasked.
    Safe,
    /// A program may make it if a person asked for it and reads the result.
    NeedsReview,
    /// It shows the form alone: a value in it is a placeholder, or it belongs into another object. No program makes it.
    Example,
}

impl Applicability {
    /// Its name in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::NeedsReview => "needs-review",
            Self::Example => "example",
        }
    }
}

impl Fix {
    /// What to write, for people: YAML as it would stand at the edit's path, or the advice.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Edit(edit) => edit.text(),
            Self::Advice(text) => text.clone(),
        }
    }

    /// The edit, if a program can make one.
    #[must_use]
    pub const fn edit(&self) -> Option<&Edit> {
        if let Self::Edit(edit) = self { Some(edit) } else { None }
    }

    /// The same fix; a program may make it unasked. See [`Applicability`] for when that is so.
    #[must_use]
    pub fn safe(self) -> Self {
        self.with(Applicability::Safe)
    }

    /// The same fix as an example: its value is a placeholder.
    #[must_use]
    pub fn example(self) -> Self {
        self.with(Applicability::Example)
    }

    fn with(self, applicability: Applicability) -> Self {
        match self {
            // What no program can make stays so.
            Self::Edit(edit) if edit.applicability != Applicability::Example => {
                Self::Edit(Edit { applicability, ..edit })
            }
            other => other,
        }
    }
}

impl From<&str> for Fix {
    fn from(text: &str) -> Self {
        Self::Advice(text.to_string())
    }
}

impl From<String> for Fix {
    fn from(text: String) -> Self {
        Self::Advice(text)
    }
}

impl Edit {
    /// A line for each member that changes: `securityContext: {runAsNonRoot: true}`, `remove minReplicas`.
    fn text(&self) -> String {
        match &self.value {
            Json::Map(members) if !members.is_empty() => {
                let lines = members.iter().map(|(key, value)| match value {
                    Json::Null => String::from("remove ") + key,
                    value => scalar(key) + ": " + &value.to_string(),
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            value => match (path::parse(&self.path).unwrap_or_default().pop(), value) {
                (_, Json::Null) => String::from("remove ") + &path::shorten(&self.path),
                (Some(Segment::Key(key)), value) => scalar(&key) + ": " + &value.to_string(),
                (_, value) => String::from("- ") + &value.to_string(),
            },
        }
    }
}

/// A JSON value whose members keep their order: people read it. Fractions have no place in manifests; quantities are text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Json>),
    /// A map. No key occurs twice.
    Map(Vec<(String, Json)>),
}

impl Json {
    /// A map of one member.
    #[must_use]
    pub fn of(key: &str, value: impl Into<Self>) -> Self {
        Self::Null.and(key, value)
    }

    /// The map with one more member; what is no map becomes one.
    #[must_use]
    pub fn and(self, key: &str, value: impl Into<Self>) -> Self {
        let mut members = if let Self::Map(members) = self { members } else { Vec::new() };
        members.push((key.to_string(), value.into()));
        Self::Map(members)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_string())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::List(items)
    }
}

/// YAML on one line: `{name: web, ports: [80]}`.
impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::String(text) => formatter.write_str(&scalar(text)),
            Self::List(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{item}")?;
                }
                formatter.write_str("]")
            }
            Self::Map(members) => {
                formatter.write_str("{")?;
                for (index, (key, value)) in members.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{}: {value}", scalar(key))?;
                }
                formatter.write_str("}")
            }
        }
    }
}

/// A text as YAML: plain where every reader takes it for that text, inside braces too, and in double quotes otherwise.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_string();
    }
    // Of a string it always succeeds, and YAML reads JSON's escapes.
    serde_json::to_string(text).unwrap_or_default()
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(members) => serializer.collect_map(members.iter().map(|(key, value)| (key, value))),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without fractions and without a key twice")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        i64::try_from(value).map(Json::Integer).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if members.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom("a key occurs twice"));
            }
            members.push((key, value));
        }
        Ok(Json::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn edit(path: &str, value: Json) -> Fix {
        Fix::Edit(Edit { path: path.into(), value, applicability: Applicability::NeedsReview })
    }

    #[test]
    fn the_text_of_an_edit_is_yaml_as_it_would_stand_there() {
        let probe = Json::of("httpGet", Json::of("path", "/ready").and("port", 8080));
        for (fix, text) in [
            (edit("$['spec']", Json::of("minReadySeconds", 30)), "minReadySeconds: 30"),
            (
                edit("$['spec']['containers'][0]", Json::of("readinessProbe", probe)),
                "readinessProbe: {httpGet: {path: /ready, port: 8080}}",
            ),
            (
                edit("$['spec']", Json::of("minAvailable", Json::Null).and("maxUnavailable", 1)),
                "remove minAvailable\nmaxUnavailable: 1",
            ),
            (edit("$['spec']['args'][1]", Json::from("--quiet")), "- \"--quiet\""),
            (edit("$['spec']['add'][1]", Json::Null), "remove spec.add[1]"),
            (
                edit("$['spec']", Json::of("env", vec![Json::of("name", "LOG_FORMAT").and("value", "json")])),
                "env: [{name: LOG_FORMAT, value: json}]",
            ),
            (Fix::from("add a budget"), "add a budget"),
        ] {
            assert_eq!(fix.text(), text);
        }
    }

    #[test]
    fn a_text_that_reads_as_something_else_is_quoted() {
        for plain in
            ["100m", "1Gi", "web", "/bin/true", "reg:5000/a/b:<version>", "a b", "app.kubernetes.io/name", "$(A)"]
        {
            assert_eq!(Json::from(plain).to_string(), plain);
        }
        let quoted = ["", "1", "12:30", "No", "a: b", "a, b", "{a}", "\"", "a\nb", "é", "<<"];
        for text in quoted {
            assert_eq!(Json::from(text).to_string(), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn what_is_on_the_wire_is_read_back() {
        let value = Json::of("b", Json::Null).and("a", vec![Json::from(true), Json::from(-7), Json::from("x")]);
        for fix in [edit("$", value), Fix::from("advice")] {
            let text = serde_json::to_string(&fix).unwrap();
            assert_eq!(serde_json::from_str::<Fix>(&text).unwrap(), fix, "{text}");
        }
        assert_eq!(serde_json::from_str::<Fix>("\"advice\"").unwrap(), Fix::from("advice"));
        for refused in [
            "1",
            "{}",
            r#"{"path":"$","value":0.5,"applicability":"safe"}"#,
            r#"{"path":"$","value":{"a":1,"a":2},"applicability":"safe"}"#,
        ] {
            assert!(serde_json::from_str::<Fix>(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn an_example_never_becomes_safe() {
        assert_eq!(edit("$", Json::Null).example().safe(), edit("$", Json::Null).example());
    }
}
