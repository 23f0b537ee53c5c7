//! Containers: what one asks of its own fields and of its pod.

use sdk::field::Field;
use sdk::prelude::*;
use sdk::value::Value;

use super::pod::Pod;
use super::{amount, entries, forbid, is_true, items, number, require, text};
use crate::formats;
use crate::walk::Walk;

/// A container of this class. What is not there is not looked at any closer: most of it is not, and every look costs.
pub fn container<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>, class: &str, at: Field<'a>) {
    let has = |keys: &[&str]| member_of(at, |key| keys.contains(&key));
    if has(&["resources"]) {
        resource_requirements(walk, at.get("resources"), false, &pod.claims);
    }
    if has(&["volumeMounts", "volumeDevices"]) {
        mounts(walk, pod, at);
    }
    if has(&["ports"]) {
        ports(walk, at);
    }
    let image = at.value().and_then(|container| container.get("image")).and_then(Value::str).unwrap_or_default();
    if image.trim() != image && pod.is_pod {
        walk.fail(at.get("image"), "there is a space at an end of this", image.trim());
    }
    const HOOKS: &[&str] = &["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];
    if has(HOOKS) {
        let is_sidecar = class == "initContainers" && text(at.get("restartPolicy")) == "Always";
        if class == "containers" || is_sidecar {
            lifecycle(walk, pod, at);
        } else if class == "initContainers" {
            for field in HOOKS {
                forbid(walk, at.get(field), "for an init container, unless its restartPolicy is `Always`");
            }
        }
    }
    if class == "ephemeralContainers" {
        for field in HOOKS.iter().chain(&["ports", "resizePolicy", "restartPolicy", "restartPolicyRules"]) {
            forbid(walk, at.get(field), "for an ephemeral container");
        }
    } else if has(&["restartPolicy", "restartPolicyRules", "resizePolicy"]) {
        restarts(walk, pod, class, at);
    }
    if has(&["securityContext"]) {
        let mount = at.get("securityContext.procMount");
        if text(mount) == "Unmasked" && pod.shares_users {
            walk.fail(mount, "`Unmasked` needs `hostUsers: false`", fix::remove(mount));
        }
    }
    if has(&["env"]) {
        items(at.get("env")).filter(|variable| member_of(*variable, |key| key == "valueFrom")).for_each(|variable| {
            from_file(walk, pod, variable.get("valueFrom.fileKeyRef.volumeName"));
        });
    }
}

/// Whether the map in this field has a member of such a name.
fn member_of(field: Field<'_>, is: impl Fn(&str) -> bool) -> bool {
    field.value().is_some_and(|value| value.members().iter().any(|(key, _)| is(key)))
}

/// A variable from a file: the volume of that file.
fn from_file<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>, volume: Field<'a>) {
    if text(volume).is_empty() {
        return;
    }
    match pod.volumes.iter().find(|known| name_of(**known) == text(volume)) {
        None => {
            let message = format!("the pod has no volume `{}`", text(volume));
            walk.fail(volume, message, "the name of an emptyDir volume");
        }
        Some(known) if !known.get("emptyDir").is_set() => {
            walk.fail(volume, "this volume is no emptyDir", "the name of an emptyDir volume");
        }
        Some(_) => {}
    }
}

/// The `name` of an item, without a look at anything else.
pub fn name_of(item: Field<'_>) -> &str {
    item.value().and_then(|item| item.get("name")).and_then(Value::str).unwrap_or_default()
}

fn restarts<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>, class: &str, at: Field<'a>) {
    let policy = at.get("restartPolicy");
    let known: &[&str] = if walk.minor >= 35 { &["Always", "Never", "OnFailure"] } else { &["Always"] };
    if class == "containers" && walk.minor < 35 {
        forbid(walk, policy, "for a container that is no init container");
    } else if policy.is_set() && !known.contains(&text(policy)) {
        walk.fail(policy, format!("`{}` is not one of {}", text(policy), known.join(", ")), known.join(" or "));
    }
    if items(at.get("restartPolicyRules")).next().is_some() && !policy.is_set() {
        require(walk, policy, "beside restartPolicyRules");
    }
    if walk.minor < 36 {
        let rules = at.get("restartPolicyRules");
        if class == "initContainers" && text(policy) == "Always" && items(rules).next().is_some() {
            forbid(walk, rules, "for a sidecar");
        }
        for action in items(rules).map(|rule| rule.get("action")) {
            if text(action) == "RestartAllContainers" {
                walk.fail(action, "Kubernetes knows this action since 1.36", fix::set(action, "Restart"));
            }
        }
    }
    for step in items(at.get("resizePolicy")) {
        let how = step.get("restartPolicy");
        if pod.restarts_never && text(how) == "RestartContainer" {
            walk.fail(how, "a pod with the restartPolicy `Never` restarts nothing", fix::set(how, "NotRequired"));
        } else if class == "initContainers" && text(policy) != "Always" && text(how) == "RestartContainer" {
            walk.fail(how, "an init container that is no sidecar is not restarted", fix::set(how, "NotRequired"));
        }
    }
}

