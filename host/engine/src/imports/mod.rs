//! What a team told another tool to ignore, as waivers: from the annotations of manifests and from the tools' own files.
//!
//! A waiver here names one rule and one object, so not everything can be carried over. What cannot is named, with the
//! reason, and never widened: a check that is off everywhere turns a rule off only where all that the tool knows of that
//! rule is off. The module must not know a clock or who allows a waiver; [`Imported::to_yaml`] takes both.

mod annotations;
mod carried;
mod checks;
mod files;
mod ignored;

use crate::input::Input;

pub use carried::{Imported, Lost};

/// All that other tools are told to ignore in the input: in its manifests, and in its files that are these tools' own.
/// `rules` are the names of the rules that a waiver may name.
#[must_use]
pub fn import(input: &Input, rules: &[&str]) -> Imported {
    let mut all = Vec::new();
    for file in input.files() {
        let manifest = &file.manifest;
        for document in &manifest.documents {
            annotations::collect(manifest, document, &mut all);
            files::collect(manifest, document, &mut all);
        }
    }
    Imported::new(all, rules)
}

#[cfg(test)]
mod tests;
