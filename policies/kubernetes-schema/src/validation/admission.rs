//! Webhooks and policies of admission.

use sdk::field::Field;
use sdk::prelude::*;

use super::{items, require, text};
use crate::cel::{self, Name};
use crate::spelling;
use crate::walk::Walk;

/// What expressions of admission may name.
const ASKED: &[&str] = &["object", "oldObject", "request", "params", "namespaceObject", "authorizer"];

/// The fields of a request that expressions see.
const REQUEST: &[&str] = &[
    "kind",
    "resource",
    "subResource",
    "requestKind",
    "requestResource",
    "requestSubResource",
    "name",
    "namespace",
    "operation",
    "userInfo",
    "dryRun",
    "options",
];

/// An expression of CEL, which may take these names from outside, and these variables.
pub fn expression<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, known: &[&str], variables: &[&str]) {
    let said = text(at);
    if said.trim().is_empty() {
        return;
    }
    let names = match cel::names(said) {
        Ok(names) => names,
        Err(byte) => {
            let place = said.get(..byte).unwrap_or_default().chars().count() + 1;
            let message = format!("this is no expression of CEL: it cannot be read from character {place} on");
            return walk.fail(at, message, "an expression of CEL, such as `object.spec.replicas <= 5`");
        }
    };
    for Name { name, member } in names {
        let member = member.unwrap_or_default();
        let (unknown, known) = match name {
            "variables" if !variables.is_empty() => (member, variables),
            "request" if known.contains(&"request") => (member, REQUEST),
            _ => (name, known),
        };
        if unknown.is_empty() || known.contains(&unknown) {
            continue;
        }
        let message = format!("`{unknown}` is not known in this expression");
        match spelling::nearest(unknown, known.iter().copied()) {
            Some(meant) => walk.fail(at, format!("{message}; did you mean `{meant}`?"), format!("`{meant}`")),
            None => walk.fail(at, message, format!("one of {}", known.join(", "))),
        }
    }
}

/// The expression by which a device is chosen.
pub fn device_expression<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    expression(walk, at.get("expression"), &["device"], &[]);
}

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
        expression(walk, condition.get("expression"), ASKED, &[]);
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

/// The expressions of a policy. One sees the variables above it, and all that are not variables see all of them.
fn expressions<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let mut variables = Vec::new();
    for variable in items(at.get("variables")) {
        expression(walk, variable.get("expression"), ASKED, &variables);
        variables.push(text(variable.get("name")));
    }
    for validation in items(at.get("validations")) {
        expression(walk, validation.get("expression"), ASKED, &variables);
        expression(walk, validation.get("messageExpression"), ASKED, &variables);
    }
    for annotation in items(at.get("auditAnnotations")) {
        expression(walk, annotation.get("valueExpression"), ASKED, &variables);
    }
    for mutation in items(at.get("mutations")) {
        expression(walk, mutation.get("applyConfiguration.expression"), ASKED, &variables);
        expression(walk, mutation.get("jsonPatch.expression"), ASKED, &variables);
    }
    for condition in items(at.get("matchConditions")) {
        expression(walk, condition.get("expression"), ASKED, &variables);
    }
}

pub fn policy_spec<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    expressions(walk, at);
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
