//! The pods of a namespace as a selector sees them: those of the workloads there, and why others may be out of sight.
//!
//! The module must not know whose selector it is, nor what a rule says of one that selects nothing. Look-ups are the rule's
//! to declare. A rule that uses it declares all of [`WORKLOADS`] with the labels of their pods,
//! `"argoproj.io/v1alpha1/Rollout": ["spec.workloadRef"]`, and:
//!
//! ```text
//! "kustomize.config.k8s.io/v1beta1/Kustomization": ["commonLabels", "labels.pairs"],
//! "kustomize.config.k8s.io/v1alpha1/Component": ["commonLabels", "labels.pairs"],
//! "monitoring.coreos.com/v1/Prometheus": [],
//! "monitoring.coreos.com/v1/Alertmanager": [],
//! "monitoring.coreos.com/v1/ThanosRuler": [],
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::field::Field;
use crate::generator::KUSTOMIZATIONS;
use crate::object::Object;
use crate::relation::Relation;
use crate::selector::{LabelSelector, map_selects};
use crate::undecided::Undecided;
use crate::workload::Workload;
use crate::world::{Within, World};

/// The labels of the pods that most kinds run.
const TEMPLATE: &str = "spec.template.metadata.labels";

/// What runs pods, as looked up, and where the labels of the pods stand.
pub const WORKLOADS: [(&str, &str, &str); 11] = [
    ("apps/v1", "Deployment", TEMPLATE),
    ("apps/v1", "StatefulSet", TEMPLATE),
    ("apps/v1", "DaemonSet", TEMPLATE),
    ("apps/v1", "ReplicaSet", TEMPLATE),
    ("v1", "ReplicationController", TEMPLATE),
    ("v1", "Pod", "metadata.labels"),
    ("batch/v1", "Job", TEMPLATE),
    ("batch/v1", "CronJob", "spec.jobTemplate.spec.template.metadata.labels"),
    ("argoproj.io/v1alpha1", "Rollout", TEMPLATE),
    ("apps.openshift.io/v1", "DeploymentConfig", TEMPLATE),
    ("serving.knative.dev/v1", "Service", TEMPLATE),
];

/// What an operator makes pods of, whose labels are only known to it: those of the Prometheus operator have labels that
/// others use too.
const OPERATED: [&str; 3] = ["Prometheus", "Alertmanager", "ThanosRuler"];

