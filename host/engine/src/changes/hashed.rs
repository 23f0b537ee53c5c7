//! Names with the hash that kustomize appends to what it generates: `web-config-7h2k54md6f`.

use std::collections::HashSet;

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

/// The name of an object that kustomize has generated, with its hash.
pub fn generated_name(object: &Object) -> Option<&str> {
    object.name.as_deref().filter(|name| is_generated(object) && without(name) != *name)
}

/// The generated names in one place, before a change and after it.
#[derive(Default)]
pub struct Generated<'a> {
    pub before: HashSet<&'a str>,
    pub after: HashSet<&'a str>,
}

impl Generated<'_> {
    /// Whether the texts are one name with two hashes, the second of which takes the place of the first. What only ends
    /// like a hash is a name of its own, and so is that of an object which is there both before and after.
    pub fn is_same(&self, old: &str, new: &str) -> bool {
        let is_only_in =
            |name: &str, one: &HashSet<&str>, other: &HashSet<&str>| one.contains(name) && !other.contains(name);
        without(old) == without(new)
            && is_only_in(old, &self.before, &self.after)
            && is_only_in(new, &self.after, &self.before)
    }
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
    }

    #[test]
    fn a_name_is_the_same_where_its_object_is_generated_anew() {
        let (one, other) = ("web-7h2k54md6f", "web-bcdfghkmt2");
        let generated = |before: &[&'static str], after: &[&'static str]| Generated {
            before: before.iter().copied().collect(),
            after: after.iter().copied().collect(),
        };
        assert!(generated(&[one], &[other]).is_same(one, other));
        let others: [(&[&'static str], &[&'static str]); 6] = [
            (&[], &[]),
            (&[one], &[]),
            (&[], &[other]),
            (&[other], &[one]),
            (&[one, other], &[one, other]),
            (&[one], &[one, other]),
        ];
        for (before, after) in others {
            assert!(!generated(before, after).is_same(one, other), "{before:?} {after:?}");
        }
        let (one, other) = ("a-7h2k54md6f", "b-7h2k54md6f");
        assert!(!generated(&[one], &[other]).is_same(one, other));
    }
}
