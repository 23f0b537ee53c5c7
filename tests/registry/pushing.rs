//! Registries that answer a push with too much, lead it elsewhere, or lie about what they have taken.

use crate::hostile::{Answer, Hostile};
use crate::support::{Folder, Run, run};

/// What the system takes for a reader that has gone, in MiB.
const BUFFERS_MIB: u64 = 16;

/// A registry that takes whatever it is given, where the script has no other answer.
fn taking(script: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Hostile {
    let server = Hostile::start();
    server.answers(move |asked| {
        script(asked).or_else(|| match asked.split(' ').next()? {
            "POST" => Some(Answer::status(202).header("Location", "/v2/shop/rules/blobs/uploads/1?state=a")),
            "PUT" => Some(Answer::status(201)),
            _ => None,
        })
    });
    server
}

/// Pushes a module as somebody who has logged in there as `ana` with the password `hunter2`.
fn push(server: &Hostile) -> Run {
    let auths = format!(r#"{{"auths": {{"{}": {{"auth": "YW5hOmh1bnRlcjI="}}}}}}"#, server.host);
    let (_, module) = seaworthy_tests::artifacts::modules().pop_first().unwrap();
    let folder = Folder::of("docker/config.json", auths).and("module.wasm", module);
    let mut command = folder.command(&["push", "module.wasm", &server.name("v1")]);
    run(command.env("DOCKER_CONFIG", folder.path().join("docker")), "")
}

/// Whether the request has credentials.
fn has_credentials(head: &str) -> bool {
    head.to_ascii_lowercase().contains("\nauthorization:")
}

fn basic() -> Answer {
    Answer::status(401).header("WWW-Authenticate", "Basic realm=\"r\"")
}

#[test]
fn what_a_registry_answers_to_a_push_is_not_read_to_its_end() {
    for method in ["HEAD", "POST", "PUT"] {
        for status in [200, 202, 400, 500] {
            let server =
                taking(move |asked| asked.starts_with(method).then(|| Answer { status, ..Answer::of("").endless() }));
            let run = push(&server);
            assert_eq!(run.code, Some(2), "{method} {status}: {run:?}");
            assert!(server.sent() < (4 * BUFFERS_MIB) << 20, "{method} {status}: {} bytes were read", server.sent());
        }
    }
}

#[test]
fn an_upload_goes_to_no_other_host_over_http() {
    let elsewhere = Hostile::start();
    let to = format!("http://{}/upload", elsewhere.host);
    for status in [202, 307] {
        let to = to.clone();
        let server =
            taking(move |asked| asked.starts_with("POST").then(|| Answer::status(status).header("Location", &to)));
        let said = push(&server).complaint();
        assert!(said.contains("is another host, over http"), "{said}");
    }
    for to in ["file:///tmp/a", "https://ana:hunter2@r.example/a", ""] {
        let server = taking(move |asked| {
            let nowhere = Answer::status(202);
            asked.starts_with("POST").then(|| if to.is_empty() { nowhere } else { nowhere.header("Location", to) })
        });
        let said = push(&server).complaint();
        assert!(said.contains("leads elsewhere") && !said.contains("hunter2"), "{said}");
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[test]
fn credentials_are_sent_once_the_registry_wants_them_and_to_nobody_else() {
    let asked_before = std::sync::atomic::AtomicBool::new(false);
    let server = taking(move |asked| {
        let is_first = asked.starts_with("POST") && !asked_before.swap(true, std::sync::atomic::Ordering::SeqCst);
        is_first.then(basic)
    });
    push(&server).complaint();
    let asked = server.asked();
    let first = asked.iter().position(|head| has_credentials(head)).expect("they were sent");
    assert!(asked[first].starts_with("POST") && first == 2, "{asked:?}");
    assert!(
        asked[first..]
            .iter()
            .filter(|head| !head.starts_with("HEAD /v2/shop/rules/manifests"))
            .all(|head| has_credentials(head))
    );
}

#[test]
fn a_token_that_expires_meanwhile_is_got_anew() {
    let (tokens, uses) = (std::sync::atomic::AtomicUsize::new(0), std::sync::atomic::AtomicUsize::new(0));
    let host = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let known = std::sync::Arc::clone(&host);
    let server = taking(move |asked| {
        use std::sync::atomic::Ordering::SeqCst;
        if asked.starts_with("GET /token") {
            return Some(Answer::of(format!(r#"{{"token": "t{}"}}"#, tokens.fetch_add(1, SeqCst))));
        }
        // Each is good for two requests.
        let challenge = format!("Bearer realm=\"http://{}/token\"", known.lock().unwrap());
        let is_writing = asked.starts_with("P") || asked.contains("blobs/");
        (is_writing && uses.fetch_add(1, SeqCst) % 3 == 0)
            .then(|| Answer::status(401).header("WWW-Authenticate", &challenge))
    });
    host.lock().unwrap().clone_from(&server.host);
    push(&server).complaint();
    let asked = server.asked();
    assert!(asked.iter().any(|head| head.starts_with("PUT /v2/shop/rules/manifests/v1")), "{asked:?}");
    let tokens: Vec<&String> = asked.iter().filter(|head| head.starts_with("GET /token")).collect();
    assert!(tokens.len() > 1 && tokens.iter().all(|head| head.contains("pull%2Cpush")), "{tokens:?}");
}

#[test]
fn a_registry_that_says_not_where_a_manifest_is_has_it_all_the_same() {
    // Some do not say it; the modules of a bundle are pushed by their digests.
    let server = taking(|_| None);
    let folder = crate::bundles::usual_folder();
    let said = folder.run(&["push", "--bundle", "bundle", &server.name("v1")]).complaint();
    assert!(said.contains("does not exist"), "it is looked for: {said}");
    let put = server.asked().into_iter().filter(|head| head.starts_with("PUT /v2/shop/rules/manifests/")).count();
    assert_eq!(put, 4);
}

#[test]
fn a_registry_that_has_something_else_at_the_tag_is_told_on() {
    let server = taking(|_| None);
    let other = server.module("v1", &crate::hostile::wasm(b"other"));
    let said = push(&server).complaint();
    assert!(said.contains(&format!("the registry has {other} at the tag")), "{said}");
}

#[test]
fn what_is_there_is_not_sent_again() {
    let server = taking(|_| None);
    let module = seaworthy_tests::artifacts::modules().pop_first().unwrap().1;
    server.blob("application/vnd.wasm.content.layer.v1+wasm", &module);
    server.blob("application/vnd.wasm.config.v1+json", b"{}");
    push(&server).complaint();
    let asked = server.asked();
    assert!(asked.iter().all(|head| !head.starts_with("POST")), "{asked:?}");
    assert!(asked.iter().any(|head| head.starts_with("PUT /v2/shop/rules/manifests/v1")), "{asked:?}");
}
