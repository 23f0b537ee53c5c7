//! A policy of somebody else's, as the engine sees it: what Kubewarden's metadata says, in the words of a rule's.

use protocol::contract::KUBEWARDEN_SECTION;
use protocol::{KindMatch, LookUp, RuleMetadata, Section, Severity, WORKLOADS, resource_name};
use serde::Deserialize;
use serde_json::Value;

use crate::RefusalError;

/// Kinds that policies are about, beside workloads, by group. Metadata has resources, which say less than kinds.
const KINDS: &[(&str, &[&str])] = &[
    ("", &["ConfigMap", "Endpoints", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim"]),
    ("", &["LimitRange", "ResourceQuota", "Secret", "Service", "ServiceAccount"]),
    ("admissionregistration.k8s.io", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("autoscaling", &["HorizontalPodAutoscaler"]),
    ("gateway.networking.k8s.io", &["Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute"]),
    ("networking.k8s.io", &["Ingress", "IngressClass", "NetworkPolicy"]),
    ("policy", &["PodDisruptionBudget"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["StorageClass"]),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    policy_type: Option<String>,
    #[serde(default)]
    context_aware_resources: Option<Vec<Resource>>,
    #[serde(default)]
    annotations: Option<serde_json::Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Rule {
    api_groups: Vec<String>,
    api_versions: Vec<String>,
    resources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    api_version: String,
    kind: String,
}

/// The metadata of a rule that judges what the policy says that it judges.
pub fn metadata(name: &str, kubewarden: &Value) -> Result<RuleMetadata, RefusalError> {
    let bad = |cause: String| RefusalError::BadSection { section: KUBEWARDEN_SECTION, cause };
    let metadata: Metadata = serde_json::from_value(kubewarden.clone()).map_err(|cause| bad(cause.to_string()))?;
    if metadata.policy_type.as_deref() == Some("raw") {
        return Err(bad("a raw policy judges no objects of Kubernetes".into()));
    }
    let applies_to: Vec<KindMatch> = metadata.rules.iter().flat_map(kinds).collect();
    if applies_to.is_empty() {
        return Err(bad("it says of no kind that it judges it".into()));
    }
    let annotation = |key: &str| {
        let annotations = metadata.annotations.as_ref()?;
        annotations.get(&format!("io.kubewarden.policy.{key}"))?.as_str().map(str::to_owned)
    };
    let severity = annotation("severity");
    let severity = Severity::ALL.into_iter().find(|known| severity.as_deref() == Some(known.name()));
    let looks_up = metadata.context_aware_resources.unwrap_or_default().into_iter();
    Ok(RuleMetadata {
        name: name.to_owned(),
        version: annotation("version").unwrap_or_default(),
        title: annotation("title").unwrap_or_else(|| name.to_owned()),
        documentation: annotation("description").unwrap_or_default(),
        severity: severity.unwrap_or(Severity::Medium),
        section: Section::Security,
        since: String::new(),
        applies_to,
        reads: vec!["*".to_owned()],
        looks_up: looks_up
            .map(|Resource { api_version, kind }| LookUp { api_version, kind, reads: vec!["*".to_owned()] })
            .collect(),
        // What needs a network no browser has.
        capabilities: Vec::new(),
        settings: Value::Null,
        examples: Vec::new(),
    })
}

/// The kinds that stand behind resources. Of a resource that is not known here, every kind of its group may be meant.
fn kinds(rule: &Rule) -> Vec<KindMatch> {
    let known = KINDS.iter().flat_map(|(group, kinds)| kinds.iter().map(move |kind| (*group, *kind)));
    let known: Vec<(&str, &str)> = known.chain(WORKLOADS.iter().map(|known| (known.group, known.kind))).collect();
    let mut matches: Vec<KindMatch> = Vec::new();
    for group in &rule.api_groups {
        // A subresource is no object of a manifest.
        for resource in rule.resources.iter().filter(|resource| !resource.contains('/')) {
            let is_meant =
                |(of, kind): &&(&str, &str)| (of == group || group == "*") && resource_name(kind) == *resource;
            let kind = known.iter().find(is_meant).map_or(KindMatch::ANY, |(_, kind)| kind);
            let found = KindMatch { group: group.clone(), versions: rule.api_versions.clone(), kind: kind.to_owned() };
            if !matches.contains(&found) {
                matches.push(found);
            }
        }
    }
    matches
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn resources_become_kinds_and_context_becomes_look_ups() {
        let metadata = metadata(
            "privileged-pods",
            &json!({
                "protocolVersion": "v1",
                "rules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "pods/exec"], "operations": ["CREATE"]},
                    {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["*"]},
                    {"apiGroups": ["example.com"], "apiVersions": ["*"], "resources": ["widgets"], "operations": ["*"]},
                    {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}],
                "contextAwareResources": [{"apiVersion": "v1", "kind": "Namespace"}],
                "annotations": {"io.kubewarden.policy.title": "Privileged", "io.kubewarden.policy.severity": "high"}}),
        )
        .unwrap();
        let kinds: Vec<_> = metadata.applies_to.iter().map(|it| (it.group.as_str(), it.kind.as_str())).collect();
        assert_eq!(kinds, [("", "Pod"), ("apps", "Deployment"), ("example.com", "*"), ("*", "*")]);
        assert_eq!((metadata.title.as_str(), metadata.severity), ("Privileged", Severity::High));
        assert_eq!(metadata.looks_up.first().map(|it| it.kind.as_str()), Some("Namespace"));
    }

    #[test]
    fn a_policy_about_nothing_here_is_refused() {
        for kubewarden in [json!({"policyType": "raw", "rules": []}), json!({"rules": []}), json!({"rules": 1})] {
            assert!(metadata("a", &kubewarden).is_err(), "{kubewarden}");
        }
    }
}
