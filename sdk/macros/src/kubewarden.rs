//! The metadata that Kubewarden reads (policy-server, kwctl, the audit scanner, the Artifact Hub), from the same declaration.
//!
//! The format is that of `policy_metadata.rs` in Kubewarden's policy-evaluator, the annotations are those that `kwctl
//! scaffold artifacthub` asks for. What stands here no rule says twice.

use std::env;

use protocol::documents::{PolicyType, document_kind, tags};
use protocol::{KindMatch, RuleMetadata, resource_name};
use serde_json::{Map, Value, json};

/// The variable that says where modules will be published.
pub const REGISTRY: &str = "SEAWORTHY_REGISTRY";

/// The group of OpenSLO's files. No API server has it: a custom resource's group has a dot.
const OPENSLO: &str = "openslo";

/// A group whose kinds moved to `apps`. A webhook for `apps` gets requests to the old group too, converted (`matchPolicy:
/// Equivalent`), and the audit scanner has no kind to look for in vain.
const MOVED: &str = "extensions";

/// What an SDK's `World` calls for look-ups of objects.
const LOOK_UPS: [&str; 3] =
    ["kubernetes/get_resource", "kubernetes/list_resources_all", "kubernetes/list_resources_by_namespace"];

/// The content of the custom section `io.kubewarden.metadata`.
pub fn metadata(rule: &RuleMetadata) -> Value {
    let mut kinds: Vec<&KindMatch> = rule.applies_to.iter().filter(|kind| is_served(kind)).collect();
    // Where kinds are named beside everything, a cluster asks about those.
    if kinds.iter().any(|kind| kind.kind != KindMatch::ANY) {
        kinds.retain(|kind| kind.kind != KindMatch::ANY);
    }
    let policy_type = if kinds.is_empty() { PolicyType::Raw } else { PolicyType::Kubernetes };
    // Also of documents: a policy-server that has not granted a kind refuses, and one that has finds none.
    let looks_up: Vec<Value> = rule
        .looks_up
        .iter()
        .map(|look_up| json!({ "apiVersion": look_up.api_version, "kind": look_up.kind }))
        .collect();
    let calls = if looks_up.is_empty() { &[][..] } else { &LOOK_UPS };
    let capabilities: Vec<&str> = rule.capabilities.iter().map(String::as_str).chain(calls.iter().copied()).collect();
    let mut metadata = json!({
        "protocolVersion": "v1",
        "rules": admission_rules(&kinds),
        "mutating": false,
        // The audit scanner sends what an API server has.
        "backgroundAudit": policy_type == PolicyType::Kubernetes,
        "executionMode": "kubewarden-wapc",
        "policyType": policy_type.name(),
        "contextAwareResources": looks_up,
        "hostCapabilities": capabilities,
        "annotations": annotations(rule, &kinds),
    });
    if let (false, Some(fields)) = (looks_up.is_empty(), metadata.as_object_mut()) {
        // The first with look-ups by kind.
        fields.insert("minimumKubewardenVersion".to_owned(), "1.6.0".into());
    }
    metadata
}

/// Whether an API server has objects of the kind.
fn is_served(kind: &KindMatch) -> bool {
    let document = document_kind(&kind.group, &kind.kind);
    kind.group != OPENSLO && document.is_none_or(|document| document.policy_type == PolicyType::Kubernetes)
}

/// What a webhook is asked about: one entry for each group and its versions.
fn admission_rules(kinds: &[&KindMatch]) -> Vec<Value> {
    let mut entries: Vec<(&str, &[String], Vec<String>)> = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.group != MOVED) {
        let resource = resource_name(&kind.kind);
        match entries.iter_mut().find(|(group, versions, _)| *group == kind.group && *versions == kind.versions) {
            Some((_, _, resources)) => resources.push(resource),
            None => entries.push((&kind.group, &kind.versions, vec![resource])),
        }
    }
    let entry = |group: &str, versions: &[String], resources: &[String], operations: &[&str]| json!({ "apiGroups": [group], "apiVersions": versions, "resources": resources, "operations": operations });
    let mut rules: Vec<Value> = entries
        .iter()
        .map(|(group, versions, resources)| entry(group, versions, resources, &["CREATE", "UPDATE"]))
        .collect();
    // `kubectl debug` updates this subresource with the whole pod. No rule for pods reaches it, a wildcard neither.
    if kinds.iter().any(|kind| kind.matches("", "Pod")) {
        rules.push(entry("", &["v1".to_owned()], &["pods/ephemeralcontainers".to_owned()], &["UPDATE"]));
    }
    rules
}

