//! Whether the rules of a policy let everybody through on every port, however that is spelt.
//!
//! Rules are alternatives, and add up: half of all addresses in one and the other half in another are all of them. Each
//! kind of policy is read into the same two sets, of peers and of ports. Which pods it is about is not looked at here.

use core::iter::once;

use sdk::prelude::*;
use sdk::value::Value;

use crate::addresses::{Addresses, Ports};

/// Whom a rule lets through.
#[derive(Default)]
struct Peers {
    /// Everybody there is.
    all: bool,
    /// All that is in the cluster, to Cilium.
    cluster: bool,
    /// All that is outside, to Cilium.
    world: bool,
    addresses: Addresses,
}

impl Peers {
    fn are_everybody(&self) -> bool {
        self.all || (self.cluster && self.world) || self.addresses.are_everybody()
    }
}

/// What one rule allows.
struct Allowed {
    peers: Peers,
    /// `None` is every port.
    ports: Option<Ports>,
}

/// Finds the rules of a policy that let everybody through on every port.
pub fn check(policy: Object<'_>, findings: &mut Findings) {
    let read: fn(Object<'_>, Field<'_>, &str) -> Vec<Option<Allowed>> = match policy.group() {
        "networking.k8s.io" => kubernetes,
        "cilium.io" => cilium,
        _ => calico,
    };
    for spec in once(policy.get("spec")).chain(policy.get("specs").items()) {
        for direction in ["ingress", "egress"] {
            let section = spec.get(direction);
            check_section(section, &read(policy, section, direction), direction, findings);
        }
    }
}

/// `rules` are those of the section, `None` where one allows nothing.
fn check_section(section: Field<'_>, rules: &[Option<Allowed>], direction: &str, findings: &mut Findings) {
    let fix = "name the peers and the ports that are needed";
    let (mut everywhere, mut to_everybody) = (Peers::default(), Ports::default());
    let mut is_said = false;
    for (at, allowed) in section.items().zip(rules) {
        let Some(Allowed { peers, ports }) = allowed else { continue };
        match ports.as_ref().filter(|ports| !ports.are_all()) {
            None if peers.are_everybody() => {
                is_said = true;
                findings.fail(at, format!("this rule allows all {direction}"), fix);
            }
            None => {
                everywhere.cluster |= peers.cluster;
                everywhere.world |= peers.world;
                everywhere.addresses.extend(&peers.addresses);
            }
            Some(ports) if peers.are_everybody() => to_everybody.extend(ports),
            Some(_) => {}
        }
    }
    if !is_said && (everywhere.are_everybody() || to_everybody.are_all()) {
        findings.fail(section, format!("these rules together allow all {direction}"), fix);
    }
}

fn kubernetes(_: Object<'_>, section: Field<'_>, direction: &str) -> Vec<Option<Allowed>> {
    let list = if direction == "ingress" { "from" } else { "to" };
    let rule = |rule: Field<'_>| {
        let mut peers = Peers { all: !has_items(rule.get(list)), ..Peers::default() };
        for peer in rule.get(list).items() {
            let (block, namespaces, pods) =
                (peer.get("ipBlock"), peer.get("namespaceSelector"), peer.get("podSelector"));
            if block.is_set() {
                let except = block.get("except").items().filter_map(Field::str);
                peers.addresses.extend(&Addresses::of(block.get("cidr").str().unwrap_or_default(), except));
            } else if namespaces.is_set() {
                let every_pod = !pods.is_set() || LabelSelector::new(pods).is_everything();
                peers.all |= every_pod && selects_every_namespace(namespaces);
            } else {
                // A peer that says nothing, which the API server refuses.
                peers.all |= !pods.is_set();
            }
        }
        let ports = has_items(rule.get("ports")).then(|| {
            let mut ports = Ports::default();
            for port in rule.get("ports").items() {
                let (number, protocol) = (port.get("port"), port.get("protocol").str().unwrap_or("TCP"));
                add_ports(&mut ports, number, port.get("endPort"), protocol);
            }
            ports
        });
        Some(Allowed { peers, ports })
    };
    section.items().map(rule).collect()
}

/// `{}`, or what asks for nothing but the label that every namespace has.
fn selects_every_namespace(selector: Field<'_>) -> bool {
    let is_on_all = |requirement: Field<'_>| {
        requirement.get("key").str() == Some("kubernetes.io/metadata.name")
            && requirement.get("operator").str() == Some("Exists")
    };
    selector.map().is_some()
        && selector.get("matchLabels").entries().next().is_none()
        && selector.get("matchExpressions").items().all(is_on_all)
}

/// A port, a range of them, or all where none is named; a name is one port.
fn add_ports(ports: &mut Ports, first: Field<'_>, last: Field<'_>, protocol: &str) {
    let number = match first.value() {
        None => return ports.add(protocol, 1, 65_535),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => first.integer(),
    };
    match number {
        // What Cilium takes for every port.
        Some(0) => ports.add(protocol, 1, 65_535),
        Some(number) => ports.add(protocol, number, last.integer().unwrap_or(number)),
        None => {}
    }
}

