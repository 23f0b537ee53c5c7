//! Whether somebody who checks what enters a cluster sees the pods of a workload come in.
//!
//! Answers are `Some(true)`, `Some(false)`, or `None` where only the cluster can tell: it depends on labels of a Namespace
//! that is not in sight, or on an expression. The module must not know who checks what.

use sdk::label::Label;
use sdk::prelude::*;

/// The pods of a workload on their way into the cluster.
pub struct Pods<'a> {
    /// What they are pods of.
    pub workload: Workload<'a>,
    /// Their Namespace, where it is in sight.
    pub namespace: Option<Object<'a>>,
    /// The PolicyExceptions of Kyverno, where it verifies anything.
    pub exceptions: Vec<Object<'a>>,
}

/// Whether both are so.
pub fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Whether all are so; nothing at all is.
pub fn all(them: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    them.fold(Some(true), both)
}

/// Whether one of them is so; of nothing none is.
pub fn any(them: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    not(all(them.map(not)))
}

/// Whether it is not so.
pub fn not(it: Option<bool>) -> Option<bool> {
    it.map(|it| !it)
}

impl Pods<'_> {
    /// Whether a rule of a webhook's kind (`operations`, `apiGroups`, `resources`) is about the creation of the pods, or
    /// of the workload.
    pub fn are_reviewed_by(&self, rule: Field<'_>) -> bool {
        // The API requires all of these; what a list leaves out is not what it rules out.
        let has = |field, wanted: &[&str]| {
            let items = strings(rule.get(field));
            (items.is_empty() && field != "resources") || items.iter().any(|item| wanted.contains(item))
        };
        let object = self.workload.object();
        let own = plural(self.workload.kind());
        let names = rule.get("resourceNames");
        has("operations", &["CREATE", "*"])
            && !matches!(rule.get("scope").str(), Some("Cluster"))
            && (!names.has_items() || names.items().any(|name| name.str() == Some(object.name())))
            && (has("resources", &["pods", "*", "*/*"]) && has("apiGroups", &["", "*"])
                || has("resources", &[&own, "*", "*/*"]) && has("apiGroups", &[object.group(), "*"]))
    }

    /// Whether one of these rules is.
    pub fn are_reviewed(&self, rules: Field<'_>) -> bool {
        rules.items().any(|rule| self.are_reviewed_by(rule))
    }

    /// Whether a selector of their labels, if there is one, selects them.
    pub fn are_selected(&self, selector: Field<'_>) -> bool {
        !selector.is_set() || LabelSelector::new(selector).selects(self.workload)
    }

    /// Whether a selector of namespaces, if there is one, selects theirs. A Namespace that is not in sight has its name
    /// for a label, and is taken to have none that is asked not to be there.
    pub fn are_in(&self, selector: Field<'_>) -> Option<bool> {
        if !selector.is_set() || LabelSelector::new(selector).is_everything() {
            return Some(true);
        }
        let name = self.workload.object().namespace();
        if let Some(namespace) = self.namespace {
            let label = |key: &str| match key {
                "kubernetes.io/metadata.name" => name,
                key => namespace.labels().entry(key).str(),
            };
            return Some(LabelSelector::new(selector).matches_by(&|key| label(key).map(Label::Is)));
        }
        let wants_more = |requirement: Field<'_>| {
            requirement.get("key").str() != Some("kubernetes.io/metadata.name")
                && matches!(requirement.get("operator").str(), Some("In" | "Exists"))
        };
        let mut labels = selector.get("matchLabels").entries();
        if name.is_none()
            || labels.any(|(key, _)| key != "kubernetes.io/metadata.name")
            || selector.get("matchExpressions").items().any(wants_more)
        {
            return None;
        }
        let label = |key: &str| if key == "kubernetes.io/metadata.name" { name.map(Label::Is) } else { None };
        Some(LabelSelector::new(selector).matches_by(&label))
    }

    /// Whether expressions let them through to the check: only the cluster evaluates one.
    pub fn meet(&self, conditions: Field<'_>) -> Option<bool> {
        if conditions.has_items() { None } else { Some(true) }
    }
}

/// The plural name of a resource by its kind.
fn plural(kind: &str) -> String {
    let name = kind.to_ascii_lowercase();
    name + "s"
}

pub fn strings(list: Field<'_>) -> Vec<&str> {
    list.items().filter_map(Field::str).collect()
}
