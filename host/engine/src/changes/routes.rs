//! The hosts and paths whose traffic an object takes, and which of them are shared.
//!
//! Controllers read paths in their own ways. So two paths are apart only if both are plain text and neither is above the
//! other. The module must not know which of two objects was there first.

use crate::manifest::{Node, Object};
use crate::paths::is_within;

/// A host with a path.
pub struct Route {
    /// Any host, where it names none.
    host: Option<String>,
    /// A path of plain text; all that is below the host, where it is another one or none.
    path: Option<String>,
}

impl Route {
    fn new(host: Option<&str>, path: Option<&str>) -> Self {
        let host = host.map(|host| host.trim_end_matches('.').to_ascii_lowercase()).filter(|host| !host.is_empty());
        Self { host, path: path.and_then(plain).map(str::to_owned) }
    }

    /// Whether a request may go to either.
    pub fn overlaps(&self, other: &Self) -> bool {
        let covers = |wild: &str, host: &str| wild.strip_prefix('*').is_some_and(|rest| host.ends_with(rest));
        let is_same_host = match (&self.host, &other.host) {
            (Some(one), Some(other)) => one == other || covers(one, other) || covers(other, one),
            _ => true,
        };
        let is_same_path = match (&self.path, &other.path) {
            (Some(one), Some(other)) => is_within(one, other) || is_within(other, one),
            _ => true,
        };
        is_same_host && is_same_path
    }
}

/// A path as it is compared: without a slash at its end. `/` and what is no plain text have none.
fn plain(path: &str) -> Option<&str> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let is_plain = |step: &str| !matches!(step, "" | "." | "..") && step.bytes().all(is_letter);
    path.strip_prefix('/')?.split('/').all(is_plain).then_some(path)
}

