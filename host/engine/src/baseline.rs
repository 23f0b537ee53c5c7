//! Findings that were there before somebody looked: a run against a baseline fails for new ones only.
//!
//! A finding is the same as long as its rule, its object, its container, its field and what it says are the same. Files may
//! be renamed, lines may move, and items of lists that have names may change places. Equal findings are told apart by a
//! number, in the order of the input. Nothing is compared by counts: one finding never stands for another.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Finding;
use protocol::path::{Segment, parse, push_index, push_key};
use serde::Serialize;
use serde_json::Value as Json;

use crate::builtin;
use crate::manifest::{Content, Limits, Node, Object, Position, Value, read};
use crate::spelling::suggestion;
use crate::yaml;

/// What a file of known findings says that it is.
const FORMAT: &str = "seaworthy.dev/baseline/v1";

/// What an entry of the file has.
const KEYS: [&str; 9] = ["rule", "kind", "namespace", "name", "container", "path", "says", "ordinal", "environments"];

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Known {
    /// The rule.
    pub rule: String,
    /// The object's kind; of groups that are not Kubernetes' own as kubectl has it, `Service.serving.knative.dev`.
    pub kind: String,
    /// The object's namespace; empty where it names none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The container; empty where none is concerned.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The field. Items of lists go by their names where they have some.
    pub path: String,
    /// What is wrong.
    pub says: String,
    /// Which one of equal findings, from 1.
    #[serde(skip_serializing_if = "is_first")]
    pub ordinal: usize,
}

// serde gives a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_first(ordinal: &usize) -> bool {
    *ordinal == 1
}

/// Why a file is no baseline, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}", line = .position.line, column = .position.column)]
pub struct BaselineError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub position: Position,
}

/// Known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline(BTreeSet<Known>);

/// What became of a baseline in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Findings that the baseline knows.
    pub known: usize,
    /// Findings that it does not know.
    pub new: usize,
    /// What it knows and nobody finds any more, of rules that were asked.
    pub stale: Vec<Known>,
}

impl Baseline {
    /// These findings: what is broken, each by which rule, in which environment and which object.
    pub fn of<'f>(findings: impl Iterator<Item = (&'f str, Option<&'f str>, &'f Object, &'f Finding)>) -> Self {
        let mut numbers = Numbers::default();
        let known = findings
            .map(|(rule, environment, object, finding)| numbers.number(Known::new(rule, object, finding), environment));
        Self(known.collect())
    }

    /// Has it know one more.
    pub fn add(&mut self, known: Known) {
        self.0.insert(known);
    }

    /// Whether it knows this one.
    #[must_use]
    pub fn knows(&self, known: &Known) -> bool {
        self.0.contains(known)
    }

    /// How many findings it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What it knows and the other does not.
    pub fn without<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = &'b Known> {
        self.0.difference(&other.0)
    }

    /// The same, without these.
    #[must_use]
    pub fn less(mut self, gone: &[Known]) -> Self {
        gone.iter().for_each(|known| _ = self.0.remove(known));
        self
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(name: &str, text: Vec<u8>) -> Result<Self, BaselineError> {
        let limits = Limits { bytes: 64 << 20, nodes: 4_000_000, lines: 4_000_000, ..Limits::default() };
        let manifest = read(name, text, &limits);
        if let Some(problem) = manifest.problems.first() {
            return Err(BaselineError { message: problem.kind.to_string(), position: problem.position });
        }
        let refuse = |node: &Node, message: String| BaselineError {
            message,
            position: manifest.source.position(node.span.start),
        };
        let none = || {
            let message =
                format!("this is no baseline: it has no `format: {FORMAT}`; `seaworthy baseline write` makes one");
            BaselineError { message, position: Position { line: 1, column: 1 } }
        };
        let [document] = manifest.documents.as_slice() else { return Err(none()) };
        let Content::Other(root) = &document.content else { return Err(none()) };
        if root.get("format").and_then(Node::as_str) != Some(FORMAT) {
            return Err(none());
        }
        let items = match root.get("findings").map(|findings| &findings.value) {
            None | Some(Value::Null) => &[],
            Some(Value::Sequence(items)) => items.as_slice(),
            Some(_) => return Err(refuse(root, "`findings` is a list".into())),
        };
        let mut known = BTreeSet::new();
        for item in items {
            let Value::Mapping(entries) = &item.value else {
                return Err(refuse(item, "a finding is a mapping".into()));
            };
            if let Some(entry) = entries.iter().find(|entry| !KEYS.contains(&&*entry.key)) {
                let hint = suggestion(&entry.key, &KEYS);
                return Err(refuse(&entry.value, format!("`{}` is not known here{hint}", entry.key)));
            }
            let text = |key: &str| match item.get(key) {
                None => Ok(String::new()),
                Some(node) => {
                    let text = node.as_str().map(str::to_owned);
                    text.ok_or_else(|| refuse(node, format!("`{key}` is a string")))
                }
            };
            let needed = |key: &str| match text(key)? {
                text if text.is_empty() => Err(refuse(item, format!("`{key}` is missing"))),
                text => Ok(text),
            };
            let ordinal = match item.get("ordinal").map(|node| (&node.value, node)) {
                None => 1,
                Some((Value::Number(number), node)) => {
                    let number = number.as_u64().filter(|number| *number > 0);
                    let number = number.and_then(|number| usize::try_from(number).ok());
                    number.ok_or_else(|| refuse(node, "`ordinal` is a number from 1 on".into()))?
                }
                Some((_, node)) => return Err(refuse(node, "`ordinal` is a number from 1 on".into())),
            };
            known.insert(Known {
                rule: needed("rule")?,
                kind: needed("kind")?,
                namespace: text("namespace")?,
                name: text("name")?,
                container: text("container")?,
                path: needed("path")?,
                says: text("says")?,
                ordinal,
            });
        }
        Ok(Self(known))
    }

    /// As a file: a line each, in an order of its own, so that a change of one is a change of one line.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut text = format!(
            "# Findings that were known when this was written. `seaworthy check --baseline` fails for all others.\n\
             # `seaworthy baseline update` takes out what was fixed.\n\
             format: {FORMAT}\nfindings:{}\n",
            if self.0.is_empty() { " []" } else { "" }
        );
        for known in &self.0 {
            let fields = [
                ("rule", &known.rule),
                ("kind", &known.kind),
                ("namespace", &known.namespace),
                ("name", &known.name),
                ("container", &known.container),
                ("path", &known.path),
                ("says", &known.says),
            ];
            let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
            let mut fields: Vec<String> =
                fields.map(|(key, value)| format!("{key}: {}", yaml::flow(&Json::from(value.as_str())))).collect();
            if known.ordinal > 1 {
                fields.push(format!("ordinal: {}", known.ordinal));
            }
            text.push_str(&format!("- {{{}}}\n", fields.join(", ")));
        }
        text
    }
}

