use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value as Json, json};

use super::*;
use crate::memory::Memory;
use crate::value::Value;
use crate::world::Declared;
use crate::world::{Completeness, Host};

const DECLARED: &[Declared] = &[
    Declared { api_version: "autoscaling/v2", kind: "HorizontalPodAutoscaler", reads: &["spec"] },
    Declared { api_version: "keda.sh/v1alpha1", kind: "ScaledObject", reads: &["spec"] },
];

/// Answers every look-up with the objects of that kind, whatever their namespace.
struct World(Json);

impl Host for World {
    fn call(&self, _: &str, _: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let asked: Json = serde_json::from_slice(payload).unwrap();
        let objects = self.0.as_array().unwrap().iter().filter(|object| object["kind"] == asked["kind"]);
        Ok(serde_json::to_vec(&json!({ "items": objects.collect::<Vec<_>>() })).unwrap())
    }
}

/// The effective replicas of a workload, in words.
fn replicas(workload: &Json, world: Json) -> String {
    let (memory, host) = (Memory::new(), World(world));
    let text = serde_json::to_vec(workload).unwrap();
    let value = Value::parse(&text, &memory.bump).unwrap();
    let world = crate::world::World::new(&memory, &host, Completeness::Complete, DECLARED);
    effective_replicas(Object::new(Field::root(&memory, Some(&value)), None), &world).unwrap().to_string()
}

fn deployment(replicas: Json) -> Json {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "replicas": replicas } })
}

fn horizontal(target: Json, min: Json) -> Json {
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "scaleTargetRef": target, "minReplicas": min, "maxReplicas": 9 } })
}

fn keda(target: Json, min: Json) -> Json {
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "scaleTargetRef": target, "minReplicaCount": min } })
}

fn web() -> Json {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" })
}

#[test]
fn without_an_autoscaler_the_workload_says_it() {
    assert_eq!(replicas(&deployment(json!(3)), json!([])), "3 replicas");
    assert_eq!(replicas(&deployment(json!(0)), json!([])), "0 replicas");
}

#[test]
fn nothing_said_is_one() {
    assert_eq!(replicas(&deployment(Json::Null), json!([])), "1 replica");
    assert_eq!(
        replicas(&json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web" } }), json!([])),
        "1 replica"
    );
}

#[test]
fn an_autoscaler_wins_over_the_workload() {
    let world = json!([horizontal(web(), json!(2))]);
    assert_eq!(replicas(&deployment(json!(5)), world), "at least 2 replicas by HorizontalPodAutoscaler web");
    let world = json!([keda(web(), json!(4))]);
    assert_eq!(replicas(&deployment(json!(5)), world), "at least 4 replicas by ScaledObject web");
}

#[test]
fn an_autoscaler_without_a_minimum_keeps_one_and_keda_none() {
    let world = json!([horizontal(web(), Json::Null)]);
    assert_eq!(replicas(&deployment(json!(5)), world), "at least 1 replica by HorizontalPodAutoscaler web");
    let world = json!([keda(web(), Json::Null)]);
    assert_eq!(replicas(&deployment(json!(5)), world), "at least 0 replicas by ScaledObject web");
}

#[test]
fn keda_takes_a_deployment_where_no_kind_is_given() {
    let world = json!([keda(json!({ "name": "web" }), json!(2))]);
    assert_eq!(replicas(&deployment(json!(5)), world.clone()), "at least 2 replicas by ScaledObject web");
    let mut stateful = deployment(json!(5));
    stateful["kind"] = json!("StatefulSet");
    assert_eq!(replicas(&stateful, world), "5 replicas");
}

#[test]
fn any_version_of_the_group_is_the_group() {
    let target = json!({ "apiVersion": "apps/v1beta2", "kind": "Deployment", "name": "web" });
    let mut autoscaler = horizontal(target, json!(2));
    autoscaler["apiVersion"] = json!("autoscaling/v1");
    assert_eq!(
        replicas(&deployment(json!(5)), json!([autoscaler])),
        "at least 2 replicas by HorizontalPodAutoscaler web"
    );
}

#[test]
fn group_kind_name_and_namespace_must_all_match() {
    for target in [
        json!({ "kind": "Deployment", "name": "web" }),
        json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Deployment", "name": "web" }),
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web" }),
        json!({ "apiVersion": "apps/v1", "kind": "deployment", "name": "web" }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web2" }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment" }),
    ] {
        assert_eq!(replicas(&deployment(json!(5)), json!([horizontal(target, json!(2))])), "5 replicas");
    }
    let mut elsewhere = horizontal(web(), json!(2));
    elsewhere["metadata"]["namespace"] = json!("billing");
    assert_eq!(replicas(&deployment(json!(5)), json!([elsewhere])), "5 replicas");
}

#[test]
fn of_two_autoscalers_the_least_is_what_is_sure() {
    let world = json!([horizontal(web(), json!(3)), keda(web(), json!(2))]);
    assert_eq!(replicas(&deployment(json!(5)), world), "at least 2 replicas by ScaledObject web");
}
