//! What a client of an API server needs: the way to it, and where objects are created.

use serde_json::{Value, json};

/// A kubeconfig of one server.
#[must_use]
pub fn kubeconfig(url: &str, token: &str) -> String {
    let server = json!({ "server": url, "insecure-skip-tls-verify": url.starts_with("https") });
    let all = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{ "name": "test", "cluster": server }],
        "users": [{ "name": "test", "user": { "token": token } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
    });
    all.to_string()
}

/// Where objects of its kind are created.
#[must_use]
pub fn collection(object: &Value) -> String {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let api_version = text("apiVersion");
    let root = if api_version.contains('/') { "apis" } else { "api" };
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
    let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
    format!("/{root}/{api_version}{namespace}/{}", protocol::resource_name(text("kind")))
}
