//! The objects that deploy folders of the input: those that people wrote, and those that a rendering made of charts and
//! kustomizations, each followed once.
//!
//! What a kustomization lists stands as its build has it, so it is followed from there; from the file only where nothing
//! was built of that. An object that deploys from elsewhere may be the engine's to tell.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use engine::File;
use engine::manifest::Object;

use super::catalog::{Catalog, Known};
use super::deployer::{Deployer, Made};
use super::mark;
use super::options::RenderOptions;
use super::parts::Role;
use super::repository::Repository;

/// All objects that deploy, by what they say.
pub struct Deployers<'a> {
    catalog: &'a Catalog<'a>,
    repository: Repository,
    options: &'a RenderOptions,
    /// What was followed.
    followed: BTreeSet<String>,
    /// What kustomizations list, as it was written.
    listed: HashMap<String, (&'a File, &'a Object)>,
    /// The files that kustomizations list.
    resources: BTreeSet<PathBuf>,
}

impl<'a> Deployers<'a> {
    pub fn new(catalog: &'a Catalog<'a>, options: &'a RenderOptions) -> Self {
        let resources = catalog.named(Role::Resource);
        let mut listed = HashMap::new();
        for known in catalog.files.iter().filter(|known| resources.contains(&known.real)) {
            listed.extend(known.file.manifest.objects().filter_map(|it| Some((key(it)?, (known.file, it)))));
        }
        let repository = Repository::of(catalog.tree, &options.repositories);
        Self { catalog, repository, options, followed: BTreeSet::new(), listed, resources }
    }

    /// What the objects deploy that nothing is built of.
    pub fn written(&mut self) -> Vec<Made> {
        let patches = self.catalog.named(Role::Patch);
        let is_template =
            |known: &Known<'_>| self.catalog.charts.keys().any(|chart| known.real.starts_with(chart.join("templates")));
        let is_own = |known: &&Known<'_>| {
            !patches.contains(&known.real) && !self.resources.contains(&known.real) && !is_template(known)
        };
        let files: Vec<&File> = self.catalog.files.iter().filter(is_own).map(|known| known.file).collect();
        files.into_iter().flat_map(|file| self.in_file(file)).collect()
    }

    /// What the objects of a file deploy, which may be a rendering.
    pub fn in_file(&mut self, file: &File) -> Vec<Made> {
        let mut made = Vec::new();
        for standing in file.manifest.objects() {
            let Some(key) = key(standing) else { continue };
            let (written, object) = self.listed.get(&key).copied().unwrap_or((file, standing));
            if self.followed.insert(key) {
                let (catalog, repository, generators) = (self.catalog, &self.repository, &self.options.generators);
                let deployer =
                    Deployer { catalog, repository, generators, file: written, object, stands_in: file, standing };
                made.extend(jobs(&deployer));
            }
        }
        made
    }

    /// What is known to deploy from elsewhere, where anything is known of the repository.
    pub fn elsewhere(&self) -> Vec<Made> {
        if !self.repository.is_known() {
            return Vec::new();
        }
        let patches = self.catalog.named(Role::Patch);
        let (catalog, repository, generators) = (self.catalog, &self.repository, &self.options.generators);
        let files = catalog.files.iter().filter(|known| !patches.contains(&known.real)).map(|known| known.file);
        let objects = files.flat_map(|file| file.manifest.objects().map(move |object| (file, object)));
        let deploying = objects.filter(|(_, object)| is_deployer(object));
        let deployers = deploying.map(|(file, object)| Deployer {
            catalog,
            repository,
            generators,
            file,
            object,
            stands_in: file,
            standing: object,
        });
        deployers.filter_map(|deployer| deployer.elsewhere()).collect()
    }

    /// What the objects deploy of the listed files that nothing was built of.
    pub fn left(&mut self, made_of: &BTreeSet<String>) -> Vec<Made> {
        let mut left: Vec<&File> = self.listed.values().map(|(file, _)| *file).collect();
        left.retain(|file| !made_of.contains(&file.manifest.name));
        left.sort_by(|one, other| one.manifest.name.cmp(&other.manifest.name));
        left.dedup_by(|one, other| one.manifest.name == other.manifest.name);
        left.into_iter().flat_map(|file| self.in_file(file)).collect()
    }
}

/// Whether an object may deploy folders of a repository.
pub fn is_deployer(object: &Object) -> bool {
    matches!(
        (object.group(), object.kind.as_str()),
        ("argoproj.io", "Application" | "ApplicationSet")
            | ("kustomize.toolkit.fluxcd.io", "Kustomization")
            | ("helm.toolkit.fluxcd.io", "HelmRelease")
    )
}

/// What an object that deploys is known by: what it says, wherever that stands.
fn key(object: &Object) -> Option<String> {
    // Whoever reads a packed tree unpacks it for good, so that only those that deploy are read.
    if !is_deployer(object) {
        return None;
    }
    let spec = object.node.get("spec")?;
    Some(format!("{} {} {}", object.kind, object.display_name(), mark::plain(spec)))
}

fn jobs(deployer: &Deployer<'_>) -> Vec<Made> {
    let Some(spec) = deployer.object.node.get("spec") else { return Vec::new() };
    let one = match deployer.object.kind.as_str() {
        "Application" => return deployer.application(spec, &deployer.object.display_name()),
        "ApplicationSet" => return deployer.application_set(spec),
        "HelmRelease" => deployer.helm_release(spec),
        _ => deployer.kustomization(spec),
    };
    one.unwrap_or_else(|said| Some(*said)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use engine::manifest::{Keep, Limits, read};

    use super::key;

    #[test]
    fn only_what_deploys_is_unpacked() {
        for (kind, deploys) in [("apps/v1\nkind: Deployment", false), ("argoproj.io/v1alpha1\nkind: Application", true)]
        {
            let text = format!("apiVersion: {kind}\nmetadata: {{name: web}}\nspec: {{replicas: 2}}\n");
            let mut manifest = read("a.yaml", text.into(), &Limits::default());
            manifest.pack(&Keep::default());
            let object = manifest.objects().next().unwrap();
            assert_eq!((key(object).is_some(), object.node.is_whole()), (deploys, deploys), "{kind}");
        }
    }
}
