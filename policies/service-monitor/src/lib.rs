#![no_std]
mod scrape_config;

use sdk::prelude::*;
use sdk::serving::{long_running, must_serve, services_selecting};
use sdk::value::Value;

policy! {
    /// Prometheus scrapes every serving workload.
    ///
    /// Either a ServiceMonitor selects a Service that selects the pods, by the Service's own labels and within its
    /// `namespaceSelector` (by default its own namespace), and one of its endpoints names a port of that Service; or a
    /// PodMonitor selects the pods, and one of its endpoints names a port of a container. An endpoint that names no port
    /// takes them all. An empty `selector` selects everything, and the API server refuses a monitor without one; whether a
    /// Prometheus takes up the monitor is not asked.
    ///
    /// By setting, these count as well: a VMServiceScrape of VictoriaMetrics, which reads like a ServiceMonitor; a
    /// ScrapeConfig, with a target that is a Service of the pods or a Kubernetes discovery that finds it or them, relabelling
    /// aside; and the annotation `prometheus.io/scrape: "true"` on the pods or on a Service of theirs.
    ///
    /// A workload serves if a Service selects its pods, or, where not everything is in sight, if its containers declare ports.
    ///
    /// ## Why
    ///
    /// What is not measured breaks without a sound: no alert can fire on a metric that nobody collects. The usual cause is a
    /// port name that is not the Service's, which no tool complains about.
    ///
    /// ## Fix
    ///
    /// Add a ServiceMonitor whose selector matches the labels of the Service, and whose endpoint has the `name` of the port
    /// on which the metrics are.
    ///
    /// ## Fails
    ///
    /// The Service has no port that is called `metrics`:
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
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
    /// ---
    /// apiVersion: monitoring.coreos.com/v1
    /// kind: ServiceMonitor
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   endpoints: [{port: metrics}]
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
    /// metadata: {name: web, namespace: shop, labels: {app: web}}
    /// spec: {selector: {app: web}, ports: [{name: http, port: 80}, {name: metrics, port: 9090}]}
    /// ---
    /// apiVersion: monitoring.coreos.com/v1
    /// kind: ServiceMonitor
    /// metadata: {name: web, namespace: monitoring}
    /// spec:
    ///   namespaceSelector: {matchNames: [shop]}
    ///   selector: {matchLabels: {app: web}}
    ///   endpoints: [{port: metrics}]
    /// ```
    pub struct ServiceMonitor {
        /// Whether a VMServiceScrape of VictoriaMetrics counts.
        vm_service_scrape: bool = false,
        /// Whether a ScrapeConfig of the Prometheus operator counts.
        scrape_config: bool = false,
        /// Whether the annotation `prometheus.io/scrape: "true"` on the pods or on their Service counts.
        annotations: bool = false,
    }
    severity: Medium,
    section: Observability,
    since: "0.1.0",
    rests_on: [PrometheusOperator | VictoriaMetrics],
    applies_to: [Workloads],
    reads: [
        "pod.metadata.labels",
        "pod.metadata.annotations['prometheus.io/scrape']",
        "pod.spec.restartPolicy",
        "containers.ports",
    ],
    looks_up: [
        "v1/Service": [
            "metadata.labels",
            "metadata.annotations['prometheus.io/scrape']",
            "spec.selector",
            "spec.type",
            "spec.ports",
        ],
        "monitoring.coreos.com/v1/ServiceMonitor": [
            "spec.selector",
            "spec.namespaceSelector",
            "spec.endpoints.port",
            "spec.endpoints.targetPort",
        ],
        "monitoring.coreos.com/v1/PodMonitor": [
            "spec.selector",
            "spec.namespaceSelector",
            "spec.podMetricsEndpoints.port",
            "spec.podMetricsEndpoints.portNumber",
            "spec.podMetricsEndpoints.targetPort",
        ],
        "operator.victoriametrics.com/v1beta1/VMServiceScrape": [
            "spec.selector",
            "spec.namespaceSelector",
            "spec.endpoints.port",
            "spec.endpoints.targetPort",
        ],
        "monitoring.coreos.com/v1alpha1/ScrapeConfig": ["spec.staticConfigs.targets", "spec.kubernetesSDConfigs"],
    ],
}

