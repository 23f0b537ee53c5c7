//! What a rule is asked: an object, what is to happen to it, by whom, from where, and in how much of a world.
//!
//! Files ask whether an object may be created; a server asks what the API server asked it. One writer makes the request
//! of it, for our rules with the fields that they read, for anybody's policies whole. It must not know who answers.

use std::cell::OnceCell;
use std::io::Write as _;

use protocol::{FieldMask, contract, resource_name};
use serde::Serialize;
use serde_json::{Value, json};

use crate::input::{Input, Subject};
use crate::kustomize::labels::Added;
use crate::manifest::{Look, Node, Object};
use crate::world::{Viewpoint, World};

/// How much of the world can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// Everything there is: what is not in it is missing.
    Complete,
    /// A part: what is not in it may be elsewhere.
    Partial,
    /// A cluster that objects enter one by one: what is not there yet may still come, and whoever sends an object may
    /// have written anything into it.
    Admission,
}

impl Completeness {
    /// The name in every output, and in requests: those of an admission say nothing, as other hosts' do.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Admission => "admission",
        }
    }
}

/// What is to happen to the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It comes.
    #[default]
    Create,
    /// It replaces the old object.
    Update,
    /// The old object goes.
    Delete,
    /// Somebody connects to it, as `kubectl exec` does.
    Connect,
}

impl Operation {
    /// The name in an `AdmissionRequest`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// The kind of the options in an `AdmissionRequest`; those of CONNECT are each subresource's own.
    const fn options(self) -> Option<&'static str> {
        match self {
            Self::Create => Some("CreateOptions"),
            Self::Update => Some("UpdateOptions"),
            Self::Delete => Some("DeleteOptions"),
            Self::Connect => None,
        }
    }
}

/// Who asks, as `authentication.k8s.io/v1` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserInfo {
    /// The name.
    pub username: String,
    /// The identifier, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The groups.
    pub groups: Vec<String>,
}

/// What a rule is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The object as it is to be; none where it is deleted.
    pub object: Option<&'a Object>,
    /// The object as it was, where it was there.
    pub old_object: Option<&'a Object>,
    /// What is to happen.
    pub operation: Operation,
    /// The part of the object that is asked for, `scale`.
    pub subresource: Option<&'a str>,
    /// Who asks; nobody in particular where it is not known.
    pub user: Option<&'a UserInfo>,
    /// The file that the object stands in, by its name; none of one that stands in no file.
    pub file: Option<&'a str>,
    /// From where the object sees the world.
    pub viewpoint: Viewpoint<'a>,
    /// How much of the world can be seen.
    pub completeness: Completeness,
    /// Whether Helm runs it beside a release, as a hook or a test: it serves nobody, and what it may do counts all the same.
    pub is_hook: bool,
    /// What kustomizations add to the object, which was not rendered.
    pub added: Option<&'a Added>,
}

impl<'a> Question<'a> {
    /// Whether this object may be created.
    #[must_use]
    pub const fn create(object: &'a Object, viewpoint: Viewpoint<'a>, completeness: Completeness) -> Self {
        Self {
            object: Some(object),
            old_object: None,
            operation: Operation::Create,
            subresource: None,
            user: None,
            file: None,
            viewpoint,
            completeness,
            is_hook: false,
            added: None,
        }
    }

    /// Whether an object of the input may be created where it stands. One that is built together with something that was
    /// not given sees a part of the world, whatever the rest sees.
    #[must_use]
    pub fn of(input: &'a Input, subject: Subject<'a>, completeness: Completeness) -> Self {
        let completeness = match completeness {
            Completeness::Complete if input.is_beside_unseen(subject) => Completeness::Partial,
            other => other,
        };
        let manifest = input.file(subject.file).map(|file| &file.manifest);
        // What was rendered lies where it was made.
        let file = manifest.map(|it| it.rendering().map_or(it.name.as_str(), |rendering| rendering.folder.as_str()));
        let is_hook = input.is_hook(subject);
        let added = input.added_to(subject);
        Self { file, is_hook, added, ..Self::create(subject.object, World::viewpoint(input, subject), completeness) }
    }

