//! Objects as they were: which object of an earlier input an object replaces.
//!
//! An object is the same as long as its kind, namespace and name are, whatever file it stands in and whatever version its
//! API has. Where several are called alike, as in the folders of two environments, the file and the place in it decide.

use std::collections::HashMap;

use crate::builtin;
use crate::input::{Input, Subject};

/// The objects of an earlier input, by what they are known by.
pub struct Before<'a> {
    input: &'a Input,
    objects: HashMap<Identity<'a>, Vec<Subject<'a>>>,
}

/// What an object is known by.
#[derive(PartialEq, Eq, Hash)]
struct Identity<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: String,
}

impl<'a> Identity<'a> {
    fn of(subject: Subject<'a>) -> Self {
        let object = subject.object;
        let group = builtin::home_group(object.group(), &object.kind);
        Self { group, kind: &object.kind, namespace: object.namespace.as_deref(), name: object.display_name() }
    }
}

impl<'a> Before<'a> {
    /// Of an earlier input.
    #[must_use]
    pub fn new(input: &'a Input) -> Self {
        let mut objects: HashMap<Identity<'a>, Vec<Subject<'a>>> = HashMap::new();
        for subject in input.subjects() {
            objects.entry(Identity::of(subject)).or_default().push(subject);
        }
        Self { input, objects }
    }

    /// What an object of a later input replaces: the one that is nearest by environment, file and place.
    #[must_use]
    pub fn of(&self, later: &Input, subject: Subject<'_>) -> Option<Subject<'a>> {
        // The keys live longer than what is asked by them.
        let identity = Identity::of(subject);
        let candidates = self.objects.get(&identity as &Identity<'_>)?;
        let nearness = |old: &&Subject<'a>| {
            let is_in_file = name(self.input, **old) == name(later, subject);
            let is_in_environment = environment(self.input, **old) == environment(later, subject);
            let is_in_place = old.document == subject.document && old.object.path == subject.object.path;
            (is_in_environment, is_in_file, is_in_file && is_in_place)
        };
        // Of equals the first, as in the order of the input.
        candidates.iter().rev().max_by_key(nearness).copied()
    }
}

fn name<'i>(input: &'i Input, subject: Subject<'_>) -> Option<&'i str> {
    input.file(subject.file).map(|file| file.manifest.name.as_str())
}

fn environment<'i>(input: &'i Input, subject: Subject<'_>) -> Option<&'i str> {
    Some(input.file(subject.file)?.manifest.rendering()?.environment.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::File;
    use crate::manifest::{Limits, read};

    fn input(files: &[(&str, &str)]) -> Input {
        let file =
            |(name, text): &(&str, &str)| File { manifest: read(name, (*text).into(), &Limits::default()), project: 0 };
        Input::new(files.iter().map(file).collect())
    }

    const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";

    #[test]
    fn an_object_replaces_the_one_of_its_name_whatever_its_file_and_its_version() {
        let old = input(&[("old.yaml", &WEB.replace("apps/v1", "extensions/v1beta1")), ("other.yaml", "kind: Pod\n")]);
        let new = input(&[("new.yaml", &format!("{WEB}---\n{}", WEB.replace("name: web", "name: shop")))]);
        let before = Before::new(&old);
        let found: Vec<Option<&str>> = new
            .subjects()
            .map(|subject| before.of(&new, subject).map(|found| old.file(found.file).unwrap().manifest.name.as_str()))
            .collect();
        assert_eq!(found, [Some("old.yaml"), None]);
    }

    #[test]
    fn of_several_of_one_name_the_nearest_is_replaced() {
        let twice = format!("{WEB}---\n{WEB}");
        let old = input(&[("dev/web.yaml", WEB), ("prod/web.yaml", &twice)]);
        let before = Before::new(&old);
        let place = |subject: Subject<'_>| (subject.file, subject.document);
        for subject in old.subjects() {
            assert_eq!(before.of(&old, subject).map(place), Some(place(subject)), "each is itself");
        }
        let moved = input(&[("prod/web.yaml", WEB), ("elsewhere/web.yaml", WEB)]);
        let found: Vec<_> = moved.subjects().map(|subject| before.of(&moved, subject).map(place)).collect();
        assert_eq!(found, [Some((1, 0)), Some((0, 0))]);
    }
}
