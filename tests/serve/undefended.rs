//! Each defence of the server with one check, and the same check without the defence, where it goes red. No user can switch
//! these off: the server runs in a thread of this process, with other limits than the binary's.
//!
//! Rows whose defence the binary has an option for are shown beside their checks:
//!
//! | what must hold | switched off by |
//! |---|---|
//! | under overload, those without a place are told at once | a long `--queue` (`looping`) |
//! | an end refuses nobody who was accepted | `--drain-seconds 0` (`life`) |
//! | what was lost for too long is unknown | a long `--stale-seconds` (`look_ups`) |
//! | what was wrong before an update only warns | `admission.known: deny` (`reviews`) |
//! | a policy that gives no answer is undecided, by the setting | the other settings (`looping`, `policies`) |
//!
//! Of others, the check itself is shown to go red:
//!
//! | what must hold | goes red |
//! |---|---|
//! | a new pair is shown, and half of one is not | before the pair is replaced (`tls`) |
//! | a new configuration counts, and a bad one changes nothing | where half of a bad one is taken, here |
//! | what subresources, deletions, no-ops and what is going pass for | the same objects without that (`reviews`) |
//! | the uid, the warnings and the code of an answer | answers that break a limit, here |

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::config::{Admission, Config, Mode, Reaction};
use engine::waiver::Date;
use engine::{CallError, Completeness, HostCall, HostCalls, ModuleError, Reply, Rule, Runtime};
use protocol::RuleMetadata;
use sandbox::Sandbox;
use seaworthy_tests::{artifacts, metadata};
use serde_json::{Value, json};
use serve::{Cached, Cluster, Limits, Options};
use session::{Session, Setup};

use crate::limits::{
    a_silent_client_is_hung_up_on, a_slow_head_is_hung_up_on, an_idle_connection_is_kept, is_too_large,
    large_bodies_are_read_one_at_a_time, padding_helps_nobody,
};
use crate::look_ups::until;
use crate::looping::{GOOD, ask, is_undecided_because, never_answers};
use crate::server::{Answer, Log, Server, goes_red, only_with};
use crate::support::Folder;
use crate::tls::Pair;

/// What a look at the rules and the configuration gives.
type Loaded<R> = Result<Option<Session<R>>, String>;
type Load<R> = Box<dyn FnOnce() -> Loaded<R> + Send>;

fn load<R: Runtime>(load: impl FnOnce() -> Loaded<R> + Send + 'static) -> Load<R> {
    Box::new(load)
}

/// The rules of a server in this process: one look after the other, and after these nothing changes.
struct Source<R: Runtime> {
    loads: Mutex<VecDeque<Load<R>>>,
    cluster: Option<Reading>,
    log: Log,
}

impl<R: Runtime<Module: Send + Sync> + Send + Sync + 'static> serve::Source for Source<R> {
    type Runtime = R;

    fn load(&self, _is_told: bool) -> Loaded<R> {
        let next = self.loads.lock().unwrap().pop_front();
        next.map_or(Ok(None), |load| load())
    }

    fn cluster(&self) -> Option<&dyn Cluster> {
        self.cluster.as_ref().map(|cluster| cluster as &dyn Cluster)
    }

    fn today(&self) -> Date {
        Date::LAST
    }

    fn log(&self, line: &Value) {
        self.log.lock().unwrap().push(line.to_string());
    }
}

/// A cluster with one kind, which is being read until this is set.
struct Reading(Arc<AtomicBool>);

impl HostCalls for Reading {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Err(call.unanswered("nothing is looked up here"))
    }
}

impl Cluster for Reading {
    fn follow(&self, _: &[&RuleMetadata]) {}

    fn kinds(&self) -> Vec<Cached> {
        let state = if self.0.load(Ordering::Relaxed) { Cached::CURRENT } else { Cached::COMING };
        vec![Cached { name: "Service".to_owned(), state, objects: 0, bytes: 0, lists: 0, failures: 0 }]
    }

    fn most_bytes(&self) -> usize {
        0
    }
}

/// A runtime with a bug: it panics whenever a rule is asked about an object.
struct Panics;

impl Runtime for Panics {
    type Module = u8;

    fn call(&self, _: &u8, operation: &str, _: &[u8], _: &dyn HostCalls) -> Result<Reply, ModuleError> {
        assert_eq!(operation, "protocol_version", "a bug");
        Ok(Reply { bytes: b"\"v1\"".to_vec(), log: String::new() })
    }
}

