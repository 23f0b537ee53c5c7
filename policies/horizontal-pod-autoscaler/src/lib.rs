#![no_std]
mod metrics;

use sdk::prelude::*;
use sdk::release;
use sdk::replicas::{Autoscaler, AutoscalerKind, autoscalers, replicated};
use sdk::serving::must_serve;

policy! {
    /// Every serving workload has exactly one autoscaler, and it can scale.
    ///
    /// Deployments and Argo Rollouts that a Service selects need a HorizontalPodAutoscaler or a KEDA ScaledObject whose
    /// `scaleTargetRef` names them: group, kind and name, in the same namespace. With the setting `stateful_sets`,
    /// StatefulSets need one too; most hold state that does not scale by itself. What says `replicas: 0` runs nothing and
    /// needs none. A Rollout that takes its pods from a Deployment (`workloadRef`) and scales that down is
    /// what is to be scaled, and not that Deployment.
    ///
    /// Whoever has an autoscaler, serving or not, must let it work:
    ///
    /// - `spec.replicas` is left out of the manifest: each time it is applied, the number is set back. An object that comes
    ///   from the API server always has the field, and is not asked;
    /// - two autoscalers on one workload undo each other's work;
    /// - a metric of cpu or memory utilisation is a share of the request, so every long-running container needs that
    ///   request, or a limit, which is then the request as well; together they are more than 0. An autoscaler without
    ///   metrics goes by cpu utilisation.
    ///
    /// An autoscaler is checked too: its minimum, or the `idleReplicaCount` of a ScaledObject, must be below its maximum, and
    /// what it scales must exist. Where a release of a chart that is not rendered may deploy that, it is unknown.
    ///
    /// ## Why
    ///
    /// Load comes when nobody is looking. A fixed number of replicas is too few then, and too many at night. And an
    /// autoscaler that cannot scale looks like safety until it is needed.
    ///
    /// ## Fix
    ///
    /// Add a HorizontalPodAutoscaler for the workload, remove `spec.replicas` from its manifest, and set requests on all its
    /// containers.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec: {selector: {app: web}, ports: [{port: 80}]}
    /// ```
    ///
    /// The proxy has no cpu request, so its pods have no cpu utilisation:
    ///
    /// ```yaml,fail=proxy
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - {name: app, image: "example.com/web:1.4.2", resources: {requests: {cpu: 100m}}}
    ///         - {name: proxy, image: "example.com/proxy:2.0.1"}
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    ///   minReplicas: 2
    ///   maxReplicas: 10
    ///   metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    ///   minReplicas: 3
    ///   maxReplicas: 3
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - {name: app, image: "example.com/web:1.4.2", resources: {requests: {cpu: 100m}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec: {selector: {app: web}, ports: [{port: 80}]}
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    ///   minReplicas: 2
    ///   maxReplicas: 10
    /// ```
    pub struct HorizontalPodAutoscaler {
        /// Whether a StatefulSet that serves needs an autoscaler too.
        stateful_sets: bool = false,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    applies_to: [Workloads, "autoscaling/v2/HorizontalPodAutoscaler", "keda.sh/v1alpha1/ScaledObject"],
    reads: [
        "metadata.uid",
        "spec.replicas",
        "pod.metadata.labels",
        "pod.spec.restartPolicy",
        "pod.spec.resources",
        "containers.resources",
        "containers.ports",
        "spec.scaleTargetRef",
        "spec.minReplicas",
        "spec.maxReplicas",
        "spec.minReplicaCount",
        "spec.maxReplicaCount",
        "spec.idleReplicaCount",
    ],
    looks_up: [
        "autoscaling/v2/HorizontalPodAutoscaler": [
            "metadata.annotations['autoscaling.alpha.kubernetes.io/metrics']",
            "metadata.ownerReferences",
            "spec.scaleTargetRef",
            "spec.minReplicas",
            "spec.metrics",
            "spec.targetCPUUtilizationPercentage",
        ],
        "keda.sh/v1alpha1/ScaledObject": ["spec.scaleTargetRef", "spec.minReplicaCount", "spec.triggers"],
        Services,
        "apps/v1/Deployment": ["spec.template"],
        "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
        "apps/v1/StatefulSet": [],
        "apps/v1/ReplicaSet": [],
        "v1/ReplicationController": [],
        "apps.openshift.io/v1/DeploymentConfig": [],
        // What may deploy a target that is not in sight.
        Releases,
    ],
}

impl Rule for HorizontalPodAutoscaler {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (object, world) = (request.object(), request.world());
        match (object.group(), object.kind()) {
            ("autoscaling", "HorizontalPodAutoscaler") if is_kedas(object, world)? => {
                not_applicable("KEDA made it for a ScaledObject, which is checked in its place")
            }
            ("autoscaling", "HorizontalPodAutoscaler") => {
                check_autoscaler(Autoscaler::new(AutoscalerKind::Horizontal, object), world, findings)
            }
            ("keda.sh", "ScaledObject") => {
                check_autoscaler(Autoscaler::new(AutoscalerKind::Keda, object), world, findings)
            }
            _ => self.check_workload(replicated(request)?, world, findings),
        }
    }
}

impl HorizontalPodAutoscaler {
    fn check_workload(
        &self,
        workload: Workload<'_>,
        world: &World<'_>,
        findings: &mut Findings,
    ) -> Result<(), Undecided> {
        let object = workload.object();
        if !matches!(object.kind(), "Deployment" | "StatefulSet" | "Rollout") {
            return not_applicable(format!("a {} is not asked to scale", object.kind()));
        }
        let mut autoscalers = autoscalers(object, world)?;
        let mut kedas = Vec::new();
        for autoscaler in &autoscalers {
            kedas.push(is_kedas(autoscaler.object(), world)?);
        }
        let mut kedas = kedas.into_iter();
        autoscalers.retain(|_| kedas.next() != Some(true));
        let replicas = object.get("spec.replicas");
        let Some(first) = autoscalers.first() else {
            must_serve(workload, world)?;
            if object.kind() == "StatefulSet" && !self.stateful_sets {
                return not_applicable("most StatefulSets hold state that does not scale by itself");
            }
            if replicas.integer() == Some(0) {
                return not_applicable("it is scaled to nothing");
            }
            world.must_be_complete("HorizontalPodAutoscaler or ScaledObject that targets it")?;
            let fix = format!(
                "add a HorizontalPodAutoscaler whose scaleTargetRef is the {} {}",
                object.kind(),
                object.name()
            );
            findings.fail(replicas, "nothing scales it: no HorizontalPodAutoscaler or ScaledObject targets it", fix);
            return Ok(());
        };
        if autoscalers.len() > 1 {
            let names =
                autoscalers.iter().skip(1).fold(first.to_string(), |names, next| names + " and " + &next.to_string());
            let message = format!("{names} all scale it, and undo each other's work");
            findings.fail(object.get("metadata.name"), message, "keep one autoscaler that has all the metrics");
        }
        if let (Some(count), false) = (replicas.integer(), object.get("metadata.uid").is_set()) {
            let message = format!("{first} scales it, and each time this is applied sets it back to {count}");
            findings.fail(replicas, message, fix::remove(replicas));
        }
        for autoscaler in autoscalers {
            metrics::check_requests(workload, autoscaler, findings);
        }
        Ok(())
    }
}

/// Judges an autoscaler by its bounds and by its target.
fn check_autoscaler(autoscaler: Autoscaler<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let object = autoscaler.object();
    // Without load, KEDA goes below its minimum where it is told to.
    let (max, idle) = match autoscaler.kind() {
        AutoscalerKind::Horizontal => (object.get("spec.maxReplicas"), None),
        AutoscalerKind::Keda => (object.get("spec.maxReplicaCount"), object.get("spec.idleReplicaCount").integer()),
    };
    let least = idle.unwrap_or_else(|| autoscaler.min());
    match (max.integer(), autoscaler.kind()) {
        (None, AutoscalerKind::Horizontal) => {
            findings.fail(max, "without maxReplicas the API server refuses it", fix::set(max, 10));
        }
        (most, _) => {
            // What KEDA takes where nothing is said.
            let most = most.unwrap_or(100);
            if most <= least {
                let message = format!("it never scales: it keeps at least {least} replicas, and at most {most}");
                findings.fail(max, message, fix::set(max, least.saturating_mul(2).max(2)));
            }
        }
    }
    let (target, (group, kind)) = (autoscaler.target(), autoscaler.target_kind());
    let name = target.get("name").str().unwrap_or_default();
    if name.is_empty() {
        findings.fail(target.get("name"), "it names nothing to scale", "the name of a workload");
        return Ok(());
    }
    let Some((api_version, _)) = SCALABLE.iter().find(|(api_version, known)| {
        // Served under `extensions` long ago, and never in the core group, which a reference without apiVersion means.
        *known == kind && matches!(group, "" | "extensions") || (group_of(api_version), *known) == (group, kind)
    }) else {
        check_kind(target.get("kind"), group, kind, findings);
        return Ok(());
    };
    if group_of(api_version) != group {
        let message = format!("a {kind} is not in this API group, so nothing is scaled");
        let place = target.get("apiVersion");
        findings.fail(place, message, fix::set(place, *api_version));
        return Ok(());
    }
    if world.get(api_version, kind, object.namespace(), name)?.is_none() {
        world.must_be_complete(format!("{kind} {name}, which it scales"))?;
        // A cluster has what its releases deploy: only its objects have a `uid`.
        if !object.get("metadata.uid").is_set()
            && let Some(why) = release::unrendered(object.namespace(), world)?
        {
            return Err(Undecided::Unknown(format!("found no {kind} {name}, which it scales; {why}")));
        }
        let message = format!("there is no {kind} {name} in this namespace, so nothing is scaled");
        findings.fail(target.get("name"), message, "the name of a workload in the same namespace");
    }
    Ok(())
}

/// Judges the kind of a target that cannot be looked up. A custom resource may have replicas; of Kubernetes' own kinds,
/// all that have are known.
fn check_kind(place: Field<'_>, group: &str, kind: &str, findings: &mut Findings) {
    let (message, fix) = if kind.is_empty() {
        ("without a kind the API server refuses it".to_owned(), "kind: Deployment".to_owned())
    } else if let Some((_, meant)) =
        SCALABLE.iter().find(|(api_version, known)| group_of(api_version) == group && known.eq_ignore_ascii_case(kind))
    {
        let message =
            format!("no `{kind}` is in the API group {group}, where every letter counts, so nothing is scaled");
        (message, format!("kind: {meant}"))
    } else if matches!(group, "" | "apps" | "extensions" | "batch") && !is_substituted(kind) {
        let message = format!("a {kind} has no number of replicas to change, so nothing is scaled");
        (message, "a kind that has replicas, such as a Deployment".to_owned())
    } else {
        return;
    };
    findings.fail(place, message, fix);
}

/// Whether the text is no kind yet, such as `${CONTROLLER}`.
fn is_substituted(kind: &str) -> bool {
    kind.bytes().any(|byte| !byte.is_ascii_alphanumeric())
}

/// What can be looked up of all that can be scaled.
const SCALABLE: [(&str, &str); 6] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "ReplicaSet"),
    ("v1", "ReplicationController"),
    ("argoproj.io/v1alpha1", "Rollout"),
    ("apps.openshift.io/v1", "DeploymentConfig"),
];

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether KEDA made the autoscaler for a ScaledObject that is there; anybody may say so.
fn is_kedas(autoscaler: Object<'_>, world: &World<'_>) -> Result<bool, Undecided> {
    let is_it = |owner: &Field<'_>| owner.get("kind").str() == Some("ScaledObject");
    let Some(owner) = autoscaler.get("metadata.ownerReferences").items().find(is_it) else { return Ok(false) };
    let (api_version, kind) = AutoscalerKind::Keda.declared();
    let name = owner.get("name").str().unwrap_or_default();
    Ok(world.get(api_version, kind, autoscaler.namespace(), name)?.is_some())
}
