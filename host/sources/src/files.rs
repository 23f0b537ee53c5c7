//! What was read: manifests, each with the place that its text came from, and the paths that gave none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::report::Unread;
use engine::{File, Input, Unrendered};

use crate::edited::Edited;
use crate::projects::Folders;
use crate::read::name;

/// What was read.
#[derive(Default)]
pub struct Files {
    /// The manifests, in the order of the paths given and by name within a folder.
    pub files: Vec<Arc<File>>,
    /// Where the text of each came from, in the same order.
    pub origins: Vec<Origin>,
    /// The paths that gave none.
    pub unread: Vec<Unread>,
    /// What should have been rendered, and was not.
    pub unrendered: Vec<Unrendered>,
    /// The Dockerfiles among the paths, which are read for rules that ask for them.
    pub(crate) dockerfiles: Vec<Dockerfile>,
    /// The links to files that are read by another path.
    pub(crate) links: Vec<PathBuf>,
    /// The folders among the paths that are worlds of their own.
    pub(crate) projects: Folders,
    /// What was read instead of files on the disk, and is rendered instead of them too.
    pub(crate) edited: Edited,
}

/// A Dockerfile that was found.
pub(crate) struct Dockerfile {
    /// As it is shown.
    pub path: PathBuf,
    /// Where it really lies.
    pub real: PathBuf,
    /// Why it is not read.
    pub left_out: Option<&'static str>,
}

/// Where a file's text came from, and so where a change of it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file on a disk. Its name in the output may be a shorter one, or have replaced bytes.
    Disk(PathBuf),
    /// Standard input.
    Stdin,
    /// A tool that rendered other files: nobody writes into it.
    Rendered,
}

impl Files {
    /// Something that was read.
    pub(crate) fn add(&mut self, file: impl Into<Arc<File>>, origin: Origin) {
        self.files.push(file.into());
        self.origins.push(origin);
    }

    /// A path that should have been read.
    pub(crate) fn fail(&mut self, path: &Path, cause: &dyn std::error::Error) {
        self.unread.push(Unread { path: name(path), reason: cause.to_string(), is_failure: true });
    }

    /// A path that is passed over.
    pub(crate) fn skip(&mut self, path: &Path, reason: &str) {
        self.unread.push(Unread { path: name(path), reason: reason.into(), is_failure: false });
    }
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
