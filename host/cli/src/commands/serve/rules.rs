//! Loads a server's rules and configuration, and finds out whether they changed.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use engine::Completeness;
use engine::config::Config;
use engine::waiver::Date;
use sandbox::{Limits, Sandbox};
use serde_json::Value;
use serve::Source;
use session::{Session, Setup};

use super::log::log;
use super::watched::Watched;
use crate::bundle::{self, Refusals};
use crate::failure::Failure;
use crate::foreign::{self, PolicyServer};
use crate::judging::{self, Chosen};
use crate::options::configuration::ConfigOptions;
use crate::options::selection::Selection;

/// How long the modules of a file are not fetched again after that failed, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(4);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Where the rules are. All of it may change while the server runs.
pub enum Given {
    /// The rules of the binary, or of a folder, under a configuration.
    Bundle { selection: Selection, config: Option<PathBuf> },
    /// The policies of a policy-server.
    Policies(PathBuf),
}

/// The rules of a server.
pub struct Rules {
    given: Given,
    workers: usize,
    cluster: Option<Watched>,
    known: Mutex<Known>,
}

/// The results of earlier attempts.
#[derive(Default)]
struct Known {
    /// What the rules that are served were made of.
    last: Option<Read>,
    failed: Option<Failed>,
}

/// An attempt that failed. While its files are the same, the next one waits, twice as long each time: registries are spared.
struct Failed {
    files: Vec<Stamp>,
    cause: String,
    until: Instant,
    wait: Duration,
}

impl Failed {
    /// An attempt that failed now, after an earlier one that may have failed on the same files.
    fn again(before: Option<Self>, files: Vec<Stamp>, cause: String, now: Instant) -> Self {
        let before = before.filter(|before| before.files == files);
        let wait = before.map_or(FIRST_WAIT, |before| (2 * before.wait).min(LONGEST_WAIT));
        Self { files, cause, until: now + wait, wait }
    }

    /// Whether to wait before these files are tried.
    fn waits(&self, files: &[Stamp], now: Instant) -> bool {
        self.files == files && now < self.until
    }
}

/// What the rules were made of.
#[derive(PartialEq)]
struct Read {
    config: Config,
    files: Vec<Stamp>,
}

/// Shows whether a file changed, without reading it.
#[derive(Clone, PartialEq)]
struct Stamp {
    path: PathBuf,
    known: Option<(u64, SystemTime)>,
}

impl Stamp {
    fn of(path: PathBuf) -> Self {
        let known = fs::metadata(&path).and_then(|file| Ok((file.len(), file.modified()?)));
        Self { path, known: known.ok() }
    }
}

impl Source for Rules {
    type Runtime = Sandbox;

    fn load(&self, is_told: bool) -> Result<Option<Session<Sandbox>>, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Before anything is read: what changes meanwhile is read again.
        let files = self.files(known.last.as_ref()).map_err(|cause| cause.to_string())?;
        let now = Instant::now();
        if let Some(failed) = known.failed.as_ref().filter(|failed| !is_told && failed.waits(&files, now)) {
            return Err(failed.cause.clone());
        }
        let session = self.session(&mut known.last, files.clone()).map_err(|cause| cause.to_string());
        // The configuration is not one of these files and is read each time: it may have been fixed.
        known.failed = match (&session, &self.given) {
            (Err(cause), Given::Policies(_)) => Some(Failed::again(known.failed.take(), files, cause.clone(), now)),
            _ => None,
        };
        session
    }

    fn cluster(&self) -> Option<&dyn serve::Cluster> {
        self.cluster.as_ref().map(|cluster| cluster as &dyn serve::Cluster)
    }

    fn today(&self) -> Date {
        judging::today()
    }

    fn log(&self, line: &Value) {
        log(line);
    }
}

impl Rules {
    pub fn new(given: Given, workers: usize, cluster: Option<Watched>) -> Self {
        Self { given, workers, cluster, known: Mutex::default() }
    }

