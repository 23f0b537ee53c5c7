//! Bodies: large, larger than may be, slow, and many on one connection.

use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use crate::reviews::{create, deployment, serve};
use crate::server::{PATIENCE, Server, post_over, review, send};
use crate::support::Folder;

const JSON: &str = "content-type: application/json";

/// A bad Deployment with an annotation of so many bytes, each `<` of it written as an API server escapes it.
pub fn padded(bytes: usize) -> String {
    let mut object = deployment("web:latest", true);
    object["metadata"]["annotations"] = serde_json::json!({ "padding": "PADDING" });
    let body = review(&create(&object)).to_string();
    // An API server begins with the uid.
    let body = body.replace(",\"uid\":\"7f3c\"", "").replace("\"request\":{", "\"request\":{\"uid\":\"7f3c\",");
    body.replace("PADDING", &"\\u003c".repeat(bytes / 6))
}

/// Fails unless a violator is denied, however much padding it has.
pub fn padding_helps_nobody(server: &Server) {
    for bytes in [1 << 20, 9 << 20, 30 << 20] {
        let answer = server.post("/validate", padded(bytes));
        assert!(answer.message().contains("run-as-non-root"), "{bytes}: {}", answer.head);
    }
}

/// Fails unless a large body that has half come keeps other large ones out, is judged in the end, and holds up nobody else.
pub fn large_bodies_are_read_one_at_a_time(server: &Server) {
    let body = padded(6 << 20);
    let (first, rest) = body.split_at(4 << 20);
    let mut slow = server.connect();
    let head =
        format!("POST /validate?timeout=30s HTTP/1.1\r\nhost: a\r\n{JSON}\r\ncontent-length: {}\r\n\r\n", body.len());
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(first.as_bytes()).unwrap();
    let other = padded(4 << 20);
    let is_kept_out = || {
        let answer = server.post("/validate?timeout=2s", &other);
        answer.review();
        answer.body.contains("too many large requests at once")
    };
    // The first ones may be quicker than what has half come.
    assert!((0..8).any(|_| is_kept_out()), "large bodies are read side by side");
    assert!(!server.post("/validate", padded(100)).is_allowed());
    assert!(!send(&mut slow, rest, b"").is_allowed());
}

/// Fails unless a body of 33 MiB is undecided, and the connection goes on.
pub fn is_too_large(server: &Server, is_allowed: bool) {
    let mut connection = server.connect();
    let answer = post_over(&mut connection, "/validate", JSON, padded(33 << 20).as_bytes());
    assert!(answer.body.contains("more than 32 MiB"), "{answer:?}");
    assert_eq!(answer.is_allowed(), is_allowed, "{answer:?}");
    // The body was read to its end.
    let answer = post_over(&mut connection, "/validate", JSON, padded(1000).as_bytes());
    assert!(!answer.is_allowed());
}

/// Fails unless a head that never ends is hung up on in this time, whereas an idle connection is not.
pub fn a_slow_head_is_hung_up_on(server: &Server, patience: Duration) {
    let (mut idle, mut slow, body) = (server.connect(), server.connect(), padded(100));
    post_over(&mut idle, "/validate", JSON, body.as_bytes()).review();
    slow.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    slow.write_all(b"POST /validate HTTP/1.1\r\nhost: a\r\n").unwrap();
    let start = Instant::now();
    // Each byte is a sign of life, and buys no time.
    while slow.write_all(b"x").is_ok() && !matches!(slow.read(&mut [0; 64]), Ok(0)) {
        assert!(start.elapsed() < patience, "it may take for ever");
    }
    post_over(&mut idle, "/validate", JSON, body.as_bytes()).review();
}

/// Fails unless a connection that was idle for a second takes another request.
pub fn an_idle_connection_is_kept(server: &Server) {
    let (mut idle, body) = (server.connect(), padded(100));
    for _ in 0..2 {
        post_over(&mut idle, "/validate", JSON, body.as_bytes()).review();
        thread::sleep(Duration::from_secs(1));
    }
}

/// Fails unless a client that says nothing is hung up on within three seconds.
pub fn a_silent_client_is_hung_up_on(server: &Server) {
    let mut silent = server.connect();
    silent.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let read = silent.read(&mut [0; 64]);
    assert!(matches!(read, Ok(0)), "{read:?}");
}

#[test]
fn a_violator_with_padding_is_denied() {
    let (server, _folder) = serve("admission: {mode: enforce}\n");
    padding_helps_nobody(&server);
    large_bodies_are_read_one_at_a_time(&server);
}

#[test]
fn what_is_too_large_is_undecided_and_no_error() {
    for (reaction, is_allowed) in [("warn", true), ("deny", false)] {
        let (server, _folder) = serve(&format!("admission: {{mode: enforce, undecided: {reaction}}}\n"));
        is_too_large(&server, is_allowed);
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
    a_slow_head_is_hung_up_on(&server, PATIENCE);
    an_idle_connection_is_kept(&server);
}
