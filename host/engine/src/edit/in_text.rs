//! From a change to an edit of the text, where the text allows it.
//!
//! What is not written as people usually write it is [`Unclean`]: then nothing is edited here. Nor does an edit have to be
//! right in every case that can be thought of; whether the text means what it should is looked at afterwards.

use std::ops::Range;

use crate::manifest::{Entry, Node, Value};
use protocol::path::Segment;
use serde_json::Value as Json;

use super::difference::{Change, Operation};
use super::place::{Text, own_entries, span};
use crate::yaml;

/// A range of the text, in bytes, and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextEdit {
    range: Range<usize>,
    text: String,
}

/// The text is written in a way that cannot be edited in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclean;

type Edited = Result<TextEdit, Unclean>;

/// The text with all edits; `None` where two of them meet.
pub(super) fn apply(text: &str, mut edits: Vec<TextEdit>) -> Option<String> {
    // Several insertions at one place keep their order.
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    let line_break = Text(text).line_break();
    for TextEdit { range, text: inserted } in edits {
        new.push_str(text.get(at..range.start)?);
        new.push_str(&inserted.replace('\n', line_break));
        at = range.end;
    }
    new.push_str(text.get(at..)?);
    Some(new)
}

/// The whole object, written anew where it stands.
pub(super) fn anew(text: &str, root: &Node, mutated: &Json) -> TextEdit {
    let (text, (start, end)) = (Text(text), span(root));
    let written = if text.is_flow(root) { flow(text, mutated) } else { yaml::block(mutated, text.column(start)) };
    TextEdit { range: start..end, text: written }
}

/// The edit that makes one change of an object.
pub(super) fn of_change(text: &str, root: &Node, change: &Change) -> Edited {
    let text = Text(text);
    let Some((last, parents)) = change.path.split_last() else {
        let Operation::Replace(value) = &change.operation else { return Err(Unclean) };
        return Ok(anew(text.0, root, value));
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

fn member(text: Text<'_>, parent: &Node, key: &str, operation: &Operation) -> Edited {
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
                return if start == end {
                    Err(Unclean)
                } else {
                    Ok(TextEdit { range: start..end, text: flow(text, value) })
                };
            }
            replace_in_block(text, entry, value)
        }
        Operation::Remove => {
            let (before, next) = (at(position.and_then(|at| at.checked_sub(1))), at(position.map(|at| at + 1)));
            let entry = at(position).ok_or(Unclean)?;
            let (start, end) = (entry.key_span.start as usize, text.end_of(entry).ok_or(Unclean)?);
            if text.is_flow(parent) {
                return remove_in_flow(start..end, before.and_then(|it| text.end_of(it)), next.map(key_start));
            }
            remove_in_block(text, start..end, next.map(key_start))
        }
        Operation::Insert(_) => Err(Unclean),
    }
}

fn item(text: Text<'_>, parent: &Node, index: usize, operation: &Operation) -> Edited {
    let Value::Sequence(items) = &parent.value else { return Err(Unclean) };
    let is_flow = text.is_flow(parent);
    let item = items.get(index);
    match operation {
        Operation::Replace(value) => {
            let item = item.filter(|item| !item.span.is_empty()).ok_or(Unclean)?;
            let (start, end) = span(item);
            if is_flow {
                return Ok(TextEdit { range: start..end, text: flow(text, value) });
            }
            text.dash(item).ok_or(Unclean)?;
            Ok(TextEdit { range: start..end, text: yaml::block(value, text.column(start)) })
        }
        Operation::Insert(value) if is_flow => match (item, items.last()) {
            (Some(next), _) => Ok(insertion(span(next).0, format!("{}, ", flow(text, value)))),
            (None, Some(last)) => Ok(insertion(span(last).1, format!(", {}", flow(text, value)))),
            (None, None) => Err(Unclean),
        },
        Operation::Insert(value) => {
            let neighbour = item.or(items.last()).ok_or(Unclean)?;
            let dash = text.dash(neighbour).ok_or(Unclean)?;
            let column = text.column(dash);
            let written = format!("- {}", yaml::block(value, column + 2));
            if item.is_some() && text.is_first_on_line(dash) {
                Ok(insertion(text.line_start(dash), format!("{:column$}{written}\n", "")))
            } else if item.is_none() {
                let end = text.behind_comments(text.line_end(span(neighbour).1), column);
                Ok(insertion(end, format!("\n{:column$}{written}", "")))
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
                return remove_in_flow(start..end, before.map(|it| span(it).1), next.map(|it| span(it).0));
            }
            let dash = text.dash(item).filter(|dash| text.is_first_on_line(*dash)).ok_or(Unclean)?;
            Ok(TextEdit { range: text.line_start(dash)..text.next_line(end), text: String::new() })
        }
        Operation::Add(_) => Err(Unclean),
    }
}

