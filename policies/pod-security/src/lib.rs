#![no_std]
mod controls;
mod standard;

use sdk::prelude::*;
use sdk::seen::{Seen, hash};
use sdk::settings::SettingsError;

use controls::{Breach, Pod};
use standard::{Level, Standard, Version};

policy! {
    /// Pods keep to the Pod Security Standard of their level.
    ///
    /// The level is `baseline`, or what the setting `level` says, at the version of the setting `version`. All controls of
    /// the level are checked, as the admission plugin of Kubernetes (`PodSecurity`) checks them, for Pods and for every pod
    /// template:
    ///
    /// - Values count as they are written: `drop: [all]` is not `ALL`, `CAP_CHOWN` is not `CHOWN`.
    /// - What the pod says counts, although every container overrides it.
    /// - Init, sidecar and ephemeral containers count.
    /// - `os.name: windows` lifts the controls that only Linux has, from v1.25 on. A `nodeSelector` does not.
    /// - `hostUsers: false` lifts the controls of root users, from v1.35 on.
    /// - What the API server fills in counts: a volume without a type is an `emptyDir`, and under `hostNetwork` the ports of
    ///   a Pod are host ports.
    ///
    /// If the input has the workload's Namespace, its label `pod-security.kubernetes.io/enforce` can raise the level: the
    /// cluster will refuse these pods. The version is then that of the label `enforce-version`, or `latest`. A label never
    /// lowers what the settings ask for. The labels `warn` and `audit` give warnings. A label of the plugin that is
    /// misspelt gives a warning at the Namespace.
    ///
    /// Where the rule `run-as-non-root`, `privilege-escalation-disabled` or `exposure` is broken at the same field, reports
    /// tell it once, as that rule's finding. The verdict of this rule stays, and so does the finding that the Namespace refuses
    /// the pods.
    ///
    /// ## Why
    ///
    /// A pod with the node's network, files or processes, or with a privileged container, is root on the node for whoever
    /// breaks into it. And a Deployment whose Namespace enforces a stricter level is accepted, but never gets a pod: the
    /// plugin looks at pods, so the error is only in the events of the ReplicaSet.
    ///
    /// ## Fix
    ///
    /// Set the fields as each finding says. If a workload needs more, such as a node agent, run it in a Namespace of its
    /// own, and exempt that Namespace in the settings.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: agent}
    /// spec:
    ///   selector: {matchLabels: {app: agent}}
    ///   template:
    ///     metadata: {labels: {app: agent}}
    ///     spec:
    ///       hostPID: true
    ///       containers:
    ///         - name: agent
    ///           image: example.com/agent:1.4.2
    /// ```
    ///
    /// The Namespace enforces `restricted`:
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    /// ```
    ///
    /// At the level `restricted`:
    ///
    /// ```yaml,settings
    /// level: restricted
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   securityContext:
    ///     runAsNonRoot: true
    ///     seccompProfile: {type: RuntimeDefault}
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       securityContext:
    ///         allowPrivilegeEscalation: false
    ///         capabilities: {drop: [ALL]}
    /// ```
    pub struct PodSecurity {
        /// The level that every pod keeps to: `privileged`, `baseline` or `restricted`. `privileged` leaves it to the
        /// labels of Namespaces.
        level: String = "baseline",
        /// The version of the level: `latest`, or such as `v1.34`.
        version: String = "latest",
        /// Namespaces whose pods are not checked, as in the plugin's configuration.
        exempt_namespaces: Vec<String> = [],
        /// Runtime classes whose pods are not checked, as in the plugin's configuration.
        exempt_runtime_classes: Vec<String> = [],
        /// Users whose pods are not checked, as in the plugin's configuration. Only an admission knows the user.
        exempt_users: Vec<String> = [],
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    yields_to: ["run-as-non-root", "privilege-escalation-disabled", "exposure"],
    applies_to: [Workloads, "v1/Namespace"],
    reads: [
        "metadata.labels",
        "pod.metadata.annotations",
        "pod.spec.hostNetwork",
        "pod.spec.hostPID",
        "pod.spec.hostIPC",
        "pod.spec.hostUsers",
        "pod.spec.os.name",
        "pod.spec.runtimeClassName",
        "pod.spec.volumes",
        "pod.spec.securityContext",
        "containers.name",
        "containers.ports.hostPort",
        "containers.ports.containerPort",
        "containers.livenessProbe.httpGet.host",
        "containers.livenessProbe.tcpSocket.host",
        "containers.readinessProbe.httpGet.host",
        "containers.readinessProbe.tcpSocket.host",
        "containers.startupProbe.httpGet.host",
        "containers.startupProbe.tcpSocket.host",
        "containers.lifecycle.postStart.httpGet.host",
        "containers.lifecycle.postStart.tcpSocket.host",
        "containers.lifecycle.preStop.httpGet.host",
        "containers.lifecycle.preStop.tcpSocket.host",
        "containers.securityContext",
    ],
    looks_up: ["v1/Namespace": ["metadata.labels"]],
}

impl Rule for PodSecurity {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        if object.is("", "Namespace") {
            return standard::check_labels(object, findings);
        }
        let floor = self.standard().map_err(|cause| Undecided::Error(cause.to_string()))?;
        let workload = request.workload()?;
        if let Some(exempt) = self.exemption(request, workload) {
            return not_applicable(format!("the settings exempt {exempt}"));
        }
        let (pod, world) = (Pod::new(workload), request.world());
        let mut told = Told { findings, places: Vec::new(), seen: Seen::default() };
        if world.is_admission() {
            // What breaks the settings' own standard is denied. An answer that rests on other objects is only a warning.
            pod.check(floor, &mut |breach| told.tell(breach, floor, None));
            if !told.places.is_empty() {
                return Ok(());
            }
        }
        let looked_up = object.namespace().map_or(Ok(None), |name| world.get("v1", "Namespace", None, name));
        let namespace = looked_up.as_ref().ok().copied().flatten();
        let labelled = |mode| namespace.and_then(|namespace| standard::labelled(namespace, mode));
        let name = object.namespace().unwrap_or_default();
        let enforced = labelled("enforce");
        if enforced.is_none_or(|enforced| enforced.level <= floor.level) {
            pod.check(floor, &mut |breach| told.tell(breach, floor, None));
        }
        if let Some(enforced) = enforced {
            let (source, mut is_refused) = (format!("which the Namespace {name} enforces"), false);
            pod.check(enforced, &mut |breach| {
                is_refused = true;
                told.tell(breach, enforced, Some((&source, true)));
            });
            if is_refused {
                let message = format!("the Namespace {name} enforces Pod Security {enforced}, and refuses these pods");
                let fix = "fix the fields that the other findings name, or run it in a Namespace of its own";
                told.findings.fail(workload.pod(), message, fix);
            }
        }
        for (mode, does) in [("warn", "warns"), ("audit", "audits")] {
            if let Some(advised) = labelled(mode) {
                let source = format!("of which the Namespace {name} {does}");
                pod.check(advised, &mut |breach| told.tell(breach, advised, Some((&source, false))));
            }
        }
        looked_up.map(|_| ())
    }

    fn validate(&self) -> Result<(), SettingsError> {
        self.standard().map(|_| ())
    }
}

