//! Pods: what a pod's fields ask of each other.

use sdk::field::Field;
use sdk::prelude::*;

use super::{
    amount, container, entries, forbid, is_true, items, number, require, resource_requirements, selector, text,
};
use crate::formats;
use crate::walk::Walk;

/// What the containers of a pod have to fit to.
pub struct Pod<'a> {
    pub spec: Field<'a>,
    pub volumes: Vec<Field<'a>>,
    pub claims: Vec<&'a str>,
    pub grace: i64,
    pub restarts_never: bool,
    pub is_linux: bool,
    pub is_windows: bool,
    pub shares_users: bool,
    /// Whether it is a pod itself, and no template of one.
    pub is_pod: bool,
}

pub const CLASSES: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Every container of a pod.
pub fn containers(spec: Field<'_>) -> impl Iterator<Item = Field<'_>> {
    CLASSES.into_iter().flat_map(move |class| items(spec.get(class)))
}

pub fn pod_spec<'a>(walk: &mut Walk<'a, '_>, spec: Field<'a>) {
    let os = text(spec.get("os.name"));
    let pod = Pod {
        spec,
        volumes: items(spec.get("volumes")).collect(),
        claims: items(spec.get("resourceClaims")).map(|claim| text(claim.get("name"))).collect(),
        grace: number(spec.get("terminationGracePeriodSeconds")).unwrap_or(30),
        restarts_never: text(spec.get("restartPolicy")) == "Never",
        is_linux: os == "linux",
        is_windows: os == "windows",
        shares_users: spec.get("hostUsers").bool() != Some(false),
        is_pod: walk.kind.name == "Pod",
    };
    unique_names(walk, &pod);
    for class in CLASSES {
        items(spec.get(class)).for_each(|each| container::container(walk, &pod, class, each));
    }
    volumes(walk, &pod);
    host(walk, &pod);
    host_ports(walk, &pod, &mut items(spec.get("containers")));
    // These run one after the other.
    items(spec.get("initContainers")).for_each(|each| host_ports(walk, &pod, &mut core::iter::once(each)));
    resources(walk, &pod);
    operating_system(walk, &pod);
    host_process(walk, &pod);
    dns(walk, spec);
    spread(walk, spec);

    if pod.is_pod && !text(spec.get("nodeName")).is_empty() && items(spec.get("schedulingGates")).next().is_some() {
        walk.fail(
            spec.get("nodeName"),
            "a pod with schedulingGates has no node yet",
            fix::remove(spec.get("nodeName")),
        );
    }
    if pod.is_pod {
        if !walk.is_in_cluster() {
            forbid(walk, spec.get("ephemeralContainers"), "when a pod is created");
        }
        for image in pod.volumes.iter().map(|volume| volume.get("image")).filter(|image| image.is_set()) {
            require(walk, image.get("reference"), "of a pod");
        }
    }
}

/// Containers of all classes have names of their own.
fn unique_names<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>) {
    let mut seen: Vec<&str> = Vec::new();
    for each in containers(pod.spec) {
        let name = container::name_of(each);
        if !name.is_empty() && seen.contains(&name) {
            walk.fail(each.get("name"), format!("another container of this pod is named `{name}` too"), "another name");
        }
        seen.push(name);
    }
    let mut seen: Vec<&str> = Vec::new();
    for volume in &pod.volumes {
        let name = container::name_of(*volume);
        if !name.is_empty() && seen.contains(&name) {
            walk.fail(volume.get("name"), format!("another volume of this pod is named `{name}` too"), "another name");
        }
        seen.push(name);
    }
}

fn volumes<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>) {
    let name = if pod.is_pod { text(walk.root.get("metadata.name")) } else { "" };
    if name.is_empty() {
        return;
    }
    let made = |claim: &str| {
        pod.volumes
            .iter()
            .any(|volume| volume.get("ephemeral").is_set() && claim == format!("{name}-{}", text(volume.get("name"))))
    };
    for volume in &pod.volumes {
        let claim = volume.get("persistentVolumeClaim.claimName");
        if made(text(claim)) {
            walk.fail(claim, "this claim is made for another volume of this pod", "the name of another claim");
        }
    }
}

