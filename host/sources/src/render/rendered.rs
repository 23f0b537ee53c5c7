//! What a tool has made, and where it comes from.

use engine::manifest::{Covered, Limits, Manifest, Origin, Rendering, Source};

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
}

impl Default for Rendered {
    fn default() -> Self {
        let manifest = engine::manifest::read("", Vec::new(), &Limits::default());
        Self { manifest, made_of: Vec::new(), texts: Vec::new(), places: Places::default(), covers: Vec::new() }
    }
}

impl Rendered {
    /// The manifest under a name, as what this rendering made.
    pub fn into_manifest(self, name: String, rendering: Rendering) -> Manifest {
        let Self { manifest, made_of, texts, places, covers } = self;
        let Places { proven: places, nearest, objects } = places;
        let covers = [rendering.covers.clone(), covers].concat();
        let rendering = Rendering { made_of, texts, places, nearest, objects, covers, ..rendering };
        Manifest { name, origin: Origin::Rendered(rendering.into()), ..manifest }
    }
}

/// What is read of one rendering: more than of one file, as it may be made of thousands.
pub fn limits() -> Limits {
    Limits { bytes: super::tool::OUTPUT, lines: 4_000_000, nodes: 1_500_000, ..Limits::default() }
}