impl PodSecurity {
    fn standard(&self) -> Result<Standard, SettingsError> {
        let (level, version) = (Level::parse(&self.level), Version::parse(&self.version));
        let level = level.ok_or_else(|| {
            SettingsError::new(format!("level `{}` is not privileged, baseline or restricted", self.level))
        })?;
        let version = version.ok_or_else(|| {
            SettingsError::new(format!("version `{}` is not `latest`, or such as `v1.34`", self.version))
        })?;
        Ok(Standard { level, version })
    }

    fn exemption(&self, request: &Request<'_>, workload: Workload<'_>) -> Option<String> {
        let is_in = |list: &[String], name: Option<&str>| list.iter().any(|exempt| Some(exempt.as_str()) == name);
        let namespace = request.object().namespace();
        let runtime_class = workload.pod().get("runtimeClassName");
        if is_in(&self.exempt_namespaces, namespace) {
            Some(format!("the Namespace {}", namespace.unwrap_or_default()))
        } else if !self.exempt_runtime_classes.is_empty() && is_in(&self.exempt_runtime_classes, runtime_class.str()) {
            Some(format!("the runtime class {}", runtime_class.str().unwrap_or_default()))
        } else if is_in(&self.exempt_users, request.user()) {
            Some(format!("the user {}", request.user().unwrap_or_default()))
        } else {
            None
        }
    }
}

/// What was told, where several standards may have the same to say of one place.
struct Told<'f> {
    findings: &'f mut Findings,
    /// Paths, each with the control that is broken there.
    places: Vec<(String, &'static str)>,
    seen: Seen,
}

impl Told<'_> {
    /// Tells a breach of a standard once. The source says who asks for the standard, if not the settings, and whether it
    /// is enforced.
    fn tell(&mut self, breach: Breach<'_>, standard: Standard, source: Option<(&str, bool)>) {
        let Breach { control, level, at, what, fix } = breach;
        let place = (at.path(), control);
        let hash = hash(&[&place.0, place.1]);
        if self.seen.contains(hash, |known| self.places.get(known) == Some(&place)) {
            return;
        }
        self.seen.push(hash);
        self.places.push(place);
        let standard = Standard { level, ..standard };
        let message = match source {
            None => format!("{what} (Pod Security {standard}, {control})"),
            Some((source, _)) => format!("{what} (Pod Security {standard}, {control}, {source})"),
        };
        match source {
            Some((_, false)) => self.findings.warn(at, message, fix),
            _ => self.findings.fail(at, message, fix),
        }
    }
}