impl Known {
    /// What a rule's finding about an object is known by; the first of its kind.
    #[must_use]
    pub fn new(rule: &str, object: &Object, finding: &Finding) -> Self {
        let [kind, namespace, name] = identity(object);
        Self {
            rule: rule.to_owned(),
            kind,
            namespace,
            name,
            container: finding.container.clone().unwrap_or_default(),
            path: named(&object.node, &finding.path),
            says: finding.message.clone(),
            ordinal: 1,
        }
    }

    /// What it calls its object: the kind, the namespace and the name.
    #[must_use]
    pub fn object(&self) -> [&str; 3] {
        [&self.kind, &self.namespace, &self.name]
    }

    /// For people: `run-as-non-root: Deployment shop/web, container app: it runs as root`.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { rule, kind, namespace, name, container, says, .. } = self;
        let namespace = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        let container = if container.is_empty() { String::new() } else { format!(", container {container}") };
        format!("{rule}: {kind} {namespace}{name}{container}: {says}")
    }
}

/// What findings call an object: its kind, its namespace and its name.
#[must_use]
pub fn identity(object: &Object) -> [String; 3] {
    let kind = builtin::full_kind(object.group(), &object.kind);
    [kind, object.namespace.clone().unwrap_or_default(), object.display_name()]
}

/// How often each finding was there, to number equal ones. What several environments have alike is one finding.
#[derive(Default)]
pub struct Numbers(BTreeMap<(Known, Option<String>), usize>);

impl Numbers {
    /// The finding, with its number.
    pub fn number(&mut self, known: Known, environment: Option<&str>) -> Known {
        let count = self.0.entry((known.clone(), environment.map(str::to_owned))).or_default();
        *count += 1;
        Known { ordinal: *count, ..known }
    }
}

/// A path in which items of lists go by their names, where they have names of their own: a container stays the
/// same when another one is put before it.
fn named(node: &Node, path: &str) -> String {
    let Some(segments) = parse(path) else { return path.to_owned() };
    let (mut at, mut text) = (Some(node), String::from("$"));
    for segment in &segments {
        let next = match (segment, at.map(|node| &node.value)) {
            (Segment::Key(_), _) | (_, None) => at.and_then(|node| node.find(std::slice::from_ref(segment))),
            (Segment::Index(index), Some(Value::Sequence(items))) => items.get(*index),
            (Segment::Index(_), Some(_)) => None,
        };
        match (segment, own_name(at, next)) {
            (Segment::Key(key), _) if is_plain(key) => {
                text.push('.');
                text.push_str(key);
            }
            (Segment::Key(key), _) => push_key(&mut text, key),
            (Segment::Index(_), Some(name)) => {
                text.push_str("[name=");
                text.push_str(name);
                text.push(']');
            }
            (Segment::Index(index), None) => push_index(&mut text, *index),
        }
        at = next;
    }
    text
}