impl Rule for ServiceMonitor {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (long_running(request)?, request.world());
        must_serve(workload, world)?;
        let services = services_selecting(workload, world)?;
        let annotated =
            |annotations: Field<'_>| annotations.get("annotations").entry("prometheus.io/scrape").str() == Some("true");
        if self.annotations
            && (annotated(workload.template().get("metadata"))
                || services.iter().any(|service| annotated(service.get("metadata"))))
        {
            return Ok(());
        }
        let selecting = services.iter().map(|service| Relation::selecting("spec.selector", service.labels()));
        let selecting: Vec<Relation<'_>> = selecting.collect();
        let mut misses = Vec::new();
        let monitors = world.related("monitoring.coreos.com/v1", "ServiceMonitor", Within::All, &selecting)?;
        if is_monitored(&services, workload, &monitors, &mut misses) {
            return Ok(());
        }
        let own = [Relation::selecting("spec.selector", workload.pod_labels())];
        let monitors = world.related("monitoring.coreos.com/v1", "PodMonitor", Within::All, &own)?;
        if is_pod_monitored(workload, &monitors, &mut misses) {
            return Ok(());
        }
        // What few clusters serve comes last: each question for it costs a policy-server a call that fails.
        if self.vm_service_scrape {
            let version = "operator.victoriametrics.com/v1beta1";
            let monitors = world.related(version, "VMServiceScrape", Within::All, &selecting)?;
            if is_monitored(&services, workload, &monitors, &mut misses) {
                return Ok(());
            }
        }
        if self.scrape_config {
            let configs = world.list_all("monitoring.coreos.com/v1alpha1", "ScrapeConfig")?;
            if configs.into_iter().any(|config| scrape_config::finds(config, workload, &services)) {
                return Ok(());
            }
        }
        world.must_be_complete("ServiceMonitor or PodMonitor that scrapes it")?;
        let place = workload.object().get("metadata.name");
        if misses.is_empty() {
            let of = services.first().map_or_else(String::new, |service| format!(" of Service {}", service.name()));
            let fix = format!("add a ServiceMonitor that selects the labels{of} and names one of its ports");
            findings.fail(place, "no ServiceMonitor or PodMonitor selects it, so nothing scrapes it", fix);
        }
        for message in misses {
            findings.fail(place, message, "name a port that is there in the monitor, or give the port that name");
        }
        Ok(())
    }
}

/// Whether one of the monitors selects one of the Services and a port of it; notes those that miss only the port.
fn is_monitored(
    services: &[Object<'_>],
    workload: Workload<'_>,
    monitors: &[Object<'_>],
    misses: &mut Vec<String>,
) -> bool {
    for (monitor, service) in monitors.iter().flat_map(|monitor| services.iter().map(move |service| (monitor, service)))
    {
        let here = workload.object().namespace();
        if !selects(*monitor, |selector| selector.matches(service.labels()), here) {
            continue;
        }
        let mut wanted = None;
        for endpoint in monitor.get("spec.endpoints").items() {
            let Some(port) = port_of(endpoint, &["port", "targetPort"]) else {
                return true;
            };
            let mut ports = service.get("spec.ports").items();
            let found = if endpoint.get("port").is_set() {
                ports.any(|known| known.get("name").str() == Some(port))
            } else {
                ports.any(|known| port_of(known, &["targetPort", "port"]) == Some(port)) || has_port(workload, port)
            };
            if found {
                return true;
            }
            wanted = Some(port);
        }
        misses.push(miss(*monitor, &format!("Service {}", service.name()), wanted));
    }
    false
}

/// The same for monitors of pods.
fn is_pod_monitored(workload: Workload<'_>, monitors: &[Object<'_>], misses: &mut Vec<String>) -> bool {
    for monitor in monitors {
        if !selects(*monitor, |selector| selector.selects(workload), workload.object().namespace()) {
            continue;
        }
        let mut wanted = None;
        for endpoint in monitor.get("spec.podMetricsEndpoints").items() {
            match port_of(endpoint, &["port", "portNumber", "targetPort"]) {
                None => return true,
                Some(port) if has_port(workload, port) => return true,
                Some(port) => wanted = Some(port),
            }
        }
        misses.push(miss(*monitor, "its pods", wanted));
    }
    false
}

/// What to say of a monitor that selects the right thing, but no port of it.
fn miss(monitor: Object<'_>, selected: &str, wanted: Option<&str>) -> String {
    let (kind, name) = (monitor.kind(), monitor.name());
    match wanted {
        Some(port) => format!("{kind} {name} selects {selected}, but scrapes a port {port}, which is not there"),
        None => format!("{kind} {name} selects {selected}, but has no endpoints to scrape"),
    }
}

/// Whether a monitor selects something in this namespace that its selector, asked so, matches.
fn selects<'a>(monitor: Object<'a>, matches: impl FnOnce(LabelSelector<'a>) -> bool, namespace: Option<&str>) -> bool {
    let selector = monitor.get("spec.selector");
    let namespaces = monitor.get("spec.namespaceSelector");
    let mut names = namespaces.get("matchNames").items().peekable();
    let here = if namespaces.get("any").bool() == Some(true) {
        true
    } else if names.peek().is_some() {
        // What names no namespace is deployed to one that is said later, and a monitor that names some knows of it.
        namespace.is_none() || names.any(|name| name.str() == namespace)
    } else {
        monitor.namespace() == namespace
    };
    // The operator of Prometheus requires a selector; to VictoriaMetrics an absent one is the empty one.
    let selects_all = !selector.is_set() && monitor.kind() == "VMServiceScrape";
    here && (selects_all || matches(LabelSelector::new(selector)))
}

/// Whether a long-running container declares a port of that name or number.
fn has_port(workload: Workload<'_>, wanted: &str) -> bool {
    workload.containers(Class::LONG_RUNNING).any(|container| {
        container
            .get("ports")
            .items()
            .any(|port| port.get("name").str() == Some(wanted) || port_of(port, &["containerPort"]) == Some(wanted))
    })
}

/// The first of these fields that is set, a name or a number, as text.
fn port_of<'a>(endpoint: Field<'a>, fields: &[&'a str]) -> Option<&'a str> {
    fields.iter().find_map(|field| match endpoint.get(field).value()? {
        Value::Number(number) => Some(*number),
        Value::String("") => None,
        _ => endpoint.get(field).str(),
    })
}
