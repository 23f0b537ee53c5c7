//! Pods made at random, most of them broken in a few ways: the same for the same seed.

use serde_json::{Value, json};

pub struct Generator {
    state: u64,
}

/// A pod that breaks nothing at any level and version.
fn sound() -> Value {
    let security = json!({
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true, "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    let container = |name: &str| {
        json!({
            "name": name, "image": "example.com/web:1.4.2", "securityContext": security, "ports": [{"containerPort": 8080}],
            "livenessProbe": {"httpGet": {"path": "/", "port": 8080}}, "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        })
    };
    json!({
        "metadata": {"annotations": {"example.com/a": "b"}, "labels": {"app": "web"}},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "configMap": {"name": "b"}}],
            "initContainers": [container("init")],
            "containers": [container("app"), container("proxy")],
            "ephemeralContainers": [container("debug")],
        },
    })
}

/// Fields of a pod, with values that some control has an opinion about, and others.
fn fields() -> Vec<(&'static str, Vec<Value>)> {
    let flags = || vec![json!(true), json!(false), json!(null)];
    let profiles = || {
        ["RuntimeDefault", "Localhost", "Unconfined", "runtimeDefault", ""]
            .into_iter()
            .map(|name| json!({"type": name, "localhostProfile": "a.json"}))
            .chain([json!({}), json!(null)])
            .collect::<Vec<_>>()
    };
    let se_linux = || {
        vec![
            json!({"type": "container_t"}),
            json!({"type": "container_init_t"}),
            json!({"type": "container_kvm_t"}),
            json!({"type": "container_engine_t"}),
            json!({"type": "spc_t"}),
            json!({"type": "Container_t"}),
            json!({}),
            json!({"user": "a"}),
            json!({"role": "a"}),
            json!({"level": "s0"}),
            json!({"user": "", "role": "", "type": ""}),
        ]
    };
    let hosts = || vec![json!("localhost"), json!("127.0.0.1"), json!(""), json!(null), json!("example.com")];
    let volumes = [
        "hostPath",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "gitRepo",
        "nfs",
        "iscsi",
        "glusterfs",
        "rbd",
        "flexVolume",
        "cinder",
        "cephfs",
        "flocker",
        "fc",
        "azureFile",
        "vsphereVolume",
        "quobyte",
        "azureDisk",
        "photonPersistentDisk",
        "portworxVolume",
        "scaleIO",
        "storageos",
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "unknown",
    ];
    let volumes = volumes.into_iter().flat_map(|kind| {
        [
            json!([{"name": "v", kind: {}}]),
            json!([{"name": "v", kind: null}]),
            json!([{"name": "v", kind: {}, "secret": {}}]),
        ]
    });
    let sysctls = [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        "net.core.somaxconn",
        "kernel/shm_rmid_forced",
        "",
    ];
    let profile_names =
        ["runtime/default", "docker/default", "localhost/a", "localhost", "unconfined", "", "Runtime/default"];
    let annotation = |key: &'static str| (key, profile_names.into_iter().map(|name| json!(name)).collect());
    let container = |field: &'static str, values| (field, values);
    vec![
        ("spec.hostNetwork", flags()),
        ("spec.hostPID", flags()),
        ("spec.hostIPC", flags()),
        ("spec.hostUsers", flags()),
        (
            "spec.os",
            vec![json!({"name": "windows"}), json!({"name": "linux"}), json!({"name": "Windows"}), json!(null)],
        ),
        ("spec.nodeSelector", vec![json!({"kubernetes.io/os": "windows"})]),
        ("spec.volumes", volumes.collect()),
        ("spec.securityContext", vec![json!(null), json!({})]),
        ("spec.securityContext.runAsNonRoot", flags()),
        ("spec.securityContext.runAsUser", vec![json!(0), json!(1), json!(null)]),
        ("spec.securityContext.seccompProfile", profiles()),
        ("spec.securityContext.appArmorProfile", profiles()),
        ("spec.securityContext.seLinuxOptions", se_linux()),
        (
            "spec.securityContext.windowsOptions",
            vec![json!({"hostProcess": true}), json!({"hostProcess": false}), json!({})],
        ),
        (
            "spec.securityContext.sysctls",
            sysctls.into_iter().map(|name| json!([{"name": name, "value": "1"}])).collect(),
        ),
        annotation("metadata.annotations.seccomp.security.alpha.kubernetes.io/pod"),
        annotation("metadata.annotations.container.seccomp.security.alpha.kubernetes.io/app"),
        annotation("metadata.annotations.container.seccomp.security.alpha.kubernetes.io/nobody"),
        annotation("metadata.annotations.container.apparmor.security.beta.kubernetes.io/app"),
        annotation("metadata.annotations.container.apparmor.security.beta.kubernetes.io/nobody"),
        container("*.securityContext", vec![json!(null), json!({})]),
        container("*.securityContext.privileged", flags()),
        container("*.securityContext.allowPrivilegeEscalation", flags()),
        container("*.securityContext.runAsNonRoot", flags()),
        container("*.securityContext.runAsUser", vec![json!(0), json!(1), json!(null)]),
        container("*.securityContext.seccompProfile", profiles()),
        container("*.securityContext.appArmorProfile", profiles()),
        container("*.securityContext.seLinuxOptions", se_linux()),
        container(
            "*.securityContext.procMount",
            vec![json!("Default"), json!("Unmasked"), json!("default"), json!(""), json!(null)],
        ),
        container(
            "*.securityContext.windowsOptions",
            vec![json!({"hostProcess": true}), json!({"hostProcess": false})],
        ),
        container("*.securityContext.capabilities", vec![json!(null), json!({}), json!({"drop": null, "add": null})]),
        container(
            "*.securityContext.capabilities.drop",
            vec![
                json!(["ALL"]),
                json!(["all"]),
                json!(["KILL", "ALL"]),
                json!([]),
                json!(["CAP_ALL"]),
                json!(["NET_RAW"]),
                json!(null),
            ],
        ),
        container(
            "*.securityContext.capabilities.add",
            vec![
                json!(["NET_BIND_SERVICE"]),
                json!(["CAP_NET_BIND_SERVICE"]),
                json!(["CHOWN"]),
                json!(["chown"]),
                json!(["SYS_ADMIN", "SYS_TIME"]),
                json!(["NET_RAW"]),
                json!(["ALL"]),
                json!([]),
                json!(["SYS_CHROOT", "KILL"]),
                json!([""]),
                json!([
                    "AUDIT_WRITE",
                    "DAC_OVERRIDE",
                    "FOWNER",
                    "FSETID",
                    "MKNOD",
                    "SETFCAP",
                    "SETGID",
                    "SETPCAP",
                    "SETUID"
                ]),
            ],
        ),
        container(
            "*.ports",
            vec![
                json!([{"containerPort": 80, "hostPort": 80}]),
                json!([{"containerPort": 80, "hostPort": 0}]),
                json!([]),
                json!([{"hostPort": 22}]),
                json!([{"containerPort": 0}]),
                json!(null),
                json!([{"containerPort": 80, "hostPort": null}]),
            ],
        ),
        container("*.livenessProbe.httpGet.host", hosts()),
        container(
            "*.readinessProbe",
            vec![json!({"tcpSocket": {"port": 80, "host": "db"}}), json!({"exec": {"command": ["a"]}})],
        ),
        container("*.startupProbe.httpGet", vec![json!({"port": 80, "host": "::1"}), json!({"port": 80})]),
        container("*.livenessProbe.tcpSocket.host", hosts()),
        container("*.lifecycle.postStart.httpGet.host", hosts()),
        container("*.lifecycle.preStop.tcpSocket.host", hosts()),
        container("*.lifecycle.preStop.httpGet.host", hosts()),
        container("*.name", vec![json!("app"), json!("other"), json!("")]),
    ]
}

