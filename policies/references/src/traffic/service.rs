//! A Service selects pods, and its named target ports are ports of theirs.
//!
//! A target port that is a number is taken as it is: which ports a container declares is informational. A name is looked for
//! among the ports of containers and sidecars, with its protocol.

use sdk::near::nearest;
use sdk::pods::PodSelector;
use sdk::prelude::*;
use sdk::value::Value;

use crate::look::Look;

/// The label that a Rollout gives the pods of each of its versions.
const HASH: &str = "rollouts-pod-template-hash";

/// A named port of a pod, and its protocol.
type NamedPort<'a> = (&'a str, &'a str);

pub fn check<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let (service, world) = (look.object, look.world);
    let (selector, namespace) = (service.get("spec.selector"), service.namespace());
    if service.get("spec.type").str() == Some("ExternalName") {
        return Ok(());
    }
    if selector.entries().next().is_none() {
        return without_selector(look);
    }
    let pods = PodSelector::Map(selector);
    let borrowers = match selector.entry(HASH).is_set() {
        true => world.list("argoproj.io/v1alpha1", "Rollout", namespace)?,
        false => Vec::new(),
    };
    let is_run_by_a_rollout = |workload: Workload<'_>| {
        let takes = |rollout: &Object<'_>| rollout.get("spec.workloadRef.name").str() == Some(workload.object().name());
        !selector.entry(HASH).is_set() || workload.kind() == "Rollout" || borrowers.iter().any(takes)
    };
    let names: Vec<Field<'a>> = service.get("spec.ports").items().filter(|port| target(*port).is_some()).collect();
    let (mut is_found, mut known, mut missing) = (false, Vec::new(), names);
    pods.visit(Within::Namespace(namespace), &world, &mut |workload| {
        if pods.selects(workload) && is_run_by_a_rollout(workload) {
            is_found = true;
            let own = named_ports(workload);
            missing.retain(|port| !own.contains(&(target(*port).unwrap_or_default(), protocol(*port))));
            known.extend(own);
        }
        is_found && missing.is_empty()
    })?;
    if !is_found {
        let splits = world.list("split.smi-spec.io/v1alpha2", "TrafficSplit", namespace)?;
        if splits.iter().any(|split| split.get("spec.service").str() == Some(service.name())) {
            return Ok(());
        }
        if look.are_pods_in_sight(pods, namespace)? {
            selects_nothing(selector, look)?;
        }
        return Ok(());
    }
    if missing.is_empty() || look.seen(world.must_be_complete("port of that name"))?.is_none() {
        return Ok(());
    }
    for port in missing {
        no_such_port(port, &known, look);
    }
    Ok(())
}

fn no_such_port<'a>(port: Field<'a>, known: &[NamedPort<'a>], look: &mut Look<'a, '_>) {
    let (name, protocol, at) = (target(port).unwrap_or_default(), protocol(port), port.get("targetPort"));
    if let Some((_, other)) = known.iter().find(|(known, _)| *known == name) {
        let message = format!("the pods' port `{name}` is {other}, and this one is {protocol}");
        look.findings.fail(at, message, fix::set(port.get("protocol"), *other));
        return;
    }
    let message = format!("no container that the Service selects has a port named `{name}`");
    let of_protocol = known.iter().filter(|(_, its)| *its == protocol).map(|(name, _)| *name);
    let of_protocol: Vec<&str> = of_protocol.collect();
    match (nearest(name, &mut of_protocol.iter().copied()), of_protocol.first()) {
        // Where each side has one port alone, no other can be meant.
        (None, Some(first)) if of_protocol.len() == 1 && look.object.get("spec.ports").items().count() == 1 => {
            look.findings.fail(at, format!("{message}; did you mean `{first}`?"), fix::set(at, *first));
        }
        _ => look.none_of(at, name, &message, &of_protocol),
    }
}

/// Somebody else fills its endpoints: a slice, or a controller.
fn without_selector(look: &mut Look<'_, '_>) -> Result<(), Undecided> {
    let (service, world) = (look.object, look.world);
    let name = service.name();
    let slices = world.list("discovery.k8s.io/v1", "EndpointSlice", service.namespace())?;
    let is_its = |slice: &Object<'_>| slice.labels().entry("kubernetes.io/service-name").str() == Some(name);
    if !slices.iter().any(is_its) && world.get("v1", "Endpoints", service.namespace(), name)?.is_none() {
        look.unknown("it has no selector, and no EndpointSlice in this input is its; a controller may make one".into());
    }
    Ok(())
}

/// Says so, and which labels were meant.
fn selects_nothing<'a>(selector: Field<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let mut meant = None;
    for (api_version, kind, _) in sdk::pods::WORKLOADS {
        for workload in look.world.list(api_version, kind, look.object.namespace())? {
            let labels = Workload::view(workload).map(Workload::pod_labels);
            meant = meant.or_else(|| Some((workload, near_labels(selector, labels?)?)));
        }
    }
    let message = "it selects no pods: no workload in its namespace has these labels";
    let Some((workload, labels)) = meant else {
        look.findings.fail(selector, message, "the labels of the pod template that it is for");
        return Ok(());
    };
    let (kind, name) = (workload.kind(), workload.name());
    let said = labels.iter().map(|(key, value)| format!("`{key}: {value}`")).collect::<Vec<_>>().join(", ");
    let members = labels.iter().fold(Json::Map(Vec::new()), |map, (key, value)| map.and(key, *value));
    look.findings.fail(
        selector,
        format!("{message}; did you mean {said}, as {kind} {name} has?"),
        fix::set(selector, members),
    );
    Ok(())
}

/// The labels that pods have instead of those selected, if these are near: each has the key, with a value that is the same or
/// near.
fn near_labels<'a>(selector: Field<'a>, labels: Field<'a>) -> Option<Vec<(&'a str, &'a str)>> {
    let mut changed = Vec::new();
    for (key, value) in selector.entries() {
        let own = labels.entry(key).str()?;
        if value.str() != Some(own) {
            nearest(value.str()?, &mut [own].into_iter())?;
            changed.push((key, own));
        }
    }
    Some(changed)
}

/// The name of a pod's port that a Service's port leads to, if it is one.
fn target(port: Field<'_>) -> Option<&str> {
    match port.get("targetPort").value()? {
        // The API server refuses a name without a letter, such as a number in quotes.
        Value::String(name) if name.bytes().any(|byte| byte.is_ascii_alphabetic()) => Some(name),
        _ => None,
    }
}

fn protocol(port: Field<'_>) -> &str {
    port.get("protocol").str().unwrap_or("TCP")
}

/// The ports of the containers that run as long as the pod, read without a complaint: what is malformed is said of the
/// workload.
fn named_ports(workload: Workload<'_>) -> Vec<NamedPort<'_>> {
    let mut names = Vec::new();
    let spec = workload.template().get("spec").value();
    for field in ["containers", "initContainers"] {
        for container in spec.and_then(|spec| spec.get(field)).map(Value::items).unwrap_or_default() {
            let is_sidecar = container.get("restartPolicy").and_then(Value::str) == Some("Always");
            if field == "initContainers" && !is_sidecar {
                continue;
            }
            for port in container.get("ports").map(Value::items).unwrap_or_default() {
                let protocol = port.get("protocol").and_then(Value::str).unwrap_or("TCP");
                names.extend(port.get("name").and_then(Value::str).map(|name| (name, protocol)));
            }
        }
    }
    names
}