fn lifecycle<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>, at: Field<'a>) {
    for probe in ["livenessProbe", "startupProbe"] {
        let threshold = at.get(probe).get("successThreshold");
        // Nothing and 0 are set to 1.
        if number(threshold).is_some_and(|number| number > 1) {
            walk.fail(threshold, format!("the successThreshold of a {probe} is 1"), fix::set(threshold, 1));
        }
    }
    forbid(walk, at.get("readinessProbe.terminationGracePeriodSeconds"), "for a readinessProbe: it ends nothing");
    for hook in ["lifecycle.postStart", "lifecycle.preStop"] {
        let sleep = at.get(hook).get("sleep");
        let seconds = sleep.get("seconds");
        let least = i64::from(walk.minor < 33);
        let given = number(seconds).unwrap_or(0);
        if sleep.is_set() && !(least..=pod.grace).contains(&given) {
            walk.fail(
                seconds,
                format!("this is not between {least} and terminationGracePeriodSeconds, {}", pod.grace),
                "fewer seconds",
            );
        }
    }
}

fn ports<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let mut names: Vec<&str> = Vec::new();
    for port in items(at.get("ports")) {
        let name = text(port.get("name"));
        if !name.is_empty() && names.contains(&name) {
            walk.fail(port.get("name"), format!("another port is named `{name}` too"), "another name");
        }
        names.push(name);
        if number(port.get("containerPort")).is_none() {
            require(walk, port.get("containerPort"), "of a port");
        }
    }
}

fn mounts<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>, at: Field<'a>) {
    let find = |name: &str| pod.volumes.iter().find(|volume| name_of(**volume) == name);
    let known = || pod.volumes.iter().map(|volume| name_of(*volume));
    let claims: Vec<&str> = claim_templates(walk.root).collect();
    let mut paths: Vec<&str> = Vec::new();
    let is_privileged = is_true(at.get("securityContext.privileged"));
    for mount in items(at.get("volumeMounts")) {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        if !text(name).is_empty() && find(text(name)).is_none() && !claims.contains(&text(name)) {
            let hint = crate::spelling::nearest(text(name), known().chain(claims.iter().copied()));
            let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            walk.fail(
                name,
                format!("the pod has no volume `{}`{hint}", text(name)),
                "the name of a volume of this pod",
            );
        }
        if !text(path).is_empty() && paths.contains(&text(path)) {
            walk.fail(path, format!("another volume is mounted at `{}` too", text(path)), "another mountPath");
        }
        paths.push(text(path));
        if text(mount.get("mountPropagation")) == "Bidirectional" && !is_privileged {
            walk.fail(
                mount.get("mountPropagation"),
                "`Bidirectional` is for privileged containers",
                fix::remove(mount.get("mountPropagation")),
            );
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for device in items(at.get("volumeDevices")) {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        match find(text(name)) {
            None if !text(name).is_empty() && !claims.contains(&text(name)) => {
                walk.fail(name, format!("the pod has no volume `{}`", text(name)), "the name of a volume of this pod");
            }
            Some(volume) if !volume.get("persistentVolumeClaim").is_set() && !volume.get("ephemeral").is_set() => {
                walk.fail(
                    name,
                    "only a volume of a claim is a device",
                    "the name of a volume with a persistentVolumeClaim",
                );
            }
            _ => {}
        }
        if !text(name).is_empty()
            && (names.contains(&text(name))
                || items(at.get("volumeMounts")).any(|mount| text(mount.get("name")) == text(name)))
        {
            walk.fail(name, "this volume is mounted already", "the name of another volume");
        }
        if !text(path).is_empty() && paths.contains(&text(path)) {
            walk.fail(path, "this path is taken already", "another devicePath");
        }
        names.push(text(name));
        paths.push(text(path));
    }
}

/// The volumes that a StatefulSet makes for each of its pods.
fn claim_templates(root: Field<'_>) -> impl Iterator<Item = &str> {
    items(root.get("spec.volumeClaimTemplates")).map(|claim| text(claim.get("metadata.name")))
}

pub fn volume_mount<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if !text(at.get("subPath")).is_empty() && !text(at.get("subPathExpr")).is_empty() {
        walk.fail(
            at.get("subPathExpr"),
            "only one of subPath, subPathExpr may be set",
            fix::remove(at.get("subPathExpr")),
        );
    }
    if matches!(text(at.get("recursiveReadOnly")), "Enabled" | "IfPossible") {
        if !is_true(at.get("readOnly")) {
            walk.fail(
                at.get("recursiveReadOnly"),
                "this goes with `readOnly: true` only",
                fix::set(at.get("readOnly"), true),
            );
        }
        if !matches!(text(at.get("mountPropagation")), "" | "None") {
            walk.fail(
                at.get("recursiveReadOnly"),
                "this goes with the mountPropagation `None` only",
                fix::remove(at.get("mountPropagation")),
            );
        }
    }
}

