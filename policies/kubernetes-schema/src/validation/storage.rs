//! PersistentVolumes and claims.

use sdk::field::Field;
use sdk::prelude::*;

use super::{amount, entries, items, require, text};
use crate::walk::Walk;

pub fn persistent_volume<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let capacity = at.get("capacity");
    require(walk, capacity.entry("storage"), "of a PersistentVolume");
    for (name, value) in entries(capacity) {
        if name != "storage" {
            walk.fail(value, format!("`{name}` is no capacity of a volume"), "storage:");
        }
        positive(walk, value);
    }
    access_modes(walk, at);
    if at.get("local").is_set() && !at.get("nodeAffinity.required").is_set() {
        require(walk, at.get("nodeAffinity"), "for a local volume");
    }
    if text(at.get("hostPath.path")).trim_end_matches('/').is_empty()
        && at.get("hostPath").is_set()
        && text(at.get("persistentVolumeReclaimPolicy")) == "Recycle"
    {
        walk.fail(at.get("persistentVolumeReclaimPolicy"), "the root of a node cannot be recycled", "Retain");
    }
    if at.get("volumeAttributesClassName").is_set() {
        require(walk, at.get("csi"), "beside volumeAttributesClassName");
    }
}

pub fn claim<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let storage = at.get("resources.requests").entry("storage");
    if storage.is_set() {
        positive(walk, storage);
    } else {
        walk.fail(storage, "a claim asks for storage", "resources: {requests: {storage: <amount>}}");
    }
    access_modes(walk, at);
    let (source, reference) = (at.get("dataSource"), at.get("dataSourceRef"));
    for origin in [source, reference] {
        if origin.is_set()
            && text(origin.get("apiGroup")).is_empty()
            && !matches!(text(origin.get("kind")), "" | "PersistentVolumeClaim")
        {
            walk.fail(
                origin.get("kind"),
                "in the core group, only a PersistentVolumeClaim can be copied",
                "an apiGroup, or PersistentVolumeClaim",
            );
        }
        let group = text(origin.get("apiGroup"));
        if !group.is_empty() && !crate::formats::is_dns_subdomain(group) {
            walk.fail(origin.get("apiGroup"), "this is no API group", "an API group such as snapshot.storage.k8s.io");
        }
    }
    if source.is_set() && reference.is_set() {
        let is_same =
            ["apiGroup", "kind", "name"].iter().all(|part| text(source.get(part)) == text(reference.get(part)));
        if !is_same {
            walk.fail(source, "dataSource and dataSourceRef name different objects", fix::remove(source));
        }
    }
}

fn positive<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if amount(at).is_some_and(|amount| amount.is_zero() || amount.is_negative()) {
        walk.fail(at, "this must be more than 0", "an amount such as 1Gi");
    }
}

fn access_modes<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let modes = || items(at.get("accessModes"));
    if let Some(alone) = modes().find(|mode| text(*mode) == "ReadWriteOncePod")
        && modes().any(|mode| text(mode) != "ReadWriteOncePod")
    {
        walk.fail(alone, "`ReadWriteOncePod` goes with no other mode", fix::remove(alone));
    }
    for mode in modes().filter(|mode| text(*mode).is_empty()) {
        walk.fail(mode, "this is no access mode", "ReadWriteOnce");
    }
}
