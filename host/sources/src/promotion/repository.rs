//! What one repository names in its environments, now and in its history.
//!
//! It reads the files that belong to an environment, and what the trusted branch did to them. The module must not know that
//! there is another repository.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::manifest::{Limits, Manifest, Source, read as read_manifest};
use engine::promotion::{
    Environments, FileChange, MOST_VERSIONS, Mapped, Named, Own, Present, Shared, Side, Stage, Step, Timeline, Version,
    named, versions,
};

use crate::git::{Commit, GitError, Made, Repository};
use crate::ignores::{Patterns, is_repository};
use crate::read::{name, read_regular};
use crate::walk::{Met, Walk, each_file};

/// Endings of files that name versions.
const ENDINGS: [&str; 4] = [".yaml", ".yml", ".json", "Kustomization"];

/// Words in a file that may say its environment itself.
const SAYING: [&str; 2] = ["argoproj.io/", "toolkit.fluxcd.io/"];

/// Bytes of one file, as many as of any manifest.
const BYTES: usize = 8 << 20;

/// Commits of a history that touch such files, and the files in all of them.
const COMMITS: usize = 20_000;
const CHANGES: usize = 100_000;

/// How deep folders are looked through.
const DEPTH: usize = 100;

/// The branches that changes are usually merged into, the most certain first.
const TRUSTED: [&str; 5] = [
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
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
    unknown: Option<String>,
    /// Whether it has a history that is not known: staging may be in it.
    has_lost_history: bool,
    /// What is not compared as a whole.
    pub lacking: Vec<Lacking>,
    /// The folders that are mapped and have no file in them.
    pub empty: Vec<Mapped>,
}

/// A file, or a folder, that is not compared, or not all of it.
pub struct Lacking {
    /// Its path in the repository.
    pub path: String,
    /// Its environment, if it is of one alone.
    pub stage: Option<Stage>,
    /// Why, to stand behind the path.
    pub reason: String,
}

impl Known {
    /// Whether something in it is of staging, or was, or may be.
    pub fn may_have_staging(&self) -> bool {
        let is_staging = |named: &Named| named.stage == Stage::Staging;
        self.has_lost_history
            || self.lacks_staging().is_some()
            || self.side.present.iter().any(|present| is_staging(&present.named))
            || self.side.timeline.stood.iter().any(|stood| is_staging(&stood.named))
    }

    /// Why staging, or the history, is not known as a whole.
    pub fn unknown(&self) -> Option<String> {
        let lacking = || self.lacks_staging().map(|Lacking { path, reason, .. }| format!("{path} {reason}"));
        self.unknown.clone().or_else(lacking)
    }

    fn lacks_staging(&self) -> Option<&Lacking> {
        self.lacking.iter().find(|lacking| lacking.stage != Some(Stage::Production))
    }
}

/// Reads a repository, or a folder that is in none.
pub fn read(
    top: &Path,
    repository: Result<Repository, String>,
    mut environments: Environments,
    trusted: Option<&str>,
    now: u64,
) -> Known {
    let (mut all, mut lacking) = read_files(top, &environments);
    let is_empty = |mapped: &&Mapped| !all.iter().any(|(path, _)| mapped.has(path));
    let empty: Vec<Mapped> = environments.mapped.iter().filter(is_empty).cloned().collect();
    let own =
        all.iter().filter_map(|(path, manifest)| Some(Own { path, stage: environments.place(path)?.0, manifest }));
    let own: Vec<Own<'_>> = own.collect();
    let mut common: HashMap<String, Manifest> = HashMap::new();
    let shared = Shared::new(&own, |path| {
        let real = top.join(path).canonicalize().ok().filter(|real| real.starts_with(top))?;
        let bytes = read_regular(&real, BYTES).ok().filter(|bytes| bytes.len() <= BYTES)?;
        let manifest = read_manifest(path, bytes, &Limits::default());
        if environments.place(path).is_none() {
            common.insert(path.to_owned(), manifest.clone());
        }
        Some(manifest)
    });
    drop(own);
    let is_cut = shared.is_cut;
    environments.shared = shared;
    all.retain(|(path, _)| !common.contains_key(path));
    all.extend(common);
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (mut side, mut texts, mut relevant) = (Side::default(), Vec::new(), HashSet::new());
    for (path, manifest) in all {
        let versions = versions(&manifest);
        let named = named(&path, &versions, &environments);
        if named.is_empty() {
            continue;
        }
        if versions.len() > MOST_VERSIONS {
            let stage = environments.place(&path).map(|(stage, _)| stage);
            let reason = format!("names more than {MOST_VERSIONS} versions");
            lacking.push(Lacking { path: path.clone(), stage, reason });
        }
        relevant.insert(path.clone());
        if named.iter().any(|named| named.stage == Stage::Production) {
            texts.push((path.clone(), manifest.source));
        }
        side.present.extend(named.into_iter().map(|named| Present { file: path.clone(), named }));
    }
    let mut unknown = is_cut.then(|| "its environments refer to more files than are followed".to_owned());
    let mut has_lost_history = false;
    // The history of a repository without environments says nothing.
    if !side.present.is_empty() || !environments.mapped.is_empty() {
        let steps = repository.map_err(|cause| (cause, false)).and_then(|repository| {
            steps(&repository, trusted, &environments, relevant).map_err(|cause| {
                // Before its first commit a repository has no history that could be lost.
                let is_new = trusted.is_none() && matches!(cause, HistoryError::Git(GitError::Unknown { .. }));
                (cause.to_string(), !is_new)
            })
        });
        match steps {
            Ok(steps) => side.timeline = Timeline::new(steps, &environments, now),
            Err((cause, is_lost)) => {
                has_lost_history = is_lost;
                unknown = Some(cause);
            }
        }
    }
    Known { top: top.to_owned(), side, texts, unknown, has_lost_history, lacking, empty }
}

