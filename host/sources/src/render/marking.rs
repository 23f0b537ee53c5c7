//! Copies of kustomizations and patches with marks in them, where they say what objects hold.

use engine::manifest::{Entry, Limits, Manifest, Node, Source, Value, read};

use super::mark::{self, Context, Marks, Shift, Style};
use super::parts::{Part, Role, kustomization_of};

/// A patch that is a text in a text: where it begins there, what it is, and where its lines are.
pub type Inner = (u32, Manifest, Shift);

/// The patches that a kustomization holds as texts.
pub fn patches_in(part: &Part) -> Vec<Inner> {
    let node = kustomization_of(&part.manifest).filter(|_| part.role == Role::Kustomization);
    node.map(|node| patches_of(node, &part.manifest.source)).unwrap_or_default()
}

/// Those of a kustomization, or of what is written into one, in a text.
pub fn patches_of(node: &Node, source: &Source) -> Vec<Inner> {
    let mut found = Vec::new();
    for key in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        for item in node.list(key) {
            let text = item.get("patch").unwrap_or(item);
            if let Some(inner) = text.as_str().filter(|inner| inner.contains(['\n', '{'])) {
                let shift = Shift::new(inner, &source.text(), text.span);
                found.push((text.span.start, read("patch", inner.into(), &Limits::default()), shift));
            }
        }
    }
    found
}

/// A kustomization with marks where it says what objects hold.
pub fn marked_kustomization<'a>(marks: &mut Marks<'a>, text: usize, part: &'a Part, inner: &'a [Inner]) -> String {
    match kustomization_of(&part.manifest) {
        Some(node) => marked_fields(marks, text, node, inner),
        None => part.manifest.source.text().into_owned(),
    }
}

/// The members of a kustomization, or of what is written into one, with marks.
pub fn marked_fields<'a>(marks: &mut Marks<'a>, text: usize, node: &'a Node, inner: &'a [Inner]) -> String {
    let Value::Mapping(entries) = &node.value else { return mark::plain(node) };
    let context = Context { text, style: Style::Values, object: None, is_patch: true, shift: None };
    let mut members = Vec::new();
    for Entry { key, value, .. } in entries {
        let items = match &value.value {
            Value::Sequence(items) => items.as_slice(),
            _ => &[],
        };
        let copy = match &**key {
            "patches" | "patchesJson6902" | "patchesStrategicMerge" => items
                .iter()
                .map(|item| {
                    with_members(item, |entry, node| {
                        let is_patch = entry.is_none_or(|entry| &*entry.key == "patch");
                        let (_, patch, shift) =
                            inner.iter().find(|(start, ..)| is_patch && *start == node.span.start)?;
                        Some(mark::quoted(&marked_patch(marks, patch, text, Some(shift))?))
                    })
                })
                .collect::<Vec<_>>(),
            "images" => items
                .iter()
                .map(|item| {
                    with_members(item, |entry, _| {
                        let entry = entry.filter(|it| matches!(&*it.key, "newTag" | "digest" | "newName"))?;
                        Some(marks.value(entry, &entry.key, context))
                    })
                })
                .collect(),
            "helmCharts" => items
                .iter()
                .map(|item| {
                    with_members(item, |entry, _| {
                        let entry = entry.filter(|it| &*it.key == "valuesInline")?;
                        Some(marks.value(entry, &entry.key, context))
                    })
                })
                .collect(),
            _ => {
                members.push(format!("{}:{}", mark::quoted(key), mark::plain(value)));
                continue;
            }
        };
        members.push(format!("{}:[{}]", mark::quoted(key), copy.join(",")));
    }
    format!("{{{}}}", members.join(","))
}

/// An item as JSON, some of its members, or the item itself, written by `replace`.
fn with_members<'a>(item: &'a Node, mut replace: impl FnMut(Option<&'a Entry>, &'a Node) -> Option<String>) -> String {
    let Value::Mapping(entries) = &item.value else {
        return replace(None, item).unwrap_or_else(|| mark::plain(item));
    };
    let members = entries.iter().map(|entry| {
        let value = replace(Some(entry), &entry.value).unwrap_or_else(|| mark::plain(&entry.value));
        format!("{}:{value}", mark::quoted(&entry.key))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// A patch with marks: an object, or a list of operations of which each sets a value. None of them compares anything: with
/// marks nothing is equal, and what is so without has been seen.
pub fn marked_patch<'a>(
    marks: &mut Marks<'a>,
    patch: &'a Manifest,
    text: usize,
    shift: Option<&'a Shift>,
) -> Option<String> {
    if !patch.problems.is_empty() {
        return None;
    }
    let context = Context { text, style: Style::Objects, object: None, is_patch: true, shift };
    let first = patch.documents.iter().find_map(mark::node_of)?;
    let Value::Sequence(operations) = &first.value else { return marks.manifest(patch, context) };
    let is_test = |operation: &&Node| operation.get("op").and_then(Node::as_str) == Some("test");
    let copies = operations.iter().filter(|operation| !is_test(operation)).map(|operation| {
        let path = operation.get("path").and_then(Node::as_str).unwrap_or_default().to_owned();
        let keys: Vec<&str> = path.rsplit('/').collect();
        let key = keys.iter().find(|key| !matches!(**key, "-") && key.parse::<usize>().is_err()).copied();
        let key = key.unwrap_or_default().to_owned();
        // What stands in labels and the like is left as it is.
        let is_left = keys.iter().skip(1).any(|key| mark::is_left(key, Style::Objects));
        with_members(operation, |entry, _| {
            let entry = entry.filter(|entry| &*entry.key == "value" && !is_left)?;
            Some(marks.value(entry, &key, context))
        })
    });
    Some(format!("[{}]", copies.collect::<Vec<_>>().join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_into_the_end_of_a_text_wrote_it() {
        let manifest = read("a.yaml", "a: ${x}\nx: b\n".into(), &Limits::default());
        let entry = |key: &str| manifest.documents.iter().find_map(mark::node_of).unwrap().entry(key).unwrap();
        let mut marks = Marks::default();
        let filled = marks.filling(entry("x"), "b", 0);
        let context = Context { text: 0, style: Style::Objects, object: None, is_patch: false, shift: None };
        let own: String = serde_json::from_str(&marks.value(entry("a"), "a", context)).unwrap();
        let last = |text: &str| marks.last(text).and_then(|mark| mark.entry).map(|entry| entry.key.to_string());
        assert_eq!(last(&own.replace("${x}", &filled)).as_deref(), Some("x"));
        assert_eq!(last(&own.replace("${x}", &format!("{filled}-c"))).as_deref(), Some("a"));
        assert_eq!(last(&own).as_deref(), Some("a"));
        assert_eq!(last(&format!("{own}\n{own}")), None, "one line of two");
    }
}
