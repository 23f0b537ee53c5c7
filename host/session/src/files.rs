//! The files of a session. Each is read when it comes, and kept as it was read until its text is another.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use engine::manifest::{Limits, Rendering, read};
use engine::{File, Input, Unrendered};

use crate::digest::Digester;

/// The files, in the order in which they came.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<Kept>,
    /// What is known of their repositories.
    trees: Vec<Kept>,
    /// What could not be rendered.
    unrendered: Vec<Unrendered>,
    digester: Digester,
    next_serial: u64,
    changes: u64,
}

#[derive(Debug)]
struct Kept {
    file: Arc<File>,
    /// The digest of the bytes that it was read from; none where it was read elsewhere.
    text: Option<u128>,
    /// Of no other file, and of no other text of this one.
    serial: u64,
    /// As it is where others are manifests, made when it is first needed: what is no manifest is skipped, whatever is
    /// wrong with it.
    beside_manifests: OnceLock<Arc<File>>,
}

impl Kept {
    fn has_objects(&self) -> bool {
        self.file.manifest.objects().next().is_some()
    }

    fn beside_manifests(&self) -> &Arc<File> {
        // A log or a tree is read for what it is.
        if self.has_objects() || self.text.is_none() {
            return &self.file;
        }
        self.beside_manifests.get_or_init(|| {
            let mut file = Arc::clone(&self.file);
            Arc::make_mut(&mut file).manifest.skip_foreign();
            file
        })
    }
}

impl Files {
    /// No files, whose serials begin there.
    pub(crate) fn after(serial: u64) -> Self {
        Self { next_serial: serial, ..Self::default() }
    }

    /// Sets the text of a file; a new one comes last. A text that it has already changes nothing. It stays in the project
    /// that it was in, and a new one is in that of its next of kin: the file with the most folders in common.
    pub fn set(&mut self, path: &str, text: Vec<u8>) {
        let kept = self.position(path).and_then(|at| self.files.get(at));
        let digest = self.digester.digest(&text);
        if kept.is_none_or(|kept| kept.text != Some(digest)) {
            let project = self.project_of(path);
            let kept = self.read(path, text, digest, project);
            self.put(path, kept);
        }
    }

    /// Whether this holds of some file.
    pub fn any(&self, holds: impl Fn(&File) -> bool) -> bool {
        self.files.iter().any(|kept| holds(&kept.file))
    }

    /// Whether some of them were rendered, or should have been.
    pub fn have_renderings(&self) -> bool {
        !self.unrendered.is_empty() || self.any(|file| file.manifest.rendering().is_some())
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) {
        self.files.retain(|kept| kept.file.manifest.name != path);
        self.changes += 1;
    }

    /// These are all files from now on, in this order, each with its text. Only those that have another are read.
    pub fn replace(&mut self, texts: impl IntoIterator<Item = (String, Vec<u8>)>) {
        let old = std::mem::take(&mut self.files);
        let mut old: HashMap<String, Kept> =
            old.into_iter().map(|kept| (kept.file.manifest.name.clone(), kept)).collect();
        for (path, text) in texts {
            let digest = self.digester.digest(&text);
            let kept = match old.remove(&path) {
                Some(kept) if kept.text == Some(digest) => kept,
                _ => self.read(&path, text, digest, 0),
            };
            self.files.push(kept);
        }
        self.changes += 1;
    }

    /// These are all files from now on, as they were read elsewhere, and what could not be rendered. Those that are as they
    /// were stay; whether any is not.
    pub fn load(&mut self, files: Vec<impl Into<Arc<File>>>, unrendered: Vec<Unrendered>) -> bool {
        let old = std::mem::take(&mut self.files);
        let mut is_other = self.unrendered != unrendered;
        self.unrendered = unrendered;
        self.files = self.exchange(old, files, &mut is_other);
        self.changes += u64::from(is_other);
        is_other
    }

    /// What is known of the repositories of the files, from now on; whether it is something else than before.
    pub(crate) fn load_trees(&mut self, trees: Vec<impl Into<Arc<File>>>) -> bool {
        let (old, mut is_other) = (std::mem::take(&mut self.trees), false);
        self.trees = self.exchange(old, trees, &mut is_other);
        is_other
    }

