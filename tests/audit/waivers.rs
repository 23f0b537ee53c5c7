//! Waivers that no longer count, and unused ones, are told at the end of an audit as at the end of a check.

use crate::server::{Fault, Server};
use crate::support::Folder;
use crate::{ALONE, audit, deployment, deployments, namespaces};

/// A waiver of [`ALONE`] for a Deployment.
fn waiver(name: &str, namespace: &str, until: &str) -> String {
    format!(
        "- {{rule: {ALONE}, object: {{kind: Deployment, name: {name}, namespace: {namespace}}}, by: ana, why: it moves, \
         until: {until}}}\n"
    )
}

/// What an audit of two Deployments, of which `shop/web` needs a waiver, says of waivers.
fn told(server: &Server, arguments: &[&str]) -> Vec<String> {
    let all = [
        waiver("web", "shop", "9999-01-01"),
        waiver("api", "shop", "9999-01-01"),
        waiver("gone", "other", "9999-01-01"),
        waiver("old", "shop", "2020-01-01"),
    ];
    let folder = Folder::of("config.yaml", format!("longest_waiver_days: 4000000\nwaivers:\n{}", all.concat()));
    let config = folder.path().join("config.yaml").display().to_string();
    let run = audit(server, &[&["--rule", ALONE, "--config", &config], arguments].concat());
    let told = run.out.lines().filter(|line| line.contains("by ana"));
    // What stands in brackets is the place of the configuration.
    told.map(|line| line.split(" (").next().unwrap_or_default().to_owned()).collect()
}

fn server() -> Server {
    let web = deployment("shop", "web", 1, false);
    Server::of(vec![namespaces(&["shop", "other"]), deployments(vec![web, deployment("shop", "api", 1, true)])])
}

const EXPIRED: &str = "expired: the waiver of run-as-non-root for Deployment shop/old, by ana, ended on 2020-01-01: no finding matches it";
const API: &str = "unused waiver of run-as-non-root for Deployment shop/api, by ana: no finding matches it";
const GONE: &str = "unused waiver of run-as-non-root for Deployment other/gone, by ana: no finding matches it";

#[test]
fn expired_and_unused_waivers_are_told_and_those_that_are_needed_are_not() {
    assert_eq!(told(&server(), &[]), [EXPIRED, API, GONE]);
}

#[test]
fn a_waiver_for_what_was_not_judged_is_not_called_unused() {
    assert_eq!(told(&server(), &["--namespace", "shop"]), [EXPIRED, API]);
    assert_eq!(told(&server(), &["--skip", ALONE, "--rule", "signed-image"]), [EXPIRED]);
    let server = server();
    server.fails("deployments", Fault::Refused { times: usize::MAX, code: 403, retry_after: None });
    assert_eq!(told(&server, &[]), [EXPIRED]);
}
