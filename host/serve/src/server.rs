//! The HTTP server: its paths, and what it answers to a request that is not a review.
//!
//! Every decision is answered 200, also an undecided one. An API server takes any other status for a failed call, and lets the
//! object in if the webhook has `failurePolicy: Ignore`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use engine::Runtime;
use engine::config::{Reaction, suggestion};
use engine::waiver::Date;
use protocol::Verdict;
use serde_json::{Value, json};
use session::Session;
use tokio::task::spawn_blocking;
use tokio::time::timeout_at;

use crate::answer::Answer;
use crate::body::{self, BodyError};
use crate::cluster::{Cached, Cluster};
use crate::connection::Requests;
use crate::limits::Limits;
use crate::metrics::{self, Gauged, Metrics};
use crate::pool::Pool;
use crate::review::{self, Review, ReviewError};
use crate::traces::{Parent, Span, Trace, Traces};
use crate::work::{Concluded, PANICKED, Rules, TIMED_OUT, Work};

/// Where a server's rules, their configuration and the date come from, and where its log goes.
pub trait Source: Send + Sync + 'static {
    /// What runs the rules.
    type Runtime: Runtime<Module: Send + Sync> + Send + Sync + 'static;

    /// The rules under the configuration as both are now; nothing if they are what was given last. `is_told` says that
    /// somebody asks for it: without that, something that failed lately is not fetched again at once.
    ///
    /// # Errors
    /// Why they cannot be loaded.
    fn load(&self, is_told: bool) -> Result<Option<Session<Self::Runtime>>, String>;

    /// The cluster, if look-ups are answered from one.
    fn cluster(&self) -> Option<&dyn Cluster>;

    /// The day on which waivers count.
    fn today(&self) -> Date;

    /// Takes a line of the log, JSON.
    fn log(&self, line: &Value);
}

/// What all requests share.
pub struct Server<S: Source> {
    pub source: S,
    pub metrics: Metrics,
    pub pool: Pool,
    /// The sender of traces, if they are sent.
    pub traces: OnceLock<Traces>,
    /// Whether every kind that rules look up was read, or cannot be.
    pub is_ready: AtomicBool,
    /// Whether the server was told to stop.
    pub is_ending: AtomicBool,
    rules: RwLock<Arc<Rules<S::Runtime>>>,
    undecided: Reaction,
    time: Duration,
    limits: Limits,
}

impl<S: Source> Server<S> {
    /// A server with these rules. `time` is how long a request may take if its client does not say how long it waits.
    pub fn new(
        source: S,
        session: Session<S::Runtime>,
        pool: Pool,
        undecided: Reaction,
        time: Duration,
        limits: Limits,
    ) -> Self {
        let (metrics, rules) = (Metrics::new(), RwLock::new(Arc::new(Rules::new(session))));
        let (is_ready, is_ending) = (AtomicBool::new(false), AtomicBool::new(false));
        let traces = OnceLock::new();
        let server = Self { source, metrics, pool, traces, is_ready, is_ending, rules, undecided, time, limits };
        server.follow();
        server
    }

    /// Has the cluster follow the kinds that the rules look up.
    fn follow(&self) {
        if let Some(cluster) = self.source.cluster() {
            cluster.follow(&self.rules().at_work());
        }
    }

    /// What is known of the kinds that rules look up.
    pub fn cached(&self) -> Vec<Cached> {
        self.source.cluster().map(Cluster::kinds).unwrap_or_default()
    }

