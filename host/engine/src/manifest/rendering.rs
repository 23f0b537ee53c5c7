//! How a text was made of other files, by a tool that renders charts or builds kustomizations.
//!
//! Whoever renders says it all: in which environment, of which files, and which place in those each place in the text
//! comes from. The module must not know any tool.

use std::collections::BTreeMap;

use super::source::Source;
use super::span::Span;

/// How one text was made.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// What people call the environment: `production`.
    pub environment: String,
    /// The tool that made it, and its version.
    pub tool: String,
    /// The folder that it stands for, where other files are near or far: that of the kustomization, or one for each
    /// environment of a chart.
    pub folder: String,
    /// The namespace that the deployer gives to objects that name none.
    pub namespace: Option<String>,
    /// What in the input deploys, and is checked by this.
    pub covers: Vec<Covered>,
    /// The names of the files of the input that it was made of. What stands in them is no object by itself.
    pub made_of: Vec<String>,
    /// The files that places point into: each with its name and text.
    pub texts: Vec<(String, Source)>,
    /// The places that are proven, by the offset in the rendered text at which a key or a scalar begins.
    pub places: BTreeMap<u32, SourcePlace>,
    /// Of keys and scalars that are not proven the nearest certain place, by the same offset.
    pub nearest: BTreeMap<u32, SourcePlace>,
    /// The place of each object as a whole, by the offset at which it begins.
    pub objects: BTreeMap<u32, SourcePlace>,
    /// The API versions that a chart asks a cluster for, and that were taken for absent.
    pub absent: Vec<String>,
}

/// A place in one of the files that a text was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePlace {
    /// The index in [`Rendering::texts`].
    pub text: usize,
    /// Where in that text.
    pub span: Span,
    /// The name that the object has in that file, where it may be another one than after rendering.
    pub name: Option<String>,
}

/// Something in the input that deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covered {
    /// The chart or the kustomization in a folder.
    Folder(String),
    /// The object at a line of a file.
    Object {
        /// The file's name.
        file: String,
        /// The line at which the object begins.
        line: u32,
    },
}

impl Rendering {
    /// The place that made what begins at an offset in the rendered text, and whether that is proven.
    #[must_use]
    pub fn place(&self, offset: u32) -> Option<(&SourcePlace, bool)> {
        let proven = self.places.get(&offset).map(|place| (place, true));
        proven.or_else(|| self.nearest.get(&offset).map(|place| (place, false)))
    }

    /// The place of the object that an offset in the rendered text is in.
    #[must_use]
    pub fn object(&self, offset: u32) -> Option<&SourcePlace> {
        self.objects.range(..=offset).next_back().map(|(_, place)| place)
    }

    /// The name and the text of the file that a place is in.
    #[must_use]
    pub fn text(&self, place: &SourcePlace) -> Option<(&str, &Source)> {
        self.texts.get(place.text).map(|(name, text)| (name.as_str(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_proven_or_near_or_that_of_its_object() {
        let place = |text| SourcePlace { text, span: Span::default(), name: None };
        let rendering = Rendering {
            places: BTreeMap::from([(5, place(0))]),
            nearest: BTreeMap::from([(5, place(1)), (9, place(2))]),
            objects: BTreeMap::from([(0, place(3)), (20, place(4))]),
            ..Rendering::default()
        };
        assert_eq!(rendering.place(5), Some((&place(0), true)));
        assert_eq!(rendering.place(9), Some((&place(2), false)));
        assert_eq!(rendering.place(10), None, "what is near another field is not near this one");
        assert_eq!((rendering.object(19), rendering.object(20)), (Some(&place(3)), Some(&place(4))));
    }
}
