//! The promotions of repositories: what files of production name, and when staging named it by the history of a branch.
//!
//! The files of environments are read from the disk, and their history from the branch that is trusted: what somebody proposes
//! on another one has run nowhere yet. The module must not know which promotion is good.

mod repository;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::File;
use engine::documents::{Promoted, promotion};
use engine::manifest::Object;
use engine::promotion::{Environments, Mapped, Pairs, Side, Stage, may_be_production};
use protocol::RuleMetadata;
use protocol::documents::PROMOTION;

use crate::error::ReadError;
use crate::files::Files;
use crate::git::Repository;
use crate::read::name;
use repository::{Known, Lacking, read};

/// Where environments are, if not where their names say.
#[derive(Clone, Debug, Default)]
pub struct PromotionOptions {
    /// Folders, by environment. A `*` in one stands for any step of a path.
    pub environments: Vec<(Stage, PathBuf)>,
    /// The branch whose history counts; otherwise the one that others are merged into.
    pub trusted: Option<String>,
}

/// The documents of production's files.
#[derive(Default)]
pub struct Promotions {
    /// What they name now.
    pub now: Vec<File>,
    /// What they name and the trusted branch has already.
    pub before: Vec<File>,
}

/// Whether any of the rules is about promotions, or looks them up.
pub fn asks_for_promotions<'a>(mut rules: impl Iterator<Item = &'a RuleMetadata>) -> bool {
    rules.any(|rule| PROMOTION.is_asked_for_by(rule))
}

/// Whether something that is checked may be of production. Only then is a repository read for its promotions: it may be large.
pub fn may_be_promoted(paths: &[PathBuf], options: &PromotionOptions, files: &Files) -> bool {
    let real = paths.iter().filter_map(|path| fs::canonicalize(path).ok());
    let mut names =
        files.files.iter().map(|file| &file.manifest.name).chain(files.unread.iter().map(|unread| &unread.path));
    let says_environment = |object: &Object| {
        let group = object.group();
        group == "argoproj.io" || group.ends_with("toolkit.fluxcd.io")
    };
    !options.environments.is_empty()
        || real.map(|path| name(&path)).any(|path| may_be_production(&path))
        || files.links.iter().any(|link| may_be_production(&name(link)))
        || names.any(|path| may_be_production(path))
        || files.files.iter().flat_map(|file| file.manifest.objects()).any(says_environment)
}

/// The promotions of the repositories that the folders given are from, and of those that are mapped.
///
/// The result is empty if staging never had anything and nothing is mapped: nothing is promoted then.
pub fn read_promotions(paths: &[PathBuf], options: &PromotionOptions, files: &mut Files) -> Promotions {
    let mut roots = Roots::default();
    let mut shown: Vec<(PathBuf, PathBuf)> =
        paths.iter().filter_map(|path| Some((path.clone(), fs::canonicalize(path).ok()?))).collect();
    shown.iter().for_each(|(_, real)| _ = roots.around(real));
    let mut mapped: BTreeMap<PathBuf, Vec<Mapped>> = BTreeMap::new();
    let mut folders = Vec::new();
    for (stage, path) in &options.environments {
        match roots.mapped(*stage, path) {
            Ok((root, folder, fixed)) => {
                folders.push((path, root.clone(), folder.clone()));
                mapped.entry(root).or_default().push(folder);
                if *stage == Stage::Production {
                    shown.push(fixed);
                }
            }
            Err(cause) => {
                let cause = Box::new(ReadError::from(cause));
                files.fail(path, &ReadError::Environment { stage: stage.name(), cause });
            }
        }
    }
    let named: Vec<Stage> = options.environments.iter().map(|(stage, _)| *stage).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let mut all = Vec::new();
    for (top, repository) in roots.0 {
        let mapped = mapped.remove(&top).unwrap_or_default();
        let environments = Environments { mapped, named: named.clone(), ..Environments::default() };
        all.push(read(&top, repository, environments, options.trusted.as_deref(), now));
    }
    for (path, root, folder) in folders {
        if all.iter().any(|known| known.top == root && known.empty.contains(&folder)) {
            files.fail(path, &ReadError::NoEnvironment);
        }
    }
    if options.environments.is_empty() && !all.iter().any(Known::may_have_staging) {
        return Promotions::default();
    }
    documents(&all, &shown, now, files)
}

