//! When an environment named a version, and until when: by the commits of one branch, from the first to the last.
//!
//! A file that was renamed within its environment is the same file. The module must not know where a history comes from.

use std::collections::HashMap;
use std::sync::Arc;

use super::environments::Environments;
use super::stage::{Stage, neutral, neutral_of_all, of_name};
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
    /// When a commit took it away; none where it stands still.
    pub until: Option<u64>,
    /// The commit that wrote it.
    pub commit: String,
    /// The number of that commit, from the first: commits of one second follow each other, too.
    pub step: usize,
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
    let of_path = places.places(path);
    let mut named = Vec::new();
    for version in versions {
        let of_itself = || version.said.iter().find_map(|said| of_name(said)).map(|stage| (stage, path.to_owned()));
        let all = if of_path.is_empty() { of_itself().into_iter().collect() } else { of_path.clone() };
        let all = all.into_iter().filter(|(stage, _)| !places.hides(path, *stage, &version.at));
        named.extend(all.map(|(stage, slot)| Named {
            stage,
            slot,
            at: neutral(&version.at, stage),
            thing: version.of.as_deref().map(neutral_of_all),
            version: version.clone(),
        }));
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
        for (step, Step { commit, time, changes }) in steps.into_iter().enumerate() {
            let time = if time > now { now } else { time.max(latest) };
            latest = if time < now { time } else { latest };
            // All that moves leaves its place before anything arrives.
            let left = changes
                .iter()
                .map(|change| change.old.as_ref().and_then(|old| Some((old.clone(), files.stands.remove(old)?))));
            let left: Vec<Option<(String, Vec<usize>)>> = left.collect();
            for (change, left) in changes.into_iter().zip(left) {
                let open = left.map(|(path, stands)| Open { path, stands });
                timeline.change(open, change.new, places, (step, time, &commit), &mut files);
            }
        }
        timeline
    }

    fn change(
        &mut self,
        open: Option<Open>,
        new: Option<(String, Arc<[Version]>)>,
        places: &Environments,
        (step, time, commit): (usize, u64, &str),
        files: &mut Files,
    ) {
        let Open { path: old, mut stands } = open.unwrap_or(Open { path: String::new(), stands: Vec::new() });
        let Some((path, versions)) = new else { return self.close(&stands, time) };
        let stage = |path: &str| places.places(path).into_iter().map(|(stage, _)| stage).collect::<Vec<_>>();
        // What became a file of another environment is new there.
        if !stands.is_empty() && stage(&old) != stage(&path) {
            self.close(&std::mem::take(&mut stands), time);
        }
        let mut kept = Vec::new();
        for named in named(&path, &versions, places) {
            let is_same = |known: &usize| self.stood.get(*known).is_some_and(|known| is_same(&known.named, &named));
            let known = stands.iter().position(is_same).map(|at| stands.swap_remove(at));
            let number = known.unwrap_or(self.stood.len());
            match self.stood.get_mut(number) {
                Some(stood) => stood.named = named,
                None => {
                    let (file, commit) = (path.clone(), commit.to_owned());
                    files.stood.entry(path.clone()).or_default().push(number);
                    self.stood.push(Stood { file, named, from: time, until: None, commit, step });
                }
            }
            kept.push(number);
        }
        self.close(&stands, time);
        // Under its new name it is found by what was called like the old one, too: only the slot of what stood there
        // before has to follow.
        if !old.is_empty() && old != path {
            self.rename(&old, &path, places, &mut files.stood);
        }
        files.stands.insert(path, kept);
    }

    fn close(&mut self, stands: &[usize], time: u64) {
        for number in stands {
            if let Some(stood) = self.stood.get_mut(*number) {
                stood.until = Some(time);
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
