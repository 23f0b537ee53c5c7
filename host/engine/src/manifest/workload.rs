//! Tells workloads whose kind or group is misspelt: a cluster refuses them, and no rule would know them.
//!
//! It must not know any other kind, of which there are too many to guess.

use protocol::{WORKLOADS, WorkloadKind, api_group, workload_kind};

/// The groups of Kubernetes itself in which workloads are or were, and in which nobody else defines kinds.
const BUILT_IN: [&str; 4] = ["", "apps", "batch", "extensions"];

/// The workload that was meant by an `apiVersion` and a kind that are none: another spelling of its group or kind, or its
/// kind in another group of Kubernetes.
pub(super) fn misspelt(api_version: &str, kind: &str) -> Option<&'static WorkloadKind> {
    let group = api_group(api_version);
    // The core group has a Service too.
    if workload_kind(group, kind).is_some() || group.is_empty() && is("Service", kind) {
        return None;
    }
    let same_kind = || WORKLOADS.iter().filter(|known| is(known.kind, kind));
    let elsewhere = BUILT_IN.iter().any(|known| is(known, group));
    same_kind().find(|known| is(known.group, group)).or_else(|| same_kind().find(|_| elsewhere))
}

/// The workload of Kubernetes itself that a kind without an `apiVersion` can only mean.
pub(super) fn of_kind(kind: &str) -> Option<&'static WorkloadKind> {
    WORKLOADS.iter().find(|known| known.kind == kind && BUILT_IN.contains(&known.group))
}

fn is(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other.trim())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::super::tests::read_text;

    #[test]
    fn a_workload_by_a_wrong_name_is_a_problem_that_says_the_right_one() {
        for (api_version, kind, expected) in [
            ("v1", "pod", "no `pod` is in `v1`; did you mean `Pod` of `v1`?"),
            ("v1", "'Pod '", "no `Pod ` is in `v1`; did you mean `Pod` of `v1`?"),
            ("Apps/v1", "Deployment", "no `Deployment` is in `Apps/v1`; did you mean `Deployment` of `apps/v1`?"),
            ("v1", "Deployment", "no `Deployment` is in `v1`; did you mean `Deployment` of `apps/v1`?"),
            ("apps", "daemonset", "no `daemonset` is in `apps`; did you mean `DaemonSet` of `apps/v1`?"),
            ("apps/v1", "Pod", "no `Pod` is in `apps/v1`; did you mean `Pod` of `v1`?"),
            ("v1", "CronJob", "no `CronJob` is in `v1`; did you mean `CronJob` of `batch/v1`?"),
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
        ] {
            let manifest = read_text(&format!("apiVersion: {api_version}\nkind: {kind}\n"));
            assert_eq!(manifest.problems, [], "{api_version} {kind}");
            assert_eq!(manifest.objects().count(), 1);
        }
    }
}
