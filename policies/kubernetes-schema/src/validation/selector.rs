//! Selectors of labels and of nodes.

use sdk::field::Field;
use sdk::prelude::*;

use super::{entries, forbid, items, text};
use crate::formats;
use crate::walk::Walk;

/// A requirement of a label selector.
pub fn selector_requirement<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let values = at.get("values");
    match text(at.get("operator")) {
        "In" | "NotIn" if items(values).next().is_none() => {
            walk.fail(values, "the operators `In` and `NotIn` need values", "values: [<value>]");
        }
        "Exists" | "DoesNotExist" if items(values).next().is_some() => forbid(walk, values, "for this operator"),
        _ => {}
    }
    for value in items(values) {
        label_value(walk, value);
    }
}

fn label_value<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if !formats::is_label_value(text(at)) {
        walk.fail(at, format!("this is not {}", formats::LABEL_VALUE.wanted), formats::LABEL_VALUE.wanted);
    }
}

/// A term of a node selector. Preferences of the scheduler take any text as a value, and what is required does not.
pub fn node_selector_term<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for requirement in items(at.get("matchExpressions")) {
        let (key, operator, values) = (requirement.get("key"), requirement.get("operator"), requirement.get("values"));
        let count = items(values).count();
        let is_wrong = match text(operator) {
            "In" | "NotIn" => count == 0,
            "Exists" | "DoesNotExist" => count > 0,
            "Gt" | "Lt" => count != 1,
            _ => false,
        };
        if is_wrong {
            walk.fail(
                values,
                format!("{count} values do not go with the operator `{}`", text(operator)),
                "one value or more for In and NotIn, one for Gt and Lt, none otherwise",
            );
        }
        if !operator.is_set() || text(operator).is_empty() {
            walk.fail(operator, "`operator` is required", "operator: In");
        }
        if !formats::is_qualified_name(text(key)) {
            walk.fail(key, format!("this is not {}", formats::QUALIFIED_NAME.wanted), formats::QUALIFIED_NAME.wanted);
        }
        if !at.path().ends_with("['preference']") {
            items(values).for_each(|value| label_value(walk, value));
        }
    }
    for requirement in items(at.get("matchFields")) {
        let (key, operator, values) = (requirement.get("key"), requirement.get("operator"), requirement.get("values"));
        if text(key) != "metadata.name" {
            walk.fail(
                key,
                "the one field of a node that can be selected by is its name",
                fix::set(key, "metadata.name"),
            );
        }
        if !matches!(text(operator), "In" | "NotIn") {
            walk.fail(operator, "the operator for a field is `In` or `NotIn`", "In or NotIn");
        } else if items(values).count() != 1 {
            walk.fail(values, "there must be one value here", "values: [<node>]");
        }
        for value in items(values) {
            if !formats::is_dns_subdomain(text(value)) {
                walk.fail(
                    value,
                    format!("this is not {}", formats::DNS_SUBDOMAIN.wanted),
                    formats::DNS_SUBDOMAIN.wanted,
                );
            }
        }
    }
}

/// A term of pod affinity.
pub fn pod_affinity_term<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    label_keys(walk, at);
}

/// Keys whose values are those of the pod itself.
pub fn label_keys<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (selector, matching) = (at.get("labelSelector"), at.get("matchLabelKeys"));
    for (list, other) in [(matching, at.entry("mismatchLabelKeys")), (at.entry("mismatchLabelKeys"), at.entry(""))] {
        if items(list).next().is_some() && !selector.is_set() {
            forbid(walk, list, "without a labelSelector");
        }
        for key in items(list) {
            if !formats::is_qualified_name(text(key)) {
                walk.fail(
                    key,
                    format!("this is not {}", formats::QUALIFIED_NAME.wanted),
                    formats::QUALIFIED_NAME.wanted,
                );
            }
            if items(other).any(|same| text(same) == text(key)) {
                walk.fail(key, "this key stands in both matchLabelKeys and mismatchLabelKeys", fix::remove(key));
            }
        }
    }
    // What the API server adds to the selector must not be there already.
    let mut seen: Vec<&str> = entries(selector.get("matchLabels")).map(|(key, _)| key).collect();
    let is_spread = at.get("maxSkew").is_set();
    for requirement in items(selector.get("matchExpressions")) {
        let key = text(requirement.get("key"));
        if !is_spread && seen.contains(&key) && items(matching).any(|same| text(same) == key) {
            walk.fail(requirement.get("key"), "this key stands in matchLabelKeys too", fix::remove(requirement));
        }
        seen.push(key);
    }
    if is_spread {
        for key in items(matching).filter(|key| seen.contains(&text(*key))) {
            walk.fail(key, "this key stands in the labelSelector too", fix::remove(key));
        }
    }
}

/// Whether the labels have what the selector asks for; what the API server refuses of the selector does not count.
pub fn selects(selector: Field<'_>, labels: Field<'_>) -> bool {
    let value = |key: &str| Some(labels.entry(key)).filter(|label| label.is_set()).map(text);
    let equal = entries(selector.get("matchLabels")).all(|(key, wanted)| value(key) == Some(text(wanted)));
    equal
        && items(selector.get("matchExpressions")).all(|requirement| {
            let own = value(text(requirement.get("key")));
            let is_among = || items(requirement.get("values")).any(|wanted| own == Some(text(wanted)));
            match text(requirement.get("operator")) {
                "In" => is_among(),
                "NotIn" => !is_among(),
                "Exists" => own.is_some(),
                "DoesNotExist" => own.is_none(),
                _ => true,
            }
        })
}

/// Whether a selector asks for nothing.
pub fn is_empty(selector: Field<'_>) -> bool {
    entries(selector.get("matchLabels")).next().is_none() && items(selector.get("matchExpressions")).next().is_none()
}
