#![no_std]
use sdk::prelude::*;
use sdk::replicas::{effective_replicas, replicated};

policy! {
    /// Replicated workloads spread their pods over zones.
    ///
    /// A workload with two or more replicas has a topologySpreadConstraint over `topology.kubernetes.io/zone` (or the
    /// old label `failure-domain.beta.kubernetes.io/zone`), and its labelSelector matches the pod's own labels: one
    /// without a selector counts no pods and spreads nothing. With the setting `accept_anti_affinity` a podAntiAffinity
    /// over zones will do, required or preferred.
    ///
    /// Replicas are what an autoscaler keeps at least, or else `spec.replicas`. A DaemonSet runs on every node, and
    /// Jobs run to completion: neither is asked.
    ///
    /// What the API server refuses in a constraint is a finding, in every kind of workload: `minDomains` without
    /// `DoNotSchedule`, `maxSkew` below 1, an unknown `whenUnsatisfiable`, no `topologyKey`.
    ///
    /// ## Why
    ///
    /// The scheduler likes to put the pods where there is room, and that may be one zone. Then the zone that fails
    /// takes all replicas with it, however many there are.
    ///
    /// ## Fix
    ///
    /// Add a constraint over zones with the workload's own selector. `ScheduleAnyway` is safe everywhere;
    /// `DoNotSchedule` leaves pods pending rather than uneven.
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
    /// It spreads the pods of another workload:
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
    ///     spec:
    ///       topologySpreadConstraints:
    ///         - maxSkew: 1
    ///           topologyKey: topology.kubernetes.io/zone
    ///           whenUnsatisfiable: ScheduleAnyway
    ///           labelSelector: {matchLabels: {app: api}}
    ///       containers: [{name: app, image: "example.com/web:1.4.2"}]
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
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       topologySpreadConstraints:
    ///         - maxSkew: 1
    ///           topologyKey: topology.kubernetes.io/zone
    ///           whenUnsatisfiable: ScheduleAnyway
    ///           labelSelector: {matchLabels: {app: web}}
    ///       containers: [{name: app, image: "example.com/web:1.4.2"}]
    /// ```
    ///
    /// ```yaml,not-applicable
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 1
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    pub struct TopologySpread {
        /// Whether a podAntiAffinity over zones, required or preferred, is as good as a constraint. A required one
        /// allows no more pods than there are zones.
        accept_anti_affinity: bool = false,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    applies_to: [Workloads],
    reads: [
        "spec.replicas",
        "pod.metadata.labels",
        "pod.spec.topologySpreadConstraints",
        "pod.spec.affinity.podAntiAffinity",
    ],
    looks_up: [
        Autoscalers,
        "argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"],
        "apps/v1/Deployment": [
            "spec.template.metadata.labels",
            "spec.template.spec.topologySpreadConstraints",
            "spec.template.spec.affinity.podAntiAffinity",
        ],
    ],
}

impl Rule for TopologySpread {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        // What is refused is refused wherever it stands; a Rollout may have its pod template elsewhere.
        if let Ok(workload) = request.workload() {
            for constraint in workload.pod().get("topologySpreadConstraints").items() {
                check_constraint(constraint, findings);
            }
        }
        let workload = replicated(request)?;
        let place = workload.pod().get("topologySpreadConstraints");
        let replicas = effective_replicas(workload.object(), request.world())?;
        if replicas.count < 2 {
            return not_applicable(format!("nothing to spread: {replicas}"));
        }
        if self.accept_anti_affinity && keeps_zones_apart(workload) {
            return Ok(());
        }
        let over_zones = || place.items().filter(|constraint| is_zone(constraint.get("topologyKey")));
        if over_zones().next().is_none() {
            let constraint = Json::of("maxSkew", 1)
                .and("topologyKey", "topology.kubernetes.io/zone")
                .and("whenUnsatisfiable", "ScheduleAnyway")
                .and("labelSelector", "<the workload's own selector>");
            let fix = fix::set(place, vec![constraint]).example();
            findings.fail(place, format!("{replicas}, and nothing spreads them over zones"), fix);
        } else if !over_zones().any(|constraint| selects(constraint, workload)) {
            for constraint in over_zones() {
                let message = "it selects none of these pods, so it does not spread them";
                findings.fail(constraint.get("labelSelector"), message, "the workload's own selector");
            }
        }
        Ok(())
    }
}

fn is_zone(key: Field<'_>) -> bool {
    matches!(key.str(), Some("topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone"))
}

/// Whether the labelSelector beside a topologyKey matches the workload's own pods.
fn selects(spread: Field<'_>, workload: Workload<'_>) -> bool {
    LabelSelector::new(spread.get("labelSelector")).selects(workload)
}

/// What the API server refuses, whatever the constraint is over.
fn check_constraint(constraint: Field<'_>, findings: &mut Findings) {
    let key = constraint.get("topologyKey");
    if key.str().is_none_or(str::is_empty) {
        findings.fail(key, "a constraint says over what it spreads", "topologyKey: topology.kubernetes.io/zone");
    }
    let action = constraint.get("whenUnsatisfiable");
    let refuses = match action.str() {
        Some("DoNotSchedule") => true,
        Some("ScheduleAnyway") => false,
        _ => {
            let message = "a constraint says what to do where it cannot be met";
            findings.fail(action, message, "whenUnsatisfiable: ScheduleAnyway or DoNotSchedule");
            true
        }
    };
    let domains = constraint.get("minDomains");
    if domains.is_set() && !refuses {
        findings.fail(domains, "minDomains goes with DoNotSchedule only", fix::set(action, "DoNotSchedule"));
    }
    for (number, example) in [(constraint.get("maxSkew"), 1), (domains, 2)] {
        if number.integer().is_some_and(|number| number < 1) {
            findings.fail(number, "the API server takes 1 and more", fix::set(number, example));
        }
    }
    let skew = constraint.get("maxSkew");
    if !skew.is_set() {
        findings.fail(skew, "a constraint says how uneven the pods may be", fix::set(skew, 1));
    }
}

/// Whether the pods keep away from each other's zones.
fn keeps_zones_apart(workload: Workload<'_>) -> bool {
    let rules = workload.pod().get("affinity.podAntiAffinity");
    let required = rules.get("requiredDuringSchedulingIgnoredDuringExecution").items();
    let preferred = rules.get("preferredDuringSchedulingIgnoredDuringExecution").items();
    let preferred = preferred.map(|preference| preference.get("podAffinityTerm"));
    let mut terms = required.chain(preferred);
    terms.any(|term| {
        is_zone(term.get("topologyKey")) && selects(term, workload) && is_about_own_namespace(term, workload)
    })
}

/// Whether an affinity term looks at the workload's own namespace: it names that, or no namespaces at all, or selects
/// some by labels that are not known here.
fn is_about_own_namespace(term: Field<'_>, workload: Workload<'_>) -> bool {
    let namespaces = term.get("namespaces");
    let own = workload.object().namespace();
    term.get("namespaceSelector").is_set()
        || namespaces.items().next().is_none()
        || own.is_none_or(|own| namespaces.items().any(|name| name.str() == Some(own)))
}
