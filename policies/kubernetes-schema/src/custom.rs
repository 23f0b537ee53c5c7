//! Custom resources, by the structural schema of their CustomResourceDefinition.
//!
//! Regular expressions and CEL rules are not read. That is said once an object, where its schema asks it for some.

use sdk::field::Field;
use sdk::findings::Findings;
use sdk::prelude::*;
use sdk::seen::{Seen, hash};
use sdk::text::holds;
use sdk::value::Value;

use crate::formats;
use crate::spelling;
use crate::table::{self, Shape};
use crate::validation;
use crate::walk::{Walk, is_seal};

/// Checks a custom resource by its definition.
pub fn check<'a>(object: Object<'a>, definition: Object<'a>, minor: u8, findings: &mut Findings) {
    metadata(object, definition, minor, findings);
    let version = object.version();
    let served = |found: &Field<'a>| found.get("served").bool() == Some(true);
    let found = definition.get("spec.versions").items().find(|found| found.get("name").str() == Some(version));
    let Some(found) = found.filter(served) else {
        let known: Vec<&str> = definition
            .get("spec.versions")
            .items()
            .filter(served)
            .filter_map(|found| found.get("name").str())
            .collect();
        let message = format!("CustomResourceDefinition {} does not serve `{version}`", definition.name());
        return findings.fail(object.get("apiVersion"), message, format!("one of {}", known.join(", ")));
    };
    let schema = found.get("schema.openAPIV3Schema");
    let mut checker = Checker { findings: Some(findings), ..Checker::default() };
    let root = object.root();
    checker.note_unread(schema);
    for (key, child) in root.entries() {
        let property = schema.entry("properties").entry(key);
        match key {
            "apiVersion" | "kind" | "metadata" => {}
            // What a server fills in is dropped.
            "status" if found.get("subresources.status").is_set() => {}
            _ if property.is_set() => checker.value(child, property),
            _ if preserves(schema) => {}
            _ if is_seal(child) => {}
            _ => checker.unknown(child, key, schema),
        }
    }
    checker.required(root, schema, schema);
    checker.conditions(root, schema, schema);
    let unread = match (checker.has_rules, checker.has_patterns) {
        (false, false) => return,
        (true, false) => "CEL rules",
        (false, true) => "patterns",
        (true, true) => "CEL rules and patterns",
    };
    findings.note(root, format!("the {unread} of its CustomResourceDefinition are not checked"));
}

/// Every object has metadata of the same form.
fn metadata<'a>(object: Object<'a>, definition: Object<'a>, minor: u8, findings: &mut Findings) {
    // Kinds whose names are checked alike.
    let alike = match definition.get("spec.scope").str() {
        Some("Cluster") => table::kind("storage.k8s.io/v1", "StorageClass"),
        _ => table::kind("v1", "ConfigMap"),
    };
    if let Some(alike) = alike {
        let mut walk = Walk::new(findings, minor, object.root(), alike);
        walk.value(object.get("metadata"), Shape::Struct(table::OBJECT_META));
        validation::object(&mut walk);
    }
}

fn preserves(schema: Field<'_>) -> bool {
    schema.entry("x-kubernetes-preserve-unknown-fields").bool() == Some(true)
}

#[derive(Default)]
struct Checker<'w> {
    /// Nothing where it is only counted, as for one of several schemas.
    findings: Option<&'w mut Findings>,
    count: usize,
    /// Whether values that are there are asked for by CEL rules, or for a pattern.
    has_rules: bool,
    has_patterns: bool,
}

