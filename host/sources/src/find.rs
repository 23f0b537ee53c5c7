//! Finds and reads what was given: files, folders, standard input.
//!
//! The tree may come from a stranger. Nothing is opened that could hang (a pipe, a device), a link is followed only to a
//! file of the same tree (what lies outside is not ours to read), and whatever is passed over is reported by its path.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::config::FILE_NAME;
use engine::manifest::{Bounds, Keep, read_from};
use engine::{File, kustomize_resources};
use rayon::prelude::*;
use walkdir::DirEntry;

use crate::dockerfile::is_dockerfile;
use crate::edited::Edited;
use crate::error::ReadError;
use crate::files::{Dockerfile, Files, Origin};
use crate::ignores::{Exclude, GIT, LeftOut, Patterns};
use crate::projects::Projects;
use crate::read::{STDIN, STDIN_NAME, clean, open_regular, read_regular};
use crate::remembered::Remembered;
use crate::walk::{Met, Walk};

/// Bytes of all files together from which on they are packed as soon as they are read: before, the memory is there anyway.
const MANY: u64 = 32 << 20;

/// How much is read, and what of it is kept.
#[derive(Debug)]
pub struct Reading<'k> {
    /// How much of one file.
    pub bounds: Bounds,
    /// Bytes of all files together.
    pub total: u64,
    /// What is kept of objects where there are many.
    pub keep: Keep<'k>,
    /// Texts that stand for those of files on the disk.
    pub edited: Edited,
    /// Files as they were read before in this way: one whose text is still the same is not read again.
    pub remembered: Remembered<'k>,
}

impl Default for Reading<'_> {
    /// 4 GiB of all files together, in a few hundred MiB of memory for each, and everything that is in them.
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            total: 4 << 30,
            keep: Keep::default(),
            edited: Edited::default(),
            remembered: Remembered::default(),
        }
    }
}

/// What known findings are written to where no other name is given.
pub const BASELINE: &str = "seaworthy-baseline.yaml";

/// A file to read.
struct Candidate {
    /// As it is shown.
    path: PathBuf,
    /// Where it really lies.
    real: PathBuf,
    /// The folder that was asked for and that it was found in, by its real path.
    root: Option<PathBuf>,
    is_link: bool,
}

/// A kustomization that was read.
struct Kustomization {
    path: PathBuf,
    real: PathBuf,
    root: PathBuf,
    /// What it names, from its folder.
    resources: Vec<String>,
}

/// The files to read, in order.
pub struct Found<'a> {
    reading: &'a Reading<'a>,
    excludes: Vec<Exclude>,
    /// What they come to in each folder that was asked for, by its real path.
    patterns: HashMap<PathBuf, Patterns>,
    candidates: Vec<Candidate>,
    /// Where they really lie, links aside.
    seen: HashSet<PathBuf>,
    /// The folders that were walked through, and the links to folders that were not followed.
    walked: HashSet<PathBuf>,
    links: Vec<(PathBuf, PathBuf)>,
    projects: Projects,
    /// Bytes that may still be read.
    room: u64,
    /// What needs no reading any more.
    files: Files,
}

/// Finds what is to be read of all paths; what several of them lead to is read once.
#[must_use]
pub fn find<'a>(paths: &[PathBuf], excludes: &[Exclude], reading: &'a Reading<'a>) -> Found<'a> {
    let mut found = Found {
        reading,
        excludes: excludes.to_vec(),
        patterns: HashMap::new(),
        candidates: Vec::new(),
        seen: HashSet::new(),
        walked: HashSet::new(),
        links: Vec::new(),
        projects: Projects::default(),
        room: reading.total,
        files: Files::default(),
    };
    for path in paths {
        if path.as_os_str() == STDIN {
            found.stdin(path);
            continue;
        }
        // A path that was typed may be a link to anywhere.
        match fs::canonicalize(path).and_then(|real| Ok((fs::metadata(&real)?, real))) {
            Err(cause) => found.files.fail(path, &ReadError::from(cause)),
            Ok((kind, real)) if kind.is_dir() => found.walk(path, &real),
            Ok((kind, real)) if kind.is_file() && is_dockerfile(path) => found.add_dockerfile(path, real, None),
            Ok((kind, real)) if kind.is_file() => found.add(path.clone(), real, None),
            Ok(_) => found.files.fail(path, &ReadError::Special),
        }
    }
    found.files.edited = reading.edited.clone();
    found.finish();
    found
}

