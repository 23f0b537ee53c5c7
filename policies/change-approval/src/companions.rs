//! What comes with a service that is new, as long as it touches nobody else.
//!
//! Where a namespace was there before, others live in it, and nobody here knows them all: what is new there has to name the
//! new service. What cannot be told belongs to the platform.

use sdk::prelude::*;

use crate::changed::{Changed, Class, Decided};
use crate::reach::{GRANTS_MORE, IDENTITIES, Reach};

/// What may come with a service that is new, and says nothing about anybody else's.
const COMPANIONS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("", "Namespace"),
    ("", "ResourceQuota"),
    ("", "LimitRange"),
    ("", "PersistentVolumeClaim"),
    ("argoproj.io", "AnalysisTemplate"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("backstage.io", "Component"),
    ("backstage.io", "API"),
    ("bitnami.com", "SealedSecret"),
    ("cert-manager.io", "Certificate"),
    ("external-secrets.io", "ExternalSecret"),
    ("flagger.app", "Canary"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("grafana.integreatly.org", "GrafanaDashboard"),
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("keda.sh", "ScaledObject"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("kyverno.io", "Policy"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "PrometheusRule"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("monitoring.coreos.com", "AlertmanagerConfig"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("pyrra.dev", "ServiceLevelObjective"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("sloth.slok.dev", "PrometheusServiceLevel"),
];

/// Kinds of these that say something about all that is in their namespace.
const WIDE: &[(&str, &str)] = &[
    ("", "ResourceQuota"),
    ("", "LimitRange"),
    ("kyverno.io", "Policy"),
    ("monitoring.coreos.com", "AlertmanagerConfig"),
];

/// The account of pods that name none. It is in every namespace.
const DEFAULT: &str = "default";

/// What was not there before the change.
pub struct Additions<'a> {
    services: Vec<Changed<'a>>,
    namespaces: Vec<&'a str>,
    roles: Vec<Changed<'a>>,
    accounts: Vec<Changed<'a>>,
    /// The Services of Kubernetes, through which services are reached.
    fronts: Vec<Changed<'a>>,
    /// The Secrets that were there and have other data now.
    renewed: Vec<Changed<'a>>,
    reach: Reach<'a>,
}

impl<'a> Additions<'a> {
    pub fn new(objects: &[Changed<'a>]) -> Self {
        let added = || objects.iter().copied().filter(|changed| changed.text("status") == "added");
        // What replaces another one, or is about others, is nothing that the rest may rely on.
        let own = || added().filter(|changed| !changed.field.get("others").has_items());
        let is_renewed = |changed: &Changed<'a>| changed.is("", "Secret") && changed.text("status") == "modified";
        Self {
            services: added().filter(|changed| changed.template().is_some()).collect(),
            namespaces: own().filter(|it| it.is("", "Namespace")).map(|it| it.text("name")).collect(),
            roles: own().filter(|changed| changed.is("rbac.authorization.k8s.io", "Role")).collect(),
            accounts: own().filter(|changed| changed.is("", "ServiceAccount")).collect(),
            fronts: own().filter(|changed| changed.is("", "Service")).collect(),
            renewed: objects.iter().copied().filter(is_renewed).collect(),
            reach: Reach::new(objects),
        }
    }

    /// Whether a Secret is called so now that the workload took before: kustomize gives it another hash with other data.
    pub fn renews(&self, name: &str, workload: Changed<'_>) -> bool {
        let label = workload.label();
        self.renewed.iter().any(|secret| {
            secret.field.get("newObject.metadata.name").str() == Some(name)
                && secret.text("place") == workload.text("place")
                && secret.field.get("users").items().any(|user| user.str() == Some(label.as_str()))
        })
    }

    pub fn has_service(&self) -> bool {
        !self.services.is_empty()
    }

    /// Whether a new service is deployed from this folder, or from one below it.
    pub fn has_service_in(&self, folder: &str) -> bool {
        let is_in = |service: &Changed<'_>| {
            let below = service.text("place").strip_prefix(folder).filter(|_| !folder.is_empty());
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        };
        self.services.iter().any(is_in)
    }

    /// The services in a namespace, or in none that is known.
    fn services_in(&self, namespace: &str) -> impl Iterator<Item = Changed<'a>> {
        self.services.iter().copied().filter(move |service| service.home() == namespace)
    }

    /// The Services of Kubernetes in a namespace.
    fn fronts_in(&self, namespace: &str) -> impl Iterator<Item = Changed<'a>> {
        self.fronts.iter().copied().filter(move |front| front.home() == namespace)
    }
}

/// A service with what it needs, as long as that touches nobody else.
pub fn added(changed: Changed<'_>, additions: &Additions<'_>) -> Decided {
    let platform = |why: &str| (Class::Platform, why.to_owned());
    if let Some(other) = changed.field.get("others").items().find_map(Field::str) {
        return (Class::Platform, format!("it is about {other}, too, which was there before"));
    }
    if let Some(why) = additions.reach.of(changed, additions.namespaces.contains(&changed.home())) {
        return platform(why);
    }
    if let Some(template) = changed.template() {
        return match taken_over(changed, template.get("spec"), &additions.accounts) {
            Some(why) => (Class::Platform, why),
            None => (Class::NewService, "it was not there before".into()),
        };
    }
    let is_one_of = |kinds: &[(&str, &str)]| kinds.iter().any(|(group, kind)| changed.is(group, kind));
    if changed.is("", "ConfigMap") && changed.field.get("users").has_items() {
        return (Class::Configuration, "it is taken by a workload".into());
    }
    if !additions.has_service() || !is_one_of(COMPANIONS) {
        return platform("it is new, and no part of a new service");
    }
    let home = changed.home();
    let has_service = |namespace: &str| additions.services_in(namespace).next().is_some();
    // Where a service is deployed to may only be known to what deploys it.
    let is_open = changed.destination().is_some() && has_service("");
    let is_in_none = changed.is("", "Namespace") || changed.group == "backstage.io";
    if !is_in_none && !has_service(home) && !is_open {
        return match home {
            "" => platform("it is new in a namespace that is not known"),
            home => (Class::Platform, format!("it is new in the namespace {home}, where no service is new")),
        };
    }
    let labels = changed.field.get("newObject.metadata.labels");
    let is_let_in = labels.entry("pod-security.kubernetes.io/enforce").str() == Some("privileged");
    if changed.is("", "Namespace") && (is_let_in || labels.entry("admission.gatekeeper.sh/ignore").is_set()) {
        return platform("it lets pods reach into the node, or keeps policies from them");
    }
    let is_shared = !additions.namespaces.contains(&home);
    if is_shared && is_one_of(WIDE) {
        return platform("it is about all of a namespace that was there before");
    }
    // What has a target names it, wherever it is.
    let has_target = matches!(changed.kind, "HorizontalPodAutoscaler" | "ScaledObject" | "Canary");
    if (has_target || is_shared) && !is_of_service(changed, additions) {
        return platform("it selects others than the new service");
    }
    // Without a selector, the Service may be anybody's: it may be another name of one that was there before.
    let is_own = |name: &str| {
        let has_selector = |front: Changed<'_>| front.field.get("newObject.spec.selector").entries().next().is_some();
        additions.fronts_in(home).any(|front| front.text("name") == name && has_selector(front))
    };
    if !is_sent_to(changed, &is_own) {
        return platform("it sends traffic to others than the new service");
    }
    if is_read_elsewhere(changed) {
        return platform("it reads other namespaces than that of the new service");
    }
    if grants_more(changed, additions) {
        return platform(GRANTS_MORE);
    }
    (Class::NewService, "it comes with a new service".into())
}

/// Whether what it selects or scales, if anything, is a service that is new in its namespace.
fn is_of_service(changed: Changed<'_>, additions: &Additions<'_>) -> bool {
    let spec = changed.field.get("newObject.spec");
    let services = || additions.services_in(changed.home());
    let has = |own: Field<'_>, labels: Field<'_>, expressions: Field<'_>| {
        let is_own = |key: &str, label: Field<'_>| label.str().is_some() && label.str() == own.entry(key).str();
        // Values that are all its own are as good as the label.
        let is_plain = |it: Field<'_>| {
            let is_in = it.get("operator").str() == Some("In") && it.get("values").has_items();
            is_in && it.get("key").str().is_some_and(|key| it.get("values").items().all(|label| is_own(key, label)))
        };
        labels.entries().all(|(key, label)| is_own(key, label)) && expressions.items().all(is_plain)
    };
    let selects = |labels: Field<'_>, expressions: Field<'_>| {
        let mut templates = services().filter_map(Changed::template);
        templates.any(|template| has(template.get("metadata.labels"), labels, expressions))
    };
    let selects_front = |labels: Field<'_>, expressions: Field<'_>| {
        let mut fronts = additions.fronts_in(changed.home());
        fronts.any(|front| has(front.field.get("newObject.metadata.labels"), labels, expressions))
    };
    let is_target = |target: Field<'_>| {
        let (kind, name) = (target.get("kind").str().unwrap_or("Deployment"), target.get("name").str());
        services().any(|service| service.kind == kind && Some(service.text("name")) == name)
    };
    let selector = match (changed.group, changed.kind) {
        // Without a selector it selects nothing.
        ("", "Service") => {
            let labels = spec.get("selector");
            return labels.entries().next().is_none() || selects(labels, labels.get("matchExpressions"));
        }
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
            return is_target(spec.get("scaleTargetRef"));
        }
        ("flagger.app", "Canary") => return is_target(spec.get("targetRef")),
        ("networking.k8s.io", "NetworkPolicy") => spec.get("podSelector"),
        ("policy", "PodDisruptionBudget") | ("monitoring.coreos.com", "PodMonitor" | "ServiceMonitor") => {
            spec.get("selector")
        }
        _ => return true,
    };
    let (labels, expressions) = (selector.get("matchLabels"), selector.get("matchExpressions"));
    let is_named = expressions.has_items() || labels.entries().next().is_some();
    is_named
        && if changed.kind == "ServiceMonitor" {
            selects_front(labels, expressions)
        } else {
            selects(labels, expressions)
        }
}

