//! How a rule's crate looks: a Cargo.toml of inherited lines, and one file in which almost everything is the rule.

use std::fs;
use std::path::PathBuf;

use seaworthy_tests::{artifacts::workspace, metadata};

/// Lines of a rule, documentation and blank lines aside. Beyond it the SDK lacks something, or the rule is two.
const CODE_LINES: usize = 320;

fn crates() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(workspace().join("policies")).expect("there are policies").flatten();
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect()
}

#[test]
fn every_crate_is_one_rule_and_one_module() {
    let metadata = metadata();
    for (name, path) in crates() {
        assert!(metadata.contains_key(&name), "{name} has no module");
        let page = format!("https://seaworthy-policies.github.io/seaworthy/rules/{name}.html");
        assert_eq!(metadata[&name].link(), Some(page.as_str()), "findings of {name} lead to its page");
        let manifest = fs::read_to_string(path.join("Cargo.toml")).expect("a crate has a manifest");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is named after its folder");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} inherits the lints");
        let sources = fs::read_dir(path.join("src")).expect("a crate has sources").flatten();
        // A rule is one file; what a few need besides (a pattern language, the shapes of tokens) stands beside it.
        // One rule knows what secrets look like in the files of hundreds of tools, one all kinds of Kubernetes, and one every
        // kind of change.
        let most = match name.as_str() {
            "external-secrets" | "kubernetes-schema" => 12,
            "change-approval" => 6,
            _ => 5,
        };
        assert!(sources.count() <= most, "{name} has grown into a library");
    }
}

#[test]
fn a_rule_is_almost_all_rule() {
    for (name, path) in crates() {
        let text = fs::read_to_string(path.join("src/lib.rs")).expect("a rule is src/lib.rs");
        assert!(text.starts_with("#![no_std]\n"), "{name}: a module has no std");
        let code = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        let lines = code.count();
        assert!(lines <= CODE_LINES, "{name} has {lines} lines of code");
    }
}

#[test]
fn every_edge_is_a_case() {
    for (name, path) in crates() {
        let cases = fs::read_to_string(path.join("tests/cases.yaml")).unwrap_or_default();
        let number = cases.lines().filter(|line| line.starts_with("- name:")).count();
        assert!(number >= 5, "{name} has {number} cases beside its documented examples");
    }
}

#[test]
fn names_say_the_required_state_in_kebab_case() {
    for (name, rule) in metadata() {
        let is_kebab =
            name.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(is_kebab, "{name}");
        assert!(rule.documentation.contains("## Why") && rule.documentation.contains("## Fix"), "{name}");
        let properties = rule.settings.get("properties").and_then(|properties| properties.as_object());
        for (setting, schema) in properties.into_iter().flatten() {
            assert!(schema.get("description").is_some() && schema.get("default").is_some(), "{name}: {setting}");
        }
    }
}