    /// A session of what is there now; nothing if that is what there was.
    fn session(&self, last: &mut Option<Read>, files: Vec<Stamp>) -> Result<Option<Session<Sandbox>>, Failure> {
        let (found, policies, config, mut refusals) = match &self.given {
            // Modules at a registry are not asked for again as long as the files are the same.
            Given::Policies(_) if last.as_ref().is_some_and(|last| last.files == files) => return Ok(None),
            Given::Policies(path) => {
                let PolicyServer { rules, policies, config } = PolicyServer::read(path)?;
                (rules, policies, config, Refusals::default())
            }
            Given::Bundle { selection, config } => {
                let (config, no_config) = (config.clone(), config.is_none());
                let options = ConfigOptions { config, no_config, ..ConfigOptions::default() };
                let Chosen { found, configuration, refusals } = judging::choose(selection, &options, &[])?;
                (found, Vec::new(), configuration.config, refusals)
            }
        };
        let read = Read { config, files };
        if last.as_ref() == Some(&read) {
            return Ok(None);
        }
        let config = &read.config;
        let limits = Limits { deadline: Duration::from_secs(1), ..foreign::limits(&[], config) };
        let slots = self.workers * (found.len() + policies.len());
        let failed = |cause| Failure::Bundle(format!("modules cannot be run here: {cause}"));
        let sandbox = Sandbox::new(limits, slots).map_err(failed)?;
        let rules = judging::load(&sandbox, found, policies, config, &mut refusals)?;
        for refused in refusals.into_unread() {
            let refused = format!("{} {}", refused.path, refused.reason);
            // A server that has rules keeps them. One that starts is better off with the others. The policies of a file are
            // served as a whole or not at all: one that is left out would let in what it denies.
            if last.is_some() || matches!(self.given, Given::Policies(_)) {
                return Err(Failure::Bundle(refused));
            }
            log(&serve::line("error", &format!("{refused}; the rule is not served")));
        }
        let mut session = Session::new(sandbox, rules);
        let (config, today) = (read.config.clone(), judging::today());
        let setup = Setup { config, profile: None, completeness: Completeness::Admission, today };
        let configured = session.configure(setup, |_| true, |_| false);
        configured.map_err(|refused| Failure::Usage(refused.to_string()))?;
        *last = Some(read);
        Ok(Some(session))
    }

    /// The files that the rules are made of, the configuration aside.
    fn files(&self, last: Option<&Read>) -> Result<Vec<Stamp>, Failure> {
        let paths = match &self.given {
            Given::Bundle { selection, .. } => selection.bundle.as_deref().map_or(Ok(Vec::new()), bundle::modules)?,
            Given::Policies(path) => {
                let known = last.map_or(&[][..], |last| last.files.as_slice());
                match known {
                    // The file has not changed, so it names the same modules.
                    [file, ..] if *file == Stamp::of(path.clone()) => known.iter().map(|it| it.path.clone()).collect(),
                    _ => [vec![path.clone()], PolicyServer::modules(path)?].concat(),
                }
            }
        };
        Ok(paths.into_iter().map(Stamp::of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_again_ever_more_seldom_and_at_once_where_a_file_changed() {
        let stamp = |length| vec![Stamp { path: "policies.yml".into(), known: Some((length, SystemTime::UNIX_EPOCH)) }];
        let mut now = Instant::now();
        let mut failed = None;
        let mut waits = Vec::new();
        for _ in 0..10 {
            let next = Failed::again(failed, stamp(1), "no connection".into(), now);
            assert!(next.waits(&stamp(1), now) && !next.waits(&stamp(2), now));
            assert!(!next.waits(&stamp(1), now + next.wait));
            now += next.wait;
            waits.push(next.wait.as_secs());
            failed = Some(next);
        }
        assert_eq!(waits, [4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        let other = Failed::again(failed, stamp(2), "no connection".into(), now);
        assert_eq!(other.wait, FIRST_WAIT);
    }
}
