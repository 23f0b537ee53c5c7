#![no_std]
use sdk::documents::REPOSITORY_TREE;
use sdk::link::{Link, annotated, links};
use sdk::prelude::*;
use sdk::service::{Service, operated};

policy! {
    /// Every service and every alert has a runbook.
    ///
    /// A workload that runs as long as it can, or again and again as a CronJob does, names its runbook in one of the
    /// annotations of the setting `annotations`, on itself, on its pod template, or on the Backstage Component of its service;
    /// or one of these has a link whose title or type says `runbook`. A link is an item of a Component's `metadata.links`, or
    /// an annotation as Argo CD shows it, `link.argocd.argoproj.io/runbook: https://...`. An API server drops `metadata.links`,
    /// so use annotations for what is in a cluster. What runs once, such as a Job, is its service's affair.
    ///
    /// The alerting rules of a PrometheusRule each carry the annotation `runbook_url`, whoever's they are: that is said of
    /// the PrometheusRule and not again of the workload. One that a controller made, such as Sloth, is checked through its
    /// owner.
    ///
    /// A runbook is the URL of a web page, or the path of a file from the root of the repository. A URL begins with `http://`
    /// or `https://` and has a host; one that a template makes (`{{ ... }}`) is taken as it is. A path exists where the files
    /// of the repository are known, by a `RepositoryTree`:
    ///
    /// ```yaml
    /// apiVersion: seaworthy.dev/v1
    /// kind: RepositoryTree
    /// metadata: {name: shop}
    /// spec: {paths: [docs/runbooks/web.md]}
    /// ```
    ///
    /// The names of the service are the setting `service_names`; all of them count. `app.kubernetes.io/part-of` stands last,
    /// since it names a whole system. A Component is found by `backstage.io/kubernetes-id`, by
    /// `backstage.io/kubernetes-label-selector`, or by its name.
    ///
    /// ## Why
    ///
    /// Whoever is woken at night is seldom the one who wrote the program. A page that says how to see what is wrong, how to
    /// roll back and whom to call is worth an hour of the outage, if the alert leads to it.
    ///
    /// ## Fix
    ///
    /// Write one page, and add its address as `seaworthy.dev/runbook-url` to the workload, and as `runbook_url` to the
    /// annotations of its alerts.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: monitoring.coreos.com/v1
    /// kind: PrometheusRule
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   groups:
    ///     - name: web
    ///       rules:
    ///         - alert: WebDown
    ///           expr: up{job="web"} == 0
    ///           annotations: {summary: Nobody can buy anything}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   annotations: {seaworthy.dev/runbook-url: "https://runbooks.example.com/web"}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop, labels: {backstage.io/kubernetes-id: shop-web}}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Component
    /// metadata:
    ///   name: shop-web
    ///   links: [{title: Runbook, url: "https://runbooks.example.com/web"}]
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ```
    pub struct Runbook {
        /// The annotations that may name a runbook, on the workload or on its pod template. The first one is proposed.
        annotations: Vec<String> = ["seaworthy.dev/runbook-url", "a8r.io/runbook", "runbook-url"],
        /// Where the names of a workload's service are found: labels of the workload or of its pod template, or `metadata.name`.
        service_names: Vec<String> = [
            "backstage.io/kubernetes-id",
            "app.kubernetes.io/name",
            "metadata.name",
            "app.kubernetes.io/part-of",
        ],
    }
    severity: Medium,
    section: Operations,
    since: "0.1.0",
    rests_on: [Backstage | PrometheusOperator | "seaworthy.dev/runbook-url" | "a8r.io/runbook" | "runbook-url"],
    applies_to: [Workloads, "monitoring.coreos.com/v1/PrometheusRule"],
    reads: [
        "metadata.labels",
        "metadata.annotations",
        "pod.metadata.labels",
        "pod.metadata.annotations",
        "pod.spec.restartPolicy",
        "spec.groups.rules.alert",
        "spec.groups.rules.annotations.runbook_url",
    ],
    looks_up: [
        "backstage.io/v1alpha1/Component": ["metadata.annotations", "metadata.links"],
        "seaworthy.dev/v1/RepositoryTree": ["spec.paths"],
        "sloth.slok.dev/v1/PrometheusServiceLevel": [],
        "pyrra.dev/v1alpha1/ServiceLevelObjective": [],
    ],
}

impl Rule for Runbook {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let world = request.world();
        if request.object().is("monitoring.coreos.com", "PrometheusRule") {
            return check_alerts(request.object(), world, findings);
        }
        let workload = operated(request)?;
        let annotations =
            [workload.object().root(), workload.template()].map(|place| place.get("metadata.annotations"));
        let own = self.named(&annotations).or_else(|| runbook(annotations.into_iter().flat_map(annotated)));
        if let Some((at, text)) = own {
            return check_address(at, text, world, findings);
        }
        let service = Service::of(workload, &self.service_names);
        let name = service.name();
        let of = match service.component(world)? {
            Some(component) => {
                let named = self.named(&[component.get("metadata.annotations")]);
                if let Some((at, text)) = named.or_else(|| runbook(links(component).into_iter())) {
                    return check_address(at, text, world, findings);
                }
                format!("Component {}", component.name())
            }
            None => {
                world.must_be_complete(format!("runbook annotation, nor a Backstage Component of service {name}"))?;
                "a Backstage Component".to_owned()
            }
        };
        let [own, _] = annotations;
        let message = format!("service {name} has no runbook: no annotation here and no link of {of} leads to one");
        match self.annotations.first() {
            Some(key) => {
                let fix = fix::set(own.entry(key), format!("https://example.com/runbooks/{name}")).example();
                findings.fail(own.entry(key), message, fix);
            }
            None => findings.fail(own, message, format!("add a link of type `runbook` to {of}")),
        }
        Ok(())
    }
}

impl Runbook {
    /// The first annotation that the setting lists, and its text.
    fn named<'a>(&self, places: &[Field<'a>]) -> Option<(Field<'a>, &'a str)> {
        let mut all = self.annotations.iter().flat_map(|name| places.iter().map(|place| place.entry(name)));
        all.find_map(|field| Some((field, field.str().filter(|text| !text.is_empty())?)))
    }
}

/// The first link that leads to a runbook by what it is called, and its address.
fn runbook<'a>(mut links: impl Iterator<Item = Link<'a>>) -> Option<(Field<'a>, &'a str)> {
    links.find(|link| link.is_called("runbook")).map(|link| (link.at, link.url.unwrap_or_default()))
}

/// What makes PrometheusRules.
const MAKERS: [(&str, &str); 2] =
    [("sloth.slok.dev/v1", "PrometheusServiceLevel"), ("pyrra.dev/v1alpha1", "ServiceLevelObjective")];

/// Judges a PrometheusRule: each of its alerting rules leads to a runbook.
fn check_alerts(object: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let owners = object.get("metadata.ownerReferences").items();
    for owner in owners.filter(|owner| owner.get("controller").bool() == Some(true)) {
        let (kind, name) = (owner.get("kind").str().unwrap_or_default(), owner.get("name").str().unwrap_or_default());
        // Anybody may write an owner into it, so it counts only where it is there.
        if let Some((api_version, kind)) = MAKERS.iter().find(|(_, maker)| *maker == kind)
            && world.get(api_version, kind, object.namespace(), name)?.is_some()
        {
            return not_applicable(format!("checked through its owner {kind}/{name}, which made it"));
        }
    }
    let rules = object.get("spec.groups").items().flat_map(|group| group.get("rules").items());
    for rule in rules {
        let Some(alert) = rule.get("alert").str().filter(|name| !name.is_empty()) else {
            continue;
        };
        let runbook = rule.get("annotations").get("runbook_url");
        if runbook.str().is_none_or(str::is_empty) {
            let message = format!("the alert {alert} leads to no runbook");
            findings.fail(runbook, message, fix::set(runbook, "https://example.com/runbook").example());
        } else {
            check_address(runbook, runbook.str().unwrap_or_default(), world, findings)?;
        }
    }
    Ok(())
}

/// Judges what should be the URL of a web page, or the path of a file that is there.
fn check_address(field: Field<'_>, text: &str, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let fix = "a URL that begins with https://, or the path of a file from the root of the repository";
    let Some(path) = address(text) else {
        findings.fail(field, format!("`{text}` is neither a URL nor a path, so it leads nowhere"), fix);
        return Ok(());
    };
    // No API server has the files of a repository.
    if path.is_empty() || world.is_admission() {
        return Ok(());
    }
    let trees = world.list_all(REPOSITORY_TREE.api_version, REPOSITORY_TREE.kind)?;
    let mut known = trees.iter().flat_map(|tree| tree.get("spec.paths").items()).filter_map(Field::str);
    // A folder is there if a file in it is.
    let is_there = |known: &str| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !trees.is_empty() && !known.any(is_there) {
        findings.fail(field, format!("the repository has no file {path}"), fix);
    }
    Ok(())
}

/// The path that a text is, as `RepositoryTree` has it; empty for the URL of a web page, and `None` for anything else.
fn address(text: &str) -> Option<&str> {
    if text.as_bytes().windows(2).any(|window| window == b"{{") {
        return Some("");
    }
    let outlandish = |byte: u8| byte <= b' ' || matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'|' | 127);
    if text.bytes().any(outlandish) {
        return None;
    }
    if let Some((scheme, rest)) = text.split_once(':') {
        let host = rest.strip_prefix("//")?.split(['/', '?', '#']).next().unwrap_or_default();
        let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        return (is_web && !host.is_empty() && !host.starts_with([':', '.', '@'])).then_some("");
    }
    let path = text.split('#').next().unwrap_or_default();
    let path = path.strip_prefix('.').filter(|rest| rest.starts_with('/')).unwrap_or(path).trim_matches('/');
    // A single word is a note to oneself, such as TODO, unless it is the name of a file.
    (path.contains(['/', '.']) && path != ".").then_some(path)
}
