//! A small repository of each kind that people keep their deployments in, and where its findings stand: `kinds/cases.tsv`
//! says it, worked out by hand from what the tools do.
//!
//! Each line is a finding of a rule, with its environment, the name of its object and the place that sets the field. `~`
//! stands before a place that is said not to be proven, `?` for any such place; a rule of which nothing fails has `-`. The
//! line with `*` for a rule has all environments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use seaworthy_tests::artifacts::workspace;
use serde_json::Value;

use super::json;
use super::support::Folder;
use super::tools::Tools;

/// Environment, object and place, of one rule.
type Expected<'t> = BTreeSet<[&'t str; 3]>;

/// What is right of one repository.
#[derive(Default)]
struct Case<'t> {
    environments: BTreeSet<&'t str>,
    rules: BTreeMap<&'t str, Expected<'t>>,
}

fn cases(table: &str) -> BTreeMap<&str, Case<'_>> {
    let mut cases: BTreeMap<&str, Case<'_>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [folder, rule, environment, object, place] = columns.as_slice() else { panic!("five columns: {line}") };
        let case = cases.entry(*folder).or_default();
        if *rule == "*" {
            case.environments.extend(environment.split(", "));
            continue;
        }
        let expected = case.rules.entry(*rule).or_default();
        if *place != "-" {
            expected.insert([*environment, *object, *place]);
        }
    }
    cases
}

fn copied(from: &Path) -> Folder {
    let files = walkdir::WalkDir::new(from).into_iter().map(Result::unwrap).filter(|it| it.file_type().is_file());
    files.fold(Folder::new(), |folder, file| {
        let name = file.path().strip_prefix(from).unwrap().to_str().unwrap().to_owned();
        folder.and(&name, fs::read(file.path()).unwrap())
    })
}

/// What fails of a rule, written as the table has it, where `wanted` says for which objects any unproven place will do.
fn found(report: &Value, rule: &str, wanted: &Expected<'_>) -> BTreeSet<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let failed = |result: &&Value| result["verdict"] == "fail" && result["rule"] == rule;
    let results = report["results"].as_array().unwrap().iter().filter(failed);
    let places = results.flat_map(|result| {
        let (environment, object) = (text(&result["object"]["environment"]), text(&result["object"]["name"]));
        result["findings"].as_array().unwrap().iter().map(move |finding| {
            let source = &finding["source"];
            let is_proven = source["certain"] == true;
            let is_open = !is_proven && wanted.contains(&[environment.as_str(), object.as_str(), "?"]);
            let mark = if is_proven { "" } else { "~" };
            let place = format!("{mark}{}:{}", source["file"].as_str().unwrap_or_default(), source["line"]);
            [environment.clone(), object.clone(), if is_open { "?".to_owned() } else { place }]
        })
    });
    places.collect()
}

#[test]
fn findings_of_each_kind_of_repository_stand_where_the_field_is_set() {
    let Some(tools) = Tools::find() else { return };
    let kinds = workspace().join("tests/rendering/kinds");
    let table = fs::read_to_string(kinds.join("cases.tsv")).unwrap();
    let mut wrong = Vec::new();
    for (name, case) in cases(&table) {
        let folder = copied(&kinds.join(name));
        let rules: Vec<&str> = case.rules.keys().flat_map(|rule| ["--rule", *rule]).collect();
        let report = json(&folder, &tools, &rules);
        if report["unchecked"] != Value::Array(Vec::new()) {
            wrong.push(format!("{name}: {}", report["unchecked"]));
        }
        let results = report["results"].as_array().unwrap().iter();
        let environments: BTreeSet<&str> = results.filter_map(|it| it["object"]["environment"].as_str()).collect();
        if environments != case.environments {
            wrong.push(format!("{name}: environments {environments:?}, not {:?}", case.environments));
        }
        for (rule, wanted) in &case.rules {
            let found = found(&report, rule, wanted);
            let is_same = found.iter().map(|row| row.each_ref().map(String::as_str)).eq(wanted.iter().copied());
            if !is_same {
                wrong.push(format!("{name}: {rule}: {found:#?}, not {wanted:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_repository_has_its_lines_in_the_table() {
    let kinds = workspace().join("tests/rendering/kinds");
    let table = fs::read_to_string(kinds.join("cases.tsv")).unwrap();
    let folders = fs::read_dir(&kinds).unwrap().map(Result::unwrap).filter(|it| it.path().is_dir());
    let folders: BTreeSet<String> = folders.map(|it| it.file_name().into_string().unwrap()).collect();
    assert!(folders.iter().map(String::as_str).eq(cases(&table).into_keys()), "{folders:?}");
}
