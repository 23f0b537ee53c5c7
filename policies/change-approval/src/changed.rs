//! One object of a change, with what its pods reach beyond themselves, and the kinds of changes.
//!
//! The module must not know what else is new, nor what makes a change one of a kind.

use sdk::prelude::*;
use sdk::{api_group, workload_kind};

/// The kinds of changes, from the least to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Configuration,
    Image,
    NewService,
    Platform,
    ClusterUpgrade,
}

impl Class {
    pub const ALL: [Self; 5] =
        [Self::Configuration, Self::Image, Self::NewService, Self::Platform, Self::ClusterUpgrade];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Image => "image",
            Self::NewService => "new-service",
            Self::Platform => "platform",
            Self::ClusterUpgrade => "cluster-upgrade",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A class, and why.
pub type Decided = (Class, String);

/// One object that differs.
#[derive(Clone, Copy)]
pub struct Changed<'a> {
    pub field: Field<'a>,
    pub group: &'a str,
    pub kind: &'a str,
}

impl<'a> Changed<'a> {
    pub fn new(field: Field<'a>) -> Self {
        let text = |field: Field<'a>| field.str().unwrap_or_default();
        Self { field, group: api_group(text(field.get("apiVersion"))), kind: text(field.get("kind")) }
    }

    pub fn text(self, key: &'a str) -> &'a str {
        self.field.get(key).str().unwrap_or_default()
    }

    pub fn is(self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// The kind and the name, as people call it.
    pub fn label(self) -> String {
        let (namespace, name) = (self.text("namespace"), self.text("name"));
        if name.is_empty() {
            return self.kind.to_owned();
        }
        let slash = if namespace.is_empty() { "" } else { "/" };
        format!("{} {namespace}{slash}{name}", self.kind)
    }

    /// Where the pods of a workload are described.
    pub fn template(self) -> Option<Field<'a>> {
        self.template_of("newObject")
    }

    fn template_of(self, object: &'a str) -> Option<Field<'a>> {
        let kind = workload_kind(self.group, self.kind)?;
        Some(kind.template.iter().fold(self.field.get(object), |field, step| field.get(step)))
    }

    /// Whether the pods of a workload took this Secret before the change.
    pub fn took_secret(self, name: &str) -> bool {
        let Some(pod) = self.template_of("oldObject").map(|template| template.get("spec")) else { return false };
        let is_it = |of: Field<'_>, path| of.get(path).str() == Some(name);
        let mut containers = ["containers", "initContainers"].into_iter().flat_map(|list| pod.get(list).items());
        containers.any(|container| {
            container.get("env").items().any(|of| is_it(of, "valueFrom.secretKeyRef.name"))
                || container.get("envFrom").items().any(|of| is_it(of, "secretRef.name"))
        }) || pod.get("volumes").items().any(|of| is_it(of, "secret.secretName"))
    }

    /// The path from the spec of the pods, if it leads there.
    pub fn in_pod(self, path: &str) -> Option<&str> {
        let template = workload_kind(self.group, self.kind)?.template;
        let steps = template.iter().copied().chain(["spec"]);
        steps.into_iter().try_fold(path, |path, step| path.strip_prefix(step)?.strip_prefix('.'))
    }

    /// The namespace that an Application or the like deploys to, where it says it.
    pub fn destination(self) -> Option<&'a str> {
        let object = self.field.get("newObject");
        let destination = match (self.group, self.kind) {
            ("argoproj.io", "Application") => object.get("spec.destination.namespace"),
            ("argoproj.io", "ApplicationSet") => object.get("spec.template.spec.destination.namespace"),
            ("kustomize.toolkit.fluxcd.io", "Kustomization") | ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                object.get("spec.targetNamespace")
            }
            _ => return None,
        };
        destination.str().filter(|name| !name.is_empty() && !sdk::text::holds(name, "{{"))
    }

    /// The namespace that it is in, or deploys to; empty where it is in none.
    pub fn home(self) -> &'a str {
        if self.group == "backstage.io" || self.is("", "Namespace") {
            return "";
        }
        self.destination().unwrap_or_else(|| self.text("namespace"))
    }
}

