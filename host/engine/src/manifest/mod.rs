//! Reads manifests: the bytes of one file become documents, and those become the objects of Kubernetes in them, every
//! value with its place in the text. What an API server sends is read too, and has no place: [`ApiObject`].
//!
//! A manifest means here what it means to a cluster: YAML as `sigs.k8s.io/yaml` over go-yaml v2 reads it, or JSON. What
//! a cluster would refuse, or read in another way than people do, is a [`Problem`] with a line; nothing is passed over
//! without a word. The input is hostile: time is linear, memory is bounded by [`Limits`], and nothing panics.
//!
//! The module must not know a file, nor what any rule asks of an object.

mod api;
mod dialect;
mod json;
mod kinds;
mod members;
mod node;
mod object;
mod parse;
mod problem;
mod request;
mod scalar;
mod source;
mod split;
mod template;
#[cfg(test)]
mod tests;

pub use api::{ApiObject, ObjectError};
pub use kinds::KnownKind;
pub use node::{Entry, Node, Value};
pub use object::Object;
pub use problem::{Problem, ProblemKind, Related};
pub use source::{Position, Source, Span};

use parse::{Budget, Failure};
use split::{Chunk, TooMany};

/// How much of one file is read. What goes beyond is a [`Problem`] with a line, found in about 100 ms and within 64 MiB:
/// that is what the numbers are chosen for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file. 8 MiB: the API server takes requests of 3 MiB, and bundles of all definitions of a large
    /// operator have 2 to 5 MiB.
    pub bytes: usize,
    /// Lines of the file. 500,000, twice what usual YAML of that size has.
    pub lines: usize,
    /// Documents of the file. 10,000, more than a large cluster's; each costs a parser.
    pub documents: usize,
    /// Values of the file. 150,000, which is 5 MiB of usual YAML, or 20 MiB of memory.
    pub nodes: usize,
    /// Levels of mappings and lists. 100: the JSON readers of modules stop at 128 and see a few levels around the object;
    /// the deepest schemas of real definitions have about 40.
    pub depth: usize,
    /// Bytes of one scalar. 2 MiB, more than etcd keeps of a whole object.
    pub scalar_bytes: usize,
    /// Bytes of memory that anchored values and the aliases of them take. 8 MiB, a thousand times what real files use.
    pub alias_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 8 << 20,
            lines: 500_000,
            documents: 10_000,
            nodes: 150_000,
            depth: 100,
            scalar_bytes: 2 << 20,
            alias_bytes: 8 << 20,
        }
    }
}

/// One file, read.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// What the caller calls it.
    pub name: String,
    /// Who has made it.
    pub origin: Origin,
    /// Its text, to which all spans belong.
    pub source: Source,
    /// Its documents, in order. Those behind a limit of the file are missing, and of a file that could not be read as a
    /// whole, all are: then `problems` says why. Otherwise there is at least one.
    pub documents: Vec<Document>,
    /// What kept something from being read, in order. Empty for a file that a cluster would take.
    pub problems: Vec<Problem>,
}

impl Manifest {
    /// All objects of all documents.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.documents.iter().flat_map(Document::objects)
    }

    /// The documents that hold nothing to judge, each with the reason.
    pub fn skipped(&self) -> impl Iterator<Item = (&Document, SkipReason)> {
        self.documents.iter().filter_map(|document| Some((document, document.skipped()?)))
    }
}

/// Who has made a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Whoever wrote the file, perhaps a stranger.
    File,
    /// The host, of what it has seen itself: see [`documents`](crate::documents).
    Host,
}

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// From its `---`, or else its first line, to its end.
    pub span: Span,
    /// What is in it.
    pub content: Content,
}

/// What is in a document.
#[derive(Clone, Debug)]
pub enum Content {
    /// Objects of Kubernetes, at least one.
    Objects(Vec<Object>),
    /// Something without `apiVersion` and `kind`, such as a chart's values.
    Other(Node),
    /// Nothing but comments, or null, or a list without items.
    Empty,
    /// Text that becomes YAML only when a template engine (Helm's, Jinja) has filled it in.
    Template,
    /// Nothing that could be read: a problem says why.
    Broken,
}

/// Why a document holds nothing to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// [`Content::Empty`].
    Empty,
    /// [`Content::Template`].
    Template,
    /// [`Content::Other`].
    NotKubernetes,
}

impl SkipReason {
    /// In a few words, as in "skipped: a template".
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Template => "a template",
            Self::NotKubernetes => "no `apiVersion` and `kind`",
        }
    }
}

