//! A small API server, on loopback and without TLS (of which there is a front, see `tls`), for tests of what talks to one.
//!
//! It covers: discovery, aggregated or group by group; lists in pages with continue tokens, label selectors by equality,
//! `metadata.name` as field selector; single objects; server-side apply, also as a dry run, and deletion of reports, held to
//! their schemas; access reviews, where `admin` may do everything. It shows the faults of a real one on demand: 403, 410 with
//! and without a token to go on with, 429, 500, answers that never come and answers that never end. It does not cover:
//! authentication, conflicts of field managers, admission, watches, any version but the one that a kind is given.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use http_body::Frame;
use seaworthy_tests::api;
use serde_json::{Value, json};

use crate::reports;

/// What goes wrong with the lists of a kind.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The first so many requests are refused with this code, and may be tried again after so many seconds.
    Refused { times: usize, code: u16, retry_after: Option<u32> },
    /// Each token expires once; the server may offer another to go on with.
    Expired { offers_token: bool },
    /// There is no answer.
    Silent,
    /// The answer begins and never ends.
    Unfinished,
    /// The answer goes on for ever.
    Endless,
    /// Every page offers a next one, which is the same.
    Circle,
    /// The answer is no list.
    NoList,
}

/// The objects of a kind.
pub enum Objects {
    /// These, in the order of their keys.
    Given(Vec<Value>),
    /// So many, each made when it is asked for: JSON. The keys ascend.
    Made(usize, fn(usize) -> String),
}

/// A kind that is served.
pub struct Kind {
    pub api_version: String,
    pub kind: String,
    pub plural: String,
    pub is_namespaced: bool,
    pub objects: Objects,
}

impl Kind {
    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap()
    }

    fn len(&self) -> usize {
        match &self.objects {
            Objects::Given(objects) => objects.len(),
            Objects::Made(number, _) => *number,
        }
    }

    /// Built-in kinds do not say in lists what they are.
    fn item(&self, index: usize) -> String {
        match &self.objects {
            Objects::Made(_, make) => make(index),
            Objects::Given(objects) => {
                let mut object = objects[index].clone();
                if !self.group().contains('.') || self.group().ends_with(".k8s.io") {
                    object.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
                }
                object.to_string()
            }
        }
    }
}

#[derive(Default)]
struct Shared {
    kinds: Vec<Kind>,
    is_aggregated: bool,
    faults: Mutex<HashMap<String, Fault>>,
    /// Tokens that have expired, by kind.
    expired: Mutex<Vec<String>>,
    /// Method and path with query of every request, in order.
    requests: Mutex<Vec<String>>,
    /// What was sent as `Authorization`, each once.
    credentials: Mutex<BTreeSet<String>>,
    /// By path.
    reports: Mutex<BTreeMap<String, Value>>,
}