/// The field by which a pod shares with its node what this sysctl sets.
fn namespace_of(sysctl: &str) -> Option<&'static str> {
    let starts = |all: &[&str]| all.iter().any(|start| sysctl.starts_with(start));
    if starts(&["net."]) {
        Some("hostNetwork")
    } else if sysctl == "kernel.sem" || starts(&["kernel.shm", "kernel.msg", "fs.mqueue."]) {
        Some("hostIPC")
    } else {
        None
    }
}

/// What a pod shares with its node.
fn host<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>) {
    let spec = pod.spec;
    if is_true(spec.get("hostPID")) && is_true(spec.get("shareProcessNamespace")) {
        walk.fail(
            spec.get("shareProcessNamespace"),
            "a pod with hostPID shares the processes of its node",
            fix::remove(spec.get("shareProcessNamespace")),
        );
    }
    if !pod.shares_users {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            if is_true(spec.get(field)) {
                walk.fail(
                    spec.get(field),
                    "this must not be set where hostUsers is false",
                    fix::remove(spec.get(field)),
                );
            }
        }
        for each in containers(spec) {
            if items(each.get("volumeDevices")).next().is_some() {
                walk.fail(
                    each.get("volumeDevices"),
                    "this must not be set where hostUsers is false",
                    fix::remove(each.get("volumeDevices")),
                );
            }
        }
    }
    if is_true(spec.get("hostNetwork")) {
        for port in items(spec.get("containers")).flat_map(|each| items(each.get("ports"))) {
            let (host, own) = (number(port.get("hostPort")).unwrap_or(0), number(port.get("containerPort")));
            if host != 0 && Some(host) != own {
                walk.fail(
                    port.get("hostPort"),
                    "with hostNetwork this must be the containerPort",
                    fix::remove(port.get("hostPort")),
                );
            }
        }
    }
    for sysctl in items(spec.get("securityContext.sysctls")) {
        let at = sysctl.get("name");
        let shared = namespace_of(&text(at).replace('/', "."));
        if let Some(field) = shared.filter(|field| is_true(spec.get(field))) {
            walk.fail(at, format!("with {field} this sysctl is the node's"), fix::remove(sysctl));
        }
    }
    if spec.get("hostnameOverride").is_set()
        && (is_true(spec.get("setHostnameAsFQDN")) || is_true(spec.get("hostNetwork")))
    {
        walk.fail(
            spec.get("hostnameOverride"),
            "this must not be set beside setHostnameAsFQDN or hostNetwork",
            fix::remove(spec.get("hostnameOverride")),
        );
    }
}

/// No two ports of containers that run together are the same port of the node. In a Pod itself, the API server fills in that
/// each port is one, if the network is the node's.
fn host_ports<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>, containers: &mut dyn Iterator<Item = Field<'a>>) {
    let is_filled_in = pod.is_pod && is_true(pod.spec.get("hostNetwork"));
    let mut seen: Vec<(&str, &str, i64)> = Vec::new();
    for port in containers.flat_map(|each| items(each.get("ports"))) {
        let (at, own) = (port.get("hostPort"), port.get("containerPort"));
        let said = number(at).filter(|said| *said != 0);
        let Some(host) = said.or_else(|| number(own).filter(|_| is_filled_in)) else { continue };
        let protocol = Some(text(port.get("protocol"))).filter(|protocol| !protocol.is_empty()).unwrap_or("TCP");
        let host = (protocol, text(port.get("hostIP")), host);
        if seen.contains(&host) {
            walk.fail(at, format!("another port of this pod is port {} of the node too", host.2), "another port");
        }
        seen.push(host);
    }
}

/// What the pod as a whole asks for and its containers together.
fn resources<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>) {
    let resources = pod.spec.get("resources");
    container::overhead(walk, pod.spec.get("overhead"));
    if !resources.is_set() {
        return;
    }
    if pod.is_windows {
        forbid(walk, resources, "for a Windows pod");
        return;
    }
    forbid(walk, resources.get("claims"), "for a whole pod");
    resource_requirements(walk, resources, true, &pod.claims);
    let requests = resources.get("requests");
    // A pod without a request gets what its containers request, and that is within its limit.
    let derived = entries(resources.get("limits")).filter(|(name, _)| pod.is_pod && !requests.entry(name).is_set());
    for (name, whole) in entries(requests).chain(derived) {
        if amount(whole).is_some_and(|whole| exceeds(pod, name, &whole)) {
            let message = format!("the containers of the pod together request more {name}");
            walk.fail(whole, message, "what they request together, or more");
        }
    }
    for each in items(pod.spec.get("containers")) {
        for (name, limit) in entries(each.get("resources.limits")) {
            let whole = resources.get("limits").entry(name);
            if matches!((amount(limit), amount(whole)), (Some(limit), Some(whole)) if limit > whole) {
                walk.fail(
                    limit,
                    format!("the container's {name} limit is above the pod's"),
                    "a limit within the pod's",
                );
            }
        }
    }
}

