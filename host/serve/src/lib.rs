//! The admission webhook: one process, one call for all rules, every finding in the answer.
//!
//! It reads reviews, asks the rules by way of [`session`], and answers whether the object is let in. It keeps no state between
//! two requests. It must not know what runs modules, where rules and configurations come from ([`Source`]), or what a rule
//! decides.
#![forbid(unsafe_code)]

mod answer;
mod body;
mod cluster;
mod connection;
mod decide;
mod limits;
mod metrics;
mod pool;
mod review;
mod server;
mod tls;
mod traces;
mod work;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::config::Reaction;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep, timeout};

use connection::{Plain, Requests};
use metrics::Reloaded;
use pool::Pool;
use server::{Server, now, router, time_of};
use tls::{Certificate, News, TlsListener};
use traces::Traces;

pub use cluster::{Cached, Cluster};
pub use limits::Limits;
pub use server::Source;
pub use tls::{Pair, PairError};

/// How long requests may take that were accepted before the server stops.
const LAST: Duration = Duration::from_secs(30);

/// How often the configuration is looked at.
const PERIOD: Duration = Duration::from_secs(2);

/// Bytes of a worker's stack: enough for a guest and for the deepest object that is read.
const STACK: usize = 8 << 20;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub address: SocketAddr,
    /// The certificate. Without it the server speaks HTTP, which an API server cannot use.
    pub pair: Option<Pair>,
    /// Reviews at work at once.
    pub workers: usize,
    /// Reviews that may wait for a worker.
    pub queue: usize,
    /// What happens if an enforced rule has no verdict and the configuration does not set `undecided`.
    pub undecided: Reaction,
    /// How long a request may take if its client does not say how long it waits.
    pub time: Duration,
    /// The address of the collector that traces are sent to, if any: OTLP over HTTP.
    pub collector: Option<String>,
    /// How long requests are still taken after the server was told to stop, while it is no longer ready.
    pub drain: Duration,
    /// What clients may use.
    pub limits: Limits,
}

/// What a server can be told while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Read the configuration again, at once.
    Reload,
    /// Stop: first the server is no longer ready, then it accepts no connection. The second time, it stops at once.
    End,
}

/// Tells a server what to do, from any thread.
pub type Events = mpsc::Sender<Event>;

/// A channel to tell a server what to do.
#[must_use]
pub fn events() -> (Events, mpsc::Receiver<Event>) {
    mpsc::channel(8)
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The rules cannot be loaded.
    #[error("{0}")]
    Rules(String),
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] PairError),
    /// The address cannot be listened on, or the system gives no threads.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        cause: io::Error,
    },
}

