//! What one repository names in its environments, now and in its history.
//!
//! Only files that are of an environment are read, and of their history only what a branch did to them. The module must not
//! know that there is another repository.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::manifest::{Limits, Manifest, Source, read as read_manifest};
use engine::promotion::{
    Environments, FileChange, Own, Present, Shared, Side, Stage, Step, Timeline, Version, named, versions,
};

use crate::files::Files;
use crate::git::{Commit, GitError, Made, Repository};
use crate::ignores::{Patterns, is_repository};
use crate::read::{name, read_regular};
use crate::walk::{Met, Walk};

/// Endings of files that name versions.
const ENDINGS: [&str; 4] = [".yaml", ".yml", ".json", "Kustomization"];

/// Words of which a file that says its environment itself has one.
const SAYING: [&str; 2] = ["argoproj.io/", "toolkit.fluxcd.io/"];

/// Bytes of one file: a file of an environment is written by people.
const BYTES: usize = 1 << 20;

/// Commits of a history that touch such files, and the files in all of them.
const COMMITS: usize = 20_000;
const CHANGES: usize = 100_000;

/// Folders within folders.
const DEPTH: usize = 100;

/// The branches that others are usually merged into, the most certain first.
const TRUSTED: [&str; 6] = [
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
    "HEAD",
];

/// What is known of a repository.
pub struct Known {
    /// Its topmost folder.
    pub top: PathBuf,
    /// Its files and their history.
    pub side: Side,
    /// The texts of production's files, by their paths in it.
    pub texts: Vec<(String, Source)>,
    /// Why its history is not known.
    pub unknown: Option<String>,
}

/// Reads a repository, or a folder that is in none.
pub fn read(
    top: &Path,
    repository: Result<Repository, String>,
    mut environments: Environments,
    trusted: Option<&str>,
    now: u64,
    files: &mut Files,
) -> Known {
    let mut known = Known { top: top.to_owned(), side: Side::default(), texts: Vec::new(), unknown: None };
    let mut all: Vec<(String, Manifest)> = Vec::new();
    for path in find(top) {
        let has_place = environments.place(&path).is_some();
        let file = top.join(&path);
        match read_regular(&file, BYTES) {
            Ok(bytes) if bytes.len() > BYTES && has_place => {
                files.skip(&file, &format!("has more than {BYTES} bytes, so that its promotion is not checked"));
            }
            Ok(bytes) if bytes.len() <= BYTES && (has_place || says_environment(&bytes)) => {
                all.push((path.clone(), read_manifest(&path, bytes, &Limits::default())));
            }
            // What cannot be read is told by whoever reads everything.
            _ => {}
        }
    }
    let own =
        all.iter().filter_map(|(path, manifest)| Some(Own { path, stage: environments.place(path)?.0, manifest }));
    let own: Vec<Own<'_>> = own.collect();
    let mut common: Vec<(String, Manifest)> = Vec::new();
    let shared = Shared::new(&own, |path| {
        let real = top.join(path).canonicalize().ok().filter(|real| real.starts_with(top))?;
        let bytes = read_regular(&real, BYTES).ok().filter(|bytes| bytes.len() <= BYTES)?;
        let manifest = read_manifest(path, bytes, &Limits::default());
        if environments.place(path).is_none() {
            common.push((path.to_owned(), manifest.clone()));
        }
        Some(manifest)
    });
    drop(own);
    environments.shared = shared;
    all.retain(|(path, _)| common.iter().all(|(other, _)| other != path));
    all.extend(common);
    let mut relevant = HashSet::new();
    for (path, manifest) in all {
        let named = named(&path, &versions(&manifest), &environments);
        if named.is_empty() {
            continue;
        }
        relevant.insert(path.clone());
        if named.iter().any(|named| named.stage == Stage::Production) {
            known.texts.push((path.clone(), manifest.source));
        }
        known.side.present.extend(named.into_iter().map(|named| Present { file: path.clone(), named }));
    }
    if !known.side.present.is_empty() {
        let steps = repository.and_then(|repository| {
            let steps = steps(&repository, trusted, &environments, relevant);
            steps.map_err(|cause| cause.to_string())
        });
        match steps {
            Ok(steps) => known.side.timeline = Timeline::new(steps, &environments, now),
            Err(cause) => known.unknown = Some(cause),
        }
    }
    known
}

