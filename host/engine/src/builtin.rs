//! The kinds of Kubernetes itself: of which group each is, under which other group the same is or was served, and whether
//! it belongs to a namespace. From the API reference of Kubernetes 1.36 (`kubectl api-resources`); the groups of old from
//! its deprecation guide. Review kinds, which nobody writes down, are left out.

use protocol::documents::document_kind;

/// Kinds that belong to a namespace.
const NAMESPACED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    ("apps", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("autoscaling", &["HorizontalPodAutoscaler"]),
    ("batch", &["CronJob", "Job"]),
    ("coordination.k8s.io", &["Lease"]),
    ("discovery.k8s.io", &["EndpointSlice"]),
    ("networking.k8s.io", &["Ingress", "NetworkPolicy"]),
    ("policy", &["PodDisruptionBudget"]),
    ("rbac.authorization.k8s.io", &["Role", "RoleBinding"]),
    ("resource.k8s.io", &["ResourceClaim", "ResourceClaimTemplate"]),
    ("storage.k8s.io", &["CSIStorageCapacity"]),
];

/// Kinds that belong to none.
const CLUSTER_WIDE: &[(&str, &[&str])] = &[
    ("", &["Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
];

/// Kinds of others that belong to no namespace and that rules look up: of Kyverno, Backstage and the network policies of
/// administrators. Besides them there are those that say so by their names, see [`is_cluster_wide`].
const CLUSTER_WIDE_OF_OTHERS: &[(&str, &[&str])] = &[
    ("backstage.io", &["API", "Component", "Domain", "Group", "Location", "Resource", "System", "User"]),
    (
        "policies.kyverno.io",
        &["DeletingPolicy", "GeneratingPolicy", "ImageValidatingPolicy", "MutatingPolicy", "ValidatingPolicy"],
    ),
    ("policy.networking.k8s.io", &["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"]),
];

/// A kind, the group it was served under as well, and the one it is of.
const MOVED: &[(&str, &str, &str)] = &[
    ("extensions", "DaemonSet", "apps"),
    ("extensions", "Deployment", "apps"),
    ("extensions", "Ingress", "networking.k8s.io"),
    ("extensions", "NetworkPolicy", "networking.k8s.io"),
    ("extensions", "PodSecurityPolicy", "policy"),
    ("extensions", "ReplicaSet", "apps"),
    ("events.k8s.io", "Event", ""),
];

/// The group in which Kubernetes keeps the kind; the group itself for all others.
pub(crate) fn home_group<'a>(group: &'a str, kind: &str) -> &'a str {
    MOVED.iter().find(|(from, moved, _)| *from == group && *moved == kind).map_or(group, |(_, _, home)| home)
}

/// Whether objects of the kind belong to no namespace. Documents of the host do not: a path is looked up whatever the
/// namespace of who asks. Kinds of others are named so as a rule (ClusterIssuer,
/// CiliumClusterwideNetworkPolicy, GlobalNetworkPolicy); of the rest nobody can tell without their definition.
pub(crate) fn is_cluster_wide(group: &str, kind: &str) -> bool {
    let has = |table: &[(&str, &[&str])]| table.iter().any(|(of, kinds)| *of == group && kinds.contains(&kind));
    let says_so = || ["Cluster", "Global"].iter().any(|word| kind.starts_with(word)) || kind.contains("Clusterwide");
    let is_document = || document_kind(group, kind).is_some();
    has(CLUSTER_WIDE)
        || has(CLUSTER_WIDE_OF_OTHERS)
        || is_document()
        || group.contains('.') && !has(NAMESPACED) && says_so()
}

/// Whether this is a kind of Kubernetes' own that belongs to a namespace.
pub(crate) fn is_namespaced(group: &str, kind: &str) -> bool {
    let home = home_group(group, kind);
    NAMESPACED.iter().any(|(of, kinds)| *of == home && kinds.contains(&kind))
}

/// The group of Kubernetes' own that has a kind of this name.
pub(crate) fn group_of(kind: &str) -> Option<&'static str> {
    of_name(kind).map(|(group, _)| group)
}

/// The kind of Kubernetes' own that has this name, with its group.
pub(crate) fn of_name(kind: &str) -> Option<(&'static str, &'static str)> {
    let all = NAMESPACED.iter().chain(CLUSTER_WIDE);
    all.into_iter().find_map(|(group, kinds)| Some((*group, *kinds.iter().find(|known| **known == kind)?)))
}

/// A kind as people write it: of groups that are not Kubernetes' own as kubectl has it, `Rollout.argoproj.io`.
pub fn full_kind(group: &str, kind: &str) -> String {
    let group = home_group(group, kind);
    if group.is_empty() || group_of(kind) == Some(group) { kind.to_owned() } else { format!("{kind}.{group}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_belongs_to_a_namespace_or_to_none() {
        for (group, kind) in [
            ("", "Namespace"),
            ("rbac.authorization.k8s.io", "ClusterRole"),
            ("kyverno.io", "ClusterPolicy"),
            ("cilium.io", "CiliumClusterwideNetworkPolicy"),
            ("projectcalico.org", "GlobalNetworkPolicy"),
            ("backstage.io", "Component"),
            ("seaworthy.dev", "Dockerfile"),
        ] {
            assert!(is_cluster_wide(group, kind) && !is_namespaced(group, kind), "{group} {kind}");
        }
        for (group, kind) in
            [("", "Pod"), ("apps", "Deployment"), ("extensions", "Ingress"), ("policy", "PodDisruptionBudget")]
        {
            assert!(!is_cluster_wide(group, kind) && is_namespaced(group, kind), "{group} {kind}");
        }
        assert!(!is_cluster_wide("monitoring.coreos.com", "ServiceMonitor"));
        assert!(!is_cluster_wide("kustomize.config.k8s.io", "Component"));
    }

    #[test]
    fn a_kind_is_of_one_group_whatever_it_was_served_under() {
        assert_eq!(home_group("extensions", "Deployment"), "apps");
        assert_eq!(home_group("extensions", "Widget"), "extensions");
        assert_eq!(home_group("serving.knative.dev", "Service"), "serving.knative.dev");
        assert_eq!((group_of("Service"), group_of("Rollout")), (Some(""), None));
        assert_eq!(full_kind("extensions", "Deployment"), "Deployment");
        assert_eq!(full_kind("argoproj.io", "Rollout"), "Rollout.argoproj.io");
        assert_eq!(full_kind("serving.knative.dev", "Service"), "Service.serving.knative.dev");
        let all = NAMESPACED.iter().chain(CLUSTER_WIDE).flat_map(|(_, kinds)| *kinds);
        for kind in all {
            let groups = NAMESPACED.iter().chain(CLUSTER_WIDE).filter(|(_, kinds)| kinds.contains(kind));
            assert_eq!(groups.count(), 1, "{kind}: no name is in two groups, so that it stands for one kind");
        }
    }
}
