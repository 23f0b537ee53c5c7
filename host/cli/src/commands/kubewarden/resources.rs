//! The objects: policies, the right to look things up, and a policy-server's own file.

use std::collections::BTreeMap;

use protocol::{api_group, resource_name};
use serde_json::{Map, Value, json};

use super::output::File;
use super::policy::Policy;
use super::{Args, Objects, conditions};

const API_VERSION: &str = "policies.kubewarden.io/v1";
/// The name of the role for look-ups.
pub const LOOK_UPS: &str = "seaworthy-look-ups";

/// One file an object, or two for the right to look up.
pub fn files(policies: &[Policy], options: &Args) -> Vec<File> {
    let single = |policy: &Policy| File::yaml(&format!("{}.yaml", policy.name), &single(policy, options));
    let mut files: Vec<File> = match options.objects {
        Objects::Rbac => Vec::new(),
        _ => policies.iter().map(single).collect(),
    };
    if options.objects != Objects::Policies
        && let Some(documents) = look_ups(policies, options)
    {
        files.push(File::documents(&format!("{LOOK_UPS}.yaml"), &documents));
    }
    files
}

/// The same, and the file that names them all.
pub fn kustomize(policies: &[Policy], options: &Args) -> Vec<File> {
    let mut files = files(policies, options);
    let resources: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    });
    files.push(File::yaml("kustomization.yaml", &kustomization));
    files
}

/// A (Cluster)AdmissionPolicy.
pub fn single(policy: &Policy, options: &Args) -> Value {
    let mut spec = json!({
        "policyServer": options.policy_server,
        "module": policy.place.module,
        "mode": options.mode(),
        "mutating": false,
        "settings": policy.settings,
        "rules": policy.rules,
        "backgroundAudit": policy.background_audit,
        "failurePolicy": options.failure_policy(),
        "timeoutSeconds": options.timeout_seconds,
    });
    let conditions = [conditions::all(options), policy.conditions.clone()].concat();
    if !conditions.is_empty() {
        put(&mut spec, "matchConditions", Value::Array(conditions));
    }
    if let Some(seconds) = options.timeout_eval_seconds {
        put(&mut spec, "timeoutEvalSeconds", json!(seconds));
    }
    if options.namespace.is_none() {
        put(&mut spec, "namespaceSelector", namespace_selector(options));
        if !policy.looks_up.is_empty() {
            put(&mut spec, "contextAwareResources", json!(policy.looks_up));
        }
    }
    object("AdmissionPolicy", &policy.object_name(), policy.annotations(), spec, options)
}

fn object(kind: &str, name: &str, annotations: Value, spec: Value, options: &Args) -> Value {
    let labels = json!({ "app.kubernetes.io/part-of": "seaworthy" });
    let mut metadata = json!({ "name": name, "labels": labels, "annotations": annotations });
    let kind = match &options.namespace {
        Some(namespace) => {
            put(&mut metadata, "namespace", json!(namespace));
            kind.to_owned()
        }
        None => format!("Cluster{kind}"),
    };
    json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec })
}

pub fn namespace_selector(options: &Args) -> Value {
    let excluded = json!({
        "key": "kubernetes.io/metadata.name",
        "operator": "NotIn",
        "values": options.exclude_namespace,
    });
    json!({ "matchExpressions": [excluded] })
}

/// The right of the policy-server to read what the rules look up; `None` where none does.
pub fn look_ups(policies: &[Policy], options: &Args) -> Option<[Value; 2]> {
    let rules: Vec<Value> = policies.iter().flat_map(granted).collect();
    if rules.is_empty() {
        return None;
    }
    let metadata = json!({ "name": LOOK_UPS, "labels": { "app.kubernetes.io/part-of": "seaworthy" } });
    let account = &options.service_account;
    let (api, version) = ("rbac.authorization.k8s.io", "rbac.authorization.k8s.io/v1");
    let subject = json!({ "kind": "ServiceAccount", "name": account.name, "namespace": account.namespace });
    Some([
        json!({ "apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": rules }),
        json!({
            "apiVersion": version,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": { "apiGroup": api, "kind": "ClusterRole", "name": LOOK_UPS },
            "subjects": [subject],
        }),
    ])
}

/// What one rule needs of it. Rules that look up the same each say so, and whoever turns one off takes nothing from another.
pub fn granted(policy: &Policy) -> Vec<Value> {
    let mut resources: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for look_up in &policy.looks_up {
        let text = |field: &str| look_up.get(field).and_then(Value::as_str).unwrap_or_default();
        let resource = resource_name(text("kind"));
        let group = resources.entry(api_group(text("apiVersion")).to_owned()).or_default();
        if !group.contains(&resource) {
            group.push(resource);
        }
    }
    let rules = resources.into_iter().map(|(group, mut resources)| {
        resources.sort();
        json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"] })
    });
    rules.collect()
}

/// `policies.yml`: a policy by its name, which is also the path that it is asked at.
pub fn policy_server(policies: &[Policy], options: &Args) -> Value {
    let entry = |policy: &Policy| {
        let entry = json!({
            "module": policy.place.module,
            "policyMode": options.mode(),
            "allowedToMutate": false,
            "settings": policy.settings,
            "contextAwareResources": policy.looks_up,
        });
        (policy.name.clone(), entry)
    };
    Value::Object(policies.iter().map(entry).collect::<Map<_, _>>())
}

/// Sets a field of a map that was just made.
fn put(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}
