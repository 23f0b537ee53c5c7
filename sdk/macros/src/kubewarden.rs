//! The metadata that Kubewarden's policy-server reads, from the same declaration.

use protocol::RuleMetadata;
use serde_json::{Value, json};

/// The content of the custom section `io.kubewarden.metadata`.
pub fn metadata(rule: &RuleMetadata) -> Value {
    let rules: Vec<Value> = rule
        .applies_to
        .iter()
        .map(|kind| {
            let mut resources = vec![protocol::resource_name(&kind.kind)];
            // A wildcard does not reach into subresources.
            if kind.matches("", "Pod") {
                resources.push("pods/ephemeralcontainers".to_owned());
            }
            json!({
                "apiGroups": [kind.group],
                "apiVersions": kind.versions,
                "resources": resources,
                "operations": ["CREATE", "UPDATE"],
            })
        })
        .collect();
    let context: Vec<Value> = rule
        .looks_up
        .iter()
        .map(|look_up| json!({ "apiVersion": look_up.api_version, "kind": look_up.kind }))
        .collect();
    json!({
        "protocolVersion": "v1",
        "rules": rules,
        "mutating": false,
        "backgroundAudit": true,
        "executionMode": "kubewarden-wapc",
        "policyType": "kubernetes",
        "contextAwareResources": context,
        "annotations": {
            "io.kubewarden.policy.title": rule.name,
            "io.kubewarden.policy.description": rule.title,
            "io.kubewarden.policy.severity": rule.severity.name(),
            "io.kubewarden.policy.category": rule.section.name(),
            "io.kubewarden.policy.version": rule.version,
            "io.kubewarden.policy.license": "Apache-2.0",
            "io.kubewarden.policy.usage": rule.documentation,
        },
    })
}
