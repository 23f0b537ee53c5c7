//! What is counted, for Prometheus. No label names an object, a namespace or a person: there may be any number of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

type Labels = Vec<(&'static str, String)>;

/// The content type of what [`Metrics::text`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All counters.
pub struct Metrics {
    registry: Registry,
    reviews: Family<Labels, Counter>,
    verdicts: Family<Labels, Counter>,
    reloads: Family<Labels, Counter>,
    seconds: Histogram,
    last_review: Gauge,
    waiting: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("seaworthy");
        let (reviews, verdicts, reloads) = (Family::default(), Family::default(), Family::default());
        let seconds = Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]);
        let (last_review, waiting) = (Gauge::default(), Gauge::default());
        registry.register("reviews", "Reviews, by operation and answer", reviews.clone());
        registry.register("verdicts", "What rules said, by rule, verdict and mode", verdicts.clone());
        registry.register("reloads", "New configurations and certificates, by result", reloads.clone());
        registry.register_with_unit("review", "Time from a request to its answer", Unit::Seconds, seconds.clone());
        registry.register("last_review_timestamp_seconds", "When the last review was answered", last_review.clone());
        registry.register("reviews_waiting", "Reviews that wait for a place", waiting.clone());
        Self { registry, reviews, verdicts, reloads, seconds, last_review, waiting }
    }

    /// A review was answered.
    pub fn review(&self, operation: &str, answer: &str, time: Duration) {
        self.reviews.get_or_create(&labels([("operation", operation), ("answer", answer)])).inc();
        self.seconds.observe(time.as_secs_f64());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last_review.set(i64::try_from(now.as_secs()).unwrap_or_default());
    }

    /// A rule said something.
    pub fn verdict(&self, rule: &str, verdict: &str, mode: &str) {
        self.verdicts.get_or_create(&labels([("rule", rule), ("verdict", verdict), ("mode", mode)])).inc();
    }

    /// Something was loaded anew, or not.
    pub fn reload(&self, what: &str, is_good: bool) {
        let result = if is_good { "loaded" } else { "refused" };
        self.reloads.get_or_create(&labels([("what", what), ("result", result)])).inc();
    }

    /// All of it as text.
    pub fn text(&self, waiting: usize) -> String {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn labels<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    labels.map(|(name, value)| (name, value.to_owned())).to_vec()
}
