//! From a change to an edit of the text, where the text allows it.
//!
//! What is not written as people usually write it is [`Unclean`]: then nothing is edited here. Nor does an edit have to be
//! right in every case that can be thought of; whether the text means what it should is looked at afterwards.

use std::ops::Range;

use crate::manifest::{Entry, Node, Value};
use protocol::path::Segment;
use serde_json::Value as Json;

use super::apply::{COMMA, TextEdit};
use super::difference::{Change, Operation};
use super::place::{Text, own_entries, span};
use crate::yaml;

/// The text is written in a way that cannot be edited in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclean;

type Edits = Result<Vec<TextEdit>, Unclean>;

/// The whole object, written anew where it stands.
pub(super) fn anew(text: &str, root: &Node, mutated: &Json) -> TextEdit {
    let (text, (start, end)) = (Text(text), span(root));
    let written = if text.is_flow(root) { flow(text, mutated) } else { yaml::block(mutated, text.column(start)) };
    TextEdit { range: start..end, text: written }
}

/// The edits that make one change of an object.
pub(super) fn of_change(text: &str, root: &Node, change: &Change) -> Edits {
    let text = Text(text);
    let Some((last, parents)) = change.path.split_last() else {
        let Operation::Replace(value) = &change.operation else { return Err(Unclean) };
        return Ok(vec![anew(text.0, root, value)]);
    };
    let parent = descend(root, parents)?;
    match last {
        Segment::Key(key) => member(text, parent, key, &change.operation),
        Segment::Index(index) => item(text, parent, *index, &change.operation),
    }
}

/// The node at a path, if each stands within the one before: what an alias stands for, or a merge key brings, is written
/// elsewhere, for others too.
fn descend<'n>(root: &'n Node, path: &[Segment]) -> Result<&'n Node, Unclean> {
    let mut node = root;
    for segment in path {
        let child = node.find(std::slice::from_ref(segment)).ok_or(Unclean)?;
        let ((start, end), (from, to)) = (span(node), span(child));
        if from < start || end < to {
            return Err(Unclean);
        }
        node = child;
    }
    Ok(node)
}

fn member(text: Text<'_>, parent: &Node, key: &str, operation: &Operation) -> Edits {
    let own = own_entries(parent);
    let position = own.iter().position(|entry| &*entry.key == key);
    let at = |index: Option<usize>| index.and_then(|index| own.get(index)).copied();
    match operation {
        Operation::Add(value) => match own.last() {
            Some(last) if text.is_flow(parent) => add_in_flow(text, last, key, value),
            Some(last) => add_in_block(text, last, &own, key, value),
            None => Err(Unclean),
        },
        Operation::Replace(value) => {
            let entry = at(position).ok_or(Unclean)?;
            let (start, end) = span(&entry.value);
            if text.is_flow(parent) {
                return if start == end { Err(Unclean) } else { replacement(start..end, flow(text, value)) };
            }
            replace_in_block(text, entry, value)
        }
        Operation::Remove => {
            let (before, next) = (at(position.and_then(|at| at.checked_sub(1))), at(position.map(|at| at + 1)));
            let entry = at(position).ok_or(Unclean)?;
            let (start, end) = (entry.key_span.start as usize, text.end_of(entry).ok_or(Unclean)?);
            if text.is_flow(parent) {
                return remove_in_flow(text, start..end, before.and_then(|it| text.end_of(it)), next.map(key_start));
            }
            remove_in_block(text, start..end, next.map(key_start))
        }
        Operation::Insert(_) => Err(Unclean),
    }
}

fn item(text: Text<'_>, parent: &Node, index: usize, operation: &Operation) -> Edits {
    let Value::Sequence(items) = &parent.value else { return Err(Unclean) };
    let is_flow = text.is_flow(parent);
    let item = items.get(index);
    match operation {
        Operation::Replace(value) => {
            let item = item.filter(|item| !item.span.is_empty()).ok_or(Unclean)?;
            let (start, end) = span(item);
            if is_flow {
                return replacement(start..end, flow(text, value));
            }
            text.dash(item).ok_or(Unclean)?;
            replacement(start..end, yaml::block(value, text.column(start)))
        }
        Operation::Insert(value) if is_flow => match (item, items.last()) {
            (Some(next), _) => Ok(vec![insertion(span(next).0, format!("{}, ", flow(text, value)))]),
            (None, Some(last)) => Ok(vec![insertion(span(last).1, format!(", {}", flow(text, value)))]),
            (None, None) => Err(Unclean),
        },
        Operation::Insert(value) => {
            let neighbour = item.or(items.last()).ok_or(Unclean)?;
            let dash = text.dash(neighbour).ok_or(Unclean)?;
            let column = text.column(dash);
            let written = format!("- {}", yaml::block(value, column + 2));
            if item.is_some() && text.is_first_on_line(dash) {
                let start = text.above_comments(text.line_start(dash), column);
                Ok(vec![insertion(start, format!("{:column$}{written}\n", ""))])
            } else if item.is_none() {
                let end = text.behind_comments(text.line_end(span(neighbour).1), column);
                Ok(vec![insertion(end, format!("\n{:column$}{written}", ""))])
            } else {
                Err(Unclean)
            }
        }
        Operation::Remove => {
            let item = item.ok_or(Unclean)?;
            let (start, end) = span(item);
            let before = index.checked_sub(1).and_then(|index| items.get(index));
            if is_flow {
                let next = items.get(index + 1);
                return remove_in_flow(text, start..end, before.map(|it| span(it).1), next.map(|it| span(it).0));
            }
            let dash = text.dash(item).filter(|dash| text.is_first_on_line(*dash)).ok_or(Unclean)?;
            replacement(text.line_start(dash)..text.next_line(end), String::new())
        }
        Operation::Add(_) => Err(Unclean),
    }
}

