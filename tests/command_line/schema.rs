//! Checks a report against `docs/report.schema.json`, with as much of JSON Schema as that file uses. What it does not
//! know is a fault of the schema, so that nothing is passed over.

use std::fs;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

/// Everything in which the report is not as the schema says.
pub fn faults(report: &Value) -> Vec<String> {
    let text = fs::read_to_string(workspace().join("docs/report.schema.json")).unwrap();
    let root: Value = serde_json::from_str(&text).unwrap();
    let mut faults = Vec::new();
    Checker { root: &root }.check(&root, report, "$", &mut faults);
    faults
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        for (keyword, wanted) in schema.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "required" => true,
                "$ref" => {
                    let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(self.root.pointer(pointer).unwrap(), value, path, faults);
                    true
                }
                "type" => match wanted.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    other => panic!("unknown type {other}"),
                },
                "const" => value == wanted,
                "enum" => wanted.as_array().unwrap().contains(value),
                "minimum" => value.as_i64().is_none_or(|value| value >= wanted.as_i64().unwrap()),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, &format!("{path}[{index}]"), faults);
                    }
                    true
                }
                "properties" => {
                    self.properties(schema, value, path, faults);
                    true
                }
                other => panic!("unknown keyword {other}"),
            };
            if !holds {
                faults.push(format!("{path}: {keyword} {wanted}, found {value}"));
            }
        }
    }

    fn properties(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        let Some(fields) = value.as_object() else { return };
        let known = schema["properties"].as_object().unwrap();
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !fields.contains_key(required.as_str().unwrap()) {
                faults.push(format!("{path}: {required} is missing"));
            }
        }
        for (name, field) in fields {
            match known.get(name) {
                Some(schema) => self.check(schema, field, &format!("{path}.{name}"), faults),
                // Readers must allow for more, but here each field is described.
                None => faults.push(format!("{path}: {name} is not described")),
            }
        }
    }
}
