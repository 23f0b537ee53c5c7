//! Everything that was given to judge: the files, and which of their objects stand for themselves.
//!
//! A repository of manifests is not a flat heap of objects. A kustomization's patches are fragments of objects that
//! stand elsewhere, and a folder may hold projects that have nothing to do with each other; both are said here, once, so
//! that no rule calls a patch incomplete or finds its answer in a stranger's file.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use protocol::documents::GROUP;

use crate::file::File;
use crate::kustomize::{Graph, labels, patches};
use crate::manifest::{Content, Covered, Document, Object, Origin, SkipReason};
use crate::paths::normal;
use crate::places::Places;
use crate::unchecked::{self, Unchecked, Unrendered};

/// Everything that was given to judge.
#[derive(Debug, Default)]
pub struct Input {
    files: Vec<Arc<File>>,
    /// How many of the files were given; those behind them are trees.
    given: usize,
    patches: patches::Found,
    /// By file that others were rendered of, the first of those.
    rendered: HashMap<usize, usize>,
    unchecked: Vec<Unchecked>,
    /// The files that are built together with something of that.
    beside_unseen: HashSet<usize>,
    /// By file that kustomizations build what they add to its objects.
    added: HashMap<usize, labels::Added>,
    /// By name of a file the lines at which objects begin that deploy what was rendered.
    deployed: HashMap<String, HashSet<u32>>,
    places: Places,
}

/// An object to judge.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The index of its file.
    pub file: usize,
    /// The index of its document in the file.
    pub document: usize,
    /// The object.
    pub object: &'a Object,
}

/// A document that holds nothing to judge, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The index of the file.
    pub file: usize,
    /// The line at which the document begins.
    pub line: u32,
    /// Why there is nothing to judge.
    pub reason: Skip,
}

/// Why a document is not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// There is no object in it.
    NoObject(SkipReason),
    /// It is a fragment that this kustomization lays over an object that stands elsewhere.
    Patch(String),
    /// A tool has rendered it, and the result is judged: under this name.
    Rendered(String),
    /// The file is known to hold no object, such as a chart's values: nothing is missed.
    Known(&'static str),
}

impl Skip {
    /// Whether its content is unknown: an object may be in it.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::NoObject(SkipReason::Binary | SkipReason::Encrypted | SkipReason::NotReadable))
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject(reason) => formatter.write_str(reason.description()),
            Self::Patch(kustomization) => write!(formatter, "a patch of {kustomization}"),
            Self::Rendered(result) => write!(formatter, "rendered: see {result}"),
            Self::Known(what) => formatter.write_str(what),
        }
    }
}

impl Input {
    /// The files, with patches told apart, and with what deploys and cannot be checked. They are shared, so that whoever
    /// checks them again and again reads only those that changed: files as they were read, not those of another input.
    #[must_use]
    pub fn new(files: Vec<impl Into<Arc<File>>>) -> Self {
        let mut files: Vec<Arc<File>> = files.into_iter().map(Into::into).collect();
        let graph = Graph::new(&files);
        let patches = patches::find(&files, &graph);
        let rendered = rendered(&files);
        let objects = files.iter().enumerate().filter(|(index, _)| !rendered.contains_key(index));
        let objects = objects
            .flat_map(|(index, file)| standing_in(index, file, &patches).map(move |(_, object)| (index, object)));
        let objects: Vec<(usize, &Object)> = objects.collect();
        let unchecked = unchecked::find(&files, &graph, &patches.unproven, &objects);
        let unchecked = unchecked::without_rendered(unchecked, &files);
        let beside_unseen = unchecked::beside_unseen(&files, &graph, &unchecked);
        let places = Places::new(&files, &graph, &objects);
        let deployed = deployed(&files);
        let added = labels::added(&files, &graph);
        drop((graph, objects));
        files.iter_mut().enumerate().for_each(|(index, file)| places.settle(index, file));
        for (file, patches) in &patches.patches {
            files.get_mut(*file).into_iter().for_each(|file| forgive(file, patches));
        }
        // Whatever is wrong with a template, the tool had no trouble with it.
        for file in rendered.keys() {
            if let Some(file) = files.get_mut(*file).filter(|file| !file.manifest.problems.is_empty()) {
                Arc::make_mut(file).manifest.problems.clear();
            }
        }
        Self { given: files.len(), files, patches, rendered, unchecked, beside_unseen, deployed, added, places }
    }

