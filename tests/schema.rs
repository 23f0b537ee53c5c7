//! Holds what is written for machines to JSON Schemas, with as much of JSON Schema as those use. What is not known here is a
//! fault of the schema, so that nothing is passed over.
//!
//! It is stricter than JSON Schema in one point: a field that nobody describes is a fault. Readers must allow for more
//! fields than there are, but here each is described.

use serde_json::{Map, Value, json};

/// Everything in which a value is not as the schema at that JSON pointer of a document says.
///
/// # Panics
/// If the schema is not valid, or uses more than is known here.
#[must_use]
pub fn faults(document: &Value, pointer: &str, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Checker { document, faults: &mut faults }.follow(pointer, value, "$");
    faults
}

/// A schema of the document as the definition of a custom resource may have it: without references, and open.
///
/// # Panics
/// If a reference leads nowhere.
#[must_use]
pub fn structural(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = reference.trim_start_matches('#');
        return structural(document, document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is no schema")));
    }
    // A definition has one type, and another word for what may be null. What such a value holds is free.
    if let Some(types) = schema.get("type").and_then(Value::as_array) {
        let kind = types.iter().find(|kind| **kind != "null");
        return json!({ "type": kind, "nullable": true, "x-kubernetes-preserve-unknown-fields": true });
    }
    let Value::Object(fields) = schema else { return schema.clone() };
    let fields = fields.iter().filter(|(key, value)| *key != "additionalProperties" || value.is_object());
    Value::Object(fields.map(|(key, value)| (key.clone(), structural(document, value))).collect())
}

struct Checker<'a> {
    document: &'a Value,
    faults: &'a mut Vec<String>,
}

impl Checker<'_> {
    fn follow(&mut self, pointer: &str, value: &Value, path: &str) {
        let schema = self.document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is no schema"));
        self.check(schema, value, path);
    }

    fn check(&mut self, schema: &Value, value: &Value, path: &str) {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{path} has no schema"));
        for (keyword, wanted) in keywords {
            let limit = || wanted.as_i64().expect("a limit is a number");
            let holds = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                "type" => texts(wanted).any(|wanted| is_of_type(wanted, value)),
                "const" => value == wanted,
                "enum" => items(wanted).contains(value),
                "anyOf" => items(wanted).iter().any(|schema| self.fits(schema, value, path)),
                "oneOf" => items(wanted).iter().filter(|schema| self.fits(schema, value, path)).count() == 1,
                "minimum" => value.as_i64().is_none_or(|number| number >= limit()),
                "maximum" => value.as_i64().is_none_or(|number| number <= limit()),
                "minLength" | "minItems" | "minProperties" => length(value) >= limit(),
                "maxLength" | "maxItems" | "maxProperties" => length(value) <= limit(),
                "required" => texts(wanted).all(|field| value.get(field).is_some()),
                "$ref" => {
                    let pointer = wanted.as_str().and_then(|wanted| wanted.strip_prefix('#'));
                    self.follow(pointer.expect("a schema refers to its own document"), value, path);
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, &format!("{path}[{index}]"));
                    }
                    true
                }
                "properties" | "additionalProperties" => {
                    // Both at once, at the first of them.
                    if keyword == "additionalProperties" && keywords.contains_key("properties") {
                        continue;
                    }
                    value.as_object().into_iter().for_each(|fields| self.fields(keywords, fields, path));
                    true
                }
                other => panic!("unknown keyword {other}"),
            };
            if !holds {
                self.faults.push(format!("{path}: {keyword} {wanted}, found {value}"));
            }
        }
    }

    fn fields(&mut self, keywords: &Map<String, Value>, fields: &Map<String, Value>, path: &str) {
        let described = keywords.get("properties").and_then(Value::as_object);
        let others = keywords.get("additionalProperties").filter(|schema| schema.is_object());
        for (name, value) in fields {
            let path = format!("{path}.{name}");
            match described.and_then(|described| described.get(name)).or(others) {
                Some(schema) => self.check(schema, value, &path),
                None => self.faults.push(format!("{path} is not described")),
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value, path: &str) -> bool {
        let mut faults = Vec::new();
        Checker { document: self.document, faults: &mut faults }.check(schema, value, path);
        faults.is_empty()
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().expect("several are a list")
}

/// One text, or several.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    several.iter().map(|text| text.as_str().expect("names are texts"))
}

fn length(value: &Value) -> i64 {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => panic!("{other} has no length"),
    };
    i64::try_from(length).expect("no text is that long")
}

fn is_of_type(wanted: &str, value: &Value) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}
