//! The Secrets that a workload refers to, and who makes them.

use sdk::prelude::*;

use crate::names::Names;
use crate::placeholders::is_placeholder;
use crate::secret::{is_file, is_harmless_key, is_made_by_cluster};
use crate::text::cut;

/// A kind of object that makes a Secret.
struct Producer {
    api_version: &'static str,
    kind: &'static str,
    /// The field that names the Secret, or several; the object's own name where it is empty.
    field: &'static str,
    /// The Secret's name, `*` being what the field says; of arguments what they say, `*` being the name.
    pattern: &'static str,
}

impl Producer {
    /// How the objects that make one of these Secrets are found; any may, where a Secret is not called what a field says.
    fn naming<'a>(&self, names: &'a [&'a str]) -> Vec<Relation<'a>> {
        let (mut naming, mut fields) = (Vec::new(), Some(self.field).filter(|_| self.pattern == "*"));
        while let Some(field) = fields {
            let (first, others) = cut(field, b"|").map_or((field, None), |(first, others)| (first, Some(others)));
            naming.push(Relation::naming(if first.is_empty() { "metadata.name" } else { first }, names));
            fields = others;
        }
        naming
    }
}

const fn producer(
    api_version: &'static str,
    kind: &'static str,
    field: &'static str,
    pattern: &'static str,
) -> Producer {
    Producer { api_version, kind, field, pattern }
}

const PRODUCERS: &[Producer] = &include!("../data/producers.rs");

/// A kind whose annotations have a controller make the Secrets that its fields name.
const SHIMS: &[(&str, &str, &str)] = &[
    ("networking.k8s.io/v1", "Ingress", "spec.tls.secretName"),
    ("gateway.networking.k8s.io/v1", "Gateway", "spec.listeners.tls.certificateRefs.name"),
];

/// The annotations that do: cert-manager.io/docs/usage/ingress and docs/usage/gateway.
const SHIM_ANNOTATIONS: &[&str] =
    &["cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"];

/// OpenShift's service CA: docs.redhat.com, "Securing service traffic using service serving certificate secrets".
const SERVING_CERTIFICATES: &[&str] =
    &["service.beta.openshift.io/serving-cert-secret-name", "service.alpha.openshift.io/serving-cert-secret-name"];

/// What the token controller appends to the name of a ServiceAccount, up to Kubernetes 1.24 and, with `dockercfg`, in
/// OpenShift; then five letters of `k8s.io/apimachinery/pkg/util/rand`.
const TOKENS: &[&str] = &["-token-", "-dockercfg-"];
const RANDOM: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

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
    // Each kind is asked for once, and only while there is something to look for.
    for producer in PRODUCERS {
        if missing.is_empty() {
            return Ok(());
        }
        let is_cluster_wide = producer.kind.starts_with("Cluster") && producer.kind != "Cluster";
        let within = if is_cluster_wide { Within::All } else { Within::Namespace(namespace) };
        let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
        let naming = producer.naming(&names);
        for object in world.related(producer.api_version, producer.kind, within, &naming)? {
            let mut field = producer.field;
            while let Some((first, others)) = cut(field, b"|") {
                field = if object.get(first).is_set() { first } else { others };
            }
            each(object.root(), field, &mut |at| {
                let said = if field.is_empty() { object.name() } else { at.str().unwrap_or_default() };
                missing.retain(|(name, _)| !makes(producer, said, name));
            });
        }
    }
    produced_by_annotation(&mut missing, namespace, world)?;
    let mut left = Vec::new();
    for (name, at) in missing {
        if !is_token(name, workload, world)? {
            left.push((name, at));
        }
    }
    for (name, at) in left {
        world.must_be_complete(format!("producer of Secret {name}"))?;
        let place = match world.get("v1", "Secret", namespace, name)? {
            Some(secret) if is_safe(secret, names, world) => continue,
            Some(_) => Some("a manifest"),
            None => match generator(name, world)? {
                Some(generator) if !has_text(generator) => continue,
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
    }
    for reference in workload.pod().get("imagePullSecrets").items() {
        add(reference, reference.get("name"));
    }
    names
}

/// The fields of that dotted path, of every item of the lists on the way; the last that is there where one is missing.
fn each<'a>(field: Field<'a>, path: &'a str, found: &mut dyn FnMut(Field<'a>)) {
    if field.is_list() {
        field.items().for_each(|item| each(item, path, found));
    } else if path.is_empty() {
        found(field);
    } else {
        let (key, rest) = cut(path, b".").unwrap_or((path, ""));
        each(field.get(key), rest, found);
    }
}

