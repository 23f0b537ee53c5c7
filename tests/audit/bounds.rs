//! A rule that never ends. The audit does, and says why once.

use std::fs;

use protocol::contract::RULE_SECTION;
use protocol::{KindMatch, RuleMetadata};
use seaworthy_tests::metadata;

use crate::support::Folder;
use crate::{deployment, deployments, server};

/// A rule about Deployments that loops, whatever it is asked.
fn looping() -> Vec<u8> {
    let mut all = metadata();
    let about = KindMatch { group: "apps".into(), versions: vec!["v1".into()], kind: "Deployment".into() };
    let said = all.remove(crate::ALONE).unwrap();
    let said = RuleMetadata { name: "loops".into(), applies_to: vec![about], ..said };
    let said: String = serde_json::to_vec(&said).unwrap().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let wat = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "__guest_call") (param i32 i32) (result i32) (loop (br 0)) (i32.const 0))
            (@custom "{RULE_SECTION}" "{said}"))"#,
    );
    wat::parse_str(wat).unwrap()
}

#[test]
fn a_rule_that_misses_its_deadline_again_and_again_is_switched_off_and_named_once() {
    let all = (0..50).map(|number| deployment("shop", &format!("web-{number}"), 1, true)).collect();
    let server = server::Server::of(vec![deployments(all)]);
    let folder = Folder::new();
    fs::write(folder.path().join("loops.wasm"), looping()).unwrap();
    let (kubeconfig, rules) = (server.kubeconfig().display().to_string(), folder.path().display().to_string());
    let run = Folder::new().run(&["audit", "--kubeconfig", &kubeconfig, "--bundle", &rules, "--format", "full"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert_eq!(run.out.matches("loops was switched off after 3 missed deadlines: ").count(), 1, "{}", run.out);
    // Two threads may be in one evaluation each when the third deadline passes.
    let missed = run.out.matches("stopped after 5000 ms without an answer").count();
    assert!((1..=4).contains(&missed), "{}", run.out);
}
