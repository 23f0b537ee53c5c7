//! Which objects that were there before a new one is about: the pods that it selects, and those whose traffic it takes.
//!
//! What the change adds under the same name elsewhere is the same thing for another environment, and no other. The module
//! must not know which of these is a fault.

use std::collections::BTreeSet;

use super::version::Deployed;
use crate::manifest::{Node, Object, Value};
use crate::pods;
use crate::selector::Selector;

/// What an object is known by, wherever it is deployed from.
type Name = (String, String, Option<String>, String);

/// A host with a path.
type Route = (String, String);

/// The objects of one version that something new may be about.
pub struct Others {
    workloads: Vec<Labelled>,
    services: Vec<Labelled>,
    routes: Vec<(String, BTreeSet<Route>)>,
}

/// An object that labels select.
struct Labelled {
    namespace: Option<String>,
    labels: Option<Node>,
    label: String,
}

impl Others {
    /// Those among the objects before, without what is new under the same name.
    pub fn new(before: &[Deployed<'_>], added: &[&Deployed<'_>]) -> Self {
        let again: BTreeSet<Name> = added.iter().map(|deployed| name(deployed)).collect();
        let mut others = Self { workloads: Vec::new(), services: Vec::new(), routes: Vec::new() };
        for deployed in before.iter().filter(|deployed| !again.contains(&name(deployed))) {
            let object = deployed.subject.object;
            let node = object.node.look();
            let labelled = |of: &Node| Labelled {
                namespace: deployed.namespace.map(str::to_owned),
                labels: of.get("metadata").and_then(|metadata| metadata.get("labels")).cloned(),
                label: object.label(),
            };
            others.workloads.extend(pods::template(object, &node).map(labelled));
            if (object.group(), object.kind.as_str()) == ("", "Service") {
                others.services.push(labelled(&node));
            }
            let routes = routes(object, &node);
            if !routes.is_empty() {
                others.routes.push((object.label(), routes));
            }
        }
        others
    }

    /// Those that a new object selects, or whose host and path it serves, in order.
    pub fn of(&self, deployed: &Deployed<'_>) -> Vec<String> {
        let object = deployed.subject.object;
        let node = object.node.look();
        let own = routes(object, &node);
        let served = self.routes.iter().filter(|(_, routes)| !routes.is_disjoint(&own)).map(|(label, _)| label);
        let selected = selection(object, &node).into_iter().flat_map(|(selector, is_of_services)| {
            let all = if is_of_services { &self.services } else { &self.workloads };
            let is_it = move |other: &&Labelled| {
                other.namespace.as_deref() == deployed.namespace && selector.selects(other.labels.as_ref())
            };
            all.iter().filter(is_it).map(|other| &other.label)
        });
        let others: BTreeSet<&String> = served.chain(selected).collect();
        others.into_iter().cloned().collect()
    }
}

fn name(deployed: &Deployed<'_>) -> Name {
    let object = deployed.subject.object;
    let namespace = deployed.namespace.map(str::to_owned);
    (object.group().to_owned(), object.kind.clone(), namespace, object.display_name())
}

/// What an object selects in its namespace, and whether these are Services.
fn selection(object: &Object, node: &Node) -> Option<(Selector, bool)> {
    let (field, is_of_services) = match (object.group(), object.kind.as_str()) {
        ("", "Service") | ("policy", "PodDisruptionBudget") | ("monitoring.coreos.com", "PodMonitor") => {
            ("selector", false)
        }
        ("monitoring.coreos.com", "ServiceMonitor") => ("selector", true),
        ("networking.k8s.io", "NetworkPolicy") => ("podSelector", false),
        _ => return None,
    };
    let selector = node.get("spec")?.get(field)?;
    // An empty one selects nothing in a Service, and everything elsewhere.
    let is_empty = matches!(&selector.value, Value::Mapping(entries) if entries.is_empty());
    let is_nothing = object.kind == "Service" && is_empty;
    Selector::read(selector).filter(|_| !is_nothing).map(|selector| (selector, is_of_services))
}

/// The hosts and paths that an Ingress or a route serves. A host that is not named is `*`.
fn routes(object: &Object, node: &Node) -> BTreeSet<Route> {
    let Some(spec) = node.get("spec") else { return BTreeSet::new() };
    match (object.group(), object.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "Ingress") => of_ingress(spec),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => of_route(spec),
        _ => BTreeSet::new(),
    }
}

fn of_ingress(spec: &Node) -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    if ["defaultBackend", "backend"].iter().any(|key| spec.get(key).is_some()) {
        routes.insert(route(None, None));
    }
    for rule in spec.list("rules") {
        let host = rule.get("host").and_then(Node::as_str);
        let paths = rule.get("http").map_or(&[][..], |http| http.list("paths"));
        routes.extend(paths.iter().map(|path| route(host, path.get("path").and_then(Node::as_str))));
        if paths.is_empty() {
            routes.insert(route(host, None));
        }
    }
    routes
}

fn of_route(spec: &Node) -> BTreeSet<Route> {
    let mut hosts: Vec<Option<&str>> = spec.list("hostnames").iter().map(Node::as_str).collect();
    if hosts.is_empty() {
        hosts.push(None);
    }
    let mut paths: Vec<Option<String>> = Vec::new();
    for rule in spec.list("rules") {
        let matches = rule.list("matches");
        paths.extend(matches.iter().map(path_of));
        if matches.is_empty() {
            paths.push(None);
        }
    }
    if paths.is_empty() {
        paths.push(None);
    }
    hosts.iter().flat_map(|host| paths.iter().map(move |path| route(*host, path.as_deref()))).collect()
}

/// The path of a match of a route. That of gRPC is the service and the method.
fn path_of(matched: &Node) -> Option<String> {
    if let Some(method) = matched.get("method").filter(|method| method.as_str().is_none()) {
        let text = |key: &str| method.get(key).and_then(Node::as_str).unwrap_or_default();
        return Some(format!("/{}/{}", text("service"), text("method")));
    }
    Some(matched.get("path")?.get("value")?.as_str()?.to_owned())
}

/// A host and a path as they are compared.
fn route(host: Option<&str>, path: Option<&str>) -> Route {
    let host = host.filter(|host| !host.is_empty()).unwrap_or("*").to_ascii_lowercase();
    (host, format!("{}/", path.unwrap_or_default().trim_end_matches('/')))
}