/// One rule that is enforced; beside one that never answers, if it may run for so long.
fn sandboxed(runs_for: Option<Duration>) -> Session<Sandbox> {
    let usual = sandbox::Limits::default();
    let limits = sandbox::Limits { deadline: runs_for.unwrap_or(usual.deadline), ..usual };
    let sandbox = Sandbox::new(limits, 16).unwrap();
    let mut rules = vec![(metadata().remove(GOOD).unwrap(), artifacts::modules().remove(GOOD).unwrap())];
    rules.extend(runs_for.map(|_| never_answers()));
    let load = |(metadata, wasm): (RuleMetadata, Vec<u8>)| {
        let module = sandbox.load(&metadata.name, &wasm).unwrap();
        Rule::new(metadata, module)
    };
    let rules = rules.into_iter().map(load).collect();
    enforced(Session::new(sandbox, rules))
}

fn enforced<R: Runtime>(mut session: Session<R>) -> Session<R> {
    let config = Config { admission: Admission { mode: Mode::Enforce, ..Admission::default() }, ..Config::default() };
    let setup = Setup { config, profile: None, completeness: Completeness::Admission, today: Date::LAST };
    session.configure(setup, |_| true, |_| false).unwrap();
    session
}

/// What differs between the servers of these tests.
#[derive(Default)]
struct Setting {
    limits: Limits,
    pair: Option<serve::Pair>,
    cluster: Option<Reading>,
}

fn start(limits: Limits, runs_for: Option<Duration>) -> Server {
    let setting = Setting { limits, ..Setting::default() };
    start_with(setting, vec![load(move || Ok(Some(sandboxed(runs_for))))])
}

fn start_with<R>(Setting { limits, pair, cluster }: Setting, loads: Vec<Load<R>>) -> Server
where
    R: Runtime<Module: Send + Sync> + Send + Sync + 'static,
{
    let loads = Mutex::new(VecDeque::from(loads));
    Server::in_thread(move |log, told| {
        let source = Source { loads, cluster, log };
        let options = Options {
            address: ([127, 0, 0, 1], 0).into(),
            pair,
            workers: 8,
            queue: 8,
            undecided: Reaction::Warn,
            time: Duration::from_secs(20),
            collector: None,
            drain: Duration::ZERO,
            limits,
        };
        serve::serve(source, options, told).unwrap();
    })
}

#[test]
fn a_body_has_as_many_bytes_as_an_api_server_sends_and_no_more() {
    let usual = start(Limits::default(), None);
    let short = start(Limits { body_bytes: 1 << 20, ..Limits::default() }, None);
    only_with(&usual, &short, padding_helps_nobody);
    let endless = start(Limits { body_bytes: usize::MAX, ..Limits::default() }, None);
    only_with(&usual, &endless, |server| is_too_large(server, true));
    let side_by_side = start(Limits { large_bytes: usize::MAX, ..Limits::default() }, None);
    only_with(&usual, &side_by_side, large_bodies_are_read_one_at_a_time);
}

#[test]
fn slow_and_silent_clients_have_their_time_and_no_more() {
    let usual = Limits::default();
    let [never, soon] = [Duration::from_secs(3600), Duration::from_secs(1)];
    let (with, without) = (Limits { head: soon, ..usual }, Limits { head: never, ..usual });
    let patience = Duration::from_secs(6);
    only_with(&start(with, None), &start(without, None), |server| a_slow_head_is_hung_up_on(server, patience));
    let (with, without) = (Limits { silence: soon, ..usual }, Limits { silence: never, ..usual });
    only_with(&start(with, None), &start(without, None), a_silent_client_is_hung_up_on);
    let folder = Folder::new();
    Pair::of("webhook").write(folder.path());
    let of_tls = |handshake| {
        let [certificate, key] = ["tls.crt", "tls.key"].map(|name| folder.path().join(name));
        let limits = Limits { handshake, ..usual };
        let setting = Setting { limits, pair: Some(serve::Pair { certificate, key }), ..Setting::default() };
        start_with(setting, vec![load(|| Ok(Some(sandboxed(None))))])
    };
    only_with(&of_tls(soon), &of_tls(never), a_silent_client_is_hung_up_on);
    let hasty = Limits { silence: Duration::from_millis(100), ..usual };
    only_with(&start(usual, None), &start(hasty, None), an_idle_connection_is_kept);
}

