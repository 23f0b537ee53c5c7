//! What each practice leaves behind in a repository, and where it was found.

use std::collections::BTreeMap;

use super::pipelines::{Step, steps};
use super::{Evidence, Practice};
use crate::input::Input;
use crate::manifest::{Content, Document, Manifest, Node, Object, Value};

/// Commands that change a cluster.
const DEPLOYS: &[&[&str]] = &[
    &["kubectl", "apply"],
    &["kubectl", "create"],
    &["kubectl", "replace"],
    &["kubectl", "patch"],
    &["kubectl", "set", "image"],
    &["kubectl", "rollout", "restart"],
    &["oc", "apply"],
    &["helm", "upgrade"],
    &["helm", "install"],
    &["helmfile", "apply"],
    &["helmfile", "sync"],
    &["skaffold", "run"],
    &["skaffold", "deploy"],
    &["kapp", "deploy"],
    &["argocd", "app", "sync"],
    &["flux", "reconcile"],
];

/// Commands that push an image.
const PUSHES: &[&[&str]] = &[
    &["docker", "push"],
    &["podman", "push"],
    &["buildah", "push"],
    &["crane", "push"],
    &["skopeo", "copy"],
    &["ko", "build"],
    &["executor", "--destination"],
    &["skaffold", "build"],
];

/// Actions that deploy or push.
const DELIVERING_ACTIONS: &[&str] = &[
    "docker/build-push-action",
    "azure/k8s-deploy",
    "Azure/k8s-deploy",
    "google-github-actions/deploy-cloudrun",
    "redhat-actions/push-to-registry",
    "ko-build/setup-ko",
];

/// Commands that check manifests or images against policies.
const CHECKS: &[&[&str]] = &[
    &["seaworthy", "check"],
    &["seaworthy", "readiness"],
    &["kyverno", "apply"],
    &["kyverno", "test"],
    &["gator", "test"],
    &["gator", "verify"],
    &["kwctl", "run"],
    &["conftest", "test"],
    &["opa", "test"],
    &["opa", "eval"],
    &["checkov"],
    &["kube-linter", "lint"],
    &["kube-score", "score"],
    &["polaris", "audit"],
    &["datree", "test"],
    &["kubescape", "scan"],
    &["terrascan", "scan"],
];

/// Actions that do.
const CHECKING_ACTIONS: &[&str] = &[
    "kyverno/action-install-cli",
    "bridgecrewio/checkov-action",
    "stackrox/kube-linter-action",
    "kubescape/github-action",
];

/// What costs are shown with.
const COST_TOOLS: &[&str] = &["opencost", "kubecost", "cost-analyzer", "infracost"];

/// Folders and value files of environments.
const ENVIRONMENTS: &[&str] = &[
    "dev",
    "development",
    "test",
    "testing",
    "qa",
    "int",
    "integration",
    "uat",
    "stage",
    "staging",
    "preprod",
    "pre-production",
    "preproduction",
    "prod",
    "production",
    "live",
    "canary",
    "sandbox",
];

/// All evidence, in the order of the input.
pub(super) fn find(input: &Input) -> Vec<Evidence> {
    let mut finder = Finder::default();
    for file in input.files() {
        for document in &file.manifest.documents {
            finder.document(&file.manifest, document);
        }
    }
    finder.finish()
}

#[derive(Default)]
struct Finder {
    evidence: Vec<Evidence>,
    /// By environment, where it was first seen.
    environments: BTreeMap<String, Evidence>,
}

impl Finder {
    fn add(&mut self, manifest: &Manifest, line: u32, practice: Practice, what: String) {
        self.evidence.push(Evidence { practice, what, file: manifest.name.clone(), line });
    }

    fn document(&mut self, manifest: &Manifest, document: &Document) {
        for step in steps(manifest, document) {
            self.step(manifest, &step);
        }
        for object in document.objects() {
            self.object(manifest, object);
        }
        let line = manifest.source.position(document.span.start).line;
        self.environment(manifest, document, line);
        let Content::Other(node) = &document.content else { return };
        let name = manifest.name.rsplit('/').next().unwrap_or_default();
        if name == "cookiecutter.json" {
            self.add(manifest, line, Practice::GoldenPaths, "a cookiecutter template".into());
        }
        let is_starter = manifest.name.contains("/starters/") || text(node, "name") == Some("<CHARTNAME>");
        if name == "Chart.yaml" && is_starter {
            self.add(manifest, line, Practice::GoldenPaths, "a Helm starter".into());
        }
        let is_config = ["rules", "waivers"].iter().any(|key| node.get(key).is_some());
        if name.contains("seaworthy") && is_config {
            self.add(manifest, line, Practice::PolicyAsCode, "a configuration of seaworthy".into());
        }
        if text(node, "apiVersion").is_some_and(|version| version.starts_with("openslo/")) {
            self.add(manifest, line, Practice::Objectives, "OpenSLO".into());
        }
    }

