//! Relations between objects: which of a kind may select these labels, be selected by this selector, or name this name.
//!
//! A relation is a hint on a list look-up. It lets a host leave out what is surely unrelated, so that a rule's cost grows
//! with what it finds and not with the size of the namespace. The rule tests what it gets in any case, so a host that does
//! not know relations, such as Kubewarden's policy-server, gives the whole list and the verdict is the same. For that
//! reason everything here errs on the side of too many: what is malformed, absent or not understood is always related.
//!
//! The module must not know a kind of Kubernetes, nor where the objects come from: an index is made of nodes and their
//! numbers.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

use protocol::mask;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::manifest::{Look, Node, Value};

/// How many indices one kind may have. A rule asks by one or two fields; a hostile policy could ask by any number.
const INDICES: usize = 32;

/// Labels that controllers and network plugins add: a selector that uses them can match pods whose template lacks them.
const DERIVED: [&str; 11] = [
    "apps.kubernetes.io/",
    "batch.kubernetes.io/",
    "controller-revision-hash",
    "controller-uid",
    "deployment",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "serving.knative.dev/",
    "statefulset.kubernetes.io/",
];

/// The step of a field that says a list.
const LIST: &str = "[]";

/// What is asked of the objects of a kind.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Related {
    /// The field that relates, as in a field mask: `spec.selector`, `subjects.name`. In `spec.rules[].verifyImages` what is
    /// no list where `[]` says one is malformed.
    pub field: String,
    /// How it relates.
    #[serde(flatten)]
    pub how: How,
}

/// How a field relates an object to the one that is checked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The field is a label selector, or a bare map of labels, that selects these labels.
    Selects(Json),
    /// The field is a map of labels that this `metav1.LabelSelector` selects.
    SelectedBy(Json),
    /// The field, or one of its items or values, is one of these texts. Case does not count.
    Is(Vec<String>),
    /// The field is set.
    IsSet(bool),
}

/// The indices of the objects of one kind, each made when it is first asked for.
#[derive(Debug, Default)]
pub struct Indices(RwLock<HashMap<(Form, String), Arc<Index>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    Selectors,
    Labels,
    Texts,
    Set,
}

/// One index: numbers of objects by what their field says, and those that are always related.
#[derive(Clone, Debug, Default)]
struct Index {
    by_text: HashMap<Box<str>, Vec<usize>>,
    always: Vec<usize>,
    /// Bytes of what is filed, about.
    bytes: usize,
}

/// Bytes that a text takes in an index besides its own, and a number.
const TEXT: usize = 64;
const NUMBER: usize = 8;

impl Indices {
    /// The numbers of the objects that may be related in at least one of these ways, ascending; `None` where all may be.
    /// `nodes` gives all objects of the kind with their numbers, those of variants of one object several times.
    pub fn candidates<'a, I>(&self, related: &[Related], nodes: impl Fn() -> I) -> Option<Vec<usize>>
    where
        I: Iterator<Item = (usize, Look<'a>)>,
    {
        let mut found = BTreeSet::new();
        for Related { field, how } in related {
            let index = self.index(how.form()?, field, &nodes)?;
            found.extend(index.always.iter().copied());
            index.find(how, &mut found)?;
        }
        Some(found.into_iter().collect())
    }

    fn index<'a, I>(&self, form: Form, field: &str, nodes: &impl Fn() -> I) -> Option<Arc<Index>>
    where
        I: Iterator<Item = (usize, Look<'a>)>,
    {
        let key = (form, field.to_owned());
        if let Some(known) = self.0.read().ok()?.get(&key) {
            return Some(Arc::clone(known));
        }
        let index = Arc::new(Index::new(form, &mask::steps(field), nodes()));
        let mut indices = self.0.write().ok()?;
        if indices.len() >= INDICES && !indices.contains_key(&key) {
            return None;
        }
        Some(Arc::clone(indices.entry(key).or_insert(index)))
    }

    /// Files one more object, under a number that no other has had, in every index that there is.
    pub fn add(&mut self, number: usize, node: &Node) {
        let Ok(indices) = self.0.get_mut() else { return };
        for ((form, field), index) in indices {
            Arc::make_mut(index).add(*form, &mask::steps(field), number, node);
        }
    }

    /// Bytes that all indices take, about.
    pub fn bytes(&self) -> usize {
        self.0.read().map_or(0, |indices| indices.values().map(|index| index.bytes).sum())
    }
}

impl How {
    fn form(&self) -> Option<Form> {
        match self {
            Self::Selects(_) => Some(Form::Selectors),
            Self::SelectedBy(_) => Some(Form::Labels),
            Self::Is(_) => Some(Form::Texts),
            Self::IsSet(true) => Some(Form::Set),
            Self::IsSet(false) => None,
        }
    }
}

impl Index {
    fn new<'a>(form: Form, steps: &[String], nodes: impl Iterator<Item = (usize, Look<'a>)>) -> Self {
        let mut index = Self::default();
        let mut selectors: Vec<(usize, Vec<String>)> = Vec::new();
        for (number, node) in nodes {
            match (form.texts_of(&node, steps), form) {
                (Some(pairs), Form::Selectors) => selectors.push((number, pairs)),
                (texts, _) => index.file_all(texts, number),
            }
        }
        index.file_by_rarest(selectors);
        index
    }

