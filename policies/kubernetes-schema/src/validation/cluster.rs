//! Kinds of the whole cluster: classes of storage, priorities, API services, flow control, devices, definitions.

use sdk::field::Field;
use sdk::prelude::*;

use super::admission::alone;
use super::{forbid, items, number, require, text};
use crate::addresses;
use crate::formats;
use crate::walk::Walk;

pub fn csi_driver_spec<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if at.get("serviceAccountTokenInSecrets").is_set() && items(at.get("tokenRequests")).next().is_none() {
        forbid(walk, at.get("serviceAccountTokenInSecrets"), "without tokenRequests");
    }
}

pub fn priority_class<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let name = at.get("metadata.name");
    let is_system = matches!(text(name), "system-node-critical" | "system-cluster-critical");
    if text(name).starts_with("system-") && !is_system {
        walk.fail(name, "names that begin with `system-` are Kubernetes' own", "another name");
    } else if !is_system && number(at.get("value")).is_some_and(|value| value > 1_000_000_000) {
        walk.fail(
            at.get("value"),
            "this is more than 1000000000, the highest priority that is not Kubernetes' own",
            "at most 1000000000",
        );
    }
}

pub fn lease_candidate<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if text(at.get("strategy")) == "OldestEmulationVersion" {
        require(walk, at.get("emulationVersion"), "for the strategy OldestEmulationVersion");
    }
}

pub fn endpoint_slice<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let kind = text(at.get("addressType"));
    for address in items(at.get("endpoints")).flat_map(|endpoint| items(endpoint.get("addresses"))) {
        let said = text(address);
        let parsed = addresses::parse(said, walk.minor);
        let is_right = match kind {
            "IPv4" => parsed.is_some_and(|address| address.is_ipv4()) && addresses::is_endpoint(said, walk.minor),
            "IPv6" => {
                parsed.is_some_and(|address| address.is_ipv6() && address.to_string() == said)
                    && addresses::is_endpoint(said, walk.minor)
            }
            "FQDN" => formats::is_dns_subdomain(said.trim_end_matches('.')) && said.trim_end_matches('.').contains('.'),
            _ => true,
        };
        if !is_right {
            walk.fail(address, format!("this is no address of the type {kind}"), "an address of that type");
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for port in items(at.get("ports")) {
        let name = text(port.get("name"));
        if seen.contains(&name) {
            walk.fail(port.get("name"), format!("another port is named `{name}` too"), "another name");
        }
        seen.push(name);
    }
}

pub fn flow_schema<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if number(at.get("matchingPrecedence")) == Some(1) && text(walk.root.get("metadata.name")) != "exempt" {
        walk.fail(at.get("matchingPrecedence"), "only the schema `exempt` comes first", "2 or more");
    }
}

pub fn flow_rule<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let has = |name| items(at.get(name)).next().is_some();
    if !has("resourceRules") && !has("nonResourceRules") {
        walk.fail(at, "none of resourceRules, nonResourceRules is set", "one of resourceRules, nonResourceRules");
    }
    for rule in items(at.get("resourceRules")) {
        let namespaces = rule.get("namespaces");
        if items(namespaces).next().is_none() && rule.get("clusterScope").bool() != Some(true) {
            require(walk, namespaces, "unless clusterScope is set");
        }
        alone(walk, namespaces, "*");
        for name in items(namespaces).filter(|name| text(*name) != "*") {
            if !formats::is_dns_label(text(name)) {
                walk.fail(name, format!("this is not {}", formats::DNS_LABEL.wanted), "a namespace, or *");
            }
        }
    }
    for url in items(at.get("nonResourceRules")).flat_map(|rule| items(rule.get("nonResourceURLs"))) {
        let said = text(url);
        let is_path = said.starts_with('/') && !said.contains("//") && !said.contains(' ');
        let star = said.find('*');
        let is_right = said == "*" || (is_path && star.is_none_or(|at| at + 1 == said.len() && said.ends_with("/*")));
        if !is_right {
            walk.fail(url, "this is no path of the API", "a path that begins with `/`, or *");
        }
    }
}

pub fn wildcards<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for field in ["verbs", "apiGroups", "resources", "nonResourceURLs"] {
        alone(walk, at.entry(field), "*");
    }
    for verb in items(at.get("verbs")).filter(|verb| text(*verb).is_empty()) {
        walk.fail(verb, "this is no verb", "a verb such as get");
    }
}

