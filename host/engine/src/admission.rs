//! What a policy of somebody else's is asked about.
//!
//! It must not know where a policy's metadata stands, nor how it is run.

use protocol::resource_name;
use serde::Deserialize;

use crate::builtin;
use crate::question::{Extent, Question};

/// What stands for everything in a rule.
const ANY: &str = "*";

/// A policy's subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// What an API server would send it: objects that one of these concerns.
    Requests(Vec<AdmissionRule>),
    /// Any document, as it is (`policyType: raw`).
    Documents,
}

/// A `RuleWithOperations` of `admissionregistration.k8s.io`, as Kubewarden's metadata has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRule {
    /// Groups, the core group being empty, or `*`.
    pub api_groups: Vec<String>,
    /// Versions within the group, or `*`.
    pub api_versions: Vec<String>,
    /// Plural names; `pods/status` is a subresource, `*` is all resources, `*/*` all and all subresources.
    pub resources: Vec<String>,
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`, or `*`.
    pub operations: Vec<String>,
}

impl AdmissionRule {
    /// Every operation on everything.
    pub(crate) fn of_everything() -> Self {
        let (any, all) = (|| vec![ANY.to_owned()], vec!["*/*".to_owned()]);
        Self { api_groups: any(), api_versions: any(), resources: all, operations: any() }
    }

    /// Whether this is meant to happen to this object, as with `matchPolicy: Equivalent`, which is the default: every version
    /// of a resource is the resource, and so is the group under which it was served before.
    ///
    /// The resource is guessed from the kind, as the API machinery does. A custom resource with an irregular plural is
    /// missed where a rule names it.
    fn concerns(&self, question: &Question<'_>) -> bool {
        let Some(object) = question.about() else { return false };
        let names = |list: &[String], name: &str| list.iter().any(|known| known == ANY || known == name);
        let home = builtin::home_group(object.group(), &object.kind);
        let is_group = |group: &String| {
            group == ANY || group == object.group() || builtin::home_group(group, &object.kind) == home
        };
        names(&self.operations, question.operation.name())
            && self.api_groups.iter().any(is_group)
            && self
                .resources
                .iter()
                .any(|named| names_resource(named, &resource_name(&object.kind), question.subresource))
    }
}

/// Whether an entry of `resources` names the resource itself or, where one is asked for, this subresource.
fn names_resource(named: &str, resource: &str, subresource: Option<&str>) -> bool {
    let (of, part) = named.split_once('/').map_or((named, None), |(of, part)| (of, Some(part)));
    // `*/*` is all resources and all subresources; `*/scale` and `pods/*` are subresources alone.
    let is_part = named == "*/*" || part == subresource || subresource.is_some() && part == Some(ANY);
    (of == ANY || of == resource) && is_part
}

impl Admission {
    pub(crate) fn concerns(&self, question: &Question<'_>) -> bool {
        match self {
            Self::Requests(rules) => rules.iter().any(|rule| rule.concerns(question)),
            Self::Documents => true,
        }
    }

    /// How much of an object it is sent.
    pub(crate) const fn extent(&self) -> Extent<'static> {
        match self {
            Self::Requests(_) => Extent::Whole,
            Self::Documents => Extent::Document,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, Object, read};
    use crate::question::{Completeness, Operation};
    use crate::world::Viewpoint;

    fn object(yaml: &str) -> Object {
        read("a.yaml", yaml.into(), &Limits::default()).objects().next().unwrap().clone()
    }

    fn rule(group: &str, version: &str, resource: &str, operation: &str) -> Admission {
        let list = |item: &str| vec![item.to_owned()];
        Admission::Requests(vec![AdmissionRule {
            api_groups: list(group),
            api_versions: list(version),
            resources: list(resource),
            operations: list(operation),
        }])
    }

    #[test]
    fn rules_mean_what_they_mean_to_an_api_server() {
        let deployment = object("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n");
        for (rule, expected) in [
            (rule("apps", "v1", "deployments", "CREATE"), true),
            (rule("*", "*", "*", "*"), true),
            (rule("*", "*", "*/*", "CREATE"), true),
            (rule("", "v1", "deployments", "CREATE"), false),
            (rule("apps", "v1beta1", "deployments", "CREATE"), true),
            (rule("extensions", "v1beta1", "deployments", "CREATE"), true),
            (rule("apps.example.com", "v1", "deployments", "CREATE"), false),
            (rule("apps", "v1", "deployments", "UPDATE"), false),
            (rule("apps", "v1", "deployments/scale", "CREATE"), false),
            (rule("apps", "v1", "deployments/*", "CREATE"), false),
            (rule("apps", "v1", "replicasets", "CREATE"), false),
            (Admission::Requests(Vec::new()), false),
            (Admission::Documents, true),
        ] {
            let question = Question::create(&deployment, Viewpoint::nowhere(&deployment), Completeness::Complete);
            assert_eq!(rule.concerns(&question), expected, "{rule:?}");
        }
    }

    #[test]
    fn operations_and_subresources_are_meant_one_by_one() {
        let deployment = object("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n");
        for (resource, operation, expected) in [
            ("deployments/scale", "UPDATE", true),
            ("deployments/*", "*", true),
            ("*/scale", "UPDATE", true),
            ("*/*", "UPDATE", true),
            ("deployments", "UPDATE", false),
            ("*", "UPDATE", false),
            ("deployments/status", "UPDATE", false),
            ("deployments/scale", "CREATE", false),
        ] {
            let question = Question {
                operation: Operation::Update,
                subresource: Some("scale"),
                ..Question::create(&deployment, Viewpoint::nowhere(&deployment), Completeness::Admission)
            };
            assert_eq!(rule("apps", "v1", resource, operation).concerns(&question), expected, "{resource} {operation}");
        }
    }

    #[test]
    fn no_version_of_a_resource_escapes_a_rule_for_another() {
        let rule = rule("autoscaling", "v2", "horizontalpodautoscalers", "CREATE");
        for (api_version, expected) in
            [("autoscaling/v1", true), ("autoscaling/v2beta2", true), ("autoscaling.example.com/v2", false)]
        {
            let object = object(&format!("apiVersion: {api_version}\nkind: HorizontalPodAutoscaler\n"));
            let question = Question::create(&object, Viewpoint::nowhere(&object), Completeness::Admission);
            assert_eq!(rule.concerns(&question), expected, "{api_version}");
        }
    }
}
