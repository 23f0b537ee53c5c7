#![no_std]
use sdk::prelude::*;
use sdk::service::{Service, operated, text_at};

policy! {
    /// Every service has an on-call rotation.
    ///
    /// A workload that runs as long as it can, or again and again as a CronJob does, has an on-call rotation: one of the
    /// annotations of the setting `annotations` names it, on the workload, on its pod template, or on the Backstage
    /// Component of its service. What runs once, such as a Job, is its service's affair.
    ///
    /// Where a Component describes the service, its owner is a Group or User that exists. A reference reads as Backstage
    /// reads it, `[kind:][namespace/]name`: a Group, in the namespace of the Component, if it says no more. Where Groups and
    /// Users are kept elsewhere, such as in an identity provider, the setting `owners_elsewhere` takes them on trust.
    ///
    /// Backstage is not required: without a Component, the annotation on the workload is enough.
    ///
    /// The names of the service are the setting `service_names`; all of them count. `app.kubernetes.io/part-of` stands last,
    /// since it names a whole system. A Component is found by `backstage.io/kubernetes-id`, by
    /// `backstage.io/kubernetes-label-selector`, or by its name.
    ///
    /// ## Why
    ///
    /// An alert that nobody is called for is found in the morning. A team that was renamed two years ago is nobody.
    ///
    /// ## Fix
    ///
    /// Add the service to a rotation, and name that with `seaworthy.dev/on-call`, or with the annotation of the tool that
    /// keeps it. Let `spec.owner` of the Component be the team's Group.
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
    /// There is no such team:
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
    /// ---
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Component
    /// metadata: {name: web, annotations: {opsgenie.com/team: shop}}
    /// spec: {type: service, lifecycle: production, owner: team-basket}
    /// ---
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Group
    /// metadata: {name: team-shop}
    /// spec: {type: team, children: []}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop, annotations: {seaworthy.dev/on-call: shop-primary}}
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
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ---
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Component
    /// metadata: {name: web, annotations: {pagerduty.com/escalation-policy-id: PX7Q2LA}}
    /// spec: {type: service, lifecycle: production, owner: team-shop}
    /// ---
    /// apiVersion: backstage.io/v1alpha1
    /// kind: Group
    /// metadata: {name: team-shop}
    /// spec: {type: team, children: []}
    /// ```
    pub struct OnCallRotation {
        /// The annotations that may name a rotation, on the workload, its pod template or its Component. The first one is proposed.
        annotations: Vec<String> = [
            "seaworthy.dev/on-call",
            "pagerduty.com/escalation-policy-id",
            "opsgenie.com/team",
        ],
        /// Whether Groups and Users are kept elsewhere, so that an owner need not be in sight.
        owners_elsewhere: bool = false,
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
    rests_on: [Backstage | PagerDuty | Opsgenie | "seaworthy.dev/on-call"],
    applies_to: [Workloads],
    reads: [
        "metadata.labels",
        "metadata.annotations",
        "pod.metadata.labels",
        "pod.metadata.annotations",
        "pod.spec.restartPolicy",
    ],
    looks_up: [
        "backstage.io/v1alpha1/Component": ["metadata.annotations", "spec.owner"],
        "backstage.io/v1alpha1/Group": [],
        "backstage.io/v1alpha1/User": [],
    ],
}

impl Rule for OnCallRotation {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (operated(request)?, request.world());
        let own = workload.object().get("metadata.annotations");
        let is_named = self.names_one(own) || self.names_one(workload.template().get("metadata.annotations"));
        let service = Service::of(workload, &self.service_names);
        let name = service.name();
        let component = match service.component(world) {
            // What the workload itself says is enough where Backstage may not be asked.
            Err(Undecided::Unknown(_)) if is_named => None,
            found => found?,
        };
        let also = match component {
            _ if is_named => None,
            None => {
                world.must_be_complete(format!("on-call annotation, nor a Backstage Component of service {name}"))?;
                Some(String::new())
            }
            Some(component) if self.names_one(component.get("metadata.annotations")) => None,
            Some(component) => Some(format!(", and neither has Component {}", component.name())),
        };
        if let Some(also) = also {
            let message = format!("service {name} has no on-call annotation{also}");
            match self.annotations.first() {
                Some(key) => {
                    let place = own.entry(key);
                    let fix = fix::set(place, format!("<the rotation that includes {name}>")).example();
                    findings.fail(place, message, fix);
                }
                None => findings.fail(own, message, "list an annotation in the setting `annotations`, and add it"),
            }
        }
        component.map_or(Ok(()), |component| self.check_owner(component, world, findings))
    }
}

impl OnCallRotation {
    /// Whether one of the annotations names a rotation.
    fn names_one(&self, annotations: Field<'_>) -> bool {
        self.annotations
            .iter()
            .any(|key| annotations.entry(key).str().is_some_and(|text| !text.trim_ascii().is_empty()))
    }

    /// Judges who owns a Component.
    fn check_owner(&self, component: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let field = component.get("spec.owner");
        let Some(owner) = field.str().filter(|text| !text.is_empty()) else {
            findings.fail(field, "nobody owns it", fix::set(field, "<the Group of the team>").example());
            return Ok(());
        };
        let (kind, rest) = owner.split_once(':').unwrap_or(("group", owner));
        let (namespace, name) = rest.split_once('/').unwrap_or((namespace_of(component), rest));
        let kind = match kind {
            _ if kind.eq_ignore_ascii_case("group") => "Group",
            _ if kind.eq_ignore_ascii_case("user") => "User",
            _ => {
                findings.fail(
                    field,
                    format!("`{owner}` is neither a Group nor a User"),
                    fix::set(field, "<the Group of the team>").example(),
                );
                return Ok(());
            }
        };
        let exists = |kind: &str| -> Result<bool, Undecided> {
            let names = [name];
            let naming = [Relation::naming("metadata.name", &names)];
            let entities = world.related("backstage.io/v1alpha1", kind, Within::All, &naming)?;
            let is_it = |entity: &Object<'_>| {
                namespace_of(*entity).eq_ignore_ascii_case(namespace) && entity.name().eq_ignore_ascii_case(name)
            };
            Ok(entities.iter().any(is_it))
        };
        if self.owners_elsewhere || exists(kind)? {
            return Ok(());
        }
        world.must_be_complete(format!("{kind} {namespace}/{name}, which owns Component {}", component.name()))?;
        let fix = if kind == "Group" && exists("User")? {
            format!("owner: user:{rest}")
        } else {
            "name one that exists, add it, or set `owners_elsewhere` where they come from an identity provider"
                .to_owned()
        };
        findings.fail(field, format!("there is no {kind} {namespace}/{name}, so nobody owns it"), fix);
        Ok(())
    }
}

/// The namespace of an entity of Backstage.
fn namespace_of(entity: Object<'_>) -> &str {
    text_at(entity.root(), &["metadata", "namespace"]).unwrap_or("default")
}
