//! A version of a repository: which objects it deploys, and from where.
//!
//! It must not know that there is another one.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::deployers::{Target, targets, whole_folders};
use super::markers;
use crate::input::{Input, Subject};
use crate::manifest::{Covered, Node, Object, kustomization};
use crate::paths::{file_name, folder, normal, resolve};
use crate::places::Home;

/// A repository at one time.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Its files, and what was rendered of them.
    pub input: &'a Input,
    /// Its root, as the names of the files begin.
    pub root: &'a str,
}

/// An object and where it is deployed from.
#[derive(Clone, Debug)]
pub struct Deployed<'a> {
    /// The object.
    pub subject: Subject<'a>,
    /// What is compared with the same in the other version.
    pub place: String,
    /// What people are shown.
    pub shown: String,
    /// The environment, where it is rendered for several.
    pub environment: Option<&'a str>,
    /// Whether an object has it rendered, such as an Application: the environment is called like that object.
    pub is_released: bool,
    /// Where what has it rendered deploys it, where that is known.
    pub target: Option<Rc<Target>>,
    /// The namespace that it is deployed to, where that is known. Where there are several, it is deployed once to each.
    pub namespace: Option<&'a str>,
}

impl<'a> Version<'a> {
    /// The name of a file or a folder from the root of the repository, which is itself the empty one.
    pub(super) fn path<'n>(&self, name: &'n str) -> &'n str {
        let is_below = |rest: &&str| self.root.is_empty() || rest.is_empty() || rest.starts_with('/');
        let below = name.strip_prefix(self.root).filter(is_below);
        below.map_or(name, |below| below.trim_start_matches('/'))
    }

    /// All objects that it deploys.
    pub fn deployed(self) -> impl Iterator<Item = Deployed<'a>> {
        let this = self;
        let targets = targets(self.input, |name| this.path(name));
        // A hook of a release runs, too, and with its own rights.
        let deployed = this.input.subjects().filter_map(move |subject| {
            let namespace = subject.object.namespace.as_deref();
            let manifest = &this.input.file(subject.file)?.manifest;
            let own = this.path(&manifest.name);
            let Some(rendering) = manifest.rendering() else {
                let (place, shown) = (folder(own).to_owned(), own.to_owned());
                let (environment, is_released, target) = (None, false, None);
                return Some(Deployed { subject, place, shown, environment, is_released, target, namespace });
            };
            let shown = rendering.covers.iter().find_map(|covered| match covered {
                Covered::Folder(folder) => Some(this.path(folder)),
                Covered::Object { .. } => None,
            });
            let shown = match shown.unwrap_or_else(|| this.path(&rendering.folder)) {
                "" => ".".to_owned(),
                shown => shown.to_owned(),
            };
            let environment = Some(rendering.environment.as_str()).filter(|name| *name != "default");
            let mut deployers = rendering.covers.iter().filter_map(|covered| match covered {
                Covered::Object { file, line } => Some((file.clone(), *line)),
                Covered::Folder(_) => None,
            });
            let deployer = deployers.next();
            let target = deployer.as_ref().and_then(|deployer| targets.get(deployer)).cloned();
            let is_released = deployer.is_some();
            let place = normal(&own.replace(this.root, ""));
            Some(Deployed { subject, place, shown, environment, is_released, target, namespace })
        });
        deployed.flat_map(move |deployed| {
            let namespaces = this.namespaces(deployed.subject).into_iter();
            namespaces.map(move |namespace| Deployed { namespace, ..deployed.clone() })
        })
    }

    /// The namespaces that an object is deployed to. One of none, if nobody says it.
    fn namespaces(self, subject: Subject<'a>) -> Vec<Option<&'a str>> {
        let own = subject.object.namespace.as_deref();
        if own.is_some() || subject.object.group() == kustomization::GROUP {
            return vec![own];
        }
        let homes = self.input.places().of(subject.file).homes(subject.object).into_iter();
        let mut namespaces: Vec<Option<&str>> = homes
            .map(|home| match home {
                Home::Namespace(name) => Some(name),
                Home::Everywhere | Home::Unit(_) => None,
            })
            .collect();
        namespaces.dedup();
        namespaces
    }

    /// The objects in a file itself; none where there is no such file, or where it cannot be read as manifests.
    #[must_use]
    pub fn objects(&self, path: &str) -> Option<Vec<&'a Object>> {
        let is_it = |name: &str| normal(self.path(name)) == path;
        let file = self.input.files().iter().find(|file| {
            file.manifest.rendering().is_none() && is_it(&file.manifest.name) && file.manifest.problems.is_empty()
        })?;
        Some(file.manifest.objects().collect())
    }

    /// The comments of a file by which image automation knows what to write where; none where there is no such file.
    #[must_use]
    pub fn markers(&self, path: &str) -> Vec<String> {
        let is_it = |name: &str| normal(self.path(name)) == path;
        let mut files = self.input.files().iter().filter(|file| file.manifest.rendering().is_none());
        let file = files.find(|file| is_it(&file.manifest.name));
        file.map(|file| markers::find(&file.manifest)).unwrap_or_default()
    }

    /// The kustomizations by their folders.
    pub(super) fn kustomizations(&self) -> HashMap<String, Vec<&'a Object>> {
        let mut kustomizations: HashMap<String, Vec<&Object>> = HashMap::new();
        for file in self.input.files() {
            let name = normal(self.path(&file.manifest.name));
            if file.manifest.rendering().is_none() && kustomization::is_file_name(file_name(&name)) {
                kustomizations.entry(folder(&name).to_owned()).or_default().extend(file.manifest.objects());
            }
        }
        kustomizations
    }

    /// The folders that one object deploys as a whole.
    pub(super) fn whole_folders(&self) -> Vec<String> {
        let built = self.kustomizations();
        whole_folders(self.input, |folder| built.contains_key(folder))
    }

    /// The files of which it is known what they deploy: what was rendered was made of them, or their objects stand for
    /// themselves.
    #[must_use]
    pub fn seen(&self) -> HashSet<String> {
        let files = self.input.files();
        let made_of =
            files.iter().filter_map(|file| file.manifest.rendering()).flat_map(|rendering| &rendering.made_of);
        let mut seen: HashSet<String> = made_of.map(|name| normal(self.path(name))).collect();
        let kustomizations = self.kustomizations();
        let built: Vec<String> =
            seen.iter().filter(|name| kustomization::is_file_name(file_name(name))).cloned().collect();
        for place in built.iter().map(|name| folder(name)) {
            let objects = kustomizations.get(place).into_iter().flatten();
            seen.extend(objects.flat_map(|object| generated_from(place, &object.node.look())));
        }
        for subject in self.input.subjects() {
            let Some(file) = self.input.file(subject.file) else { continue };
            if file.manifest.rendering().is_none() && file.manifest.problems.is_empty() {
                seen.insert(normal(self.path(&file.manifest.name)));
            }
        }
        seen
    }
}

/// The files that the generators of a kustomization in a folder read: all that is in them is in what is generated.
fn generated_from(folder: &str, kustomization: &Node) -> Vec<String> {
    let generators = ["configMapGenerator", "secretGenerator"].into_iter().flat_map(|key| kustomization.list(key));
    let named = generators.flat_map(|generator| {
        let files = generator.list("files").iter().filter_map(Node::as_str);
        // Before the file may stand the key that it gets.
        let files = files.map(|file| file.split_once('=').map_or(file, |(_, file)| file));
        let texts = generator.list("envs").iter().chain(generator.get("env")).filter_map(Node::as_str);
        files.chain(texts)
    });
    named.map(|file| resolve(folder, file)).collect()
}
