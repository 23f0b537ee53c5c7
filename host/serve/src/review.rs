//! An `AdmissionReview` (`admission.k8s.io/v1`), as an API server sends it.
//!
//! The module must not know what is decided about it.

use std::borrow::Cow;
use std::fmt;

use engine::manifest::{ApiObject, Look, Object, ObjectError, Value};
use engine::{Completeness, Operation, Question, UserInfo, Viewpoint};
use protocol::FieldMask;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// The version of reviews that is read and written.
pub const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// What an API server asks.
#[derive(Debug)]
pub struct Review {
    /// What the answer has to repeat.
    pub uid: String,
    /// The kind of the object, `Deployment`.
    pub kind: String,
    /// The object's namespace. A cluster-scoped object has none.
    pub namespace: Option<String>,
    /// The object's name. It is empty if the name is not known yet.
    pub name: String,
    pub operation: Operation,
    pub subresource: Option<String>,
    object: Option<Object>,
    old_object: Option<Object>,
    user: UserInfo,
}

/// Why a request is not a review. The API server takes the answer for a failed call.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error("this is not an AdmissionReview: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("expected an {KIND} of {API_VERSION}, found {kind} of {api_version}")]
    Other { api_version: String, kind: String },
    #[error("expected an {KIND} of {API_VERSION}, found an object without apiVersion or kind")]
    Unnamed,
    #[error("the AdmissionReview has no request")]
    NoRequest,
    #[error("the request has no uid")]
    NoUid,
    #[error("there is no operation {0}")]
    Operation(String),
    /// It is a review, but rules cannot be asked about its object.
    #[error("{cause}")]
    Object { uid: String, cause: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    request: Option<Request>,
}

/// An `AdmissionRequest`, as far as it matters. Its objects are read as they come, without a copy of their text.
#[derive(Default)]
struct Request {
    uid: String,
    kind: Kind,
    sub_resource: Option<String>,
    name: String,
    namespace: Option<String>,
    operation: String,
    user: User,
    object: Option<Result<Object, ObjectError>>,
    old_object: Option<Result<Object, ObjectError>>,
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = Request;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an AdmissionRequest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Request, A::Error> {
        let mut request = Request::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "uid" => request.uid = map.next_value::<Option<_>>()?.unwrap_or_default(),
                // An API server says it before the objects, which say it themselves.
                "kind" => request.kind = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "subResource" => request.sub_resource = map.next_value()?,
                "name" => request.name = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "namespace" => request.namespace = map.next_value()?,
                "operation" => request.operation = map.next_value()?,
                "userInfo" => request.user = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "object" => request.object = map.next_value_seed(Nullable(&request.kind))?,
                "oldObject" => request.old_object = map.next_value_seed(Nullable(&request.kind))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(request)
    }
}

/// An object of that kind, or null.
struct Nullable<'a>(&'a Kind);

impl<'de> DeserializeSeed<'de> for Nullable<'_> {
    type Value = Option<Result<Object, ObjectError>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Nullable<'_> {
    type Value = Option<Result<Object, ObjectError>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let Kind { group, version, kind } = self.0;
        let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        let mask = FieldMask::whole();
        ApiObject { mask: &mask, api_version: &api_version, kind }.deserialize(deserializer).map(Some)
    }
}

#[derive(Default, Deserialize)]
struct Kind {
    #[serde(default)]
    group: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    kind: String,
}

#[derive(Default, Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
}

impl Review {
    /// Reads a request's body.
    ///
    /// # Errors
    /// It is something else, or its object cannot be judged.
    pub fn read(body: &[u8]) -> Result<Self, ReviewError> {
        let Envelope { api_version, kind, request } = serde_json::from_slice(body)?;
        if api_version.is_empty() || kind.is_empty() {
            return Err(ReviewError::Unnamed);
        }
        if api_version != API_VERSION || kind != KIND {
            return Err(ReviewError::Other { api_version, kind });
        }
        let request = request.ok_or(ReviewError::NoRequest)?;
        if request.uid.is_empty() {
            return Err(ReviewError::NoUid);
        }
        let operation = operation(&request.operation)?;
        let object = |read: Option<Result<Object, ObjectError>>| match read {
            None => Ok(None),
            Some(Ok(object)) => Ok(Some(object)),
            Some(Err(cause)) => Err(ReviewError::Object { uid: request.uid.clone(), cause: cause.to_string() }),
        };
        let User { username, uid, groups } = request.user;
        Ok(Self {
            object: object(request.object)?,
            old_object: object(request.old_object)?,
            kind: request.kind.kind,
            namespace: request.namespace.filter(|name| !name.is_empty()),
            name: request.name,
            operation,
            subresource: request.sub_resource.filter(|name| !name.is_empty()),
            user: UserInfo { username, uid, groups: groups.unwrap_or_default() },
            uid: request.uid,
        })
    }

