//! Which Secrets objects have a controller make.
//!
//! The module must not know which Secrets are there.

use crate::manifest::{Node, Object};

/// The name of the Secret that a controller makes of an object, in its namespace.
pub fn secret<'n>(object: &'n Object, node: &'n Node) -> Option<&'n str> {
    let name = object.name.as_deref();
    let spec = node.get("spec")?;
    match (object.group(), object.kind.as_str()) {
        ("bitnami.com", "SealedSecret") => name,
        ("external-secrets.io", "ExternalSecret") => {
            let target = spec.get("target").and_then(|target| target.get("name")).and_then(Node::as_str);
            target.filter(|target| !target.is_empty()).or(name)
        }
        ("cert-manager.io", "Certificate") => spec.get("secretName").and_then(Node::as_str),
        _ => None,
    }
}