/// A server that runs until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// A server of these kinds.
    pub fn of(kinds: Vec<Kind>) -> Self {
        Self::start(kinds, true)
    }

    /// One that knows discovery only group by group, as before Kubernetes 1.26.
    pub fn classic(kinds: Vec<Kind>) -> Self {
        Self::start(kinds, false)
    }

    fn start(kinds: Vec<Kind>, is_aggregated: bool) -> Self {
        let shared = Arc::new(Shared { kinds, is_aggregated, ..Shared::default() });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        let server = Self { shared, address, folder, _runtime: runtime };
        let kubeconfig = api::kubeconfig(&format!("http://{}", server.address), "hunter2");
        std::fs::write(server.kubeconfig(), kubeconfig).unwrap();
        server
    }

    /// The way to it.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// From now on, lists of that kind (its plural) go wrong.
    pub fn fails(&self, plural: &str, fault: Fault) {
        self.shared.faults.lock().unwrap().insert(plural.to_owned(), fault);
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Where it listens, by http.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was sent as `Authorization` so far, each once.
    pub fn credentials(&self) -> Vec<String> {
        self.shared.credentials.lock().unwrap().iter().cloned().collect()
    }

    /// From now on, a report is there.
    pub fn holds(&self, path: &str, report: Value) {
        self.shared.reports.lock().unwrap().insert(path.to_owned(), report);
    }

    /// The reports that are there, by path.
    pub fn reports(&self) -> BTreeMap<String, Value> {
        self.shared.reports.lock().unwrap().clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (method, uri) = (parts.method, parts.uri);
    shared.requests.lock().unwrap().push(format!("{method} {uri}"));
    let credentials = parts.headers.get("authorization").and_then(|it| it.to_str().ok()).map(str::to_owned);
    shared.credentials.lock().unwrap().extend(credentials);
    let body = axum::body::to_bytes(body, 8 << 20).await.unwrap_or_default();
    let query: HashMap<String, String> = uri.query().unwrap_or_default().split('&').filter_map(pair).collect();
    let steps: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let accept = parts.headers.get("accept").and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let aggregated = shared.is_aggregated && accept.contains("as=APIGroupDiscoveryList");
    match steps.as_slice() {
        ["api"] | ["apis"] => discovery(&shared, steps[0], aggregated),
        ["api", version] => resources(&shared, version),
        ["apis", group, version] => resources(&shared, &format!("{group}/{version}")),
        ["apis", "authorization.k8s.io", "v1", _] => access_review(&body),
        ["api", version, rest @ ..] => objects(&shared, &method, version, rest, &query, &body, uri.path()).await,
        ["apis", group, version, rest @ ..] => {
            objects(&shared, &method, &format!("{group}/{version}"), rest, &query, &body, uri.path()).await
        }
        _ => status(404, "not found"),
    }
}

/// Decodes as much as kube encodes.
fn pair(text: &str) -> Option<(String, String)> {
    let decode = |text: &str| text.replace("%3D", "=").replace("%2C", ",").replace("%2F", "/").replace("%21", "!");
    text.split_once('=').map(|(key, value)| (key.to_owned(), decode(value)))
}

fn json(code: u16, value: &Value) -> Response {
    let response = Response::builder().status(code).header("content-type", "application/json");
    response.body(Body::from(value.to_string())).unwrap()
}

fn status(code: u16, message: &str) -> Response {
    json(code, &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}))
}

fn discovery(shared: &Shared, root: &str, aggregated: bool) -> Response {
    let mut groups: BTreeMap<&str, Vec<&Kind>> = BTreeMap::new();
    for kind in shared.kinds.iter().filter(|kind| (kind.group().is_empty()) == (root == "api")) {
        groups.entry(kind.group()).or_default().push(kind);
    }
    if aggregated {
        let resource = |kind: &&Kind| {
            json!({
                "resource": kind.plural, "verbs": reports::verbs(kind), "scope": if kind.is_namespaced { "Namespaced" } else { "Cluster" },
                "responseKind": {"group": kind.group(), "version": kind.version(), "kind": kind.kind},
                "subresources": [{"subresource": "status", "responseKind": {"kind": kind.kind}, "verbs": ["get"]}],
            })
        };
        let items = groups.iter().map(|(group, kinds)| {
            let mut versions: Vec<&str> = kinds.iter().map(|kind| kind.version()).collect();
            versions.dedup();
            let versions = versions.into_iter().map(|version| {
                let resources: Vec<Value> =
                    kinds.iter().filter(|kind| kind.version() == version).map(resource).collect();
                json!({"version": version, "resources": resources, "freshness": "Current"})
            });
            json!({"metadata": {"name": group}, "versions": versions.collect::<Vec<_>>()})
        });
        let items: Vec<Value> = items.collect();
        return json(
            200,
            &json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}),
        );
    }
    if root == "api" {
        return json(200, &json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}));
    }
    let groups = groups.iter().map(|(group, kinds)| {
        let version = |version: &str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
        let mut versions: Vec<&str> = kinds.iter().map(|kind| kind.version()).collect();
        versions.dedup();
        let all: Vec<Value> = versions.iter().map(|it| version(it)).collect();
        json!({"name": group, "versions": all, "preferredVersion": version(versions[0])})
    });
    json(200, &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups.collect::<Vec<_>>()}))
}

