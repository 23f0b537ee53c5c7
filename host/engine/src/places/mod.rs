//! Where the objects of files live: the rule of [docs/worlds.md] which of them are deployed together.
//!
//! An object lives in the namespace that it is deployed to: the one that its kustomization sets, its own, or the one that
//! an Argo CD Application fills in. Where nobody names one, it lives in its unit: what one kustomization builds, one
//! Application deploys, or one tree of plain folders holds. Whatever shares a home is seen by each other, and nothing
//! else is. The module must not know what is looked up.
//!
//! [docs/worlds.md]: https://github.com/seaworthy-policies/seaworthy/blob/main/docs/worlds.md

mod open;
mod sets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use protocol::workload_kind;

use crate::builtin;
use crate::file::File;
use crate::kustomize::{Graph, STEPS, Target};
use crate::manifest::{Content, Entry, Node, Object, Value, kustomization};
use crate::paths::{ancestors, is_within, normal};
use crate::unchecked::Folders;

pub(crate) use open::{is_filled_in, open_folders};

/// Placements that are kept of one kustomization. A base that more overlays build on sees the first of them.
const PLACEMENTS: usize = 256;

/// One way in which a file is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Placement {
    /// What is deployed together with it, where no namespace is named.
    pub(crate) unit: usize,
    /// The namespace that all its objects are put in.
    pub(crate) set: Option<Box<str>>,
    /// The namespace of those that name none.
    pub(crate) filled: Option<Box<str>>,
}

/// Where an object lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Home<'a> {
    /// It belongs to no namespace, and is seen by all.
    Everywhere,
    /// In a namespace.
    Namespace(&'a str),
    /// With what is deployed together with it.
    Unit(usize),
}

/// How each file is deployed.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// By file, the index of its placements.
    of_file: Vec<usize>,
    placements: Vec<Vec<Placement>>,
}

/// How one file is deployed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilePlaces<'a> {
    number: usize,
    placements: &'a [Placement],
}

impl<'a> FilePlaces<'a> {
    /// Of what stands in no file: it lives in the namespace that it names.
    pub(crate) const fn none() -> Self {
        Self { number: usize::MAX, placements: &[] }
    }

    /// Files with the same number are deployed alike.
    pub(crate) const fn number(self) -> usize {
        self.number
    }

    /// The units that the file is a part of.
    pub(crate) fn units(self) -> Vec<Home<'a>> {
        self.placements.iter().map(|placement| Home::Unit(placement.unit)).collect()
    }

    /// The homes of an object of the file, each once.
    pub(crate) fn homes(self, object: &'a Object) -> Vec<Home<'a>> {
        let own = object.namespace.as_deref();
        if own.is_none() && builtin::is_cluster_wide(object.group(), &object.kind) {
            return vec![Home::Everywhere];
        }
        if self.placements.is_empty() {
            return vec![own.map_or(Home::Everywhere, Home::Namespace)];
        }
        let homes = self.placements.iter().map(|placement| {
            let namespace = placement.set.as_deref().or(own).or(placement.filled.as_deref());
            namespace.map_or(Home::Unit(placement.unit), Home::Namespace)
        });
        let homes: BTreeSet<Home<'a>> = homes.collect();
        homes.into_iter().collect()
    }
}

impl FilePlaces<'_> {
    /// The namespace that the object is deployed to, where that is one and another than it says.
    fn given_namespace(self, object: &Object) -> Option<Box<str>> {
        if builtin::is_cluster_wide(object.group(), &object.kind) || object.group() == kustomization::GROUP {
            return None;
        }
        let own = object.namespace.as_deref();
        let mut all = self.placements.iter().map(|it| it.set.as_deref().or(own).or(it.filled.as_deref()));
        let first = all.next()??;
        (own != Some(first) && all.all(|other| other == Some(first))).then(|| first.into())
    }
}

/// Has the object say that it is in a namespace.
fn set_namespace(object: &mut Object, namespace: Box<str>) {
    let Object { node, namespace: own, .. } = object;
    node.change(|node| {
        let Value::Mapping(entries) = &mut node.value else { return };
        let Some(metadata) = entries.iter_mut().find(|entry| &*entry.key == "metadata") else { return };
        let key_span = metadata.key_span;
        let Value::Mapping(entries) = &mut metadata.value.value else { return };
        *own = Some(namespace.to_string());
        match entries.iter_mut().find(|entry| &*entry.key == "namespace") {
            Some(entry) => entry.value.value = Value::String(namespace),
            None => {
                let value = Node { value: Value::String(namespace), span: key_span };
                entries.push(Entry { key: "namespace".into(), key_span, value });
            }
        }
    });
}

