//! A request as sessions have it: a tag of Kubewarden's, and fields.

use std::fmt;

use engine::{CallError, HostCall};
use serde_json::{Map, Value};

use engine::yaml;

/// Every request of a session, with its fields in the order in which `kwctl` writes them. A host call becomes the one whose
/// tag it has; two of them are never asked by a waPC module, and may stand in a session nonetheless.
const REQUESTS: [(&str, &[&str]); 15] = [
    ("OciManifestDigest", &["image"]),
    ("OciManifest", &["image"]),
    ("OciManifestAndConfig", &["image"]),
    ("SigstorePubKeyVerify", &["image", "pub_keys", "annotations"]),
    ("SigstoreKeylessVerify", &["image", "keyless", "annotations"]),
    ("SigstoreKeylessPrefixVerify", &["image", "keyless_prefix", "annotations"]),
    ("SigstoreGithubActionsVerify", &["image", "owner", "repo", "annotations"]),
    (
        "SigstoreCertificateVerify",
        &["image", "certificate", "certificate_chain", "require_rekor_bundle", "annotations"],
    ),
    ("DNSLookupHost", &["host"]),
    (
        "KubernetesListResourceNamespace",
        &["api_version", "kind", "namespace", "label_selector", "field_selector", "disable_cache", "field_masks"],
    ),
    (
        "KubernetesListResourceAll",
        &["api_version", "kind", "label_selector", "field_selector", "disable_cache", "field_masks"],
    ),
    ("KubernetesGetResource", &["api_version", "kind", "name", "namespace", "disable_cache", "field_masks"]),
    ("KubernetesGetResourcePluralName", &["api_version", "kind"]),
    ("KubernetesCanI", &["request", "disable_cache"]),
    ("CryptoIsCertificateTrusted", &["request"]),
];

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    tag: &'static str,
    fields: Map<String, Value>,
}

/// The tags, to suggest one.
pub(super) fn tags() -> Vec<&'static str> {
    REQUESTS.iter().map(|(tag, _)| *tag).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("the request {path} is not readable{}", .cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}")))]
struct Unreadable {
    path: String,
    cause: Option<serde_json::Error>,
}

impl Request {
    /// The request of that tag, with those of the fields that it has.
    pub(super) fn new(tag: &str, mut fields: Map<String, Value>) -> Option<Self> {
        let (tag, known) = REQUESTS.iter().find(|(name, _)| *name == tag)?;
        let field = |name: &&str| ((*name).to_owned(), fields.remove(*name).unwrap_or(Value::Null));
        Some(Self { tag, fields: known.iter().map(field).collect() })
    }

    /// What a module asked.
    ///
    /// # Errors
    /// The payload is not what the operation takes.
    pub fn of(call: HostCall<'_>) -> Result<Self, CallError> {
        let HostCall { namespace, operation, payload, .. } = call;
        let unreadable = |cause| CallError::invalid(Unreadable { path: call.path(), cause });
        let asked: Value = serde_json::from_slice(payload).map_err(|cause| unreadable(Some(cause)))?;
        let one = |key: &str, value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
        let (tag, fields) = match (namespace, operation) {
            ("oci", "v1/manifest_digest") => ("OciManifestDigest", one("image", asked)),
            ("oci", "v1/oci_manifest") => ("OciManifest", one("image", asked)),
            ("oci", "v1/oci_manifest_config") => ("OciManifestAndConfig", one("image", asked)),
            // The first version has the tag around the fields, the second among them.
            ("oci", "v1/verify") => match asked.as_object().and_then(|outer| outer.iter().next()) {
                Some((tag, fields)) => (tag.as_str(), fields.clone()),
                None => return Err(unreadable(None)),
            },
            ("oci", "v2/verify") => match asked.get("type").and_then(Value::as_str) {
                Some(tag) => (tag, asked.clone()),
                None => return Err(unreadable(None)),
            },
            ("net", "v1/dns_lookup_host") => ("DNSLookupHost", one("host", asked)),
            ("crypto", "v1/is_certificate_trusted") => ("CryptoIsCertificateTrusted", one("request", asked)),
            ("kubernetes", "get_resource") => ("KubernetesGetResource", with_cache(asked)),
            ("kubernetes", "list_resources_by_namespace") => ("KubernetesListResourceNamespace", with_cache(asked)),
            ("kubernetes", "list_resources_all") => ("KubernetesListResourceAll", with_cache(asked)),
            ("kubernetes", "can_i") => {
                let Value::Object(mut asked) = with_cache(asked) else { return Err(unreadable(None)) };
                let review = asked.remove("subject_access_review").unwrap_or_default();
                asked.insert("request".into(), review);
                ("KubernetesCanI", Value::Object(asked))
            }
            _ => return Err(call.unanswered("it is part of no session")),
        };
        let Value::Object(fields) = fields else { return Err(unreadable(None)) };
        Self::new(tag, fields).ok_or_else(|| unreadable(None))
    }

