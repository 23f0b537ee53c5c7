//! What a pod template names: ConfigMaps, Secrets, accounts, claims, classes, volumes, and its own containers.

mod content;
mod environment;
mod own;
pub mod target;

use sdk::pods::PodSelector;
use sdk::prelude::*;

use crate::look::Look;
pub use content::{is_there, pull_secrets, secret_exists};

pub fn check<'a>(workload: Workload<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let contents = content::check(workload, look)?;
    environment::check(workload, &contents, look)?;
    own::check(workload, look);
    let pod = workload.pod();
    let account = [pod.get("serviceAccountName"), pod.get("serviceAccount")].into_iter().find(|it| it.is_set());
    let account = account.and_then(|at| look.named(at, "v1", "ServiceAccount"));
    // Kubernetes makes `default` in each namespace.
    if let Some(account) = account.filter(|account| account.name != "default") {
        look.must_exist(account)?;
    }
    for volume in pod.get("volumes").items() {
        let claim = volume.get("persistentVolumeClaim.claimName");
        let name = volume.get("name").str();
        let mut templates = look.object.get("spec.volumeClaimTemplates").items();
        // A claim template of the same name takes the volume's place.
        if templates.any(|template| template.get("metadata.name").str() == name) {
            continue;
        }
        if let Some(claim) = look.named(claim, "v1", "PersistentVolumeClaim")
            && !is_claimed_by_template(claim.name, look)?
        {
            look.must_exist(claim)?;
        }
        class(volume.get("ephemeral.volumeClaimTemplate.spec.storageClassName"), "StorageClass", look)?;
    }
    for template in look.object.get("spec.volumeClaimTemplates").items() {
        class(template.get("spec.storageClassName"), "StorageClass", look)?;
    }
    class(pod.get("priorityClassName"), "PriorityClass", look)?;
    class(pod.get("runtimeClassName"), "RuntimeClass", look)?;
    if let Some(service) = look.named(look.object.get("spec.serviceName"), "v1", "Service")
        && workload.object().is("apps", "StatefulSet")
        && let Some(found) = look.must_exist(service)?
    {
        names_its_pods(service.at, found, workload, look);
    }
    Ok(())
}

/// By the specification of Kubernetes' DNS, a Service has a name for each pod that it selects if it is headless.
fn names_its_pods<'a>(at: Field<'a>, service: Object<'a>, workload: Workload<'a>, look: &mut Look<'a, '_>) {
    let (name, selector) = (service.name(), service.get("spec.selector"));
    if selector.entries().next().is_some() && !PodSelector::Map(selector).selects(workload) {
        let message = format!("Service {name} does not select these pods, so that they get no DNS names");
        look.findings.warn(at, message, "name a headless Service that selects them");
    } else if service.get("spec.clusterIP").str() != Some("None") {
        let message = format!("Service {name} is not headless, so that a pod may get no DNS name of its own");
        look.findings.warn(at, message, "name a Service with `clusterIP: None`");
    }
}

/// A class belongs to no namespace, and as a rule to the platform.
pub fn class<'a>(at: Field<'a>, kind: &'static str, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let api_version = match kind {
        "StorageClass" => "storage.k8s.io/v1",
        "RuntimeClass" => "node.k8s.io/v1",
        _ => "scheduling.k8s.io/v1",
    };
    match look.named(at, api_version, kind) {
        // Kubernetes has two PriorityClasses of its own.
        Some(class) if !class.name.starts_with("system-") => look.must_exist_in_cluster(class),
        _ => Ok(()),
    }
}

/// Whether a StatefulSet claims it for one of its pods: `<template>-<StatefulSet>-<ordinal>`.
fn is_claimed_by_template(name: &str, look: &Look<'_, '_>) -> Result<bool, Undecided> {
    let Some((start, ordinal)) = name.rsplit_once('-') else { return Ok(false) };
    if ordinal.is_empty() || !ordinal.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(false);
    }
    let sets = look.world.list("apps/v1", "StatefulSet", look.object.namespace())?;
    Ok(sets.into_iter().any(|set| {
        let templates = set.get("spec.volumeClaimTemplates").items();
        let mut names = templates.filter_map(|template| template.get("metadata.name").str());
        names.any(|template| {
            let rest = start.strip_prefix(template).and_then(|rest| rest.strip_prefix('-'));
            rest == Some(set.name())
        })
    }))
}
