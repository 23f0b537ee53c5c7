#![no_std]
use sdk::prelude::*;
use sdk::replicas::{Replicas, effective_replicas, replicated, successor};
use sdk::value::Value;

mod selection;

policy! {
    /// Replicated workloads have exactly one PodDisruptionBudget that allows evictions.
    ///
    /// Deployments, StatefulSets, ReplicaSets, ReplicationControllers, Argo Rollouts and DeploymentConfigs with 2 or more
    /// effective replicas need one: an autoscaler's minimum counts before `spec.replicas`, and nothing said is 1. The
    /// budget must select the labels of the pod template, in the same namespace. A Rollout that takes its pods from a
    /// Deployment (`workloadRef`) is checked with that Deployment's labels, and in its place where it scales it down.
    ///
    /// A budget must do its job, whatever the number of replicas:
    ///
    /// - two budgets on one pod make every eviction of it fail;
    /// - `minAvailable` at or above the replicas, percentages rounded up, never lets a pod go. A budget over several
    ///   workloads counts all their replicas;
    /// - `maxUnavailable: 0`, `minAvailable: 100%`, or neither of the two, never lets a pod go either, and
    ///   `minAvailable: 0` or `maxUnavailable: 100%` protects nothing. These are said of the budget itself, as is a
    ///   selector that selects nothing: none at all, `{}` in `policy/v1beta1` (in `policy/v1` it selects every pod), or
    ///   labels that no pods of its namespace have. Pods that an operator makes are not in sight.
    ///
    /// ## Why
    ///
    /// Draining a node evicts its pods. Without a budget all replicas may go at once; with one that never lets a pod go,
    /// the drain waits for ever and cluster upgrades stop.
    ///
    /// ## Fix
    ///
    /// Add a PodDisruptionBudget with `maxUnavailable: 1`, or a `minAvailable` below the number of replicas, and the
    /// workload's own selector.
    ///
    /// ## Fails
    ///
    /// Nothing keeps the three pods from being evicted together:
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   replicas: 3
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// The budget rounds 67 % of 2 up to 2, so that no pod may go:
    ///
    /// ```yaml,fail
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
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   minAvailable: 67%
    ///   selector: {matchLabels: {app: web}}
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   maxUnavailable: 0
    ///   selector: {matchLabels: {app: web}}
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
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web, tier: front}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: web}}
    /// ```
    pub struct PodDisruptionBudget;
    severity: High,
    section: Reliability,
    since: "0.1.0",
    applies_to: [Workloads, "policy/v1/PodDisruptionBudget"],
    reads: [
        "spec.replicas",
        "pod.metadata.labels",
        "spec.minAvailable",
        "spec.maxUnavailable",
        "spec.selector",
    ],
    looks_up: [
        "policy/v1/PodDisruptionBudget": ["apiVersion", "spec.selector", "spec.minAvailable", "spec.maxUnavailable"],
        Autoscalers,
        "apps/v1/Deployment": ["metadata.ownerReferences", "spec.replicas", "spec.template.metadata.labels"],
        "apps/v1/StatefulSet": ["metadata.ownerReferences", "spec.replicas", "spec.template.metadata.labels"],
        "argoproj.io/v1alpha1/Rollout": [
            "metadata.ownerReferences",
            "spec.replicas",
            "spec.template.metadata.labels",
            "spec.workloadRef",
        ],
        "apps/v1/DaemonSet": ["spec.template.metadata.labels"],
        "apps/v1/ReplicaSet": ["metadata.ownerReferences", "spec.replicas", "spec.template.metadata.labels"],
        "v1/ReplicationController": ["metadata.ownerReferences", "spec.replicas", "spec.template.metadata.labels"],
        "v1/Pod": ["metadata.labels", "metadata.ownerReferences"],
        "batch/v1/Job": ["spec.template.metadata.labels"],
        "batch/v1/CronJob": ["spec.jobTemplate.spec.template.metadata.labels"],
        "apps.openshift.io/v1/DeploymentConfig": [
            "metadata.ownerReferences",
            "spec.replicas",
            "spec.template.metadata.labels",
        ],
        "serving.knative.dev/v1/Service": ["spec.template.metadata.labels"],
        "kustomize.config.k8s.io/v1beta1/Kustomization": ["commonLabels", "labels.pairs"],
        "kustomize.config.k8s.io/v1alpha1/Component": ["commonLabels", "labels.pairs"],
        "monitoring.coreos.com/v1/Prometheus": [],
        "monitoring.coreos.com/v1/Alertmanager": [],
        "monitoring.coreos.com/v1/ThanosRuler": [],
    ],
}

