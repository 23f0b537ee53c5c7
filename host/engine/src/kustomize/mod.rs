//! Kustomizations: which files are ones, what each refers to, and what its build can hold.
//!
//! They are known by kustomize's own rules, by the name of the file first: an object that calls itself a Kustomization
//! in any other file builds nothing. Nothing is built here; that a build holds an object is read from the files that it
//! reaches. The module must not know what a rule asks.

pub(crate) mod labels;
pub(crate) mod patches;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::file::File;
use crate::manifest::kustomization::{GROUP, is_file_name};
use crate::manifest::{Content, Node, Span};
use crate::paths::{file_name, folder, normal, resolve};

/// Steps along references of all builds together. Real repositories take some ten a kustomization; where a hostile one
/// takes more, nothing is known of the builds that are left.
pub(crate) const STEPS: usize = 300_000;

/// One kustomization.
pub(crate) struct Kustomization<'a> {
    /// The index of its file.
    pub(crate) file: usize,
    /// Its folder, a normal path.
    pub(crate) folder: String,
    pub(crate) node: &'a Node,
    /// Whether it is a Component, which others include and which builds nothing alone.
    pub(crate) is_component: bool,
    /// Its `resources`, `bases` and `components`.
    pub(crate) references: Vec<Reference<'a>>,
}

/// What a kustomization refers to by a path.
pub(crate) struct Reference<'a> {
    pub(crate) path: &'a str,
    pub(crate) span: Span,
    pub(crate) target: Target,
}

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The file of that index.
    File(usize),
    /// The kustomization of that index.
    Kustomization(usize),
    /// Out of the input: to another repository, or to a file that was not given.
    Elsewhere,
}

/// All kustomizations of an input.
pub(crate) struct Graph<'a> {
    pub(crate) kustomizations: Vec<Kustomization<'a>>,
    /// By kustomization, those that refer to it.
    users: Vec<Vec<usize>>,
    by_folder: HashMap<String, usize>,
    /// By normal path, the index of the file.
    pub(crate) files: HashMap<String, usize>,
}

/// What a build reaches.
#[derive(Default)]
pub(crate) struct Build<'a> {
    pub(crate) kustomizations: HashSet<usize>,
    pub(crate) files: HashSet<usize>,
    /// What is put before and behind the names of objects.
    pub(crate) affixes: Vec<(&'a str, &'a str)>,
    /// Whether that is all: nothing comes from elsewhere, from a generator or from a file that could not be read.
    pub(crate) is_known: bool,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(all: &'a [Arc<File>]) -> Self {
        let mut files = HashMap::with_capacity(all.len());
        for (index, file) in all.iter().enumerate() {
            files.entry(normal(&file.manifest.name)).or_insert(index);
        }
        let mut kustomizations: Vec<Kustomization<'a>> =
            all.iter().enumerate().filter_map(|(index, file)| read(index, file)).collect();
        let mut by_folder = HashMap::with_capacity(kustomizations.len());
        for (index, kustomization) in kustomizations.iter().enumerate() {
            by_folder.entry(kustomization.folder.clone()).or_insert(index);
        }
        let mut users = vec![Vec::new(); kustomizations.len()];
        for (index, kustomization) in kustomizations.iter_mut().enumerate() {
            for reference in &mut kustomization.references {
                let path = resolve(&kustomization.folder, reference.path);
                // A URL with its slashes taken for folders could name any file.
                if is_remote(reference.path) {
                    continue;
                } else if let Some(file) = files.get(&path) {
                    reference.target = Target::File(*file);
                } else if let Some(used) = by_folder.get(&path) {
                    reference.target = Target::Kustomization(*used);
                    users.get_mut(*used).into_iter().for_each(|users: &mut Vec<usize>| users.push(index));
                }
            }
        }
        Self { kustomizations, users, by_folder, files }
    }

    /// The kustomization in a folder, which is a normal path.
    pub(crate) fn in_folder(&self, folder: &str) -> Option<usize> {
        self.by_folder.get(folder).copied()
    }

    /// The kustomizations that nobody here includes: those that are built.
    pub(crate) fn roots(&self) -> impl Iterator<Item = usize> {
        self.users.iter().enumerate().filter(|(_, users)| users.is_empty()).map(|(index, _)| index)
    }

    /// The kustomizations in whose builds a kustomization's patches are applied: itself, or those that include it, where
    /// it is a Component.
    fn builders(&self, index: usize) -> Vec<usize> {
        let is_component = |index: usize| self.kustomizations.get(index).is_some_and(|it| it.is_component);
        let (mut seen, mut waiting, mut builders) = (HashSet::from([index]), vec![index], Vec::new());
        while let Some(next) = waiting.pop() {
            if is_component(next) {
                waiting.extend(self.users.get(next).into_iter().flatten().filter(|user| seen.insert(**user)));
            } else {
                builders.push(next);
            }
        }
        builders
    }

    /// What the builds from these kustomizations reach, all together. `steps` are those that may still be taken.
    pub(crate) fn build(&self, all: &[Arc<File>], from: &[usize], steps: &mut usize) -> Build<'a> {
        let mut build = Build { is_known: !from.is_empty(), ..Build::default() };
        let mut seen: HashSet<usize> = from.iter().copied().collect();
        let mut waiting = from.to_vec();
        while let Some(index) = waiting.pop() {
            let Some(kustomization) = self.kustomizations.get(index) else { continue };
            build.kustomizations.insert(index);
            build.affixes.extend(kustomization.affixes());
            build.is_known &= !kustomization.generates();
            for reference in &kustomization.references {
                let Some(left) = steps.checked_sub(1) else {
                    build.is_known = false;
                    return build;
                };
                *steps = left;
                match reference.target {
                    Target::File(file) => {
                        build.files.insert(file);
                        build.is_known &= all.get(file).is_some_and(|file| is_whole(file));
                    }
                    Target::Kustomization(used) if seen.insert(used) => waiting.push(used),
                    Target::Kustomization(_) => {}
                    Target::Elsewhere => build.is_known = false,
                }
            }
        }
        build
    }

    /// The namespace that a build releases its charts to, where each entry of `helmCharts` names this one, and whether the
    /// build takes no files besides.
    pub(crate) fn released_to(&self, all: &[Arc<File>], root: usize) -> Option<(&'a str, bool)> {
        let mut steps = STEPS;
        let build = self.build(all, &[root], &mut steps);
        let kustomizations = build.kustomizations.iter().filter_map(|index| self.kustomizations.get(*index));
        let charts = kustomizations.flat_map(|kustomization| kustomization.node.list("helmCharts"));
        let mut namespaces = charts.map(|chart| chart.get("namespace")?.as_str().filter(|text| !text.is_empty()));
        let first = namespaces.next()??;
        namespaces.all(|other| other == Some(first)).then_some((first, build.files.is_empty()))
    }
}

