//! The world of an object: the other objects of its project that live where it does ([`places`](crate::places)), found by
//! kind, namespace and name.
//!
//! One object may stand in a repository several times, in a base and in overlays. These are variants of one object, not
//! several objects, so that of each identity (group, kind, namespace, name) an asker sees the variant nearest to it: the
//! one in its own file, in its own folder, or that shares the longest path of folders, and of several the last, which is
//! the one that a cluster keeps. And where the asker itself has variants, files beside a sibling variant belong to that
//! variant: overlays beside each other neither vouch for nor contradict one another.

mod objects;

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::answers::{Answers, Outlook, Question};
use crate::builtin;
use crate::call::CallError;
use crate::file::File;
use crate::input::{Input, Subject};
use crate::manifest::{Content, Document, Manifest, Object};
use crate::places::{FilePlaces, Home};
use crate::relations::Related;

use objects::{Named, Objects, Sight, Variant, namespace};

/// All objects, by project and kind.
#[derive(Debug, Default)]
pub struct World<'a> {
    by_kind: HashMap<Key<'a>, Objects<'a>>,
    /// The files whose askers see other variants than their folder does.
    apart: HashSet<usize>,
    blind_spots: Vec<BlindSpot>,
    /// How many files of each unit could not be read whole: what is in them is not seen.
    unread: HashMap<Home<'a>, usize>,
    /// CustomResourceDefinitions beside the input, by name.
    definitions: HashMap<&'a str, &'a Object>,
    answers: Answers,
}

/// A kind of which there may be objects that cannot be seen: a look-up of it is refused, so that nobody takes them for
/// missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindSpot {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind, singular.
    pub kind: String,
    /// The namespaces in which all of them can be seen nonetheless.
    pub seen_in: Vec<String>,
    /// Why the others cannot, without a full stop.
    pub reason: String,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key<'a> {
    project: usize,
    group: &'a str,
    kind: &'a str,
}

impl<'a> Key<'a> {
    /// A kind that has moved counts under its new group: whoever looks for Deployments finds those of `extensions` too.
    fn new(project: usize, group: &'a str, kind: &'a str) -> Self {
        Self { project, group: builtin::home_group(group, kind), kind }
    }
}

/// From where one looks at the world.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint<'a> {
    project: usize,
    folder: &'a str,
    file: usize,
    /// Where the files of its folder live.
    places: FilePlaces<'a>,
    object: &'a Object,
}

impl<'a> Viewpoint<'a> {
    /// The place of an object that stands in no file, as those of a cluster do.
    #[must_use]
    pub const fn nowhere(object: &'a Object) -> Self {
        Self { project: 0, folder: "", file: 0, places: FilePlaces::none(), object }
    }
}

/// Where it lives and what is deployed with it, but for the file: two that are alike there see, and are seen, alike.
impl Hash for Viewpoint<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.project, self.folder, namespace(self.object), self.places.number()).hash(state);
        self.places.homes(self.object).hash(state);
        self.places.units().hash(state);
    }
}

impl<'a> World<'a> {
    /// The objects of the input, patches excepted.
    #[must_use]
    pub fn new(input: &'a Input) -> Self {
        let mut world = Self::default();
        for subject in input.visible() {
            let Viewpoint { project, folder, file, places, object } = Self::viewpoint(input, subject);
            let key = Key::new(project, object.group(), &object.kind);
            let (homes, is_rendered) = (places.homes(object), input.is_deployment_rendered(subject));
            let variant = Variant { object, folder, file, homes, is_rendered };
            world.by_kind.entry(key).or_default().insert(variant);
        }
        world.by_kind.values_mut().for_each(Objects::finish);
        // A template that was rendered is read as what it gave.
        let is_unread = |(index, file): &(usize, &Arc<File>)| !is_read(&file.manifest) && !input.is_rendered(*index);
        for (index, _) in input.files().iter().enumerate().filter(is_unread) {
            for unit in input.places().of(index).units() {
                *world.unread.entry(unit).or_default() += 1;
            }
        }
        for variants in world.by_kind.values().flat_map(|objects| &objects.identities).filter(|all| all.len() > 1) {
            let mut files: HashMap<&str, usize> = HashMap::new();
            let folders = variants.iter().filter(|it| *files.entry(it.folder).or_insert(it.file) != it.file);
            let folders: HashSet<&str> = folders.map(|it| it.folder).collect();
            let beside = variants.iter().filter(|it| folders.contains(it.folder));
            world.apart.extend(beside.map(|variant| variant.file));
        }
        world
    }

