//! Metrics for Prometheus. No label names an object, a namespace or a person: there may be any number of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::cluster::Cached;

type Labels = Vec<(&'static str, String)>;

type Latencies = Family<Labels, Histogram, fn() -> Histogram>;

/// The content type of what [`Metrics::text`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is replaced while a server runs.
#[derive(Clone, Copy)]
pub enum Reloaded {
    Certificate,
    Configuration,
}

impl Reloaded {
    const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Configuration => "configuration",
        }
    }
}

/// The results of a reload.
const LOADED: &str = "loaded";
const REFUSED: &str = "refused";

/// Values that are read only when the metrics are asked for.
pub struct Gauged {
    /// Reviews that wait for a worker.
    pub waiting: usize,
    /// The kinds that are looked up.
    pub cached: Vec<Cached>,
    /// Bytes that their objects may take, if a cluster is followed.
    pub most_bytes: Option<usize>,
}

/// The metrics of the watch cache.
#[derive(Default)]
struct OfCluster {
    objects: Family<Labels, Gauge>,
    bytes: Family<Labels, Gauge>,
    most_bytes: Gauge,
    states: Family<Labels, Gauge>,
    lists: Family<Labels, Counter>,
    failures: Family<Labels, Counter>,
}

impl OfCluster {
    fn register(&self, registry: &mut Registry) {
        registry.register("cache_objects", "Objects kept for look-ups, by kind", self.objects.clone());
        registry.register("cache_bytes", "Bytes of the objects kept for look-ups, by kind", self.bytes.clone());
        registry.register("cache_bytes_limit", "Bytes that the objects of all kinds may take", self.most_bytes.clone());
        registry.register("cache_state", "1 for the state of a kind", self.states.clone());
        registry.register("cache_lists", "How often a kind was listed", self.lists.clone());
        registry.register("cache_failures", "How often a kind was lost or refused", self.failures.clone());
    }

