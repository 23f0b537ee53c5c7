//! The backends and certificates of an Ingress.

use sdk::prelude::*;

use super::port;
use crate::look::Look;
use crate::pod::secret_exists;

/// The AWS load balancer controller takes a backend from an annotation, where the port is called `use-annotation`.
const ACTION: &str = "alb.ingress.kubernetes.io/actions.";

pub fn check<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let spec = look.object.get("spec");
    // `backend` is how versions before v1 call it.
    for field in ["defaultBackend", "backend"] {
        backend(spec.get(field), look)?;
    }
    for rule in spec.get("rules").items() {
        for path in rule.get("http.paths").items() {
            backend(path.get("backend"), look)?;
        }
    }
    for tls in spec.get("tls").items() {
        if let Some(secret) = look.named(tls.get("secretName"), "v1", "Secret") {
            secret_exists(secret, false, look)?;
        }
    }
    Ok(())
}

fn backend<'a>(backend: Field<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let resource = backend.get("resource");
    if resource.is_set() {
        let text = |field| resource.get(field).str().unwrap_or_default();
        look.unknown(format!("{} {} is a backend whose controller knows it", text("kind"), text("name")));
        return Ok(());
    }
    let is_old = backend.get("serviceName").is_set();
    let at = backend.get(if is_old { "serviceName" } else { "service.name" });
    let Some(service) = look.named(at, "v1", "Service") else { return Ok(()) };
    let ports: &[&'static str] = if is_old { &["servicePort"] } else { &["service.port.name", "service.port.number"] };
    let ports = || ports.iter().map(|field| backend.get(field));
    if ports().any(|port| port::text(port) == Some("use-annotation")) {
        let annotation = format!("{ACTION}{}", service.name);
        if is_written_by_rollout(look)? {
            look.unknown("Argo Rollouts writes the annotation that its backends are taken from".to_owned());
        } else if !look.object.annotation(&annotation).is_set() {
            let message = format!("there is no annotation `{annotation}`, which this backend is to be taken from");
            let known = look.object.get("metadata.annotations").entries();
            let known: Vec<&str> = known.filter_map(|(key, _)| key.strip_prefix(ACTION)).collect();
            look.none_of(at, service.name, &message, &known);
        }
        return Ok(());
    }
    if let Some(service) = look.must_exist(service)? {
        ports().for_each(|at| port::must_be_of(service, at, look));
    }
    Ok(())
}

/// Whether an Argo Rollout splits the traffic of this Ingress: its controller then writes the annotations.
fn is_written_by_rollout(look: &Look<'_, '_>) -> Result<bool, Undecided> {
    let ingress = look.object.name();
    let rollouts = look.world.list("argoproj.io/v1alpha1", "Rollout", look.object.namespace())?;
    Ok(rollouts.into_iter().any(|rollout| {
        let alb = rollout.get("spec.strategy.canary.trafficRouting.alb");
        alb.get("ingress").str() == Some(ingress)
            || alb.get("ingresses").items().any(|name| name.str() == Some(ingress))
    }))
}
