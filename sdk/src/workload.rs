//! Workloads, their pods and their containers.
//!
//! A workload is any kind that carries a pod template; where it carries it is the protocol's knowledge, so that a rule
//! reads a CronJob as it reads a Pod. The three lists of containers come out of one iterator, each container with its
//! class, and a rule names the classes it means.

use alloc::format;
use alloc::string::{String, ToString};

use protocol::{NO_CONTAINERS, Section, workload_kind};

use crate::field::Field;
use crate::label::Label;
use crate::object::Object;
use crate::undecided::Undecided;

/// What part a container plays in its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// One of `containers`.
    App,
    /// An init container with `restartPolicy: Always` (KEP-753): runs as long as the app does, and may have probes.
    Sidecar,
    /// Any other init container: runs to completion. The API forbids probes and lifecycle hooks on it.
    Init,
    /// One of `ephemeralContainers`: no resources, no probes, but a securityContext that counts.
    Ephemeral,
}

impl Class {
    /// Every container of the pod.
    pub const ALL: &[Self] = &[Self::App, Self::Sidecar, Self::Init, Self::Ephemeral];
    /// Those that run as long as the pod does.
    pub const LONG_RUNNING: &[Self] = &[Self::App, Self::Sidecar];
}

/// An object that runs pods.
#[derive(Clone, Copy)]
pub struct Workload<'a> {
    object: Object<'a>,
    template: Field<'a>,
}

impl<'a> Workload<'a> {
    /// The object as a workload that a rule of this section checks.
    ///
    /// What an object says of itself exempts it from nothing that matters: whoever may write a pod may write an owner or
    /// a hook into it. Whether a pod is checked through its owner is known to a host, which sees the owner. A Helm test
    /// runs to completion and serves nobody, so only Security has a say about it.
    pub(crate) fn new(object: Object<'a>, section: Section) -> Result<Self, Undecided> {
        if is_about_running(section) && is_helm_test(object) {
            return Err(Undecided::NotApplicable("a Helm test runs to completion and serves nobody".to_string()));
        }
        let Some(workload) = Self::view(object) else {
            return Err(Undecided::NotApplicable(format!("{} is not a workload", object.kind())));
        };
        let reference = object.get("spec.workloadRef");
        if reference.is_set() && !workload.template.is_set() && object.is("argoproj.io", "Rollout") {
            let (kind, name) = (reference.get("kind").str(), reference.get("name").str());
            let (kind, name) = (kind.unwrap_or("workload"), name.unwrap_or("it names"));
            return Err(Undecided::NotApplicable(format!("its pod template lives in the {kind} {name}")));
        }
        Ok(workload)
    }

    /// The object as a workload, whoever judges it; `None` if its kind carries no pod template.
    #[must_use]
    pub fn view(object: Object<'a>) -> Option<Self> {
        let kind = workload_kind(object.group(), object.kind())?;
        let mut template = object.root();
        for field in kind.template {
            template = template.get(field);
        }
        Some(Self { object, template })
    }

    /// The object with the pod template of another.
    #[must_use]
    pub const fn with_template(object: Object<'a>, template: Field<'a>) -> Self {
        Self { object, template }
    }

