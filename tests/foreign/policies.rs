//! The policies of these tests: the fixture, and modules of a few lines that answer as they are told.

use std::fs;
use std::path::PathBuf;

use seaworthy_tests::artifacts::{target, workspace};
use serde_json::{Value, json};

use crate::support::Folder;

/// What the fixture is built for, by `make fixtures`.
pub const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "wasm32-wasip1"];

fn fixture() -> PathBuf {
    workspace().join("tests/foreign/fixtures/sdk-policy")
}

/// The fixture's metadata, as `kwctl annotate` would take it.
pub fn sdk_metadata() -> Value {
    serde_json::from_slice(&fs::read(fixture().join("metadata.json")).unwrap()).unwrap()
}

/// The fixture as it is distributed: built, and annotated.
pub fn sdk_policy(target_name: &str) -> Vec<u8> {
    let path = target().join("fixtures").join(target_name).join("release/sdk_policy.wasm");
    let wasm = fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}; run `make fixtures`", path.display()));
    annotated(&wasm, &sdk_metadata())
}

/// The module with Kubewarden's custom section behind it.
pub fn annotated(wasm: &[u8], metadata: &Value) -> Vec<u8> {
    with_section(wasm, "io.kubewarden.metadata", metadata)
}

/// A module that says this of itself as a rule, and does nothing.
pub fn of_rule(metadata: &Value) -> Vec<u8> {
    with_section(&wat::parse_str("(module)").unwrap(), "dev.seaworthy.rule", metadata)
}

fn with_section(wasm: &[u8], name: &str, metadata: &Value) -> Vec<u8> {
    let metadata = metadata.to_string();
    let mut content = leb128(name.len());
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(metadata.as_bytes());
    let mut annotated = wasm.to_vec();
    annotated.push(0);
    annotated.extend(leb128(content.len()));
    annotated.extend(content);
    annotated
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// Metadata of a policy about Pods.
pub fn metadata() -> Value {
    json!({
        "protocolVersion": "v1",
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        "mutating": true,
    })
}

/// A policy that answers `validate` so, whatever it is asked.
pub fn answering(answer: &Value, metadata: &Value) -> Vec<u8> {
    module(&answer.to_string(), "\"v1\"", None, true, metadata)
}

/// A policy that speaks another protocol.
pub fn speaking(version: &str) -> Vec<u8> {
    module("{\"accepted\":true}", version, None, true, &metadata())
}

/// A policy that asks its host, and accepts if it gets an answer.
pub fn asking(namespace: &str, operation: &str, payload: &str, metadata: &Value) -> Vec<u8> {
    module("{\"accepted\":true}", "\"v1\"", Some([namespace, operation, payload]), true, metadata)
}

/// A policy that never ends: it does nothing, or asks its host again and again.
pub fn looping(ask: Option<[&str; 3]>, metadata: &Value) -> Vec<u8> {
    module("", "\"v1\"", ask, false, metadata)
}

/// The three operations are told apart by the lengths of their names.
fn module(validate: &str, version: &str, ask: Option<[&str; 3]>, ends: bool, metadata: &Value) -> Vec<u8> {
    let refusal = r#"{"accepted":false,"message":"the host does not answer"}"#;
    let texts = [validate, version, r#"{"valid":true}"#, refusal, "kubewarden"];
    let mut data = String::new();
    let mut places = Vec::new();
    let mut at = 16;
    for text in texts.iter().chain(ask.iter().flatten()) {
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        data.push_str(&format!("(data (i32.const {at}) \"{bytes}\")"));
        places.push(format!("(i32.const {at}) (i32.const {})", text.len()));
        at += text.len();
    }
    let say = |index: usize| format!("(call $response {})", places[index]);
    let decide = match ask {
        None if !ends => "(loop $again (br $again))".to_owned(),
        Some(_) if !ends => {
            let call = places[4..].join(" ");
            format!("(loop $again (drop (call $ask {call})) (br $again))")
        }
        None => say(0),
        Some(_) => format!(
            "(if (call $ask {} {} {} {}) (then {}) (else {}))",
            places[4],
            places[5],
            places[6],
            places[7],
            say(0),
            say(3)
        ),
    };
    let text = format!(
        r#"(module
            (import "wapc" "__guest_response" (func $response (param i32 i32)))
            (import "wapc" "__host_call" (func $ask (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 4)
            {data}
            (func (export "__guest_call") (param $operation i32) (param $payload i32) (result i32)
                (if (i32.eq (local.get $operation) (i32.const 8)) (then {decide}))
                (if (i32.eq (local.get $operation) (i32.const 16)) (then {}))
                (if (i32.eq (local.get $operation) (i32.const 17)) (then {}))
                (i32.const 1)))"#,
        say(1),
        say(2),
    );
    annotated(&wat::parse_str(text).unwrap(), metadata)
}

pub const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web # its name\n  namespace: shop\n";

/// A folder with a namespace that names its owner, and a Pod that does not.
pub fn shop() -> Folder {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {owner: ana}}\n";
    Folder::of("k8s/namespace.yaml", namespace).and("k8s/web.yaml", POD)
}