    /// All of them, but for what is known of their repositories.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<File>> {
        self.files.iter().map(|kept| &kept.file)
    }

    /// Another number after each change of the files.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    fn exchange(&mut self, old: Vec<Kept>, files: Vec<impl Into<Arc<File>>>, is_other: &mut bool) -> Vec<Kept> {
        *is_other |= old.len() != files.len();
        let mut old: HashMap<String, Kept> =
            old.into_iter().map(|kept| (kept.file.manifest.name.clone(), kept)).collect();
        let exchange = |file: Arc<File>| match old.remove(&file.manifest.name) {
            Some(kept) if kept.text.is_none() && (Arc::ptr_eq(&kept.file, &file) || is_alike(&kept.file, &file)) => {
                kept
            }
            _ => {
                *is_other = true;
                self.keep(file)
            }
        };
        files.into_iter().map(Into::into).map(exchange).collect()
    }

    /// All of them, but for what is known of their repositories, as the engine takes them.
    pub(crate) fn input(&self) -> Input {
        // Where nothing is a manifest, people want to know why.
        let has_manifests = self.files.iter().any(Kept::has_objects);
        let shared = |kept: &Kept| Arc::clone(if has_manifests { kept.beside_manifests() } else { &kept.file });
        let input = Input::new(self.files.iter().map(shared).collect::<Vec<_>>());
        input.with_unrendered(self.unrendered.clone())
    }

    /// What is known of their repositories: the last files of an input.
    pub(crate) fn trees(&self) -> Vec<Arc<File>> {
        self.trees.iter().map(|kept| Arc::clone(&kept.file)).collect()
    }

    /// The serial of a file of the input.
    pub(crate) fn serial(&self, index: usize) -> u64 {
        let of_tree = || self.trees.get(index.checked_sub(self.files.len())?);
        self.files.get(index).or_else(of_tree).map_or(0, |kept| kept.serial)
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.files.iter().position(|kept| kept.file.manifest.name == path)
    }

    fn put(&mut self, path: &str, kept: Kept) {
        self.changes += 1;
        match self.position(path).and_then(|at| self.files.get_mut(at)) {
            Some(place) => *place = kept,
            None => self.files.push(kept),
        }
    }

    fn project_of(&self, path: &str) -> usize {
        let folders = |path: &str| path.rsplit_once('/').map(|(folders, _)| folders.to_owned()).unwrap_or_default();
        let own = folders(path);
        let in_common = |other: &str| {
            let other = folders(other);
            own.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
        };
        let next = self.files.iter().max_by_key(|kept| {
            let name = &kept.file.manifest.name;
            (name == path, in_common(name))
        });
        next.map_or(0, |kept| kept.file.project)
    }

    fn read(&mut self, path: &str, text: Vec<u8>, digest: u128, project: usize) -> Kept {
        let file = File { manifest: read(path, text, &Limits::default()), project };
        Kept { text: Some(digest), ..self.keep(file) }
    }

    fn keep(&mut self, file: impl Into<Arc<File>>) -> Kept {
        self.next_serial += 1;
        let beside_manifests = OnceLock::new();
        Kept { file: file.into(), text: None, serial: self.next_serial, beside_manifests }
    }
}

/// Whether two files of one name are read alike.
fn is_alike(one: &File, other: &File) -> bool {
    let (one_manifest, other_manifest) = (&one.manifest, &other.manifest);
    let is_made_alike = match (one_manifest.rendering(), other_manifest.rendering()) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let texts = |rendering: &Rendering| -> Vec<(String, String)> {
                let texts = rendering.texts.iter();
                texts.map(|(name, text)| (name.clone(), text.text().into_owned())).collect()
            };
            (&one.environment, &one.namespace, &one.covers, &one.made_of)
                == (&other.environment, &other.namespace, &other.covers, &other.made_of)
                && texts(one) == texts(other)
        }
        _ => false,
    };
    // What is no manifest is a problem where nothing is one.
    is_made_alike
        && one.project == other.project
        && one_manifest.problems.len() == other_manifest.problems.len()
        && one_manifest.source.text() == other_manifest.source.text()
}