pub fn env_var<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if !member_of(at, |key| key == "valueFrom") {
        return;
    }
    let from = at.get("valueFrom");
    if !text(at.get("value")).is_empty() {
        walk.fail(from, "only one of value, valueFrom may be set", fix::remove(at.get("value")));
    }
    const ENV: &[&str] =
        &["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"];
    const STATUS: &[&str] = &["spec.host", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];
    field_ref(walk, from.get("fieldRef"), &[ENV, STATUS]);
    resource_ref(walk, from.get("resourceFieldRef"), false);
}

/// A field of the pod, as a file of a volume or a variable shows it.
pub fn field_ref<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, known: &[&[&str]]) {
    let (path, version) = (at.get("fieldPath"), at.get("apiVersion"));
    if !matches!(text(version), "" | "v1") {
        walk.fail(version, "fields are those of v1", fix::remove(version));
    }
    let said = text(path);
    let subscript =
        |prefix: &str| said.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("['")?.strip_suffix("']"));
    let is_known = match (subscript("metadata.annotations"), subscript("metadata.labels")) {
        (Some(key), _) => formats::is_qualified_name(&key.to_ascii_lowercase()),
        (_, Some(key)) => formats::is_qualified_name(key),
        _ => known.iter().any(|known| known.contains(&said)),
    };
    if !said.is_empty() && !is_known {
        let all = known.iter().flat_map(|known| known.iter().copied()).collect::<Vec<_>>().join(", ");
        walk.fail(
            path,
            format!("`{said}` is not one of the fields that a container can see"),
            format!("one of {all}, or metadata.labels['<key>']"),
        );
    }
}