pub fn flow_subject<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for (kind, field) in [("ServiceAccount", "serviceAccount"), ("User", "user"), ("Group", "group")] {
        let own = text(at.get("kind"));
        if own == kind {
            require(walk, at.get(field), "for this kind");
        } else if matches!(own, "ServiceAccount" | "User" | "Group") {
            forbid(walk, at.get(field), "for this kind");
        }
    }
}

pub fn priority_level<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let kind = text(at.get("type"));
    if (text(walk.root.get("metadata.name")) == "exempt") != (kind == "Exempt") {
        walk.fail(at.get("type"), "`Exempt` is the type of the level `exempt` alone", "Limited");
    }
    match kind {
        "Limited" => {
            require(walk, at.get("limited"), "for the type Limited");
            forbid(walk, at.get("exempt"), "for the type Limited");
        }
        "Exempt" => forbid(walk, at.get("limited"), "for the type Exempt"),
        _ => {}
    }
}

pub fn limit_response<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    match text(at.get("type")) {
        "Queue" => require(walk, at.get("queuing"), "for the type Queue"),
        "Reject" => forbid(walk, at.get("queuing"), "for the type Reject"),
        _ => {}
    }
}

pub fn queuing<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    // Nothing and 0 are set to a default.
    let given = |field, default| number(at.get(field)).filter(|number| *number != 0).unwrap_or(default);
    let (hand, queues) = (given("handSize", 8), given("queues", 64));
    // As many hands as there are must be told apart by 60 bits.
    let hands = u32::try_from(hand).ok().and_then(|hand| i128::from(queues).checked_pow(hand));
    if hand <= queues && hands.is_none_or(|hands| hands > 1 << 60) {
        walk.fail(at.get("handSize"), "this is too much for so many queues", "fewer");
    }
    if hand > queues {
        walk.fail(at.get("handSize"), "this is more than there are queues", "at most `queues`");
    }
}

pub fn api_service<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (spec, name) = (at.get("spec"), at.get("metadata.name"));
    let (group, version) = (text(spec.get("group")), text(spec.get("version")));
    let wanted = format!("{version}.{group}");
    if text(name) != wanted {
        walk.fail(name, format!("the name of this APIService is `{wanted}`"), fix::set(name, wanted.as_str()));
    }
    if group.is_empty() && version != "v1" {
        require(walk, spec.get("group"), "unless the version is v1");
    }
    for (field, is_right) in
        [("group", group.is_empty() || formats::is_dns_subdomain(group)), ("version", formats::is_dns_1035(version))]
    {
        if !is_right {
            walk.fail(spec.get(field), "this is no name of an API", formats::DNS_1035.wanted);
        }
    }
    for (field, least) in [("groupPriorityMinimum", 1), ("versionPriority", 1)] {
        if number(spec.get(field)).is_none() && least > 0 {
            require(walk, spec.get(field), "of an APIService");
        }
    }
    let service = spec.get("service");
    if !service.is_set() {
        forbid(walk, spec.get("caBundle"), "without a service");
        if spec.get("insecureSkipTLSVerify").bool() == Some(true) {
            forbid(walk, spec.get("insecureSkipTLSVerify"), "without a service");
        }
    } else if spec.get("insecureSkipTLSVerify").bool() == Some(true) && !text(spec.get("caBundle")).is_empty() {
        forbid(walk, spec.get("insecureSkipTLSVerify"), "beside a caBundle");
    }
}

pub fn access_review<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if text(at.get("user")).is_empty() && items(at.get("groups")).next().is_none() {
        walk.fail(at.get("user"), "none of user, groups is set", "one of user, groups");
    }
}

pub fn core_event<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    involved(walk, at, at.get("involvedObject.namespace"));
}

/// What an event is about is in the namespace of the event; what has no namespace, in `default`,
/// and with a time of its own the event is only asked for the second.
fn involved<'a>(walk: &mut Walk<'a, '_>, event: Field<'a>, namespace: Field<'a>) {
    let own = Some(text(event.get("metadata.namespace"))).filter(|own| !own.is_empty()).unwrap_or("default");
    let right = match (text(namespace), event.get("eventTime").is_set()) {
        ("", false) => own == "default",
        ("", true) => matches!(own, "default" | "kube-system"),
        (about, timed) => timed || about == own,
    };
    if !right {
        walk.fail(namespace, "this is not the namespace of the event", "the namespace of the event");
    }
}

