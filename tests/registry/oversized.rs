//! Answers that are too much: endless ones, bombs, and whatever would have to be unpacked. Memory stays flat, and reading ends.

use std::fmt::Write as _;

use registry::Digest;
use serde_json::{Value, json};

use crate::forged::pull;
use crate::hostile::{Answer, Hostile, INDEX, MANIFEST, WASM, wasm};

/// What a manifest and a module may have, in MiB.
const MANIFEST_MIB: u64 = 4;
const MODULE_MIB: u64 = 32;

/// What the system takes for a reader that has gone, in MiB.
const BUFFERS_MIB: u64 = 16;

/// The process without what it pulls, in KiB.
const PROCESS_KIB: u64 = 64 << 10;

#[test]
fn reading_ends_where_a_manifest_is_too_long() {
    for is_endless in [true, false] {
        let server = Hostile::start();
        let digest = server.module("v1", &wasm(b"module"));
        server.answers(move |asked| {
            let long = Answer::of(vec![b' '; (MANIFEST_MIB as usize) << 20]);
            let long = if is_endless { long.endless() } else { long.header("Content-Length", "1099511627776") };
            (asked == format!("GET manifests/{digest}")).then_some(long)
        });
        let run = pull(&server.name("v1"));
        assert!(server.sent() < (MANIFEST_MIB + BUFFERS_MIB) << 20, "{} bytes were read", server.sent());
        assert!(run.peak < PROCESS_KIB + (MANIFEST_MIB << 11), "{} KiB", run.peak);
        let said = run.complaint();
        assert!(said.contains("larger than the 4194304 bytes allowed"), "{said}");
    }
}

#[test]
fn reading_ends_where_a_blob_is_longer_than_its_descriptor_says() {
    for is_endless in [true, false] {
        let server = Hostile::start();
        let content = wasm(b"module");
        server.module("v1", &content);
        let digest = Digest::of(&content);
        server.answers(move |asked| {
            let more = [content.as_slice(), b"!"].concat();
            let more = if is_endless { Answer::of(more).endless() } else { Answer::of(more).without_length() };
            (asked == format!("GET blobs/{digest}")).then_some(more)
        });
        let run = pull(&server.name("v1"));
        assert!(server.sent() < BUFFERS_MIB << 20, "{} bytes were read", server.sent());
        let said = run.complaint();
        assert!(said.contains("is longer than the 14 bytes that its descriptor says"), "{said}");
    }
}

#[test]
fn a_module_that_is_too_large_is_not_asked_for() {
    let server = Hostile::start();
    let mut layer = server.blob(WASM, &wasm(b"module"));
    layer["size"] = json!((MODULE_MIB << 20) + 1);
    server.module_of("v1", &[layer]);
    let said = pull(&server.name("v1")).complaint();
    assert!(said.contains("larger than the 33554432 bytes allowed"), "{said}");
    assert!(server.asked().iter().all(|head| !head.contains("blobs")), "{:?}", server.asked());
}

#[test]
fn a_long_error_is_not_read_to_its_end() {
    let server = Hostile::start();
    server.module("v1", &wasm(b"module"));
    server.answers(|asked| asked.starts_with("GET").then(|| Answer { status: 500, ..Answer::of("").endless() }));
    let run = pull(&server.name("v1"));
    assert!(server.sent() < BUFFERS_MIB << 20, "{} bytes were read", server.sent());
    assert!(run.complaint().contains("answered with 500"));
}

#[test]
fn compressed_answers_are_refused() {
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, gzip"] {
        let server = Hostile::start();
        let content = wasm(b"module");
        let digest = server.module("v1", &content);
        let blob = Digest::of(&content);
        server.answers(move |asked| {
            let bomb = Answer::of(content.clone()).header("Content-Encoding", encoding);
            (asked == format!("GET blobs/{blob}")).then_some(bomb)
        });
        let said = pull(&server.name("v1")).complaint();
        assert!(said.contains(&format!("came compressed ({encoding})")), "{said}");
        server.answers(move |asked| {
            let bomb = Answer::of("").header("Content-Encoding", encoding);
            (asked == format!("GET manifests/{digest}")).then_some(bomb)
        });
        assert!(pull(&server.name("v1")).complaint().contains("came compressed"));
        let asks_for_none = |head: &String| head.to_ascii_lowercase().contains("accept-encoding: identity");
        assert!(server.asked().iter().all(asks_for_none), "{:?}", server.asked());
    }
}

#[test]
fn manifests_that_grow_when_they_are_read_are_refused() {
    let config = json!({"mediaType": "a/b", "digest": Digest::of(b""), "size": 0});
    let entry = json!({"mediaType": MANIFEST, "digest": Digest::of(b""), "size": 0});
    let many = |field: &str, entry: &Value, number: usize| {
        let mut text = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","{field}":["#);
        for place in 0..number {
            let _ = write!(text, "{}{entry}", if place == 0 { "" } else { "," });
        }
        text + "]}"
    };
    let deep = format!(r#"{{"schemaVersion":2,"annotations":{}"#, "[".repeat(1_000_000));
    let layers = many("layers", &config, 20_000)
        .replace(INDEX, MANIFEST)
        .replace("{\"schema", &format!(r#"{{"config":{config},"schema"#));
    for (manifest, said) in [
        (many("manifests", &entry, 20_000), "20000 entries"),
        (layers, "20000 entries"),
        (deep, "not readable"),
        ("[".repeat(4 << 20), "not readable"),
        (String::new(), "not readable"),
        ("null".into(), "not readable"),
        ("{}".into(), "schemaVersion"),
    ] {
        let server = Hostile::start();
        server.raw_manifest("v1", manifest.into_bytes());
        let run = pull(&server.name("v1"));
        assert!(run.peak < PROCESS_KIB * 2, "{said}: {} KiB", run.peak);
        let complaint = run.complaint();
        assert!(complaint.contains(said), "{complaint}");
    }
}
