//! Hostile policies in a browser's WebAssembly: each is its own error, and everything else is judged as if it were not
//! there.

use protocol::contract::KUBEWARDEN_SECTION;
use serde_json::{Value, json};

use crate::library::{Place, ask, question};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: a:1}]}\n";

/// A guest's text by its name among those of the sandbox's tests.
macro_rules! guest {
    ($name:literal) => {
        ($name, include_str!(concat!("../hostile_guests/guests/", $name, ".wat")))
    };
}

/// Asks its host something on each level of a recursion without end: on some level the stack ends while the host answers,
/// and that must not be in the middle of the engine.
const ASKS_TO_THE_END_OF_THE_STACK: (&str, &str) = (
    "asks-to-the-end-of-the-stack",
    r#"(module
      (import "wapc" "__host_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "kubewarden")
      (data (i32.const 16) "kubernetes")
      (data (i32.const 32) "get_resource")
      (data (i32.const 64) "{\22api_version\22:\22v1\22,\22kind\22:\22Pod\22,\22name\22:\22web\22}")
      (func $down (param $level i32) (result i32)
        (drop (call $call (i32.const 0) (i32.const 10) (i32.const 16) (i32.const 10) (i32.const 32) (i32.const 12)
          (i32.const 64) (i32.const 46)))
        (i32.add (i32.const 1) (call $down (i32.add (local.get $level) (i32.const 1)))))
      (func (export "__guest_call") (param i32 i32) (result i32) (call $down (i32.const 0))))"#,
);

/// Says no where it finds what an evaluation before it has left: at the start and at the end of its memory, and in its data.
const KEEPS: (&str, &str) = (
    "keeps",
    r#"(module
      (import "wapc" "__guest_response" (func $respond (param i32 i32)))
      (memory (export "memory") 2)
      (data (i32.const 0) "{\22accepted\22:true}")
      (data (i32.const 32) "{\22accepted\22:false}")
      (func (export "__guest_call") (param i32 i32) (result i32)
        (if (i32.or (i32.load (i32.const 1024)) (i32.load (i32.const 131068)))
          (then (call $respond (i32.const 32) (i32.const 18)))
          (else (call $respond (i32.const 0) (i32.const 17))))
        (i32.store (i32.const 1024) (i32.const 1))
        (i32.store (i32.const 131068) (i32.const 1))
        (i32.store (i32.const 0) (i32.const 0))
        (i32.const 1)))"#,
);

/// Says no where its memory is larger than it asks for, and lets it grow.
const GROWS: (&str, &str) = (
    "grows",
    r#"(module
      (import "wapc" "__guest_response" (func $respond (param i32 i32)))
      (memory (export "memory") 3)
      (data (i32.const 0) "{\22accepted\22:true}")
      (data (i32.const 32) "{\22accepted\22:false}")
      (func (export "__guest_call") (param i32 i32) (result i32)
        (if (i32.ne (memory.size) (i32.const 3))
          (then (call $respond (i32.const 32) (i32.const 18)))
          (else (call $respond (i32.const 0) (i32.const 17))))
        (drop (memory.grow (i32.const 1)))
        (i32.const 1)))"#,
);

fn assemble(text: &str) -> Vec<u8> {
    let metadata = json!({
        "protocolVersion": "v1", "mutating": false, "executionMode": "kubewarden-wapc",
        "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["CREATE"]}],
        "contextAwareResources": [{"apiVersion": "v1", "kind": "Pod"}]});
    let mut wasm = wat::parse_str(text).expect("the text is well-formed");
    let data = metadata.to_string();
    let leb = |number: usize| vec![(number & 0x7F) as u8 | 0x80, (number >> 7) as u8];
    let name = [vec![KUBEWARDEN_SECTION.len() as u8], KUBEWARDEN_SECTION.as_bytes().to_vec()].concat();
    wasm.extend([vec![0], leb(name.len() + data.len()), name, data.into_bytes()].concat());
    wasm
}

/// The verdict and the reason of one rule or policy for the pod.
fn said_by(name: &str, report: &Value) -> (String, String) {
    let report: Value = serde_json::from_str(report.as_str().unwrap_or_else(|| panic!("{report}"))).unwrap();
    let results = report["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["rule"] == name).unwrap_or_else(|| panic!("{name}: {report}"));
    let text = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("reason"))
}

/// The pod, with something so deep in it that to write it takes stack.
fn pod() -> Vec<(String, String)> {
    let deep = format!("status: {}{}\n", "[".repeat(90), "]".repeat(90));
    vec![("pod.yaml".to_owned(), format!("{POD}{deep}"))]
}

/// Every policy alone in a question, and at the end the rules without any.
fn each(place: Place, guests: &[(&str, &str)], deadline: u32) -> Vec<(String, String)> {
    let name = |text: &str| text.replace('_', "-");
    let policies: Vec<(String, Vec<u8>)> = guests.iter().map(|(guest, text)| (name(guest), assemble(text))).collect();
    let rule = "run-as-non-root";
    let mut questions: Vec<Value> =
        policies.iter().map(|(name, _)| question(&pod(), &json!({"rules": [name, rule]}))).collect();
    questions.push(question(&pod(), &json!({"rules": [rule]})));
    let answers = ask(place, &policies, &questions, deadline);
    for (policy, (name, _)) in answers.policies.iter().zip(&policies) {
        assert!(policy.get("error").is_none(), "{name}: {policy}");
    }
    let alone = said_by(rule, answers.answers.last().unwrap());
    assert_eq!(alone.0, "fail");
    let said = policies.iter().zip(&answers.answers).map(|((name, _), answer)| {
        assert_eq!(said_by(rule, answer), alone, "{name}");
        said_by(name, answer)
    });
    said.collect()
}