pub fn event<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    involved(walk, at, at.get("regarding.namespace"));
    for field in ["eventTime", "reportingController", "reportingInstance", "action", "reason"] {
        require(walk, at.get(field), "of an Event");
    }
    if !matches!(text(at.get("type")), "Normal" | "Warning") {
        walk.fail(at.get("type"), "this is neither Normal nor Warning", "Normal or Warning");
    }
    if at.get("series").is_set() {
        require(walk, at.get("series.lastObservedTime"), "of a series");
        if number(at.get("series.count")).unwrap_or(0) < 2 {
            walk.fail(at.get("series.count"), "a series has at least 2 events", "2 or more");
        }
    }
    for (field, most) in [("note", 1024), ("reportingInstance", 128), ("action", 128), ("reason", 128)] {
        if text(at.get(field)).len() > most {
            walk.fail(at.get(field), format!("this is longer than {most}"), "a shorter text");
        }
    }
    let controller = at.get("reportingController");
    if !text(controller).is_empty() && !formats::is_qualified_name(text(controller)) {
        walk.fail(
            controller,
            format!("this is not {}", formats::QUALIFIED_NAME.wanted),
            formats::QUALIFIED_NAME.wanted,
        );
    }
}

/// The requests of a claim, and what names them.
pub fn device_claim<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let known: Vec<String> = items(at.get("requests"))
        .flat_map(|request| {
            let name = text(request.get("name"));
            let inner =
                items(request.entry("firstAvailable")).map(move |sub| format!("{name}/{}", text(sub.get("name"))));
            [name.to_owned()].into_iter().chain(inner)
        })
        .collect();
    let named = ["constraints", "config"].into_iter().flat_map(|field| items(at.get(field)));
    for name in named.flat_map(|each| items(each.get("requests"))) {
        if !known.iter().any(|known| known == text(name)) {
            walk.fail(name, format!("the claim has no request `{}`", text(name)), "the name of a request");
        }
    }
}

/// Behind a feature gate until 1.36.
pub fn device_toleration<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if walk.minor < 36 {
        return;
    }
    let key = at.get("key");
    if !text(key).is_empty() && !formats::is_qualified_name(text(key)) {
        walk.fail(key, format!("this is not {}", formats::QUALIFIED_NAME.wanted), formats::QUALIFIED_NAME.wanted);
    }
    let known: [(&'static str, &[&str]); 2] =
        [("operator", &["", "Exists", "Equal"]), ("effect", &["", "NoSchedule", "NoExecute", "None"])];
    for (field, known) in known {
        if !known.contains(&text(at.get(field))) {
            let all = known.join(" ");
            walk.fail(at.get(field), format!("`{}` is not one of{all}", text(at.get(field))), format!("one of{all}"));
        }
    }
}

pub fn device_count<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let count = at.get("count");
    match text(at.get("allocationMode")) {
        "All" if number(count).is_some_and(|count| count != 0) => forbid(walk, count, "for the allocationMode All"),
        "" | "ExactCount" if number(count).is_some_and(|count| count < 0) => {
            walk.fail(count, "this is less than one device", "1 or more");
        }
        _ => {}
    }
}

/// No two terms are the same, and none is empty.
pub fn storage_class<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let terms: Vec<Field<'a>> = items(at.get("allowedTopologies")).collect();
    for (index, term) in terms.iter().enumerate() {
        let expressions = term.get("matchLabelExpressions");
        let is_same = |other: &Field<'a>| other.get("matchLabelExpressions").value() == expressions.value();
        if items(expressions).next().is_none() || terms.get(..index).unwrap_or_default().iter().any(is_same) {
            walk.fail(expressions, "this term is empty, or there already", "another term");
        }
    }
}

pub fn node<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (one, all) = (at.get("podCIDR"), at.get("podCIDRs"));
    let list: Vec<Field<'a>> = items(all).collect();
    // Where the first is another, the list is not looked at.
    let is_list = list.first().is_some_and(|first| text(one).is_empty() || text(*first) == text(one));
    let given = if is_list { list } else { [one].into_iter().filter(|one| !text(*one).is_empty()).collect() };
    ranges(walk, all, &given);
}