/// Serves until it is told to stop.
///
/// # Errors
/// The server cannot start.
pub fn serve<S: Source>(source: S, options: Options, events: mpsc::Receiver<Event>) -> Result<(), ServeError> {
    let system = |what: &str| {
        let what = what.to_owned();
        move |cause| ServeError::System { what, cause }
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    // Each thread keeps memory of its own. Besides the reviews, rules are read anew.
    let builder = builder.enable_all().thread_stack_size(STACK).max_blocking_threads(options.workers + 2);
    let runtime = builder.build().map_err(system("starting threads"))?;
    runtime.block_on(async {
        let address = options.address;
        let listener = TcpListener::bind(address).await.map_err(system(&format!("listening on {address}")))?;
        let local = listener.local_addr().map_err(system("listening"))?;
        let session = source.load(true).map_err(ServeError::Rules)?;
        let session = session.ok_or_else(|| ServeError::Rules("there are no rules".to_owned()))?;
        let pool = Pool::new(options.workers, options.queue);
        let server = Arc::new(Server::new(source, session, pool, options.undecided, options.time, options.limits));
        if let Some(collector) = &options.collector {
            let telling = Arc::downgrade(&server);
            let told = move |cause: &str| {
                if let Some(server) = telling.upgrade() {
                    log(&server, "warning", &format!("traces are lost: {cause}"));
                }
            };
            let _ = server.traces.set(Traces::to(collector, told));
        }
        let certificate = options.pair.clone().map(|pair| watch_certificate(&server, pair)).transpose()?;
        let (stop, stopped) = watch::channel(false);
        let reload = Arc::new(Notify::new());
        tokio::spawn(follow_configuration(Arc::clone(&server), Arc::clone(&reload)));
        tokio::spawn(listen(Arc::clone(&server), events, reload, options.drain, stop));
        probe(&server);
        match is_coming(&server) {
            true => _ = tokio::spawn(wait_for_cluster(Arc::clone(&server))),
            false => server.is_ready.store(true, Ordering::Relaxed),
        }
        let scheme = if certificate.is_some() { "https" } else { "http" };
        log(&server, "info", &format!("listening on {scheme}://{local}"));

        let end = |mut stopped: watch::Receiver<bool>| async move { _ = stopped.wait_for(|stopped| *stopped).await };
        let app = router(Arc::clone(&server)).into_make_service_with_connect_info::<Requests>();
        let served = async {
            match certificate {
                Some(certificate) => {
                    let listener = TlsListener::new(listener, certificate, options.limits)?;
                    axum::serve(listener, app).with_graceful_shutdown(end(stopped.clone())).await
                }
                None => {
                    let listener = Plain { listener, limits: options.limits };
                    axum::serve(listener, app).with_graceful_shutdown(end(stopped.clone())).await
                }
            }
        };
        let too_long = async {
            end(stopped.clone()).await;
            sleep(LAST).await;
        };
        tokio::select! {
            served = served => served.map_err(system("serving"))?,
            () = too_long => log(&server, "warning", "stopped before every request was answered"),
        }
        Ok::<(), ServeError>(())
    })?;
    // A thread that is stuck in a guest ends at its deadline. Nobody waits for it.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(())
}

/// Whether a kind that rules look up is still being read for the first time.
fn is_coming<S: Source>(server: &Server<S>) -> bool {
    server.cached().iter().any(|kind| kind.state == Cached::COMING)
}

/// Is ready once every kind was read, or cannot be: before that, much is unknown that is known a moment later.
async fn wait_for_cluster<S: Source>(server: Arc<Server<S>>) {
    while is_coming(&server) {
        sleep(Duration::from_millis(20)).await;
    }
    server.is_ready.store(true, Ordering::Relaxed);
    log(&server, "info", "ready: look-ups of each kind are answered, or the log says why not");
}

/// Calls every rule once. The log names each that cannot run: it is undecided for every object.
fn probe<S: Source>(server: &Arc<Server<S>>) {
    let rules = server.rules();
    for rule in rules.session.bundle().rules() {
        if let Err(cause) = rule.check_protocol(rules.session.runtime()) {
            log(server, "error", &format!("the rule {} cannot run: {cause}", rule.metadata.name));
        }
    }
}

fn watch_certificate<S: Source>(server: &Arc<Server<S>>, pair: Pair) -> Result<Arc<Certificate>, PairError> {
    let server = Arc::clone(server);
    Certificate::watch(pair, move |news| match news {
        News::Shown { end } => server.metrics.certificate_ends(end),
        News::Replaced { end } => {
            server.metrics.certificate_ends(end);
            server.metrics.reload(Reloaded::Certificate, true);
            log(&server, "info", "the certificate was replaced");
        }
        News::Refused(cause) => {
            server.metrics.reload(Reloaded::Certificate, false);
            log(&server, "error", &format!("the old certificate is kept: {cause}"));
        }
        News::Ends { at, is_over } => {
            let ends = if is_over { "has ended" } else { "ends" };
            log(&server, "warning", &format!("the certificate {ends} at {}: replace it", time_of(at)));
        }
    })
}

/// Takes each new configuration, and keeps the old one if the new one is refused.
async fn follow_configuration<S: Source>(server: Arc<Server<S>>, reload: Arc<Notify>) {
    let (mut ticks, mut refused) = (interval(PERIOD), None);
    loop {
        let is_told = tokio::select! {
            _ = ticks.tick() => false,
            () = reload.notified() => true,
        };
        let loading = Arc::clone(&server);
        match aside(move || loading.source.load(is_told)).await {
            Ok(None) => {
                refused = None;
                if is_told {
                    log(&server, "info", "the configuration was read again: nothing has changed");
                }
            }
            Ok(Some(session)) => {
                refused = None;
                server.replace(session);
                probe(&server);
                server.metrics.reload(Reloaded::Configuration, true);
                log(&server, "info", "the configuration was replaced, and the rules with it");
            }
            Err(cause) if refused.as_ref() == Some(&cause) && !is_told => {}
            Err(cause) => {
                server.metrics.reload(Reloaded::Configuration, false);
                log(&server, "error", &format!("the old configuration is kept: {cause}"));
                refused = Some(cause);
            }
        }
    }
}

/// Loads on a thread that may block. A panic is a refusal: the old rules stay.
async fn aside<T: Send + 'static>(
    load: impl FnOnce() -> Result<Option<T>, String> + Send + 'static,
) -> Result<Option<T>, String> {
    let loaded = spawn_blocking(load).await;
    loaded.unwrap_or_else(|_| Err("reading it panicked; please report this as a bug".to_owned()))
}

/// Does what the server is told, until it is told to stop.
async fn listen<S: Source>(
    server: Arc<Server<S>>,
    mut events: mpsc::Receiver<Event>,
    reload: Arc<Notify>,
    drain: Duration,
    stop: watch::Sender<bool>,
) {
    while events.recv().await.is_some_and(|event| event == Event::Reload) {
        reload.notify_one();
    }
    server.is_ending.store(true, Ordering::Relaxed);
    log(&server, "info", "stopping: /readyz answers 503");
    let again = async { while events.recv().await.is_some_and(|event| event != Event::End) {} };
    let _ = timeout(drain, again).await;
    let _ = stop.send(true);
}

fn log<S: Source>(server: &Server<S>, level: &str, message: &str) {
    server.source.log(&line(level, message));
}

/// A line of the log that is about no review.
#[must_use]
pub fn line(level: &str, message: &str) -> Value {
    json!({ "time": now(), "level": level, "message": message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_while_loading_is_a_refusal() {
        let refused = aside::<()>(|| panic!("a bug")).await.unwrap_err();
        assert!(refused.contains("panicked"), "{refused}");
        assert_eq!(aside(|| Ok(Some(1))).await, Ok(Some(1)));
    }
}
