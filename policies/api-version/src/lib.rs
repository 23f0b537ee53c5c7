#![no_std]
mod lifecycle;
mod operators;
mod warnings;

use sdk::definition::definition;
use sdk::prelude::*;
use sdk::settings::SettingsError;

use lifecycle::{Lifecycle, versions};
use operators::Known;
use warnings::Warnings;

policy! {
    /// Objects use API versions that the target Kubernetes version serves.
    ///
    /// The target is the setting `kubernetes`, by default the newest version that this rule knows. Of every kind of
    /// Kubernetes the rule knows since when each version is served, deprecated and removed:
    ///
    /// - A version that is removed, or not there yet, fails.
    /// - A deprecated version is a warning. It says when it was deprecated, when it is removed, and what to use.
    /// - An alpha version, or a beta version that came with 1.24 or later, is a warning: API servers do not serve it unless
    ///   somebody turns it on.
    ///
    /// References count too: the `scaleTargetRef` of a HorizontalPodAutoscaler or a ScaledObject, the `targetRef` of a
    /// VerticalPodAutoscaler or a Canary, the `workloadRef` of a Rollout.
    ///
    /// Fields, annotations and node labels of which the API server warns are warnings: volume types that are gone,
    /// annotations that fields have replaced, `failure-domain.beta.kubernetes.io/zone`. So is the alias `serviceAccount`
    /// without `serviceAccountName`.
    ///
    /// Custom resources of well-known operators (cert-manager, External Secrets, Flux, Gateway API, Istio, Karpenter,
    /// Knative, Kyverno, Tekton and others) fail if the newest release of the operator does not serve their version. Others
    /// are checked if the setting `versions` names them, or if their CustomResourceDefinition is there and says that a
    /// version is deprecated.
    ///
    /// ## Why
    ///
    /// A cluster upgrade removes API versions. Manifests that still use one cannot be applied any more, often for the first
    /// time during an incident, when somebody deploys a fix.
    ///
    /// ## Fix
    ///
    /// Write the `apiVersion` that the finding names, and compare the fields with the new version's documentation:
    /// `kubectl explain --api-version=networking.k8s.io/v1 ingress.spec`.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: policy/v1beta1
    /// kind: PodDisruptionBudget
    /// metadata: {name: web}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: web}}
    /// ```
    ///
    /// No API server has a Deployment in this group:
    ///
    /// ```yaml,fail
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: web}
    /// spec:
    ///   maxReplicas: 3
    ///   scaleTargetRef: {apiVersion: extensions/v1beta1, kind: Deployment, name: web}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: web}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: web}}
    /// ```
    ///
    /// It is deprecated, but not removed:
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Endpoints
    /// metadata: {name: database}
    /// subsets: [{addresses: [{ip: 192.0.2.10}], ports: [{port: 5432}]}]
    /// ```
    ///
    /// An older cluster:
    ///
    /// ```yaml,settings
    /// kubernetes: "1.24"
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: policy/v1beta1
    /// kind: PodDisruptionBudget
    /// metadata: {name: web}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: web}}
    /// ```
    pub struct ApiVersion {
        /// The Kubernetes version that the objects are for, such as `1.34`.
        kubernetes: String = "1.36",
        /// Versions of custom resources that are deprecated or gone. They come before what the rule knows of operators.
        versions: Vec<KnownVersion> = [],
    }
    /// A version of a custom resource.
    struct KnownVersion {
        /// As in a manifest: `example.com/v1beta1`.
        api_version: String,
        /// The kind, or `*` for every kind of this version.
        kind: String = "*",
        /// `removed`, `deprecated`, or `served` if a cluster of yours still has it.
        state: String,
        /// The release that did it, for the message: `Example Operator 2.0`.
        release: String = "",
        /// What to use instead: `example.com/v1`, or with another kind `example.com/v1 Widget`.
        replacement: String = "",
    }
    severity: High,
    section: Reliability,
    since: "0.1.0",
    profile: Essential,
    applies_to: [
        Workloads,
        "v1/Service",
        "networking.k8s.io/v1/Ingress",
        "autoscaling/v2/HorizontalPodAutoscaler",
        // What a cluster has it serves; what a file has may be anything.
        Everything,
    ],
    reads: [
        "metadata.annotations",
        "spec.scaleTargetRef",
        "spec.targetRef",
        "spec.autoscalerRef",
        "spec.workloadRef",
        "spec.metrics.object.describedObject",
        "spec.ingressClassName",
        "spec.externalIPs",
        "spec.clusterIP",
        "spec.type",
        "spec.trafficDistribution",
        "spec.persistentVolumeReclaimPolicy",
        "spec.nodeAffinity",
        "spec.cephfs",
        "spec.photonPersistentDisk",
        "spec.scaleIO",
        "spec.storageos",
        "spec.glusterfs",
        "spec.rbd",
        "spec.externalID",
        "addressType",
        "scheduling.nodeSelector",
        "allowedTopologies",
        "nodeTopology",
        "pod.metadata.annotations",
        "pod.spec.nodeSelector",
        "pod.spec.serviceAccount",
        "pod.spec.serviceAccountName",
        "pod.spec.affinity.nodeAffinity",
        "pod.spec.topologySpreadConstraints",
        "pod.spec.volumes",
        "pod.spec.securityContext.seccompProfile",
        "pod.spec.securityContext.appArmorProfile",
        "containers.securityContext.seccompProfile",
        "containers.securityContext.appArmorProfile",
    ],
    looks_up: [
        "apiextensions.k8s.io/v1/CustomResourceDefinition": [
            "spec.names.kind",
            "spec.versions.name",
            "spec.versions.served",
            "spec.versions.storage",
            "spec.versions.deprecated",
            "spec.versions.deprecationWarning",
        ],
    ],
}