    /// Files one more. A selector goes under the pair of its own that is the rarest so far.
    fn add(&mut self, form: Form, steps: &[String], number: usize, node: &Node) {
        let mut texts = form.texts_of(node, steps);
        if let (Some(pairs), Form::Selectors) = (&mut texts, form) {
            pairs.sort_by_key(|pair| self.by_text.get(pair.as_str()).map_or(0, Vec::len));
            pairs.truncate(1);
        }
        self.file_all(texts, number);
    }

    /// Files an object under each of these texts, or without texts to go by, as always related.
    fn file_all(&mut self, texts: Option<Vec<String>>, number: usize) {
        let Some(texts) = texts else {
            self.bytes += NUMBER;
            return self.always.push(number);
        };
        for text in texts {
            // A ServiceAccount logs in as `system:serviceaccount:<namespace>:<name>`: found by its name too.
            if let Some((_, name)) = text.rsplit_once(':') {
                self.file(name.to_owned(), number);
            }
            self.file(text, number);
        }
    }

    /// Files each selector under the rarest of its pairs: all must match, so one is enough to find it.
    fn file_by_rarest(&mut self, selectors: Vec<(usize, Vec<String>)>) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for pair in selectors.iter().flat_map(|(_, pairs)| pairs) {
            *counts.entry(pair.clone()).or_default() += 1;
        }
        for (number, pairs) in selectors {
            let rarest = pairs.into_iter().min_by_key(|pair| counts.get(pair).copied().unwrap_or_default());
            match rarest {
                Some(pair) => self.file(pair, number),
                None => self.always.push(number),
            }
        }
    }

    fn file(&mut self, text: String, number: usize) {
        if !self.by_text.contains_key(text.as_str()) {
            self.bytes += TEXT + text.len();
        }
        let numbers = self.by_text.entry(text.into_boxed_str()).or_default();
        if numbers.last() != Some(&number) {
            numbers.push(number);
            self.bytes += NUMBER;
        }
    }

    /// Adds what is related beside what always is; `None` where everything may be.
    fn find(&self, how: &How, found: &mut BTreeSet<usize>) -> Option<()> {
        let of = |text: &str| self.by_text.get(text).map_or(&[][..], Vec::as_slice);
        match how {
            // Without labels only what selects anything is related.
            How::Selects(Json::Null) => {}
            How::Selects(labels) => {
                for (key, value) in labels.as_object()? {
                    found.extend(of(&pair(key, value.as_str()?)));
                }
            }
            How::SelectedBy(selector) => {
                let pairs = selector.get("matchLabels").and_then(Json::as_object).into_iter().flatten();
                let pairs = pairs.filter(|(key, _)| !is_derived(key));
                let pairs: Option<Vec<String>> = pairs.map(|(key, value)| Some(pair(key, value.as_str()?))).collect();
                match pairs?.iter().map(|pair| of(pair)).min_by_key(|numbers| numbers.len()) {
                    Some(numbers) => found.extend(numbers),
                    None => self.find_by_expressions(selector, found)?,
                }
            }
            How::Is(texts) => found.extend(texts.iter().flat_map(|text| of(&text.to_ascii_lowercase()))),
            How::IsSet(_) => {}
        }
        Some(())
    }

    /// By the first requirement that lists the values it takes.
    fn find_by_expressions(&self, selector: &Json, found: &mut BTreeSet<usize>) -> Option<()> {
        let requirements = selector.get("matchExpressions")?.as_array()?;
        let requirement = requirements.iter().find(|it| {
            let key = it.get("key").and_then(Json::as_str).unwrap_or_default();
            it.get("operator").and_then(Json::as_str) == Some("In") && !is_derived(key)
        })?;
        let key = requirement.get("key")?.as_str()?;
        for value in requirement.get("values")?.as_array()? {
            found.extend(self.by_text.get(pair(key, value.as_str()?).as_str()).into_iter().flatten());
        }
        Some(())
    }
}

