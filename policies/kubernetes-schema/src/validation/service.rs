//! Services and Endpoints.

use sdk::field::Field;
use sdk::prelude::*;

use super::{forbid, items, number, require, text};
use crate::addresses;
use crate::formats;
use crate::walk::Walk;

pub fn service<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let kind = Some(text(at.get("type"))).filter(|kind| !kind.is_empty()).unwrap_or("ClusterIP");
    let first = items(at.get("clusterIPs")).next().map_or("", text);
    let cluster_ip = if text(at.get("clusterIP")).is_empty() { first } else { text(at.get("clusterIP")) };
    let is_headless = cluster_ip == "None";
    if items(at.get("ports")).next().is_none() && !is_headless && kind != "ExternalName" {
        walk.fail(at.get("ports"), "`ports` is required, unless the Service is headless", "ports: [{port: <number>}]");
    }
    ports(walk, at, kind);
    // With another affinity, Kubernetes drops the block that the number is in.
    let timeout = at.get("sessionAffinityConfig.clientIP.timeoutSeconds");
    if text(at.get("sessionAffinity")) == "ClientIP"
        && let Some(seconds) = number(timeout).filter(|seconds| !(1..=86_400).contains(seconds))
    {
        walk.fail(timeout, format!("{seconds} is out of range"), "a whole number from 1 to 86400");
    }
    match kind {
        "LoadBalancer" | "NodePort" if is_headless => {
            walk.fail(
                at.get("clusterIP"),
                format!("a Service of type {kind} is not headless"),
                fix::remove(at.get("clusterIP")),
            );
        }
        "ExternalName" => external(walk, at),
        _ => addresses(walk, at, is_headless),
    }
    traffic(walk, at, kind);
    if kind != "LoadBalancer" {
        let ranges = at.get("loadBalancerSourceRanges");
        if items(ranges).next().is_some() {
            forbid(walk, ranges, "for another type than LoadBalancer");
        }
        forbid(walk, at.get("allocateLoadBalancerNodePorts"), "for another type than LoadBalancer");
        forbid(walk, at.get("loadBalancerClass"), "for another type than LoadBalancer");
        let annotation =
            walk.root.get("metadata.annotations").entry("service.beta.kubernetes.io/load-balancer-source-ranges");
        if items(ranges).next().is_none() {
            forbid(walk, annotation, "for another type than LoadBalancer");
        }
    }
    for range in items(at.get("loadBalancerSourceRanges")) {
        if !addresses::is_cidr(text(range).trim(), walk.minor) {
            walk.fail(range, format!("this is not {}", formats::CIDR.wanted), formats::CIDR.wanted);
        }
    }
    let class = at.get("loadBalancerClass");
    if kind == "LoadBalancer" && class.is_set() && !formats::is_qualified_name(text(class)) {
        walk.fail(class, format!("this is not {}", formats::QUALIFIED_NAME.wanted), formats::QUALIFIED_NAME.wanted);
    }
}

fn ports<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, kind: &str) {
    let all: Vec<Field<'a>> = items(at.get("ports")).collect();
    let protocol = |port: Field<'a>| Some(text(port.get("protocol"))).filter(|text| !text.is_empty()).unwrap_or("TCP");
    let (mut names, mut numbers, mut nodes): (Vec<&str>, Vec<_>, Vec<_>) = (Vec::new(), Vec::new(), Vec::new());
    for port in &all {
        let name = port.get("name");
        if text(name).is_empty() && all.len() > 1 {
            require(walk, name, "where a Service has several ports");
        } else if !text(name).is_empty() && names.contains(&text(name)) {
            walk.fail(name, format!("another port is named `{}` too", text(name)), "another name");
        }
        names.push(text(name));
        if number(port.get("port")).is_none() {
            require(walk, port.get("port"), "of a port");
        }
        let own = (protocol(*port), number(port.get("port")));
        if own.1.is_some() && numbers.contains(&own) {
            walk.fail(port.get("port"), "another port has this number and protocol too", "another port");
        }
        numbers.push(own);
        let node = port.get("nodePort");
        let Some(number) = number(node).filter(|number| *number != 0) else { continue };
        if kind == "ClusterIP" {
            forbid(walk, node, "for the type ClusterIP");
        }
        if nodes.contains(&(own.0, number)) {
            walk.fail(node, "another port has this nodePort too", "another nodePort");
        }
        nodes.push((own.0, number));
    }
}