/// A selector of pods.
#[derive(Clone, Copy)]
pub enum PodSelector<'a> {
    /// A `metav1.LabelSelector`.
    Labels(Field<'a>),
    /// A bare map of labels, as of a Service.
    Map(Field<'a>),
}

impl<'a> PodSelector<'a> {
    /// Whether it selects the pods of a workload, or one of them.
    #[must_use]
    pub fn selects(self, workload: Workload<'_>) -> bool {
        match self {
            Self::Labels(field) => LabelSelector::new(field).selects(workload),
            Self::Map(field) => map_selects(field, workload),
        }
    }

    /// Shows the workloads that it may select, until that is enough. Those it does not select may be among
    /// them.
    ///
    /// # Errors
    /// As any look-up.
    pub fn visit(
        self,
        within: Within<'_>,
        world: &World<'a>,
        is_enough: &mut dyn FnMut(Workload<'a>) -> bool,
    ) -> Result<(), Undecided> {
        for (api_version, kind, labels) in WORKLOADS {
            let selected = [match self {
                Self::Labels(field) => Relation::selected_by(labels, field),
                Self::Map(field) => Relation::selected_by_map(labels, field),
            }];
            let found = world.related(api_version, kind, within, &selected)?;
            if found.into_iter().filter_map(own_pods).any(&mut *is_enough) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Why pods that it selects may be there and out of sight, if they may.
    ///
    /// # Errors
    /// As any look-up.
    pub fn out_of_sight(self, namespace: Option<&str>, world: &World<'_>) -> Result<Option<String>, Undecided> {
        if let Some(key) = self.unmade_key(namespace, world)? {
            return Ok(Some(format!("nothing here makes pods with the label {key}; an operator may")));
        }
        for kind in OPERATED {
            if !world.list("monitoring.coreos.com/v1", kind, namespace)?.is_empty() {
                return Ok(Some(format!("an operator makes the pods of the {kind} here")));
            }
        }
        if let Some(why) = borrowed_out_of_sight(namespace, world)? {
            return Ok(Some(why));
        }
        let adder = self.adder_of_labels(world)?;
        Ok(adder.map(|kind| format!("a {kind} adds labels that it selects to what it builds")))
    }

    /// The labels that it wants, as a map.
    #[must_use]
    pub fn labels(self) -> Field<'a> {
        match self {
            Self::Labels(field) => field.get("matchLabels"),
            Self::Map(field) => field,
        }
    }

    /// The first of the foreign keys that it wants and no pods here have.
    fn unmade_key(self, namespace: Option<&str>, world: &World<'_>) -> Result<Option<&'a str>, Undecided> {
        let mut keys = self.foreign_keys();
        for (api_version, kind, _) in WORKLOADS {
            if keys.is_empty() {
                break;
            }
            for workload in world.list(api_version, kind, namespace)?.into_iter().filter_map(own_pods) {
                keys.retain(|key| workload.pod_label(key).is_none());
            }
        }
        Ok(keys.first().copied())
    }

    /// The labels that it wants and that are neither Kubernetes' nor without a domain: an operator's, as a rule.
    fn foreign_keys(self) -> Vec<&'a str> {
        let mut keys: Vec<&str> = self.labels().entries().map(|(key, _)| key).collect();
        if let Self::Labels(field) = self {
            let wants = |requirement: &Field<'_>| matches!(requirement.get("operator").str(), Some("In" | "Exists"));
            let expressions = field.get("matchExpressions").items().filter(wants);
            keys.extend(expressions.filter_map(|requirement| requirement.get("key").str()));
        }
        keys.retain(|key| {
            key.split_once('/').is_some_and(|(domain, _)| domain != "helm.sh" && !domain.ends_with("kubernetes.io"))
        });
        keys
    }

    /// A kustomization that adds one of the labels that it wants to whatever it builds.
    fn adder_of_labels(self, world: &World<'_>) -> Result<Option<&'static str>, Undecided> {
        let adds = |labels: Field<'_>| {
            let mut wanted = self.labels().entries();
            wanted.any(|(key, value)| labels.entry(key).value().is_some() && labels.entry(key).str() == value.str())
        };
        for (version, kind) in KUSTOMIZATIONS {
            for kustomization in world.list_all(version, kind)? {
                let mut labels = kustomization.get("labels").items().map(|entry| entry.get("pairs"));
                if adds(kustomization.get("commonLabels")) || labels.any(adds) {
                    return Ok(Some(kind));
                }
            }
        }
        Ok(None)
    }
}

/// Why the pods of a Rollout are not known that takes their template from another workload: that one is not here.
fn borrowed_out_of_sight(namespace: Option<&str>, world: &World<'_>) -> Result<Option<String>, Undecided> {
    for rollout in world.list("argoproj.io/v1alpha1", "Rollout", namespace)? {
        let borrowed = rollout.get("spec.workloadRef");
        let (Some(kind), Some(name)) = (borrowed.get("kind").str(), borrowed.get("name").str()) else { continue };
        let known = WORKLOADS.iter().find(|(_, known, _)| *known == kind);
        let is_here = known.map_or(Ok(false), |(api_version, ..)| {
            world.get(api_version, kind, rollout.namespace(), name).map(|found| found.is_some())
        })?;
        if !is_here {
            return Ok(Some(format!(
                "the pods of Rollout {} are those of {kind} {name}, which is not here",
                rollout.name()
            )));
        }
    }
    Ok(None)
}

/// The object as what has a pod template of its own. That of a Rollout may live in a Deployment, which is asked itself.
fn own_pods(object: Object<'_>) -> Option<Workload<'_>> {
    Workload::view(object).filter(|_| !object.get("spec.workloadRef").is_set())
}
