//! The world of an object: the other objects of its project, found by kind.
//!
//! One object may stand in a repository several times, in a base and in overlays. These are variants of one object, not
//! several objects, so that of each identity (group, kind, namespace, name) an asker sees the variant nearest to it: the
//! one that shares the longest path of folders.

use std::collections::HashMap;

use crate::input::{Input, Subject};
use crate::manifest::Object;

/// All objects, by project and kind.
#[derive(Debug, Default)]
pub struct World<'a> {
    by_kind: HashMap<Key<'a>, Vec<Member<'a>>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key<'a> {
    project: usize,
    group: &'a str,
    kind: &'a str,
}

/// An object and the folder in which it stands.
#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    object: &'a Object,
    folder: &'a str,
}

/// From where one looks at the world.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint<'a> {
    project: usize,
    folder: &'a str,
}

impl<'a> World<'a> {
    /// The objects of the input, patches excepted.
    #[must_use]
    pub fn new(input: &'a Input) -> Self {
        let mut world = Self::default();
        for subject in input.subjects() {
            let Viewpoint { project, folder } = Self::viewpoint(input, subject);
            let key = Key { project, group: subject.object.group(), kind: &subject.object.kind };
            world.by_kind.entry(key).or_default().push(Member { object: subject.object, folder });
        }
        world
    }

    /// The place of an object.
    #[must_use]
    pub fn viewpoint(input: &'a Input, subject: Subject<'a>) -> Viewpoint<'a> {
        let file = input.file(subject.file);
        let folder = file.and_then(|file| file.manifest.name.rsplit_once('/')).map_or("", |(folder, _)| folder);
        Viewpoint { project: file.map_or(0, |file| file.project), folder }
    }

    /// The objects of a kind as seen from a place: of each identity the nearest variant, in the order of the input.
    #[must_use]
    pub fn objects(&self, from: Viewpoint<'_>, group: &str, kind: &str) -> Vec<&'a Object> {
        let key = Key { project: from.project, group, kind };
        let members = self.by_kind.get(&key).map_or(&[][..], Vec::as_slice);
        let mut nearest: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
        for (index, member) in members.iter().enumerate() {
            let Some(name) = member.object.name.as_deref() else { continue };
            let identity = (member.object.namespace.as_deref().unwrap_or_default(), name);
            let closeness = shared_folders(from.folder, member.folder);
            let best = nearest.entry(identity).or_insert((closeness, index));
            if closeness > best.0 {
                *best = (closeness, index);
            }
        }
        let is_nearest = |(index, member): &(usize, &Member<'_>)| match member.object.name.as_deref() {
            // Each object with a generated name is one of its own.
            None => true,
            Some(name) => {
                let identity = (member.object.namespace.as_deref().unwrap_or_default(), name);
                nearest.get(&identity).is_some_and(|(_, best)| best == index)
            }
        };
        members.iter().enumerate().filter(is_nearest).map(|(_, member)| member.object).collect()
    }
}

/// How many folders two paths have in common, counted from the root. Folders below both count against neither.
fn shared_folders(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::File;
    use crate::manifest::{Limits, read};

    fn input(files: &[(&str, usize, &str)]) -> Input {
        let file = |(name, project, text): &(&str, usize, &str)| File {
            manifest: read(
                name,
                format!("apiVersion: v1\nkind: ServiceAccount\n{text}").into_bytes(),
                &Limits::default(),
            ),
            project: *project,
        };
        Input::new(files.iter().map(file).collect())
    }

    fn seen(input: &Input, file: usize) -> Vec<String> {
        let world = World::new(input);
        let subject = input.subjects().find(|subject| subject.file == file);
        let from = subject.map(|subject| World::viewpoint(input, subject));
        let objects = from.map(|from| world.objects(from, "", "ServiceAccount")).unwrap_or_default();
        let marks = objects.iter().map(|object| object.node.get("mark").and_then(|mark| mark.as_str()));
        marks.map(|mark| mark.unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn the_nearest_variant_stands_for_the_object() {
        let input = input(&[
            ("app/base/sa.yaml", 0, "metadata: {name: web}\nmark: base"),
            ("app/overlays/prod/sa.yaml", 0, "metadata: {name: web}\nmark: prod"),
            ("app/overlays/dev/other.yaml", 0, "metadata: {name: other}\nmark: other"),
            ("app/overlays/prod/deep/x.yaml", 0, "metadata: {name: x}\nmark: x"),
        ]);
        assert_eq!(seen(&input, 0), ["base", "other", "x"]);
        assert_eq!(seen(&input, 3), ["prod", "other", "x"]);
    }

    #[test]
    fn other_projects_are_other_worlds() {
        let input = input(&[
            ("one/sa.yaml", 0, "metadata: {name: web}\nmark: one"),
            ("two/sa.yaml", 1, "metadata: {name: db}\nmark: two"),
        ]);
        assert_eq!(seen(&input, 0), ["one"]);
        assert_eq!(seen(&input, 1), ["two"]);
    }

    #[test]
    fn namespaces_and_generated_names_keep_objects_apart() {
        let input = input(&[
            ("sa.yaml", 0, "metadata: {name: web, namespace: a}\nmark: a"),
            ("sb.yaml", 0, "metadata: {name: web, namespace: b}\nmark: b"),
            ("sc.yaml", 0, "metadata: {generateName: web-}\nmark: c"),
            ("sd.yaml", 0, "metadata: {generateName: web-}\nmark: d"),
        ]);
        assert_eq!(seen(&input, 0), ["a", "b", "c", "d"]);
    }
}