    /// These objects, which stand in no file: those of a cluster. All are in one project and folder, as is whoever looks
    /// from [`Viewpoint::nowhere`].
    #[must_use]
    pub fn of(objects: impl IntoIterator<Item = &'a Object>, blind_spots: Vec<BlindSpot>) -> Self {
        let mut world = Self { blind_spots, ..Self::default() };
        for object in objects {
            let key = Key::new(0, object.group(), &object.kind);
            let homes = FilePlaces::none().homes(object);
            let variant = Variant { object, folder: "", file: 0, homes, is_rendered: false };
            world.by_kind.entry(key).or_default().insert(variant);
        }
        world.by_kind.values_mut().for_each(Objects::finish);
        world
    }

    /// With CustomResourceDefinitions that are no part of the input: whoever asks for one by name gets it where the input has
    /// none of that name. No list has them.
    #[must_use]
    pub fn defined_by(mut self, definitions: &'a [Object]) -> Self {
        let named = definitions.iter().filter_map(|object| Some((object.name.as_deref()?, object)));
        self.definitions.extend(named.filter(|(_, object)| is_definition(object.group(), &object.kind)));
        self
    }

    /// Why objects of a kind may be there and cannot be seen, in a namespace or, where none is given, somewhere.
    pub(crate) fn blindness(&self, group: &str, kind: &str, namespace: Option<&str>) -> Option<&str> {
        let of_kind = self.blind_spots.iter().find(|spot| spot.kind == kind && spot.group == group)?;
        let is_seen = namespace.is_some_and(|namespace| of_kind.seen_in.iter().any(|seen| seen == namespace));
        (!is_seen).then_some(&of_kind.reason)
    }

