//! Which objects that were there before a new one is about: those that it selects or takes the place of, those that select
//! it or take what it is, those whose traffic it takes, and those in a namespace that it claims.
//!
//! What the change adds under the same name for another environment is the same thing, and no other. The module must not
//! know which of these is a fault.

use std::collections::{BTreeMap, BTreeSet};

use super::environment::are_two;
use super::made;
use super::namespaces::{self, may_be_same};
use super::routes::{Route, routes};
use super::selection::{Meant, named_pods, selection};
use super::users::taken;
use super::version::Deployed;
use crate::manifest::Node;
use crate::pods;
use crate::selector::Selector;

/// How many are named of one object. The first says enough.
const MOST: usize = 100;

/// What an object is known by, wherever it is deployed from and to.
type Name = (String, String, String);

/// The objects of one version that something new may be about.
pub struct Others<'d, 'a> {
    before: Vec<Other<'d, 'a>>,
    added: Vec<&'d Deployed<'a>>,
    /// The folders that are deployed as a whole.
    whole: Vec<String>,
}

/// An object that was there before.
struct Other<'d, 'a> {
    deployed: &'d Deployed<'a>,
    label: String,
    names: Vec<Name>,
    /// What the change adds under its names.
    again: Vec<&'d Deployed<'a>>,
    /// The ConfigMaps and Secrets that it takes.
    takes: Vec<Name>,
    has_pods: bool,
    is_service: bool,
    /// Those of its pods, or of the Service.
    labels: Option<Node>,
    named: Vec<Meant>,
    routes: Vec<Route>,
}

/// What is new.
struct New<'n, 'a> {
    deployed: &'n Deployed<'a>,
    names: Vec<Name>,
    /// The namespace that it is.
    namespace: Option<&'n str>,
    /// What else is new in it.
    inside: Vec<&'n Deployed<'a>>,
    /// The labels of its pods, where it has pods.
    pods: Option<&'n Node>,
    /// The Secrets that its pods take.
    takes: Vec<Name>,
    selected: Option<(Selector, bool)>,
    routes: Vec<Route>,
}

impl<'d, 'a> Others<'d, 'a> {
    /// Those among the objects before, beside what is new.
    pub fn new(before: &'d [Deployed<'a>], added: &[&'d Deployed<'a>], whole: Vec<String>) -> Self {
        let mut again: BTreeMap<Name, Vec<&'d Deployed<'a>>> = BTreeMap::new();
        for &deployed in added {
            for name in names(deployed) {
                again.entry(name).or_default().push(deployed);
            }
        }
        let others = before.iter().map(|deployed| {
            let object = deployed.subject.object;
            let node = object.node.look();
            let names = names(deployed);
            let again = names.iter().filter_map(|name| again.get(name)).flatten().copied();
            let again = again.filter(|new| may_be_same(new.namespace, deployed.namespace)).collect();
            let template = pods::template(object, &node);
            let is_service = (object.group(), object.kind.as_str()) == ("", "Service");
            Other {
                deployed,
                label: object.label(),
                names,
                again,
                takes: taken(&node).into_iter().map(|(kind, name)| core(kind, &name)).collect(),
                has_pods: template.is_some(),
                is_service,
                labels: template.or(Some(&*node).filter(|_| is_service)).and_then(labels).cloned(),
                named: named_pods(object, &node),
                routes: routes(object, &node),
            }
        });
        Self { before: others.collect(), added: added.to_vec(), whole }
    }

    /// Those that a new object is about, in order.
    pub fn of(&self, deployed: &Deployed<'_>) -> Vec<String> {
        let object = deployed.subject.object;
        let node = object.node.look();
        let is_namespace = (object.group(), object.kind.as_str()) == ("", "Namespace");
        let namespace = object.name.as_deref().filter(|_| is_namespace);
        let is_inside = |added: &&Deployed<'_>| namespace.is_some() && added.namespace == namespace;
        let template = pods::template(object, &node);
        let secrets = template.map(taken).into_iter().flatten().filter(|(kind, _)| *kind == "Secret");
        let new = New {
            deployed,
            names: names(deployed),
            namespace,
            inside: self.added.iter().copied().filter(is_inside).collect(),
            pods: template.and_then(labels),
            takes: secrets.map(|(kind, name)| core(kind, &name)).collect(),
            selected: selection(object, &node),
            routes: routes(object, &node),
        };
        let others: BTreeSet<&String> =
            self.before.iter().filter(|other| other.is_meant(&new, &self.whole)).map(|other| &other.label).collect();
        others.into_iter().take(MOST).cloned().collect()
    }
}

impl Other<'_, '_> {
    fn is_meant(&self, new: &New<'_, '_>, whole: &[String]) -> bool {
        if new.namespace.is_some_and(|namespace| self.is_in(namespace)) {
            let mut claimed = new.inside.iter().chain([&new.deployed]);
            return claimed.any(|new| !are_two(self.deployed, new, whole));
        }
        let is_same_namespace = may_be_same(self.deployed.namespace, new.deployed.namespace);
        let is_same = || self.names.iter().any(|name| new.names.contains(name));
        // A new ConfigMap of the workloads around it is their configuration, and so is a Secret to a new workload beside it.
        let is_beside = || new.deployed.place == self.deployed.place;
        let is_own = || new.deployed.subject.object.kind == "ConfigMap" && is_beside();
        let gives = || self.names.iter().any(|name| new.takes.contains(name)) && !is_beside();
        let is_taken = || self.takes.iter().any(|name| new.names.contains(name)) && !is_own();
        let is_selected = || {
            new.selected.as_ref().is_some_and(|(selector, is_of_services)| {
                let is_of_kind = if *is_of_services { self.is_service } else { self.has_pods };
                is_of_kind && selector.selects(self.labels.as_ref())
            })
        };
        let selects = |meant: &Meant| (meant.is_anywhere || is_same_namespace) && meant.selector.selects(new.pods);
        let is_served = || self.routes.iter().any(|old| new.routes.iter().any(|new| new.overlaps(old)));
        let is_meant = (is_same_namespace && (is_same() || is_taken() || gives() || is_selected()))
            || (new.pods.is_some() && self.named.iter().any(selects))
            || is_served();
        is_meant && !self.is_elsewhere(new.deployed, whole)
    }

    /// Whether it is in the namespace, or names it.
    fn is_in(&self, namespace: &str) -> bool {
        self.deployed.namespace == Some(namespace)
            || namespaces::names(&self.deployed.subject.object.node.look(), namespace)
    }

    /// Whether it is of another environment than what is new, and has its like there.
    fn is_elsewhere(&self, new: &Deployed<'_>, whole: &[String]) -> bool {
        are_two(self.deployed, new, whole) && self.again.iter().any(|again| !are_two(again, new, whole))
    }
}

/// What is there under which names once an object is: the object itself, and the Secret that is made of it. What has no name
/// before it is made is never the same.
fn names(deployed: &Deployed<'_>) -> Vec<Name> {
    let object = deployed.subject.object;
    let own = object.name.as_ref().map(|name| (object.group().to_owned(), object.kind.clone(), name.clone()));
    let made = made::secret(object, &object.node.look()).map(|name| core("Secret", name));
    own.into_iter().chain(made).collect()
}

/// The name of an object of the group without a name.
fn core(kind: &str, name: &str) -> Name {
    (String::new(), kind.to_owned(), name.to_owned())
}

fn labels(of: &Node) -> Option<&Node> {
    of.get("metadata").and_then(|metadata| metadata.get("labels"))
}