/// Why a history is not known.
#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(
        "this clone is shallow: fetch the whole history (`fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` in GitLab, or \
         git fetch --unshallow)"
    )]
    Shallow,
    #[error("the history has more than {COMMITS} commits or {CHANGES} changes of such files")]
    Long,
}

/// What the trusted branch did to the files of environments, the oldest commit first.
fn steps(
    repository: &Repository,
    trusted: Option<&str>,
    environments: &Environments,
    relevant: HashSet<String>,
) -> Result<Vec<Step>, HistoryError> {
    if repository.is_shallow() {
        return Err(HistoryError::Shallow);
    }
    let branch = branch(repository, trusted)?;
    let mut history = repository.history(&branch, &ENDINGS, COMMITS)?;
    if history.len() >= COMMITS || history.iter().map(|made| made.files.len()).sum::<usize>() > CHANGES {
        return Err(HistoryError::Long);
    }
    keep(&mut history, environments, relevant);
    let objects = history.iter().flat_map(|made| &made.files).filter_map(|file| file.new.as_ref());
    let paths: HashMap<&str, &Path> = objects.clone().map(|(path, object)| (object.as_str(), path.as_path())).collect();
    let mut read: HashMap<&str, Arc<[Version]>> = HashMap::new();
    repository.blobs(objects.map(|(_, object)| object.as_str()), BYTES as u64, |object, bytes| {
        // The name says whether it is a kustomization.
        let name = paths.get(object).map(|path| name(path)).unwrap_or_default();
        read.insert(object, versions(&read_manifest(&name, bytes, &Limits::default())).into());
    })?;
    let step = |made: &Made| {
        let changes = made.files.iter().map(|file| FileChange {
            old: file.old.as_deref().map(name),
            new: file.new.as_ref().map(|(path, object)| {
                let none = || Arc::from(Vec::new());
                (name(path), read.get(object.as_str()).cloned().unwrap_or_else(none))
            }),
        });
        Step { commit: made.id.clone(), time: made.time, changes: changes.collect() }
    };
    Ok(history.iter().rev().map(step).collect())
}

/// Leaves of a history what was done to files of environments, and to those that became one of these.
fn keep(history: &mut [Made], environments: &Environments, mut relevant: HashSet<String>) {
    for made in history {
        let mut more = Vec::new();
        made.files.retain(|file| {
            let paths = [file.old.as_deref(), file.new.as_ref().map(|(path, _)| path.as_path())];
            let is_kept = paths
                .into_iter()
                .flatten()
                .map(name)
                .any(|path| relevant.contains(&path) || environments.place(&path).is_some());
            if is_kept {
                more.extend(file.old.as_deref().map(name));
            }
            is_kept
        });
        relevant.extend(more);
    }
}

fn branch(repository: &Repository, trusted: Option<&str>) -> Result<Commit, GitError> {
    let Some(name) = trusted else {
        let mut known = TRUSTED.iter().filter_map(|name| repository.commit(name).ok());
        return known.next().map_or_else(|| repository.commit("HEAD"), Ok);
    };
    repository.commit(name)
}

/// The files of a repository that may name versions, by their paths in it. Those of a repository in it are that one's.
fn find(top: &Path) -> Vec<String> {
    let Ok(mut walk) = Walk::new(top, top, DEPTH, Patterns::default()) else { return Vec::new() };
    let mut found = Vec::new();
    while let Some(met) = walk.next() {
        let Met::Entry(entry, real) = met else { continue };
        if entry.file_type().is_dir() {
            if entry.depth() > 0 && is_repository(entry.path()) {
                walk.skip_folder();
            }
            continue;
        }
        let path = name(real.strip_prefix(top).unwrap_or(&real));
        if entry.file_type().is_file() && ENDINGS.iter().any(|ending| path.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

/// Whether a file may say of which environment it is, although its path does not.
fn says_environment(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    SAYING.iter().any(|word| text.contains(word))
}