/// Whether containers that run at the same time request more of a resource: the containers and all sidecars, or an init
/// container and the sidecars before it.
fn exceeds(pod: &Pod<'_>, name: &str, whole: &Quantity) -> bool {
    let request = |each: Field<'_>| {
        let (own, limit) = (each.get("resources.requests").entry(name), each.get("resources.limits").entry(name));
        // The API server makes a limit the request as well, in a pod and not yet in a template.
        amount(if own.is_set() || !pod.is_pod { own } else { limit })
    };
    let mut running = Vec::new();
    for each in items(pod.spec.get("initContainers")) {
        let before = running.len();
        running.extend(request(each));
        if whole.is_exceeded_by(&running) {
            return true;
        }
        if text(each.get("restartPolicy")) != "Always" {
            running.truncate(before);
        }
    }
    running.extend(items(pod.spec.get("containers")).filter_map(request));
    whole.is_exceeded_by(&running)
}

/// What belongs to the other operating system.
fn operating_system<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>) {
    let spec = pod.spec;
    let contexts = || containers(spec).map(|each| each.get("securityContext"));
    if pod.is_linux {
        forbid(walk, spec.get("securityContext.windowsOptions"), "for a Linux pod");
        contexts().for_each(|context| forbid(walk, context.get("windowsOptions"), "for a Linux pod"));
    }
    if !pod.is_windows {
        return;
    }
    let why = "for a Windows pod";
    for field in ["hostPID", "hostIPC"] {
        if is_true(spec.get(field)) {
            forbid(walk, spec.get(field), why);
        }
    }
    forbid(walk, spec.get("hostUsers"), why);
    forbid(walk, spec.get("shareProcessNamespace"), why);
    let own = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "fsGroup",
        "fsGroupChangePolicy",
        "runAsUser",
        "runAsGroup",
    ];
    let own =
        own.into_iter().chain(["supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy", "sysctls"]);
    for field in own {
        forbid(walk, spec.get("securityContext").get(field), why);
    }
    let each =
        ["appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged"];
    for field in each.into_iter().chain(["allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"]) {
        contexts().for_each(|context| forbid(walk, context.get(field), why));
    }
}

/// Containers that are processes of a Windows node: all of them, or none.
fn host_process<'a>(walk: &mut Walk<'a, '_>, pod: &Pod<'a>) {
    let spec = pod.spec;
    let whole = spec.get("securityContext.windowsOptions.hostProcess").bool();
    if whole.is_none() && !containers(spec).any(|each| each.get("securityContext.windowsOptions").is_set()) {
        return;
    }
    let own = |each: Field<'a>| each.get("securityContext.windowsOptions.hostProcess");
    for each in containers(spec) {
        if whole.is_some() && own(each).bool().is_some_and(|own| Some(own) != whole) {
            walk.fail(own(each), "this is not what the pod says of all its containers", fix::remove(own(each)));
        }
    }
    let count = containers(spec).filter(|each| own(*each).bool().or(whole) == Some(true)).count();
    if count > 0 && count != containers(spec).count() {
        walk.fail(
            spec,
            "either all containers are host processes, or none is",
            "hostProcess: true in securityContext.windowsOptions of the pod",
        );
    }
    if count > 0 && !is_true(spec.get("hostNetwork")) {
        walk.fail(
            spec.get("hostNetwork"),
            "host processes share the network of their node",
            fix::set(spec.get("hostNetwork"), true),
        );
    }
}

