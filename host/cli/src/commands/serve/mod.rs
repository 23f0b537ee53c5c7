//! `seaworthy serve`: the rules as an admission webhook.
//!
//! Where the rules, the configuration and the clock come from. It must not know how a review is read or answered.

use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use engine::Completeness;
use engine::config::{Config, Reaction};
use engine::waiver::Date;
use sandbox::{Limits, Sandbox};
use serde_json::Value;
use serve::{Event, Options, Pair, Source};
use session::{Session, Setup};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::foreign;
use crate::judging::{self, Chosen};
use crate::options::configuration::ConfigOptions;
use crate::options::selection::Selection;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy serve --tls-cert tls.crt --tls-key tls.key        warns, and denies nothing
  seaworthy serve --tls-cert ... --config seaworthy.yaml      denies what it enforces
  seaworthy serve --plain-http --address 127.0.0.1:8080       to try it with curl

docs/serve.md says how to install it, and what each request is answered.";

#[derive(clap::Args)]
pub struct Args {
    /// Where to listen.
    #[arg(long, default_value = "0.0.0.0:8443", value_name = "ADDRESS:PORT")]
    pub address: SocketAddr,

    /// The certificate of the webhook, PEM. It is read again when the file changes.
    #[arg(long, required_unless_present = "plain_http", requires = "tls_key", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The key of the certificate, PEM.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Speak HTTP without TLS, which an API server does not.
    #[arg(long, conflicts_with = "tls_cert")]
    pub plain_http: bool,

    /// The configuration: rules that are off, settings, waivers, and what is enforced. It is read again when it changes.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub selection: Selection,

    /// What happens where an enforced rule gave no answer, if the configuration does not say it. Give `deny` where the webhook
    /// has `failurePolicy: Fail`.
    #[arg(long, value_enum, default_value_t = Undecided::Warn, value_name = "REACTION")]
    pub undecided: Undecided,

    /// How many requests are checked at once; as many as there are cores by default.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..), value_name = "N")]
    pub workers: Option<u16>,

    /// How many requests may wait. More are answered at once as not checked.
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub queue: u16,

    /// How long a request may take whose client does not say how long it waits.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30), value_name = "SECONDS")]
    pub timeout_seconds: u8,

    /// How long requests are still taken after SIGTERM, while /readyz already says no.
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    pub drain_seconds: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Undecided {
    /// The object is let in, with a warning.
    Warn,
    /// The object is denied.
    Deny,
}

/// Runs the command, until somebody ends it.
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
        drain: Duration::from_secs(options.drain_seconds.into()),
    };
    let bundle = Bundle { selection: options.selection.clone(), config: options.config.clone(), workers };
    let (tell, events) = serve::events();
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM]);
    let mut signals = signals.map_err(|cause| Failure::Usage(format!("signals cannot be heard: {cause}")))?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let event = if signal == SIGHUP { Event::Reload } else { Event::End };
            if tell.blocking_send(event).is_err() {
                return;
            }
        }
    });
    serve::serve(bundle, served, events).map_err(|cause| Failure::Usage(cause.to_string()))?;
    Ok(HOLDS)
}

/// The rules of the binary, or of a folder, under a configuration that may change.
struct Bundle {
    selection: Selection,
    config: Option<PathBuf>,
    workers: usize,
}

impl Source for Bundle {
    type Runtime = Sandbox;

    fn load(&self, known: Option<&Config>) -> Result<Option<Session<Sandbox>>, String> {
        self.session(known).map_err(|cause| cause.to_string())
    }

    fn today(&self) -> Date {
        judging::today()
    }

    fn log(&self, line: &Value) {
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

impl Bundle {
    fn session(&self, known: Option<&Config>) -> Result<Option<Session<Sandbox>>, Failure> {
        let options =
            ConfigOptions { config: self.config.clone(), no_config: self.config.is_none(), ..ConfigOptions::default() };
        let Chosen { found, configuration, mut refusals } = judging::choose(&self.selection, &options, &[])?;
        let config = configuration.config;
        if known == Some(&config) {
            return Ok(None);
        }
        let limits = Limits { deadline: Duration::from_secs(1), ..foreign::limits(&[], &config) };
        let slots = self.workers * found.len();
        let failed = |cause| Failure::Bundle(format!("modules cannot be run here: {cause}"));
        let sandbox = Sandbox::new(limits, slots).map_err(failed)?;
        let rules = judging::load(&sandbox, found, Vec::new(), &config, &mut refusals)?;
        if let Some(unread) = refusals.into_unread().first() {
            return Err(Failure::Bundle(format!("{} {}", unread.path, unread.reason)));
        }
        let mut session = Session::new(sandbox, rules);
        let setup = Setup { config, profile: None, completeness: Completeness::Admission, today: judging::today() };
        let configured = session.configure(setup, |_| true, |_| false);
        configured.map_err(|refused| Failure::Usage(refused.to_string()))?;
        Ok(Some(session))
    }
}
