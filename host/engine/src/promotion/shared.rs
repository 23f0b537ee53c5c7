//! Files that several environments have in common: the base of kustomizations, the values of a chart beside those of an
//! environment. What they name, each environment names, unless its own file names another one in its place.
//!
//! Which files there are is asked of whoever reads them. The module must not know where they lie.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

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

/// What environments have in common.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The environments of each file.
    pub stages: BTreeMap<String, BTreeSet<Stage>>,
    /// What an environment names otherwise: the file, the environment and the place in it.
    pub hidden: BTreeSet<(String, Stage, String)>,
    /// Whether they refer to more files than are followed.
    pub is_cut: bool,
}

impl Shared {
    /// What the files of environments refer to. `read` gives a file that may be shared, if there is one.
    #[must_use]
    pub fn new(own: &[Own<'_>], mut read: impl FnMut(&str) -> Option<Manifest>) -> Self {
        let mut shared = Self::default();
        let mut users: BTreeMap<(String, Stage), BTreeSet<&str>> = BTreeMap::new();
        let mut files: BTreeMap<String, Option<Manifest>> = BTreeMap::new();
        let mut named: HashMap<&str, Vec<Said<'_>>> = HashMap::new();
        let by_path: HashMap<&str, &Own<'_>> = own.iter().map(|own| (own.path, own)).collect();
        let mut steps = STEPS;
        for user in own {
            let mut all = said(user);
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
                all.extend(other.filter(|_| next.is_change).into_iter().flat_map(|patch| said(patch)));
                let Some(manifest) = files.entry(next.path.clone()).or_insert_with(|| read(&next.path)) else {
                    continue;
                };
                // Another overlay of the environment is asked itself for what it is built with.
                if other.is_none() || next.is_change {
                    let below = references(&next.path, manifest).into_iter();
                    waiting.extend(below.map(|it| Used { is_change: it.is_change && next.is_change, ..it }));
                }
                users.entry((next.path, user.stage)).or_default().insert(user.path);
            }
            named.insert(user.path, all);
        }
        for ((path, stage), users) in users {
            let all = files.get(&path).and_then(Option::as_ref).map(versions).unwrap_or_default();
            for version in all {
                let is_hidden = |user: &&str| named.get(*user).is_some_and(|all| hides(all, user, &path, &version));
                if users.iter().all(is_hidden) {
                    shared.hidden.insert((path.clone(), stage, version.at));
                }
            }
            shared.stages.entry(path).or_default().insert(stage);
        }
        shared
    }
}

/// A file that another one is built with.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Used {
    path: String,
    /// Whether it changes what the other one is built of, as a patch does.
    is_change: bool,
}

/// A version, and the file that names it.
type Said<'a> = (&'a str, Version);

fn said<'a>(own: &Own<'a>) -> Vec<Said<'a>> {
    versions(own.manifest).into_iter().map(|version| (own.path, version)).collect()
}

/// Whether a user names another version in the place of what a file names. `all` is what the user and its patches name.
fn hides(all: &[Said<'_>], user: &str, path: &str, shared: &Version) -> bool {
    // No patch hides itself, or another one: which one comes last is not known. `images` of their user come after all of them.
    let is_patch = all.iter().any(|(file, _)| *file == path);
    let is_later = |(file, own): &&Said<'_>| !is_patch || *file == user && own.at.starts_with("images[");
    all.iter().filter(is_later).any(|(_, own)| takes_place(own, shared))
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