fn dns<'a>(walk: &mut Walk<'a, '_>, spec: Field<'a>) {
    let config = spec.get("dnsConfig");
    if text(spec.get("dnsPolicy")) == "None" && items(config.get("nameservers")).next().is_none() {
        walk.fail(
            config.get("nameservers"),
            "dnsPolicy `None` needs at least one nameserver",
            "nameservers: [<address>]",
        );
    }
    let length: usize = items(config.get("searches")).map(|search| text(search).len() + 1).sum();
    if length > 2049 {
        walk.fail(config.get("searches"), "these are more than 2048 characters together", "fewer search domains");
    }
}

fn spread<'a>(walk: &mut Walk<'a, '_>, spec: Field<'a>) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for constraint in items(spec.get("topologySpreadConstraints")) {
        let pair = (text(constraint.get("topologyKey")), text(constraint.get("whenUnsatisfiable")));
        if seen.contains(&pair) {
            walk.fail(
                constraint.get("topologyKey"),
                "another constraint has the same topologyKey and whenUnsatisfiable",
                fix::remove(constraint),
            );
        }
        seen.push(pair);
    }
}

pub fn topology_spread<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if at.get("minDomains").is_set() && text(at.get("whenUnsatisfiable")) != "DoNotSchedule" {
        walk.fail(
            at.get("minDomains"),
            "minDomains goes with whenUnsatisfiable `DoNotSchedule` only",
            fix::remove(at.get("minDomains")),
        );
    }
    selector::label_keys(walk, at);
}

pub fn toleration<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    let (key, operator, value) = (at.get("key"), at.get("operator"), at.get("value"));
    if text(key).is_empty() && text(operator) != "Exists" {
        walk.fail(
            operator,
            "without a key, the operator is `Exists`: every taint is tolerated",
            fix::set(operator, "Exists"),
        );
    }
    if at.get("tolerationSeconds").is_set() && text(at.get("effect")) != "NoExecute" {
        walk.fail(
            at.get("effect"),
            "tolerationSeconds goes with the effect `NoExecute` only",
            fix::set(at.get("effect"), "NoExecute"),
        );
    }
    match text(operator) {
        "Exists" if !text(value).is_empty() => {
            walk.fail(value, "the operator `Exists` has no value", fix::remove(value))
        }
        "" | "Equal" if !formats::is_label_value(text(value)) => {
            walk.fail(value, format!("this is not {}", formats::LABEL_VALUE.wanted), formats::LABEL_VALUE.wanted);
        }
        // Behind a feature gate that is off by default.
        "Lt" | "Gt" => walk.fail(operator, "this operator is behind a feature gate", "Equal or Exists"),
        _ => {}
    }
}

/// A template of pods, whatever makes pods of it.
pub fn pod_template<'a>(walk: &mut Walk<'a, '_>, at: Field<'a>) {
    if items(at.get("spec.ephemeralContainers")).next().is_some() {
        forbid(walk, at.get("spec.ephemeralContainers"), "in a template");
    }
    annotations(walk, at.get("metadata.annotations"), at.get("spec"));
}

/// Annotations that say something of a pod.
pub fn annotations<'a>(walk: &mut Walk<'a, '_>, annotations: Field<'a>, spec: Field<'a>) {
    for (key, value) in entries(annotations) {
        let said = text(value);
        if let Some(name) = key.strip_prefix("container.apparmor.security.beta.kubernetes.io/") {
            if !containers(spec).any(|each| text(each.get("name")) == name) {
                walk.fail(
                    value,
                    format!("the pod has no container `{name}`"),
                    "the name of a container behind the `/`",
                );
            }
            if !matches!(said, "" | "runtime/default" | "unconfined") && !said.starts_with("localhost/") {
                walk.fail(value, "this is no AppArmor profile", "runtime/default, unconfined or localhost/<profile>");
            }
        }
        let is_seccomp = key == "seccomp.security.alpha.kubernetes.io/pod"
            || key.starts_with("container.seccomp.security.alpha.kubernetes.io/");
        if is_seccomp
            && !matches!(said, "runtime/default" | "docker/default" | "unconfined")
            && !said.starts_with("localhost/")
        {
            walk.fail(value, "this is no seccomp profile", "runtime/default, unconfined or localhost/<profile>");
        }
        if key == "controller.kubernetes.io/pod-deletion-cost" {
            let is_canonical = said.parse::<i32>().is_ok_and(|number| said == number.to_string());
            if !is_canonical {
                walk.fail(value, "this is no whole number", "a whole number");
            }
        }
    }
}
