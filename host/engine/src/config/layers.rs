//! The files of a configuration, one laid over the other: what it extends first, itself last.
//!
//! They become one tree, of which every value still knows the file and the line that it stands on. Mappings are joined member
//! by member; lists and all other values replace what was there, but for lists of things that each stand for themselves,
//! which are added. The module knows those lists and `extends`, and of `signatures` that a file answers by them for what it
//! extends out of a registry; it knows no other key.

use super::{ConfigError, Reader, SignatureConfig};
use crate::manifest::{Content, Entry, Limits, Node, Position, Source, Span, Value, read};
use crate::spot::Spot;

/// Lists whose items are added to those of what is extended.
const ADDED: [&str; 5] = ["crds", "exclude", "overrides", "signatures", "waivers"];

/// How deep configurations may extend others.
const DEPTH: usize = 8;

/// How many there may be in all.
const FILES: usize = 64;

/// Bytes of each. People write them by hand.
const BYTES: usize = 1 << 20;

/// Where else configurations come from.
pub trait Loader {
    /// The name and the text of what a configuration extends. `from` is the name of that one; `trusted` says who must have
    /// signed what comes out of a registry, by that one and by those that extend it. What is loaded cannot vouch for itself.
    ///
    /// # Errors
    /// Why it cannot be loaded, to stand behind what was asked for.
    fn load(&mut self, reference: &str, from: &str, trusted: &[SignatureConfig]) -> Result<(String, Vec<u8>), String>;
}

/// For where nothing else can be read.
pub struct Alone;

impl Loader for Alone {
    fn load(&mut self, _: &str, _: &str, _: &[SignatureConfig]) -> Result<(String, Vec<u8>), String> {
        Err("cannot be read here: `extends` works on the command line".into())
    }
}

/// The files and what they come to together.
pub struct Layers {
    files: Vec<Layer>,
    /// All of it; none where every file is empty.
    pub root: Option<Node>,
}

/// What is known of the files that extend the one that is read, that one included.
#[derive(Default)]
struct Above {
    names: Vec<String>,
    /// Who must have signed what they extend.
    trusted: Vec<SignatureConfig>,
}

/// One file. Its spans were moved behind those of the files before it.
struct Layer {
    name: String,
    source: Source,
    start: u32,
}

impl Layers {
    /// Reads a configuration, and what it extends.
    ///
    /// # Errors
    /// The first thing that is wrong with one of them.
    pub fn read(name: &str, text: Vec<u8>, loader: &mut dyn Loader) -> Result<Self, ConfigError> {
        let mut layers = Self { files: Vec::new(), root: None };
        layers.root = layers.add(name, text, loader, &mut Above::default())?;
        Ok(layers)
    }

    /// Where a span of the tree stands.
    pub fn spot(&self, span: Span) -> Spot {
        let file = self.files.iter().rev().find(|file| file.start <= span.start);
        file.map_or_else(
            || Spot { file: String::new(), position: Position { line: 1, column: 1 } },
            |file| Spot { file: file.name.clone(), position: file.source.position(span.start - file.start) },
        )
    }

    /// An error at that place.
    pub fn refuse<T>(&self, span: Span, message: &str) -> Result<T, ConfigError> {
        let Spot { file, position } = self.spot(span);
        Err(ConfigError { message: message.to_owned(), file, position })
    }

