#![no_std]
mod pattern;
mod routing;

use sdk::prelude::*;
use sdk::service::{Service, operated};

policy! {
    /// Every service has a PagerDuty service that receives its alerts.
    ///
    /// The Backstage Component of the service carries `pagerduty.com/service-id` or `pagerduty.com/integration-key`. It is
    /// asked of workloads that run as long as they can, or again and again as a CronJob does; what runs once, such as a Job,
    /// is its service's affair.
    ///
    /// An AlertmanagerConfig routes the alerts of the service: on the way from its root to a route with a receiver that has
    /// `pagerdutyConfigs`, every matcher fits an alert.
    ///
    /// - The alerts of the service are those of a PrometheusRule that names it by its own name, by a label, or by a label of
    ///   the alert. What labels their rules give them is known, and so is their `namespace`.
    /// - Any other label fits where it is the name of the service or of its owner; `severity` fits with any value, since a
    ///   service has alerts of all severities. The same is asked where no alert of the service is in sight.
    /// - Regular expressions are read if they are made of words, `|`, `.*` and `.+`; others are taken to fit.
    /// - An AlertmanagerConfig takes the alerts of its own namespace, unless an Alertmanager says otherwise
    ///   (`alertmanagerConfigMatcherStrategy`, `alertmanagerConfiguration`).
    ///
    /// Whether an earlier route takes the alert away is not asked. The configuration in the Secret of an Alertmanager is not
    /// looked into: where there is one, it is unknown whether a route is missing. By the setting `routing` no route is asked for.
    ///
    /// An AlertmanagerConfig is checked too: a receiver that calls PagerDuty has a key, and a route has a receiver.
    ///
    /// The names of the service are the setting `service_names`; all of them count. `app.kubernetes.io/part-of` stands last,
    /// since it names a whole system. A Component is found by `backstage.io/kubernetes-id`, by
    /// `backstage.io/kubernetes-label-selector`, or by its name.
    ///
    /// ## Why
    ///
    /// An alert that reaches a channel which nobody reads at night is no alert. And whoever looks at the service in
    /// Backstage sees who is called, and what is going on, only where the two know each other.
    ///
    /// ## Fix
    ///
    /// Add the id of the PagerDuty service to the Component, and route the alerts of its namespace to a receiver with
    /// `pagerdutyConfigs`.
    ///
    /// ## Fails
    ///
    /// The alerts go to a chat:
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
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Component
    /// metadata: {name: web, annotations: {pagerduty.com/service-id: PX7Q2LA}}
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ---
    /// apiVersion: monitoring.coreos.com/v1alpha1
    /// kind: AlertmanagerConfig
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   route: {receiver: chat}
    ///   receivers: [{name: chat, slackConfigs: [{channel: "#shop"}]}]
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
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Component
    /// metadata: {name: web, annotations: {pagerduty.com/service-id: PX7Q2LA}}
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ---
    /// apiVersion: monitoring.coreos.com/v1alpha1
    /// kind: AlertmanagerConfig
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   route:
    ///     receiver: chat
    ///     routes: [{receiver: pager, matchers: [{name: severity, value: critical, matchType: "="}]}]
    ///   receivers:
    ///     - {name: chat, slackConfigs: [{channel: "#shop"}]}
    ///     - {name: pager, pagerdutyConfigs: [{routingKey: {name: pagerduty, key: routing-key}}]}
    /// ```
    pub struct PagerdutyService {
        /// Whether an AlertmanagerConfig must route the alerts; off where routes are kept elsewhere, such as in PagerDuty itself.
        routing: bool = true,
        /// Where the names of a workload's service are found: labels of the workload or of its pod template, or `metadata.name`.
        service_names: Vec<String> = [
            "backstage.io/kubernetes-id",
            "app.kubernetes.io/name",
            "metadata.name",
            "app.kubernetes.io/part-of",
        ],
    }
    severity: Medium,
    section: Operations,
    since: "0.1.0",
    rests_on: [PagerDuty],
    applies_to: [Workloads, "monitoring.coreos.com/v1alpha1/AlertmanagerConfig"],
    reads: [
        "metadata.labels",
        "pod.metadata.labels",
        "pod.spec.restartPolicy",
        "spec.route",
        "spec.receivers.name",
        "spec.receivers.pagerdutyConfigs",
    ],
    looks_up: [
        "backstage.io/v1alpha1/Component": [
            "metadata.annotations['backstage.io/kubernetes-id']",
            "metadata.annotations['backstage.io/kubernetes-label-selector']",
            "metadata.annotations['pagerduty.com/integration-key']",
            "metadata.annotations['pagerduty.com/service-id']",
            "spec.owner",
        ],
        "monitoring.coreos.com/v1alpha1/AlertmanagerConfig": [
            "spec.route",
            "spec.receivers.name",
            "spec.receivers.pagerdutyConfigs",
        ],
        "monitoring.coreos.com/v1/Alertmanager": [
            "spec.alertmanagerConfigMatcherStrategy",
            "spec.alertmanagerConfigSelector",
            "spec.alertmanagerConfiguration",
            "spec.configSecret",
        ],
        "monitoring.coreos.com/v1/PrometheusRule": [
            "metadata.labels",
            "spec.groups.rules.alert",
            "spec.groups.rules.labels",
        ],
    ],
}

