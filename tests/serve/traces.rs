//! Traces: what a collector is sent of a review.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;

use crate::reviews::{create, deployment};
use crate::server::{PATIENCE, Server, review};
use crate::support::Folder;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A collector that takes one request, and gives its first line and its body.
fn collector() -> (String, thread::JoinHandle<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taking = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut reader = BufReader::new(&stream);
        let head: Vec<String> =
            reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap()];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        (head[0].clone(), serde_json::from_slice(&body).unwrap())
    });
    (url, taking)
}

#[test]
fn a_review_is_a_span_below_the_api_servers_and_holds_nothing_of_the_object() {
    let (url, taking) = collector();
    let server = Server::start(&Folder::new(), &["--otlp-endpoint", &url]);
    let body = review(&create(&deployment("secret-image:latest", true))).to_string();
    let header =
        |flags: &str| format!("content-type: application/json\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b7-{flags}");
    assert!(server.post_as("/validate/immutable-image-tag", &header("00"), &body).is_allowed());
    assert!(server.post_as("/validate/run-as-non-root", &header("01"), &body).is_allowed());
    let (line, sent) = taking.join().unwrap();
    assert!(line.starts_with("POST /v1/traces "), "{line}");
    let spans = sent["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["validate", "run-as-non-root"], "who does not want it gets none");
    assert!(
        spans.iter().all(|span| span["traceId"] == TRACE) && spans[0]["parentSpanId"] == "00f067aa0ba902b7",
        "{sent:#}"
    );
    assert_eq!(spans[1]["parentSpanId"], spans[0]["spanId"]);
    let text = sent.to_string();
    assert!(!text.contains("secret-image") && !text.contains("shop") && !text.contains("\"web\""), "{text}");
}

#[test]
fn a_collector_that_is_not_there_costs_no_review() {
    let server = Server::start(&Folder::new(), &["--otlp-endpoint", "http://127.0.0.1:1"]);
    let body = review(&create(&deployment("web:1.2.3", false))).to_string();
    assert!(server.post("/validate", &body).is_allowed());
    server.wait_for("traces are lost: ");
    assert!(server.post("/validate", &body).is_allowed());
}
