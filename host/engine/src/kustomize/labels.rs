//! What kustomizations add to the labels and the selectors of the objects that they build.
//!
//! It matters for an object that was not rendered: what it lacks here, the build gives it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{Graph, STEPS};
use crate::file::File;
use crate::manifest::{Node, Value};

/// What is added to all objects of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Labels of the objects.
    labels: BTreeSet<String>,
    /// Labels of their pod templates.
    of_templates: BTreeSet<String>,
    /// Whether selectors are added too.
    has_selectors: bool,
}

/// Where the labels of pod templates are, that of a CronJob among them.
const TEMPLATES: [&str; 2] = [
    "$['spec']['template']['metadata']['labels']",
    "$['spec']['jobTemplate']['spec']['template']['metadata']['labels']",
];

impl Added {
    /// Whether a finding at this place, a normalised path at which nothing stands, is about what is added.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let is_selector = path == "$['spec']['selector']" || path == "$['spec']['selector']['matchLabels']";
        let label = |start: &str| path.strip_prefix(start)?.strip_prefix("['")?.strip_suffix("']");
        self.has_selectors && is_selector
            || label("$['metadata']['labels']").is_some_and(|label| self.labels.contains(label))
            || TEMPLATES.iter().any(|place| label(place).is_some_and(|label| self.of_templates.contains(label)))
    }

    fn read(node: &Node) -> Self {
        let keys = |node: Option<&Node>| match node.map(|node| &node.value) {
            Some(Value::Mapping(entries)) => entries.iter().map(|entry| entry.key.to_string()).collect(),
            _ => BTreeSet::new(),
        };
        let common: BTreeSet<String> = keys(node.get("commonLabels"));
        let mut added = Self { has_selectors: !common.is_empty(), labels: common.clone(), of_templates: common };
        for entry in node.list("labels") {
            let is_true = |key: &str| entry.get(key).is_some_and(|node| node.value == Value::Bool(true));
            let pairs = keys(entry.get("pairs"));
            let has_selectors = is_true("includeSelectors") && !pairs.is_empty();
            added.has_selectors |= has_selectors;
            if has_selectors || is_true("includeTemplates") {
                added.of_templates.extend(pairs.iter().cloned());
            }
            added.labels.extend(pairs);
        }
        added
    }

    fn extend(&mut self, other: &Self) {
        self.labels.extend(other.labels.iter().cloned());
        self.of_templates.extend(other.of_templates.iter().cloned());
        self.has_selectors |= other.has_selectors;
    }
}

/// What is added, by the index of the file.
pub(crate) fn added(files: &[Arc<File>], graph: &Graph<'_>) -> HashMap<usize, Added> {
    let (mut all, mut steps): (HashMap<usize, Added>, usize) = (HashMap::new(), STEPS);
    for (index, kustomization) in graph.kustomizations.iter().enumerate() {
        let added = Added::read(kustomization.node);
        if added == Added::default() {
            continue;
        }
        // A Component adds to what those build that include it.
        let builders = graph.builders(index);
        for file in graph.build(files, &builders, &mut steps).files {
            all.entry(file).or_default().extend(&added);
        }
    }
    all
}