fn annotations(rule: &RuleMetadata, kinds: &[&KindMatch]) -> Map<String, Value> {
    let mut named: Vec<&str> = Vec::new();
    for kind in kinds {
        if !named.contains(&kind.kind.as_str()) {
            named.push(&kind.kind);
        }
    }
    let cargo = |variable: &str| env::var(variable).unwrap_or_default().replace(':', ", ");
    let repository = env::var("CARGO_PKG_REPOSITORY").unwrap_or_default();
    let entries = [
        ("io.artifacthub.displayName", display_name(&rule.name)),
        (
            "io.artifacthub.keywords",
            format!("{}, production readiness, {}, seaworthy", tags(&rule.applies_to).join(", "), rule.section.name()),
        ),
        ("io.artifacthub.resources", named.join(", ")),
        ("io.kubewarden.policy.title", rule.name.clone()),
        ("io.kubewarden.policy.description", rule.title.clone()),
        ("io.kubewarden.policy.version", rule.version.clone()),
        ("io.kubewarden.policy.author", cargo("CARGO_PKG_AUTHORS")),
        ("io.kubewarden.policy.license", env::var("CARGO_PKG_LICENSE").unwrap_or_default()),
        ("io.kubewarden.policy.url", if rule.url.is_empty() { repository.clone() } else { rule.url.clone() }),
        ("io.kubewarden.policy.source", repository),
        ("io.kubewarden.policy.ociUrl", oci_url(&env::var(REGISTRY).unwrap_or_default(), &rule.name)),
        ("io.kubewarden.policy.severity", rule.severity.name().to_owned()),
        ("io.kubewarden.policy.category", display_name(rule.section.name())),
        ("io.kubewarden.policy.usage", rule.documentation.clone()),
    ];
    // What a crate does not say of itself is not said as nothing.
    let said = entries.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

/// Where the module will be published, as kwctl appends a tag to it: without a scheme. Nothing where that is not known.
fn oci_url(registry: &str, name: &str) -> String {
    let base = registry.trim_start_matches("registry://").trim_end_matches('/');
    if base.is_empty() { String::new() } else { format!("{base}/{name}") }
}

/// `pod-disruption-budget` is `Pod disruption budget`.
fn display_name(kebab: &str) -> String {
    let words = kebab.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use protocol::{LookUp, Profile, Section, Severity};

    use super::*;

    fn kind(group: &str, version: &str, kind: &str) -> KindMatch {
        KindMatch { group: group.into(), versions: vec![version.into()], kind: kind.into() }
    }

    fn rule(applies_to: Vec<KindMatch>, looks_up: &[(&str, &str)], capabilities: &[&str]) -> Value {
        let look_up = |(api_version, kind): &(&str, &str)| LookUp {
            api_version: (*api_version).into(),
            kind: (*kind).into(),
            reads: Vec::new(),
        };
        metadata(&RuleMetadata {
            name: "required-state".into(),
            version: "1.2.3".into(),
            title: "A title".into(),
            documentation: "A title.".into(),
            severity: Severity::High,
            section: Section::Security,
            since: "1.0.0".into(),
            url: String::new(),
            profile: Profile::default(),
            rests_on: Vec::new(),
            yields_to: Vec::new(),
            applies_to,
            reads: Vec::new(),
            looks_up: looks_up.iter().map(look_up).collect(),
            capabilities: capabilities.iter().map(ToString::to_string).collect(),
            settings: Value::Null,
            examples: Vec::new(),
        })
    }

    fn entry(group: &str, version: &str, resources: &[&str], operations: &[&str]) -> Value {
        json!({ "apiGroups": [group], "apiVersions": [version], "resources": resources, "operations": operations })
    }

    #[test]
    fn kinds_of_a_group_stand_together_and_ephemeral_containers_by_themselves() {
        let kinds = vec![
            kind("", "v1", "Pod"),
            kind("apps", "v1", "Deployment"),
            kind("apps", "v1", "DaemonSet"),
            kind("extensions", "v1beta1", "Deployment"),
            kind("", "v1", "Secret"),
        ];
        let both = ["CREATE", "UPDATE"];
        assert_eq!(
            rule(kinds, &[], &[])["rules"],
            json!([
                entry("", "v1", &["pods", "secrets"], &both),
                entry("apps", "v1", &["deployments", "daemonsets"], &both),
                entry("", "v1", &["pods/ephemeralcontainers"], &["UPDATE"]),
            ])
        );
        let everything = rule(vec![kind("*", "*", "*")], &[], &[]);
        let reached = entry("", "v1", &["pods/ephemeralcontainers"], &["UPDATE"]);
        assert_eq!(everything["rules"], json!([entry("*", "*", &["*"], &both), reached]));
        // Beside it, the kinds that are named are what a cluster asks about.
        let named = rule(vec![kind("", "v1", "Service"), kind("*", "*", "*")], &[], &[]);
        assert_eq!(named["rules"], json!([entry("", "v1", &["services"], &both)]));
        let budgets = rule(vec![kind("policy", "v1", "PodDisruptionBudget")], &[], &[]);
        assert_eq!(budgets["rules"], json!([entry("policy", "v1", &["poddisruptionbudgets"], &both)]));
    }

    #[test]
    fn a_rule_over_documents_alone_is_a_raw_policy() {
        let documents = rule(vec![kind("seaworthy.dev", "v1", "Dockerfile")], &[], &[]);
        assert_eq!(documents["policyType"], "raw");
        assert_eq!((&documents["rules"], &documents["backgroundAudit"]), (&json!([]), &json!(false)));
        let keywords = &documents["annotations"]["io.artifacthub.keywords"];
        assert_eq!(keywords, "container-image, production readiness, security, seaworthy");
        let both = rule(vec![kind("", "v1", "Pod"), kind("seaworthy.dev", "v1", "LogSample")], &[], &[]);
        assert_eq!((&both["policyType"], &both["backgroundAudit"]), (&json!("kubernetes"), &json!(true)));
        assert_eq!(both["annotations"]["io.artifacthub.resources"], "Pod");
    }

    #[test]
    fn a_module_is_published_where_the_build_says() {
        assert_eq!(oci_url("", "web"), "", "nobody said where");
        for registry in ["registry.example.com:5000/shop", "registry://registry.example.com:5000/shop/"] {
            assert_eq!(oci_url(registry, "web"), "registry.example.com:5000/shop/web");
        }
    }

    #[test]
    fn what_may_be_asked_is_said_both_ways() {
        let pods = || vec![kind("", "v1", "Pod")];
        let pure = rule(pods(), &[], &[]);
        assert_eq!((&pure["contextAwareResources"], &pure["hostCapabilities"]), (&json!([]), &json!([])));
        assert!(pure.get("minimumKubewardenVersion").is_none());
        let asks = rule(pods(), &[("v1", "Service"), ("seaworthy.dev/v1", "RepositoryTree")], &["oci/v2/verify"]);
        let tree = json!({ "apiVersion": "seaworthy.dev/v1", "kind": "RepositoryTree" });
        assert_eq!(asks["contextAwareResources"], json!([{ "apiVersion": "v1", "kind": "Service" }, tree]));
        assert_eq!(asks["hostCapabilities"].as_array().map(Vec::len), Some(4));
        assert_eq!(asks["minimumKubewardenVersion"], "1.6.0");
    }
}
