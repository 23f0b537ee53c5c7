//! Where objects carry values that may be secrets: people put passwords into all of these.
//!
//! It must not know any rule. That a value is here says nothing against it, but that no excerpt has to show it.

use std::iter;

use protocol::workload_kind;

use crate::documents;
use crate::manifest::{Node, Object, Span, Value};

/// The places of all values of an object that may be secrets.
///
/// These are the values of a Secret's `data` and `stringData` and of a ConfigMap's `data`, and of every container of a
/// workload the values of `env` and the items of `command` and `args`, and the lines of a log. Empty ones are none.
pub(super) fn values(object: &Object) -> Vec<Span> {
    let node = &*object.node;
    let values: Vec<&Node> = match (object.group(), object.kind.as_str()) {
        ("", "Secret") => ["data", "stringData"].iter().flat_map(|key| members(node.get(key))).collect(),
        ("", "ConfigMap") => members(node.get("data")).collect(),
        (documents::GROUP, documents::LOG_SAMPLE) => {
            members(node.get("spec").and_then(|spec| spec.get("lines"))).collect()
        }
        (group, kind) => {
            let Some(workload) = workload_kind(group, kind) else { return Vec::new() };
            let template = workload.template.iter().try_fold(node, |node, key| node.get(key));
            let spec = template.and_then(|template| template.get("spec"));
            let classes = ["containers", "initContainers", "ephemeralContainers"];
            let containers = classes.iter().flat_map(|class| members(spec.and_then(|spec| spec.get(class))));
            containers.flat_map(of_container).collect()
        }
    };
    values.into_iter().filter(|value| !is_empty(value)).map(|value| value.span).collect()
}

/// Whether none of the object's values is shown even where it is what a finding is about: what a program writes is as
/// little known as what a Secret holds.
pub(super) fn are_never_shown(object: &Object) -> bool {
    matches!((object.group(), object.kind.as_str()), ("", "Secret") | (documents::GROUP, documents::LOG_SAMPLE))
}

fn of_container(container: &Node) -> impl Iterator<Item = &Node> {
    let env = members(container.get("env")).filter_map(|variable| variable.get("value"));
    env.chain(["command", "args"].iter().flat_map(|key| members(container.get(key))))
}

/// The values of a mapping, the items of a list, or what stands in place of them.
fn members(node: Option<&Node>) -> Box<dyn Iterator<Item = &Node> + '_> {
    match node.map(|node| (node, &node.value)) {
        None => Box::new(iter::empty()),
        Some((_, Value::Mapping(entries))) => Box::new(entries.iter().map(|entry| &entry.value)),
        Some((_, Value::Sequence(items))) => Box::new(items.iter()),
        Some((node, _)) => Box::new(iter::once(node)),
    }
}

fn is_empty(node: &Node) -> bool {
    node.value == Value::Null || node.as_str() == Some("")
}