    /// The object itself.
    #[must_use]
    pub const fn object(self) -> Object<'a> {
        self.object
    }

    /// The kind, singular.
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.object.kind()
    }

    /// The pod template: its `metadata` and its `spec`.
    #[must_use]
    pub const fn template(self) -> Field<'a> {
        self.template
    }

    /// The pod's spec.
    #[must_use]
    pub fn pod(self) -> Field<'a> {
        self.template.get("spec")
    }

    /// That the pod has no containers, and what is missing around them.
    fn lack(self) -> String {
        let missing =
            [("template", self.template), ("spec", self.pod())].into_iter().find(|(_, field)| !field.is_set());
        missing.map_or_else(|| NO_CONTAINERS.into(), |(name, _)| format!("{NO_CONTAINERS}: `{name}` is missing"))
    }

    /// The labels of the pod template.
    #[must_use]
    pub fn pod_labels(self) -> Field<'a> {
        self.template.get("metadata.labels")
    }

    /// A label of its pods, as selectors see it: what its controller sets, else what the template says.
    #[must_use]
    pub fn pod_label(self, key: &str) -> Option<Label<'a>> {
        self.controller_label(key).or_else(|| self.pod_labels().entry(key).str().map(Label::Is))
    }

    /// A label that the controller of this kind adds to the pods that it makes.
    fn controller_label(self, key: &str) -> Option<Label<'a>> {
        let name = self.object.name();
        let known = |label| if name.is_empty() { Label::Any } else { label };
        Some(match (self.kind(), key) {
            ("StatefulSet", "statefulset.kubernetes.io/pod-name") => known(Label::Ordinal(name)),
            ("StatefulSet", "apps.kubernetes.io/pod-index") => Label::Number,
            ("StatefulSet" | "DaemonSet", "controller-revision-hash") => Label::Any,
            ("DaemonSet", "pod-template-generation") => Label::Number,
            ("Deployment", "pod-template-hash") => Label::Any,
            // Of a Deployment too, whose pods a Rollout may run (`workloadRef`).
            ("Deployment" | "Rollout", "rollouts-pod-template-hash") => Label::Any,
            ("Job", "batch.kubernetes.io/job-name" | "job-name") => known(Label::Is(name)),
            ("CronJob", "batch.kubernetes.io/job-name" | "job-name") => known(Label::Generated(name)),
            ("Job" | "CronJob", "batch.kubernetes.io/controller-uid" | "controller-uid") => Label::Any,
            ("Job" | "CronJob", "batch.kubernetes.io/job-completion-index") => Label::Number,
            ("DeploymentConfig", "deploymentconfig") => known(Label::Is(name)),
            ("DeploymentConfig", "deployment") => known(Label::Ordinal(name)),
            ("Service", "serving.knative.dev/service" | "serving.knative.dev/configuration") => known(Label::Is(name)),
            ("Service", "serving.knative.dev/revision") => known(Label::Generated(name)),
            _ => return None,
        })
    }

    /// Whether it runs to completion: Job, CronJob, or a bare Pod (or the template of one) that is not restarted when it
    /// succeeds.
    #[must_use]
    pub fn runs_to_completion(self) -> bool {
        match self.kind() {
            "Job" | "CronJob" => true,
            "Pod" | "PodTemplate" => matches!(self.pod().get("restartPolicy").str(), Some("Never" | "OnFailure")),
            _ => false,
        }
    }

    /// Whether it is a Knative Service: Knative routes to its pods, and fills in what its containers leave out.
    #[must_use]
    pub fn is_knative_service(self) -> bool {
        self.object.is("serving.knative.dev", "Service")
    }

    /// Whether its pods run Windows: Linux-only fields are then not applicable. `os.name` says so or, where it is left
    /// out, a `nodeSelector` that takes no other nodes (`kubernetes.io/os`, which each kubelet sets itself).
    #[must_use]
    pub fn is_windows(self) -> bool {
        let (said, nodes) = (self.pod().get("os.name"), self.pod().get("nodeSelector"));
        said.str().or_else(|| nodes.entry("kubernetes.io/os").str()) == Some("windows")
    }

    /// The containers of these classes, in the order in which the API lists them. A pod without any is malformed.
    pub fn containers(self, classes: &'a [Class]) -> impl Iterator<Item = Container<'a>> {
        let pod = self.pod();
        let apps = pod.get("containers");
        // What is no list at all is noted as such below, masked or not.
        if !apps.is_set() || (apps.is_list() && apps.is_empty()) {
            apps.note_malformed(self.lack(), "at least one container".into());
        }
        let apps = apps.items().map(|field| (Class::App, field));
        let inits = pod.get("initContainers").items().map(|field| {
            let sidecar = field.get("restartPolicy").str() == Some("Always");
            (if sidecar { Class::Sidecar } else { Class::Init }, field)
        });
        let ephemerals = pod.get("ephemeralContainers").items().map(|field| (Class::Ephemeral, field));
        let all = apps.chain(inits).chain(ephemerals);
        all.filter(|(class, _)| classes.contains(class)).filter_map(move |(class, field)| {
            // A container that is not a map is noted as malformed, and has nothing to judge.
            if !field.is_set() {
                field.note_malformed("this container is null".to_string(), "delete it, or write a container".into());
            }
            Some(Container { class, field: field.map()?, pod })
        })
    }
}