fn resources(shared: &Shared, api_version: &str) -> Response {
    let kinds = shared.kinds.iter().filter(|kind| kind.api_version == api_version);
    let resources = kinds.flat_map(|kind| {
        let resource = |name: String| {
            json!({"name": name, "singularName": "", "namespaced": kind.is_namespaced, "kind": kind.kind, "verbs": reports::verbs(kind)})
        };
        [resource(kind.plural.clone()), resource(format!("{}/status", kind.plural))]
    });
    let resources: Vec<Value> = resources.collect();
    json(200, &json!({"kind": "APIResourceList", "groupVersion": api_version, "resources": resources}))
}

fn access_review(body: &[u8]) -> Response {
    let mut review: Value = serde_json::from_slice(body).unwrap();
    let is_admin = review["spec"]["user"] == "admin";
    review["status"] = json!({"allowed": is_admin, "reason": review["kind"].as_str().unwrap()});
    json(201, &review)
}

async fn objects(
    shared: &Shared,
    method: &Method,
    api_version: &str,
    rest: &[&str],
    query: &HashMap<String, String>,
    body: &[u8],
    path: &str,
) -> Response {
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let Some(kind) = shared.kinds.iter().find(|kind| kind.api_version == api_version && kind.plural == rest[0]) else {
        return status(404, "the server could not find the requested resource");
    };
    match (method, rest) {
        (&Method::GET, [_]) => list(shared, kind, namespace, query).await,
        (&Method::GET, [_, name]) => {
            let all = (0..kind.len()).map(|index| serde_json::from_str::<Value>(&kind.item(index)).unwrap());
            match all.into_iter().find(|object| is_named(object, namespace, name)) {
                Some(mut object) => {
                    object["apiVersion"] = json!(kind.api_version);
                    object["kind"] = json!(kind.kind);
                    json(200, &object)
                }
                None => status(404, &format!("{} \"{name}\" not found", kind.plural)),
            }
        }
        (&Method::PATCH, [_, _]) => apply(shared, kind, query, body, path),
        (&Method::DELETE, [_, _]) => {
            let mut reports = shared.reports.lock().unwrap();
            let is_dry_run = !body.is_empty() && serde_json::from_slice::<Value>(body).unwrap().get("dryRun").is_some();
            let is_there = if is_dry_run { reports.contains_key(path) } else { reports.remove(path).is_some() };
            if is_there { status(200, "") } else { status(404, "not found") }
        }
        _ => status(405, "not allowed"),
    }
}

fn is_named(object: &Value, namespace: Option<&str>, name: &str) -> bool {
    object["metadata"]["name"] == name && object["metadata"]["namespace"].as_str() == namespace
}

fn apply(shared: &Shared, kind: &Kind, query: &HashMap<String, String>, body: &[u8], path: &str) -> Response {
    let report: Value = serde_json::from_slice(body).unwrap();
    let faults = reports::faults(&report);
    if !faults.is_empty() {
        return status(422, &faults.join("; "));
    }
    assert_eq!((query["fieldManager"].as_str(), query["force"].as_str()), ("seaworthy", "true"));
    assert_eq!((report["apiVersion"].as_str(), report["kind"].as_str()), (Some(&*kind.api_version), Some(&*kind.kind)));
    if query.get("dryRun").is_none_or(|run| run != "All") {
        shared.reports.lock().unwrap().insert(path.to_owned(), report.clone());
    }
    json(200, &report)
}

