//! `values.schema.json` of the chart: Helm refuses a misspelt value, mode or rule.

use serde_json::{Map, Value, json};

use super::policy::Policy;

/// The schema of these values: what they have, and nothing else.
pub fn schema(policies: &[Policy], values: &Value) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    let mode = || json!({ "enum": ["monitor", "protect"] });
    let seconds = |kind: Value| json!({ "type": kind, "minimum": 2, "maximum": 30 });
    let object =
        |properties: Value| json!({ "type": "object", "additionalProperties": false, "properties": properties });
    let condition = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "expression"],
        "properties": { "name": text(), "expression": text() },
    });
    let conditions = json!({ "type": "array", "items": condition });
    let rule = |policy: &Policy| {
        let properties = json!({
            "enabled": { "type": "boolean" },
            "mode": mode(),
            "settings": object(policy.known_settings.clone()),
            "matchConditions": conditions,
        });
        (policy.name.clone(), object(properties))
    };
    let known = json!({
        // Helm adds it to every chart that is part of another.
        "global": { "type": "object" },
        "policyServer": text(),
        "mode": mode(),
        "failurePolicy": { "enum": ["Ignore", "Fail"] },
        "timeoutSeconds": seconds(json!("integer")),
        "timeoutEvalSeconds": seconds(json!(["integer", "null"])),
        "matchConditions": conditions,
        "registry": { "type": ["string", "null"] },
        "tag": { "type": ["string", "null"] },
        "namespaceSelector": { "type": "object" },
        "lookUps": object(json!({ "enabled": { "type": "boolean" } })),
        "serviceAccount": object(json!({ "namespace": text(), "name": text() })),
        "policies": object(Value::Object(policies.iter().map(rule).collect::<Map<_, _>>())),
    });
    let mut schema = object(known);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| name == "global" || values.get(name).is_some());
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    }
    schema
}
