//! The ConfigMaps and Secrets that a pod reads, and their keys.
//!
//! A reference that is `optional` may lead nowhere. What is missing is said once a pod, at the first reference that needs it.

use sdk::generator;
use sdk::prelude::*;
use sdk::secrets::{DRIVERS, is_token, makers};
use sdk::text::before;

use crate::look::{Look, Named};

/// ConfigMaps of the platform, each with its key.
const CONFIG_MAPS: &[(&str, &str)] = &include!("../../data/config_maps.rs");

/// Kinds of objects that make a ConfigMap of their own name: trust-manager, and object storage.
const BUNDLES: [(&str, &str); 2] =
    [("trust.cert-manager.io/v1alpha1", "Bundle"), ("objectbucket.io/v1alpha1", "ObjectBucketClaim")];

/// The annotations by which controllers copy a ConfigMap or a Secret to other namespaces: reflector, replicator, config-syncer.
const COPIED: [&str; 4] = [
    "reflector.v1.k8s.emberstack.com/reflection-auto-enabled",
    "replicator.v1.mittwald.de/replicate-to",
    "replicator.v1.mittwald.de/replicate-to-matching",
    "kubed.appscode.com/sync",
];

/// A field that names a ConfigMap or a Secret.
struct Reference<'a> {
    kind: &'static str,
    at: Field<'a>,
    is_optional: bool,
    /// Whether the pod starts without it.
    is_advice: bool,
    /// The fields that name its keys, with the keys.
    keys: Vec<(Field<'a>, &'a str)>,
}

/// A ConfigMap or a Secret.
pub struct Content<'a> {
    kind: &'static str,
    name: &'a str,
    is_there: bool,
    /// Its keys; `None` where they are not all in sight.
    keys: Option<Vec<&'a str>>,
}

/// All that a pod reads.
pub struct Contents<'a>(Vec<Content<'a>>);

impl<'a> Contents<'a> {
    fn find(&self, kind: &str, name: &str) -> Option<&Content<'a>> {
        self.0.iter().find(|content| content.kind == kind && content.name == name)
    }

    /// The keys of a ConfigMap or Secret that is read; `None` where they are not all in sight.
    pub fn keys(&self, kind: &str, name: &str) -> Option<&[&'a str]> {
        self.find(kind, name)?.keys.as_deref()
    }
}

/// Finds what is missing, and keeps what there is.
pub fn check<'a>(workload: Workload<'a>, look: &mut Look<'a, '_>) -> Result<Contents<'a>, Undecided> {
    let references = references(workload);
    let mut contents = Contents(Vec::new());
    for Reference { kind, at, .. } in &references {
        if let Some(name) = at.str().filter(|name| !name.is_empty() && contents.find(kind, name).is_none()) {
            let object = look.named(*at, "v1", kind).map_or(Ok(None), |named| look.find(named))?;
            let keys = object.and_then(own_keys);
            contents.0.push(Content { kind, name, is_there: object.is_some(), keys });
        }
    }
    let is_short = |content: &Content<'_>| {
        let wanted = references.iter().filter(|it| it.kind == content.kind && it.at.str() == Some(content.name));
        let mut wanted = wanted.flat_map(|reference| &reference.keys);
        let lacks = |keys: &Vec<&str>| wanted.any(|(_, key)| !keys.contains(key));
        !content.is_there || content.keys.as_ref().is_some_and(lacks)
    };
    complete(&mut contents, &is_short, workload, look)?;
    for reference in &references {
        let Some(content) = reference.at.str().and_then(|name| contents.find(reference.kind, name)) else { continue };
        if !content.is_there {
            report_missing(reference, content, &references, look)?;
        } else if let (Some(keys), false) = (&content.keys, reference.is_optional) {
            for (at, key) in reference.keys.iter().filter(|(_, key)| !keys.contains(key)) {
                let message = format!("{} {} has no key `{key}`", content.kind, content.name);
                look.none_of(*at, key, &message, keys);
            }
        }
    }
    Ok(contents)
}

/// Says it once, at the first reference that cannot do without.
fn report_missing<'a>(
    reference: &Reference<'a>,
    content: &Content<'a>,
    references: &[Reference<'a>],
    look: &mut Look<'a, '_>,
) -> Result<(), Undecided> {
    let is_same = |it: &&Reference<'a>| it.kind == content.kind && it.at.str() == Some(content.name);
    let needs = references.iter().filter(is_same).find(|it| !it.is_optional && !it.is_advice);
    let first = needs.or_else(|| references.iter().filter(is_same).find(|it| !it.is_optional));
    let is_first = first.is_some_and(|first| first.at.path() == reference.at.path());
    match look.named(reference.at, "v1", reference.kind) {
        Some(named) if is_first => look.missing(named, reference.is_advice),
        _ => Ok(()),
    }
}