impl Places {
    /// How the file of that index is deployed.
    pub(crate) fn of(&self, file: usize) -> FilePlaces<'_> {
        let number = self.of_file.get(file).copied().unwrap_or(usize::MAX);
        FilePlaces { number, placements: self.placements.get(number).map_or(&[], Vec::as_slice) }
    }

    /// Writes into the objects of a file the namespace that they are deployed to, where that is one and the same however
    /// they are deployed: what is asked and told of them is asked and told as it will be.
    pub(crate) fn settle(&self, file: usize, of: &mut Arc<File>) {
        let places = self.of(file);
        if of.manifest.objects().all(|object| places.given_namespace(object).is_none()) {
            return;
        }
        for document in &mut Arc::make_mut(of).manifest.documents {
            let Content::Objects(objects) = &mut document.content else { continue };
            for object in objects {
                if let Some(namespace) = places.given_namespace(object) {
                    set_namespace(object, namespace);
                }
            }
        }
    }

    /// Finds out how each file is deployed. `objects` are those that stand for themselves, each with the index of its
    /// file.
    pub(crate) fn new(files: &[Arc<File>], graph: &Graph<'_>, objects: &[(usize, &Object)]) -> Self {
        let names: Vec<String> = files.iter().map(|file| normal(file.manifest.folder())).collect();
        let mut finder = Finder::default();
        let deployers = deployers(objects, &Folders::new(files), graph, &mut finder);
        let builds = builds(graph, &deployers, &mut finder);
        let mut of_file: Vec<Option<usize>> = vec![None; files.len()];
        let listed = graph.kustomizations.iter().zip(&builds).flat_map(|(kustomization, placements)| {
            let files = kustomization.references.iter().filter_map(|it| match it.target {
                Target::File(file) => Some(file),
                _ => None,
            });
            files.map(move |file| (file, placements))
        });
        let mut by_file: BTreeMap<usize, BTreeSet<Placement>> = BTreeMap::new();
        listed.for_each(|(file, placements)| by_file.entry(file).or_default().extend(placements.iter().cloned()));
        for (file, placements) in by_file {
            let number = finder.number(placements);
            of_file.get_mut(file).into_iter().for_each(|of| *of = Some(number));
        }
        for (file, of) in files.iter().zip(&mut of_file) {
            let Some(rendering) = file.manifest.rendering() else { continue };
            let root = graph.in_folder(&normal(&rendering.folder));
            let built = root.and_then(|index| builds.get(index));
            let released = root.and_then(|index| graph.released_to(files, index));
            // What was rendered names its namespaces itself, but for the objects of a chart that a kustomization inflates:
            // these are in the namespace of the release. Where nothing sets one for the files of the build, an object that
            // names none may be of a file.
            let given = |it: &Placement| {
                let of_release = released.filter(|(_, is_alone)| *is_alone || it.set.is_some());
                let named = rendering.namespace.as_deref().or(of_release.map(|(namespace, _)| namespace));
                let filled = named.map(Into::into).or_else(|| it.set.clone().or(it.filled.clone()));
                Placement { unit: it.unit, set: None, filled }
            };
            let placements: BTreeSet<Placement> = match (built, &rendering.namespace) {
                (Some(built), _) => built.iter().map(given).collect(),
                (None, Some(namespace)) => {
                    let filled = Some(namespace.as_str().into());
                    BTreeSet::from([Placement { unit: finder.unit(), set: None, filled }])
                }
                (None, None) => continue,
            };
            *of = Some(finder.number(placements));
        }
        let plain: Vec<(&Deployer<'_>, Placement)> =
            deployers.iter().filter(|it| it.kustomization.is_none()).map(|it| (it, it.placement())).collect();
        for (folder, of) in names.iter().zip(&mut of_file).filter(|(_, of)| of.is_none()) {
            let by = plain.iter().filter(|(deployer, _)| is_within(folder, &deployer.folder));
            let mut placements: BTreeSet<Placement> = by.map(|(_, placement)| placement.clone()).collect();
            // What the kustomization of its own folder leaves out is deployed beside that, if at all, and not by it.
            let beside = graph.in_folder(folder).and_then(|index| builds.get(index));
            let bare = |it: &Placement| Placement { unit: it.unit, set: None, filled: None };
            placements.extend(beside.into_iter().flatten().map(bare));
            if !placements.is_empty() {
                *of = Some(finder.number(placements));
            }
        }
        trees(files, &names, objects, &mut of_file, &mut finder);
        let of_file = of_file.into_iter().map(Option::unwrap_or_default).collect();
        Self { of_file, placements: finder.placements }
    }
}

