#![no_std]
use sdk::prelude::*;
use sdk::replicas::{AutoscalerKind, effective_replicas, replicated};
use sdk::serving::{ALONE, alone_because, must_serve};

policy! {
    /// A serving workload runs at least two replicas, or says why it runs alone.
    ///
    /// Deployments, StatefulSets, Argo Rollouts, ReplicaSets, ReplicationControllers and DeploymentConfigs that a Service
    /// selects have at least 2 effective replicas (the setting `at_least`). The minimum of a HorizontalPodAutoscaler or a
    /// KEDA ScaledObject counts before `spec.replicas`, and a workload that says nothing has 1. A workload that is scaled
    /// to 0 is not checked.
    ///
    /// A workload that cannot run twice says so with the annotation `seaworthy.dev/single-replica`, whose value is the
    /// reason. An annotation without a reason does not count.
    ///
    /// ## Why
    ///
    /// One replica is one node's failure away from an outage. It is also down for every drain of its node and for every
    /// eviction, and no PodDisruptionBudget can help.
    ///
    /// ## Fix
    ///
    /// Set `spec.replicas: 2`, or `minReplicas: 2` on the autoscaler. Where the program keeps a lock or state that only
    /// one copy may hold, write the reason into the annotation.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   replicas: 1
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
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   replicas: 2
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
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    ///   annotations: {seaworthy.dev/single-replica: "the database has one writer; a standby runs in another cluster"}
    /// spec:
    ///   replicas: 1
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec: {containers: [{name: app, image: "example.com/db:17.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db, namespace: shop}
    /// spec: {selector: {app: db}, ports: [{port: 5432}]}
    /// ```
    pub struct Replicas {
        /// The number of replicas that a serving workload needs.
        at_least: u32 = 2,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    applies_to: [Workloads],
    reads: [
        "metadata.annotations['seaworthy.dev/single-replica']",
        "spec.replicas",
        "pod.metadata.labels",
        "pod.spec.restartPolicy",
        "pod.spec.volumes.persistentVolumeClaim",
        "spec.volumeClaimTemplates",
        "containers.ports",
    ],
    looks_up: [
        Services,
        Autoscalers,
        "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
        "apps/v1/Deployment": ["spec.template"],
    ],
}

impl Rule for Replicas {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (serving(request)?, request.world());
        let object = workload.object();
        let replicas = effective_replicas(object, world)?;
        if replicas.count < 1 {
            return not_applicable("it is scaled to 0");
        }
        if replicas.count >= self.at_least.into() {
            return Ok(());
        }
        let reason = object.annotation(ALONE);
        if let Some(text) = alone_because(object) {
            findings.note(reason, format!("{replicas} on purpose: {text}"));
            return Ok(());
        }
        if reason.is_set() {
            findings.fail(reason, "the annotation gives no reason", fix::set(reason, "<why it runs alone>").example());
        }
        let (field, at_least) = (object.get("spec.replicas"), i64::from(self.at_least));
        let fix = match replicas.autoscaler {
            Some(autoscaler) => {
                let minimum = match autoscaler.kind() {
                    AutoscalerKind::Horizontal => "minReplicas",
                    AutoscalerKind::Keda => "minReplicaCount",
                };
                Fix::Advice(format!("set `{minimum}: {at_least}` in {autoscaler}"))
            }
            None if has_claims(workload) => Fix::Advice(format!(
                "`replicas: {at_least}`, if its pods can share what is in their volumes; else the reason why it runs alone"
            )),
            None => fix::set(field, at_least),
        };
        if !field.is_set() && replicas.autoscaler.is_none() {
            // Where not everything is in sight, an autoscaler may keep more.
            world.must_be_complete("autoscaler that keeps more replicas")?;
        }
        findings.fail(
            field,
            format!("{replicas}, and a serving workload needs {at_least}, or the reason in `{ALONE}`"),
            fix,
        );
        Ok(())
    }
}

/// The object judged, as a workload with replicas that serves. Every cluster serves Services, and few serve Rollouts and
/// ScaledObjects, so a Deployment that does not serve asks for neither.
fn serving<'a>(request: &Request<'a>) -> Result<Workload<'a>, Undecided> {
    let is_deployment = request.object().kind() == "Deployment";
    if is_deployment {
        must_serve(request.workload()?, request.world())?;
    }
    let workload = replicated(request)?;
    if !is_deployment {
        must_serve(workload, request.world())?;
    }
    Ok(workload)
}

/// Whether its pods keep data, which a second pod may not share or does not have.
fn has_claims(workload: Workload<'_>) -> bool {
    let mut volumes = workload.pod().get("volumes").items();
    workload.object().get("spec.volumeClaimTemplates").has_items()
        || volumes.any(|volume| volume.get("persistentVolumeClaim").is_set())
}
