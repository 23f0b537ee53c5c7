//! How a policy of somebody else's is asked: about which objects, and with the request that an API server would send.
//!
//! It must not know where a policy's metadata stands, nor how it is run.

use std::io::Write as _;

use protocol::{FieldMask, resource_name};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::manifest::Object;

/// What stands for everything in a rule.
const ANY: &str = "*";

/// A policy's subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// What an API server would send it: objects that one of these concerns.
    Requests(Vec<AdmissionRule>),
    /// Any document, as it is (`policyType: raw`).
    Documents,
}

/// A `RuleWithOperations` of `admissionregistration.k8s.io`, as Kubewarden's metadata has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRule {
    /// Groups, the core group being empty, or `*`.
    pub api_groups: Vec<String>,
    /// Versions within the group, or `*`.
    pub api_versions: Vec<String>,
    /// Plural names; `pods/status` is a subresource, `*` is all resources, `*/*` all and all subresources.
    pub resources: Vec<String>,
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`, or `*`.
    pub operations: Vec<String>,
}

impl AdmissionRule {
    /// Whether the creation of this object is meant.
    ///
    /// The resource is guessed from the kind, as the API machinery does. A custom resource with an irregular plural is
    /// missed where a rule names it.
    fn concerns(&self, object: &Object) -> bool {
        let names = |list: &[String], name: &str| list.iter().any(|known| known == ANY || known == name);
        names(&self.operations, "CREATE")
            && names(&self.api_groups, object.group())
            && names(&self.api_versions, object.version())
            && (self.resources.iter().any(|resource| resource == "*/*")
                || names(&self.resources, &resource_name(&object.kind)))
    }
}

impl Admission {
    pub(crate) fn concerns(&self, object: &Object) -> bool {
        match self {
            Self::Requests(rules) => rules.iter().any(|rule| rule.concerns(object)),
            Self::Documents => true,
        }
    }

    /// Appends the payload of `validate`: `{"request": ..., "settings": ...}`.
    pub(crate) fn write_request(&self, object: &Object, settings: &[u8], payload: &mut Vec<u8>) {
        payload.extend_from_slice(b"{\"request\":");
        match self {
            Self::Documents => object.node.write_json(&FieldMask::whole(), payload),
            Self::Requests(_) => write_admission_request(object, payload),
        }
        payload.extend_from_slice(b",\"settings\":");
        payload.extend_from_slice(settings);
        payload.push(b'}');
    }
}

/// An `AdmissionRequest` of `admission.k8s.io/v1`: the creation of an object by nobody in particular. Name and namespace
/// are those that the object says, empty where it leaves them to others.
fn write_admission_request(object: &Object, payload: &mut Vec<u8>) {
    let (group, version) = (object.group(), object.version());
    let kind = json!({"group": group, "version": version, "kind": object.kind});
    let resource = json!({"group": group, "version": version, "resource": resource_name(&object.kind)});
    let mut fields: Vec<(&str, Value)> = vec![
        ("uid", json!("00000000-0000-0000-0000-000000000000")),
        ("kind", kind.clone()),
        ("resource", resource.clone()),
        ("requestKind", kind),
        ("requestResource", resource),
        ("name", json!(object.name.as_deref().unwrap_or_default())),
        ("namespace", json!(object.namespace.as_deref().unwrap_or_default())),
        ("operation", json!("CREATE")),
        ("userInfo", json!({"username": "seaworthy", "groups": ["system:authenticated"]})),
        ("oldObject", Value::Null),
        ("dryRun", json!(false)),
        ("options", json!({"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"})),
    ];
    payload.push(b'{');
    for (name, value) in fields.drain(..) {
        // Writing to a vector cannot fail.
        let _ = write!(payload, "\"{name}\":{value},");
    }
    payload.extend_from_slice(b"\"object\":");
    object.node.write_json(&FieldMask::whole(), payload);
    payload.push(b'}');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::manifest::{Limits, read};

    fn object(yaml: &str) -> Object {
        read("a.yaml", yaml.into(), &Limits::default()).objects().next().unwrap().clone()
    }

    fn rule(group: &str, version: &str, resource: &str, operation: &str) -> Admission {
        let list = |item: &str| vec![item.to_owned()];
        Admission::Requests(vec![AdmissionRule {
            api_groups: list(group),
            api_versions: list(version),
            resources: list(resource),
            operations: list(operation),
        }])
    }

    #[test]
    fn rules_mean_what_they_mean_to_an_api_server() {
        let deployment = object("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n");
        for (rule, expected) in [
            (rule("apps", "v1", "deployments", "CREATE"), true),
            (rule("*", "*", "*", "*"), true),
            (rule("*", "*", "*/*", "CREATE"), true),
            (rule("", "v1", "deployments", "CREATE"), false),
            (rule("apps", "v1beta1", "deployments", "CREATE"), false),
            (rule("apps", "v1", "deployments", "UPDATE"), false),
            (rule("apps", "v1", "deployments/scale", "CREATE"), false),
            (rule("apps", "v1", "deployments/*", "CREATE"), false),
            (rule("apps", "v1", "replicasets", "CREATE"), false),
            (Admission::Requests(Vec::new()), false),
            (Admission::Documents, true),
        ] {
            assert_eq!(rule.concerns(&deployment), expected, "{rule:?}");
        }
    }

    #[test]
    fn a_request_has_all_that_an_api_server_would_say() {
        let object =
            object("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"a\\\"\", namespace: b}\nspec: {}\n");
        let mut payload = Vec::new();
        rule("*", "*", "*", "*").write_request(&object, br#"{"a":1}"#, &mut payload);
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let kind = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
        let resource = json!({"group": "apps", "version": "v1", "resource": "deployments"});
        let expected = json!({
            "uid": "00000000-0000-0000-0000-000000000000",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": "a\"",
            "namespace": "b",
            "operation": "CREATE",
            "userInfo": {"username": "seaworthy", "groups": ["system:authenticated"]},
            "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a\"", "namespace": "b"}, "spec": {}},
            "oldObject": null,
            "dryRun": false,
            "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
        });
        assert_eq!(payload, json!({"request": expected, "settings": {"a": 1}}));
    }

    #[test]
    fn a_raw_policy_is_sent_the_document_itself() {
        let object = object("apiVersion: v1\nkind: Pod\n");
        let mut payload = Vec::new();
        Admission::Documents.write_request(&object, b"{}", &mut payload);
        assert_eq!(payload, br#"{"request":{"apiVersion":"v1","kind":"Pod"},"settings":{}}"#);
    }
}
