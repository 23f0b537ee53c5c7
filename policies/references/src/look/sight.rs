//! What is not in sight, although the input is complete: what charts and operators make, and what the platform
//! has. The module must not know who asks for what.

use sdk::generator::KUSTOMIZATIONS;
use sdk::prelude::*;
use sdk::release;
use sdk::text::holds;

/// Kinds whose operators make objects.
const OPERATORS: &[(&str, &str)] = &include!("../../data/operators.rs");

/// What is installed apart from what uses it, under names that are known: kind, and how the name begins.
const INSTALLED: &[(&str, &str)] = &include!("../../data/installed.rs");

/// How the namespaces begin in which the platform has objects that no repository holds.
const PLATFORM: &[&str] = &["kube-", "openshift-", "gke-", "gmp-", "azure-", "aks-", "amazon-"];

/// What makes objects in a namespace that are not in sight.
pub struct Makers<'a> {
    /// What deploys anything.
    pub unrendered: Option<String>,
    /// Objects whose operators make others: kind and name.
    operators: Vec<(&'static str, &'a str)>,
}

impl<'a> Makers<'a> {
    /// Those of a namespace, besides the object that is checked.
    pub fn of(object: Object<'a>, namespace: Option<&str>, world: &World<'a>) -> Result<Self, Undecided> {
        let mut operators = Vec::new();
        for (api_version, kind) in OPERATORS {
            let all = world.list(api_version, kind, namespace)?;
            let own = (object.kind(), object.name());
            operators.extend(all.iter().map(|maker| (*kind, maker.name())).filter(|maker| *maker != own));
        }
        // A cluster has what its releases deploy: only its objects have a `uid`.
        let is_in_cluster = object.get("metadata.uid").is_set();
        let unrendered = if is_in_cluster { None } else { unrendered(namespace, world)? };
        Ok(Self { unrendered, operators })
    }

    /// An operator that makes objects with names, or pods with labels, that hold the name of its own object.
    pub fn operator(&self, name: &str) -> Option<String> {
        let (kind, maker) = self.operators.iter().find(|(_, maker)| holds(name, maker))?;
        Some(format!("the operator of {kind} {maker} may make it"))
    }
}

/// What deploys objects into a namespace that are not in the input: charts, and what a Component is added to. A build with a
/// remote base is no complete world: the host says so.
fn unrendered(namespace: Option<&str>, world: &World<'_>) -> Result<Option<String>, Undecided> {
    if let Some(why) = release::unrendered(namespace, world)? {
        return Ok(Some(why));
    }
    let [kustomization, component] = KUSTOMIZATIONS;
    for home in [namespace, None] {
        let is_added = !world.list(component.0, component.1, home)?.is_empty();
        if is_added && world.list(kustomization.0, kustomization.1, home)?.is_empty() {
            return Ok(Some("a Component adds to what is not in this input".to_owned()));
        }
    }
    Ok(None)
}

/// Whether a namespace is the platform's.
pub fn is_platform(namespace: Option<&str>) -> bool {
    namespace.is_some_and(|namespace| PLATFORM.iter().any(|start| namespace.starts_with(start)))
}

/// Whether an object of that kind and name belongs to a tool that is installed apart; of a pod the value of a label.
pub fn is_installed(kind: &str, name: &str) -> bool {
    INSTALLED
        .iter()
        .any(|(known, start)| *known == kind && if kind == "Pod" { name == *start } else { name.starts_with(start) })
}
