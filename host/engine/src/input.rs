//! Everything that was given to judge: the files, and which of their objects stand for themselves.
//!
//! A repository of manifests is not a flat heap of objects. A kustomization's patches are fragments of objects that
//! stand elsewhere, and a folder may hold projects that have nothing to do with each other; both are said here, once, so
//! that no rule calls a patch incomplete or finds its answer in a stranger's file.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::manifest::{Content, Document, Manifest, Node, Object, SkipReason, Value};

/// One file and the project that it is part of.
#[derive(Clone, Debug)]
pub struct File {
    /// What was read of it. Its name is a path with `/`, as people gave it.
    pub manifest: Manifest,
    /// Objects of other projects are not part of this file's world.
    pub project: usize,
}

/// Everything that was given to judge.
#[derive(Debug, Default)]
pub struct Input {
    files: Vec<Arc<File>>,
    /// How many of the files were given; those behind them are trees.
    given: usize,
    /// What is a patch, by the index of its file.
    patches: HashMap<usize, Patches>,
}

/// The patches in one file.
#[derive(Debug)]
struct Patches {
    /// The name of the kustomization that lays them over objects.
    kustomization: String,
    /// Each by its document and its place among the objects of that.
    objects: HashSet<(usize, usize)>,
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
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject(reason) => formatter.write_str(reason.description()),
            Self::Patch(kustomization) => write!(formatter, "a patch of {kustomization}"),
        }
    }
}

impl Input {
    /// The files, with patches told apart. They are shared, so that whoever checks them again and again reads only those
    /// that changed.
    #[must_use]
    pub fn new(files: Vec<impl Into<Arc<File>>>) -> Self {
        let files: Vec<Arc<File>> = files.into_iter().map(Into::into).collect();
        let patches = patches(&files);
        Self { given: files.len(), files, patches }
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

    /// The file of that index, or what stands for one.
    #[must_use]
    pub fn file(&self, index: usize) -> Option<&File> {
        self.files.get(index).map(|file| &**file)
    }

    /// The objects to judge.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.files.iter().enumerate().flat_map(move |(file, of)| {
            let patches = self.patches.get(&file);
            of.manifest.documents.iter().enumerate().flat_map(move |(document, of)| {
                let objects = of.objects().iter().enumerate();
                let stand = objects
                    .filter(move |(index, _)| patches.is_none_or(|it| !it.objects.contains(&(document, *index))));
                stand.map(move |(_, object)| Subject { file, document, object })
            })
        })
    }

    /// The documents that hold nothing to judge, or not only.
    pub fn skipped(&self) -> impl Iterator<Item = Skipped> {
        self.files.iter().enumerate().flat_map(move |(file, of)| {
            let patches = self.patches.get(&file);
            of.manifest.documents.iter().enumerate().filter_map(move |(index, document)| {
                let patch =
                    patches.filter(|it| (0..document.objects().len()).any(|at| it.objects.contains(&(index, at))));
                let reason = match (document.skipped(), patch) {
                    (Some(reason), _) => Skip::NoObject(reason),
                    (None, Some(patch)) => Skip::Patch(patch.kustomization.clone()),
                    (None, None) => return None,
                };
                Some(Skipped { file, line: of.manifest.source.position(document.span.start).line, reason })
            })
        })
    }
}