fn insertion(at: usize, text: String) -> TextEdit {
    TextEdit { range: at..at, text }
}

fn replacement(range: Range<usize>, text: String) -> Edits {
    Ok(vec![TextEdit { range, text }])
}

const fn key_start(entry: &Entry) -> usize {
    entry.key_span.start as usize
}

/// Behind the last member, each on a line of its own where the last one is: then behind the comment of that line.
fn add_in_flow(text: Text<'_>, last: &Entry, key: &str, value: &Json) -> Edits {
    let (start, end) = (key_start(last), text.end_of(last).ok_or(Unclean)?);
    let written = format!("{}: {}", flow(text, &Json::from(key)), flow(text, value));
    // JSON may be indented by tabs.
    let space = text.slice(text.line_start(start), start);
    if !space.trim_start_matches([' ', '\t']).is_empty() {
        return Ok(vec![insertion(end, format!(", {written}"))]);
    }
    let line_end = text.line_end(end);
    let rest = text.slice(end, line_end).trim_start();
    let (has_comma, rest) = rest.strip_prefix(',').map_or((false, rest), |rest| (true, rest.trim_start()));
    if !rest.starts_with('#') {
        return Ok(vec![insertion(end, format!(",\n{space}{written}"))]);
    }
    // JSON has no comments, and a last comma is one too many in JSON alone.
    let mut edits = vec![insertion(line_end, format!("\n{space}{written},"))];
    if !has_comma {
        edits.push(insertion(end, COMMA.into()));
    }
    Ok(edits)
}

/// On a line behind the last member, indented like the first.
fn add_in_block(text: Text<'_>, last: &Entry, own: &[&Entry], key: &str, value: &Json) -> Edits {
    let column = own.first().map(|first| text.column(key_start(first))).ok_or(Unclean)?;
    let end = text.line_end(text.end_of(last).ok_or(Unclean)?);
    let end = text.behind_comments(end, column);
    Ok(vec![insertion(end, format!("\n{:column$}{}", "", yaml::entry(key, value, column)))])
}

/// A scalar is replaced by a scalar where it stands; anything else by what stands behind its key. A block begins below the
/// key's line, so that a comment there stays.
fn replace_in_block(text: Text<'_>, entry: &Entry, value: &Json) -> Edits {
    let between = text.between(entry);
    let is_inline = !entry.value.span.is_empty() && between.trim_end_matches(' ') == ":";
    let is_scalar = |value: &Json| !matches!(value, Json::Object(_) | Json::Array(_));
    let (start, end) = span(&entry.value);
    let was_scalar = !matches!(entry.value.value, Value::Mapping(_) | Value::Sequence(_));
    // What was `{}` becomes a block.
    let was_braced = !was_scalar && text.is_flow(&entry.value) && end - start > 2;
    if is_inline && (was_scalar && is_scalar(value) || was_braced) {
        return replacement(start..end, yaml::flow(value));
    }
    // An anchor is others' too, and what a tag says would be lost.
    if between.contains(['&', '!', '*']) {
        return Err(Unclean);
    }
    let key_end = entry.key_span.end as usize;
    let end = text.end_of(entry).ok_or(Unclean)?;
    let written = yaml::behind_key(value, text.column(key_start(entry)));
    let line_end = text.line_end(key_end);
    let on_line = text.slice(key_end, line_end).trim_start_matches([':', ' ']);
    match written.strip_prefix(':').filter(|block| block.starts_with('\n')) {
        Some(block) if end <= line_end => {
            Ok(vec![TextEdit { range: key_end..end, text: ":".into() }, insertion(line_end, block.to_owned())])
        }
        Some(block) if on_line.is_empty() || on_line.starts_with('#') => replacement(line_end..end, block.to_owned()),
        _ => replacement(key_end..end, written),
    }
}

/// On one line; in a file of JSON as JSON.
fn flow(text: Text<'_>, value: &Json) -> String {
    if text.0.trim_start().starts_with(['{', '[']) { value.to_string() } else { yaml::flow(value) }
}

/// With the comma before or behind it; where a comment stands between it and its neighbour, with its lines alone, after
/// which a last comma may stay.
fn remove_in_flow(text: Text<'_>, range: Range<usize>, before: Option<usize>, next: Option<usize>) -> Edits {
    let with_comma = match (next, before) {
        (Some(next), _) => range.start..next,
        (None, Some(before)) => before..range.end,
        (None, None) => return Err(Unclean),
    };
    let has_comment = |from: usize, to: usize| text.slice(from, to).contains('#');
    if !has_comment(with_comma.start, range.start) && !has_comment(range.end, with_comma.end) {
        return replacement(with_comma, String::new());
    }
    let rest = text.slice(range.end, text.line_end(range.end)).trim_start_matches([',', ' ']);
    if !text.is_first_on_line(range.start) || !(rest.is_empty() || rest.starts_with('#')) {
        return Err(Unclean);
    }
    replacement(text.line_start(range.start)..text.next_line(range.end), String::new())
}

/// With its lines. The first member of an item stands behind the item's dash: then the next one moves up.
fn remove_in_block(text: Text<'_>, range: Range<usize>, next: Option<usize>) -> Edits {
    let range = if text.is_first_on_line(range.start) {
        text.line_start(range.start)..text.next_line(range.end)
    } else {
        range.start..next.ok_or(Unclean)?
    };
    replacement(range, String::new())
}
