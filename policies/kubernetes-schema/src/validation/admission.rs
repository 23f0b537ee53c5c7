//! Webhooks and policies of admission.

use sdk::field::Field;
use sdk::prelude::*;

use super::{items, require, text};
use crate::walk::Walk;

pub fn webhook<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let versions = at.get("admissionReviewVersions");
    let is_known = items(versions).any(|version| matches!(text(version), "v1" | "v1beta1"));
    if items(versions).next().is_some() && !is_known {
        walk.fail(versions, "none of these versions is one that an API server sends", "v1");
    }
    conditions(walk, at);
}

fn conditions<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let count = items(at.get("matchConditions")).count();
    if count > 64 {
        walk.fail(at.get("matchConditions"), "there are more than 64 conditions", "at most 64");
    }
    let mut seen: Vec<&str> = Vec::new();
    for condition in items(at.get("matchConditions")) {
        let name = text(condition.get("name"));
        if !name.is_empty() && seen.contains(&name) {
            walk.fail(condition.get("name"), format!("another condition is named `{name}` too"), "another name");
        }
        seen.push(name);
    }
}

/// What a webhook or a policy is asked about.
pub fn admission_rule<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for field in ["operations", "apiGroups", "apiVersions"] {
        alone(walk, at.get(field), "*");
    }
    let resources: Vec<Field<'a>> = items(at.get("resources")).collect();
    let is_of_policy = walk.kind.name.contains("Policy");
    alone(walk, at.get("resources"), "*/*");
    if is_of_policy && walk.kind.name.starts_with("Mutating") {
        for operation in items(at.get("operations")).filter(|operation| text(*operation) == "DELETE") {
            walk.fail(operation, "what is deleted cannot be changed", "CREATE, UPDATE or CONNECT");
        }
    }
    let has_all = resources.iter().any(|resource| text(*resource) == "*");
    // The server looks at the last one that has no subresource.
    let last_plain = resources.iter().rfind(|resource| !text(**resource).contains('/'));
    if let Some(plain) = last_plain.filter(|plain| has_all && text(**plain) != "*") {
        walk.fail(*plain, "beside `*` there is no other resource", fix::remove(*plain));
    }
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for resource in &resources {
        let Some((name, sub)) = text(*resource).split_once('/') else { continue };
        let is_covered =
            seen.iter().any(|(known, all)| (*known == name && *all == "*") || (*known == "*" && *all == sub));
        if is_covered {
            walk.fail(*resource, "this is covered by another resource of the list", fix::remove(*resource));
        }
        seen.push((name, sub));
    }
}

/// A wildcard stands alone in its list.
pub fn alone<'a>(walk: &mut Walk<'a, '_>, list: Field<'a>, wildcard: &str) {
    if items(list).count() > 1 && items(list).any(|item| text(item) == wildcard) {
        walk.fail(list, format!("beside `{wildcard}` there is nothing else"), format!("[\"{wildcard}\"]"));
    }
}

pub fn policy_spec<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let constraints = at.get("matchConstraints");
    if constraints.is_set() && items(constraints.get("resourceRules")).next().is_none() {
        require(walk, constraints.get("resourceRules"), "of a policy");
    }
    if walk.kind.name == "ValidatingAdmissionPolicy" {
        let has = |name| items(at.get(name)).next().is_some();
        if !has("validations") && !has("auditAnnotations") {
            walk.fail(
                at.get("validations"),
                "none of validations, auditAnnotations is set",
                "one of validations, auditAnnotations",
            );
        }
    }
}

pub fn mutation<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (needed, other) = match text(at.get("patchType")) {
        "ApplyConfiguration" => ("applyConfiguration", "jsonPatch"),
        "JSONPatch" => ("jsonPatch", "applyConfiguration"),
        _ => return,
    };
    require(walk, at.get(needed), "for this patchType");
    super::forbid(walk, at.get(other), "for this patchType");
}

pub fn binding_actions<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let find = |name: &str| items(at.get("validationActions")).find(|action| text(*action) == name);
    if let (Some(_), Some(warn)) = (find("Deny"), find("Warn")) {
        walk.fail(warn, "Deny and Warn exclude each other", fix::remove(warn));
    }
}
