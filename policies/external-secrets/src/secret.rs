//! Objects that are Secrets, or templates of one: which of their keys hold a secret.
//!
//! Who makes a Secret means all of it to be secret, so that a key is one unless it is known to be harmless.

use sdk::prelude::*;

use crate::names::{Names, is_switch};
use crate::placeholders::{is_placeholder, is_public};
use crate::scan;
use crate::text::{cut_last, decode_base64, has, holds, last_word, snake_case};

const HARMLESS: &[&str] = &include!("../data/harmless_keys.rs");

/// Endings of keys whose values are files of configuration: what is secret in them has a name or a shape.
const FILES: &[&str] = &["cfg", "conf", "ini", "json", "properties", "toml", "xml", "yaml", "yml"];

/// Keys told in a message.
const TOLD: usize = 5;

/// Not one that is written by hand: a ServiceAccount's token, Helm's memory of a release, and in a cluster what a
/// controller owns or cert-manager signed. In a file, those marks would be written by hand as well.
pub fn is_made_by_cluster(secret: Object<'_>, world: &World<'_>) -> bool {
    matches!(secret.get("type").str(), Some("kubernetes.io/service-account-token" | "helm.sh/release.v1"))
        || world.is_admission()
            && (secret
                .get("metadata.ownerReferences")
                .items()
                .any(|owner| owner.get("controller").bool() == Some(true))
                || secret.annotation("cert-manager.io/certificate-name").is_set())
}

/// The keys of a Secret that hold one, each with its place.
pub fn secret_keys<'a>(secret: Field<'a>, names: &Names) -> Vec<(&'a str, Field<'a>)> {
    let mut keys = Vec::new();
    for (field, is_encoded) in [("data", true), ("stringData", false)] {
        for (key, value) in secret.get(field).entries() {
            let text = value.str().unwrap_or_default();
            let decoded = if is_encoded { decode_base64(text) } else { None };
            let is_secret = |text: &str| is_secret_value(key, text, names);
            if is_secret(text) && decoded.is_none_or(|text| is_secret(&text)) {
                keys.push((key, value));
            }
        }
    }
    keys
}

/// Whether the value under a Secret's key is a secret.
pub fn is_secret_value(key: &str, value: &str, names: &Names) -> bool {
    if is_placeholder(value) || names.is_key(value) || is_public(value) {
        return false;
    }
    let stem = cut_last(key, b".").map_or(key, |(stem, _)| stem);
    if names.are_of(key) || is_file(key) && names.are_of(stem) {
        return true;
    }
    let is_harmless = (is_harmless_key(key, names) || value.starts_with('/')) && !has(value, b"\n");
    let is_looked_into = is_file(key) || value.trim_ascii_start().starts_with('{') || is_harmless || is_switch(value);
    !is_looked_into || scan::find(value, names, false).is_some()
}

/// Whether the key is the name of a file.
pub fn is_file(key: &str) -> bool {
    cut_last(key, b".").is_some_and(|(_, ending)| FILES.contains(&ending))
}

/// Whether the key is one whose value is no secret by itself.
pub fn is_harmless_key(key: &str, names: &Names) -> bool {
    let words = snake_case(key);
    HARMLESS.contains(&last_word(&words)) && !holds(&words, "webhook") && !names.are_of(key)
}

/// What is wrong with a Secret in which these keys hold one.
pub fn message(keys: &[&str]) -> String {
    let mut list = String::new();
    for (index, key) in keys.iter().take(TOLD).enumerate() {
        let is_last = index + 1 == keys.len();
        list.push_str(if index == 0 {
            ""
        } else if is_last {
            " and "
        } else {
            ", "
        });
        list.push('`');
        list.push_str(key);
        list.push('`');
    }
    if keys.len() > TOLD {
        list = format!("{list} and {} more", keys.len() - TOLD);
    }
    let are = if keys.len() == 1 { "is" } else { "are" };
    format!("{list} {are} in plain text for everybody who can read the manifest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_some_keys() {
        assert!(message(&["a"]).starts_with("`a` is in plain text"));
        assert!(message(&["a", "b"]).starts_with("`a` and `b` are"));
        assert!(message(&["a", "b", "c"]).starts_with("`a`, `b` and `c` are"));
        assert!(message(&["a"; 7]).starts_with("`a`, `a`, `a`, `a`, `a` and 2 more are"));
    }
}
