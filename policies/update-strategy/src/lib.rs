#![no_std]
use sdk::prelude::*;
use sdk::replicas::{effective_replicas, replicated};
use sdk::serving::{alone_because, must_serve};
use sdk::value::Value;

policy! {
    /// A rollout of a serving workload always leaves pods that serve.
    ///
    /// Deployments, StatefulSets, DaemonSets and Argo Rollouts that a Service selects are updated pod by pod:
    ///
    /// - `maxUnavailable` is below the effective replicas. As Kubernetes counts, a percentage of `maxUnavailable` rounds
    ///   down and one of `maxSurge` rounds up. Where both become 0, Kubernetes takes one pod: `maxSurge: 0` and
    ///   `maxUnavailable: 25%` leave nothing of one replica. The defaults, 25 % each, never do.
    /// - A Deployment does not use `Recreate`, which removes all pods before it starts one (the setting `allow_recreate`).
    /// - A StatefulSet or DaemonSet does not use `OnDelete`, by which a change waits until somebody deletes each pod (the
    ///   setting `allow_on_delete`). A `partition` at or above the replicas replaces no pod, and is advice.
    ///
    /// Every one of them, serving or not, keeps old revisions: `revisionHistoryLimit` is not 0.
    ///
    /// A workload that says with the annotation `seaworthy.dev/single-replica` why it runs alone has nothing to leave, and
    /// is not checked. A strategy that the API server refuses is a finding of the rule `kubernetes-schema`.
    ///
    /// ## Why
    ///
    /// With a strategy that takes all pods at once, every release is an outage, however many replicas there are. Without
    /// old revisions `kubectl rollout undo` has nothing to return to.
    ///
    /// ## Fix
    ///
    /// Leave the strategy out, or set `maxSurge: 1` and `maxUnavailable: 0`: the new pod then comes before the old one
    /// goes. Where two versions must never run together, use the setting, or let the program wait for a lock.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   replicas: 3
    ///   strategy: {type: Recreate}
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
    ///   replicas: 3
    ///   strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
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
    pub struct UpdateStrategy {
        /// Whether a serving Deployment may use the strategy `Recreate`.
        allow_recreate: bool = false,
        /// Whether a serving StatefulSet or DaemonSet may use the strategy `OnDelete`.
        allow_on_delete: bool = false,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    applies_to: ["apps/v1/Deployment", "apps/v1/StatefulSet", "apps/v1/DaemonSet", "argoproj.io/v1alpha1/Rollout"],
    reads: [
        "metadata.annotations['seaworthy.dev/single-replica']",
        "spec.replicas",
        "spec.revisionHistoryLimit",
        "spec.strategy",
        "spec.updateStrategy",
        "pod.metadata.labels",
        "pod.spec.restartPolicy",
        "pod.spec.volumes.persistentVolumeClaim",
        "containers.ports",
    ],
    looks_up: [
        Services,
        Autoscalers,
        "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
        "apps/v1/Deployment": ["spec.template"],
    ],
}

impl Rule for UpdateStrategy {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        let history = object.get("spec.revisionHistoryLimit");
        if history.integer() == Some(0) {
            let message = "no old revision is kept, so a bad release cannot be undone";
            findings.fail(history, message, fix::set(history, 3).safe());
        }
        let (is_daemon, is_deployment) = (object.kind() == "DaemonSet", object.kind() == "Deployment");
        // Every cluster serves Services, and few serve Rollouts, so a Deployment that does not serve asks for none.
        if is_deployment {
            must_serve(request.workload()?, request.world())?;
        }
        let workload = if is_daemon { request.workload()? } else { replicated(request)? };
        if !is_deployment {
            must_serve(workload, request.world())?;
        }
        let pods = if is_daemon { i64::MAX } else { effective_replicas(object, request.world())?.count };
        if pods < 1 {
            return not_applicable("it is scaled to 0");
        }
        if pods == 1 && alone_because(object).is_some() {
            return not_applicable("it runs alone on purpose");
        }
        let is_deployed = matches!(object.kind(), "Deployment" | "Rollout");
        let strategy = object.get(if is_deployed { "spec.strategy" } else { "spec.updateStrategy" });
        let (kind, rolling) = (strategy.get("type"), strategy.get("rollingUpdate"));
        match (object.kind(), kind.str().unwrap_or_default()) {
            ("Rollout", _) => check_amounts(strategy.get("canary"), pods, request, findings),
            ("Deployment", "" | "RollingUpdate") => check_amounts(rolling, pods, request, findings),
            ("Deployment", "Recreate") if !rolling.is_set() => {
                if !self.allow_recreate {
                    let message = "`Recreate` removes all pods before it starts a new one, so nothing serves meanwhile";
                    let mut volumes = workload.pod().get("volumes").items();
                    let fix = if volumes.any(|volume| volume.get("persistentVolumeClaim").is_set()) {
                        let advice = "a StatefulSet, or the setting `allow_recreate`: while the old pod has the claim, a \
                                      new one may not get it";
                        Fix::Advice(advice.into())
                    } else {
                        fix::merge(strategy, Json::of("type", "RollingUpdate").and("rollingUpdate", one_by_one()))
                    };
                    findings.fail(kind, message, fix);
                }
                Ok(())
            }
            ("StatefulSet" | "DaemonSet", "OnDelete") => {
                if !self.allow_on_delete {
                    let message = "with `OnDelete` a change reaches no pod until somebody deletes it";
                    findings.fail(kind, message, fix::set(kind, "RollingUpdate"));
                }
                Ok(())
            }
            ("StatefulSet", "" | "RollingUpdate") => check_stateful(rolling, pods, findings),
            ("DaemonSet", "" | "RollingUpdate") => check_daemon(rolling, findings),
            _ => not_applicable("the API server refuses this strategy"),
        }
    }
}

