//! Servers that refuse, fail, or never end their answer: tried again where that helps, and otherwise said, with exit code 2.

use crate::server::{Fault, Server};
use crate::{ALONE, BUDGET, audit, audited, budget, budgets, deployment, deployments, judged_by, namespaces};

fn shop() -> Server {
    Server::of(vec![
        deployments(vec![deployment("shop", "web", 2, true)]),
        budgets(vec![budget("shop", "web")]),
        namespaces(&["shop"]),
    ])
}

fn refused(times: usize, code: u16, retry_after: Option<u32>) -> Fault {
    Fault::Refused { times, code, retry_after }
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_and_a_failing_one_a_little_later() {
    for fault in [refused(1, 429, Some(1)), refused(2, 500, None), refused(1, 503, Some(0)), refused(1, 504, None)] {
        let server = shop();
        server.fails("deployments", fault.clone());
        let (code, audit) = audited(&server, &["--rule", ALONE]);
        assert_eq!((code, judged_by(&audit, ALONE)), (Some(0), vec!["shop/web".to_owned()]), "{fault:?}");
    }
}

#[test]
fn a_server_that_goes_on_failing_leaves_the_audit_undecided() {
    let server = shop();
    server.fails("deployments", refused(usize::MAX, 500, Some(0)));
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!(code, Some(2));
    let problem = audit["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("Deployment.apps cannot be checked: the API server failed (500)"), "{problem}");
    let asked = server.requests().iter().filter(|request| request.contains("/deployments?")).count();
    assert_eq!(asked, 5, "a bounded number of retries");
}

#[test]
fn a_kind_that_may_not_be_listed_is_named_and_leaves_the_audit_undecided() {
    let server = shop();
    server.fails("deployments", refused(usize::MAX, 403, None));
    let run = audit(&server, &["--rule", ALONE]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("problem: Deployment.apps cannot be checked: forbidden (403)"), "{}", run.out);
    assert!(run.out.contains("Not everything could be checked"), "{}", run.out);
    let asked = server.requests().iter().filter(|request| request.contains("/deployments?")).count();
    assert_eq!(asked, 1, "what is forbidden stays so");
}

#[test]
fn what_may_not_be_looked_up_is_named_and_never_called_missing() {
    let server = shop();
    server.fails("poddisruptionbudgets", refused(usize::MAX, 403, None));
    let (_, audit) = audited(&server, &["--rule", BUDGET]);
    let results = audit["results"].as_array().unwrap();
    let of_web = results.iter().find(|result| result["object"]["name"] == "web").unwrap();
    assert_eq!(of_web["verdict"], "unknown");
    assert!(of_web["reason"].as_str().unwrap().contains("PodDisruptionBudget cannot be seen"), "{of_web}");
    assert_eq!(audit["unseen"][0]["kind"], "PodDisruptionBudget.policy");
}

#[test]
fn who_may_see_one_namespace_alone_is_answered_within_it() {
    let server = shop();
    // The list of the whole cluster is refused, the one of the namespace is not.
    server.fails("poddisruptionbudgets", refused(1, 403, None));
    let (code, audit) = audited(&server, &["--rule", BUDGET, "--namespace", "shop"]);
    let results = audit["results"].as_array().unwrap();
    let of_web = results.iter().find(|result| result["object"]["name"] == "web").unwrap();
    assert_eq!((code, of_web["verdict"].as_str()), (Some(0), Some("pass")), "{audit:#}");
    assert!(audit["unseen"][0]["reason"].as_str().unwrap().contains("but for the namespaces"), "{}", audit["unseen"]);
}

#[test]
fn an_answer_that_never_comes_or_never_ends_is_not_waited_for() {
    for fault in [Fault::Silent, Fault::Unfinished, Fault::Endless] {
        let server = shop();
        server.fails("deployments", fault.clone());
        let run = audit(&server, &["--rule", ALONE, "--format", "json", "--request-timeout", "1"]);
        assert_eq!(run.code, Some(2), "{fault:?}");
        assert!(
            run.out.contains("no whole answer in 1 s") || run.out.contains("an answer of more than"),
            "{}",
            run.out
        );
        assert!(run.peak < 400 << 10, "{fault:?}: {} KiB", run.peak);
    }
}

#[test]
fn what_is_no_list_and_what_has_no_name_leaves_the_audit_undecided() {
    let server = shop();
    server.fails("deployments", Fault::NoList);
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!((code, audit["problems"].to_string().contains("it is no list")), (Some(2), true), "{audit:#}");
    let mut nameless = deployment("shop", "web", 1, true);
    nameless["metadata"].as_object_mut().unwrap().remove("name");
    let server = Server::of(vec![deployments(vec![nameless])]);
    let (code, audit) = audited(&server, &["--rule", ALONE]);
    assert_eq!((code, audit["problems"].to_string().contains("without a name")), (Some(2), true), "{audit:#}");
}

#[test]
fn an_answer_that_never_ends_is_read_so_far_and_smaller_pages_are_asked_for() {
    let server = shop();
    server.fails("deployments", Fault::Endless);
    let run = audit(&server, &["--rule", ALONE, "--request-timeout", "60"]);
    assert_eq!((run.code, run.out.contains("an answer of more than 64 MiB")), (Some(2), true), "{}", run.out);
    let limits = server.requests().into_iter().filter(|request| request.contains("/deployments?"));
    let limits: Vec<String> = limits.map(|request| request.split_once("limit=").unwrap().1.to_owned()).collect();
    assert_eq!(limits, ["250", "125", "62", "31", "15", "7", "3", "1"]);
}

#[test]
fn nowhere_to_go_is_said_with_what_to_do() {
    let none = crate::support::Folder::new();
    let said = none.run(&["audit"]).complaint();
    assert!(said.contains("--kubeconfig or set KUBECONFIG"), "{said}");
    let said = none.run(&["audit", "--kubeconfig", "nowhere"]).complaint();
    assert!(said.contains("nowhere cannot be read"), "{said}");
    let broken = crate::support::Folder::of("config", "users: [{name: a, user: {token: hunter2}}\n");
    let said = broken.run(&["audit", "--kubeconfig", "config"]).complaint();
    assert!(said.contains("not valid YAML") && !said.contains("hunter2"), "{said}");
    let server = shop();
    let said = audit(&server, &["--context", "prod"]).complaint();
    assert!(said.contains("no context `prod`"), "{said}");
    let said = audit(&server, &["--namespace", "shopp"]).complaint();
    assert!(said.contains("there is no namespace `shopp`; did you mean `shop`?"), "{said}");
    let said = audit(&server, &["--write"]).complaint();
    assert!(said.contains("--format policy-report"), "{said}");
}
