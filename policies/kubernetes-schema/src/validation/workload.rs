//! What makes pods of a template: Deployments and their like, Jobs and CronJobs.

use sdk::cron::{Schedule, is_time_zone, time_zone_like};
use sdk::field::Field;
use sdk::prelude::*;
use sdk::value::Value;

use super::{entries, forbid, items, number, require, selector, text};
use crate::formats;
use crate::walk::Walk;

/// A Deployment, DaemonSet, ReplicaSet or StatefulSet.
pub fn workload<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (chosen, template) = (at.get("spec.selector"), at.get("spec.template"));
    if walk.is_told(&template.path()) {
        // Without a template, there is nothing to select.
    } else if !chosen.is_set() {
        if at.get("spec").is_set() || walk.kind.name != "DaemonSet" {
            walk.fail(chosen, "`selector` is required", "selector: {matchLabels: <the labels of the template>}");
        }
    } else if selector::is_empty(chosen) {
        walk.fail(chosen, "an empty selector would take every pod", "matchLabels: <the labels of the template>");
    } else if !selector::selects(chosen, template.get("metadata.labels")) {
        walk.fail(
            template.get("metadata.labels"),
            "the selector does not match these labels",
            "the labels that spec.selector asks for",
        );
    }
    runs_for_ever(walk, template);
}

/// A template whose pods are restarted whenever they end.
fn runs_for_ever<'a>(walk: &mut Walk<'a, '_>, template: Field<'a>) {
    let restart = template.get("spec.restartPolicy");
    if !matches!(text(restart), "" | "Always") {
        walk.fail(restart, "the pods of this kind are always restarted", fix::set(restart, "Always"));
    }
    forbid(walk, template.get("spec.activeDeadlineSeconds"), "where pods run for ever");
}

/// How much an amount of pods is: a count, or a percentage of all. What is neither is said.
fn share<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, most: i64) -> Option<i64> {
    match at.value()? {
        Value::String(said) if formats::is_percent(said) => {
            let percent = said.trim_end_matches('%').parse::<i64>().unwrap_or(i64::MAX);
            if percent > most {
                walk.fail(at, format!("{said} is more than all"), format!("at most {most}%"));
            }
            Some(percent)
        }
        Value::String(said) => {
            let fix = if said.parse::<i64>().is_ok() {
                "a whole number, without quotes"
            } else {
                "a whole number, or a percentage such as 25%"
            };
            walk.fail(at, "this is neither a whole number nor a percentage", fix);
            Some(said.parse().unwrap_or(0))
        }
        Value::Number(said) => {
            let count = said.parse().ok()?;
            if count < 0 {
                walk.fail(at, "this is less than nothing", "a whole number of at least 0, or a percentage");
            }
            Some(count)
        }
        _ => None,
    }
}

pub fn deployment<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let strategy = at.get("strategy");
    let rolling = strategy.get("rollingUpdate");
    if text(strategy.get("type")) == "Recreate" {
        forbid(walk, rolling, "for the type Recreate");
    } else {
        let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
        let shares = (share(walk, unavailable, 100), share(walk, surge, i64::MAX));
        if shares.0 == Some(0) && shares.1 == Some(0) {
            walk.fail(
                unavailable,
                "maxUnavailable and maxSurge are both 0, so that nothing could ever be rolled out",
                fix::set(unavailable, 1),
            );
        }
    }
    let (deadline, ready) = (at.get("progressDeadlineSeconds"), number(at.get("minReadySeconds")).unwrap_or(0));
    if number(deadline).unwrap_or(600) <= ready {
        walk.fail(
            deadline,
            format!("this is not more than minReadySeconds, {ready}"),
            "more seconds than minReadySeconds",
        );
    }
}

pub fn daemon_set<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let strategy = at.get("updateStrategy");
    if text(strategy.get("type")) == "OnDelete" {
        return;
    }
    let (unavailable, surge) = (strategy.get("rollingUpdate.maxUnavailable"), strategy.get("rollingUpdate.maxSurge"));
    let shares = (share(walk, unavailable, 100).unwrap_or(1), share(walk, surge, 100).unwrap_or(0));
    match shares {
        (0, 0) => walk.fail(
            unavailable,
            "maxUnavailable and maxSurge are both 0, so that nothing could ever be rolled out",
            fix::set(unavailable, 1),
        ),
        (0, _) | (_, 0) => {}
        _ => walk.fail(surge, "maxSurge goes with `maxUnavailable: 0` only", fix::set(unavailable, 0)),
    }
}

