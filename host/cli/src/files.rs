//! Finds and reads what was given: files, folders, standard input.
//!
//! The tree may come from a stranger. Nothing is opened that could hang (a pipe, a device), no link is followed (what it
//! points to inside the tree is found anyway, and what lies outside is not ours to read), and whatever is passed over is
//! reported by its path.

use std::fs::{self, File as OpenFile};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use engine::File;
use engine::manifest::{Limits, read};
use engine::report::Unread;
use rayon::prelude::*;
use walkdir::WalkDir;

/// What was read.
#[derive(Default)]
pub struct Files {
    /// The manifests, in the order of the paths given and by name within a folder.
    pub files: Vec<File>,
    /// The paths that gave none.
    pub unread: Vec<Unread>,
}

/// A file to read, and the project that it belongs to.
struct Candidate {
    path: PathBuf,
    project: usize,
}

/// A folder that holds one of these is a project of its own: what lies in it is no part of the world around it.
const PROJECT_MARKS: &[&str] = &[".git", "LICENSE", "LICENSE.md", "LICENSE.txt"];

/// Folders that hold no manifests of the project's.
const FOREIGN_FOLDERS: &[&str] = &[".git", "node_modules"];

/// Reads all paths.
pub fn read_all(paths: &[PathBuf]) -> Files {
    let mut files = Files::default();
    let mut candidates = Vec::new();
    let mut projects = Projects::default();
    for path in paths {
        if path.as_os_str() == "-" {
            match read_limited(io::stdin().lock()) {
                Ok(bytes) => {
                    let manifest = read("<stdin>", bytes, &Limits::default());
                    files.files.push(File { manifest, project: 0 });
                }
                Err(cause) => files.fail(path, cause.to_string()),
            }
            continue;
        }
        // A path that was typed may be a link; those inside are not followed.
        match fs::metadata(path) {
            Err(cause) => files.fail(path, explain(&cause)),
            Ok(kind) if kind.is_dir() => walk(path, &mut candidates, &mut projects, &mut files),
            Ok(kind) if kind.is_file() => candidates.push(Candidate { path: path.clone(), project: 0 }),
            Ok(_) => files.fail(path, "is no regular file; to read a pipe, give `-`".into()),
        }
    }
    let contents: Vec<Result<File, Unread>> = candidates.into_par_iter().map(read_one).collect();
    for content in contents {
        match content {
            Ok(file) => files.files.push(file),
            Err(unread) => files.unread.push(unread),
        }
    }
    files
}

impl Files {
    fn fail(&mut self, path: &Path, reason: String) {
        self.unread.push(Unread { path: name(path), reason, is_failure: true });
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.unread.push(Unread { path: name(path), reason: reason.into(), is_failure: false });
    }
}

/// The projects met so far, by their folders.
#[derive(Default)]
struct Projects(Vec<PathBuf>);

impl Projects {
    /// The project of a file: its nearest folder with a mark, or 0, the world of everything else.
    fn of(&self, file: &Path) -> usize {
        file.ancestors()
            .skip(1)
            .find_map(|folder| self.0.iter().position(|known| known == folder))
            .map_or(0, |at| at + 1)
    }

    fn note(&mut self, folder: &Path) {
        if PROJECT_MARKS.iter().any(|mark| folder.join(mark).symlink_metadata().is_ok()) {
            self.0.push(folder.to_owned());
        }
    }
}

fn walk(root: &Path, candidates: &mut Vec<Candidate>, projects: &mut Projects, files: &mut Files) {
    let is_foreign = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| FOREIGN_FOLDERS.contains(&name));
    let entries = WalkDir::new(root).follow_links(false).follow_root_links(true).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| !(entry.file_type().is_dir() && is_foreign(entry.file_name()))) {
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
        if kind.is_dir() {
            // The folder that was asked for is the world; only folders inside it may be others.
            if entry.depth() > 0 {
                projects.note(path);
            }
        } else if is_manifest(path) {
            if kind.is_file() {
                candidates.push(Candidate { path: path.to_owned(), project: projects.of(path) });
            } else if kind.is_symlink() {
                files.skip(path, "a link, not followed");
            } else {
                files.skip(path, "no regular file");
            }
        } else if kind.is_symlink() && fs::metadata(path).is_ok_and(|target| target.is_dir()) {
            files.skip(path, "a link to a folder, not followed");
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn read_one(candidate: Candidate) -> Result<File, Unread> {
    let Candidate { path, project } = candidate;
    match OpenFile::open(&path).and_then(read_limited) {
        Ok(bytes) => Ok(File { manifest: read(&name(&path), bytes, &Limits::default()), project }),
        Err(cause) => Err(Unread { path: name(&path), reason: explain(&cause), is_failure: true }),
    }
}

/// All bytes, or one more than the reader takes: it then says itself that this is too much.
fn read_limited(source: impl Read) -> io::Result<Vec<u8>> {
    let limit = Limits::default().bytes as u64 + 1;
    let mut bytes = Vec::new();
    source.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn explain(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "may not be read (permission denied)".into(),
        _ => format!("cannot be read: {cause}"),
    }
}

/// A path as people type it, with `/`. Bytes that are no UTF-8 are replaced; they name no other file in the output.
fn name(path: &Path) -> String {
    let mut text = String::new();
    for component in path.components() {
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
