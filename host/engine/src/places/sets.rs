//! The folders that an ApplicationSet deploys, each with the namespace that its Application fills in, as far as the text
//! of the set and the folders of the input say it.
//!
//! What only a cluster or a server knows is left open: a folder that depends on it is not listed, and a namespace is not filled
//! in. The module must not know what is deployed from a folder.

use std::collections::{BTreeMap, BTreeSet};

use protocol::glob::matches_name;

use crate::manifest::{Node, Value};
use crate::paths::normal;
use crate::unchecked::Folders;

/// What a generator fills in for one Application.
type Element = BTreeMap<String, String>;

/// Applications of one set that are looked at.
const ELEMENTS: usize = 1_000;

/// The folders with their namespaces, each pair once.
pub(super) fn deployed<'f>(spec: &Node, folders: &'f Folders) -> BTreeSet<(&'f str, String)> {
    let mut deployed = BTreeSet::new();
    let Some(template) = spec.get("template").and_then(|template| template.get("spec")) else { return deployed };
    let Some(namespace) = template.text(&["destination", "namespace"]) else { return deployed };
    if spec.text(&["templatePatch"]).is_some_and(|patch| patch.contains("destination") || patch.contains("source")) {
        return deployed;
    }
    let sources = || template.get("source").into_iter().chain(template.list("sources"));
    let elements = spec.list("generators").iter().flat_map(|generator| elements(generator, folders, 0));
    for element in elements.take(ELEMENTS) {
        let Some(namespace) = filled(namespace, &element).filter(|name| !name.is_empty()) else { continue };
        for path in sources().filter_map(|source| filled(source.text(&["path"])?, &element)) {
            deployed.extend(folders.only(&path).map(|folder| (folder, namespace.clone())));
        }
    }
    deployed
}

/// Whether the namespace of an Application of the set is not in its text. Where the template names none, it is not open.
pub(super) fn is_open(spec: &Node, folders: &Folders) -> bool {
    let Some(template) = spec.get("template").and_then(|template| template.get("spec")) else { return false };
    if spec.text(&["templatePatch"]).is_some_and(|patch| patch.contains("destination")) {
        return true;
    }
    let Some(namespace) = template.text(&["destination", "namespace"]).filter(|name| name.contains("{{")) else {
        return false;
    };
    let generators = spec.list("generators").iter();
    let mut elements = generators.map(|generator| elements(generator, folders, 0));
    elements.any(|of| of.is_empty() || of.iter().any(|it| filled(namespace, it).is_none_or(|name| name.is_empty())))
}

/// What a generator gives. One that asks a cluster or a server, or chooses, gives one Application of which nothing is
/// known; one with a template of its own gives none.
fn elements(generator: &Node, folders: &Folders, depth: usize) -> Vec<Element> {
    let Value::Mapping(entries) = &generator.value else { return Vec::new() };
    if entries.iter().any(|entry| entry.value.get("template").is_some()) {
        return Vec::new();
    }
    if generator.get("selector").is_some() {
        return vec![Element::new()];
    }
    if let Some(list) = generator.get("list") {
        return list.list("elements").iter().map(of_list).collect();
    }
    if let Some(git) = generator.get("git").filter(|git| !git.list("directories").is_empty()) {
        return directories(git, folders).iter().map(|path| of_path(path)).collect();
    }
    let Some(matrix) = generator.get("matrix").filter(|_| depth < 2) else { return vec![Element::new()] };
    let inner = matrix.list("generators").iter().map(|generator| elements(generator, folders, depth + 1));
    inner.fold(vec![Element::new()], |crossed, other| {
        let pairs = crossed.iter().flat_map(|one| {
            other.iter().map(move |other| one.clone().into_iter().chain(other.clone()).collect::<Element>())
        });
        pairs.take(ELEMENTS).collect()
    })
}

/// The texts of an element of a list.
fn of_list(element: &Node) -> Element {
    let Value::Mapping(entries) = &element.value else { return Element::new() };
    let texts = entries.iter().filter_map(|entry| Some((entry.key.to_string(), entry.value.as_str()?.to_owned())));
    texts.collect()
}

/// The paths of the folders that fit the patterns of a generator. A star stands for one step, as to Argo CD.
fn directories(git: &Node, folders: &Folders) -> BTreeSet<String> {
    let patterns = |excluded: bool| {
        let is_meant = move |place: &&Node| {
            place.get("exclude").is_some_and(|exclude| exclude.value == Value::Bool(true)) == excluded
        };
        let places = git.list("directories").iter().filter(is_meant);
        places.filter_map(|place| place.get("path")?.as_str()).map(normal).collect::<Vec<String>>()
    };
    let (wanted, excluded) = (patterns(false), patterns(true));
    let mut paths = BTreeSet::new();
    for pattern in &wanted {
        let count = pattern.split('/').count();
        // Where the repository begins is not known here: the end of a path counts, if the pattern says how that begins.
        let is_open = pattern.starts_with('*');
        let ends = folders.all().filter_map(|folder| {
            let steps: Vec<&str> = folder.split('/').collect();
            let before = steps.len().checked_sub(count).filter(|before| *before == 0 || !is_open)?;
            Some(steps.get(before..)?.join("/"))
        });
        paths.extend(ends.filter(|end| fits(pattern, end) && !excluded.iter().any(|pattern| fits(pattern, end))));
    }
    paths
}

/// Whether each step of a path is as the pattern says.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut steps) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), steps.next()) {
            (None, None) => return true,
            (Some(pattern), Some(step)) if matches_name(pattern, step) => {}
            _ => return false,
        }
    }
}

fn of_path(path: &str) -> Element {
    let base = path.rsplit('/').next().unwrap_or_default();
    let steps = path.split('/').enumerate().map(|(at, step)| (format!("path[{at}]"), step.to_owned()));
    let names = [("path", path), ("path.path", path), ("path.basename", base)];
    names.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).chain(steps).collect()
}

/// The text with what an element says in it; none where that leaves something open.
fn filled(template: &str, element: &Element) -> Option<String> {
    let (mut filled, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once("{{") {
        let (key, after) = behind.split_once("}}")?;
        filled.push_str(before);
        filled.push_str(element.get(key.trim_matches(['-', ' ']).trim_start_matches('.'))?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}