/// Capabilities that a container may add and stay within itself: those of the Pod Security Standard `baseline`.
const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Kernel parameters that stay within a pod, as `baseline` has them, behind `net.ipv4.`.
const SYSCTLS: &[&str] = &[
    "ip_local_port_range",
    "ip_local_reserved_ports",
    "ip_unprivileged_port_start",
    "ping_group_range",
    "tcp_fin_timeout",
    "tcp_keepalive_intvl",
    "tcp_keepalive_probes",
    "tcp_keepalive_time",
    "tcp_rmem",
    "tcp_syncookies",
    "tcp_wmem",
];

/// Volumes that are made for a pod, or named in its namespace: those of the Pod Security Standard `restricted`.
const VOLUMES: &[&str] = &[
    "name",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Fields of a security context that confine, with the values that do, as `baseline` has them.
const CONFINED: &[(&str, &[&str])] = &[
    ("appArmorProfile.type", &["RuntimeDefault", "Localhost"]),
    ("procMount", &["Default"]),
    ("seLinuxOptions.role", &[]),
    ("seLinuxOptions.type", &["container_t", "container_init_t", "container_kvm_t", "container_engine_t"]),
    ("seLinuxOptions.user", &[]),
    ("seccompProfile.type", &["RuntimeDefault", "Localhost"]),
];

/// What these pods reach, in words.
pub fn reach(template: Field<'_>) -> Option<&'static str> {
    let (metadata, pod) = (template.get("metadata"), template.get("spec"));
    for (key, what) in [
        ("hostNetwork", "its pods have the network of the node"),
        ("hostPID", "its pods have the processes of the node"),
        ("hostIPC", "its pods have the memory of the node"),
    ] {
        if is_true(pod.get(key)) {
            return Some(what);
        }
    }
    let annotations = metadata.get("annotations");
    if metadata.get("labels").entry("aadpodidbinding").is_set() || annotations.entry("iam.amazonaws.com/role").is_set()
    {
        return Some("its pods have an identity in the cloud");
    }
    if pod.get("priorityClassName").str().is_some_and(|name| name.starts_with("system-")) {
        return Some("its pods displace those of others");
    }
    if pod.get("volumes").items().any(|volume| volume.get("hostPath").is_set()) {
        return Some("its pods have files of the node");
    }
    let is_shared = |(key, value): (&str, Field<'_>)| value.is_set() && !VOLUMES.contains(&key);
    if pod.get("volumes").items().any(|volume| volume.entries().any(is_shared)) {
        return Some("its pods have a volume that belongs to whoever made it");
    }
    let is_of_pod = |sysctl: Field<'_>| {
        let name = sysctl.get("name").str().unwrap_or_default();
        name == "kernel.shm_rmid_forced" || name.strip_prefix("net.ipv4.").is_some_and(|name| SYSCTLS.contains(&name))
    };
    if !pod.get("securityContext.sysctls").items().all(is_of_pod) {
        return Some("its pods set what the kernel of the node does");
    }
    // Before there were fields, annotations said how AppArmor and seccomp confine.
    if annotations.entries().any(|(_, value)| value.str() == Some("unconfined")) {
        return Some(UNCONFINED);
    }
    let lists = || ["containers", "initContainers", "ephemeralContainers"].into_iter();
    let containers = || lists().flat_map(|list| pod.get(list).items());
    let is_port = |port: Field<'_>| port.get("hostPort").integer().is_some_and(|port| port != 0);
    if containers().any(|container| container.get("ports").items().any(is_port)) {
        return Some("its pods have ports of the node");
    }
    [pod].into_iter().chain(containers()).find_map(|of| in_context(of.get("securityContext")))
}

const UNCONFINED: &str = "its pods take off what confines a container";

/// What a security context gives, of a pod or of a container.
fn in_context(context: Field<'_>) -> Option<&'static str> {
    let is_strong = |right: Field<'_>| right.str().is_none_or(|right| !CAPABILITIES.contains(&right));
    let is_confined = |(path, values): &(&'static str, &[&str])| {
        let field = context.get(path);
        !field.is_set() || field.str().is_some_and(|value| value.is_empty() || values.contains(&value))
    };
    if is_true(context.get("privileged")) || is_true(context.get("windowsOptions.hostProcess")) {
        Some("its pods have privileged containers")
    } else if context.get("capabilities.add").items().any(is_strong) {
        Some("its pods have capabilities that reach beyond a container")
    } else {
        (!CONFINED.iter().all(is_confined)).then_some(UNCONFINED)
    }
}

fn is_true(field: Field<'_>) -> bool {
    field.is_set() && field.bool() != Some(false)
}
