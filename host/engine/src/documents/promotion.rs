//! The versions that a file of production names, and when production and staging wrote them.
//!
//! It must not know where a history comes from, nor how long is long enough.

use protocol::documents::PROMOTION;

use super::build::{Name, document, entry, entry_at, list, string, unplaced};
use super::schema::DocumentError;
use crate::manifest::{Entry, Manifest, Node, Source, Span, Value};

/// A version that production names, with what staging named for the same service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// What it is a version of, where the file says so.
    pub of: Option<String>,
    /// Where it stands, as people read it.
    pub at: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
    /// Where it stands in the text.
    pub place: Span,
    /// When a commit of the trusted branch wrote it, in seconds since 1970; none where none has.
    pub written: Option<u64>,
    /// How many other versions production named there, or of the same thing, before.
    pub earlier: u64,
    /// What staging named.
    pub staging: Vec<Staged>,
}

/// A version that staging names or named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The file.
    pub file: String,
    /// The tag; with the thing before it, where that is not production's, so that it is another tag: `acme/other:1.0.0`.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
    /// When a commit of the trusted branch wrote it, in seconds since 1970; none where none has.
    pub from: Option<u64>,
    /// When a commit took it away; none where it is still there.
    pub until: Option<u64>,
    /// The commit that wrote it.
    pub commit: Option<String>,
}

/// The document of a file: its path as people know it, and its text, at which findings point. `time` is now, in seconds since
/// 1970; `unknown` says why staging or its history is not known.
///
/// # Errors
/// The file is larger than a document may be.
pub fn promotion(
    file: &str,
    source: Source,
    time: u64,
    unknown: Option<&str>,
    versions: &[Promoted],
) -> Result<Manifest, DocumentError> {
    let nowhere = Span::default();
    let mut spec = vec![entry("time", number(time, nowhere))];
    spec.extend(unknown.map(|unknown| entry("unknown", string(unknown, nowhere))));
    spec.push(entry("versions", list(versions.iter().map(version).collect())));
    document(&PROMOTION, file, Name { namespace: None, name: file }, source, spec)
}

fn version(promoted: &Promoted) -> Node {
    let Promoted { of, at, tag, digest, place, written, earlier, staging } = promoted;
    let texts = [("of", of), ("tag", tag), ("digest", digest)];
    let mut entries = vec![entry("at", string(at, *place)), entry("earlier", number(*earlier, *place))];
    entries.extend(texts.into_iter().filter_map(|(key, text)| Some(entry(key, string(text.as_ref()?, *place)))));
    entries.extend(written.map(|written| entry("written", number(written, *place))));
    let staging = staging.iter().map(|staged| {
        let texts = [("tag", &staged.tag), ("digest", &staged.digest), ("commit", &staged.commit)];
        let numbers = [("from", staged.from), ("until", staged.until)];
        let mut entries: Vec<Entry> = vec![entry("file", string(&staged.file, *place))];
        entries.extend(texts.into_iter().filter_map(|(key, text)| Some(entry(key, string(text.as_ref()?, *place)))));
        entries.extend(numbers.into_iter().filter_map(|(key, of)| Some(entry(key, number(of?, *place)))));
        Node { value: Value::Mapping(entries), span: *place }
    });
    entries.push(entry_at("staging", *place, list(staging.collect())));
    Node { value: Value::Mapping(entries), span: *place }
}

fn number(number: u64, span: Span) -> Node {
    Node { span, ..unplaced(Value::Number(number.into())) }
}
