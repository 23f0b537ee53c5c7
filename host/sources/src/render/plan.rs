//! What there is to render: charts and kustomizations that nobody else here deploys, each in every environment that it has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::manifest::{Covered, Node, Value};
use engine::{Unrendered, shell_word};

use super::catalog::{Catalog, Chart, Known};
use super::chart::{Release, Values};
use super::failure::{Failure, Why};
use super::kustomization::Over;
use super::mark;
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
    pub need: Need,
}

/// Whether it matters that a rendering fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It does.
    Always,
    /// As long as no other environment of the same chart is rendered.
    Default,
    /// It does not: it was tried where nothing else of a chart is rendered, which is told.
    Trial,
}

/// What to render.
#[derive(Debug)]
pub enum What {
    Release(Box<Release>),
    Kustomization {
        folder: PathBuf,
        over: Option<Box<Over>>,
    },
    /// Nothing, for this reason.
    Nothing(Failure),
}

impl What {
    /// The folder that is rendered.
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Release(release) => Some(&release.chart),
            Self::Kustomization { folder, .. } => Some(folder),
            Self::Nothing(_) => None,
        }
    }
}

impl Job {
    /// What is not known of this one although it was done, as a job by itself.
    pub fn left(&self, why: &Why) -> Self {
        let is_object = |covered: &&Covered| matches!(covered, Covered::Object { .. });
        Self {
            environment: self.environment.clone(),
            name: self.name.clone(),
            folder: self.folder.clone(),
            file: self.file.clone(),
            line: self.line,
            covers: self.covers.iter().filter(is_object).cloned().collect(),
            namespace: None,
            project: self.project,
            what: What::Nothing(why.clone().into()),
            need: Need::Always,
        }
    }

    /// The command that renders the same by hand: always, or only where the folder alone does not say it.
    pub fn advice(&self, always: bool) -> Option<String> {
        let (What::Release(release), [Covered::Folder(chart)]) = (&self.what, self.covers.as_slice()) else {
            return None;
        };
        let values = release.values.iter().filter_map(|values| match values {
            Values::File(path) => Some(path.strip_prefix(&release.chart).ok()?.to_str()?),
            Values::Inline { .. } => None,
        });
        let chart = or_here(chart);
        let values: Vec<String> = values.map(|path| with_values(chart, path)).collect();
        let command = format!("helm template {}{} | seaworthy check -", shell_word(chart), values.concat());
        (always || !values.is_empty()).then_some(command)
    }
}

