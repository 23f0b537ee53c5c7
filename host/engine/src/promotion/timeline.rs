//! When an environment named a version, and until when: by the commits of one branch, from the first to the last.
//!
//! A file that was renamed within its environment is the same file. What several environments have in common, each names from
//! the commit on after which its own files no longer name another one in its place. The module must not know where a history
//! comes from.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::environments::Environments;
use super::past::{Past, Step, names};
use super::region::regional;
use super::shared::Reader;
use super::stage::{Stage, neutral_of_all, neutral_place, of_name};
use super::versions::Version;

/// A version that an environment names, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The environment.
    pub stage: Stage,
    /// The file in the words of both environments.
    pub slot: String,
    /// The place in the file in the words of both environments.
    pub at: String,
    /// What it is a version of in the words of all environments, where the file says so: `registry-*.example.com/web`.
    pub thing: Option<String>,
    /// The version itself.
    pub version: Version,
}

/// A version that stood in a file for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The last path of the file.
    pub file: String,
    /// What stood there.
    pub named: Named,
    /// When a commit wrote it, in seconds since 1970.
    pub from: u64,
    /// When a commit took it away; none where it is still there.
    pub until: Option<u64>,
    /// The commit that wrote it.
    pub commit: String,
    /// The number of that commit, from the first: commits of one second follow each other, too.
    pub step: usize,
    /// The number of the commit that took it away.
    pub ended: Option<usize>,
}

/// Everything that ever stood in the files of environments.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// In the order in which it was written.
    pub stood: Vec<Stood>,
}

/// The versions of a file, each with its environment, as far as that is known; with several, where they have it in common.
#[must_use]
pub fn named(path: &str, versions: &[Version], places: &Environments) -> Vec<Named> {
    named_by(path, versions, places, &|file| places.shared.said(file))
}

/// The same where the files of environments are as `read` gives them.
fn named_by(path: &str, versions: &[Version], places: &Environments, read: Reader<'_>) -> Vec<Named> {
    let of_path = places.places(path);
    let is_own = places.place(path).is_some();
    let mut named = Vec::new();
    for version in versions.iter().filter(|version| !places.shared.is_override(path, version)) {
        let of_itself = || version.said.iter().find_map(|said| of_name(said)).map(|stage| (stage, path.to_owned()));
        let all = if of_path.is_empty() { of_itself().into_iter().collect() } else { of_path.clone() };
        for (stage, slot) in all {
            let made = places.shared.made(path, stage, version, read);
            let made = made.unwrap_or_else(|| {
                let is_alone = is_own || of_path.is_empty();
                is_alone.then(|| version.clone()).into_iter().collect()
            });
            named.extend(made.into_iter().map(|version| Named {
                stage,
                slot: slot.clone(),
                at: neutral_place(&version.at, stage),
                thing: version.of.as_deref().map(neutral_of_all),
                version,
            }));
        }
    }
    named
}

/// A file under way.
struct Open {
    path: String,
    /// What stands in it, by its number in the timeline.
    stands: Vec<usize>,
}

/// The files as they are after some of the commits, by their paths. Versions are numbers in the timeline.
#[derive(Default)]
struct Files {
    /// What stands in each.
    stands: HashMap<String, Vec<usize>>,
    /// What ever stood in each.
    stood: HashMap<String, Vec<usize>>,
    /// What each names, by its path of today.
    past: Past,
    /// What the commit at hand took away.
    closed: Vec<usize>,
}

/// A commit.
#[derive(Clone, Copy)]
struct Commit<'a> {
    step: usize,
    time: u64,
    hash: &'a str,
}

