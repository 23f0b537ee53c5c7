//! A waiver that somebody may want, as an edit of a configuration's text. Why, and who answers for it, are theirs to write:
//! until then the configuration is refused, so that nothing is waived without a reason.

use crate::builtin::full_kind;
use crate::manifest::{Content, Limits, Object, Value, read};
use crate::waiver::Date;
use crate::yaml::flow;

/// How many days a waiver lasts that says nothing else.
const DAYS: u16 = 90;

/// The text of a configuration with a waiver for what this rule says of the object, or of the container. None where the
/// text is written so that nothing can be added to it.
#[must_use]
pub fn with_waiver(text: &str, rule: &str, object: &Object, container: Option<&str>, today: Date) -> Option<String> {
    let name = object.name.as_deref()?;
    let pair = |key: &str, value: &str| format!("{key}: {}", flow(&value.into()));
    let mut whose = vec![pair("kind", &full_kind(object.group(), &object.kind))];
    whose.extend(object.namespace.as_deref().map(|namespace| pair("namespace", namespace)));
    whose.push(pair("name", name));
    let mut lines = vec![pair("- rule", rule), format!("  object: {{{}}}", whose.join(", "))];
    lines.extend(container.map(|container| pair("  container", container)));
    lines.extend([
        "  owner: ''".to_owned(),
        "  reason: ''".to_owned(),
        pair("  expires", &today.after(DAYS).to_string()),
    ]);

    let (at, before, column) = place(text)?;
    let (head, tail) = text.split_at_checked(at)?;
    let waiver: String = lines.iter().map(|line| format!("{:column$}{line}\n", "")).collect();
    let gap = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    let new = format!("{head}{gap}{before}{waiver}{tail}");
    (waivers(&new)? == waivers(text)? + 1).then_some(new)
}

/// Where another waiver is written: at which byte, what comes before it, and in which column.
fn place(text: &str) -> Option<(usize, &'static str, usize)> {
    let manifest = read("", text.into(), &Limits::default());
    let list = manifest.documents.first().and_then(|document| match &document.content {
        Content::Other(node) => node.entry("waivers"),
        _ => None,
    });
    let Some(last) = list.and_then(|list| list.value.items().last()) else {
        return list.is_none().then_some((text.len(), "waivers:\n", 2));
    };
    // The item begins behind its `- `.
    let start = text.get(..last.span.start as usize)?;
    let column = start.len() - start.rfind('\n').map_or(0, |at| at + 1);
    let end = last.span.end as usize;
    let behind = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at + 1);
    Some((behind, "", column.checked_sub(2)?))
}

/// How many waivers a configuration has; none where it is no configuration.
fn waivers(text: &str) -> Option<usize> {
    let manifest = read("", text.into(), &Limits::default());
    let is_read = manifest.problems.is_empty() && manifest.documents.len() <= 1;
    match manifest.documents.first().map(|document| &document.content) {
        _ if !is_read => None,
        None | Some(Content::Empty) => Some(0),
        Some(Content::Other(node)) if matches!(node.value, Value::Mapping(_)) => Some(node.list("waivers").len()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: 'on', namespace: shop}\n";

    fn waived(text: &str, container: Option<&str>) -> Option<String> {
        let manifest = read("web.yaml", OBJECT.into(), &Limits::default());
        let object = manifest.objects().next().unwrap();
        with_waiver(text, "runbook", object, container, Date::parse("2026-11-30").unwrap())
    }

    const WAIVER: &str = "  - rule: runbook\n    object: {kind: Rollout.argoproj.io, namespace: shop, name: 'on'}\n    \
                          owner: ''\n    reason: ''\n    expires: '2027-02-28'\n";

    #[test]
    fn a_waiver_is_added_to_those_that_are_there() {
        for (text, head) in
            [("", "waivers:\n"), ("# ours\n", "# ours\nwaivers:\n"), ("rules: {}", "rules: {}\nwaivers:\n")]
        {
            assert_eq!(waived(text, None).unwrap(), format!("{head}{WAIVER}"), "{text}");
        }
        let (before, after) = ("waivers:\n  - rule: a\n    reason: b # kept\n", "profile: full\n");
        assert_eq!(waived(&format!("{before}{after}"), None).unwrap(), format!("{before}{WAIVER}{after}"));
        let column_0 = waived("waivers:\n- {rule: a}\n", Some("app")).unwrap();
        assert!(column_0.contains("}\n- rule: runbook\n") && column_0.contains("\n  container: app\n"), "{column_0}");
    }

    #[test]
    fn a_text_that_is_written_otherwise_is_left_alone() {
        for text in
            ["{profile: full}", "waivers: [{rule: a}]\n", "waivers: []\n", "a: [", "- a\n", "a: b\n---\nc: d\n", OBJECT]
        {
            assert_eq!(waived(text, None), None, "{text}");
        }
    }
}
