//! Ingresses and NetworkPolicies.

use core::net::IpAddr;

use sdk::field::Field;
use sdk::prelude::*;

use super::{forbid, items, number, require, text};
use crate::addresses;
use crate::formats;
use crate::walk::Walk;

pub fn ingress<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let spec = at.get("spec");
    if items(spec.get("rules")).next().is_none() && !spec.get("defaultBackend").is_set() {
        walk.fail(spec.get("rules"), "none of rules, defaultBackend is set", "one of rules, defaultBackend");
    }
    let class = at.get("metadata.annotations").entry("kubernetes.io/ingress.class");
    if class.is_set() && spec.get("ingressClassName").is_set() && text(class) != text(spec.get("ingressClassName")) {
        walk.fail(class, "this is not the ingressClassName", fix::remove(class));
    }
    for host in items(spec.get("rules")).map(|rule| rule.get("host")) {
        if text(host).parse::<IpAddr>().is_ok() {
            walk.fail(host, "this is an IP address, where a DNS name belongs", "a DNS name");
        }
    }
}

pub fn ingress_path<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (path, kind) = (at.get("path"), text(at.get("pathType")));
    let said = text(path);
    if matches!(kind, "Exact" | "Prefix") {
        if !said.starts_with('/') {
            walk.fail(path, format!("for the pathType {kind}, a path begins with `/`"), "path: /");
        }
        let lower = ["//", "/./", "/../", "%2f", "%2F"].iter().any(|part| said.contains(part));
        if lower || said.ends_with("/..") || said.ends_with("/.") {
            walk.fail(path, "this path is not a plain one", "a path without `//`, `.`, `..` and `%2f`");
        }
    } else if kind == "ImplementationSpecific" && !said.is_empty() && !said.starts_with('/') {
        walk.fail(path, "a path begins with `/`", "path: /");
    }
}

pub fn ingress_backend<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (service, resource) = (at.get("service"), at.get("resource"));
    match (service.is_set(), resource.is_set()) {
        (true, true) => walk.fail(resource, "only one of service, resource may be set", fix::remove(resource)),
        (false, false) => {
            walk.fail(at, "none of service, resource is set", "service: {name: <Service>, port: {number: <port>}}")
        }
        (true, false) => {
            let (name, port) = (service.get("port.name"), service.get("port.number"));
            match (text(name), number(port).unwrap_or(0)) {
                ("", 0) => walk.fail(at, "the port of the Service is missing", "service: {port: {number: <port>}}"),
                ("", _) | (_, 0) => {}
                _ => walk.fail(port, "only one of name, number may be set", fix::remove(port)),
            }
        }
        (false, true) => {
            let (group, kind, name) = (resource.get("apiGroup"), resource.get("kind"), resource.get("name"));
            if group.is_set() && !formats::is_dns_subdomain(text(group)) {
                walk.fail(
                    group,
                    format!("this is not {}", formats::DNS_SUBDOMAIN.wanted),
                    formats::DNS_SUBDOMAIN.wanted,
                );
            }
            for part in [kind, name].into_iter().filter(|part| !formats::is_path_segment(text(*part))) {
                walk.fail(part, format!("this is not {}", formats::PATH_SEGMENT.wanted), formats::PATH_SEGMENT.wanted);
            }
        }
    }
}

/// What an IngressClass takes its parameters from.
pub fn class_parameters<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let namespace = at.get("namespace");
    match text(at.get("scope")) {
        "Namespace" => require(walk, namespace, "for the scope Namespace"),
        "Cluster" | "" => forbid(walk, namespace, "for the scope Cluster"),
        _ => {}
    }
}

pub fn policy_port<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (port, end) = (at.get("port"), at.get("endPort"));
    if !end.is_set() {
        return;
    }
    match (number(port), number(end)) {
        (Some(start), Some(last)) if last < start => walk.fail(end, "this is less than port", "at least port"),
        (Some(_), Some(last)) if !(1..=65535).contains(&last) => {
            walk.fail(end, "this is out of range", "a port up to 65535")
        }
        (None, _) => walk.fail(end, "endPort goes with a numeric port only", fix::remove(end)),
        _ => {}
    }
}

pub fn policy_peer<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let block = at.get("ipBlock");
    let selects = at.get("podSelector").is_set() || at.get("namespaceSelector").is_set();
    match (block.is_set(), selects) {
        (true, true) => walk.fail(block, "ipBlock goes with no selector", fix::remove(block)),
        (false, false) => walk.fail(
            at,
            "none of podSelector, namespaceSelector, ipBlock is set",
            "one of podSelector, namespaceSelector, ipBlock",
        ),
        _ => {}
    }
}

pub fn ip_block<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let Some((base, bits)) = addresses::range(text(at.get("cidr")), walk.minor) else { return };
    for except in items(at.get("except")) {
        let Some((address, own)) = addresses::range(text(except), walk.minor) else { continue };
        if own <= bits || !within(base, bits, address) {
            walk.fail(except, "this is no part of the cidr", "a smaller range within the cidr");
        }
    }
}

fn within(base: IpAddr, bits: u8, address: IpAddr) -> bool {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (base, address) = (octets(base), octets(address));
    base.len() == address.len()
        && base.iter().zip(&address).enumerate().all(|(index, (one, other))| {
            let left = usize::from(bits).saturating_sub(index * 8).min(8);
            let mask = (0xff00_u16 >> left) as u8;
            one & mask == other & mask
        })
}
