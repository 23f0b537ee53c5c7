//! Which objects were rendered, and which of their fields are compared in what was rendered of them.
//!
//! The module must not know what a field may be.

use std::collections::HashSet;

use super::version::{Deployed, Version};
use crate::manifest::{Covered, Node, Object, Value};
use crate::unchecked::Source;

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

    /// Whether an object is one of them, and nothing of it was left out.
    pub fn has(&self, deployed: &Deployed<'_>) -> bool {
        let object = deployed.subject.object;
        let is_it = |source: &Source| match source {
            Source::Object { kind, name } => object.kind == *kind && object.display_name() == *name,
            _ => false,
        };
        let is_covered = self.version.input.file(deployed.subject.file).is_some_and(|file| {
            let at = object.node.locate(&[]).start;
            self.covered.contains(&(file.manifest.name.as_str(), file.manifest.source.position(at).line))
        });
        is_covered && !self.version.input.unchecked().iter().any(|unchecked| is_it(&unchecked.source))
    }
}

/// Where a template of Applications has values and images for what is rendered.
const OF_TEMPLATE: [&str; 5] = [
    "spec.template.spec.source.helm.parameters",
    "spec.template.spec.source.helm.valueFiles",
    "spec.template.spec.source.helm.values",
    "spec.template.spec.source.helm.valuesObject",
    "spec.template.spec.source.kustomize.images",
];

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
        ("argoproj.io", "ApplicationSet") => return is_element(&object.node.look(), path),
        _ => &[],
    };
    let is_at = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
    fields.iter().any(|field| path.strip_prefix(field).is_some_and(is_at))
}

/// Whether an element of a list has it under a key that the set fills in among values and images, and nowhere else.
fn is_element(set: &Node, path: &str) -> bool {
    let Some((_, key)) = path.rsplit_once(".list.elements.") else { return false };
    set.get("spec").is_some_and(|spec| !is_filled_in(spec, "spec", key))
}

/// Whether a text of a set outside of values may have what stands under the key. An action that is more than a name may have any.
pub fn is_filled_in(node: &Node, at: &str, key: &str) -> bool {
    let has = |text: &str| {
        text.split("{{").skip(1).any(|part| {
            let name = part.split("}}").next().unwrap_or_default().trim().trim_start_matches('.');
            let is_plain =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.[]-".contains(&byte));
            !is_plain || name.split(['.', '[']).next() == key.split(['.', '[']).next()
        })
    };
    match &node.value {
        Value::String(text) => has(text),
        Value::Sequence(items) => items.iter().any(|item| is_filled_in(item, at, key)),
        Value::Mapping(entries) => entries.iter().any(|entry| {
            let at = format!("{at}.{}", entry.key);
            let is_value = OF_TEMPLATE.contains(&at.as_str()) || at.ends_with(".list.elements");
            !is_value && (has(&entry.key) || is_filled_in(&entry.value, &at, key))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    #[test]
    fn an_element_is_a_value_where_it_is_filled_in_as_one_alone() {
        for (template, is_it) in [
            ("{source: {path: 'web/{{env}}', kustomize: {images: ['web:{{tag}}']}}}", true),
            ("{source: {path: web, helm: {valuesObject: {image: {tag: '{{ .tag }}'}}}}}", true),
            ("{source: {path: web, helm: {parameters: [{name: tag, value: '{{ .tag | quote }}'}]}}}", true),
            ("{source: {path: web, targetRevision: '{{tag}}'}}", false),
            ("{project: '{{ .tag }}', source: {path: web}}", false),
            ("{project: '{{ index . \"tag\" }}', source: {path: web}}", false),
            ("{sources: [{path: web, kustomize: {images: ['web:{{tag}}']}}]}", false),
            ("{source: {path: web}, info: {'{{tag}}': a}}", false),
        ] {
            let text = format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: a}}\nspec: {{generators: [{{list: \
                 {{elements: [{{env: a, tag: '1'}}]}}}}], template: {{metadata: {{name: 'web-{{{{env}}}}'}}, spec: {template}}}}}\n"
            );
            let manifest = read("a.yaml", text.into(), &Limits::default());
            let set = manifest.objects().next().unwrap();
            assert_eq!(is_value(set, "spec.generators.list.elements.tag"), is_it, "{template}");
            assert!(!is_value(set, "spec.generators.list.elements.env"), "{template}");
            assert!(!is_value(set, "spec.template.spec.project"), "{template}");
        }
    }
}
