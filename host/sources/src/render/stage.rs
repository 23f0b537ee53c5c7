//! The files that a tool is shown: copies of those that belong to a rendering, in a temporary folder, and nothing else.
//!
//! So a tool reads no file outside of the input, whatever a path or a link says, and writes into none. They are written
//! only when a tool really runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use walkdir::WalkDir;

use super::failure::{Failure, Why};
use super::tree::Tree;
use crate::ignores::GIT;
use crate::read::read_regular;

/// Bytes of all files of one rendering.
const BYTES: u64 = 64 << 20;

/// Files for a tool.
#[derive(Debug, Default)]
pub struct Stage {
    /// By path from the folder's root.
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Where each was copied from, if it was.
    origins: BTreeMap<PathBuf, PathBuf>,
    bytes: u64,
    folder: OnceLock<TempDir>,
}

impl Stage {
    /// Adds a file, or gives it another text.
    pub fn write(&mut self, path: impl Into<PathBuf>, bytes: Vec<u8>) {
        self.files.insert(path.into(), bytes);
    }

    /// Adds a copy of a regular file, as which it is too if it is a link.
    pub fn copy(&mut self, tree: &Tree, real: &Path, to: PathBuf) -> Result<(), Failure> {
        if self.files.contains_key(&to) {
            return Ok(());
        }
        let size = fs::metadata(real)?.len();
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > BYTES {
            return Err(Why::TooMuch(tree.shown(real), self.files.len(), BYTES >> 20).into());
        }
        let bytes = match tree.edited(real) {
            Some(text) => text.to_owned(),
            None => read_regular(real, usize::try_from(BYTES).unwrap_or(usize::MAX))
                .map_err(|cause| Why::System(format!("{} {cause}", tree.shown(real))))?,
        };
        self.origins.insert(to.clone(), real.to_owned());
        self.files.insert(to, bytes);
        Ok(())
    }

    /// Adds copies of all files of a folder. A link that leaves the input is refused, and one to a folder too, as it could
    /// lead in a circle.
    pub fn copy_all(&mut self, tree: &Tree, folder: &Path, to: &Path) -> Result<(), Failure> {
        let entries = WalkDir::new(folder).follow_links(false).sort_by_file_name();
        for entry in entries.into_iter().filter_entry(|entry| entry.file_name() != GIT) {
            let entry = entry.map_err(|cause| Why::System(cause.to_string()))?;
            let (path, kind) = (entry.path(), entry.file_type());
            let below = path.strip_prefix(folder).unwrap_or(path);
            if kind.is_dir() {
                continue;
            }
            if !kind.is_file() && !kind.is_symlink() {
                return Err(Why::System(format!("{} is not a regular file", tree.shown(path))).into());
            }
            match tree.resolve(path)? {
                Some(real) if real.is_file() => self.copy(tree, &real, to.join(below))?,
                Some(_) => return Err(Why::Link(tree.shown(path)).into()),
                // A link to nowhere, which gives nothing to anybody.
                None => {}
            }
        }
        Ok(())
    }

    /// The same files with another folder of their own.
    pub fn like(&self) -> Self {
        let (files, origins) = (self.files.clone(), self.origins.clone());
        Self { files, origins, bytes: self.bytes, folder: OnceLock::new() }
    }

    pub fn get(&self, path: &Path) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files, in order.
    pub fn files(&self) -> Vec<(&Path, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice())).collect()
    }

    /// Each copied file, with where it really lies.
    pub fn copied(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.origins.iter().map(|(path, real)| (path.as_path(), real.as_path()))
    }

    /// The folder in which they are.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        Ok(self.written()?.join("files"))
    }

    /// A folder for what a tool writes.
    pub fn home(&self) -> Result<PathBuf, Failure> {
        Ok(self.written()?.join("home"))
    }

    /// The folder that holds both, by its real name.
    pub fn root(&self) -> Result<PathBuf, Failure> {
        Ok(fs::canonicalize(self.written()?)?)
    }

    fn written(&self) -> Result<&Path, Failure> {
        if let Some(folder) = self.folder.get() {
            return Ok(folder.path());
        }
        let folder = tempfile::Builder::new().prefix("seaworthy-").tempdir()?;
        fs::create_dir(folder.path().join("home"))?;
        fs::create_dir(folder.path().join("files"))?;
        for (path, bytes) in &self.files {
            let is_inside = path.components().all(|step| matches!(step, Component::Normal(_)));
            if !is_inside {
                return Err(Why::System(format!("{} is not a path", path.display())).into());
            }
            let path = folder.path().join("files").join(path);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, bytes)?;
        }
        Ok(self.folder.get_or_init(|| folder).path())
    }
}
