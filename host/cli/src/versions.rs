//! The two versions that a change leads from and to, each as files in a folder of its own, read and rendered.
//!
//! The configuration is that of the base: what is being changed cannot change how it is looked at. It must not know what a
//! difference means.

use std::collections::HashSet;
use std::env;
use std::path::{Path, PathBuf};

use engine::Input;
use engine::changes::{
    CODEOWNERS, Codeowners, Owners, Sources, Version, asks_installation, asks_more_than_a_name, compare,
    gives_values_alone, unplaced,
};
use engine::config::{Config, FILE_NAME};
use engine::documents::{Change, ChangedFile, ChangedObject, Owned, Status};
use engine::manifest::Limits;
use protocol::RuleMetadata;
use sources::{Commit, Earlier, Entry, EntryKind, Files, Logged, Reading, Repository};

use crate::bundle::Found;
use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::input;
use crate::options::configuration::ConfigOptions;
use crate::options::rendering::Rendering;

/// What is compared with what.
pub struct Comparison<'a> {
    /// A folder of the repository.
    pub path: &'a Path,
    /// What the change is to be merged into.
    pub base: &'a str,
    /// The change.
    pub head: &'a str,
    /// The configuration, where it is not that of the base.
    pub config: Option<&'a Path>,
    /// How to render.
    pub rendering: &'a Rendering,
}

/// One version.
struct Read {
    root: String,
    input: Input,
    /// What could not be read.
    problems: Vec<String>,
}

impl Read {
    /// As it is compared.
    fn version(&self) -> Version<'_> {
        Version { input: &self.input, root: &self.root }
    }
}

/// A file that the change touches.
struct Touched {
    path: String,
    previous: Option<String>,
    status: Status,
    /// The topmost folder around it that had no file before.
    new_folder: Option<String>,
    /// Whether what it gives depends on more than what is here, in one version or the other.
    is_open: bool,
}

/// Both, and what is different between them.
pub struct Versions {
    old: Read,
    new: Read,
    files: Vec<Touched>,
    /// The configuration of the base.
    pub config: Config,
    /// The `CODEOWNERS` of the base.
    codeowners: Option<Codeowners>,
    /// The hash of the last commit of the change.
    head: String,
    /// Its commits, the oldest first.
    pub commits: Vec<Logged>,
}

impl Versions {
    /// The versions that the options name.
    pub fn new(options: &Comparison<'_>, rules: &[Found]) -> Result<Self, Failure> {
        let failed = |what: &'static str| move |cause: sources::GitError| Failure::Usage(format!("{what}: {cause}"));
        let repository = Repository::around(options.path).map_err(|cause| Failure::Usage(cause.to_string()))?;
        let base = repository.commit(options.base).map_err(failed("--base"))?;
        let head = repository.commit(options.head).map_err(failed("--head"))?;
        let base = repository.merge_base(&base, &head).map_err(failed("--base"))?;
        let root = root(&repository)?;
        let earlier = |commit| {
            let earlier = Earlier::of(&repository, commit, std::slice::from_ref(&root));
            // What is proposed will be on the branch that it is merged into, and on no other.
            earlier
                .and_then(|earlier| earlier.on(branch_of(options.base)))
                .map_err(|cause| Failure::Usage(cause.to_string()))
        };
        let (before, after) = (earlier(&base)?, earlier(&head)?);
        let configuration = configured(options, &repository, &before, rules)?;
        let old = read(&before, &root, options, &repository, &configuration)?;
        let new = read(&after, &root, options, &repository, &configuration)?;
        let codeowners = CODEOWNERS.iter().find_map(|name| {
            text(&before.relocated(&repository.top().join(name))).map(|text| Codeowners::new(name, &text))
        });
        let owners = Owners::new(codeowners.as_ref(), old.version());
        let files = touched(&repository, &base, &head)?;
        let open = |version: &Earlier, path: &str| {
            text(&version.relocated(&repository.top().join(path))).filter(|text| asks_installation(path, text))
        };
        let files = files.into_iter().flat_map(|file| between_owners(file, &owners));
        let files = files.map(|file| {
            let now = open(&after, &file.path);
            // It may hide anything, also beside a new service.
            let hides = now.as_deref().is_some_and(asks_more_than_a_name);
            Touched {
                is_open: now.is_some() || open(&before, file.previous.as_ref().unwrap_or(&file.path)).is_some(),
                new_folder: file.new_folder.filter(|_| !hides),
                ..file
            }
        });
        let files = files.collect();
        let commits = repository.log(&base, &head).map_err(failed("--head"))?;
        Ok(Self { old, new, files, config: configuration.config, codeowners, head: head.id().to_owned(), commits })
    }

