//! HorizontalPodAutoscalers.

use sdk::field::Field;
use sdk::prelude::*;

use super::{amount, entries, forbid, items, number, require, text};
use crate::walk::Walk;

/// The minor version in which the target of an autoscaler got to be in a group.
const SINCE_GROUP: u8 = 34;

pub fn autoscaler<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (least, most) = (at.get("minReplicas"), at.get("maxReplicas"));
    if number(most).is_none() {
        require(walk, most, "of an autoscaler");
    }
    if let Some(count) = number(least).filter(|count| *count < i64::from(!walk.is_in_cluster())) {
        let message = match count {
            0 => "an autoscaler keeps at least 1 pod: the feature gate HPAScaleToZero is off by default".to_owned(),
            _ => format!("{count} is out of range"),
        };
        let fix = "1, or a KEDA ScaledObject with `minReplicaCount: 0`, which scales to 0 in any cluster";
        walk.fail(least, message, fix);
    }
    if matches!((number(least).unwrap_or(1), number(most)), (least, Some(most)) if most < least) {
        walk.fail(most, "this is less than minReplicas", "at least minReplicas");
    }
    let version = at.get("scaleTargetRef.apiVersion");
    // The one kind of the core group that can be scaled.
    let is_of_core = text(at.get("scaleTargetRef.kind")) == "ReplicationController";
    if walk.minor >= SINCE_GROUP
        && !(is_of_core && matches!(text(version), "" | "v1"))
        && !text(version).split_once('/').is_some_and(|(group, version)| !group.is_empty() && !version.contains('/'))
    {
        walk.fail(version, "the target's apiVersion names a group", "apiVersion: apps/v1");
    }
    for metric in items(at.get("metrics")) {
        self::metric(walk, metric);
    }
}

const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("External", "external"),
    ("ContainerResource", "containerResource"),
];

fn metric<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let kind = at.get("type");
    let Some((_, source)) = SOURCES.iter().find(|(name, _)| *name == text(kind)) else {
        return walk.fail(
            kind,
            format!("`{}` is not one of the kinds of metrics", text(kind)),
            "Resource, ContainerResource, Pods, Object or External",
        );
    };
    require(walk, at.get(source), &format!("for the type {}", text(kind)));
    for (_, other) in SOURCES.iter().filter(|(_, other)| other != source) {
        forbid(walk, at.get(other), &format!("for the type {}", text(kind)));
    }
    let name = at.get("containerResource.name");
    if !text(name).is_empty() {
        super::container::resource_name(walk, text(name), name, false);
    }
    let target = at.get(source).get("target");
    let has = |name: &'static str| target.get(name).is_set();
    let (needed, excluded) = match *source {
        "pods" => (has("averageValue"), false),
        "object" => (has("value") || has("averageValue"), false),
        "external" => (has("value") || has("averageValue"), has("value") && has("averageValue")),
        _ => (has("averageUtilization") || has("averageValue"), has("averageUtilization") && has("averageValue")),
    };
    if at.get(source).is_set() && !needed {
        walk.fail(
            target,
            "the target has no value of this kind",
            "averageUtilization for resources, averageValue or value for other metrics",
        );
    }
    if excluded {
        walk.fail(
            target.get("averageValue"),
            "only one kind of target may be set",
            fix::remove(target.get("averageValue")),
        );
    }
    for (name, value) in entries(target) {
        if matches!(name, "value" | "averageValue")
            && amount(value).is_some_and(|amount| amount.is_zero() || amount.is_negative())
        {
            walk.fail(value, "this must be more than 0", "more than 0");
        }
    }
}