impl Catalog<'_> {
    /// The kustomizations that nobody else builds or deploys; `deployed` are the folders of those that an Application or
    /// the like does, and `roots` those that are deployed whoever refers to them.
    pub fn builds(&self, deployed: &BTreeSet<PathBuf>, roots: &[PathBuf]) -> Vec<Job> {
        let mut bases = self.bases();
        roots.iter().filter_map(|root| fs::canonicalize(root).ok()).for_each(|root| _ = bases.remove(&root));
        let mut jobs = Vec::new();
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
                need: Need::Always,
            });
        }
        jobs
    }

    /// The charts that nobody else deploys.
    pub fn own_charts(&self, deployed: &BTreeSet<PathBuf>) -> Vec<&Chart<'_>> {
        let parts = self.parts();
        let is_own = |chart: &&Chart<'_>| {
            !parts.contains(&chart.folder) && !deployed.contains(&chart.folder) && !chart.is_library()
        };
        self.charts.values().filter(is_own).collect()
    }

    /// A release of the chart for its own values and one for each of its environments, below whose values are those that they
    /// share. Without an environment, these have a release of their own.
    pub fn releases(&self, chart: &Chart<'_>) -> Vec<Job> {
        let named = self.without_objects(chart).into_iter().filter_map(|(path, known)| Some((name_in(path)?, known)));
        let (mut shared, environments): (Vec<_>, Vec<_>) = named.partition(|(name, _)| is_shared(name));
        shared.sort_by_key(|(_, known)| known.real.iter().count());
        let values = |own: Option<&Known<'_>>| -> Vec<Values> {
            let below = shared.iter().map(|(_, known)| Values::File(known.real.clone()));
            below.chain(own.map(|known| Values::File(known.real.clone()))).collect()
        };
        let own = self.release(chart, "default", Vec::new(), Need::Default);
        let mut seen = BTreeSet::from([own.environment.clone()]);
        let mut jobs = vec![own];
        for (name, known) in environments {
            // Two files of one name are two environments.
            let is_first = seen.insert(name.clone());
            let name = if is_first { name } else { format!("{name} ({})", shown_in(chart, known)) };
            jobs.push(self.release(chart, &name, values(Some(known)), Need::Always));
        }
        if jobs.len() == 1 && !shared.is_empty() {
            let names: Vec<&str> = shared.iter().map(|(name, _)| name.as_str()).collect();
            jobs.push(self.release(chart, &names.join("+"), values(None), Need::Always));
        }
        jobs
    }

    /// The files of a chart that look like values for it, beside those that releases read.
    pub fn unread(&self, chart: &Chart<'_>, read: &BTreeSet<PathBuf>) -> Vec<Unrendered> {
        let files = self.without_objects(chart);
        let own = files.iter().find(|(path, _)| *path == Path::new("values.yaml"));
        let own = own.and_then(|(_, known)| node_in(known));
        let is_unread = |path: &Path, known: &Known<'_>| {
            !read.contains(&known.real) && node_in(known).is_some_and(|node| looks_like_values(path, node, own))
        };
        let folder = self.tree.shown(&chart.folder);
        let folder = or_here(&folder);
        let told = files.iter().filter(|(path, known)| is_unread(path, known)).map(|(_, known)| {
            let values = with_values(folder, &shown_in(chart, known));
            Unrendered {
                file: known.file.manifest.name.clone(),
                line: 1,
                covers: Vec::new(),
                reason: "nothing here renders the chart with these values".to_owned(),
                advice: Some(format!("helm template {}{values} | seaworthy check -", shell_word(folder))),
                is_refused: false,
            }
        });
        told.collect()
    }

    /// The files of a chart in which no object stands, each with its path there.
    fn without_objects(&self, chart: &Chart<'_>) -> Vec<(&Path, &Known<'_>)> {
        let files = self.files.iter().filter(|known| known.file.manifest.objects().next().is_none());
        files.filter_map(|known| Some((known.real.strip_prefix(&chart.folder).ok()?, known))).collect()
    }

    /// What the tests of a chart release it with, as helm's chart-testing finds that: `ci/*-values.yaml`.
    pub fn trials(&self, chart: &Chart<'_>) -> Vec<Job> {
        let folder = chart.folder.join("ci");
        let files = self.files.iter().filter(|known| known.real.parent() == Some(&folder));
        let trials = files.filter_map(|known| {
            let name = known.real.file_name()?.to_str()?.strip_suffix("-values.yaml")?;
            let values = vec![Values::File(known.real.clone())];
            Some(self.release(chart, &format!("ci/{name}"), values, Need::Trial))
        });
        trials.collect()
    }

    fn release(&self, chart: &Chart<'_>, environment: &str, values: Vec<Values>, need: Need) -> Job {
        let shown = self.tree.shown(&chart.folder);
        let is_default = need == Need::Default;
        let folder = if is_default { "values".to_owned() } else { format!("values-{environment}") };
        let of = if is_default { String::new() } else { format!(", {environment}") };
        let name = names::release_of(chart.name());
        Job {
            environment: environment.to_owned(),
            name: format!("{} (helm template{of})", or_here(&shown)),
            folder: if matches!(&*shown, "" | ".") { folder } else { format!("{shown}/{folder}") },
            file: chart.file.manifest.name.clone(),
            line: 1,
            covers: vec![Covered::Folder(shown)],
            namespace: None,
            project: chart.file.project,
            what: What::Release(Box::new(Release { chart: chart.folder.clone(), name, values, ..Release::default() })),
            need,
        }
    }
}

/// The path of a file in its chart.
fn shown_in(chart: &Chart<'_>, known: &Known<'_>) -> String {
    crate::read::name(known.real.strip_prefix(&chart.folder).unwrap_or(&known.real))
}

/// What stands in a file without objects.
fn node_in<'k>(known: &Known<'k>) -> Option<&'k Node> {
    known.file.manifest.documents.iter().find_map(mark::node_of)
}

/// The flag that gives a file of a chart to helm.
fn with_values(chart: &str, path: &str) -> String {
    format!(" --values {}", shell_word(&format!("{chart}/{path}")))
}

/// Folders of a chart in which people keep values of environments.
const FOLDERS: [&str; 6] = ["env", "environment", "environments", "envs", "values", "overrides"];

/// What people call values that several environments share.
const SHARED: [&str; 3] = ["base", "common", "global"];

/// What the values in a file of a chart are called, mostly after an environment, by its path there: beside the chart's own
/// values, or in a folder for them, as `environments/production.yaml` or `environments/production/values.yaml`.
fn name_in(path: &Path) -> Option<String> {
    let steps: Vec<&str> = path.iter().map(|step| step.to_str()).collect::<Option<_>>()?;
    let name = match steps.as_slice() {
        [file] => values_environment(file),
        [folder, file] if FOLDERS.contains(folder) => values_environment(file).or_else(|| {
            let (stem, ending) = file.rsplit_once('.')?;
            // JSON there is often something else, such as a schema; as values it says so in its name.
            let is_json = ending.eq_ignore_ascii_case("json");
            let is_values = stem.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("values"));
            (is_yaml(ending) && !is_json && !is_values).then(|| stem.to_owned())
        }),
        [folder, environment, file] if FOLDERS.contains(folder) => {
            let is_values = file.rsplit_once('.').is_some_and(|(stem, ending)| stem == "values" && is_yaml(ending));
            is_values.then(|| (*environment).to_owned())
        }
        _ => None,
    };
    name.filter(|name| !name.is_empty())
}

/// Whether values of this name are for several environments.
fn is_shared(name: &str) -> bool {
    name.starts_with('_') || SHARED.iter().any(|shared| name.eq_ignore_ascii_case(shared))
}

