//! Label selectors, as `metav1.LabelSelector` defines them.
//!
//! All requirements must hold (AND). An empty selector selects everything and an absent one nothing; where a kind says
//! otherwise (a PodDisruptionBudget of policy/v1beta1, a Service), its rule says so. Annotations and a few kinds carry the
//! selector as text, as `kubectl --selector` takes it.
//!
//! A pod has more labels than its template: its controller adds some, with values that are known only in part before the
//! pod exists. A selector that asks for one of these matches if it can match, see [`Label`].

mod text;

use alloc::format;
use alloc::string::ToString;

use crate::field::Field;
use crate::label::Label;
use crate::workload::Workload;

pub use text::text_matches;

/// A `metav1.LabelSelector`: `matchLabels` and `matchExpressions`.
#[derive(Clone, Copy)]
pub struct LabelSelector<'a>(Field<'a>);

impl<'a> LabelSelector<'a> {
    /// The selector that stands in this field.
    #[must_use]
    pub const fn new(field: Field<'a>) -> Self {
        Self(field)
    }

    /// Whether it selects everything: set, and without a requirement.
    #[must_use]
    pub fn is_everything(self) -> bool {
        self.0.map().is_some()
            && self.0.get("matchLabels").entries().next().is_none()
            && self.0.get("matchExpressions").items().next().is_none()
    }

    /// Reads all of it, so that what is malformed is noted: for a rule about the object whose selector it is.
    pub fn validate(self) {
        if self.0.map().is_some() {
            self.0.get("matchLabels").entries().for_each(|(_, value)| _ = value.str());
            self.0.get("matchExpressions").items().for_each(|requirement| _ = holds(requirement, &|_| None));
        }
    }

    /// Whether an object with these labels is selected. False for an absent selector.
    #[must_use]
    pub fn matches(self, labels: Field<'_>) -> bool {
        self.matches_by(&|key| labels.entry(key).str().map(Label::Is))
    }

    /// Whether the pods of a workload are selected, or one of them. False for an absent selector.
    #[must_use]
    pub fn selects(self, workload: Workload<'_>) -> bool {
        self.matches_by(&|key| workload.pod_label(key))
    }

    /// Whether something is selected whose labels this function gives: where they are not all in one map.
    #[must_use]
    pub fn matches_by<'l>(self, label: &dyn Fn(&str) -> Option<Label<'l>>) -> bool {
        self.0.map().is_some()
            && self.0.get("matchLabels").entries().all(|requirement| equals(requirement, label))
            && self.0.get("matchExpressions").items().all(|requirement| holds(requirement, label))
    }
}

/// Whether a bare map of labels, as in a Service's `spec.selector`, selects an object with these labels. An empty or
/// absent map selects nothing: such a Service's endpoints are somebody else's.
#[must_use]
pub fn map_matches(selector: Field<'_>, labels: Field<'_>) -> bool {
    map_matches_by(selector, &|key| labels.entry(key).str().map(Label::Is))
}

/// As [`map_matches`], for the pods of a workload, or one of them.
#[must_use]
pub fn map_selects(selector: Field<'_>, workload: Workload<'_>) -> bool {
    map_matches_by(selector, &|key| workload.pod_label(key))
}

fn map_matches_by<'l>(selector: Field<'_>, label: &dyn Fn(&str) -> Option<Label<'l>>) -> bool {
    selector.entries().next().is_some() && selector.entries().all(|requirement| equals(requirement, label))
}

/// Whether a label has a value, or can have it. A value that is no string is noted as malformed by the read; the API
/// server would refuse the object.
fn equals<'l>((key, value): (&str, Field<'_>), label: &dyn Fn(&str) -> Option<Label<'l>>) -> bool {
    value.str().is_some_and(|value| label(key).is_some_and(|label| label.may_be(value)))
}

fn holds<'l>(requirement: Field<'_>, label: &dyn Fn(&str) -> Option<Label<'l>>) -> bool {
    let (key, operator, values) = (requirement.get("key"), requirement.get("operator"), requirement.get("values"));
    let label = label(key.str().unwrap_or_default());
    let has_values = values.items().next().is_some();
    let mut texts = values.items().filter_map(Field::str);
    // What the API server would refuse selects nothing.
    let (holds, wants_values) = match operator.str().unwrap_or_default() {
        "In" => (label.is_some_and(|label| texts.any(|value| label.may_be(value))), true),
        "NotIn" => (label.is_none_or(|label| texts.all(|value| label.may_differ(value))), true),
        "Exists" => (label.is_some(), false),
        "DoesNotExist" => (label.is_none(), false),
        other => {
            let message = format!("`{other}` is no operator of a label selector");
            operator.note_malformed(message, "In, NotIn, Exists or DoesNotExist".into());
            return false;
        }
    };
    if key.str().is_none_or(str::is_empty) {
        key.note_malformed("this requirement names no label".to_string(), "the key of a label".into());
        return false;
    }
    if has_values != wants_values {
        let (message, fix) = if wants_values {
            ("this operator compares with values, and there is no value", "at least one value")
        } else {
            ("this operator takes no values", "no values")
        };
        values.note_malformed(message.to_string(), fix.into());
        return false;
    }
    holds
}
