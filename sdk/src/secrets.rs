//! Who makes a Secret that no manifest holds: operators, cert-manager's shims, OpenShift's service CA, the token controller.
//!
//! A table says it of each kind of object: which field names the Secret, and which keys the Secret gets. The module must not
//! know who refers to the Secret, nor whether it may also stand in a manifest.
//!
//! Look-ups are the rule's to declare. A rule that calls [`makers`] declares every kind of `data/producers.in` with its fields,
//! those of the keys only if it asks for [`Maker::keys`], and:
//!
//! ```text
//! looks_up: [
//!     "v1/Service": [
//!         "metadata.annotations['service.beta.openshift.io/serving-cert-secret-name']",
//!         "metadata.annotations['service.alpha.openshift.io/serving-cert-secret-name']",
//!     ],
//!     "networking.k8s.io/v1/Ingress": ["metadata.annotations", "spec.tls.secretName"],
//!     "gateway.networking.k8s.io/v1/Gateway": ["metadata.annotations", "spec.listeners.tls.certificateRefs.name"],
//!     "v1/ServiceAccount": [],
//! ],
//! ```

use alloc::vec::Vec;

use crate::field::Field;
use crate::object::Object;
use crate::relation::Relation;
use crate::text::{after, before};
use crate::undecided::Undecided;
use crate::world::{Within, World};

/// Fields of a volume that name a Secret for whoever mounts it.
pub const DRIVERS: [&str; 6] = [
    "azureFile.secretName",
    "csi.nodePublishSecretRef.name",
    "cephfs.secretRef.name",
    "flexVolume.secretRef.name",
    "iscsi.secretRef.name",
    "rbd.secretRef.name",
];

/// A kind of object that makes a Secret.
struct Producer {
    api_version: &'static str,
    kind: &'static str,
    /// The field that names the Secret, or several; the object's own name where it is empty.
    field: &'static str,
    /// The Secret's name, `*` being what the field says; of arguments what they say, `*` being the name.
    pattern: &'static str,
    keys: Keys,
}

/// The keys of a Secret that is made.
#[derive(Clone, Copy)]
enum Keys {
    /// Its maker decides, or what it reads from elsewhere.
    Any,
    /// These.
    Known {
        always: &'static [&'static str],
        /// Fields that list more; `.*` is the keys of a map.
        listed: &'static [&'static str],
        /// Fields that bring others, where they are set.
        unless: &'static [&'static str],
    },
}

/// What cert-manager puts into a Secret.
const CERTIFICATE: &[&str] = &["tls.crt", "tls.key", "ca.crt"];

const fn only(always: &'static [&'static str]) -> Keys {
    Keys::Known { always, listed: &[], unless: &[] }
}

const fn producer(
    api_version: &'static str,
    kind: &'static str,
    field: &'static str,
    pattern: &'static str,
    keys: Keys,
) -> Producer {
    Producer { api_version, kind, field, pattern, keys }
}

const PRODUCERS: &[Producer] = &include!("../data/producers.in");

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

/// What makes a Secret.
#[derive(Clone, Copy)]
pub struct Maker<'n, 'a> {
    /// The name of the Secret.
    pub secret: &'n str,
    object: Object<'a>,
    keys: Keys,
}

impl<'a> Maker<'_, 'a> {
    /// The keys that the Secret gets; `None` where that is not written down.
    #[must_use]
    pub fn keys(&self) -> Option<Vec<&'a str>> {
        let Keys::Known { always, listed, unless } = self.keys else { return None };
        if unless.iter().any(|field| self.object.get(field).is_set()) {
            return None;
        }
        let mut keys: Vec<&'a str> = always.to_vec();
        for field in listed {
            match before(field, ".*") {
                Some(map) => keys.extend(self.object.get(map).entries().map(|(key, _)| key)),
                None => each(self.object.root(), field, &mut |at| keys.extend(at.str())),
            }
        }
        Some(keys)
    }
}