/// A new pod comes before an old one goes.
fn one_by_one() -> Json {
    Json::of("maxSurge", 1).and("maxUnavailable", 0)
}

/// Finds a rolling update that may take every pod at once, by the arithmetic of the Deployment controller
/// (`ResolveFenceposts`), which Argo Rollouts has too.
fn check_amounts(
    rolling: Field<'_>,
    pods: i64,
    request: &Request<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
    let most = Amount::of(unavailable, Amount::Percent(25))?;
    let extra = Amount::of(surge, Amount::Percent(25))?;
    if matches!(most, Amount::Percent(101..)) {
        return not_applicable("the API server refuses more than 100 % unavailable");
    }
    if matches!((&most, &extra), (Amount::Pods(0) | Amount::Percent(0), Amount::Pods(0) | Amount::Percent(0))) {
        return not_applicable("the API server refuses `maxSurge` and `maxUnavailable` of 0 together");
    }
    let (gone, more) = (most.rounded_down(pods), extra.rounded_up(pods));
    let is_stuck = gone == 0 && more == 0;
    if gone.max(is_stuck.into()) < pods {
        return Ok(());
    }
    if !matches!(most, Amount::Percent(100)) && !request.object().get("spec.replicas").is_set() {
        // Where not everything is in sight, an autoscaler may keep more.
        request.world().must_be_complete("autoscaler that keeps more replicas")?;
    }
    let noun = if pods == 1 { "replica" } else { "replicas" };
    let message = if is_stuck {
        format!("both amounts round to 0 of {pods} {noun}, so Kubernetes takes 1 and nothing serves meanwhile")
    } else {
        format!("a rollout may take all of {pods} {noun} at once, so nothing serves meanwhile")
    };
    let at = if unavailable.is_set() { unavailable } else { surge };
    let fix = if more == 0 { fix::merge(rolling, one_by_one()) } else { fix::set(unavailable, 0) };
    findings.fail(at, message, fix);
    Ok(())
}

/// A StatefulSet replaces one pod at a time; what may be said of it is advice.
fn check_stateful(rolling: Field<'_>, pods: i64, findings: &mut Findings) -> Result<(), Undecided> {
    let (partition, unavailable) = (rolling.get("partition"), rolling.get("maxUnavailable"));
    if partition.integer().is_some_and(|partition| partition >= pods) {
        let from = partition.integer().unwrap_or(0);
        let message = format!("only pods from number {from} on are replaced, and no pod has such a number");
        findings.warn(partition, message, fix::set(partition, 0));
    }
    if unavailable.is_set() {
        let message = "a server drops this field unless its feature gate MaxUnavailableStatefulSet is on";
        findings.warn(unavailable, message, fix::remove(unavailable));
    }
    Ok(())
}

/// How many pods a DaemonSet has is up to the nodes, so a number of them leaves some and 100 % leaves none.
fn check_daemon(rolling: Field<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let unavailable = rolling.get("maxUnavailable");
    let (most, extra) =
        (Amount::of(unavailable, Amount::Pods(1))?, Amount::of(rolling.get("maxSurge"), Amount::Pods(0))?);
    if matches!(most, Amount::Percent(100)) {
        if !matches!(extra, Amount::Pods(0) | Amount::Percent(0)) {
            return not_applicable("the API server refuses `maxSurge` and `maxUnavailable` together");
        }
        let message = "a rollout may take the pods of all nodes at once, so nothing serves meanwhile";
        findings.fail(unavailable, message, fix::set(unavailable, 1).safe());
    }
    Ok(())
}

/// What an `IntOrString` says.
enum Amount {
    Pods(i64),
    Percent(i64),
}

impl Amount {
    /// The amount in a field, or its default. What the API server refuses is said by the rule that knows it.
    fn of(field: Field<'_>, default: Self) -> Result<Self, Undecided> {
        let amount = match field.value() {
            None => Some(default),
            Some(Value::String(text)) => {
                let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
                digits.and_then(|digits| digits.parse().ok()).map(Self::Percent)
            }
            // Another type is noted as malformed.
            Some(_) => field.integer().filter(|pods| *pods >= 0).map(Self::Pods),
        };
        amount.map_or_else(|| not_applicable("the API server refuses this amount of pods"), Ok)
    }

    fn rounded_down(&self, pods: i64) -> i64 {
        match self {
            Self::Pods(amount) => *amount,
            Self::Percent(percent) => percent.saturating_mul(pods) / 100,
        }
    }

    fn rounded_up(&self, pods: i64) -> i64 {
        match self {
            Self::Pods(amount) => *amount,
            Self::Percent(percent) => percent.saturating_mul(pods).saturating_add(99) / 100,
        }
    }
}
