#![no_std]
use sdk::prelude::*;
use sdk::probe::Probe;
use sdk::serving::long_running;

policy! {
    /// Slow-starting containers have a startupProbe.
    ///
    /// A container starts slowly if its livenessProbe waits long before the first call (`initialDelaySeconds` above the
    /// setting `slow_after_seconds`), or if its image is one that the setting `slow_images` lists. A workload says so
    /// itself with the annotation `seaworthy.dev/slow-start: "true"`, on the object or on its pod template; then one of
    /// its app containers needs the probe, since not all of them are slow.
    ///
    /// The probe must allow as much time as is asked for: what the livenessProbe waits, or else `slow_after_seconds`.
    /// It allows `failureThreshold` times `periodSeconds` (by default 3 times 10), after its own `initialDelaySeconds`.
    /// It has one handler, and a named port must be a port of the container.
    ///
    /// ## Why
    ///
    /// A livenessProbe that waits long for a slow start waits as long after every restart before it sees a program
    /// hang, and on a busy day the start takes longer than it waits: the container is restarted in the middle of its
    /// start, again and again. A startupProbe ends the wait as soon as the program is up, and may allow far more.
    ///
    /// ## Fix
    ///
    /// Let a startupProbe call what the livenessProbe calls, with a `failureThreshold` for the slowest start there may
    /// be, and take `initialDelaySeconds` off the livenessProbe.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: search}
    /// spec:
    ///   selector: {matchLabels: {app: search}}
    ///   template:
    ///     metadata: {labels: {app: search}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/search:8.1.0
    ///           livenessProbe: {httpGet: {path: /alive, port: 9200}, initialDelaySeconds: 120}
    /// ```
    ///
    /// Thirty seconds, where two minutes are asked for:
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: search}
    /// spec:
    ///   selector: {matchLabels: {app: search}}
    ///   template:
    ///     metadata: {labels: {app: search}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/search:8.1.0
    ///           startupProbe: {httpGet: {path: /alive, port: 9200}}
    ///           livenessProbe: {httpGet: {path: /alive, port: 9200}, initialDelaySeconds: 120}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: search, annotations: {seaworthy.dev/slow-start: "true"}}
    /// spec:
    ///   selector: {matchLabels: {app: search}}
    ///   template:
    ///     metadata: {labels: {app: search}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/search:8.1.0
    ///           startupProbe: {httpGet: {path: /alive, port: 9200}, failureThreshold: 30}
    ///           livenessProbe: {httpGet: {path: /alive, port: 9200}}
    /// ```
    ///
    /// Nothing says that it starts slowly:
    ///
    /// ```yaml,not-applicable
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
    ///           livenessProbe: {httpGet: {path: /alive, port: 8080}, initialDelaySeconds: 5}
    /// ```
    pub struct StartupProbe {
        /// From how many seconds on a start is slow: a livenessProbe that waits longer asks for a startupProbe.
        slow_after_seconds: u32 = 30,
        /// Repositories of images that start slowly: the last parts of the name, such as `keycloak` or
        /// `bitnami/cassandra`, or the name as a whole.
        slow_images: Vec<String> = [],
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.startupProbe",
        "containers.livenessProbe",
        "containers.ports",
        "containers.image",
        "pod.spec.restartPolicy",
        "pod.metadata.annotations['seaworthy.dev/slow-start']",
        "metadata.annotations['seaworthy.dev/slow-start']",
    ],
}

impl Rule for StartupProbe {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = long_running(request)?;
        let mut concerned = false;
        for container in workload.containers(Class::LONG_RUNNING) {
            let probe = Probe::of(container, "startupProbe");
            if !probe.is_missing() {
                concerned = true;
                probe.check(workload, findings);
            }
            if let Some((seconds, reason)) = self.slowness(container) {
                concerned = true;
                require(probe, seconds, &reason, findings);
            }
        }
        if says_slow(workload) {
            concerned = true;
            let probes = workload.containers(&[Class::App]).map(|container| Probe::of(container, "startupProbe"));
            let longest = probes.reduce(|longest, probe| if budget(probe) > budget(longest) { probe } else { longest });
            if let Some(longest) = longest {
                let reason = "the annotation seaworthy.dev/slow-start says that it starts slowly";
                require(longest, self.slow_after_seconds.into(), reason, findings);
            }
        }
        if concerned { Ok(()) } else { not_applicable("nothing says that it starts slowly") }
    }
}

impl StartupProbe {
    /// How many seconds a container asks for, and how it does.
    fn slowness(&self, container: Container<'_>) -> Option<(i64, String)> {
        let threshold = self.slow_after_seconds.into();
        let delay = Probe::of(container, "livenessProbe").initial_delay();
        if delay > threshold {
            return Some((delay, format!("its livenessProbe waits {delay} seconds")));
        }
        let image = ImageReference::parse(container.get("image").str()?).ok()?.normalized_repository();
        let listed = self.slow_images.iter().any(|slow| {
            let rest = image.strip_suffix(slow.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        });
        listed.then(|| (threshold, format!("{image} starts slowly")))
    }
}

/// Whether the workload, or its pod template, says so itself.
fn says_slow(workload: Workload<'_>) -> bool {
    [workload.object().root(), workload.template()]
        .iter()
        .any(|place| place.get("metadata.annotations").entry("seaworthy.dev/slow-start").str() == Some("true"))
}

/// How many seconds a startupProbe allows; 0 without a startupProbe.
fn budget(probe: Probe<'_>) -> i64 {
    if probe.is_missing() { 0 } else { probe.initial_delay().saturating_add(probe.patience()) }
}

/// The probe is there, and allows that many seconds.
fn require(probe: Probe<'_>, seconds: i64, reason: &str, findings: &mut Findings) {
    let allowed = budget(probe);
    let period = probe.period().max(1);
    let failures = seconds.saturating_add(period - 1) / period;
    if probe.is_missing() {
        let fix = format!("a handler such as the livenessProbe's, with failureThreshold: {failures}");
        findings.fail(probe.field(), format!("no startupProbe, though {reason}"), fix);
    } else if allowed < seconds {
        let message = format!("it allows {allowed} seconds, though {reason}");
        let threshold = probe.field().get("failureThreshold");
        findings.fail(threshold, message, fix::set(threshold, failures).safe());
    }
}
