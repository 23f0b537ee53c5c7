//! What pods reach beyond themselves without an account: the node, what confines a container, data and identities of others.
//!
//! The module must not know what else is new.

use sdk::prelude::*;

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
    let containers = || ["containers", "initContainers"].into_iter().flat_map(|list| pod.get(list).items());
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