pub fn service_cidr<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let given: Vec<Field<'a>> = items(at.get("cidrs")).collect();
    ranges(walk, at.get("cidrs"), &given);
}

/// One range of addresses, or one of each family.
fn ranges<'a>(walk: &mut Walk<'a, '_>, all: Field<'a>, given: &[Field<'a>]) {
    let minor = walk.minor;
    for range in given.iter().filter(|range| !addresses::is_cidr(text(**range), minor)) {
        walk.fail(*range, format!("this is not {}", formats::CIDR.wanted), formats::CIDR.wanted);
    }
    let is_v6 = |range: &Field<'a>| text(*range).contains(':');
    if given.len() > 2 || matches!(given, [first, second] if is_v6(first) == is_v6(second)) {
        walk.fail(all, "there is one range for each family of IP at most", "one range, or one of IPv4 and one of IPv6");
    }
}

/// What a RuntimeClass costs, and where it runs.
pub fn runtime_class<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let tolerations: Vec<Field<'a>> = items(at.get("scheduling.tolerations")).collect();
    for (index, toleration) in tolerations.iter().enumerate() {
        if tolerations.get(..index).unwrap_or_default().iter().any(|other| other.value() == toleration.value()) {
            walk.fail(*toleration, "this is given twice in this list", fix::remove(*toleration));
        }
    }
    super::container::overhead(walk, at.get("overhead.podFixed"));
}

pub fn ip_address<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let name = at.get("metadata.name");
    let parsed = text(name).parse::<core::net::IpAddr>();
    if !parsed.is_ok_and(|address| address.to_string() == text(name)) {
        walk.fail(name, "the name of an IPAddress is an IP address", "an IP address");
    }
}

/// A CustomResourceDefinition.
pub fn definition<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (spec, name) = (at.get("spec"), at.get("metadata.name"));
    let (group, plural) = (text(spec.get("group")), text(spec.get("names.plural")));
    if !group.is_empty() && (!formats::is_dns_subdomain(group) || !group.contains('.')) {
        walk.fail(spec.get("group"), "the group of a definition is a domain", "a domain such as example.com");
    }
    let wanted = format!("{plural}.{group}");
    if !plural.is_empty() && !group.is_empty() && text(name) != wanted {
        walk.fail(name, format!("the name of this definition is `{wanted}`"), fix::set(name, wanted.as_str()));
    }
    let stored = items(spec.get("versions")).filter(|version| version.get("storage").bool() == Some(true)).count();
    if items(spec.get("versions")).next().is_some() && stored != 1 {
        walk.fail(
            spec.get("versions"),
            format!("{stored} versions are stored, where it must be one"),
            "storage: true in one version",
        );
    }
    if spec.get("preserveUnknownFields").bool() == Some(true) {
        walk.fail(
            spec.get("preserveUnknownFields"),
            "apiextensions.k8s.io/v1 has it in the schema alone",
            "x-kubernetes-preserve-unknown-fields: true in the schema",
        );
    }
    let (kind, list) = (text(spec.get("names.kind")), text(spec.get("names.listKind")));
    if !kind.is_empty() && kind == list {
        walk.fail(spec.get("names.listKind"), "this is the kind itself", format!("{kind}List"));
    }
    let conversion = spec.get("conversion");
    if text(conversion.get("strategy")) == "Webhook" {
        require(walk, conversion.get("webhook.clientConfig"), "for the strategy Webhook");
        require(walk, conversion.get("webhook.conversionReviewVersions"), "for the strategy Webhook");
    } else {
        forbid(walk, conversion.get("webhook"), "for another strategy than Webhook");
    }
}

pub fn definition_version<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for selectable in items(at.get("selectableFields")) {
        let path = selectable.get("jsonPath");
        let steps = text(path).strip_prefix('.').unwrap_or_default();
        let schema = at.get("schema.openAPIV3Schema");
        let found = steps.split('.').fold(schema, |schema, step| schema.entry("properties").entry(step));
        if !matches!(text(found.entry("type")), "string" | "boolean" | "integer") {
            walk.fail(
                path,
                "this leads to no text, number or boolean of the schema",
                "the path of a field, such as .spec.color",
            );
        }
    }
    require(walk, at.get("schema.openAPIV3Schema"), "of a version");
}
