//! Gateways of the Gateway API: listeners in plain text or without a certificate, and wildcards.

use sdk::prelude::*;

use crate::{Exposure, covers, is_wildcard};

/// Whether a listener's hostname is about a host. As the Gateway API has it, a wildcard covers any number of labels.
fn covers_below(name: &str, host: &str) -> bool {
    covers(name, host) || name.strip_prefix('*').is_some_and(|end| host.len() > end.len() && host.ends_with(end))
}

/// Whether the certificates are the controller's own affair: by its options, or by a certificate map of GKE.
fn has_own_certificates(gateway: Object<'_>, tls: Field<'_>) -> bool {
    tls.get("options").entries().next().is_some() || gateway.annotation("networking.gke.io/certmap").is_set()
}

pub fn check(rule: &Exposure, gateway: Object<'_>, findings: &mut Findings) {
    let listeners = gateway.get("spec.listeners");
    for listener in listeners.items() {
        let (protocol, hostname) = (listener.get("protocol"), listener.get("hostname"));
        let host = hostname.str().unwrap_or_default();
        // Beside a listener with TLS, one without is there to redirect.
        let is_encrypted = listeners.items().any(|other| {
            let name = other.get("hostname").str().unwrap_or_default();
            matches!(other.get("protocol").str(), Some("HTTPS" | "TLS"))
                && (name.is_empty() || host.is_empty() || covers_below(name, host))
        });
        if protocol.str() == Some("HTTP") && !is_encrypted {
            let message = "the listener takes requests in plain text, and no other serves its hostname with TLS";
            findings.fail(protocol, message, "add a listener with `protocol: HTTPS` and a certificate");
        }
        let tls = listener.get("tls");
        let terminates =
            matches!(protocol.str(), Some("HTTPS" | "TLS")) && tls.get("mode").str() != Some("Passthrough");
        if terminates && !tls.get("certificateRefs").has_items() && !has_own_certificates(gateway, tls) {
            let message =
                "the listener has no certificate, so that only a controller with certificates of its own serves it";
            findings.warn(
                tls.get("certificateRefs"),
                message,
                "name the Secret of a certificate in `tls.certificateRefs`",
            );
        }
        let is_http = matches!(protocol.str(), Some("HTTP" | "HTTPS" | "TLS"));
        if is_http && is_wildcard(host) && !rule.allow_wildcard_hosts {
            let message = "the listener serves every host that a route names";
            findings.warn(hostname, message, fix::set(hostname, "<host>").example());
        }
    }
}
