//! Names with the hash that kustomize appends to what it generates: `web-config-7h2k54md6f`.

use crate::manifest::Object;

/// How long the hash is, and of which letters (`sigs.k8s.io/kustomize/api/hasher`): no vowels, so that it spells nothing.
const LENGTH: usize = 10;
const LETTERS: &str = "2456789bcdfghkmt";

/// Whether kustomize appends a hash to the names of such objects.
pub fn is_generated(object: &Object) -> bool {
    object.group().is_empty() && matches!(object.kind.as_str(), "ConfigMap" | "Secret")
}

/// The name without its hash, if it has one.
pub fn without(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, hash)) if hash.len() == LENGTH && hash.chars().all(|letter| LETTERS.contains(letter)) => name,
        _ => name,
    }
}

/// Whether two texts are one name with two hashes.
pub fn is_same(one: &str, other: &str) -> bool {
    let (short, other_short) = (without(one), without(other));
    short == other_short && short != one && other_short != other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_from_a_word() {
        assert_eq!(without("web-config-7h2k54md6f"), "web-config");
        for name in ["web-config", "web-production", "web-7h2k54md6", "web", "-", "web-7h2k54mda1"] {
            assert_eq!(without(name), name);
        }
        assert!(is_same("web-7h2k54md6f", "web-bcdfghkmt2"));
        assert!(
            !is_same("web", "web-bcdfghkmt2") && !is_same("web", "web") && !is_same("a-7h2k54md6f", "b-7h2k54md6f")
        );
    }
}
