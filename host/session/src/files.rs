//! The files of a session. Each is read when it comes, and kept as it was read until its text is another.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use engine::manifest::{Limits, read};
use engine::{File, Input, Unrendered};

use crate::digest::Digester;

/// The files, in the order in which they came.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<Kept>,
    /// What could not be rendered.
    unrendered: Vec<Unrendered>,
    digester: Digester,
    next_serial: u64,
}

#[derive(Debug)]
struct Kept {
    file: Arc<File>,
    /// The digest of the bytes that it was read from; none where it was read elsewhere.
    text: Option<u128>,
    /// Of no other file, and of no other text of this one.
    serial: u64,
    /// As it is where others are manifests, made when it is first needed: what is none is skipped, whatever is wrong with
    /// it.
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

    /// Sets a file that was read elsewhere, such as a log.
    pub fn set_file(&mut self, file: File) {
        let name = file.manifest.name.clone();
        let kept = self.keep(file);
        self.put(&name, kept);
    }

    /// Whether this holds of some file.
    pub fn any(&self, holds: impl Fn(&File) -> bool) -> bool {
        self.files.iter().any(|kept| holds(&kept.file))
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) {
        self.files.retain(|kept| kept.file.manifest.name != path);
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
    }

    /// These are all files from now on, as they were read elsewhere, and what could not be rendered.
    pub fn load(&mut self, files: Vec<File>, unrendered: Vec<Unrendered>) {
        self.unrendered = unrendered;
        self.files = files.into_iter().map(|file| self.keep(file)).collect();
    }

    /// All of them, as the engine takes them.
    pub(crate) fn input(&self) -> Input {
        // Where nothing is a manifest, people want to know why.
        let has_manifests = self.files.iter().any(Kept::has_objects);
        let shared = |kept: &Kept| Arc::clone(if has_manifests { kept.beside_manifests() } else { &kept.file });
        let input = Input::new(self.files.iter().map(shared).collect::<Vec<_>>());
        input.with_unrendered(self.unrendered.clone())
    }

    /// The serial of a file of the input.
    pub(crate) fn serial(&self, index: usize) -> u64 {
        self.files.get(index).map_or(0, |kept| kept.serial)
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.files.iter().position(|kept| kept.file.manifest.name == path)
    }

    fn put(&mut self, path: &str, kept: Kept) {
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

    fn keep(&mut self, file: File) -> Kept {
        self.next_serial += 1;
        let beside_manifests = OnceLock::new();
        Kept { file: Arc::new(file), text: None, serial: self.next_serial, beside_manifests }
    }
}
