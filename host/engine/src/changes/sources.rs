//! Which files of a repository something that was not rendered may be made of.
//!
//! What an object has fetched from elsewhere stays what it is as long as the object and those files do. The module must not
//! know that there is another version.

use std::collections::{HashMap, HashSet};

use super::version::Version;
use crate::manifest::{Node, Object, Value};
use crate::paths::{normal, resolve};
use crate::unchecked::{Source, Unchecked};

/// All of a repository.
const ALL: &str = "";

/// Keys under which objects that deploy name paths of a repository.
const PATHS: [&str; 6] = ["chart", "components", "path", "paths", "valueFiles", "valuesFiles"];

/// Keys under which they have what they write into other objects.
const TEXTS: [&str; 5] = ["parameters", "patches", "patchesJson6902", "values", "valuesObject"];

/// The sources of one version.
pub struct Sources<'a> {
    version: Version<'a>,
    /// By their folders.
    kustomizations: HashMap<String, Vec<&'a Object>>,
}

impl<'a> Sources<'a> {
    /// Those of all files.
    #[must_use]
    pub fn new(version: Version<'a>) -> Self {
        Self { version, kustomizations: version.kustomizations() }
    }

    /// The files and folders from the root of the repository, which is itself the empty one.
    #[must_use]
    pub fn of(&self, unchecked: &Unchecked) -> Vec<String> {
        let Some(file) = self.version.input.file(unchecked.file) else { return vec![ALL.to_owned()] };
        let name = normal(self.version.path(&file.manifest.name));
        match &unchecked.source {
            Source::Chart(folder) => vec![normal(self.version.path(folder))],
            Source::Kustomization(folder) => self.of_kustomization(normal(self.version.path(folder))),
            Source::Template => vec![name],
            Source::Object { kind, name: of } => {
                let is_it = |object: &&Object| object.kind == *kind && object.display_name() == *of;
                let objects: Vec<&Object> = file.manifest.objects().filter(is_it).collect();
                let mut found = vec![name];
                objects.iter().for_each(|object| named("", &object.node.look(), &mut found));
                let is_known = matches!(
                    kind.as_str(),
                    "Application" | "ApplicationSet" | "HelmChart" | "HelmRelease" | "Kustomization" | "Template"
                );
                if is_known && !objects.is_empty() { found } else { vec![ALL.to_owned()] }
            }
            Source::Helmfile => vec![ALL.to_owned()],
        }
    }

    /// The folder with all that it refers to, and what that refers to.
    fn of_kustomization(&self, folder: String) -> Vec<String> {
        let mut found = HashSet::new();
        let mut waiting = vec![folder];
        while let Some(place) = waiting.pop() {
            if !found.insert(place.clone()) {
                continue;
            }
            for object in self.kustomizations.get(&place).into_iter().flatten() {
                references(&place, &object.node.look(), &mut waiting);
            }
        }
        found.into_iter().collect()
    }
}

/// Each text as a path from a folder: what is no path leads nowhere.
fn references(folder: &str, node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::String(text) if !text.contains("://") && !text.contains('\n') => found.push(resolve(folder, text)),
        Value::Sequence(items) => items.iter().for_each(|item| references(folder, item, found)),
        Value::Mapping(entries) => entries.iter().for_each(|entry| references(folder, &entry.value, found)),
        _ => {}
    }
}

/// The paths that stand under their keys.
fn named(key: &str, node: &Node, found: &mut Vec<String>) {
    match &node.value {
        // The name of a chart is no path.
        Value::String(text) if PATHS.contains(&key) && (key != "chart" || text.contains('/')) => {
            found.extend(fixed(text));
        }
        Value::Sequence(items) => items.iter().for_each(|item| named(key, item, found)),
        Value::Mapping(entries) => {
            let entries = entries.iter().filter(|entry| !TEXTS.contains(&&*entry.key));
            entries.for_each(|entry| named(&entry.key, &entry.value, found));
        }
        _ => {}
    }
}

/// A path of a repository as far as it is fixed; none where it is an address, or what a generator has found, which names its
/// own paths.
fn fixed(text: &str) -> Option<String> {
    let variable = text.strip_prefix("{{").map(|rest| rest.trim_start().trim_start_matches('.'));
    if text.contains("://") || variable.is_some_and(|name| name.starts_with("path")) {
        return None;
    }
    // `$values/web.yaml` is a path of another source.
    let text = text
        .strip_prefix('$')
        .filter(|rest| !rest.starts_with('{'))
        .map_or(text, |rest| rest.split_once('/').map_or(ALL, |(_, path)| path));
    let end = ["{{", "${", "*", "?", "["].iter().filter_map(|sign| text.find(sign)).min();
    let path = match end.and_then(|end| text.get(..end)) {
        Some(start) => start.rsplit_once('/').map_or(ALL, |(folder, _)| folder),
        None => text,
    };
    // From which folder it leads up is not known.
    let is_up = path.split('/').any(|step| step == "..");
    Some(if is_up { ALL.to_owned() } else { normal(path.trim_start_matches('/')) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    #[test]
    fn the_paths_that_an_object_deploys_from_are_found() {
        for (spec, wanted) in [
            ("{source: {repoURL: 'https://charts.example.com', chart: web, targetRevision: 1.0.0}}", &[][..]),
            ("{source: {path: ./deploy/}}", &["deploy"]),
            ("{source: {path: .}}", &[""]),
            ("{source: {path: charts/web, helm: {valueFiles: [values.yaml]}}}", &["charts/web", "values.yaml"]),
            ("{sources: [{chart: web, helm: {valueFiles: [$values/web/a.yaml]}}, {ref: values}]}", &["web/a.yaml"]),
            ("{source: {path: charts/web, helm: {valueFiles: [../a.yaml]}}}", &["charts/web", ""]),
            ("{source: {chart: web, helm: {valuesObject: {ingress: {path: /}}, parameters: [{name: path}]}}}", &[]),
            ("{template: {spec: {source: {path: 'services/{{name}}/a'}}}}", &["services"]),
            (
                "{generators: [{git: {directories: [{path: services/*}]}}], source: {path: '{{ .path.path }}'}}",
                &["services"],
            ),
            ("{source: {path: '{{folder}}'}}", &[""]),
            ("{chart: {spec: {chart: ./charts/web}}}", &["charts/web"]),
        ] {
            let text =
                format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a}}\nspec: {spec}\n");
            let manifest = read("a.yaml", text.into(), &Limits::default());
            let mut found = Vec::new();
            named("", &manifest.objects().next().unwrap().node.look(), &mut found);
            assert_eq!(found, wanted, "{spec}");
        }
    }
}
