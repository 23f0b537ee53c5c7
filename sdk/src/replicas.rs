//! How many pods a workload surely keeps: the least that its autoscaler allows, else `spec.replicas`, else one.
//!
//! A HorizontalPodAutoscaler (`autoscaling/v2`, or `v1`) or a KEDA ScaledObject (`keda.sh/v1alpha1`) counts if its
//! `scaleTargetRef` names the workload by group, kind, name and namespace. Where several do, the least of their minima is
//! what is sure; KEDA makes an autoscaler for each ScaledObject, so two are no mistake by themselves. The module must not
//! know what a rule makes of the number.
//!
//! Look-ups are the rule's to declare, since they are part of what it says of itself. A rule that calls
//! [`effective_replicas`] or [`autoscalers`] declares, besides its own:
//!
//! ```text
//! reads: ["spec.replicas"],
//! looks_up: [
//!     "autoscaling/v2/HorizontalPodAutoscaler": ["spec.scaleTargetRef", "spec.minReplicas"],
//!     "keda.sh/v1alpha1/ScaledObject": ["spec.scaleTargetRef", "spec.minReplicaCount"],
//! ],
//! ```
//!
//! [`replicated`] finds the workload that has replicas at all. An Argo Rollout may run the pods of a Deployment that it
//! names (`spec.workloadRef`): the Rollout then has the replicas and the Deployment the pod template. Where the Rollout
//! scales the Deployment down, the two are judged as one. A rule that calls it also declares, with what it reads of the
//! pod template:
//!
//! ```text
//! "apps/v1/Deployment": ["spec.template.metadata.labels"],
//! "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
//! ```

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use protocol::api_group;

use crate::field::Field;
use crate::object::Object;
use crate::relation::Relation;
use crate::request::Request;
use crate::undecided::{Undecided, not_applicable};
use crate::workload::Workload;
use crate::world::{Within, World};

/// The kinds of autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoscalerKind {
    /// `HorizontalPodAutoscaler` of `autoscaling`.
    Horizontal,
    /// `ScaledObject` of `keda.sh`.
    Keda,
}

impl AutoscalerKind {
    /// The `apiVersion` to look it up by, and the kind.
    #[must_use]
    pub const fn declared(self) -> (&'static str, &'static str) {
        match self {
            Self::Horizontal => ("autoscaling/v2", "HorizontalPodAutoscaler"),
            Self::Keda => ("keda.sh/v1alpha1", "ScaledObject"),
        }
    }
}

/// An autoscaler, judged or looked up.
#[derive(Clone, Copy)]
pub struct Autoscaler<'a> {
    kind: AutoscalerKind,
    object: Object<'a>,
}

impl<'a> Autoscaler<'a> {
    /// The object as an autoscaler of that kind.
    #[must_use]
    pub const fn new(kind: AutoscalerKind, object: Object<'a>) -> Self {
        Self { kind, object }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(self) -> AutoscalerKind {
        self.kind
    }

    /// The object itself.
    #[must_use]
    pub const fn object(self) -> Object<'a> {
        self.object
    }

    /// The group and kind that it scales, with their defaults: KEDA takes a Deployment where nothing is said. A
    /// HorizontalPodAutoscaler has no default, and without `apiVersion` means the core group.
    #[must_use]
    pub fn target_kind(self) -> (&'a str, &'a str) {
        let reference = self.target();
        let said = |field: &'a str| reference.get(field).str().filter(|text| !text.is_empty());
        let (api_version, kind) = (said("apiVersion"), said("kind"));
        match self.kind {
            AutoscalerKind::Horizontal => (api_group(api_version.unwrap_or_default()), kind.unwrap_or_default()),
            AutoscalerKind::Keda => (api_group(api_version.unwrap_or("apps/v1")), kind.unwrap_or("Deployment")),
        }
    }

    /// `spec.scaleTargetRef`: what it scales, in its own namespace.
    #[must_use]
    pub fn target(self) -> Field<'a> {
        self.object.get("spec.scaleTargetRef")
    }

    /// Whether it scales this object.
    #[must_use]
    pub fn targets(self, workload: Object<'_>) -> bool {
        let (group, kind) = self.target_kind();
        let name = self.target().get("name").str().unwrap_or_default();
        !name.is_empty()
            && name == workload.name()
            && workload.is(group, kind)
            && self.object.namespace() == workload.namespace()
    }

    /// The field that says how many replicas it keeps at least.
    #[must_use]
    pub fn min_field(self) -> Field<'a> {
        self.object.get(match self.kind {
            AutoscalerKind::Horizontal => "spec.minReplicas",
            AutoscalerKind::Keda => "spec.minReplicaCount",
        })
    }

    /// How many replicas it keeps at least; by default 1, and 0 with KEDA.
    #[must_use]
    pub fn min(self) -> i64 {
        self.min_field().integer().unwrap_or(match self.kind {
            AutoscalerKind::Horizontal => 1,
            AutoscalerKind::Keda => 0,
        })
    }
}

/// `ScaledObject web`.
impl fmt::Display for Autoscaler<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind.declared().1)?;
        formatter.write_str(" ")?;
        formatter.write_str(self.object.name())
    }
}

