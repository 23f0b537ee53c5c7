//! Where the pods of an object are described: in the object itself, or in its owner.
//!
//! Whoever may write a pod may write any owner into it. So a pod is checked through its owner only where the world holds
//! that owner, and where it is of a kind that makes such objects; every other pod is checked itself.
//!
//! The module must not know what any rule checks.

use protocol::{api_group, workload_kind};

use crate::manifest::{Node, Object, Value};
use crate::world::{Viewpoint, World};

/// A kind, by group and kind.
pub type Kind = (&'static str, &'static str);

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

/// The owner that an object is checked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The kind of the owner.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The group and kind of what is checked in place of both.
    pub through: Kind,
}

/// What is made, by what, and what is checked for both; groups and kinds.
#[must_use]
pub const fn made() -> &'static [(Kind, Kind, Kind)] {
    &MADE
}

/// The owner that the object is checked through: its controller, where the world holds it.
#[must_use]
pub fn owner(object: &Object, world: &World<'_>, from: Viewpoint<'_>) -> Option<Owner> {
    // Most kinds are made by nobody, and not looked at for it.
    let made = (object.group(), object.kind.as_str());
    if !MADE.iter().any(|(known, ..)| *known == made) {
        return None;
    }
    let node = object.node.look();
    let owners = node.get("metadata")?.get("ownerReferences")?;
    let Value::Sequence(owners) = &owners.value else { return None };
    let is_controller = |owner: &&Node| owner.get("controller").is_some_and(|it| it.value == Value::Bool(true));
    let reference = owners.iter().find(is_controller)?;
    let text = |field| reference.get(field).and_then(Node::as_str).unwrap_or_default();
    let (group, kind, name) = (api_group(text("apiVersion")), text("kind"), text("name"));
    let (_, _, through) = MADE.iter().find(|(known, maker, _)| *known == made && *maker == (group, kind))?;
    let owner = world.get(from, group, kind, object.namespace.as_deref().unwrap_or_default(), name)?;
    // A name may have been given again; manifests have no uid, and then the name is all there is.
    let owner = owner.node.look();
    let uid = owner.get("metadata").and_then(|metadata| metadata.get("uid")).and_then(Node::as_str);
    let is_same = uid.is_none_or(|uid| uid == text("uid"));
    is_same.then(|| Owner { kind: kind.to_owned(), name: name.to_owned(), through: *through })
}

/// The pod template in an object's tree, if it is a workload and has one; of a Pod the tree itself.
#[must_use]
pub fn template<'t>(object: &Object, tree: &'t Node) -> Option<&'t Node> {
    let steps = workload_kind(object.group(), &object.kind)?.template;
    steps.iter().try_fold(tree, |node, step| node.get(step))
}

/// Whether the object is a workload that describes no pods: its pod template is missing, or has no containers. What is of
/// another type than Kubernetes takes is not known to be that.
#[must_use]
pub fn lacks_containers(object: &Object) -> bool {
    let Some(known) = workload_kind(object.group(), &object.kind) else { return false };
    let node = object.node.look();
    let is_elsewhere = (known.group, known.kind) == ("argoproj.io", "Rollout")
        && node.get("spec").and_then(|spec| set(spec, "workloadRef")).is_some();
    let mut place = &*node;
    for field in known.template.iter().chain(&["spec", "containers"]) {
        match set(place, field) {
            Some(node) => place = node,
            None => return !is_elsewhere && matches!(place.value, Value::Mapping(_)),
        }
    }
    matches!(&place.value, Value::Sequence(items) if items.is_empty())
}

/// The value of a field that is set to anything but null.
fn set<'a>(node: &'a Node, field: &str) -> Option<&'a Node> {
    node.get(field).filter(|node| node.value != Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::File;
    use crate::input::Input;
    use crate::manifest::{Limits, read};

    fn input(yaml: &str) -> Input {
        Input::new(vec![File { manifest: read("a.yaml", yaml.as_bytes().to_vec(), &Limits::default()), project: 0 }])
    }

    /// What the first object is checked through.
    fn through(reference: &str, others: &str) -> Option<String> {
        let metadata = format!("{{name: web-1, namespace: shop, ownerReferences: [{reference}]}}");
        let input = input(&format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n---\n{others}"));
        let world = World::new(&input);
        let subject = input.subjects().next()?;
        owner(subject.object, &world, World::viewpoint(&input, subject))
            .map(|owner| format!("{} {}", owner.kind, owner.name))
    }

    #[test]
    fn an_owner_counts_where_it_is_there_and_makes_such_objects() {
        let set = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web, namespace: shop}";
        let by = |fields: &str| format!("{{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u{fields}}}");
        let found = Some("ReplicaSet web".to_owned());
        assert_eq!(through(&by(", controller: true"), set), found);
        assert_eq!(through(&by(", controller: true"), &set.replace("shop}", "shop, uid: u}")), found);
        for (reference, others) in [
            (by(", controller: true"), "apiVersion: v1\nkind: ServiceAccount"),
            (by(", controller: true"), &*set.replace("shop", "other")),
            (by(", controller: true"), &*set.replace("apps/v1", "example.com/v1")),
            (by(", controller: true"), &*set.replace("shop}", "shop, uid: another}")),
            (by(""), set),
            (by(", controller: 'true'"), set),
            (by(", controller: true").replace("apps/v1", "example.com/v1"), set),
            (by(", controller: true").replace("ReplicaSet", "Deployment"), &*set.replace("ReplicaSet", "Deployment")),
        ] {
            assert_eq!(through(&reference, others), None, "{reference}\n{others}");
        }
    }

    #[test]
    fn a_workload_without_containers_is_known() {
        let lacks = |yaml: &str| input(yaml).subjects().next().is_some_and(|subject| lacks_containers(subject.object));
        let deployment = |spec: &str| format!("apiVersion: apps/v1\nkind: Deployment\nspec: {spec}");
        for yaml in [
            "apiVersion: apps/v1\nkind: Deployment".to_owned(),
            deployment("{replicas: 1}"),
            deployment("{template: ~}"),
            deployment("{template: {}}"),
            deployment("{template: {spec: {containers: []}}}"),
            deployment("{template: {spec: {initContainers: [{name: a}]}}}"),
            deployment("{template: {spec: {Containers: [{name: a}]}}}"),
            "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {}}".to_owned(),
            "apiVersion: v1\nkind: Pod\nspec: {containers: ~}".to_owned(),
        ] {
            assert!(lacks(&yaml), "{yaml}");
        }
        for yaml in [
            deployment("[]"),
            deployment("{template: {spec: {containers: {}}}}"),
            deployment("{template: {spec: {containers: [{name: a}]}}}"),
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {workloadRef: {name: web}}".to_owned(),
            "apiVersion: v1\nkind: Service\nspec: {}".to_owned(),
        ] {
            assert!(!lacks(&yaml), "{yaml}");
        }
    }
}