/// Where a ConfigMap or a Secret may come from, if it is no manifest, or lacks a key there.
fn complete<'a>(
    contents: &mut Contents<'a>,
    is_short: &dyn Fn(&Content<'a>) -> bool,
    workload: Workload<'a>,
    look: &mut Look<'a, '_>,
) -> Result<(), Undecided> {
    let (namespace, world) = (workload.object().namespace(), look.world);
    let secrets = contents.0.iter().filter(|content| content.kind == "Secret" && is_short(content));
    let secrets: Vec<&str> = secrets.map(|content| content.name).collect();
    let makers = look.seen(makers(&secrets, namespace, &world))?.unwrap_or_default();
    let account = workload.pod().get("serviceAccountName").str();
    for content in contents.0.iter_mut().filter(|content| is_short(content)) {
        let (kind, name) = (content.kind, content.name);
        if kind == "Secret" {
            for maker in makers.iter().filter(|maker| maker.secret == name) {
                content.add(maker.keys());
            }
            if look.seen(is_token(name, account, namespace, &world))? == Some(true) {
                content.add(None);
            }
        } else {
            if let Some((_, key)) = CONFIG_MAPS.iter().find(|(known, _)| *known == name) {
                content.add(Some(vec![*key]));
            }
            for (api_version, kind) in BUNDLES {
                let home = namespace.filter(|_| kind != "Bundle");
                if look.seen(world.get(api_version, kind, home, name))?.flatten().is_some() {
                    content.add(None);
                }
            }
        }
        let field = if kind == "Secret" { "secretGenerator" } else { "configMapGenerator" };
        for generator in generators(field, name, look)? {
            content.add(generator::keys(generator));
        }
        if !content.is_there {
            let names = [name];
            let naming = [Relation::naming("metadata.name", &names)];
            let all = look.seen(world.related("v1", kind, Within::All, &naming))?.unwrap_or_default();
            let is_copied = |it: &Object<'_>| {
                it.name() == name && COPIED.iter().any(|annotation| it.annotation(annotation).is_set())
            };
            if let Some(copied) = all.into_iter().find(is_copied) {
                content.add(own_keys(copied));
            }
        }
    }
    Ok(())
}

/// What makes it in a kustomization. No API server has any.
fn generators<'a>(field: &'static str, name: &str, look: &mut Look<'a, '_>) -> Result<Vec<Field<'a>>, Undecided> {
    if look.world.is_admission() {
        return Ok(Vec::new());
    }
    Ok(look.seen(generator::named(field, name, &look.world))?.unwrap_or_default())
}

impl<'a> Content<'a> {
    /// Something makes it, or adds to it, with these keys.
    fn add(&mut self, keys: Option<Vec<&'a str>>) {
        self.keys = match (self.is_there, self.keys.take(), keys) {
            (true, Some(mut own), Some(more)) => {
                own.extend(more);
                Some(own)
            }
            (false, _, keys) => keys,
            _ => None,
        };
        self.is_there = true;
    }
}

/// The keys of a ConfigMap or a Secret; `None` of one that a controller fills: it has none in the manifest, or is a token.
fn own_keys(object: Object<'_>) -> Option<Vec<&str>> {
    let fields = ["data", "binaryData", "stringData"].into_iter();
    let keys: Vec<&str> = fields.flat_map(|field| object.get(field).entries().map(|(key, _)| key)).collect();
    let is_token = object.get("type").str() == Some("kubernetes.io/service-account-token");
    Some(keys).filter(|keys| !keys.is_empty() && !is_token)
}