impl<'a> Kustomization<'a> {
    fn affixes(&self) -> Option<(&'a str, &'a str)> {
        let text = |key: &str| self.node.get(key).and_then(Node::as_str).unwrap_or_default();
        Some((text("namePrefix"), text("nameSuffix"))).filter(|affixes| *affixes != ("", ""))
    }

    /// Whether a program or a chart makes objects of it that stand in no file.
    pub(crate) fn generates(&self) -> bool {
        ["helmCharts", "helmChartInflationGenerator", "generators"].iter().any(|key| !self.node.list(key).is_empty())
    }

    /// The namespace that it gives all objects of its build.
    pub(crate) fn namespace(&self) -> Option<&'a str> {
        self.node.get("namespace").and_then(Node::as_str).filter(|namespace| !namespace.is_empty())
    }
}

/// The kustomization that a file is, if it is one.
fn read(index: usize, File { manifest, .. }: &File) -> Option<Kustomization<'_>> {
    if !is_file_name(file_name(&manifest.name)) || manifest.rendering().is_some() {
        return None;
    }
    // Kustomize decodes the first document and no other.
    let first = manifest.documents.iter().find(|it| !matches!(it.content, Content::Empty))?;
    let object = first.objects().first().filter(|object| object.path == "$")?;
    let is_component = match (object.group(), object.kind.as_str()) {
        (GROUP, "Kustomization") => false,
        (GROUP, "Component") => true,
        _ => return None,
    };
    let references = ["resources", "bases", "components"].iter().flat_map(|key| object.node.list(key));
    let references = references.filter_map(|item| {
        let path = item.as_str()?;
        Some(Reference { path, span: item.span, target: Target::Elsewhere })
    });
    Some(Kustomization {
        file: index,
        folder: normal(folder(&manifest.name)),
        node: &object.node,
        is_component,
        references: references.collect(),
    })
}

/// The paths that a file, if it is a kustomization, takes objects from, as they stand there: of files, whatever these are
/// called, and of folders. What is fetched from another repository is not among them.
pub fn kustomize_resources(file: &File) -> impl Iterator<Item = &str> {
    let references = read(0, file).into_iter().flat_map(|kustomization| kustomization.references);
    references.map(|reference| reference.path).filter(|path| !is_remote(path))
}

/// Whether all objects of the file are known.
fn is_whole(file: &File) -> bool {
    file.manifest.problems.is_empty()
        && !file.manifest.documents.iter().any(|it| matches!(it.content, Content::Template | Content::Broken))
}

/// Whether a reference is meant for another repository. If a file of that name is here, that file is meant.
#[must_use]
pub fn is_remote(path: &str) -> bool {
    path.contains("://") || path.starts_with("git@") || path.contains("?ref=")
}
