//! What files named after each commit, by the paths that they have today.
//!
//! The module must not know an environment.

use std::collections::HashMap;
use std::sync::Arc;

use super::versions::Version;

/// What one commit did to the files, the oldest commit first.
#[derive(Clone, Debug)]
pub struct Step {
    /// The commit's hash.
    pub commit: String,
    /// When it was made, in seconds since 1970.
    pub time: u64,
    /// What it changed.
    pub changes: Vec<FileChange>,
}

/// A file that a commit changed.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// Its path before; none where it is new.
    pub old: Option<String>,
    /// Its path after, and the versions in it; none where it is gone.
    pub new: Option<(String, Arc<[Version]>)>,
}

/// What files name after some of the commits.
#[derive(Default)]
pub struct Past {
    /// The path at that time and the versions, by the path of today.
    files: HashMap<String, (String, Arc<[Version]>)>,
    /// The path of today by the path at that time.
    names: HashMap<String, String>,
}

/// The path of today for each change of each step.
#[must_use]
pub fn names(steps: &[Step]) -> Vec<Vec<String>> {
    let mut later: HashMap<String, String> = HashMap::new();
    let mut names = Vec::new();
    for step in steps.iter().rev() {
        let new = |change: &FileChange| change.new.as_ref().map(|(path, _)| path.clone());
        let of_step: Vec<String> = step
            .changes
            .iter()
            .map(|change| {
                let path = new(change).or_else(|| change.old.clone()).unwrap_or_default();
                later.remove(&path).unwrap_or(path)
            })
            .collect();
        for (change, name) in step.changes.iter().zip(&of_step) {
            if let Some(old) = change.old.as_ref().filter(|old| new(change).is_some() && *old != name) {
                later.insert(old.clone(), name.clone());
            }
        }
        names.push(of_step);
    }
    names.reverse();
    names
}

impl Past {
    /// What a commit changed. Tells the files, by their paths of today, that no longer take the place of the same things.
    pub fn change(&mut self, changes: &[FileChange], names: &[String]) -> Vec<String> {
        let mut before: HashMap<String, Arc<[Version]>> = HashMap::new();
        for old in changes.iter().filter_map(|change| change.old.as_ref()) {
            let Some(name) = self.names.remove(old) else { continue };
            if let Some((_, versions)) = self.files.remove(&name) {
                before.insert(name, versions);
            }
        }
        for (change, name) in changes.iter().zip(names) {
            if let Some((path, versions)) = &change.new {
                self.names.insert(path.clone(), name.clone());
                self.files.insert(name.clone(), (path.clone(), versions.clone()));
            }
        }
        let mut all: Vec<&String> = before.keys().chain(names).collect();
        all.sort_unstable();
        all.dedup();
        let is_other =
            |name: &&String| places(before.get(*name)) != places(self.files.get(*name).map(|(_, versions)| versions));
        all.into_iter().filter(is_other).cloned().collect()
    }

    /// A file as it was: its path at that time, and what it named.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<(String, Arc<[Version]>)> {
        self.files.get(name).cloned()
    }

    /// What a file named, if there was one.
    #[must_use]
    pub fn versions(&self, name: &str) -> Option<Arc<[Version]>> {
        self.files.get(name).map(|(_, versions)| versions.clone())
    }
}

/// What tells in whose place each version stands, without which version it is.
fn places(versions: Option<&Arc<[Version]>>) -> Option<Vec<(&str, Option<&str>, bool)>> {
    let versions = versions?.iter();
    Some(versions.map(|version| (&*version.at, version.of.as_deref(), version.is_open())).collect())
}
