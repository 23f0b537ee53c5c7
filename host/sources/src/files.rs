//! Finds and reads what was given: files, folders, standard input.
//!
//! The tree may come from a stranger. Nothing is opened that could hang (a pipe, a device), a link is followed only to a
//! file of the same tree (what lies outside is not ours to read), and whatever is passed over is reported by its path.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::manifest::{Limits, read};
use engine::report::Unread;
use engine::{File, Input};
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use crate::projects::{Folders, Projects};
use crate::read::{SPECIAL, STDIN, explain, name, read_input, read_regular};

/// What was read.
#[derive(Default)]
pub struct Files {
    /// The manifests, in the order of the paths given and by name within a folder.
    pub files: Vec<File>,
    /// The paths that gave none.
    pub unread: Vec<Unread>,
    /// The folders among the paths that are worlds of their own.
    pub(crate) projects: Folders,
}

/// A file to read.
struct Candidate {
    /// As it is shown.
    path: PathBuf,
    /// Where it really lies.
    real: PathBuf,
    is_link: bool,
}

/// The folder that holds no manifests of the project's, unless it is asked for itself.
const FOREIGN_FOLDER: &str = ".git";

/// Bytes of all files together: the text stays in memory, and its values take some four times that.
const TOTAL: u64 = 256 << 20;

/// Finds what is to be read of all paths; what several of them lead to is read once.
#[must_use]
pub fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == STDIN {
            if found.is_new(path) {
                found.stdin();
            }
            continue;
        }
        // A path that was typed may be a link to anywhere.
        match fs::canonicalize(path).and_then(|real| Ok((fs::metadata(&real)?, real))) {
            Err(cause) => found.files.fail(path, explain(&cause)),
            Ok((kind, real)) if kind.is_dir() => walk(path, &real, &mut found),
            Ok((kind, real)) if kind.is_file() => found.add(path, real),
            Ok(_) => found.files.fail(path, SPECIAL.into()),
        }
    }
    found.finish();
    found
}

/// What kept something from being judged, a line each: of paths, and of manifests the first of each.
#[must_use]
pub fn problems(input: &Input, unread: &[Unread]) -> Vec<String> {
    let unread = unread.iter().filter(|unread| unread.is_failure);
    let unread = unread.map(|unread| format!("{} {}", unread.path, unread.reason));
    let broken = input.files().iter().map(|file| &file.manifest).filter_map(|manifest| {
        let problem = manifest.problems.first()?;
        Some(format!("{}:{}: {}", manifest.name, problem.position.line, problem.kind))
    });
    unread.chain(broken).collect()
}

/// The files to read, in order.
#[derive(Default)]
pub struct Found {
    candidates: Vec<Candidate>,
    /// Where they really lie, links aside.
    seen: HashSet<PathBuf>,
    projects: Projects,
    /// What needs no reading any more.
    files: Files,
}

impl Found {
    /// How many files are to be read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.candidates.len()
    }

    /// Reads them on all cores, and says so of each.
    #[must_use]
    pub fn read(self, is_read: impl Fn() + Sync) -> Files {
        let Self { candidates, mut files, .. } = self;
        let contents: Vec<Result<File, Unread>> = candidates
            .into_par_iter()
            .map(|candidate| {
                let content = read_one(&candidate, files.projects.project(&candidate.real));
                is_read();
                content
            })
            .collect();
        for content in contents {
            match content {
                Ok(file) => files.files.push(file),
                Err(unread) => files.unread.push(unread),
            }
        }
        // Where nothing is a manifest, people want to know why.
        if files.files.iter().any(|file| file.manifest.objects().next().is_some()) {
            files.files.iter_mut().for_each(|file| file.manifest.skip_foreign());
        }
        files
    }

    fn stdin(&mut self) {
        match read_input(Path::new(STDIN), limit()) {
            Ok((name, bytes)) => {
                let manifest = read(&name, bytes, &Limits::default());
                self.files.files.push(File { manifest, project: 0 });
            }
            Err(reason) => self.files.fail(Path::new(STDIN), reason),
        }
    }

    fn add(&mut self, path: &Path, real: PathBuf) {
        if self.is_new(&real) {
            self.candidates.push(Candidate { path: path.to_owned(), real, is_link: false });
        }
    }

    fn is_new(&mut self, real: &Path) -> bool {
        self.seen.insert(real.to_owned())
    }

    /// Of a file and a link to it, the file counts.
    fn finish(&mut self) {
        let seen = &mut self.seen;
        self.candidates.retain(|candidate| !candidate.is_link || seen.insert(candidate.real.clone()));
        self.files.projects = std::mem::take(&mut self.projects).folders();
        self.files.keep_to_the_limit(&mut self.candidates);
    }
}

