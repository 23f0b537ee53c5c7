//! The controls of the Pod Security Standards, as `k8s.io/pod-security-admission` decides them: strings count as they are
//! written, and what the pod says counts even where every container overrides it.
//!
//! It must not know where a standard comes from, nor what becomes of a breach.

use sdk::alloc::borrow::Cow;
use sdk::prelude::*;

use crate::standard::{Level, Standard};

/// One place where a pod breaks a control.
pub struct Breach<'a> {
    /// The control's name in the documentation of Kubernetes.
    pub control: &'static str,
    /// The level that has the control in this form.
    pub level: Level,
    pub at: Field<'a>,
    /// What is wrong there, a clause.
    pub what: Cow<'static, str>,
    pub fix: Fix,
}

/// Takes breaches, one by one.
pub type Report<'r, 'a> = &'r mut dyn FnMut(Breach<'a>);

/// What the controls look at.
pub struct Pod<'a> {
    spec: Field<'a>,
    security: Field<'a>,
    annotations: Field<'a>,
    containers: Vec<Container<'a>>,
    /// Whether it is a Pod itself: in its ports the API server fills in what `hostNetwork` means.
    is_bare: bool,
}

#[rustfmt::skip]
const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
];

/// Sysctls that are safe, and since which minor they are taken for that.
const SAFE_SYSCTLS: &[(u32, &str)] = &[
    (0, "kernel.shm_rmid_forced"),
    (0, "net.ipv4.ip_local_port_range"),
    (0, "net.ipv4.tcp_syncookies"),
    (0, "net.ipv4.ping_group_range"),
    (0, "net.ipv4.ip_unprivileged_port_start"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_keepalive_time"),
    (29, "net.ipv4.tcp_fin_timeout"),
    (29, "net.ipv4.tcp_keepalive_intvl"),
    (29, "net.ipv4.tcp_keepalive_probes"),
    (32, "net.ipv4.tcp_rmem"),
    (32, "net.ipv4.tcp_wmem"),
];

#[rustfmt::skip]
const ALLOWED_VOLUMES: &[&str] = &[
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
];

#[rustfmt::skip]
const RESTRICTED_VOLUMES: &[&str] = &[
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd", "flexVolume",
    "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk",
    "portworxVolume", "scaleIO", "storageos",
];

impl<'a> Pod<'a> {
    pub fn new(workload: Workload<'a>) -> Self {
        Self {
            spec: workload.pod(),
            security: workload.pod().get("securityContext"),
            annotations: workload.template().get("metadata.annotations"),
            containers: workload.containers(Class::ALL).collect(),
            is_bare: workload.object().is("", "Pod"),
        }
    }

    /// Reports every place where the pod breaks the standard.
    pub fn check(&self, standard: Standard, report: Report<'_, 'a>) {
        let minor = standard.version.0;
        if standard.level == Level::Privileged {
            return;
        }
        let is_restricted = standard.level == Level::Restricted;
        // `nodeSelector` says where a pod runs, and not what it is.
        let is_windows = minor >= 25 && self.spec.get("os.name").str() == Some("windows");
        let has_user_namespace = minor >= 35 && self.spec.get("hostUsers").bool() == Some(false);

        self.host_process(report);
        self.host_namespaces(report);
        self.privileged(report);
        self.host_ports(report);
        self.app_armor(report);
        self.se_linux(minor >= 31, report);
        self.sysctls(minor, report);
        if minor >= 34 {
            self.host_probes(report);
        }
        match (is_restricted && minor >= 22, is_windows) {
            (false, _) => self.capabilities(report),
            (true, false) => self.all_capabilities(report),
            (true, true) => {}
        }
        match (is_restricted && minor >= 19, is_windows) {
            (false, _) if minor < 19 => self.seccomp_annotations(report),
            (false, _) => self.seccomp(Level::Baseline, report),
            (true, false) => self.seccomp(Level::Restricted, report),
            (true, true) => {}
        }
        if is_restricted && minor >= 35 {
            self.proc_mount(Level::Restricted, report);
        } else if !has_user_namespace {
            self.proc_mount(Level::Baseline, report);
        }
        if !is_restricted {
            self.host_path(report);
            return;
        }
        self.volume_types(report);
        if minor >= 8 && !is_windows {
            self.privilege_escalation(report);
        }
        if !has_user_namespace {
            self.non_root(report);
            if minor >= 23 {
                self.non_root_user(report);
            }
        }
    }

    /// A field of the securityContexts of the pod and of every container. A list, and no iterator: its loops are many, and
    /// each would be a copy of the code.
    fn everywhere(&self, field: &'static str) -> Vec<Field<'a>> {
        let mut all = vec![self.security.get(field)];
        all.extend(self.in_containers(field));
        all
    }

    /// A field of the securityContext of every container, which the pod's does not have.
    fn in_containers(&self, field: &'static str) -> Vec<Field<'a>> {
        self.containers.iter().map(|container| container.get("securityContext").get(field)).collect()
    }

    /// Of these fields those that are true.
    fn is_true(fields: Vec<Field<'a>>) -> impl Iterator<Item = Field<'a>> {
        fields.into_iter().filter(|at| at.bool() == Some(true))
    }

    fn host_process(&self, report: Report<'_, 'a>) {
        for at in Self::is_true(self.everywhere("windowsOptions.hostProcess")) {
            let what = "`hostProcess: true` gives the container the node";
            report(baseline("HostProcess", at, what, fix::set(at, false)));
        }
    }

    fn host_namespaces(&self, report: Report<'_, 'a>) {
        for (field, shared) in [("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "IPC")] {
            let at = self.spec.get(field);
            if at.bool() == Some(true) {
                let what = format!("`{field}: true` shares the node's {shared}");
                report(baseline("Host Namespaces", at, what, fix::set(at, false)));
            }
        }
    }

    fn privileged(&self, report: Report<'_, 'a>) {
        for at in Self::is_true(self.in_containers("privileged")) {
            let what = "`privileged: true` gives the container the node";
            report(baseline("Privileged Containers", at, what, fix::set(at, false)));
        }
    }

    fn capabilities(&self, report: Report<'_, 'a>) {
        for add in self.in_containers("capabilities.add") {
            for at in add.items() {
                let name = at.str().unwrap_or_default();
                if !DEFAULT_CAPABILITIES.contains(&name) {
                    let what = format!("the capability {name} is not one of the defaults");
                    report(baseline("Capabilities", at, what, without(at, name)));
                }
            }
        }
    }

    fn all_capabilities(&self, report: Report<'_, 'a>) {
        for capabilities in self.in_containers("capabilities") {
            let drop = capabilities.get("drop");
            if !drop.items().any(|name| name.str() == Some("ALL")) {
                let is_all = |at: &Field<'_>| at.str().is_some_and(|name| name.eq_ignore_ascii_case("ALL"));
                let (at, what, fix) = match drop.items().find(is_all) {
                    Some(at) => {
                        (at, "the capabilities to drop are called `ALL`, in capitals", fix::set(at, "ALL").safe())
                    }
                    None => (drop, "the container does not drop all capabilities", fix::set(drop, vec!["ALL".into()])),
                };
                report(restricted("Capabilities", at, what, fix));
            }
            for at in capabilities.get("add").items() {
                let name = at.str().unwrap_or_default();
                if name != "NET_BIND_SERVICE" {
                    let what = format!("of the capabilities only NET_BIND_SERVICE may be added, not {name}");
                    report(restricted("Capabilities", at, what, without(at, name)));
                }
            }
        }
    }

    fn host_path(&self, report: Report<'_, 'a>) {
        for at in self.spec.get("volumes").items().map(|volume| volume.get("hostPath")).filter(|at| at.is_set()) {
            // With the path, since another one may be worse.
            let path = at.get("path").str().unwrap_or_default();
            let what = format!("a hostPath volume opens `{path}` of the node to the pod");
            let fix = "use a persistentVolumeClaim, emptyDir, configMap or another volume that is not the node's";
            report(baseline("HostPath Volumes", at, what, fix.into()));
        }
    }

    /// A volume without any type becomes an emptyDir.
    fn volume_types(&self, report: Report<'_, 'a>) {
        for volume in self.spec.get("volumes").items() {
            let source = |kinds: &'static [&'static str]| kinds.iter().find(|kind| volume.get(kind).is_set()).copied();
            if let (None, Some(kind)) = (source(ALLOWED_VOLUMES), source(RESTRICTED_VOLUMES)) {
                let what = format!("volumes of type {kind} are not allowed");
                let fix = "use a persistentVolumeClaim, emptyDir, configMap, secret, projected, csi, ephemeral or \
                           downwardAPI volume";
                report(restricted("Volume Types", volume.get(kind), what, fix.into()));
            }
        }
    }

    fn host_ports(&self, report: Report<'_, 'a>) {
        let on_host = self.is_bare && self.spec.get("hostNetwork").bool() == Some(true);
        for container in &self.containers {
            for port in container.get("ports").items() {
                let (host, own) = (port.get("hostPort"), port.get("containerPort"));
                let is_port = |at: Field<'_>| at.integer().is_some_and(|port| port != 0);
                if is_port(host) {
                    let what = format!("the port {} is opened on the node", host.integer().unwrap_or_default());
                    report(baseline("Host Ports", host, what, fix::remove(host)));
                } else if on_host && container.class() != Class::Ephemeral && is_port(own) {
                    let what = "under `hostNetwork: true` the port is opened on the node";
                    report(baseline("Host Ports", own, what, "remove `hostNetwork`".into()));
                }
            }
        }
    }

    fn host_probes(&self, report: Report<'_, 'a>) {
        #[rustfmt::skip]
        let handlers = [
            "livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop",
        ];
        for container in &self.containers {
            for handler in handlers {
                for host in ["httpGet.host", "tcpSocket.host"] {
                    let at = container.get(handler).get(host);
                    if let Some(name) = at.str().filter(|name| !name.is_empty()) {
                        let what = format!("the kubelet calls the host `{name}` instead of the pod");
                        report(baseline("Host Probes / Lifecycle Hooks", at, what, fix::remove(at)));
                    }
                }
            }
        }
    }

    fn app_armor(&self, report: Report<'_, 'a>) {
        for profile in self.everywhere("appArmorProfile").into_iter().filter(|profile| profile.is_set()) {
            let at = profile.get("type");
            if !matches!(at.str(), Some("RuntimeDefault" | "Localhost")) {
                let what = "the AppArmor profile is neither RuntimeDefault nor Localhost";
                report(baseline("AppArmor", at, what, fix::set(at, "RuntimeDefault")));
            }
        }
        for (key, at) in self.annotations.entries() {
            let profile = at.str().unwrap_or_default();
            let is_allowed = matches!(profile, "" | "runtime/default") || profile.starts_with("localhost/");
            if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !is_allowed {
                let what = "the AppArmor profile is neither runtime/default nor localhost/*";
                report(baseline("AppArmor", at, what, fix::set(at, "runtime/default")));
            }
        }
    }

    fn se_linux(&self, allows_engine: bool, report: Report<'_, 'a>) {
        for options in self.everywhere("seLinuxOptions") {
            let at = options.get("type");
            let kind = at.str().unwrap_or_default();
            let is_allowed = match kind {
                "" | "container_t" | "container_init_t" | "container_kvm_t" => true,
                "container_engine_t" => allows_engine,
                _ => false,
            };
            if !is_allowed {
                let what = format!("the SELinux type {kind} is not one for containers");
                report(baseline("SELinux", at, what, fix::remove(at)));
            }
            for at in ["user", "role"].map(|field| options.get(field)) {
                if at.str().is_some_and(|text| !text.is_empty()) {
                    let what = "an SELinux user or role may not be set";
                    report(baseline("SELinux", at, what, fix::remove(at)));
                }
            }
        }
    }

    fn proc_mount(&self, level: Level, report: Report<'_, 'a>) {
        for at in self.in_containers("procMount") {
            if at.str().is_none_or(|mount| mount == "Default") {
                continue;
            }
            let what = "`procMount` unmasks /proc";
            report(Breach { control: "/proc Mount Type", level, at, what: what.into(), fix: fix::remove(at) });
        }
    }

    fn seccomp_annotations(&self, report: Report<'_, 'a>) {
        for (key, at) in self.annotations.entries() {
            let container = key.strip_prefix("container.seccomp.security.alpha.kubernetes.io/");
            let is_ours = container.is_some_and(|name| self.containers.iter().any(|it| it.name() == name));
            let profile = at.str().unwrap_or_default();
            let is_allowed =
                matches!(profile, "runtime/default" | "docker/default") || profile.starts_with("localhost/");
            if (is_ours || key == "seccomp.security.alpha.kubernetes.io/pod") && !is_allowed {
                let what = "the seccomp profile is neither runtime/default nor localhost/*";
                report(baseline("Seccomp", at, what, fix::set(at, "runtime/default")));
            }
        }
    }

    /// What is set must be a profile; under `restricted` it must also be set.
    fn seccomp(&self, level: Level, report: Report<'_, 'a>) {
        let is_profile = |profile: Field<'_>| matches!(profile.get("type").str(), Some("RuntimeDefault" | "Localhost"));
        for profile in self.everywhere("seccompProfile") {
            if !profile.is_set() || is_profile(profile) {
                continue;
            }
            let at = profile.get("type");
            let what = "the seccomp profile is neither RuntimeDefault nor Localhost";
            report(Breach { control: "Seccomp", level, at, what: what.into(), fix: fix::set(at, "RuntimeDefault") });
        }
        let of_pod = self.security.get("seccompProfile");
        if level != Level::Restricted || of_pod.is_set() {
            return;
        }
        let mut missing = self.in_containers("seccompProfile");
        missing.retain(|profile| !profile.is_set());
        // Said once where nobody sets any.
        let at = if missing.len() == self.containers.len() { vec![of_pod] } else { missing };
        for at in at.into_iter().filter(|_| !self.containers.is_empty()) {
            let fix = fix::set(at, Json::of("type", "RuntimeDefault"));
            report(restricted("Seccomp", at, "no seccomp profile is set", fix));
        }
    }

    fn sysctls(&self, minor: u32, report: Report<'_, 'a>) {
        for at in self.security.get("sysctls").items().map(|sysctl| sysctl.get("name")) {
            let name = at.str().unwrap_or_default();
            if !SAFE_SYSCTLS.iter().any(|(since, safe)| *safe == name && minor >= *since) {
                let what = format!("the sysctl {name} is not known to be safe");
                report(baseline("Sysctls", at, what, "remove this sysctl, or set it on the node".into()));
            }
        }
    }

    fn privilege_escalation(&self, report: Report<'_, 'a>) {
        for at in self.in_containers("allowPrivilegeEscalation") {
            if at.bool() != Some(false) {
                let what = "a process may gain more privileges than its parent";
                report(restricted("Privilege Escalation", at, what, fix::set(at, false)));
            }
        }
    }

    fn non_root(&self, report: Report<'_, 'a>) {
        let of_pod = self.security.get("runAsNonRoot");
        // The kubelet starts no container whose user is 0 with the promise not to be root.
        let is_root = self.root_users().next().is_some();
        let mut allows_root = |at: Field<'a>| {
            let what = match at.is_set() {
                true => "`runAsNonRoot: false` allows root",
                false => "nothing keeps the container from running as root",
            };
            let fix = fix::set(at, true);
            report(restricted("Running as Non-root", at, what, if is_root { fix.example() } else { fix }));
        };
        if of_pod.bool() == Some(false) {
            allows_root(of_pod);
        }
        for at in self.in_containers("runAsNonRoot") {
            // What the pod says wrong is said there.
            if at.bool() == Some(false) || (!at.is_set() && !of_pod.is_set()) {
                allows_root(at);
            }
        }
    }

    fn non_root_user(&self, report: Report<'_, 'a>) {
        for at in self.root_users() {
            let what = "user 0 is root";
            report(restricted("Running as Non-root user", at, what, fix::set(at, 1000).example()));
        }
    }

    fn root_users(&self) -> impl Iterator<Item = Field<'a>> {
        self.everywhere("runAsUser").into_iter().filter(|at| at.integer() == Some(0))
    }
}

fn baseline<'a>(control: &'static str, at: Field<'a>, what: impl Into<Cow<'static, str>>, fix: Fix) -> Breach<'a> {
    Breach { control, level: Level::Baseline, at, what: what.into(), fix }
}

fn restricted<'a>(control: &'static str, at: Field<'a>, what: impl Into<Cow<'static, str>>, fix: Fix) -> Breach<'a> {
    Breach { control, level: Level::Restricted, at, what: what.into(), fix }
}

/// The API knows capabilities without the prefix that the kernel gives them.
fn without(at: Field<'_>, name: &str) -> Fix {
    match name.strip_prefix("CAP_") {
        Some("NET_BIND_SERVICE") => fix::set(at, "NET_BIND_SERVICE"),
        _ => fix::remove(at),
    }
}
