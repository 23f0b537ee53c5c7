//! What an audit has to read of a cluster: the kinds that its rules judge, those that they look up, and of each the fields
//! that any of them reads.
//!
//! Kinds are matched by group and kind, as rules have it, and read in the version that the rules were written for, where
//! that is served. It must not know how anything is read.

use std::collections::BTreeMap;

use protocol::{FieldMask, KindMatch, LookUp, RuleMetadata, api_group};

use crate::discovery::{Found, Resource, Served, full_name};

/// Groups whose objects say what others are like, or what happened: reports, ours among them, and events.
const OBSERVATIONS: [&str; 3] = ["wgpolicyk8s.io", "openreports.io", "events.k8s.io"];

/// A kind to read, and what of its objects.
#[derive(Clone, Debug)]
pub struct Kind {
    /// As it is served.
    pub resource: Resource,
    /// What any of the rules reads.
    pub mask: FieldMask,
}

/// What an audit has to read.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The kinds that are judged.
    pub judged: Vec<Kind>,
    /// The kinds that are looked up, whether or not they are judged too.
    pub looked_up: Vec<Kind>,
    /// Kinds that are judged, and may or may not be served: each with its group, and why that is not known.
    pub unknown_judged: Vec<(String, String)>,
    /// The same of kinds that are looked up: group, kind and reason.
    pub unknown_looked_up: Vec<(String, String, String)>,
}

impl Survey {
    /// What these rules need of what is served.
    pub fn new<'a>(served: &Served, rules: impl Iterator<Item = &'a RuleMetadata>) -> Self {
        let rules: Vec<&RuleMetadata> = rules.collect();
        let (mut judged, mut looked_up) = (BTreeMap::new(), look_ups(rules.iter().copied()));
        for rule in rules {
            // Where kinds are named beside everything, a cluster is asked about those.
            let is_named = rule.applies_to.iter().any(|about| about.kind != KindMatch::ANY);
            for about in rule.applies_to.iter().filter(|about| !is_named || about.kind != KindMatch::ANY) {
                for (group, kind) in kinds(served, about) {
                    let wanted: &mut Wanted<'_> = judged.entry((group, kind)).or_default();
                    wanted.versions.extend(about.versions.iter().map(String::as_str));
                    wanted.reads.extend(rule.reads.iter().map(String::as_str));
                }
            }
        }
        // An owner counts only where it is there.
        let key = |(group, kind): engine::pods::Kind| (group.to_owned(), kind.to_owned());
        let is_served = |(group, kind)| matches!(served.find(group, kind, &[]), Found::Served(_));
        for (made, maker, through) in engine::pods::made() {
            if is_served(*made) && judged.contains_key(&key(*made)) && judged.contains_key(&key(*through)) {
                looked_up.entry(key(*maker)).or_default().reads.push("metadata.uid");
            }
        }
        let mut survey = Self::default();
        for ((group, kind), mut wanted) in judged {
            // Who it is, and whose: reports name their objects by this.
            wanted.reads.push("metadata.uid");
            match served.find(&group, &kind, &wanted.versions) {
                Found::Served(resource) => {
                    let mask = FieldMask::for_kind(&wanted.reads, &group, &kind);
                    survey.judged.push(Kind { resource: resource.clone(), mask });
                }
                Found::Absent => {}
                Found::Unknown(reason) => survey.unknown_judged.push((full_name(&group, &kind), reason.to_owned())),
            }
        }
        for ((group, kind), wanted) in looked_up {
            match served.find(&group, &kind, &wanted.versions) {
                Found::Served(resource) => {
                    let mask = wanted.mask_of_look_up();
                    survey.looked_up.push(Kind { resource: resource.clone(), mask });
                }
                Found::Absent => {}
                Found::Unknown(reason) => survey.unknown_looked_up.push((group, kind, reason.to_owned())),
            }
        }
        survey
    }

    /// Whether objects of a kind are judged.
    #[must_use]
    pub fn judges(&self, (group, kind): (&str, &str)) -> bool {
        self.judged.iter().any(|judged| judged.resource.kind == kind && judged.resource.group == group)
    }
}