    /// The rules as they are now.
    pub fn rules(&self) -> Arc<Rules<S::Runtime>> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the rules for new requests. A request at work keeps its own.
    pub fn replace(&self, session: Session<S::Runtime>) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Rules::new(session));
        self.follow();
    }

    /// Answers a request that was not checked.
    fn undecided(&self, rules: &Rules<S::Runtime>, uid: Option<String>, reason: &str, started: Instant) -> Response {
        let Some(uid) = uid else { return refuse(StatusCode::BAD_REQUEST, &format!("no uid was found: {reason}")) };
        let answer = Answer::undecided(uid, rules.reaction(self.undecided), reason);
        self.metrics.review("", "undecided", started.elapsed());
        self.source.log(&json!({
            "time": now(), "level": "warning", "uid": answer.uid, "allowed": answer.is_allowed(), "undecided": reason,
        }));
        reply(&answer)
    }

    /// Answers a review.
    fn concluded(
        &self,
        rules: &Rules<S::Runtime>,
        work: &Work,
        concluded: &Concluded,
        parent: Parent,
        started: Instant,
    ) -> Response {
        let (review, passes_because) = (&work.review, work.passes_because(rules));
        let Concluded { answer, judgements, times } = concluded;
        let operation = review.operation.name();
        let kind_of_answer = match (answer.is_allowed(), passes_because) {
            (_, Some(_)) => "passed",
            (true, None) => "allowed",
            (false, None) => "denied",
        };
        let (metadata, admission) = (rules.metadata(), &rules.session.setup().config.admission);
        let (mut said, mut spans) = (serde_json::Map::new(), Vec::new());
        let received = SystemTime::now().checked_sub(started.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH);
        for judgement in judgements {
            let Some(rule) = metadata.get(judgement.rule) else { continue };
            let mode = admission.mode_of(&rule.name, review.namespace.as_deref());
            let verdict = judgement.outcome.verdict;
            self.metrics.verdict(&rule.name, verdict.name(), mode.name());
            let is_accepted = ![Verdict::Fail, Verdict::Error].contains(&verdict);
            let took = times.get(&judgement.rule).copied();
            let time = took.map(|(_, time)| time);
            self.metrics.evaluation(&rule.name, operation, is_accepted, judgement.mutated.is_some(), time);
            if let (Some(_), Some((begun, time))) = (self.traces.get(), took) {
                spans.push(Span {
                    name: rule.name.clone(),
                    begun: received + begun.duration_since(started),
                    time,
                    attributes: vec![("seaworthy.verdict", verdict.name().to_owned())],
                    is_error: verdict == Verdict::Error,
                });
            }
            if ![Verdict::Pass, Verdict::NotApplicable].contains(&verdict) {
                said.insert(rule.name.clone(), json!({ "verdict": verdict.name(), "mode": mode.name() }));
            }
        }
        self.metrics.review(operation, kind_of_answer, started.elapsed());
        if let Some(traces) = self.traces.get() {
            let attributes = vec![
                ("k8s.operation", operation.to_owned()),
                ("k8s.kind", review.kind.clone()),
                ("seaworthy.uid", answer.uid.clone()),
                ("seaworthy.answer", kind_of_answer.to_owned()),
            ];
            let (name, time) = ("validate".to_owned(), started.elapsed());
            let review = Span { name, begun: received, time, attributes, is_error: false };
            traces.take(Trace { parent, review, rules: spans });
        }
        let mut line = json!({
            "time": now(), "level": "info", "uid": answer.uid, "operation": operation, "kind": review.kind,
            "namespace": review.namespace, "name": review.name, "subresource": review.subresource,
            "allowed": answer.is_allowed(), "milliseconds": started.elapsed().as_millis().min(u64::MAX.into()) as u64,
        });
        if let Some(fields) = line.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            if let Some(reason) = passes_because {
                fields.insert("passed".to_owned(), reason.into());
            }
            if !said.is_empty() {
                fields.insert("rules".to_owned(), Value::Object(said));
            }
        }
        self.source.log(&line);
        reply(answer)
    }
}

/// The paths.
pub fn router<S: Source>(server: Arc<Server<S>>) -> Router {
    Router::new()
        .route("/validate", post(all))
        .route("/validate/{rule}", post(one))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .layer(from_fn(at_work))
        .with_state(server)
}

/// Tells the connection that the head of a request has come, and then that the request is answered.
async fn at_work(ConnectInfo(requests): ConnectInfo<Requests>, request: Request, next: Next) -> Response {
    let _at_work = requests.begin();
    next.run(request).await
}

async fn all<S: Source>(State(server): State<Arc<Server<S>>>, request: Request) -> Response {
    validate(server, None, request).await
}

async fn one<S: Source>(State(server): State<Arc<Server<S>>>, Path(rule): Path<String>, request: Request) -> Response {
    validate(server, Some(rule), request).await
}

async fn readyz<S: Source>(State(server): State<Arc<Server<S>>>) -> Response {
    let is_ready = server.is_ready.load(Ordering::Relaxed) && !server.is_ending.load(Ordering::Relaxed);
    // The reasons are in the log: anybody may ask here.
    let unseen = server.cached().into_iter().filter(|kind| kind.state != Cached::CURRENT);
    let unseen: String = unseen.map(|kind| format!("{}: {}\n", kind.name, kind.state)).collect();
    match is_ready {
        true => format!("ready\n{unseen}").into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready\n{unseen}")).into_response(),
    }
}

async fn metrics_text<S: Source>(State(server): State<Arc<Server<S>>>) -> Response {
    let most_bytes = server.source.cluster().map(Cluster::most_bytes);
    let now_known = Gauged { waiting: server.pool.waiting(), cached: server.cached(), most_bytes };
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], server.metrics.text(&now_known)).into_response()
}

