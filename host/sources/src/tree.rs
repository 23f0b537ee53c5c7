//! The paths of the repositories that the folders given are from, for rules that ask whether a file is there.
//!
//! Names are read and nothing else. What is seen is the repository or nothing: of one that is too large, or in which a
//! folder may not be read, no rule could say that a file is missing.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::File;
use engine::documents::repository_tree;
use protocol::RuleMetadata;
use protocol::documents::{REPOSITORY_TREE, TREE_PATHS};

use crate::error::TreeError;
use crate::files::Files;
use crate::ignores::{Patterns, is_repository};
use crate::read::name;
use crate::walk::{Met, Walk};

/// Folders within folders.
const DEPTH: usize = 100;

/// Whether any of the rules judges the tree of a repository or looks it up.
pub fn is_asked_for<'a>(mut rules: impl Iterator<Item = &'a RuleMetadata>) -> bool {
    rules.any(|rule| REPOSITORY_TREE.is_asked_for_by(rule))
}

/// The trees of the repositories of all folders among the paths, each in the world of those whose repository it is.
///
/// A project with a `.git` is a repository. Of one that has none, the repository may be the folder around it that has one,
/// or the project itself: paths from both are known then.
pub fn read_trees(paths: &[PathBuf], files: &mut Files) -> Vec<File> {
    let folders = paths.iter().filter_map(|path| Some((path, fs::canonicalize(path).ok()?)));
    let folders: Vec<(&PathBuf, PathBuf)> = folders.filter(|(_, real)| real.is_dir()).collect();
    let mut roots: Vec<Root> = Vec::new();
    for (path, real) in &folders {
        let around = real.ancestors().position(is_repository);
        let around = around.and_then(|steps| Some((steps, real.ancestors().nth(steps)?)));
        let around = around.map(|(steps, root)| (above(path, steps, root), root));
        if let Some((shown, root)) = &around {
            roots.push(Root { shown: shown.clone(), real: root.to_path_buf(), project: 0 });
        }
        for (folder, project) in files.projects.within(real) {
            let shown = folder.strip_prefix(real).map_or_else(|_| folder.to_owned(), |below| path.join(below));
            roots.push(Root { shown, real: folder.to_owned(), project });
            if let Some((shown, root)) = around.as_ref().filter(|_| !is_repository(folder)) {
                roots.push(Root { shown: shown.clone(), real: root.to_path_buf(), project });
            }
        }
    }
    let mut seen = HashSet::new();
    roots.retain(|root| seen.insert((root.real.clone(), root.project)));
    // All trees together have the room of one.
    let mut room = Room { entries: TREE_PATHS, bytes: REPOSITORY_TREE.bytes };
    let mut trees = Vec::new();
    for Root { shown, real, project } in roots {
        let tree = list(&real, &mut room).and_then(|paths| Ok(repository_tree(&name(&shown), &paths)?));
        match tree {
            Ok(manifest) => trees.push(File { manifest, project }),
            Err(cause) => files.skip(&shown, &format!("{cause}, so that no path in it is called missing")),
        }
    }
    trees
}

/// The root of a repository.
struct Root {
    /// As people would type it.
    shown: PathBuf,
    real: PathBuf,
    project: usize,
}

/// What may still be listed.
struct Room {
    entries: usize,
    bytes: usize,
}

/// The folder that many steps above the path, as people would type it: relative, if that leads there.
fn above(path: &Path, steps: usize, real: &Path) -> PathBuf {
    let mut shown = path.to_owned();
    for _ in 0..steps {
        if !shown.pop() {
            break;
        }
    }
    if shown.as_os_str().is_empty() {
        shown.push(".");
    }
    if fs::canonicalize(&shown).is_ok_and(|found| found == real) { shown } else { real.to_owned() }
}

/// The paths of a repository's files, by name in order, as far as there is room. No link is followed: it is a file. Files of
/// a repository in it are that one's.
fn list(root: &Path, room: &mut Room) -> Result<Vec<String>, TreeError> {
    let unseen = |path: &Path| TreeError::Unseen(name(path));
    let mut walk = Walk::new(root, root, DEPTH, Patterns::default()).map_err(|(path, _)| unseen(&path))?;
    let mut paths = Vec::new();
    while let Some(met) = walk.next() {
        let entry = match met {
            Met::Entry(entry, _) => entry,
            Met::LeftOut(..) => continue,
            Met::Failed(path, _) => return Err(unseen(&path)),
        };
        let is_folder = entry.file_type().is_dir();
        if is_folder && entry.depth() > 0 && is_repository(entry.path()) {
            walk.skip_folder();
            continue;
        }
        room.entries = room.entries.saturating_sub(1);
        if !is_folder || entry.depth() == DEPTH {
            let path = name(entry.path().strip_prefix(root).unwrap_or(entry.path()));
            room.bytes = room.bytes.saturating_sub(path.len() + 1);
            paths.push(path);
        }
        if room.entries == 0 || room.bytes == 0 || is_folder && entry.depth() == DEPTH {
            return Err(TreeError::TooLarge(TREE_PATHS));
        }
    }
    Ok(paths)
}