/// One container of a pod.
#[derive(Clone, Copy)]
pub struct Container<'a> {
    class: Class,
    field: Field<'a>,
    /// The spec of the pod that it is part of.
    pod: Field<'a>,
}

impl<'a> Container<'a> {
    /// What part it plays.
    #[must_use]
    pub const fn class(self) -> Class {
        self.class
    }

    /// The container itself, as a place for a finding.
    #[must_use]
    pub const fn field(self) -> Field<'a> {
        self.field
    }

    /// A field of the container, dotted: `securityContext.runAsNonRoot`.
    #[must_use]
    pub fn get(self, fields: &'a str) -> Field<'a> {
        self.field.get(fields)
    }

    /// The field of a securityContext that decides for this container: `runAsNonRoot`, `windowsOptions.runAsUserName`.
    /// That is its own where it is set, else the pod's where that is set, else its own, absent. The API overrides field by
    /// field (`securitycontext.DetermineEffectiveSecurityContext`), so one field of the container's hides no other of the
    /// pod's.
    #[must_use]
    pub fn effective_security(self, fields: &'a str) -> Field<'a> {
        let own = self.field.get("securityContext").get(fields);
        let pods = self.pod.get("securityContext").get(fields);
        if own.is_set() || !pods.is_set() { own } else { pods }
    }

    /// Its name; empty where it has none.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.field.get("name").str().unwrap_or_default()
    }
}

/// Whether rules of this section ask how a workload runs, and not what it may do.
const fn is_about_running(section: Section) -> bool {
    matches!(section, Section::Reliability | Section::Observability | Section::Operations)
}

/// Whether it runs as a Helm test and at no other time. `helm.sh/hook` is a comma-separated list; `test-success` and
/// `test-failure` are its old names for `test`.
fn is_helm_test(object: Object<'_>) -> bool {
    let hooks = object.annotation("helm.sh/hook").str().unwrap_or_default();
    (object.is("", "Pod") || object.is("batch", "Job"))
        && hooks.split(',').all(|hook| matches!(hook.trim_ascii(), "test" | "test-success" | "test-failure"))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use protocol::path::shorten;

    use super::*;
    use crate::memory::Memory;
    use crate::value::Value;

    #[test]
    fn a_container_overrides_its_pods_security_context_field_by_field() {
        let memory = Memory::new();
        let pod = br#"{"apiVersion": "v1", "kind": "Pod", "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 0, "windowsOptions": {"runAsUserName": "a", "hostProcess": true}},
            "containers": [{"name": "app", "securityContext": {"runAsUser": 1000, "runAsNonRoot": null, "windowsOptions": {"runAsUserName": "b"}}}]
        }}"#;
        let value = Value::parse(pod, &memory.bump).unwrap();
        let workload = Workload::view(Object::new(Field::root(&memory, Some(&value)), None)).unwrap();
        let container = workload.containers(Class::ALL).next().unwrap();
        let fields =
            ["runAsNonRoot", "runAsUser", "runAsGroup", "windowsOptions.runAsUserName", "windowsOptions.hostProcess"];
        let decides: Vec<_> = fields.iter().map(|field| shorten(&container.effective_security(field).path())).collect();
        assert_eq!(
            decides,
            [
                "spec.securityContext.runAsNonRoot",
                "spec.containers[0].securityContext.runAsUser",
                "spec.containers[0].securityContext.runAsGroup",
                "spec.containers[0].securityContext.windowsOptions.runAsUserName",
                "spec.securityContext.windowsOptions.hostProcess",
            ]
        );
    }
}