    fn step(&mut self, manifest: &Manifest, step: &Step<'_>) {
        let is_dry = step.words.iter().any(|word| word.starts_with("--dry-run") && !word.ends_with("=none"));
        let builds = step.runs(&[&["docker", "build"], &["docker", "buildx", "build"], &["podman", "build"]]);
        let delivers = step.runs(DEPLOYS) && !is_dry
            || step.runs(PUSHES)
            || builds && step.has("--push")
            || step.uses(DELIVERING_ACTIONS);
        if delivers {
            self.add(manifest, step.line, Practice::AutomatedDeployment, format!("a pipeline runs {}", step.text()));
        }
        if step.runs(CHECKS) || step.uses(CHECKING_ACTIONS) {
            self.add(manifest, step.line, Practice::AutomatedCompliance, format!("a pipeline runs {}", step.text()));
        }
        if step.runs(&[&["infracost"]]) || step.uses(&["infracost/actions"]) {
            self.add(manifest, step.line, Practice::CostShowback, format!("a pipeline runs {}", step.text()));
        }
    }

    fn object(&mut self, manifest: &Manifest, object: &Object) {
        let line = manifest.source.position(object.node.locate(&[]).start).line;
        let what = format!("{} {}", object.kind, object.display_name()).trim_end().to_owned();
        for practice in practices(object) {
            self.add(manifest, line, *practice, what.clone());
        }
        let urls = source_urls(object);
        for url in urls {
            let line = manifest.source.position(url.span.start).line;
            let url = url.as_str().unwrap_or_default();
            self.add(manifest, line, Practice::SeparateConfig, format!("{what} takes {}", without_secrets(url)));
        }
        if object.kind == "PrometheusRule" && has_objective(&object.node) {
            self.add(manifest, line, Practice::Objectives, format!("{what} records SLOs"));
        }
        if is_generating_for_namespaces(object) {
            self.add(manifest, line, Practice::SelfService, format!("{what} generates for namespaces"));
        }
        if is_cost_tool(object) {
            self.add(manifest, line, Practice::CostShowback, what);
        }
    }

    /// A kustomization in the folder of an environment, or a values file for one.
    fn environment(&mut self, manifest: &Manifest, document: &Document, line: u32) {
        let (folder, file) = manifest.name.rsplit_once('/').unwrap_or(("", &manifest.name));
        let environment = if matches!(file, "kustomization.yaml" | "kustomization.yml" | "Kustomization") {
            folder.rsplit('/').find(|folder| ENVIRONMENTS.contains(folder))
        } else if matches!(document.content, Content::Other(_)) {
            let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or_default();
            let named = ["values-", "values.", "values_"].iter().find_map(|prefix| stem.strip_prefix(prefix));
            let named = named.or_else(|| (stem == "values").then(|| folder.rsplit('/').next()).flatten());
            named.filter(|name| ENVIRONMENTS.contains(name))
        } else {
            None
        };
        if let Some(environment) = environment {
            let what = format!("a configuration for {environment}");
            let evidence = Evidence { practice: Practice::Environments, what, file: manifest.name.clone(), line };
            self.environments.entry(environment.to_owned()).or_insert(evidence);
        }
    }

    /// One environment is none: there is nothing to promote between.
    fn finish(mut self) -> Vec<Evidence> {
        if self.environments.len() >= 2 {
            self.evidence.extend(self.environments.into_values());
        }
        self.evidence
    }
}

