//! The comments of a text, each with the lines that it is written beside. It must not know what an edit is for.

use crate::manifest::{Manifest, Node, Span, Value};

use super::apply::Applied;

/// A comment.
struct Comment<'t> {
    /// From its `#` to the end of its line.
    text: &'t str,
    kind: Kind,
    /// How far its line is indented.
    indent: usize,
    /// Where the code of its line begins; for a comment that has a line to itself, that of the last line before it.
    behind: Option<usize>,
    /// Where the code of the next line begins, for a comment that has a line to itself.
    before: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It stands behind code, and is about that.
    Inline,
    /// It is indented like the next line, and is about that.
    Heading,
    /// It may be about either neighbour.
    Loose,
}

/// Whether each comment of the old text stands in the new one, beside the same line.
pub(super) fn are_kept(old: &Manifest, new: &Manifest, applied: &Applied) -> bool {
    let (old_text, new_text) = (old.source.text(), new.source.text());
    let (old, new) = (comments(&old_text, old), comments(&new_text, new));
    old.len() == new.len() && old.iter().zip(&new).all(|(old, new)| is_kept(old, new, applied))
}

fn is_kept(old: &Comment<'_>, new: &Comment<'_>, applied: &Applied) -> bool {
    // The code may have moved up behind a dash, so it need not be the first of its line any more.
    let stays_behind = || match (old.behind, new.behind) {
        (Some(old), Some(new)) => applied.moved(old).is_some_and(|at| at >= new),
        (old, new) => old == new,
    };
    let stays_before = || match (old.before, new.before) {
        (Some(old), Some(new)) => applied.moved(old) == Some(new),
        (old, new) => old == new,
    };
    let is_beside_the_same = match old.kind {
        Kind::Inline => stays_behind(),
        Kind::Heading => stays_before(),
        Kind::Loose => stays_behind() || stays_before(),
    };
    old.text == new.text && (old.kind == Kind::Inline) == (new.kind == Kind::Inline) && is_beside_the_same
}

/// In the order of the text. What looks like a comment but stands in something other than an object is one here too: edits
/// leave it where it is.
fn comments<'t>(text: &'t str, manifest: &Manifest) -> Vec<Comment<'t>> {
    let scalars = scalars(manifest);
    let mut comments: Vec<Comment<'t>> = Vec::new();
    // Where the code of the last line with some begins, and the first comment that still waits for the next one.
    let (mut behind, mut waiting) = (None, 0);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let comment = comment_in(line, start, &scalars);
        let has_code = indent < line.len() && comment != Some(indent);
        if has_code {
            let code = start + indent;
            for comment in comments.iter_mut().skip(waiting) {
                comment.before = Some(code);
                // What is commented out has an indentation of its own.
                let words = comment.text.trim_start_matches('#');
                let is_commented_out = words.len() - words.trim_start().len() > indent.max(1);
                let is_marker = line.starts_with("---") || line.starts_with("...");
                if comment.indent == indent && !is_commented_out && !is_marker {
                    comment.kind = Kind::Heading;
                }
            }
            waiting = comments.len();
            behind = Some(code);
        }
        if let Some(at) = comment {
            let text = line.get(at..).unwrap_or_default().trim_end();
            let kind = if has_code { Kind::Inline } else { Kind::Loose };
            comments.push(Comment { text, kind, indent, behind, before: None });
        }
        if has_code {
            waiting = comments.len();
        }
        start += line.len();
    }
    comments
}

/// Where in a line its comment begins. The line begins at `start` of the text.
fn comment_in(line: &str, start: usize, scalars: &[Span]) -> Option<usize> {
    let is_in_scalar = |at: usize| {
        let behind = scalars.partition_point(|span| span.start as usize <= at);
        behind.checked_sub(1).and_then(|last| scalars.get(last)).is_some_and(|span| at < span.end as usize)
    };
    let mut hashes = line.match_indices('#').map(|(at, _)| at);
    hashes.find(|at| {
        line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
            && !is_in_scalar(start + at)
    })
}

/// Where the keys and scalars of all objects stand, in the order of the text.
fn scalars(manifest: &Manifest) -> Vec<Span> {
    let mut spans = Vec::new();
    manifest.objects().for_each(|object| add_scalars(&object.node.look(), &mut spans));
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable();
    spans
}

fn add_scalars(node: &Node, spans: &mut Vec<Span>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| add_scalars(item, spans)),
        Value::Mapping(entries) => {
            for entry in entries {
                spans.push(entry.key_span);
                add_scalars(&entry.value, spans);
            }
        }
        _ => spans.push(node.span),
    }
}
