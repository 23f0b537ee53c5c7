#![no_std]
use sdk::prelude::*;
use sdk::replicas::{effective_replicas, replicated};

policy! {
    /// Rollouts wait until a new pod has stayed ready.
    ///
    /// Deployments, StatefulSets, DaemonSets and Argo Rollouts set `minReadySeconds` to at least 30 (the setting
    /// `at_least`), and below `progressDeadlineSeconds` (600 unless stated), as Kubernetes requires. Workloads
    /// without pods are not checked: `replicas: 0`, or an autoscaler minimum of 0. With `Recreate` no pod waits for
    /// another. It is checked all the same, since a rollout then counts as done no sooner than it should, unless the
    /// setting `exempt_recreate` is on.
    ///
    /// ## Why
    ///
    /// Without it the next pod is replaced the moment the new one is ready for the first time. A version that answers
    /// its probe and dies ten seconds later has by then replaced every pod of the old one.
    ///
    /// ## Fix
    ///
    /// Set `minReadySeconds` to the time in which a bad version shows: until the first real requests, the first metrics
    /// and the first leak.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 3
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 3
    ///   minReadySeconds: 30
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    pub struct MinReadySeconds {
        /// For how many seconds a new pod must stay ready.
        at_least: u32 = 30,
        /// Whether Deployments with the strategy `Recreate` are not asked.
        exempt_recreate: bool = false,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    applies_to: [
        "apps/v1/Deployment",
        "apps/v1/StatefulSet",
        "apps/v1/DaemonSet",
        "argoproj.io/v1alpha1/Rollout",
        "extensions/v1beta1/Deployment",
        "extensions/v1beta1/DaemonSet",
    ],
    reads: ["spec.minReadySeconds", "spec.progressDeadlineSeconds", "spec.replicas", "spec.strategy.type"],
    looks_up: [
        Autoscalers,
        "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
    ],
}

impl Rule for MinReadySeconds {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        // What the object itself decides comes before any look-up.
        if self.exempt_recreate && request.object().get("spec.strategy.type").str() == Some("Recreate") {
            return not_applicable("the strategy Recreate replaces all pods at once");
        }
        let object = rolled_out(request)?;
        if object.kind() != "DaemonSet" && effective_replicas(object, request.world())?.count < 1 {
            return not_applicable("it is scaled to nothing");
        }
        let field = object.get("spec.minReadySeconds");
        let (seconds, at_least) = (field.integer().unwrap_or(0), i64::from(self.at_least));
        if seconds < at_least {
            let message = if field.is_set() {
                format!("a rollout goes on {seconds} seconds after a pod is ready, and should wait {at_least}")
            } else {
                format!("a rollout goes on the moment a pod is ready, and should wait {at_least} seconds")
            };
            findings.fail(field, message, fix::set(field, at_least).safe());
        }
        check_deadline(object, seconds, findings);
        Ok(())
    }
}

/// The object judged, if a rollout of it waits for pods. An Argo Rollout does by its own fields, also where the pod
/// template lives in a Deployment.
fn rolled_out<'a>(request: &Request<'a>) -> Result<Object<'a>, Undecided> {
    let object = request.object();
    match object.kind() {
        "Rollout" if object.get("spec.workloadRef").is_set() => Ok(object),
        "DaemonSet" => Ok(request.workload()?.object()),
        "Deployment" | "StatefulSet" | "Rollout" => Ok(replicated(request)?.object()),
        kind => not_applicable(format!("a {kind} is not rolled out")),
    }
}

/// Kubernetes and Argo require a deadline above what each pod waits. StatefulSets and DaemonSets have none, and a
/// Deployment of extensions/v1beta1 has none unless it says so.
fn check_deadline(object: Object<'_>, seconds: i64, findings: &mut Findings) {
    if !matches!(object.kind(), "Deployment" | "Rollout") {
        return;
    }
    let field = object.get("spec.progressDeadlineSeconds");
    let default = if object.group() == "extensions" { i64::MAX } else { 600 };
    let deadline = field.integer().unwrap_or(default);
    if deadline <= seconds {
        let message = format!("the deadline of {deadline} seconds is not above minReadySeconds {seconds}");
        findings.fail(field, message, fix::set(field, seconds.saturating_add(600)).safe());
    }
}
