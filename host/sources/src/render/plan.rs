//! What there is to render: charts and kustomizations that nobody else here deploys, each in every environment that it has.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use engine::manifest::{Covered, Node};

use super::catalog::{Catalog, Chart};
use super::chart::{Release, Values};
use super::failure::Failure;
use super::kustomization::Over;
use super::names;

/// One rendering that is to be made.
#[derive(Debug)]
pub struct Job {
    /// What people call the environment.
    pub environment: String,
    /// What to call the rendered text.
    pub name: String,
    /// The folder that it stands for.
    pub folder: String,
    /// Who says so, and on which line.
    pub file: String,
    pub line: u32,
    pub covers: Vec<Covered>,
    /// The namespace of objects that name none.
    pub namespace: Option<String>,
    pub project: usize,
    pub what: What,
    /// Whether it may fail as long as another environment of the same chart does not.
    pub is_default: bool,
}

/// What to render.
#[derive(Debug)]
pub enum What {
    Release(Release),
    Kustomization {
        folder: PathBuf,
        over: Option<Over>,
    },
    /// Nothing, for this reason.
    Nothing(Failure),
}

impl Catalog<'_> {
    /// What is rendered of the charts and kustomizations that nobody else deploys; `deployed` are the folders of those
    /// that an Application or the like does, and `roots` those that are deployed whoever refers to them.
    pub fn jobs(&self, deployed: &BTreeSet<PathBuf>, roots: &[PathBuf]) -> Vec<Job> {
        let (parts, mut bases) = (self.parts(), self.bases());
        roots.iter().filter_map(|root| fs::canonicalize(root).ok()).for_each(|root| _ = bases.remove(&root));
        let is_root = |folder: &PathBuf| !parts.contains(folder) && !deployed.contains(folder);
        let charts = self.charts.values().filter(|chart| is_root(&chart.folder) && !chart.is_library());
        let mut jobs: Vec<Job> = charts.flat_map(|chart| self.releases(chart)).collect();
        for (folder, (file, node)) in &self.kustomizations {
            let is_component = node.get("kind").and_then(Node::as_str) == Some("Component");
            let is_in_chart = self.charts.keys().any(|chart| folder.starts_with(chart.join("templates")));
            if is_component || is_in_chart || bases.contains(folder) || deployed.contains(folder) {
                continue;
            }
            let shown = self.tree.shown(folder);
            jobs.push(Job {
                environment: environment_of(&shown),
                name: format!("{} (kustomize build)", or_here(&shown)),
                covers: vec![Covered::Folder(shown.clone())],
                folder: shown,
                file: file.manifest.name.clone(),
                line: 1,
                namespace: None,
                project: file.project,
                what: What::Kustomization { folder: folder.clone(), over: None },
                is_default: false,
            });
        }
        jobs
    }

    /// A release of the chart for its own values and one for each of its environments.
    fn releases(&self, chart: &Chart<'_>) -> Vec<Job> {
        let shown = self.tree.shown(&chart.folder);
        let mut environments = vec![("default".to_owned(), Vec::new())];
        let beside = self.files.iter().filter(|known| known.real.parent() == Some(&chart.folder));
        environments.extend(beside.filter_map(|known| {
            let name = values_environment(known.real.file_name()?.to_str()?)?;
            Some((name.to_owned(), vec![Values::File(known.real.clone())]))
        }));
        let jobs = environments.into_iter().map(|(environment, values)| {
            let is_default = values.is_empty();
            let folder = if is_default { "values".to_owned() } else { format!("values-{environment}") };
            let of = if is_default { String::new() } else { format!(", {environment}") };
            let name = names::release_of(chart.name());
            Job {
                name: format!("{} (helm template{of})", or_here(&shown)),
                folder: if matches!(&*shown, "" | ".") { folder } else { format!("{shown}/{folder}") },
                environment,
                file: chart.file.manifest.name.clone(),
                line: 1,
                covers: vec![Covered::Folder(shown.clone())],
                namespace: None,
                project: chart.file.project,
                what: What::Release(Release { chart: chart.folder.clone(), name, values, ..Release::default() }),
                is_default,
            }
        });
        jobs.collect()
    }
}

/// The environment that a file of values is for, by its name: `values-production.yaml`, `values.production.yaml`,
/// `production-values.yaml`.
fn values_environment(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml"))?;
    let name =
        stem.strip_prefix("values-").or_else(|| stem.strip_prefix("values.")).or_else(|| stem.strip_prefix("values_"));
    name.or_else(|| stem.strip_suffix("-values"))
        .or_else(|| stem.strip_suffix(".values"))
        .filter(|name| !name.is_empty())
}

/// What people call the environment that a folder is for.
pub fn environment_of(shown: &str) -> String {
    match shown.rsplit('/').next().unwrap_or_default() {
        "" | "." | ".." => "default".to_owned(),
        name => name.to_owned(),
    }
}

pub fn or_here(shown: &str) -> &str {
    if shown.is_empty() { "." } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_told_by_the_names_of_files() {
        for (file, environment) in [
            ("values-production.yaml", Some("production")),
            ("values.staging.yml", Some("staging")),
            ("dev-values.yaml", Some("dev")),
            ("values.yaml", None),
            ("values.schema.json", None),
            ("values-.yaml", None),
            ("other.yaml", None),
        ] {
            assert_eq!(values_environment(file), environment, "{file}");
        }
        assert_eq!(
            (environment_of("overlays/production"), environment_of("")),
            ("production".into(), "default".into())
        );
    }
}