/// The files that are of environments by their paths, or may say of which one they are; and what is not read of those.
fn read_files(top: &Path, environments: &Environments) -> (Vec<(String, Manifest)>, Vec<Lacking>) {
    let stage = |path: &str| environments.place(path).map(|(stage, _)| stage);
    let Seen { files, links, failed } = find(top);
    let mut all = Vec::new();
    let mut lacking = Vec::new();
    let mut lack = |path: &str, reason: String| {
        lacking.push(Lacking { path: path.to_owned(), stage: stage(path), reason });
    };
    failed.into_iter().for_each(|(path, reason)| lack(&path, reason));
    for path in links.iter().filter(|path| stage(path).is_some() && may_name_versions(top, path)) {
        lack(path, "is a link, which has no history of its own".into());
    }
    for path in files {
        let has_place = stage(&path).is_some();
        match read_regular(&top.join(&path), BYTES) {
            Ok(bytes) if !has_place && !says_environment(&bytes) => {}
            Ok(bytes) if bytes.len() > BYTES => lack(&path, format!("has more than {} MiB", BYTES >> 20)),
            Ok(bytes) => {
                let manifest = read_manifest(&path, bytes, &Limits::default());
                all.push((path, manifest));
            }
            Err(cause) if has_place => lack(&path, cause.to_string()),
            // What cannot be read is told by whoever reads everything.
            Err(_) => {}
        }
    }
    (all, lacking)
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
    #[error(
        "nothing in this clone says which branch changes are merged into: fetch the default branch, or give --trusted-branch"
    )]
    Untrusted,
    #[error("{0} named more than {MOST_VERSIONS} versions once")]
    Many(String),
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
    let objects: HashMap<&str, &Path> = objects.map(|(path, object)| (object.as_str(), path.as_path())).collect();
    let mut read: HashMap<&str, Arc<[Version]>> = HashMap::new();
    let mut many = None;
    repository.blobs(objects.into_iter().map(|it| (it.0, it)), BYTES, |(object, path), bytes| {
        // The name says whether it is a kustomization.
        let path = name(path);
        let versions = versions(&read_manifest(&path, bytes, &Limits::default()));
        if versions.len() > MOST_VERSIONS {
            many = Some(path);
        }
        read.insert(object, versions.into());
        Ok(())
    })?;
    if let Some(path) = many {
        return Err(HistoryError::Many(path));
    }
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

/// Removes from a history what was done to other files than those of environments, and those that became one of them.
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

/// The branch whose history counts. What is checked out is it only without a remote: in a pipeline it is what somebody proposes.
fn branch(repository: &Repository, trusted: Option<&str>) -> Result<Commit, HistoryError> {
    if let Some(name) = trusted {
        return Ok(repository.commit(name)?);
    }
    if let Some(known) = TRUSTED.iter().find_map(|name| repository.commit(name).ok()) {
        return Ok(known);
    }
    let head = repository.commit("HEAD")?;
    if repository.has_remote()? { Err(HistoryError::Untrusted) } else { Ok(head) }
}

/// What a walk through a repository met, by the paths in it.
#[derive(Default)]
struct Seen {
    /// The files that may name versions.
    files: Vec<String>,
    /// The links, wherever they lead.
    links: Vec<String>,
    /// What could not be looked at, and why.
    failed: Vec<(String, String)>,
}

/// Looks through a repository. The files of another one in it are that one's.
fn find(top: &Path) -> Seen {
    let mut seen = Seen::default();
    let below = |path: &Path| name(path.strip_prefix(top).unwrap_or(path));
    let mut walk = match Walk::new(top, top, DEPTH, Patterns::default()) {
        Ok(walk) => walk,
        Err((path, cause)) => {
            seen.failed.push((below(&path), cause.to_string()));
            return seen;
        }
    };
    while let Some(met) = walk.next() {
        let (entry, real) = match met {
            Met::Entry(entry, real) => (entry, real),
            Met::LeftOut(..) => continue,
            Met::Failed(path, cause) => {
                seen.failed.push((below(&path), cause.to_string()));
                continue;
            }
        };
        let (path, kind) = (below(&real), entry.file_type());
        if kind.is_dir() {
            if entry.depth() > 0 && is_repository(entry.path()) {
                walk.skip_folder();
            } else if entry.depth() >= DEPTH {
                seen.failed.push((path, format!("is in more than {DEPTH} folders")));
            }
        } else if kind.is_symlink() {
            seen.links.push(path);
        } else if kind.is_file() && is_of_ending(&path) {
            seen.files.push(path);
        }
    }
    seen
}

fn is_of_ending(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// Whether what a link leads to may name versions, or refer to what does.
fn may_name_versions(top: &Path, link: &str) -> bool {
    let Some(real) = top.join(link).canonicalize().ok().filter(|real| real.starts_with(top)) else {
        return is_of_ending(link) || top.join(link).is_dir();
    };
    let is_kustomization =
        |path: &str| path.rsplit('/').next().is_some_and(|name| name.to_ascii_lowercase().starts_with("kustomization"));
    let mut may = is_of_ending(link) && is_kustomization(link);
    each_file(&real, |file, _| {
        let path = name(&file);
        let names = || match read_regular(&file, BYTES) {
            Ok(bytes) => bytes.len() > BYTES || !versions(&read_manifest(&path, bytes, &Limits::default())).is_empty(),
            Err(_) => true,
        };
        may = may || is_of_ending(&path) && (is_kustomization(&path) || names());
    });
    may
}

/// Whether a file may say of which environment it is, although its path does not.
fn says_environment(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    SAYING.iter().any(|word| text.contains(word))
}
