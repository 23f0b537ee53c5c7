#![no_std]
use sdk::prelude::*;
use sdk::probe::Probe;
use sdk::serving::{long_running, must_serve};

policy! {
    /// Long-running app containers have a livenessProbe.
    ///
    /// A probe has one handler: `httpGet`, `tcpSocket`, `exec` or `grpc`; without one, as in `{}`, it is no probe. A
    /// named port must be a port of the container. Init containers that run to completion cannot have probes,
    /// and neither Jobs, CronJobs nor Pods that are not restarted need any. With the setting `sidecars`, a
    /// sidecar without a probe gives a warning.
    ///
    /// A livenessProbe that uses the readinessProbe's endpoint should give up later: by a higher `failureThreshold`,
    /// or at least a longer time of failing (`failureThreshold` times `periodSeconds`). Where it does not, a warning
    /// says so, since a call that only shows that the process lives may well serve both; the setting
    /// `later_than_readiness` makes it a finding.
    ///
    /// ## Why
    ///
    /// A program that hangs keeps its pod and its place behind the Service until somebody restarts it; the probe has
    /// the kubelet do that. A probe that fails when the program is only busy, or waits for its database, restarts all
    /// replicas at the worst moment, one after the other.
    ///
    /// ## Fix
    ///
    /// Let the probe call what fails only when a restart helps, and never what depends on other services.
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
    ///           livenessProbe: {httpGet: {path: /alive, port: http}}
    /// ```
    ///
    /// One endpoint for both, with more patience before a restart:
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
    ///           readinessProbe: {httpGet: {path: /healthz, port: http}}
    ///           livenessProbe: {httpGet: {path: /healthz, port: http}, failureThreshold: 10}
    /// ```
    pub struct LivenessProbe {
        /// Whether only workloads that serve are checked: those whose pods a Service selects or, if the input is
        /// partial, those that declare a port.
        only_behind_service: bool = false,
        /// Whether a sidecar (an init container with `restartPolicy: Always`) without a probe is a warning.
        sidecars: bool = false,
        /// Whether a livenessProbe that uses the readinessProbe's endpoint, without a higher failureThreshold, breaks the rule.
        /// It is a warning otherwise.
        later_than_readiness: bool = false,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.livenessProbe",
        "containers.readinessProbe",
        "containers.ports",
        "pod.spec.restartPolicy",
        "pod.metadata.labels",
    ],
    looks_up: [Services],
}

impl Rule for LivenessProbe {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = long_running(request)?;
        if self.only_behind_service {
            must_serve(workload, request.world())?;
        }
        for container in workload.containers(Class::LONG_RUNNING) {
            let probe = Probe::of(container, "livenessProbe");
            if !probe.is_missing() {
                probe.check(workload, findings);
                self.check_patience(probe, Probe::of(container, "readinessProbe"), findings);
            } else if container.class() == Class::App {
                findings.fail(probe.field(), lack(probe), probe.proposal("/alive"));
            } else if self.sidecars {
                findings.warn(probe.field(), lack(probe), probe.proposal("/alive"));
            }
        }
        Ok(())
    }
}

impl LivenessProbe {
    /// What takes a pod out of rotation for a while must not restart it at the same moment.
    fn check_patience(&self, liveness: Probe<'_>, readiness: Probe<'_>, findings: &mut Findings) {
        let later =
            liveness.failure_threshold() > readiness.failure_threshold() || liveness.patience() > readiness.patience();
        if later || !liveness.calls_the_same_as(readiness) {
            return;
        }
        let place = liveness.field().get("failureThreshold");
        let message = "it uses the readinessProbe's endpoint without a higher failureThreshold, so what makes the container unready also restarts it";
        let fix = fix::set(place, readiness.failure_threshold().saturating_mul(3)).safe();
        if self.later_than_readiness {
            findings.fail(place, message, fix);
        } else {
            findings.warn(place, message, fix);
        }
    }
}

fn lack(probe: Probe<'_>) -> &'static str {
    if probe.field().is_set() {
        "a livenessProbe without a handler calls nothing"
    } else {
        "no livenessProbe, so a program that hangs is never restarted"
    }
}
