//! Edits, as a rule proposes them: `fix::set(field, true)`.
//!
//! The field need not be there. The edit starts at what is there, and brings along what is missing on the way to the
//! field, so that what people read and what a program writes is whole. An edit needs a person's review unless the rule
//! says [`safe`](Fix::safe); see [`Applicability`] for when it may.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use protocol::{Applicability, Edit, Fix, Json};

use crate::field::{Field, Way};
use crate::quantity::Quantity;
use crate::value::Value;

/// Sets a field. A map is merged into the map that is there, and the items of a list are added to it; see [`Edit`].
#[must_use]
pub fn set(field: Field<'_>, value: impl Into<Json>) -> Fix {
    edit(field, value.into(), 1)
}

/// As [`set`], where the field's own name does not say enough: the last `names` of its path are always said, as in
/// `limits: {cpu: 500m}`.
#[must_use]
pub fn set_named(field: Field<'_>, names: usize, value: impl Into<Json>) -> Fix {
    edit(field, value.into(), names)
}

/// Merges members into the map in this field, and needs no field's name where it is there: for changes inside it.
#[must_use]
pub fn merge(field: Field<'_>, members: Json) -> Fix {
    edit(field, members, 0)
}

/// Removes a field, or an item of a list.
#[must_use]
pub fn remove(field: Field<'_>) -> Fix {
    edit(field, Json::Null, 1)
}

/// An edit that names at least so many of the last steps to the field. An item of a list is changed where it stands.
fn edit(field: Field<'_>, mut value: Json, named: usize) -> Fix {
    let (root, mut route) = field.route();
    let (depth, fits) = depth(root, &route);
    let named = if matches!(route.last(), None | Some(Way::Index(_))) { 0 } else { named };
    for way in route.drain(depth.min(route.len().saturating_sub(named))..).rev() {
        value = match way {
            Way::Key(key) => Json::of(key, value),
            Way::Index(_) => Json::List(vec![value]),
        };
    }
    let mut path = String::from("$");
    route.iter().for_each(|way| way.push(&mut path));
    let is_here = fits && field.other().is_none();
    let applicability = if is_here { Applicability::NeedsReview } else { Applicability::Example };
    Fix::Edit(Edit { path, value, applicability })
}

/// How many steps of the route lead to maps, or to an item at its end, and whether the rest of it can be added there: no
/// text or number stands in its way, such as text that holds JSON.
fn depth<'a>(root: Option<&'a Value<'a>>, route: &[Way<'_>]) -> (usize, bool) {
    let (mut value, mut depth) = (root, 0);
    for (index, way) in route.iter().enumerate() {
        value = match (way, value) {
            (_, None | Some(Value::Null)) => None,
            (Way::Key(key), Some(parent @ Value::Object(_))) => parent.get(key),
            (Way::Index(index), Some(Value::Array(items))) => items.get(*index),
            _ => return (depth, false),
        };
        let is_item = index + 1 == route.len() && matches!(way, Way::Index(_));
        if matches!(value, Some(Value::Object(_))) || (is_item && value.is_some()) {
            depth = index + 1;
        }
    }
    (depth, true)
}

/// As people write it: a whole number without quotes.
impl From<&Quantity> for Json {
    fn from(quantity: &Quantity) -> Self {
        let text = quantity.to_string();
        text.parse().map_or_else(|_| Self::String(text), Self::Integer)
    }
}