impl Rule for PodDisruptionBudget {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        if request.object().is("policy", "PodDisruptionBudget") {
            let says_something = check_budget(request.object(), findings);
            return if says_something { selection::check(request.object(), request.world(), findings) } else { Ok(()) };
        }
        let (workload, world) = (replicated(request)?, request.world());
        let object = workload.object();
        let replicas = effective_replicas(object, world)?;
        if replicas.count < 1 {
            return not_applicable("it is scaled to nothing");
        }
        let selecting = Relation::selecting("spec.selector", workload.pod_labels());
        let within = Within::Namespace(object.namespace());
        let mut budgets = world.related("policy/v1", "PodDisruptionBudget", within, &[selecting])?;
        budgets.retain(|budget| selects(*budget, workload));
        match budgets.as_slice() {
            [] if replicas.count < 2 => not_applicable("a single replica has nothing to spare"),
            [] => {
                world.must_be_complete("PodDisruptionBudget that selects its pods")?;
                let message = format!("no PodDisruptionBudget selects its pods ({replicas})");
                findings.fail(object.get("spec.replicas"), message, MISSING);
                Ok(())
            }
            [budget] => check_count(&workload, &replicas, *budget, world, findings),
            [first, rest @ ..] => {
                let names = rest.iter().fold(first.name().to_owned(), |names, budget| names + " and " + budget.name());
                let message = format!("PodDisruptionBudgets {names} all select these pods, so evicting one fails");
                let fix = "narrow their selectors so that one PodDisruptionBudget selects these pods";
                findings.fail(workload.pod_labels(), message, fix);
                Ok(())
            }
        }
    }
}

const MISSING: &str = "add a PodDisruptionBudget with `maxUnavailable: 1` and this workload's selector";

/// Checks what can be said of a budget without its pods; gives back whether its selector may select any.
fn check_budget(budget: Object<'_>, findings: &mut Findings) -> bool {
    let (min, max) = (budget.get("spec.minAvailable"), budget.get("spec.maxUnavailable"));
    if min.is_set() && max.is_set() {
        findings.fail(
            max,
            "minAvailable is set too, and the API server takes only one of them",
            "remove one of the two",
        );
    } else if !min.is_set() && !max.is_set() {
        let message = "without minAvailable or maxUnavailable it never lets a pod go, which blocks node drains";
        findings.fail(max, message, fix::set(max, 1).safe());
    }
    for field in [min, max] {
        if let Some(Err(message)) = amount(field) {
            findings.fail(field, message, "a whole number, or a percentage up to 100%");
        }
    }
    let never = "it never lets a pod go, which blocks node drains";
    let protects_nothing = "all pods may go at once, so it protects nothing";
    let one_at_a_time =
        || fix::merge(budget.get("spec"), Json::of("minAvailable", Json::Null).and("maxUnavailable", 1)).safe();
    match amount(min) {
        Some(Ok(Amount::Percent(100))) => findings.fail(min, never, one_at_a_time()),
        Some(Ok(Amount::Pods(0) | Amount::Percent(0))) => findings.fail(min, protects_nothing, fix::set(min, 1)),
        _ => {}
    }
    match amount(max) {
        Some(Ok(Amount::Pods(0) | Amount::Percent(0))) => findings.fail(max, never, fix::set(max, 1).safe()),
        Some(Ok(Amount::Percent(100))) => findings.fail(max, protects_nothing, fix::set(max, 1).safe()),
        _ => {}
    }
    let selector = budget.get("spec.selector");
    LabelSelector::new(selector).validate();
    if !selector.is_set() {
        findings.fail(selector, "without a selector it selects no pods", "the workload's own selector");
        return false;
    }
    let selects_everything = LabelSelector::new(selector).is_everything();
    if budget.version() == "v1beta1" && selects_everything {
        findings.fail(selector, "in policy/v1beta1 an empty selector selects no pods", "the workload's own selector");
    }
    // Of a whole namespace it is no mistake that there is nothing in it yet.
    !selects_everything
}