    /// Whether both ask the same. What is null may as well be absent, and so may what is false: one tool writes what the
    /// other leaves out. Masks are sets.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.tag == other.tag && essence(&self.fields) == essence(&other.fields)
    }

    /// Whether an exchange with this request may be the answer to that one: `kwctl` 1.31 writes look-ups without their masks
    /// and without what they say of a cache.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let mut asked = other.clone();
        for unsaid in ["disable_cache", "field_masks"] {
            if self.fields.get(unsaid).is_none_or(Value::is_null) {
                asked.fields.remove(unsaid);
            }
        }
        self.is_like(&asked)
    }

    /// What `kwctl` answers, and records, where there is no such object or no such kind.
    pub(super) fn not_found(&self) -> String {
        let text = |field: &str| self.fields.get(field).and_then(Value::as_str);
        let [api_version, kind] = ["api_version", "kind"].map(|field| text(field).unwrap_or_default());
        match text("name") {
            Some(name) => {
                let namespace = text("namespace");
                format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'")
            }
            None => format!("Cannot find resource {api_version}/{kind}"),
        }
    }

    /// As `kwctl` writes it, with a line break at the end.
    pub(super) fn to_yaml(&self) -> String {
        let mut text = format!("!{}\n", self.tag);
        let known = REQUESTS.iter().find(|(name, _)| *name == self.tag).map_or(&[][..], |(_, fields)| *fields);
        for name in known {
            text.push_str(&yaml::entry(name, self.fields.get(*name).unwrap_or(&Value::Null), 0));
            text.push('\n');
        }
        text
    }
}

/// On one line.
impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.fields.iter().filter(|(_, value)| !value.is_null());
        let said: Map<String, Value> = said.map(|(name, value)| (name.clone(), value.clone())).collect();
        write!(formatter, "!{} {}", self.tag, Value::Object(said))
    }
}

/// A look-up that says nothing of a cache may use one, as in `kwctl`.
fn with_cache(mut asked: Value) -> Value {
    if let Value::Object(fields) = &mut asked {
        fields.entry("disable_cache").or_insert(Value::Bool(false));
    }
    asked
}

fn essence(fields: &Map<String, Value>) -> Map<String, Value> {
    let is_said = |value: &Value| !value.is_null() && *value != Value::Bool(false);
    let said = fields.iter().filter(|(_, value)| is_said(value));
    let plain = said.map(|(name, value)| {
        let value = match value {
            Value::Object(inner) => Value::Object(essence(inner)),
            Value::Array(items) if name == "field_masks" => {
                let mut items = items.clone();
                items.sort_by_key(ToString::to_string);
                items.dedup();
                Value::Array(items)
            }
            other => other.clone(),
        };
        (name.clone(), value)
    });
    plain.collect()
}

#[cfg(test)]
mod tests {
    use protocol::contract::BINDING;
    use serde_json::json;

    use super::*;

    fn of(namespace: &str, operation: &str, payload: &Value) -> Result<Request, CallError> {
        let payload = payload.to_string();
        Request::of(HostCall { binding: BINDING, namespace, operation, payload: payload.as_bytes() })
    }