pub fn stateful_set<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let strategy = at.get("updateStrategy");
    if text(strategy.get("type")) == "OnDelete" {
        forbid(walk, strategy.get("rollingUpdate"), "for the type OnDelete");
    }
    let service = at.get("serviceName");
    // In a template of a claim, the server looks at the specification alone.
    if !text(service).is_empty() && !formats::is_dns_label(text(service)) && walk.minor >= 34 {
        walk.fail(service, format!("this is not {}", formats::DNS_LABEL.wanted), formats::DNS_LABEL.wanted);
    }
}

pub fn replication_controller<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (chosen, template) = (at.get("selector"), at.get("template"));
    let labels = template.get("metadata.labels");
    // Without a selector it is the labels of the template.
    if entries(chosen).next().is_none() && entries(labels).next().is_none() {
        walk.fail(labels, "the template has no labels, and there is no selector", "labels: {app: <name>}");
    }
    if entries(chosen).any(|(key, wanted)| text(labels.entry(key)) != text(wanted) || !labels.entry(key).is_set()) {
        walk.fail(labels, "the selector does not match these labels", "the labels that spec.selector asks for");
    }
    runs_for_ever(walk, template);
}

/// The schedule of a CronJob, and its time zone.
pub fn cron_job<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (schedule, zone) = (at.get("schedule"), at.get("timeZone"));
    if let Err(cause) = Schedule::parse(text(schedule))
        && !text(schedule).is_empty()
    {
        walk.fail(schedule, cause.to_string(), "a schedule such as `0 3 * * *`");
    }
    if matches!(zone.value(), Some(Value::String(name)) if !is_time_zone(name)) {
        let message = format!("`{}` is no time zone of the IANA database", text(zone));
        match time_zone_like(text(zone)) {
            Some(meant) => walk.fail(zone, message, fix::set(zone, meant.as_str())),
            None => walk.fail(zone, message, "a time zone such as Europe/Paris"),
        }
    }
}

pub fn job<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let restart = at.get("template.spec.restartPolicy");
    match text(restart) {
        "OnFailure" if at.get("podFailurePolicy").is_set() => {
            walk.fail(restart, "with a podFailurePolicy, pods are never restarted", fix::set(restart, "Never"));
        }
        "OnFailure" | "Never" => {}
        _ => walk.fail(
            restart,
            "the pods of a Job end, so its restartPolicy is `Never` or `OnFailure`",
            fix::set(restart, "Never"),
        ),
    }
    let is_indexed = text(at.get("completionMode")) == "Indexed";
    let (completions, failed) = (at.get("completions"), at.get("maxFailedIndexes"));
    if is_indexed {
        // A Job that says neither has one of each; the template of a CronJob is not filled in.
        if walk.kind.name != "Job" || at.get("parallelism").is_set() {
            require(walk, completions, "for the completionMode Indexed");
        }
        if number(at.get("parallelism")).is_some_and(|number| number > 100_000) {
            walk.fail(at.get("parallelism"), "this is more than 100000", "a whole number up to 100000");
        }
        if matches!((number(failed), number(completions)), (Some(failed), Some(all)) if failed > all || failed > 100_000)
        {
            walk.fail(failed, "this is more than completions, or than 100000", "fewer");
        }
        let name = text(walk.root.get("metadata.name"));
        if let Some(count) =
            number(completions).filter(|count| *count > 0 && !name.is_empty() && walk.kind.name == "Job")
            && !formats::is_dns_label(&format!("{name}-{}", count - 1))
        {
            walk.fail(
                walk.root.get("metadata.name"),
                "this name with an index is no DNS label",
                formats::DNS_LABEL.wanted,
            );
        }
    } else {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
            forbid(walk, at.get(field), "without `completionMode: Indexed`");
        }
    }
    if failed.is_set() {
        require(walk, at.get("backoffLimitPerIndex"), "beside maxFailedIndexes");
    }
    let replacement = at.get("podReplacementPolicy");
    if at.get("podFailurePolicy").is_set() && !matches!(text(replacement), "" | "Failed") {
        walk.fail(replacement, "with a podFailurePolicy this is `Failed`", fix::set(replacement, "Failed"));
    }
    let containers: Vec<&str> = super::containers(at.get("template.spec")).map(|each| text(each.get("name"))).collect();
    for rule in items(at.get("podFailurePolicy.rules")) {
        let name = rule.get("onExitCodes.containerName");
        if name.is_set() && !containers.contains(&text(name)) {
            walk.fail(name, format!("the template has no container `{}`", text(name)), "the name of a container");
        }
        if text(rule.get("action")) == "FailIndex" && !at.get("backoffLimitPerIndex").is_set() {
            walk.fail(rule.get("action"), "`FailIndex` needs a backoffLimitPerIndex", "backoffLimitPerIndex:");
        }
    }
    if is_indexed {
        success(walk, at);
    }
    generated_selector(walk, at);
}