    /// Whether it may replace that object, if there is one.
    #[must_use]
    pub const fn replacing(self, old: Option<&'a Object>) -> Self {
        match old {
            Some(_) => Self { old_object: old, operation: Operation::Update, ..self },
            None => self,
        }
    }

    /// The object that all is about: the new one, or else the one that goes.
    #[must_use]
    pub fn about(&self) -> Option<&'a Object> {
        self.object.or(self.old_object)
    }
}

/// How much of its objects a request carries.
#[derive(Clone, Copy, Debug)]
pub enum Extent<'a> {
    /// These fields: what one of our rules reads.
    Fields(&'a FieldMask),
    /// All, in the `AdmissionRequest` that an API server would send.
    Whole,
    /// The object alone, as a raw policy takes any document.
    Document,
}

/// Writes the requests of one question. What they have in common is made once.
pub struct Writer<'a> {
    question: &'a Question<'a>,
    /// The objects, which may have to be unpacked.
    object: OnceCell<Look<'a>>,
    old_object: OnceCell<Look<'a>>,
    masked: OnceCell<Vec<u8>>,
    whole: OnceCell<Vec<u8>>,
}

impl<'a> Writer<'a> {
    /// The writer of this question's requests.
    #[must_use]
    pub const fn new(question: &'a Question<'a>) -> Self {
        Self {
            question,
            object: OnceCell::new(),
            old_object: OnceCell::new(),
            masked: OnceCell::new(),
            whole: OnceCell::new(),
        }
    }

    /// Appends the payload of `validate`: `{"request": ..., "settings": ...}`. Rules of ours are told which kinds are
    /// [absent](contract::ABSENT), if that is known.
    pub fn write(&self, extent: Extent<'_>, settings: &[u8], absent: &str, payload: &mut Vec<u8>) {
        let completeness = self.question.completeness;
        let object = tree(self.question.object, &self.object);
        let old_object = tree(self.question.old_object, &self.old_object);
        payload.extend_from_slice(b"{\"request\":");
        match extent {
            Extent::Document => write_object(object.or(old_object), &FieldMask::whole(), payload),
            Extent::Whole => {
                payload.extend_from_slice(self.whole.get_or_init(|| whole_head(self.question)));
                write_member("oldObject", old_object, &FieldMask::whole(), payload);
                write_member("object", object, &FieldMask::whole(), payload);
                payload.push(b'}');
            }
            Extent::Fields(mask) => {
                payload.extend_from_slice(self.masked.get_or_init(|| masked_head(self.question)));
                if object.is_some() {
                    write_member("object", object, mask, payload);
                }
                if old_object.is_some() {
                    write_member("oldObject", old_object, mask, payload);
                }
                payload.push(b'}');
            }
        }
        payload.extend_from_slice(b",\"settings\":");
        payload.extend_from_slice(settings);
        if matches!(extent, Extent::Fields(_)) && completeness != Completeness::Admission {
            // Writing to a vector cannot fail.
            let _ = write!(payload, ",\"{}\":\"{}\"", contract::WORLD, completeness.name());
        }
        if !absent.is_empty() {
            let _ = write!(payload, ",\"{}\":\"{absent}\"", contract::ABSENT);
        }
        payload.push(b'}');
    }
}

