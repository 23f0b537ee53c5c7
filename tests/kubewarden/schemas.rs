//! Holds what is written to the schemas of Kubewarden's resources, `schemas.yaml`.

use seaworthy_tests::schema::{self, structural};
use serde_json::{Value, json};

fn schemas() -> Value {
    serde_saphyr::from_str(include_str!("schemas.yaml")).unwrap()
}

/// Everything in which a value is not as the definition of that name says.
pub fn faults(definition: &str, value: &Value) -> Vec<String> {
    schema::faults(&schemas(), &format!("/$defs/{definition}"), value)
}

/// The schema of a kind's objects, as a CustomResourceDefinition has it.
pub fn schema_of(kind: &str) -> Value {
    let root = schemas();
    json!({ "type": "object", "required": ["spec"], "properties": { "spec": structural(&root, &root["$defs"][kind]) } })
}

/// The same of a whole object.
pub fn object_faults(object: &Value) -> Vec<String> {
    let kind = object["kind"].as_str().expect("an object has a kind");
    assert_eq!(object["apiVersion"], "policies.kubewarden.io/v1");
    let members: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(members, ["apiVersion", "kind", "metadata", "spec"]);
    let is_of_namespace = object["metadata"].get("namespace").is_some();
    assert_eq!(is_of_namespace, !kind.starts_with("Cluster"), "{kind}");
    let name = object["metadata"]["name"].as_str().unwrap();
    assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{name}");
    [faults(kind, &object["spec"]), faults("metadata", &object["metadata"])].concat()
}

#[test]
fn a_schema_refuses_what_a_cluster_refuses() {
    let good = json!({
        "module": "registry://x", "mutating": false, "mode": "monitor",
        "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"] }],
    });
    assert_eq!(faults("ClusterAdmissionPolicy", &good), Vec::<String>::new());
    for (field, value) in [
        ("mode", json!("audit")),
        ("mutating", json!("false")),
        ("rules", json!([])),
        ("contextAwareResources", json!([{ "kind": "Pod" }])),
        ("timeoutSeconds", json!(31)),
        ("colour", json!("red")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(!faults("ClusterAdmissionPolicy", &bad).is_empty(), "{field}");
    }
    let mut bad = good;
    bad["contextAwareResources"] = json!([]);
    assert!(!faults("AdmissionPolicy", &bad).is_empty(), "a namespace's policy looks at nothing else");
}
