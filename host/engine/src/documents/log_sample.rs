//! Lines that a program has written.

use std::ops::Range;

use protocol::documents::LOG_SAMPLE;

use super::build::{Name, document, entry, list, string};
use super::schema::DocumentError;
use crate::manifest::{Manifest, Source, Span};

/// Whose log it is: a workload, or a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Its namespace; none where there is only one of that name.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// Where the lines of a log are, without what ends them; blank lines too. Lines end as in a [`Source`], so that the number
/// in a finding's path and the one in its place are the same.
pub fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let (mut start, mut last) = (0, "");
    text.split_inclusive(['\n', '\r']).filter_map(move |line| {
        let (begin, is_rest) = (start, line == "\n" && last.ends_with('\r'));
        (start, last) = (start + line.len(), line);
        (!is_rest).then(|| begin..begin + line.trim_end_matches(['\n', '\r']).len())
    })
}

/// The document with `spec.lines`, a string each. `file` is the log's path as people gave it.
///
/// # Errors
/// The log is longer than a document may be.
pub fn log_sample(file: &str, text: String, author: &Author) -> Result<Manifest, DocumentError> {
    let line = |range: Range<usize>| {
        let span = Span::new(range.start, range.end);
        string(text.get(range).unwrap_or_default(), span)
    };
    let spec = vec![entry("lines", list(lines(&text).map(line).collect()))];
    let name = Name { namespace: author.namespace.as_deref(), name: &author.name };
    document(&LOG_SAMPLE, file, name, Source::new(text), spec)
}
