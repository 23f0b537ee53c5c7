//! What rules and the host itself look at, of all objects together: the rest of an object need not be kept.

use protocol::{FieldMask, RuleMetadata, api_group};

use crate::manifest::Keep;

/// What the host itself looks at in the kinds of Kubernetes: what objects are and who made them, traces of tools, and waivers.
const OWN: [&str; 10] = [
    "metadata.labels",
    "metadata.annotations",
    "metadata.ownerReferences",
    "metadata.uid",
    "metadata.generateName",
    "spec.workloadRef",
    "pod.metadata.labels",
    "pod.metadata.annotations",
    "containers.name",
    "containers.env.name",
];

/// Keeps what these rules are sent, of objects that they check and of those that they look up. Other kinds than those of
/// Kubernetes are kept whole: what they deploy stands in fields of their own.
#[must_use]
pub fn kept_for<'r>(rules: impl Iterator<Item = &'r RuleMetadata>) -> Keep<'r> {
    let rules: Vec<&RuleMetadata> = rules.collect();
    Keep::new(move |group, kind| {
        let is_of_kubernetes = (!group.contains('.') || group.ends_with(".k8s.io")) && kind != "Template";
        if !is_of_kubernetes {
            return FieldMask::whole();
        }
        let checked = rules.iter().filter(|rule| rule.applies_to.iter().any(|known| known.matches(group, kind)));
        let looked_up = rules.iter().flat_map(|rule| &rule.looks_up);
        let looked_up = looked_up.filter(|known| known.kind == kind && api_group(&known.api_version) == group);
        let reads = checked.flat_map(|rule| &rule.reads).chain(looked_up.flat_map(|known| &known.reads));
        let reads: Vec<&str> = reads.map(String::as_str).chain(OWN).collect();
        FieldMask::for_kind(&reads, group, kind)
    })
}
