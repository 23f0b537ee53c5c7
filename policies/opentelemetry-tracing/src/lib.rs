#![no_std]
use sdk::environment::{Environment, Variable};
use sdk::prelude::*;

policy! {
    /// Every workload sends OpenTelemetry traces.
    ///
    /// One of these says so:
    ///
    /// - an annotation `instrumentation.opentelemetry.io/inject-<language>` on the pod template, or on its Namespace, by
    ///   which the OpenTelemetry operator instruments the pods; the pods' own annotation wins, and `false` turns it
    ///   off;
    /// - `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` in the environment of a container: as a
    ///   value, by reference to a ConfigMap or a Secret, or through `envFrom` of a ConfigMap that is in sight;
    /// - an annotation `sidecar.opentelemetry.io/inject`, by which the operator adds a collector to the pods.
    ///
    /// `OTEL_SDK_DISABLED=true` or `OTEL_TRACES_EXPORTER=none` switches a container's tracing off again, however it was
    /// switched on. Of several containers one that traces is enough: a proxy or an exporter beside it need not.
    ///
    /// ## Why
    ///
    /// In a chain of services the one that is slow is rarely the one that times out. A trace shows it in a minute; without
    /// it, teams pass the incident on.
    ///
    /// ## Fix
    ///
    /// Annotate the pod template for the OpenTelemetry operator, or tell the SDK in the program where the collector is.
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
    /// ```
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata:
    ///       labels: {app: web}
    ///       annotations: {instrumentation.opentelemetry.io/inject-java: "true"}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           env: [{name: OTEL_TRACES_EXPORTER, value: none}]
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
    ///     metadata:
    ///       labels: {app: web}
    ///       annotations: {instrumentation.opentelemetry.io/inject-java: "true"}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           envFrom: [{configMapRef: {name: telemetry}}]
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: telemetry, namespace: shop}
    /// data: {OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.observability:4317"}
    /// ```
    pub struct OpentelemetryTracing;
    severity: Medium,
    section: Observability,
    since: "0.1.0",
    rests_on: [OpenTelemetry],
    applies_to: [Workloads],
    reads: ["pod.metadata.annotations", "containers.env", "containers.envFrom"],
    looks_up: ["v1/Namespace": ["metadata.annotations"], "v1/ConfigMap": ["data"]],
}

const INJECT: &str = "instrumentation.opentelemetry.io/inject-";
const SIDECAR: &str = "sidecar.opentelemetry.io/inject";
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

impl Rule for OpentelemetryTracing {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (request.workload()?, request.world());
        let here = workload.object().namespace();
        let namespace = here.map_or(Ok(None), |name| namespace(name, world))?;
        let injected = is_injected(workload, namespace);
        let mut in_sight = namespace.is_some();
        let mut switches = Vec::new();
        for container in workload.containers(&[Class::App]) {
            let environment = Environment::of(container, here, world)?;
            in_sight &= environment.is_in_sight();
            if !injected && !has_endpoint(&environment)? {
                continue;
            }
            match off_switch(&environment)? {
                Some(switch) => switches.push(switch),
                None => return Ok(()),
            }
        }
        for (at, switch) in &switches {
            findings.fail(*at, format!("{switch} switches tracing off"), format!("remove {switch}"));
        }
        if switches.is_empty() {
            if !in_sight {
                world.must_be_complete(
                    "annotation of its Namespace or ConfigMap in its envFrom that switches tracing on",
                )?;
            }
            let message = "nothing says that it is traced: no annotation injects OpenTelemetry, and no container knows a collector";
            let fix = "set OTEL_EXPORTER_OTLP_ENDPOINT on a container, or annotate the pod template with \
                       `instrumentation.opentelemetry.io/inject-<language>: \"true\"`";
            findings.fail(workload.pod().get("containers"), message, fix);
        }
        Ok(())
    }
}

/// The Namespace, if it is in sight.
fn namespace<'a>(name: &str, world: &World<'a>) -> Result<Option<Object<'a>>, Undecided> {
    match world.get("v1", "Namespace", None, name) {
        Err(Undecided::Unknown(_)) => Ok(None),
        found => found,
    }
}

/// Whether the OpenTelemetry operator instruments the pods or adds a collector to them. A value on the pods wins over the
/// Namespace's, and an empty one does not count.
fn is_injected(workload: Workload<'_>, namespace: Option<Object<'_>>) -> bool {
    let own = workload.template().get("metadata.annotations");
    let inherited = namespace.map(|namespace| namespace.get("metadata.annotations"));
    let is_inject = |key: &str| key == SIDECAR || key.starts_with(INJECT);
    let says_yes = |value: &str| !value.eq_ignore_ascii_case("false");
    let said = |annotations: Field<'_>, key: &str| {
        annotations.entry(key).str().filter(|value| !value.is_empty()).map(says_yes)
    };
    own.entries().any(|(key, _)| is_inject(key) && said(own, key) == Some(true))
        || inherited.is_some_and(|inherited| {
            inherited
                .entries()
                .any(|(key, _)| is_inject(key) && said(own, key).is_none() && said(inherited, key) == Some(true))
        })
}

/// Whether a container is told where a collector is, in sight or not.
fn has_endpoint(environment: &Environment<'_>) -> Result<bool, Undecided> {
    for name in ENDPOINTS {
        if environment.get(name)?.is_some_and(|variable| variable.value != Some("")) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What switches the tracing of a container off, and where it stands.
fn off_switch<'a>(environment: &Environment<'a>) -> Result<Option<(Field<'a>, &'static str)>, Undecided> {
    for (name, off, switch) in [
        ("OTEL_SDK_DISABLED", "true", "OTEL_SDK_DISABLED=true"),
        ("OTEL_TRACES_EXPORTER", "none", "OTEL_TRACES_EXPORTER=none"),
    ] {
        if let Some(Variable { at, value: Some(value) }) = environment.get(name)?
            && value.trim_ascii().eq_ignore_ascii_case(off)
        {
            return Ok(Some((at, switch)));
        }
    }
    Ok(None)
}
