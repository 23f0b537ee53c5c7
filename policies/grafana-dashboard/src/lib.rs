#![no_std]
mod selector;

use sdk::link::{Link, links};
use sdk::prelude::*;
use sdk::service::{Service, operated, text_at};
use sdk::value::Value;
use selector::Dashboard;

policy! {
    /// Every service has a Grafana dashboard, linked from its Backstage Component.
    ///
    /// The Component of a workload that runs as long as it can has the annotation `grafana/dashboard-selector` or
    /// `grafana/tag-selector`, or leads to a dashboard: by `grafana/overview-dashboard`, or by a link whose title, type, icon or
    /// URL speaks of Grafana or of a dashboard. A link is an item of `metadata.links`, or an annotation as Argo CD shows it,
    /// `link.argocd.argoproj.io/dashboard: https://...`: an API server drops `metadata.links`. Jobs and CronJobs are not asked
    /// for one.
    ///
    /// Where everything is in sight and there are dashboards, the selected one is among them. A dashboard is a
    /// GrafanaDashboard, or the JSON in a ConfigMap with the label of the setting `dashboard_label`. A selector is read as the
    /// Grafana plugin of Backstage reads it: a single word is a tag, anything else an expression such as
    /// `tags @> 'web' && title != 'Old'`. URLs and folders of a dashboard are not in its manifest, and the content of a
    /// GrafanaDashboard may be elsewhere: where these decide, it is unknown whether the selected one exists.
    ///
    /// The names of the service are the setting `service_names`; all of them count. `app.kubernetes.io/part-of` stands last,
    /// since it names a whole system. A Component is found by `backstage.io/kubernetes-id`, by
    /// `backstage.io/kubernetes-label-selector`, or by its name.
    ///
    /// ## Why
    ///
    /// The first minutes of an outage are spent looking for the graphs. A dashboard that only its author can find does not help.
    ///
    /// ## Fix
    ///
    /// Give the dashboard a tag with the name of the service, and the Component the annotation
    /// `grafana/dashboard-selector` with that tag.
    ///
    /// ## Fails
    ///
    /// The Component leads to no dashboard:
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
    /// metadata: {name: web}
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ```
    ///
    /// No dashboard has that tag:
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
    /// metadata: {name: web, annotations: {grafana/dashboard-selector: web}}
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ---
    /// apiVersion: grafana.integreatly.org/v1beta1
    /// kind: GrafanaDashboard
    /// metadata: {name: basket, namespace: monitoring}
    /// spec:
    ///   instanceSelector: {matchLabels: {dashboards: grafana}}
    ///   json: '{"title": "Basket", "tags": ["basket"], "panels": []}'
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
    /// metadata: {name: web, annotations: {grafana/dashboard-selector: web}}
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: dashboards, namespace: monitoring, labels: {grafana_dashboard: "1"}}
    /// data:
    ///   web.json: '{"title": "Web", "tags": ["web", "generated"], "panels": []}'
    /// ```
    pub struct GrafanaDashboard {
        /// The label of the ConfigMaps that hold dashboards, with whatever value.
        dashboard_label: String = "grafana_dashboard",
        /// Where the names of a workload's service are found: labels of the workload or of its pod template, or `metadata.name`.
        service_names: Vec<String> = [
            "backstage.io/kubernetes-id",
            "app.kubernetes.io/name",
            "metadata.name",
            "app.kubernetes.io/part-of",
        ],
    }
    severity: Low,
    section: Observability,
    since: "0.1.0",
    rests_on: [Grafana, Backstage],
    applies_to: [Workloads],
    reads: ["metadata.labels", "pod.metadata.labels", "pod.spec.restartPolicy"],
    looks_up: [
        "backstage.io/v1alpha1/Component": [
            "metadata.annotations",
            "metadata.links",
        ],
        "grafana.integreatly.org/v1beta1/GrafanaDashboard": ["spec.json"],
        "integreatly.org/v1alpha1/GrafanaDashboard": ["spec.json"],
        "v1/ConfigMap": ["metadata.labels", "data"],
    ],
}