/// The documents of what production names in the files that are shown.
fn documents(all: &[Known], shown: &[(PathBuf, PathBuf)], now: u64, files: &mut Files) -> Promotions {
    let unknown = all.iter().find_map(Known::unknown);
    let sides: Vec<&Side> = all.iter().map(|known| &known.side).collect();
    let pairs = Pairs::new(&sides);
    let mut promotions = Promotions::default();
    for (number, known) in all.iter().enumerate() {
        for Lacking { path, stage, reason } in &known.lacking {
            let typed = typed(&known.top.join(path), shown).filter(|_| *stage == Some(Stage::Production));
            typed.into_iter().for_each(|typed| files.fail(&typed, &ReadError::Promotion(reason.clone())));
        }
        for (path, text) in &known.texts {
            let real = known.top.join(path);
            let Some(typed) = typed(&real, shown) else { continue };
            let project = files.projects.project(&real);
            let mut add = |versions: &[Promoted], to: &mut Vec<File>| match promotion(
                &name(&typed),
                text.clone(),
                now,
                unknown.as_deref(),
                versions,
            ) {
                Ok(manifest) => to.push(File { manifest, project }),
                Err(cause) => files.fail(&typed, &ReadError::Promotion(cause.to_string())),
            };
            let versions = pairs.of(number, path);
            add(&versions, &mut promotions.now);
            let written: Vec<Promoted> = versions.into_iter().filter(|version| version.written.is_some()).collect();
            if !written.is_empty() {
                add(&written, &mut promotions.before);
            }
        }
    }
    promotions
}

/// A path as people would type it: through one of the folders or files that they gave.
fn typed(real: &Path, given: &[(PathBuf, PathBuf)]) -> Option<PathBuf> {
    given.iter().find_map(|(typed, folder)| {
        let below = real.strip_prefix(folder).ok()?;
        Some(if below.as_os_str().is_empty() { typed.clone() } else { typed.join(below) })
    })
}

/// The topmost folders of what is looked at, each with its repository, or why it has none.
#[derive(Default)]
struct Roots(BTreeMap<PathBuf, Result<Repository, String>>);

impl Roots {
    /// The root of a folder or a file: its repository, or else the folder itself.
    fn around(&mut self, real: &Path) -> PathBuf {
        let folder = if real.is_dir() { real } else { real.parent().unwrap_or(real) };
        let repository = Repository::around(folder).map_err(|cause| cause.to_string());
        let top = repository.as_ref().map_or(folder, Repository::top).to_owned();
        // A folder in one that was given already is a part of it.
        let above = self.0.keys().find(|known| repository.is_err() && top.starts_with(known)).cloned();
        above.unwrap_or_else(|| {
            self.0.entry(top.clone()).or_insert(repository);
            top
        })
    }

    /// A folder that is mapped: its root, the folder in it, and the part of it without a `*`, as typed and as it is.
    fn mapped(&mut self, stage: Stage, path: &Path) -> std::io::Result<(PathBuf, Mapped, (PathBuf, PathBuf))> {
        let has_star = |step: &std::path::Component<'_>| step.as_os_str() == "*";
        let fixed: PathBuf = path.components().take_while(|step| !has_star(step)).collect();
        let fixed = if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed };
        let real = fs::canonicalize(&fixed)?;
        let root = self.around(&real);
        let rest = path.components().skip_while(|step| !has_star(step));
        let below = real.strip_prefix(&root).unwrap_or(Path::new("")).components().chain(rest);
        let steps: Vec<String> = below.map(|step| step.as_os_str().to_string_lossy().into_owned()).collect();
        Ok((root, Mapped { stage, folder: steps.join("/") }, (fixed, real)))
    }
}
