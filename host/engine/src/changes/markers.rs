//! The comments by which Flux's image automation knows which field it writes another image into, each with that field:
//! `image: web:1 # {"$imagepolicy": "shop:web"}`.
//!
//! It must not know that there is another version.

use super::fields::names;
use crate::manifest::{Content, Manifest, Node, Value};

/// Each comment behind the path of its field: moved to another field, it is another. The value of the field is no part of
/// it, for it is there to be replaced.
pub fn find(manifest: &Manifest) -> Vec<String> {
    let text = manifest.source.text();
    if !text.split('#').skip(1).any(is_marker) {
        return Vec::new();
    }
    let mut fields = Vec::new();
    for document in &manifest.documents {
        match &document.content {
            Content::Objects(objects) => {
                objects.iter().for_each(|object| collect(&object.node.look(), object.label(), &mut fields));
            }
            Content::Other(node) => collect(node, String::new(), &mut fields),
            Content::Empty | Content::Template | Content::Broken | Content::Foreign(_) => {}
        }
    }
    fields.sort_unstable();
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(comment) = line.find('#').and_then(|at| line.get(at..)).filter(|comment| is_marker(comment)) {
            let offset = start + line.len() - comment.len();
            let before = fields.partition_point(|(at, _)| (*at as usize) < offset);
            let field = before.checked_sub(1).and_then(|at| fields.get(at)).map_or("", |(_, path)| path.as_str());
            found.push(format!("{field} {}", comment.trim_end()));
        }
        start += line.len();
    }
    found
}

/// Flux reads the comment as JSON, in which each letter may be written as its number.
fn is_marker(comment: &str) -> bool {
    comment.contains("$imagepolicy") || comment.contains("\\u")
}

/// Where the fields begin, each with its path. Items of lists go by their names where all of them have one.
fn collect(node: &Node, path: String, fields: &mut Vec<(u32, String)>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                let path = format!("{path}.{}", entry.key);
                fields.push((entry.key_span.start, path.clone()));
                collect(&entry.value, path, fields);
            }
        }
        Value::Sequence(items) => {
            let names = names(items);
            for (at, item) in items.iter().enumerate() {
                let name = names.as_ref().and_then(|names| names.get(at)).map(|name| (*name).to_owned());
                collect(item, format!("{path}[{}]", name.unwrap_or_else(|| at.to_string())), fields);
            }
        }
        _ => fields.push((node.span.start, path)),
    }
}
