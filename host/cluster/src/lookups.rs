//! Answers look-ups from the API server, in Kubewarden's payloads (`host_capabilities::kubernetes` of its SDK): one object,
//! lists, and whether somebody may do something.
//!
//! It asks with the rights of whoever's kubeconfig this is. What a module may ask was decided before, by its
//! [`Grant`](engine::Grant); every other operation is refused. The values of Secrets are told to nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::manifest::ApiObject;
use engine::{CallError, HostCall, HostCalls, LookUpRequest, write_looked_up};
use http::Request;
use http::header::CONTENT_TYPE;
use k8s_openapi::api::authorization::v1 as authorization;
use protocol::{FieldMask, api_group, contract};
use serde::Deserialize;
use serde::de::DeserializeSeed as _;

use crate::Cluster;
use crate::client::Api;
use crate::discovery::{self, Found, Resource, is_segment};
use crate::error::{LookUpError, RequestError};
use crate::list::{Pages, Query};

/// Bytes of one answer: a module has a memory of some 64 MiB, and has to read it.
const ANSWER_BYTES: usize = 16 << 20;

/// For how long an answer is taken for the present, as in Kubewarden's policy-server.
const FRESH: Duration = Duration::from_secs(5);

/// Bytes of all answers that are remembered.
const BYTES_KEPT: usize = 32 << 20;

/// The operation by which a module asks what somebody may do.
const CAN_I: &str = "can_i";

/// What modules ask, answered by a cluster.
pub struct LookUps<'a>(
    /// Who is asked.
    pub &'a Cluster,
);

/// The payload of `can_i`.
#[derive(Debug, Deserialize)]
struct AskedAccess {
    subject_access_review: Review,
    #[serde(default)]
    disable_cache: bool,
}

#[derive(Debug, Deserialize)]
struct Review {
    #[serde(default)]
    groups: Option<Vec<String>>,
    resource_attributes: Attributes,
    #[serde(default)]
    user: String,
}

/// The answer to a review.
#[derive(Debug, Deserialize)]
struct Reviewed {
    status: Option<authorization::SubjectAccessReviewStatus>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    group: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    resource: String,
    subresource: Option<String>,
    verb: String,
    version: Option<String>,
}

impl HostCalls for LookUps<'_> {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        match (call.binding, call.namespace, call.operation) {
            (contract::BINDING, contract::KUBERNETES, CAN_I) => {
                let asked: AskedAccess = call.read()?;
                self.remember(call, asked.disable_cache, |api| can_i(api, asked.subject_access_review))
            }
            (contract::BINDING, contract::KUBERNETES, contract::GET_RESOURCE) => {
                let (asked, resource) = self.asked(call)?;
                self.remember(call, asked.disable_cache, |api| get(api, resource, asked))
            }
            (contract::BINDING, contract::KUBERNETES, contract::LIST_BY_NAMESPACE) => {
                let (asked, resource) = self.asked(call)?;
                let Some(namespace) = asked.namespace.clone() else {
                    return Err(CallError::invalid(LookUpError::NoNamespace));
                };
                self.remember(call, asked.disable_cache, |api| list(api, resource, Some(namespace), asked))
            }
            (contract::BINDING, contract::KUBERNETES, contract::LIST_ALL) => {
                let (asked, resource) = self.asked(call)?;
                self.remember(call, asked.disable_cache, |api| list(api, resource, None, asked))
            }
            _ => Err(call.unanswered("no cluster answers it")),
        }
    }
}

impl LookUps<'_> {
    /// The payload, and what the cluster serves for it, if anything.
    fn asked(&self, call: HostCall<'_>) -> Result<(LookUpRequest, Option<Resource>), CallError> {
        let asked: LookUpRequest = call.read()?;
        let LookUpRequest { api_version, kind, .. } = &asked;
        let version = api_version.rsplit('/').next().unwrap_or_default();
        match self.0.served.find(api_group(api_version), kind, &[version]) {
            Found::Served(resource) => {
                let resource = resource.clone();
                Ok((asked, Some(resource)))
            }
            Found::Absent => Ok((asked, None)),
            Found::Unknown(reason) => {
                let (api_version, kind, reason) = (api_version.clone(), kind.clone(), reason.to_owned());
                Err(CallError::failed(LookUpError::Kind { api_version, kind, reason }))
            }
        }
    }

    fn remember<F>(&self, call: HostCall<'_>, anew: bool, answer: impl FnOnce(Api) -> F) -> Result<Vec<u8>, CallError>
    where
        F: Future<Output = Result<Vec<u8>, CallError>> + Send + 'static,
    {
        let question = (call.operation.to_owned(), call.payload.to_vec());
        let known = if anew { None } else { self.0.answers.get(&question) };
        if let Some(known) = known {
            return Ok(known.to_vec());
        }
        let answer = answer(self.0.api.clone());
        let answer = self.0.wait(answer).map_err(CallError::failed)??;
        self.0.answers.keep(question, &answer);
        Ok(answer)
    }
}

fn failed(what: String, cause: RequestError) -> CallError {
    CallError::failed(LookUpError::Request { what, cause })
}