#[test]
fn a_policy_that_traps_or_answers_nonsense_is_its_own_error() {
    let guests = [
        (guest!("good"), "its answer is not readable"),
        (guest!("unreachable"), "trapped"),
        (guest!("divides_by_zero"), "trapped"),
        (guest!("calls_null"), "trapped"),
        (guest!("recursion"), "trapped"),
        (guest!("reads_outside_memory"), "trapped"),
        (guest!("data_outside_memory"), "trapped"),
        (guest!("exits_with_3"), "exited with code 3"),
        (guest!("reply_too_large"), "answered with 1048577 bytes, more than the 1048576 allowed"),
        // What it is denied in one step a browser does not tell.
        (guest!("grow_at_once"), "trapped: unreachable"),
        (guest!("grow_by_pages"), "memory limit of 64 MiB"),
        (guest!("soils"), "its answer is not readable"),
        (guest!("starts"), "trapped: it asked its host before it had started"),
        (guest!("table_grows"), "trapped: unreachable"),
        (guest!("log_flood"), "its answer is not readable"),
        (guest!("log_controls"), "its answer is not readable"),
        (guest!("looks_up"), "its answer is not readable"),
        (ASKS_TO_THE_END_OF_THE_STACK, "trapped: Maximum call stack size exceeded"),
    ];
    let texts: Vec<(&str, &str)> = guests.iter().map(|(guest, _)| *guest).collect();
    for (((name, _), expected), (verdict, reason)) in guests.iter().zip(each(Place::Node, &texts, 0)) {
        assert_eq!(verdict, "error", "{name}");
        assert!(reason.contains(expected), "{name}: {reason}");
    }
}

#[test]
fn nothing_is_left_of_an_evaluation_for_the_next() {
    let pods: Vec<String> = (0..5).map(|number| POD.replace("name: web", &format!("name: web-{number}"))).collect();
    let files = [("pods.yaml".to_owned(), pods.join("---\n"))];
    let policies = [KEEPS, GROWS].map(|(name, text)| (name.to_owned(), assemble(text)));
    for place in [Place::Node, Place::Chromium] {
        let answers = ask(place, &policies, &[question(&files, &json!({"rules": ["keeps", "grows"]}))], 5_000);
        let report = answers.answers[0].as_str().unwrap_or_else(|| panic!("{:?}", answers.answers));
        let report: Value = serde_json::from_str(report).unwrap();
        let results = report["results"].as_array().unwrap();
        assert_eq!(results.len(), 10, "{report}");
        for result in results {
            assert_eq!(result["verdict"], "pass", "{result}");
        }
    }
}

#[test]
fn a_policy_that_never_ends_is_stopped_and_named_and_the_rest_is_judged() {
    let guests = [guest!("loop_in_call"), guest!("loop_in_start_section"), guest!("loop_in_wapc_init")];
    for ((name, _), (verdict, reason)) in guests.iter().zip(each(Place::Chromium, &guests, 700)) {
        assert_eq!((verdict.as_str(), reason.as_str()), ("error", "stopped after 700 ms without an answer"), "{name}");
    }
}

#[test]
fn modules_that_no_policy_may_be_are_refused_with_the_reason() {
    let module = |extra: &str| {
        format!(
            r#"(module {extra} (memory (export "memory") 1)
               (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))"#
        )
    };
    let refused = [
        (module(r#"(import "env" "fetch" (func (param i32)))"#), r#"it imports "env" "fetch""#),
        (module(r#"(import "wapc" "__guest_steal" (func))"#), r#"it imports "wapc" "__guest_steal""#),
        (module(r#"(import "wapc" "__guest_request" (global i32))"#), r#"it imports "wapc" "__guest_request""#),
        (module("(table 200000 funcref)"), "a table of 200000 elements"),
        (module("(memory 1)"), "it has 2 memories"),
        (r#"(module (memory (export "memory") 1))"#.into(), r#"does not export "__guest_call""#),
        (r#"(module (func (export "__guest_call")))"#.into(), r#"does not export "memory""#),
        (guest!("memory_too_large").1.into(), "it starts with 65600 KiB of memory, more than 65536 KiB"),
    ];
    let mut policies: Vec<(String, Vec<u8>)> =
        refused.iter().enumerate().map(|(index, (text, _))| (format!("p{index}"), assemble(text))).collect();
    let bare = wat::parse_str(guest!("good").1).unwrap();
    policies.extend([("bare".to_owned(), bare), ("text".to_owned(), b"no module".to_vec())]);
    policies.push(("Run As Root".to_owned(), assemble(guest!("good").1)));
    policies.push(("run-as-non-root".to_owned(), assemble(guest!("good").1)));
    let others = ["it has neither of the sections", "not a valid", "lower-case letters", "there is a rule"];
    let expected = refused.iter().map(|(_, expected)| *expected).chain(others);
    for ((policy, (name, _)), expected) in
        ask(Place::Node, &policies, &[], 0).policies.iter().zip(&policies).zip(expected)
    {
        let said = policy["error"].as_str().unwrap_or_else(|| panic!("{name} is accepted: {policy}"));
        assert!(said.contains(expected), "{name}: {said}");
    }
}
