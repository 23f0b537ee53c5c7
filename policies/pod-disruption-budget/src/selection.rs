//! Whether a budget selects any pods at all.

use sdk::prelude::*;

use crate::selects;

/// The labels of the pods that most kinds run.
const TEMPLATE: &str = "spec.template.metadata.labels";

/// What runs pods, as looked up, and where the labels of the pods stand.
const WORKLOADS: [(&str, &str, &str); 11] = [
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

/// Finds a budget that selects no pods, where all pods can be seen.
pub fn check(budget: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let selector = budget.get("spec.selector");
    for (api_version, kind, labels) in WORKLOADS {
        let selected = [Relation::selected_by(labels, selector)];
        let found = world.related(api_version, kind, Within::Namespace(budget.namespace()), &selected)?;
        if found.into_iter().filter_map(own_pods).any(|workload| selects(budget, workload)) {
            return Ok(());
        }
    }
    world.must_be_complete("workload whose pods it selects")?;
    if let Some(key) = unmade_key(selector, budget.namespace(), world)? {
        let why = format!("nothing here makes pods with the label {key}; an operator may");
        return Err(Undecided::Unknown(why));
    }
    for kind in OPERATED {
        if !world.list("monitoring.coreos.com/v1", kind, budget.namespace())?.is_empty() {
            return Err(Undecided::Unknown(format!("an operator makes the pods of the {kind} here")));
        }
    }
    if let Some(kustomization) = adder_of_labels(selector, world)? {
        return Err(Undecided::Unknown(format!("a {kustomization} adds labels that it selects to what it builds")));
    }
    let message = "it selects the pods of no workload in its namespace, so it protects nothing";
    findings.fail(selector, message, "the labels of the pod template that it is for");
    Ok(())
}

/// The object as what has a pod template of its own. That of a Rollout may live in a Deployment, which is asked itself.
fn own_pods(object: Object<'_>) -> Option<Workload<'_>> {
    Workload::view(object).filter(|_| !object.get("spec.workloadRef").is_set())
}

/// The first of the foreign keys that a selector wants and no pods here have.
fn unmade_key<'a>(
    selector: Field<'a>,
    namespace: Option<&str>,
    world: &World<'_>,
) -> Result<Option<&'a str>, Undecided> {
    let mut keys = foreign_keys(selector);
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

/// A kustomization that adds one of the labels that a selector wants to whatever it builds.
fn adder_of_labels(selector: Field<'_>, world: &World<'_>) -> Result<Option<&'static str>, Undecided> {
    let adds = |labels: Field<'_>| {
        let mut wanted = selector.get("matchLabels").entries();
        wanted.any(|(key, value)| labels.entry(key).value().is_some() && labels.entry(key).str() == value.str())
    };
    let kinds =
        [("kustomize.config.k8s.io/v1beta1", "Kustomization"), ("kustomize.config.k8s.io/v1alpha1", "Component")];
    for (version, kind) in kinds {
        for kustomization in world.list_all(version, kind)? {
            let mut labels = kustomization.get("labels").items().map(|entry| entry.get("pairs"));
            if adds(kustomization.get("commonLabels")) || labels.any(adds) {
                return Ok(Some(kind));
            }
        }
    }
    Ok(None)
}

/// The labels that a selector wants and that are neither Kubernetes' nor without a domain: an operator's, as a rule.
fn foreign_keys(selector: Field<'_>) -> Vec<&str> {
    let labels = selector.get("matchLabels").entries().map(|(key, _)| key);
    let wants = |requirement: &Field<'_>| matches!(requirement.get("operator").str(), Some("In" | "Exists"));
    let expressions = selector.get("matchExpressions").items().filter(wants);
    let keys = labels.chain(expressions.filter_map(|requirement| requirement.get("key").str()));
    let is_foreign = |key: &&str| {
        key.split_once('/').is_some_and(|(domain, _)| domain != "helm.sh" && !domain.ends_with("kubernetes.io"))
    };
    keys.filter(is_foreign).collect()
}