async fn list(shared: &Shared, kind: &Kind, namespace: Option<&str>, query: &HashMap<String, String>) -> Response {
    let token = query.get("continue").map(String::as_str);
    let mut restart = None;
    {
        let mut faults = shared.faults.lock().unwrap();
        match faults.get_mut(&kind.plural) {
            Some(Fault::Refused { times, code, retry_after }) if *times > 0 => {
                *times -= 1;
                let mut response = status(*code, "as the test wants it");
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert("retry-after", seconds.to_string().parse().unwrap());
                }
                return response;
            }
            Some(Fault::Expired { offers_token }) => {
                let mut expired = shared.expired.lock().unwrap();
                let is_old = |token: &&str| !token.ends_with('!') && !expired.iter().any(|it| it == token);
                if let Some(token) = token.filter(is_old) {
                    expired.push(token.to_owned());
                    let metadata = if *offers_token { json!({"continue": format!("{token}!")}) } else { json!({}) };
                    let message = "The provided continue parameter is too old";
                    return json(
                        410,
                        &json!({"kind": "Status", "metadata": metadata, "message": message, "code": 410}),
                    );
                }
            }
            Some(Fault::NoList) => return status(200, "no list"),
            Some(Fault::Silent) => restart = Some(Fault::Silent),
            Some(Fault::Unfinished) => {
                return body(Forever { piece: b"{\"items\":[", is_silent: true, is_begun: false });
            }
            Some(Fault::Endless) => return body(Forever { piece: &[b' '; 65536], is_silent: false, is_begun: false }),
            Some(Fault::Circle) => restart = Some(Fault::Circle),
            _ => {}
        }
    }
    if let Some(Fault::Silent) = restart {
        std::future::pending::<()>().await;
    }
    // A report that was written is there to be listed.
    if reports::is_report(&kind.kind) {
        return written(shared, kind, namespace, query);
    }
    let from: usize = token.map_or(0, |token| token.trim_end_matches('!').parse().unwrap());
    let limit: usize = query.get("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let (mut items, mut next) = (Vec::new(), from);
    let is_plain = namespace.is_none() && !query.contains_key("labelSelector") && !query.contains_key("fieldSelector");
    while next < kind.len() && items.len() < limit {
        let item = kind.item(next);
        next += 1;
        if is_plain || is_selected(&serde_json::from_str(&item).unwrap(), namespace, query) {
            items.push(item);
        }
    }
    let is_circle = matches!(restart, Some(Fault::Circle));
    let mut metadata = json!({"resourceVersion": "7"});
    if next < kind.len() || is_circle {
        metadata["continue"] = json!(if is_circle { from } else { next }.to_string());
        metadata["remainingItemCount"] = json!(kind.len() - next);
    }
    let text = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{metadata},\"items\":[{}]}}",
        kind.kind,
        kind.api_version,
        items.join(",")
    );
    Response::builder().header("content-type", "application/json").body(Body::from(text)).unwrap()
}

fn is_selected(object: &Value, namespace: Option<&str>, query: &HashMap<String, String>) -> bool {
    let fits = |selector: Option<&String>, value: &dyn Fn(&str) -> Value| {
        let parts = selector.into_iter().flat_map(|selector| selector.split(','));
        parts.filter_map(|part| part.split_once('=')).all(|(key, wanted)| value(key) == wanted)
    };
    namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace)
        && fits(query.get("labelSelector"), &|key| object["metadata"]["labels"][key].clone())
        && fits(query.get("fieldSelector"), &|key| object["metadata"][key.trim_start_matches("metadata.")].clone())
}

fn written(shared: &Shared, kind: &Kind, namespace: Option<&str>, query: &HashMap<String, String>) -> Response {
    let reports = shared.reports.lock().unwrap();
    let of_kind = reports.values().filter(|report| report["kind"] == *kind.kind);
    let items: Vec<&Value> = of_kind.filter(|report| is_selected(report, namespace, query)).collect();
    json(200, &json!({"kind": format!("{}List", kind.kind), "metadata": {}, "items": items}))
}

fn body(forever: Forever) -> Response {
    Response::builder().status(StatusCode::OK).body(Body::new(forever)).unwrap()
}

/// A body without an end.
struct Forever {
    piece: &'static [u8],
    is_silent: bool,
    is_begun: bool,
}

impl http_body::Body for Forever {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let forever = self.get_mut();
        if forever.is_silent && std::mem::replace(&mut forever.is_begun, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(forever.piece)))))
    }
}
