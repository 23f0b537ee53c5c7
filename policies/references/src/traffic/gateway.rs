//! Routes of the Gateway API: their backends, the Gateways and listeners that they attach to, and what is granted across
//! namespaces; and the certificates of a Gateway.

use sdk::prelude::*;

use super::port;
use crate::look::{Look, Named, in_words};
use crate::pod::{is_there, secret_exists};

const GROUP: &str = "gateway.networking.k8s.io";

pub fn check_gateway<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    for listener in look.object.get("spec.listeners").items() {
        for reference in listener.get("tls.certificateRefs").items() {
            let is_secret = matches!(reference.get("kind").str(), None | Some("Secret"));
            if let Some(secret) = named(reference, "Secret", look).filter(|_| is_secret)
                && is_granted(reference, secret, look)?
            {
                secret_exists(secret, false, look)?;
            }
        }
    }
    Ok(())
}

pub fn check_route<'a>(look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let mut serving = Some(Vec::new());
    for parent in look.object.get("spec.parentRefs").items() {
        let taking = attach(parent, look)?;
        serving = serving.zip(taking).map(|(serving, taking)| [serving, taking].concat());
    }
    if let Some(listeners) = serving.filter(|listeners| !listeners.is_empty()) {
        serve_its_hosts(&listeners, look);
    }
    for rule in look.object.get("spec.rules").items() {
        for reference in rule.get("backendRefs").items() {
            backend(reference, look)?;
            for filter in reference.get("filters").items() {
                backend(filter.get("requestMirror.backendRef"), look)?;
            }
        }
        for filter in rule.get("filters").items() {
            backend(filter.get("requestMirror.backendRef"), look)?;
        }
    }
    Ok(())
}

fn backend<'a>(reference: Field<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    let is_service = is_of(reference, "", "Service");
    let Some(service) = named(reference, "Service", look) else { return Ok(()) };
    if !is_service {
        let kind = reference.get("kind").str().unwrap_or_default();
        look.unknown(format!("{kind} {} is a backend whose controller knows it", service.name));
    } else if is_granted(reference, service, look)?
        && let Some(service) = look.must_exist(service)?
    {
        port::must_be_of(service, reference.get("port"), look);
    }
    Ok(())
}

/// A route attaches to listeners that there are, and that take it: those; nothing where they are not known.
fn attach<'a>(parent: Field<'a>, look: &mut Look<'a, '_>) -> Result<Option<Vec<Field<'a>>>, Undecided> {
    if is_of(parent, "", "Service") && parent.get("kind").is_set() {
        let service = named(parent, "Service", look).map_or(Ok(None), |service| look.must_exist(service));
        return service.map(|_| None);
    }
    let Some(gateway) = named(parent, "Gateway", look).filter(|_| is_of(parent, GROUP, "Gateway")) else {
        return Ok(None);
    };
    let Some(gateway) = look.must_exist(gateway)? else { return Ok(None) };
    let section = parent.get("sectionName");
    let listeners = || gateway.get("spec.listeners").items();
    let mut chosen: Vec<Field<'a>> = listeners().collect();
    if let Some(name) = section.str() {
        chosen.retain(|listener| listener.get("name").str() == Some(name));
        if chosen.is_empty() {
            let message = format!("Gateway {} has no listener `{name}`", gateway.name());
            let known: Vec<&str> = listeners().filter_map(|listener| listener.get("name").str()).collect();
            look.none_of(section, name, &message, &known);
            return Ok(None);
        }
    }
    let port = parent.get("port");
    if let Some(number) = port.integer() {
        chosen.retain(|listener| listener.get("port").integer() == Some(number));
        if chosen.is_empty() {
            let message = format!("Gateway {} has no such listener on port {number}", gateway.name());
            look.findings.fail(port, message, "the port of one of its listeners");
            return Ok(None);
        }
    }
    let mut taking = Vec::new();
    for listener in &chosen {
        if takes(*listener, gateway, look)? {
            taking.push(*listener);
        }
    }
    if taking.is_empty() && !chosen.is_empty() {
        let (name, kind) = (gateway.name(), look.object.kind());
        let message = format!(
            "no such listener of Gateway {name} takes this route: its `protocol` or its `allowedRoutes` do not"
        );
        let fix =
            format!("a listener whose `protocol` carries a {kind} and whose `allowedRoutes` allow this namespace");
        look.findings.fail(parent, message, fix);
    }
    Ok(Some(taking))
}

/// Each hostname of the route is one that a listener which takes it serves.
fn serve_its_hosts<'a>(listeners: &[Field<'a>], look: &mut Look<'a, '_>) {
    let served: Vec<&str> = listeners.iter().filter_map(|listener| listener.get("hostname").str()).collect();
    let serves_all = served.len() < listeners.len() || served.contains(&"");
    for hostname in look.object.get("spec.hostnames").items() {
        let Some(name) = hostname.str().filter(|_| !serves_all) else { continue };
        let is_one = |served: &&str| covers(served, name) || covers(name, served);
        if !served.iter().any(is_one) {
            let message = format!("no listener that takes this route serves `{name}`");
            look.none_of(hostname, name, &message, &served);
        }
    }
}

