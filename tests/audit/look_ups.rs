//! Look-ups of a policy, answered by the API server.

use cluster::{Access, Cluster, LookUps};
use engine::{HostCall, HostCalls as _};
use serde_json::{Value, json};

use crate::server::Server;
use crate::{deployment, deployments, kind, metadata, namespaces};

fn server() -> Server {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata("shop", "db"), "type": "Opaque", "data": {"password": "aHVudGVyMg=="},
    });
    let mut labelled = deployment("shop", "web", 1, true);
    labelled["metadata"]["labels"] = json!({"app": "web"});
    Server::of(vec![
        deployments(vec![deployment("other", "api", 1, true), deployment("shop", "db", 1, true), labelled]),
        kind("v1", "Secret", "secrets", vec![secret]),
        namespaces(&["shop"]),
    ])
}

fn connect(server: &Server) -> Cluster {
    Cluster::connect(&Access { kubeconfig: Some(server.kubeconfig()), ..Access::default() }).unwrap()
}

fn ask(cluster: &Cluster, operation: &str, payload: &Value) -> Result<Value, String> {
    let payload = payload.to_string();
    let call = HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload: payload.as_bytes() };
    let answer = LookUps(cluster).call(call).map_err(|cause| cause.to_string())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[test]
fn objects_are_found_by_name_and_what_is_not_there_is_not_found() {
    let server = server();
    let cluster = connect(&server);
    let get = |api_version: &str, kind: &str, namespace: Value, name: &str| {
        let payload = json!({"api_version": api_version, "kind": kind, "name": name, "namespace": namespace, "disable_cache": true});
        ask(&cluster, "get_resource", &payload)
    };
    let web = get("apps/v1", "Deployment", json!("shop"), "web").unwrap();
    assert_eq!(
        (&web["apiVersion"], &web["kind"], &web["spec"]["replicas"]),
        (&json!("apps/v1"), &json!("Deployment"), &json!(1))
    );
    assert_eq!(get("v1", "Namespace", Value::Null, "shop").unwrap()["metadata"]["name"], "shop");
    for (api_version, kind, namespace, name) in [
        ("apps/v1", "Deployment", json!("shop"), "absent"),
        ("apps/v1", "Deployment", json!("absent"), "web"),
        ("apps/v1", "Deployment", Value::Null, "web"),
        ("example.com/v1", "Widget", json!("shop"), "web"),
        // No name leads to another path.
        ("apps/v1", "Deployment", json!("shop"), "../secrets/db"),
        ("apps/v1", "Deployment", json!("../../v1/secrets"), "web"),
    ] {
        assert_eq!(get(api_version, kind, namespace, name), Err("not found".into()), "{kind} {name}");
    }
    assert!(server.requests().iter().all(|request| !request.contains("..")));
}

#[test]
fn lists_are_selected_by_the_server_and_masked_here() {
    let server = server();
    let cluster = connect(&server);
    let all = json!({"api_version": "apps/v1", "kind": "Deployment"});
    let list = ask(&cluster, "list_resources_all", &all).unwrap();
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("DeploymentList"), &json!("apps/v1")));
    assert_eq!(names(&list), ["api", "db", "web"]);
    assert_eq!(list["items"][0]["kind"], "Deployment");
    let mut here = json!({"api_version": "apps/v1", "kind": "Deployment", "namespace": "shop"});
    assert_eq!(names(&ask(&cluster, "list_resources_by_namespace", &here).unwrap()), ["db", "web"]);
    here["label_selector"] = json!("app=web");
    here["field_masks"] = json!(["metadata.name"]);
    let list = ask(&cluster, "list_resources_by_namespace", &here).unwrap();
    assert_eq!(list["items"], json!([{"metadata": {"name": "web"}}]));
    assert!(server.requests().iter().any(|request| request.contains("labelSelector=app%3Dweb")));
    let absent = json!({"api_version": "example.com/v1", "kind": "Widget"});
    assert_eq!(ask(&cluster, "list_resources_all", &absent).unwrap()["items"], json!([]));
}

#[test]
fn the_values_of_secrets_are_told_to_nobody() {
    let server = server();
    let cluster = connect(&server);
    for (operation, pointer) in
        [("get_resource", ""), ("list_resources_by_namespace", "/items/0"), ("list_resources_all", "/items/0")]
    {
        let payload = json!({"api_version": "v1", "kind": "Secret", "name": "db", "namespace": "shop"});
        let answer = ask(&cluster, operation, &payload).unwrap();
        assert_eq!(answer.pointer(pointer).unwrap()["data"], json!({"password": ""}), "{operation}");
    }
}

#[test]
fn access_is_reviewed_for_others_and_for_oneself() {
    let server = server();
    let cluster = connect(&server);
    let review = |user: &str| {
        let attributes = json!({"namespace": "shop", "verb": "create", "resource": "pods", "group": null, "name": null, "subresource": null, "version": null});
        let payload = json!({"subject_access_review": {"user": user, "groups": null, "resource_attributes": attributes}, "disable_cache": false});
        ask(&cluster, "can_i", &payload).unwrap()
    };
    assert_eq!(review("admin"), json!({"allowed": true, "reason": "SubjectAccessReview"}));
    assert_eq!(review("eve")["allowed"], false);
    assert_eq!(review("")["reason"], "SelfSubjectAccessReview");
}

#[test]
fn what_was_just_asked_is_remembered_unless_it_shall_not_be() {
    let server = server();
    let cluster = connect(&server);
    let asked = |disable_cache: bool| {
        let payload = json!({"api_version": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop", "disable_cache": disable_cache});
        ask(&cluster, "get_resource", &payload).unwrap();
        server.requests().len()
    };
    let first = asked(true);
    assert_eq!(asked(true), first + 1);
    let payload = json!({"api_version": "v1", "kind": "Secret"});
    ask(&cluster, "list_resources_all", &payload).unwrap();
    let before = server.requests().len();
    ask(&cluster, "list_resources_all", &payload).unwrap();
    assert_eq!(server.requests().len(), before);
}

#[test]
fn nothing_else_is_answered() {
    let server = server();
    let cluster = connect(&server);
    for operation in ["delete_resource", ""] {
        assert!(ask(&cluster, operation, &json!({})).unwrap_err().starts_with("look-up not allowed"), "{operation}");
    }
    assert!(ask(&cluster, "get_resource", &json!([])).unwrap_err().contains("not readable"));
}
