use serde_json::{Value, json};

use super::*;
use crate::manifest::{Limits, read};
use crate::world::{Viewpoint, World};
use crate::{HostCalls as _, LookUps};

fn object(kind: &str, namespace: &str, name: &str, rest: &str) -> Object {
    let text = format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: '{namespace}'}}\n{rest}\n");
    read("a.yaml", text.into(), &Limits::default()).objects().next().unwrap().clone()
}

fn service(namespace: &str, name: &str, app: &str) -> Object {
    object("Service", namespace, name, &format!("spec: {{selector: {{app: {app}}}}}"))
}

fn ask(live: &Live, operation: &str, payload: &Value) -> Result<Value, String> {
    let payload = payload.to_string();
    let call = HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload: payload.as_bytes() };
    let answer = live.answer(call, &call.read().unwrap()).map_err(|cause| cause.to_string())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

fn names(live: &Live, payload: &Value) -> Vec<String> {
    let operation =
        if payload.get("namespace").is_some() { "list_resources_by_namespace" } else { "list_resources_all" };
    let list = ask(live, operation, payload).unwrap();
    let names = list["items"].as_array().unwrap().iter().map(|item| &item["metadata"]);
    names
        .map(|it| format!("{}/{}", it["namespace"].as_str().unwrap_or_default(), it["name"].as_str().unwrap()))
        .collect()
}

fn selecting(app: &str) -> Value {
    json!({"api_version": "v1", "kind": "Service", "related": [{"field": "spec.selector", "selects": {"app": app}}]})
}

#[test]
fn look_ups_see_each_change_at_once_and_relations_grow_along() {
    let mut live = Live::default();
    let all = json!({"api_version": "v1", "kind": "Service"});
    let here = json!({"api_version": "v1", "kind": "Service", "namespace": "a"});
    live.put(service("b", "web", "web"));
    assert_eq!((names(&live, &all), names(&live, &selecting("web"))), (vec!["b/web".into()], vec!["b/web".into()]));
    live.put(service("a", "web", "web"));
    live.put(service("a", "db", "db"));
    assert_eq!(names(&live, &all), ["a/db", "a/web", "b/web"]);
    assert_eq!(
        (names(&live, &here), names(&live, &selecting("web"))),
        (vec!["a/db".into(), "a/web".into()], vec!["a/web".into(), "b/web".into()])
    );
    // The same object with another selector is related to others.
    live.put(service("a", "web", "db"));
    assert_eq!((live.len(), names(&live, &selecting("web"))), (3, vec!["b/web".into()]));
    assert_eq!(names(&live, &selecting("db")), ["a/db", "a/web"]);
    live.remove("a", "web");
    live.remove("a", "never");
    assert_eq!((names(&live, &selecting("db")), live.len()), (vec!["a/db".to_owned()], 2));
    let get = |name: &str| {
        ask(&live, "get_resource", &json!({"api_version": "v1", "kind": "Service", "namespace": "a", "name": name}))
    };
    assert_eq!(
        (get("db").unwrap()["spec"]["selector"]["app"].clone(), get("web")),
        (json!("db"), Err("not found".into()))
    );
}

/// What a change costs is bounded, and nothing is left of what has gone.
#[test]
fn changes_without_end_take_no_memory() {
    let mut live = Live::default();
    let mut most = 0;
    for round in 0..2000 {
        live.put(service("a", &format!("s{}", round % 10), "web"));
        assert_eq!(names(&live, &selecting("web")).len(), live.len());
        most = most.max(live.slots.len());
    }
    assert!(live.len() == 10 && most <= SLOTS + 1, "{most}");
    for number in 0..10 {
        live.remove("a", &format!("s{number}"));
    }
    assert_eq!((live.len(), live.bytes, live.names.len()), (0, 0, 0));
}

#[test]
fn the_values_of_secrets_are_not_even_kept() {
    let mut live = Live::default();
    live.put(object("Secret", "a", "db", "type: Opaque\ndata: {password: hunter2}"));
    let kept = format!("{:?}", live.object(0).unwrap().node.look());
    assert!(kept.contains("password") && !kept.contains("hunter2"), "{kept}");
}

/// A cluster that was seen at once and one that was followed say the same.
#[test]
fn the_answers_are_those_of_a_world() {
    let objects: Vec<Object> = (0..40)
        .map(|number| service(&format!("n{}", number % 3), &format!("s{number:02}"), &format!("app{}", number % 5)))
        .collect();
    let mut live = Live::default();
    for object in objects.iter().rev() {
        live.put(service(object.namespace.as_deref().unwrap(), object.name.as_deref().unwrap(), "before"));
        live.put(object.clone());
    }
    let mut sorted: Vec<&Object> = objects.iter().collect();
    sorted.sort_by_key(|object| (&object.namespace, &object.name));
    let world = World::of(sorted, Vec::new());
    let asker = service("n1", "asker", "x");
    let mut payloads = vec![json!({"api_version": "v1", "kind": "Service"})];
    payloads.extend((0..6).map(|number| selecting(&format!("app{number}"))));
    for mut payload in payloads {
        for (operation, namespace) in [
            ("list_resources_all", None),
            ("list_resources_by_namespace", Some("n1")),
            ("list_resources_by_namespace", Some("none")),
        ] {
            payload["namespace"] = json!(namespace);
            payload["field_masks"] = json!(["metadata.name", "spec"]);
            let text = payload.to_string();
            let call = HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload: text.as_bytes() };
            let expected = LookUps { world: &world, from: Viewpoint::nowhere(&asker) }.call(call).unwrap();
            assert_eq!(
                ask(&live, operation, &payload).unwrap(),
                serde_json::from_slice::<Value>(&expected).unwrap(),
                "{payload}"
            );
        }
    }
}

#[test]
fn a_list_replaces_what_was_there_in_place() {
    let mut live = Live::default();
    live.put(service("a", "stays", "web"));
    live.put(service("a", "changes", "web"));
    live.put(service("b", "goes", "web"));
    let before = live.bytes;
    live.begin_list();
    live.put(service("a", "stays", "web"));
    live.put(service("a", "changes", "db"));
    let all = json!({"api_version": "v1", "kind": "Service"});
    assert_eq!(names(&live, &all), ["a/changes", "a/stays", "b/goes"], "the list may still bring it");
    live.put(service("c", "comes", "web"));
    live.end_list();
    assert_eq!(names(&live, &all), ["a/changes", "a/stays", "c/comes"]);
    assert_eq!(names(&live, &selecting("web")), ["a/stays", "c/comes"]);
    live.begin_list();
    live.end_list();
    assert!(live.is_empty() && live.bytes == 0 && before > 0, "{}", live.bytes);
}

/// A list mostly brings what is known: answers and indices stay, and no slot is used up.
#[test]
fn an_unchanged_object_costs_nothing() {
    let mut live = Live::default();
    live.put(service("a", "web", "web"));
    let asked = names(&live, &selecting("web"));
    let kept = (live.bytes(), live.slots.len());
    assert!(live.answers.bytes() > 0);
    live.begin_list();
    live.put(service("a", "web", "web"));
    live.end_list();
    assert_eq!(((live.bytes(), live.slots.len()), names(&live, &selecting("web"))), (kept, asked));
    // The same name with other content is another object.
    live.put(service("a", "web", "db"));
    assert!(names(&live, &selecting("web")).is_empty());
}
