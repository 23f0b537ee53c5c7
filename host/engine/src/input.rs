//! Everything that was given to judge: the files, and which of their objects stand for themselves.
//!
//! A repository of manifests is not a flat heap of objects. A kustomization's patches are fragments of objects that
//! stand elsewhere, and a folder may hold projects that have nothing to do with each other; both are said here, once, so
//! that no rule calls a patch incomplete or finds its answer in a stranger's file.

use std::collections::HashMap;
use std::fmt;

use crate::manifest::{Content, Document, Manifest, Node, Object, SkipReason, Value};

/// One file and the project that it is part of.
#[derive(Debug)]
pub struct File {
    /// What was read of it. Its name is a path with `/`, as people gave it.
    pub manifest: Manifest,
    /// Objects of other projects are not part of this file's world.
    pub project: usize,
}

/// Everything that was given to judge.
#[derive(Debug, Default)]
pub struct Input {
    files: Vec<File>,
    /// For each file that is a kustomization's patch, that kustomization's name.
    patches: HashMap<String, String>,
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
    /// The files, with patches told apart.
    #[must_use]
    pub fn new(files: Vec<File>) -> Self {
        let mut patches = HashMap::new();
        for file in &files {
            for node in file.manifest.documents.iter().flat_map(|document| kustomizations(&file.manifest, document)) {
                for path in patch_paths(node) {
                    patches.insert(resolve(&file.manifest.name, path), file.manifest.name.clone());
                }
            }
        }
        Self { files, patches }
    }

    /// All files, in the order given.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The file of that index.
    #[must_use]
    pub fn file(&self, index: usize) -> Option<&File> {
        self.files.get(index)
    }

    /// The objects to judge.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.files.iter().enumerate().filter(|(_, file)| self.patched_by(file).is_none()).flat_map(|(file, of)| {
            of.manifest.documents.iter().enumerate().flat_map(move |(document, of)| {
                of.objects().iter().map(move |object| Subject { file, document, object })
            })
        })
    }

    /// The documents that hold nothing to judge.
    pub fn skipped(&self) -> impl Iterator<Item = Skipped> {
        self.files.iter().enumerate().flat_map(move |(file, of)| {
            let patch = self.patched_by(of);
            of.manifest.documents.iter().filter_map(move |document| {
                let reason = match (document.skipped(), patch) {
                    (Some(reason), _) => Skip::NoObject(reason),
                    (None, Some(kustomization)) => Skip::Patch(kustomization.to_owned()),
                    (None, None) => return None,
                };
                Some(Skipped { file, line: of.manifest.source.position(document.span.start).line, reason })
            })
        })
    }

    fn patched_by(&self, file: &File) -> Option<&str> {
        self.patches.get(&resolve(&file.manifest.name, "")).map(String::as_str)
    }
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

/// The files that a kustomization lays over objects: `patches[].path`, `patchesJson6902[].path`, and the items of
/// `patchesStrategicMerge` (in old kustomizations of `patches`) that are paths and not patches written in place.
fn patch_paths(kustomization: &Node) -> impl Iterator<Item = &str> {
    let list = |key: &str| match kustomization.get(key).map(|node| &node.value) {
        Some(Value::Sequence(items)) => items.as_slice(),
        _ => &[],
    };
    let with_path = list("patches").iter().chain(list("patchesJson6902")).filter_map(|patch| patch.get("path"));
    let plain = list("patches").iter().chain(list("patchesStrategicMerge"));
    with_path.chain(plain).filter_map(Node::as_str).filter(|path| !path.contains('\n'))
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
