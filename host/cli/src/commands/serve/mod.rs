//! `seaworthy serve`: the rules as an admission webhook.
//!
//! Reads the command line and starts the server. It must not know how a review is read or answered.

mod log;
mod rules;
mod watched;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use cluster::CacheOptions;
use engine::config::Reaction;
use serve::{Event, Limits, Options, Pair};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::options::cluster::AccessOptions;
use crate::options::selection::Selection;
use crate::options::word::number;

use rules::{Given, Rules};
use watched::Watched;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy serve --tls-cert tls.crt --tls-key tls.key
                                          warns, and denies nothing
  seaworthy serve --tls-cert ... --config seaworthy.yaml
                                          denies violations of enforced rules
  seaworthy serve --tls-cert ... --cluster
                                          rules see other objects of the cluster
  seaworthy serve --plain-http --address 127.0.0.1:8080
                                          to try it with curl

docs/serve.md says how to install it, and how it answers each request.";

// What the options take that are numbers.
const MEMORY: &str = "whole MiB from 1 to 65536";
const SECONDS: &str = "whole seconds, such as 30";
const QUEUE: &str = "a whole number from 0 to 65535";
const PATIENCE: &str = "whole seconds from 1 to 30";
const DRAIN: &str = "whole seconds from 0 to 255";

#[derive(clap::Args)]
pub struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "0.0.0.0:8443", value_parser = address, value_name = "ADDRESS:PORT")]
    pub address: SocketAddr,

    /// The certificate of the webhook, PEM. It is read again when the file changes.
    #[arg(long, required_unless_present = "plain_http", requires = "tls_key", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The key of the certificate, PEM.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Speak HTTP without TLS. An API server cannot use it.
    #[arg(long, conflicts_with = "tls_cert")]
    pub plain_http: bool,

    /// The configuration: disabled rules, settings, waivers, and modes. It is read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub selection: Selection,

    /// Serve the policies in this file of Kubewarden's policy-server (`policies.yml`), each at /validate/NAME, instead of the
    /// rules. A policy in mode `protect` that gives no answer denies. The file is read again when it, or a module that it
    /// names, changes.
    #[arg(long, conflicts_with_all = ["config", "bundle", "rule", "skip", "severity", "undecided"], value_name = "FILE")]
    pub policies: Option<PathBuf>,

    /// Answer look-ups from the cluster: the server lists the kinds that rules look up, and then watches them. Without it,
    /// rules that look up objects are unknown.
    #[arg(long)]
    pub cluster: bool,

    #[command(flatten)]
    pub access: AccessOptions,

    /// How much memory the objects kept for look-ups may take. A kind that does not fit is unknown.
    #[arg(long, default_value_t = 128, value_parser = number::<u32>(1..=65536, MEMORY), value_name = "MIB")]
    pub cache_mib: u32,

    /// How long look-ups of a kind are still answered after its watch broke. Then the kind is unknown.
    #[arg(long, default_value_t = 120, value_parser = number::<u32>(0..=u64::MAX, SECONDS), value_name = "SECONDS")]
    pub stale_seconds: u32,

    /// What happens if an enforced rule gives no answer and the configuration does not set `undecided`. Use `deny` if the
    /// webhook has `failurePolicy: Fail`.
    #[arg(long, value_enum, default_value_t = Undecided::Warn, value_name = "REACTION")]
    pub undecided: Undecided,

    /// How many requests are checked at once. The default is the number of cores.
    #[arg(long, value_parser = number::<u16>(1..=65535, "a whole number from 1 to 65535"), value_name = "N")]
    pub workers: Option<u16>,

    /// How many requests may wait. Further ones are answered at once as not checked.
    #[arg(long, default_value_t = 64, value_parser = number::<u16>(0..=65535, QUEUE), value_name = "N")]
    pub queue: u16,

    /// How long a request may take if its client does not say how long it waits.
    #[arg(long, default_value_t = 10, value_parser = number::<u8>(1..=30, PATIENCE), value_name = "SECONDS")]
    pub timeout_seconds: u8,

    /// Send traces to this OpenTelemetry collector, by OTLP over HTTP, such as http://collector:4318.
    #[arg(long, value_name = "URL")]
    pub otlp_endpoint: Option<String>,

    /// How long the server takes requests after SIGTERM, while /readyz already answers 503.
    #[arg(long, default_value_t = 5, value_parser = number::<u8>(0..=255, DRAIN), value_name = "SECONDS")]
    pub drain_seconds: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Undecided {
    /// Let the object in, with a warning.
    Warn,
    /// Deny the object.
    Deny,
}

fn address(word: &str) -> Result<SocketAddr, &'static str> {
    word.parse().map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8080")
}

/// Runs the command until it is stopped.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = options.workers.map_or(cores, usize::from);
    let pair = options.tls_cert.clone().zip(options.tls_key.clone());
    let served = Options {
        address: options.address,
        pair: pair.map(|(certificate, key)| Pair { certificate, key }),
        workers,
        queue: usize::from(options.queue),
        undecided: match options.undecided {
            Undecided::Warn => Reaction::Warn,
            Undecided::Deny => Reaction::Deny,
        },
        time: Duration::from_secs(options.timeout_seconds.into()),
        collector: options.otlp_endpoint.clone(),
        drain: Duration::from_secs(options.drain_seconds.into()),
        limits: Limits::default(),
    };
    let kept = CacheOptions {
        bytes: options.cache_mib as usize * (1 << 20),
        patience: Duration::from_secs(options.stale_seconds.into()),
    };
    let cluster = options.cluster.then(|| Watched::start(&options.access.access(), kept)).transpose()?;
    let given = match &options.policies {
        Some(path) => Given::Policies(path.clone()),
        None => Given::Bundle { selection: options.selection.clone(), config: options.config.clone() },
    };
    let rules = Rules::new(given, workers, cluster);
    let (tell, events) = serve::events();
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM]);
    let mut signals = signals.map_err(|cause| Failure::Usage(format!("cannot listen for signals: {cause}")))?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let event = if signal == SIGHUP { Event::Reload } else { Event::End };
            if tell.blocking_send(event).is_err() {
                return;
            }
        }
    });
    serve::serve(rules, served, events).map_err(|cause| Failure::Usage(cause.to_string()))?;
    Ok(HOLDS)
}