    #[test]
    fn requests_are_written_as_kwctl_writes_them() {
        for (namespace, operation, payload, expected) in [
            (
                "kubernetes",
                "get_resource",
                json!({"api_version": "v1", "kind": "Namespace", "name": "test-policy", "namespace": null}),
                "!KubernetesGetResource\napi_version: v1\nkind: Namespace\nname: test-policy\nnamespace: null\n\
                 disable_cache: false\nfield_masks: null\n",
            ),
            (
                "kubernetes",
                "list_resources_all",
                json!({"api_version": "networking.k8s.io/v1", "kind": "Ingress", "label_selector": "a=b", "field_masks": ["spec"]}),
                "!KubernetesListResourceAll\napi_version: networking.k8s.io/v1\nkind: Ingress\nlabel_selector: a=b\n\
                 field_selector: null\ndisable_cache: false\nfield_masks:\n- spec\n",
            ),
            (
                "kubernetes",
                "list_resources_by_namespace",
                json!({"api_version": "v1", "kind": "Pod", "namespace": "a"}),
                "!KubernetesListResourceNamespace\napi_version: v1\nkind: Pod\nnamespace: a\nlabel_selector: null\n\
                 field_selector: null\ndisable_cache: false\nfield_masks: null\n",
            ),
            (
                "kubernetes",
                "can_i",
                json!({"subject_access_review": {"user": "ana", "groups": null, "resource_attributes": {"verb": "get"}},
                       "disable_cache": true}),
                "!KubernetesCanI\nrequest:\n  groups: null\n  resource_attributes:\n    verb: get\n  user: ana\n\
                 disable_cache: true\n",
            ),
            ("oci", "v1/manifest_digest", json!("busybox:1"), "!OciManifestDigest\nimage: busybox:1\n"),
            ("oci", "v1/oci_manifest", json!("busybox"), "!OciManifest\nimage: busybox\n"),
            ("oci", "v1/oci_manifest_config", json!("busybox"), "!OciManifestAndConfig\nimage: busybox\n"),
            (
                "oci",
                "v1/verify",
                json!({"SigstorePubKeyVerify": {"image": "a", "pub_keys": ["k"], "annotations": null}}),
                "!SigstorePubKeyVerify\nimage: a\npub_keys:\n- k\nannotations: null\n",
            ),
            (
                "oci",
                "v2/verify",
                json!({"type": "SigstoreGithubActionsVerify", "image": "a", "owner": "o"}),
                "!SigstoreGithubActionsVerify\nimage: a\nowner: o\nrepo: null\nannotations: null\n",
            ),
            ("net", "v1/dns_lookup_host", json!("kubewarden.io"), "!DNSLookupHost\nhost: kubewarden.io\n"),
            (
                "crypto",
                "v1/is_certificate_trusted",
                json!({"cert": {"encoding": "Pem", "data": [1]}, "cert_chain": null, "not_after": null}),
                "!CryptoIsCertificateTrusted\nrequest:\n  cert:\n    data:\n    - 1\n    encoding: Pem\n  cert_chain: null\n  \
                 not_after: null\n",
            ),
        ] {
            assert_eq!(of(namespace, operation, &payload).unwrap().to_yaml(), expected);
        }
    }

    #[test]
    fn both_versions_of_a_verification_ask_the_same() {
        let fields = json!({"image": "a", "pub_keys": ["k"], "annotations": {"env": "prod"}});
        let first = of("oci", "v1/verify", &json!({"SigstorePubKeyVerify": fields})).unwrap();
        let mut second = fields;
        second["type"] = json!("SigstorePubKeyVerify");
        assert!(first.is_like(&of("oci", "v2/verify", &second).unwrap()));
        second["image"] = json!("b");
        assert!(!first.is_like(&of("oci", "v2/verify", &second).unwrap()));
    }

    #[test]
    fn what_one_tool_leaves_out_is_what_the_other_writes() {
        let base = json!({"api_version": "v1", "kind": "Pod", "field_masks": ["b", "a"]});
        let one = of("kubernetes", "list_resources_all", &base).unwrap();
        let fields = json!({"api_version": "v1", "kind": "Pod", "field_masks": ["a", "b"], "label_selector": null});
        let other = Request::new("KubernetesListResourceAll", fields.as_object().unwrap().clone()).unwrap();
        assert!(one.is_like(&other));
        let elsewhere = Request::new("KubernetesListResourceNamespace", fields.as_object().unwrap().clone()).unwrap();
        assert!(!one.is_like(&elsewhere));
    }

    #[test]
    fn what_is_no_request_is_an_error() {
        for (namespace, operation, payload) in [
            ("oci", "v1/verify", json!({})),
            ("oci", "v1/verify", json!({"Other": {}})),
            ("oci", "v2/verify", json!({"image": "a"})),
            ("kubernetes", "get_resource", json!([])),
            ("cache", "get", json!({})),
        ] {
            assert!(of(namespace, operation, &payload).is_err(), "{namespace} {operation} {payload}");
        }
    }
}
