//! Look-ups from a watch cache: what rules see of a cluster that changes, hides itself and goes away.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::reviews::{create, deployment};
use crate::server::{PATIENCE, Server, review};
use crate::stand_in::StandIn;
use crate::support::Folder;

/// The rule that is asked, and what it looks up.
const RULE: &str = "pod-disruption-budget";
const BUDGETS: &str = "poddisruptionbudgets";
const KIND: &str = "PodDisruptionBudget.policy";

fn budget(name: &str) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": name, "namespace": "shop" },
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } },
    })
}

fn service(number: usize) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": format!("s{number:04}"), "namespace": "shop" } })
}

pub fn start(cluster: &StandIn, more: &[&str]) -> (Server, Folder) {
    let folder = Folder::new();
    cluster.kubeconfig(folder.path());
    let server = Server::start(&folder, &[&["--cluster", "--kubeconfig", "kubeconfig"], more].concat());
    (server, folder)
}

/// What the rule says of a Deployment, as the metrics have it.
pub fn verdict(server: &Server, rule: &str) -> String {
    let count = |name: &str| {
        let text = server.get("/metrics").body;
        let line = format!(r#"seaworthy_verdicts_total{{rule="{rule}",verdict="{name}","#);
        let value = text.lines().find(|it| it.starts_with(&line)).and_then(|it| it.rsplit(' ').next());
        value.map_or(0, |value| value.parse::<u64>().unwrap())
    };
    let names = ["pass", "fail", "unknown", "not-applicable", "error"];
    let before = names.map(count);
    let body = review(&create(&deployment("web:1.2.3", false))).to_string();
    assert!(server.post(&format!("/validate/{rule}?timeout=10s"), body).is_allowed());
    let after = names.map(count);
    let grown = names.iter().zip(before.iter().zip(after)).find(|(_, (before, after))| after > before);
    (*grown.unwrap().0).to_owned()
}

/// Waits until it is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn state(server: &Server, kind: &str) -> String {
    let text = server.get("/metrics").body;
    let begin = format!(r#"seaworthy_cache_state{{kind="{kind}",state=""#);
    let line = text.lines().find_map(|line| line.strip_prefix(&begin)).unwrap_or_else(|| panic!("{kind}: {text}"));
    line.split('"').next().unwrap().to_owned()
}

fn gauge(server: &Server, name: &str, kind: &str) -> u64 {
    let text = server.get("/metrics").body;
    let begin = format!(r#"seaworthy_cache_{name}{{kind="{kind}"}} "#);
    text.lines().find_map(|line| line.strip_prefix(&begin)).unwrap_or_else(|| panic!("{kind}: {text}")).parse().unwrap()
}

fn is_ready(server: &Server) -> bool {
    server.get("/readyz").status == 200
}

#[test]
fn rules_see_what_comes_and_goes_and_no_request_lists() {
    let cluster = StandIn::of(&[BUDGETS, "services"]);
    // More than a page.
    (0..600).for_each(|number| cluster.put("services", &service(number)));
    let (server, _folder) = start(&cluster, &[]);
    until("it is ready", || is_ready(&server));
    assert_eq!((gauge(&server, "objects", "Service"), verdict(&server, RULE)), (600, "unknown".into()));
    cluster.put(BUDGETS, &budget("web"));
    until("the budget is seen", || verdict(&server, RULE) == "pass");
    cluster.remove(BUDGETS, &budget("web"));
    until("it is gone", || verdict(&server, RULE) == "unknown");
    // It was listed once, however often it was looked up; Services in three pages.
    assert_eq!(cluster.asked(&[BUDGETS, "limit="]), 1);
    assert_eq!(cluster.asked(&["services", "limit="]), 3);
    // What closes is opened again where it was: nothing is missed, and nothing listed.
    cluster.hangs_up(BUDGETS);
    cluster.put(BUDGETS, &budget("web"));
    until("the watch goes on", || verdict(&server, RULE) == "pass");
    assert_eq!(cluster.asked(&[BUDGETS, "limit="]), 1);
    let bytes = gauge(&server, "bytes", "Service");
    assert!((1..1 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn what_was_missed_is_listed() {
    let cluster = StandIn::of(&[BUDGETS]);
    let (server, _folder) = start(&cluster, &[]);
    until("it is ready", || is_ready(&server));
    for name in ["one", "other"] {
        let before = cluster.asked(&[BUDGETS, "limit="]);
        cluster.refuses(BUDGETS, 503);
        cluster.put(BUDGETS, &budget(name));
        cluster.forgets(BUDGETS);
        cluster.allows(BUDGETS);
        until("it is listed again", || {
            cluster.asked(&[BUDGETS, "limit="]) > before && verdict(&server, RULE) == "pass"
        });
        cluster.remove(BUDGETS, &budget(name));
        until("it is watched again", || verdict(&server, RULE) == "unknown");
    }
    // The server itself says that it has forgotten.
    let before = gauge(&server, "lists_total", KIND);
    cluster.forgets(BUDGETS);
    until("it is listed", || gauge(&server, "lists_total", KIND) > before);
}

#[test]
fn what_is_lost_for_too_long_is_unknown_until_it_is_found_again() {
    let cluster = StandIn::of(&[BUDGETS]);
    cluster.put(BUDGETS, &budget("web"));
    let (server, _folder) = start(&cluster, &["--stale-seconds", "2"]);
    let (trusting, _other) = start(&cluster, &["--stale-seconds", "100000"]);
    for server in [&server, &trusting] {
        until("it is ready", || is_ready(server) && verdict(server, RULE) == "pass");
    }
    cluster.refuses(BUDGETS, 500);
    let line = server.wait_for(&format!("look-ups of {KIND} may become unknown: the API server failed (500)"));
    assert!(line.contains("\"warning\""), "{line}");
    until("it is stale", || state(&server, KIND) == "unknown");
    assert_eq!(verdict(&server, RULE), "unknown");
    assert_eq!(verdict(&trusting, RULE), "pass", "without the limit, what was seen long ago counts");
    // A webhook that is not ready checks nothing at all.
    let ready = server.get("/readyz");
    assert!(ready.status == 200 && ready.body.contains(&format!("{KIND}: unknown")), "{ready:?}");
    cluster.allows(BUDGETS);
    until("it is found", || verdict(&server, RULE) == "pass");
    assert!(gauge(&server, "failures_total", KIND) >= 1);
}

#[test]
fn a_server_that_has_always_forgotten_is_not_taken_for_current() {
    let cluster = StandIn::of(&[BUDGETS]);
    cluster.put(BUDGETS, &budget("web"));
    let (server, _folder) = start(&cluster, &["--stale-seconds", "2"]);
    until("it is ready", || is_ready(&server) && verdict(&server, RULE) == "pass");
    // Lists and watches alike are answered 410.
    cluster.refuses(BUDGETS, 410);
    server.wait_for(&format!("look-ups of {KIND} may become unknown: expired (410)"));
    until("it is stale", || state(&server, KIND) == "unknown");
    cluster.allows(BUDGETS);
    until("it is found", || verdict(&server, RULE) == "pass");
}

#[test]
fn an_open_watch_that_says_nothing_proves_nothing() {
    let cluster = StandIn::of(&[BUDGETS]);
    cluster.put(BUDGETS, &budget("web"));
    let (server, _folder) = start(&cluster, &["--stale-seconds", "2"]);
    until("it is ready", || is_ready(&server) && cluster.asked(&[BUDGETS, "watch="]) == 1);
    cluster.refuses_lists(BUDGETS, 500);
    until("it is stale", || state(&server, KIND) == "unknown");
    cluster.allows(BUDGETS);
    until("it is found", || state(&server, KIND) == "current");
    // The end of a failure is told like its beginning: once at the start, and once now.
    let answered = format!("look-ups of {KIND} are answered");
    until("the log says so", || server.log().iter().filter(|line| line.contains(&answered)).count() == 2);
}

#[test]
fn what_may_not_be_seen_is_unknown_and_the_log_says_so() {
    let cluster = StandIn::of(&[BUDGETS, "secrets"]);
    cluster.put(BUDGETS, &budget("web"));
    cluster.refuses(BUDGETS, 403);
    let (server, _folder) = start(&cluster, &[]);
    server.wait_for(&format!("look-ups of {KIND} may become unknown: forbidden (403): as the test wants it"));
    until("nobody waits for it", || is_ready(&server));
    assert_eq!((state(&server, KIND), verdict(&server, RULE)), ("unknown".into(), "unknown".into()));
    cluster.allows(BUDGETS);
    until("it may be seen", || verdict(&server, RULE) == "pass");
    // Rights that are taken away are gone at once, whatever is in memory.
    cluster.refuses(BUDGETS, 403);
    until("it may not be seen", || verdict(&server, RULE) == "unknown");
    assert_eq!(gauge(&server, "objects", KIND), 0);
}

#[test]
fn a_kind_that_is_not_served_has_no_objects_and_may_come() {
    let cluster = StandIn::of(&[BUDGETS]);
    let (server, _folder) = start(&cluster, &[]);
    until("it is ready", || is_ready(&server));
    assert_eq!(state(&server, "Rollout.argoproj.io"), "not-served");
    cluster.serves("rollouts");
    until("it is followed", || state(&server, "Rollout.argoproj.io") == "current");
    assert_eq!(cluster.asked(&["rollouts", "limit="]), 1);
}

#[test]
fn memory_is_bounded() {
    let cluster = StandIn::of(&[BUDGETS, "configmaps"]);
    cluster.put(BUDGETS, &budget("web"));
    for number in 0..8 {
        let metadata = json!({ "name": format!("c{number}"), "namespace": "shop" });
        let large = "x".repeat(300 << 10);
        cluster.put(
            "configmaps",
            &json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": { "a": large } }),
        );
    }
    let (server, _folder) = start(&cluster, &["--cache-mib", "1"]);
    server.wait_for("look-ups of ConfigMap may become unknown: all that rules look up takes more than 1 MiB");
    until("nobody waits for it", || is_ready(&server));
    assert_eq!((state(&server, "ConfigMap"), gauge(&server, "bytes", "ConfigMap")), ("unknown".into(), 0));
    until("the others are there", || verdict(&server, RULE) == "pass");
    assert!(server.get("/metrics").body.contains("seaworthy_cache_bytes_limit 1048576"));
}

#[test]
fn a_cluster_that_does_not_answer_stops_nobody() {
    let cluster = StandIn::of(&[BUDGETS]);
    cluster.put(BUDGETS, &budget("web"));
    cluster.refuses(BUDGETS, 504);
    let (server, folder) = start(&cluster, &[]);
    until("nobody waits for it", || is_ready(&server));
    assert_eq!(verdict(&server, RULE), "unknown");
    cluster.allows(BUDGETS);
    until("it answers", || verdict(&server, RULE) == "pass");
    // Without a way to it nothing begins.
    let run = folder.run(&["serve", "--plain-http", "--cluster", "--kubeconfig", "none"]);
    assert!(run.code == Some(2) && run.err.contains("none"), "{run:?}");
}

#[test]
fn what_nobody_looks_up_is_not_followed() {
    let cluster = StandIn::of(&[BUDGETS, "secrets"]);
    let folder =
        Folder::of("seaworthy.yaml", "rules: {external-secrets: {enabled: false}, references: {enabled: false}}\n");
    cluster.kubeconfig(folder.path());
    let options = ["--cluster", "--kubeconfig", "kubeconfig", "--config", "seaworthy.yaml"];
    let server = Server::start(&folder, &options);
    until("it is ready", || is_ready(&server));
    assert_eq!(cluster.asked(&["secrets"]), 0);
    // A rule that is turned on has what it looks up followed.
    std::fs::write(folder.path().join("seaworthy.yaml"), "admission: {mode: warn}\n").unwrap();
    until("it is followed", || cluster.asked(&["secrets", "watch="]) == 1);
    assert!(is_ready(&server) && cluster.asked(&[BUDGETS, "limit="]) == 1);
}
