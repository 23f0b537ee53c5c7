//! The objects: policies, a group of them, the right to look things up, and a policy-server's own file.

use std::collections::BTreeMap;

use protocol::{api_group, resource_name};
use serde_json::{Map, Value, json};

use super::Args;
use super::output::File;
use super::policy::Policy;

const API_VERSION: &str = "policies.kubewarden.io/v1";
/// The name of the group, and of the role for look-ups.
pub const CHECKLIST: &str = "seaworthy-checklist";
pub const LOOK_UPS: &str = "seaworthy-look-ups";
/// What a group says when it does not accept.
pub const MESSAGE: &str = "the object is not production-ready; each rule that is broken is a cause of this";

/// One file an object, or two for the right to look up.
pub fn files(policies: &[Policy], options: &Args) -> Vec<File> {
    let mut files = if options.group {
        vec![File::yaml(&format!("{CHECKLIST}.yaml"), &group(policies, options))]
    } else {
        policies.iter().map(|policy| File::yaml(&format!("{}.yaml", policy.name), &single(policy, options))).collect()
    };
    if let Some(documents) = look_ups(policies, options) {
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
        "mode": policy.mode,
        "mutating": false,
        "settings": policy.settings,
        "rules": policy.rules,
        "backgroundAudit": policy.background_audit,
    });
    if options.namespace.is_none() {
        put(&mut spec, "namespaceSelector", namespace_selector(options));
        if !policy.looks_up.is_empty() {
            put(&mut spec, "contextAwareResources", json!(policy.looks_up));
        }
    }
    object("AdmissionPolicy", &policy.object_name(), policy.annotations(), spec, options)
}

/// A (Cluster)AdmissionPolicyGroup.
pub fn group(policies: &[Policy], options: &Args) -> Value {
    let mut spec = json!({
        "policyServer": options.policy_server,
        "mode": group_mode(policies),
        "message": MESSAGE,
        "expression": expression(policies),
        "policies": members(policies, options),
        "rules": all_rules(policies),
        "backgroundAudit": policies.iter().all(|policy| policy.background_audit),
    });
    if options.namespace.is_none() {
        put(&mut spec, "namespaceSelector", namespace_selector(options));
    }
    let annotations = json!({
        "io.kubewarden.policy.title": CHECKLIST,
        "io.kubewarden.policy.description": "The production-readiness checklist",
        "io.kubewarden.policy.severity": "high",
        "io.kubewarden.policy.category": "Production readiness",
    });
    object("AdmissionPolicyGroup", CHECKLIST, annotations, spec, options)
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

/// Every rule accepts.
fn expression(policies: &[Policy]) -> String {
    let calls: Vec<String> = policies.iter().map(|policy| policy.member_name() + "()").collect();
    calls.join(" && ")
}

/// One mode for all: what has to be monitored is not made to protect by the company it keeps.
pub fn group_mode(policies: &[Policy]) -> &'static str {
    if policies.iter().all(|policy| policy.mode == "protect") { "protect" } else { "monitor" }
}

fn members(policies: &[Policy], options: &Args) -> Value {
    let member = |policy: &Policy| {
        let mut member = json!({ "module": policy.place.module, "settings": policy.settings });
        if options.namespace.is_none() && !policy.looks_up.is_empty() {
            put(&mut member, "contextAwareResources", json!(policy.looks_up));
        }
        (policy.member_name(), member)
    };
    Value::Object(policies.iter().map(member).collect())
}

/// What any of them is asked about, each resource once. A rule answers for kinds that it does not judge: they are accepted.
pub fn all_rules(policies: &[Policy]) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for rule in policies.iter().flat_map(|policy| &policy.rules) {
        let same = |other: &&mut Value| {
            ["apiGroups", "apiVersions", "operations", "scope"].iter().all(|field| other.get(field) == rule.get(field))
        };
        let resources = |rule: &Value| rule.get("resources").and_then(Value::as_array).cloned().unwrap_or_default();
        match merged.iter_mut().find(same) {
            None => merged.push(rule.clone()),
            Some(other) => {
                let mut known = resources(other);
                let new: Vec<Value> =
                    resources(rule).into_iter().filter(|resource| !known.contains(resource)).collect();
                known.extend(new);
                put(other, "resources", Value::Array(known));
            }
        }
    }
    merged
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
    let mut resources: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for look_up in policies.iter().flat_map(|policy| &policy.looks_up) {
        let text = |field: &str| look_up.get(field).and_then(Value::as_str).unwrap_or_default();
        let resource = resource_name(text("kind"));
        let group = resources.entry(api_group(text("apiVersion")).to_owned()).or_default();
        if !group.contains(&resource) {
            group.push(resource);
        }
    }
    if resources.is_empty() {
        return None;
    }
    let rules: Vec<Value> = resources
        .into_iter()
        .map(|(group, mut resources)| {
            resources.sort();
            json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"] })
        })
        .collect();
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

/// `policies.yml`: a policy by its name, which is also the path that it is asked at.
pub fn policy_server(policies: &[Policy], options: &Args) -> Value {
    if options.group {
        let group = json!({
            "policyMode": group_mode(policies),
            "message": MESSAGE,
            "expression": expression(policies),
            "policies": members(policies, options),
        });
        return Value::Object(Map::from_iter([(CHECKLIST.to_owned(), group)]));
    }
    let entry = |policy: &Policy| {
        let entry = json!({
            "module": policy.place.module,
            "policyMode": policy.mode,
            "allowedToMutate": false,
            "settings": policy.settings,
            "contextAwareResources": policy.looks_up,
        });
        (policy.name.clone(), entry)
    };
    Value::Object(policies.iter().map(entry).collect())
}

/// Sets a field of a map that was just made.
fn put(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}
