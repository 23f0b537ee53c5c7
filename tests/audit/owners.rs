//! What is judged through its owner, and what only says so.

use serde_json::{Value, json};

use crate::server::Server;
use crate::{ALONE, audited, deployment, deployments, judged_by, kind, metadata};

fn owned(mut object: Value, owner: Option<(&str, &str)>) -> Value {
    if let Some((api_version, kind)) = owner {
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": api_version, "kind": kind, "name": "o", "uid": "uid-shop-o", "controller": true}]);
    }
    object
}

fn pod(name: &str, owner: Option<(&str, &str)>) -> Value {
    let spec = json!({"containers": [{"name": "app", "image": "a:1"}]});
    owned(json!({"metadata": metadata("shop", name), "spec": spec}), owner)
}

#[test]
fn pods_are_judged_through_what_made_them_and_others_whatever_they_say() {
    let of_deployment = owned(deployment("shop", "web-1", 1, false), Some(("apps/v1", "Deployment")));
    let server = Server::of(vec![
        deployments(vec![deployment("shop", "web", 1, false), deployment("shop", "o", 1, false)]),
        kind(
            "apps/v1",
            "ReplicaSet",
            "replicasets",
            vec![of_deployment, deployment("shop", "alone", 1, false), deployment("shop", "o", 1, false)],
        ),
        kind("batch/v1", "Job", "jobs", vec![deployment("shop", "o", 1, false)]),
        kind(
            "v1",
            "Pod",
            "pods",
            vec![
                pod("bare", None),
                pod("made-by-a-job", Some(("batch/v1", "Job"))),
                pod("made-by-a-set", Some(("apps/v1", "ReplicaSet"))),
                // No controller makes Pods of Deployments, nor has this group ReplicaSets; static Pods are nobody's.
                pod("says-deployment", Some(("apps/v1", "Deployment"))),
                pod("says-other-set", Some(("example.com/v1", "ReplicaSet"))),
                pod("static", Some(("v1", "Node"))),
            ],
        ),
    ]);
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(code, Some(1));
    let mut judged = judged_by(&audit, ALONE);
    judged.sort();
    assert_eq!(
        judged,
        [
            "shop/alone",
            "shop/bare",
            "shop/o",
            "shop/o",
            "shop/o",
            "shop/says-deployment",
            "shop/says-other-set",
            "shop/static",
            "shop/web",
        ]
    );
    assert!(audit["results"].as_array().unwrap().iter().all(|result| result["verdict"] == "fail"), "{audit:#}");
    assert_eq!(audit["summary"]["owned"], 3);
}

#[test]
fn a_pod_whose_controller_is_not_judged_is_judged_itself() {
    // As where the cluster does not serve what it says to be made by.
    let pods = || kind("v1", "Pod", "pods", vec![pod("web", Some(("apps/v1", "ReplicaSet")))]);
    let server = Server::of(vec![pods()]);
    let (_, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(judged_by(&audit, ALONE), ["shop/web"]);
    // Or if no object has that name, or another object has the name of one that is gone.
    for metadata in [metadata("shop", "other"), json!({"name": "o", "namespace": "shop", "uid": "another"})] {
        let set = json!({"metadata": metadata, "spec": {"replicas": 0}});
        let server = Server::of(vec![pods(), kind("apps/v1", "ReplicaSet", "replicasets", vec![set])]);
        let (_, audit) = audited(&server, &["--rule", ALONE]);
        assert!(judged_by(&audit, ALONE).contains(&"shop/web".to_owned()), "{audit:#}");
    }
}
