//! What the API server asks of an object beyond its schema: of several fields together, of names, of a template and its
//! selector. Each function is named in `tables/checks.txt` at the type that it is about.
//!
//! The source is the validation code of Kubernetes (`pkg/apis/*/validation`), read for the newest version.

mod access;
mod admission;
mod cluster;
mod container;
mod core;
mod definition;
mod metadata;
mod network;
mod pod;
mod scaling;
mod security;
mod selector;
mod service;
mod storage;
mod volume;
mod workload;

pub use access::*;
pub use admission::*;
pub use cluster::*;
pub use container::*;
pub use core::*;
pub use definition::*;
pub use metadata::*;
pub use network::*;
pub use pod::*;
pub use scaling::*;
pub use security::*;
pub use selector::*;
pub use service::*;
pub use storage::*;
pub use volume::*;
pub use workload::*;

use sdk::field::Field;
use sdk::prelude::*;
use sdk::value::Value;

use crate::formats;
use crate::walk::Walk;

/// The text of a field; of what is missing or no text, nothing.
fn text(field: Field<'_>) -> &str {
    if let Some(Value::String(text)) = field.value() { text } else { "" }
}

/// The whole number in a field.
fn number(field: Field<'_>) -> Option<i64> {
    if let Some(Value::Number(text)) = field.value() { text.parse().ok() } else { None }
}

fn is_true(field: Field<'_>) -> bool {
    matches!(field.value(), Some(Value::Bool(true)))
}

/// The quantity in a field, if it is one.
fn amount(field: Field<'_>) -> Option<Quantity> {
    match field.value()? {
        // To Kubernetes, a suffix alone is nothing of it.
        Value::String(text) if formats::is_quantity(text) => {
            Some(Quantity::parse(text.trim()).unwrap_or_else(|_| Quantity::from(0)))
        }
        Value::Number(text) => Quantity::parse(text).ok(),
        _ => None,
    }
}

/// The items of a list; nothing else has any.
fn items<'a>(field: Field<'a>) -> impl Iterator<Item = Field<'a>> {
    let is_list = matches!(field.value(), Some(Value::Array(_)));
    is_list.then(|| field.items()).into_iter().flatten()
}

/// The entries of a map; nothing else has any.
fn entries<'a>(field: Field<'a>) -> impl Iterator<Item = (&'a str, Field<'a>)> {
    let is_map = matches!(field.value(), Some(Value::Object(_)));
    is_map.then(|| field.entries()).into_iter().flatten()
}

/// A field that must not be set here, and why.
fn forbid<'a>(walk: &mut Walk<'a, '_>, field: Field<'a>, why: &str) {
    if field.is_set() {
        walk.fail(field, format!("this must not be set {why}"), fix::remove(field));
    }
}

/// A field that must be set here, and when.
fn require<'a>(walk: &mut Walk<'a, '_>, field: Field<'a>, when: &str) {
    if !field.is_set() || text_is_empty(field) {
        walk.fail(field, format!("this is required {when}"), "set it");
    }
}

fn text_is_empty(field: Field<'_>) -> bool {
    matches!(field.value(), Some(Value::String("") | Value::Array([])))
}