/// The tree of an object, unpacked once for all requests.
fn tree<'a, 'cell>(object: Option<&'a Object>, cell: &'cell OnceCell<Look<'a>>) -> Option<&'cell Node> {
    object.map(|object| &**cell.get_or_init(|| object.node.look()))
}

fn write_member(name: &str, object: Option<&Node>, mask: &FieldMask, payload: &mut Vec<u8>) {
    payload.extend_from_slice(b",\"");
    payload.extend_from_slice(name.as_bytes());
    payload.extend_from_slice(b"\":");
    write_object(object, mask, payload);
}

fn write_object(object: Option<&Node>, mask: &FieldMask, payload: &mut Vec<u8>) {
    match object {
        Some(object) => object.write_json(mask, payload),
        None => payload.extend_from_slice(b"null"),
    }
}

/// What the question says of its object besides the object.
struct Identity<'a> {
    group: &'a str,
    version: &'a str,
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
}

impl<'a> Identity<'a> {
    fn of(question: &Question<'a>) -> Self {
        let about = question.about();
        let text = |text: Option<&'a String>| text.map(String::as_str).unwrap_or_default();
        Self {
            group: about.map_or("", Object::group),
            version: about.map_or("", Object::version),
            kind: about.map_or("", |object| &object.kind),
            name: text(about.and_then(|object| object.name.as_ref())),
            namespace: text(about.and_then(|object| object.namespace.as_ref())),
        }
    }
}

/// The request of our rules up to its objects: no more than they read.
fn masked_head(question: &Question<'_>) -> Vec<u8> {
    let Identity { group, version, kind, name, namespace } = Identity::of(question);
    let (text, operation) = (|text: &str| Value::from(text), question.operation.name());
    let mut head = format!(
        "{{\"uid\":\"\",\"operation\":\"{operation}\",\"kind\":{{\"group\":{},\"version\":{},\"kind\":{}}},\
         \"name\":{},\"namespace\":{}",
        text(group),
        text(version),
        text(kind),
        text(name),
        text(namespace),
    )
    .into_bytes();
    if let Some(subresource) = question.subresource {
        let _ = write!(head, ",\"subResource\":{}", text(subresource));
    }
    if let Some(user) = question.user {
        let _ = write!(head, ",\"userInfo\":{}", json!(user));
    }
    head
}