/// The selector of a Job is made by the API server, unless it is said to be a person's.
fn generated_selector<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (chosen, manual) = (at.get("selector"), at.get("manualSelector").bool() == Some(true));
    if walk.kind.name == "CronJob" {
        if chosen.is_set() {
            forbid(walk, chosen, "in the template of a CronJob: it is made for each Job");
        }
        if manual {
            walk.fail(
                at.get("manualSelector"),
                "the selector of a CronJob's Jobs is made for each of them",
                fix::remove(at.get("manualSelector")),
            );
        }
    } else if manual {
        if !chosen.is_set() {
            require(walk, chosen, "with manualSelector");
        } else if !selector::selects(chosen, at.get("template.metadata.labels")) {
            walk.fail(
                at.get("template.metadata.labels"),
                "the selector does not match these labels",
                "the labels that spec.selector asks for",
            );
        }
    } else if chosen.is_set() && !selector::is_empty(chosen) && !is_of_own_uid(walk, chosen) {
        walk.fail(
            chosen,
            "the selector of a Job is made by the API server, unless manualSelector is set",
            fix::remove(chosen),
        );
    }
}

/// Whether the API server made this selector: a Job in a cluster selects by its own uid.
fn is_of_own_uid<'a>(walk: &Walk<'a, '_>, chosen: Field<'a>) -> bool {
    let uid = walk.root.get("metadata.uid").str().filter(|uid| !uid.is_empty());
    let labels = chosen.get("matchLabels");
    let keys = ["batch.kubernetes.io/controller-uid", "controller-uid"];
    uid.is_some() && keys.iter().any(|key| labels.entry(key).str() == uid)
}

fn success<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let all = number(at.get("completions")).unwrap_or(0);
    for rule in items(at.get("successPolicy.rules")) {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.is_set() && !indexes.is_set() {
            walk.fail(
                rule,
                "none of succeededCount, succeededIndexes is set",
                "one of succeededCount, succeededIndexes",
            );
        }
        let total = if indexes.is_set() { self::indexes(text(indexes), all) } else { Some(all) };
        match (total, number(count)) {
            (None, _) => walk.fail(indexes, "these are no ordered indexes below completions", "indexes such as 0,2-4"),
            (Some(total), Some(count_said))
                if count_said < 0 || count_said > all || (indexes.is_set() && count_said > total) =>
            {
                walk.fail(count, "this is more than there are", "fewer");
            }
            _ => {}
        }
    }
}

/// How many indexes `0,2-4` are; `None` if it is malformed, out of order or beyond `all`.
fn indexes(text: &str, all: i64) -> Option<i64> {
    let (mut last, mut total) = (-1, 0);
    if text.is_empty() {
        return Some(0);
    }
    for part in text.split(',') {
        let (start, end) = part.split_once('-').map_or((part, None), |(start, end)| (start, Some(end)));
        let start: i64 = start.parse().ok()?;
        let end: i64 = end.map_or(Some(start), |end| end.parse().ok().filter(|end| *end > start))?;
        if start <= last || end >= all {
            return None;
        }
        total += end - start + 1;
        last = end;
    }
    Some(total)
}

pub fn failure_rule<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (codes, conditions) = (at.get("onExitCodes"), items(at.get("onPodConditions")).count());
    match (codes.is_set(), conditions) {
        (true, 0) => {}
        (true, _) => walk.fail(
            at.get("onPodConditions"),
            "only one of onExitCodes, onPodConditions may be set",
            fix::remove(at.get("onPodConditions")),
        ),
        (false, 0) => {
            walk.fail(at, "none of onExitCodes, onPodConditions is set", "one of onExitCodes, onPodConditions")
        }
        (false, count) if count > 20 => {
            walk.fail(at.get("onPodConditions"), "there are more than 20 conditions", "at most 20")
        }
        _ => {}
    }
}

pub fn exit_codes<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let mut last = None;
    for value in items(at.get("values")) {
        let code = number(value);
        if text(at.get("operator")) == "In" && code == Some(0) {
            walk.fail(value, "the code 0 is no failure", fix::remove(value));
        }
        if code.is_some() && code <= last {
            walk.fail(value, "exit codes are in ascending order, each once", "sort them");
        }
        last = code.or(last);
    }
    if items(at.get("values")).count() > 255 {
        walk.fail(at.get("values"), "there are more than 255 values", "at most 255");
    }
}

/// A share of pods in a disruption budget, and in what else takes one.
pub fn disruption_budget<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (least, most) = (at.get("minAvailable"), at.get("maxUnavailable"));
    if least.is_set() && most.is_set() {
        walk.fail(most, "only one of minAvailable, maxUnavailable may be set", fix::remove(most));
    }
    share(walk, least, 100);
    share(walk, most, 100);
}
