//! What a tool has made, and where it comes from.

use std::collections::BTreeMap;

use engine::manifest::{Covered, Limits, Manifest, Origin, Rendering, Source, SourcePlace};

use super::failure::Why;
use super::overlay::Places;

/// What was rendered in one environment.
#[derive(Debug)]
pub struct Rendered {
    /// Its text and the objects in it; the name is to be set.
    pub manifest: Manifest,
    /// The names of the files that it was made of.
    pub made_of: Vec<String>,
    /// The files that places point into.
    pub texts: Vec<(String, Source)>,
    pub places: Places,
    /// What it is deployed by, beside what asked for it.
    pub covers: Vec<Covered>,
    /// API versions that its chart asks for, and that were taken for absent.
    pub absent: Vec<String>,
    /// Why some of its objects are not known, if so.
    pub unknown: Option<Why>,
}

impl Default for Rendered {
    fn default() -> Self {
        let manifest = engine::manifest::read("", Vec::new(), &Limits::default());
        Self {
            manifest,
            made_of: Vec::new(),
            texts: Vec::new(),
            places: Places::default(),
            covers: Vec::new(),
            absent: Vec::new(),
            unknown: None,
        }
    }
}

impl Rendered {
    /// The manifest under a name, as what this rendering made.
    pub fn into_manifest(self, name: String, rendering: Rendering) -> Manifest {
        let Self { manifest, made_of, texts, places, covers, absent, unknown: _ } = self;
        let Places { proven: places, nearest, objects } = places;
        let covers = [rendering.covers.clone(), covers].concat();
        let rendering = Rendering { made_of, texts, places, nearest, objects, covers, absent, ..rendering };
        Manifest { name, origin: Origin::Rendered(rendering.into()), ..manifest }
    }

    /// Has places in the text of another rendering point to what that was made of: there the nearest certain place.
    pub fn through(&mut self, other: &Manifest) {
        let (Some(index), Some(outer)) =
            (self.texts.iter().position(|(name, _)| *name == other.name), other.rendering())
        else {
            return;
        };
        let first = self.texts.len();
        self.texts.extend(outer.texts.iter().cloned());
        let written = |place: &SourcePlace| {
            let before = |places: &BTreeMap<u32, SourcePlace>| {
                places.range(..=place.span.start).next_back().map(|(at, place)| (*at, place.clone()))
            };
            let near = before(&outer.places).into_iter().chain(before(&outer.nearest)).max_by_key(|(at, _)| *at);
            let near = near.or_else(|| before(&outer.objects)).map(|(_, place)| place)?;
            Some(SourcePlace { text: near.text + first, ..near })
        };
        let is_inside = |place: &SourcePlace| place.text == index;
        let Places { proven, nearest, objects } = &mut self.places;
        let moved: Vec<u32> = proven.iter().filter(|(_, place)| is_inside(place)).map(|(at, _)| *at).collect();
        for at in moved {
            let place = proven.remove(&at).and_then(|place| written(&place));
            nearest.extend(place.map(|place| (at, place)));
        }
        for place in nearest.values_mut().chain(objects.values_mut()).filter(|place| is_inside(place)) {
            if let Some(written) = written(place) {
                *place = written;
            }
        }
    }
}

/// What is read of one rendering: more than of one file, as it may be made of thousands.
pub fn limits() -> Limits {
    Limits { bytes: super::tool::OUTPUT, lines: 4_000_000, nodes: 1_500_000, ..Limits::default() }
}