/// An `AdmissionRequest` of `admission.k8s.io/v1` up to its objects. Name and namespace are those that the object says,
/// empty where it leaves them to others; whoever asks is nobody in particular, unless it is known.
fn whole_head(question: &Question<'_>) -> Vec<u8> {
    let Identity { group, version, kind, name, namespace } = Identity::of(question);
    let resource = json!({"group": group, "version": version, "resource": resource_name(kind)});
    let kind = json!({"group": group, "version": version, "kind": kind});
    let subresource = question.subresource.map(|subresource| json!(subresource));
    let nobody = || json!({"username": "seaworthy", "groups": ["system:authenticated"]});
    let options = |kind| json!({"apiVersion": "meta.k8s.io/v1", "kind": kind});
    let fields = [
        ("kind", Some(kind.clone())),
        ("resource", Some(resource.clone())),
        ("subResource", subresource.clone()),
        ("requestKind", Some(kind)),
        ("requestResource", Some(resource)),
        ("requestSubResource", subresource),
        ("name", Some(json!(name))),
        ("namespace", Some(json!(namespace))),
        ("operation", Some(json!(question.operation.name()))),
        ("userInfo", Some(question.user.map_or_else(nobody, |user| json!(user)))),
        ("dryRun", Some(json!(false))),
        ("options", question.operation.options().map(options)),
    ];
    let mut head = br#"{"uid":"00000000-0000-0000-0000-000000000000""#.to_vec();
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = write!(head, ",\"{name}\":{value}");
        }
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, read};

    fn object(yaml: &str) -> Object {
        read("a.yaml", yaml.into(), &Limits::default()).objects().next().unwrap().clone()
    }

    fn written(question: &Question<'_>, extent: Extent<'_>) -> Value {
        let mut payload = Vec::new();
        Writer::new(question).write(extent, br#"{"a":1}"#, "", &mut payload);
        serde_json::from_slice(&payload).unwrap()
    }

    const OLD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"a\\\"\", namespace: b}\nspec: {replicas: 1, paused: true}\n";
    const NEW: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"a\\\"\", namespace: b}\nspec: {replicas: 2, paused: true}\n";

    #[test]
    fn a_whole_request_has_all_that_an_api_server_would_say() {
        let object = object(NEW);
        let question = Question::create(&object, Viewpoint::nowhere(&object), Completeness::Partial);
        let kind = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
        let resource = json!({"group": "apps", "version": "v1", "resource": "deployments"});
        let expected = json!({
            "uid": "00000000-0000-0000-0000-000000000000",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": "a\"",
            "namespace": "b",
            "operation": "CREATE",
            "userInfo": {"username": "seaworthy", "groups": ["system:authenticated"]},
            "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a\"", "namespace": "b"},
                       "spec": {"replicas": 2, "paused": true}},
            "oldObject": null,
            "dryRun": false,
            "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
        });
        assert_eq!(written(&question, Extent::Whole), json!({"request": expected, "settings": {"a": 1}}));
    }

    #[test]
    fn a_raw_policy_is_sent_the_document_itself() {
        let object = object("apiVersion: v1\nkind: Pod\n");
        let question = Question::create(&object, Viewpoint::nowhere(&object), Completeness::Complete);
        let expected = json!({"request": {"apiVersion": "v1", "kind": "Pod"}, "settings": {"a": 1}});
        assert_eq!(written(&question, Extent::Document), expected);
    }

    #[test]
    fn an_update_shows_both_objects_through_one_mask() {
        let (object, old) = (object(NEW), object(OLD));
        let user = UserInfo { username: "ana".into(), uid: None, groups: vec!["dev".into()] };
        let question = Question {
            old_object: Some(&old),
            operation: Operation::Update,
            subresource: Some("scale"),
            user: Some(&user),
            ..Question::create(&object, Viewpoint::nowhere(&object), Completeness::Complete)
        };
        let mask = FieldMask::of_entries(&["spec.replicas"]);
        let expected = json!({
            "request": {
                "uid": "", "operation": "UPDATE", "subResource": "scale",
                "kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "name": "a\"", "namespace": "b",
                "userInfo": {"username": "ana", "groups": ["dev"]},
                "object": {"spec": {"replicas": 2}}, "oldObject": {"spec": {"replicas": 1}},
            },
            "settings": {"a": 1},
            "world": "complete",
        });
        assert_eq!(written(&question, Extent::Fields(&mask)), expected);
        let whole = written(&question, Extent::Whole);
        for (field, value) in [
            ("subResource", json!("scale")),
            ("requestSubResource", json!("scale")),
            ("userInfo", json!({"username": "ana", "groups": ["dev"]})),
            ("options", json!({"apiVersion": "meta.k8s.io/v1", "kind": "UpdateOptions"})),
        ] {
            assert_eq!(whole.pointer(&format!("/request/{field}")), Some(&value));
        }
        assert_eq!(whole.pointer("/request/oldObject/spec/paused"), Some(&json!(true)));
    }

    #[test]
    fn what_is_deleted_is_the_old_object_and_an_admission_says_nothing_of_a_world() {
        let old = object(OLD);
        let question = Question {
            object: None,
            old_object: Some(&old),
            operation: Operation::Delete,
            ..Question::create(&old, Viewpoint::nowhere(&old), Completeness::Admission)
        };
        let mask = FieldMask::of_entries(&["metadata.name"]);
        let masked = written(&question, Extent::Fields(&mask));
        assert_eq!(masked.get("world"), None);
        assert_eq!(masked.pointer("/request/object"), None);
        assert_eq!(masked.pointer("/request/oldObject"), Some(&json!({"metadata": {"name": "a\""}})));
        let whole = written(&question, Extent::Whole);
        assert_eq!(whole.pointer("/request/object"), Some(&Value::Null));
        assert_eq!(whole.pointer("/request/kind/kind"), Some(&json!("Deployment")));
    }
}
