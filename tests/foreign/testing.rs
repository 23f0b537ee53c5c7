//! `seaworthy test`: what a policy says is compared with what a case expects, and nothing undecided passes.

use std::fs;

use seaworthy_tests::artifacts::modules;
use serde_json::{Value, json};

use crate::policies::{TARGETS, answering, asking, looping, metadata, sdk_policy};
use crate::support::{Folder, Run};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}";

/// A folder with a policy and its cases.
fn folder(policy: &[u8], cases: &str) -> Folder {
    Folder::of("policy.wasm", policy).and("cases.yaml", format!("policy: policy.wasm\n{cases}"))
}

fn test(folder: &Folder) -> Run {
    folder.run(&["test", "cases.yaml"])
}

fn case(object: &str, more: &str) -> String {
    format!("cases:\n  - name: it is decided\n    object: {object}\n    {more}\n")
}

fn rule(name: &str) -> Vec<u8> {
    modules()[name].clone()
}

#[test]
fn a_policy_of_kubewardens_sdk_is_tested_with_all_that_a_case_may_give() {
    let cases = "\
settings: {label: owner}
cases:
  - name: the owner is that of the namespace
    object: {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {owner: ana}}}
    others: [{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {owner: ana}}}]
    expect: accept
  - name: another one is refused
    request:
      uid: x
      kind: {group: '', version: v1, kind: Pod}
      operation: CREATE
      userInfo: {username: ana}
      object: {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {owner: bob}}}
    others: [{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {owner: ana}}}]
    expect: reject
    message: the owner is
  - name: a missing one is added
    object: {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}
    others: [{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {owner: ana}}}]
    expect: accept
    mutated: {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {owner: ana}}}
  - name: an empty label is no setting
    object: {apiVersion: v1, kind: Pod, metadata: {name: web}}
    settings: {label: ''}
    expect: invalid-settings
    message: must not be empty
";
    for target in TARGETS {
        let out = test(&folder(&sdk_policy(target), cases)).with(0);
        assert!(out.contains("4 cases: 4 passed, 0 failed"), "{target}: {out}");
    }
}

#[test]
fn what_is_decided_otherwise_fails_and_says_how() {
    let denied = answering(&json!({"accepted": false, "message": "no owner"}), &metadata());
    for (more, said) in [
        ("expect: accept", "expected accept, and it says reject: no owner"),
        ("{expect: reject, message: colour}", "expected a message with `colour`, and it says `no owner`"),
    ] {
        let more = more.trim_matches(['{', '}']).replace(", ", "\n    ");
        let run = test(&folder(&denied, &case(POD, &more)));
        assert!(run.code == Some(1) && run.out.contains(said), "{said}: {}", run.out);
        assert!(run.out.contains("FAIL") && run.out.contains("cases.yaml:3: "), "{}", run.out);
    }
    test(&folder(&denied, &case(POD, "expect: reject\n    message: owner"))).with(0);
}

#[test]
fn a_change_that_no_case_knows_of_fails() {
    let object: Value = serde_saphyr::from_str(POD).unwrap();
    let mut mutated = object.clone();
    mutated["metadata"]["labels"] = json!({"owner": "ana"});
    let changing = answering(&json!({"accepted": true, "mutated_object": mutated}), &metadata());
    let run = test(&folder(&changing, &case(POD, "expect: accept")));
    assert!(run.code == Some(1) && run.out.contains("the case has no `mutated`"), "{}", run.out);
    let run = test(&folder(&changing, &case(POD, &format!("expect: accept\n    mutated: {POD}"))));
    assert!(run.code == Some(1) && run.out.contains("it changes the object to"), "{}", run.out);
    test(&folder(&changing, &case(POD, &format!("expect: accept\n    mutated: {mutated}")))).with(0);
    let still = answering(&json!({"accepted": true}), &metadata());
    let run = test(&folder(&still, &case(POD, &format!("expect: accept\n    mutated: {mutated}"))));
    assert!(run.code == Some(1) && run.out.contains("it changes nothing"), "{}", run.out);
}

#[test]
fn what_decides_nothing_passes_nowhere() {
    let broken = answering(&json!({"accepted": "perhaps"}), &metadata());
    let endless = looping(None, &metadata());
    let accepts = answering(&json!({"accepted": true}), &metadata());
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web}}";
    let mut asks = metadata();
    asks["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "Namespace"}]);
    let payload = r#"{"api_version":"v1","kind":"Namespace","name":"shop","disable_cache":false}"#;
    let curious = asking("kubernetes", "get_resource", payload, &asks);
    for (policy, object, said) in [
        (&broken, POD, "error: its answer is not readable"),
        (&endless, POD, "error: stopped after"),
        (&accepts, service, "the policy is not asked"),
        (&curious, POD, "it looks up what the case does not answer: kubernetes/get_resource"),
    ] {
        for expect in ["accept", "reject", "not-applicable"] {
            let run = test(&folder(policy, &case(object, &format!("expect: {expect}"))));
            assert!(run.code == Some(1) && run.out.contains(said), "{said}, {expect}: {}", run.out);
        }
    }
    let namespace = "[{apiVersion: v1, kind: Namespace, metadata: {name: shop}}]";
    test(&folder(&curious, &case(POD, &format!("expect: accept\n    others: {namespace}")))).with(0);
    // That it is not there is an answer, too.
    test(&folder(&curious, &case(POD, "expect: reject\n    others: []"))).with(0);
    // A deletion is not asked of a policy about creations.
    let run = test(&folder(&accepts, &case(POD, "operation: DELETE\n    expect: accept")));
    assert!(run.code == Some(1) && run.out.contains("does not name DELETE"), "{}", run.out);
}

