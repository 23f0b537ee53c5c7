//! `explain`.

use protocol::Verdict;
use snapbox::{assert_data_eq, file};

use crate::bundles::{FixedRule, usual_folder};
use crate::support::Folder;

#[test]
fn a_rule_is_explained_with_its_settings() {
    let out = usual_folder().run(&["explain", "team-is-named", "--bundle", "bundle"]).with(0);
    assert_data_eq!(out, file!["goldens/explain.txt"].raw());
}

#[test]
fn a_rule_has_a_page_of_its_own() {
    let mut rule = FixedRule::new("table-breaker", Verdict::Pass);
    rule.metadata.settings = serde_json::json!({"type": "object", "properties": {
        "pattern": {"type": "string", "default": "a|`b`", "description": "One <b> or | another,\non two lines."},
        "teams": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}},
    }});
    rule.metadata.looks_up =
        vec![protocol::LookUp { api_version: "v1".into(), kind: "Service".into(), reads: Vec::new() }];
    let folder = Folder::new().bundle(&[rule]);
    let out = folder.run(&["explain", "table-breaker", "--bundle", "bundle", "--format", "markdown"]).with(0);
    assert_data_eq!(out, file!["goldens/explain.md"].raw());
}
