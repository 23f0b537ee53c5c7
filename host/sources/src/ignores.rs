//! What `.gitignore`, `.ignore` and `--exclude` leave out of a folder.
//!
//! These files may come from a stranger like all others: each is a regular file of a bounded size, or its folder is not
//! read and that is said. What only one person's machine ignores (`core.excludesFile`, `.git/info/exclude`) does not
//! count, so that everybody gets the same answer. It must not know what is looked for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::ReadError;
use crate::read::read_regular;

/// What makes a folder the root of a repository.
pub const GIT: &str = ".git";

/// The largest file of patterns, in bytes. People write them by hand.
const BYTES: usize = 64 << 10;

/// What is not read, or all that is: a pattern in the way of `.gitignore`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclude {
    pattern: String,
    /// The folder that it begins in, where it really lies; without, the folder that was asked for.
    folder: Option<PathBuf>,
    /// Whether nothing is read but what such patterns name.
    is_inclusion: bool,
}

impl Exclude {
    /// The same pattern, from that folder on.
    #[must_use]
    pub fn within(self, folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..self }
    }

    /// The pattern for what is read, and nothing else is.
    #[must_use]
    pub fn included(self) -> Self {
        Self { is_inclusion: true, ..self }
    }
}

impl FromStr for Exclude {
    type Err = ignore::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        GitignoreBuilder::new("").add_line(None, text)?;
        Ok(Self { pattern: text.to_owned(), folder: None, is_inclusion: false })
    }
}

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is git's own.
    Git,
    /// Whoever runs this said so.
    Excluded,
    /// A `.gitignore` says so.
    GitIgnored,
    /// An `.ignore` says so.
    Ignored,
}

/// The patterns that hold where a walk stands.
pub struct Ignores {
    exclude: Vec<Gitignore>,
    /// From the outermost folder to the innermost.
    levels: Vec<Level>,
}

/// The patterns of one folder.
struct Level {
    /// How deep the folder lies below the root of the walk; 0 for the root and all above.
    depth: usize,
    git: Option<Gitignore>,
    own: Option<Gitignore>,
    is_repository: bool,
}

impl Ignores {
    /// For a walk through the folder that really lies there. In a repository the folders above it count, up to its root.
    ///
    /// # Errors
    /// The file with patterns that cannot be read, and why.
    pub fn new(root: &Path, excludes: &[Exclude]) -> Result<Self, (PathBuf, ReadError)> {
        let exclude = excluded(root, excludes).map_err(|cause| (root.to_owned(), ReadError::Patterns(cause)))?;
        let mut ignores = Self { exclude, levels: Vec::new() };
        let repository = root.ancestors().find(|folder| is_repository(folder)).unwrap_or(root);
        let mut folders: Vec<&Path> = root.ancestors().take_while(|folder| folder.starts_with(repository)).collect();
        folders.reverse();
        folders.into_iter().try_for_each(|folder| ignores.enter(folder, 0))?;
        Ok(ignores)
    }

    /// Whether what really lies there is left out. The folders on the way to it were entered.
    pub fn leaves_out(&mut self, path: &Path, depth: usize, is_folder: bool) -> Option<LeftOut> {
        while self.levels.last().is_some_and(|level| level.depth >= depth.max(1)) {
            self.levels.pop();
        }
        if is_folder && path.file_name().is_some_and(|name| name == GIT) {
            return Some(LeftOut::Git);
        }
        if self.exclude.iter().any(|patterns| patterns.matched(path, is_folder).is_ignore()) {
            return Some(LeftOut::Excluded);
        }
        // The innermost has the last word; a repository knows nothing of another around it.
        let mut is_git = self.levels.iter().any(|level| level.is_repository);
        for level in self.levels.iter().rev() {
            let git = level.git.as_ref().filter(|_| is_git).map(|patterns| (patterns, LeftOut::GitIgnored));
            let own = level.own.as_ref().map(|patterns| (patterns, LeftOut::Ignored));
            for (patterns, left_out) in own.into_iter().chain(git) {
                match patterns.matched(path, is_folder) {
                    Match::Ignore(_) => return Some(left_out),
                    Match::Whitelist(_) => return None,
                    Match::None => {}
                }
            }
            is_git &= !level.is_repository;
        }
        None
    }

    /// Takes up the patterns of a folder.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn enter(&mut self, folder: &Path, depth: usize) -> Result<(), (PathBuf, ReadError)> {
        let patterns = |file: &str| {
            let path = folder.join(file);
            read(folder, &path).map_err(|cause| (path, cause))
        };
        let level = Level {
            depth,
            git: patterns(".gitignore")?,
            own: patterns(".ignore")?,
            is_repository: is_repository(folder),
        };
        if level.git.is_some() || level.own.is_some() || level.is_repository {
            self.levels.push(level);
        }
        Ok(())
    }
}

/// The patterns of whoever runs this for what is not read, by the folder that they begin in.
pub fn excluded(root: &Path, excludes: &[Exclude]) -> Result<Vec<Gitignore>, ignore::Error> {
    by_folder(root, excludes.iter().filter(|exclude| !exclude.is_inclusion))
}

/// The patterns for all that is read; none where everything is.
pub fn included(root: &Path, excludes: &[Exclude]) -> Result<Vec<Gitignore>, ignore::Error> {
    by_folder(root, excludes.iter().filter(|exclude| exclude.is_inclusion))
}

fn by_folder<'e>(root: &Path, patterns: impl Iterator<Item = &'e Exclude>) -> Result<Vec<Gitignore>, ignore::Error> {
    let mut folders: Vec<(&Path, GitignoreBuilder)> = Vec::new();
    for Exclude { pattern, folder, .. } in patterns {
        let folder = folder.as_deref().unwrap_or(root);
        if !folders.iter().any(|(known, _)| *known == folder) {
            folders.push((folder, GitignoreBuilder::new(folder)));
        }
        if let Some((_, patterns)) = folders.iter_mut().find(|(known, _)| *known == folder) {
            patterns.add_line(None, pattern)?;
        }
    }
    folders.iter().map(|(_, patterns)| patterns.build()).collect()
}

/// Whether one of the patterns names a path, or a folder that it lies in. Patterns of a folder name nothing outside of it.
pub fn name(patterns: &[Gitignore], path: &Path) -> bool {
    let mut within = patterns.iter().filter(|patterns| path.starts_with(patterns.path()));
    within.any(|patterns| patterns.matched_path_or_any_parents(path, false).is_ignore())
}

/// Whether the folder is the root of a repository.
pub fn is_repository(folder: &Path) -> bool {
    folder.join(GIT).symlink_metadata().is_ok()
}

/// The patterns of a file. As git does, no link is followed, and what is no pattern is passed over: it leaves nothing out.
fn read(folder: &Path, path: &Path) -> Result<Option<Gitignore>, ReadError> {
    match fs::symlink_metadata(path) {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(cause) => return Err(cause.into()),
        Ok(kind) if kind.is_dir() => return Ok(None),
        Ok(kind) if !kind.is_file() => return Err(ReadError::Ignores(BYTES)),
        Ok(_) => {}
    }
    let bytes = read_regular(path, BYTES)?;
    if bytes.len() > BYTES {
        return Err(ReadError::Ignores(BYTES));
    }
    let mut patterns = GitignoreBuilder::new(folder);
    for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
        let _ = patterns.add_line(None, line);
    }
    patterns.build().map(Some).map_err(ReadError::Patterns)
}
