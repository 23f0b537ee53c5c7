//! Registries that send us elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::forged::pull;
use crate::hostile::{Answer, Hostile, WASM, wasm};
use crate::support::{Folder, run};
use crate::tls::{Clients, Front};

#[test]
fn a_redirect_within_the_registry_is_followed() {
    let server = Hostile::start();
    server.module("v1", &wasm(b"module"));
    server.answers(|asked| {
        asked.strip_prefix("HEAD manifests/v2").map(|_| Answer::redirect("/v2/shop/rules/manifests/v1"))
    });
    pull(&server.name("v2")).with(0);
}

#[test]
fn a_loop_of_redirects_ends() {
    let server = Hostile::start();
    server.answers(|_| Some(Answer::redirect("/v2/shop/rules/manifests/v1")));
    let said = pull(&server.name("v1")).complaint();
    assert!(said.contains("more than 5 redirects"), "{said}");
    assert_eq!(server.asked().len(), 6);
}

#[test]
fn nobody_is_asked_at_another_host_over_http() {
    for status in [301, 302, 303, 307, 308] {
        let (server, elsewhere) = (Hostile::start(), Hostile::start());
        let digest = elsewhere.module("v1", &wasm(b"module"));
        server.module("v1", &wasm(b"module"));
        let to = format!("http://{}/v2/shop/rules/manifests/{digest}", elsewhere.host);
        server.answers(move |asked| {
            let away = Answer { status, ..Answer::redirect(&to) };
            asked.starts_with("GET manifests/").then_some(away)
        });
        let said = pull(&server.name("v1")).complaint();
        assert!(said.contains("is another host, over http"), "{said}");
        assert_eq!(elsewhere.asked(), Vec::<String>::new());
    }
}

#[test]
fn only_http_is_followed() {
    for to in ["file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/a", "data:,a", "//[", ""] {
        let server = Hostile::start();
        server.answers(move |_| Some(Answer::redirect(to)));
        let said = pull(&server.name("v1")).complaint();
        assert!(said.contains("leads elsewhere"), "{to}: {said}");
    }
}

#[test]
fn a_password_is_sent_to_no_token_server_that_the_registry_makes_up() {
    let (server, elsewhere) = (Hostile::start(), Hostile::start());
    let realm = format!("http://{}/token", elsewhere.host);
    server.answers(move |_| {
        let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
        Some(Answer::status(401).header("WWW-Authenticate", &challenge))
    });
    let said = with_login(&server).complaint();
    assert!(said.contains("neither https nor the registry itself"), "{said}");
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[test]
fn a_password_is_not_sent_on_by_a_token_server() {
    let (server, elsewhere) = (Hostile::start(), Hostile::start());
    let (realm, away) = (format!("http://{}/token", server.host), format!("http://{}/token", elsewhere.host));
    server.answers(move |asked| {
        if asked.starts_with("GET /token") {
            return Some(Answer::redirect(&away));
        }
        Some(Answer::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\"")))
    });
    let said = with_login(&server).complaint();
    assert!(said.contains("a password is not sent on"), "{said}");
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

