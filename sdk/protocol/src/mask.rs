//! Field masks: the part of an object that a rule reads, so that a host can send it only that.
//!
//! Parsing JSON that nobody looks at is the dominant cost of a sandboxed rule, so a rule declares its reads and a host
//! prunes the object to them. Pruned or whole, the verdict is the same; tests hold every rule to that.
//!
//! An entry is a dotted path; arrays are entered without a word (all elements are kept, so that indices stay true), and
//! the last step keeps its whole subtree. A key with a dot is quoted: `metadata.annotations['helm.sh/hook']`. The entry
//! `*` is the whole object. Two prefixes save every rule from knowing where a workload keeps its pod:
//!
//! - `pod.spec.volumes` starts at the pod template (see [`WORKLOADS`](crate::WORKLOADS));
//! - `containers.image` means that field of all three classes of containers, with the `name` and `restartPolicy` that
//!   tell the containers and their classes apart.
//!
//! Keys match without regard to case: Kubernetes ignores a field spelt in the wrong case, and a rule must see it to say so.

use alloc::string::String;
use alloc::vec::Vec;

use crate::kinds::{IDENTITY, workload_kind};

const CONTAINER_CLASSES: &[&str] = &["containers", "initContainers", "ephemeralContainers"];
const CONTAINER_IDENTITY: &[&str] = &["name", "restartPolicy"];

/// A tree of the fields to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMask {
    /// Keep this value whole.
    whole: bool,
    /// Otherwise keep these members, each by its own mask. Few, so that a linear search is the fast one.
    fields: Vec<(String, FieldMask)>,
}

impl FieldMask {
    /// The mask that keeps everything.
    #[must_use]
    pub const fn whole() -> Self {
        Self { whole: true, fields: Vec::new() }
    }

    /// The mask of a rule that declares `reads`, for objects of this group and kind. Includes the identity of the
    /// object, which every rule may read.
    #[must_use]
    pub fn for_kind<S: AsRef<str>>(reads: &[S], group: &str, kind: &str) -> Self {
        let mut mask = Self::default();
        for entry in IDENTITY {
            mask.add(&steps(entry));
        }
        let template = workload_kind(group, kind).map(|known| known.template);
        for entry in reads {
            let steps = steps(entry.as_ref());
            match (steps.split_first(), template) {
                (Some((first, rest)), Some(template)) if first == "pod" => mask.add(&joined(template, &[], rest)),
                (Some((first, rest)), Some(template)) if first == "containers" => {
                    for class in CONTAINER_CLASSES {
                        for identity in CONTAINER_IDENTITY {
                            mask.add(&joined(template, &["spec", class, identity], &[]));
                        }
                        mask.add(&joined(template, &["spec", class], rest));
                    }
                }
                (Some((first, _)), None) if first == "pod" || first == "containers" => {}
                _ => mask.add(&steps),
            }
        }
        mask
    }

    /// The mask of plain entries, without prefixes or identity, as in a look-up's `field_masks`.
    #[must_use]
    pub fn of_entries<S: AsRef<str>>(entries: &[S]) -> Self {
        let mut mask = Self::default();
        for entry in entries {
            mask.add(&steps(entry.as_ref()));
        }
        mask
    }

    /// Whether the value is kept with all that is in it.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The mask of a member; `None` where the member is left out.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Self> {
        if self.whole {
            return Some(self);
        }
        self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, mask)| mask)
    }

    /// The members kept, with their masks; empty for a whole mask.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.fields.iter().map(|(name, mask)| (name.as_str(), mask))
    }

    fn add(&mut self, steps: &[String]) {
        if self.whole {
            return;
        }
        let Some((first, rest)) = steps.split_first() else {
            *self = Self::whole();
            return;
        };
        if let Some((_, mask)) = self.fields.iter_mut().find(|(name, _)| name == first) {
            mask.add(rest);
        } else {
            let mut mask = Self::default();
            mask.add(rest);
            self.fields.push((first.clone(), mask));
        }
    }
}

fn joined(template: &[&str], middle: &[&str], rest: &[String]) -> Vec<String> {
    let fixed = template.iter().chain(middle).map(|step| String::from(*step));
    fixed.chain(rest.iter().cloned()).collect()
}

/// The steps of an entry: none of `*`, which is the object itself. An unbalanced quote keeps the rest as one key: it then names nothing, and the tests of the
/// rule that declared it fail.
/// The keys of an entry, in order: `metadata.annotations['a.b/c']` has three.
#[must_use]
pub fn steps(entry: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = if entry == "*" { "" } else { entry };
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("['") {
            let (key, after) = quoted.split_once("']").unwrap_or((quoted, ""));
            steps.push(String::from(key));
            rest = after;
        } else {
            // A step has at least one character, whatever it is: an entry may come from a hostile policy.
            let ends = |(_, character): &(usize, char)| matches!(character, '.' | '[');
            let end = rest.char_indices().skip(1).find(ends).map_or(rest.len(), |(end, _)| end);
            let (key, after) = rest.split_at(end);
            steps.push(String::from(key));
            rest = after;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_entry_is_it_ends() {
        for (entry, expected) in [
            ("spec.rules[].name", &["spec", "rules", "[]", "name"][..]),
            ("a[0]", &["a", "[0]"]),
            ("a..b", &["a", ".b"]),
            ("[", &["["]),
            ("['", &[""]),
            ("ä[ö", &["ä", "[ö"]),
        ] {
            assert_eq!(steps(entry), expected, "{entry}");
        }
    }

    fn keeps(mask: &FieldMask, path: &[&str]) -> bool {
        path.iter().try_fold(mask, |mask, key| mask.field(key)).is_some_and(FieldMask::is_whole)
    }

    #[test]
    fn prefixes_follow_the_kind() {
        let reads = ["containers.image", "pod.spec.volumes", "spec.replicas"];
        let deployment = FieldMask::for_kind(&reads, "apps", "Deployment");
        assert!(keeps(&deployment, &["spec", "template", "spec", "initContainers", "image"]));
        assert!(keeps(&deployment, &["spec", "template", "spec", "containers", "name"]));
        assert!(keeps(&deployment, &["spec", "template", "spec", "volumes"]));
        assert!(keeps(&deployment, &["spec", "replicas"]));
        assert!(!keeps(&deployment, &["spec", "template", "spec", "containers", "env"]));
        let pod = FieldMask::for_kind(&reads, "", "Pod");
        assert!(keeps(&pod, &["spec", "ephemeralContainers", "image"]));
        let other = FieldMask::for_kind(&reads, "policy", "PodDisruptionBudget");
        assert!(keeps(&other, &["spec", "replicas"]));
        assert!(!keeps(&other, &["spec", "volumes"]));
    }

    #[test]
    fn quoted_keys_may_hold_dots() {
        let mask = FieldMask::of_entries(&["metadata.annotations['a.b/c']", "spec"]);
        assert!(keeps(&mask, &["metadata", "annotations", "a.b/c"]));
        assert!(keeps(&mask, &["spec", "anything", "below"]));
        assert!(!keeps(&mask, &["metadata", "annotations", "a"]));
    }

    #[test]
    fn a_star_is_the_whole_object() {
        assert!(FieldMask::for_kind(&["*"], "apps", "Deployment").is_whole());
        assert!(FieldMask::for_kind(&["*"], "*", "*").is_whole());
    }

    #[test]
    fn a_wider_entry_wins_over_a_narrower_one() {
        for entries in [["spec.a", "spec"], ["spec", "spec.a"]] {
            assert!(keeps(&FieldMask::of_entries(&entries), &["spec", "b"]));
        }
    }
}