/// Whether all that an object sends traffic to is a Service in its own namespace that `is_own` knows by its name. What sends
/// no traffic has no such target.
fn is_sent_to(changed: Changed<'_>, is_own: &dyn Fn(&str) -> bool) -> bool {
    let spec = changed.field.get("newObject.spec");
    match (changed.group, changed.kind) {
        ("networking.k8s.io", "Ingress") => backends(spec).all(|backend| {
            let name = backend.get("service.name").str().or_else(|| backend.get("serviceName").str());
            name.is_some_and(is_own)
        }),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => references(spec).into_iter().all(|reference| {
            let text = |key| reference.get(key).str().unwrap_or_default();
            let is_service = matches!(text("kind"), "" | "Service") && matches!(text("group"), "" | "core");
            let is_here = text("namespace").is_empty() || text("namespace") == changed.home();
            is_service && is_here && is_own(text("name"))
        }),
        _ => true,
    }
}

/// The backends of an Ingress.
fn backends(spec: Field<'_>) -> impl Iterator<Item = Field<'_>> {
    let defaults = [spec.get("defaultBackend"), spec.get("backend")].into_iter().filter(|backend| backend.is_set());
    let paths = spec.get("rules").items().flat_map(|rule| rule.get("http.paths").items());
    defaults.chain(paths.map(|path| path.get("backend")))
}

/// What a route sends requests to, or copies of them.
fn references(spec: Field<'_>) -> Vec<Field<'_>> {
    let mut references = Vec::new();
    let mut mirrors = Vec::new();
    for rule in spec.get("rules").items() {
        mirrors.extend(rule.get("filters").items());
        for backend in rule.get("backendRefs").items() {
            mirrors.extend(backend.get("filters").items());
            references.push(backend);
        }
    }
    let mirrors = mirrors.into_iter().map(|filter| filter.get("requestMirror.backendRef"));
    references.extend(mirrors.filter(|mirror| mirror.is_set()));
    references
}

/// Whether a monitor reads other namespaces than its own.
fn is_read_elsewhere(changed: Changed<'_>) -> bool {
    let namespaces = match (changed.group, changed.kind) {
        ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor") => {
            changed.field.get("newObject.spec.namespaceSelector")
        }
        _ => return false,
    };
    let is_other = |name: Field<'_>| name.str() != Some(changed.home());
    namespaces.get("any").bool() == Some(true) || namespaces.get("matchNames").items().any(is_other)
}

/// What the account of these pods is able to do by what was there before the change, in words. An account that is new, and that
/// nothing named before, has no such rights.
fn taken_over(workload: Changed<'_>, pod: Field<'_>, new: &[Changed<'_>]) -> Option<String> {
    let mut named = ["serviceAccountName", "serviceAccount"].into_iter().filter_map(|key| pod.get(key).str());
    let name = named.find(|name| !name.is_empty()).unwrap_or(DEFAULT);
    let account = workload.field.get("account");
    if let Some(binding) = account.get("bindings").items().find_map(Field::str) {
        return Some(format!("its ServiceAccount {name} has the rights of {binding}, which was there before"));
    }
    let mut annotations = account.get("annotations").items().filter_map(Field::str);
    if let Some(identity) = annotations.find(|key| IDENTITIES.contains(key)) {
        return Some(format!("its ServiceAccount {name} had an identity in the cloud before: `{identity}`"));
    }
    let is_new = || new.iter().any(|it| it.text("name") == name && it.home() == workload.home());
    let is_known = account.is_set() || name == DEFAULT || is_new();
    (!is_known).then(|| format!("the rights of its ServiceAccount {name} are not known"))
}

/// Whether a binding grants what nobody here can see, or to others.
fn grants_more(changed: Changed<'_>, additions: &Additions<'_>) -> bool {
    if !changed.is("rbac.authorization.k8s.io", "RoleBinding") {
        return false;
    }
    let object = changed.field.get("newObject");
    let (kind, name) = (object.get("roleRef.kind").str(), object.get("roleRef.name").str().unwrap_or_default());
    let is_new = |role: &Changed<'_>| role.text("name") == name && role.home() == changed.home();
    let is_known = match kind {
        Some("ClusterRole") => name == "view",
        _ => additions.roles.iter().any(is_new),
    };
    let is_of_system = |subject: Field<'_>| subject.get("name").str().is_none_or(|name| name.starts_with("system:"));
    !is_known || object.get("subjects").items().any(is_of_system)
}