/// Whether a hostname covers another. As the Gateway API has it, a wildcard covers one label or several.
fn covers(name: &str, host: &str) -> bool {
    let ends = |end: &str| {
        let start = host.len().checked_sub(end.len()).filter(|start| *start > 0);
        start.and_then(|start| host.get(start..)).is_some_and(|rest| rest.eq_ignore_ascii_case(end))
    };
    name.eq_ignore_ascii_case(host) || name.strip_prefix('*').is_some_and(ends)
}

/// Whether a listener takes routes of this kind and namespace, as far as that is known.
fn takes<'a>(listener: Field<'a>, gateway: Object<'a>, look: &mut Look<'a, '_>) -> Result<bool, Undecided> {
    let allowed = listener.get("allowedRoutes");
    let mut kinds = allowed.get("kinds").items();
    let is_kind = |kind: Field<'_>| {
        kind.get("kind").str() == Some(look.object.kind()) && matches!(kind.get("group").str(), None | Some(GROUP))
    };
    let is_taken = if allowed.get("kinds").has_items() {
        kinds.any(is_kind)
    } else {
        carries(listener.get("protocol").str().unwrap_or_default(), look.object.kind())
    };
    if !is_taken {
        return Ok(false);
    }
    let here = look.object.namespace();
    match allowed.get("namespaces.from").str() {
        Some("All") => Ok(true),
        Some("None") => Ok(false),
        Some("Selector") => {
            let name = here.unwrap_or("default");
            let Some(namespace) = look.seen(look.world.get("v1", "Namespace", None, name))?.flatten() else {
                look.unknown(format!("Namespace {name}, whose labels a listener selects, is not in this input"));
                return Ok(true);
            };
            let label = |key: &str| match key {
                "kubernetes.io/metadata.name" => Some(sdk::label::Label::Is(name)),
                _ => namespace.labels().entry(key).str().map(sdk::label::Label::Is),
            };
            Ok(LabelSelector::new(allowed.get("namespaces.selector")).matches_by(&label))
        }
        _ => Ok(is_same_namespace(gateway.namespace(), here)),
    }
}

/// Whether a listener of this protocol takes routes of a kind, if it does not list kinds. Protocols of others may take any.
fn carries(protocol: &str, kind: &str) -> bool {
    match protocol {
        "HTTP" | "HTTPS" => matches!(kind, "HTTPRoute" | "GRPCRoute"),
        "TLS" => matches!(kind, "TLSRoute" | "TCPRoute"),
        "TCP" => kind == "TCPRoute",
        "UDP" => kind == "UDPRoute",
        _ => true,
    }
}

/// What names no namespace is applied to `default`, unless somebody says otherwise.
fn is_same_namespace(one: Option<&str>, other: Option<&str>) -> bool {
    one.unwrap_or("default") == other.unwrap_or("default")
}

/// Whether a reference to another namespace is granted there; says it where it is not.
fn is_granted<'a>(reference: Field<'a>, named: Named<'a>, look: &mut Look<'a, '_>) -> Result<bool, Undecided> {
    let (here, object) = (look.object.namespace(), look.object);
    if is_same_namespace(named.namespace, here) || !reference.get("namespace").is_set() {
        return Ok(true);
    }
    let is_from = |from: Field<'_>| {
        from.get("group").str() == Some(object.group())
            && from.get("kind").str() == Some(object.kind())
            && here.is_none_or(|here| from.get("namespace").str() == Some(here))
    };
    let is_to = |to: Field<'_>| {
        to.get("kind").str() == Some(named.kind)
            && matches!(to.get("group").str(), None | Some(""))
            && to.get("name").str().is_none_or(|name| name.is_empty() || name == named.name)
    };
    let all = look.world.list("gateway.networking.k8s.io/v1", "ReferenceGrant", named.namespace)?;
    let is_grant = |it: &Object<'_>| it.get("spec.from").items().any(is_from) && it.get("spec.to").items().any(is_to);
    if all.iter().any(is_grant) {
        if here.is_none() {
            let message =
                format!("the {} names no namespace, so which ReferenceGrant is for it is open", object.kind());
            look.unknown(message);
        }
        return Ok(true);
    }
    let is_there = if named.kind == "Secret" { is_there(named, look)? } else { look.find(named)?.is_some() };
    // What is not there at all is said to be missing.
    if !is_there {
        return Ok(true);
    }
    if look.seen(look.world.must_be_complete("ReferenceGrant"))?.is_some() {
        let there = in_words(named.namespace);
        let message =
            format!("no ReferenceGrant in {there} lets this {} refer to {} {}", object.kind(), named.kind, named.name);
        look.findings.fail(reference.get("namespace"), message, format!("add a ReferenceGrant to {there}"));
    }
    Ok(false)
}

/// What a reference names, in its namespace or else that of the route.
fn named<'a>(reference: Field<'a>, kind: &'static str, look: &Look<'a, '_>) -> Option<Named<'a>> {
    let api_version = if kind == "Gateway" { "gateway.networking.k8s.io/v1" } else { "v1" };
    let named = look.named(reference.get("name"), api_version, kind)?;
    Some(Named { namespace: reference.get("namespace").str().or(named.namespace), ..named })
}

/// Whether a reference is of that group and kind, which it may leave out.
fn is_of(reference: Field<'_>, group: &str, kind: &str) -> bool {
    reference.get("group").str().unwrap_or(group) == group && reference.get("kind").str().unwrap_or(kind) == kind
}
