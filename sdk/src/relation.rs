//! What relates other objects to the one that is checked, as a hint for the host that lists them.
//!
//! A host that knows relations leaves out of a list what is surely unrelated: a rule then costs what it finds, and not the
//! size of the namespace. A host that does not, such as Kubewarden's policy-server, gives the whole list. So a rule tests
//! what it gets, and its verdict is the same either way; tests hold every rule to that.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::field::Field;
use crate::value::Value;

/// One way in which an object of the kind asked for may be related. The field is named as in `reads`, and is among them.
#[derive(Clone, Copy)]
pub struct Relation<'a> {
    field: &'a str,
    how: How<'a>,
}

#[derive(Clone, Copy)]
enum How<'a> {
    Selects(Field<'a>),
    SelectedBy(Field<'a>),
    Is(&'a [&'a str]),
    IsSet,
}

impl<'a> Relation<'a> {
    /// The field is a label selector, or a bare map of labels, that selects these labels: `spec.selector` of a Service.
    /// Labels that controllers and network plugins add to pods need not be among them.
    #[must_use]
    pub const fn selecting(field: &'a str, labels: Field<'a>) -> Self {
        Self { field, how: How::Selects(labels) }
    }

    /// The field is a map of labels that this `metav1.LabelSelector` selects.
    #[must_use]
    pub const fn selected_by(field: &'a str, selector: Field<'a>) -> Self {
        Self { field, how: How::SelectedBy(selector) }
    }

    /// The field, or one of its items or values, is one of these texts: `subjects.name`. Case does not count.
    #[must_use]
    pub const fn naming(field: &'a str, texts: &'a [&'a str]) -> Self {
        Self { field, how: How::Is(texts) }
    }

    /// The field is set.
    #[must_use]
    pub const fn having(field: &'a str) -> Self {
        Self { field, how: How::IsSet }
    }
}

/// `{"field": "spec.selector", "selects": {"app": "web"}}`.
impl Serialize for Relation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("field", self.field)?;
        match self.how {
            How::Selects(labels) => map.serialize_entry("selects", &Json(labels.value()))?,
            How::SelectedBy(selector) => map.serialize_entry("selected_by", &Json(selector.value()))?,
            How::Is(texts) => map.serialize_entry("is", texts)?,
            How::IsSet => map.serialize_entry("is_set", &true)?,
        }
        map.end()
    }
}

/// A value as a relation says it: maps, lists and texts. What else stands there relates nothing, or is malformed.
struct Json<'a>(Option<&'a Value<'a>>);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(Value::String(text)) => serializer.serialize_str(text),
            Some(Value::Array(items)) => serializer.collect_seq(items.iter().map(|item| Json(Some(item)))),
            Some(Value::Object(members)) => {
                serializer.collect_map(members.iter().map(|(key, value)| (key, Json(Some(value)))))
            }
            _ => serializer.serialize_unit(),
        }
    }
}
