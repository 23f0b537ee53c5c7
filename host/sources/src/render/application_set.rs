//! The Applications that an ApplicationSet makes of what stands in the input: of lists, and of folders and files in git,
//! alone or crossed and merged. What a cluster or a server knows is unknown here.

use std::path::Path;

use engine::manifest::{Entry, Node, Value};
use protocol::glob::matches_name;

use super::catalog::Catalog;
use super::mark;
use super::options::{Element, Given};
use super::repository::Repository;

/// Applications of one set.
const ELEMENTS: usize = 1_000;

/// What of a generator is not known here, and where that stands.
#[derive(Debug)]
pub struct Unknown<'n> {
    pub what: String,
    pub at: &'n Node,
}

fn unknown<T>(what: impl Into<String>, at: &Node) -> Result<T, Unknown<'_>> {
    Err(Unknown { what: what.into(), at })
}

/// What the generators of a set give.
pub fn elements<'n>(
    spec: &'n Node,
    catalog: &Catalog<'_>,
    repository: &Repository,
    given: &Given,
) -> Result<Vec<Element>, Unknown<'n>> {
    let generators = Generators { catalog, repository, given };
    let mut elements = Vec::new();
    for generator in spec.list("generators") {
        elements.extend(generators.elements(generator, 0)?);
    }
    if elements.len() > ELEMENTS {
        return unknown("the generators give more than 1,000 Applications", spec);
    }
    Ok(elements)
}

struct Generators<'a> {
    catalog: &'a Catalog<'a>,
    repository: &'a Repository,
    given: &'a Given,
}

impl Generators<'_> {
    fn elements<'n>(&self, generator: &'n Node, depth: usize) -> Result<Vec<Element>, Unknown<'n>> {
        let Value::Mapping(entries) = &generator.value else { return Ok(Vec::new()) };
        let Some(entry) = entries.iter().find(|entry| &*entry.key != "selector") else { return Ok(Vec::new()) };
        if let Some(template) = entry.value.get("template") {
            return unknown("a generator with a template of its own is not known here", template);
        }
        let made = match &*entry.key {
            "list" => match entry.value.get("elementsYaml") {
                Some(text) => return unknown("`elementsYaml` is not evaluated here", text),
                None => entry.value.list("elements").iter().map(flat).collect(),
            },
            "git" => self.git(&entry.value)?,
            "matrix" | "merge" if depth < 2 => {
                let inner = entry.value.list("generators");
                let inner: Result<Vec<_>, _> = inner.iter().map(|it| self.elements(it, depth + 1)).collect();
                if &*entry.key == "matrix" { crossed(inner?) } else { merged(inner?, entry.value.list("mergeKeys")) }
            }
            other => {
                let Some(elements) = self.given.get(other) else {
                    let said =
                        format!("the generator `{other}` is not known here, nor are its elements in the configuration");
                    return unknown(said, generator);
                };
                // The `labelSelector` of a `clusterDecisionResource` chooses the resource that lists the clusters.
                let mut chosen = selected(elements.clone(), entry.value.get("selector"), "metadata.labels.")?;
                with_values(&mut chosen, &entry.value);
                chosen
            }
        };
        let made = selected(made, generator.get("selector"), "")?;
        if made.is_empty() && self.given.contains_key(&*entry.key) {
            let said = format!("the configuration has no element that the generator `{}` chooses", entry.key);
            return unknown(said, generator);
        }
        Ok(made)
    }

    /// The folders or the files that git has, by the patterns of a generator.
    fn git<'n>(&self, git: &'n Node) -> Result<Vec<Element>, Unknown<'n>> {
        let url = git.text(&["repoURL"]).unwrap_or_default();
        let is_this = git.get("revision").is_none_or(|it| self.repository.is_this_tree(it.as_str()));
        if !self.repository.is_here(url) || !is_this {
            return unknown("a generator lists another repository, or another state of this one", git);
        }
        let path = |node: &Node| node.text(&["path"]).unwrap_or_default().to_owned();
        let patterns = git.list("directories").iter().chain(git.list("files"));
        if let Some(open) = patterns.into_iter().find(|node| path(node).contains("{{")) {
            return unknown(format!("the path `{}` of a generator is not evaluated here", path(open)), open);
        }
        let is_excluded = |node: &&Node| node.get("exclude").is_some_and(|it| it.value == Value::Bool(true));
        let is_listed = |patterns: &[Node], at: &str| {
            let mut fitting = patterns.iter().filter(|node| is_match(&path(node), at)).peekable();
            fitting.peek().is_some() && !fitting.any(|node| is_excluded(&node))
        };
        let mut elements = Vec::new();
        for folder in &self.catalog.folders {
            let Some(path) = self.below(folder) else { continue };
            // Argo CD leaves hidden folders out.
            let is_hidden = path.split('/').any(|step| step.starts_with('.'));
            if !is_hidden && is_listed(git.list("directories"), &path) {
                elements.push(of_path(&path));
            }
        }
        for known in &self.catalog.files {
            let Some(path) = self.below(&known.real).filter(|path| is_listed(git.list("files"), path)) else {
                continue;
            };
            let Some(node) = known.file.manifest.documents.iter().find_map(mark::node_of) else { continue };
            let items = match &node.value {
                Value::Sequence(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            for item in items {
                let mut element = flat(item);
                element.extend(of_path(path.rsplit_once('/').map_or("", |(folder, _)| folder)));
                elements.push(element);
            }
        }
        if elements.is_empty() {
            return unknown("nothing in the input fits the paths of a generator", git);
        }
        with_values(&mut elements, git);
        Ok(elements)
    }

    /// The path from the folder that was given.
    fn below(&self, real: &Path) -> Option<String> {
        let root = self.catalog.tree.root_of(real)?;
        Some(crate::read::name(real.strip_prefix(root).ok()?)).filter(|path| !path.is_empty())
    }
}

