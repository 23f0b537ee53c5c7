//! What is known of the ServiceAccounts that new workloads run as, from before they did.
//!
//! Rights are bound to an account by its name, and so are those that somebody else was meant to have. The module must not
//! know which right is much.

use std::collections::BTreeSet;

use super::namespaces::may_be_same;
use super::version::Deployed;
use crate::documents::Account;
use crate::manifest::{Node, Object, Value};
use crate::pods;

/// The account of pods that name none.
const DEFAULT: &str = "default";

/// The accounts and the bindings of one version.
#[derive(Default)]
pub struct Accounts {
    known: Vec<Known>,
    bound: Vec<Bound>,
}

/// An account.
struct Known {
    namespace: Option<String>,
    name: String,
    annotations: Vec<String>,
    label: String,
}

/// What gives an account rights.
struct Bound {
    namespace: Option<String>,
    /// The account; each of the namespace, where there is no name.
    name: Option<String>,
    binding: String,
}

/// Roles of Kubernetes that change things. Others may be bound to all accounts of a namespace without harm, such as `view`.
const STRONG: [&str; 3] = ["cluster-admin", "admin", "edit"];

impl Accounts {
    /// Those among the objects.
    pub fn new(deployed: &[Deployed<'_>]) -> Self {
        let mut accounts = Self::default();
        for deployed in deployed {
            let object = deployed.subject.object;
            match (object.group(), object.kind.as_str()) {
                ("", "ServiceAccount") => accounts.known.push(Known {
                    namespace: deployed.namespace.map(str::to_owned),
                    name: object.display_name(),
                    annotations: annotations(object),
                    label: object.label(),
                }),
                ("rbac.authorization.k8s.io" | "authorization.openshift.io", "RoleBinding" | "ClusterRoleBinding") => {
                    let node = object.node.look();
                    let role = node.get("roleRef").and_then(|role| role.get("name")).and_then(Node::as_str);
                    let is_strong = role.is_some_and(|role| STRONG.contains(&role));
                    let subjects = node.list("subjects").iter();
                    accounts.bound.extend(subjects.filter_map(|subject| bound(subject, is_strong, deployed)));
                }
                ("security.openshift.io", "SecurityContextConstraints") => {
                    let node = object.node.look();
                    let users = node.list("users").iter().filter_map(Node::as_str).filter_map(of_user);
                    let bound = users.map(|(namespace, name)| Bound::new(Some(namespace), Some(name), object.label()));
                    accounts.bound.extend(bound);
                }
                // Of several operators, which write it below `spec` or below `spec.forProvider`.
                (_, "PodIdentityAssociation") => {
                    let node = object.node.look();
                    let spec = node.get("spec");
                    let specs = [spec, spec.and_then(|spec| spec.get("forProvider"))].into_iter().flatten();
                    accounts.bound.extend(specs.filter_map(|spec| {
                        let text = |key: &str| spec.get(key).and_then(Node::as_str);
                        Some(Bound::new(text("namespace"), Some(text("serviceAccount")?), object.label()))
                    }));
                }
                _ => {}
            }
        }
        accounts
    }

    /// What is known of the account of a workload. None where there is neither the account nor anything that gives it rights.
    ///
    /// A namespace that is not known may be any: what gives rights counts, and an account alone does not.
    pub fn of(&self, deployed: &Deployed<'_>) -> Option<Account> {
        let object = deployed.subject.object;
        let node = object.node.look();
        let pod = pods::template(object, &node)?.get("spec")?;
        let text = |key: &str| pod.get(key).and_then(Node::as_str).filter(|name| !name.is_empty());
        let name = text("serviceAccountName").or_else(|| text("serviceAccount")).unwrap_or(DEFAULT);
        let is_bound = |bound: &&Bound| {
            bound.name.as_deref().is_none_or(|bound| bound == name)
                && may_be_same(bound.namespace.as_deref(), deployed.namespace)
        };
        let bound = self.bound.iter().filter(is_bound).map(|bound| bound.binding.clone());
        let of_name = self.known.iter().filter(|known| known.name == name);
        let (here, elsewhere): (Vec<&Known>, Vec<&Known>) =
            of_name.partition(|known| known.namespace.as_deref() == deployed.namespace);
        // What may be the account is not known to be it, but what its annotations give may be its own.
        let maybe = elsewhere.into_iter().filter(|known| {
            !known.annotations.is_empty() && may_be_same(known.namespace.as_deref(), deployed.namespace)
        });
        let bindings: BTreeSet<String> = bound.chain(maybe.map(|known| known.label.clone())).collect();
        let annotations: BTreeSet<String> = here.iter().flat_map(|known| known.annotations.clone()).collect();
        (!here.is_empty() || !bindings.is_empty()).then(|| Account {
            annotations: annotations.into_iter().collect(),
            bindings: bindings.into_iter().collect(),
        })
    }
}

impl Bound {
    fn new(namespace: Option<&str>, name: Option<&str>, binding: String) -> Self {
        Self { namespace: namespace.map(str::to_owned), name: name.map(str::to_owned), binding }
    }
}

fn annotations(object: &Object) -> Vec<String> {
    let node = object.node.look();
    match node.get("metadata").and_then(|metadata| metadata.get("annotations")).map(|annotations| &annotations.value) {
        Some(Value::Mapping(entries)) => entries.iter().map(|entry| entry.key.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// The account that a subject is, also by the name that it has as a user. All accounts of a namespace count where the role is
/// a strong one.
fn bound(subject: &Node, is_strong: bool, deployed: &Deployed<'_>) -> Option<Bound> {
    let text = |key: &str| subject.get(key).and_then(Node::as_str);
    let name = text("name")?;
    let (namespace, name) = match text("kind")? {
        "ServiceAccount" => (text("namespace").or(deployed.namespace), Some(name)),
        "User" => {
            let (namespace, name) = of_user(name)?;
            (Some(namespace), Some(name))
        }
        "Group" if is_strong => {
            let rest = name.strip_prefix("system:serviceaccounts")?;
            // All accounts of the cluster, or those of a namespace.
            (if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) }, None)
        }
        _ => return None,
    };
    Some(Bound::new(namespace, name, deployed.subject.object.label()))
}

/// The namespace and the name of the account that a user is.
fn of_user(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}