/// Numbers units and placements.
#[derive(Default)]
struct Finder {
    units: usize,
    placements: Vec<Vec<Placement>>,
    numbers: HashMap<Vec<Placement>, usize>,
}

impl Finder {
    fn unit(&mut self) -> usize {
        self.units += 1;
        self.units
    }

    fn number(&mut self, placements: BTreeSet<Placement>) -> usize {
        let placements: Vec<Placement> = placements.into_iter().collect();
        let next = self.placements.len();
        *self.numbers.entry(placements).or_insert_with_key(|placements| {
            self.placements.push(placements.clone());
            next
        })
    }
}

/// An object that has a controller deploy a folder of the input.
struct Deployer<'a> {
    folder: String,
    /// The kustomization in that folder.
    kustomization: Option<usize>,
    unit: usize,
    set: Option<&'a str>,
    filled: Option<Box<str>>,
}

impl Deployer<'_> {
    fn placement(&self) -> Placement {
        Placement { unit: self.unit, set: self.set.map(Into::into), filled: self.filled.clone() }
    }
}

/// A folder that is deployed, the namespace that is set to all of it, and that of objects without one.
type Deployed<'f, 'a> = (&'f str, Option<&'a str>, Option<Box<str>>);

/// The Applications, those of sets too, and the Flux Kustomizations whose folder is here. A folder is one unit, however many
/// deploy it.
fn deployers<'a>(
    objects: &[(usize, &'a Object)],
    folders: &Folders,
    graph: &Graph<'_>,
    finder: &mut Finder,
) -> Vec<Deployer<'a>> {
    let (mut deployers, mut units) = (Vec::new(), HashMap::new());
    for (_, object) in objects {
        if !matches!(object.group(), "argoproj.io" | "kustomize.toolkit.fluxcd.io") {
            continue;
        }
        let Some(spec) = object.node.get("spec") else { continue };
        let found: Vec<Deployed<'_, 'a>> = match (object.group(), object.kind.as_str()) {
            ("argoproj.io", "Application") => {
                let sources = spec.get("source").into_iter().chain(spec.list("sources"));
                let filled = spec.text(&["destination", "namespace"]);
                let here = sources.filter_map(|source| folders.only(source.text(&["path"])?));
                here.map(|folder| (folder, None, filled.map(Into::into))).collect()
            }
            ("argoproj.io", "ApplicationSet") => {
                let deployed = sets::deployed(spec, folders).into_iter();
                deployed.map(|(folder, filled)| (folder, None, Some(filled.into_boxed_str()))).collect()
            }
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                let here = spec.text(&["path"]).and_then(|path| folders.only(path));
                here.map(|folder| (folder, spec.text(&["targetNamespace"]), None)).into_iter().collect()
            }
            _ => continue,
        };
        for (folder, set, filled) in found {
            let kustomization = graph.in_folder(folder);
            let unit = *units.entry(folder.to_owned()).or_insert_with(|| finder.unit());
            deployers.push(Deployer { folder: folder.to_owned(), kustomization, unit, set, filled });
        }
    }
    deployers
}

/// How what each kustomization lists is deployed: in every build that reaches it, in the namespace that the outermost
/// kustomization sets, as kustomize has it.
fn builds(graph: &Graph<'_>, deployers: &[Deployer<'_>], finder: &mut Finder) -> Vec<BTreeSet<Placement>> {
    let mut placements = vec![BTreeSet::new(); graph.kustomizations.len()];
    let deployed = deployers.iter().filter_map(|it| Some((it.kustomization?, it.placement())));
    let mut roots: Vec<(usize, Placement)> = deployed.collect();
    let targets: HashSet<usize> = roots.iter().map(|(index, _)| *index).collect();
    let tops: Vec<usize> = graph.roots().filter(|index| !targets.contains(index)).collect();
    roots.extend(tops.into_iter().map(|index| (index, Placement { unit: finder.unit(), set: None, filled: None })));
    let mut steps = STEPS;
    for (root, placement) in roots {
        follow(graph, root, placement, &mut steps, &mut placements);
    }
    // Those that only refer to each other, and those for which there were no steps left.
    for index in 0..placements.len() {
        if placements.get(index).is_some_and(BTreeSet::is_empty) {
            let placement = Placement { unit: finder.unit(), set: None, filled: None };
            follow(graph, index, placement, &mut 1, &mut placements);
        }
    }
    placements
}

