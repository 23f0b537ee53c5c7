//! `rules` and `inspect`.

use protocol::{RuleMetadata, Verdict};
use snapbox::{assert_data_eq, file};

use crate::bundles::{FixedRule, usual_folder};
use crate::support::Folder;

#[test]
fn the_rules_are_listed_by_section() {
    let mut extra = FixedRule::new("z-first", Verdict::Pass);
    extra.metadata.section = protocol::Section::Reliability;
    extra.metadata.looks_up =
        vec![protocol::LookUp { api_version: "v1".into(), kind: "Service".into(), reads: Vec::new() }];
    let out = usual_folder().bundle(&[extra]).run(&["rules", "--bundle", "bundle"]).with(0);
    assert_data_eq!(out, file!["goldens/rules.txt"].raw());
    let out = usual_folder().run(&["rules", "--bundle", "bundle", "--severity", "critical"]).with(0);
    assert_data_eq!(out, "No rule is left by --rule, --skip and --severity.\n");
}

#[test]
fn the_checklist_is_a_page_with_a_link_to_each_rule() {
    let out = usual_folder().run(&["rules", "--bundle", "bundle", "--format", "markdown"]).with(0);
    assert_data_eq!(out, file!["goldens/rules.md"].raw());
}

#[test]
fn each_rule_has_a_page_with_all_its_settings_and_kinds() {
    let out = Folder::new().run(&["rules", "--format", "json"]).with(0);
    let rules: Vec<RuleMetadata> = serde_json::from_str(&out).unwrap();
    for rule in &rules {
        let page = Folder::new().run(&["explain", &rule.name, "--format", "markdown"]).with(0);
        assert!(page.starts_with(&format!("# {}\n", rule.name)), "{page}");
        assert!(page.contains(rule.documentation.trim_end()), "{}", rule.name);
        for setting in rule.settings["properties"].as_object().into_iter().flat_map(|settings| settings.keys()) {
            assert!(page.contains(&format!("| `{setting}` | ")), "{}: {setting}", rule.name);
        }
        for kind in &rule.applies_to {
            assert!(page.contains(&format!("\n- {} (`", kind.kind)), "{}: {}", rule.name, kind.kind);
        }
    }
}

#[test]
fn the_rules_of_the_binary_are_all_well_formed() {
    let out = Folder::new().run(&["rules", "--format", "json"]).with(0);
    let rules: Vec<RuleMetadata> = serde_json::from_str(&out).unwrap();
    assert!(!rules.is_empty());
    for rule in &rules {
        let explained = Folder::new().run(&["explain", &rule.name]).with(0);
        let explained = explained.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(explained.contains(&rule.title), "{}", rule.name);
    }
}

#[test]
fn a_module_is_described_without_being_run() {
    let out = usual_folder().run(&["inspect", "bundle/image-is-plain.wasm"]).with(0);
    assert_data_eq!(out, file!["goldens/inspect.txt"].raw());
}

#[test]
fn what_is_no_module_is_said_to_be_none() {
    let folder = usual_folder().and("bare.wasm", b"\0asm\x01\0\0\0");
    for (path, expected) in [
        ("pod.yaml", "pod.yaml is not a WebAssembly module\n"),
        ("bare.wasm", "bare.wasm is not a policy module: "),
        ("missing.wasm", "missing.wasm does not exist\n"),
        ("bundle", "bundle is a folder\n"),
        ("/dev/zero", "/dev/zero is not a regular file; "),
    ] {
        let complaint = folder.run(&["inspect", path]).complaint();
        assert!(complaint.starts_with(&format!("error: {expected}")), "{path}: {complaint}");
    }
}
