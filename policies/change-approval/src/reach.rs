//! What something new reaches beyond the service that it comes with: accounts, traffic and objects of others that one of its
//! fields names.
//!
//! An object that is named must be new as well. The module must not know which kinds come with a service.

use sdk::api_group;
use sdk::prelude::*;
use sdk::text::holds;

use crate::changed::{Changed, reach};

/// Annotations that give an account an identity in a cloud.
pub const IDENTITIES: &[&str] = &[
    "azure.workload.identity/client-id",
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
    "pod-identity.alibabacloud.com/role-name",
];

/// Annotations of an Ingress that write the configuration of the controller, or send requests past the rules of the Ingress:
/// what their names have in them, behind the prefix of the controller.
const PAST_RULES: &[&str] = &[
    "auth-url",
    "default-backend",
    "from-to-www-redirect",
    "mergeable-ingress-type",
    "mirror-host",
    "mirror-target",
    "permanent-redirect",
    "proxy-redirect",
    "server-alias",
    "snippet",
    "temporal-redirect",
    "upstream-vhost",
];

/// What is said of a role or a binding that gives too much.
pub const GRANTS_MORE: &str = "it grants rights beyond those of a service";

/// What the change adds.
pub struct Reach<'a>(Vec<Changed<'a>>);

impl<'a> Reach<'a> {
    pub fn new(objects: &[Changed<'a>]) -> Self {
        Self(objects.iter().copied().filter(|changed| changed.text("status") == "added").collect())
    }

    /// What something new reaches, in words. `is_alone` where its namespace is new: nothing in it belongs to others.
    pub fn of(&self, changed: Changed<'_>, is_alone: bool) -> Option<&'static str> {
        let object = changed.field.get("newObject");
        let spec = object.get("spec");
        if let Some(why) = changed.template().and_then(|template| self.of_workload(changed, template)) {
            return Some(why);
        }
        if has_other_host(object) {
            return Some("its annotations ask for the name of a host that it does not serve");
        }
        match (changed.group, changed.kind) {
            ("external-secrets.io", "ExternalSecret") if spec.get("target.manifest").is_set() => {
                Some("it makes an object of another kind")
            }
            ("", "Secret") | ("bitnami.com", "SealedSecret") | ("external-secrets.io", "ExternalSecret") => {
                is_token(object).then_some("it is a token of a ServiceAccount")
            }
            ("", "ServiceAccount") => {
                let mut annotations = object.get("metadata.annotations").entries();
                let has_identity = annotations.any(|(key, _)| IDENTITIES.contains(&key));
                has_identity.then_some("it has an identity in the cloud")
            }
            ("", "PersistentVolumeClaim") => of_claim(spec),
            ("", "Service") => of_service(spec),
            ("argoproj.io", "AnalysisTemplate") => {
                let mut metrics = spec.get("metrics").items();
                metrics.any(|metric| metric.get("provider.job").is_set()).then_some("it runs pods of its own")
            }
            ("argoproj.io", "Application") => self.of_paths(spec).or_else(|| of_application(spec)),
            ("argoproj.io", "ApplicationSet") => of_application_set(spec),
            ("argoproj.io", "Rollout") => self.of_rollout(changed, spec),
            ("flagger.app", "Canary") => self.of_canary(changed, spec, is_alone),
            ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => {
                let is_own = spec.get("parentRefs").items().all(|parent| self.is_own_parent(changed, parent));
                (!is_own).then_some("it takes the traffic of what was there before")
            }
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => self.of_paths(spec),
            ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor") => {
                let lists = ["endpoints", "podMetricsEndpoints"].into_iter();
                let mut endpoints = lists.flat_map(|list| spec.get(list).items());
                endpoints.any(is_elsewhere).then_some("it has Prometheus read a file of its own or another address")
            }
            ("networking.k8s.io", "Ingress") => {
                let mut annotations = object.get("metadata.annotations").entries();
                annotations.any(|(key, _)| is_past_rules(key)).then_some("its annotations reach beyond its rules")
            }
            ("rbac.authorization.k8s.io", "Role") => {
                let mut rules = object.get("rules").items();
                rules.any(|rule| self.grants_more(changed, rule)).then_some(GRANTS_MORE)
            }
            _ => None,
        }
    }

    /// What pods reach by themselves, and the volumes that they take.
    fn of_workload(&self, changed: Changed<'a>, template: Field<'a>) -> Option<&'static str> {
        let volumes = || template.get("spec.volumes").items();
        let own = changed.field.get("newObject.spec.volumeClaimTemplates").items();
        let mut claims = own.chain(volumes().map(|volume| volume.get("ephemeral.volumeClaimTemplate")));
        let is_new = |volume: Field<'_>| {
            let name = volume.get("persistentVolumeClaim.claimName");
            !name.is_set() || self.has(changed, "", "PersistentVolumeClaim", name)
        };
        reach(template).or_else(|| claims.find_map(|claim| of_claim(claim.get("spec")))).or_else(|| {
            (!volumes().all(is_new)).then_some("its pods take the data of a claim that the change does not add")
        })
    }

    /// Whether a rule of a role reaches into others: it reads secrets, runs in containers, or writes what is not known to be
    /// its own. Whoever writes workloads runs as any account of the namespace, and a custom resource may be anything.
    fn grants_more(&self, changed: Changed<'_>, rule: Field<'_>) -> bool {
        let all = |list: &'static str, is_it: &dyn Fn(&str) -> bool| {
            rule.get(list).items().all(|right| right.str().is_some_and(|right| !right.starts_with('*') && is_it(right)))
        };
        let names = rule.get("resourceNames");
        let is_own = |kind: &str| {
            let is_it = |it: &&Changed<'_>| it.kind.eq_ignore_ascii_case(kind.trim_end_matches('s'));
            let is_new = |name| self.0.iter().filter(is_it).any(|it| is_beside(*it, changed, name));
            names.has_items() && names.items().all(is_new)
        };
        let only_reads = all("verbs", &|verb| matches!(verb, "get" | "list" | "watch"));
        let is_harmless = |resource: &str| {
            let mut steps = resource.split('/');
            let (kind, part) = (steps.next().unwrap_or_default(), steps.next());
            let is_way_in =
                matches!(part, Some("attach" | "ephemeralcontainers" | "exec" | "portforward" | "proxy" | "token"));
            let is_its_own = match kind {
                "events" | "leases" => true,
                // A team may promote its own Rollout.
                "configmaps" | "rollouts" => is_own(kind),
                _ => false,
            };
            kind != "secrets" && !is_way_in && (only_reads || is_its_own)
        };
        !all("apiGroups", &|_| true) || !all("verbs", &|_| true) || !all("resources", &is_harmless)
    }

    /// What deploys a folder takes over all that is in it, so the change has to add something there.
    fn of_paths(&self, spec: Field<'_>) -> Option<&'static str> {
        let sources = [spec, spec.get("source")].into_iter().chain(spec.get("sources").items());
        let is_old = |path: &str| {
            let path = path.strip_prefix("./").unwrap_or(path).trim_matches('/');
            let is_in = |it: &Changed<'_>| matches!(path, "" | ".") || sdk::glob::matches_path(path, it.text("place"));
            !self.0.iter().any(|it| is_in(it) && it.destination().is_none())
        };
        let mut paths = sources.filter_map(|source| source.get("path").str());
        paths.any(is_old).then_some("it deploys what was there before")
    }

    /// Whether the change adds this object, in the namespace of another.
    fn has(&self, beside: Changed<'_>, group: &str, kind: &str, name: Field<'_>) -> bool {
        let is_it = |it: &Changed<'_>| it.is(group, kind) && is_beside(*it, beside, name);
        self.0.iter().any(is_it)
    }

    /// Whether the change adds this Service. Without a selector, it may be another name of one that was there before.
    fn has_service(&self, beside: Changed<'_>, name: Field<'_>) -> bool {
        let has_selector = |it: &Changed<'_>| it.field.get("newObject.spec.selector").entries().next().is_some();
        self.0.iter().any(|it| it.is("", "Service") && is_beside(*it, beside, name) && has_selector(it))
    }

    /// Whether requests for this parent of a route are for the new service alone, or for nobody yet.
    fn is_own_parent(&self, route: Changed<'_>, parent: Field<'_>) -> bool {
        let text = |key| parent.get(key).str().unwrap_or_default();
        match text("kind") {
            "" | "Gateway" | "ListenerSet" | "XListenerSet" => true,
            // The requests that others in the cluster send to this Service.
            "Service" => {
                let is_here = text("namespace").is_empty() || text("namespace") == route.home();
                is_here && self.has_service(route, parent.get("name"))
            }
            _ => false,
        }
    }

    fn of_rollout(&self, changed: Changed<'_>, spec: Field<'_>) -> Option<&'static str> {
        let workload = spec.get("workloadRef");
        let is_workload = |it: &Changed<'_>| {
            let is_kind = Some(it.kind) == workload.get("kind").str() && it.template().is_some();
            is_kind && is_beside(*it, changed, workload.get("name"))
        };
        if workload.is_set() && !self.0.iter().any(is_workload) {
            return Some("it takes the place of a workload that was there before");
        }
        let strategy = spec.get("strategy");
        let services = [
            "blueGreen.activeService",
            "blueGreen.previewService",
            "canary.canaryService",
            "canary.pingPong.pingService",
            "canary.pingPong.pongService",
            "canary.stableService",
            "canary.trafficRouting.alb.rootService",
        ];
        let mut services = services.into_iter().map(|path| strategy.get(path)).filter(|name| name.is_set());
        let mut routings = strategy.get("canary.trafficRouting").entries();
        let is_own = services.all(|name| self.has_service(changed, name))
            && routings.all(|(provider, routing)| self.is_own_routing(changed, provider, routing));
        (!is_own).then_some("it changes where the traffic of what was there before goes")
    }

    /// Whether a Rollout moves the traffic of new objects alone. What is not known may be anybody's.
    fn is_own_routing(&self, changed: Changed<'_>, provider: &str, routing: Field<'_>) -> bool {
        let is_ingress = |name: Field<'_>| self.has(changed, "networking.k8s.io", "Ingress", name);
        let is_route = |kind: &str, name: Field<'_>| self.has(changed, "gateway.networking.k8s.io", kind, name);
        match provider {
            "managedRoutes" | "maxTrafficWeight" => true,
            "alb" | "nginx" => routing.entries().all(|(key, value)| match key {
                "ingress" | "stableIngress" => is_ingress(value),
                "ingresses" | "stableIngresses" => value.items().all(is_ingress),
                // The Services are looked at with the others.
                "rootService" | "annotationPrefix" | "servicePort" | "stickinessConfig" => true,
                _ => false,
            }),
            "plugins" => routing.entries().flat_map(|(_, plugin)| plugin.entries()).all(|(key, value)| match key {
                "namespace" => value.str() == Some(changed.home()),
                "httpRoute" => is_route("HTTPRoute", value),
                "httpRoutes" => value.items().all(|route| is_route("HTTPRoute", route.get("name"))),
                "grpcRoute" => is_route("GRPCRoute", value),
                "grpcRoutes" => value.items().all(|route| is_route("GRPCRoute", route.get("name"))),
                _ => false,
            }),
            _ => false,
        }
    }

    /// Flagger makes a Service, or takes over the one that has the name, and makes routes to it.
    fn of_canary(&self, changed: Changed<'_>, spec: Field<'_>, is_alone: bool) -> Option<&'static str> {
        let references = ["autoscalerRef", "ingressRef", "routeRef"].into_iter().map(|key| spec.get(key));
        let is_own = |reference: Field<'_>| {
            let text = |key| reference.get(key).str().unwrap_or_default();
            self.has(changed, api_group(text("apiVersion")), text("kind"), reference.get("name"))
        };
        let service = spec.get("service");
        let own_name = service.get("name");
        let name = if own_name.is_set() { own_name } else { spec.get("targetRef.name") };
        let is_in_mesh = |gateway: Field<'_>| gateway.str() == Some("mesh");
        if !references.filter(|reference| reference.is_set()).all(is_own) {
            Some("it changes an object that was there before")
        } else if !is_alone && !self.has_service(changed, name) {
            Some("it takes over the Service of its name, which the change does not add")
        } else if service.get("hosts").has_items()
            || service.get("gatewayRefs").has_items()
            || !service.get("gateways").items().all(is_in_mesh)
        {
            Some("it takes the traffic of hosts that others may serve")
        } else {
            None
        }
    }
}

