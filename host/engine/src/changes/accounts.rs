//! What is known of the ServiceAccounts that new workloads run as, from before they did.
//!
//! Rights are bound to an account by its name, and so are those that somebody else was meant to have. The module must not
//! know which right is much.

use std::collections::BTreeSet;

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
}

/// A binding that names an account.
struct Bound {
    namespace: Option<String>,
    name: String,
    binding: String,
}

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
                }),
                ("rbac.authorization.k8s.io" | "authorization.openshift.io", "RoleBinding" | "ClusterRoleBinding") => {
                    let node = object.node.look();
                    let subjects = node.list("subjects").iter();
                    accounts.bound.extend(subjects.filter_map(|subject| bound(subject, deployed)));
                }
                _ => {}
            }
        }
        accounts
    }

    /// What is known of the account of a workload. None where there is neither the account nor a binding that names it.
    ///
    /// A namespace that is not known may be any: a binding counts, and an account does not.
    pub fn of(&self, deployed: &Deployed<'_>) -> Option<Account> {
        let object = deployed.subject.object;
        let node = object.node.look();
        let pod = pods::template(object, &node)?.get("spec")?;
        let text = |key: &str| pod.get(key).and_then(Node::as_str).filter(|name| !name.is_empty());
        let name = text("serviceAccountName").or_else(|| text("serviceAccount")).unwrap_or(DEFAULT);
        let may_be_in = |namespace: Option<&str>| {
            namespace.is_none() || deployed.namespace.is_none() || namespace == deployed.namespace
        };
        let bound = self.bound.iter().filter(|bound| bound.name == name && may_be_in(bound.namespace.as_deref()));
        let bindings: BTreeSet<String> = bound.map(|bound| bound.binding.clone()).collect();
        let is_it = |known: &&Known| known.name == name && known.namespace.as_deref() == deployed.namespace;
        let known: Vec<&Known> = self.known.iter().filter(is_it).collect();
        let annotations: BTreeSet<String> = known.iter().flat_map(|known| known.annotations.clone()).collect();
        (!known.is_empty() || !bindings.is_empty()).then(|| Account {
            annotations: annotations.into_iter().collect(),
            bindings: bindings.into_iter().collect(),
        })
    }
}

fn annotations(object: &Object) -> Vec<String> {
    let node = object.node.look();
    match node.get("metadata").and_then(|metadata| metadata.get("annotations")).map(|annotations| &annotations.value) {
        Some(Value::Mapping(entries)) => entries.iter().map(|entry| entry.key.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// The account that a subject is, also by the name that it has as a user. All accounts of a namespace are no account of
/// their own.
fn bound(subject: &Node, deployed: &Deployed<'_>) -> Option<Bound> {
    let text = |key: &str| subject.get(key).and_then(Node::as_str);
    let name = text("name")?;
    let (namespace, name) = match text("kind")? {
        "ServiceAccount" => (text("namespace").or(deployed.namespace), name),
        "User" => {
            let (namespace, name) = name.strip_prefix("system:serviceaccount:")?.split_once(':')?;
            (Some(namespace), name)
        }
        _ => return None,
    };
    let binding = deployed.subject.object.label();
    Some(Bound { namespace: namespace.map(str::to_owned), name: name.to_owned(), binding })
}