    /// The change, as far as the repository tells it.
    pub fn change<'a>(&'a self, owners: &'a [Option<Owned>], allow_unchecked: bool) -> Change<'a> {
        let objects = compare(self.old.version(), self.new.version());
        Change {
            files: self.changed(owners),
            unseen: if allow_unchecked { Vec::new() } else { self.unseen(&objects) },
            objects,
            head: Some(self.head.clone()),
            ..Change::default()
        }
    }

    /// A line each: what deploys and could not be compared, in one version or the other, and what is deployed to a namespace
    /// that is not known.
    fn unseen(&self, objects: &[ChangedObject<'_>]) -> Vec<String> {
        let paths = || self.files.iter().flat_map(|file| [Some(&file.path), file.previous.as_ref()]).flatten();
        let mut unseen = Vec::new();
        for read in [&self.old, &self.new] {
            let below = |name: &str| name.strip_prefix(&read.root).unwrap_or(name).trim_start_matches('/').to_owned();
            unseen.extend(read.problems.iter().map(|problem| below(problem)));
            let made_of = Sources::new(read.version());
            for unchecked in read.input.unchecked() {
                let Some(file) = read.input.file(unchecked.file) else { continue };
                let name = below(&file.manifest.name);
                // What is made of files that nobody touches is the same.
                let is_touched = |place: &String| paths().any(|path| Path::new(path).starts_with(place));
                if made_of.of(unchecked).iter().any(is_touched) {
                    unseen.push(format!("{name}:{}: {}", unchecked.line, unchecked.reason));
                }
            }
        }
        for version in [self.old.version(), self.new.version()] {
            unseen.extend(unplaced(version, objects));
        }
        let mut seen = HashSet::new();
        unseen.retain(|line| seen.insert(line.clone()));
        unseen
    }

    /// The files with the objects in them.
    fn changed<'a>(&'a self, owners: &'a [Option<Owned>]) -> Vec<ChangedFile<'a>> {
        let (old, new) = (self.old.version(), self.new.version());
        let (seen_before, seen_after) = (old.seen(), new.seen());
        let changed = self.files.iter().zip(owners).map(|(file, owners)| {
            let Touched { path, previous, status, new_folder, is_open } = file;
            let before = previous.as_deref().unwrap_or(path);
            let (was, is) = (*status != Status::Added, *status != Status::Deleted);
            // A comment that has something else written there later is no object.
            let is_marked = || old.markers(before) != new.markers(path);
            let is_shown = (!was || seen_before.contains(before)) && (!is || seen_after.contains(path));
            let is_seen = *status != Status::TypeChanged
                && (is_shown || *status == Status::Modified && gives_values_alone(old, new, path))
                && !is_open
                && !is_marked();
            ChangedFile {
                path,
                previous_path: previous.as_deref(),
                status: *status,
                is_seen,
                new_folder: new_folder.as_deref(),
                owners: owners.as_ref(),
                old_objects: old.objects(before).filter(|_| was),
                new_objects: new.objects(path).filter(|_| is),
            }
        });
        changed.collect()
    }

    /// Who owns each file, as it was in the base. A file that was renamed to where nobody owned anything keeps its owners. What
    /// is new there says itself who owns it.
    pub fn owners(&self) -> Vec<Option<Owned>> {
        let of_base = Owners::new(self.codeowners.as_ref(), self.old.version());
        let claimed = Owners::new(None, self.new.version());
        let owners = self.files.iter().map(|Touched { path, previous, status, .. }| {
            let before = previous.as_ref().filter(|_| *status == Status::Renamed);
            let owners = of_base.of(path).or_else(|| before.and_then(|before| of_base.of(before)));
            owners.or_else(|| claimed.of(path).filter(|_| *status == Status::Added))
        });
        owners.collect()
    }
}

/// The branch that a revision names, without the remote that it is fetched from.
fn branch_of(revision: &str) -> &str {
    let name = ["refs/heads/", "refs/remotes/"].iter().find_map(|prefix| revision.strip_prefix(prefix));
    let name = name.unwrap_or(revision);
    name.strip_prefix("origin/").unwrap_or(name)
}

/// The topmost folder of the repository, as people would type it from here.
fn root(repository: &Repository) -> Result<PathBuf, Failure> {
    let top = repository.top();
    let here = env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let Ok(below) = here.strip_prefix(top) else {
        return Err(Failure::Usage(format!("run it in the repository: cd {}", top.display())));
    };
    let up: PathBuf = below.components().map(|_| "..").collect();
    Ok(if up.as_os_str().is_empty() { PathBuf::from(".") } else { up })
}

/// The configuration: that of the base, from the folder that was named up to the top, or the one that was named.
fn configured(
    options: &Comparison<'_>,
    repository: &Repository,
    base: &Earlier,
    rules: &[Found],
) -> Result<Configuration, Failure> {
    let rules: Vec<&RuleMetadata> = rules.iter().map(|found| &found.metadata).collect();
    let (folder, top) = (options.path.canonicalize().unwrap_or_default(), repository.top());
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(top));
    let mut files = folders.map(|folder| base.relocated(&folder.join(FILE_NAME)));
    let found = files.find(|file| file.symlink_metadata().is_ok_and(|kind| kind.is_file()));
    let config = options.config.map(Path::to_owned).or(found);
    let no_config = config.is_none();
    let (_, located) = configuration::locate(&ConfigOptions { config, no_config, ..ConfigOptions::default() }, &[])?;
    let copied: PathBuf = base.relocated(top).components().collect();
    // People know the file by its path in the repository.
    let copy = format!("{}/", copied.display());
    let configuration = located.read(&rules).map_err(|cause| Failure::Usage(cause.to_string().replace(&copy, "")))?;
    Ok(configuration
        .relocated(|folder| folder.strip_prefix(&copied).map_or_else(|_| folder.to_owned(), |below| top.join(below))))
}