/// Fails unless an answer comes before its client gives up. One of several is enough, whatever else this machine does.
fn is_in_time(server: &Server) {
    let is_in_time = || {
        let begun = Instant::now();
        assert!(ask(server, "1s", true).body.contains("the request timed out"));
        begun.elapsed() < Duration::from_secs(1)
    };
    assert!((0..5).any(|_| is_in_time()), "the client has given up");
}

#[test]
fn a_request_is_answered_before_its_client_gives_up() {
    let runs_for = Some(Duration::from_secs(3));
    let without = Limits { reserve: Duration::ZERO, ..Limits::default() };
    only_with(&start(Limits::default(), runs_for), &start(without, runs_for), is_in_time);
}

#[test]
fn a_rule_that_never_answers_is_stopped_long_before_the_request_is_over() {
    let running = |seconds| start(Limits::default(), Some(Duration::from_secs(seconds)));
    only_with(&running(1), &running(6), |server| is_undecided_because(server, "4s", "stopped after"));
}

#[test]
fn nobody_is_sent_to_a_server_that_still_reads_what_it_needs() {
    let is_read = Arc::new(AtomicBool::new(false));
    let reading = Setting { cluster: Some(Reading(Arc::clone(&is_read))), ..Setting::default() };
    let waits = start_with(reading, vec![load(|| Ok(Some(sandboxed(None))))]);
    let waits_for_nothing = start(Limits::default(), None);
    only_with(&waits, &waits_for_nothing, |server| {
        let answer = server.get("/readyz");
        assert!(answer.status == 503 && answer.body.contains("Service: coming"), "{answer:?}");
        is_read.store(true, Ordering::Relaxed);
        until("it is ready", || server.get("/readyz").status == 200);
    });
}

/// Fails unless an object is still denied after the rules and the configuration were read again.
fn keeps_its_rules(server: &Server) {
    let line = server.wait_for("configuration");
    assert!(!ask(server, "10s", true).is_allowed(), "{line}");
}

#[test]
fn what_is_loaded_anew_counts_as_a_whole_or_not_at_all() {
    let reloaded = |next: Load<Sandbox>| {
        let first = load(|| Ok(Some(sandboxed(None))));
        start_with(Setting::default(), vec![first, next])
    };
    let refused = reloaded(load(|| Err("only half of it is there".to_owned())));
    let panicked = reloaded(load(|| panic!("a bug")));
    // Whoever takes what could be read has lost a rule.
    let half = reloaded(load(|| {
        let sandbox = Sandbox::new(sandbox::Limits::default(), 1).unwrap();
        Ok(Some(enforced(Session::new(sandbox, Vec::new()))))
    }));
    for server in [&refused, &panicked] {
        only_with(server, &half, keeps_its_rules);
    }
}

#[test]
fn a_bug_of_the_server_costs_one_answer_and_no_place() {
    let rules = || {
        let rule = Rule::new(metadata().remove(GOOD).unwrap(), 0);
        Ok(Some(enforced(Session::new(Panics, vec![rule]))))
    };
    let server = start_with(Setting::default(), vec![load(rules)]);
    // More than there are places to work and to wait.
    for _ in 0..20 {
        let answer = ask(&server, "10s", true);
        assert!(answer.is_allowed() && answer.warnings()[0].contains("not decided: the check panicked"), "{answer:?}");
    }
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn an_answer_that_an_api_server_does_not_take_is_no_answer() {
    let answer = |status: u16, response: &Value| {
        let review = json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response });
        Answer { status, head: String::new(), body: review.to_string() }
    };
    let allowed = |warnings: &[&str]| json!({ "uid": "7f3c", "allowed": true, "warnings": warnings });
    assert!(answer(200, &allowed(&["a", "b"])).is_allowed());
    let many: Vec<String> = (0..32).map(|number| format!("{number:0200}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "a".repeat(257);
    for (status, response) in [
        (500, allowed(&[])),
        (200, json!({ "uid": "7f3d", "allowed": true })),
        (200, json!({ "allowed": true })),
        (200, json!({ "uid": "7f3c", "allowed": false })),
        (200, allowed(&["a", "a"])),
        (200, allowed(&["a\nb"])),
        (200, allowed(&[long.as_str()])),
        (200, allowed(&many)),
    ] {
        goes_red(|| {
            answer(status, &response).review();
        });
    }
}
