//! Admission requests as an API server sends them (`admission.k8s.io/v1`), and documents as they are when they come out of
//! one: in a namespace.

use protocol::resource_name;
use serde_json::{Value, json};

use crate::cluster::{group, is_namespaced, text};

/// The documents of an example as objects of a cluster.
pub fn objects(yaml: &str) -> Vec<Value> {
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap_or_else(|cause| panic!("{cause}\n{yaml}"));
    for document in &mut documents {
        if is_namespaced(text(document, "/kind"))
            && text(document, "/metadata/namespace").is_empty()
            && let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.insert("namespace".to_owned(), json!("default"));
        }
    }
    documents
}

/// A request to create the object.
pub fn create(object: &Value) -> Value {
    request(object, "CREATE", "", object.clone(), Value::Null)
}

/// A request to update the object.
pub fn update(before: &Value, after: &Value) -> Value {
    request(after, "UPDATE", "", after.clone(), before.clone())
}

/// A request to update a pod's ephemeral containers: the pod, whole, before and after.
pub fn debug(before: &Value, after: &Value) -> Value {
    request(after, "UPDATE", "ephemeralcontainers", after.clone(), before.clone())
}

/// A request to delete the object, which carries only what was there.
pub fn delete(object: &Value) -> Value {
    request(object, "DELETE", "", Value::Null, object.clone())
}

/// A request about a subresource whose object is of another kind.
pub fn subresource(of: &Value, operation: &str, name: &str, object: Value) -> Value {
    request(of, operation, name, object, Value::Null)
}

fn request(of: &Value, operation: &str, subresource: &str, object: Value, old: Value) -> Value {
    let api_version = text(of, "/apiVersion");
    let (group, version) = (group(api_version), api_version.rsplit('/').next().unwrap());
    let kind = json!({ "group": group, "version": version, "kind": text(of, "/kind") });
    let resource = json!({ "group": group, "version": version, "resource": resource_name(text(of, "/kind")) });
    let user = json!({ "username": "ana", "uid": "7f3c", "groups": ["developers", "system:authenticated"] });
    let mut request = json!({
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "name": text(of, "/metadata/name"),
        "namespace": text(of, "/metadata/namespace"),
        "operation": operation,
        "userInfo": user,
        "object": object,
        "oldObject": old,
        "dryRun": false,
        "options": { "apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions" },
    });
    if !subresource.is_empty() {
        request["subResource"] = json!(subresource);
        request["requestSubResource"] = json!(subresource);
    }
    request
}