#[test]
fn a_session_answers_and_is_used_up() {
    let mut asks = metadata();
    asks["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "Namespace"}]);
    let payload = r#"{"api_version":"v1","kind":"Namespace","name":"shop","disable_cache":false}"#;
    let curious = asking("kubernetes", "get_resource", payload, &asks);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let cases = case(POD, "expect: accept\n    session: session.yaml");
    let folder = folder(&curious, &cases).and("k8s/web.yaml", pod).and("k8s/shop.yaml", namespace);
    let words = ["check", "k8s", "--no-rules", "--policy", "policy.wasm", "--allow", "*", "--record", "session.yaml"];
    folder.run(&words).with(0);
    test(&folder).with(0);
    let accepts = answering(&json!({"accepted": true}), &metadata());
    fs::write(folder.path().join("policy.wasm"), accepts).unwrap();
    let run = test(&folder);
    assert!(run.code == Some(1) && run.out.contains("it did not ask for"), "{}", run.out);
}

#[test]
fn a_rule_of_ours_is_tested_with_the_world_that_a_case_gives() {
    let deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: \
                      {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: \
                      [{name: web, image: 'web:1.2.3'}]}}}}";
    let budget = "[{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {maxUnavailable: 1, \
                  selector: {matchLabels: {app: web}}}}]";
    let policy = rule("pod-disruption-budget");
    test(&folder(&policy, &case(deployment, &format!("expect: accept\n    others: {budget}")))).with(0);
    let missing = "expect: reject\n    message: no PodDisruptionBudget\n    others: []";
    test(&folder(&policy, &case(deployment, missing))).with(0);
    let run = test(&folder(&policy, &case(deployment, &format!("{missing}\n    world: partial"))));
    assert!(run.code == Some(1) && run.out.contains("unknown: "), "{}", run.out);
    let job = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: web}, spec: {template: {spec: {containers: \
               [{name: web, image: 'web:1.2.3'}]}}}}";
    let out = test(&folder(&policy, &case(job, "expect: not-applicable\n    others: []")));
    assert!(out.code == Some(0) || out.out.contains("is not asked"), "{}", out.out);
}

#[test]
fn no_case_at_all_is_no_success() {
    let accepts = answering(&json!({"accepted": true}), &metadata());
    for (cases, said) in [
        ("", "has no cases"),
        ("cases: []\n", "has no cases"),
        ("cases:\n  - name: a\n    expct: accept\n", "cases.yaml:3: unknown field `expct`"),
        ("cases:\n  - name: a\n    expct: accept\n", "; did you mean `expect`?"),
        ("cases:\n  - {name: a, object: {}, expect: perhaps}\n", "unknown variant `perhaps`"),
        ("case: []\n", "unknown field `case`"),
        ("cases: [\n", "cases.yaml:"),
    ] {
        let said_now = test(&folder(&accepts, cases)).complaint();
        assert!(said_now.contains(said), "{said}: {said_now}");
    }
    let nothing = Folder::of("cases.yaml", "cases: [{name: a, object: {}, expect: accept}]\n");
    assert!(test(&nothing).complaint().contains("names no policy"));
    let missing = Folder::of("cases.yaml", "policy: gone.wasm\ncases: [{name: a, object: {}, expect: accept}]\n");
    assert!(test(&missing).complaint().contains("gone.wasm"));
}

#[test]
fn results_are_xml_for_ci() {
    let denied = answering(&json!({"accepted": false, "message": "<no> & \"never\""}), &metadata());
    let cases = format!(
        "cases:\n  - {{name: 'a < b', object: {POD}, expect: reject}}\n  - {{name: two, object: {POD}, expect: accept}}\n"
    );
    let run = folder(&denied, &cases).run(&["test", "cases.yaml", "--format", "junit"]);
    assert_eq!(run.code, Some(1));
    let failure = "expected accept, and it says reject: &lt;no&gt; &amp; &quot;never&quot;";
    for line in [
        "<testsuites tests=\"2\" failures=\"1\">",
        "  <testsuite name=\"cases.yaml\" tests=\"2\" failures=\"1\">",
        "<testcase classname=\"policy\" name=\"a &lt; b\" file=\"cases.yaml\" line=\"3\"/>",
        &format!("<failure message=\"{failure}\"/>"),
    ] {
        assert!(run.out.contains(line), "{line}: {}", run.out);
    }
}

#[test]
fn an_update_writes_what_is_said_and_keeps_the_rest() {
    let denied = answering(&json!({"accepted": false, "message": "no owner"}), &metadata());
    let cases = format!(
        "# Ours.\ncases:\n  - name: one # the first\n    object: {POD}\n    expect: accept\n\n  - name: two\n    object: {POD}\n    \
         expect: reject\n    message: owner\n"
    );
    let folder = folder(&denied, &cases);
    let before = fs::read_to_string(folder.path().join("cases.yaml")).unwrap();
    let run = folder.run(&["test", "cases.yaml", "--update"]);
    assert!(run.code == Some(1) && run.out.contains("cases.yaml: 1 case updated"), "{}{}", run.out, run.err);
    let after = fs::read_to_string(folder.path().join("cases.yaml")).unwrap();
    assert_eq!(after, before.replacen("expect: accept", "expect: reject\n    message: no owner", 1));
    test(&folder).with(0);
    // What decides nothing is written nowhere.
    let broken = answering(&json!({"accepted": "perhaps"}), &metadata());
    fs::write(folder.path().join("policy.wasm"), broken).unwrap();
    let run = folder.run(&["test", "cases.yaml", "--update"]);
    assert_eq!((run.code, fs::read_to_string(folder.path().join("cases.yaml")).unwrap()), (Some(1), after));
}