/// A resource of a container, as a file of a volume or a variable shows it.
pub fn resource_ref<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, needs_container: bool) {
    if !at.is_set() {
        return;
    }
    if needs_container {
        require(walk, at.get("containerName"), "in a volume");
    }
    let resource = at.get("resource");
    let said = text(resource);
    let name = said.strip_prefix("limits.").or_else(|| said.strip_prefix("requests."));
    let is_known = name
        .is_some_and(|name| matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-"));
    let is_said = needs_container && text(at.get("containerName")).is_empty();
    if !is_known && !is_said {
        walk.fail(resource, "this is no resource that a container can see", "limits.cpu, requests.memory and the like");
    }
    let divisor = at.get("divisor");
    let is_one_of = |units: &[&str]| {
        amount(divisor).is_none_or(|divisor| {
            divisor.is_zero() || units.iter().any(|unit| Quantity::parse(unit).is_ok_and(|unit| unit == divisor))
        })
    };
    let is_right = match name {
        Some("cpu") => is_one_of(&["1m", "1"]),
        Some(_) if is_known => {
            is_one_of(&["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"])
        }
        _ => true,
    };
    if !is_right {
        walk.fail(
            divisor,
            "this is no divisor of this resource",
            if name == Some("cpu") { "1 or 1m" } else { "1, or one with a suffix such as 1Mi" },
        );
    }
}

/// Requests and limits of a container, or of a whole pod.
pub fn resource_requirements<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>, is_pod: bool, claims: &[&str]) {
    let (mut has_main, mut has_huge) = (false, None);
    for kind in ["limits", "requests"] {
        for (name, value) in entries(at.get(kind)) {
            resource_name(walk, name, value, is_pod);
            resource_amount(walk, name, value);
            has_main |= matches!(name, "cpu" | "memory");
            if let Some(size) = name.strip_prefix("hugepages-") {
                has_huge = Some(value);
                let (size, given) = (Quantity::parse(size).ok(), amount(value));
                if let (Some(size), Some(given)) = (size, given)
                    && !given.is_multiple_of(&size)
                {
                    walk.fail(value, format!("this is no multiple of {name}"), "a whole number of pages");
                }
            }
        }
    }
    for (name, request) in entries(at.get("requests")) {
        let limit = at.get("limits").entry(name);
        let overcommits = !name.contains('/') && !name.starts_with("hugepages-") || name.contains("kubernetes.io/");
        if limit.value() == request.value() {
            continue;
        }
        match (amount(request), amount(limit)) {
            (Some(request_amount), Some(limit_amount))
                if request_amount > limit_amount || (!overcommits && request_amount != limit_amount) =>
            {
                let message = if overcommits {
                    format!("the {name} request is above its limit")
                } else {
                    format!("the {name} request must equal its limit")
                };
                walk.fail(request, message, "the limit, or less");
            }
            (Some(_), None) if !overcommits && !limit.is_set() => {
                walk.fail(
                    limit,
                    format!("{name} needs a limit: it cannot be overcommitted"),
                    "the same as the request",
                );
            }
            _ => {}
        }
    }
    if let Some(huge) = has_huge.filter(|_| !has_main) {
        walk.fail(huge, "huge pages need a cpu or memory request or limit beside them", "requests: {memory: <amount>}");
    }
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for claim in items(at.get("claims")) {
        let (name, request) = (text(claim.get("name")), text(claim.get("request")));
        if name.is_empty() {
            require(walk, claim.get("name"), "of a claim");
        } else if !claims.contains(&name) {
            walk.fail(
                claim.get("name"),
                format!("the pod has no resource claim `{name}`"),
                "a name of spec.resourceClaims",
            );
        }
        if seen
            .iter()
            .any(|(known, other)| *known == name && (other.is_empty() || request.is_empty() || *other == request))
        {
            walk.fail(claim.get("name"), "this claim is named twice", fix::remove(claim));
        }
        seen.push((name, request));
    }
}

/// What a pod costs besides its containers.
pub fn overhead<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    for (name, value) in entries(at) {
        resource_name(walk, name, value, false);
        resource_amount(walk, name, value);
    }
}

/// A resource that a container, or a whole pod, may ask for.
pub fn resource_name<'a>(walk: &mut Walk<'a, '_>, name: &str, at: Field<'a>, is_pod: bool) {
    let is_huge = name.starts_with("hugepages-");
    let is_own = matches!(name, "cpu" | "memory") || is_huge || (name == "ephemeral-storage" && !is_pod);
    let extended = || {
        let is_native = name
            .split_once('/')
            .is_some_and(|(prefix, _)| prefix == "kubernetes.io" || prefix.ends_with(".kubernetes.io"));
        !is_pod && (is_native || formats::is_extended(name))
    };
    if !formats::is_qualified_name(name) || !(is_own || extended()) {
        let known = if is_pod {
            "cpu, memory and hugepages-<size>"
        } else {
            "cpu, memory, ephemeral-storage, hugepages-<size> and <domain>/<name>"
        };
        walk.fail(at, format!("`{name}` is no resource that can be asked for here"), format!("one of {known}"));
    }
}

/// An amount of a resource: not negative, and whole where there are no parts of it.
pub fn resource_amount<'a>(walk: &mut Walk<'a, '_>, name: &str, at: Field<'a>) {
    let is_negative =
        matches!(at.value(), Some(Value::String(text) | Value::Number(text)) if text.trim_start().starts_with('-'));
    if is_negative && amount(at).is_some_and(|given| given.is_negative()) {
        walk.fail(at, format!("{name} is less than nothing"), "at least 0");
    }
    const WHOLE: &[&str] = &[
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
    ];
    let is_whole = WHOLE.contains(&name)
        || matches!(name, "services.nodeports" | "services.loadbalancers")
        || formats::is_extended(name);
    if is_whole && amount(at).is_some_and(|given| !given.is_multiple_of(&Quantity::from(1))) {
        walk.fail(at, format!("there are no parts of {name}"), "a whole number");
    }
}
