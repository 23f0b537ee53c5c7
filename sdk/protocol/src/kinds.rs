//! The kinds that carry a pod template, and where they carry it.

use alloc::string::String;

/// A kind whose pods are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Versions that a cluster may serve; a host matches by group and kind alone.
    pub versions: &'static [&'static str],
    /// Kind, singular.
    pub kind: &'static str,
    /// From the root to the pod template (its `metadata` and `spec`); empty for a Pod, which is its own.
    pub template: &'static [&'static str],
}

const fn workload(
    group: &'static str,
    versions: &'static [&'static str],
    kind: &'static str,
    template: &'static [&'static str],
) -> WorkloadKind {
    WorkloadKind { group, versions, kind, template }
}

const SPEC_TEMPLATE: &[&str] = &["spec", "template"];

/// Every kind of workload. Kind names collide across groups, so both are given.
pub const WORKLOADS: &[WorkloadKind] = &[
    workload("", &["v1"], "Pod", &[]),
    workload("apps", &["v1"], "Deployment", SPEC_TEMPLATE),
    workload("apps", &["v1"], "StatefulSet", SPEC_TEMPLATE),
    workload("apps", &["v1"], "DaemonSet", SPEC_TEMPLATE),
    workload("apps", &["v1"], "ReplicaSet", SPEC_TEMPLATE),
    workload("", &["v1"], "ReplicationController", SPEC_TEMPLATE),
    workload("batch", &["v1"], "Job", SPEC_TEMPLATE),
    workload("batch", &["v1"], "CronJob", &["spec", "jobTemplate", "spec", "template"]),
    workload("", &["v1"], "PodTemplate", &["template"]),
    workload("argoproj.io", &["v1alpha1"], "Rollout", SPEC_TEMPLATE),
    workload("apps.openshift.io", &["v1"], "DeploymentConfig", SPEC_TEMPLATE),
    workload("serving.knative.dev", &["v1"], "Service", SPEC_TEMPLATE),
    // Served until Kubernetes 1.15; still found in repositories.
    workload("extensions", &["v1beta1"], "Deployment", SPEC_TEMPLATE),
    workload("extensions", &["v1beta1"], "DaemonSet", SPEC_TEMPLATE),
    workload("extensions", &["v1beta1"], "ReplicaSet", SPEC_TEMPLATE),
];

/// The workload of that group and kind, if it is one.
#[must_use]
pub fn workload_kind(group: &str, kind: &str) -> Option<&'static WorkloadKind> {
    WORKLOADS.iter().find(|known| known.kind == kind && known.group == group)
}

/// What every rule may read of every object, as mask entries: who it is, and whether it is judged elsewhere.
pub const IDENTITY: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.generateName",
    "metadata.namespace",
    "metadata.ownerReferences",
    "metadata.annotations['helm.sh/hook']",
    "spec.workloadRef",
];

/// The group of an `apiVersion`: `apps` of `apps/v1`, empty for the core group's `v1`.
#[must_use]
pub fn api_group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The plural, lower-case name under which the API serves a kind, as the API machinery guesses it
/// (`meta.UnsafeGuessKindToResource`). Every kind, `*`, is every resource.
#[must_use]
pub fn resource_name(kind: &str) -> String {
    let mut name = kind.to_ascii_lowercase();
    if name.ends_with("endpoints") || name == "*" {
        return name;
    }
    if name.ends_with('s') || name.ends_with('x') || name.ends_with("ch") {
        name.push_str("es");
    } else if let Some(stem) = name.strip_suffix('y') {
        if stem.ends_with(['a', 'e', 'i', 'o', 'u']) {
            name.push('s');
        } else {
            name = String::from(stem);
            name.push_str("ies");
        }
    } else {
        name.push('s');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_match_with_their_group() {
        assert!(workload_kind("", "Pod").is_some());
        assert!(workload_kind("serving.knative.dev", "Service").is_some());
        assert!(workload_kind("", "Service").is_none());
        assert!(workload_kind("apps", "Pod").is_none());
    }

    #[test]
    fn resources_are_named_as_the_api_server_does() {
        for (kind, resource) in [
            ("Pod", "pods"),
            ("NetworkPolicy", "networkpolicies"),
            ("Ingress", "ingresses"),
            ("Gateway", "gateways"),
            ("PodDisruptionBudget", "poddisruptionbudgets"),
            ("*", "*"),
        ] {
            assert_eq!(resource_name(kind), resource);
        }
    }
}
