//! The other kinds of the core group: Secrets, ConfigMaps, Namespaces, quotas.

use sdk::field::Field;
use sdk::prelude::*;
use sdk::text::decode_base64;

use super::container::resource_amount;
use super::{amount, entries, forbid, items, require, text};
use crate::formats;
use crate::walk::Walk;

const MOST_BYTES: usize = 1 << 20;

pub fn secret<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (data, plain) = (at.get("data"), at.get("stringData"));
    let has = |key: &str| entries(data).chain(entries(plain)).any(|(known, _)| known == key);
    let needs: &[&str] = match text(at.get("type")) {
        "kubernetes.io/service-account-token" => {
            let name = at.get("metadata.annotations").entry("kubernetes.io/service-account.name");
            require(walk, name, "for a token");
            &[]
        }
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => &["username"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        _ => &[],
    };
    for key in needs {
        let field = data.entry(key);
        let is_empty = *key == "ssh-privatekey" && text(field).is_empty() && text(plain.entry(key)).is_empty();
        if !has(key) || is_empty {
            walk.fail(
                field,
                format!("a Secret of this type has a key `{key}`"),
                format!("stringData: {{{key}: <value>}}"),
            );
        }
        if key.starts_with(".docker") {
            let decoded = if plain.entry(key).is_set() {
                Some(text(plain.entry(key)).to_owned())
            } else {
                decode_base64(text(field))
            };
            let is_map = decoded.is_some_and(|text| {
                (text.trim().starts_with('{') && text.trim().ends_with('}')) || text.trim() == "null"
            });
            if has(key) && !is_map {
                walk.findings.fail_concealed(
                    field,
                    "this is no JSON map",
                    "what `kubectl create secret docker-registry` writes",
                );
            }
        }
    }
    let size = |field: Field<'a>| entries(field).map(|(_, value)| text(value).len()).sum::<usize>();
    if size(data) / 4 * 3 + size(plain) > MOST_BYTES + 64 {
        walk.fail(data, "the values are more than 1 MiB together", "less than 1 MiB");
    }
}

pub fn config_map<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (data, binary) = (at.get("data"), at.get("binaryData"));
    for (key, value) in entries(data) {
        if entries(binary).any(|(other, _)| other == key) {
            walk.fail(value, format!("`{key}` stands in data and in binaryData"), fix::remove(value));
        }
    }
    let size = |field: Field<'a>| entries(field).map(|(_, value)| text(value).len()).sum::<usize>();
    if size(data) + size(binary) / 4 * 3 > MOST_BYTES + 64 {
        walk.fail(data, "the values are more than 1 MiB together", "less than 1 MiB");
    }
}

/// What the admission of Pod Security Standards asks of a Namespace's labels.
pub fn namespace<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for (key, value) in entries(at.get("metadata.labels")) {
        let Some(mode) = key.strip_prefix("pod-security.kubernetes.io/") else { continue };
        let said = text(value);
        match mode {
            "enforce" | "audit" | "warn" if !matches!(said, "privileged" | "baseline" | "restricted") => {
                let meant = crate::spelling::nearest(said, ["privileged", "baseline", "restricted"].into_iter());
                let fix =
                    meant.map_or_else(|| "privileged, baseline or restricted".into(), |meant| fix::set(value, meant));
                walk.fail(value, format!("`{said}` is not one of privileged, baseline, restricted"), fix);
            }
            "enforce-version" | "audit-version" | "warn-version" if said != "latest" && !is_version(said) => {
                walk.fail(value, format!("`{said}` is no version"), "latest, or a version such as v1.34");
            }
            _ => {}
        }
    }
}

fn is_version(text: &str) -> bool {
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
    };
    text.strip_prefix("v1.").is_some_and(is_number)
}

