//! The Secrets that a workload refers to, and who makes them.

use sdk::prelude::*;

use crate::names::is_placeholder;

/// A kind of object that makes a Secret.
struct Producer {
    api_version: &'static str,
    kind: &'static str,
    /// The fields that name the Secret, the first that is set; the object's own name where none is.
    names: &'static [&'static str],
}

const fn producer(api_version: &'static str, kind: &'static str, names: &'static [&'static str]) -> Producer {
    Producer { api_version, kind, names }
}

/// Each is declared in the rule's `looks_up`, with these fields.
const PRODUCERS: &[Producer] = &[
    producer("external-secrets.io/v1", "ExternalSecret", &["spec.target.name"]),
    producer("bitnami.com/v1alpha1", "SealedSecret", &["spec.template.metadata.name"]),
    producer("cert-manager.io/v1", "Certificate", &["spec.secretName"]),
    producer("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", &["spec.destination.name"]),
    producer("secrets.hashicorp.com/v1beta1", "VaultDynamicSecret", &["spec.destination.name"]),
    producer("secrets.hashicorp.com/v1beta1", "VaultPKISecret", &["spec.destination.name"]),
    producer("onepassword.com/v1", "OnePasswordItem", &[]),
    producer("secrets.infisical.com/v1alpha1", "InfisicalSecret", &["spec.managedSecretReference.secretName"]),
    producer("secrets.doppler.com/v1alpha1", "DopplerSecret", &["spec.managedSecret.name"]),
];

/// Judges every Secret that the workload refers to, each once.
pub fn check(
    workload: Workload<'_>,
    produced_elsewhere: &[String],
    world: &World<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let namespace = workload.object().namespace();
    let mut seen: Vec<&str> = Vec::new();
    for at in references(workload) {
        let Some(name) = at.str().filter(|name| !name.is_empty() && !seen.contains(name)) else {
            continue;
        };
        seen.push(name);
        if produced_elsewhere.iter().any(|pattern| is_meant(pattern, name)) || is_produced(name, namespace, world)? {
            continue;
        }
        world.must_be_complete(format!("producer of Secret {name}"))?;
        let place = match world.get("v1", "Secret", namespace, name)? {
            Some(secret) if is_safe(secret, world) => continue,
            Some(_) => Some("a manifest"),
            None => match generator(name, world)? {
                Some(generator) if !has_text(generator) => continue,
                Some(_) => Some("a kustomization"),
                None => None,
            },
        };
        let message = place.map_or_else(
            || format!("nothing here makes the Secret {name}"),
            |place| format!("the Secret {name} is written out in {place}, and not made from a secret store"),
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
    }
    for reference in workload.pod().get("imagePullSecrets").items() {
        add(reference, reference.get("name"));
    }
    names
}

/// `regcred`, or `*-tls` and `pg-*`.
fn is_meant(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => pattern == name,
    }
}

fn is_produced(name: &str, namespace: Option<&str>, world: &World<'_>) -> Result<bool, Undecided> {
    for producer in PRODUCERS {
        let makes_it = |object: &Object<'_>| {
            let given = producer.names.iter().find_map(|field| object.get(field).str());
            given.unwrap_or(object.name()) == name
        };
        if world.list(producer.api_version, producer.kind, namespace)?.iter().any(makes_it) {
            return Ok(true);
        }
    }
    // Makes an ExternalSecret in many namespaces, chosen by their labels.
    for cluster_wide in world.list_all("external-secrets.io/v1", "ClusterExternalSecret")? {
        let target = cluster_wide.get("spec.externalSecretSpec.target.name").str();
        let made = target.or(cluster_wide.get("spec.externalSecretName").str()).unwrap_or(cluster_wide.name());
        if made == name {
            return Ok(true);
        }
    }
    for mount in world.list("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", namespace)? {
        if mount.get("spec.secretObjects").items().any(|made| made.get("secretName").str() == Some(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What in a kustomization makes the Secret. Its namespace is the kustomization's to say, or that of another around it.
fn generator<'a>(name: &str, world: &World<'a>) -> Result<Option<Field<'a>>, Undecided> {
    let all = world.list_all("kustomize.config.k8s.io/v1beta1", "Kustomization")?;
    let mut generators = all.into_iter().flat_map(|kustomization| kustomization.get("secretGenerator").items());
    Ok(generators.find(|generator| generator.get("name").str() == Some(name)))
}

/// Whether a generator has a value in place; what it reads from files may be encrypted there, or be elsewhere.
fn has_text(generator: Field<'_>) -> bool {
    let mut values = generator.get("literals").items().filter_map(|literal| literal.str()?.split_once('='));
    values.any(|(_, value)| !is_placeholder(value))
}

/// A Secret that is encrypted where it stands, or whose content the cluster makes.
fn is_safe(secret: Object<'_>, world: &World<'_>) -> bool {
    secret.get("sops").is_set() || crate::is_made_by_cluster(secret, world)
}