    /// The place of an object.
    #[must_use]
    pub fn viewpoint(input: &'a Input, subject: Subject<'a>) -> Viewpoint<'a> {
        let file = input.file(subject.file);
        let folder = file.map_or("", |file| file.manifest.folder());
        Viewpoint {
            project: file.map_or(0, |file| file.project),
            folder,
            file: subject.file,
            places: input.places().of(subject.file),
            object: subject.object,
        }
    }

    /// The objects of a kind as seen from a place, in one namespace or in all: of each identity the nearest variant, in the
    /// order in which the input has each identity first. Objects that name no namespace are in the empty one, and are seen
    /// only by what is deployed together with them. Where relations are given, it is those that may be related to the one
    /// that asks in at least one of these ways.
    #[must_use]
    pub fn related(
        &self,
        from: Viewpoint<'_>,
        group: &str,
        kind: &str,
        namespace: Option<&str>,
        related: &[Related],
    ) -> Vec<&'a Object> {
        let kind = (group, kind);
        let variants = match namespace {
            Some(namespace) => {
                let homes = homes(from, namespace);
                self.seen(from, kind, Some(&homes), related, |home| homes.contains(home))
            }
            None => {
                let units = from.places.units();
                self.seen(from, kind, None, related, |home| !matches!(home, Home::Unit(_)) || units.contains(home))
            }
        };
        variants.into_iter().map(|variant| variant.object).collect()
    }

    /// As [`related`](Self::related) in every namespace, and those that name no namespace and are deployed apart from the one
    /// that asks. Whoever calls an object missing asks this, since one that is in the input is not missing.
    pub(crate) fn anywhere(
        &self,
        from: Viewpoint<'_>,
        group: &str,
        kind: &str,
        related: &[Related],
    ) -> Vec<&'a Object> {
        self.seen(from, (group, kind), None, related, |_| true).into_iter().map(|variant| variant.object).collect()
    }

    /// Of those [`anywhere`](Self::anywhere), all but those that deploy what was rendered: what the others deploy is not in the
    /// world.
    pub(crate) fn unrendered(&self, from: Viewpoint<'_>, group: &str, kind: &str) -> Vec<&'a Object> {
        let variants = self.seen(from, (group, kind), None, &[], |_| true).into_iter();
        variants.filter(|variant| !variant.is_rendered).map(|variant| variant.object).collect()
    }

    /// How many files that are deployed together with the one that asks could not be read whole.
    #[must_use]
    pub fn unread(&self, from: Viewpoint<'_>) -> usize {
        from.places.units().iter().filter_map(|unit| self.unread.get(unit)).sum()
    }

    fn seen<'b>(
        &'b self,
        from: Viewpoint<'_>,
        (group, kind): (&'b str, &'b str),
        homes: Option<&[Home<'_>]>,
        related: &[Related],
        is_seen: impl Fn(&Home<'_>) -> bool,
    ) -> Vec<&'b Variant<'a>> {
        let Some(objects) = self.of_kind(from, group, kind) else { return Vec::new() };
        // A policy could guess what is in a Secret by what is related to its guesses.
        let related = if group.is_empty() && kind == "Secret" { &[] } else { related };
        let sight = self.sight(from);
        let indices = objects.related(homes, related).into_iter();
        indices.filter_map(|index| objects.nearest(index, &sight, &is_seen)).collect()
    }

    /// Of [`objects`](Self::objects), the one of that namespace and name.
    #[must_use]
    pub fn get(&self, from: Viewpoint<'_>, group: &str, kind: &str, namespace: &str, name: &str) -> Option<&'a Object> {
        let given = || self.definitions.get(name).copied().filter(|_| is_definition(group, kind));
        self.named(from, (group, kind), namespace, name).or_else(given)
    }

    fn named(
        &self,
        from: Viewpoint<'_>,
        (group, kind): (&str, &str),
        namespace: &str,
        name: &str,
    ) -> Option<&'a Object> {
        let (sight, homes) = (self.sight(from), homes(from, namespace));
        let objects = self.of_kind(from, group, kind)?;
        let mut indices: Vec<usize> =
            objects.named(name, &homes).flat_map(|named| named.identities.iter().copied()).collect();
        indices.sort_unstable();
        indices.dedup();
        let nearest = |index| objects.nearest(index, &sight, |home| homes.contains(home));
        indices.into_iter().find_map(nearest).map(|variant| variant.object)
    }

    /// Whether it has no object of that kind, and none may be there unseen.
    pub(crate) fn lacks(&self, from: Viewpoint<'_>, group: &str, kind: &str) -> bool {
        let is_given = !self.definitions.is_empty() && is_definition(group, kind);
        !is_given && self.of_kind(from, group, kind).is_none() && self.blindness(group, kind, None).is_none()
    }

    /// What `answer` makes of a look-up, or made of the same one from where the same is seen.
    pub(crate) fn remember(
        &self,
        from: Viewpoint<'_>,
        operation: &str,
        payload: &[u8],
        answer: impl FnOnce() -> Result<Vec<u8>, CallError>,
    ) -> Result<Vec<u8>, CallError> {
        let question =
            Question { outlook: self.outlook(from), operation: operation.to_owned(), payload: payload.to_vec() };
        self.answers.get(question, answer).map(|answer| answer.to_vec())
    }

    /// What decides which variants are seen from a place.
    #[must_use]
    pub fn outlook(&self, from: Viewpoint<'_>) -> Outlook {
        let Sight { folder, file, spreads } = self.sight(from);
        Outlook {
            project: from.project,
            places: (from.places.number(), namespace(from.object).to_owned()),
            folder: folder.to_owned(),
            spreads: spreads.iter().map(|named| named.digest).collect(),
            file: self.apart.contains(&file).then_some(file),
        }
    }

    fn of_kind<'b>(&'b self, from: Viewpoint<'_>, group: &'b str, kind: &'b str) -> Option<&'b Objects<'a>> {
        self.by_kind.get(&Key::new(from.project, group, kind))
    }

    /// What the object sees from its place.
    fn sight<'b>(&'b self, from: Viewpoint<'b>) -> Sight<'b> {
        let objects = self.of_kind(from, from.object.group(), &from.object.kind);
        let homes = from.places.homes(from.object);
        let named = objects.zip(from.object.name.as_deref()).into_iter();
        let named =
            named.flat_map(|(objects, name)| homes.iter().filter_map(move |home| objects.by_place.get(&(name, *home))));
        let mut spreads: Vec<&Named<'_>> = named.filter(|named| named.folders.len() > 1).collect();
        spreads.sort_unstable_by_key(|named| named.digest);
        Sight { folder: from.folder, file: from.file, spreads }
    }
}

/// Whether that is the kind of definitions of other kinds.
#[must_use]
pub fn is_definition(group: &str, kind: &str) -> bool {
    group == "apiextensions.k8s.io" && kind == "CustomResourceDefinition"
}

/// Where the objects live that a look-up in a namespace is about: the asker's own, or another.
fn homes<'b>(from: Viewpoint<'b>, asked: &'b str) -> Vec<Home<'b>> {
    let mut homes = Vec::new();
    if asked == namespace(from.object) {
        homes.extend(from.places.homes(from.object));
    } else if !asked.is_empty() {
        homes.push(Home::Namespace(asked));
    }
    if asked.is_empty() {
        homes.push(Home::Everywhere);
        homes.extend(from.places.units());
    }
    homes
}

/// Whether all documents of a file could be read. A template cannot be read before it is rendered.
fn is_read(manifest: &Manifest) -> bool {
    let is_read = |it: &Document| !matches!(it.content, Content::Template | Content::Broken);
    let has_none = manifest.documents.is_empty() && !manifest.problems.is_empty();
    !has_none && manifest.documents.iter().all(is_read)
}

#[cfg(test)]
mod tests;
