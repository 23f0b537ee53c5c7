//! The reader of manifests beside the decoder of kubectl and the API server (sigs.k8s.io/yaml, in `main.go`): what that
//! reads as objects is read with the same values, or refused with a line; it is never skipped, and never another value.
//!
//! `make oracle` runs it where Go is installed, on 20,000 texts or as many as `SEAWORTHY_ORACLE_TEXTS` says, made from the
//! seed `SEAWORTHY_ORACLE_SEED`. The texts that ever differed are kept in `recorded.jsonl` with the decoder's answers, and
//! are read everywhere.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod compare;
mod generator;
mod schedules;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs, thread};

use serde_json::{Value, json};

use compare::Verdict;
use generator::Generator;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// The decoder, as a process; `None` where Go is not installed.
fn oracle() -> Option<Child> {
    Command::new("go").arg("version").stdout(Stdio::null()).status().ok()?;
    let binary: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubernetes-decoder");
    let built = Command::new("go").args(["build", "-o"]).arg(&binary).arg(".").current_dir(folder()).status();
    assert!(built.is_ok_and(|status| status.success()), "`go build` failed in {}", folder().display());
    Some(Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the decoder starts"))
}

fn send(to: &mut ChildStdin, text: &str) {
    let length = u32::try_from(text.len()).expect("texts are short");
    to.write_all(&length.to_le_bytes()).and_then(|()| to.write_all(text.as_bytes())).expect("the decoder reads");
}

fn answer(from: &mut BufReader<ChildStdout>, line: &mut String) -> Value {
    line.clear();
    from.read_line(line).expect("the decoder answers");
    serde_json::from_str(line).expect("the decoder answers in JSON")
}

#[test]
fn what_kubernetes_reads_is_read_alike() {
    let Some(mut child) = oracle() else {
        eprintln!("LEFT OUT: Go is not installed, so manifests are not read beside Kubernetes' own decoder");
        return;
    };
    let (texts, seed) = (number("SEAWORTHY_ORACLE_TEXTS", 20_000), number("SEAWORTHY_ORACLE_SEED", 1));
    let (mut to, from) = (child.stdin.take().expect("it is piped"), child.stdout.take().expect("it is piped"));
    let feeder = thread::spawn(move || {
        let mut generator = Generator::new(seed);
        for _ in 0..texts {
            send(&mut to, &generator.text());
        }
    });
    let (mut from, mut line, mut generator) = (BufReader::new(from), String::new(), Generator::new(seed));
    let (mut read, mut refused, mut stricter, mut differing) = (0, 0, 0, Vec::new());
    for _ in 0..texts {
        let (text, answers) = (generator.text(), answer(&mut from, &mut line));
        match compare::compare(&text, &answers) {
            Verdict::Read => read += 1,
            Verdict::Refused => refused += 1,
            Verdict::Stricter => stricter += 1,
            Verdict::Differs(why) => differing.push(json!({"text": text, "why": why, "answers": answers})),
        }
        if differing.len() >= 200 {
            break;
        }
    }
    println!("{texts} texts: {read} read alike, {refused} refused by both, {stricter} refused by us alone");
    if differing.is_empty() {
        feeder.join().expect("all texts were sent");
        assert!(child.wait().is_ok_and(|status| status.success()), "the decoder failed");
        assert!(read > texts / 5 && refused > texts / 20, "the texts test nothing");
        return;
    }
    let _ = child.kill();
    let _ = child.wait();
    if let Some(file) = env::var_os("SEAWORTHY_ORACLE_RECORD") {
        let lines: String = differing.iter().map(|case| format!("{case}\n")).collect();
        fs::write(file, lines).expect("the file can be written");
    }
    let told: Vec<String> = differing.iter().take(10).map(|case| format!("{case:#}")).collect();
    panic!("{} texts differ: {}", differing.len(), told.join("\n"));
}

#[test]
fn the_texts_that_ever_differed_are_read_alike() {
    let recorded = fs::read_to_string(folder().join("recorded.jsonl")).expect("the file is there");
    let mut texts = 0;
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).expect("each line is JSON");
        let text = case["text"].as_str().expect("each has a text");
        if let Verdict::Differs(why) = compare::compare(text, &case["answers"]) {
            panic!("{why}: {case:#}");
        }
        texts += 1;
    }
    assert!(texts >= 20, "{texts} texts are recorded");
}

/// How often the decoder is asked for a recorded answer.
const ASKED: usize = 64;

/// The recorded answers are those of the decoder.
#[test]
fn the_recorded_answers_are_the_decoders() {
    let Some(mut child) = oracle() else {
        eprintln!("LEFT OUT: Go is not installed, so the recorded answers are not compared with the decoder's");
        return;
    };
    let (mut to, from) = (child.stdin.take().expect("it is piped"), child.stdout.take().expect("it is piped"));
    let (mut from, mut line) = (BufReader::new(from), String::new());
    let recorded = fs::read_to_string(folder().join("recorded.jsonl")).expect("the file is there");
    for case in recorded.lines() {
        let case: Value = serde_json::from_str(case).expect("each line is JSON");
        let json = |answers: &Value| -> Vec<Option<Value>> {
            answers.as_array().into_iter().flatten().map(|answer| answer.get("json").cloned()).collect()
        };
        // Where two keys become one, such as `1` and "1", the decoder keeps either: Go's maps have no order.
        let gives_it = (0..ASKED).any(|_| {
            send(&mut to, case["text"].as_str().expect("each has a text"));
            to.flush().expect("the decoder reads");
            json(&answer(&mut from, &mut line)) == json(&case["answers"])
        });
        assert!(gives_it, "{}", case["text"]);
    }
    drop(to);
    assert!(child.wait().is_ok_and(|status| status.success()), "the decoder failed");
}
