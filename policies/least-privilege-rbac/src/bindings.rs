//! To whom a role may be bound.

use sdk::prelude::*;

use crate::{VERSION, kubernetes};

/// What OpenShift binds in every namespace, so that its pods get images from there.
const IMAGE_PULLER: &str = "system:image-puller";

/// Checks a RoleBinding or a ClusterRoleBinding.
pub fn check(binding: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let role = binding.get("roleRef.name");
    let is_cluster_role = binding.get("roleRef.kind").str() != Some("Role");
    let name = role.str().unwrap_or_default();
    // What Kubernetes binds itself is no decision of anybody's.
    let is_kubernetes_own = |subject: Field<'_>| {
        is_cluster_role
            && subject.get("kind").str() == Some("Group")
            && kubernetes::binds(name, subject.get("name").str().unwrap_or_default())
    };
    let subjects = binding.get("subjects");
    if subjects.items().next().is_some() && subjects.items().all(is_kubernetes_own) {
        return not_applicable("it is one of Kubernetes' own bindings");
    }
    if is_cluster_role && name == "cluster-admin" {
        let whole = if binding.kind() == "RoleBinding" { "the namespace" } else { "the cluster" };
        let message = format!("cluster-admin may do everything in {whole}");
        findings.fail(role, message, "Bind a role that lists what its subjects do");
    }
    for subject in subjects.items().filter(|subject| !is_kubernetes_own(*subject)) {
        let name = subject.get("name");
        match name.str().unwrap_or_default() {
            anybody @ ("system:anonymous" | "system:unauthenticated") => {
                let message = format!("`{anybody}` is everybody who can reach the API server");
                findings.fail(name, message, "Name the users, groups or ServiceAccounts that are meant");
            }
            everybody @ ("system:authenticated" | "system:serviceaccounts") => {
                let who =
                    if everybody == "system:authenticated" { "user and ServiceAccount" } else { "ServiceAccount" };
                let message = format!("`{everybody}` is every {who} of the cluster");
                findings.fail(name, message, "Name the users, groups or ServiceAccounts that are meant");
            }
            // Its members are asked for no permission, so what is bound to them gives them nothing.
            "system:masters" if subject.get("kind").str() == Some("Group") => {
                let message = "whoever is in `system:masters` may do everything, with or without this binding";
                findings.warn(name, message, "Remove it, and bind a group that is not `system:masters`");
            }
            // The rights of all accounts of a namespace are those of its `default` account, and of more.
            group
                if group.starts_with("system:serviceaccounts:")
                    && subject.get("kind").str() == Some("Group")
                    && role.str() != Some(IMAGE_PULLER) =>
            {
                let message = format!("`{group}` is every ServiceAccount of its namespace, `default` too");
                findings.fail(name, message, "Bind a ServiceAccount of the workload's own");
            }
            account if is_default_account(subject, account) => {
                let message = "every pod of the namespace that names no ServiceAccount gets this";
                findings.fail(name, message, "Bind a ServiceAccount of the workload's own");
            }
            _ => {}
        }
    }
    if binding.kind() == "ClusterRoleBinding"
        && let Some(namespace) = only_namespace(subjects)
        && is_namespaced_role(name, world)
    {
        let message =
            format!("a RoleBinding in {namespace} would do, unless the subjects work in other namespaces too");
        let fix = format!("kind: RoleBinding, with `namespace: {namespace}` in its metadata");
        findings.warn(binding.get("kind"), message, fix);
    }
    Ok(())
}

/// The ServiceAccount `default`, by either of its names.
fn is_default_account(subject: Field<'_>, name: &str) -> bool {
    match subject.get("kind").str() {
        Some("ServiceAccount") => name == "default",
        Some("User") => name.starts_with("system:serviceaccount:") && name.ends_with(":default"),
        _ => false,
    }
}

/// The one namespace in which all subjects are ServiceAccounts.
fn only_namespace(subjects: Field<'_>) -> Option<&str> {
    let mut only = None;
    for subject in subjects.items() {
        let namespace = subject.get("namespace").str();
        if subject.get("kind").str() != Some("ServiceAccount") || only.is_some_and(|only| Some(only) != namespace) {
            return None;
        }
        only = namespace;
    }
    only
}

/// Whether the ClusterRole is known, and holds nothing that lies outside of namespaces.
fn is_namespaced_role(name: &str, world: &World<'_>) -> bool {
    if matches!(name, "admin" | "edit") {
        return true;
    }
    // What cannot be looked up costs a warning, and no more.
    let Ok(Some(role)) = world.get(VERSION, "ClusterRole", None, name) else {
        return false;
    };
    let is_plain = !name.starts_with("system:") && !role.get("aggregationRule").is_set();
    is_plain
        && role.get("rules").items().next().is_some()
        && role.get("rules").items().all(|rule| {
            let resources = || rule.get("resources").items().map(|resource| resource.str().unwrap_or("*"));
            let mut groups = rule.get("apiGroups").items().map(|group| group.str().unwrap_or("*"));
            resources().next().is_some()
                && groups.all(|group| resources().all(|resource| is_namespaced(group, resource)))
        })
}

/// Whether a resource of Kubernetes' own API lies in namespaces; false of what is not known.
fn is_namespaced(group: &str, resource: &str) -> bool {
    let resource = resource.split('/').next().unwrap_or_default();
    match group {
        "" => !matches!(resource, "*" | "nodes" | "namespaces" | "persistentvolumes" | "componentstatuses"),
        "apps" | "autoscaling" | "batch" | "coordination.k8s.io" | "discovery.k8s.io" | "events.k8s.io" => {
            resource != "*"
        }
        "networking.k8s.io" => matches!(resource, "ingresses" | "networkpolicies"),
        "policy" => resource == "poddisruptionbudgets",
        "rbac.authorization.k8s.io" => matches!(resource, "roles" | "rolebindings"),
        _ => false,
    }
}
