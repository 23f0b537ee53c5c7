//! The npm package, asked in Node and in Chromium.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seaworthy_tests::artifacts::workspace;
use serde_json::{Value, json};

/// Where the package runs.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// On the same thread, in Node.
    Node,
    /// In a Worker, in Chromium.
    Chromium,
}

/// A question: files by name and text, and the options.
pub fn question(files: &[(String, String)], options: &Value) -> Value {
    let files: Vec<Value> = files.iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
    json!({"files": files, "options": options})
}

/// What is said of each policy, and the answers to all questions; a refusal is `{"error": ...}`.
pub struct Answers {
    pub policies: Vec<Value>,
    pub answers: Vec<Value>,
}

/// Asks the package as `make library` left it. A rule has `deadline` milliseconds where a Worker watches over it.
pub fn ask(place: Place, policies: &[(String, Vec<u8>)], questions: &[Value], deadline: u32) -> Answers {
    let folder = workspace().join("tests/browser");
    let dist = workspace().join("host/web/library/dist");
    assert!(dist.join("index.js").exists(), "{} is not built: run `make library`", dist.display());
    let policies: Vec<Value> =
        policies.iter().map(|(name, wasm)| json!({"name": name, "wasm": STANDARD.encode(wasm)})).collect();
    let asked = json!({"policies": policies, "questions": questions, "deadline": deadline}).to_string();
    let place = match place {
        Place::Node => "node",
        Place::Chromium => "chromium",
    };
    let mut node = Command::new("node")
        .arg(folder.join("answer.mjs"))
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|cause| panic!("node cannot be run ({cause}): install Node.js 20.16 or newer"));
    let mut input = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{place}: {said}");
    let mut answers: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|cause| panic!("{cause}: {said}"));
    let mut take = |key: &str| match answers[key].take() {
        Value::Array(items) => items,
        other => panic!("{other}"),
    };
    Answers { policies: take("policies"), answers: take("answers") }
}
