//! Lists that expire, stutter and go in circles: every object is judged once, or it is said that not all were.

use crate::server::{Fault, Server};
use crate::{ALONE, audited, deployments, judged_by, many};

/// More than two pages, and no full last one.
const NUMBER: usize = 777;

fn names() -> Vec<String> {
    (0..NUMBER).map(|index| format!("n{:04}/d{index:06}", index / 100)).collect()
}

#[test]
fn every_page_is_read_and_no_object_is_judged_twice() {
    let server = Server::of(vec![many(NUMBER)]);
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(code, Some(0));
    assert_eq!(judged_by(&audit, ALONE), names());
    assert_eq!(audit["summary"]["objects"], NUMBER);
    let pages = server.requests().iter().filter(|it| it.contains("/deployments?") && it.contains("limit=")).count();
    assert!(pages >= 3, "{pages} pages");
}

#[test]
fn a_list_that_expires_goes_on_with_the_token_that_the_server_offers() {
    let server = Server::of(vec![many(NUMBER)]);
    server.fails("deployments", Fault::Expired { offers_token: true });
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(code, Some(0), "{}", audit["problems"]);
    assert_eq!(judged_by(&audit, ALONE), names());
    assert!(server.requests().iter().any(|request| request.contains("continue=250%21")), "{:?}", server.requests());
}

#[test]
fn a_list_that_expires_without_an_offer_begins_anew_and_loses_and_repeats_nothing() {
    let server = Server::of(vec![many(NUMBER)]);
    server.fails("deployments", Fault::Expired { offers_token: false });
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(code, Some(0), "{}", audit["problems"]);
    assert_eq!(judged_by(&audit, ALONE), names());
    let begun = server.requests().iter().filter(|it| it.contains("/deployments?") && !it.contains("continue=")).count();
    assert!(begun > 1, "{:?}", server.requests());
}

#[test]
fn a_list_that_goes_in_a_circle_ends_undecided() {
    let server = Server::of(vec![deployments(vec![crate::deployment("shop", "web", 1, true)])]);
    server.fails("deployments", Fault::Circle);
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(code, Some(2));
    assert_eq!(judged_by(&audit, ALONE), ["shop/web"]);
    assert!(audit["problems"][0].as_str().unwrap().contains("circle"), "{}", audit["problems"]);
}