    /// With what could not be rendered: it is not checked, for another reason than that nobody has tried.
    #[must_use]
    pub fn with_unrendered(mut self, unrendered: Vec<Unrendered>) -> Self {
        // Where one of several sources was not rendered, not all that is deployed is here.
        for covered in unrendered.iter().flat_map(|it| &it.covers) {
            if let Covered::Object { file, line } = covered
                && let Some(lines) = self.deployed.get_mut(file)
            {
                lines.remove(line);
            }
        }
        unchecked::replace(&mut self.unchecked, &self.files, unrendered);
        unchecked::at_sources(&mut self.unchecked, &self.files);
        self
    }

    /// With what is known of the repositories that the files are from ([`repository_tree`]). It is part of the world, and
    /// judged by rules that are about it, but it is no file of anybody's, and no object that others have to see.
    ///
    /// [`repository_tree`]: crate::documents::repository_tree
    #[must_use]
    pub fn with_trees(mut self, trees: Vec<impl Into<Arc<File>>>) -> Self {
        self.files.extend(trees.into_iter().map(Into::into));
        self
    }

    /// All files that were given, in order.
    #[must_use]
    pub fn files(&self) -> &[Arc<File>] {
        self.files.get(..self.given).unwrap_or_default()
    }

    /// Whether the subject is a tree and no object of a file.
    #[must_use]
    pub const fn is_tree(&self, subject: Subject<'_>) -> bool {
        subject.file >= self.given
    }

    /// Whether the subject says of itself what only a host can know, such as which paths a repository has.
    pub(crate) fn is_claim(&self, subject: Subject<'_>) -> bool {
        let is_of_host = self.files.get(subject.file).is_some_and(|file| matches!(file.manifest.origin, Origin::Host));
        subject.object.group() == GROUP && !is_of_host
    }

    /// Whether another file was rendered of this one, and stands for it.
    pub(crate) fn is_rendered(&self, file: usize) -> bool {
        self.rendered.contains_key(&file)
    }

    /// Whether the subject deploys what was rendered: all of that is in the input.
    #[must_use]
    pub fn is_deployment_rendered(&self, subject: Subject<'_>) -> bool {
        let manifest = self.file(subject.file).map(|file| &file.manifest);
        manifest.is_some_and(|manifest| {
            let lines = self.deployed.get(&manifest.name);
            let begins = || manifest.source.position(subject.object.node.look().locate(&[]).start).line;
            lines.is_some_and(|lines| lines.contains(&begins()))
        })
    }

    /// Whether the subject is built together with something that is not in the input: what is missing here may be there.
    #[must_use]
    pub fn is_beside_unseen(&self, subject: Subject<'_>) -> bool {
        self.beside_unseen.contains(&subject.file)
    }

    /// What kustomizations add to the subject, which was not rendered.
    pub(crate) fn added_to(&self, subject: Subject<'_>) -> Option<&labels::Added> {
        self.added.get(&subject.file)
    }

    /// How the files are deployed.
    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    /// The file of that index, or what stands for one.
    #[must_use]
    pub fn file(&self, index: usize) -> Option<&File> {
        self.files.get(index).map(|file| &**file)
    }

