//! A server's life: it is ready, is told of a new configuration, and ends.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use seaworthy_tests::artifacts;

use crate::look_ups::until;
use crate::reviews::{create, deployment, serve};
use crate::server::{Server, goes_red, post_over, review};
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
fn a_new_bundle_counts_as_a_whole_and_a_bad_one_does_not() {
    let modules = artifacts::modules();
    let folder = Folder::of("rules/one.wasm", &modules["run-as-non-root"]);
    let server = Server::start(&folder, &["--bundle", "rules"]);
    let status = |rule: &str| {
        server.post(&format!("/validate/{rule}"), review(&create(&deployment("web:1.2.3", true))).to_string()).status
    };
    assert_eq!((status("run-as-non-root"), status("immutable-image-tag")), (200, 404));
    // Half of a module is not used, and a server with good rules keeps them.
    let path = folder.path().join("rules/other.wasm");
    let module = &modules["immutable-image-tag"];
    fs::write(&path, &module[..module.len() / 2]).unwrap();
    let line = server.wait_for("the old configuration is kept: ");
    assert!(line.contains("other.wasm"), "{line}");
    assert_eq!((status("run-as-non-root"), status("immutable-image-tag")), (200, 404));
    fs::write(&path, module).unwrap();
    until("the new rule is there", || status("immutable-image-tag") == 200);
    fs::remove_file(folder.path().join("rules/one.wasm")).unwrap();
    until("the old rule is gone", || status("run-as-non-root") == 404);
}

#[test]
fn a_module_that_cannot_be_used_is_named_and_the_others_serve() {
    let modules = artifacts::modules();
    let folder = Folder::of("rules/one.wasm", &modules["run-as-non-root"]).and("rules/bad.wasm", "no module");
    let server = Server::start(&folder, &["--bundle", "rules"]);
    server.wait_for("rules/bad.wasm is not a WebAssembly module; the rule is not served");
    assert!(
        server.get("/readyz").status == 200
            && server.ask(&create(&deployment("web:1.2.3", true))).warnings().len() == 1
    );
}

#[test]
fn a_hangup_has_it_read_again_at_once() {
    let (server, folder) = serve("admission: {mode: warn}\n");
    // A look at the files that nobody asked for is silent where nothing has changed.
    server.signal(Signal::HUP);
    server.wait_for("the configuration was read again: nothing has changed");
    fs::write(folder.path().join("seaworthy.yaml"), "admission: {mode: enforce}\n").unwrap();
    server.signal(Signal::HUP);
    server.wait_for("the configuration was replaced");
    assert!(denies(&server));
    assert_eq!(server.get("/healthz").status, 200, "it does not end by that");
}

#[test]
fn a_bad_configuration_does_not_even_start() {
    let folder = Folder::of("seaworthy.yaml", "admission: {modus: enforce}\n");
    for (arguments, says) in [
        (&["--plain-http", "--config", "seaworthy.yaml"][..], "`modus` is not known here"),
        (
            &["--tls-cert", "none.crt", "--tls-key", "none.key"],
            "--tls-cert none.crt cannot be read: No such file or directory (os error 2); give a PEM file",
        ),
        (&["--tls-cert", "seaworthy.yaml", "--tls-key", "none.key"], "--tls-key none.key cannot be read: No such file"),
        (&["--plain-http", "--address", "localhost:80"], "expected an IP address and a port, such as 127.0.0.1:8080"),
        (&["--plain-http", "--address", "192.0.2.1:8443"], "listening on 192.0.2.1:8443: "),
        (&[], "--tls-cert"),
    ] {
        let run = folder.run(&[&["serve"], arguments].concat());
        assert!(run.code == Some(2) && run.err.contains(says), "{arguments:?}: {run:?}");
    }
}

/// Fails unless a server that is told to end answers whoever has not heard of it.
fn ends_well(server: Server) {
    let body = review(&create(&deployment("web:1.2.3", true))).to_string();
    let mut connection = server.connect();
    let json = "content-type: application/json";
    assert!(post_over(&mut connection, "/validate", json, body.as_bytes()).is_allowed());
    server.signal(Signal::TERM);
    server.wait_for("stopping: /readyz answers 503");
    // On an old connection and on a new one.
    thread::sleep(Duration::from_millis(200));
    assert_eq!((server.get("/readyz").status, server.get("/healthz").status), (503, 200));
    assert!(post_over(&mut connection, "/validate", json, body.as_bytes()).is_allowed());
    assert!(server.post("/validate", &body).is_allowed());
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn an_end_lets_nobody_in_that_it_does_not_answer() {
    let folder = Folder::new();
    let drained = |seconds: &str| Server::start(&folder, &["--drain-seconds", seconds]);
    ends_well(drained("3"));
    goes_red(|| ends_well(drained("0")));
}
