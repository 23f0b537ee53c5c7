//! Admission requests: what an API server sends to webhooks, alone or in its `AdmissionReview`, and what the tests of
//! policies are made of. Judged is the object that a request is about.
//!
//! It must not know what any other kind means.

use protocol::api_group;

use super::node::{Entry, Node, Value, is_absent};

/// The object of a request, and where it is in the document; the document and `$` where it is no request, or one without
/// an object, such as one to delete. An object that does not say its type is of the one that the request says.
pub(super) fn opened(document: Node) -> (Node, &'static str) {
    if is_review(&document) && document.get("request").is_some_and(has_object) {
        (object_of(member(document, "request")), "$['request']['object']")
    } else if is_request(&document) && has_object(&document) {
        (object_of(document), "$['object']")
    } else {
        (document, "$")
    }
}

fn is_review(document: &Node) -> bool {
    text(document, "kind") == "AdmissionReview" && api_group(text(document, "apiVersion")) == "admission.k8s.io"
}

/// A request has no `apiVersion`, and for its kind the type of its object.
fn is_request(document: &Node) -> bool {
    is_absent(document, "apiVersion")
        && document.get("uid").is_some()
        && document.get("kind").is_some_and(|kind| !text(kind, "kind").is_empty())
}

fn has_object(request: &Node) -> bool {
    request.get("object").is_some_and(|object| matches!(object.value, Value::Mapping(_)))
}

fn object_of(request: Node) -> Node {
    let kind = request.entry("kind").cloned();
    let mut object = member(request, "object");
    if is_absent(&object, "apiVersion")
        && is_absent(&object, "kind")
        && let (Some(kind), Value::Mapping(entries)) = (kind, &mut object.value)
    {
        let stated = |key: &str, text: &str| {
            let value = Node { value: Value::String(text.into()), span: kind.value.span };
            Entry { key: key.into(), key_span: kind.key_span, value }
        };
        let (group, version) = (text(&kind.value, "group"), text(&kind.value, "version"));
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        entries.retain(|own| !matches!(&*own.key, "apiVersion" | "kind"));
        entries.splice(0..0, [stated("apiVersion", &api_version), stated("kind", text(&kind.value, "kind"))]);
    }
    object
}

fn member(node: Node, key: &str) -> Node {
    let found = match node.value {
        Value::Mapping(entries) => entries.into_iter().find(|entry| &*entry.key == key),
        _ => None,
    };
    found.map_or(Node { value: Value::Null, span: node.span }, |entry| entry.value)
}

fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use protocol::path;

    use super::super::tests::{json_of, read_text};

    const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}"#;

    fn request(object: &str) -> String {
        let kind = r#"{"group": "apps", "version": "v1", "kind": "Deployment"}"#;
        format!(r#"{{"uid": "705a", "kind": {kind}, "operation": "CREATE", "object": {object}, "oldObject": null}}"#)
    }

    fn review(version: &str, request: &str) -> String {
        format!(r#"{{"apiVersion": "{version}", "kind": "AdmissionReview", "request": {request}}}"#)
    }

    #[test]
    fn the_object_of_a_request_is_read_at_its_place() {
        for (text, expected) in [
            (request(POD), "$['object']"),
            (review("admission.k8s.io/v1", &request(POD)), "$['request']['object']"),
            (review("admission.k8s.io/v1beta1", &request(POD)), "$['request']['object']"),
        ] {
            let manifest = read_text(&text);
            let object = manifest.objects().next().unwrap();
            assert_eq!((object.kind.as_str(), object.display_name().as_str(), &*object.path), ("Pod", "web", expected));
            let place = object.node.locate(&path::parse("$['metadata']['name']").unwrap());
            assert_eq!(manifest.source.slice(place), "\"web\"", "{text}");
        }
    }

    #[test]
    fn an_object_that_does_not_say_its_type_is_of_the_one_that_the_request_says() {
        let json = |text: &str| json_of(&read_text(text).objects().next().unwrap().node);
        assert_eq!(
            json(&request(r#"{"kind": null, "metadata": {"name": "web"}}"#)),
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}"#
        );
        let core = request("{}").replace("apps", "").replace("Deployment", "Pod");
        assert_eq!(json(&core), r#"{"apiVersion":"v1","kind":"Pod"}"#);
    }

    #[test]
    fn a_request_without_an_object_is_none_to_judge() {
        assert_eq!(read_text(&request("null")).objects().count(), 0);
        for text in [review("admission.k8s.io/v1", &request("null")), review("example.com/v1", &request(POD))] {
            let manifest = read_text(&text);
            assert_eq!(manifest.objects().map(|object| &*object.kind).collect::<Vec<_>>(), ["AdmissionReview"]);
        }
    }
}
