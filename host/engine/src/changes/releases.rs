//! Which objects were rendered, and which of their fields are compared in what was rendered of them.
//!
//! The module must not know what a field may be.

use std::collections::HashSet;

use super::version::{Deployed, Version};
use crate::manifest::{Covered, Object};

/// The objects of one version of which all that they deploy was rendered.
pub struct Releases<'a> {
    version: Version<'a>,
    /// Their files, and the lines at which they begin.
    covered: HashSet<(&'a str, u32)>,
}

impl<'a> Releases<'a> {
    /// Those of all renderings.
    pub fn new(version: Version<'a>) -> Self {
        let renderings = version.input.files().iter().filter_map(|file| file.manifest.rendering());
        let covered = renderings.flat_map(|rendering| &rendering.covers).filter_map(|covered| match covered {
            Covered::Object { file, line } => Some((file.as_str(), *line)),
            Covered::Folder(_) => None,
        });
        Self { version, covered: covered.collect() }
    }

    /// Whether an object is one of them.
    pub fn has(&self, deployed: &Deployed<'_>) -> bool {
        self.version.input.file(deployed.subject.file).is_some_and(|file| {
            let at = deployed.subject.object.node.locate(&[]).start;
            self.covered.contains(&(file.manifest.name.as_str(), file.manifest.source.position(at).line))
        })
    }
}

/// Whether a field does nothing but set values, or images, for what is rendered.
pub fn is_value(object: &Object, path: &str) -> bool {
    let fields: &[&str] = match (object.group(), object.kind.as_str()) {
        // Of several sources, one may have been rendered, and another one not.
        ("argoproj.io", "Application") => &[
            "spec.source.helm.parameters",
            "spec.source.helm.valueFiles",
            "spec.source.helm.values",
            "spec.source.helm.valuesObject",
            "spec.source.kustomize.images",
        ],
        ("helm.toolkit.fluxcd.io", "HelmRelease") => &["spec.values"],
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => &["spec.images", "spec.postBuild.substitute"],
        _ => &[],
    };
    let is_at = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
    fields.iter().any(|field| path.strip_prefix(field).is_some_and(is_at))
}
