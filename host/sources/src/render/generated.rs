//! The places of what a kustomization makes that stands in no file as an object: of generators and of charts.
//!
//! A literal is proven to be what wrote a value where the value is the same. Everything else points to the nearest
//! certain place: the file that a generator reads, its name, or the kustomization.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::manifest::{Content, Entry, Manifest, Node, Object, SourcePlace, Span, Value};

use super::overlay::Places;
use super::parts::{Part, Role, kustomization_of};

/// Characters of which kustomize makes the hash behind the name of what it generates.
const HASH: &[u8] = b"bcdfghkmt2456789";

/// How many of them, and the hyphen before them.
const LENGTH: usize = 11;

/// A generator, and the number of the text that it stands in.
#[derive(Clone, Copy)]
struct Generator<'a> {
    text: usize,
    node: &'a Node,
    name: &'a Node,
}

impl Generator<'_> {
    fn place(&self, node: &Node) -> SourcePlace {
        SourcePlace { text: self.text, span: node.span, name: self.name.as_str().map(str::to_owned) }
    }
}

/// Adds the places of what stands in no file, and notes which names end with a hash.
pub fn add(parts: &[Part], manifest: &mut Manifest, places: &mut Places) {
    let kustomizations: Vec<(usize, &Node)> = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.role == Role::Kustomization)
        .filter_map(|(text, part)| Some((text, kustomization_of(&part.manifest)?)))
        .collect();
    let Some((top, node)) = kustomizations.first() else { return };
    let whole = SourcePlace { text: *top, span: node.locate(&[]), name: None };
    let chart = kustomizations.iter().rev().find_map(|(text, node)| {
        let name = node.list("helmCharts").first()?.get("name")?;
        Some(SourcePlace { text: *text, span: name.span, name: None })
    });
    for document in &mut manifest.documents {
        let start = document.span.start;
        let Content::Objects(objects) = &mut document.content else { continue };
        for object in objects {
            let generators = generators(&kustomizations, object);
            let Some(last) = generators.first().filter(|_| !places.objects.contains_key(&start)) else {
                places.objects.entry(start).or_insert_with(|| chart.clone().unwrap_or_else(|| whole.clone()));
                continue;
            };
            places.objects.insert(start, last.place(last.name));
            for entry in
                ["data", "stringData", "binaryData"].iter().filter_map(|key| object.node.get(key)).flat_map(entries)
            {
                add_entry(&generators, object, entry, places);
            }
            object.hash = object.name.as_deref().map_or(0, hash);
        }
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}

/// Those that an object may be of: the ones with the longest name in its own, the last one first, as it merges into those
/// before it.
fn generators<'a>(kustomizations: &[(usize, &'a Node)], object: &Object) -> Vec<Generator<'a>> {
    let key = match object.kind.as_str() {
        "ConfigMap" => "configMapGenerator",
        "Secret" => "secretGenerator",
        _ => return Vec::new(),
    };
    let name = object.name.as_deref().unwrap_or_default();
    let all = kustomizations.iter().flat_map(|(text, node)| node.list(key).iter().map(move |item| (*text, item)));
    let named = all.filter_map(|(text, node)| Some(Generator { text, node, name: node.get("name")? }));
    let mut named: Vec<Generator<'a>> =
        named.filter(|it| it.name.as_str().is_some_and(|given| !given.is_empty() && name.contains(given))).collect();
    let length = |it: &Generator<'a>| it.name.as_str().map_or(0, str::len);
    let longest = named.iter().map(length).max();
    named.retain(|it| Some(length(it)) == longest);
    // The top of the build stands first, and what it builds on behind it.
    named
}

/// The place that wrote a value.
fn add_entry(generators: &[Generator<'_>], object: &Object, entry: &Entry, places: &mut Places) {
    let value = entry.value.as_str().unwrap_or_default();
    let is_same = |literal: &str| {
        if object.kind == "Secret" { STANDARD.encode(literal) == value } else { literal == value }
    };
    let literals = generators.iter().flat_map(|it| it.node.list("literals").iter().map(move |node| (it, node)));
    for (generator, node) in literals {
        let Some((key, literal)) = node.as_str().and_then(|text| text.split_once('=')) else { continue };
        if key != &*entry.key {
            continue;
        }
        let place = generator.place(node);
        let kept = if is_same(unquoted(literal)) { &mut places.proven } else { &mut places.nearest };
        for at in [entry.key_span, entry.value.span].into_iter().filter(|at| !at.is_empty()) {
            kept.insert(at.start, place.clone());
        }
        return;
    }
    let files = generators.iter().flat_map(|it| it.node.list("files").iter().map(move |node| (it, node)));
    let is_named = |node: &Node| {
        let text = node.as_str().unwrap_or_default();
        let base = text.rsplit('/').next().unwrap_or_default();
        text.split_once('=').map_or(base, |(key, _)| key) == &*entry.key
    };
    let of_environment = generators.iter().flat_map(|it| {
        let one = it.node.get("env").into_iter();
        one.chain(it.node.list("envs")).map(move |node| (it, node))
    });
    let file = files.into_iter().find(|(_, node)| is_named(node)).or_else(|| of_environment.into_iter().next());
    if let Some((generator, node)) = file {
        let spans: [Span; 2] = [entry.key_span, entry.value.span];
        for at in spans.into_iter().filter(|at| !at.is_empty()) {
            places.nearest.insert(at.start, generator.place(node));
        }
    }
}

/// A literal without the quotes around it, which kustomize takes off.
fn unquoted(literal: &str) -> &str {
    let inner = |quote: char| literal.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(literal)
}

/// How much of a name is its hash, with the hyphen before it.
fn hash(name: &str) -> usize {
    let before = name.len().checked_sub(LENGTH).and_then(|at| name.get(at..));
    let is_hash = |tail: &str| tail.strip_prefix('-').is_some_and(|tail| tail.bytes().all(|it| HASH.contains(&it)));
    if before.is_some_and(is_hash) { LENGTH } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_behind_a_name_is_told_from_the_name() {
        for (name, length) in [("db-c2ht7gbkm4", 11), ("db", 0), ("db-password-a1", 0), ("my-settings-production", 0)] {
            assert_eq!(hash(name), length, "{name}");
        }
    }

    #[test]
    fn quotes_around_a_literal_are_no_part_of_it() {
        for (literal, text) in [("\"a b\"", "a b"), ("'a'", "a"), ("\"a", "\"a"), ("", "")] {
            assert_eq!(unquoted(literal), text);
        }
    }
}
