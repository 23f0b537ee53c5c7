//! Which objects are judged through those that made them: the pods of a Deployment are what its template says.
//!
//! Whoever creates a Pod may write any owner into it. So a controller counts only where it is one that makes such objects,
//! and is judged itself; every other Pod is judged, as if it said nothing of owners.

use std::sync::Arc;

use engine::manifest::{Entry, Node, Object, Value};

use crate::survey::Survey;

/// A kind, by group and kind.
type Kind = (&'static str, &'static str);

/// What is made, by what, and what is judged for both.
const MADE: [(Kind, Kind, Kind); 10] = [
    (("", "Pod"), ("apps", "ReplicaSet"), ("apps", "ReplicaSet")),
    (("", "Pod"), ("apps", "StatefulSet"), ("apps", "StatefulSet")),
    (("", "Pod"), ("apps", "DaemonSet"), ("apps", "DaemonSet")),
    (("", "Pod"), ("batch", "Job"), ("batch", "Job")),
    (("", "Pod"), ("", "ReplicationController"), ("", "ReplicationController")),
    (("apps", "ReplicaSet"), ("apps", "Deployment"), ("apps", "Deployment")),
    (("apps", "ReplicaSet"), ("argoproj.io", "Rollout"), ("argoproj.io", "Rollout")),
    (("batch", "Job"), ("batch", "CronJob"), ("batch", "CronJob")),
    (
        ("", "ReplicationController"),
        ("apps.openshift.io", "DeploymentConfig"),
        ("apps.openshift.io", "DeploymentConfig"),
    ),
    (("apps", "Deployment"), ("serving.knative.dev", "Revision"), ("serving.knative.dev", "Service")),
];

/// Whether the object is judged through its controller.
pub fn is_judged_through_owner(object: &Object, survey: &Survey) -> bool {
    let Some((group, kind)) = controller(object) else { return false };
    let (made, maker) = ((object.group(), object.kind.as_str()), (group, kind));
    MADE.iter().any(|(known, by, through)| *known == made && *by == maker && survey.judges(through.0, through.1))
}

/// The group and kind of the object's controller.
fn controller(object: &Object) -> Option<(&str, &str)> {
    let owners = object.node.get("metadata")?.get("ownerReferences")?;
    let Value::Sequence(owners) = &owners.value else { return None };
    let is_controller = |owner: &&Node| owner.get("controller").is_some_and(|it| it.value == Value::Bool(true));
    let owner = owners.iter().find(is_controller)?;
    let api_version = owner.get("apiVersion").and_then(Node::as_str).unwrap_or_default();
    Some((protocol::api_group(api_version), owner.get("kind").and_then(Node::as_str)?))
}

/// Takes the owners out of an object that rules would pass over for having one.
pub fn disown(object: &mut Object) {
    let is_passed_over = [("", "Pod"), ("apps", "ReplicaSet"), ("batch", "Job")];
    if !is_passed_over.contains(&(object.group(), &object.kind)) || controller(object).is_none() {
        return;
    }
    let metadata =
        entries(Arc::make_mut(&mut object.node)).and_then(|all| all.iter_mut().find(|it| &*it.key == "metadata"));
    if let Some(metadata) = metadata.and_then(|entry| entries(&mut entry.value)) {
        metadata.retain(|entry| &*entry.key != "ownerReferences");
    }
}

fn entries(node: &mut Node) -> Option<&mut Vec<Entry>> {
    match &mut node.value {
        Value::Mapping(entries) => Some(entries),
        _ => None,
    }
}
