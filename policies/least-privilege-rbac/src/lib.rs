#![no_std]
use sdk::prelude::*;

mod bindings;
mod kubernetes;
mod roles;

policy! {
    /// Roles and bindings grant only what is needed, without wildcards.
    ///
    /// A Role or ClusterRole has:
    ///
    /// - no `*` among its verbs, resources (`*/scale` and `pods/*` neither) or apiGroups;
    /// - no `escalate`, `bind` or `impersonate`, by which the holder gets at what it was not given, and no
    ///   `impersonate:user-info` or the like. `bind` and `impersonate` of things listed in `resourceNames` are a warning,
    ///   unless `cluster-admin` or `system:masters` is among them;
    /// - no `create` or `get` of `pods/exec` and `pods/attach`: both run commands in other people's containers, `get`
    ///   by way of a WebSocket;
    /// - as a ClusterRole, and where `resourceNames` does not say which: no read of secrets (get, list, watch); no
    ///   `create` of `serviceaccounts/token`, which is a password of any ServiceAccount; no `update` or `patch` of
    ///   `pods/ephemeralcontainers`, which puts a container into any pod; no `nodes/proxy`, by which a kubelet runs
    ///   commands in every container of its node; no approval of certificate signing requests; no writes of webhook
    ///   configurations; no `nonResourceURLs: ["*"]`. In a Role, a token or an ephemeral container is a warning.
    ///
    /// All of its rules are read, and those of the ClusterRoles that it aggregates, up to 128 of them.
    ///
    /// A RoleBinding or ClusterRoleBinding does not bind `cluster-admin`, nor anything to `system:anonymous`,
    /// `system:unauthenticated` or a ServiceAccount named `default`, which all pods of its namespace share that name no
    /// other, nor to the group of all ServiceAccounts of a namespace (`system:serviceaccounts:<namespace>`, except
    /// OpenShift's `system:image-puller`); nor anything but discovery to `system:authenticated` or
    /// `system:serviceaccounts`. A ClusterRoleBinding
    /// whose subjects live in one namespace and whose role holds nothing but namespaced resources is a warning: a
    /// RoleBinding may do. So is a binding to the group `system:masters`, whose members may do everything without it.
    ///
    /// What Kubernetes itself grants to its own roles (`system:...`, `cluster-admin`, `admin`, `edit`, `view`) and binds
    /// to groups is exempt, and no more than that: a role named `system:backdoor`, or `view` with `*`, is checked.
    ///
    /// ## Why
    ///
    /// What a program may do is what an intruder may do who takes it over. A wildcard also grants what does not exist
    /// yet: the next resource that an operator installs, the next verb.
    ///
    /// ## Fix
    ///
    /// List the verbs and resources that the program uses (`kubectl auth can-i --list` shows what it has). Give each
    /// workload a ServiceAccount of its own, and bind a Role in the namespaces where it works.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: operator}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [get, list, watch]
    ///   - apiGroups: [apps]
    ///     resources: ["*"]
    ///     verbs: ["*"]
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: ci}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: build}]
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: operator, namespace: shop}
    /// rules:
    ///   - apiGroups: [apps]
    ///     resources: [deployments, deployments/scale]
    ///     verbs: [get, list, watch, update, patch]
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     resourceNames: [operator-certificate]
    ///     verbs: [get]
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: operator, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: operator}
    /// subjects: [{kind: ServiceAccount, name: operator}]
    /// ```
    pub struct LeastPrivilegeRbac;
    severity: High,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    applies_to: [
        "rbac.authorization.k8s.io/v1/Role",
        "rbac.authorization.k8s.io/v1/ClusterRole",
        "rbac.authorization.k8s.io/v1/RoleBinding",
        "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
    ],
    reads: ["rules", "aggregationRule", "roleRef", "subjects"],
    looks_up: [
        "rbac.authorization.k8s.io/v1/ClusterRole": ["metadata.labels", "rules", "aggregationRule"],
    ],
}

const GROUP: &str = "rbac.authorization.k8s.io";
const VERSION: &str = "rbac.authorization.k8s.io/v1";

impl Rule for LeastPrivilegeRbac {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        if object.is(GROUP, "Role") || object.is(GROUP, "ClusterRole") {
            roles::check(object, request.world(), findings)
        } else if object.is(GROUP, "RoleBinding") || object.is(GROUP, "ClusterRoleBinding") {
            bindings::check(object, request.world(), findings)
        } else {
            not_applicable("it grants nothing")
        }
    }
}

/// Whether the field is a list that holds one of these strings.
fn holds(list: Field<'_>, wanted: &[&str]) -> bool {
    list.items().any(|item| item.str().is_some_and(|item| wanted.contains(&item)))
}
