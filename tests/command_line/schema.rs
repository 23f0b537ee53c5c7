//! Checks what is printed for machines against the schemas in `docs`, with as much of JSON Schema as those use. What it does
//! not know is a fault of the schema, so that nothing is passed over.

use std::fs;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

use crate::support::Folder;

/// Everything in which the report is not as the schema says.
pub fn faults(report: &Value) -> Vec<String> {
    faults_by("report", report)
}

/// Everything in which a value is not as the schema of that name says.
pub fn faults_by(schema: &str, value: &Value) -> Vec<String> {
    let path = workspace().join("docs").join(format!("{schema}.schema.json"));
    let root: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut faults = Vec::new();
    Checker { root: &root }.check(&root, value, "$", &mut faults);
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
                "type" => match wanted {
                    Value::Array(several) => several.iter().any(|wanted| is(wanted, value)),
                    one => is(one, value),
                },
                "anyOf" => wanted.as_array().unwrap().iter().any(|schema| {
                    let mut faults = Vec::new();
                    self.check(schema, value, path, &mut faults);
                    faults.is_empty()
                }),
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

fn is(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn rules_and_readiness_are_as_their_schemas_say() {
    let shop = workspace().join("examples/shop");
    let shop = shop.to_str().unwrap();
    for (schema, arguments, code) in [
        ("rules", &["rules", "--format", "json"][..], 0),
        ("readiness", &["readiness", shop, "--format", "json"], 1),
        ("readiness", &["readiness", shop, "--format", "json", "--group-by", "part-of"], 1),
    ] {
        let printed: Value = serde_json::from_str(&Folder::new().run(arguments).with(code)).unwrap();
        assert_eq!(faults_by(schema, &printed), Vec::<String>::new(), "{arguments:?}");
        let faults = faults_by("report", &printed);
        assert!(!faults.is_empty(), "the schema tells {arguments:?} from a report");
    }
}
