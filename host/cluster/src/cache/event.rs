//! Reads the lines of a watch: each is an event.

use std::fmt;

use engine::manifest::{ApiObject, Object, ObjectError};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::error::{RequestError, Status};

/// An event of a watch.
#[derive(Debug)]
pub enum Event {
    /// An object was added or changed.
    Put(Object),
    /// An object was added or changed, and cannot be read.
    Unreadable(String),
    /// An object was deleted.
    Gone { namespace: Option<String>, name: String },
    /// Nothing else happened so far.
    Bookmark,
    /// The server ends the watch, for this reason.
    Failed(Status),
}

/// What every event has. Objects may have a `code` or a `message` of their own, so these are not read here.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    what: String,
    object: Said,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    namespace: Option<String>,
    name: Option<String>,
    resource_version: Option<String>,
}

/// An event `ERROR`.
#[derive(Default, Deserialize)]
struct Failure {
    object: Told,
}

/// A `Status`, or whatever stands in its place.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    kind: String,
    code: Option<u16>,
    message: Option<String>,
}

/// Reads a line: the event, and the version from which a watch goes on after it.
///
/// # Errors
/// The line is not an event of a watch.
pub fn read(line: &[u8], item: ApiObject<'_>) -> Result<(Event, Option<String>), RequestError> {
    let unreadable = |cause: serde_json::Error| RequestError::Unreadable(cause.to_string());
    let Head { what, object: Said { metadata } } = serde_json::from_slice(line).map_err(unreadable)?;
    let event = match what.as_str() {
        "ADDED" | "MODIFIED" => {
            let mut deserializer = serde_json::Deserializer::from_slice(line);
            match Line(item).deserialize(&mut deserializer).map_err(unreadable)? {
                Ok(object) => Event::Put(object),
                Err(problem) => Event::Unreadable(problem.to_string()),
            }
        }
        "DELETED" => {
            let nameless = || RequestError::Unreadable("the deleted object has no name".into());
            Event::Gone { namespace: metadata.namespace, name: metadata.name.ok_or_else(nameless)? }
        }
        "BOOKMARK" => Event::Bookmark,
        "ERROR" => return Ok((Event::Failed(status(line)), None)),
        other => return Err(RequestError::Unreadable(format!("there is no event {other}"))),
    };
    Ok((event, metadata.resource_version))
}

/// Why the server ends the watch. Only a `Status` says so.
fn status(line: &[u8]) -> Status {
    let Failure { object } = serde_json::from_slice(line).unwrap_or_default();
    let said = Some(object).filter(|object| object.kind == "Status").unwrap_or_default();
    Status { code: said.code.unwrap_or(500), message: said.message.unwrap_or_default(), continue_token: None }
}

/// Reads the object of a line.
struct Line<'a>(ApiObject<'a>);

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = Result<Object, ObjectError>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = Result<Object, ObjectError>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event of a watch")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = None;
        while let Some(key) = members.next_key::<String>()? {
            if key == "object" {
                object = Some(members.next_value_seed(self.0)?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        object.ok_or_else(|| A::Error::missing_field("object"))
    }
}

#[cfg(test)]
mod tests {
    use protocol::FieldMask;

    use super::*;

    fn read(line: &str) -> Result<(Event, Option<String>), RequestError> {
        let mask = FieldMask::of_entries(&["metadata.name", "metadata.namespace", "spec.n"]);
        super::read(line.as_bytes(), ApiObject { mask: &mask, api_version: "v1", kind: "Service" })
    }

    #[test]
    fn events_are_read_and_objects_cut_to_what_is_wanted() {
        let object = r#"{"kind":"Service","metadata":{"name":"web","namespace":"a","resourceVersion":"7","labels":{"a":"b"}},"spec":{"n":1,"m":2}}"#;
        for what in ["ADDED", "MODIFIED"] {
            let (event, version) = read(&format!("{{\"type\":\"{what}\",\"object\":{object}}}\n")).unwrap();
            let Event::Put(object) = event else { panic!("{event:?}") };
            assert_eq!(
                (object.name.as_deref(), object.namespace.as_deref(), version.as_deref()),
                (Some("web"), Some("a"), Some("7"))
            );
            let mut kept = Vec::new();
            object.node.write_json(&FieldMask::whole(), &mut kept);
            assert_eq!(kept, br#"{"metadata":{"name":"web","namespace":"a"},"spec":{"n":1}}"#);
        }
        let (event, version) = read(&format!("{{\"type\":\"DELETED\",\"object\":{object}}}")).unwrap();
        assert!(matches!(event, Event::Gone { name, .. } if name == "web") && version.is_some());
        let bookmark = r#"{"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"9"}}}"#;
        assert!(matches!(read(bookmark).unwrap(), (Event::Bookmark, Some(version)) if version == "9"));
        let expired = r#"{"type":"ERROR","object":{"kind":"Status","metadata":{},"code":410,"message":"too old"}}"#;
        assert!(matches!(read(expired).unwrap(), (Event::Failed(Status { code: 410, .. }), None)));
        let other = r#"{"type":"ERROR","object":{"kind":"ConfigMap","metadata":{},"code":410,"message":"mine"}}"#;
        assert!(
            matches!(read(other).unwrap().0, Event::Failed(Status { code: 500, message, .. }) if message.is_empty())
        );
        let twice = r#"{"type":"ADDED","object":{"metadata":{"name":"web"},"spec":{"n":1,"n":2}}}"#;
        assert!(matches!(read(twice).unwrap().0, Event::Unreadable(problem) if problem.contains("`n`")));
    }

    #[test]
    fn an_object_may_have_a_code_and_a_message_of_its_own() {
        for own in [r#""code":"E42","message":{"en":"hello"}"#, r#""code":70000"#, r#""code":-1,"message":[]"#] {
            let object = format!(r#"{{"kind":"Service",{own},"metadata":{{"name":"web","resourceVersion":"7"}}}}"#);
            for what in ["ADDED", "MODIFIED", "DELETED"] {
                let (event, version) = read(&format!(r#"{{"type":"{what}","object":{object}}}"#)).unwrap();
                assert!(matches!(event, Event::Put(_) | Event::Gone { .. }), "{own}: {event:?}");
                assert_eq!(version.as_deref(), Some("7"));
            }
        }
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"type":"ADDED"}"#,
            r#"{"type":"MOVED","object":{}}"#,
            r#"{"type":"DELETED","object":{"metadata":{}}}"#,
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
