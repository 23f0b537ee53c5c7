//! Files that several environments have in common: the base of kustomizations, the values of a chart beside those of an
//! environment. What they name, each environment names, unless its own file names another one in its place, or another
//! repository for it.
//!
//! Which files there are is asked of whoever reads them. The module must not know where they lie.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::reference::as_known;
use super::stage::Stage;
use super::versions::{Version, versions};
use crate::manifest::kustomization::is_file_name;
use crate::manifest::{Content, Manifest};
use crate::paths::{file_name, folder, resolve};

/// Steps along references, of all environments together.
const STEPS: usize = 20_000;

/// A file of an environment.
pub struct Own<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its environment.
    pub stage: Stage,
    /// What it says.
    pub manifest: &'a Manifest,
}

/// The versions that a file names, if there is such a file.
pub type Reader<'a> = &'a dyn Fn(&str) -> Option<Arc<[Version]>>;

/// What environments have in common.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The files that are built with each file, by their environment.
    users: BTreeMap<String, BTreeMap<Stage, BTreeSet<String>>>,
    /// The patches in files of their own that each of these is built with.
    patches: BTreeMap<String, BTreeSet<String>>,
    /// What the files of environments name now.
    said: HashMap<String, Arc<[Version]>>,
    /// What names a repository for a version of another file: the file and the place in it.
    overrides: BTreeSet<(String, String)>,
    /// Whether they refer to more files than are followed.
    pub is_cut: bool,
}

impl Shared {
    /// What the files of environments refer to. `read` gives a file that may be shared, if there is one.
    #[must_use]
    pub fn new(own: &[Own<'_>], mut read: impl FnMut(&str) -> Option<Manifest>) -> Self {
        let mut shared = Self::default();
        let mut files: BTreeMap<String, Option<Manifest>> = BTreeMap::new();
        let by_path: HashMap<&str, &Own<'_>> = own.iter().map(|own| (own.path, own)).collect();
        let mut steps = STEPS;
        for user in own {
            shared.said.insert(user.path.to_owned(), versions(user.manifest).into());
            let mut seen: HashSet<Used> = HashSet::new();
            let mut waiting = references(user.path, user.manifest);
            while let Some(next) = waiting.pop() {
                if steps == 0 {
                    shared.is_cut = true;
                    break;
                }
                steps -= 1;
                if next.path == user.path || !seen.insert(next.clone()) {
                    continue;
                }
                let other = by_path.get(&*next.path).filter(|other| other.stage == user.stage);
                // Patches in files of their own are the environment's, too.
                if let Some(patch) = other.filter(|_| next.is_change) {
                    shared.patches.entry(user.path.to_owned()).or_default().insert(patch.path.to_owned());
                }
                let Some(manifest) = files.entry(next.path.clone()).or_insert_with(|| read(&next.path)) else {
                    continue;
                };
                // Another overlay of the environment is asked itself for what it is built with.
                if other.is_none() || next.is_change {
                    let below = references(&next.path, manifest).into_iter();
                    waiting.extend(below.map(|it| Used { is_change: it.is_change && next.is_change, ..it }));
                }
                let stages = shared.users.entry(next.path).or_default();
                stages.entry(user.stage).or_default().insert(user.path.to_owned());
            }
        }
        let mut overrides = BTreeSet::new();
        for (path, stages) in &shared.users {
            let all = files.get(path).and_then(Option::as_ref).map(versions).unwrap_or_default();
            for user in stages.values().flatten() {
                let named = shared.named_by(user, &|file| shared.said(file)).unwrap_or_default();
                let found = all.iter().filter_map(|version| overridden(&named, user, path, version));
                overrides.extend(found.map(|(file, own)| (file.clone(), own.at.clone())));
            }
        }
        shared.overrides = overrides;
        shared
    }

    /// The environments that have a file in common.
    pub(super) fn stages(&self, path: &str) -> impl Iterator<Item = Stage> {
        self.users.get(path).into_iter().flat_map(|stages| stages.keys().copied())
    }

    /// What a file of an environment names now.
    pub(super) fn said(&self, path: &str) -> Option<Arc<[Version]>> {
        self.said.get(path).cloned()
    }

    /// Whether a version of a file is a repository for the versions of another file, which are told with it.
    pub(super) fn is_override(&self, path: &str, version: &Version) -> bool {
        version.is_open() && self.overrides.contains(&(path.to_owned(), version.at.clone()))
    }

    /// The files that change what others name for an environment, each with the files that it may change.
    pub(super) fn dependents(&self) -> HashMap<&str, BTreeSet<&str>> {
        let mut dependents: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for (path, stages) in &self.users {
            for user in stages.values().flatten() {
                let patches = self.patches.get(user).into_iter().flatten();
                for file in patches.chain([user]) {
                    dependents.entry(file).or_default().insert(path);
                }
            }
        }
        dependents
    }

    /// What an environment makes of a version of a file, as its own files are by `read`: none where no file that was there is
    /// built with it.
    pub(super) fn made(&self, path: &str, stage: Stage, version: &Version, read: Reader<'_>) -> Option<Vec<Version>> {
        let users = self.users.get(path)?.get(&stage)?;
        let mut made: Option<Vec<Version>> = None;
        for user in users {
            let Some(all) = self.named_by(user, read) else { continue };
            let made = made.get_or_insert_default();
            if hides(&all, user, path, version) {
                continue;
            }
            let of = overridden(&all, user, path, version).and_then(|(_, own)| repository(own, version));
            let own = Version { of: of.or_else(|| version.of.clone()), ..version.clone() };
            if !made.contains(&own) {
                made.push(own);
            }
        }
        made
    }

    /// What a user and its patches name, if there is such a user.
    fn named_by(&self, user: &str, read: Reader<'_>) -> Option<Vec<Said>> {
        let own = read(user)?;
        let patches = self.patches.get(user).into_iter().flatten();
        let patches = patches.filter_map(|path| Some((path.as_str(), read(path)?)));
        let mut named = Vec::new();
        for (path, all) in std::iter::once((user, own)).chain(patches) {
            named.extend(all.iter().map(|version| (path.to_owned(), version.clone())));
        }
        Some(named)
    }
}

/// The repository that a file names for a version of another one. With a registry alone it keeps its path there.
fn repository(own: &Version, version: &Version) -> Option<String> {
    let of = own.of.clone()?;
    let path = version.of.as_deref().unwrap_or_default();
    Some(if of.ends_with('/') { format!("{of}{path}") } else { of })
}

/// A file that another one is built with.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Used {
    path: String,
    /// Whether it changes what the other one is built of, as a patch does.
    is_change: bool,
}

