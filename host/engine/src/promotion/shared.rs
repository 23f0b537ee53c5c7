//! Files that several environments have in common: the base of kustomizations, the values of a chart beside those of an
//! environment. What they name, each environment names, unless its own file names another one in its place.
//!
//! Which files there are is asked of whoever reads them. The module must not know where they lie.

use std::collections::{BTreeMap, BTreeSet, HashSet};

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
}

impl Shared {
    /// What the files of environments refer to. `read` gives a file that may be shared, if there is one.
    #[must_use]
    pub fn new(own: &[Own<'_>], mut read: impl FnMut(&str) -> Option<Manifest>) -> Self {
        let mut users: BTreeMap<(String, Stage), Vec<&str>> = BTreeMap::new();
        let mut files: BTreeMap<String, Option<Manifest>> = BTreeMap::new();
        let mut steps = STEPS;
        for Own { path, stage, manifest } in own {
            let mut seen: HashSet<String> = HashSet::new();
            let mut waiting = references(path, manifest);
            while let Some(next) = waiting.pop().filter(|_| steps > 0) {
                steps -= 1;
                if !seen.insert(next.clone()) {
                    continue;
                }
                let file = files.entry(next.clone()).or_insert_with(|| read(&next));
                if let Some(manifest) = file {
                    waiting.extend(references(&next, manifest));
                    users.entry((next, *stage)).or_default().push(path);
                }
            }
        }
        let mut shared = Self::default();
        let of_own = |path: &str| own.iter().find(|own| own.path == path).map(|own| versions(own.manifest));
        let named: BTreeMap<&str, Vec<Version>> =
            users.values().flatten().filter_map(|path| Some((*path, of_own(path)?))).collect();
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
/// name, values by their path.
fn takes_place(own: &Version, shared: &Version) -> bool {
    let name = own.at.strip_prefix("images[").and_then(|at| at.strip_suffix(']'));
    own.at == shared.at || name.is_some_and(|name| shared.of.as_deref() == Some(super::reference::as_known(name)))
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