/// The elements that have the labels which a selector wants, each under a key with this before it.
fn selected<'n>(elements: Vec<Element>, selector: Option<&'n Node>, before: &str) -> Result<Vec<Element>, Unknown<'n>> {
    let Some(selector) = selector else { return Ok(elements) };
    if let Some(expressions) = selector.get("matchExpressions") {
        return unknown("`matchExpressions` of a generator are not evaluated here", expressions);
    }
    let labels = match selector.get("matchLabels").map(|labels| &labels.value) {
        Some(Value::Mapping(labels)) => labels.as_slice(),
        _ => &[],
    };
    let fits = |element: &Element| {
        labels
            .iter()
            .all(|label| element.get(&format!("{before}{}", label.key)) == mark::text_of(&label.value.value).as_ref())
    };
    Ok(elements.into_iter().filter(fits).collect())
}

/// Adds the values that a generator says, in which an element may be named.
fn with_values(elements: &mut [Element], generator: &Node) {
    let Some(Value::Mapping(values)) = generator.get("values").map(|it| &it.value) else { return };
    for element in elements {
        for entry in values {
            let value = mark::text_of(&entry.value.value).unwrap_or_default();
            let value = filled_text(&value, element);
            element.insert(format!("values.{}", entry.key), value);
        }
    }
}

fn of_path(path: &str) -> Element {
    let base = path.rsplit('/').next().unwrap_or_default();
    let mut element = Element::from([
        ("path".to_owned(), path.to_owned()),
        ("path.path".to_owned(), path.to_owned()),
        ("path.basename".to_owned(), base.to_owned()),
        ("path.basenameNormalized".to_owned(), super::names::release_of(base)),
    ]);
    for (at, step) in path.split('/').enumerate() {
        element.insert(format!("path[{at}]"), step.to_owned());
        element.insert(format!("path.segments[{at}]"), step.to_owned());
    }
    element
}

/// All scalars of a node, each by the keys on the way to it.
fn flat(node: &Node) -> Element {
    fn add(node: &Node, before: &str, element: &mut Element) {
        match &node.value {
            Value::Mapping(entries) => {
                for entry in entries {
                    let dot = if before.is_empty() { "" } else { "." };
                    add(&entry.value, &format!("{before}{dot}{}", entry.key), element);
                }
            }
            scalar => element.extend(mark::text_of(scalar).map(|text| (before.to_owned(), text))),
        }
    }
    let mut element = Element::new();
    add(node, "", &mut element);
    element
}

fn crossed(generators: Vec<Vec<Element>>) -> Vec<Element> {
    generators.into_iter().fold(vec![Element::new()], |crossed, other| {
        let pairs = crossed.iter().flat_map(|one| {
            other.iter().map(move |other| one.clone().into_iter().chain(other.clone()).collect::<Element>())
        });
        // One more is told.
        pairs.take(ELEMENTS + 1).collect()
    })
}