fn cilium(policy: Object<'_>, section: Field<'_>, direction: &str) -> Vec<Option<Allowed>> {
    let side = if direction == "ingress" { "from" } else { "to" };
    let is_clusterwide = policy.kind() == "CiliumClusterwideNetworkPolicy";
    let rule = |rule: Field<'_>| {
        let mut peers = Peers::default();
        let mut names_peers = false;
        for (key, list) in rule.entries() {
            let Some(what) = key.strip_prefix(side).filter(|what| *what != "Ports") else { continue };
            names_peers |= list.is_set();
            match what {
                "Entities" => {
                    for entity in list.items().filter_map(Field::str) {
                        peers.all |= entity == "all";
                        peers.cluster |= entity == "cluster";
                        peers.world |= matches!(entity, "world" | "world-ipv4" | "world-ipv6");
                    }
                }
                "Endpoints" => peers.cluster |= list.items().any(|it| selects_every_endpoint(it, is_clusterwide)),
                "CIDR" => {
                    for block in list.items().filter_map(Field::str) {
                        peers.addresses.extend(&Addresses::of(block, [].into_iter()));
                    }
                }
                "CIDRSet" => {
                    for block in list.items() {
                        let except = block.get("except").items().filter_map(Field::str);
                        peers.addresses.extend(&Addresses::of(block.get("cidr").str().unwrap_or_default(), except));
                    }
                }
                "FQDNs" => peers.world |= list.items().any(|name| name.get("matchPattern").str() == Some("*")),
                _ => {}
            }
        }
        // To Cilium a block is about what is outside of the cluster.
        peers.world |= peers.addresses.are_everybody();
        peers.addresses = Addresses::default();
        let ports = rule.get("toPorts");
        let is_narrowed = rule.get("icmps").is_set();
        if !names_peers {
            // A rule that says nothing allows nothing.
            if !ports.is_set() {
                return None;
            }
            peers.all = true;
        }
        let ports = (is_narrowed || has_items(ports)).then(|| {
            let mut all = Ports::default();
            for entry in ports.items() {
                // What goes by paths or names of servers is explicit.
                if !["rules", "serverNames"].iter().any(|field| entry.get(field).is_set()) {
                    for port in entry.get("ports").items() {
                        let protocol = port.get("protocol").str().unwrap_or("ANY");
                        add_ports(&mut all, port.get("port"), port.get("endPort"), protocol);
                    }
                }
            }
            all
        });
        Some(Allowed { peers, ports })
    };
    section.items().map(rule).collect()
}

/// Whether a selector of endpoints selects all of the cluster: one of a namespaced policy stays in its namespace, unless
/// it asks for a label of namespaces.
fn selects_every_endpoint(selector: Field<'_>, is_clusterwide: bool) -> bool {
    let expressions = selector.get("matchExpressions");
    let mut asks_for_any_namespace = false;
    let is_on_all = expressions.items().all(|requirement| {
        let key = requirement.get("key").str().unwrap_or_default();
        let key = key.strip_prefix("k8s:").unwrap_or(key);
        asks_for_any_namespace |= key == "io.kubernetes.pod.namespace";
        key == "io.kubernetes.pod.namespace" && requirement.get("operator").str() == Some("Exists")
    });
    selector.map().is_some()
        && selector.get("matchLabels").entries().next().is_none()
        && is_on_all
        && (is_clusterwide || asks_for_any_namespace)
}

fn calico(policy: Object<'_>, section: Field<'_>, direction: &str) -> Vec<Option<Allowed>> {
    let is_global = policy.kind() == "GlobalNetworkPolicy";
    // Rules are gone through in order, so that a denial before an allowance is the exception to it.
    let mut is_narrowed = false;
    let rule = |rule: Field<'_>| {
        let other = rule.get(if direction == "ingress" { "source" } else { "destination" });
        let names_some = ["nets", "selector", "namespaceSelector", "serviceAccounts", "services", "domains"]
            .iter()
            .any(|field| other.get(field).is_set());
        let leaves_out = ["notNets", "notSelector"].iter().any(|field| other.get(field).is_set());
        match rule.get("action").str() {
            Some("Allow") => {}
            Some("Deny") => {
                is_narrowed |= names_some || leaves_out || rule.get("destination.ports").is_set();
                return None;
            }
            _ => return None,
        }
        if is_narrowed || leaves_out || rule.get("http").is_set() || rule.get("icmp").is_set() {
            return None;
        }
        let mut peers = Peers { all: !names_some, ..Peers::default() };
        for block in other.get("nets").items().filter_map(Field::str) {
            peers.addresses.extend(&Addresses::of(block, [].into_iter()));
        }
        let is_all = |field| matches!(other.get(field).str().map(str::trim_ascii), Some("" | "all()"));
        let names_others = ["nets", "serviceAccounts", "services", "domains"].iter().any(|it| other.get(it).is_set());
        let every_namespace = is_all("namespaceSelector") || (is_global && !other.get("namespaceSelector").is_set());
        peers.all |= !names_others
            && every_namespace
            && (is_all("selector") || (!other.get("selector").is_set() && is_all("namespaceSelector")));
        Some(Allowed { peers, ports: calico_ports(rule) })
    };
    section.items().map(rule).collect()
}

/// The ports of a rule; `None` is all of them.
fn calico_ports(rule: Field<'_>) -> Option<Ports> {
    let protocol = match rule.get("protocol").value() {
        None => "",
        Some(Value::String(text) | Value::Number(text)) => text,
        Some(_) => "none",
    };
    let mut ports = Ports::default();
    if !matches!(protocol, "" | "TCP" | "UDP" | "SCTP" | "6" | "17" | "132") {
        return Some(ports);
    }
    let named = rule.get("destination.ports");
    if rule.get("destination.notPorts").is_set() || rule.get("source.ports").is_set() {
        return Some(ports);
    }
    if !has_items(named) {
        return None;
    }
    for port in named.items() {
        match port.value() {
            Some(Value::String(text)) => {
                let (first, last) = text.split_once(':').unwrap_or((text, text));
                if let (Ok(first), Ok(last)) = (first.parse(), last.parse()) {
                    ports.add(protocol, first, last);
                }
            }
            _ => {
                if let Some(number) = port.integer() {
                    ports.add(protocol, number, number);
                }
            }
        }
    }
    Some(ports)
}

fn has_items(list: Field<'_>) -> bool {
    list.items().next().is_some()
}
