//! The page for those who come from another tool: it names every check of each tool, and only rules and settings that
//! there are.

use std::collections::BTreeSet;
use std::fs;

use protocol::RuleMetadata;
use seaworthy_tests::{artifacts::workspace, metadata, sandboxed};

/// The heading of each tool, and the file with the names of its checks.
const TOOLS: [(&str, &str); 6] = [
    ("kube-linter", "kube-linter.txt"),
    ("kube-score", "kube-score.txt"),
    ("Polaris", "polaris.txt"),
    ("Checkov", "checkov.txt"),
    ("Trivy", "trivy.txt"),
    ("Pluto", "pluto.txt"),
];

/// What stands where no rule covers a check.
const NONE: &str = "—";

fn page() -> String {
    fs::read_to_string(workspace().join("docs/coming-from.md")).expect("the page is there")
}

/// A line of a table: the check, the rules that cover it, and what is said about it.
struct Row {
    check: String,
    rules: Vec<String>,
    note: String,
}

fn rows(page: &str, heading: &str) -> Vec<Row> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no `## {heading}`"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [check, rules, note] = cells[..] else { panic!("no three cells: {line}") };
        let is_none = rules == NONE;
        let rules = code(rules);
        assert!(!rules.is_empty() || is_none, "{line}");
        Row { check: check.trim_end_matches('`').to_owned(), rules, note: note.to_owned() }
    });
    rows.collect()
}

/// What stands between backticks.
fn code(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn settings(rule: &RuleMetadata) -> BTreeSet<String> {
    let properties = rule.settings["properties"].as_object();
    properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_check_of_each_tool_is_in_its_table_once() {
    let page = page();
    for (heading, file) in TOOLS {
        let list = fs::read_to_string(workspace().join("tests/repo/checks").join(file)).expect("the list is there");
        let (source, names) = list.split_once('\n').expect("a list has a first line");
        assert!(source.starts_with("# ") && source.contains(": "), "{file} says where it is from: {source}");
        let mut names: Vec<&str> = names.lines().collect();
        let rows = rows(&page, heading);
        let mut checks: Vec<&str> = rows.iter().map(|row| row.check.as_str()).collect();
        names.sort_unstable();
        checks.sort_unstable();
        assert_eq!(checks, names, "{heading}");
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{file} names a check twice");
        let count = page.lines().find(|line| line.starts_with(&format!("| [{heading}](")));
        let count = count.and_then(|line| line.split('|').nth(2)).map(str::trim);
        assert_eq!(count, Some(names.len().to_string().as_str()), "the number of checks of {heading}");
    }
}

/// `seaworthy import waivers` goes by a table of its own, which holds the four tools whose waivers it reads.
#[test]
fn waivers_are_imported_for_the_rules_on_the_page() {
    let page = page();
    let table = fs::read_to_string(workspace().join("host/engine/src/imports/checks.tsv")).expect("the table is there");
    let mut imported: Vec<String> = table.lines().map(str::to_owned).collect();
    let mut shown: Vec<String> = Vec::new();
    for heading in ["kube-linter", "kube-score", "Polaris", "Checkov"] {
        let rows = rows(&page, heading).into_iter();
        shown.extend(rows.map(|row| format!("{heading}\t{}\t{}", row.check, row.rules.join(" "))));
    }
    imported.sort_unstable();
    shown.sort_unstable();
    assert_eq!(imported, shown);
}

#[test]
fn every_rule_and_setting_that_a_table_names_is_there() {
    let (page, all) = (page(), metadata());
    let is_known = |rule: &str| all.contains_key(rule);
    for row in TOOLS.iter().flat_map(|(heading, _)| rows(&page, heading)) {
        let Row { check, rules, note } = row;
        assert!(!rules.is_empty() || !note.is_empty(), "{check}: no rule covers it, and nothing says why");
        for rule in &rules {
            assert!(is_known(rule), "{check}: there is no rule `{rule}`");
        }
        for (index, _) in note.match_indices("he rule `") {
            let rule = code(&note[index..]).remove(0);
            assert!(is_known(&rule), "{check}: there is no rule `{rule}`");
        }
        if note.starts_with("Setting") {
            let known: BTreeSet<String> = rules.iter().flat_map(|rule| settings(&all[rule])).collect();
            for setting in code(&note) {
                let name = setting.split(':').next().unwrap_or_default();
                assert!(known.contains(name), "{check}: {rules:?} have no setting `{name}`");
            }
        }
    }
}

#[test]
fn the_assertions_on_the_page_are_settings() {
    let page = page();
    let (_, rest) = page.split_once("## Your own assertions").expect("the heading is there");
    let yaml = rest.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of YAML");
    let config: serde_json::Value = serde_saphyr::from_str(yaml).expect("it is YAML");
    let settings = &config["rules"]["field-assertions"]["settings"];
    assert!(settings["assertions"].as_array().is_some_and(|assertions| !assertions.is_empty()), "{config}");
    let (sandbox, bundle) = sandboxed(1, &["field-assertions"]);
    let [rule] = bundle.rules() else { panic!("one rule was asked for") };
    rule.validate_settings(&sandbox, settings).unwrap_or_else(|cause| panic!("{cause}"));
}
