//! What a policy of somebody else's says of itself, in the words in which rules do.
//!
//! Its only source is Kubewarden's metadata. Nothing is run, and nothing in it is trusted beyond its form.

use std::collections::HashMap;

use protocol::{LookUp, Profile, RuleMetadata, Section, Severity};
use serde::Deserialize;
use serde_json::Value;

use crate::admission::{Admission, AdmissionRule};
use crate::capability::{Capabilities, CapabilityError, Grant};

/// A policy of somebody else's, before its module is loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What there is to say of it in reports.
    pub metadata: RuleMetadata,
    /// What it judges.
    pub admission: Admission,
    /// Whether it may change what it judges.
    pub mutating: bool,
    /// What it declares to ask. Nothing of it is allowed yet.
    pub grant: Grant,
}

/// Why a policy cannot be run here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The metadata is not what Kubewarden's documentation says.
    #[error("its metadata is not readable: {0}")]
    Metadata(String),
    /// It speaks another protocol than waPC: `opa`, `gatekeeper`, `wasi`.
    #[error("it is made for the execution mode {0:?}, and only kubewarden-wapc runs here")]
    ExecutionMode(String),
    /// It declares a capability that does not exist.
    #[error("its metadata declares an invalid capability: {0}")]
    Capability(#[from] CapabilityError),
}

/// Kubewarden's metadata, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    rules: Vec<AdmissionRule>,
    #[serde(default)]
    mutating: bool,
    #[serde(default)]
    execution_mode: Option<String>,
    #[serde(default)]
    policy_type: Option<String>,
    #[serde(default)]
    context_aware_resources: Option<Vec<Resource>>,
    #[serde(default)]
    host_capabilities: Option<Vec<String>>,
    #[serde(default)]
    annotations: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    api_version: String,
    kind: String,
}

impl Policy {
    /// Reads the content of the section `io.kubewarden.metadata`. The policy is called `name`.
    ///
    /// # Errors
    /// Why it cannot be run here.
    pub fn read(name: &str, metadata: &Value) -> Result<Self, PolicyError> {
        let read = Metadata::deserialize(metadata).map_err(|cause| PolicyError::Metadata(cause.to_string()))?;
        if let Some(mode) = read.execution_mode.filter(|mode| mode != "kubewarden-wapc") {
            return Err(PolicyError::ExecutionMode(mode));
        }
        let capabilities = read.host_capabilities.unwrap_or_default();
        let declared = Capabilities::new(&capabilities).map_err(PolicyError::Capability)?;
        let kinds = read.context_aware_resources.unwrap_or_default().into_iter();
        let looks_up: Vec<LookUp> = kinds
            .map(|Resource { api_version, kind }| LookUp { api_version, kind, reads: vec!["*".to_owned()] })
            .collect();
        let annotations = read.annotations.unwrap_or_default();
        let annotation = |name: &str| annotations.get(&format!("io.kubewarden.policy.{name}")).map(String::as_str);
        let first_line = |text: &str| text.lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
        let description = annotation("description").or_else(|| annotation("title"));
        let metadata = RuleMetadata {
            name: name.to_owned(),
            version: annotation("version").unwrap_or_default().to_owned(),
            title: description.map(first_line).unwrap_or_default(),
            documentation: annotation("usage").or(description).unwrap_or_default().to_owned(),
            severity: severity(annotation("severity")),
            section: section(annotation("category")),
            since: String::new(),
            url: annotation("url").unwrap_or_default().to_owned(),
            // Who brings a policy wants it to run, whatever the profile.
            profile: Profile::Essential,
            rests_on: Vec::new(),
            yields_to: Vec::new(),
            // Kinds are not what it says: it says resources, and `admission` knows them.
            applies_to: Vec::new(),
            reads: vec!["*".to_owned()],
            looks_up: looks_up.clone(),
            capabilities,
            settings: Value::Object(serde_json::Map::new()),
            examples: Vec::new(),
        };
        let admission = match read.policy_type.as_deref() {
            Some("raw") => Admission::Documents,
            _ => Admission::Requests(read.rules),
        };
        Ok(Self { metadata, admission, mutating: read.mutating, grant: Grant::declaring(&looks_up, declared) })
    }

    /// The same policy, asked about any request: what it is sent somebody else has chosen.
    #[must_use]
    pub fn of_any_request(self) -> Self {
        let admission = match self.admission {
            Admission::Documents => Admission::Documents,
            Admission::Requests(_) => Admission::Requests(vec![AdmissionRule::of_everything()]),
        };
        Self { admission, ..self }
    }
}

/// Artifact Hub's severities; it has `info` below `low`.
fn severity(name: Option<&str>) -> Severity {
    match name {
        Some("info") => Severity::Low,
        _ => Severity::ALL.into_iter().find(|known| Some(known.name()) == name).unwrap_or(Severity::Medium),
    }
}

/// The section that the category names; else security, which is what most policies are about.
fn section(category: Option<&str>) -> Section {
    let named = |section: &Section| category.is_some_and(|category| category.eq_ignore_ascii_case(section.name()));
    Section::ALL.into_iter().find(named).unwrap_or(Section::Security)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_becomes_what_a_rule_says_of_itself() {
        let policy = Policy::read(
            "safe-labels",
            &json!({
                "protocolVersion": "v1",
                "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE"]}],
                "mutating": true,
                "executionMode": "kubewarden-wapc",
                "contextAwareResources": [{"apiVersion": "v1", "kind": "Namespace"}],
                "hostCapabilities": ["oci/*"],
                "annotations": {
                    "io.kubewarden.policy.title": "safe-labels",
                    "io.kubewarden.policy.description": "Labels are safe.\nAll of them.",
                    "io.kubewarden.policy.severity": "high",
                    "io.kubewarden.policy.category": "Operations",
                },
            }),
        )
        .unwrap();
        let RuleMetadata { name, title, severity, section, .. } = &policy.metadata;
        assert_eq!((name.as_str(), title.as_str()), ("safe-labels", "Labels are safe"));
        assert_eq!((*severity, *section, policy.mutating), (Severity::High, Section::Operations, true));
        let granted = policy.grant.allowing(Capabilities::new(&["*"]).unwrap());
        assert!(granted.covers("oci", "v1/verify") && granted.covers("kubernetes", "get_resource"));
        assert!(!granted.covers("net", "v1/dns_lookup_host"));
    }

    #[test]
    fn the_least_that_policies_say_is_enough() {
        let old = Policy::read("old", &json!({"protocolVersion": "v1", "rules": [], "mutating": false})).unwrap();
        assert_eq!(old.admission, Admission::Requests(Vec::new()));
        assert_eq!((old.metadata.severity, old.metadata.section), (Severity::Medium, Section::Security));
        let raw = Policy::read("raw", &json!({"protocolVersion": "v1", "rules": [], "policyType": "raw"})).unwrap();
        assert_eq!(raw.admission, Admission::Documents);
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        for (metadata, said) in [
            (json!({"rules": [], "executionMode": "gatekeeper"}), "execution mode \"gatekeeper\""),
            (json!({"rules": [], "hostCapabilities": ["oci/v9/verify"]}), "no capability `oci/v9/verify`"),
            (json!({"rules": [{"apiGroups": "a"}]}), "not readable"),
            (json!([]), "not readable"),
            (json!({}), "missing field `rules`"),
        ] {
            let refused = Policy::read("p", &metadata).unwrap_err().to_string();
            assert!(refused.contains(said), "{metadata}: {refused}");
        }
    }
}
