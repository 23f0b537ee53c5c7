//! Reads manifests: the bytes of one file become documents, and those become the objects of Kubernetes in them, every
//! value with its place in the text. What an API server sends is read too, and has no place: [`ApiObject`].
//!
//! A manifest means here what it means to a cluster: YAML as `sigs.k8s.io/yaml` over go-yaml v2 reads it, or JSON. What
//! a cluster would refuse, or read in another way than people do, is a [`Problem`] with a line; nothing is passed over
//! without a word. The input is hostile: time is linear, memory is bounded by [`Limits`], and nothing panics.
//!
//! The module must not know a file, nor what any rule asks of an object.

mod anchors;
mod api;
mod budget;
mod cut;
mod failure;
mod foreign;
mod json;
mod keep;
mod kinds;
pub(crate) mod kustomization;
mod label;
mod members;
mod node;
mod object;
mod packed;
mod packed_text;
mod parse;
mod pieces;
mod problem;
mod reading;
mod rendering;
mod request;
mod scalar;
mod scan;
mod source;
mod span;
mod split;
mod strict_json;
mod template;
#[cfg(test)]
mod tests;
mod tree;

use std::io::{self, Read};

pub use api::{ApiObject, ObjectError};
pub use keep::Keep;
pub use kinds::KnownKind;
pub use label::{label, with_container};
pub use node::{Entry, Node, Value};
pub use object::Object;
pub use problem::{Problem, ProblemKind, Related};
pub use rendering::{Covered, Rendering, SourcePlace};
pub use source::Source;
pub use span::{Position, Span};
pub use tree::{Look, Tree};

use std::sync::Arc;

use failure::Failure;
use reading::Reading;

use crate::paths::file_name;

/// How much of a text is read at once. What goes beyond is a [`Problem`] with a line, found in about 100 ms and within 64 MiB:
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

/// How much of one file is read, piece by piece where it is long: see [`read_from`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the file. 2 GiB: dumps of large clusters have some hundred MiB.
    pub bytes: u64,
    /// Documents of the file. 2,000,000, which is what 2 GiB of small ones have.
    pub documents: usize,
    /// What is read at once: a file that is shorter, or a document or an item of a longer one.
    pub piece: Limits,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 2 << 30, documents: 2_000_000, piece: Limits::default() }
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
    /// Packs its text and its objects, with what is to be kept of them: many manifests then take a tenth of the memory.
    pub fn pack(&mut self, keep: &Keep<'_>) {
        self.source.pack();
        self.documents.iter_mut().for_each(|document| document.pack(keep));
        self.documents.shrink_to_fit();
    }

    /// All objects of all documents.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.documents.iter().flat_map(Document::objects)
    }

    /// How it was made, where a tool has rendered it.
    #[must_use]
    pub fn rendering(&self) -> Option<&Rendering> {
        match &self.origin {
            Origin::Rendered(rendering) => Some(rendering),
            Origin::File | Origin::Host => None,
        }
    }

    /// The folder that it stands in, or stands for.
    pub(crate) fn folder(&self) -> &str {
        self.rendering().map_or_else(|| crate::paths::folder(&self.name), |rendering| &rendering.folder)
    }

    /// The documents that hold nothing to judge, each with the reason.
    pub fn skipped(&self) -> impl Iterator<Item = (&Document, SkipReason)> {
        self.documents.iter().filter_map(|document| Some((document, document.skipped()?)))
    }
}

/// Who has made a manifest.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Whoever wrote the file, perhaps a stranger.
    File,
    /// A tool, of files that somebody wrote.
    Rendered(Arc<Rendering>),
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
    /// Nothing that could be read, in a file that is no manifest: see [`Manifest::skip_foreign`].
    Foreign(SkipReason),
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
    /// Encrypted by git-crypt.
    Encrypted,
    /// Not a text.
    Binary,
    /// JSON as editors have it, with comments.
    JsonWithComments,
    /// Neither YAML nor JSON.
    NotReadable,
}

impl SkipReason {
    /// In a few words, as in "skipped: a template".
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Template => "a template",
            Self::NotKubernetes => "no `apiVersion` and `kind`",
            Self::Encrypted => "encrypted by git-crypt",
            Self::Binary => "no text",
            Self::JsonWithComments => "no manifest: JSON with comments, without an `apiVersion`",
            Self::NotReadable => "no manifest: not valid YAML, and without an `apiVersion`",
        }
    }
}

impl Document {
    /// Packs its objects.
    fn pack(&mut self, keep: &Keep<'_>) {
        if let Content::Objects(objects) = &mut self.content {
            objects.iter_mut().for_each(|object| keep.pack(object));
            objects.shrink_to_fit();
        }
    }

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
            Content::Foreign(reason) => Some(reason),
            Content::Objects(_) | Content::Broken => None,
        }
    }
}

/// Reads one file, whatever its length. One that is too long to be read at once is read piece by piece, and what is kept of
/// it is packed: a dump of a cluster takes the memory of its objects and not that of its text.
///
/// # Errors
/// Those of `from`.
pub fn read_from(name: &str, mut from: impl Read, bounds: &Bounds, keep: &Keep<'_>) -> io::Result<Manifest> {
    let limit = bounds.piece.bytes.min(usize::try_from(bounds.bytes).unwrap_or(usize::MAX));
    let mut bytes = Vec::new();
    (&mut from).take(limit as u64 + 1).read_to_end(&mut bytes)?;
    let text = if bytes.len() <= limit {
        let limits = Limits { documents: bounds.documents.min(bounds.piece.documents), ..bounds.piece };
        let manifest = read(name, bytes, &limits);
        // In pieces there may be more.
        if !manifest.problems.iter().any(|problem| problem.kind.is_of_size()) {
            return Ok(manifest);
        }
        manifest.source.text().into_owned().into_bytes()
    } else {
        bytes
    };
    let pieces::File { source, documents, problems } = pieces::read(text.as_slice().chain(from), bounds, keep)?;
    Ok(Manifest { name: name.into(), origin: Origin::File, source, documents, problems })
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
    let (source, unreadable) = match bytes.as_slice() {
        bytes if bytes.len() > limit => (Source::default(), Some(ProblemKind::FileTooLarge { limit })),
        bytes if bytes.starts_with(foreign::GIT_CRYPT) => (Source::default(), Some(ProblemKind::Encrypted)),
        _ => Source::decode(bytes),
    };
    manifest.source = source;
    let is_kustomization = kustomization::is_file_name(file_name(name));
    let mut reading = Reading::new(&manifest.source, limits, is_kustomization);
    match unreadable {
        None => reading.read(),
        // The last document would end too early, and mean something else.
        Some(kind) => {
            let end = manifest.source.len();
            reading.report(Failure::new(kind, Span::new(end, end)));
        }
    }
    (manifest.documents, manifest.problems) = (reading.documents, reading.problems);
    manifest
}
