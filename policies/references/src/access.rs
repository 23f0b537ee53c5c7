//! Whom a binding gives which role.

use sdk::prelude::*;

use crate::look::{Look, Named};

const GROUP: &str = "rbac.authorization.k8s.io";
const VERSION: &str = "rbac.authorization.k8s.io/v1";

/// ClusterRoles that each cluster has, besides those that begin with `system:`.
const OWN: [&str; 4] = ["cluster-admin", "admin", "edit", "view"];

pub fn check<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let reference = look.object.get("roleRef");
    let (at, kind) = (reference.get("name"), reference.get("kind").str().unwrap_or_default());
    if kind == "Role"
        && let Some(role) = look.named(at, VERSION, "Role")
    {
        look.must_exist(role)?;
    } else if kind == "ClusterRole"
        && let Some(role) = look.named(at, VERSION, "ClusterRole")
        && !role.name.starts_with("system:")
        && !OWN.contains(&role.name)
    {
        look.must_exist_in_cluster(role)?;
    }
    for subject in look.object.get("subjects").items() {
        // Users and groups are no objects.
        let is_account = subject.get("kind").str() == Some("ServiceAccount")
            && subject.get("apiGroup").str().is_none_or(|group| group.is_empty() || group != GROUP);
        if is_account && let Some(account) = look.named(subject.get("name"), "v1", "ServiceAccount") {
            let namespace = subject.get("namespace").str().filter(|name| !name.is_empty()).or(account.namespace);
            // The API server refuses one without a namespace, where the binding has none either.
            if namespace.is_some() || look.object.kind() == "RoleBinding" {
                subject_exists(Named { namespace, ..account }, look)?;
            }
        }
    }
    Ok(())
}

/// A subject without namespace is of the binding's. An account that names no namespace may be deployed to the one named.
fn subject_exists<'a>(account: Named<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    if account.name == "default" || look.find(account)?.is_some() {
        return Ok(());
    }
    let unplaced = Named { namespace: None, ..account };
    if account.namespace != look.object.namespace() && look.find(unplaced)?.is_some() {
        return Ok(());
    }
    look.missing(account, false)
}