#[test]
fn credentials_do_not_go_along_where_a_redirect_leads() {
    let (server, elsewhere) = (Hostile::start(), Hostile::start());
    let front = Front::before(elsewhere.host.parse().unwrap(), "127.0.0.1", Clients::Any);
    let (content, to) = (wasm(b"module"), format!("https://{}", front.address));
    server.module("v1", &content);
    elsewhere.blob(WASM, &content);
    let (blob, wants_more) =
        (format!("/v2/shop/rules/blobs/{}", registry::Digest::of(&content)), Arc::new(AtomicBool::new(false)));
    let challenge = || Answer::status(401).header("WWW-Authenticate", "Basic realm=\"r\"");
    let is_first = AtomicBool::new(true);
    server.answers(move |asked| {
        if is_first.swap(false, Ordering::SeqCst) {
            return Some(challenge());
        }
        asked.starts_with("GET blobs/").then(|| Answer::redirect(&format!("{to}{blob}")))
    });
    let wanted = Arc::clone(&wants_more);
    elsewhere.answers(move |_| wanted.load(Ordering::SeqCst).then(challenge));
    let folder = logged_in(&server).and("ca.crt", &front.authority);
    let pull = || {
        let mut command = folder.command(&["pull", &server.name("v1"), "--output", "out"]);
        let command = command.env("DOCKER_CONFIG", folder.path().join("docker"));
        run(command.env("SSL_CERT_FILE", folder.path().join("ca.crt")), "")
    };
    pull().with(0);
    assert!(server.asked().iter().any(|head| head.contains("Basic YW5hOmh1bnRlcjI=")));
    // Nor does who is there get any for asking.
    wants_more.store(true, Ordering::SeqCst);
    assert!(pull().complaint().contains("is not for us"));
    let asked = elsewhere.asked();
    assert!(
        asked.len() == 2 && asked.iter().all(|head| !head.to_ascii_lowercase().contains("authorization")),
        "{asked:?}"
    );
}

#[test]
fn a_token_is_got_and_sent_to_the_registry_alone() {
    let server = Hostile::start();
    let digest = server.module("v1", &wasm(b"module"));
    let realm = format!("http://{}/token", server.host);
    let asked_before = std::sync::atomic::AtomicBool::new(false);
    server.answers(move |asked| {
        if asked.starts_with("GET /token") {
            return Some(Answer::of(r#"{"access_token": "sesame"}"#));
        }
        let is_first = !asked_before.swap(true, std::sync::atomic::Ordering::SeqCst);
        is_first.then(|| {
            Answer::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\",service=\"a b\""))
        })
    });
    let out = with_login(&server).with(0);
    assert!(out.contains(&digest.to_string()));
    let asked = server.asked();
    assert!(asked[1].starts_with("GET /token?service=a+b&scope=repository%3Ashop%2Frules%3Apull HTTP"), "{}", asked[1]);
    assert!(asked[1].contains("Basic YW5hOmh1bnRlcjI="), "{}", asked[1]);
    assert!(asked[2..].iter().all(|head| head.contains("Bearer sesame")), "{asked:?}");
}

#[test]
fn tokens_that_are_none_are_refused_without_being_shown() {
    for token in ["", "{}", "[]", r#"{"token": ""}"#, r#"{"token": "hunter2\r\nX: y"}"#, r#"{"token": ["hunter2"]}"#] {
        let server = Hostile::start();
        let realm = format!("http://{}/token", server.host);
        server.answers(move |asked| {
            if asked.starts_with("GET /token") {
                return Some(Answer::of(token));
            }
            Some(Answer::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\"")))
        });
        let said = with_login(&server).complaint();
        assert!(said.contains("the token of") && !said.contains("hunter2"), "{token}: {said}");
    }
    let server = Hostile::start();
    let realm = format!("http://{}/token", server.host);
    server.answers(move |asked| {
        if asked.starts_with("GET /token") {
            return Some(Answer::of("").endless());
        }
        Some(Answer::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\"")))
    });
    assert!(with_login(&server).complaint().contains("larger than the 65536 bytes"));
    assert!(server.sent() < 16 << 20);
}

/// Where somebody has logged in there as `ana` with the password `hunter2`.
fn logged_in(server: &Hostile) -> Folder {
    let auths = format!(r#"{{"auths": {{"{}": {{"auth": "YW5hOmh1bnRlcjI="}}}}}}"#, server.host);
    Folder::of("docker/config.json", auths)
}

/// A pull by them.
fn with_login(server: &Hostile) -> crate::support::Run {
    let folder = logged_in(server);
    run(folder.command(&["pull", &server.name("v1")]).env("DOCKER_CONFIG", folder.path().join("docker")), "")
}
