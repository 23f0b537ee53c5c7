//! Holds what is written to the schemas of Kubewarden's resources, `schemas.yaml`, with as much of JSON Schema as they use.
//! What is not known here is a fault of the schema, so that nothing is passed over.

use serde_json::{Value, json};

/// Everything in which a value is not as the definition of that name says.
pub fn faults(definition: &str, value: &Value) -> Vec<String> {
    let root: Value = serde_saphyr::from_str(include_str!("schemas.yaml")).unwrap();
    faults_in(&root, definition, value)
}

/// The same by the definitions of another schema.
pub fn faults_in(root: &Value, definition: &str, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Checker { root }.check(&root["$defs"][definition], value, definition, &mut faults);
    faults
}

/// The same of a whole object.
pub fn object_faults(object: &Value) -> Vec<String> {
    let kind = object["kind"].as_str().expect("an object has a kind");
    assert_eq!(object["apiVersion"], "policies.kubewarden.io/v1");
    let members: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(members, ["apiVersion", "kind", "metadata", "spec"]);
    let is_of_namespace = object["metadata"].get("namespace").is_some();
    assert_eq!(is_of_namespace, !kind.starts_with("Cluster"), "{kind}");
    let name = object["metadata"]["name"].as_str().unwrap();
    assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{name}");
    // The functions of a group's expression, in CEL.
    for member in object["spec"]["policies"].as_object().into_iter().flat_map(|members| members.keys()) {
        assert!(member.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{member}");
    }
    [faults(kind, &object["spec"]), faults("metadata", &object["metadata"])].concat()
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{path} has no schema"));
        for (keyword, wanted) in keywords {
            let length = |value: &Value| match value {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(members) => members.len(),
                other => panic!("{path}: {other} has no length"),
            };
            let limit = || wanted.as_u64().expect("a limit is a number");
            let holds = match keyword.as_str() {
                "required" => strings(wanted).iter().all(|field| value.get(field).is_some()),
                "enum" => wanted.as_array().unwrap().contains(value),
                "minimum" => value.as_u64().is_some_and(|value| value >= limit()),
                "maximum" => value.as_u64().is_some_and(|value| value <= limit()),
                "minItems" | "minLength" | "minProperties" => length(value) as u64 >= limit(),
                "maxItems" | "maxLength" => length(value) as u64 <= limit(),
                "type" => strings(wanted).iter().any(|wanted| is_of_type(wanted, value)),
                "$ref" => {
                    let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    self.check(&self.root["$defs"][name], value, path, faults);
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, &format!("{path}[{index}]"), faults);
                    }
                    true
                }
                "properties" | "additionalProperties" => {
                    let known = keywords.get("properties");
                    for (key, value) in value.as_object().into_iter().flatten() {
                        let path = format!("{path}.{key}");
                        match known.and_then(|known| known.get(key)) {
                            Some(schema) if keyword == "properties" => self.check(schema, value, &path, faults),
                            None if *wanted == json!(false) => faults.push(format!("{path} is not known")),
                            None if keyword == "additionalProperties" => self.check(wanted, value, &path, faults),
                            _ => {}
                        }
                    }
                    true
                }
                "oneOf" => {
                    let fits = |schema: &&Value| {
                        let mut faults = Vec::new();
                        self.check(schema, value, path, &mut faults);
                        faults.is_empty()
                    };
                    wanted.as_array().unwrap().iter().filter(fits).count() == 1
                }
                other => panic!("unknown keyword {other}"),
            };
            if !holds {
                faults.push(format!("{path}: {keyword} {wanted}, found {value}"));
            }
        }
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        several => several.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect(),
    }
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

#[test]
fn a_schema_refuses_what_a_cluster_refuses() {
    let good = json!({
        "module": "registry://x", "mutating": false, "mode": "monitor",
        "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"] }],
    });
    assert_eq!(faults("ClusterAdmissionPolicy", &good), Vec::<String>::new());
    for (field, value) in [
        ("mode", json!("audit")),
        ("mutating", json!("false")),
        ("rules", json!([])),
        ("contextAwareResources", json!([{ "kind": "Pod" }])),
        ("timeoutSeconds", json!(31)),
        ("colour", json!("red")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(!faults("ClusterAdmissionPolicy", &bad).is_empty(), "{field}");
    }
    let mut bad = good;
    bad["contextAwareResources"] = json!([]);
    assert!(!faults("AdmissionPolicy", &bad).is_empty(), "a namespace's policy looks at nothing else");
}