pub fn limit_range<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let kind = text(at.get("type"));
    if !kind.is_empty() && !formats::is_qualified_name(kind)
        || (!kind.contains('/') && !matches!(kind, "" | "Pod" | "Container" | "PersistentVolumeClaim"))
    {
        walk.fail(
            at.get("type"),
            format!("`{kind}` is not one of Pod, Container, PersistentVolumeClaim"),
            "Pod, Container or PersistentVolumeClaim",
        );
    }
    if kind == "Pod" {
        for field in ["default", "defaultRequest"] {
            if entries(at.get(field)).next().is_some() {
                forbid(walk, at.get(field), "for the type Pod");
            }
        }
    }
    if kind == "PersistentVolumeClaim"
        && !at.get("min").entry("storage").is_set()
        && !at.get("max").entry("storage").is_set()
    {
        walk.fail(at.get("max"), "a limit of claims has a `min` or a `max` of storage", "max: {storage: <amount>}");
    }
    for field in ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"] {
        for (name, value) in entries(at.get(field)) {
            limited_resource(walk, kind, name, value);
            if field == "maxLimitRequestRatio" && amount(value).is_some_and(|ratio| ratio < Quantity::from(1)) {
                walk.fail(value, "a ratio is at least 1", "1 or more");
            }
        }
    }
    let in_order = [
        ("min", "max"),
        ("min", "defaultRequest"),
        ("defaultRequest", "max"),
        ("defaultRequest", "default"),
        ("min", "default"),
        ("default", "max"),
    ];
    for (lower, upper) in in_order {
        for (name, value) in entries(at.get(lower)) {
            let other = at.get(upper).entry(name);
            if matches!((amount(value), amount(other)), (Some(less), Some(more)) if less > more) {
                walk.fail(value, format!("the {lower} of {name} is above its {upper}"), format!("at most the {upper}"));
            }
        }
    }
    for (name, ratio) in entries(at.get("maxLimitRequestRatio")) {
        let (least, most) = (amount(at.get("min").entry(name)), amount(at.get("max").entry(name)));
        if let (Some(ratio_amount), Some(least), Some(most)) = (amount(ratio), least, most)
            && !least.is_zero()
            && most.ratio_is_below(&least, &ratio_amount)
        {
            walk.fail(ratio, "this ratio is above max/min", "a smaller ratio");
        }
    }
}

/// A resource that a LimitRange of this type may name.
fn limited_resource<'a>(walk: &mut Walk<'a, '_>, kind: &str, name: &str, at: Field<'a>) {
    let is_of_containers = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    let is_standard = is_of_containers || is_quota(name) || name == "storage";
    let is_known = match kind {
        "Pod" | "Container" if !name.contains('/') => is_of_containers,
        _ => is_standard || name.contains('/'),
    };
    if !formats::is_qualified_name(name) || !is_known {
        walk.fail(at, format!("`{name}` is no resource that can be limited here"), "cpu, memory and the like");
    }
}

/// A resource that a quota counts.
fn is_quota(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "persistentvolumeclaims",
        "configmaps",
        "services.nodeports",
        "services.loadbalancers",
    ];
    KNOWN.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

pub fn quota<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let scopes: Vec<Field<'a>> = items(at.get("scopes"))
        .chain(items(at.get("scopeSelector.matchExpressions")).map(|requirement| requirement.get("scopeName")))
        .collect();
    for (name, value) in entries(at.get("hard")) {
        if !formats::is_qualified_name(name) || (!name.contains('/') && !is_quota(name)) {
            walk.fail(
                value,
                format!("`{name}` is no resource that a quota counts"),
                "requests.cpu, limits.memory, pods and the like, or count/<resource>.<group>",
            );
        }
        resource_amount(walk, name, value);
        for scope in &scopes {
            let is_compute = matches!(
                name,
                "cpu"
                    | "memory"
                    | "ephemeral-storage"
                    | "requests.cpu"
                    | "requests.memory"
                    | "requests.ephemeral-storage"
                    | "limits.cpu"
                    | "limits.memory"
                    | "limits.ephemeral-storage"
            );
            let is_wrong = match text(*scope) {
                "BestEffort" => name != "pods",
                "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
                    name != "pods" && !is_compute
                }
                "VolumeAttributesClass" => !matches!(name, "persistentvolumeclaims" | "requests.storage"),
                _ => false,
            };
            if is_wrong && is_quota(name) && !name.starts_with("hugepages-") && !name.starts_with("requests.hugepages-")
            {
                walk.fail(
                    *scope,
                    format!("the scope {} does not go with {name}", text(*scope)),
                    "another scope, or a quota of its own",
                );
            }
        }
    }
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        let find = |wanted| scopes.iter().find(|scope| text(**scope) == wanted);
        if let (Some(_), Some(second)) = (find(one), find(other)) {
            walk.fail(*second, format!("{one} and {other} exclude each other"), fix::remove(*second));
        }
    }
}

/// A requirement of a quota's scope.
pub fn scope<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (operator, values) = (at.get("operator"), at.get("values"));
    let takes_values = matches!(text(at.get("scopeName")), "PriorityClass" | "VolumeAttributesClass" | "");
    if !takes_values && text(operator) != "Exists" {
        walk.fail(operator, "the operator for this scope is `Exists`", fix::set(operator, "Exists"));
    }
    let count = items(values).count();
    match text(operator) {
        "In" | "NotIn" if count == 0 => {
            walk.fail(values, "the operators `In` and `NotIn` need values", "values: [<value>]")
        }
        "Exists" | "DoesNotExist" if count > 0 => forbid(walk, values, "for this operator"),
        _ => {}
    }
}
