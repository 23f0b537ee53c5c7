//! What a pod template names of itself: volumes that are mounted, containers in annotations, and its own name.

use sdk::prelude::*;

use super::content::paths_without_item;
use crate::look::{Look, is_template, one_of};

/// What an annotation names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Container,
    Volume,
}

const ANNOTATIONS: &[(&str, Named)] = &include!("../../data/annotations.rs");
const INJECTED: &[&str] = &include!("../../data/injected.rs");

/// The longest name that a StatefulSet's pods can have: the label `controller-revision-hash` is the name, a dash and ten
/// digits, and a label has 63 characters. The API server takes a longer one, and no pod is ever made.
const STATEFUL_SET: usize = 52;

pub fn check<'a>(workload: Workload<'a>, look: &mut Look<'a, '_>) {
    volumes(workload, look);
    paths_without_item(workload, look);
    annotations(workload, look);
    let object = workload.object();
    let length = object.name().len();
    if object.is("apps", "StatefulSet") && length > STATEFUL_SET {
        let message = format!(
            "the name has {length} characters, and with what its controller appends the label \
             `controller-revision-hash` has more than 63, so that no pod is made"
        );
        let fix = format!("a name of at most {STATEFUL_SET} characters");
        look.findings.fail(object.get("metadata.name"), message, fix);
    }
}

/// Volumes that nothing mounts, and, where the API server does not look, mounts of no volume.
fn volumes<'a>(workload: Workload<'a>, look: &mut Look<'a, '_>) {
    let known = volume_names(workload);
    let (mut mounted, mut is_misspelt) = (Vec::new(), false);
    for container in workload.containers(Class::ALL) {
        for field in ["volumeMounts", "volumeDevices"] {
            for name in container.get(field).items().map(|mount| mount.get("name")) {
                let Some(text) = name.str() else { continue };
                mounted.push(text);
                is_misspelt |= !known.contains(&text);
                if is_unchecked(workload) && !known.contains(&text) {
                    let message = format!("the pod has no volume `{text}`");
                    look.none_of(name, text, &message, &known);
                }
            }
        }
    }
    for volume in workload.pod().get("volumes").items().map(|volume| volume.get("name")) {
        // The mount of another name may be meant for it.
        let name = volume.str().filter(|name| !is_misspelt && !name.is_empty() && !mounted.contains(name));
        if let Some(name) = name {
            let message = format!("no container mounts the volume `{name}`");
            look.findings.warn(volume, message, "mount it, or remove the volume");
        }
    }
}

/// The volumes that the pods have: those of the template, and the claims that a StatefulSet makes for each pod.
fn volume_names(workload: Workload<'_>) -> Vec<&str> {
    let claims = workload.object().get("spec.volumeClaimTemplates").items();
    let claims = claims.map(|claim| claim.get("metadata.name"));
    let volumes = workload.pod().get("volumes").items().map(|volume| volume.get("name"));
    volumes.chain(claims).filter_map(Field::str).collect()
}

/// Whether the API server does not look into the pod template when it takes the object.
fn is_unchecked(workload: Workload<'_>) -> bool {
    let object = workload.object();
    object.is("apps", "StatefulSet") || object.is("argoproj.io", "Rollout")
}

fn annotations<'a>(workload: Workload<'a>, look: &mut Look<'a, '_>) {
    let containers: Vec<&str> = workload.containers(Class::ALL).map(Container::name).collect();
    let volumes = volume_names(workload);
    for (key, value) in workload.template().get("metadata.annotations").entries() {
        for (known, named) in ANNOTATIONS {
            let behind = key.strip_prefix(known);
            let names = match behind {
                Some("") => value.str().unwrap_or_default(),
                Some(name) if known.ends_with('/') => name,
                _ => continue,
            };
            let (there, what) = match named {
                Named::Container => (&containers, "container"),
                Named::Volume => (&volumes, "volume"),
            };
            for name in names.split(',').map(str::trim_ascii) {
                let is_injected = *named == Named::Container && INJECTED.contains(&name);
                if !name.is_empty() && !is_injected && !is_template(name) && !there.contains(&name) {
                    let message = format!("the pod has no {what} `{name}`, which this annotation names");
                    if names == name && behind == Some("") {
                        look.none_of(value, name, &message, there);
                    } else {
                        look.findings.fail(value, message, one_of(there));
                    }
                }
            }
        }
    }
}