    /// What rules are asked: whether the object may become what it is to be.
    pub fn question(&self) -> Option<Question<'_>> {
        // What goes has an old object alone.
        let about = self.object.as_ref().or(self.old_object.as_ref())?;
        Some(Question {
            object: self.object.as_ref(),
            old_object: self.old_object.as_ref(),
            operation: self.operation,
            subresource: self.subresource.as_deref(),
            user: Some(&self.user),
            ..Question::create(about, Viewpoint::nowhere(about), Completeness::Admission)
        })
    }

    /// What rules are asked about the object as it was.
    pub fn question_before(&self) -> Option<Question<'_>> {
        let old = self.old_object.as_ref()?;
        Some(Question::create(old, Viewpoint::nowhere(old), Completeness::Admission))
    }

    /// Why no rule of ours is asked, if none is: the request is let in whatever the object is like.
    pub fn passes_because(&self) -> Option<&'static str> {
        match (self.operation, self.subresource.as_deref()) {
            (Operation::Delete, _) => Some("deletions are not checked"),
            (Operation::Connect, _) => Some("connections are not checked"),
            (_, Some(part)) if part != "ephemeralcontainers" => Some("this subresource is not checked"),
            _ if self.is_unchanged() => Some("nothing changes"),
            _ if self.is_going() => Some("it is being deleted, and only its metadata changes"),
            _ => None,
        }
    }

    fn is_unchanged(&self) -> bool {
        let (Some(new), Some(old)) = (&self.object, &self.old_object) else { return false };
        *new.node.look() == *old.node.look()
    }

    /// Whether the object is being deleted, and nothing changes but its metadata and its status: finalizers go so.
    fn is_going(&self) -> bool {
        let (Some(new), Some(old)) = (&self.object, &self.old_object) else { return false };
        let (new, old) = (new.node.look(), old.node.look());
        let is_terminating = old.get("metadata").is_some_and(|metadata| metadata.get("deletionTimestamp").is_some());
        is_terminating && rest(&new) == rest(&old)
    }
}

/// The fields of an object except its metadata and its status.
fn rest<'a>(object: &'a Look<'_>) -> Vec<(&'a str, &'a Value)> {
    let entries = match &object.value {
        Value::Mapping(entries) => entries.as_slice(),
        _ => &[],
    };
    let rest = entries.iter().filter(|entry| !["metadata", "status"].contains(&&*entry.key));
    rest.map(|entry| (&*entry.key, &entry.value.value)).collect()
}

fn operation(name: &str) -> Result<Operation, ReviewError> {
    let all = [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect];
    all.into_iter().find(|it| it.name() == name).ok_or_else(|| ReviewError::Operation(name.to_owned()))
}

/// The uid in the beginning of a body that is not read as a whole.
pub fn uid(head: &[u8]) -> Option<String> {
    const KEY: &str = "\"uid\":\"";
    let text = String::from_utf8_lossy(head.get(..4096).unwrap_or(head));
    let rest = text.split_once(KEY)?.1;
    let uid = rest.split_once('"')?.0;
    (!uid.is_empty() && !uid.contains('\\')).then(|| uid.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn body(change: impl FnOnce(&mut Json)) -> Vec<u8> {
        let object = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers": []},
        });
        let mut review = json!({
            "apiVersion": API_VERSION, "kind": KIND,
            "request": {
                "uid": "7", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "UPDATE",
                "name": "web", "namespace": "shop", "object": object, "oldObject": object,
            },
        });
        change(&mut review);
        review.to_string().into_bytes()
    }

    fn passes(change: impl FnOnce(&mut Json)) -> Option<&'static str> {
        Review::read(&body(|review| change(&mut review["request"]))).unwrap().passes_because()
    }

    #[test]
    fn what_is_no_review_is_refused_by_what_it_lacks() {
        for (body, expected) in [
            (Vec::new(), "this is not an AdmissionReview: "),
            (
                b"{}".to_vec(),
                "expected an AdmissionReview of admission.k8s.io/v1, found an object without apiVersion or kind",
            ),
            (
                body(|it| it["apiVersion"] = json!("admission.k8s.io/v1beta1")),
                "expected an AdmissionReview of admission.k8s.io/v1, found AdmissionReview of admission.k8s.io/v1beta1",
            ),
            (body(|it| it["request"] = Json::Null), "the AdmissionReview has no request"),
            (body(|it| it["request"]["uid"] = json!("")), "the request has no uid"),
            (body(|it| it["request"]["operation"] = json!("PATCH")), "there is no operation PATCH"),
            (body(|it| it["request"]["object"] = json!([])), "Pod is a list"),
        ] {
            let refused = Review::read(&body).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    #[test]
    fn what_concerns_no_rule_passes_and_says_why() {
        assert_eq!(passes(|_| ()), Some("nothing changes"));
        assert_eq!(passes(|it| it["object"]["spec"]["replicas"] = json!(1)), None);
        let scaled = |it: &mut Json| {
            it["object"] = json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": 3}});
            it["subResource"] = json!("scale");
        };
        assert!(passes(scaled).is_some());
        assert_eq!(
            passes(|it| {
                it["object"]["spec"]["ephemeralContainers"] = json!([{"name": "debug"}]);
                it["subResource"] = json!("ephemeralcontainers");
            }),
            None
        );
        let deleted = |it: &mut Json| (it["operation"], it["object"]) = (json!("DELETE"), Json::Null);
        assert!(passes(deleted).is_some());
        let going = |it: &mut Json| {
            it["oldObject"]["metadata"]["deletionTimestamp"] = json!("2027-01-01T00:00:00Z");
            it["oldObject"]["metadata"]["finalizers"] = json!(["a"]);
        };
        assert_eq!(passes(going), Some("it is being deleted, and only its metadata changes"));
        assert_eq!(
            passes(|it| {
                going(it);
                it["object"]["spec"]["hostNetwork"] = json!(true);
            }),
            None
        );
    }

    #[test]
    fn a_uid_is_found_without_reading_the_rest() {
        let body = body(|_| ());
        assert_eq!(uid(&body), Some("7".to_owned()));
        assert_eq!((uid(b"{\"uid\":\"\"}"), uid(b"{")), (None, None));
    }
}
