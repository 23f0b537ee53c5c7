#![no_std]
mod objectives;

use sdk::prelude::*;
use sdk::service::{Service, text_at};
use sdk::serving::{long_running, must_serve};
use sdk::value::Value;

policy! {
    /// Every serving workload has an SLO below 100 % with an alert.
    ///
    /// One of these names the service of a workload that serves:
    ///
    /// - a PrometheusServiceLevel of Sloth, or an SLO of OpenSLO, in `spec.service`;
    /// - a ServiceLevelObjective of Pyrra, by its name, by a label (`pyrra.dev/service: web`), or by a label matcher in the
    ///   metrics of its indicator (`job="web"`);
    /// - a PrometheusRule with the recording rules of an objective: with the label `sloth_service`, or with a `record` that
    ///   begins with `slo:` and has the service in a label, in a label of the PrometheusRule, or in its name.
    ///
    /// A workload serves if a Service selects its pods, or, where not everything is in sight, if its containers declare ports.
    ///
    /// The objectives themselves are checked too, whoever owns them: each is more than 0 % and less than 100 % (a `target` of
    /// OpenSLO is a fraction, from 0 to 1), and the page alert and the ticket alert of Sloth are not both disabled, nor the
    /// burn-rate alerts of Pyrra, which are its only ones about the objective. That is said of them and not again of the workload.
    ///
    /// The names of the service are the setting `service_names`; all of them count. `app.kubernetes.io/part-of` stands last,
    /// since it names a whole system.
    ///
    /// ## Why
    ///
    /// Without an objective nobody can say whether the service is good enough: every error is one too many, or none is.
    /// With 100 % there is no budget for errors, so that the first one pages; with all alerts off nobody is notified.
    ///
    /// ## Fix
    ///
    /// Agree with those who use the service on how often it may fail, and write that down as a PrometheusServiceLevel.
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
    /// ```yaml,fail
    /// apiVersion: sloth.slok.dev/v1
    /// kind: PrometheusServiceLevel
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   service: web
    ///   slos:
    ///     - name: availability
    ///       objective: 100
    ///       sli: {events: {errorQuery: "sum(rate(errors[{{.window}}]))", totalQuery: "sum(rate(requests[{{.window}}]))"}}
    ///       alerting: {name: WebErrors}
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
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec: {selector: {app: web}, ports: [{port: 80}]}
    /// ---
    /// apiVersion: sloth.slok.dev/v1
    /// kind: PrometheusServiceLevel
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   service: web
    ///   slos:
    ///     - name: availability
    ///       objective: 99.9
    ///       sli: {events: {errorQuery: "sum(rate(errors[{{.window}}]))", totalQuery: "sum(rate(requests[{{.window}}]))"}}
    ///       alerting: {name: WebErrors}
    /// ```
    pub struct ServiceLevelObjective {
        /// Where the names of a workload's service are found: labels of the workload or of its pod template, or `metadata.name`.
        service_names: Vec<String> = [
            "backstage.io/kubernetes-id",
            "app.kubernetes.io/name",
            "metadata.name",
            "app.kubernetes.io/part-of",
        ],
    }
    severity: Medium,
    section: Observability,
    since: "0.1.0",
    rests_on: [Sloth | OpenSlo | Pyrra],
    applies_to: [
        Workloads,
        "sloth.slok.dev/v1/PrometheusServiceLevel",
        "openslo/v1/SLO",
        "pyrra.dev/v1alpha1/ServiceLevelObjective",
    ],
    reads: [
        "metadata.labels",
        "pod.metadata.labels",
        "pod.spec.restartPolicy",
        "containers.ports",
        "spec.service",
        "spec.slos.objective",
        "spec.slos.alerting.pageAlert.disable",
        "spec.slos.alerting.ticketAlert.disable",
        "spec.objectives.target",
        "spec.objectives.targetPercent",
        "spec.target",
        "spec.alerting",
    ],
    looks_up: [
        Services,
        "sloth.slok.dev/v1/PrometheusServiceLevel": ["spec.service"],
        "openslo/v1/SLO": ["spec.service"],
        "pyrra.dev/v1alpha1/ServiceLevelObjective": ["metadata.labels", "spec.indicator"],
        "monitoring.coreos.com/v1/PrometheusRule": [
            "metadata.labels",
            "spec.groups.rules.record",
            "spec.groups.rules.labels",
        ],
    ],
}