impl Files {
    /// Leaves the files that have at most [`TOTAL`] bytes together, and complains of the first of the others.
    fn keep_to_the_limit(&mut self, candidates: &mut Vec<Candidate>) {
        let sizes: Vec<u64> =
            candidates.par_iter().map(|it| fs::metadata(&it.real).map_or(0, |kind| kind.len())).collect();
        let mut total = 0;
        let is_beyond = |size: &u64| {
            // Of a file that is too large by itself, nothing is kept.
            total += if *size > limit() as u64 { 0 } else { *size };
            total > TOTAL
        };
        let Some(kept) = sizes.iter().position(is_beyond) else { return };
        let others = candidates.split_off(kept);
        if let Some(first) = others.first() {
            let more = match others.len() - 1 {
                1 => "1 file".to_owned(),
                more => format!("{more} files"),
            };
            let reason = format!(
                "is not read, and {more} behind it: those before have {} MiB together, which is all that is read at once",
                TOTAL >> 20
            );
            self.fail(&first.path, reason);
        }
    }

    /// A path that should have been read.
    pub fn fail(&mut self, path: &Path, reason: String) {
        self.unread.push(Unread { path: name(path), reason, is_failure: true });
    }

    /// A path that is passed over.
    pub fn skip(&mut self, path: &Path, reason: &str) {
        self.unread.push(Unread { path: name(path), reason: reason.into(), is_failure: false });
    }
}

fn walk(root: &Path, real: &Path, found: &mut Found) {
    let mut is_empty = true;
    let entries = WalkDir::new(root).follow_links(false).follow_root_links(true).sort_by_file_name().into_iter();
    let is_foreign =
        |entry: &DirEntry| entry.depth() > 0 && entry.file_type().is_dir() && entry.file_name() == FOREIGN_FOLDER;
    for entry in entries.filter_entry(|entry| !is_foreign(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(cause) => {
                let path = cause.path().unwrap_or(root).to_owned();
                let reason = cause.io_error().map_or_else(|| cause.to_string(), explain);
                found.files.fail(&path, reason);
                continue;
            }
        };
        let (path, kind) = (entry.path(), entry.file_type());
        // Below the root no link to a folder is followed, so this is where it really lies.
        let place = real.join(path.strip_prefix(root).unwrap_or(path));
        found.projects.meet(real, &entry, &place);
        if kind.is_dir() {
            continue;
        }
        if is_manifest(path) {
            is_empty = false;
            if kind.is_file() {
                found.add(path, place);
            } else if let Some(target) = target_inside(path, real) {
                found.candidates.push(Candidate { path: path.to_owned(), real: target, is_link: true });
            } else if kind.is_symlink() {
                found.files.skip(path, "a link, not followed");
            } else {
                found.files.skip(path, "no regular file");
            }
        } else if kind.is_symlink() && fs::metadata(path).is_ok_and(|target| target.is_dir()) {
            found.files.skip(path, "a link to a folder, not followed");
        }
    }
    if is_empty {
        found.files.skip(root, "no .yaml, .yml or .json file in it");
    }
}

/// Where a link leads, if that is a file of the folder that was asked for.
fn target_inside(link: &Path, root: &Path) -> Option<PathBuf> {
    let target = fs::canonicalize(link).ok()?;
    let below = target.strip_prefix(root).ok()?;
    // What git keeps, such as credentials, is no part of the folder.
    let is_ours = below.components().all(|step| step.as_os_str() != FOREIGN_FOLDER);
    (is_ours && fs::symlink_metadata(&target).is_ok_and(|kind| kind.is_file())).then_some(target)
}

fn is_manifest(path: &Path) -> bool {
    if path.file_name().is_some_and(|name| name == "Kustomization") {
        return true;
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn read_one(Candidate { path, real, .. }: &Candidate, project: usize) -> Result<File, Unread> {
    match read_regular(real, limit()) {
        Ok(bytes) => Ok(File { manifest: read(&name(path), bytes, &Limits::default()), project }),
        Err(reason) => Err(Unread { path: name(path), reason, is_failure: true }),
    }
}

/// What a manifest may have.
fn limit() -> usize {
    Limits::default().bytes
}
