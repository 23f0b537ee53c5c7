#![no_std]
use sdk::prelude::*;

policy! {
    /// Pods mount a ServiceAccount token only if they need one.
    ///
    /// `automountServiceAccountToken: false` is in effect: on the pod, or on its ServiceAccount where the pod says
    /// nothing. Where nobody says anything the token is mounted. A pod that names no ServiceAccount uses `default`.
    ///
    /// A workload that calls the Kubernetes API says so, and passes with a note:
    ///
    /// - by the annotation `seaworthy.dev/needs-kubernetes-api: "true"`, on the workload or on its pod template;
    /// - by a RoleBinding or ClusterRoleBinding to its ServiceAccount. One to a group, such as all ServiceAccounts of a
    ///   namespace, says nothing about a single workload and does not count;
    /// - by a projected `serviceAccountToken` volume, which mounts a token on purpose. A second, automatic token beside
    ///   it is a warning.
    ///
    /// ## Why
    ///
    /// The token is a password for the Kubernetes API that lies in a file of every container. Whoever gets to read
    /// files there, by a path traversal or a debug shell, may then do in the cluster what the ServiceAccount may, today
    /// or after the next binding.
    ///
    /// ## Fix
    ///
    /// Set `automountServiceAccountToken: false` on the pod. Set it on the ServiceAccount too, so that the next
    /// workload that uses it is safe from the start.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   template:
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    /// ```
    ///
    /// The pod has the last word:
    ///
    /// ```yaml,fail
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   serviceAccountName: web
    ///   automountServiceAccountToken: true
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: web, namespace: shop}
    /// automountServiceAccountToken: false
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   automountServiceAccountToken: false
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    /// ```
    ///
    /// A controller needs the API, and its binding says so:
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: operator, namespace: shop}
    /// spec:
    ///   template:
    ///     spec:
    ///       serviceAccountName: operator
    ///       containers:
    ///         - name: app
    ///           image: example.com/operator:0.9.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: operator, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: operator}
    /// subjects: [{kind: ServiceAccount, name: operator}]
    /// ```
    pub struct ServiceAccountTokenUnmounted;
    severity: Medium,
    section: Security,
    since: "0.1.0",
    applies_to: [Workloads],
    reads: [
        "metadata.annotations['seaworthy.dev/needs-kubernetes-api']",
        "pod.metadata.annotations['seaworthy.dev/needs-kubernetes-api']",
        "pod.spec.automountServiceAccountToken",
        "pod.spec.serviceAccountName",
        "pod.spec.serviceAccount",
        "pod.spec.volumes.projected.sources.serviceAccountToken",
    ],
    looks_up: [
        "v1/ServiceAccount": ["automountServiceAccountToken"],
        "rbac.authorization.k8s.io/v1/RoleBinding": ["subjects"],
        "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["subjects"],
    ],
}

const NEEDS_API: &str = "seaworthy.dev/needs-kubernetes-api";

impl Rule for ServiceAccountTokenUnmounted {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (workload, world) = (request.workload()?, request.world());
        let automount = workload.pod().get("automountServiceAccountToken");
        let account = Account::of(workload);
        if let Some(token) = projected_token(workload.pod()) {
            findings.note(token, "a projected volume mounts a token on purpose");
            if matches!(account.is_mounted(automount, world), Ok(true)) {
                let message = "the automatic token is mounted beside the projected one";
                findings.warn(automount, message, fix::set(automount, false));
            }
            return Ok(());
        }
        if automount.bool() == Some(false) {
            return Ok(());
        }
        let on_template = workload.template().get("metadata.annotations").entry(NEEDS_API);
        for annotation in [workload.object().annotation(NEEDS_API), on_template] {
            if annotation.str() == Some("true") {
                findings.note(annotation, "the token stays mounted: the workload needs the Kubernetes API");
                return Ok(());
            }
        }
        if let Some(binding) = account.binding(world)? {
            let (kind, name) = (binding.kind(), binding.name());
            findings.note(automount, format!("the token stays mounted: the {kind} {name} gives it a use"));
            return Ok(());
        }
        if account.is_mounted(automount, world)? {
            let message = format!(
                "the token of ServiceAccount {} is mounted, and nothing says that the workload needs the API",
                account.name
            );
            findings.fail(automount, message, fix::set(automount, false));
        }
        Ok(())
    }
}

/// The ServiceAccount that a workload's pods run as.
struct Account<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> Account<'a> {
    /// The older field is an alias, and the newer one wins where both are set.
    fn of(workload: Workload<'a>) -> Self {
        let named = |field| workload.pod().get(field).str().filter(|name| !name.is_empty());
        let name = named("serviceAccountName").or_else(|| named("serviceAccount")).unwrap_or("default");
        Self { name, namespace: workload.object().namespace() }
    }

    /// Whether the token is mounted automatically. The pod's word counts, then the ServiceAccount's, and without a word
    /// it is mounted.
    fn is_mounted(&self, automount: Field<'_>, world: &World<'_>) -> Result<bool, Undecided> {
        if let Some(mounted) = automount.bool() {
            return Ok(mounted);
        }
        match world.get("v1", "ServiceAccount", self.namespace, self.name)? {
            Some(account) => Ok(account.get("automountServiceAccountToken").bool() != Some(false)),
            // One that names no namespace gets one when it is applied, which may be this.
            None if !world.is_admission() && world.get("v1", "ServiceAccount", None, self.name)?.is_some() => {
                let why = format!("ServiceAccount {} names no namespace, so it may be another one", self.name);
                Err(Undecided::Unknown(why))
            }
            None => world.must_be_complete(format!("ServiceAccount {}", self.name)).map(|()| true),
        }
    }

    /// A binding that gives this very ServiceAccount something to do.
    fn binding<'w>(&self, world: &World<'w>) -> Result<Option<Object<'w>>, Undecided> {
        for kind in ["RoleBinding", "ClusterRoleBinding"] {
            let names = [self.name];
            let naming = [Relation::naming("subjects.name", &names)];
            let bindings = world.related("rbac.authorization.k8s.io/v1", kind, Within::All, &naming)?;
            if let Some(binding) = bindings.into_iter().find(|binding| self.is_bound_by(*binding)) {
                return Ok(Some(binding));
            }
        }
        Ok(None)
    }

    fn is_bound_by(&self, binding: Object<'_>) -> bool {
        binding.get("subjects").items().any(|subject| {
            let name = subject.get("name").str().unwrap_or_default();
            match subject.get("kind").str() {
                Some("ServiceAccount") => {
                    let namespace = subject.get("namespace").str().filter(|name| !name.is_empty());
                    // A RoleBinding means its own namespace where it names none.
                    name == self.name && self.is_in(namespace.or(binding.namespace()))
                }
                // The name by which a ServiceAccount logs in.
                Some("User") => name
                    .strip_prefix("system:serviceaccount:")
                    .and_then(|account| account.split_once(':'))
                    .is_some_and(|(namespace, name)| name == self.name && self.is_in(Some(namespace))),
                _ => false,
            }
        })
    }

    /// Whether a subject of that namespace is this ServiceAccount. A workload that names no namespace gets one when it
    /// is applied, so any may be its own; but every namespace has a `default`, whose name says nothing.
    fn is_in(&self, namespace: Option<&str>) -> bool {
        namespace == self.namespace || (self.namespace.is_none() && self.name != "default")
    }
}

/// The first projected token of the pod.
fn projected_token(pod: Field<'_>) -> Option<Field<'_>> {
    pod.get("volumes")
        .items()
        .flat_map(|volume| volume.get("projected.sources").items())
        .find_map(|source| source.get("serviceAccountToken").map())
}
