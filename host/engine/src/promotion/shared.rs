//! Files that several environments have in common: the base of kustomizations, the values of a chart beside those of an
//! environment. What they name, each environment names, unless its own file names another one in its place.
//!
//! Which files there are is asked of whoever reads them. The module must not know where they lie.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::reference::as_known;
use super::stage::Stage;
use super::versions::{Version, versions};
use crate::manifest::kustomization::is_file_name;
use crate::manifest::{Content, Manifest, Node};
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
        let mut users: BTreeMap<(String, Stage), Vec<&str>> = BTreeMap::new();
        let mut files: BTreeMap<String, Option<Manifest>> = BTreeMap::new();
        let mut named: HashMap<&str, Vec<Version>> = HashMap::new();
        let by_path: HashMap<&str, &Own<'_>> = own.iter().map(|own| (own.path, own)).collect();
        let mut steps = STEPS;
        for Own { path, stage, manifest } in own {
            let mut all = versions(manifest);
            let mut seen: HashSet<String> = HashSet::new();
            let mut waiting = references(path, manifest);
            while let Some(next) = waiting.pop() {
                if steps == 0 {
                    shared.is_cut = true;
                    break;
                }
                steps -= 1;
                if !seen.insert(next.clone()) {
                    continue;
                }
                // Patches in files of their own are the environment's, too.
                let patch = by_path.get(&*next).filter(|patch| patch.stage == *stage);
                all.extend(patch.into_iter().flat_map(|patch| versions(patch.manifest)));
                let file = files.entry(next.clone()).or_insert_with(|| read(&next));
                if let Some(manifest) = file {
                    waiting.extend(references(&next, manifest));
                    users.entry((next, *stage)).or_default().push(path);
                }
            }
            named.insert(path, all);
        }
        for ((path, stage), users) in users {
            let all = files.get(&path).and_then(Option::as_ref).map(versions).unwrap_or_default();
            for version in all {
                let is_hidden = |user: &&&str| {
                    named.get(**user).is_some_and(|own| own.iter().any(|own| takes_place(own, &version)))
                };
                if users.iter().filter(is_hidden).count() == users.len() {
                    shared.hidden.insert((path.clone(), stage, version.at));
                }
            }
            shared.stages.entry(path).or_default().insert(stage);
        }
        shared
    }
}

/// Whether what an environment names takes the place of what it has in common with others: `images` of a kustomization by their
/// name, a patch by the object and the field, values by their path.
fn takes_place(own: &Version, shared: &Version) -> bool {
    let name = own.at.strip_prefix("images[").and_then(|at| at.strip_suffix(']'));
    let patch = own.at.split_once(' ').filter(|(at, _)| at.starts_with("patches"));
    let at = patch.map_or(&*own.at, |(_, at)| at);
    // A JSON patch counts containers, which have names here: the image tells which one is meant.
    let is_operation = at.starts_with('[') && own.of.is_some() && own.of == shared.of;
    at == shared.at || is_operation || name.is_some_and(|name| shared.of.as_deref() == Some(as_known(name)))
}

/// The files that a file is built with: what a kustomization refers to, and the values that a chart has for all.
fn references(path: &str, manifest: &Manifest) -> Vec<String> {
    let (here, name) = (folder(path), file_name(path));
    if !is_file_name(name) {
        let is_values = name.to_ascii_lowercase().contains("values") && name != "values.yaml";
        return if is_values { vec![resolve(here, "values.yaml")] } else { Vec::new() };
    }
    let mut found = Vec::new();
    for node in manifest.documents.iter().filter_map(|document| match &document.content {
        Content::Objects(objects) => objects.first().map(|object| object.node.look()),
        _ => None,
    }) {
        let lists = ["resources", "bases", "components", "patchesStrategicMerge"].into_iter();
        let named = lists.flat_map(|key| node.list(key)).filter_map(Node::as_str);
        let patches = node.list("patches").iter().filter_map(|patch| patch.get("path")?.as_str());
        for reference in named.chain(patches).filter(|it| !it.contains("://") && !it.contains('\n')) {
            let target = resolve(here, reference);
            if target.ends_with(".yaml") || target.ends_with(".yml") {
                found.push(target);
            } else {
                let within = |name: &str| if target.is_empty() { name.to_owned() } else { format!("{target}/{name}") };
                found.extend(["kustomization.yaml", "kustomization.yml", "Kustomization"].map(within));
            }
        }
    }
    found
}