    fn set(&self, cached: &[Cached], most_bytes: usize) {
        self.most_bytes.set(number(most_bytes));
        // Kinds may go, and states do.
        self.states.clear();
        self.objects.clear();
        self.bytes.clear();
        for Cached { name, state, objects, bytes, lists, failures } in cached {
            let of_kind = labels([("kind", name.as_str())]);
            self.states.get_or_create(&labels([("kind", name.as_str()), ("state", state)])).set(1);
            self.objects.get_or_create(&of_kind).set(number(*objects));
            self.bytes.get_or_create(&of_kind).set(number(*bytes));
            for (counter, now) in [(&self.lists, *lists), (&self.failures, *failures)] {
                let counter = counter.get_or_create(&of_kind);
                counter.inc_by(now.saturating_sub(counter.get()));
            }
        }
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// All metrics.
pub struct Metrics {
    registry: Registry,
    reviews: Family<Labels, Counter>,
    verdicts: Family<Labels, Counter>,
    evaluations: Family<Labels, Counter>,
    latencies: Latencies,
    reloads: Family<Labels, Counter>,
    seconds: Histogram,
    last_review: Gauge,
    /// Without labels; it has no value while no end is known.
    certificate_end: Family<Labels, Gauge>,
    waiting: Gauge,
    cluster: OfCluster,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let (reviews, verdicts) = (Family::default(), Family::default());
        let reloads = Family::<Labels, Counter>::default();
        // An alert on a first refusal needs the series before it.
        for what in [Reloaded::Certificate, Reloaded::Configuration] {
            for result in [LOADED, REFUSED] {
                reloads.get_or_create(&labels([("what", what.name()), ("result", result)])).inc_by(0);
            }
        }
        let seconds = Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]);
        let (last_review, waiting, cluster) = (Gauge::default(), Gauge::default(), OfCluster::default());
        let certificate_end = Family::default();
        let ours = registry.sub_registry_with_prefix("seaworthy");
        ours.register("reviews", "Reviews, by operation and answer", reviews.clone());
        ours.register("verdicts", "Verdicts, by rule, verdict and mode", verdicts.clone());
        ours.register("reloads", "Reloads of the configuration and the certificate, by result", reloads.clone());
        ours.register_with_unit("review", "Time from a request to its answer", Unit::Seconds, seconds.clone());
        ours.register("last_review_timestamp_seconds", "When the last review was answered", last_review.clone());
        let help = "When the certificate ends";
        ours.register("certificate_end_timestamp_seconds", help, certificate_end.clone());
        ours.register("reviews_waiting", "Reviews that wait for a worker", waiting.clone());
        cluster.register(ours);
        // As Kubewarden's policy-server calls them, without its labels that name objects and namespaces.
        let evaluations = Family::default();
        let latencies =
            Latencies::new_with_constructor(|| Histogram::new([1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0]));
        let theirs = registry.sub_registry_with_prefix("kubewarden");
        theirs.register("policy_evaluations", "Verdicts, as policy-server counts them", evaluations.clone());
        theirs.register("policy_evaluation_latency_milliseconds", "Time of one evaluation, by rule", latencies.clone());
        Self {
            registry,
            reviews,
            verdicts,
            evaluations,
            latencies,
            reloads,
            seconds,
            last_review,
            certificate_end,
            waiting,
            cluster,
        }
    }

    /// Counts a review that was answered.
    pub fn review(&self, operation: &str, answer: &str, time: Duration) {
        self.reviews.get_or_create(&labels([("operation", operation), ("answer", answer)])).inc();
        self.seconds.observe(time.as_secs_f64());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last_review.set(i64::try_from(now.as_secs()).unwrap_or_default());
    }

    /// Counts a verdict.
    pub fn verdict(&self, rule: &str, verdict: &str, mode: &str) {
        self.verdicts.get_or_create(&labels([("rule", rule), ("verdict", verdict), ("mode", mode)])).inc();
    }

    /// Counts a verdict as a policy-server does.
    pub fn evaluation(&self, rule: &str, operation: &str, is_accepted: bool, is_mutated: bool, time: Option<Duration>) {
        let word = |is_so: bool| if is_so { "true" } else { "false" };
        let labels_of_all = labels([
            ("policy_name", rule),
            ("resource_request_operation", operation),
            ("accepted", word(is_accepted)),
            ("mutated", word(is_mutated)),
            ("request_origin", "validate"),
        ]);
        self.evaluations.get_or_create(&labels_of_all).inc();
        if let Some(time) = time {
            let latency = self.latencies.get_or_create(&labels([("policy_name", rule)]));
            latency.observe(time.as_secs_f64() * 1000.0);
        }
    }

    /// Notes when the certificate that is shown ends, since 1970, if that is known.
    pub fn certificate_ends(&self, end: Option<Duration>) {
        self.certificate_end.clear();
        if let Some(end) = end {
            let seconds = i64::try_from(end.as_secs()).unwrap_or(i64::MAX);
            self.certificate_end.get_or_create(&Labels::new()).set(seconds);
        }
    }

    /// Counts a reload.
    pub fn reload(&self, what: Reloaded, is_good: bool) {
        let result = if is_good { LOADED } else { REFUSED };
        self.reloads.get_or_create(&labels([("what", what.name()), ("result", result)])).inc();
    }

    /// All metrics as text.
    pub fn text(&self, gauged: &Gauged) -> String {
        self.waiting.set(number(gauged.waiting));
        if let Some(most_bytes) = gauged.most_bytes {
            self.cluster.set(&gauged.cached, most_bytes);
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn labels<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    labels.map(|(name, value)| (name, value.to_owned())).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_shown_if_it_is_known() {
        let metrics = Metrics::new();
        let text = || metrics.text(&Gauged { waiting: 0, cached: Vec::new(), most_bytes: None });
        let line = "seaworthy_certificate_end_timestamp_seconds ";
        metrics.certificate_ends(Some(Duration::from_secs(1_577_836_800)));
        assert!(text().contains(&format!("\n{line}1577836800\n")), "{}", text());
        metrics.certificate_ends(None);
        assert!(!text().contains(&format!("\n{line}")), "{}", text());
    }

    #[test]
    fn reloads_are_counted_from_nothing_on() {
        let metrics = Metrics::new();
        metrics.reload(Reloaded::Certificate, false);
        let text = metrics.text(&Gauged { waiting: 0, cached: Vec::new(), most_bytes: None });
        for (what, result, count) in [
            ("certificate", "loaded", 0),
            ("certificate", "refused", 1),
            ("configuration", "loaded", 0),
            ("configuration", "refused", 0),
        ] {
            let line = format!("seaworthy_reloads_total{{what=\"{what}\",result=\"{result}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}