/// Tells patches from objects, in favour of objects: what a kustomization has among its resources too is none, nor is
/// what patches nothing that is here. Otherwise a line in a kustomization would keep any object from being judged.
fn patches(files: &[Arc<File>]) -> HashMap<usize, Patches> {
    let (mut laid_over, mut resources) = (HashMap::new(), HashSet::new());
    for manifest in files.iter().map(|file| &file.manifest) {
        for kustomization in manifest.documents.iter().flat_map(|document| kustomizations(manifest, document)) {
            for Patch { path, is_targeted } in patch_paths(kustomization) {
                laid_over.insert(resolve(&manifest.name, path), (&manifest.name, is_targeted));
            }
            let paths = ["resources", "bases", "components"].iter().flat_map(|key| list(kustomization, key));
            resources.extend(paths.filter_map(Node::as_str).map(|path| resolve(&manifest.name, path)));
        }
    }
    if laid_over.is_empty() {
        return HashMap::new();
    }
    let (mut candidates, mut names, mut kinds) = (Vec::new(), HashSet::new(), HashSet::new());
    for (index, file) in files.iter().enumerate() {
        let name = resolve(&file.manifest.name, "");
        match laid_over.get(&name).filter(|_| !resources.contains(&name)) {
            Some((kustomization, is_targeted)) => candidates.push((index, file, *kustomization, *is_targeted)),
            None => {
                for object in file.manifest.objects() {
                    kinds.insert((object.group(), object.kind.as_str()));
                    names.insert((object.group(), object.kind.as_str(), object.name.as_deref()));
                }
            }
        }
    }
    let of_file = candidates.into_iter().map(|(index, file, kustomization, is_targeted)| {
        let patches_something = |object: &Object| {
            let (group, kind) = (object.group(), object.kind.as_str());
            match &object.name {
                // A target names what is patched, and the name in the patch is nobody's.
                _ if is_targeted => kinds.contains(&(group, kind)),
                Some(name) => names.contains(&(group, kind, Some(name.as_str()))),
                None => false,
            }
        };
        let of_document = |(document, of): (usize, &Document)| {
            let objects = of.objects().iter().enumerate().filter(|(_, object)| patches_something(object));
            objects.map(|(at, _)| (document, at)).collect::<Vec<_>>()
        };
        let objects = file.manifest.documents.iter().enumerate().flat_map(of_document).collect();
        (index, Patches { kustomization: kustomization.clone(), objects })
    });
    of_file.collect()
}

/// The kustomizations in a document. Kustomize knows its own file by its name, whether or not it says what it is.
fn kustomizations<'a>(manifest: &'a Manifest, document: &'a Document) -> Vec<&'a Node> {
    let file_name = manifest.name.rsplit('/').next().unwrap_or_default();
    match &document.content {
        Content::Objects(objects) => {
            let own = objects.iter().filter(|object| object.group() == "kustomize.config.k8s.io");
            own.map(|object| &*object.node).collect()
        }
        Content::Other(node) if matches!(file_name, "kustomization.yaml" | "kustomization.yml" | "Kustomization") => {
            vec![node]
        }
        _ => Vec::new(),
    }
}

/// A file that a kustomization lays over objects.
struct Patch<'a> {
    path: &'a str,
    /// Whether the kustomization chooses the objects; otherwise the patch names its own.
    is_targeted: bool,
}

/// `patches[].path`, `patchesJson6902[].path`, and the items of `patchesStrategicMerge` (in old kustomizations of
/// `patches`) that are paths and not patches written in place.
fn patch_paths(kustomization: &Node) -> impl Iterator<Item = Patch<'_>> {
    let items = ["patches", "patchesJson6902", "patchesStrategicMerge"].iter().flat_map(|key| list(kustomization, key));
    let patches = items.filter_map(|item| {
        let path = item.get("path").unwrap_or(item).as_str()?;
        Some(Patch { path, is_targeted: item.get("target").is_some() })
    });
    patches.filter(|patch| !patch.path.contains('\n'))
}

fn list<'a>(kustomization: &'a Node, key: &str) -> &'a [Node] {
    match kustomization.get(key).map(|node| &node.value) {
        Some(Value::Sequence(items)) => items,
        _ => &[],
    }
}

