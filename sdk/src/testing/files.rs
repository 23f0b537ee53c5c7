//! A world of a few documents, for tests: answers look-ups as a host does.
//!
//! With a document of kind `SignedImages` and a list `images` among them it also verifies signatures: those of these images.

use std::format;
use std::string::String;
use std::vec::Vec;

use protocol::{FieldMask, api_group, contract};
use serde_json::{Map, Value as Json, json};

use crate::world::Host;

/// The documents of one example.
pub struct Files<'a>(&'a [Json]);

impl<'a> Files<'a> {
    pub fn new(documents: &'a [Json]) -> Self {
        Self(documents)
    }
}

impl Host for Files<'_> {
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let asked: Json = serde_json::from_slice(payload).map_err(|cause| format!("{cause}"))?;
        let text = |field: &str| asked.get(field).and_then(Json::as_str);
        let (group, kind) = (api_group(text("api_version").unwrap_or_default()), text("kind").unwrap_or_default());
        let masks: Vec<&str> =
            asked.get("field_masks").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let mask = FieldMask::of_entries(&masks);
        let metadata = |object: &Json, field: &str| {
            object.pointer(&format!("/metadata/{field}")).and_then(Json::as_str).map(String::from)
        };
        let mut found = self.0.iter().filter(|object| {
            let own = |field: &str| object.get(field).and_then(Json::as_str).unwrap_or_default();
            let here =
                text("namespace").is_none_or(|wanted| metadata(object, "namespace").unwrap_or_default() == wanted);
            own("kind") == kind && api_group(own("apiVersion")) == group && here
        });
        let answer = match (namespace, operation) {
            (contract::KUBERNETES, contract::GET_RESOURCE) => {
                let object = found.find(|object| metadata(object, "name").as_deref() == text("name"));
                prune(object.ok_or_else(|| String::from(contract::NOT_FOUND))?, &mask)
            }
            (contract::KUBERNETES, contract::LIST_BY_NAMESPACE | contract::LIST_ALL) => {
                json!({ "items": found.map(|object| prune(object, &mask)).collect::<Vec<_>>() })
            }
            (contract::OCI, contract::VERIFY) => {
                let signed = self.0.iter().find(|object| object.get("kind") == Some(&json!("SignedImages")));
                let refusal = || format!("{}: {operation}", contract::LOOK_UP_NOT_ALLOWED);
                let images = signed.ok_or_else(refusal)?.get("images").and_then(Json::as_array);
                let is_signed = images.into_iter().flatten().any(|image| image.as_str() == text("image"));
                if !is_signed {
                    return Err(String::from("no signatures found"));
                }
                json!({ "is_trusted": true, "digest": "sha256:0" })
            }
            _ => return Err(format!("{}: {operation}", contract::LOOK_UP_NOT_ALLOWED)),
        };
        serde_json::to_vec(&answer).map_err(|cause| format!("{cause}"))
    }
}

/// The part of a value that a mask keeps.
pub fn prune(value: &Json, mask: &FieldMask) -> Json {
    if mask.is_whole() {
        return value.clone();
    }
    match value {
        Json::Object(members) => {
            let kept = members.iter().filter_map(|(key, value)| Some((key.clone(), prune(value, mask.field(key)?))));
            Json::Object(kept.collect::<Map<_, _>>())
        }
        Json::Array(items) => Json::Array(items.iter().map(|item| prune(item, mask)).collect()),
        scalar => scalar.clone(),
    }
}