impl Found<'_> {
    /// How many files are to be read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.candidates.len()
    }

    /// Reads them on all cores, and says so of each. What a kustomization among them names is read too.
    #[must_use]
    pub fn read(mut self, is_read: impl Fn() + Sync) -> Files {
        for kustomization in self.read_candidates(&is_read) {
            kustomization.resources.iter().for_each(|named| self.add_resource(&kustomization, named));
        }
        self.keep_to_the_limit();
        self.read_candidates(&is_read);
        // Where nothing is a manifest, people want to know why.
        if self.files.files.iter().any(|file| file.manifest.objects().next().is_some()) {
            let others = self.files.files.iter_mut().filter(|file| file.manifest.objects().next().is_none());
            others.for_each(|file| Arc::make_mut(file).manifest.skip_foreign());
        }
        self.files
    }

    /// Reads what is to be read, and finds the resources that kustomizations in it name.
    fn read_candidates(&mut self, is_read: &(impl Fn() + Sync)) -> Vec<Kustomization> {
        let candidates = std::mem::take(&mut self.candidates);
        let (projects, reading) = (&self.files.projects, self.reading);
        let are_many = reading.total - self.room > MANY;
        let read = |candidate: Candidate| {
            let mut file = read_one(&candidate, reading, projects.project(&candidate.real));
            if let Ok(file) = &mut file
                && are_many
            {
                Arc::make_mut(file).manifest.pack(&reading.keep);
            }
            is_read();
            (candidate, file)
        };
        let read: Vec<_> = match candidates.len() {
            // Threads cost more than one file has work for them.
            0..2 => candidates.into_iter().map(read).collect(),
            _ => candidates.into_par_iter().map(read).collect(),
        };
        let mut kustomizations = Vec::new();
        for (Candidate { path, real, root, .. }, file) in read {
            match file {
                Ok(file) => {
                    let resources: Vec<String> = kustomize_resources(&file).map(str::to_owned).collect();
                    if let Some(root) = root.filter(|_| !resources.is_empty()) {
                        kustomizations.push(Kustomization { path: path.clone(), real, root, resources });
                    }
                    self.files.add(file, Origin::Disk(path));
                }
                Err(cause) => self.files.fail(&path, &cause),
            }
        }
        kustomizations
    }

    /// A file that a kustomization takes for a resource is one, whatever it is called and whatever git ignores. It lies in
    /// the folder that was asked for.
    fn add_resource(&mut self, Kustomization { path, real, root, .. }: &Kustomization, named: &str) {
        let beside = |path: &Path| path.parent().map(|folder| folder.join(named)).unwrap_or_default();
        let Some(target) = inside(&beside(real), root).filter(|target| target.is_file()) else { return };
        if self.patterns.get(root).is_some_and(|patterns| !patterns.exclude(&target)) {
            self.add(clean(&beside(path)), target, None);
        }
    }

    fn stdin(&mut self, path: &Path) {
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let Reading { bounds, keep, .. } = self.reading;
        match read_from(STDIN_NAME, io::stdin().lock(), bounds, keep) {
            Ok(manifest) => self.files.add(File { manifest, project: 0 }, Origin::Stdin),
            Err(cause) => self.files.fail(path, &ReadError::from(cause)),
        }
    }

    fn add(&mut self, path: PathBuf, real: PathBuf, root: Option<PathBuf>) {
        if self.seen.insert(real.clone()) {
            self.candidates.push(Candidate { path, real, root, is_link: false });
        }
    }

    fn walk(&mut self, root: &Path, real: &Path) {
        let patterns = match Patterns::new(real, &self.excludes) {
            Ok(patterns) => patterns,
            Err(cause) => return self.files.fail(root, &ReadError::Patterns(cause)),
        };
        let walk = match Walk::new(root, real, usize::MAX, patterns.clone()) {
            Ok(walk) => walk,
            Err((path, cause)) => return self.files.fail(&path, &cause),
        };
        let mut is_empty = true;
        for met in walk {
            match met {
                Met::Failed(path, cause) => self.files.fail(&path, &cause),
                Met::LeftOut(entry, left_out) => self.leave_out(&entry, left_out),
                Met::Entry(entry, place) => {
                    self.projects.meet(real, &entry, &place);
                    is_empty &= !self.meet(&entry, place, real, &patterns);
                }
            }
        }
        self.patterns.insert(real.to_owned(), patterns);
        if is_empty {
            self.files.skip(root, "no .yaml, .yml or .json file in it");
        }
    }

    /// Whether it looks like a manifest, or is a Dockerfile that may be read.
    fn meet(&mut self, entry: &DirEntry, place: PathBuf, root: &Path, patterns: &Patterns) -> bool {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.is_dir() {
            self.walked.insert(place);
            return false;
        }
        if kind.is_file() && is_dockerfile(path) {
            let left_out = if patterns.include(&place) { None } else { LeftOut::NotIncluded.reason() };
            self.add_dockerfile(path, place, left_out);
            return left_out.is_none();
        }
        if !is_manifest(path) {
            if kind.is_symlink() && fs::metadata(path).is_ok_and(|target| target.is_dir()) {
                self.links.push((path.to_owned(), fs::canonicalize(path).unwrap_or_default()));
            }
            return false;
        }
        if !patterns.include(&place) {
            self.leave_out(entry, LeftOut::NotIncluded);
            return true;
        }
        if kind.is_file() {
            self.add(path.to_owned(), place, Some(root.to_owned()));
        } else if let Some(real) = inside(path, root).filter(|target| target.is_file()) {
            self.candidates.push(Candidate { path: path.to_owned(), real, root: Some(root.to_owned()), is_link: true });
        } else if kind.is_symlink() {
            self.files.skip(path, "a link, not followed");
        } else {
            self.files.skip(path, "no regular file");
        }
        true
    }

    fn add_dockerfile(&mut self, path: &Path, real: PathBuf, left_out: Option<&'static str>) {
        if left_out.is_some() || self.seen.insert(real.clone()) {
            self.files.dockerfiles.push(Dockerfile { path: path.to_owned(), real, left_out });
        }
    }

    /// Whoever runs this knows what they excluded. What a file in the tree leaves out, they may not know.
    fn leave_out(&mut self, entry: &DirEntry, left_out: LeftOut) {
        let Some(reason) = left_out.reason() else { return };
        let path = entry.path();
        if entry.file_type().is_dir() || is_manifest(path) {
            self.files.skip(path, reason);
        } else if is_dockerfile(path) {
            self.add_dockerfile(path, path.to_owned(), Some(reason));
        }
    }

    /// Of a file and a link to it, the file counts. A folder that was read by its own path needs no link to it.
    fn finish(&mut self) {
        let (seen, links) = (&mut self.seen, &mut self.files.links);
        self.candidates.retain(|candidate| {
            let is_kept = !candidate.is_link || seen.insert(candidate.real.clone());
            if !is_kept {
                links.push(candidate.path.clone());
            }
            is_kept
        });
        for (link, _) in self.links.iter().filter(|(_, target)| !self.walked.contains(target)) {
            self.files.skip(link, "a link to a folder, not followed");
        }
        self.files.projects = std::mem::take(&mut self.projects).folders();
        self.keep_to_the_limit();
    }

    /// Leaves the files for which there is room, and complains of the first of the others.
    fn keep_to_the_limit(&mut self) {
        let size = |candidate: &Candidate| fs::metadata(&candidate.real).map_or(0, |kind| kind.len());
        let sizes: Vec<u64> = match self.candidates.len() {
            0..100 => self.candidates.iter().map(size).collect(),
            _ => self.candidates.par_iter().map(size).collect(),
        };
        let is_beyond = |size: &u64| {
            // Of a file that is too large by itself, only a part is read.
            let taken = if *size > self.reading.bounds.bytes { 0 } else { *size };
            let rest = self.room.checked_sub(taken);
            self.room = rest.unwrap_or_default();
            rest.is_none()
        };
        let Some(kept) = sizes.iter().position(is_beyond) else { return };
        let others = self.candidates.split_off(kept);
        if let Some(first) = others.first() {
            let cause = TooMuch { behind: others.len() - 1, total: self.reading.total };
            self.files.fail(&first.path, &cause);
        }
    }
}

