//! Annotations by which an object excuses itself.

use super::ignored::{Ignored, Target, Tool, What};
use crate::builtin;
use crate::manifest::{Document, Manifest, Node, Object, Value};
use crate::pods;

/// What a tool ignores as a whole.
const ALL: &str = "waive the rules that fail, one by one";

/// Adds what the objects of a document say, in their own annotations and in those of their pods.
pub fn collect(manifest: &Manifest, document: &Document, all: &mut Vec<Ignored>) {
    for object in document.objects() {
        let tree = object.node.look();
        // A Pod is its own template.
        let template = pods::template(object, &tree).filter(|template| !std::ptr::eq(*template, &*tree));
        for node in [Some(&*tree), template].into_iter().flatten() {
            let annotations = node.get("metadata").and_then(|metadata| metadata.get("annotations"));
            let Some(Value::Mapping(entries)) = annotations.map(|node| &node.value) else { continue };
            for entry in entries {
                let at = format!("{}:{}", manifest.name, manifest.source.position(entry.key_span.start).line);
                read(&entry.key, &entry.value, object, &at, all);
            }
        }
    }
}

fn read(key: &str, value: &Node, object: &Object, at: &str, all: &mut Vec<Ignored>) {
    let value = value.as_str().unwrap_or_default().trim();
    let mut add = |tool, check: Option<&str>, why: &str| {
        let why = Some(why.trim()).filter(|why| !why.is_empty()).map(str::to_owned);
        let what = match (check, target(object)) {
            (None, _) => What::Other(format!("{key}: all checks of an object"), ALL),
            (Some(check), None) => What::Other(format!("{key}: {check}"), "the object has no name: give it one"),
            (Some(check), Some(target)) => What::Object(check.to_owned(), target),
        };
        all.push(Ignored { tool, what, why, at: at.to_owned() });
    };
    if let Some(check) = key.strip_prefix("ignore-check.kube-linter.io/") {
        add(Tool::KubeLinter, Some(check), value);
    } else if key == "kube-linter.io/ignore-all" {
        add(Tool::KubeLinter, None, value);
    } else if key == "kube-score/ignore" {
        let checks = value.split(',').map(str::trim).filter(|check| !check.is_empty());
        checks.for_each(|check| add(Tool::KubeScore, Some(check), ""));
    } else if let Some(exempt) = key.strip_prefix("polaris.fairwinds.com/") {
        if value == "true" && exempt == "exempt" {
            add(Tool::Polaris, None, "");
        } else if let Some(check) = exempt.strip_suffix("-exempt").filter(|_| value == "true") {
            add(Tool::Polaris, Some(check), "");
        }
    } else if key.strip_prefix("checkov.io/skip").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let (check, why) = value.split_once('=').unwrap_or((value, ""));
        add(Tool::Checkov, Some(check.trim()), why);
    }
}

/// The object as a waiver names it.
fn target(object: &Object) -> Option<Target> {
    let kind = builtin::full_kind(object.group(), &object.kind);
    let (namespace, name) = (object.namespace.clone(), object.name.clone()?);
    Some(Target { kind: Some(kind), namespace, name, container: None })
}