/// What an Ingress or a route serves.
pub fn routes(object: &Object, node: &Node) -> Vec<Route> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let hosts = |hosts: &[Node]| hosts.iter().map(|host| Route::new(host.as_str(), None)).collect::<Vec<_>>();
    match (object.group(), object.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "Ingress") => of_ingress(node, spec),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => of_route(spec),
        ("gateway.networking.k8s.io", "TLSRoute") => hosts(spec.list("hostnames")),
        ("networking.istio.io", "VirtualService") => hosts(spec.list("hosts")),
        ("traefik.io" | "traefik.containo.us", "IngressRoute") => {
            spec.list("routes").iter().flat_map(|route| of_traefik(route.get("match").and_then(Node::as_str))).collect()
        }
        ("projectcontour.io", "HTTPProxy") => {
            let host = spec.get("virtualhost").and_then(|host| host.get("fqdn")).and_then(Node::as_str);
            host.map(|host| Route::new(Some(host), None)).into_iter().collect()
        }
        ("route.openshift.io", "Route") => {
            let host = spec.get("host").and_then(Node::as_str);
            let is_wild = spec.get("wildcardPolicy").and_then(Node::as_str) == Some("Subdomain");
            let wild =
                host.filter(|_| is_wild).and_then(|host| host.split_once('.')).map(|(_, rest)| format!("*.{rest}"));
            host.map(|host| Route::new(wild.as_deref().or(Some(host)), None)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn of_ingress(node: &Node, spec: &Node) -> Vec<Route> {
    let annotations = node.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let is_regular =
        annotations.is_some_and(|annotations| annotations.get("nginx.ingress.kubernetes.io/use-regex").is_some());
    let mut routes = Vec::new();
    if ["defaultBackend", "backend"].iter().any(|key| spec.get(key).is_some()) {
        routes.push(Route::new(None, None));
    }
    for rule in spec.list("rules") {
        let host = rule.get("host").and_then(Node::as_str);
        let paths = rule.get("http").map_or(&[][..], |http| http.list("paths"));
        routes.extend(paths.iter().map(|path| {
            let text = path.get("path").and_then(Node::as_str);
            Route::new(host, text.filter(|_| !is_regular && is_literal(path.get("pathType"))))
        }));
        if paths.is_empty() {
            routes.push(Route::new(host, None));
        }
    }
    routes
}

fn of_route(spec: &Node) -> Vec<Route> {
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
    hosts.iter().flat_map(|host| paths.iter().map(move |path| Route::new(*host, path.as_deref()))).collect()
}

/// The path of a match of a route. That of gRPC is the service and the method.
fn path_of(matched: &Node) -> Option<String> {
    let text = |of: &Node, key: &str| of.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    if let Some(method) = matched.get("method").filter(|method| method.as_str().is_none()) {
        let service = Some(text(method, "service")).filter(|service| !service.is_empty())?;
        return is_literal(method.get("type")).then(|| format!("/{service}/{}", text(method, "method")));
    }
    let path = matched.get("path").filter(|path| is_literal(path.get("type")))?;
    Some(text(path, "value"))
}

/// Whether a path of that type is what it says, or what is below it. Others are for the controller to read.
fn is_literal(of: Option<&Node>) -> bool {
    of.is_none_or(|of| matches!(of.as_str(), Some("Prefix" | "PathPrefix" | "Exact")))
}

/// The hosts in a rule of Traefik: ``Host(`a.example.com`) && PathPrefix(`/a`)``. A rule without any serves all hosts.
fn of_traefik(rule: Option<&str>) -> Vec<Route> {
    let rule = rule.unwrap_or_default();
    let literals = rule.split(['`', '"']).skip(1).step_by(2).filter(|literal| !literal.starts_with('/'));
    let mut routes: Vec<Route> = literals.map(|literal| Route::new(Some(literal), None)).collect();
    if !rule.contains("Host(") || rule.contains("HostRegexp(") || rule.contains('!') {
        routes.push(Route::new(None, None));
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    fn of(version: &str, kind: &str, spec: &str) -> Vec<Route> {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n");
        let manifest = read("a.yaml", text.into(), &Limits::default());
        let object = manifest.objects().next().unwrap();
        routes(object, &object.node.look())
    }

    fn ingress(host: &str, path: &str, of_type: &str) -> Vec<Route> {
        let host = if host.is_empty() { String::new() } else { format!("host: '{host}', ") };
        let path = format!("{{path: '{path}', pathType: {of_type}}}");
        of("networking.k8s.io/v1", "Ingress", &format!("{{rules: [{{{host}http: {{paths: [{path}]}}}}]}}"))
    }

    fn is_shared(one: &[Route], other: &[Route]) -> bool {
        let is_shared = |one: &[Route], other: &[Route]| one.iter().any(|one| other.iter().any(|it| one.overlaps(it)));
        assert_eq!(is_shared(one, other), is_shared(other, one));
        is_shared(one, other)
    }

    #[test]
    fn a_path_in_another_spelling_is_shared() {
        let old = ingress("pay.example.com", "/pay", "Prefix");
        for path in
            ["/pay", "/pay/", "/", "/*", "/(.*)", "/./pay", "//pay", "/x/../pay", "/%70ay", "/pay/cards", "", "/p.y$"]
        {
            assert!(is_shared(&old, &ingress("pay.example.com", path, "Prefix")), "{path}");
        }
        for path in ["/payments", "/p", "/v1.0/web"] {
            assert!(!is_shared(&old, &ingress("pay.example.com", path, "Prefix")), "{path}");
            assert!(is_shared(&old, &ingress("pay.example.com", path, "ImplementationSpecific")), "{path}");
        }
        let route = |of_type: &str| {
            let matched = format!("{{path: {{type: {of_type}, value: /web}}}}");
            let spec = format!("{{hostnames: [pay.example.com], rules: [{{matches: [{matched}]}}]}}");
            of("gateway.networking.k8s.io/v1", "HTTPRoute", &spec)
        };
        assert!(is_shared(&old, &route("RegularExpression")));
        assert!(!is_shared(&old, &route("PathPrefix")));
    }

    #[test]
    fn a_wildcard_and_no_host_are_any() {
        let old = ingress("pay.example.com", "/", "Prefix");
        for (host, is_it) in [
            ("", true),
            ("*", true),
            ("*.example.com", true),
            ("PAY.example.com.", true),
            ("*.pay.example.com", false),
            ("new.example.com", false),
            ("example.com", false),
        ] {
            assert_eq!(is_shared(&old, &ingress(host, "/", "Prefix")), is_it, "{host}");
        }
    }

    #[test]
    fn hosts_of_other_routers_count() {
        let new = ingress("pay.example.com", "/web", "Prefix");
        for (version, kind, spec, is_it) in [
            ("networking.istio.io/v1", "VirtualService", "{hosts: [a.example.com, pay.example.com]}", true),
            ("networking.istio.io/v1", "VirtualService", "{hosts: [payments]}", false),
            (
                "traefik.io/v1alpha1",
                "IngressRoute",
                "{routes: [{match: 'Host(`pay.example.com`) && Path(`/a`)'}]}",
                true,
            ),
            ("traefik.io/v1alpha1", "IngressRoute", "{routes: [{match: 'Host(`a.example.com`)'}]}", false),
            ("traefik.io/v1alpha1", "IngressRoute", "{routes: [{match: 'HostRegexp(`^pay`)'}]}", true),
            ("traefik.io/v1alpha1", "IngressRoute", "{routes: [{match: 'PathPrefix(`/a`)'}]}", true),
            ("projectcontour.io/v1", "HTTPProxy", "{virtualhost: {fqdn: pay.example.com}}", true),
            ("projectcontour.io/v1", "HTTPProxy", "{routes: []}", false),
            ("route.openshift.io/v1", "Route", "{host: pay.example.com}", true),
            ("route.openshift.io/v1", "Route", "{host: a.example.com, wildcardPolicy: Subdomain}", true),
            ("route.openshift.io/v1", "Route", "{host: a.example.com}", false),
        ] {
            assert_eq!(is_shared(&new, &of(version, kind, spec)), is_it, "{kind} {spec}");
        }
    }
}
