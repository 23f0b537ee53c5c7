//! The name, the namespace and the labels of an object.

use sdk::field::Field;
use sdk::prelude::*;

use crate::formats::{self, Format};
use crate::walk::{Walk, child};

/// The object as a whole.
pub fn object<'a>(walk: &mut Walk<'a, '_>) {
    let metadata = child(walk.root, "metadata");
    let (name, generated) = (child(metadata, "name"), child(metadata, "generateName"));
    let text = |field: Field<'a>| field.str().unwrap_or_default();
    if is_review(walk.kind.name) {
        return;
    }
    // A LimitRange without a name gets one.
    if text(name).is_empty() && text(generated).is_empty() && walk.kind.name != "LimitRange" {
        walk.fail(name, "an object needs a name", "name:");
    }
    let format = name_format(walk);
    if walk.kind.name == "CronJob" && text(name).len() > 52 {
        walk.fail(name, "the name of a CronJob has at most 52 characters: its Jobs get a longer one", "a shorter name");
    }
    if !text(name).is_empty() && !(format.is)(text(name)) {
        walk.fail(name, format!("the name is not {}", format.wanted), format.wanted);
    }
    // What is generated goes on with a letter or a digit.
    let prefix = text(generated).trim_end_matches('-');
    if !prefix.is_empty() && !(format.is)(prefix) {
        walk.fail(generated, format!("the name is not {}", format.wanted), format.wanted);
    }
    // One that stands in an object of the whole cluster is ignored.
    let namespace = child(metadata, "namespace");
    if walk.kind.is_namespaced && !text(namespace).is_empty() && !formats::is_dns_label(text(namespace)) {
        walk.fail(namespace, format!("this is not {}", formats::DNS_LABEL.wanted), formats::DNS_LABEL.wanted);
    }
}

/// Whether the kind is a question that the server answers at once and does not keep.
fn is_review(kind: &str) -> bool {
    kind.ends_with("Review")
}

fn name_format(walk: &Walk<'_, '_>) -> &'static Format {
    match (walk.kind.group(), walk.kind.name) {
        ("", "Namespace") => &formats::DNS_LABEL,
        ("", "Service") if walk.minor < 36 => &formats::DNS_1035,
        ("", "Service") | ("apps", "StatefulSet") => &formats::DNS_LABEL,
        // What the server checks of every name.
        ("policy", _) | ("", "Event") | ("apiregistration.k8s.io", "APIService") => &formats::PATH_SEGMENT,
        ("coordination.k8s.io", "LeaseCandidate") => &formats::LEASE_NAME,
        ("rbac.authorization.k8s.io", _) => &formats::PATH_SEGMENT,
        _ => &formats::DNS_SUBDOMAIN,
    }
}

/// Labels and annotations.
pub fn object_meta<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let annotations = child(at, "annotations");
    let size: usize = annotations.entries().map(|(key, value)| key.len() + value.str().map_or(0, str::len)).sum();
    if size > 256 << 10 {
        walk.fail(
            annotations,
            format!("annotations of {size} bytes are more than 262144"),
            "less than 256 KiB of annotations",
        );
    }
    for (key, value) in annotations.entries() {
        if !formats::is_qualified_name(&key.to_ascii_lowercase()) {
            walk.fail(
                value,
                format!("`{key}` is not {}", formats::QUALIFIED_NAME.wanted),
                formats::QUALIFIED_NAME.wanted,
            );
        }
    }
}