async fn validate<S: Source>(server: Arc<Server<S>>, only: Option<String>, request: Request) -> Response {
    let started = Instant::now();
    let deadline = deadline(request.uri(), started, server.time, server.limits.reserve);
    if let Err(message) = check_headers(request.headers()) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    let (rules, parent) = (server.rules(), Parent::of(request.headers()));
    if let Some(name) = &only {
        let known: Vec<&str> = rules.session.bundle().rules().iter().map(|rule| rule.metadata.name.as_str()).collect();
        if !known.contains(&name.as_str()) {
            let message = format!("there is no rule `{name}`{}", suggestion(name, &known));
            return refuse(StatusCode::NOT_FOUND, &message);
        }
    }
    let reading = body::read(request.into_body(), &server.limits, &server.pool, deadline);
    let body = match timeout_at(deadline.into(), reading).await {
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
        Ok(Err(cause @ BodyError::Broken(_))) => return refuse(StatusCode::BAD_REQUEST, &cause.to_string()),
        Ok(Err(ref cause @ (BodyError::TooLarge { ref head, .. } | BodyError::Full(ref head)))) => {
            return server.undecided(&rules, review::uid(head), &cause.to_string(), started);
        }
        Ok(Ok(body)) => body,
    };
    let uid = review::uid(&body.bytes);
    let place = match server.pool.enter(deadline).await {
        Ok(place) => place,
        Err(full) => return server.undecided(&rules, uid, &full.to_string(), started),
    };
    let read = Arc::new(OnceLock::<Result<Work, ReviewError>>::new());
    let work = spawn_blocking({
        let (server, rules, read) = (Arc::clone(&server), Arc::clone(&rules), Arc::clone(&read));
        move || {
            let _place = place;
            let review = Review::read(&body.bytes);
            drop(body);
            if let Ok(work) = read.get_or_init(|| review.map(|review| Work::new(review, only, deadline))) {
                work.run(&rules, server.source.cluster(), server.source.today(), server.undecided);
            }
        }
    });
    let why = match timeout_at(deadline.into(), work).await {
        Ok(Err(_)) => PANICKED,
        _ => TIMED_OUT,
    };
    match read.get() {
        Some(Ok(work)) => {
            let concluded = work.conclude(&rules, server.source.today(), server.undecided, why);
            server.concluded(&rules, work, &concluded, parent, started)
        }
        Some(Err(ReviewError::Object { uid, cause })) => server.undecided(&rules, Some(uid.clone()), cause, started),
        Some(Err(cause)) => {
            server.metrics.review("", "refused", started.elapsed());
            refuse(StatusCode::BAD_REQUEST, &cause.to_string())
        }
        None => server.undecided(&rules, uid, why, started),
    }
}

/// When the answer is due. An API server says how long it waits: `?timeout=10s`.
fn deadline(uri: &Uri, started: Instant, usual: Duration, reserve: Duration) -> Instant {
    let mut parameters = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let said = parameters.find(|(name, _)| *name == "timeout").and_then(|(_, value)| duration(value));
    // An API server waits 30 s at most.
    let time = said.unwrap_or(usual).min(Duration::from_secs(30));
    started + time.saturating_sub(reserve).max(time / 2)
}

/// A duration as Go writes it, in seconds or milliseconds: `10s`, `1.5s`, `500ms`, `1m30s`.
fn duration(text: &str) -> Option<Duration> {
    let (minutes, rest) = match text.split_once('m') {
        Some((minutes, rest)) if !rest.starts_with('s') => (minutes.parse::<f64>().ok()?, rest),
        _ => (0.0, text),
    };
    let seconds = match (rest.strip_suffix("ms"), rest.strip_suffix('s')) {
        (Some(number), _) => number.parse::<f64>().ok()? / 1000.0,
        (_, Some(number)) => number.parse().ok()?,
        _ if rest.is_empty() && minutes > 0.0 => 0.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(minutes * 60.0 + seconds).ok().filter(|time| !time.is_zero())
}

fn check_headers(headers: &HeaderMap) -> Result<(), &'static str> {
    let of = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = of(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err("expected an AdmissionReview with content-type: application/json");
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err("expected a body without content-encoding");
    }
    Ok(())
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, format!("{message}\n")).into_response()
}

fn reply(answer: &Answer) -> Response {
    ([(CONTENT_TYPE, "application/json")], answer.to_json().to_string()).into_response()
}

/// The time, as logs have it.
pub fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// A time that counts from 1970, as logs have it.
pub fn time_of(since_1970: Duration) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_there_before_its_client_gives_up() {
        let started = Instant::now();
        let (usual, reserve) = (Duration::from_secs(10), Limits::default().reserve);
        let after = |uri: &str| deadline(&uri.parse().unwrap(), started, usual, reserve) - started;
        for (uri, milliseconds) in [
            ("/validate", 9800),
            ("/validate?timeout=3s", 2800),
            ("/validate?a=b&timeout=1.5s", 1300),
            ("/validate?timeout=500ms", 300),
            ("/validate?timeout=100ms", 50),
            ("/validate?timeout=1m0s", 29800),
            ("/validate?timeout=never", 9800),
            ("/validate?timeout=0s", 9800),
        ] {
            assert_eq!(after(uri), Duration::from_millis(milliseconds), "{uri}");
        }
    }
}
