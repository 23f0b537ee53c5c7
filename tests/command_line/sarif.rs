//! The report for code scanning: what GitHub's documentation of SARIF support asks of each part, what the JSON report
//! says in other words, and that an alert is known again when lines move.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bundles::{POD, usual_folder};
use crate::json::everything;
use crate::support::Folder;

fn sarif(folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let arguments = [&["check", "--bundle", "bundle", "--format", "sarif", "--sarif-suppressed"], arguments].concat();
    serde_json::from_str(&folder.run(&arguments).with(code)).unwrap()
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer}: {value:#}"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let text = value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {value:#}"));
    assert!(!text.is_empty(), "{pointer}: {value:#}");
    text
}

fn is_position(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

const LEVELS: [&str; 3] = ["note", "warning", "error"];

#[test]
fn all_that_code_scanning_asks_for_is_there() {
    let log = sarif(&everything(), &[".", "missing", "--config", "c.yml.txt"], 2);
    assert_eq!((&log["version"], list(&log, "/runs").len()), (&"2.1.0".into(), 1));
    assert!(text(&log, "/$schema").ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    assert_eq!(text(run, "/tool/driver/name"), "seaworthy");
    assert_eq!(text(run, "/columnKind"), "unicodeCodePoints");
    let rules = list(run, "/tool/driver/rules");
    for rule in rules {
        for pointer in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
            text(rule, pointer);
        }
        assert!(text(rule, "/fullDescription/text").chars().count() <= 1_024);
        assert!(LEVELS.contains(&text(rule, "/defaultConfiguration/level")));
        assert!(list(rule, "/properties/tags").iter().all(Value::is_string));
    }
    let results = list(run, "/results");
    assert!(!results.is_empty());
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(result["ruleId"], rule["id"]);
        assert!(LEVELS.contains(&text(result, "/level")));
        text(result, "/message/text");
        text(result, "/partialFingerprints/primaryLocationLineHash");
        assert_eq!(list(result, "/locations").len(), 1);
        assert!(!text(result, "/locations/0/physicalLocation/artifactLocation/uri").starts_with('.'));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let place = ["startLine", "startColumn", "endLine", "endColumn"];
        assert!(place.iter().all(|key| is_position(&region[*key])), "{region}");
    }
    let fingerprints: BTreeSet<&str> =
        results.iter().map(|result| text(result, "/partialFingerprints/primaryLocationLineHash")).collect();
    assert_eq!(fingerprints.len(), results.len());
}

#[test]
fn results_are_what_the_json_report_says_is_wrong_and_waivers_suppress() {
    let folder = everything();
    let arguments = [".", "missing", "--config", "c.yml.txt"];
    let log = sarif(&folder, &arguments, 2);
    let json = folder.run(&[&["check", "--bundle", "bundle", "--format", "json"], &arguments[..]].concat()).with(2);
    let report: Value = serde_json::from_str(&json).unwrap();
    let mut wrong = Vec::new();
    for result in list(&report, "/results").iter().filter(|it| it["verdict"] == "fail" || it["verdict"] == "waived") {
        for finding in list(result, "/findings").iter().filter(|finding| finding["level"] != "note") {
            let place = ["line", "column", "endLine", "endColumn"].map(|key| finding[key].clone());
            let is_waived = result["verdict"] == "waived";
            wrong.push((result["rule"].clone(), result["object"]["file"].clone(), place, is_waived));
        }
    }
    let said = list(&log, "/runs/0/results").iter().map(|result| {
        let physical = &result["locations"][0]["physicalLocation"];
        let place = ["startLine", "startColumn", "endLine", "endColumn"].map(|key| physical["region"][key].clone());
        let suppressed = result.pointer("/suppressions/0/status") == Some(&"accepted".into());
        (result["ruleId"].clone(), physical["artifactLocation"]["uri"].clone(), place, suppressed)
    });
    assert_eq!(said.collect::<Vec<_>>(), wrong);
    assert!(wrong.iter().any(|(.., is_waived)| *is_waived) && wrong.iter().any(|(.., is_waived)| !*is_waived));
    let justification = list(&log, "/runs/0/results").iter().find_map(|it| it.pointer("/suppressions/0/justification"));
    assert_eq!(justification, Some(&"by ana until 2999-12-31: soon".into()));
}

#[test]
fn what_could_not_be_decided_is_a_notification_and_the_run_no_success() {
    let log = sarif(&everything(), &[".", "missing"], 2);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = list(invocation, "/toolExecutionNotifications");
    let said: Vec<&str> = notifications.iter().map(|it| text(it, "/message/text")).collect();
    for expected in ["never-decides could not decide about", "no luck", "missing ", "is there twice", "not checked: "] {
        assert!(said.iter().any(|text| text.contains(expected)), "{expected}: {said:#?}");
    }
    let error = notifications.iter().find(|it| it["associatedRule"]["id"] == "never-decides").unwrap();
    assert_eq!(error["level"], "error");
    assert!(is_position(&error["locations"][0]["physicalLocation"]["region"]["startLine"]));
    let good = sarif(&usual_folder(), &["pod.yaml"], 1);
    assert_eq!(good["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn an_alert_is_known_again_when_lines_move_and_not_when_the_object_is_another() {
    let fingerprints = |pod: &str, file: &str| {
        let log = sarif(&usual_folder().and(file, pod), &[file], 1);
        let results = list(&log, "/runs/0/results").to_vec();
        results.into_iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let before = fingerprints(POD, "a.yaml");
    assert_eq!(fingerprints(&format!("# moved\n\n---\n{POD}"), "a.yaml"), before);
    assert_ne!(fingerprints(&POD.replace("name: web", "name: other"), "a.yaml"), before);
    assert_ne!(fingerprints(POD, "b.yaml"), before);
}

#[test]
fn a_file_of_any_name_is_a_uri() {
    let log = sarif(&usual_folder().and("a b/ü%#.yaml", POD), &["./a b"], 1);
    let uri = text(&log, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri");
    assert_eq!(uri, "a%20b/%C3%BC%25%23.yaml");
}
