//! Tells the patches of kustomizations from objects.
//!
//! A patch is a fragment of an object that stands elsewhere, so that no rule can judge it. What decides is the
//! kustomization that lists the file, and never the file itself, and in favour of objects: what a kustomization has among
//! its resources is one, and so is what patches nothing that the build could hold. Where it is not known what the build
//! holds (its base is in another repository, or it is a Component that nothing here includes), what is listed is a patch,
//! and the run is incomplete for that reason.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use protocol::workload_kind;

use super::{Build, GROUP, Graph, Kustomization, STEPS, Target};
use crate::file::File;
use crate::manifest::kustomization::is_file_name;
use crate::manifest::{Content, Document, Node, Object, Problem, ProblemKind};
use crate::paths::{file_name, folder, is_within, resolve};

/// What is no object of a file that a kustomization lists.
#[derive(Debug)]
pub(crate) struct Patches {
    /// The name of the kustomization's file.
    pub(crate) kustomization: String,
    /// Each by its document and its place among the objects of that.
    pub(crate) objects: HashSet<(usize, usize)>,
    /// Documents without an object that are part of the build all the same: operations of JSON Patch, settings.
    pub(crate) documents: HashSet<usize>,
}

/// All patches of an input, by the index of their file, and the kustomizations of which they are patches although nobody
/// knows what they patch.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) patches: HashMap<usize, Patches>,
    pub(crate) unproven: HashSet<usize>,
}

/// How a kustomization lists a file.
struct Listing<'a> {
    kustomization: usize,
    role: Role,
    /// What it chooses itself; otherwise the patch names its own.
    target: Option<&'a Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Patch,
    /// What tells kustomize or one of its plugins what to do.
    Settings,
}

pub(crate) fn find(files: &[Arc<File>], graph: &Graph<'_>) -> Found {
    let listings = listings(graph);
    let mut found = Found { patches: of_unreadable(files, graph), ..Found::default() };
    if listings.is_empty() {
        return found;
    }
    let held = Held::new(files, graph);
    let (mut builds, mut steps) = (HashMap::new(), STEPS);
    for (file, listings) in listings {
        let Some(manifest) = files.get(file).map(|file| &file.manifest) else { continue };
        for listing in listings {
            let Some(kustomization) = graph.kustomizations.get(listing.kustomization) else { continue };
            let build = builds
                .entry(listing.kustomization)
                .or_insert_with(|| graph.build(files, &graph.builders(listing.kustomization), &mut steps));
            let seen = Seen { held: &held, build, listing: &listing };
            let single = manifest.documents.iter().filter(|it| !matches!(it.content, Content::Empty)).count() == 1;
            let name = files.get(kustomization.file).map_or("", |file| &file.manifest.name);
            for (at, document) in manifest.documents.iter().enumerate() {
                let objects: Vec<usize> = seen.patches(document, single);
                let is_part = objects.is_empty() && seen.is_part(document, &manifest.problems, single);
                if objects.is_empty() && !is_part {
                    continue;
                }
                if !build.is_known && listing.role == Role::Patch {
                    found.unproven.insert(listing.kustomization);
                }
                let patches = found.patches.entry(file).or_insert_with(|| Patches {
                    kustomization: name.to_owned(),
                    objects: HashSet::new(),
                    documents: HashSet::new(),
                });
                patches.objects.extend(objects.into_iter().map(|index| (at, index)));
                patches.documents.extend(is_part.then_some(at));
            }
        }
    }
    found
}

/// The files that a kustomization lists among its patches which cannot be read itself. That is a problem of its own, and no
/// reason to take fragments for objects.
fn of_unreadable(files: &[Arc<File>], graph: &Graph<'_>) -> HashMap<usize, Patches> {
    let mut found = HashMap::new();
    let is_broken = |file: &&Arc<File>| {
        let documents = &file.manifest.documents;
        is_file_name(file_name(&file.manifest.name)) && documents.iter().any(|it| matches!(it.content, Content::Broken))
    };
    for kustomization in files.iter().filter(is_broken) {
        let (name, text) = (&kustomization.manifest.name, kustomization.manifest.source.text());
        for path in patches_in(&text) {
            let path = resolve(folder(name), path);
            let Some(index) = graph.files.get(&path).filter(|_| is_within(&path, folder(name))) else { continue };
            let documents = files.get(*index).into_iter().flat_map(|file| file.manifest.documents.iter().enumerate());
            let objects = documents.flat_map(|(at, document)| (0..document.objects().len()).map(move |of| (at, of)));
            let patches =
                Patches { kustomization: name.clone(), objects: objects.collect(), documents: HashSet::new() };
            found.insert(*index, patches);
        }
    }
    found
}

