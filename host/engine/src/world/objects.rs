//! The objects of one kind: found by where they live, by name and by what relates them, and of each the variant that is
//! nearest to who looks. It must not know what is looked up.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::sync::LazyLock;

use crate::manifest::Object;
use crate::paths::is_within;
use crate::places::Home;
use crate::relations::{Indices, Related};

/// Variants that are soon looked through one by one.
const FEW: usize = 8;

/// The objects of one kind.
#[derive(Debug, Default)]
pub(super) struct Objects<'a> {
    /// By identity, in the order in which the input has each first.
    pub(super) identities: Vec<Vec<Variant<'a>>>,
    /// The indices of the identities by where they live, each list ascending.
    pub(super) by_home: HashMap<Home<'a>, Vec<usize>>,
    /// The indices of the identities by namespace and name. Each object with a generated name is one of its own, and not
    /// here.
    pub(super) by_name: HashMap<(&'a str, &'a str), usize>,
    /// What has a name in a home: of all namespaces' objects of one name, most are elsewhere.
    pub(super) by_place: HashMap<(&'a str, Home<'a>), Named<'a>>,
    /// By identity and folder the variants of an identity that has many.
    pub(super) by_folder: HashMap<(usize, &'a str), Vec<usize>>,
    /// The indices of the identities by what relates them.
    pub(super) relations: Indices,
}

/// An object, the folder and the file in which it stands, and where it lives.
#[derive(Clone, Debug)]
pub(super) struct Variant<'a> {
    pub(super) object: &'a Object,
    pub(super) folder: &'a str,
    pub(super) file: usize,
    pub(super) homes: Vec<Home<'a>>,
    /// Whether it deploys what was rendered, so that all of that is in the world.
    pub(super) is_rendered: bool,
}

impl<'a> Objects<'a> {
    pub(super) fn insert(&mut self, variant: Variant<'a>) {
        let namespace = namespace(variant.object);
        let next = self.identities.len();
        let name = variant.object.name.as_deref();
        let index = name.map_or(next, |name| *self.by_name.entry((namespace, name)).or_insert(next));
        for home in &variant.homes {
            let indices = self.by_home.entry(*home).or_default();
            if let Err(place) = indices.binary_search(&index) {
                indices.insert(place, index);
            }
            if let Some(name) = name {
                let named = self.by_place.entry((name, *home)).or_default();
                if named.identities.last() != Some(&index) {
                    named.identities.push(index);
                }
                if named.folders.last() != Some(&variant.folder) {
                    named.folders.push(variant.folder);
                }
            }
        }
        match self.identities.get_mut(index) {
            Some(variants) => variants.push(variant),
            None => self.identities.push(vec![variant]),
        }
    }