impl Form {
    /// What an object is filed under by its values at the end of these steps; `None` where it is always related.
    fn texts_of(self, node: &Node, steps: &[String]) -> Option<Vec<String>> {
        let mut values = Vec::new();
        if collect(node, steps, &mut values) { self.texts(&values) } else { None }
    }

    /// What an object is filed under; `None` where it is always related.
    fn texts(self, values: &[&Node]) -> Option<Vec<String>> {
        match (self, values) {
            (Self::Selectors, [selector]) => selector_pairs(selector),
            (Self::Labels, [labels]) => pairs(labels),
            // Without labels nothing that asks for a label selects it; but they may stand elsewhere.
            (Self::Selectors | Self::Labels, _) => None,
            (Self::Texts, values) => {
                let texts: Option<Vec<Vec<String>>> = values.iter().map(|value| texts(value)).collect();
                texts.map(|texts| texts.concat())
            }
            (Self::Set, []) => Some(Vec::new()),
            (Self::Set, _) => None,
        }
    }
}

/// The values at the end of the steps, lists entered without a word. False where what is on the way is malformed, or a key
/// is there in another case: who reads the object may take it for the field, or complain of it.
fn collect<'a>(node: &'a Node, steps: &[String], values: &mut Vec<&'a Node>) -> bool {
    match (&node.value, steps.split_first()) {
        (Value::Null, _) => true,
        (Value::Sequence(items), Some((step, rest))) if step == LIST => {
            items.iter().all(|item| collect(item, rest, values))
        }
        (_, Some((step, _))) if step == LIST => false,
        (Value::Sequence(items), Some(_)) => items.iter().all(|item| collect(item, steps, values)),
        (_, None) => {
            values.push(node);
            true
        }
        (Value::Mapping(entries), Some((step, rest))) => {
            let mut named = entries.iter().filter(|entry| entry.key.eq_ignore_ascii_case(step));
            named.all(|entry| *entry.key == **step && collect(&entry.value, rest, values))
        }
        _ => false,
    }
}

/// A string, or the strings in a list or a map; `None` where something else is among them.
fn texts(value: &Node) -> Option<Vec<String>> {
    let one = |node: &Node| node.as_str().map(str::to_ascii_lowercase);
    match &value.value {
        Value::Sequence(items) => items.iter().map(one).collect(),
        Value::Mapping(entries) => entries.iter().map(|entry| one(&entry.value)).collect(),
        _ => Some(vec![one(value)?]),
    }
}

/// The pairs that a selector asks for, without those that a controller may add; `None` where it may select anything.
fn selector_pairs(selector: &Node) -> Option<Vec<String>> {
    let Value::Mapping(entries) = &selector.value else { return None };
    let is_selector = entries
        .iter()
        .any(|entry| ["matchLabels", "matchExpressions"].iter().any(|key| entry.key.eq_ignore_ascii_case(key)));
    let labels = if is_selector { selector.get("matchLabels")? } else { selector };
    let Value::Mapping(entries) = &labels.value else { return None };
    let asked = entries.iter().filter(|entry| !is_derived(&entry.key));
    let pairs: Option<Vec<String>> = asked.map(|entry| Some(pair(&entry.key, entry.value.as_str()?))).collect();
    pairs.filter(|pairs| !pairs.is_empty())
}

fn pairs(labels: &Node) -> Option<Vec<String>> {
    let Value::Mapping(entries) = &labels.value else { return None };
    entries.iter().map(|entry| Some(pair(&entry.key, entry.value.as_str()?))).collect()
}

fn is_derived(key: &str) -> bool {
    // Cilium's keys carry their source (`k8s:app`) and what it derives (`io.cilium.k8s.policy.cluster`).
    key.contains(':') || key.starts_with("io.") || DERIVED.iter().any(|derived| key.starts_with(derived))
}

