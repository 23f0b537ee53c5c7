//! CustomResourceDefinitions: what makes a schema a structural one. Of CEL rules the form is read, and regular expressions are not.

use sdk::field::Field;
use sdk::prelude::*;
use sdk::value::Value;

use super::{entries, items, text};
use crate::walk::Walk;

/// Where in a schema a schema stands.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// The schema of a version.
pub fn validation_of_definition<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if at.get("openAPIV3Schema").is_set() {
        schema(walk, at.get("openAPIV3Schema"), Level::Root);
    }
}

fn is_true(at: Field<'_>, key: &str) -> bool {
    super::is_true(at.entry(key))
}

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

fn schema<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, level: Level) {
    let kind = at.entry("type");
    let (is_either, is_free, is_embedded) = (
        is_true(at, "x-kubernetes-int-or-string"),
        is_true(at, "x-kubernetes-preserve-unknown-fields"),
        is_true(at, "x-kubernetes-embedded-resource"),
    );
    match text(kind) {
        "" if is_embedded || !(is_either || is_free) => {
            walk.fail(kind, "a structural schema has a type everywhere", "type:")
        }
        "" => {}
        _ if is_either => walk.fail(kind, "x-kubernetes-int-or-string goes with no type", fix::remove(kind)),
        known if !TYPES.contains(&known) => {
            walk.fail(
                kind,
                format!("`{known}` is not one of {}", TYPES.join(", ")),
                format!("one of {}", TYPES.join(", ")),
            );
        }
        known if known != "object" && (level == Level::Root || is_embedded) => {
            walk.fail(kind, "this is an object", fix::set(kind, "object"));
        }
        "array" if !at.entry("items").is_set() => {
            walk.fail(at.entry("items"), "an array has items", "items: {type: <type>}")
        }
        _ => {}
    }
    if is_either && (is_free || is_embedded) {
        walk.fail(at.entry("x-kubernetes-int-or-string"), "this goes with no other shape", "one of them");
    }
    for (key, known) in
        [("x-kubernetes-list-type", ["atomic", "set", "map"]), ("x-kubernetes-map-type", ["atomic", "granular", ""])]
    {
        let field = at.entry(key);
        if field.is_set() && !known.contains(&text(field)) {
            walk.fail(field, format!("`{}` is not one of {}", text(field), known.join(" ")), known.join(" "));
        }
    }
    if at.entry("items").is_set() {
        schema(walk, at.entry("items"), Level::Item);
    }
    for (key, property) in entries(at.entry("properties")) {
        if level == Level::Root && key == "metadata" {
            metadata(walk, property);
        } else {
            schema(walk, property, Level::Field);
        }
    }
    let additional = at.entry("additionalProperties");
    if additional.is_set() {
        if level == Level::Root {
            super::forbid(walk, additional, "at the root of a schema");
        }
        if entries(at.entry("properties")).next().is_some() {
            walk.fail(additional, "properties and additionalProperties exclude each other", "one of the two");
        }
        // `true` and `false` are no schemas.
        if !matches!(additional.value(), Some(Value::Bool(_))) {
            schema(walk, additional, Level::Field);
        }
    }
    let is_any_of_both = items(at.entry("anyOf")).map(|each| text(each.entry("type"))).eq(["integer", "string"]);
    for key in ["anyOf", "allOf", "oneOf"] {
        if key == "anyOf" && is_either && is_any_of_both {
            continue;
        }
        for nested in items(at.entry(key)) {
            let is_both = items(nested.entry("anyOf")).map(|each| text(each.entry("type"))).eq(["integer", "string"]);
            if !(key == "allOf" && is_either && is_both) {
                condition(walk, nested);
            }
        }
    }
    if at.entry("not").is_set() {
        condition(walk, at.entry("not"));
    }
    for rule in items(at.entry("x-kubernetes-validations")) {
        if text(rule.entry("rule")).trim().is_empty() {
            walk.fail(rule.entry("rule"), "`rule` is required", "rule:");
        }
        super::expression(walk, rule.entry("rule"), &["self", "oldSelf"], &[]);
        super::expression(walk, rule.entry("messageExpression"), &["self", "oldSelf"], &[]);
    }
}

/// The metadata of a custom resource: no more than its name can be said.
fn metadata<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let kind = at.entry("type");
    if text(kind) != "object" {
        walk.fail(kind, "metadata is an object", fix::set(kind, "object"));
    }
    for (key, value) in entries(at.entry("properties")) {
        if !matches!(key, "name" | "generateName") {
            walk.fail(
                value,
                "of metadata, a schema can say something of name and generateName alone",
                fix::remove(value),
            );
        }
    }
}

/// A schema that only narrows another one.
fn condition<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let forbidden = ["type", "additionalProperties", "default", "title", "description", "x-kubernetes-list-type"];
    let flags = [
        "nullable",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
    ];
    for key in forbidden {
        if !super::text_is_empty(at.entry(key)) {
            super::forbid(walk, at.entry(key), "in a schema that only narrows another");
        }
    }
    for key in flags.into_iter().filter(|key| is_true(at, key)) {
        super::forbid(walk, at.entry(key), "in a schema that only narrows another");
    }
    if at.entry("items").is_set() {
        condition(walk, at.entry("items"));
    }
    for (_, property) in entries(at.entry("properties")) {
        condition(walk, property);
    }
    for key in ["anyOf", "allOf", "oneOf"] {
        items(at.entry(key)).for_each(|nested| condition(walk, nested));
    }
    if at.entry("not").is_set() {
        condition(walk, at.entry("not"));
    }
}