    /// Reads a file and what it extends; the tree of all of it.
    fn add(
        &mut self,
        name: &str,
        text: Vec<u8>,
        loader: &mut dyn Loader,
        above: &mut Above,
    ) -> Result<Option<Node>, ConfigError> {
        let manifest = read(name, text, &Limits { bytes: BYTES, ..Limits::default() });
        if let Some(problem) = manifest.problems.first() {
            let (message, file) = (problem.kind.to_string(), name.to_owned());
            return Err(ConfigError { message, file, position: problem.position });
        }
        let used = self.files.last().map_or(0, |file| file.start + length(&file.source) + 1);
        let (source, mut documents) = (manifest.source, manifest.documents.into_iter());
        self.files.push(Layer { name: name.to_owned(), source, start: used });
        let (first, second) = (documents.next(), documents.next());
        let moved = |span: Span| Span { start: span.start + used, end: span.end + used };
        if let Some(second) = second {
            return self.refuse(moved(second.span), "a configuration is one document");
        }
        let mut own = match first.map(|document| (document.content, document.span)) {
            None | Some((Content::Empty, _)) => return Ok(None),
            Some((Content::Other(node), _)) => node,
            Some((_, span)) => {
                let message = "this is a Kubernetes object; a configuration has `rules`, `waivers` and others, see \
                               docs/configuration.md";
                return self.refuse(moved(span), message);
            }
        };
        shift(&mut own, used);
        let Value::Mapping(entries) = &mut own.value else {
            let message = format!("expected a mapping, found {}", own.value.description());
            return self.refuse(own.span, &message);
        };
        let extends = entries.iter().position(|entry| &*entry.key == "extends").map(|at| entries.remove(at));
        let mut base = None;
        let trusted = above.trusted.len();
        if let Some(own) = entries.iter().find(|entry| &*entry.key == "signatures" && entry.value.value != Value::Null)
        {
            above.trusted.extend(Reader { layers: self, rules: &[] }.signatures(&own.value)?);
        }
        above.names.push(name.to_owned());
        for reference in extends.map_or(Ok(Vec::new()), |entry| self.references(entry.value))? {
            let text = reference.as_str().unwrap_or_default();
            let (name, bytes) = match loader.load(text, name, &above.trusted) {
                Ok(loaded) => loaded,
                Err(cause) => return self.refuse(reference.span, &format!("`{text}` {cause}")),
            };
            if above.names.contains(&name) {
                return self.refuse(reference.span, &format!("`{text}` extends what extends it"));
            }
            if above.names.len() >= DEPTH || self.files.len() >= FILES {
                let message = format!("too many configurations: at most {DEPTH} extend one another, {FILES} in all");
                return self.refuse(reference.span, &message);
            }
            base = match (base, self.add(&name, bytes, loader, above)?) {
                (Some(base), Some(more)) => Some(joined(base, more, true)),
                (base, more) => base.or(more),
            };
        }
        above.names.pop();
        above.trusted.truncate(trusted);
        Ok(Some(match base {
            Some(base) => joined(base, own, true),
            None => own,
        }))
    }

    /// What `extends` names: one, or a list.
    fn references(&self, node: Node) -> Result<Vec<Node>, ConfigError> {
        let (span, nodes) = (
            node.span,
            match node.value {
                Value::Sequence(items) => items,
                _ => vec![node],
            },
        );
        let is_named = |node: &Node| node.as_str().is_some_and(|text| !text.trim().is_empty());
        match nodes.iter().find(|node| !is_named(node)) {
            None => Ok(nodes),
            Some(_) => self.refuse(span, "`extends` is a file or registry://..., or a list of them"),
        }
    }
}

/// Bytes of a text, as spans count them.
fn length(source: &Source) -> u32 {
    u32::try_from(source.text().len()).unwrap_or(u32::MAX)
}

/// Moves all spans.
fn shift(node: &mut Node, by: u32) {
    let moved = |span: &mut Span| *span = Span { start: span.start + by, end: span.end + by };
    moved(&mut node.span);
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Mapping(entries) => entries.iter_mut().for_each(|entry| {
            moved(&mut entry.key_span);
            shift(&mut entry.value, by);
        }),
        _ => {}
    }
}

/// A tree with another laid over it.
fn joined(base: Node, own: Node, is_top: bool) -> Node {
    let span = own.span;
    match (base.value, own.value) {
        (Value::Mapping(mut entries), Value::Mapping(over)) => {
            for Entry { key, key_span, value } in over {
                let Some(known) = entries.iter_mut().find(|entry| entry.key == key) else {
                    entries.push(Entry { key, key_span, value });
                    continue;
                };
                let under = std::mem::replace(&mut known.value, Node { value: Value::Null, span });
                known.key_span = key_span;
                known.value = match (under.value, value.value) {
                    (Value::Sequence(mut items), Value::Sequence(more)) if is_top && ADDED.contains(&&*key) => {
                        items.extend(more);
                        Node { value: Value::Sequence(items), span: value.span }
                    }
                    (under_value, over_value) => joined(
                        Node { value: under_value, span: under.span },
                        Node { value: over_value, span: value.span },
                        false,
                    ),
                };
            }
            Node { value: Value::Mapping(entries), span }
        }
        (_, value) => Node { value, span },
    }
}