/// Fields of kinds that name another object by `apiVersion` and kind, and whether its version matters there.
const REFERENCES: &[(&str, &str, &str, bool)] = &[
    ("autoscaling", "HorizontalPodAutoscaler", "spec.scaleTargetRef", false),
    ("keda.sh", "ScaledObject", "spec.scaleTargetRef", true),
    ("autoscaling.k8s.io", "VerticalPodAutoscaler", "spec.targetRef", true),
    ("argoproj.io", "Rollout", "spec.workloadRef", true),
    ("flagger.app", "Canary", "spec.targetRef", true),
    ("flagger.app", "Canary", "spec.autoscalerRef", true),
];

impl Rule for ApiVersion {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let minor = self.minor().map_err(|cause| Undecided::Error(cause.to_string()))?;
        let object = request.object();
        let (group, kind, version) = (object.group(), object.kind(), object.version());
        let known = versions(group, kind);
        let known_by_operators = self.known_by_settings(object).or_else(|| operators::known(object));
        let this = known.iter().find(|known| known.version == version);
        match (&known_by_operators, this) {
            (Some(known), _) => check_operator(object, known, findings),
            (None, Some(this)) => check_kind(object, *this, minor, findings),
            (None, None) => {}
        }
        let is_foreign = known.is_empty() && known_by_operators.is_none() && group.contains('.');
        let definition = if is_foreign { definition(object, request.world())? } else { None };
        if let Some(definition) = definition {
            check_definition(object, definition, findings);
        }
        Warnings { minor, findings }.check(object);
        let mut has_references = false;
        for (of_group, of_kind, field, version_matters) in REFERENCES {
            if object.is(of_group, of_kind) {
                has_references = true;
                check_reference(object.get(field), *version_matters, minor, findings);
            }
        }
        if object.is("autoscaling", "HorizontalPodAutoscaler") {
            for metric in object.get("spec.metrics").items() {
                check_reference(metric.get("object.describedObject"), false, minor, findings);
            }
        }
        if known.is_empty() && known_by_operators.is_none() && definition.is_none() && !has_references {
            return not_applicable(format!("{kind} of {group} is a custom resource whose versions are not known"));
        }
        Ok(())
    }

    fn validate(&self) -> Result<(), SettingsError> {
        for KnownVersion { api_version, state, .. } in &self.versions {
            if !matches!(state.as_str(), "removed" | "deprecated" | "served") {
                let message = format!("versions: {api_version} is `{state}`, not removed, deprecated or served");
                return Err(SettingsError::new(message));
            }
        }
        self.minor().map(|_| ())
    }
}