/// Whether the Secret of that name is the one that an object makes where its field says this.
fn makes(producer: &Producer, said: &str, name: &str) -> bool {
    let (start, end) = cut(producer.pattern, b"*").unwrap_or((producer.pattern, ""));
    if producer.field.ends_with("args") {
        return said.strip_prefix(start) == Some(name);
    }
    let rest = name.strip_prefix(start).and_then(|rest| rest.strip_prefix(said));
    !said.is_empty() && rest.is_some_and(|rest| is_meant(end, rest))
}

fn produced_by_annotation(
    missing: &mut Vec<(&str, Field<'_>)>,
    namespace: Option<&str>,
    world: &World<'_>,
) -> Result<(), Undecided> {
    if missing.is_empty() {
        return Ok(());
    }
    let (names, within): (Vec<&str>, _) =
        (missing.iter().map(|(name, _)| *name).collect(), Within::Namespace(namespace));
    // The annotations' values: which of them names the Secret is seen below.
    let certified = [Relation::naming("metadata.annotations", &names)];
    for service in world.related("v1", "Service", within, &certified)? {
        for annotation in SERVING_CERTIFICATES {
            let made = service.annotation(annotation).str();
            missing.retain(|(name, _)| made != Some(name));
        }
    }
    for (api_version, kind, field) in SHIMS {
        for object in world.related(api_version, kind, within, &[Relation::naming(field, &names)])? {
            let is_set =
                |key: &&str| object.annotation(key).str().is_some_and(|value| !value.is_empty() && value != "false");
            if SHIM_ANNOTATIONS.iter().any(is_set) {
                each(object.root(), field, &mut |made| missing.retain(|(name, _)| made.str() != Some(name)));
            }
        }
    }
    Ok(())
}

/// Whether the token controller makes it, of a ServiceAccount that is there.
fn is_token(name: &str, workload: Workload<'_>, world: &World<'_>) -> Result<bool, Undecided> {
    let Some((start, random)) = name.len().checked_sub(5).and_then(|at| name.split_at_checked(at)) else {
        return Ok(false);
    };
    let account = TOKENS.iter().find_map(|middle| start.strip_suffix(middle));
    let Some(account) = account.filter(|_| random.bytes().all(|byte| RANDOM.contains(&byte))) else { return Ok(false) };
    let own = workload.pod().get("serviceAccountName").str();
    let namespace = workload.object().namespace();
    Ok(account == "default" || own == Some(account) || world.get("v1", "ServiceAccount", namespace, account)?.is_some())
}

/// `regcred`, or `*-tls` and `pg-*`.
fn is_meant(pattern: &str, name: &str) -> bool {
    match cut(pattern, b"*") {
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => pattern == name,
    }
}

/// What in a kustomization makes the Secret. Its namespace is the kustomization's to say, or that of another around it.
fn generator<'a>(name: &str, world: &World<'a>) -> Result<Option<Field<'a>>, Undecided> {
    for (api_version, kind) in
        [("kustomize.config.k8s.io/v1beta1", "Kustomization"), ("kustomize.config.k8s.io/v1alpha1", "Component")]
    {
        let all = world.list_all(api_version, kind)?;
        let mut generators = all.into_iter().flat_map(|kustomization| kustomization.get("secretGenerator").items());
        if let Some(found) = generators.find(|generator| generator.get("name").str() == Some(name)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
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
