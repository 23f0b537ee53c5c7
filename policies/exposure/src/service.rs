//! Services: what is open outside the cluster, and to whom.

use core::net::IpAddr;

use sdk::prelude::*;
use sdk::value::Value;

use crate::Exposure;

/// Annotations that make a load balancer internal, with the values that do; any value where none are given.
const INTERNAL: &[(&str, &[&str])] = &[
    ("networking.gke.io/load-balancer-type", &["Internal"]),
    ("cloud.google.com/load-balancer-type", &["Internal"]),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", &["true"]),
    (AWS_SCHEME, &["internal"]),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", &["true", "0.0.0.0/0"]),
    ("service.beta.kubernetes.io/openstack-internal-load-balancer", &["true"]),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", &["true"]),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", &["intranet"]),
    ("service.beta.kubernetes.io/alicloud-loadbalancer-address-type", &["intranet"]),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", &["private"]),
    ("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", &[]),
    ("service.beta.kubernetes.io/cce-load-balancer-internal-vpc", &["true"]),
    ("service.beta.kubernetes.io/do-loadbalancer-network", &["INTERNAL"]),
    ("service.beta.kubernetes.io/scw-loadbalancer-private", &["true"]),
    ("load-balancer.hetzner.cloud/disable-public-network", &["true"]),
];

const AWS_SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const AWS_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
/// Classes of load balancers that are internal unless something else is said.
const INTERNAL_CLASSES: &[&str] = &["service.k8s.aws/nlb", "eks.amazonaws.com/nlb", "tailscale"];

/// Where a load balancer is asked for addresses, separated by commas.
const ADDRESSES: &[&str] = &[
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
    "lbipam.cilium.io/ips",
    "io.cilium/lb-ipam-ips",
    "kube-vip.io/loadbalancerIPs",
];

/// Annotations with the ranges of clients. The second is Azure's.
const RANGES: [&str; 2] =
    ["service.beta.kubernetes.io/load-balancer-source-ranges", "service.beta.kubernetes.io/azure-allowed-ip-ranges"];
/// How ranges end that have half of all addresses in them or more; the last is what version 6 has on the internet.
const WIDE: [&str; 4] = ["/0", "/00", "/1", "2000::/3"];

pub fn check(rule: &Exposure, service: Object<'_>, findings: &mut Findings) {
    let kind = service.get("spec.type");
    match kind.str() {
        Some("NodePort") if !rule.allow_node_ports => {
            let message = "a NodePort is open on every node, past every Ingress";
            findings.fail(kind, message, fix::set(kind, "ClusterIP"));
        }
        Some("LoadBalancer") if !is_internal(rule, service) => check_ranges(service, findings),
        _ => {}
    }
    let addresses = service.get("spec.externalIPs");
    if addresses.has_items() {
        let message = "every node takes traffic to these addresses, whoever owns them";
        findings.fail(addresses, message, fix::remove(addresses));
    }
    for port in service.get("spec.ports").items() {
        let (own, target) = (port.get("port"), port.get("targetPort"));
        rule.check_port(port, own, findings);
        // A port may lead there under another number; by a name, its container is what is told.
        if matches!(target.value(), Some(Value::Number(_))) && target.integer() != own.integer() {
            rule.check_port(port, target, findings);
        }
    }
}

/// Whether a load balancer is in a private network.
fn is_internal(rule: &Exposure, service: Object<'_>) -> bool {
    let said = |key: &str| service.annotation(key).str().map(str::trim_ascii).filter(|value| !value.is_empty());
    let is_said = |(key, values): &(&str, &[&str])| {
        said(key).is_some_and(|value| values.is_empty() || values.iter().any(|known| known.eq_ignore_ascii_case(value)))
    };
    let class = service.get("spec.loadBalancerClass").str();
    let by_class = class.is_some_and(|class| INTERNAL_CLASSES.contains(&class))
        || matches!(said(AWS_TYPE), Some("external" | "nlb-ip"));
    let asked = service.get("spec.loadBalancerIP").str().into_iter();
    let asked = asked.chain(ADDRESSES.iter().filter_map(|key| said(key)));
    let mut asked = asked.flat_map(|addresses| addresses.split(',')).map(is_private).peekable();
    INTERNAL.iter().any(is_said)
        || rule.internal_annotations.iter().filter_map(|entry| entry.split_once('=')).any(|(k, v)| is_said(&(k, &[v])))
        || (by_class && said(AWS_SCHEME).is_none())
        || (asked.peek().is_some() && asked.all(|is_private| is_private))
}

fn is_private(address: &str) -> bool {
    match address.trim_ascii().parse() {
        Ok(IpAddr::V4(address)) => address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_unique_local(),
        Err(_) => false,
    }
}

/// Finds a load balancer whose clients are everybody.
fn check_ranges(service: Object<'_>, findings: &mut Findings) {
    let ranges = service.get("spec.loadBalancerSourceRanges");
    let mut annotations = RANGES.iter().map(|key| service.annotation(key));
    let annotation = annotations.find(|field| field.str().is_some_and(|text| !text.trim_ascii().is_empty()));
    let is_everybody = |range: &str| WIDE.iter().any(|end| range.trim_ascii().ends_with(end));
    let message = "everybody is in this range, or every other address, so the load balancer is open to the internet";
    let fix = "the networks of its clients, or an annotation that makes the load balancer internal";
    if ranges.has_items() {
        let open = ranges.items().filter(|range| range.str().is_some_and(is_everybody));
        open.for_each(|range| findings.fail(range, message, fix));
    } else if let Some(annotation) = annotation {
        if annotation.str().unwrap_or_default().split(',').any(is_everybody) {
            findings.fail(annotation, message, fix);
        }
    } else {
        let message =
            "the load balancer is open to the internet: it has no source ranges, and nothing makes it internal";
        findings.fail(ranges, message, fix::set(ranges, vec!["<network of its clients>".into()]).example());
    }
}