/// A version, and the file that names it.
type Said = (String, Version);

/// Whether a user names another version in the place of what a file names. `all` is what the user and its patches name.
fn hides(all: &[Said], user: &str, path: &str, shared: &Version) -> bool {
    later(all, user, path).any(|(_, own)| !own.is_open() && takes_place(own, shared))
}

/// What a user names that is another repository for what a file names.
fn overridden<'a>(all: &'a [Said], user: &'a str, path: &'a str, shared: &Version) -> Option<&'a Said> {
    later(all, user, path).filter(|(_, own)| own.is_open() && takes_place(own, shared)).last()
}

/// What may change what a file names. No patch hides itself, or another one: which one comes last is not known. `images` of
/// their user come after all of them.
fn later<'a>(all: &'a [Said], user: &'a str, path: &'a str) -> impl Iterator<Item = &'a Said> {
    let is_patch = all.iter().any(|(file, _)| file == path);
    all.iter().filter(move |(file, own)| !is_patch || file == user && own.at.starts_with("images["))
}

/// Whether what an environment names takes the place of what it has in common with others: `images` of a kustomization by their
/// name, a patch by the object and the field, values by their path. What a kustomization adds takes the place of nothing.
fn takes_place(own: &Version, shared: &Version) -> bool {
    if ["resources[", "bases[", "components[", "helmCharts["].iter().any(|list| own.at.starts_with(list)) {
        return false;
    }
    let name = own.at.strip_prefix("images[").and_then(|at| at.strip_suffix(']'));
    let patch = own.at.split_once(' ').filter(|(at, _)| at.starts_with("patches"));
    let at = patch.map_or(&*own.at, |(_, at)| at);
    // A JSON patch counts containers, which have names here: the image tells which one is meant.
    let is_operation = at.starts_with('[') && own.of.is_some() && own.of == shared.of;
    at == shared.at || is_operation || name.is_some_and(|name| shared.of.as_deref() == Some(as_known(name)))
}

/// The files that a file is built with: what a kustomization refers to, and the values that a chart has for all.
fn references(path: &str, manifest: &Manifest) -> Vec<Used> {
    let (here, name) = (folder(path), file_name(path));
    if !is_file_name(name) {
        let is_values = name.to_ascii_lowercase().contains("values") && name != "values.yaml";
        let values = || Used { path: resolve(here, "values.yaml"), is_change: false };
        return is_values.then(values).into_iter().collect();
    }
    let mut found = Vec::new();
    for node in manifest.documents.iter().filter_map(|document| match &document.content {
        Content::Objects(objects) => objects.first().map(|object| object.node.look()),
        _ => None,
    }) {
        let lists = [("resources", false), ("bases", false), ("components", true), ("patchesStrategicMerge", true)];
        let named = lists.into_iter().flat_map(|(key, is_change)| node.list(key).iter().map(move |it| (it, is_change)));
        let named = named.filter_map(|(it, is_change)| Some((it.as_str()?, is_change)));
        let patches = node.list("patches").iter().filter_map(|patch| Some((patch.get("path")?.as_str()?, true)));
        let is_file = |reference: &str| !reference.contains("://") && !reference.contains('\n');
        for (reference, is_change) in named.chain(patches).filter(|(reference, _)| is_file(reference)) {
            let target = resolve(here, reference);
            if target.ends_with(".yaml") || target.ends_with(".yml") {
                found.push(Used { path: target, is_change });
            } else {
                let within = |name: &str| if target.is_empty() { name.to_owned() } else { format!("{target}/{name}") };
                let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
                found.extend(names.map(|name| Used { path: within(name), is_change }));
            }
        }
    }
    found
}