impl ApiVersion {
    fn known_by_settings(&self, object: Object<'_>) -> Option<Known<'_>> {
        let api_version = api_version(object.group(), object.version());
        let is_it =
            |own: &&KnownVersion| own.api_version == api_version && (own.kind == "*" || own.kind == object.kind());
        let own = self.versions.iter().find(is_it)?;
        Some(Known { state: &own.state, release: &own.release, replacement: &own.replacement })
    }

    /// The minor of the target: 34 of `1.34`, `v1.34` or `1.34.2`.
    fn minor(&self) -> Result<u32, SettingsError> {
        let text = self.kubernetes.strip_prefix('v').unwrap_or(&self.kubernetes);
        let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
        match (numbers.next(), numbers.next(), numbers.all(|number| number.is_some())) {
            (Some(Some(1)), Some(Some(minor)), true) => Ok(minor),
            _ => Err(SettingsError::new(format!("kubernetes: `{}` is not a version such as `1.34`", self.kubernetes))),
        }
    }
}

/// Checks a version of a kind of Kubernetes.
fn check_kind(object: Object<'_>, this: Lifecycle<'_>, minor: u32, findings: &mut Findings) {
    let (at, kind, name) = (object.get("apiVersion"), object.kind(), api_version(object.group(), this.version));
    let replacement = || lifecycle::replacement(object.group(), kind, this, minor);
    if !this.is_served(minor) {
        let message = match (this.removed, this.deprecated, this.introduced) {
            (Some(removed), Some(deprecated), _) if removed <= minor => {
                format!("Kubernetes 1.{removed} removed {name} {kind} (deprecated since 1.{deprecated})")
            }
            (Some(removed), None, _) if removed <= minor => format!("Kubernetes 1.{removed} removed {name} {kind}"),
            (.., introduced) => {
                let introduced = introduced.unwrap_or_default();
                format!("Kubernetes serves {name} {kind} only since 1.{introduced}, and the target is 1.{minor}")
            }
        };
        findings.fail(at, message, write(at, kind, replacement()));
    } else if this.is_deprecated(minor) {
        let since = this.deprecated.unwrap_or_default();
        let removed = this.removed.map(|removed| format!(", and removed in 1.{removed}")).unwrap_or_default();
        let message = format!("{name} {kind} is deprecated since Kubernetes 1.{since}{removed}");
        findings.warn(at, message, write(at, kind, replacement()));
    } else if this.is_off_by_default() {
        let message = format!("API servers do not serve {name} {kind} unless it is turned on (`--runtime-config`)");
        let served = replacement().filter(|(api_version, _)| !api_version.contains("alpha"));
        let fix = match served {
            Some(_) => write(at, kind, served),
            None => format!("make sure that the cluster turns on {name}").into(),
        };
        findings.warn(at, message, fix);
    }
}

/// What to write in place of an `apiVersion`.
fn write(at: Field<'_>, kind: &str, replacement: Option<(String, String)>) -> Fix {
    match replacement {
        Some((api_version, new)) if new == kind => fix::set(at, api_version),
        Some((api_version, new)) => format!("use {api_version} {new}").into(),
        None => format!("remove it: nothing takes the place of {kind}").into(),
    }
}

/// Checks a version of a custom resource.
fn check_operator(object: Object<'_>, known: &Known<'_>, findings: &mut Findings) {
    let (at, kind, name) = (object.get("apiVersion"), object.kind(), api_version(object.group(), object.version()));
    let (api_version, new) = known.replacement.split_once(' ').unwrap_or((known.replacement, kind));
    let replacement = (!api_version.is_empty()).then(|| (api_version.to_owned(), new.to_owned()));
    let release = if known.release.is_empty() { "its operator" } else { known.release };
    match known.state {
        "removed" => {
            findings.fail(at, format!("{release} removed {name} {kind}"), write(at, kind, replacement));
        }
        "deprecated" => {
            findings.warn(at, format!("{release} deprecated {name} {kind}"), write(at, kind, replacement));
        }
        _ => {}
    }
}

/// Checks a version of a custom resource by its definition. One that is not served is for `kubernetes-schema` to say.
fn check_definition(object: Object<'_>, definition: Object<'_>, findings: &mut Findings) {
    let (at, kind, name) = (object.get("apiVersion"), object.kind(), api_version(object.group(), object.version()));
    let is = |version: &Field<'_>, key: &str| version.get(key).bool() == Some(true);
    let mut versions = definition.get("spec.versions").items().filter(|version| is(version, "served"));
    let Some(this) = versions.find(|version| version.get("name").str() == Some(object.version())) else { return };
    if !is(&this, "deprecated") {
        return;
    }
    // The order of versions says nothing; the stored one is what the operator works with.
    let mut all = definition.get("spec.versions").items();
    let stored = all.find(|it| is(it, "storage") && is(it, "served") && !is(it, "deprecated"));
    let message = match this.get("deprecationWarning").str() {
        Some(warning) => format!("{name} {kind} is deprecated: {warning}"),
        None => format!("{name} {kind} is deprecated by CustomResourceDefinition {}", definition.name()),
    };
    match stored.and_then(|version| version.get("name").str()) {
        Some(version) => findings.warn(at, message, fix::set(at, api_version(object.group(), version))),
        None => findings.warn(at, message, "a version that its operator serves"),
    }
}

/// Checks the kind that a reference names. What is no kind of Kubernetes is not known here.
fn check_reference(reference: Field<'_>, version_matters: bool, minor: u32, findings: &mut Findings) {
    let at = reference.get("apiVersion");
    let (Some(text), Some(kind)) = (at.str(), reference.get("kind").str()) else { return };
    let (group, version) = text.split_once('/').unwrap_or(("", text));
    let known = versions(group, kind);
    let Some(this) = known.iter().find(|known| known.version == version).or(known.first()).copied() else { return };
    let is_gone = !known.iter().any(|known| known.is_served(minor));
    if is_gone || (!this.is_served(minor) && this.version == version) {
        let replacement = lifecycle::replacement(group, kind, this, minor);
        let fix = match replacement {
            Some((api_version, new)) if new == kind => fix::set_named(at, 1, api_version),
            other => write(at, kind, other),
        };
        if is_gone {
            findings.fail(at, format!("Kubernetes 1.{minor} has no {kind} in the group {group}"), fix);
        } else if version_matters {
            findings.warn(at, format!("Kubernetes 1.{minor} does not serve {text} {kind}"), fix);
        }
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}