    /// The indices of the identities that live in one of these homes and may be related; every one where nothing is asked
    /// for. What is related may live elsewhere as well.
    pub(super) fn related(&self, homes: Option<&[Home<'_>]>, related: &[Related]) -> Vec<usize> {
        let nodes = || {
            let variants = self.identities.iter().enumerate();
            variants.flat_map(|(index, variants)| variants.iter().map(move |it| (index, it.object.node.look())))
        };
        let candidates = if related.is_empty() { None } else { self.relations.candidates(related, nodes) };
        match (candidates, homes) {
            (Some(candidates), _) => candidates,
            (None, Some(homes)) => self.at(homes),
            (None, None) => (0..self.identities.len()).collect(),
        }
    }

    /// Settles where variants are, when all objects are in.
    pub(super) fn finish(&mut self) {
        self.by_place.values_mut().for_each(Named::finish);
        for (index, variants) in self.identities.iter().enumerate().filter(|(_, variants)| variants.len() > FEW) {
            for (number, variant) in variants.iter().enumerate() {
                self.by_folder.entry((index, variant.folder)).or_default().push(number);
            }
        }
    }

    /// What has that name in one of these homes.
    pub(super) fn named<'b>(&'b self, name: &'b str, homes: &'b [Home<'b>]) -> impl Iterator<Item = &'b Named<'b>> {
        homes.iter().filter_map(move |home| self.by_place.get(&(name, *home)))
    }

    /// The variant of an identity that is nearest to who looks, of those that live in such a home.
    pub(super) fn nearest(
        &self,
        index: usize,
        sight: &Sight<'_>,
        is_home: impl Fn(&Home<'_>) -> bool,
    ) -> Option<&Variant<'a>> {
        let variants = self.identities.get(index)?;
        // None is nearer than one in the same folder.
        let beside = self.by_folder.get(&(index, sight.folder)).into_iter().flatten();
        let beside = beside.filter_map(|number| variants.get(*number));
        sight.nearest(beside, &is_home).or_else(|| sight.nearest(variants.iter(), &is_home))
    }

    /// The indices of the identities that live in one of these homes, ascending.
    pub(super) fn at(&self, homes: &[Home<'_>]) -> Vec<usize> {
        let indices = homes.iter().filter_map(|home| self.by_home.get(home)).flatten();
        let mut indices: Vec<usize> = indices.copied().collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }
}

/// What has one name in one home.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    /// The indices of the identities, ascending.
    pub(super) identities: Vec<usize>,
    /// The folders of their variants, in alphabetical order.
    pub(super) folders: Vec<&'a str>,
    /// What tells these folders from all others, where they are several.
    pub(super) digest: u128,
}

impl Named<'_> {
    pub(super) fn finish(&mut self) {
        self.folders.sort_unstable();
        self.folders.dedup();
        self.folders.shrink_to_fit();
        if self.folders.len() > 1 {
            self.digest = digest(&self.folders);
        }
    }
}

/// A number that nobody outside this process can find two lists for.
pub(super) fn digest(folders: &[&str]) -> u128 {
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    KEYS.iter().fold(0, |digest, key| digest << 64 | u128::from(key.hash_one(folders)))
}

/// A file in a folder, and the places of other variants of the object that looks: whose folders are out of its sight, but
/// for those around its own folder and below.
pub(super) struct Sight<'a> {
    pub(super) folder: &'a str,
    pub(super) file: usize,
    pub(super) spreads: Vec<&'a Named<'a>>,
}

impl Sight<'_> {
    /// The variant nearest to the file, the last of several, of those that live in such a home.
    pub(super) fn nearest<'v, 'a: 'v>(
        &self,
        variants: impl Iterator<Item = &'v Variant<'a>>,
        is_home: impl Fn(&Home<'_>) -> bool,
    ) -> Option<&'v Variant<'a>> {
        let is_seen = |variant: &&Variant<'_>| {
            #[cfg(test)]
            super::tests::SCANNED.set(super::tests::SCANNED.get() + 1);
            let mut folders = iter::successors(Some(variant.folder), |folder| Some(folder.rsplit_once('/')?.0));
            self.spreads.is_empty() || !folders.any(|folder| self.is_hidden(folder))
        };
        let seen = variants.filter(|variant| variant.homes.iter().any(&is_home)).filter(is_seen);
        let nearness = |it: &&Variant<'_>| {
            (shared_folders(self.folder, it.folder), it.folder == self.folder, it.file == self.file)
        };
        seen.max_by_key(nearness)
    }

    /// Whether the folder is that of another variant.
    pub(super) fn is_hidden(&self, folder: &str) -> bool {
        !is_within(folder, self.folder)
            && !is_within(self.folder, folder)
            && self.spreads.iter().any(|named| named.folders.binary_search(&folder).is_ok())
    }
}

pub(super) fn namespace(object: &Object) -> &str {
    object.namespace.as_deref().unwrap_or_default()
}

/// How many folders two paths have in common, counted from the root. Folders below both count against neither.
pub(super) fn shared_folders(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
}
