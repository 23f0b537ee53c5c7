use engine::manifest::{Limits, read};
use serde_json::json;

use super::*;

/// What a policy changes that makes these changes of the first object.
fn changes_of(text: &str, mutate: impl FnOnce(&mut Json)) -> Result<Vec<Change>, MutationError> {
    let manifest = read("a.yaml", text.into(), &Limits::default());
    let object = manifest.objects().next().unwrap();
    let mut mutated = serde_json::to_value(&*object.node).unwrap();
    mutate(&mut mutated);
    changes(object, &mutated)
}

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}}";

#[test]
fn null_is_no_change() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nstatus:\n";
    let manifest = read("a.yaml", text.into(), &Limits::default());
    let object = manifest.objects().next().unwrap();
    let mutated = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "creationTimestamp": null}});
    assert_eq!(changes(object, &mutated), Ok(Vec::new()));
}

#[test]
fn another_object_is_refused() {
    let refused = |mutate: fn(&mut Json)| changes_of(POD, mutate).unwrap_err().to_string();
    for (mutate, field) in [
        ((|pod| pod["kind"] = json!("Deployment")) as fn(&mut Json), "kind"),
        (|pod| pod["apiVersion"] = json!("v2"), "apiVersion"),
        (|pod| pod["metadata"]["name"] = json!("b"), "metadata.name"),
        (|pod| pod["metadata"]["namespace"] = json!("b"), "metadata.namespace"),
        (|pod| pod["metadata"]["generateName"] = json!("b"), "metadata.generateName"),
        (|pod| pod["metadata"] = json!({"labels": {}}), "metadata.name"),
        (|pod| pod["metadata"] = json!({}), "metadata.name"),
        (|pod| _ = pod.as_object_mut().unwrap().remove("metadata"), "metadata.name"),
    ] {
        let said = refused(mutate);
        assert!(said.contains(&format!("changes {field},")), "{field}: {said}");
    }
    assert_eq!(changes_of(POD, |pod| *pod = json!([])).unwrap_err(), MutationError::NoObject);
}

#[test]
fn metadata_may_come_where_there_was_none() {
    let text = "apiVersion: v1\nkind: Pod\nspec: {}\n";
    assert!(changes_of(text, |pod| pod["metadata"] = json!({"labels": {"app": "web"}})).is_ok());
    let named = changes_of(text, |pod| pod["metadata"] = json!({"name": "web"}));
    assert_eq!(named, Err(MutationError::Identity("metadata.name".into())));
}