fn references(workload: Workload<'_>) -> Vec<Reference<'_>> {
    let mut all = Vec::new();
    for container in workload.containers(Class::ALL) {
        for variable in container.get("env").items() {
            for (field, kind) in [("valueFrom.configMapKeyRef", "ConfigMap"), ("valueFrom.secretKeyRef", "Secret")] {
                let (from, key) = (variable.get(field), variable.get(field).get("key"));
                all.push(Reference {
                    kind,
                    at: from.get("name"),
                    is_optional: is_optional(from),
                    is_advice: false,
                    keys: key.str().map(|text| (key, text)).into_iter().collect(),
                });
            }
        }
        for source in container.get("envFrom").items() {
            for (field, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                all.push(Reference::whole(kind, source.get(field), "name"));
            }
        }
    }
    for volume in workload.pod().get("volumes").items() {
        let mounted = sub_paths(workload, volume);
        let config_map = volume.get("configMap");
        let (secret, sources) = (volume.get("secret"), volume.get("projected.sources"));
        all.push(Reference::of_files("ConfigMap", config_map, "name", &mounted));
        all.push(Reference::of_files("Secret", secret, "secretName", &mounted));
        // Of several sources any may have the file.
        let mounted = if sources.items().count() == 1 { mounted } else { Vec::new() };
        for source in sources.items() {
            for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                all.push(Reference::of_files(kind, source.get(field), "name", &mounted));
            }
        }
        for field in DRIVERS {
            // Of azureFile the namespace may be another.
            if !volume.get("azureFile.secretNamespace").is_set() {
                all.push(Reference::whole("Secret", volume, field));
            }
        }
    }
    for secret in workload.pod().get("imagePullSecrets").items() {
        all.push(Reference { is_advice: true, ..Reference::whole("Secret", secret, "name") });
    }
    all.retain(|reference| reference.at.is_set());
    all
}

impl<'a> Reference<'a> {
    fn whole(kind: &'static str, from: Field<'a>, name: &'static str) -> Self {
        Self { kind, at: from.get(name), is_optional: is_optional(from), is_advice: false, keys: Vec::new() }
    }

    /// What a volume takes: the keys that it lists, else those that are mounted one by one.
    fn of_files(kind: &'static str, from: Field<'a>, name: &'static str, mounted: &[(Field<'a>, &'a str)]) -> Self {
        let items = from.get("items");
        let keys = if items.has_items() {
            let keys = items.items().map(|item| item.get("key"));
            keys.filter_map(|key| Some((key, key.str()?))).collect()
        } else {
            mounted.to_vec()
        };
        Self { keys, ..Self::whole(kind, from, name) }
    }
}

fn is_optional(reference: Field<'_>) -> bool {
    reference.get("optional").bool() == Some(true)
}

/// The files of a volume that containers mount one by one: a file that is missing becomes an empty folder.
fn sub_paths<'a>(workload: Workload<'a>, volume: Field<'a>) -> Vec<(Field<'a>, &'a str)> {
    let name = volume.get("name").str();
    let mounts = workload.containers(Class::ALL).flat_map(|container| container.get("volumeMounts").items());
    let mounts = mounts.filter(|mount| mount.get("name").str() == name && name.is_some());
    let paths = mounts.filter_map(|mount| {
        let path = mount.get("subPath");
        let text = path.str().filter(|text| !text.is_empty())?.trim_start_matches("./");
        Some((path, before(text, "/").unwrap_or(text)))
    });
    paths.collect()
}

/// A mount of one file that the items of its volume do not have.
pub fn paths_without_item<'a>(workload: Workload<'a>, look: &mut Look<'a, '_>) {
    for volume in workload.pod().get("volumes").items() {
        let from = [volume.get("configMap"), volume.get("secret")].into_iter().find(|from| from.is_set());
        let items = from.map(|from| from.get("items")).filter(|items| items.has_items());
        let Some(items) = items.filter(|_| !from.is_some_and(is_optional)) else { continue };
        for (at, path) in sub_paths(workload, volume) {
            let paths: Vec<&str> = items.items().filter_map(|item| item.get("path").str()).collect();
            if !paths.iter().any(|known| before(known, "/").unwrap_or(known) == path) {
                let message = format!("the volume has no file `{path}`: its `items` do not list it");
                look.none_of(at, path, &message, &paths);
            }
        }
    }
}

/// What is named, for an object that is not a workload.
pub fn pull_secrets<'a>(list: Field<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    for secret in list.items() {
        if let Some(named) = look.named(secret.get("name"), "v1", "Secret") {
            secret_exists(named, true, look)?;
        }
    }
    Ok(())
}

/// Finds a Secret, in a manifest or made.
pub fn secret_exists<'a>(named: Named<'a>, is_advice: bool, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    if is_there(named, look)? { Ok(()) } else { look.missing(named, is_advice) }
}

/// Whether a Secret is in sight, or something that makes it.
pub fn is_there<'a>(named: Named<'a>, look: &mut Look<'a, '_>) -> Result<bool, Undecided> {
    if look.find(named)?.is_some() {
        return Ok(true);
    }
    let makers = look.seen(makers(&[named.name], named.namespace, &look.world))?.unwrap_or_default();
    Ok(!makers.is_empty() || !generators("secretGenerator", named.name, look)?.is_empty())
}
