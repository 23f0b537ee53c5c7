#![no_std]
use sdk::prelude::*;
use sdk::probe::Probe;
use sdk::serving::{long_running, must_serve};

policy! {
    /// Long-running app containers have a readinessProbe.
    ///
    /// A probe has one handler: `httpGet`, `tcpSocket`, `exec` or `grpc`; without one, as in `{}`, it is no probe. A
    /// named port must be a port of the container. Init containers that run to completion cannot have probes,
    /// and neither Jobs, CronJobs nor Pods that are not restarted need any. A sidecar's readiness counts for the whole
    /// pod as well, but few have something to wait for: with the setting `sidecars`, one without a probe is a warning.
    ///
    /// Knative gives the container that serves a TCP probe on its port, so a Knative Service need not state one.
    ///
    /// ## Why
    ///
    /// Without it a pod counts as ready the moment its process starts: it gets requests before it can answer, and a
    /// rolling update replaces pods that work by pods that do not yet.
    ///
    /// ## Fix
    ///
    /// Let the probe call what says that the program can do its work now: connections are open, caches are warm.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           ports: [{name: http, containerPort: 8080}]
    /// ```
    ///
    /// No port of the container has that name:
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           ports: [{name: web, containerPort: 8080}]
    ///           readinessProbe: {httpGet: {path: /ready, port: http}}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           ports: [{name: http, containerPort: 8080}]
    ///           readinessProbe: {httpGet: {path: /ready, port: http}}
    /// ```
    ///
    /// ```yaml,not-applicable
    /// apiVersion: batch/v1
    /// kind: Job
    /// metadata: {name: report}
    /// spec:
    ///   template:
    ///     spec:
    ///       restartPolicy: Never
    ///       containers: [{name: report, image: "example.com/report:1.0.3"}]
    /// ```
    pub struct ReadinessProbe {
        /// Whether only workloads that serve are checked: those whose pods a Service selects or, if the input is
        /// partial, those that declare a port.
        only_behind_service: bool = false,
        /// Whether a sidecar (an init container with `restartPolicy: Always`) without a probe is a warning.
        sidecars: bool = false,
    }
    severity: High,
    section: Reliability,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: ["containers.readinessProbe", "containers.ports", "pod.spec.restartPolicy", "pod.metadata.labels"],
    looks_up: [Services],
}

impl Rule for ReadinessProbe {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = long_running(request)?;
        if self.only_behind_service {
            must_serve(workload, request.world())?;
        }
        for container in workload.containers(Class::LONG_RUNNING) {
            let probe = Probe::of(container, "readinessProbe");
            if !probe.is_missing() {
                probe.check(workload, findings);
            } else if is_probed_by_knative(workload, container) {
                findings.note(probe.field(), "Knative probes its port");
            } else if container.class() == Class::App {
                findings.fail(probe.field(), lack(probe), probe.proposal("/ready"));
            } else if self.sidecars {
                findings.warn(probe.field(), lack(probe), probe.proposal("/ready"));
            }
        }
        Ok(())
    }
}

/// Knative gives the container that serves a TCP probe: the only one, or the one with a port.
fn is_probed_by_knative(workload: Workload<'_>, container: Container<'_>) -> bool {
    workload.is_knative_service()
        && container.class() == Class::App
        && (container.get("ports").items().next().is_some() || workload.containers(&[Class::App]).count() == 1)
}

fn lack(probe: Probe<'_>) -> &'static str {
    if probe.field().is_set() {
        "a readinessProbe without a handler calls nothing"
    } else {
        "no readinessProbe, so its pod counts as ready the moment it starts"
    }
}
