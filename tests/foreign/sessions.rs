//! Sessions: recorded in kwctl's format, and played back from either tool's.

use std::fs;

use crate::policies::{TARGETS, sdk_policy, shop};
use crate::support::Folder;

const CHECK: [&str; 7] = ["check", "k8s", "--no-rules", "--policy", "owner.wasm", "--allow", "*"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&CHECK[..], more].concat()
}

fn owned(target: &str) -> Folder {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {owner: ana}}\n";
    shop().and("k8s/web.yaml", pod).and("owner.wasm", sdk_policy(target))
}

/// As `kwctl run --record-host-capabilities-interactions` writes it, byte by byte but for the object's own fields.
const RECORDED: &str = r#"- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: shop
    namespace: null
    disable_cache: false
    field_masks:
    - metadata.labels
  response:
    type: Success
    payload: '{"metadata":{"labels":{"owner":"ana"}}}'
"#;

#[test]
fn a_session_is_recorded_and_played_back() {
    for target in TARGETS {
        let folder = owned(target);
        let told = folder.run(&with(&["--record", "s.yaml"])).with(0);
        assert_eq!(fs::read_to_string(folder.path().join("s.yaml")).unwrap(), RECORDED, "{target}");
        // Without the namespace there is only the session to say who its owner is.
        fs::remove_file(folder.path().join("k8s/namespace.yaml")).unwrap();
        let again = folder.run(&with(&["--replay", "s.yaml"])).with(0);
        assert!(told.contains("1 pass") && again.contains("1 pass"), "{told}{again}");
        assert_eq!(folder.run(&CHECK).code, Some(1));
    }
}

#[test]
fn a_session_of_kwctl_is_played_back() {
    // With a payload in a block, without the fields that older versions do not have, and with an error.
    let session = "---\n- type: Exchange\n  request: |\n    !KubernetesGetResource\n    api_version: v1\n    kind: Namespace\n    \
                   name: shop\n    namespace: null\n    disable_cache: false\n    field_masks: [metadata.labels]\n  response:\n    \
                   type: Success\n    payload: |\n      {\"metadata\": {\"labels\":\n        {\"owner\": \"ana\"}}}\n";
    let folder = owned(TARGETS[0]).and("s.yaml", session);
    folder.run(&with(&["--replay", "s.yaml"])).with(0);
    let refusal = session.split("type: Success").next().unwrap().to_owned()
        + "type: Error\n    message: Cannot find v1/Namespace named 'shop' inside of namespace 'None'\n";
    let told = folder.and("s.yaml", refusal).run(&with(&["--replay", "s.yaml"])).with(1);
    assert!(told.contains("Cannot find v1/Namespace named 'shop'"), "{told}");
}

#[test]
fn registries_are_played_back_too() {
    let digest = "- request: '!OciManifestDigest {image: \"example.com/web:1\"}'\n  response: {type: Success, payload: \
                  '{\"digest\":\"sha256:abc\"}'}\n- request: '!DNSLookupHost {host: example.com}'\n  response: {type: Success, \
                  payload: '{\"ips\":[]}'}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {owner: ana}}\nspec:\n  containers:\n  - \
               name: app\n    image: example.com/web:1 # pinned by the policy\n";
    let folder = owned(TARGETS[1])
        .and("k8s/web.yaml", pod)
        .and("s.yaml", RECORDED.to_owned() + digest)
        .and("settings.yaml", "pin_images: true\nknown_host: example.com\n");
    let run = folder.run(&with(&["--replay", "s.yaml", "--settings", "settings.yaml", "--write"]));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    let new = fs::read_to_string(folder.path().join("k8s/web.yaml")).unwrap();
    assert_eq!(new, pod.replace("web:1 #", "web:1@sha256:abc #"));
}

#[test]
fn what_a_session_lacks_is_named_and_leaves_the_run_undecided() {
    let folder = owned(TARGETS[0]).and("s.yaml", "[]\n");
    let run = folder.run(&with(&["--replay", "s.yaml"]));
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("s.yaml has no exchange for !KubernetesGetResource {"), "{}", run.out);
    assert!(run.out.contains("\"kind\":\"Namespace\""), "{}", run.out);
}

#[test]
fn what_nobody_asks_for_is_said() {
    let more = "- request: '!DNSLookupHost {host: a}'\n  response: {type: Error, message: b}\n";
    let folder = owned(TARGETS[0]).and("s.yaml", RECORDED.to_owned() + more);
    let run = folder.run(&with(&["--replay", "s.yaml"]));
    assert_eq!(
        (run.code, run.err.as_str()),
        (Some(0), "warning: the session s.yaml has 1 exchange that no policy asked for\n")
    );
}

#[test]
fn what_is_no_session_is_refused_with_its_place() {
    let folder = owned(TARGETS[0])
        .and("s.yaml", "- request: '!KubernetesGetResourc {}'\n  response: {type: Error, message: a}\n");
    let said = folder.run(&with(&["--replay", "s.yaml"])).complaint();
    assert!(
        said.contains("s.yaml:1:12: there is no request !KubernetesGetResourc; did you mean `KubernetesGetResource`?"),
        "{said}"
    );
    let said = owned(TARGETS[0]).run(&with(&["--replay", "s.yaml", "--record", "t.yaml"]));
    assert_eq!(said.code, Some(2));
}
