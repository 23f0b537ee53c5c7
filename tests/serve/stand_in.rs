//! A small API server on loopback, of which a test says what goes wrong: lists in pages, watches from a version on, and
//! refusals. Without TLS, credentials and admission. What a real one does, `cluster` asks a real one.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http_body::Frame;
use seaworthy_tests::api::kubeconfig;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How the kinds that it can serve are called.
const KINDS: [(&str, &str, &str); 11] = [
    ("apps/v1", "Deployment", "deployments"),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    ("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors"),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    ("v1", "Service", "services"),
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Secret", "secrets"),
    ("argoproj.io/v1alpha1", "Rollout", "rollouts"),
];

#[derive(Default)]
struct Kept {
    /// The kinds that are served, by plural, each with its objects by namespace and name.
    kinds: BTreeMap<String, BTreeMap<String, Value>>,
    version: u64,
    /// What happened, with the version that it made.
    events: HashMap<String, Vec<(u64, String)>>,
    /// Changes up to this version are forgotten.
    forgotten: u64,
    watchers: HashMap<String, Vec<UnboundedSender<String>>>,
    /// Codes that requests about a kind are refused with.
    refused: HashMap<String, u16>,
    /// Codes that lists of a kind are refused with, while it may be watched.
    unlisted: HashMap<String, u16>,
    requests: Vec<String>,
}

impl Kept {
    fn happens(&mut self, plural: &str, what: &str, object: &Value) {
        self.version += 1;
        let mut object = object.clone();
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let line = format!("{}\n", json!({ "type": what, "object": object }));
        self.events.entry(plural.to_owned()).or_default().push((self.version, line.clone()));
        self.watchers.entry(plural.to_owned()).or_default().retain(|watcher| watcher.send(line.clone()).is_ok());
    }
}

/// A server that runs until it is dropped. No test or benchmark uses all of it.
pub struct StandIn {
    kept: Arc<Mutex<Kept>>,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

fn key(object: &Value) -> String {
    let of = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", of("namespace"), of("name"))
}

#[allow(dead_code)]
impl StandIn {
    /// One that serves these kinds, by plural.
    pub fn of(plurals: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&kept));
        runtime.spawn(async move { axum::serve(listener, router).await });
        let server = Self { kept, address, _runtime: runtime };
        plurals.iter().for_each(|plural| server.serves(plural));
        server
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// The way to it, in this folder.
    pub fn kubeconfig(&self, folder: &Path) {
        fs::write(folder.join("kubeconfig"), kubeconfig(&format!("http://{}", self.address), "none")).unwrap();
    }

    /// From now on, it serves that kind too.
    pub fn serves(&self, plural: &str) {
        self.kept().kinds.entry(plural.to_owned()).or_default();
    }

    /// Puts an object of any kind that it can serve.
    pub fn takes(&self, object: &Value) {
        let kind = KINDS.iter().find(|kind| object["kind"] == kind.1).expect("the kind is known here");
        self.serves(kind.2);
        self.put(kind.2, object);
    }

    pub fn put(&self, plural: &str, object: &Value) {
        let mut kept = self.kept();
        let before = kept.kinds.get_mut(plural).unwrap().insert(key(object), object.clone());
        kept.happens(plural, if before.is_some() { "MODIFIED" } else { "ADDED" }, object);
    }

    pub fn remove(&self, plural: &str, object: &Value) {
        let mut kept = self.kept();
        kept.kinds.get_mut(plural).unwrap().remove(&key(object)).unwrap();
        kept.happens(plural, "DELETED", object);
    }

    /// Every request about the kind is refused with this code, and open watches end.
    pub fn refuses(&self, plural: &str, code: u16) {
        self.kept().refused.insert(plural.to_owned(), code);
        self.hangs_up(plural);
    }

    /// Every list of the kind is refused with this code, and open watches end. New ones may be opened.
    pub fn refuses_lists(&self, plural: &str, code: u16) {
        self.kept().unlisted.insert(plural.to_owned(), code);
        self.hangs_up(plural);
    }

    pub fn allows(&self, plural: &str) {
        let mut kept = self.kept();
        kept.refused.remove(plural);
        kept.unlisted.remove(plural);
    }

