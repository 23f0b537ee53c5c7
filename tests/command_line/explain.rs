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

#[test]
fn what_is_set_is_told_with_the_file_that_says_it() {
    let own = "extends: base.yaml\nrules:\n  team-is-named: {severity: low}\n";
    let base = "rules:\n  team-is-named:\n    settings: {strict: true}\n\
                overrides:\n- paths: [a/]\n  rules: {team-is-named: {enabled: false}}\n";
    let folder = usual_folder().and("seaworthy.yaml", own).and("base.yaml", base);
    let out = folder.run(&["explain", "team-is-named", "--bundle", "bundle"]).with(0);
    assert!(out.contains("strict  true in base.yaml:3, default false"), "{out}");
    assert!(out.contains("\nseaworthy.yaml:3 sets its severity to low.\n"), "{out}");
    assert!(out.contains("\nThis rule has 1 override in base.yaml:6.\n"), "{out}");
}

#[test]
fn a_broken_configuration_is_named_and_the_rule_is_explained() {
    let folder = usual_folder().and("seaworthy.yaml", "fail_on: 1\n");
    let run = folder.run(&["explain", "team-is-named", "--bundle", "bundle"]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.contains("The title of team-is-named."), "{}", run.out);
    assert!(run.err.starts_with("error: seaworthy.yaml:1:10: a severity is one of"), "{}", run.err);
}

#[test]
fn prose_fits_a_terminal_of_80_columns() {
    let rules: Vec<protocol::RuleMetadata> =
        serde_json::from_str(&Folder::new().run(&["rules", "--format", "json"]).with(0)).unwrap();
    for rule in &rules {
        let out = Folder::new().run(&["explain", &rule.name]).with(0);
        // Code stays as it is written, and so does a word that is wider than a line.
        let fits = |line: &str| {
            line.starts_with("    ")
                || line.chars().count() <= 80
                || !line.trim().trim_start_matches("- ").contains(' ')
        };
        assert!(out.lines().all(fits), "{out}");
    }
}
