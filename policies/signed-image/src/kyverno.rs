//! Rules of Kyverno that verify images, and whether one of them sees the pods of a workload.

use sdk::prelude::*;
use sdk::text;
use sdk::value::Value;

use crate::glob::{Dialect, Spelling, Verifier, any_matches, matches};
use crate::scope::{Pods, all, any, both, not, strings};

/// Adds the rules of a policy with `verifyImages`, each with the attestors that it needs to verify anything.
pub fn add<'a>(policy: Object<'a>, pods: &Pods<'_>, accept_audit: bool, verifiers: &mut Vec<Verifier<'a>>) {
    if policy.get("spec.admission").bool() == Some(false) {
        return;
    }
    let sent = pods.meet(policy.get("spec.webhookConfiguration.matchConditions"));
    for rule in policy.get("spec.rules").items() {
        let verifications = rule.get("verifyImages");
        if !verifications.has_items() {
            continue;
        }
        let sees = all([
            sent,
            selects(rule.get("match"), pods, false),
            not(selects(rule.get("exclude"), pods, true)),
            preconditions(rule.get("preconditions")),
            pods.meet(rule.get("celPreconditions")),
            is_without_exception(policy, rule, pods),
        ]
        .into_iter());
        if sees == Some(false) {
            continue;
        }
        for verification in verifications.items() {
            if is_attested(verification) && (enforces(policy, verification, pods) || accept_audit) {
                let mut verifier = Verifier::new(policy, Spelling::Kyverno, sees);
                verifier.patterns = strings(verification.get("imageReferences"));
                verifier.patterns.extend(verification.get("image").str());
                verifier.skipped = strings(verification.get("skipImageReferences"));
                verifiers.push(verifier);
            }
        }
    }
}

/// Whether no exception leaves the pods out of a rule. Where one does, it is open: Kyverno may be told to heed none.
fn is_without_exception(policy: Object<'_>, rule: Field<'_>, pods: &Pods<'_>) -> Option<bool> {
    let is_it = |exception: Field<'_>| {
        let of = exception.get("policyName").str().unwrap_or_default();
        let rules = strings(exception.get("ruleNames"));
        of.rsplit('/').next() == Some(policy.name())
            && any_matches(&rules, Dialect::Wildcard, rule.get("name").str().unwrap_or_default())
    };
    let leaves_out = |exception: &Object<'_>| {
        exception.get("spec.exceptions").items().any(is_it)
            && selects(exception.get("spec.match"), pods, false) != Some(false)
    };
    if pods.exceptions.iter().any(leaves_out) { None } else { Some(true) }
}

/// Whether there is anybody whose signature would do. `key` and `issuer` are how the first versions named an attestor.
fn is_attested(verification: Field<'_>) -> bool {
    let name_somebody = |attestors: Field<'_>| attestors.items().any(|attestor| attestor.get("entries").has_items());
    name_somebody(verification.get("attestors"))
        || verification.get("key").is_set()
        || verification.get("issuer").is_set()
        || verification.get("attestations").items().any(|attestation| name_somebody(attestation.get("attestors")))
}

/// Whether a failed verification refuses the pods: the rule says so, or the policy for their namespace, or for all.
fn enforces(policy: Object<'_>, verification: Field<'_>, pods: &Pods<'_>) -> bool {
    let namespace = pods.workload.object().namespace().unwrap_or("default");
    let overrides = policy.get("spec.validationFailureActionOverrides").items();
    let mut here =
        overrides.filter(|other| any_matches(&strings(other.get("namespaces")), Dialect::Wildcard, namespace));
    let own = verification.get("failureAction").str();
    let action = own
        .or_else(|| here.next().and_then(|other| other.get("action").str()))
        .or_else(|| policy.get("spec.validationFailureAction").str());
    action.is_some_and(|action| action.eq_ignore_ascii_case("enforce"))
}

/// Whether a rule's `match` or `exclude` is about the pods, be it by its `any`, by its `all` or by itself.
fn selects(selection: Field<'_>, pods: &Pods<'_>, is_exclusion: bool) -> Option<bool> {
    let means = |block: Field<'_>| block_means(block, pods, is_exclusion);
    if selection.get("any").has_items() {
        any(selection.get("any").items().map(means))
    } else if selection.get("all").has_items() {
        all(selection.get("all").items().map(means))
    } else if selection.get("resources").is_set() || names_users(selection) {
        means(selection)
    } else {
        Some(false)
    }
}

