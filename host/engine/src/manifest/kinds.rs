//! Tells objects whose kind or group is misspelt: a cluster refuses them, and no rule would know them.
//!
//! It guesses at the workloads, and at the few kinds of Kubernetes' own that say how they run and what they may. It must
//! not guess at any other kind, of which there are too many.

use protocol::{WORKLOADS, WorkloadKind, api_group, workload_kind};

use crate::builtin;

/// A kind as clusters know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// A version that clusters serve.
    pub version: &'static str,
    /// Kind, singular.
    pub kind: &'static str,
}

impl KnownKind {
    /// As it is written: `apps/v1`, or of the core group `v1`.
    pub(super) fn api_version(self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl From<&WorkloadKind> for KnownKind {
    fn from(workload: &WorkloadKind) -> Self {
        known(workload.group, workload.versions.first().unwrap_or(&"v1"), workload.kind)
    }
}

/// The groups of Kubernetes itself in which workloads are or were, and in which nobody else defines kinds.
const BUILT_IN: [&str; 4] = ["", "apps", "batch", "extensions"];

/// Kinds of Kubernetes that are no workloads, none of which was ever in the group of another.
const OTHERS: [KnownKind; 10] = [
    known("", "v1", "ConfigMap"),
    known("", "v1", "Secret"),
    known("", "v1", "ServiceAccount"),
    known("autoscaling", "v2", "HorizontalPodAutoscaler"),
    known("networking.k8s.io", "v1", "NetworkPolicy"),
    known("policy", "v1", "PodDisruptionBudget"),
    known("rbac.authorization.k8s.io", "v1", "ClusterRole"),
    known("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"),
    known("rbac.authorization.k8s.io", "v1", "Role"),
    known("rbac.authorization.k8s.io", "v1", "RoleBinding"),
];

const fn known(group: &'static str, version: &'static str, kind: &'static str) -> KnownKind {
    KnownKind { group, version, kind }
}

/// The kind that was meant by an unknown `apiVersion` and kind: another spelling of its group or kind, or its kind
/// in another group of Kubernetes.
pub(super) fn misspelt(api_version: &str, kind: &str) -> Option<KnownKind> {
    let group = api_group(api_version);
    other(group, kind).or_else(|| workload(group, kind))
}

fn other(group: &str, kind: &str) -> Option<KnownKind> {
    let meant = *OTHERS.iter().find(|known| is(known.kind, kind))?;
    // Not `extensions`, in which some of them began.
    let is_kubernetes_own = ["apps", "batch"].contains(&group) || OTHERS.iter().any(|known| is(known.group, group));
    let is_right = (meant.group, meant.kind) == (group, kind);
    (is_kubernetes_own && !is_right).then_some(meant)
}

fn workload(group: &str, kind: &str) -> Option<KnownKind> {
    // The core group has a Service too.
    if workload_kind(group, kind).is_some() || group.is_empty() && is("Service", kind) {
        return None;
    }
    let same_kind = || WORKLOADS.iter().filter(|known| is(known.kind, kind));
    let elsewhere = BUILT_IN.iter().any(|known| is(known, group));
    same_kind().find(|known| is(known.group, group)).or_else(|| same_kind().find(|_| elsewhere)).map(KnownKind::from)
}

/// The kind of Kubernetes itself that a kind without an `apiVersion` can only mean.
pub(super) fn of_kind(kind: &str) -> Option<KnownKind> {
    let (group, kind) = builtin::of_name(kind)?;
    let version = match group {
        "autoscaling" => "v2",
        "certificates.k8s.io" if kind == "ClusterTrustBundle" => "v1beta1",
        "policy" if kind == "PodSecurityPolicy" => "v1beta1",
        _ => "v1",
    };
    Some(known(group, version, kind))
}

fn is(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other.trim())
}

#[cfg(test)]
mod tests {
    use super::super::tests::read_text;

    #[test]
    fn a_kind_by_a_wrong_name_is_a_problem_that_says_the_right_one() {
        for (api_version, kind, expected) in [
            ("v1", "pod", "no `pod` is in `v1`; did you mean `Pod` of `v1`?"),
            ("v1", "'Pod '", "no `Pod ` is in `v1`; did you mean `Pod` of `v1`?"),
            ("Apps/v1", "Deployment", "no `Deployment` is in `Apps/v1`; did you mean `Deployment` of `apps/v1`?"),
            ("v1", "Deployment", "no `Deployment` is in `v1`; did you mean `Deployment` of `apps/v1`?"),
            ("apps", "daemonset", "no `daemonset` is in `apps`; did you mean `DaemonSet` of `apps/v1`?"),
            ("apps/v1", "Pod", "no `Pod` is in `apps/v1`; did you mean `Pod` of `v1`?"),
            ("v1", "CronJob", "no `CronJob` is in `v1`; did you mean `CronJob` of `batch/v1`?"),
            (
                "v1",
                "PodDisruptionBudget",
                "no `PodDisruptionBudget` is in `v1`; did you mean `PodDisruptionBudget` of `policy/v1`?",
            ),
            (
                "networking.k8s.io/v1",
                "networkpolicy",
                "no `networkpolicy` is in `networking.k8s.io/v1`; did you mean `NetworkPolicy` of `networking.k8s.io/v1`?",
            ),
            (
                "apps/v1",
                "HorizontalPodAutoscaler",
                "no `HorizontalPodAutoscaler` is in `apps/v1`; did you mean `HorizontalPodAutoscaler` of `autoscaling/v2`?",
            ),
            ("v1", "secret", "no `secret` is in `v1`; did you mean `Secret` of `v1`?"),
            ("v1", "Role", "no `Role` is in `v1`; did you mean `Role` of `rbac.authorization.k8s.io/v1`?"),
            (
                "argoproj.io/v1alpha1",
                "rollout",
                "no `rollout` is in `argoproj.io/v1alpha1`; did you mean `Rollout` of `argoproj.io/v1alpha1`?",
            ),
        ] {
            let manifest = read_text(&format!("apiVersion: {api_version}\nkind: {kind}\n"));
            let told: Vec<String> = manifest.problems.iter().map(ToString::to_string).collect();
            assert_eq!(told, [format!("2:1: {expected}")]);
            assert_eq!(manifest.objects().count(), 0);
        }
    }

    #[test]
    fn kinds_of_others_are_theirs() {
        for (api_version, kind) in [
            ("v1", "Service"),
            ("v1", "service"),
            ("apps.kruise.io/v1alpha1", "StatefulSet"),
            ("batch.volcano.sh/v1alpha1", "Job"),
            ("extensions/v1beta1", "Deployment"),
            ("batch/v1beta1", "CronJob"),
            ("apps/v1", "ControllerRevision"),
            ("v1", "ConfigMap"),
            ("policy/v1beta1", "PodDisruptionBudget"),
            ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
            ("extensions/v1beta1", "NetworkPolicy"),
            ("crd.projectcalico.org/v1", "NetworkPolicy"),
            ("talos.dev/v1alpha1", "ServiceAccount"),
            ("authorization.openshift.io/v1", "Role"),
        ] {
            let manifest = read_text(&format!("apiVersion: {api_version}\nkind: {kind}\n"));
            assert_eq!(manifest.problems, [], "{api_version} {kind}");
            assert_eq!(manifest.objects().count(), 1);
        }
    }
}
