//! What each practice leaves behind in a repository, and where it was found.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;
use super::pipelines::{Step, steps};
use super::{Evidence, Practice};
use crate::input::Input;
use crate::manifest::kustomization::is_file_name;
use crate::manifest::{Content, Document, Manifest, Node, Object, Value};
use crate::promotion::{Environments, Stage, is_of_other_tool, named, versions};

/// All evidence, in the order of the input. `roots` are the folders that were asked for, as files are named.
pub(super) fn find(input: &Input, catalog: &Catalog, roots: &[String]) -> Vec<Evidence> {
    let mut finder = Finder { catalog, evidence: Vec::new(), environments: BTreeMap::new(), promoted: BTreeMap::new() };
    let below = |name: &'_ str| {
        let rests = roots.iter().filter_map(|root| name.strip_prefix(root.as_str())?.strip_prefix('/').map(str::len));
        rests.min().map_or(0, |rest| name.len() - rest)
    };
    for manifest in input.files().iter().map(|file| &file.manifest) {
        let path = manifest.name.get(below(&manifest.name)..).unwrap_or_default();
        if catalog.is_sample(path) {
            continue;
        }
        finder.promoted(path, manifest);
        for document in &manifest.documents {
            finder.document(path, manifest, document);
        }
    }
    finder.finish()
}

struct Finder<'a> {
    catalog: &'a Catalog,
    evidence: Vec<Evidence>,
    /// By environment, as the rule about promotions calls it, where it was first seen.
    environments: BTreeMap<String, Evidence>,
    /// The same of those that promotions go through.
    promoted: BTreeMap<Stage, Evidence>,
}

impl Finder<'_> {
    fn add(&mut self, manifest: &Manifest, line: u32, practice: Practice, what: String) {
        self.evidence.push(Evidence { practice, what, file: manifest.name.clone(), line });
    }

    fn document(&mut self, path: &str, manifest: &Manifest, document: &Document) {
        for step in steps(manifest, document) {
            self.step(manifest, &step);
        }
        for object in document.objects() {
            self.object(manifest, object);
        }
        let line = manifest.source.position(document.span.start).line;
        self.environment(path, manifest, document, line);
        let Content::Other(node) = &document.content else { return };
        let name = manifest.name.rsplit('/').next().unwrap_or_default();
        for practice in self.catalog.of_file(name) {
            self.add(manifest, line, practice, format!("a {name}"));
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
        for practice in self.catalog.of_step(step) {
            if !(is_dry && practice == Practice::AutomatedDeployment) {
                self.add(manifest, step.line, practice, format!("a pipeline runs {}", step.text()));
            }
        }
    }

    fn object(&mut self, manifest: &Manifest, object: &Object) {
        let line = manifest.source.position(object.node.locate(&[]).start).line;
        let what = object.label_in_namespace();
        for practice in self.catalog.of_object(object) {
            self.add(manifest, line, practice, what.clone());
        }
        if has_claims(object) {
            self.add(manifest, line, Practice::SelfService, what.clone());
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
        let mut images = Vec::new();
        collect(&object.node, &["image", "chart"], &mut images);
        let practices = images.iter().filter_map(|node| node.as_str()).flat_map(|name| self.catalog.of_image(name));
        for practice in practices.collect::<BTreeSet<_>>() {
            self.add(manifest, line, practice, what.clone());
        }
    }

    /// A kustomization in the folder of an environment, or a values file for one. What the rule about promotions takes for the
    /// same environment is the same here: `prod` and `production`.
    fn environment(&mut self, path: &str, manifest: &Manifest, document: &Document, line: u32) {
        if is_of_other_tool(path) {
            return;
        }
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let environment = if is_file_name(file) {
            folder.rsplit('/').find(|folder| self.catalog.is_environment(folder))
        } else if matches!(document.content, Content::Other(_)) {
            let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or_default();
            let named = ["values-", "values.", "values_"].iter().find_map(|prefix| stem.strip_prefix(prefix));
            let named = named.or_else(|| (stem == "values").then(|| folder.rsplit('/').next()).flatten());
            named.filter(|name| self.catalog.is_environment(name))
        } else {
            None
        };
        if let Some(environment) = environment {
            let stage = Environments::default().place(environment).map(|(stage, _)| stage.name());
            let known = stage.unwrap_or(environment).to_owned();
            self.environments.entry(known).or_insert(of_environment(environment, manifest, line));
        }
    }

    /// What is promoted from one environment to another, read as for the rule about promotions.
    fn promoted(&mut self, path: &str, manifest: &Manifest) {
        for named in named(path, &versions(manifest), &Environments::default()) {
            let line = manifest.source.position(named.version.span.start).line;
            let evidence = || of_environment(named.stage.name(), manifest, line);
            self.promoted.entry(named.stage).or_insert_with(evidence);
        }
    }

    /// One environment is not enough: there is nothing to promote between.
    fn finish(mut self) -> Vec<Evidence> {
        for (stage, evidence) in std::mem::take(&mut self.promoted) {
            self.environments.entry(stage.name().to_owned()).or_insert(evidence);
        }
        if self.environments.len() >= 2 {
            self.evidence.extend(self.environments.into_values());
        }
        self.evidence
    }
}

fn of_environment(environment: &str, manifest: &Manifest, line: u32) -> Evidence {
    let what = format!("a configuration for {environment}");
    Evidence { practice: Practice::Environments, what, file: manifest.name.clone(), line }
}

/// A definition of Crossplane's from which teams make what they need by themselves.
fn has_claims(object: &Object) -> bool {
    object.group() == "apiextensions.crossplane.io"
        && object.kind == "CompositeResourceDefinition"
        && object.node.get("spec").is_some_and(|spec| spec.get("claimNames").is_some())
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

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key)?.as_str()
}