impl Generator {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03 }
    }

    /// xorshift.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or_default() % limit
    }

    /// Whether it is a Pod itself, and its template.
    pub fn pod(&mut self) -> (bool, Value) {
        let (mut pod, fields) = (sound(), fields());
        for list in ["initContainers", "ephemeralContainers"] {
            if self.below(3) != 0 {
                pod["spec"].as_object_mut().map(|spec| spec.remove(list));
            }
        }
        for _ in 0..self.below(6) {
            let (field, values) = &fields[self.below(fields.len())];
            let value = values[self.below(values.len())].clone();
            let place = match field.strip_prefix("*.") {
                None => Some((&mut pod, *field)),
                Some(field) => self.container(&mut pod).map(|container| (container, field)),
            };
            if let Some((place, field)) = place {
                set(place, field, value);
            }
        }
        for _ in 0..self.below(3) {
            self.forget(&mut pod);
        }
        (self.below(2) == 0, pod)
    }

    fn container<'p>(&mut self, pod: &'p mut Value) -> Option<&'p mut Value> {
        let list = ["containers", "containers", "initContainers", "ephemeralContainers"][self.below(4)];
        let list = pod["spec"].get_mut(list)?.as_array_mut().filter(|list| !list.is_empty())?;
        let index = self.below(list.len());
        list.get_mut(index)
    }

    /// Removes a member somewhere, or an item of a list that is not the containers.
    fn forget(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                let key = members.keys().nth(self.below(members.len())).cloned().unwrap_or_default();
                let is_leaf =
                    members[&key].as_object().is_none_or(serde_json::Map::is_empty) && !members[&key].is_array();
                if !matches!(key.as_str(), "containers" | "spec") && (is_leaf || self.below(8) == 0) {
                    members.remove(&key);
                } else if let Some(member) = members.get_mut(&key) {
                    self.forget(member);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let index = self.below(items.len());
                self.forget(&mut items[index]);
            }
            _ => {}
        }
    }
}

/// Sets a dotted field, and makes maps on the way there. The key of an annotation has dots itself.
fn set(value: &mut Value, field: &str, new: Value) {
    let is_key = field.contains('/') && !field.contains("annotations");
    match field.split_once('.').filter(|_| !is_key) {
        None => value[field] = new,
        Some((first, rest)) => {
            if !value[first].is_object() {
                value[first] = json!({});
            }
            set(&mut value[first], rest, new);
        }
    }
}