    /// Open watches end.
    pub fn hangs_up(&self, plural: &str) {
        self.kept().watchers.remove(plural);
    }

    /// What happened is forgotten, and whoever watches is told so.
    pub fn forgets(&self, plural: &str) {
        let mut kept = self.kept();
        kept.forgotten = kept.version;
        kept.events.clear();
        let expired = json!({ "kind": "Status", "code": 410, "message": "too old resource version" });
        let line = format!("{}\n", json!({ "type": "ERROR", "object": expired }));
        for watcher in kept.watchers.remove(plural).into_iter().flatten() {
            let _ = watcher.send(line.clone());
        }
    }

    /// How many requests were made that have all of these in them.
    pub fn asked(&self, parts: &[&str]) -> usize {
        let has = |request: &&String| parts.iter().all(|part| request.contains(part));
        self.kept().requests.iter().filter(has).count()
    }
}

fn json_of(code: u16, value: &Value) -> Response {
    let response = Response::builder().status(code).header("content-type", "application/json");
    response.body(Body::from(value.to_string())).unwrap()
}

fn status(code: u16, message: &str) -> Response {
    json_of(code, &json!({ "kind": "Status", "status": "Failure", "message": message, "code": code }))
}

async fn answer(State(kept): State<Arc<Mutex<Kept>>>, request: Request) -> Response {
    let uri = request.uri();
    let query: HashMap<&str, &str> =
        uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')).collect();
    let mut kept = kept.lock().unwrap();
    kept.requests.push(uri.to_string());
    if ["/api", "/apis"].contains(&uri.path()) {
        return discovery(&kept, uri.path() == "/api");
    }
    let plural = uri.path().rsplit('/').next().unwrap();
    if let Some(code) = kept.refused.get(plural) {
        return status(*code, "as the test wants it");
    }
    if !kept.kinds.contains_key(plural) {
        return status(404, "the server could not find the requested resource");
    }
    if query.contains_key("watch") {
        return watch(&mut kept, plural, &query);
    }
    match kept.unlisted.get(plural) {
        Some(code) => status(*code, "as the test wants it"),
        None => list(&kept, plural, &query),
    }
}

fn discovery(kept: &Kept, is_core: bool) -> Response {
    let served = KINDS.iter().filter(|kind| kept.kinds.contains_key(kind.2) && kind.0.contains('/') != is_core);
    // A group may be there several times: whoever reads it takes all.
    let groups = served.map(|(api_version, kind, plural)| {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = json!({
            "resource": plural, "verbs": ["list", "watch"], "scope": "Namespaced", "responseKind": { "kind": kind },
        });
        let versions = json!([{ "version": version, "resources": [resource], "freshness": "Current" }]);
        json!({ "metadata": { "name": group }, "versions": versions })
    });
    let items: Vec<Value> = groups.collect();
    json_of(200, &json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items }))
}

fn list(kept: &Kept, plural: &str, query: &HashMap<&str, &str>) -> Response {
    let from: usize = query.get("continue").map_or(0, |token| token.parse().unwrap());
    let limit: usize = query.get("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let objects = &kept.kinds[plural];
    let items: Vec<&Value> = objects.values().skip(from).take(limit).collect();
    let mut metadata = json!({ "resourceVersion": kept.version.to_string() });
    if from + items.len() < objects.len() {
        metadata["continue"] = json!((from + items.len()).to_string());
    }
    json_of(200, &json!({ "kind": "List", "metadata": metadata, "items": items }))
}

fn watch(kept: &mut Kept, plural: &str, query: &HashMap<&str, &str>) -> Response {
    let from: u64 = query["resourceVersion"].parse().unwrap();
    if from < kept.forgotten {
        return status(410, "too old resource version");
    }
    let (send, lines) = unbounded_channel();
    for (_, line) in kept.events.get(plural).into_iter().flatten().filter(|(version, _)| *version > from) {
        send.send(line.clone()).unwrap();
    }
    kept.watchers.entry(plural.to_owned()).or_default().push(send);
    Response::new(Body::new(Lines(lines)))
}

/// A body that ends when its watcher is dropped.
struct Lines(UnboundedReceiver<String>);

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.get_mut().0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line.into()))))
    }
}
