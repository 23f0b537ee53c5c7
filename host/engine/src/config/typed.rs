//! Settings of rules, held against the rules' schemas.

use protocol::RuleMetadata;
use serde_json::{Map, Value as Json};

use super::{Read, Reader};
use crate::manifest::{Node, Value};

impl Reader<'_> {
    /// Settings that fit the rule's schema. The rule itself has the last word when it is loaded with them.
    pub(super) fn settings(&self, node: &Node, rule: &RuleMetadata) -> Read<Json> {
        self.typed(node, &rule.settings)?;
        serde_json::to_value(node).or_else(|cause| self.refuse(node.span, &cause.to_string()))
    }

    /// A mapping that fits the schema of an object.
    fn typed(&self, node: &Node, schema: &Json) -> Read<()> {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
        for entry in self.entries(node, &known)? {
            let wanted = properties.get(&*entry.key);
            if let Some((node, noun)) = wanted.and_then(|schema| mismatch(schema, &entry.value)) {
                let part = if node.span == entry.value.span { "" } else { "an item of " };
                let message = format!("{part}`{}` is {noun}, not {}", entry.key, node.value.description());
                return self.refuse(node.span, &message);
            }
            let items = wanted.and_then(|schema| schema.get("items")).filter(|items| items.get("properties").is_some());
            if let (Some(items), Value::Sequence(structs)) = (items, &entry.value.value) {
                for item in structs {
                    self.typed(item, items)?;
                    let required = items.get("required").and_then(Json::as_array).into_iter().flatten();
                    required.filter_map(Json::as_str).try_for_each(|key| self.field(item, key).map(drop))?;
                }
            }
        }
        Ok(())
    }
}

/// The value, or the item of it, that is not what the schema wants, and what that would be.
fn mismatch<'n>(schema: &Json, node: &'n Node) -> Option<(&'n Node, String)> {
    let types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => return None,
    };
    let is = |wanted: &&str| match (*wanted, &node.value) {
        ("boolean", Value::Bool(_)) | ("string", Value::String(_)) | ("number", Value::Number(_)) => true,
        ("integer", Value::Number(number)) => number.is_u64() || number.is_i64(),
        ("array", Value::Sequence(_)) | ("object", Value::Mapping(_)) | (_, Value::Null) => true,
        _ => false,
    };
    if types.iter().any(is) {
        return match (&node.value, schema.get("items")) {
            (Value::Sequence(items), Some(schema)) => items.iter().find_map(|item| mismatch(schema, item)),
            _ => None,
        };
    }
    let noun = |name: &&str| match *name {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "array" => "a list",
        "object" => "a mapping",
        "number" => "a number",
        _ => "a string",
    };
    Some((node, types.iter().map(noun).collect::<Vec<_>>().join(" or ")))
}
