//! Whether traffic is sent to a workload: whether a Service selects its pods.
//!
//! A Service selects by `spec.selector`, a bare map, in its own namespace, and matches the labels of the pods; one of
//! type `ExternalName` selects nothing. Where the world is not complete, a Service may be elsewhere, and a container that
//! declares ports is taken at its word. The module must not know what a rule asks of a workload that serves.
//!
//! Look-ups are the rule's to declare. A rule that calls [`must_serve`] declares, besides its own:
//!
//! ```text
//! reads: ["pod.metadata.labels", "containers.ports", "pod.spec.restartPolicy"],
//! looks_up: ["v1/Service": ["spec.selector", "spec.type"]],
//! ```

use alloc::vec::Vec;

use crate::object::Object;
use crate::relation::Relation;
use crate::request::Request;
use crate::selector::map_selects;
use crate::undecided::{Undecided, not_applicable};
use crate::workload::{Class, Workload};
use crate::world::{Within, World};

/// The Services in the world that select the workload's pods.
///
/// # Errors
/// As any look-up.
pub fn services_selecting<'a>(workload: Workload<'_>, world: &World<'a>) -> Result<Vec<Object<'a>>, Undecided> {
    let namespace = Within::Namespace(workload.object().namespace());
    let selecting = Relation::selecting("spec.selector", workload.pod_labels());
    let mut services = world.related("v1", "Service", namespace, &[selecting])?;
    services.retain(|service| {
        service.get("spec.type").str() != Some("ExternalName") && map_selects(service.get("spec.selector"), workload)
    });
    Ok(services)
}

/// The workload judged, as one that runs as long as it can.
///
/// # Errors
/// Not applicable to what runs to completion, nor where [`Request::workload`] is not.
pub fn long_running<'a>(request: &Request<'a>) -> Result<Workload<'a>, Undecided> {
    let workload = request.workload()?;
    if workload.runs_to_completion() { not_applicable("it runs to completion") } else { Ok(workload) }
}

/// Says why a serving workload runs alone.
pub const ALONE: &str = "seaworthy.dev/single-replica";

/// The reason that the object gives for running alone, if it gives one.
#[must_use]
pub fn alone_because(object: Object<'_>) -> Option<&str> {
    object.annotation(ALONE).str().filter(|reason| !reason.trim_ascii().is_empty())
}

/// Goes on only if the workload, which is [`long_running`], serves: a Service selects it. A Knative Service routes to
/// its own pods. Where no Service is in sight and the world is not complete, or not to be asked, declared ports say that it
/// serves.
///
/// # Errors
/// Not applicable to a workload that does not serve; unknown to one that declares no port where Services may not be looked
/// up; a look-up failed.
pub fn must_serve(workload: Workload<'_>, world: &World<'_>) -> Result<(), Undecided> {
    if is_serving(workload, world)? { Ok(()) } else { not_applicable("it does not serve: no Service selects its pods") }
}

fn is_serving(workload: Workload<'_>, world: &World<'_>) -> Result<bool, Undecided> {
    if workload.is_knative_service() {
        return Ok(true);
    }
    let declares_ports = || {
        let mut containers = workload.containers(Class::LONG_RUNNING);
        containers.any(|container| container.get("ports").items().next().is_some())
    };
    match services_selecting(workload, world) {
        Ok(services) => Ok(!services.is_empty() || (!world.is_complete() && declares_ports())),
        Err(Undecided::Unknown(_)) if declares_ports() => Ok(true),
        Err(cause) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use protocol::contract;

    use super::*;
    use crate::field::Field;
    use crate::memory::Memory;
    use crate::value::Value;
    use crate::world::Declared;
    use crate::world::{Completeness, Host};

    const DECLARED: &[Declared] = &[Declared { api_version: "v1", kind: "Service", reads: &["spec"] }];

    struct Refuses(&'static str);

    impl Host for Refuses {
        fn call(&self, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
            Err(self.0.into())
        }
    }

    fn serves(pod: &str, refusal: &'static str) -> Result<bool, Undecided> {
        let memory = Memory::new();
        let value = Value::parse(pod.as_bytes(), &memory.bump).unwrap();
        let workload = Workload::view(Object::new(Field::root(&memory, Some(&value)), None)).unwrap();
        is_serving(workload, &World::new(&memory, &Refuses(refusal), Completeness::Complete, DECLARED))
    }

    #[test]
    fn where_services_may_not_be_looked_up_a_declared_port_serves_and_its_lack_is_unknown() {
        let pod = |containers: &str| alloc::format!(r#"{{"kind": "Pod", "spec": {{"containers": [{containers}]}}}}"#);
        let (port, none) = (pod(r#"{"ports": [{"containerPort": 80}]}"#), pod(r#"{"ports": []}"#));
        assert_eq!(serves(&port, contract::LOOK_UP_NOT_ALLOWED), Ok(true));
        assert!(matches!(serves(&none, contract::LOOK_UP_NOT_ALLOWED), Err(Undecided::Unknown(_))));
        assert!(matches!(serves(&port, "connection refused"), Err(Undecided::Error(_))));
    }
}