/// Whether a key can stand behind a dot.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The name of an item, if no other item of the list has it.
fn own_name<'n>(list: Option<&Node>, item: Option<&'n Node>) -> Option<&'n str> {
    let Value::Sequence(items) = &list?.value else { return None };
    let name = item?.get("name").and_then(Node::as_str)?;
    let same = items.iter().filter(|item| item.get("name").and_then(Node::as_str) == Some(name)).count();
    (same == 1).then_some(name)
}

#[cfg(test)]
mod tests {
    use protocol::Level;

    use super::*;

    fn object(yaml: &str) -> Object {
        read("a.yaml", yaml.into(), &Limits::default()).objects().next().unwrap().clone()
    }

    fn finding(path: &str, message: &str) -> Finding {
        Finding {
            level: Level::Violation,
            path: path.into(),
            container: None,
            message: message.into(),
            fix: None,
            conceal: false,
        }
    }

    fn known(yaml: &str, path: &str) -> Known {
        Known::new("r", &object(yaml), &finding(path, "m"))
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    env:\n    - \
                       name: A\n    - name: A\n  - name: proxy\n";

    #[test]
    fn items_go_by_names_of_their_own() {
        let path = |path: &str| known(POD, path).path;
        assert_eq!(path("$['spec']['containers'][1]['image']"), "$.spec.containers[name=proxy].image");
        assert_eq!(path("$['spec']['containers'][0]['env'][1]"), "$.spec.containers[name=app].env[1]");
        assert_eq!(path("$['spec']['containers'][7]['image']"), "$.spec.containers[7].image");
        assert_eq!(path("$['spec']['volumes'][0]"), "$.spec.volumes[0]");
        assert_eq!(path("$['metadata']['annotations']['a.b/c']"), "$.metadata.annotations['a.b/c']");
        assert_eq!(path("$"), "$");
    }

    #[test]
    fn a_finding_is_the_same_whatever_version_its_object_has() {
        let of = |api_version: &str, kind: &str| {
            known(&format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web}}\n"), "$").kind
        };
        assert_eq!(of("apps/v1", "Deployment"), "Deployment");
        assert_eq!(of("extensions/v1beta1", "Deployment"), "Deployment");
        assert_eq!(of("v1", "Service"), "Service");
        assert_eq!(of("serving.knative.dev/v1", "Service"), "Service.serving.knative.dev");
        assert_eq!(of("argoproj.io/v1alpha1", "Rollout"), "Rollout.argoproj.io");
    }

    #[test]
    fn a_baseline_is_read_back_as_it_was_written() {
        let first = known(POD, "$['spec']");
        let mut numbers = Numbers::default();
        let odd = Known { says: "a: \"b\", {c} # d\nand 'e'".into(), namespace: "shop".into(), ..first.clone() };
        let all = [numbers.number(first.clone(), None), numbers.number(first, None), numbers.number(odd, None)];
        let baseline = Baseline(all.into_iter().collect());
        let text = baseline.to_yaml();
        assert_eq!(Baseline::read("b.yaml", text.clone().into_bytes()), Ok(baseline), "{text}");
        assert!(text.contains(", ordinal: 2}\n"), "{text}");
        let empty = Baseline::default();
        assert_eq!(Baseline::read("b.yaml", empty.to_yaml().into_bytes()), Ok(empty));
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_its_place() {
        let read = |entry: &str| {
            let text = format!("format: {FORMAT}\nfindings:\n- {entry}\n");
            Baseline::read("b.yaml", text.into_bytes())
                .map(|baseline| baseline.len())
                .map_err(|cause| cause.to_string())
        };
        assert_eq!(read("{rule: a, kind: Pod, name: web, path: $, says: m, environments: [dev]}"), Ok(1));
        for (entry, said) in [
            ("{rule: a, kind: Pod, path: $, contaner: b}", "did you mean `container`?"),
            ("{rule: a, kind: Pod}", "3:3: `path` is missing"),
            ("{rule: 1, kind: Pod, path: $}", "3:10: `rule` is a string"),
            ("{rule: a, kind: Pod, path: $, ordinal: 0}", "`ordinal` is a number from 1 on"),
            ("a", "a finding is a mapping"),
        ] {
            let refused = read(entry).unwrap_err();
            assert!(refused.contains(said), "{entry}: {refused}");
        }
        for text in ["", "[]", "format: other\n", "apiVersion: v1\nkind: Pod\n"] {
            assert!(
                Baseline::read("b.yaml", text.into()).unwrap_err().message.starts_with("this is no baseline"),
                "{text}"
            );
        }
    }
}