impl Rule for PagerdutyService {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        if request.object().is("monitoring.coreos.com", "AlertmanagerConfig") {
            check_config(request.object(), findings);
            return Ok(());
        }
        let (workload, world) = (operated(request)?, request.world());
        let service = Service::of(workload, &self.service_names);
        let name = service.name();
        let Some(component) = service.component(world)? else {
            world.must_be_complete(format!("Backstage Component of service {name}"))?;
            let message = format!("service {name} has no PagerDuty service: no Backstage Component says which one");
            let fix = format!("{}, and with `pagerduty.com/service-id`", service.how_to_describe());
            findings.fail(workload.object().get("metadata.name"), message, fix);
            return Ok(());
        };
        let annotations = component.get("metadata.annotations");
        let is_set = |key: &str| annotations.entry(key).str().is_some_and(|text| !text.trim_ascii().is_empty());
        if !is_set("pagerduty.com/service-id") && !is_set("pagerduty.com/integration-key") {
            let message = format!("service {name} has no PagerDuty service");
            let place = annotations.entry("pagerduty.com/service-id");
            let value = "<the id at the end of the address of the service in PagerDuty>";
            findings.fail(place, message, fix::set(place, value).example());
        }
        if self.routing {
            routing::check(workload.object(), &service, component, world, findings)?;
        }
        Ok(())
    }
}

/// Judges an AlertmanagerConfig alone.
fn check_config(config: Object<'_>, findings: &mut Findings) {
    let receivers = config.get("spec.receivers");
    for entry in receivers.items().flat_map(|receiver| receiver.get("pagerdutyConfigs").items()) {
        let key = entry.get("routingKey");
        if !key.is_set() && !entry.get("serviceKey").is_set() {
            let message = "without a routingKey or a serviceKey PagerDuty takes no alert";
            findings.fail(
                key,
                message,
                fix::set(key, Json::of("name", "<the Secret>").and("key", "<its key>")).example(),
            );
        }
    }
    check_route(config.get("spec.route"), receivers, findings);
}

/// Judges a route and those below it.
fn check_route(route: Field<'_>, receivers: Field<'_>, findings: &mut Findings) {
    let field = route.get("receiver");
    if let Some(receiver) = field.str().filter(|receiver| !receiver.is_empty())
        && !receivers.items().any(|known| known.get("name").str() == Some(receiver))
    {
        let message = format!("no receiver is named `{receiver}`, so the operator refuses the whole configuration");
        findings.fail(field, message, fix::set(field, "<the name of one of spec.receivers>").example());
    }
    route.get("routes").items().for_each(|route| check_route(route, receivers, findings));
}
