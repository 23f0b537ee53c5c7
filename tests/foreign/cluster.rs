//! Look-ups answered by a cluster: the small API server of the audit's tests.

use serde_json::{Value, json};

use crate::policies::{TARGETS, asking, metadata, sdk_policy, shop};
use crate::server::{Kind, Objects, Server};
use crate::support::Run;

/// A cluster in which another owner has the namespace than the files say.
fn cluster() -> Server {
    let namespace = json!({"metadata": {"name": "shop", "uid": "1", "labels": {"owner": "cleo"}}});
    let [api_version, kind, plural] = ["v1", "Namespace", "namespaces"].map(str::to_owned);
    Server::of(vec![Kind { api_version, kind, plural, is_namespaced: false, objects: Objects::Given(vec![namespace]) }])
}

fn check(server: &Server, module: &[u8], more: &[&str]) -> Run {
    let kubeconfig = server.kubeconfig().display().to_string();
    let folder = shop().and("owner.wasm", module);
    let arguments = ["check", "k8s", "--no-rules", "--policy", "owner.wasm", "--cluster", "--kubeconfig", &kubeconfig];
    folder.run(&[&arguments, more].concat())
}

#[test]
fn with_a_cluster_look_ups_are_its_to_answer() {
    for target in TARGETS {
        let server = cluster();
        let run = check(&server, &sdk_policy(target), &["--allow", "kubernetes/*"]);
        assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
        assert!(run.out.contains("+    owner: cleo\n"), "{}", run.out);
        assert!(
            server.requests().iter().any(|request| request.contains("/namespaces/shop")),
            "{:?}",
            server.requests()
        );
    }
}

#[test]
fn a_cluster_says_who_may_do_what() {
    let mut declaring: Value = metadata();
    declaring["hostCapabilities"] = json!(["kubernetes/can_i"]);
    let payload = r#"{"subject_access_review":{"groups":null,"user":"admin","resource_attributes":{"verb":"get","resource":"pods"}},
                      "disable_cache":false}"#;
    let module = asking("kubernetes", "can_i", payload, &declaring);
    check(&cluster(), &module, &["--allow", "kubernetes/can_i"]).with(0);
    let denied = check(&cluster(), &module, &["--allow", "kubernetes/get_resource"]);
    assert_eq!(denied.code, Some(1));
}

#[test]
fn a_cluster_is_not_asked_without_leave() {
    let server = cluster();
    let run = check(&server, &sdk_policy(TARGETS[0]), &["--allow", "net/*"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("the configuration does not allow kubernetes/get_resource"), "{}", run.out);
    assert!(!server.requests().iter().any(|request| request.contains("/namespaces/")), "{:?}", server.requests());
}

#[test]
fn a_cluster_that_is_not_there_is_said() {
    let folder = shop().and("owner.wasm", sdk_policy(TARGETS[0]));
    let arguments = ["check", "k8s", "--no-rules", "--policy", "owner.wasm", "--cluster", "--kubeconfig", "nowhere"];
    let said = folder.run(&[&arguments[..], &["--allow", "*"]].concat()).complaint();
    assert!(said.contains("the cluster cannot be asked: "), "{said}");
}