/// What rules want of one kind.
#[derive(Default)]
struct Wanted<'a> {
    versions: Vec<&'a str>,
    reads: Vec<&'a str>,
}

impl Wanted<'_> {
    /// What is read of an object that is looked up: its name tells it from others, whether or not a rule reads it.
    fn mask_of_look_up(&self) -> FieldMask {
        let entries: Vec<&str> = self.reads.iter().copied().chain(["metadata.name", "metadata.namespace"]).collect();
        FieldMask::of_entries(&entries)
    }
}

/// What rules want of the kinds that they look up, whatever the order of the rules.
fn look_ups<'a>(rules: impl Iterator<Item = &'a RuleMetadata>) -> BTreeMap<(String, String), Wanted<'a>> {
    let mut looked_up: BTreeMap<_, Wanted<'a>> = BTreeMap::new();
    for LookUp { api_version, kind, reads } in rules.flat_map(|rule| &rule.looks_up) {
        let wanted = looked_up.entry((api_group(api_version).to_owned(), kind.clone())).or_default();
        wanted.versions.push(api_version.rsplit('/').next().unwrap_or_default());
        wanted.reads.extend(reads.iter().map(String::as_str));
    }
    for list in looked_up.values_mut().flat_map(|wanted| [&mut wanted.versions, &mut wanted.reads]) {
        list.sort_unstable();
        list.dedup();
    }
    looked_up
}

/// A kind that rules look up, whether or not a cluster serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind, singular.
    pub kind: String,
    /// The versions that the rules were written for.
    pub versions: Vec<String>,
    /// What any of the rules reads.
    pub mask: FieldMask,
}

impl LookedUp {
    /// All that these rules look up, by group and kind.
    pub fn by<'a>(rules: impl Iterator<Item = &'a RuleMetadata>) -> Vec<Self> {
        let all = look_ups(rules).into_iter().map(|((group, kind), wanted)| {
            let mask = wanted.mask_of_look_up();
            Self { group, kind, versions: wanted.versions.into_iter().map(str::to_owned).collect(), mask }
        });
        all.collect()
    }
}

/// The kinds that are meant; all that can be created and listed where it is every kind.
fn kinds(served: &Served, about: &KindMatch) -> Vec<(String, String)> {
    if about.kind != KindMatch::ANY && about.group != KindMatch::ANY {
        return vec![(about.group.clone(), about.kind.clone())];
    }
    let is_event = |resource: &Resource| resource.group.is_empty() && resource.kind == "Event";
    let all = served.kinds().filter(|resource| about.matches(&resource.group, &resource.kind));
    let all = all.filter(|resource| resource.can_create() && resource.can_list());
    let all = all.filter(|resource| !OBSERVATIONS.contains(&&*resource.group) && !is_event(resource));
    all.map(|it| (it.group.clone(), it.kind.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(api_version: &str, reads: &[&str]) -> RuleMetadata {
        let look_up = json!({ "apiVersion": api_version, "kind": "HorizontalPodAutoscaler", "reads": reads });
        let rule = json!({
            "name": "a", "version": "1.0.0", "title": "", "documentation": "", "severity": "low", "since": "0.1.0",
            "section": "reliability", "appliesTo": [], "reads": [], "looksUp": [look_up], "settings": {}, "examples": [],
        });
        serde_json::from_value(rule).unwrap()
    }

    /// Otherwise rules that are read again in another order would have every kind listed anew.
    #[test]
    fn what_is_looked_up_does_not_depend_on_the_order_of_the_rules() {
        let rules = [
            rule("autoscaling/v2", &["spec.maxReplicas", "spec.minReplicas"]),
            rule("autoscaling/v1", &["spec.minReplicas", "spec.scaleTargetRef"]),
            rule("autoscaling/v2", &["spec.maxReplicas"]),
        ];
        let wanted = LookedUp::by(rules.iter());
        assert_eq!(wanted, LookedUp::by(rules.iter().rev()));
        let versions: Vec<String> = wanted.iter().map(|wanted| wanted.versions.join(" ")).collect();
        assert_eq!(versions, ["v1 v2"]);
    }
}
