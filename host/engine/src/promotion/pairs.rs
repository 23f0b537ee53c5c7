//! Pairs each version of production with what staging named for the same service, now and before.
//!
//! The same service has the same file in both environments, and the same place in it or the same image there. Where no file of
//! staging ever was its counterpart, the same image anywhere in staging is, or the file of staging for all regions or for
//! another one. Where some of these are of the same region, they alone count. A file that may be of another service is told as
//! one that cannot be compared. The module must not know which pair is good.

use std::collections::{HashMap, HashSet};

use super::region::{nearness, regional, regional_place, without_region};
use super::stage::Stage;
use super::timeline::{Named, Stood, Timeline};
use crate::documents::{Promoted, Staged};

/// What a thing is called that a file does not name.
const UNNAMED: &str = "?";

/// A version that stands in a file now.
#[derive(Clone, Debug)]
pub struct Present {
    /// The path of the file in its repository.
    pub file: String,
    /// What stands there.
    pub named: Named,
}

/// What is known of one repository.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The versions that stand in its files.
    pub present: Vec<Present>,
    /// Those of its history.
    pub timeline: Timeline,
}

/// What production and staging of some repositories name and named, by what services are told by.
#[derive(Default)]
pub struct Pairs<'a> {
    /// What production names, by the number of the repository and the file.
    present: HashMap<(usize, &'a str), Vec<&'a Present>>,
    /// What production named, by the number of the repository.
    own: HashMap<usize, Own<'a>>,
    /// What staging of all repositories names and named, by the slot.
    of_slot: HashMap<&'a str, Vec<Candidate<'a>>>,
    /// The same by the slot in the words of all regions.
    of_regions: HashMap<String, Vec<Candidate<'a>>>,
    /// The same by the thing.
    of_thing: HashMap<&'a str, Vec<Candidate<'a>>>,
}

/// What production of one repository named.
#[derive(Default)]
struct Own<'a> {
    /// By the slot.
    of_slot: HashMap<&'a str, Vec<&'a Stood>>,
    /// By the thing.
    of_thing: HashMap<&'a str, Vec<&'a Stood>>,
    /// By the commit that took it away; by none what no commit has taken away.
    ended: HashMap<Option<usize>, Vec<&'a Stood>>,
    /// The places at which it names something now: the slot, and the place in the file.
    places: HashSet<(&'a str, &'a str)>,
}

/// What staging names or named.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    file: &'a str,
    named: &'a Named,
    /// Its place in the history, unless no commit has written it.
    stood: Option<&'a Stood>,
}

impl<'a> Pairs<'a> {
    /// For these repositories.
    #[must_use]
    pub fn new(sides: &[&'a Side]) -> Self {
        let mut pairs = Self::default();
        for (number, side) in sides.iter().copied().enumerate() {
            let mut open = HashSet::new();
            for stood in &side.timeline.stood {
                let named = &stood.named;
                if named.stage == Stage::Production {
                    pairs.own.entry(number).or_default().add(stood);
                    continue;
                }
                if stood.until.is_none() {
                    open.insert(key(&stood.file, named));
                }
                pairs.add(Candidate { file: &stood.file, named, stood: Some(stood) });
            }
            for present in &side.present {
                let (file, named) = (&*present.file, &present.named);
                if named.stage == Stage::Production {
                    pairs.present.entry((number, file)).or_default().push(present);
                    pairs.own.entry(number).or_default().places.insert((&*named.slot, &*named.at));
                } else if !open.contains(&key(file, named)) {
                    pairs.add(Candidate { file, named, stood: None });
                }
            }
        }
        pairs
    }

    fn add(&mut self, candidate: Candidate<'a>) {
        self.of_slot.entry(&candidate.named.slot).or_default().push(candidate);
        if let Some(regional) = regional(&candidate.named.slot) {
            self.of_regions.entry(regional.common).or_default().push(candidate);
        }
        if let Some(thing) = &candidate.named.thing {
            self.of_thing.entry(thing).or_default().push(candidate);
        }
    }

    /// What production names in a file of the repository of that number, each with what staging named in any repository.
    #[must_use]
    pub fn of(&self, number: usize, file: &str) -> Vec<Promoted> {
        let present = self.present.get(&(number, file)).into_iter().flatten();
        present.map(|present| self.promoted(number, present)).collect()
    }

    fn promoted(&self, number: usize, present: &Present) -> Promoted {
        let named = &present.named;
        let own = self.own.get(&number);
        let is_it = |stood: &&Stood| {
            stood.until.is_none()
                && stood.file == present.file
                && is_equal(&stood.named, named)
                && stood.named.at == named.at
        };
        let of_slot = own.and_then(|own| own.of_slot.get(&*named.slot)).into_iter().flatten().copied();
        let written = of_slot.rev().find(is_it);
        let earlier = own.map_or(0, |own| own.earlier(named, written));
        Promoted {
            of: named.version.of.clone(),
            at: named.version.at.clone(),
            tag: named.version.tag.clone(),
            digest: named.version.digest.clone(),
            place: named.version.span,
            written: written.map(|written| written.from),
            earlier,
            staging: self.staged(named),
        }
    }

    /// What staging named for the same service.
    fn staged(&self, production: &Named) -> Vec<Staged> {
        let is_it = |candidate: &&Candidate<'_>| {
            is_of_place(candidate.named, production) && is_comparable(candidate.named, production)
        };
        let of_slot = |slot: &str| {
            let of_slot = self.of_slot.get(slot).into_iter().flatten();
            of_slot.filter(is_it).collect::<Vec<_>>()
        };
        let of_regions = || {
            let of_regions = regional(&production.slot).and_then(|it| self.of_regions.get(&it.common));
            let place = regional_place(&production.at).common;
            let is_it = |candidate: &&Candidate<'_>| {
                let is_there = regional_place(&candidate.named.at).common == place;
                is_it(candidate) || is_there && is_comparable(candidate.named, production)
            };
            of_regions.into_iter().flatten().filter(is_it).collect::<Vec<_>>()
        };
        let mut found = of_slot(&production.slot);
        if found.is_empty() {
            let of_thing = production.thing.as_deref().and_then(|thing| self.of_thing.get(thing));
            let of_thing = of_thing.into_iter().flatten();
            found = of_thing.filter(|candidate| is_comparable(candidate.named, production)).collect();
            // Without a name it is told by its place alone.
            if found.is_empty() {
                found = of_regions();
            }
        } else if !found.iter().any(|candidate| candidate.is_now()) {
            // The staging of a region that is gone has handed over to the others.
            let others = of_regions();
            found = if others.is_empty() { found } else { others };
        }
        if found.is_empty() && production.thing.is_none() && regional(&production.slot).is_none() {
            let unsure = of_slot(&without_region(&production.slot)).into_iter();
            return unsure.map(|candidate| candidate.staged(false)).collect();
        }
        of_same_region(&mut found, production);
        // A tag of another thing is another tag, whatever it is called.
        found.into_iter().map(|candidate| candidate.staged(candidate.named.thing == production.thing)).collect()
    }
}