impl Checker<'_> {
    fn fail<'a>(&mut self, at: Field<'a>, message: impl Into<String>, fix: impl Into<Fix>) {
        self.count += 1;
        if let Some(findings) = &mut self.findings {
            findings.fail(at, message, fix);
        }
    }

    /// Notes what a schema asks of a value that is not looked at here. A rule about the value before looks at updates alone.
    fn note_unread(&mut self, schema: Field<'_>) {
        self.has_patterns |= schema.entry("pattern").is_set();
        let is_asked = |rule: Field<'_>| {
            let is_of_updates = rule.get("rule").str().is_some_and(|text| holds(text, "oldSelf"));
            !is_of_updates || rule.get("optionalOldSelf").bool() == Some(true)
        };
        self.has_rules |= schema.entry("x-kubernetes-validations").items().any(is_asked);
    }

    fn unknown<'a>(&mut self, at: Field<'a>, key: &str, schema: Field<'a>) {
        let known: Vec<&str> = schema.entry("properties").entries().map(|(known, _)| known).collect();
        match spelling::nearest(key, known.into_iter()) {
            Some(meant) => {
                self.fail(at, format!("`{key}` is unknown here; did you mean `{meant}`?"), format!("{meant}:"));
            }
            None => self.fail(at, format!("`{key}` is unknown here"), fix::remove(at)),
        }
    }

    fn value<'a>(&mut self, at: Field<'a>, schema: Field<'a>) {
        self.value_within(at, schema, false);
    }

    /// A value within a list that keeps unknown fields, or not: what a list keeps, its items keep.
    fn value_within<'a>(&mut self, at: Field<'a>, schema: Field<'a>, keeps: bool) {
        let keeps = keeps || preserves(schema);
        let Some(value) = at.value() else { return };
        let is_either = schema.entry("x-kubernetes-int-or-string").bool() == Some(true);
        let wanted = schema.entry("type").str().unwrap_or_default();
        let is_right = match (wanted, value) {
            ("", Value::Number(text)) if is_either => is_whole(text),
            ("", Value::String(_)) => true,
            ("", _) => !is_either,
            ("object", Value::Object(_))
            | ("array", Value::Array(_))
            | ("string", Value::String(_))
            | ("boolean", Value::Bool(_))
            | ("number", Value::Number(_)) => true,
            ("integer", Value::Number(text)) => is_whole(text),
            // A text of a format is not looked at any closer, even by the server.
            ("string", _) => schema.entry("format").is_set(),
            _ => false,
        };
        if let ("integer", Some("int32"), Value::Number(text)) = (wanted, schema.entry("format").str(), value)
            && text.parse::<i32>().is_err()
        {
            return self.fail(at, "this is no whole number of 32 bits", "a whole number");
        }
        if !is_right {
            let noun = match wanted {
                "object" => "a map",
                "array" => "a list",
                "string" => "a string",
                "boolean" => "a boolean",
                "integer" => "a whole number",
                "number" => "a number",
                _ => "a whole number or a string",
            };
            return self.fail(at, format!("this is {}, where the schema takes {noun}", value.noun()), noun);
        }
        self.note_unread(schema);
        self.narrow(at, value, schema, schema);
        match value {
            Value::Object(_) => self.members(at, schema, keeps),
            Value::Array(_) if keeps && !schema.entry("items").is_set() => {}
            Value::Array(_) => {
                for item in at.items() {
                    if !item.is_set() && !is_free(schema.entry("items")) {
                        self.fail(item, "an item of a list is not null", fix::remove(item));
                    }
                    self.value_within(item, schema.entry("items"), keeps);
                }
                self.twice(at, schema);
            }
            _ => {}
        }
        self.conditions(at, schema, schema);
    }

    /// Finds items that are there already, in a list that is a set or that tells its items apart by keys.
    fn twice<'a>(&mut self, list: Field<'a>, schema: Field<'a>) {
        let keys: Vec<&str> = match schema.entry("x-kubernetes-list-type").str() {
            Some("map") => schema.entry("x-kubernetes-list-map-keys").items().filter_map(Field::str).collect(),
            Some("set") => Vec::new(),
            _ => return,
        };
        let properties = schema.entry("items").entry("properties");
        let part = |item: Field<'a>, key: &str| {
            let own = item.entry(key);
            if own.is_set() { own.value() } else { properties.entry(key).entry("default").value() }
        };
        let parts = |item: Field<'a>| match keys.as_slice() {
            [] => vec![item.value()],
            keys => keys.iter().map(|key| part(item, key)).collect(),
        };
        let text = |value: &'a Value<'a>| match value {
            Value::String(text) | Value::Number(text) => *text,
            _ => "",
        };
        let (mut seen, mut known) = (Seen::default(), Vec::new());
        for item in list.items() {
            let parts = parts(item);
            let hash = hash(&parts.iter().map(|part| part.map_or("", text)).collect::<Vec<_>>());
            if seen.contains(hash, |number| known.get(number) == Some(&parts)) {
                self.fail(item, "this is given twice in this list", "another, or remove one of the two");
            }
            seen.push(hash);
            known.push(parts);
        }
    }

    fn members<'a>(&mut self, at: Field<'a>, schema: Field<'a>, keeps: bool) {
        let (properties, additional) = (schema.entry("properties"), schema.entry("additionalProperties"));
        let is_embedded = schema.entry("x-kubernetes-embedded-resource").bool() == Some(true);
        let takes_any = keeps || matches!(additional.value(), Some(Value::Bool(true)));
        for (key, child) in at.entries() {
            let property = properties.entry(key);
            if property.is_set() {
                self.value(child, property);
            } else if matches!(additional.value(), Some(Value::Object(_))) {
                self.value(child, additional);
            } else if !(takes_any || is_embedded && matches!(key, "apiVersion" | "kind" | "metadata")) {
                self.unknown(child, key, schema);
            }
        }
        for name in ["apiVersion", "kind"] {
            let child = at.entry(name);
            if is_embedded && !child.is_set() {
                self.fail(child, format!("`{name}` is required of an object within another"), format!("{name}:"));
            }
        }
        self.required(at, schema, schema);
    }

    /// What is required and has no default. `whole` is the schema that says which fields there are: one of several forms,
    /// as in `oneOf: [{required: [http]}, {required: [https]}]`, says it of none.
    fn required<'a>(&mut self, at: Field<'a>, schema: Field<'a>, whole: Field<'a>) {
        for name in schema.entry("required").items().filter_map(Field::str) {
            let has_default = whole.entry("properties").entry(name).entry("default").is_set();
            let child = at.entry(name);
            // What is misspelt is told as that.
            let is_misspelt = || {
                let is_unknown = |key: &str| !whole.entry("properties").entry(key).is_set();
                let is_closed = !preserves(whole) && !whole.entry("additionalProperties").is_set();
                let is_near = |key: &str| spelling::nearest(key, core::iter::once(name)).is_some();
                is_closed && at.entries().any(|(key, _)| is_unknown(key) && is_near(key))
            };
            if !child.is_set() && !has_default && !is_misspelt() {
                self.fail(child, format!("`{name}` is required"), format!("{name}:"));
            }
        }
    }

    /// Enums, and what is least and most.
    fn narrow<'a>(&mut self, at: Field<'a>, value: &Value<'a>, schema: Field<'a>, whole: Field<'a>) {
        let options = schema.entry("enum");
        if options.is_set()
            && !options.items().any(|option| option.value().is_some_and(|option| is_same(option, value)))
        {
            let all: Vec<&str> =
                options.items().filter_map(|option| option.value().and_then(|option| option.str())).collect();
            let known = all.join(", ");
            match (value, spelling::nearest(value.str().unwrap_or_default(), all.iter().copied())) {
                (Value::String(text), Some(meant)) => {
                    self.fail(
                        at,
                        format!("`{text}` is not one of {known}; did you mean `{meant}`?"),
                        fix::set(at, meant),
                    );
                }
                (Value::String(text), None) => {
                    self.fail(at, format!("`{text}` is not one of {known}"), format!("one of {known}"))
                }
                _ => self.fail(at, "this is not one of the values that the schema lists", format!("one of {known}")),
            }
        }
        if let (Value::String(text), Some("date-time")) = (value, schema.entry("format").str())
            && !formats::is_time(&text.to_ascii_uppercase())
        {
            self.fail(at, "this is no time as RFC 3339 has it", "a time such as 2026-01-31T12:00:00Z");
        }
        let limit = |key: &str| {
            schema
                .entry(key)
                .value()
                .and_then(|limit| if let Value::Number(limit) = limit { Quantity::parse(limit).ok() } else { None })
        };
        let size = match value {
            Value::Number(text) => Quantity::parse(text).ok().map(|number| (number, "minimum", "maximum", "this")),
            Value::String(text) => Some((count(text.chars().count()), "minLength", "maxLength", "its length")),
            Value::Array(items) => Some((count(items.len()), "minItems", "maxItems", "the number of its items")),
            Value::Object(members)
                if ["minProperties", "maxProperties"].iter().any(|key| schema.entry(key).is_set()) =>
            {
                let is_filled_in = |name: &str| members.iter().all(|(key, _)| *key != name);
                let properties = whole.entry("properties").entries();
                let defaults =
                    properties.filter(|(name, it)| it.entry("default").is_set() && is_filled_in(name)).count();
                Some((count(members.len() + defaults), "minProperties", "maxProperties", "the number of its entries"))
            }
            _ => None,
        };
        if let Some((size, least, most, what)) = size {
            let excludes = |key: &str| schema.entry(key).bool() == Some(true) && matches!(value, Value::Number(_));
            if let Some(least) = limit(least).filter(|least| size < *least) {
                self.fail(at, format!("{what} is less than {least}"), format!("at least {least}"));
            } else if excludes("exclusiveMinimum") && limit(least).is_some_and(|least| size == least) {
                self.fail(at, format!("{what} is not more than {size}"), format!("more than {size}"));
            }
            if let Some(most) = limit(most).filter(|most| size > *most) {
                self.fail(at, format!("{what} is more than {most}"), format!("at most {most}"));
            } else if excludes("exclusiveMaximum") && limit(most).is_some_and(|most| size == most) {
                self.fail(at, format!("{what} is not less than {size}"), format!("less than {size}"));
            }
        }
    }

    /// What several schemas ask together.
    fn conditions<'a>(&mut self, at: Field<'a>, schema: Field<'a>, whole: Field<'a>) {
        for part in schema.entry("allOf").items() {
            self.condition(at, part, whole);
        }
        if schema.entry("anyOf").is_set() && self.count_fitting(at, schema.entry("anyOf"), whole) == 0 {
            self.fail(at, "this fits none of the forms that the schema allows", "one of these forms");
        }
        let one_of = self.count_fitting(at, schema.entry("oneOf"), whole);
        if schema.entry("oneOf").is_set() && one_of != 1 && (one_of == 0 || is_read(schema.entry("oneOf"))) {
            self.fail(at, "this does not fit exactly one of the forms that the schema allows", "one of these forms");
        }
        let excluded = schema.entry("not");
        if excluded.is_set() && self.fits(at, excluded, whole) && is_read(excluded) {
            self.fail(at, "this has a form that the schema forbids", "another form");
        }
    }

    /// A schema that only narrows what the whole one says: what it does not name is let through.
    fn condition<'a>(&mut self, at: Field<'a>, schema: Field<'a>, whole: Field<'a>) {
        let Some(value) = at.value() else { return };
        self.note_unread(schema);
        if let Some(wanted) = schema.entry("type").str() {
            let is_right = match value {
                Value::Number(text) => wanted == "number" || (wanted == "integer" && is_whole(text)),
                Value::String(_) => wanted == "string",
                Value::Bool(_) => wanted == "boolean",
                Value::Array(_) => wanted == "array",
                _ => wanted == "object",
            };
            if !is_right {
                self.fail(at, "this is of another type", wanted);
            }
        }
        self.narrow(at, value, schema, whole);
        if matches!(value, Value::Object(_)) {
            self.required(at, schema, whole);
            for (key, property) in schema.entry("properties").entries() {
                let (own, within) = (at.entry(key), whole.entry("properties").entry(key));
                // What is left out has its default, which is no place to tell anything of.
                let is_told = own.is_set() || self.findings.is_some();
                self.condition(if is_told { own } else { within.entry("default") }, property, within);
            }
        }
        if matches!(value, Value::Array(_)) {
            at.items().for_each(|item| self.condition(item, schema.entry("items"), whole.entry("items")));
        }
        self.conditions(at, schema, whole);
    }

    fn count_fitting<'a>(&mut self, at: Field<'a>, schemas: Field<'a>, whole: Field<'a>) -> usize {
        schemas.items().filter(|part| self.fits(at, *part, whole)).count()
    }

    fn fits<'a>(&mut self, at: Field<'a>, schema: Field<'a>, whole: Field<'a>) -> bool {
        let mut checker = Checker::default();
        checker.condition(at, schema, whole);
        self.has_rules |= checker.has_rules;
        self.has_patterns |= checker.has_patterns;
        checker.count == 0
    }
}

/// Whether a schema lets null through.
fn is_free(schema: Field<'_>) -> bool {
    schema.entry("nullable").bool() == Some(true) || !schema.entry("type").is_set()
}

/// Whether all that a schema asks is looked at here: what is not may be what tells two forms apart.
fn is_read(schema: Field<'_>) -> bool {
    match schema.value() {
        Some(Value::Object(members)) => {
            let known = |key: &str| {
                !matches!(key, "pattern" | "format" | "multipleOf" | "uniqueItems" | "x-kubernetes-validations")
            };
            members.iter().all(|(key, _)| known(key)) && schema.entries().all(|(_, part)| is_read(part))
        }
        Some(Value::Array(_)) => schema.items().all(is_read),
        _ => true,
    }
}

fn is_whole(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => Quantity::parse(one).ok() == Quantity::parse(other).ok(),
        _ => one == other,
    }
}

fn count(number: usize) -> Quantity {
    Quantity::from(u32::try_from(number).unwrap_or(u32::MAX))
}
