//! Who answers what modules ask: a registry where one may be asked, a cluster where one was named, a session where one is
//! played back; and what becomes of a session when all has been asked.

use std::path::Path;

use cluster::{Access, Cluster, LookUps};
use engine::report::Unread;
use engine::{Bundle, HostCalls, OPERATIONS, Route, Rule};
use foreign::Dispatcher;
use foreign::session::{Recorder, Replay, SessionLimits};
use registry::{OciCalls, Options, Registry};

use crate::failure::Failure;
use crate::options::policies::PolicyOptions;
use crate::present::output::{self, count, shown};
use crate::replace::replace;

/// What came of it.
pub struct Asked<T> {
    pub result: T,
    /// What a session has no answer or no room for: whoever asked has decided nothing.
    pub lacking: Vec<Unread>,
}

/// The largest session, in bytes.
const SESSION_BYTES: usize = 256 << 20;

/// Whether a rule may ask a registry.
pub fn asks_registry<M>(bundle: &Bundle<M>) -> bool {
    let operations = || OPERATIONS.iter().filter(|(namespace, _)| *namespace == "oci");
    bundle.rules().iter().any(|rule| operations().any(|(of, operation)| rule.grant().covers(of, operation)))
}

/// Whether anything may ask anybody beyond the input.
pub fn asks_beyond<M>(options: &PolicyOptions, bundle: &Bundle<M>) -> bool {
    let is_look_up = |(namespace, operation): &&(&str, &str)| *namespace == "kubernetes" && *operation != "can_i";
    let beyond = || OPERATIONS.iter().filter(|operation| !is_look_up(operation));
    let asks = |rule: &Rule<M>| beyond().any(|(of, operation)| rule.grant().covers(of, operation));
    options.cluster || options.has_session() || bundle.rules().iter().any(asks)
}

/// Runs something that asks, and finishes the session, if there is one.
///
/// # Errors
/// A cluster, a registry or a session cannot be used.
pub fn asking<T>(
    options: &PolicyOptions,
    asks_registry: bool,
    run: impl FnOnce(&dyn Route) -> T,
) -> Result<Asked<T>, Failure> {
    if let Some(path) = &options.replay {
        return replaying(path, run);
    }
    let cluster = options.cluster.then(|| connect(options)).transpose()?;
    let cluster = cluster.as_ref().map(LookUps);
    let registry = asks_registry.then(|| Registry::new(Options::default())).transpose();
    let registry = registry.map_err(|cause| Failure::Bundle(format!("no registry can be asked: {cause}")))?;
    let registry = registry.as_ref().map(OciCalls::new);
    let dispatcher = Dispatcher {
        cluster: cluster.as_ref().map(|cluster| cluster as &(dyn HostCalls + Sync)),
        registry: registry.as_ref().map(|registry| registry as &(dyn HostCalls + Sync)),
    };
    let Some(path) = &options.record else {
        return Ok(Asked { result: run(&dispatcher), lacking: Vec::new() });
    };
    let recorder = Recorder::new(&dispatcher, SessionLimits::default());
    let result = run(&recorder);
    let refused = recorder.refused();
    replace(path, recorder.into_yaml().as_bytes())
        .map_err(|cause| Failure::File(format!("the session {} {cause}", shown(path))))?;
    let lacking = (refused > 0).then(|| {
        let SessionLimits { exchanges, bytes } = SessionLimits::default();
        let reason = format!(
            "is full: {} refused; a session has at most {} and {} MiB",
            count(refused, "look-up"),
            count(exchanges, "exchange"),
            bytes >> 20
        );
        Unread { path: shown(path), reason, is_failure: true }
    });
    Ok(Asked { result, lacking: lacking.into_iter().collect() })
}

fn replaying<T>(path: &Path, run: impl FnOnce(&dyn Route) -> T) -> Result<Asked<T>, Failure> {
    let name = shown(path);
    let text = sources::read_regular(path, SESSION_BYTES)
        .map_err(|cause| Failure::File(format!("the session {name} {cause}")))?;
    let replay = Replay::read(&name, text).map_err(|cause| Failure::Usage(format!("{name}:{cause}")))?;
    let result = run(&replay);
    match replay.left_over() {
        0 => {}
        left => output::warn(&format!("the session {name} has {} that no policy asked for", count(left, "exchange"))),
    }
    let lacking = replay.lacking().into_iter().map(|request| {
        let reason = format!("has no exchange for {request}");
        Unread { path: name.clone(), reason, is_failure: true }
    });
    Ok(Asked { result, lacking: lacking.collect() })
}

fn connect(options: &PolicyOptions) -> Result<Cluster, Failure> {
    let PolicyOptions { kubeconfig, context, .. } = options;
    let access = Access { kubeconfig: kubeconfig.clone(), context: context.clone(), ..Access::default() };
    Cluster::connect(&access).map_err(|cause| Failure::Usage(format!("the cluster cannot be asked: {cause}")))
}