impl<'a> Own<'a> {
    fn add(&mut self, stood: &'a Stood) {
        self.of_slot.entry(&stood.named.slot).or_default().push(stood);
        if let Some(thing) = &stood.named.thing {
            self.of_thing.entry(thing).or_default().push(stood);
        }
        self.ended.entry(stood.ended).or_default().push(stood);
    }

    /// How many other versions production named before this one: at its place, of its thing anywhere, or at a place of the same
    /// file, or one that the same commit took away, that names nothing any more: it may have been moved.
    fn earlier(&self, named: &Named, written: Option<&Stood>) -> u64 {
        let is_before =
            |stood: &&&Stood| !is_equal(&stood.named, named) && written.is_none_or(|written| stood.step < written.step);
        let may_be_moved = |stood: &&&Stood| {
            let (one, other) = (&stood.named.thing, &named.thing);
            let may_be = one.is_none() || other.is_none() || one == other;
            may_be && !self.places.contains(&(&*stood.named.slot, &*stood.named.at))
        };
        let of_slot = self.of_slot.get(&*named.slot).into_iter().flatten();
        let of_slot = of_slot.filter(|stood| is_of_place(&stood.named, named) || may_be_moved(stood));
        let of_thing = named.thing.as_deref().and_then(|thing| self.of_thing.get(thing)).into_iter().flatten();
        let ended = self.ended.get(&written.map(|written| written.step)).into_iter().flatten().filter(may_be_moved);
        let all = of_slot.chain(of_thing).chain(ended).filter(is_before);
        all.map(|stood| std::ptr::from_ref::<Stood>(stood)).collect::<HashSet<_>>().len() as u64
    }
}

/// Leaves those of the region of production, if staging has that region now.
fn of_same_region(found: &mut Vec<&Candidate<'_>>, production: &Named) {
    let region = |named: &Named| {
        let of_slot = regional(&named.slot).map(|it| it.region).filter(|region| !region.is_empty());
        of_slot.unwrap_or_else(|| regional_place(&named.at).region)
    };
    let own = region(production);
    for wanted in [2, 1] {
        let is_near = |candidate: &Candidate<'_>| nearness(&region(candidate.named), &own) == wanted;
        if found.iter().any(|candidate| is_near(candidate) && candidate.is_now()) {
            found.retain(|candidate| is_near(candidate));
            return;
        }
    }
}

impl Candidate<'_> {
    /// Whether staging names it now.
    fn is_now(&self) -> bool {
        self.stood.is_none_or(|stood| stood.until.is_none())
    }

    /// For a rule. Without the same name for the thing, the name stands before the tag.
    fn staged(&self, is_same: bool) -> Staged {
        let version = &self.named.version;
        let of = version.of.as_deref().unwrap_or(UNNAMED);
        let tag = version.tag.as_deref().map(|tag| if is_same { tag.to_owned() } else { format!("{of}:{tag}") });
        Staged {
            file: self.file.to_owned(),
            tag,
            digest: version.digest.clone(),
            from: self.stood.map(|stood| stood.from),
            until: self.stood.and_then(|stood| stood.until),
            commit: self.stood.map(|stood| stood.commit.clone()),
        }
    }
}

/// What tells a version that stands in a file now from the others.
type Key<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn key<'a>(file: &'a str, named: &'a Named) -> Key<'a> {
    let (tag, digest) = (named.version.tag.as_deref(), named.version.digest.as_deref());
    (file, &named.at, named.thing.as_deref(), tag, digest)
}

/// Whether both are of the same service, by the places in their files, which have the same slot.
fn is_of_place(one: &Named, other: &Named) -> bool {
    one.at == other.at || one.thing.is_some() && one.thing == other.thing
}

/// Whether both name a version, or neither does and both are of the same thing.
fn is_comparable(one: &Named, other: &Named) -> bool {
    let are_open = (one.version.is_open(), other.version.is_open());
    are_open == (false, false) || are_open == (true, true) && one.thing == other.thing
}

fn is_equal(one: &Named, other: &Named) -> bool {
    let (version, other_version) = (&one.version, &other.version);
    one.thing == other.thing && (&version.tag, &version.digest) == (&other_version.tag, &other_version.digest)
}
