//! The folders that an object has a controller deploy to a namespace that the text does not say: whoever fills it in may
//! mean any.

use super::sets;
use crate::manifest::{Node, Object};
use crate::paths::normal;
use crate::unchecked::{Folders, directories};

/// Whether a path or a namespace has something in it that others fill in.
pub(crate) fn is_filled_in(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// The folders, by their names in the input; an empty one where it may be any. Where the path is open too, all that begin
/// like it are meant.
pub(crate) fn open_folders<'f>(object: &Object, folders: &'f Folders) -> Vec<&'f str> {
    let node = object.node.look();
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let mut globs = Vec::new();
    let source = match (object.group(), object.kind.as_str()) {
        ("argoproj.io", "Application") if is_open(spec, &["destination", "namespace"]) => spec,
        ("argoproj.io", "ApplicationSet") if sets::is_open(spec, folders) => {
            spec.get("generators").into_iter().for_each(|generators| directories(generators, &mut globs));
            let Some(template) = spec.get("template").and_then(|template| template.get("spec")) else {
                return Vec::new();
            };
            template
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") if is_open(spec, &["targetNamespace"]) => {
            return named(spec.text(&["path"]).unwrap_or_default(), &globs, folders);
        }
        _ => return Vec::new(),
    };
    let sources = source.get("source").into_iter().chain(source.list("sources"));
    let paths = sources.filter_map(|source| source.text(&["path"]));
    paths.flat_map(|path| named(path, &globs, folders)).collect()
}

fn is_open(spec: &Node, path: &[&str]) -> bool {
    spec.text(path).is_some_and(is_filled_in)
}

/// The folders that a path may mean. Where nothing of it is fixed, those in which a generator looks count.
fn named<'f>(path: &str, globs: &[&str], folders: &'f Folders) -> Vec<&'f str> {
    let fixed = beginning(path, &["{{", "${"]);
    let places: Vec<String> = if fixed.is_empty() && !globs.is_empty() && is_filled_in(path) {
        globs.iter().map(|glob| beginning(glob, &["*", "?", "[", "{"])).collect()
    } else {
        vec![fixed]
    };
    if places.iter().any(String::is_empty) {
        return vec![""];
    }
    let is_meant = |folder: &&str| {
        places.iter().any(|place| {
            folder.strip_suffix(place.as_str()).is_some_and(|around| around.is_empty() || around.ends_with('/'))
        })
    };
    folders.all().filter(is_meant).collect()
}

/// The folders of a path before the first of these signs.
fn beginning(path: &str, signs: &[&str]) -> String {
    let path = path.trim_start_matches('/');
    match signs.iter().filter_map(|sign| path.find(*sign)).min() {
        Some(at) => normal(path.get(..at).and_then(|before| before.rsplit_once('/')).map_or("", |(folder, _)| folder)),
        None => normal(path),
    }
}
