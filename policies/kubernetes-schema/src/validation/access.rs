//! Roles and bindings.

use sdk::field::Field;
use sdk::prelude::*;

use super::{forbid, items, require, text};
use crate::formats;
use crate::walk::Walk;

pub fn role_rule<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let has = |name| items(at.get(name)).next().is_some();
    if has("nonResourceURLs") {
        if walk.kind.name == "Role" {
            forbid(walk, at.get("nonResourceURLs"), "in a Role: URLs have no namespace");
        }
        if has("apiGroups") || has("resources") || has("resourceNames") {
            walk.fail(
                at.get("nonResourceURLs"),
                "a rule is about resources or about URLs, not about both",
                "two rules",
            );
        }
        return;
    }
    for field in ["apiGroups", "resources"] {
        if !has(field) {
            let fix = if field == "apiGroups" { "apiGroups: [\"\"]" } else { "resources: [<resource>]" };
            walk.fail(at.get(field), format!("`{field}` is required"), fix);
        }
    }
}

const GROUP: &str = "rbac.authorization.k8s.io";

pub fn role_ref<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (group, kind) = (at.get("apiGroup"), at.get("kind"));
    // What is missing is set to it.
    if !matches!(text(group), "" | GROUP) {
        walk.fail(group, format!("`{}` is not {GROUP}", text(group)), fix::set(group, GROUP));
    }
    let is_cluster = walk.kind.name == "ClusterRoleBinding";
    let is_known = text(kind) == "ClusterRole" || (text(kind) == "Role" && !is_cluster);
    if !is_known {
        let known = if is_cluster { "ClusterRole" } else { "Role or ClusterRole" };
        walk.fail(kind, format!("`{}` is not {known}", text(kind)), known);
    }
}

pub fn subject<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (group, kind, name) = (at.get("apiGroup"), at.get("kind"), at.get("name"));
    match text(kind) {
        "ServiceAccount" => {
            if !text(group).is_empty() {
                forbid(walk, group, "for a ServiceAccount");
            }
            if !text(name).is_empty() && !formats::is_dns_subdomain(text(name)) {
                walk.fail(
                    name,
                    format!("this is not {}", formats::DNS_SUBDOMAIN.wanted),
                    formats::DNS_SUBDOMAIN.wanted,
                );
            }
            if walk.kind.name == "ClusterRoleBinding" {
                require(walk, at.get("namespace"), "for a ServiceAccount in a ClusterRoleBinding");
            }
        }
        "User" | "Group" => {
            if !matches!(text(group), "" | GROUP) {
                walk.fail(group, format!("`{}` is not {GROUP}", text(group)), fix::set(group, GROUP));
            }
        }
        other => walk.fail(
            kind,
            format!("`{other}` is not one of ServiceAccount, User, Group"),
            "ServiceAccount, User or Group",
        ),
    }
}