/// Whether a file of a chart may be values for it: it is called so, or lies where values of environments do and has a key of
/// the chart's own. What is in `ci/` is for tests, and a schema has no values.
fn looks_like_values(path: &Path, node: &Node, own: Option<&Node>) -> bool {
    let steps: Vec<&str> = path.iter().filter_map(|step| step.to_str()).collect();
    let (is_among_values, file) = match steps.as_slice() {
        ["values.yaml"] => return false,
        [file] => (false, *file),
        [folder, .., file] if FOLDERS.contains(folder) => (true, *file),
        _ => return false,
    };
    let Value::Mapping(entries) = &node.value else { return false };
    let file = file.to_ascii_lowercase();
    let is_data = file.rsplit_once('.').is_some_and(|(stem, ending)| is_yaml(ending) && !stem.contains("schema"));
    let has_own_key = || entries.iter().any(|entry| own.is_some_and(|own| own.get(&entry.key).is_some()));
    is_data && (file.contains("values") || name_in(path).is_some() || is_among_values && has_own_key())
}

fn is_yaml(ending: &str) -> bool {
    matches!(ending.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json")
}

/// The environment that a file of values is for, by its name: `values-production.yaml`, `values.production.yaml`,
/// `production-values.yaml`, in capitals or not, and as JSON too.
fn values_environment(file: &str) -> Option<String> {
    let (stem, ending) = file.rsplit_once('.')?;
    let lower = stem.to_ascii_lowercase();
    let cut = |before: &str, behind: &str| {
        let name = lower.strip_prefix(before)?.strip_suffix(behind)?;
        stem.get(before.len()..before.len() + name.len())
    };
    let affixes =
        [("values-", ""), ("values.", ""), ("values_", ""), ("", "-values"), ("", ".values"), ("", "_values")];
    let name = affixes.iter().find_map(|(before, behind)| cut(before, behind));
    // `values.schema.json` says what values may be.
    name.filter(|name| is_yaml(ending) && !name.is_empty() && *name != "schema").map(str::to_owned)
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
            ("Values-EU.YAML", Some("EU")),
            ("values-eu.json", Some("eu")),
            ("eu_values.yaml", Some("eu")),
            ("values.yaml", None),
            ("values.schema.json", None),
            ("values-.yaml", None),
            ("other.yaml", None),
        ] {
            assert_eq!(values_environment(file).as_deref(), environment, "{file}");
        }
        for (path, environment) in [
            ("values-eu.yaml", Some("eu")),
            ("environments/production.yaml", Some("production")),
            ("values/values-eu.yml", Some("eu")),
            ("env/staging/values.yaml", Some("staging")),
            ("environments/default.yaml", Some("default")),
            ("env/eu/values.json", Some("eu")),
            ("values/values.yaml", None),
            ("values/values2.yaml", None),
            ("environments/common.yaml", None),
            ("environments/Base.yaml", None),
            ("environments/_shared.yaml", None),
            ("environments/global/values.yaml", None),
            ("environments/production.json", None),
            ("values-common.yaml", None),
            ("values/readme.md", None),
            ("env/staging/other.yaml", None),
            ("templates/values-eu.yaml", None),
            ("charts/db/values-eu.yaml", None),
            ("ci/eu-values.yaml", None),
        ] {
            let name = name_in(Path::new(path)).filter(|name| !is_shared(name));
            assert_eq!(name.as_deref(), environment, "{path}");
        }
        for shared in ["values-common.yaml", "values/base.yaml", "environments/_shared.yaml", "env/global/values.yaml"]
        {
            assert!(name_in(Path::new(shared)).is_some_and(|name| is_shared(&name)), "{shared}");
        }
        assert_eq!(
            (environment_of("overlays/production"), environment_of("")),
            ("production".into(), "default".into())
        );
    }

    #[test]
    fn values_that_no_environment_uses_are_told_from_other_files() {
        let read = |text: &str| {
            let manifest = engine::manifest::read("a.yaml", text.into(), &engine::manifest::Limits::default());
            manifest.documents.iter().find_map(mark::node_of).cloned().unwrap()
        };
        let own = read("replicas: 1\nimage: {tag: a}\n");
        for (path, text, is_values) in [
            ("values2.yaml", "other: 1", true),
            ("values-eu.yaml", "other: 1", true),
            ("values/values2.yaml", "other: 1", true),
            ("environments/eu.yaml", "other: 1", true),
            ("env/production.json", "{\"replicas\": 2}", true),
            ("env/eu/more.yaml", "replicas: 2", true),
            ("env/dashboard.json", "{\"panels\": []}", false),
            ("env/eu/values.schema.json", "{\"replicas\": {}}", false),
            ("values.schema.json", "{\"properties\": {}}", false),
            ("values.yaml", "replicas: 2", false),
            ("questions.yaml", "replicas: 2", false),
            ("ci/eu-values.yaml", "replicas: 2", false),
            ("charts/db/values.yaml", "replicas: 2", false),
            ("tests/values_test.yaml", "replicas: 2", false),
        ] {
            assert_eq!(looks_like_values(Path::new(path), &read(text), Some(&own)), is_values, "{path}");
        }
    }
}
