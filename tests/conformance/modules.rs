//! What is true of every module: its size, its metadata in both sections, and that its code shows nothing of the machine
//! that built it but what the toolchain puts there.

use protocol::contract::{KUBEWARDEN_SECTION, RULE_SECTION};
use seaworthy_tests::{artifacts, metadata};
use serde_json::Value;
use wasmparser::{Parser, Payload};

/// Bytes of a module without its custom sections, which cost no memory at run time.
const HARD_LIMIT: usize = 104 << 10;

/// Modules that may be larger, how large, and what for.
const LARGER: &[(&str, usize, &str)] = &[
    (
        "api-version",
        132 << 10,
        "knows all versions of all kinds of Kubernetes, and of well-known operators, and looks up those of others",
    ),
    (
        "change-approval",
        152 << 10,
        "classifies every kind of change, follows what comes with a new service and what it reaches, and counts whose \
         reviews it has",
    ),
    ("external-secrets", 164 << 10, "knows what secrets look like in the files and settings of hundreds of tools"),
    ("field-assertions", 384 << 10, "reads JSONPath and regular expressions with jsonpath-rust, regex-lite and std"),
    (
        "horizontal-pod-autoscaler",
        116 << 10,
        "follows what scales a workload and what may deploy its target, and reads metrics in annotations and quantities",
    ),
    ("kubernetes-schema", 512 << 10, "knows every field of every kind that five versions of Kubernetes have built in"),
    ("network-policy", 124 << 10, "reads the rules of three kinds of policies, and adds up addresses and ports"),
    ("pod-disruption-budget", 108 << 10, "counts the pods of every kind of workload that shares a budget"),
    ("pod-security", 112 << 10, "decides a score of controls at three levels, as they were in each version"),
    ("required-labels", 144 << 10, "reads regular expressions with regex-lite and std"),
    ("references", 224 << 10, "follows every kind of reference, and knows who makes what is not in sight"),
    ("signed-image", 128 << 10, "reads whom five kinds of verifiers refuse"),
];

fn custom_sections(wasm: &[u8]) -> Vec<(String, Vec<u8>)> {
    let payloads = Parser::new(0).parse_all(wasm).map(|payload| payload.expect("a module is valid"));
    let custom = payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) => Some((section.name().to_owned(), section.data().to_vec())),
        _ => None,
    });
    custom.collect()
}

#[test]
fn every_module_is_small() {
    for (name, wasm) in artifacts::modules() {
        let custom: usize = custom_sections(&wasm).iter().map(|(_, data)| data.len()).sum();
        let size = wasm.len() - custom;
        let limit = LARGER.iter().find(|(larger, ..)| *larger == name).map_or(HARD_LIMIT, |(_, limit, _)| *limit);
        assert!(size <= limit, "{name} has {size} bytes, more than {limit}");
        assert!(limit == HARD_LIMIT || size > HARD_LIMIT, "{name} no longer needs its exception");
    }
}

#[test]
fn every_module_carries_both_kinds_of_metadata_once() {
    for (name, wasm) in artifacts::modules() {
        let sections = custom_sections(&wasm);
        for wanted in [RULE_SECTION, KUBEWARDEN_SECTION] {
            assert_eq!(sections.iter().filter(|(section, _)| section == wanted).count(), 1, "{name}: {wanted}");
        }
        let (_, kubewarden) =
            sections.iter().find(|(section, _)| section == KUBEWARDEN_SECTION).expect("counted above");
        let kubewarden: Value = serde_json::from_slice(kubewarden).expect("Kubewarden's metadata is JSON");
        assert_eq!(kubewarden.pointer("/protocolVersion"), Some(&"v1".into()), "{name}");
        let rules = kubewarden.pointer("/rules").and_then(Value::as_array).expect("rules");
        // No API server asks about a document that a host makes.
        let is_raw = kubewarden.pointer("/policyType") == Some(&"raw".into());
        assert!(!rules.is_empty() || is_raw, "{name} is asked about nothing");
    }
}

#[test]
fn a_rule_is_named_as_its_module() {
    for (name, rule) in metadata() {
        assert_eq!(name, rule.name);
        assert!(!rule.title.is_empty() && !rule.reads.is_empty(), "{name}");
    }
}

#[test]
fn a_pure_rule_imports_three_functions() {
    for (name, rule) in metadata() {
        let wasm = artifacts::modules().remove(&name).expect("it was built");
        let imports = Parser::new(0).parse_all(&wasm).flatten().filter_map(|payload| match payload {
            Payload::ImportSection(section) => {
                Some(section.into_imports().flatten().map(|import| import.name.to_owned()).collect())
            }
            _ => None,
        });
        let imports: Vec<Vec<String>> = imports.collect();
        let mut imports: Vec<&str> = imports.iter().flatten().map(String::as_str).collect();
        imports.sort_unstable();
        if rule.looks_up.is_empty() {
            assert_eq!(imports, ["__guest_error", "__guest_request", "__guest_response"], "{name}");
        } else {
            assert!(imports.contains(&"__host_call"), "{name} looks up and cannot: {imports:?}");
        }
    }
}