    /// The objects to judge: all that stand for themselves.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        let standing = self.files.iter().enumerate().filter(|(file, _)| !self.is_rendered(*file));
        standing.flat_map(move |(file, of)| {
            standing_in(file, of, &self.patches).map(move |(document, object)| Subject { file, document, object })
        })
    }

    /// The objects that others may look up: those to judge, and those that others only see, but for what says of itself that the
    /// host has made it.
    pub fn visible(&self) -> impl Iterator<Item = Subject<'_>> {
        self.subjects().filter(|subject| !self.is_claim(*subject))
    }

    /// Whether the object is a hook or a test of a release: Helm runs it beside the release, and it is no part of that. What
    /// kustomize builds is applied as it is, whatever its annotations say.
    #[must_use]
    pub fn is_hook(&self, subject: Subject<'_>) -> bool {
        let rendering = self.files.get(subject.file).and_then(|file| file.manifest.rendering());
        let is_of_release = rendering.is_some_and(|rendering| rendering.tool.starts_with("helm"));
        let is_marked = || {
            let tree = subject.object.node.look();
            let annotations = tree.get("metadata").and_then(|metadata| metadata.get("annotations"));
            annotations.is_some_and(|all| all.get("helm.sh/hook").is_some())
        };
        is_of_release && is_marked()
    }

    /// What deploys workloads and cannot be checked, in order.
    #[must_use]
    pub fn unchecked(&self) -> &[Unchecked] {
        &self.unchecked
    }

    /// The documents that hold nothing to judge, or not only.
    pub fn skipped(&self) -> impl Iterator<Item = Skipped> {
        self.files.iter().enumerate().flat_map(move |(file, of)| {
            of.manifest.documents.iter().enumerate().filter_map(move |(index, document)| {
                let reason = self.reason(file, &of.manifest.name, index, document)?;
                Some(Skipped { file, line: of.manifest.source.position(document.span.start).line, reason })
            })
        })
    }

    fn reason(&self, file: usize, name: &str, index: usize, document: &Document) -> Option<Skip> {
        let rendered = self.rendered.get(&file).and_then(|rendered| self.files.get(*rendered));
        if let Some(rendered) = rendered.filter(|_| !matches!(document.content, Content::Empty)) {
            return Some(Skip::Rendered(rendered.manifest.name.clone()));
        }
        let patches = self.patches.patches.get(&file).filter(|patches| {
            let is_patch = |at| patches.objects.contains(&(index, at));
            patches.documents.contains(&index) || (0..document.objects().len()).any(is_patch)
        });
        if let Some(patches) = patches {
            return Some(Skip::Patch(patches.kustomization.clone()));
        }
        let reason = document.skipped()?;
        let known = unchecked::known_file(name, &document.content);
        Some(known.map_or(Skip::NoObject(reason), Skip::Known))
    }
}

/// The objects of a file that stand for themselves, each with the index of its document.
fn standing_in<'a>(
    index: usize,
    file: &'a File,
    patches: &'a patches::Found,
) -> impl Iterator<Item = (usize, &'a Object)> {
    let patches = patches.patches.get(&index);
    file.manifest.documents.iter().enumerate().flat_map(move |(document, of)| {
        let objects = of.objects().iter().enumerate();
        let stand =
            objects.filter(move |(index, _)| patches.is_none_or(|it| !it.objects.contains(&(document, *index))));
        stand.map(move |(_, object)| (document, object))
    })
}

/// Where the objects begin that deploy what was rendered: by name of a file the lines.
fn deployed(files: &[Arc<File>]) -> HashMap<String, HashSet<u32>> {
    let mut deployed: HashMap<String, HashSet<u32>> = HashMap::new();
    let renderings = files.iter().filter_map(|file| file.manifest.rendering());
    for covered in renderings.flat_map(|rendering| &rendering.covers) {
        if let Covered::Object { file, line } = covered {
            deployed.entry(file.clone()).or_default().insert(*line);
        }
    }
    deployed
}

/// Of what files others were rendered, each with the first of those.
fn rendered(files: &[Arc<File>]) -> HashMap<usize, usize> {
    let mut made_of: HashMap<String, usize> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        for name in file.manifest.rendering().into_iter().flat_map(|rendering| &rendering.made_of) {
            made_of.entry(normal(name)).or_insert(index);
        }
    }
    if made_of.is_empty() {
        return HashMap::new();
    }
    let of_disk = files.iter().enumerate().filter(|(_, file)| file.manifest.rendering().is_none());
    of_disk.filter_map(|(index, file)| Some((index, *made_of.get(&normal(&file.manifest.name))?))).collect()
}

/// Takes back what was wrong with documents as objects that turned out to be none.
fn forgive(file: &mut Arc<File>, patches: &patches::Patches) {
    for index in &patches.documents {
        if let Some(Document { span, content: Content::Broken }) = file.manifest.documents.get(*index) {
            let span = *span;
            let problems = &mut Arc::make_mut(file).manifest.problems;
            problems.retain(|problem| problem.span.start < span.start || problem.span.start > span.end);
        }
    }
}

#[cfg(test)]
mod tests;