/// Judges a budget by the pods that it selects.
fn check_count(
    workload: &Workload<'_>,
    replicas: &Replicas<'_>,
    budget: Object<'_>,
    world: &World<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let field = workload.object().get("spec.replicas");
    let wanted = |pods: i64| match amount(budget.get("spec.minAvailable")) {
        Some(Ok(Amount::Pods(wanted))) => wanted,
        // Of no fewer pods than there are, as the disruption controller rounds it.
        Some(Ok(Amount::Percent(percent @ ..100))) => (percent * pods + 99) / 100,
        _ => 0,
    };
    if wanted(replicas.count) >= replicas.count {
        let pods = replicas.count + other_pods(workload.object(), budget, world)?;
        if wanted(pods) >= pods {
            if !field.is_set() && replicas.autoscaler.is_none() {
                world.must_be_complete("autoscaler that keeps more than one replica")?;
            }
            let (name, wanted) = (budget.name(), wanted(pods));
            let pods = if pods == replicas.count { replicas.to_string() } else { format!("{pods} pods") };
            let message = format!(
                "PodDisruptionBudget {name} wants {wanted} available of {pods}, so none may go and node drains are blocked"
            );
            let fix = format!(
                "set `maxUnavailable: 1` instead of minAvailable in PodDisruptionBudget {name}, or run more replicas"
            );
            findings.fail(field, message, fix);
            return Ok(());
        }
    }
    if replicas.count < 2 {
        return not_applicable("a single replica has nothing to spare");
    }
    Ok(())
}

/// How many pods of other workloads the budget selects.
fn other_pods(workload: Object<'_>, budget: Object<'_>, world: &World<'_>) -> Result<i64, Undecided> {
    let mut pods = 0;
    for (api_version, kind, labels) in sdk::pods::WORKLOADS {
        // How many pods these run is not written down.
        if matches!(kind, "DaemonSet" | "Job" | "CronJob" | "Service") {
            continue;
        }
        let selected = Relation::selected_by(labels, budget.get("spec.selector"));
        for other in world.related(api_version, kind, Within::Namespace(workload.namespace()), &[selected])? {
            let same = other.name() == workload.name() && kind == workload.kind();
            let owned = other.get("metadata.ownerReferences").items().next().is_some();
            if same || owned || !as_workload(other, world)?.is_some_and(|other| selects(budget, other)) {
                continue;
            }
            if kind != "Deployment" || successor(other, world)?.is_none() {
                pods += effective_replicas(other, world)?.count;
            }
        }
    }
    Ok(pods)
}

/// Another workload; the pod template of a Rollout may be in the Deployment that it names.
fn as_workload<'a>(workload: Object<'a>, world: &World<'a>) -> Result<Option<Workload<'a>>, Undecided> {
    let Some(name) = workload.get("spec.workloadRef.name").str() else { return Ok(Workload::view(workload)) };
    let deployment = world.get("apps/v1", "Deployment", workload.namespace(), name)?;
    Ok(deployment.map(|deployment| Workload::with_template(workload, deployment.get("spec.template"))))
}

fn selects(budget: Object<'_>, workload: Workload<'_>) -> bool {
    let selector = LabelSelector::new(budget.get("spec.selector"));
    selector.selects(workload) && !(budget.version() == "v1beta1" && selector.is_everything())
}

/// What an `IntOrString` says.
enum Amount {
    Pods(i64),
    /// Up to 100.
    Percent(i64),
}

/// The amount in a field, or why it is not valid; `None` where nothing is set. Another type is noted as malformed.
fn amount(field: Field<'_>) -> Option<Result<Amount, String>> {
    let amount = match field.value()? {
        Value::String(text) => {
            let digits = text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|digits| digits.parse().ok()).filter(|percent| *percent <= 100).map(Amount::Percent)
        }
        _ => Some(field.integer()?).filter(|pods| *pods >= 0).map(Amount::Pods),
    };
    Some(amount.ok_or_else(|| "this is neither a whole number of at least 0 nor a percentage up to 100%".to_owned()))
}