/// What looks like a path below a key for patches, in a text that is not YAML.
fn patches_in(text: &str) -> Vec<&str> {
    let mut is_below = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with(|first: char| first.is_ascii_alphabetic()) {
            is_below = line.starts_with("patches");
        }
        let words = line.split(|letter: char| letter.is_whitespace() || ",[]{}'\"".contains(letter));
        found.extend(words.filter(|word| is_below && [".yaml", ".yml", ".json"].iter().any(|end| word.ends_with(end))));
    }
    found
}

/// The files that kustomizations list as something else than an object, resources excepted.
fn listings<'a>(graph: &Graph<'a>) -> BTreeMap<usize, Vec<Listing<'a>>> {
    let mut listings: BTreeMap<usize, Vec<Listing<'a>>> = BTreeMap::new();
    let mut resources = HashSet::new();
    for (index, kustomization) in graph.kustomizations.iter().enumerate() {
        resources.insert(kustomization.file);
        resources.extend(kustomization.references.iter().filter_map(|reference| match reference.target {
            Target::File(file) => Some(file),
            _ => None,
        }));
        for (path, role, target) in listed(kustomization) {
            // Kustomize refuses a file outside of the kustomization's folder.
            let path = resolve(&kustomization.folder, path);
            if let Some(file) = graph.files.get(&path).filter(|_| is_within(&path, &kustomization.folder)) {
                listings.entry(*file).or_default().push(Listing { kustomization: index, role, target });
            }
        }
    }
    listings.retain(|file, _| !resources.contains(file));
    listings
}

/// The paths that a kustomization lists: `patches[].path`, `patchesJson6902[].path`, the items of `patchesStrategicMerge`
/// (in old kustomizations of `patches`) that are paths and not patches written in place; and the files of settings.
fn listed<'a>(kustomization: &Kustomization<'a>) -> Vec<(&'a str, Role, Option<&'a Node>)> {
    let node = kustomization.node;
    let mut listed = Vec::new();
    for item in ["patches", "patchesJson6902", "patchesStrategicMerge"].iter().flat_map(|key| node.list(key)) {
        if let Some(path) = item.get("path").unwrap_or(item).as_str() {
            listed.push((path, Role::Patch, item.get("target")));
        }
    }
    let keys = ["replacements", "transformers", "validators", "generators", "configurations", "crds"];
    for item in keys.iter().flat_map(|key| node.list(key)) {
        if let Some(path) = item.get("path").unwrap_or(item).as_str() {
            listed.push((path, Role::Settings, None));
        }
    }
    let openapi = node.get("openapi").and_then(|openapi| openapi.get("path")?.as_str());
    listed.extend(openapi.map(|path| (path, Role::Settings, None)));
    listed.retain(|(path, ..)| !path.contains('\n'));
    listed
}

type Kind<'a> = (&'a str, &'a str);

/// Which files and generators hold an object of a kind and a name.
struct Held<'a>(HashMap<Kind<'a>, HashMap<&'a str, Vec<Holder>>>);

#[derive(Clone, Copy)]
enum Holder {
    File(usize),
    Generator(usize),
}

impl<'a> Held<'a> {
    fn new(files: &'a [Arc<File>], graph: &Graph<'a>) -> Self {
        let mut held: HashMap<Kind<'a>, HashMap<&'a str, Vec<Holder>>> = HashMap::new();
        let mut insert = |kind: Kind<'a>, name: &'a str, holder| {
            held.entry(kind).or_default().entry(name).or_default().push(holder);
        };
        for (index, file) in files.iter().enumerate() {
            for object in file.manifest.objects() {
                let name = object.name.as_deref().unwrap_or_default();
                insert((object.group(), &object.kind), name, Holder::File(index));
            }
        }
        for (index, kustomization) in graph.kustomizations.iter().enumerate() {
            for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
                let names = kustomization.node.list(key).iter().filter_map(|item| item.get("name")?.as_str());
                names.for_each(|name| insert(("", kind), name, Holder::Generator(index)));
            }
        }
        Self(held)
    }
}

/// A file as one kustomization lists it.
struct Seen<'a> {
    held: &'a Held<'a>,
    build: &'a Build<'a>,
    listing: &'a Listing<'a>,
}

