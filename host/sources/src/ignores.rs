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

/// The files of patterns: git's and `ignore`'s.
pub const IGNORES: [&str; 2] = [".gitignore", ".ignore"];

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
    /// Whether it stands in a configuration, which whoever runs this may not know.
    is_configured: bool,
}

impl Exclude {
    /// The same pattern, from that folder on.
    #[must_use]
    pub fn within(self, folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..self }
    }

    /// The same pattern of a configuration: what it leaves out is told.
    #[must_use]
    pub fn configured(self) -> Self {
        Self { is_configured: true, ..self }
    }

    /// The same pattern, where its folder lies elsewhere.
    #[must_use]
    pub fn relocated(self, place: impl FnOnce(&Path) -> PathBuf) -> Self {
        Self { folder: self.folder.map(|folder| place(&folder)), ..self }
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
        Ok(Self { pattern: text.to_owned(), folder: None, is_inclusion: false, is_configured: false })
    }
}

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is git's own.
    Git,
    /// Whoever runs this said so.
    Excluded,
    /// A configuration says so.
    ExcludedByConfiguration,
    /// A configuration says what is read, and this is not.
    NotIncluded,
    /// A `.gitignore` says so.
    GitIgnored,
    /// An `.ignore` says so.
    Ignored,
}

impl LeftOut {
    /// For people; of what whoever runs this knows, there is nothing to tell.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Git | Self::Excluded => None,
            Self::ExcludedByConfiguration => Some("excluded by the configuration"),
            Self::NotIncluded => Some("not included by the configuration"),
            Self::GitIgnored => Some("ignored by a .gitignore"),
            Self::Ignored => Some("ignored by an .ignore"),
        }
    }
}

/// What whoever runs this, and the configuration, say of one folder that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// For what is not read, each with what it is left out by.
    excluded: Vec<(Gitignore, LeftOut)>,
    /// For all that is read; none where everything is.
    included: Vec<Gitignore>,
}

impl Patterns {
    /// For a folder that really lies there.
    ///
    /// # Errors
    /// Together they are more than can be matched.
    pub fn new(root: &Path, all: &[Exclude]) -> Result<Self, ignore::Error> {
        let (included, excluded): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.is_inclusion);
        let (configured, given): (Vec<_>, Vec<_>) = excluded.into_iter().partition(|it| it.is_configured);
        let given = by_folder(root, &given)?.into_iter().map(|patterns| (patterns, LeftOut::Excluded));
        let configured = by_folder(root, &configured)?.into_iter();
        let configured = configured.map(|patterns| (patterns, LeftOut::ExcludedByConfiguration));
        Ok(Self { excluded: given.chain(configured).collect(), included: by_folder(root, &included)? })
    }

    /// By what something is left out whose folder is not.
    fn leaves_out(&self, path: &Path, is_folder: bool) -> Option<LeftOut> {
        let mut excluded = self.excluded.iter();
        excluded.find(|(patterns, _)| patterns.matched(path, is_folder).is_ignore()).map(|(_, left_out)| *left_out)
    }

    /// Whether a file is left out, or a folder that it lies in.
    pub fn exclude(&self, file: &Path) -> bool {
        self.excluded.iter().any(|(patterns, _)| names(patterns, file))
    }

    /// Whether a file is among what is read.
    pub fn include(&self, file: &Path) -> bool {
        self.included.is_empty() || self.included.iter().any(|patterns| names(patterns, file))
    }
}

/// Whether a pattern names a file, or a folder that it lies in. Patterns of a folder name nothing outside of it.
fn names(patterns: &Gitignore, file: &Path) -> bool {
    file.starts_with(patterns.path()) && patterns.matched_path_or_any_parents(file, false).is_ignore()
}

/// The patterns that hold where a walk stands.
pub struct Ignores {
    patterns: Patterns,
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
    pub fn new(root: &Path, patterns: Patterns) -> Result<Self, (PathBuf, ReadError)> {
        let mut ignores = Self { patterns, levels: Vec::new() };
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
        if let Some(left_out) = self.patterns.leaves_out(path, is_folder) {
            return Some(left_out);
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
            git: patterns(IGNORES[0])?,
            own: patterns(IGNORES[1])?,
            is_repository: is_repository(folder),
        };
        if level.git.is_some() || level.own.is_some() || level.is_repository {
            self.levels.push(level);
        }
        Ok(())
    }
}

/// The patterns, by the folder that they begin in.
fn by_folder(root: &Path, patterns: &[&Exclude]) -> Result<Vec<Gitignore>, ignore::Error> {
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