/// What an object is evidence of by its kind alone.
fn practices(object: &Object) -> &'static [Practice] {
    use Practice::{
        AutomatedCompliance, AutomatedDeployment, GitOps, GoldenPaths, Objectives, PolicyAsCode, Portal, SelfService,
    };
    let kind = object.kind.as_str();
    match object.group() {
        "argoproj.io" if matches!(kind, "Application" | "ApplicationSet") => &[AutomatedDeployment, GitOps],
        "kustomize.toolkit.fluxcd.io" | "helm.toolkit.fluxcd.io" => &[AutomatedDeployment, GitOps],
        "source.toolkit.fluxcd.io" if kind == "GitRepository" => &[GitOps],
        "kyverno.io" if matches!(kind, "ClusterPolicy" | "Policy") => &[PolicyAsCode],
        "policies.kyverno.io" | "constraints.gatekeeper.sh" | "templates.gatekeeper.sh" | "policies.kubewarden.io" => {
            &[PolicyAsCode]
        }
        "admissionregistration.k8s.io" if kind.starts_with("ValidatingAdmissionPolicy") => &[PolicyAsCode],
        "backstage.io" => &[Portal],
        "scaffolder.backstage.io" => &[GoldenPaths],
        "apiextensions.crossplane.io" if matches!(kind, "Composition" | "CompositeResourceDefinition") => {
            let claims = object.node.get("spec").and_then(|spec| spec.get("claimNames"));
            if claims.is_some() { &[GoldenPaths, SelfService] } else { &[GoldenPaths] }
        }
        "capsule.clastix.io" if kind == "Tenant" => &[SelfService],
        "hnc.x-k8s.io" if kind == "SubnamespaceAnchor" => &[SelfService],
        "sloth.slok.dev" | "pyrra.dev" | "openslo" | "openslo.com" => &[Objectives],
        "wgpolicyk8s.io" | "openreports.io" if kind.ends_with("Report") => &[AutomatedCompliance],
        _ => &[],
    }
}

/// Where a GitOps object takes its configuration from.
fn source_urls(object: &Object) -> Vec<&Node> {
    let spec = object.node.get("spec");
    match (object.group(), object.kind.as_str()) {
        ("argoproj.io", "Application" | "ApplicationSet") => {
            // An ApplicationSet's template, its own sources and its generators all name repositories.
            let mut urls = Vec::new();
            if let Some(spec) = spec {
                collect(spec, &["repoURL"], &mut urls);
            }
            urls
        }
        ("source.toolkit.fluxcd.io", "GitRepository" | "OCIRepository") => {
            spec.and_then(|spec| spec.get("url")).into_iter().filter(|url| url.as_str().is_some()).collect()
        }
        _ => Vec::new(),
    }
}

fn collect<'a>(node: &'a Node, keys: &[&str], found: &mut Vec<&'a Node>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, keys, found)),
        Value::Mapping(entries) => {
            for entry in entries {
                if keys.contains(&&*entry.key) && entry.value.as_str().is_some() {
                    found.push(&entry.value);
                }
                collect(&entry.value, keys, found);
            }
        }
        _ => {}
    }
}

/// A URL without the password that may stand in it.
fn without_secrets(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// SLO recording rules: records that begin with `slo:`, or Sloth's label.
fn has_objective(rules: &Node) -> bool {
    let mut found = Vec::new();
    collect(rules, &["record", "sloth_service"], &mut found);
    let labelled = |key: &str| {
        let mut labels = Vec::new();
        collect(rules, &[key], &mut labels);
        !labels.is_empty()
    };
    found.iter().filter_map(|node| node.as_str()).any(|record| record.starts_with("slo:")) || labelled("sloth_service")
}

/// A Kyverno policy that makes something for every new namespace.
fn is_generating_for_namespaces(object: &Object) -> bool {
    if object.group() != "kyverno.io" {
        return false;
    }
    let rules = object.node.get("spec").and_then(|spec| spec.get("rules"));
    let Some(Value::Sequence(rules)) = rules.map(|rules| &rules.value) else { return false };
    rules.iter().any(|rule| {
        let mut kinds = Vec::new();
        rule.get("match").into_iter().for_each(|matched| lists(matched, "kinds", &mut kinds));
        rule.get("generate").is_some() && kinds.contains(&"Namespace")
    })
}

/// The strings of all lists under this key.
fn lists<'a>(node: &'a Node, key: &str, found: &mut Vec<&'a str>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| lists(item, key, found)),
        Value::Mapping(entries) => {
            for entry in entries {
                match &entry.value.value {
                    Value::Sequence(items) if &*entry.key == key => found.extend(items.iter().filter_map(Node::as_str)),
                    _ => lists(&entry.value, key, found),
                }
            }
        }
        _ => {}
    }
}

/// A workload that runs one of the tools, or a release of its chart.
fn is_cost_tool(object: &Object) -> bool {
    let mut names = Vec::new();
    collect(&object.node, &["image", "chart"], &mut names);
    let words = names.iter().filter_map(|node| node.as_str()).flat_map(|name| name.split(['/', ':', '@']));
    words.into_iter().any(|word| COST_TOOLS.iter().any(|tool| word == *tool || word.starts_with(&format!("{tool}-"))))
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key)?.as_str()
}
