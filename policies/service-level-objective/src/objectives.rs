//! Objectives, each in the words of its kind: whether it can be missed, and whether somebody hears of it.

use sdk::prelude::*;
use sdk::value::Value;

/// A PrometheusServiceLevel of Sloth.
pub fn check_sloth(level: Object<'_>, findings: &mut Findings) {
    check_service(level, findings);
    for slo in some_of(level.get("spec.slos"), findings) {
        check_percentage(slo.get("objective"), "objective: 99.9", findings);
        let alerting = slo.get("alerting");
        let is_off = |alert| alerting.get(alert).get("disable").bool() == Some(true);
        if is_off("pageAlert") && is_off("ticketAlert") {
            let message = "the page alert and the ticket alert are both disabled, so nobody hears that it is missed";
            findings.fail(alerting, message, "enable one of the two");
        }
    }
}

/// An SLO of OpenSLO.
pub fn check_openslo(slo: Object<'_>, findings: &mut Findings) {
    check_service(slo, findings);
    for objective in some_of(slo.get("spec.objectives"), findings) {
        let (target, percent) = (objective.get("target"), objective.get("targetPercent"));
        if percent.is_set() && !target.is_set() {
            check_percentage(percent, "targetPercent: 99.9", findings);
        } else if let Some(text) = number(target, "target: 0.999", findings) {
            check_range(target, text, 1, "target: 0.999", findings);
        }
    }
}

/// A ServiceLevelObjective of Pyrra.
pub fn check_pyrra(objective: Object<'_>, findings: &mut Findings) {
    let target = objective.get("spec.target");
    let fix = "target: \"99.9\"";
    match target.str() {
        Some(text) => check_range(target, text, 100, fix, findings),
        None => findings.fail(target, "there is no target", fix),
    }
    let alerting = objective.get("spec.alerting");
    let (disabled, burnrates) = (alerting.get("disabled"), alerting.get("burnrates"));
    let message = "the burn-rate alerts are disabled, so nobody hears that it is missed";
    if disabled.bool() == Some(true) {
        findings.fail(disabled, message, fix::set(disabled, false));
    } else if burnrates.bool() == Some(false) {
        findings.fail(burnrates, message, fix::set(burnrates, true));
    }
}

fn check_service(object: Object<'_>, findings: &mut Findings) {
    let service = object.get("spec.service");
    if service.str().is_none_or(str::is_empty) {
        findings.fail(service, "it names no service", fix::set(service, "<the name of the service>").example());
    }
}

/// The items of a list that is not empty.
fn some_of<'a>(list: Field<'a>, findings: &mut Findings) -> impl Iterator<Item = Field<'a>> + use<'a> {
    if list.items().next().is_none() {
        findings.fail(list, "there is no objective in it", "at least one objective");
    }
    list.items()
}

/// The number in a field, as text; says so where none is set.
fn number<'a>(field: Field<'a>, fix: &str, findings: &mut Findings) -> Option<&'a str> {
    match field.value() {
        Some(Value::Number(text)) => return Some(text),
        None => findings.fail(field, "there is no objective", fix),
        Some(_) => findings.fail(field, "this is no number", fix),
    }
    None
}

fn check_percentage(field: Field<'_>, fix: &str, findings: &mut Findings) {
    if let Some(text) = number(field, fix, findings) {
        check_range(field, text, 100, fix, findings);
    }
}

/// Judges an objective, of as many as are all: of 100 in percent, or of 1 as a fraction.
fn check_range(field: Field<'_>, text: &str, all: u8, fix: &str, findings: &mut Findings) {
    // A quantity may have a suffix, and these are plain numbers.
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'+' | b'-' | b'e' | b'E');
    let Some(number) = Quantity::parse(text).ok().filter(|_| text.bytes().all(is_plain)) else {
        return findings.fail(field, format!("`{text}` is no number"), fix);
    };
    let is_at_least = |limit| Quantity::parse(limit).is_ok_and(|limit| number >= limit);
    if is_at_least(if all == 1 { "1" } else { "100" }) {
        findings.fail(field, format!("{text} of {all} leaves no budget for errors"), fix);
    } else if number.is_zero() || number.is_negative() {
        findings.fail(field, format!("{text} of {all} promises nothing"), fix);
    } else if all != 1 && !is_at_least("1") {
        findings.warn(field, format!("{text} is a percentage here, so almost everything may fail"), fix);
    }
}
