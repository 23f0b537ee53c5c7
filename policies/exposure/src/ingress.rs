//! Ingresses: hosts without TLS, wildcards, and what two of them serve.

use sdk::prelude::*;
use sdk::text::holds;

use crate::{Exposure, covers, is_wildcard};

/// Annotations by which a controller has a certificate of its own, or leaves TLS to the pods. `None` is any value.
const CERTIFICATES: &[(&str, Option<&str>)] = &[
    ("networking.gke.io/managed-certificates", None),
    ("ingress.gcp.kubernetes.io/pre-shared-cert", None),
    ("alb.ingress.kubernetes.io/certificate-arn", None),
    ("appgw.ingress.kubernetes.io/appgw-ssl-certificate", None),
    ("route.openshift.io/termination", None),
    ("traefik.ingress.kubernetes.io/router.tls", Some("true")),
    ("traefik.ingress.kubernetes.io/router.entrypoints", Some("websecure")),
    ("nginx.ingress.kubernetes.io/ssl-passthrough", Some("true")),
    ("haproxy.org/ssl-passthrough", Some("true")),
];

const CLASS: &str = "kubernetes.io/ingress.class";
const CANARY: &str = "nginx.ingress.kubernetes.io/canary";
const CONDITIONS: &str = "alb.ingress.kubernetes.io/conditions.";

pub fn check(
    rule: &Exposure,
    ingress: Object<'_>,
    world: &World<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    let (rules, tls) = (ingress.get("spec.rules"), ingress.get("spec.tls"));
    let is_encrypted = is_encrypted(ingress);
    let mut told = Vec::new();
    let mut check_host = |at: Field<'_>, host: &str| {
        let named = if host.is_empty() { "every host".to_owned() } else { format!("`{host}`") };
        // Of two rules for one host, one entry of `tls` is enough.
        if !is_encrypted && !is_covered(tls, host) && !told.iter().any(|it: &String| it == host) {
            told.push(host.to_owned());
            let entry = match host {
                "" => Json::of("secretName", "<secret>"),
                host => Json::of("hosts", vec![host.into()]).and("secretName", "<secret>"),
            };
            findings.fail(at, format!("{named} is served without TLS"), fix::set(tls, vec![entry]).example());
        }
        if is_wildcard(host) && !rule.allow_wildcard_hosts {
            let message = if host.is_empty() {
                "the rule takes the requests of every host that no other Ingress names".to_owned()
            } else {
                format!("the rule takes the requests of every host under `{host}`")
            };
            findings.fail(at, message, fix::set(at, "<host>").example());
        }
    };
    for rule in rules.items() {
        let host = rule.get("host");
        check_host(host, host.str().unwrap_or_default());
    }
    let backends = [ingress.get("spec.defaultBackend"), ingress.get("spec.backend")];
    if let Some(backend) = backends.into_iter().find(|backend| backend.is_set() && !rules.has_items()) {
        check_host(backend, "");
    }
    check_twice(ingress, world, findings)
}

/// Whether TLS is the controller's own affair.
fn is_encrypted(ingress: Object<'_>) -> bool {
    let said = |key: &str| ingress.annotation(key).str().unwrap_or_default();
    let has =
        |(key, value): &(&str, Option<&str>)| value.map_or_else(|| !said(key).is_empty(), |value| said(key) == value);
    CERTIFICATES.iter().any(has)
        || holds(said("alb.ingress.kubernetes.io/listen-ports"), "HTTPS")
        || class(ingress) == "tailscale"
}

/// Whether an entry of `tls` is about the host. One without hosts is about all of them.
fn is_covered(tls: Field<'_>, host: &str) -> bool {
    tls.items().any(|entry| {
        let hosts = entry.get("hosts");
        !hosts.has_items()
            || host.is_empty()
            || hosts.items().any(|name| name.str().is_some_and(|name| covers(name, host)))
    })
}

fn class<'a>(ingress: Object<'a>) -> &'a str {
    let named = ingress.get("spec.ingressClassName").str();
    named.or_else(|| ingress.annotation(CLASS).str()).unwrap_or_default()
}

/// One path of an Ingress.
struct Route<'a> {
    host: &'a str,
    kind: &'a str,
    path: &'a str,
    at: Field<'a>,
}

impl Route<'_> {
    fn is_same(&self, other: &Route<'_>) -> bool {
        self.host.eq_ignore_ascii_case(other.host) && (self.kind, self.path) == (other.kind, other.path)
    }
}

/// All paths of hosts that are named; `/s` and `/s/` are one where a prefix is meant.
fn routes<'a>(ingress: Object<'a>) -> impl Iterator<Item = Route<'a>> {
    let rules = ingress.get("spec.rules").items().filter_map(|rule| Some((rule, rule.get("host").str()?)));
    rules.filter(|(_, host)| !host.is_empty()).flat_map(|(rule, host)| {
        rule.get("http.paths").items().map(move |route| {
            let kind = route.get("pathType").str().unwrap_or_default();
            let path = route.get("path").str().unwrap_or("/");
            let path = if kind == "Prefix" { path.trim_end_matches('/') } else { path };
            Route { host, kind, path, at: route.get("path") }
        })
    })
}

/// Whether more than host and path says which requests the Ingress takes: it is a canary, or a load balancer of AWS looks at
/// headers, methods or queries too.
fn is_special(ingress: Object<'_>) -> bool {
    ingress.annotation(CANARY).str() == Some("true")
        || ingress.get("metadata.annotations").entries().any(|(key, _)| key.starts_with(CONDITIONS))
}

/// Finds what another Ingress of the same class serves too, or this one twice.
fn check_twice(ingress: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let own: Vec<Route<'_>> = routes(ingress).collect();
    let hosts: Vec<&str> = own.iter().map(|route| route.host).collect();
    if own.is_empty() || is_special(ingress) {
        return Ok(());
    }
    for (index, route) in own.iter().enumerate() {
        if own.iter().take(index).any(|other| other.is_same(route)) {
            let message = format!("`{}{}` is here twice", route.host, route.path);
            findings.fail(route.at, message, "remove one of the two");
        }
    }
    let naming = [Relation::naming("spec.rules.host", &hosts)];
    for other in world.related("networking.k8s.io/v1", "Ingress", Within::All, &naming)? {
        let is_itself = (other.name(), other.namespace()) == (ingress.name(), ingress.namespace());
        if is_itself || is_special(other) || class(other) != class(ingress) {
            continue;
        }
        for route in own.iter().filter(|route| routes(other).any(|other| other.is_same(route))) {
            let place = other.namespace().map_or_else(String::new, |namespace| format!("{namespace}/"));
            let message = format!(
                "Ingress {place}{} serves the same host and path, and the controller decides which one answers",
                other.name()
            );
            findings.fail(route.at, message, "another path or host in one of the two");
        }
    }
    Ok(())
}
