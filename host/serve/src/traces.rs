//! Traces of reviews, for an OpenTelemetry collector: OTLP over HTTP, as JSON.
//!
//! Each review has a span, below the API server's own span if the request names it (`traceparent`), and each rule has one
//! below the review's. A span holds what was asked and decided, and nothing of an object. Spans that the collector does not
//! take in time are dropped: no review waits for the collector.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

/// Reviews whose spans wait to be sent.
const WAITING: usize = 1024;

/// How many reviews are sent at once, and how long the first of them waits for the others.
const BATCH: usize = 256;
const PERIOD: Duration = Duration::from_secs(2);

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// `SPAN_KIND_SERVER` and `SPAN_KIND_INTERNAL`; `STATUS_CODE_ERROR`.
const SERVER: u32 = 2;
const INTERNAL: u32 = 1;
const ERROR: u32 = 2;

/// A piece of work and its time.
pub struct Span {
    pub name: String,
    pub begun: SystemTime,
    pub time: Duration,
    pub attributes: Vec<(&'static str, String)>,
    pub is_error: bool,
}

/// The spans of a review.
pub struct Trace {
    pub parent: Parent,
    pub review: Span,
    pub rules: Vec<Span>,
}

/// The span above a review's span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parent {
    /// The ids of the trace and of the span above, if the request has them.
    of: Option<(String, String)>,
    /// Whether the API server does not record this trace.
    is_unwanted: bool,
}

impl Parent {
    /// Reads the header `traceparent`, as the W3C defines it.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = headers.get("traceparent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, span, flags, ..] = parts.as_slice() else { return Self::default() };
        let is_id = |text: &str, length| {
            text.len() == length && text.bytes().all(|it| it.is_ascii_hexdigit()) && text.bytes().any(|it| it != b'0')
        };
        if *version == "ff" || !is_id(trace, 32) || !is_id(span, 16) {
            return Self::default();
        }
        let is_sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        Self { of: Some(((*trace).to_owned(), (*span).to_owned())), is_unwanted: !is_sampled }
    }
}

/// Sends traces to a collector.
pub struct Traces(Sender<Trace>);

impl Traces {
    /// Sends to this collector from now on. `told` is called with the reason when spans are lost.
    pub fn to(collector: &str, told: impl Fn(&str) + Send + 'static) -> Self {
        let (send, traces) = channel(WAITING);
        tokio::spawn(export(format!("{}/v1/traces", collector.trim_end_matches('/')), traces, told));
        Self(send)
    }

    /// Takes a trace, unless too many wait or the API server does not record it.
    pub fn take(&self, trace: Trace) {
        if !trace.parent.is_unwanted {
            // A review is worth more than its trace.
            let _ = self.0.try_send(trace);
        }
    }
}

async fn export(url: String, mut traces: Receiver<Trace>, told: impl Fn(&str) + Send) {
    let (client, mut last) = match Client::builder().timeout(PATIENCE).build() {
        Ok(client) => (client, None),
        Err(cause) => return told(&cause.to_string()),
    };
    while let Some(first) = traces.recv().await {
        let mut batch = vec![first];
        let gathering = async {
            while batch.len() < BATCH
                && let Some(trace) = traces.recv().await
            {
                batch.push(trace);
            }
        };
        // When the time is over, the batch is sent as it is.
        let _ = timeout(PERIOD, gathering).await;
        let body = to_json(&batch).to_string();
        let request = client.post(&url).header("content-type", "application/json").body(body);
        let failed = match request.send().await {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            Err(cause) => Some(cause.to_string()),
        };
        if failed.is_some() && failed != last {
            told(failed.as_deref().unwrap_or_default());
        }
        last = failed;
    }
}

