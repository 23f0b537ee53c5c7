//! What `seaworthy new policy` writes and refuses.

use std::fs;

use seaworthy_tests::artifacts::workspace;

use crate::support::Folder;

#[test]
fn a_crate_of_its_own_names_its_sdk() {
    let folder = Folder::new();
    let manifest = |name: &str| fs::read_to_string(folder.path().join(name).join("Cargo.toml")).unwrap();
    folder.run(&["new", "policy", "required-label"]).with(0);
    let from = "seaworthy-sdk = { git = \"https://github.com/seaworthy-policies/seaworthy\" }";
    assert!(manifest("required-label").contains(from));
    folder.run(&["new", "policy", "other-label", "--sdk", "0.1.0"]).with(0);
    assert!(manifest("other-label").contains("seaworthy-sdk = { version = \"0.1.0\", features = [\"testing\"] }"));
    let clone = workspace().to_str().unwrap();
    folder.run(&["new", "policy", "third-label", "--sdk", clone]).with(0);
    assert!(manifest("third-label").contains("/sdk\" }"));
    let source = fs::read_to_string(folder.path().join("third-label/src/lib.rs")).unwrap();
    assert!(
        source.contains("pub struct ThirdLabel {") && source.contains("use seaworthy_sdk::prelude::*;"),
        "{source}"
    );

    let said = folder.run(&["new", "policy", "required-label"]).complaint();
    assert!(said.contains("required-label/Cargo.toml exists already"), "{said}");
    let said = folder.run(&["new", "policy", "Required_Label"]).complaint();
    assert!(said.contains("did you mean `required-label`?"), "{said}");
    let said = folder.run(&["new", "policy", "fourth-label", "--sdk", "nowhere"]).complaint();
    assert!(said.contains("--sdk nowhere"), "{said}");
    let said = folder.run(&["new", "policy", "fourth-label", "--sdk", "https://x/\"y"]).complaint();
    assert!(said.contains("does not fit"), "{said}");
}

#[test]
fn its_toolchain_is_ours() {
    let folder = Folder::new();
    folder.run(&["new", "policy", "required-label"]).with(0);
    let written = fs::read_to_string(folder.path().join("required-label/rust-toolchain.toml")).unwrap();
    assert_eq!(written, fs::read_to_string(workspace().join("rust-toolchain.toml")).unwrap());
}

#[test]
fn a_rule_of_this_repository_is_written_where_the_others_are() {
    let folder = Folder::new();
    folder.run(&["new", "policy", "required-label", "--workspace"]).with(0);
    let ours = workspace().join("policies/readiness-probe/Cargo.toml");
    let written = fs::read_to_string(folder.path().join("policies/required-label/Cargo.toml")).unwrap();
    assert_eq!(written, fs::read_to_string(ours).unwrap().replace("readiness-probe", "required-label"));
    let cases = fs::read_to_string(folder.path().join("policies/required-label/tests/cases.yaml")).unwrap();
    assert!(cases.matches("\n- name:").count() >= 5);
}
