//! Look-ups answered by a cluster: the small API server of the audit's tests, and a real one.

use seaworthy_tests::api;
use seaworthy_tests::artifacts::target;
use serde_json::{Value, json};
use test_cluster::{Cluster, build};

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
fn a_real_cluster_answers_look_ups_too() {
    let Some(program) = build("1.36", &target().join("judge")) else {
        eprintln!("LEFT OUT: Go is not installed, so no real API server answers look-ups");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(&program).await;
        let kubeconfig = api::kubeconfig(cluster.url(), cluster.token());
        let folder = shop().and("owner.wasm", sdk_policy(TARGETS[0])).and("kubeconfig", kubeconfig);
        let look_ups = ["--cluster", "--kubeconfig", "kubeconfig", "--allow", "kubernetes/*"];
        let check = || folder.run(&[&["check", "k8s", "--no-rules", "--policy", "owner.wasm"][..], &look_ups].concat());
        let before = check();
        assert!(before.code.is_some_and(|code| code != 0) && !before.out.contains("cleo"), "{}", before.out);
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "owner": "cleo" } },
        });
        let (status, _, said) = cluster.ask("POST", "/api/v1/namespaces", "application/json", &namespace).await;
        assert_eq!(status, 201, "{said:#}");
        let after = check();
        assert_eq!(after.code, Some(1), "{}{}", after.out, after.err);
        assert!(after.out.contains("+    owner: cleo\n"), "{}", after.out);
    });
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