/// Whether one block is about the pods, whoever sends them: one about some users refuses others nothing, and leaves out
/// nobody else.
fn block_means(block: Field<'_>, pods: &Pods<'_>, is_exclusion: bool) -> Option<bool> {
    let everybody = block.get("subjects").items().any(|subject| {
        subject.get("kind").str() == Some("Group") && subject.get("name").str() == Some("system:authenticated")
    });
    if names_users(block) && !everybody {
        return Some(false);
    }
    let resources = block.get("resources");
    if !resources.is_set() { Some(is_exclusion || everybody) } else { means(resources, pods) }
}

fn names_users(block: Field<'_>) -> bool {
    ["subjects", "roles", "clusterRoles"].iter().any(|field| block.get(field).has_items())
}

/// Whether `resources` are these pods as they are created, or the workload.
fn means(resources: Field<'_>, pods: &Pods<'_>) -> Option<bool> {
    let workload = pods.workload;
    let lists = |field, is_meant: &dyn Fn(&str) -> bool| {
        let items = strings(resources.get(field));
        items.is_empty() || items.iter().any(|item| is_meant(item))
    };
    let is_kind = |kind: &str| {
        // `apps/v1/Deployment` is one, too.
        let kind = kind.rsplit_once('/').map_or(kind, |(_, kind)| kind);
        matches!(kind, "Pod" | "*") || kind == workload.kind()
    };
    let is_namespace =
        |pattern: &str| matches(pattern, Dialect::Wildcard, workload.object().namespace().unwrap_or("default"));
    // The workload's, or that of one of its pods.
    let pod = format!("{}-0", workload.object().name());
    let is_name = |pattern: &str| {
        matches(pattern, Dialect::Wildcard, workload.object().name()) || matches(pattern, Dialect::Wildcard, &pod)
    };
    let is_meant = lists("kinds", &is_kind)
        && lists("namespaces", &is_namespace)
        && lists("names", &is_name)
        && lists("operations", &|operation| operation == "CREATE")
        && resources.get("name").str().is_none_or(is_name)
        && pods.are_selected(resources.get("selector"));
    let by_annotations = if resources.get("annotations").entries().next().is_some() { None } else { Some(true) };
    all([Some(is_meant), by_annotations, pods.are_in(resources.get("namespaceSelector"))].into_iter())
}

/// Whether the rule's preconditions hold for pods that are created: `any`, `all`, or a plain list, which is `all`.
fn preconditions(conditions: Field<'_>) -> Option<bool> {
    if conditions.is_list() {
        return all(conditions.items().map(condition));
    }
    let some = conditions.get("any");
    both(
        all(conditions.get("all").items().map(condition)),
        if some.has_items() { any(some.items().map(condition)) } else { Some(true) },
    )
}

fn condition(condition: Field<'_>) -> Option<bool> {
    let key = known(condition.get("key"))?;
    let value = condition.get("value");
    let values: Vec<&str> =
        if value.is_list() { value.items().map(known).collect::<Option<_>>()? } else { [known(value)?].into() };
    let is_one = values.iter().any(|value| matches(value, Dialect::Wildcard, key));
    match condition.get("operator").str()?.to_ascii_lowercase().as_str() {
        "equals" | "equal" | "in" | "anyin" | "allin" => Some(is_one),
        "notequals" | "notequal" | "notin" | "anynotin" | "allnotin" => Some(!is_one),
        _ => None,
    }
}

/// What a text of a condition says; `None` where it holds a variable that only the cluster knows.
fn known(text: Field<'_>) -> Option<&str> {
    let text = match text.value()? {
        Value::String(text) | Value::Number(text) => *text,
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        _ => return None,
    };
    let Some(variable) = text.trim_ascii().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) else {
        return if text::holds(text, "{{") { None } else { Some(text) };
    };
    let variable = text::before(variable, "||").unwrap_or(variable).trim_ascii();
    (variable == "request.operation").then_some("CREATE")
}