/// A label as one text. Neither keys nor values may hold this separator.
fn pair(key: &str, value: &str) -> String {
    [key, "\u{1f}", value].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::{Limits, Object, read};

    /// The names of the objects that may be related.
    fn related(objects: &[&str], asked: &[Json]) -> Vec<usize> {
        let text: Vec<String> = objects
            .iter()
            .map(|object| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\n{object}\n"))
            .collect();
        let manifest = read("a.yaml", text.join("---\n").into(), &Limits::default());
        let nodes: Vec<&Object> = manifest.objects().collect();
        assert_eq!(nodes.len(), objects.len());
        let asked: Vec<Related> = serde_json::from_value(json!(asked)).unwrap_or_default();
        assert!(!asked.is_empty());
        let all = || nodes.iter().map(|object| object.node.look()).enumerate();
        Indices::default().candidates(&asked, all).unwrap_or_else(|| (0..nodes.len()).collect())
    }

    #[test]
    fn selectors_are_found_by_the_labels_that_they_select() {
        let objects = [
            "spec: {selector: {app: web}}",
            "spec: {selector: {app: web, tier: front}}",
            "spec: {selector: {app: db}}",
            "spec: {selector: {matchLabels: {app: web}}}",
            "spec: {selector: {matchLabels: {app: db}, matchExpressions: [{key: app, operator: Exists}]}}",
        ];
        let asked = json!({"field": "spec.selector", "selects": {"app": "web", "tier": "front"}});
        assert_eq!(related(&objects, &[asked]), [0, 1, 3]);
        let without = json!({"field": "spec.selector", "selects": null});
        assert_eq!(related(&objects, &[without]), [0; 0]);
        let malformed = json!({"field": "spec.selector", "selects": ["app"]});
        assert_eq!(related(&objects, &[malformed]), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_may_select_anything_is_always_related() {
        let objects = [
            "spec: {}",
            "spec: {selector: null}",
            "spec: {selector: {}}",
            "spec: {selector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}",
            "spec: {selector: [app]}",
            "spec: {selector: {app: 1}}",
            "spec: {Selector: {app: db}}",
            "spec: [selector]",
            "spec: text",
            "spec: {selector: {statefulset.kubernetes.io/pod-name: db-0}}",
            "spec: {selector: {matchLabels: {'k8s:app': web}}}",
            "spec: {selector: {app: db}}",
        ];
        let asked = json!({"field": "spec.selector", "selects": {"app": "web"}});
        assert_eq!(related(&objects, &[asked]), (0..11).collect::<Vec<_>>());
    }

    #[test]
    fn labels_are_found_by_a_selector() {
        let objects = ["labels: {app: web, tier: front}", "labels: {app: db}", "labels: [web]", "other: {}"];
        let by = |selector: Json| related(&objects, &[json!({"field": "labels", "selected_by": selector})]);
        assert_eq!(by(json!({"matchLabels": {"app": "web"}})), [0, 2, 3]);
        assert_eq!(by(json!({"matchLabels": {"app": "web", "tier": "back"}})), [2, 3]);
        assert_eq!(by(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["db"]}]})), [1, 2, 3]);
        for everything in [json!({}), json!({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}), json!(1)]
        {
            assert_eq!(by(everything), [0, 1, 2, 3]);
        }
    }

    #[test]
    fn texts_are_found_in_lists_and_maps_whatever_their_case() {
        let objects = [
            "subjects: [{name: web}, {name: db}]",
            "subjects: [{name: other}, {}]",
            "subjects: [{name: 1}]",
            "subjects: {name: {any: Web}}",
            "nothing: here",
        ];
        let is = |texts: Json| related(&objects, &[json!({"field": "subjects.name", "is": texts})]);
        assert_eq!(is(json!(["WEB"])), [0, 2, 3]);
        assert_eq!(is(json!(["other", "db"])), [0, 1, 2]);
        assert_eq!(is(json!([])), [2]);
    }

    #[test]
    fn several_relations_add_up() {
        let objects = ["spec: {service: web}", "labels: {a: web}", "x: {}", "spec: {rules: [{verify: []}]}"];
        let asked =
            [json!({"field": "spec.service", "is": ["web"]}), json!({"field": "spec.rules.verify", "is_set": true})];
        assert_eq!(related(&objects, &asked), [0, 3]);
    }

    #[test]
    fn what_should_be_a_list_and_is_none_is_always_related() {
        let objects =
            ["spec: {rules: [{name: a}]}", "spec: {rules: [{verify: []}]}", "spec: {rules: {name: a}}", "spec: {}"];
        assert_eq!(related(&objects, &[json!({"field": "spec.rules[].verify", "is_set": true})]), [1, 2]);
    }
}