fn insertion(at: usize, text: String) -> TextEdit {
    TextEdit { range: at..at, text }
}

const fn key_start(entry: &Entry) -> usize {
    entry.key_span.start as usize
}

/// Behind the last member, each on a line of its own where the last one is.
fn add_in_flow(text: Text<'_>, last: &Entry, key: &str, value: &Json) -> Edited {
    let start = key_start(last);
    let written = format!("{}: {}", flow(text, &Json::from(key)), flow(text, value));
    // JSON may be indented by tabs.
    let space = text.slice(text.line_start(start), start);
    let is_first = space.trim_start_matches([' ', '\t']).is_empty();
    let separator = if is_first { format!(",\n{space}") } else { ", ".to_owned() };
    Ok(insertion(text.end_of(last).ok_or(Unclean)?, format!("{separator}{written}")))
}

/// On a line behind the last member, indented like the first.
fn add_in_block(text: Text<'_>, last: &Entry, own: &[&Entry], key: &str, value: &Json) -> Edited {
    let column = own.first().map(|first| text.column(key_start(first))).ok_or(Unclean)?;
    let end = text.line_end(text.end_of(last).ok_or(Unclean)?);
    let end = text.behind_comments(end, column);
    Ok(insertion(end, format!("\n{:column$}{}", "", yaml::entry(key, value, column))))
}

/// A scalar is replaced by a scalar where it stands; anything else together with its key.
fn replace_in_block(text: Text<'_>, entry: &Entry, value: &Json) -> Edited {
    let between = text.between(entry);
    let is_inline = !entry.value.span.is_empty() && between.trim_end_matches(' ') == ":";
    let is_scalar = |value: &Json| !matches!(value, Json::Object(_) | Json::Array(_));
    let (start, end) = span(&entry.value);
    let was_scalar = !matches!(entry.value.value, Value::Mapping(_) | Value::Sequence(_));
    // What was `{}` becomes a block.
    let was_braced = !was_scalar && text.is_flow(&entry.value) && end - start > 2;
    if is_inline && (was_scalar && is_scalar(value) || was_braced) {
        return Ok(TextEdit { range: start..end, text: yaml::flow(value) });
    }
    // An anchor is others' too, and what a tag says would be lost.
    if between.contains(['&', '!', '*']) {
        return Err(Unclean);
    }
    let start = key_start(entry);
    let end = text.end_of(entry).ok_or(Unclean)?;
    Ok(TextEdit { range: start..end, text: yaml::entry(&entry.key, value, text.column(start)) })
}

/// On one line; in a file of JSON as JSON.
fn flow(text: Text<'_>, value: &Json) -> String {
    if text.0.trim_start().starts_with(['{', '[']) { value.to_string() } else { yaml::flow(value) }
}

/// With the comma before or behind it.
fn remove_in_flow(range: Range<usize>, before: Option<usize>, next: Option<usize>) -> Edited {
    let range = match (next, before) {
        (Some(next), _) => range.start..next,
        (None, Some(before)) => before..range.end,
        (None, None) => return Err(Unclean),
    };
    Ok(TextEdit { range, text: String::new() })
}

/// With its lines. The first member of an item stands behind the item's dash: then the next one moves up.
fn remove_in_block(text: Text<'_>, range: Range<usize>, next: Option<usize>) -> Edited {
    let range = if text.is_first_on_line(range.start) {
        text.line_start(range.start)..text.next_line(range.end)
    } else {
        range.start..next.ok_or(Unclean)?
    };
    Ok(TextEdit { range, text: String::new() })
}
