//! A rule that never answers, beside one that does.

use std::thread;

use protocol::RuleMetadata;
use seaworthy_tests::{artifacts, metadata};

use crate::reviews::{create, deployment};
use crate::server::{Answer, Server, only_with, review};
use crate::support::Folder;

/// The name of the rule that never answers. It is asked after the other one.
const LOOPS: &str = "run-for-ever";
pub const GOOD: &str = "run-as-non-root";

/// A custom section.
pub fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let leb = |mut number: usize| {
        let mut bytes = vec![];
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let body = [leb(name.len()), name.as_bytes().to_vec(), data.to_vec()].concat();
    [vec![0], leb(body.len()), body].concat()
}

/// What the rule that never answers says of itself, and its module.
pub fn never_answers() -> (RuleMetadata, Vec<u8>) {
    let mut wasm = wat::parse_str(include_str!("../hostile_guests/guests/loop_in_call.wat")).unwrap();
    let mut said = metadata().remove(GOOD).unwrap();
    said.name = LOOPS.to_owned();
    wasm.extend(section("io.kubewarden.metadata", br#"{"protocolVersion":"v1"}"#));
    wasm.extend(section("dev.seaworthy.rule", &serde_json::to_vec(&said).unwrap()));
    (said, wasm)
}

/// A folder with both rules, all of which is enforced.
fn folder() -> Folder {
    Folder::of("rules/loops.wasm", never_answers().1)
        .and("rules/good.wasm", &artifacts::modules()[GOOD])
        .and("seaworthy.yaml", "admission: {mode: enforce}\n")
}

fn start(folder: &Folder, more: &[&str]) -> Server {
    Server::start(folder, &[&["--bundle", "rules", "--config", "seaworthy.yaml"], more].concat())
}

pub fn ask(server: &Server, timeout: &str, root: bool) -> Answer {
    let body = review(&create(&deployment("web:1.2.3", root))).to_string();
    server.post(&format!("/validate?timeout={timeout}"), body)
}

/// Fails unless what the one rule finds counts, and the other rule is undecided for this reason.
pub fn is_undecided_because(server: &Server, timeout: &str, why: &str) {
    let answer = ask(server, timeout, true);
    assert!(answer.message().contains("run-as-non-root: container app"), "{answer:?}");
    assert!(!answer.message().contains(LOOPS), "{answer:?}");
    assert!(answer.warnings().iter().any(|text| text.starts_with(LOOPS) && text.contains(why)), "{answer:?}");
    let answer = ask(server, timeout, false);
    assert!(answer.is_allowed() && answer.warnings().len() == 1, "{answer:?}");
}

#[test]
fn what_is_found_counts_whatever_else_is_undecided() {
    let folder = folder();
    let server = start(&folder, &[]);
    server.wait_for(&format!("the rule {LOOPS} cannot run"));
    assert_eq!(server.get("/readyz").status, 200);
    // The deadline of the rule is a second, and this client does not wait for it.
    for (timeout, why) in [("800ms", "the request timed out"), ("5s", "stopped after 1000 ms")] {
        is_undecided_because(&server, timeout, why);
    }
    let strict = start(&folder, &["--undecided", "deny"]);
    let answer = ask(&strict, "800ms", false);
    assert!(answer.message().contains(&format!("{LOOPS}: not decided: ")), "{answer:?}");
    // The configuration has the last word, and what is not enforced denies nothing.
    for configuration in ["admission: {mode: enforce, undecided: warn}", "admission: {mode: warn, undecided: deny}"] {
        let folder = self::folder().and("seaworthy.yaml", configuration);
        let answer = ask(&start(&folder, &["--undecided", "deny"]), "800ms", false);
        assert!(answer.is_allowed() && !answer.warnings().is_empty(), "{configuration}: {answer:?}");
    }
}

/// Fails unless most of a storm is turned away, the others are judged, and the next one after it too.
fn sheds(server: &Server) {
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(server, "20s", true))).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    let is_shed = |answer: &&Answer| answer.body.contains("too many requests at once");
    let (shed, judged): (Vec<_>, Vec<_>) = answers.iter().partition(is_shed);
    assert!(shed.len() >= 4 && !judged.is_empty(), "{answers:#?}");
    for answer in shed {
        assert!(answer.is_allowed() && answer.warnings().len() == 1, "{answer:?}");
        assert!(!answer.body.contains("retryAfterSeconds"), "{answer:?}");
    }
    assert!(judged.iter().all(|answer| !answer.is_allowed()), "{judged:#?}");
    assert!(!ask(server, "20s", true).is_allowed(), "the storm is over");
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains(r#"seaworthy_reviews_total{operation="",answer="undecided"}"#), "{metrics}");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn who_finds_no_place_is_answered_at_once_and_those_with_one_as_ever() {
    let folder = folder();
    let of_queue = |places: &str| start(&folder, &["--workers", "1", "--queue", places]);
    only_with(&of_queue("1"), &of_queue("64"), sheds);
}
