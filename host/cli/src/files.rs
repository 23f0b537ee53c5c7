//! Finds and reads what was given: files, folders, standard input.
//!
//! The tree may come from a stranger. Nothing is opened that could hang (a pipe, a device), a link is followed only to a
//! file of the same tree (what lies outside is not ours to read), and whatever is passed over is reported by its path.

use std::collections::HashSet;
use std::fs::{self, File as OpenFile};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use engine::File;
use engine::manifest::{Limits, read};
use engine::report::Unread;
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use crate::progress::Progress;
use crate::projects::Projects;

/// What was read.
#[derive(Default)]
pub struct Files {
    /// The manifests, in the order of the paths given and by name within a folder.
    pub files: Vec<File>,
    /// The paths that gave none.
    pub unread: Vec<Unread>,
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

/// A device or a pipe.
const SPECIAL: &str = "is no regular file; to read a pipe, give `-`";

/// Reads all paths; what several of them lead to is read once.
pub fn read_all(paths: &[PathBuf]) -> Files {
    let mut found = Found::default();
    let mut files = Files::default();
    for path in paths {
        if path.as_os_str() == "-" {
            match found.is_new(path).then(|| read_limited(io::stdin().lock(), limit())) {
                Some(Ok(bytes)) => {
                    let manifest = read("<stdin>", bytes, &Limits::default());
                    files.files.push(File { manifest, project: 0 });
                }
                Some(Err(cause)) => files.fail(path, explain(&cause)),
                None => {}
            }
            continue;
        }
        // A path that was typed may be a link to anywhere.
        match fs::canonicalize(path).and_then(|real| Ok((fs::metadata(&real)?, real))) {
            Err(cause) => files.fail(path, explain(&cause)),
            Ok((kind, real)) if kind.is_dir() => walk(path, &real, &mut found, &mut files),
            Ok((kind, real)) if kind.is_file() => found.add(path, real),
            Ok(_) => files.fail(path, SPECIAL.into()),
        }
    }
    let candidates = found.finish();
    let progress = Progress::start("reading", candidates.len());
    let contents: Vec<Result<File, Unread>> = candidates
        .into_par_iter()
        .map(|(candidate, project)| {
            let content = read_one(&candidate, project);
            progress.step();
            content
        })
        .collect();
    for content in contents {
        match content {
            Ok(file) => files.files.push(file),
            Err(unread) => files.unread.push(unread),
        }
    }
    files
}

/// The files to read, in order.
#[derive(Default)]
struct Found {
    candidates: Vec<Candidate>,
    /// Where they really lie, links aside.
    seen: HashSet<PathBuf>,
    projects: Projects,
}

impl Found {
    fn add(&mut self, path: &Path, real: PathBuf) {
        if self.is_new(&real) {
            self.candidates.push(Candidate { path: path.to_owned(), real, is_link: false });
        }
    }

    fn is_new(&mut self, real: &Path) -> bool {
        self.seen.insert(real.to_owned())
    }

    /// What to read, with its project. Of a file and a link to it, the file counts.
    fn finish(self) -> Vec<(Candidate, usize)> {
        let Self { mut candidates, mut seen, projects } = self;
        candidates.retain(|candidate| !candidate.is_link || seen.insert(candidate.real.clone()));
        let folders = projects.folders();
        let with_project = |candidate: Candidate| {
            let project = folders.project(&candidate.real);
            (candidate, project)
        };
        candidates.into_iter().map(with_project).collect()
    }
}

impl Files {
    fn fail(&mut self, path: &Path, reason: String) {
        self.unread.push(Unread { path: name(path), reason, is_failure: true });
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.unread.push(Unread { path: name(path), reason: reason.into(), is_failure: false });
    }
}

fn walk(root: &Path, real: &Path, found: &mut Found, files: &mut Files) {
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
                files.fail(&path, reason);
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
                files.skip(path, "a link, not followed");
            } else {
                files.skip(path, "no regular file");
            }
        } else if kind.is_symlink() && fs::metadata(path).is_ok_and(|target| target.is_dir()) {
            files.skip(path, "a link to a folder, not followed");
        }
    }
    if is_empty {
        files.skip(root, "no .yaml, .yml or .json file in it");
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

/// The bytes of a regular file. What could hang or never end is refused; of what is too large there is one byte more
/// than the limit, so that whoever has set it sees.
///
/// # Errors
/// Why not, to stand behind the path.
pub fn read_regular(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let kind = fs::metadata(path).map_err(|cause| explain(&cause))?;
    if kind.is_dir() {
        return Err("is a folder".into());
    }
    if !kind.is_file() {
        return Err(SPECIAL.into());
    }
    OpenFile::open(path).and_then(|file| read_limited(file, limit)).map_err(|cause| explain(&cause))
}

fn read_limited(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What happened to a path, to stand behind it.
pub fn explain(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "may not be read (permission denied)".into(),
        _ => format!("cannot be read: {cause}"),
    }
}

/// A path as people type it, with `/` and without a `./` before it. Bytes that are no UTF-8 are replaced; they name no
/// other file in the output.
fn name(path: &Path) -> String {
    let mut text = String::new();
    let below = path.strip_prefix(".").ok().filter(|below| !below.as_os_str().is_empty());
    for component in below.unwrap_or(path).components() {
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        match component {
            Component::RootDir => text.push('/'),
            other => text.push_str(&other.as_os_str().to_string_lossy()),
        }
    }
    text
}