impl Document {
    /// Its objects.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        match &self.content {
            Content::Objects(objects) => objects,
            _ => &[],
        }
    }

    /// Why it holds nothing to judge, if nothing is wrong with it.
    #[must_use]
    pub const fn skipped(&self) -> Option<SkipReason> {
        match self.content {
            Content::Empty => Some(SkipReason::Empty),
            Content::Template => Some(SkipReason::Template),
            Content::Other(_) => Some(SkipReason::NotKubernetes),
            Content::Objects(_) | Content::Broken => None,
        }
    }
}

/// Reads one file. Never fails as a whole: what cannot be read is a problem, and the documents around it are there.
#[must_use]
pub fn read(name: &str, bytes: Vec<u8>, limits: &Limits) -> Manifest {
    let mut manifest = Manifest {
        name: name.into(),
        origin: Origin::File,
        source: Source::default(),
        documents: Vec::new(),
        problems: Vec::new(),
    };
    // UTF-16 may grow by half as it becomes UTF-8, and spans count in u32.
    let limit = limits.bytes.min(1 << 31);
    if bytes.len() > limit {
        let kind = ProblemKind::FileTooLarge { limit };
        manifest.report(Failure::new(kind, Span::default()));
        return manifest;
    }
    let (source, undecodable) = Source::decode(bytes);
    let end = source.text().len();
    manifest.source = source;
    if let Some(kind) = undecodable {
        // The last document would end too early, and mean something else.
        manifest.report(Failure::new(kind, Span::new(end, end)));
        return manifest;
    }
    let text = manifest.source.text();
    if let Some(at) = source::beyond_lines(text, limits.lines) {
        let kind = ProblemKind::TooManyLines { limit: limits.lines };
        manifest.report(Failure::new(kind, Span::new(at, at)));
        return manifest;
    }
    let (is_json, chunks) = match split::json(text, limits.documents) {
        Some(chunks) => (true, chunks),
        None => (false, split::yaml(text, limits.documents)),
    };
    match chunks {
        Err(TooMany(at)) => {
            let kind = ProblemKind::TooManyDocuments { limit: limits.documents };
            manifest.report(Failure::new(kind, Span::new(at, at)));
        }
        Ok(chunks) => {
            let mut budget = Budget::new(limits);
            for chunk in &chunks {
                manifest.read_chunk(chunk, is_json, limits, &mut budget);
                if budget.is_spent() {
                    break;
                }
            }
        }
    }
    manifest
}

impl Manifest {
    fn push(&mut self, span: Span, content: Content) {
        self.documents.push(Document { span, content });
    }

    fn report(&mut self, failure: Failure) {
        let Failure { kind, span, related } = failure;
        let position = self.source.position(span.start);
        let related = related.map(|(message, span)| {
            let position = self.source.position(span.start);
            Related { message, span, position }
        });
        self.problems.push(Problem { kind, span, position, related });
    }

    fn read_chunk(&mut self, chunk: &Chunk, is_json: bool, limits: &Limits, budget: &mut Budget) {
        let span = Span::new(chunk.at, chunk.end);
        let text = self.source.text().get(chunk.start..chunk.end).unwrap_or_default();
        if let Some((at, kind)) = source::forbidden(text, is_json) {
            let at = chunk.start + at;
            self.report(Failure::new(kind, Span::new(at, at)));
            return self.push(span, Content::Broken);
        }
        match chunk.content {
            split::Content::Some => {}
            split::Content::Empty => return self.push(span, Content::Empty),
            split::Content::Misspelt => {
                self.report(Failure::new(ProblemKind::InvalidSeparator, Span::new(chunk.at, chunk.at + 3)));
                return self.push(span, Content::Broken);
            }
        }
        match parse::parse(text, chunk.start, is_json, limits, budget) {
            Ok(nodes) => {
                for node in nodes {
                    self.read_document(span, node);
                }
            }
            Err(failures) => {
                if failures.iter().any(|failure| template::explains(text, chunk.start, failure)) {
                    return self.push(span, Content::Template);
                }
                failures.into_iter().for_each(|failure| self.report(failure));
                self.push(span, Content::Broken);
            }
        }
    }

    fn read_document(&mut self, span: Span, node: Node) {
        if node.value == Value::Null {
            return self.push(span, Content::Empty);
        }
        if template::is_kind(&node) {
            return self.push(span, Content::Template);
        }
        match object::read(node) {
            object::Read::Other(node) => self.push(span, Content::Other(node)),
            object::Read::Objects(objects, failures) => {
                let is_broken = !failures.is_empty();
                if objects.is_empty() && is_broken && failures.iter().all(|it| it.kind == ProblemKind::TemplatedItem) {
                    return self.push(span, Content::Template);
                }
                failures.into_iter().for_each(|failure| self.report(failure));
                let content = match objects {
                    objects if !objects.is_empty() => Content::Objects(objects),
                    _ if is_broken => Content::Broken,
                    _ => Content::Empty,
                };
                self.push(span, content);
            }
        }
    }
}