impl From<&Value<'_>> for Json {
    /// A number that is not whole becomes text.
    fn from(value: &Value<'_>) -> Self {
        match value {
            Value::Null | Value::Undeclared => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(text) => text.parse().map_or_else(|_| Self::from(*text), Self::Integer),
            Value::String(text) => Self::from(*text),
            Value::Array(items) => items.iter().map(Self::from).collect::<Vec<_>>().into(),
            Value::Object(members) => {
                Self::Map(members.iter().map(|(key, value)| ((*key).into(), value.into())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    fn edit_of(object: &str, edit: impl Fn(Field<'_>) -> Fix) -> (String, String, Applicability) {
        let memory = Memory::new();
        let value = Value::parse(object.as_bytes(), &memory.bump).unwrap();
        let fix = edit(Field::root(&memory, Some(&value)));
        let text = fix.text();
        let Fix::Edit(Edit { path, applicability, .. }) = fix else { unreachable!() };
        (path, text, applicability)
    }

    #[test]
    fn an_edit_starts_at_the_deepest_map_that_is_there() {
        let set = |object| {
            let (path, text, _) = edit_of(object, |root| set(root.get("spec.lifecycle.preStop"), Json::of("sleep", 5)));
            (path, text)
        };
        for (object, path, text) in [
            ("{}", "$", "spec: {lifecycle: {preStop: {sleep: 5}}}"),
            (r#"{"spec": {}}"#, "$['spec']", "lifecycle: {preStop: {sleep: 5}}"),
            (r#"{"spec": {"lifecycle": null}}"#, "$['spec']", "lifecycle: {preStop: {sleep: 5}}"),
            (r#"{"spec": {"lifecycle": {}}}"#, "$['spec']['lifecycle']", "preStop: {sleep: 5}"),
            (r#"{"spec": {"lifecycle": {"preStop": {}}}}"#, "$['spec']['lifecycle']", "preStop: {sleep: 5}"),
        ] {
            assert_eq!(set(object), (path.into(), text.into()), "{object}");
        }
    }

    #[test]
    fn an_edit_says_as_many_names_as_are_asked_for() {
        let object = r#"{"resources": {"requests": {}, "limits": {}}}"#;
        let (path, text, _) = edit_of(object, |root| set_named(root.get("resources.limits.cpu"), 2, "500m"));
        assert_eq!((path.as_str(), text.as_str()), ("$['resources']", "limits: {cpu: 500m}"));
        let (path, text, _) = edit_of("{}", |root| set_named(root.get("resources.limits.cpu"), 2, "500m"));
        assert_eq!((path.as_str(), text.as_str()), ("$", "resources: {limits: {cpu: 500m}}"));
    }

    #[test]
    fn members_are_merged_into_the_map_that_is_there() {
        let merge = |object| edit_of(object, |root| merge(root.get("a.b"), Json::of("x", Json::Null).and("z", 1)));
        let (path, text, _) = merge(r#"{"a": {"b": {"x": 2}}}"#);
        assert_eq!((path.as_str(), text.as_str()), ("$['a']['b']", "remove x\nz: 1"));
        let (path, text, _) = merge(r#"{"a": {}}"#);
        assert_eq!((path.as_str(), text.as_str()), ("$['a']", "b: {x: null, z: 1}"));
    }

    #[test]
    fn an_item_is_replaced_where_it_stands_and_added_where_it_is_missing() {
        let list = |object, index: usize| {
            let (path, text, _) = edit_of(object, |root| match root.get("verbs").items().nth(index) {
                Some(item) => remove(item),
                None => set(root.get("verbs"), vec![Json::from("get")]),
            });
            (path, text)
        };
        assert_eq!(list(r#"{"verbs": ["*", "get"]}"#, 0), ("$['verbs'][0]".into(), "remove verbs[0]".into()));
        assert_eq!(list(r#"{"verbs": ["*"]}"#, 1), ("$".into(), "verbs: [get]".into()));
        assert_eq!(list("{}", 0), ("$".into(), "verbs: [get]".into()));
    }

    #[test]
    fn what_stands_in_the_way_is_not_written_over() {
        let applicability = |object| edit_of(object, |root| set(root.get("spec.type"), "a").safe()).2;
        assert_eq!(applicability(r#"{"spec": "{}"}"#), Applicability::Example);
        assert_eq!(applicability(r#"{"spec": []}"#), Applicability::Example);
        assert_eq!(applicability(r#"{"spec": null}"#), Applicability::Safe);
        assert_eq!(applicability(r#"{"spec": {"type": 1}}"#), Applicability::Safe);
    }

    #[test]
    fn an_edit_of_another_object_is_an_example() {
        let memory = Memory::new();
        let other = Field::root_of_other(&memory, None, "Service web");
        let Fix::Edit(edit) = set(other.get("spec.type"), "ClusterIP").safe() else { unreachable!() };
        assert_eq!(edit.applicability, Applicability::Example);
    }
}