fn read(
    version: &Earlier,
    root: &Path,
    options: &Comparison<'_>,
    repository: &Repository,
    configuration: &Configuration,
) -> Result<Read, Failure> {
    let there = configuration.relocated(|folder| version.relocated(folder));
    let (excludes, rendering) = (there.patterns(None)?, there.rendering(options.rendering)?);
    let read = version.visit(|paths| input::read(paths, &excludes, &rendering, &Reading::default()));
    let failed = |cause| Failure::File(format!("{} cannot be read as it was: {cause}", repository.top().display()));
    let Files { files, unread, unrendered, .. } = read.map_err(failed)?;
    let input = Input::new(files).with_unrendered(unrendered);
    let problems = sources::problems(&input, &unread);
    let root = if root == Path::new(".") { String::new() } else { sources::name(root) };
    Ok(Read { root, input, problems })
}

/// The files that differ. A submodule is no file: nobody sees what is in it.
fn touched(repository: &Repository, base: &Commit, head: &Commit) -> Result<Vec<Touched>, Failure> {
    let failed = |cause: sources::GitError| Failure::Usage(format!("the change cannot be listed: {cause}"));
    let changes = repository.changes(base, head).map_err(failed)?;
    let (before, after) = (repository.entries(base).map_err(failed)?, repository.entries(head).map_err(failed)?);
    let no_files = |entries: &[Entry]| -> HashSet<PathBuf> {
        entries.iter().filter(|entry| entry.kind != EntryKind::File).map(|entry| entry.path.clone()).collect()
    };
    let (old_others, new_others) = (no_files(&before), no_files(&after));
    let is_other =
        |others: &HashSet<PathBuf>, path: &Option<PathBuf>| path.as_ref().is_some_and(|path| others.contains(path));
    let folders: HashSet<&Path> = before.iter().flat_map(|entry| entry.path.ancestors()).collect();
    let new_folder = |path: &Path| {
        let around = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        around.take_while(|folder| !folders.contains(folder)).last().map(sources::name)
    };
    let touched = changes.iter().filter_map(|change| {
        let name = |path: &Option<PathBuf>| path.as_deref().map(sources::name);
        let (old, new) = (name(&change.old), name(&change.new));
        let is_no_file = is_other(&old_others, &change.old) || is_other(&new_others, &change.new);
        let status = match (&old, &new) {
            _ if is_no_file => Status::TypeChanged,
            (None, _) => Status::Added,
            (_, None) => Status::Deleted,
            (old, new) if old == new => Status::Modified,
            _ => Status::Renamed,
        };
        let previous = old.clone().filter(|_| new.is_some() && old != new);
        let new_folder = change.new.as_deref().filter(|_| status == Status::Added).and_then(new_folder);
        Some(Touched { path: new.or(old)?, previous, status, new_folder, is_open: false })
    });
    Ok(touched.collect())
}

/// A file that moves from some owners to others is deleted by those, and added by these.
fn between_owners(file: Touched, owners: &Owners) -> Vec<Touched> {
    let before = file.previous.clone().filter(|_| file.status == Status::Renamed);
    let is_other = |before: &String| owners.of(before).zip(owners.of(&file.path)).is_some_and(|(old, new)| old != new);
    let Some(before) = before.filter(is_other) else { return vec![file] };
    let one = |path: String, status| Touched { path, previous: None, status, new_folder: None, is_open: false };
    vec![one(before, Status::Deleted), one(file.path, Status::Added)]
}

fn text(path: &Path) -> Option<String> {
    path.symlink_metadata().ok().filter(|kind| kind.is_file())?;
    let bytes = sources::read_regular(path, Limits::default().bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