fn merged(generators: Vec<Vec<Element>>, keys: &[Node]) -> Vec<Element> {
    let keys: Vec<&str> = keys.iter().filter_map(Node::as_str).collect();
    let mut generators = generators.into_iter();
    let mut merged = generators.next().unwrap_or_default();
    for element in generators.flatten() {
        for base in merged.iter_mut().filter(|base| keys.iter().all(|key| base.get(*key) == element.get(*key))) {
            base.extend(element.clone());
        }
    }
    merged
}

/// The template with what an element says in it.
pub fn filled(template: &Node, element: &Element) -> Node {
    let value = match &template.value {
        Value::String(text) => Value::String(filled_text(text, element).into()),
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| filled(item, element)).collect()),
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|entry| Entry { value: filled(&entry.value, element), ..entry.clone() });
            Value::Mapping(entries.collect())
        }
        scalar => scalar.clone(),
    };
    Node { value, span: template.span }
}

/// The text with `{{key}}` and `{{.key}}` filled in. What is not known stays as it is, and names nothing.
fn filled_text(text: &str, element: &Element) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((action, behind)) = behind.split_once("}}") else {
            filled.push_str("{{");
            rest = behind;
            continue;
        };
        let key = action.trim().trim_start_matches('.');
        match element.get(key) {
            Some(value) => filled.push_str(value),
            None => filled.push_str(&format!("{{{{{action}}}}}")),
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Whether a path fits a pattern: `*` is one step or a part of one, `**` any number of them. Only the last `**` is tried
/// again, so that no pattern takes longer than its length times that of the path.
fn is_match(pattern: &str, path: &str) -> bool {
    let split = |text| -> Vec<&str> { str::trim_matches(text, '/').split('/').collect() };
    let (pattern, path) = (split(pattern), split(path));
    let (mut at, mut next) = (0, 0);
    // Behind the last `**`, and the first step that it does not stand for.
    let mut retry = None;
    while let Some(step) = path.get(next) {
        match pattern.get(at) {
            Some(&"**") => {
                at += 1;
                retry = Some((at, next));
            }
            Some(wanted) if matches_name(wanted, step) => (at, next) = (at + 1, next + 1),
            _ => {
                let Some((behind, first)) = retry else { return false };
                retry = Some((behind, first + 1));
                (at, next) = (behind, first + 1);
            }
        }
    }
    pattern.iter().skip(at).all(|step| *step == "**")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_argo_cd() {
        for (pattern, path, fits) in [
            ("apps/*", "apps/web", true),
            ("apps/*", "apps/web/base", false),
            ("apps/**/config.json", "apps/a/b/config.json", true),
            ("apps/**", "apps/a/b", true),
            ("apps/web-*", "apps/web-eu", true),
            ("apps/*-eu-*", "apps/web-eu-1", true),
            ("apps/*", "other/web", false),
            ("**/base/**/web", "a/base/b/base/c/web", true),
            ("**", "a/b", true),
            ("a/**/b/**", "a/b", true),
            ("*a*b", "aab", true),
            ("*a*b", "aba", false),
            ("*", "", true),
        ] {
            assert_eq!(is_match(pattern, path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let (step, path) = ("a".repeat(2_000), "a/".repeat(2_000));
        assert!(!is_match(&format!("{}b", "*a".repeat(100)), &step));
        assert!(!is_match(&format!("{}b", "**/a/".repeat(100)), &path));
    }

    #[test]
    fn a_template_is_filled_in_either_spelling() {
        let element = Element::from([("name".into(), "web".into()), ("path.basename".into(), "eu".into())]);
        assert_eq!(filled_text("{{name}}-{{ .path.basename }}-{{.other}}", &element), "web-eu-{{.other}}");
        assert_eq!(filled_text("{{ open", &element), "{{ open");
    }

    #[test]
    fn generators_are_crossed_and_merged() {
        let one = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect::<Element>();
        let clusters = vec![one(&[("env", "dev")]), one(&[("env", "prod")])];
        let apps = vec![one(&[("app", "web")]), one(&[("app", "api")])];
        assert_eq!(crossed(vec![clusters.clone(), apps]).len(), 4);
        let key = engine::manifest::read("k", b"keys: [env]".to_vec(), &engine::manifest::Limits::default());
        let keys = key.documents.iter().find_map(mark::node_of).unwrap().list("keys").to_vec();
        let merged = merged(vec![clusters, vec![one(&[("env", "prod"), ("size", "large")])]], &keys);
        assert_eq!(merged[0].get("size"), None);
        assert_eq!(merged[1].get("size").map(String::as_str), Some("large"));
    }
}