/// The autoscalers in the world that scale this object, HorizontalPodAutoscalers first.
///
/// # Errors
/// As any look-up.
pub fn autoscalers<'a>(workload: Object<'_>, world: &World<'a>) -> Result<Vec<Autoscaler<'a>>, Undecided> {
    let (mut found, names) = (Vec::new(), [workload.name()]);
    for kind in [AutoscalerKind::Horizontal, AutoscalerKind::Keda] {
        let (api_version, name) = kind.declared();
        let naming = Relation::naming("spec.scaleTargetRef.name", &names);
        let all = world.related(api_version, name, Within::Namespace(workload.namespace()), &[naming])?;
        found.extend(all.into_iter().map(|object| Autoscaler { kind, object }).filter(|known| known.targets(workload)));
    }
    Ok(found)
}

/// How many pods a workload keeps, and who says so.
#[derive(Clone, Copy)]
pub struct Replicas<'a> {
    /// The number.
    pub count: i64,
    /// The autoscaler whose minimum it is; `None` where the workload itself says it.
    pub autoscaler: Option<Autoscaler<'a>>,
}

/// `2 replicas`, `at least 2 replicas by HorizontalPodAutoscaler web`.
impl fmt::Display for Replicas<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, noun) = (self.count, if self.count == 1 { "replica" } else { "replicas" });
        match self.autoscaler {
            Some(autoscaler) => write!(formatter, "at least {count} {noun} by {autoscaler}"),
            None => write!(formatter, "{count} {noun}"),
        }
    }
}

/// The effective replicas of a Deployment, StatefulSet, ReplicaSet, ReplicationController, Rollout or DeploymentConfig.
/// A Pod, which has no `spec.replicas`, is one.
///
/// What is not in sight does not count: in a world that is not complete, an autoscaler may be elsewhere.
///
/// # Errors
/// As any look-up.
pub fn effective_replicas<'a>(workload: Object<'_>, world: &World<'a>) -> Result<Replicas<'a>, Undecided> {
    let least = autoscalers(workload, world)?.into_iter().min_by_key(|autoscaler| autoscaler.min());
    let own = || workload.get("spec.replicas").integer().unwrap_or(1);
    Ok(Replicas { count: least.map_or_else(own, Autoscaler::min), autoscaler: least })
}

/// The object judged, as a workload with replicas: a Deployment, StatefulSet, ReplicaSet, ReplicationController, Rollout
/// or DeploymentConfig.
///
/// # Errors
/// Not applicable to other kinds, and to a Deployment whose pods a Rollout runs; unknown where the Deployment that a
/// Rollout names is not in sight; as any look-up.
pub fn replicated<'a>(request: &Request<'a>) -> Result<Workload<'a>, Undecided> {
    let (object, world) = (request.object(), request.world());
    let reference = object.get("spec.workloadRef");
    if object.is("argoproj.io", "Rollout") && reference.get("kind").str() == Some("Deployment") {
        let name = reference.get("name").str().unwrap_or_default();
        return match world.get("apps/v1", "Deployment", object.namespace(), name)? {
            Some(deployment) => Ok(Workload::with_template(object, deployment.get("spec.template"))),
            None => Err(Undecided::Unknown(format!("found no Deployment {name}, where its pod template lives"))),
        };
    }
    let workload = request.workload()?;
    match workload.kind() {
        "Deployment" => match successor(object, world)? {
            Some(rollout) => not_applicable(format!("checked through Rollout {}, which runs its pods", rollout.name())),
            None => Ok(workload),
        },
        "StatefulSet" | "ReplicaSet" | "ReplicationController" | "Rollout" | "DeploymentConfig" => Ok(workload),
        "DaemonSet" => not_applicable("a DaemonSet runs a pod on every node"),
        "Job" | "CronJob" => not_applicable("it runs to completion"),
        "Pod" => not_applicable("a bare Pod is one alone"),
        "PodTemplate" => not_applicable("a PodTemplate runs no pods by itself"),
        kind => not_applicable(format!("it has no replicas: what it serves decides how many pods a {kind} runs")),
    }
}

/// The Rollout that runs the pods of this Deployment in its place, and scales it down to nothing. Without `scaleDown`,
/// or with `never`, the Deployment keeps as many pods as it says.
///
/// # Errors
/// As any look-up.
pub fn successor<'a>(deployment: Object<'_>, world: &World<'a>) -> Result<Option<Object<'a>>, Undecided> {
    let (within, names) = (Within::Namespace(deployment.namespace()), [deployment.name()]);
    let naming = Relation::naming("spec.workloadRef.name", &names);
    let rollouts = world.related("argoproj.io/v1alpha1", "Rollout", within, &[naming])?;
    Ok(rollouts.into_iter().find(|rollout| {
        let reference = rollout.get("spec.workloadRef");
        reference.get("kind").str() == Some("Deployment")
            && reference.get("name").str() == Some(deployment.name())
            && matches!(reference.get("scaleDown").str(), Some("onsuccess" | "progressively"))
    }))
}

#[cfg(test)]
mod tests;
