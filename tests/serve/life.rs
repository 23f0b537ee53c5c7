//! A server's life: it is ready, is told of a new configuration, and ends.

use std::fs;

use rustix::process::Signal;

use crate::reviews::{create, deployment, serve};
use crate::server::{Server, post_over, review};
use crate::support::Folder;

fn denies(server: &Server) -> bool {
    !server.ask(&create(&deployment("web:1.2.3", true))).is_allowed()
}

#[test]
fn a_new_configuration_counts_and_a_bad_one_does_not() {
    let (server, folder) = serve("admission: {mode: warn}\n");
    let write = |text: &str| fs::write(folder.path().join("seaworthy.yaml"), text).unwrap();
    assert!(!denies(&server));
    write("admission: {mode: enforce}\n");
    server.wait_for("the configuration was replaced");
    assert!(denies(&server));
    write("admission: {mode: of-course}\n");
    let line = server.wait_for("the old configuration is kept");
    assert!(line.contains("seaworthy.yaml:1:19: a mode is one of enforce, warn, audit"), "{line}");
    assert!(denies(&server));
    // A setting that its rule refuses is as bad.
    write("rules: {container-resources: {settings: {memory_max: lots}}}\n");
    server.wait_for("the settings of container-resources are refused");
    assert!(denies(&server) && server.get("/readyz").status == 200);
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains(r#"seaworthy_reloads_total{what="configuration",result="loaded"} 1"#), "{metrics}");
}

#[test]
fn a_bad_configuration_does_not_even_start() {
    let folder = Folder::of("seaworthy.yaml", "admission: {modus: enforce}\n");
    for (arguments, says) in [
        (&["--plain-http", "--config", "seaworthy.yaml"][..], "`modus` is not known here"),
        (&["--tls-cert", "none.crt", "--tls-key", "none.key"], "none.crt: No such file"),
        (&["--plain-http", "--address", "127.0.0.1:http"], "invalid value"),
        (&["--plain-http", "--address", "192.0.2.1:8443"], "listening on 192.0.2.1:8443: "),
        (&[], "--tls-cert"),
    ] {
        let run = folder.run(&[&["serve"], arguments].concat());
        assert!(run.code == Some(2) && run.err.contains(says), "{arguments:?}: {run:?}");
    }
}

#[test]
fn an_end_lets_nobody_in_that_it_does_not_answer() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--drain-seconds", "2"]);
    let body = review(&create(&deployment("web:1.2.3", true))).to_string();
    let mut connection = server.connect();
    let json = "content-type: application/json";
    assert!(post_over(&mut connection, "/validate", json, body.as_bytes()).is_allowed());
    server.signal(Signal::TERM);
    server.wait_for("not ready any more");
    // Whoever has not heard of it yet is answered, on an old connection and on a new one.
    assert_eq!((server.get("/readyz").status, server.get("/healthz").status), (503, 200));
    assert!(post_over(&mut connection, "/validate", json, body.as_bytes()).is_allowed());
    assert!(server.post("/validate", &body).is_allowed());
    assert_eq!(server.wait(), Some(0));
}