/// Notes a placement for all that a build reaches.
fn follow(
    graph: &Graph<'_>,
    root: usize,
    placement: Placement,
    steps: &mut usize,
    placements: &mut [BTreeSet<Placement>],
) {
    let mut waiting = vec![(root, placement)];
    while let Some((index, mut placement)) = waiting.pop() {
        let (Some(kustomization), Some(known)) = (graph.kustomizations.get(index), placements.get_mut(index)) else {
            continue;
        };
        if placement.set.is_none() {
            placement.set = kustomization.namespace().map(Into::into);
        }
        if known.len() >= PLACEMENTS || !known.insert(placement.clone()) {
            continue;
        }
        for reference in &kustomization.references {
            let Some(left) = steps.checked_sub(1) else { return };
            *steps = left;
            if let Target::Kustomization(used) = reference.target {
                waiting.push((used, placement.clone()));
            }
        }
    }
}

/// A folder of one project.
type Folder<'a> = (usize, &'a str);

/// Places the files that nothing but a folder holds together. A tree of folders begins where files with objects of no
/// namespace first stand; one without workloads serves the nearest folder around it that has some.
fn trees(
    files: &[Arc<File>],
    names: &[String],
    objects: &[(usize, &Object)],
    of_file: &mut [Option<usize>],
    finder: &mut Finder,
) {
    let place = |file: usize| -> Option<Folder<'_>> { Some((files.get(file)?.project, names.get(file)?.as_str())) };
    let (mut begins, mut works): (BTreeSet<Folder<'_>>, BTreeSet<Folder<'_>>) = (BTreeSet::new(), BTreeSet::new());
    for (file, object) in objects.iter().filter(|(file, _)| of_file.get(*file).is_some_and(Option::is_none)) {
        let is_workload = workload_kind(object.group(), &object.kind).is_some();
        if let Some(place) = place(*file).filter(|_| object.namespace.is_none()) {
            if is_workload || builtin::is_namespaced(object.group(), &object.kind) {
                begins.insert(place);
            }
            if is_workload {
                works.insert(place);
            }
        }
    }
    let top = |(project, folder): Folder<'_>| -> String {
        let around = ancestors(folder).chain((!folder.is_empty()).then_some(""));
        let first = around.filter(|folder| begins.contains(&(project, *folder))).last();
        first.unwrap_or(folder).to_owned()
    };
    // Around each tree with workloads, its unit.
    let mut units: HashMap<(usize, String), usize> = HashMap::new();
    let mut around: HashMap<(usize, String), BTreeSet<usize>> = HashMap::new();
    for (project, folder) in &works {
        let tree = (*project, top((*project, folder)));
        units.entry(tree).or_insert_with_key(|(project, folder)| {
            let unit = finder.unit();
            for above in ancestors(folder).skip(1).chain([""]) {
                around.entry((*project, above.to_owned())).or_default().insert(unit);
            }
            unit
        });
    }
    // By project, what is together for want of any workload around it.
    let mut idle: HashMap<usize, usize> = HashMap::new();
    let mut numbers: HashMap<(usize, String), usize> = HashMap::new();
    for (file, of) in of_file.iter_mut().enumerate().filter(|(_, of)| of.is_none()) {
        let Some((project, folder)) = place(file) else { continue };
        let tree = (project, top((project, folder)));
        let number = numbers.entry(tree.clone()).or_insert_with(|| {
            let served = || {
                let mut above = ancestors(&tree.1).skip(1).chain([""]);
                above.find_map(|folder| around.get(&(project, folder.to_owned())))
            };
            let units: Vec<usize> = match units.get(&tree) {
                Some(unit) => vec![*unit],
                None => served().map_or_else(
                    || vec![*idle.entry(project).or_insert_with(|| finder.unit())],
                    |units| units.iter().copied().collect(),
                ),
            };
            finder.number(units.into_iter().map(|unit| Placement { unit, set: None, filled: None }).collect())
        });
        *of = Some(*number);
    }
}