impl Rule for GrafanaDashboard {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (operated(request)?, request.world());
        if workload.runs_to_completion() {
            return not_applicable("a CronJob may do without a dashboard");
        }
        let service = Service::of(workload, &self.service_names);
        let name = service.name();
        let Some(component) = service.component(world)? else {
            world.must_be_complete(format!("Backstage Component of service {name}"))?;
            let message = format!("service {name} has no dashboard: no Backstage Component leads to one");
            let fix = format!("{}, and with `grafana/dashboard-selector`", service.how_to_describe());
            findings.fail(workload.object().get("metadata.name"), message, fix);
            return Ok(());
        };
        let annotation = |key: &str| {
            Some(component.annotation(key)).filter(|field| field.str().is_some_and(|text| !text.is_empty()))
        };
        let (selector, tag) = (annotation("grafana/dashboard-selector"), annotation("grafana/tag-selector"));
        let is_linked =
            annotation("grafana/overview-dashboard").is_some() || links(component).iter().any(is_to_a_dashboard);
        if selector.is_none() && tag.is_none() && !is_linked {
            let message = format!("service {name} has no dashboard: no selector and no link here leads to one");
            let place = component.annotation("grafana/dashboard-selector");
            findings.fail(place, message, fix::set(place, name).example());
        }
        if let Some(field) = selector
            && !selector::is_readable(field.str().unwrap_or_default())
        {
            let fix = "a tag, or an expression such as tags @> 'web' && title != 'Old'";
            findings.fail(field, "the Grafana plugin of Backstage cannot read this selector", fix);
            return Ok(());
        }
        if world.is_complete() && (selector.is_some() || tag.is_some()) {
            let dashboards = self.dashboards(world)?;
            for (field, selects) in [(selector, selector::selects as Selects), (tag, selector::has_tag)] {
                field.map_or(Ok(()), |field| check_exists(field, selects, &dashboards, findings))?;
            }
        }
        Ok(())
    }
}

impl GrafanaDashboard {
    /// The dashboards in the world: what is known of each.
    fn dashboards<'a>(&self, world: &World<'a>) -> Result<Vec<Dashboard<'a>>, Undecided> {
        let mut dashboards = Vec::new();
        for api_version in ["grafana.integreatly.org/v1beta1", "integreatly.org/v1alpha1"] {
            for object in world.list_all(api_version, "GrafanaDashboard")? {
                let is_text = text_at(object.root(), &["spec", "json"]).is_some();
                dashboards.push(if is_text { read(object.get("spec.json")) } else { None });
            }
        }
        let label = format!("metadata.labels['{}']", self.dashboard_label);
        for object in world.related("v1", "ConfigMap", Within::All, &[Relation::having(&label)])? {
            let is_labelled = text_at(object.root(), &["metadata", "labels", &self.dashboard_label]).is_some();
            if is_labelled && matches!(object.get("data").value(), Some(Value::Object(_))) {
                dashboards.extend(object.get("data").entries().map(|(_, json)| read(json)));
            }
        }
        Ok(dashboards)
    }
}

/// What is known of a dashboard that is written in a string; nothing, where it is written elsewhere or is no JSON.
fn read(json: Field<'_>) -> Dashboard<'_> {
    let is_text = matches!(json.value(), Some(Value::String(_)));
    is_text.then(|| json.json()?.ok()?.value()).flatten()
}

/// Whether a link of a Component leads to a dashboard.
fn is_to_a_dashboard(link: &Link<'_>) -> bool {
    let speaks_of = |word| link.is_called(word) || link.points_to(word);
    link.url.is_some_and(|url| !url.is_empty()) && (speaks_of("dashboard") || speaks_of("grafana"))
}

/// Whether a selector or a tag selects a dashboard, if that is known.
type Selects = fn(&str, Dashboard<'_>) -> Option<bool>;

/// Finds a selector or a tag that selects none of the dashboards, if there are any.
fn check_exists(
    field: Field<'_>,
    selects: Selects,
    dashboards: &[Dashboard<'_>],
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let text = field.str().unwrap_or_default();
    let mut is_unknown = false;
    for dashboard in dashboards {
        match selects(text, *dashboard) {
            Some(true) => return Ok(()),
            Some(false) => {}
            None => is_unknown = true,
        }
    }
    if is_unknown {
        let reason = format!("`{text}` selects none of the dashboards that can be read; others are not in sight");
        return Err(Undecided::Unknown(reason));
    }
    if !dashboards.is_empty() {
        let message = format!("`{text}` selects none of the dashboards that are there");
        findings.fail(field, message, "the tag of a dashboard that is there");
    }
    Ok(())
}