async fn get(api: Api, resource: Option<Resource>, asked: LookUpRequest) -> Result<Vec<u8>, CallError> {
    let (Some(resource), name) = (resource, asked.name.as_deref().unwrap_or_default()) else {
        return Err(CallError::NotFound);
    };
    let namespace = asked.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    if resource.is_namespaced && namespace.is_none() {
        return Err(CallError::NotFound);
    }
    let (Some(path), true) = (resource.path(namespace), is_segment(name)) else { return Err(CallError::NotFound) };
    let request = discovery::get(&format!("{path}/{name}")).map_err(CallError::failed)?;
    let answer = match api.send(request).await {
        Err(cause) if cause.is(404) => return Err(CallError::NotFound),
        answer => answer.map_err(|cause| failed(format!("{name} cannot be looked up"), cause))?,
    };
    let mask = asked.mask();
    let seed = ApiObject { mask: &mask, api_version: &resource.api_version(), kind: &resource.kind };
    let object = seed.deserialize(&mut serde_json::Deserializer::from_slice(&answer));
    let object = object.map_err(|cause| CallError::failed(RequestError::Unreadable(cause.to_string())))?;
    let object = object.map_err(CallError::failed)?;
    let mut answer = Vec::new();
    write_looked_up(&object, &mask, &mut answer);
    Ok(answer)
}

async fn list(
    api: Api,
    resource: Option<Resource>,
    namespace: Option<String>,
    asked: LookUpRequest,
) -> Result<Vec<u8>, CallError> {
    // Clients read a list into the type of its items, by its kind.
    let head =
        serde_json::json!({"apiVersion": asked.api_version, "kind": format!("{}List", asked.kind), "metadata": {}});
    let mut answer = head.to_string().into_bytes();
    answer.pop();
    answer.extend_from_slice(b",\"items\":[");
    let mut is_first = true;
    if let Some(resource) = resource {
        let mask = asked.mask();
        let query = Query {
            resource,
            namespace,
            labels: asked.label_selector.clone().unwrap_or_default(),
            fields: asked.field_selector.clone().unwrap_or_default(),
            // Each is told apart by its name, whether or not that is asked for.
            mask: with_name(&asked),
        };
        let mut pages = Pages::new(api, query);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|cause| failed(format!("{} cannot be listed", asked.kind), cause))?;
            if let Some(problem) = page.problems.into_iter().next() {
                return Err(CallError::failed(LookUpError::Object(problem)));
            }
            for object in page.objects {
                if !std::mem::take(&mut is_first) {
                    answer.push(b',');
                }
                write_looked_up(&object, &mask, &mut answer);
            }
            if answer.len() > ANSWER_BYTES {
                let limit = ANSWER_BYTES >> 20;
                return Err(CallError::failed(LookUpError::TooMuch { kind: asked.kind, limit }));
            }
        }
    }
    answer.extend_from_slice(b"]}");
    Ok(answer)
}

fn with_name(asked: &LookUpRequest) -> FieldMask {
    let entries = asked.field_masks.iter().flatten().map(String::as_str);
    let entries: Vec<&str> = entries.chain(["metadata.name", "metadata.namespace"]).collect();
    if asked.mask().is_whole() { FieldMask::whole() } else { FieldMask::of_entries(&entries) }
}

/// What the API server's `SubjectAccessReview` says, or where nobody is named, its `SelfSubjectAccessReview`.
async fn can_i(api: Api, review: Review) -> Result<Vec<u8>, CallError> {
    let Review { groups, resource_attributes: asked, user } = review;
    let attributes = authorization::ResourceAttributes {
        group: asked.group,
        name: asked.name,
        namespace: asked.namespace,
        resource: Some(asked.resource),
        subresource: asked.subresource,
        verb: Some(asked.verb),
        version: asked.version,
        ..authorization::ResourceAttributes::default()
    };
    let is_self = user.is_empty() && groups.as_ref().is_none_or(Vec::is_empty);
    let (plural, body) = if is_self {
        let spec =
            authorization::SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
        let review = authorization::SelfSubjectAccessReview { spec, ..Default::default() };
        ("selfsubjectaccessreviews", serde_json::to_vec(&review))
    } else {
        let user = (!user.is_empty()).then_some(user);
        let resource_attributes = Some(attributes);
        let spec = authorization::SubjectAccessReviewSpec { groups, resource_attributes, user, ..Default::default() };
        let review = authorization::SubjectAccessReview { spec, ..Default::default() };
        ("subjectaccessreviews", serde_json::to_vec(&review))
    };
    let body = body.map_err(CallError::failed)?;
    let request = Request::post(format!("/apis/authorization.k8s.io/v1/{plural}"));
    let request = request.header(CONTENT_TYPE, "application/json").body(body).map_err(CallError::failed)?;
    let answer = api.send(request).await.map_err(|cause| failed("access cannot be reviewed".into(), cause))?;
    // Both reviews have the same status.
    let review: Reviewed = discovery::read(&answer).map_err(CallError::failed)?;
    let status = review.status.ok_or_else(|| CallError::failed(LookUpError::NoReview))?;
    serde_json::to_vec(&status).map_err(CallError::failed)
}

/// An operation and its payload.
type Question = (String, Vec<u8>);

/// Answers by their questions, each with when it was given.
type Kept = HashMap<Question, (Instant, Arc<[u8]>)>;

/// Answers of the last seconds, so that a thousand files that ask for the same list ask the server once.
#[derive(Default)]
pub struct Answers(Mutex<Kept>);

impl Answers {
    fn get(&self, question: &Question) -> Option<Arc<[u8]>> {
        let kept = self.0.lock().ok()?;
        let (when, answer) = kept.get(question)?;
        (when.elapsed() < FRESH).then(|| Arc::clone(answer))
    }

    fn keep(&self, question: Question, answer: &[u8]) {
        let Ok(mut kept) = self.0.lock() else { return };
        let bytes = |(question, (_, answer)): (&Question, &(Instant, Arc<[u8]>))| question.1.len() + answer.len();
        if kept.iter().map(bytes).sum::<usize>() + answer.len() > BYTES_KEPT {
            kept.clear();
        }
        kept.insert(question, (Instant::now(), answer.into()));
    }
}
