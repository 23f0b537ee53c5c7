//! Volumes of a pod.

use sdk::field::Field;
use sdk::prelude::*;

use super::container::{field_ref, resource_ref};
use super::{entries, forbid, is_true, items, number, require, text};
use crate::formats;
use crate::walk::Walk;

pub fn downward_file<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    const KNOWN: &[&str] =
        &["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];
    field_ref(walk, at.get("fieldRef"), &[KNOWN]);
    resource_ref(walk, at.get("resourceFieldRef"), true);
}

/// No two files of a projected volume have the same path.
pub fn projected<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let mut seen: Vec<&str> = Vec::new();
    for source in items(at.get("sources")) {
        for kind in ["secret", "configMap", "downwardAPI"] {
            for item in items(source.get(kind).get("items")) {
                let path = text(item.get("path"));
                if !path.is_empty() && seen.contains(&path) {
                    walk.fail(item.get("path"), format!("another file of this volume is `{path}` too"), "another path");
                }
                seen.push(path);
            }
        }
        let token = source.get("serviceAccountToken");
        let has_account = !text(walk.root.get("spec.serviceAccountName")).is_empty()
            || !text(walk.root.get("spec.serviceAccount")).is_empty();
        if token.is_set() && walk.kind.name == "Pod" && !has_account {
            // The admission of ServiceAccounts, which every cluster has, names `default`.
            walk.findings.note(token, "the token is that of the ServiceAccount `default`");
        }
    }
}

/// The Secret of a CSI volume has a name.
pub fn csi_volume<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let secret = at.get("nodePublishSecretRef");
    let name = secret.get("name");
    if secret.is_set() && !formats::is_dns_subdomain(text(name)) {
        walk.fail(name, format!("this is not {}", formats::DNS_SUBDOMAIN.wanted), formats::DNS_SUBDOMAIN.wanted);
    }
}

pub fn iscsi<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if is_true(at.get("chapAuthDiscovery")) || is_true(at.get("chapAuthSession")) {
        require(walk, at.get("secretRef"), "where a session is authenticated");
    }
    let secret = at.get("secretRef");
    if at.path().contains("['spec']['iscsi']") && secret.is_set() {
        require(walk, secret.get("name"), "of a Secret");
    }
}

pub fn fibre_channel<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let has = |name| items(at.get(name)).next().is_some();
    match (has("targetWWNs"), has("wwids")) {
        (false, false) => walk.fail(at, "none of targetWWNs, wwids is set", "one of targetWWNs, wwids"),
        (true, true) => {
            walk.fail(at.get("wwids"), "only one of targetWWNs, wwids may be set", fix::remove(at.get("wwids")))
        }
        (true, false) if !at.get("lun").is_set() => require(walk, at.get("lun"), "beside targetWWNs"),
        (true, false) if !(0..=255).contains(&number(at.get("lun")).unwrap_or(0)) => {
            walk.fail(at.get("lun"), "this is out of range", "a whole number from 0 to 255");
        }
        _ => {}
    }
}

pub fn flocker<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (name, uuid) = (at.get("datasetName"), at.get("datasetUUID"));
    match (text(name), text(uuid)) {
        ("", "") => walk.fail(at, "none of datasetName, datasetUUID is set", "one of datasetName, datasetUUID"),
        (one, other) if !one.is_empty() && !other.is_empty() => {
            walk.fail(uuid, "only one of datasetName, datasetUUID may be set", fix::remove(uuid));
        }
        (name_text, _) if name_text.contains('/') => walk.fail(name, "there is a `/` in this", "a name without `/`"),
        _ => {}
    }
}

pub fn azure_disk<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let uri = at.get("diskURI");
    // Without a kind it is a shared one.
    let prefix = match text(at.get("kind")) {
        "Managed" => "/subscriptions/",
        "" | "Shared" | "Dedicated" => "https://",
        _ => return,
    };
    if !text(uri).is_empty() && !text(uri).starts_with(prefix) {
        walk.fail(
            uri,
            format!("the URI of a disk of this kind begins with `{prefix}`"),
            "the disk's URI, or another kind",
        );
    }
}

pub fn csi_secrets<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for (key, secret) in entries(at).filter(|(key, _)| {
        matches!(
            *key,
            "controllerPublishSecretRef" | "controllerExpandSecretRef" | "nodePublishSecretRef" | "nodeExpandSecretRef"
        )
    }) {
        for part in ["name", "namespace"] {
            if secret.is_set() {
                require(walk, secret.get(part), &format!("in {key}"));
            }
            let format = if part == "name" { &formats::DNS_SUBDOMAIN } else { &formats::DNS_LABEL };
            let said = text(secret.get(part));
            if !said.is_empty() && !(format.is)(said) {
                walk.fail(secret.get(part), format!("this is not {}", format.wanted), format.wanted);
            }
        }
    }
}

/// The template of a claim in a pod has labels and annotations, and no other metadata.
pub fn claim_template<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for (key, value) in entries(at.get("metadata")) {
        if !matches!(key, "labels" | "annotations" | "creationTimestamp") && !super::text_is_empty(value) {
            forbid(walk, value, "in a template of a claim");
        }
    }
}
