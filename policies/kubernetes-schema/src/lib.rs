#![no_std]
extern crate alloc;

mod addresses;
mod cel;
mod custom;
mod formats;
mod spelling;
mod table;
mod validation;
mod walk;

use sdk::prelude::*;
use sdk::settings::SettingsError;

use table::{GONE, KINDS, Kind, MINORS, Shape};
use walk::Walk;

policy! {
    /// The API server accepts the object exactly as it is written.
    ///
    /// What it would refuse is a finding, and so is what it would drop without a word: fields that it does not know, values
    /// of the wrong type, fields that are required or forbidden, values outside of an enum or a range, texts of the wrong
    /// form (quantities, base64, names, labels, ports, schedules, addresses), a selector that does not match its own
    /// template, and list items that are there twice.
    ///
    /// The setting `kubernetes` names the version. Of kinds that Kubernetes has built in, all are known. A kind or version
    /// that Kubernetes has removed is not applicable here: the rule `api-version` is about these.
    ///
    /// A custom resource is checked by the schema of its CustomResourceDefinition, where that is in the input or the cluster;
    /// without one it is not applicable. CEL rules and regular expressions are not looked at. Whatever depends on the state of a cluster, such as a quota, a class that
    /// must exist or an address that is taken, is not checked.
    ///
    /// ## Why
    ///
    /// A manifest that the API server refuses stops a release half way. A field that it ignores is worse: `readinesProbe`
    /// looks as if it were there, and nobody is told that it is not.
    ///
    /// ## Fix
    ///
    /// Write what the finding says. `kubectl explain deployment.spec.template.spec` shows what belongs where.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: "80", protocol: tcp, targetport: 8080}]
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: wbe}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: app, image: "example.com/web:1.4.2"}]}
    /// ```
    ///
    /// ```yaml,not-applicable
    /// apiVersion: example.com/v1
    /// kind: Widget
    /// metadata: {name: web}
    /// spec: {whatever: true}
    /// ```
    pub struct KubernetesSchema {
        /// The minor version of Kubernetes that objects are for, such as `1.34`; without it, the newest one that this rule knows.
        kubernetes: Option<String> = None,
    }
    severity: High,
    section: Delivery,
    since: "0.1.0",
    profile: Essential,
    yields_to: ["container-resources", "horizontal-pod-autoscaler", "pod-disruption-budget"],
    applies_to: [Everything],
    reads: ["*"],
    looks_up: ["apiextensions.k8s.io/v1/CustomResourceDefinition": ["apiVersion", "spec"]],
}

impl Rule for KubernetesSchema {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let minor = self.minor().map_err(|cause| Undecided::Error(cause.to_string()))?;
        let object = request.object();
        let api_version = object.get("apiVersion").str().unwrap_or_default();
        match table::kind(api_version, object.kind()) {
            Some(kind) if kind.is_served(minor) => {
                let mut walk = Walk::new(findings, minor, object.root(), kind);
                walk.value(object.root(), Shape::Struct(kind.shape));
                validation::object(&mut walk);
                Ok(())
            }
            Some(_) => not_applicable(format!("Kubernetes 1.{minor} does not serve {api_version} {}", object.kind())),
            None if is_built_in(object.group()) => unknown_kind(object, api_version, minor, findings),
            None => match sdk::definition::definition(object, request.world())? {
                Some(definition) => {
                    custom::check(object, definition, minor, findings);
                    Ok(())
                }
                None => not_applicable("a custom resource, without a CustomResourceDefinition to check it by"),
            },
        }
    }

    fn validate(&self) -> Result<(), SettingsError> {
        self.minor().map(drop)
    }
}

impl KubernetesSchema {
    fn minor(&self) -> Result<u8, SettingsError> {
        let newest = MINORS.last().copied().unwrap_or_default();
        let Some(version) = &self.kubernetes else { return Ok(newest) };
        let mut parts = version.trim_start_matches('v').split('.');
        let minor = if parts.next() == Some("1") { parts.next().and_then(|minor| minor.parse().ok()) } else { None };
        minor.filter(|minor| MINORS.contains(minor)).ok_or_else(|| {
            let known = MINORS.iter().map(|minor| format!("1.{minor}")).collect::<Vec<_>>().join(" ");
            SettingsError::new(format!("`kubernetes`: `{version}` is not known; known are {known}"))
        })
    }
}

/// Groups without a dot whose documents are read by tools, and never by a cluster.
const TOOLS: [&str; 2] = ["openslo", "skaffold"];

/// Whether a group is Kubernetes' own; other groups, of `k8s.io` too, have custom resources.
fn is_built_in(group: &str) -> bool {
    let is_gone = || GONE.iter().any(|(version, _)| version.split_once('/').is_some_and(|(gone, _)| gone == group));
    !group.contains('.') && !TOOLS.contains(&group) || KINDS.iter().any(|known| known.group() == group) || is_gone()
}

/// A kind of Kubernetes' own group that is not served: misspelt, or gone.
fn unknown_kind(object: Object<'_>, api_version: &str, minor: u8, findings: &mut Findings) -> Result<(), Undecided> {
    let kind = object.kind();
    if GONE.contains(&(api_version, kind)) {
        return not_applicable(format!("Kubernetes 1.{minor} does not serve {api_version} {kind}"));
    }
    // Admission is asked about `kubectl exec` and the like too.
    if api_version == "v1" && (kind.starts_with("Pod") || kind.ends_with("ProxyOptions")) && kind.ends_with("Options") {
        return not_applicable("these are the options of a request, no object");
    }
    if (api_version, kind) == ("v1", "Config") {
        return not_applicable("a kubeconfig is no object of a cluster");
    }
    let known = || KINDS.iter().filter(|known| known.is_served(minor));
    let of = |known: &Kind| format!("`{}` of `{}`", known.name, known.api_version);
    let same = known().find(|known| known.name == kind).map(of);
    let near = || {
        spelling::nearest(kind, known().map(|known| known.name))
            .and_then(|near| known().find(|known| known.name == near))
            .map(of)
    };
    let (hint, fix) = match same.or_else(near) {
        Some(meant) => (format!("; did you mean {meant}?"), meant),
        None => (String::new(), "an apiVersion and a kind that `kubectl api-resources` lists".into()),
    };
    findings.fail(object.get("kind"), format!("Kubernetes has no `{kind}` in `{api_version}`{hint}"), fix);
    Ok(())
}