impl Timeline {
    /// What stood in the files, by these steps. `now` is the time at which they are looked at.
    ///
    /// A commit's time is what its author's clock said: it counts as no earlier than that of a commit before it, and as no
    /// later than now.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Step>, places: &Environments, now: u64) -> Self {
        let mut timeline = Self::default();
        let mut files = Files::default();
        let mut latest = 0;
        let steps: Vec<Step> = steps.into_iter().collect();
        let dependents = places.shared.dependents();
        let names = names(&steps);
        for ((step, Step { commit, time, changes }), names) in steps.into_iter().enumerate().zip(names) {
            let time = if time > now { now } else { time.max(latest) };
            latest = if time < now { time } else { latest };
            let commit = Commit { step, time, hash: &commit };
            let known = timeline.stood.len();
            let mut affected: BTreeSet<&str> = BTreeSet::new();
            for name in files.past.change(&changes, &names) {
                affected.extend(dependents.get(&*name).into_iter().flatten());
            }
            // All that moves leaves its place before anything arrives.
            let left = changes
                .iter()
                .map(|change| change.old.as_ref().and_then(|old| Some((old.clone(), files.stands.remove(old)?))));
            let left: Vec<Option<(String, Vec<usize>)>> = left.collect();
            for ((change, left), name) in changes.into_iter().zip(left).zip(&names) {
                affected.remove(&**name);
                let open = left.map(|(path, stands)| Open { path, stands });
                timeline.change(open, change.new, (places, name.as_str()), commit, &mut files);
            }
            for name in affected {
                let Some((path, versions)) = files.past.file(name) else { continue };
                let open = files.stands.remove(&path).map(|stands| Open { path: path.clone(), stands });
                timeline.change(open, Some((path, versions)), (places, name), commit, &mut files);
            }
            timeline.carry(known, &std::mem::take(&mut files.closed));
        }
        timeline
    }

    fn change(
        &mut self,
        open: Option<Open>,
        new: Option<(String, Arc<[Version]>)>,
        (places, name): (&Environments, &str),
        commit: Commit<'_>,
        files: &mut Files,
    ) {
        let Open { path: old, mut stands } = open.unwrap_or(Open { path: String::new(), stands: Vec::new() });
        let Some((path, versions)) = new else { return self.close(&stands, commit, files) };
        // What is of no environment by its path is used by the name that it has today.
        let is_shared = ![&*old, &*path, name].iter().any(|path| places.place(path).is_some());
        let (before, known) = if is_shared { (name, name) } else { (&*old, &*path) };
        let stage = |path: &str| places.places(path).into_iter().map(|(stage, _)| stage).collect::<Vec<_>>();
        // What became a file of another environment is new there.
        if !stands.is_empty() && stage(before) != stage(known) {
            self.close(&std::mem::take(&mut stands), commit, files);
        }
        let mut kept = Vec::new();
        let all = named_by(known, &versions, places, &|file| files.past.versions(file));
        for named in all {
            let is_same = |known: &usize| self.stood.get(*known).is_some_and(|known| is_same(&known.named, &named));
            let number = stands.iter().position(is_same).map(|at| stands.swap_remove(at));
            let number = number.unwrap_or(self.stood.len());
            match self.stood.get_mut(number) {
                Some(stood) => stood.named = named,
                None => {
                    let (from, hash) = (commit.time, commit.hash.to_owned());
                    files.stood.entry(path.clone()).or_default().push(number);
                    self.stood.push(Stood {
                        file: known.to_owned(),
                        named,
                        from,
                        until: None,
                        commit: hash,
                        step: commit.step,
                        ended: None,
                    });
                }
            }
            kept.push(number);
        }
        self.close(&stands, commit, files);
        // Under its new name it is found by what was called like the old one, too: only the slot of what stood there
        // before has to follow.
        if !old.is_empty() && old != path {
            self.rename(&old, &path, places, &mut files.stood);
        }
        files.stands.insert(path, kept);
    }

    fn close(&mut self, stands: &[usize], commit: Commit<'_>, files: &mut Files) {
        files.closed.extend(stands);
        for number in stands {
            if let Some(stood) = self.stood.get_mut(*number) {
                (stood.until, stood.ended) = (Some(commit.time), Some(commit.step));
            }
        }
    }

    /// What a commit moved to another place of the environment stands since it stood at the old one: the same version of the
    /// same thing. `known` is how many there were before the commit, and `closed` is what it took away.
    fn carry(&mut self, known: usize, closed: &[usize]) {
        if self.stood.len() == known || closed.is_empty() {
            return;
        }
        let key = |named: &Named| {
            let region = regional(&named.slot).map(|it| it.region).unwrap_or_default();
            let (tag, digest) = (named.version.tag.clone(), named.version.digest.clone());
            Some((named.stage, named.thing.clone()?, tag, digest, region))
        };
        let ended = closed.iter().filter_map(|number| self.stood.get(*number));
        let ended = ended.filter_map(|it| Some((key(&it.named)?, (it.from, it.commit.clone(), it.step))));
        let ended: HashMap<_, _> = ended.collect();
        for stood in self.stood.iter_mut().skip(known) {
            if let Some((from, commit, step)) = key(&stood.named).and_then(|key| ended.get(&key)) {
                (stood.from, stood.commit, stood.step) = (*from, commit.clone(), *step);
            }
        }
    }

    fn rename(&mut self, old: &str, path: &str, places: &Environments, files: &mut HashMap<String, Vec<usize>>) {
        let placed = places.places(path);
        let mut others = Vec::new();
        for number in files.remove(old).unwrap_or_default() {
            let Some(stood) = self.stood.get_mut(number) else { continue };
            let Some((_, slot)) = placed.iter().find(|(stage, _)| *stage == stood.named.stage) else {
                others.push(number);
                continue;
            };
            path.clone_into(&mut stood.file);
            stood.named.slot.clone_from(slot);
            files.entry(path.to_owned()).or_default().push(number);
        }
        if !others.is_empty() {
            files.insert(old.to_owned(), others);
        }
    }
}

/// Whether it is the same version at the same place.
fn is_same(one: &Named, other: &Named) -> bool {
    let parts = |named: &Named| (named.stage, named.version.tag.clone(), named.version.digest.clone());
    one.at == other.at && one.version.of == other.version.of && parts(one) == parts(other)
}