/// The body of a request to a collector: OTLP's `ExportTraceServiceRequest`.
fn to_json(traces: &[Trace]) -> Value {
    let spans: Vec<Value> = traces.iter().flat_map(spans).collect();
    let service =
        json!([attribute("service.name", "seaworthy"), attribute("service.version", env!("CARGO_PKG_VERSION"))]);
    json!({ "resourceSpans": [{
        "resource": { "attributes": service },
        "scopeSpans": [{ "scope": { "name": "seaworthy" }, "spans": spans }],
    }] })
}

fn spans(Trace { parent, review, rules }: &Trace) -> Vec<Value> {
    let own = id();
    let (trace, above) = match &parent.of {
        Some((trace, span)) => (trace.clone(), Some(span.clone())),
        None => (id() + &id(), None),
    };
    let mut all = vec![span(review, SERVER, &trace, &own, above.as_deref())];
    all.extend(rules.iter().map(|rule| span(rule, INTERNAL, &trace, &id(), Some(&own))));
    all
}

fn span(of: &Span, kind: u32, trace: &str, own: &str, above: Option<&str>) -> Value {
    let nanoseconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
    let attributes: Vec<Value> = of.attributes.iter().map(|(key, value)| attribute(key, value)).collect();
    let mut span = json!({
        "traceId": trace, "spanId": own, "name": of.name, "kind": kind, "attributes": attributes,
        "startTimeUnixNano": nanoseconds(of.begun), "endTimeUnixNano": nanoseconds(of.begun + of.time),
        "status": if of.is_error { json!({ "code": ERROR }) } else { json!({}) },
    });
    if let (Some(fields), Some(above)) = (span.as_object_mut(), above) {
        fields.insert("parentSpanId".to_owned(), above.into());
    }
    span
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// A new id of 16 hexadecimal digits. It is not secret.
fn id() -> String {
    format!("{:016x}", RandomState::new().hash_one(0) | 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(text: &str) -> Parent {
        Parent::of(&HeaderMap::from_iter([("traceparent".parse().unwrap(), text.parse().unwrap())]))
    }

    #[test]
    fn a_parent_is_read_from_its_header() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let known = parent(&format!("00-{trace}-{span}-01"));
        assert_eq!(known, Parent { of: Some((trace.into(), span.into())), is_unwanted: false });
        assert!(parent(&format!("00-{trace}-{span}-00")).is_unwanted);
        let zeros = format!("00-{}-{span}-01", "0".repeat(32));
        for text in ["", "00", "00-a-b-01", &zeros, &format!("ff-{trace}-{span}-01"), &format!("00-{span}-{trace}-01")]
        {
            assert_eq!(parent(text), Parent::default(), "{text}");
        }
    }

    #[test]
    fn a_review_is_below_its_parent_and_its_rules_below_it() {
        let span = |name: &str| Span {
            name: name.into(),
            begun: UNIX_EPOCH + Duration::from_secs(1),
            time: Duration::from_millis(2),
            attributes: vec![("verdict", "fail".into())],
            is_error: name == "rule",
        };
        let of = Some(("a".repeat(32), "b".repeat(16)));
        let trace =
            Trace { parent: Parent { of, is_unwanted: false }, review: span("validate"), rules: vec![span("rule")] };
        let json = to_json(&[trace]);
        let spans = &json["resourceSpans"][0]["scopeSpans"][0]["spans"];
        let (review, rule) = (&spans[0], &spans[1]);
        assert_eq!((&review["parentSpanId"], &review["traceId"]), (&json!("b".repeat(16)), &json!("a".repeat(32))));
        assert_eq!((&rule["parentSpanId"], &rule["traceId"]), (&review["spanId"], &review["traceId"]));
        assert_eq!(
            (&review["startTimeUnixNano"], &review["endTimeUnixNano"]),
            (&json!("1000000000"), &json!("1002000000"))
        );
        assert_eq!((&rule["status"]["code"], &review["status"]), (&json!(2), &json!({})));
        assert_eq!(review["attributes"][0], json!({ "key": "verdict", "value": { "stringValue": "fail" } }));
        assert_eq!(review["spanId"].as_str().map(str::len), Some(16));
    }
}
