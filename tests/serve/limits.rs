//! Bodies: large, larger than may be, slow, and many on one connection.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::reviews::{create, deployment, serve};
use crate::server::{PATIENCE, Server, post_over, review, send};
use crate::support::Folder;

const JSON: &str = "content-type: application/json";

/// A bad Deployment with an annotation of so many bytes, each `<` of it written as an API server escapes it.
fn padded(bytes: usize) -> String {
    let mut object = deployment("web:latest", true);
    object["metadata"]["annotations"] = serde_json::json!({ "padding": "PADDING" });
    let body = review(&create(&object)).to_string();
    // An API server begins with the uid.
    let body = body.replace(",\"uid\":\"7f3c\"", "").replace("\"request\":{", "\"request\":{\"uid\":\"7f3c\",");
    body.replace("PADDING", &"\\u003c".repeat(bytes / 6))
}

#[test]
fn a_violator_with_padding_is_denied() {
    let (server, _folder) = serve("admission: {mode: enforce}\n");
    for bytes in [1 << 20, 9 << 20, 30 << 20] {
        let answer = server.post("/validate", padded(bytes));
        assert!(answer.message().contains("run-as-non-root"), "{bytes}: {}", answer.head);
    }
}

#[test]
fn what_is_too_large_is_undecided_and_no_error() {
    for (reaction, is_allowed) in [("warn", true), ("deny", false)] {
        let (server, _folder) = serve(&format!("admission: {{mode: enforce, undecided: {reaction}}}\n"));
        let mut connection = server.connect();
        let answer = post_over(&mut connection, "/validate", JSON, padded(33 << 20).as_bytes());
        assert_eq!(answer.is_allowed(), is_allowed, "{answer:?}");
        assert!(answer.body.contains("more than 32 MiB"), "{answer:?}");
        // The body was read to its end, so the connection goes on.
        let answer = post_over(&mut connection, "/validate", JSON, padded(1000).as_bytes());
        assert!(!answer.is_allowed());
    }
}

#[test]
fn a_connection_is_kept_for_as_long_as_its_client_likes() {
    let server = Server::start(&Folder::new(), &[]);
    let (mut connection, body) = (server.connect(), padded(100));
    for _ in 0..200 {
        let answer = post_over(&mut connection, "/validate", JSON, body.as_bytes());
        assert!(answer.is_allowed() && !answer.head.contains("connection: close"), "{}", answer.head);
    }
}

#[test]
fn a_body_that_does_not_come_holds_up_nobody() {
    let server = Server::start(&Folder::new(), &["--workers", "1", "--queue", "1"]);
    let mut slow = server.connect();
    let head = format!("POST /validate?timeout=1s HTTP/1.1\r\nhost: a\r\n{JSON}\r\ncontent-length: 1000\r\n\r\n");
    slow.write_all(head.as_bytes()).unwrap();
    assert!(server.post("/validate", padded(100)).is_allowed());
    let answer = send(&mut slow, "{", b"");
    assert_eq!((answer.status, answer.body.trim()), (408, "the body did not arrive in time"));
}

#[test]
fn those_who_say_nothing_or_half_of_it_hold_up_nobody() {
    let server = Server::start(&Folder::new(), &["--workers", "1", "--queue", "1"]);
    let head = format!("POST /validate HTTP/1.1\r\nhost: a\r\n{JSON}\r\n");
    // Some are idle, and some never end their head.
    let waiting: Vec<_> = (0..400).map(|number| (number, server.connect())).collect();
    for (_, connection) in waiting.iter().filter(|(number, _)| number % 2 == 0) {
        (&*connection).write_all(head.as_bytes()).unwrap();
    }
    assert!(server.post("/validate", padded(100)).is_allowed());
    // Who speaks at last is answered.
    for (number, mut connection) in waiting.into_iter().take(20) {
        let head = if number % 2 == 0 { String::new() } else { head.clone() };
        let body = padded(100);
        let rest = format!("{head}content-length: {}\r\n\r\n", body.len());
        assert!(send(&mut connection, &rest, body.as_bytes()).is_allowed());
    }
}

#[test]
fn a_head_that_never_ends_is_hung_up_on_and_an_idle_connection_is_not() {
    let server = Server::start(&Folder::new(), &[]);
    let (mut idle, mut slow, body) = (server.connect(), server.connect(), padded(100));
    assert!(post_over(&mut idle, "/validate", JSON, body.as_bytes()).is_allowed());
    slow.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    slow.write_all(b"POST /validate HTTP/1.1\r\nhost: a\r\n").unwrap();
    let start = Instant::now();
    // Each byte is a sign of life, and buys no time.
    while slow.write_all(b"x").is_ok() && !matches!(slow.read(&mut [0; 64]), Ok(0)) {
        assert!(start.elapsed() < PATIENCE, "it may take for ever");
    }
    assert!(post_over(&mut idle, "/validate", JSON, body.as_bytes()).is_allowed());
}