impl Rule for ServiceLevelObjective {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (object, world) = (request.object(), request.world());
        match (object.group(), object.kind()) {
            ("sloth.slok.dev", "PrometheusServiceLevel") => objectives::check_sloth(object, findings),
            ("openslo", "SLO") => objectives::check_openslo(object, findings),
            ("pyrra.dev", "ServiceLevelObjective") => objectives::check_pyrra(object, findings),
            _ => {
                let workload = long_running(request)?;
                must_serve(workload, world)?;
                let service = Service::of(workload, &self.service_names);
                if has_an_objective(&service, world)? {
                    return Ok(());
                }
                let name = service.name();
                world.must_be_complete(format!("service-level objective of service {name}"))?;
                let fix = format!("add one, such as a PrometheusServiceLevel of Sloth with `service: {name}`");
                let message = format!("no service-level objective names service {name}");
                findings.fail(object.get("metadata.name"), message, fix);
            }
        }
        Ok(())
    }
}

/// Whether an objective in the world names the service. What is malformed there names nothing.
fn has_an_objective(service: &Service<'_>, world: &World<'_>) -> Result<bool, Undecided> {
    // What more clusters serve comes first: each question for the others costs a policy-server a call that fails.
    let naming = ["spec.groups.rules.labels", "metadata.labels", "metadata.name"];
    let naming = naming.map(|field| Relation::naming(field, service.names()));
    let all = world.related("monitoring.coreos.com/v1", "PrometheusRule", Within::All, &naming)?;
    if all.iter().any(|object| is_recorded_by(service, *object)) {
        return Ok(true);
    }
    let all = world.list_all("pyrra.dev/v1alpha1", "ServiceLevelObjective")?;
    if all.iter().any(|object| service.is_subject_of(*object) || is_measured_by(service, *object)) {
        return Ok(true);
    }
    for (api_version, kind) in [("sloth.slok.dev/v1", "PrometheusServiceLevel"), ("openslo/v1", "SLO")] {
        // The group has no dot, so no cluster has it.
        if api_version == "openslo/v1" && world.is_admission() {
            continue;
        }
        let names = |object: &Object<'_>| {
            text_at(object.root(), &["spec", "service"]).is_some_and(|name| service.is_called(name))
        };
        let naming = [Relation::naming("spec.service", service.names())];
        if world.related(api_version, kind, Within::All, &naming)?.iter().any(names) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the indicator of a ServiceLevelObjective is made of metrics with the service in a label: `{job="web"}`.
fn is_measured_by(service: &Service<'_>, objective: Object<'_>) -> bool {
    fn says(value: &Value<'_>, is: &dyn Fn(&str) -> bool) -> bool {
        value.str().is_some_and(is) || value.members().iter().any(|(_, value)| says(value, is))
    }
    // Between two quotes stands the value of a label.
    let is = |metric: &str| metric.split('"').skip(1).step_by(2).any(|value| service.is_called(value));
    objective.root().value().and_then(|root| root.get("spec")?.get("indicator")).is_some_and(|value| says(value, &is))
}

/// Whether a PrometheusRule records an objective of the service.
fn is_recorded_by(service: &Service<'_>, object: Object<'_>) -> bool {
    let records = |rule: &Value<'_>| {
        let labels = rule.get("labels");
        if let Some(name) = labels.and_then(|labels| labels.get("sloth_service")?.str()) {
            return service.is_called(name);
        }
        rule.get("record").and_then(Value::str).is_some_and(|record| record.starts_with("slo:"))
            && (service.is_subject_of(object) || labels.is_some_and(|labels| service.is_named_in(labels)))
    };
    let groups = object.root().value().and_then(|root| root.get("spec")?.get("groups"));
    let mut rules = groups.into_iter().flat_map(Value::items).filter_map(|group| group.get("rules"));
    rules.any(|rules| rules.items().iter().any(records))
}
