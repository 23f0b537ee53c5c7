//! Which environment an object says it is of: production, staging.
//!
//! A label says it, or the namespace does by its name. If neither does, it is not known: the module must not guess by
//! anything else.

use alloc::string::String;

use crate::field::Field;
use crate::glob::matches_name;
use crate::object::Object;

/// The first of these labels that the object has, or else its namespace.
#[must_use]
pub fn named<'a>(object: Object<'a>, labels: &[String]) -> Option<&'a str> {
    let mut labels = labels.iter().filter_map(|key| Field::str(object.labels().entry(key)));
    labels.find(|value| !value.is_empty()).or_else(|| object.namespace())
}

/// Whether the object says that it is of an environment of these names, which may have a `*`.
#[must_use]
pub fn is_of(object: Object<'_>, labels: &[String], names: &[String]) -> bool {
    named(object, labels).is_some_and(|stage| names.iter().any(|name| matches_name(name, stage)))
}
