//! The workload that a VerticalPodAutoscaler is for, and the containers of it that it names.

use sdk::prelude::*;

use crate::look::Look;

/// What it can be for, as looked up.
const TARGETS: [(&str, &str); 7] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("argoproj.io/v1alpha1", "Rollout"),
];

pub fn check<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let reference = look.object.get("spec.targetRef");
    let (kind, at) = (reference.get("kind").str().unwrap_or_default(), reference.get("name"));
    let Some((api_version, kind)) = TARGETS.iter().find(|(_, known)| *known == kind) else { return Ok(()) };
    let Some(target) = look.named(at, api_version, kind) else { return Ok(()) };
    let Some(workload) = look.must_exist(target)?.and_then(Workload::view) else { return Ok(()) };
    let spec = workload.template().get("spec");
    let lists = ["containers", "initContainers"].into_iter();
    let known: Vec<&str> =
        lists.flat_map(|list| spec.get(list).items()).filter_map(|container| container.get("name").str()).collect();
    for policy in look.object.get("spec.resourcePolicy.containerPolicies").items() {
        let at = policy.get("containerName");
        let name = at.str().filter(|name| *name != "*" && !known.contains(name) && !known.is_empty());
        if let Some(name) = name {
            let message = format!("{kind} {} has no container `{name}`", target.name);
            look.none_of(at, name, &message, &known);
        }
    }
    Ok(())
}