/// There are more files than can be read at once.
#[derive(Debug, thiserror::Error)]
#[error(
    "is not read, and {behind} {} behind it: together with those before they have more than {total} bytes; \
     `--limits total=` allows more",
    if *.behind == 1 { "file" } else { "files" }
)]
struct TooMuch {
    behind: usize,
    total: u64,
}

/// Where a path really leads, if that is in the folder that was asked for. What git keeps, such as credentials, is no part
/// of it.
fn inside(path: &Path, root: &Path) -> Option<PathBuf> {
    let target = fs::canonicalize(path).ok()?;
    let is_ours = target.strip_prefix(root).ok()?.components().all(|step| step.as_os_str() != GIT);
    is_ours.then_some(target)
}

fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    if name == "Kustomization" {
        return true;
    }
    // Our own files are no manifests.
    if name == FILE_NAME || name == BASELINE {
        return false;
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn read_one(
    Candidate { path, real, .. }: &Candidate,
    reading: &Reading<'_>,
    project: usize,
) -> Result<Arc<File>, ReadError> {
    let Reading { bounds, keep, edited, remembered, .. } = reading;
    let name = crate::read::name(path);
    let text = edited.get(real);
    if let Some(file) = remembered.still(&name, project, |length| match text {
        Some(text) => Some(Cow::Borrowed(text)),
        None => read_regular(real, length).ok().map(Cow::Owned),
    }) {
        return Ok(file);
    }
    let manifest = match text {
        Some(text) => read_from(&name, text, bounds, keep)?,
        None => read_from(&name, open_regular(real)?, bounds, keep)?,
    };
    Ok(File { manifest, project }.into())
}