/// Whether an object has this name, in the namespace of another.
fn is_beside(it: Changed<'_>, other: Changed<'_>, name: Field<'_>) -> bool {
    it.home() == other.home() && Some(it.text("name")) == name.str()
}

/// Whether a claim asks for a volume that was there before, or for a copy of its data.
fn of_claim(spec: Field<'_>) -> Option<&'static str> {
    let keys = ["volumeName", "selector", "dataSource", "dataSourceRef"];
    keys.into_iter().any(|key| spec.get(key).is_set()).then_some("it takes the data of a volume that was there before")
}

/// Whether it is a Secret that Kubernetes fills with the token of an account, or what makes such a Secret.
fn is_token(object: Field<'_>) -> bool {
    let mut types =
        ["type", "spec.template.type", "spec.target.template.type"].into_iter().map(|path| object.get(path));
    types.any(|of| of.str() == Some("kubernetes.io/service-account-token"))
}

fn of_service(spec: Field<'_>) -> Option<&'static str> {
    if spec.get("type").str() == Some("ExternalName") {
        return Some("it is another name of something else");
    }
    spec.get("externalIPs").has_items().then_some("it takes the traffic of addresses that others may have")
}

fn of_application(spec: Field<'_>) -> Option<&'static str> {
    spec.get("syncPolicy.managedNamespaceMetadata").is_set().then_some("it changes the labels of its namespace")
}

fn of_application_set(spec: Field<'_>) -> Option<&'static str> {
    let patch = spec.get("templatePatch");
    if patch.is_set() && !patch.str().is_some_and(patches_sync_policy) {
        return Some("its templatePatch may deploy to anywhere");
    }
    if has_template(spec.get("generators")) {
        return Some("a template of its generators may deploy to anywhere");
    }
    of_application(spec.get("template.spec"))
}

/// Whether a generator, or one that it is made of, has a template, which is laid over that of the set.
fn has_template(generators: Field<'_>) -> bool {
    generators.items().flat_map(Field::entries).any(|(_, generator)| {
        let template = generator.get("template");
        template.is_set() && !template.is_empty() || has_template(generator.get("generators"))
    })
}

/// Whether a patch, whatever is filled in, writes nothing outside `spec.syncPolicy`. Only its plainest form is read: blocks
/// of these two keys with deeper lines below them, and conditions on lines of their own.
fn patches_sync_policy(patch: &str) -> bool {
    let is_plain = patch.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte));
    let mut depth = 0;
    is_plain
        && patch.split('\n').all(|line| {
            let line = line.trim_ascii_end();
            let is_fixed = !["{{", "}}", "\\", "managedNamespaceMetadata"].iter().any(|words| holds(line, words));
            depth = match (depth, line) {
                (depth, "") => depth,
                (_, line) if is_condition(line) => 0,
                (_, "spec:") => 1,
                (1, "  syncPolicy:") => 2,
                (2, line) if line.starts_with("   ") && is_fixed => 2,
                _ => return false,
            };
            true
        })
}

/// Whether a line of a Go template is a condition, and writes nothing itself.
fn is_condition(line: &str) -> bool {
    let inner = line.trim_ascii().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| {
        let word = inner.trim_start_matches('-').trim_ascii_start().split([' ', '-']).next();
        matches!(word, Some("if" | "else" | "end")) && !holds(inner, "{{") && !holds(inner, "}}")
    })
}

/// Whether external-dns points the name of a host here that the rules do not have, whoever has it.
fn has_other_host(object: Field<'_>) -> bool {
    let spec = object.get("spec");
    let hosts = || {
        let of_rules = spec.get("rules").items().filter_map(|rule| rule.get("host").str());
        of_rules.chain(spec.get("hostnames").items().filter_map(Field::str))
    };
    object.get("metadata.annotations").entries().any(|(key, value)| {
        let is_asked = key.starts_with("external-dns.") && key.ends_with("hostname");
        let names = || value.str().unwrap_or_default().split(',').map(str::trim_ascii);
        is_asked && !names().all(|name| hosts().any(|host| host == name))
    })
}

/// Whether an annotation of an Ingress sends requests elsewhere than its rules, or those of others to it.
fn is_past_rules(annotation: &str) -> bool {
    let name = annotation.rsplit('/').next().unwrap_or_default();
    name == "group.name"
        || ["actions.", "canary", "conditions."].iter().any(|start| name.starts_with(start))
        || PAST_RULES.iter().any(|words| holds(name, words))
}

/// Whether Prometheus reads a file of its own for an endpoint, or another address than that of the pod.
fn is_elsewhere(endpoint: Field<'_>) -> bool {
    let moves = |relabelling: Field<'_>| {
        let text = |key| relabelling.get(key).str().unwrap_or_default();
        // Another label's name ends with a letter or a digit, so what is behind a prefix is no `__address__`.
        let is_prefix = |start: &str| !start.bytes().any(|byte| matches!(byte, b'(' | b'|'));
        let is_copied = text("regex").strip_suffix("(.+)").is_some_and(is_prefix)
            && matches!(text("replacement"), "" | "$1" | "${1}");
        let target = text("targetLabel");
        target == "__address__" || holds(target, "$") || text("action").eq_ignore_ascii_case("labelmap") && !is_copied
    };
    endpoint.get("bearerTokenFile").is_set() || endpoint.get("relabelings").items().any(moves)
}
