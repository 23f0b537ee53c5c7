//! What an object selects by labels.
//!
//! The module must not know whose labels these are.

use protocol::workload_kind;

use crate::manifest::{Node, Object, Value};
use crate::selector::Selector;

/// Pods that an object means by their labels.
pub struct Meant {
    /// The labels.
    pub selector: Selector,
    /// Whether pods of other namespaces are meant, too.
    pub is_anywhere: bool,
}

/// What an object selects in its namespace, and whether these are Services.
pub fn selection(object: &Object, node: &Node) -> Option<(Selector, bool)> {
    let kind = (object.group(), object.kind.as_str());
    let is_workload = workload_kind(kind.0, kind.1).is_some();
    let (field, is_of_services) = match kind {
        ("", "Service") | ("policy", "PodDisruptionBudget") | ("monitoring.coreos.com", "PodMonitor") => {
            ("selector", false)
        }
        ("monitoring.coreos.com", "ServiceMonitor") => ("selector", true),
        ("networking.k8s.io", "NetworkPolicy") => ("podSelector", false),
        _ if is_workload => ("selector", false),
        _ => return None,
    };
    let selector = node.get("spec")?.get(field).filter(|selector| selector.value != Value::Null);
    // A policy for pods that it does not select is one for all of them.
    let Some(selector) = selector else { return (field == "podSelector").then(|| (Selector::default(), false)) };
    // An empty one selects nothing in a Service, and everything elsewhere. A workload cannot have one.
    let is_empty = matches!(&selector.value, Value::Mapping(entries) if entries.is_empty());
    let is_nothing = is_empty && (is_workload || kind == ("", "Service"));
    Selector::read(selector).filter(|_| !is_nothing).map(|selector| (selector, is_of_services))
}

/// The pods that an object names by a label: it sends them traffic, lets them through, counts or adopts them. What is about
/// all pods of a namespace names nobody.
pub fn named_pods(object: &Object, node: &Node) -> Vec<Meant> {
    let own = selection(object, node).filter(|(_, is_of_services)| !is_of_services);
    let mut meant: Vec<Meant> = own.map(|(selector, _)| Meant { selector, is_anywhere: false }).into_iter().collect();
    if (object.group(), object.kind.as_str()) == ("networking.k8s.io", "NetworkPolicy") {
        for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
            let rules = node.get("spec").map_or(&[][..], |spec| spec.list(rules));
            for peer in rules.iter().flat_map(|rule| rule.list(peers)) {
                let selector = peer.get("podSelector").and_then(Selector::read);
                let is_anywhere = peer.get("namespaceSelector").is_some();
                meant.extend(selector.map(|selector| Meant { selector, is_anywhere }));
            }
        }
    }
    meant.retain(|meant| meant.selector.names_a_label());
    meant
}
