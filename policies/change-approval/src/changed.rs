//! One object of a change, and the kinds of changes.
//!
//! The module must not know what makes a change one of a kind.

use sdk::prelude::*;
use sdk::{api_group, workload_kind};

/// The kinds of changes, from the least to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Configuration,
    Image,
    NewService,
    Platform,
    ClusterUpgrade,
}

impl Class {
    pub const ALL: [Self; 5] =
        [Self::Configuration, Self::Image, Self::NewService, Self::Platform, Self::ClusterUpgrade];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Image => "image",
            Self::NewService => "new-service",
            Self::Platform => "platform",
            Self::ClusterUpgrade => "cluster-upgrade",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A class, and why.
pub type Decided = (Class, String);

/// One object that differs.
#[derive(Clone, Copy)]
pub struct Changed<'a> {
    pub field: Field<'a>,
    pub group: &'a str,
    pub kind: &'a str,
}

impl<'a> Changed<'a> {
    pub fn new(field: Field<'a>) -> Self {
        let text = |field: Field<'a>| field.str().unwrap_or_default();
        Self { field, group: api_group(text(field.get("apiVersion"))), kind: text(field.get("kind")) }
    }

    pub fn text(self, key: &'a str) -> &'a str {
        self.field.get(key).str().unwrap_or_default()
    }

    pub fn is(self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// The kind and the name, as people call it.
    pub fn label(self) -> String {
        let (namespace, name) = (self.text("namespace"), self.text("name"));
        if name.is_empty() {
            return self.kind.to_owned();
        }
        let slash = if namespace.is_empty() { "" } else { "/" };
        format!("{} {namespace}{slash}{name}", self.kind)
    }

    /// Where the pods of a workload are described.
    pub fn template(self) -> Option<Field<'a>> {
        self.template_of("newObject")
    }

    fn template_of(self, object: &'a str) -> Option<Field<'a>> {
        let kind = workload_kind(self.group, self.kind)?;
        Some(kind.template.iter().fold(self.field.get(object), |field, step| field.get(step)))
    }

    /// Whether the pods of a workload took this Secret before the change.
    pub fn took_secret(self, name: &str) -> bool {
        let Some(pod) = self.template_of("oldObject").map(|template| template.get("spec")) else { return false };
        let is_it = |of: Field<'_>, path| of.get(path).str() == Some(name);
        let mut containers = ["containers", "initContainers"].into_iter().flat_map(|list| pod.get(list).items());
        containers.any(|container| {
            container.get("env").items().any(|of| is_it(of, "valueFrom.secretKeyRef.name"))
                || container.get("envFrom").items().any(|of| is_it(of, "secretRef.name"))
        }) || pod.get("volumes").items().any(|of| is_it(of, "secret.secretName"))
    }

    /// The path from the spec of the pods, if it leads there.
    pub fn in_pod(self, path: &str) -> Option<&str> {
        let template = workload_kind(self.group, self.kind)?.template;
        let steps = template.iter().copied().chain(["spec"]);
        steps.into_iter().try_fold(path, |path, step| path.strip_prefix(step)?.strip_prefix('.'))
    }

    /// The namespace that an Application or the like deploys to, where it says it.
    pub fn destination(self) -> Option<&'a str> {
        let object = self.field.get("newObject");
        let destination = match (self.group, self.kind) {
            ("argoproj.io", "Application") => object.get("spec.destination.namespace"),
            ("argoproj.io", "ApplicationSet") => object.get("spec.template.spec.destination.namespace"),
            ("kustomize.toolkit.fluxcd.io", "Kustomization") | ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                object.get("spec.targetNamespace")
            }
            _ => return None,
        };
        destination.str().filter(|name| !name.is_empty() && !sdk::text::holds(name, "{{"))
    }

    /// The namespace that it is in, or deploys to; empty where it is in none.
    pub fn home(self) -> &'a str {
        if self.group == "backstage.io" || self.is("", "Namespace") {
            return "";
        }
        self.destination().unwrap_or_else(|| self.text("namespace"))
    }
}
