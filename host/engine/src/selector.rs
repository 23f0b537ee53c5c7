//! Selectors: in a look-up, as `kubectl -l` and `--field-selector` write them, and in an object, as a `LabelSelector` or a
//! Service's plain map.
//!
//! The grammar of labels in a look-up is `k8s.io/apimachinery/pkg/labels.Parse`: `a=b`, `a==b`, `a!=b`, `a in (b,c)`,
//! `a notin (b,c)`, `a`, `!a`, joined by commas. Fields know `=`, `==` and `!=` alone.

use crate::manifest::{Entry, Node, Value};

/// Requirements, all of which must hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    condition: Condition,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

/// A text that is not a selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a selector")]
pub struct SelectorError(String);

impl Selector {
    /// Reads a selector; an empty one selects everything.
    ///
    /// # Errors
    /// Names the requirement that is not valid.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let requirements = split(text).map(|part| requirement(part).ok_or_else(|| SelectorError(part.to_owned())));
        if text.trim().is_empty() { Ok(Self::default()) } else { requirements.collect::<Result<_, _>>().map(Self) }
    }

    /// Reads a selector in an object: `matchLabels` and `matchExpressions`, or a plain map. A malformed one selects
    /// nothing: nothing is guessed.
    #[must_use]
    pub fn read(node: &Node) -> Option<Self> {
        let (labels, expressions) = (node.get("matchLabels"), node.get("matchExpressions"));
        if labels.is_none() && expressions.is_none() {
            return equalities(node).map(Self);
        }
        let mut all = labels.map_or(Some(Vec::new()), equalities)?;
        for item in expressions.map_or(&[][..], Node::items) {
            all.push(expression(item)?);
        }
        Some(Self(all))
    }

    /// Whether the labels of this object are selected.
    #[must_use]
    pub fn matches_labels(&self, object: &Node) -> bool {
        self.selects(object.get("metadata").and_then(|metadata| metadata.get("labels")))
    }

    /// Whether these labels are selected.
    #[must_use]
    pub fn selects(&self, labels: Option<&Node>) -> bool {
        self.matches(|key| labels.and_then(|labels| labels.get(key)).and_then(Node::as_str))
    }

    /// Whether the fields of this object are selected; a key is a dotted path.
    #[must_use]
    pub fn matches_fields(&self, object: &Node) -> bool {
        self.matches(|key| {
            let field = key.split('.').try_fold(object, |node, step| node.get(step));
            Some(field.and_then(Node::as_str).unwrap_or_default())
        })
    }

    /// A label and the one value that it must have, if a requirement is as plain as that.
    #[must_use]
    pub fn equality(&self) -> Option<(&str, &str)> {
        self.0.iter().find_map(|Requirement { key, condition }| match condition {
            Condition::In(values) => match values.as_slice() {
                [value] => Some((key.as_str(), value.as_str())),
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether it asks for a label. One that asks for nothing, or only for what must be absent, is about everything.
    #[must_use]
    pub fn names_a_label(&self) -> bool {
        self.0.iter().any(|requirement| matches!(requirement.condition, Condition::In(_) | Condition::Exists))
    }

    fn matches<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|Requirement { key, condition }| match (condition, value(key)) {
            (Condition::In(values), Some(value)) => values.iter().any(|known| known == value),
            (Condition::In(_), None) | (Condition::Exists, None) | (Condition::Absent, Some(_)) => false,
            (Condition::NotIn(values), Some(value)) => values.iter().all(|known| known != value),
            (Condition::NotIn(_) | Condition::Absent, None) | (Condition::Exists, Some(_)) => true,
        })
    }
}

/// What the labels of a map must be.
fn equalities(map: &Node) -> Option<Vec<Requirement>> {
    let Value::Mapping(entries) = &map.value else { return None };
    let equality = |entry: &Entry| {
        let condition = Condition::In(vec![entry.value.as_str()?.to_owned()]);
        Some(Requirement { key: entry.key.to_string(), condition })
    };
    entries.iter().map(equality).collect()
}

/// An item of `matchExpressions`.
fn expression(node: &Node) -> Option<Requirement> {
    let text = |key: &str| node.get(key)?.as_str().filter(|text| !text.is_empty());
    let values = || node.list("values").iter().filter_map(Node::as_str).map(str::to_owned).collect();
    let condition = match text("operator")? {
        "In" => Condition::In(values()),
        "NotIn" => Condition::NotIn(values()),
        "Exists" => Condition::Exists,
        "DoesNotExist" => Condition::Absent,
        _ => return None,
    };
    Some(Requirement { key: text("key")?.to_owned(), condition })
}

/// The parts between commas that stand outside parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |character| {
        match character {
            '(' => inside = true,
            ')' => inside = false,
            _ => {}
        }
        character == ',' && !inside
    })
}

fn requirement(text: &str) -> Option<Requirement> {
    let text = text.trim();
    let one = |value: &str| vec![value.trim().to_owned()];
    let (key, condition) = if let Some((key, value)) = text.split_once("!=") {
        (key, Condition::NotIn(one(value)))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key, Condition::In(one(value)))
    } else if let Some(key) = text.strip_prefix('!') {
        (key, Condition::Absent)
    } else if let Some((key, rest)) = text.split_once(char::is_whitespace) {
        let (operator, values) = rest.split_once('(')?;
        let values = values.trim_end().strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
        match operator.trim() {
            "in" => (key, Condition::In(values)),
            "notin" => (key, Condition::NotIn(values)),
            _ => return None,
        }
    } else {
        (text, Condition::Exists)
    };
    let key = key.trim();
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    is_key.then(|| Requirement { key: key.to_owned(), condition })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    #[test]
    fn requirements_are_anded() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: web, tier: front}}\n";
        let manifest = read("pod.yaml", text.into(), &Limits::default());
        let node = &manifest.objects().next().unwrap().node;
        for (selector, selected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("!zone", true),
            ("app=web", true),
            ("app==web, tier != back", true),
            ("app=web,tier=back", false),
            ("tier in (back, front)", true),
            ("tier notin (back,front),app", false),
            ("zone notin (a)", true),
            ("zone!=a", true),
            ("zone=a", false),
        ] {
            assert_eq!(Selector::parse(selector).unwrap().matches_labels(node), selected, "{selector}");
        }
        assert!(Selector::parse("metadata.name=p").unwrap().matches_fields(node));
        assert!(!Selector::parse("metadata.name!=p").unwrap().matches_fields(node));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in [",", "a,", "=b", "a in b", "a within (b)", "a in (b", "a b", "!"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
