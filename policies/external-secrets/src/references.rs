//! The Secrets that a workload refers to, and who makes them.

use sdk::prelude::*;

use sdk::generator;
use sdk::secrets::{DRIVERS, is_meant, is_token, makers};

use crate::names::Names;
use crate::placeholders::is_placeholder;
use crate::secret::{is_file, is_harmless_key, is_made_by_cluster};
use crate::text::cut;

/// Checks every Secret that the workload refers to, each once.
pub fn check(
    workload: Workload<'_>,
    produced_elsewhere: &[String],
    names: &Names,
    world: &World<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let namespace = workload.object().namespace();
    let mut missing: Vec<(&str, Field<'_>)> = Vec::new();
    for at in references(workload) {
        let Some(name) = at.str().filter(|name| !name.is_empty()) else { continue };
        let is_elsewhere = produced_elsewhere.iter().any(|pattern| is_meant(pattern, name));
        if !is_elsewhere && !missing.iter().any(|(known, _)| *known == name) {
            missing.push((name, at));
        }
    }
    // In a cluster a Secret itself says that a controller owns it. Of the kinds that make Secrets a cluster serves a few, and
    // each question for another costs a call that fails.
    if world.is_admission() {
        missing.retain(|(name, _)| {
            !matches!(world.get("v1", "Secret", namespace, name), Ok(Some(secret)) if is_made_by_cluster(secret, world))
        });
    }
    let names_of: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let made = makers(&names_of, namespace, world)?;
    missing.retain(|(name, _)| !made.iter().any(|maker| maker.secret == *name));
    let account = workload.pod().get("serviceAccountName").str();
    let mut left = Vec::new();
    for (name, at) in missing {
        if !is_token(name, account, namespace, world)? {
            left.push((name, at));
        }
    }
    for (name, at) in left {
        world.must_be_complete(format!("producer of Secret {name}"))?;
        let place = match world.get("v1", "Secret", namespace, name)? {
            Some(secret) if is_safe(secret, names, world) => continue,
            Some(_) => Some("a manifest"),
            None => match generator::named("secretGenerator", name, world)?.first() {
                Some(generator) if !has_text(*generator) => continue,
                Some(_) => Some("a kustomization"),
                None => None,
            },
        };
        let message = place.map_or_else(
            || format!("nothing in this input makes the Secret {name}"),
            |place| format!("the Secret {name} is written in {place} and does not come from a secret store"),
        );
        findings.fail(at, message, "Make it by an ExternalSecret, a SealedSecret or a Certificate");
    }
    Ok(())
}

/// Where the names of the Secrets stand. What is optional may be missing.
fn references(workload: Workload<'_>) -> Vec<Field<'_>> {
    let mut names = Vec::new();
    let mut add = |reference: Field<'_>, at| {
        if reference.get("optional").bool() != Some(true) {
            names.push(at);
        }
    };
    for container in workload.containers(Class::ALL) {
        for variable in container.get("env").items() {
            let reference = variable.get("valueFrom.secretKeyRef");
            add(reference, reference.get("name"));
        }
        for source in container.get("envFrom").items() {
            let reference = source.get("secretRef");
            add(reference, reference.get("name"));
        }
    }
    for volume in workload.pod().get("volumes").items() {
        let reference = volume.get("secret");
        add(reference, reference.get("secretName"));
        for source in volume.get("projected.sources").items() {
            let reference = source.get("secret");
            add(reference, reference.get("name"));
        }
        for driver in DRIVERS {
            add(volume, volume.get(driver));
        }
    }
    for reference in workload.pod().get("imagePullSecrets").items() {
        add(reference, reference.get("name"));
    }
    names
}

/// Whether a generator has a value in place; what it reads from files may be encrypted there, or be elsewhere.
fn has_text(generator: Field<'_>) -> bool {
    let mut values = generator.get("literals").items().filter_map(|literal| cut(literal.str()?, b"="));
    values.any(|(_, value)| !is_placeholder(value))
}

/// A Secret that is encrypted where it stands, whose content the cluster makes, or whose keys hold no secret. Hosts tell no
/// values of it; a file among them is looked into where the Secret itself is checked.
fn is_safe(secret: Object<'_>, names: &Names, world: &World<'_>) -> bool {
    let mut entries = ["data", "stringData"].into_iter().flat_map(|field| secret.get(field).entries());
    secret.get("sops").is_set()
        || is_made_by_cluster(secret, world)
        || entries.all(|(key, _)| is_harmless_key(key, names) || is_file(key))
}
