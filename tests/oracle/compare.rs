//! Whether a text means the same to our reader and to Kubernetes' decoder.

use engine::manifest::{Content, Document, Limits, Node, ProblemKind, read};
use protocol::FieldMask;
use protocol::path::{self, Segment};
use serde_json::Value;

pub enum Verdict {
    /// Both read the same.
    Read,
    /// Neither reads it.
    Refused,
    /// We refuse with a line what the decoder reads: a key that is there twice, text behind the value.
    Stricter,
    Differs(String),
}

/// Compares what our reader makes of a text with the decoder's answers, one a document.
pub fn compare(text: &str, answers: &Value) -> Verdict {
    let answers = answers.as_array().map(Vec::as_slice).unwrap_or_default();
    // kubectl ends at the first document that it cannot read.
    let theirs: Vec<&Value> = answers.iter().map_while(|answer| answer.get("json")).collect();
    let is_read = theirs.len() == answers.len();
    let manifest = read("text.yaml", text.as_bytes().to_vec(), &Limits::default());
    if let Some(problem) = manifest.problems.first() {
        // What is no YAML to us is no YAML to the decoder. Behind `...` it does not look.
        let is_grammar = |kind: &ProblemKind| {
            matches!(
                kind,
                ProblemKind::Syntax(_)
                    | ProblemKind::TabIndentation
                    | ProblemKind::UnknownAnchor
                    | ProblemKind::InvalidTag { .. }
            )
        };
        if is_read
            && is_grammar(&problem.kind)
            && !text.contains("...")
            && !text.contains('\u{feff}')
            && !text.contains('\r')
        {
            return Verdict::Differs(format!("we refuse what the decoder reads: {problem}"));
        }
        return if is_read { Verdict::Stricter } else { Verdict::Refused };
    }
    let mut ours = manifest.documents.iter().filter(|document| !matches!(document.content, Content::Empty));
    for value in theirs.into_iter().filter(|value| !value.is_null() && !is_empty_list(value)) {
        // Documents that it does not look at, behind `...`, may stand between.
        let mut reasons = Vec::new();
        loop {
            let Some(document) = ours.next() else {
                return Verdict::Differs(format!("{value} is not among ours: {}", reasons.join("; ")));
            };
            match difference(document, value) {
                None => break,
                Some(reason) => reasons.push(reason),
            }
        }
        if !reasons.is_empty() && is_read && !text.contains("...") && !text.contains('\r') {
            return Verdict::Differs(reasons.join("; "));
        }
    }
    // kubectl reads JSON value behind value.
    let is_stream = text.contains("...") || text.contains('\r') || text.trim_start().starts_with(['{', '[']);
    if ours.next().is_some() && is_read && !is_stream {
        return Verdict::Differs("we read more documents than the decoder".into());
    }
    if is_read { Verdict::Read } else { Verdict::Refused }
}

/// A list of nothing, which we count as empty.
fn is_empty_list(value: &Value) -> bool {
    let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    let items = value.get("items").filter(|_| is_list);
    items.is_some_and(|items| items.is_null() || items.as_array().is_some_and(Vec::is_empty))
}

/// How the document differs from the value, if it does.
fn difference(document: &Document, value: &Value) -> Option<String> {
    match &document.content {
        Content::Other(node) => (!is_same(&json(node), value)).then(|| format!("{} is not {value}", json(node))),
        Content::Objects(objects) => objects.iter().find_map(|object| {
            let path = path::parse(&object.path).unwrap_or_default();
            let Some(theirs) = at(value, &path) else { return Some(format!("{value} has no {}", object.path)) };
            let (mut ours, mut theirs) = (json(&object.node), theirs.clone());
            if !path.is_empty() {
                // What an item of a list takes from its list.
                for key in ["apiVersion", "kind"] {
                    for side in [&mut ours, &mut theirs] {
                        side.as_object_mut().map(|members| members.remove(key));
                    }
                }
            }
            (!is_same(&ours, &theirs)).then(|| format!("{ours} is not {theirs}"))
        }),
        // An object whose kind a template is to tell: the run is incomplete.
        Content::Template
            if value["kind"].to_string().contains("{{") || value["apiVersion"].to_string().contains("{{") =>
        {
            None
        }
        Content::Template => Some("it is taken for a template".into()),
        _ => Some("it is skipped".into()),
    }
}

fn at<'a>(value: &'a Value, path: &[Segment]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get(key.as_str()),
        Segment::Index(index) => value.get(*index),
    })
}

fn json(node: &Node) -> Value {
    let mut out = Vec::new();
    node.write_json(&FieldMask::whole(), &mut out);
    serde_json::from_slice(&out).unwrap_or_else(|error| panic!("we write no JSON: {error}"))
}

/// Equal but for how a number is written: `1e3` is 1000, and -0 is 0.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => {
            a == b
                || (!(a.is_i64() && b.is_i64()) && {
                    let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
                    (a - b).abs() <= a.abs() * 1e-15
                })
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| is_same(value, other)))
        }
        (a, b) => a == b,
    }
}