/// The path relative to the folder of `file`, without `.` and `..`; the file itself for an empty path.
fn resolve(file: &str, path: &str) -> String {
    let folder = if path.is_empty() { file } else { file.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            other => steps.push(other),
        }
    }
    let root = if file.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::*;
    use crate::manifest::{Limits, read};

    fn input(files: &[(&str, &str)]) -> Input {
        let file = |(name, text): &(&str, &str)| File {
            manifest: read(name, text.as_bytes().to_vec(), &Limits::default()),
            project: 0,
        };
        Input::new(files.iter().map(file).collect())
    }

    const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";

    fn judged(files: &[(&str, &str)]) -> Vec<usize> {
        input(files).subjects().map(|subject| subject.file).collect()
    }

    #[test]
    fn a_resource_is_never_a_patch() {
        for key in ["resources", "bases", "components"] {
            let other = format!("{key}: [../a/web.yaml]\n");
            let files = [
                ("a/kustomization.yaml", "patches: [{path: web.yaml}]\n"),
                ("a/web.yaml", DEPLOYMENT),
                ("base/web.yaml", DEPLOYMENT),
                ("b/kustomization.yaml", other.as_str()),
            ];
            assert_eq!(judged(&files), [1, 2], "{key}");
            assert_eq!(judged(&files[..3]), [2]);
        }
    }

    #[test]
    fn what_patches_nothing_that_is_here_is_judged() {
        let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n\
                     apiVersion: v1\nkind: Pod\nmetadata: {name: miner}\n---\nkind: Pod\napiVersion: v1\n";
        let files = [
            ("a/kustomization.yaml", "patches: [{path: patch.yaml}]\n"),
            ("a/patch.yaml", patch),
            ("base/web.yaml", DEPLOYMENT),
        ];
        let input = input(&files);
        let judged: Vec<_> = input.subjects().map(|it| (it.file, it.document)).collect();
        assert_eq!(judged, [(1, 1), (1, 2), (2, 0)]);
        let patch = Skip::Patch("a/kustomization.yaml".into());
        assert_eq!(
            input.skipped().filter(|skipped| skipped.reason == patch).map(|it| it.line).collect::<Vec<_>>(),
            [1]
        );
    }

    #[test]
    fn a_patch_with_a_target_needs_no_name_that_is_here() {
        let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: any}\n---\n\
                     apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: any}\n";
        let files = [
            ("a/kustomization.yaml", "patches: [{path: patch.yaml, target: {kind: Deployment}}]\n"),
            ("a/patch.yaml", patch),
            ("base/web.yaml", DEPLOYMENT),
        ];
        let input = input(&files);
        assert_eq!(input.subjects().map(|it| (it.file, it.document)).collect::<Vec<_>>(), [(1, 1), (2, 0)]);
    }

    #[test]
    fn a_patch_of_a_kustomization_is_skipped_and_named() {
        let kustomization = "patches:\n- path: ../shared/./patch.yaml\n- old.yaml\n- patch: |\n    a: b\n\
                             patchesStrategicMerge: [merge.yaml, \"kind: X\\n\"]\npatchesJson6902: [{path: json.yaml}]\n";
        let input = input(&[
            ("k8s/overlay/kustomization.yaml", kustomization),
            ("k8s/shared/patch.yaml", DEPLOYMENT),
            ("k8s/overlay/merge.yaml", DEPLOYMENT),
            ("k8s/overlay/json.yaml", DEPLOYMENT),
            ("k8s/overlay/old.yaml", DEPLOYMENT),
            ("k8s/overlay/web.yaml", DEPLOYMENT),
        ]);
        assert_eq!(input.subjects().map(|subject| subject.file).collect::<Vec<_>>(), [5]);
        let patch = Skip::Patch("k8s/overlay/kustomization.yaml".into());
        assert_eq!(input.skipped().filter(|skipped| skipped.reason == patch).count(), 4);
    }

    #[test]
    fn paths_are_resolved_from_the_folder_of_the_file() {
        for (file, path, resolved) in [
            ("a/b.yaml", "c.yaml", "a/c.yaml"),
            ("./a/b.yaml", "", "a/b.yaml"),
            ("../a/b.yaml", "../../c.yaml", "../../c.yaml"),
            ("/a/b.yaml", "../c.yaml", "/c.yaml"),
            ("b.yaml", "./c.yaml", "c.yaml"),
        ] {
            assert_eq!(resolve(file, path), resolved);
        }
    }
}
