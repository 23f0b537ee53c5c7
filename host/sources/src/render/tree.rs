//! The folders that were given, so that nothing outside of them is read, and a file is called what people call it.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure::{Failure, Why};
use crate::edited::Edited;
use crate::ignores::GIT;
use crate::read::{clean, name};

/// The folders that were given.
#[derive(Debug)]
pub struct Tree {
    /// Each as it was typed, and where it really lies.
    folders: Vec<(PathBuf, PathBuf)>,
    edited: Edited,
}

impl Tree {
    /// Of the paths that were typed, the folders.
    pub fn new(paths: &[PathBuf]) -> Self {
        let folders = paths.iter().filter_map(|path| Some((path.clone(), fs::canonicalize(path).ok()?)));
        Self { folders: folders.filter(|(_, real)| real.is_dir()).collect(), edited: Edited::default() }
    }

    /// With texts that stand for those of files in them.
    pub fn with(self, edited: &Edited) -> Self {
        Self { edited: edited.clone(), ..self }
    }

    /// The text that stands for that of a file, by where the file really lies.
    pub fn edited(&self, real: &Path) -> Option<&[u8]> {
        self.edited.get(real)
    }

    /// Where the folders that were given really lie.
    pub fn roots(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().map(|(_, real)| real.as_path())
    }

    /// The folder that was given and that holds what really lies there: the innermost.
    pub fn root_of(&self, real: &Path) -> Option<&Path> {
        let holding = self.folders.iter().map(|(_, root)| root.as_path()).filter(|root| real.starts_with(root));
        holding.max_by_key(|root| root.as_os_str().len())
    }

    /// The folder that holds all folders that were given: what lies beside each other there does so in a copy too.
    pub fn top(&self) -> PathBuf {
        let mut roots = self.roots();
        let first = roots.next().unwrap_or(Path::new("")).to_owned();
        roots.fold(first, |top, root| {
            top.ancestors().find(|folder| root.starts_with(folder)).unwrap_or(Path::new("")).to_owned()
        })
    }

    /// What people call a file that really lies there.
    pub fn shown(&self, real: &Path) -> String {
        let Some(root) = self.root_of(real) else { return name(real) };
        let typed = self.folders.iter().find(|(_, of)| of == root).map(|(typed, _)| typed);
        let below = real.strip_prefix(root).unwrap_or(real);
        typed.map_or_else(|| name(real), |typed| name(&clean(&typed.join(below))))
    }

    /// Where a path really leads, if something is there. What leaves the folders that were given is refused.
    pub fn resolve(&self, path: &Path) -> Result<Option<PathBuf>, Failure> {
        let Ok(real) = fs::canonicalize(path) else { return Ok(None) };
        let is_inside = self.root_of(&real).is_some_and(|root| {
            real.strip_prefix(root).is_ok_and(|below| below.components().all(|step| step.as_os_str() != GIT))
        });
        if is_inside {
            return Ok(Some(real));
        }
        let is_link = fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink());
        if is_link {
            let parent = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
            let place = parent.unwrap_or_default().join(path.file_name().unwrap_or_default());
            return Err(Why::Link(self.shown(&place)).into());
        }
        Ok(None)
    }
}