impl Seen<'_> {
    /// Indexes of the objects in the document that are patches.
    fn patches(&self, document: &Document, single: bool) -> Vec<usize> {
        let objects = document.objects().iter().enumerate();
        objects.filter(|(_, object)| self.is_patch(object, single)).map(|(index, _)| index).collect()
    }

    fn is_patch(&self, object: &Object, single: bool) -> bool {
        if self.listing.role == Role::Settings {
            return is_settings(object);
        }
        match self.listing.target {
            // The kustomization says what is patched, of one document alone; the name in it is nobody's.
            Some(target) if single => self.targets(target, Some(&object.kind)),
            _ => object
                .name
                .as_deref()
                .is_some_and(|name| !self.build.is_known || self.holds((object.group(), &object.kind), name)),
        }
    }

    /// Whether a document without an object belongs to the build: it is a list of operations, settings, or a fragment that
    /// says so little about itself that only the kustomization knows what it is for.
    fn is_part(&self, document: &Document, problems: &[Problem], single: bool) -> bool {
        match &document.content {
            Content::Other(_) => true,
            Content::Broken => {
                let within = |problem: &&Problem| {
                    document.span.start <= problem.span.start && problem.span.start <= document.span.end
                };
                let is_identity = |problem: &Problem| {
                    matches!(
                        problem.kind,
                        ProblemKind::NoApiVersion { .. } | ProblemKind::NoKind | ProblemKind::UnknownKind { .. }
                    )
                };
                self.listing.role == Role::Patch
                    && single
                    && self.listing.target.is_some_and(|target| self.targets(target, None))
                    && problems.iter().filter(within).all(is_identity)
            }
            _ => false,
        }
    }

    /// Whether the build holds an object that the target selects, of that kind where one is given.
    fn targets(&self, target: &Node, kind: Option<&str>) -> bool {
        let wanted = |key: &str| target.get(key).and_then(Node::as_str).filter(|pattern| !pattern.is_empty());
        let fits = |key: &str, found: &str| wanted(key).is_none_or(|pattern| could_match(pattern, found));
        if kind.is_some_and(|kind| !fits("kind", kind)) {
            return false;
        }
        if !self.build.is_known {
            return true;
        }
        let kinds =
            self.held.0.iter().filter(|((group, of), _)| {
                fits("group", group) && fits("kind", of) && kind.is_none_or(|kind| kind == *of)
            });
        let mut names = kinds.flat_map(|(_, names)| names);
        names.any(|(name, holders)| {
            (fits("name", name) || self.renames()) && holders.iter().any(|holder| self.reaches(*holder))
        })
    }

    /// Whether the build holds that object, under the name that it has or that a kustomization gave it.
    fn holds(&self, kind: Kind<'_>, name: &str) -> bool {
        let Some(names) = self.held.0.get(&kind) else { return false };
        let holds = |name: &str| names.get(name).is_some_and(|it| it.iter().any(|holder| self.reaches(*holder)));
        holds(name) || self.renames() && self.given_names(name).iter().any(|name| holds(name))
    }

    /// Whether names in the build differ from those in the files.
    fn renames(&self) -> bool {
        !self.build.affixes.is_empty()
    }

    /// The names that an object may have in its file, if it is called so in the build.
    fn given_names<'b>(&self, name: &'b str) -> Vec<&'b str> {
        /// More are made by nobody.
        const NAMES: usize = 64;
        let mut names = vec![name];
        let mut at = 0;
        while let Some(name) = names.get(at).copied().filter(|_| names.len() < NAMES) {
            for (prefix, suffix) in &self.build.affixes {
                let given = name.strip_prefix(prefix).and_then(|name| name.strip_suffix(suffix));
                let given = given.filter(|given| !given.is_empty() && !names.contains(given));
                names.extend(given);
            }
            at += 1;
        }
        names
    }

    fn reaches(&self, holder: Holder) -> bool {
        match holder {
            Holder::File(file) => self.build.files.contains(&file),
            Holder::Generator(index) => self.build.kustomizations.contains(&index),
        }
    }
}

/// Whether an object in a file of settings can be what kustomize or a plugin reads there. One of
/// Kubernetes' own kinds cannot: whoever lists a Deployment among the transformers has a Deployment.
fn is_settings(object: &Object) -> bool {
    let group = object.group();
    let is_others = group.contains('.') && (!group.ends_with(".k8s.io") || group == GROUP);
    (object.api_version == "builtin" || is_others) && workload_kind(group, &object.kind).is_none()
}

/// Whether a pattern of a target, a regular expression over the whole text, may match. Of one with more than letters it is
/// not decided here.
fn could_match(pattern: &str, text: &str) -> bool {
    let is_literal = pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
    !is_literal || pattern == text
}