fn external<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let name = at.get("externalName");
    let host = text(name).strip_suffix('.').unwrap_or(text(name));
    if host.is_empty() {
        require(walk, name, "for the type ExternalName");
    } else if !formats::is_dns_subdomain(host) {
        walk.fail(name, format!("this is not {}", formats::DNS_SUBDOMAIN.wanted), formats::DNS_SUBDOMAIN.wanted);
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies"] {
        let field = at.get(field);
        if !super::text_is_empty(field) {
            forbid(walk, field, "for the type ExternalName");
        }
    }
    forbid(walk, at.get("ipFamilyPolicy"), "for the type ExternalName");
}

fn addresses<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, is_headless: bool) {
    let (one, all) = (at.get("clusterIP"), at.get("clusterIPs"));
    let list: Vec<Field<'a>> = items(all).collect();
    if let Some(first) = list.first()
        && !text(one).is_empty()
        && text(*first) != text(one)
    {
        walk.fail(*first, "the first of clusterIPs is the clusterIP", "the clusterIP");
    } else if !list.is_empty() && text(one).is_empty() {
        walk.fail(all, "clusterIPs go with a clusterIP", "clusterIP:");
    }
    let given: Vec<Field<'a>> =
        if list.is_empty() { [one].into_iter().filter(|one| !text(*one).is_empty()).collect() } else { list };
    for (index, address) in given.iter().enumerate() {
        let is_none = index == 0 && text(*address) == "None";
        if is_none && given.len() > 1 {
            walk.fail(all, "`None` goes with no other address", "clusterIPs: [None]");
        } else if !is_none && !addresses::is_ip(text(*address), walk.minor) {
            walk.fail(*address, format!("this is not {}", formats::IP.wanted), "an IP address, or None");
        }
    }
    let is_v6 = |field: &Field<'a>| text(*field).contains(':');
    if given.len() > 2 {
        walk.fail(all, "there are more than two addresses", "one for each family of IP");
    } else if let [first, second] = given.as_slice()
        && is_v6(first) == is_v6(second)
    {
        walk.fail(*second, "both addresses are of the same family", "one for each family of IP");
    }
    let families: Vec<Field<'a>> = items(at.get("ipFamilies")).collect();
    if families.len() > 2 {
        walk.fail(at.get("ipFamilies"), "there are two families of IP", "IPv4, IPv6, or both");
    }
    for (family, address) in families.iter().zip(&given).filter(|_| !is_headless) {
        if (text(*family) == "IPv6") != is_v6(address) {
            walk.fail(
                *address,
                format!("this is no address of the family {}", text(*family)),
                "an address of that family",
            );
        }
    }
    let policy = text(at.get("ipFamilyPolicy"));
    if policy == "SingleStack" && (families.len() > 1 || given.len() > 1) {
        walk.fail(at.get("ipFamilyPolicy"), "two families of IP are no single stack", "PreferDualStack, or one family");
    }
}

fn traffic<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, kind: &str) {
    let is_external = matches!(kind, "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && items(at.get("externalIPs")).next().is_some());
    let policy = at.get("externalTrafficPolicy");
    if !is_external && !text(policy).is_empty() {
        forbid(walk, policy, "for a Service that is not reached from outside");
    }
    let check = at.get("healthCheckNodePort");
    if number(check).is_some_and(|port| port != 0) && !(kind == "LoadBalancer" && text(policy) == "Local") {
        forbid(walk, check, "without the type LoadBalancer and `externalTrafficPolicy: Local`");
    }
}

/// A part of Endpoints.
pub fn subset<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let has = |name| items(at.get(name)).next().is_some();
    if !has("addresses") && !has("notReadyAddresses") {
        walk.fail(at, "none of addresses, notReadyAddresses is set", "addresses: [{ip: <address>}]");
    }
    let ports: Vec<Field<'a>> = items(at.get("ports")).collect();
    for port in &ports {
        if ports.len() > 1 {
            require(walk, port.get("name"), "where there are several ports");
        }
        if number(port.get("port")).is_none() {
            require(walk, port.get("port"), "of a port");
        }
    }
}