/// What makes one of the Secrets of these names in a namespace. A Secret that nothing makes has no maker among them; one may
/// have several. Each kind is asked for once, and only while a Secret is left that nothing makes.
///
/// # Errors
/// As any look-up.
pub fn makers<'n, 'a>(
    names: &[&'n str],
    namespace: Option<&str>,
    world: &World<'a>,
) -> Result<Vec<Maker<'n, 'a>>, Undecided> {
    let (mut missing, mut found) = (names.to_vec(), Vec::new());
    for producer in PRODUCERS {
        if missing.is_empty() {
            return Ok(found);
        }
        let is_cluster_wide = producer.kind.starts_with("Cluster") && producer.kind != "Cluster";
        let within = if is_cluster_wide { Within::All } else { Within::Namespace(namespace) };
        let naming = producer.naming(&missing);
        for object in world.related(producer.api_version, producer.kind, within, &naming)? {
            let mut field = producer.field;
            while let Some(others) = after(field, "|") {
                let first = before(field, "|").unwrap_or_default();
                field = if object.get(first).is_set() { first } else { others };
            }
            each(object.root(), field, &mut |at| {
                let said = if field.is_empty() { object.name() } else { at.str().unwrap_or_default() };
                let made = names.iter().filter(|name| makes(producer, said, name));
                found.extend(made.map(|secret| Maker { secret, object, keys: producer.keys }));
            });
        }
        missing.retain(|name| !found.iter().any(|maker| maker.secret == *name));
    }
    if !missing.is_empty() {
        by_annotation(&missing, namespace, world, &mut found)?;
    }
    Ok(found)
}

/// Whether the token controller makes the Secret of that name, of a ServiceAccount that is there or that a workload names.
///
/// # Errors
/// As any look-up.
pub fn is_token(
    name: &str,
    accounts: Option<&str>,
    namespace: Option<&str>,
    world: &World<'_>,
) -> Result<bool, Undecided> {
    let Some((start, random)) = name.len().checked_sub(5).and_then(|at| name.split_at_checked(at)) else {
        return Ok(false);
    };
    let account = TOKENS.iter().find_map(|middle| start.strip_suffix(middle));
    let Some(account) = account.filter(|_| random.bytes().all(|byte| RANDOM.contains(&byte))) else { return Ok(false) };
    let is_known = account == "default" || accounts == Some(account);
    Ok(is_known || world.get("v1", "ServiceAccount", namespace, account)?.is_some())
}

/// `regcred`, or `*-tls` and `pg-*`.
#[must_use]
pub fn is_meant(pattern: &str, name: &str) -> bool {
    match (before(pattern, "*"), after(pattern, "*")) {
        (Some(start), Some(end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        _ => pattern == name,
    }
}

impl Producer {
    /// How the objects that make one of these Secrets are found; any may, where a Secret is not called what a field says.
    fn naming<'a>(&self, names: &'a [&'a str]) -> Vec<Relation<'a>> {
        let (mut naming, mut fields) = (Vec::new(), Some(self.field).filter(|_| self.pattern == "*"));
        while let Some(field) = fields {
            let first = before(field, "|").unwrap_or(field);
            naming.push(Relation::naming(if first.is_empty() { "metadata.name" } else { first }, names));
            fields = after(field, "|");
        }
        naming
    }
}

/// The fields of that dotted path, of every item of the lists on the way; the last that is there where one is missing.
fn each<'a>(field: Field<'a>, path: &'a str, found: &mut dyn FnMut(Field<'a>)) {
    if field.is_list() {
        field.items().for_each(|item| each(item, path, found));
    } else if path.is_empty() {
        found(field);
    } else {
        let (key, rest) = (before(path, ".").unwrap_or(path), after(path, ".").unwrap_or_default());
        each(field.get(key), rest, found);
    }
}

/// Whether the Secret of that name is the one that an object makes where its field says this.
fn makes(producer: &Producer, said: &str, name: &str) -> bool {
    let (start, end) = (before(producer.pattern, "*").unwrap_or_default(), after(producer.pattern, "*"));
    if producer.field.ends_with("args") {
        return said.strip_prefix(start) == Some(name);
    }
    let rest = name.strip_prefix(start).and_then(|rest| rest.strip_prefix(said));
    !said.is_empty() && rest.is_some_and(|rest| is_meant(end.unwrap_or_default(), rest))
}

fn by_annotation<'n, 'a>(
    names: &[&'n str],
    namespace: Option<&str>,
    world: &World<'a>,
    found: &mut Vec<Maker<'n, 'a>>,
) -> Result<(), Undecided> {
    let within = Within::Namespace(namespace);
    // The annotations' values: which of them names the Secret is seen below.
    let certified = [Relation::naming("metadata.annotations", names)];
    for object in world.related("v1", "Service", within, &certified)? {
        for annotation in SERVING_CERTIFICATES {
            let made = object.annotation(annotation).str();
            let made = names.iter().filter(|name| made == Some(name));
            found.extend(made.map(|secret| Maker { secret, object, keys: only(CERTIFICATE) }));
        }
    }
    for (api_version, kind, field) in SHIMS {
        for object in world.related(api_version, kind, within, &[Relation::naming(field, names)])? {
            let is_set =
                |key: &&str| object.annotation(key).str().is_some_and(|value| !value.is_empty() && value != "false");
            if SHIM_ANNOTATIONS.iter().any(is_set) {
                each(object.root(), field, &mut |at| {
                    let made = names.iter().filter(|name| at.str() == Some(name));
                    found.extend(made.map(|secret| Maker { secret, object, keys: only(CERTIFICATE) }));
                });
            }
        }
    }
    Ok(())
}
