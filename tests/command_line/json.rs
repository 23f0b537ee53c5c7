//! The report for machines, as `docs/report.md` and its schema promise it.

use protocol::Verdict;
use serde_json::Value;
use snapbox::{assert_data_eq, file};

use crate::bundles::{FixedRule, POD, usual, usual_folder};
use crate::schema;
use crate::support::Folder;

fn report(folder: &Folder, arguments: &[&str], code: i32) -> (String, Value) {
    let arguments = [&["check", "--bundle", "bundle", "--format", "json"], arguments].concat();
    let text = folder.run(&arguments).with(code);
    let report: Value = serde_json::from_str(&text).unwrap();
    let faults = schema::faults(&report);
    assert!(faults.is_empty(), "{faults:#?}\n{text}");
    (text, report)
}

/// A folder with one of everything that a report can say.
pub fn everything() -> Folder {
    let waived = FixedRule::new("waived-for-now", Verdict::Fail);
    let [image, team, note] = usual();
    let rules = [
        image,
        team,
        note,
        waived.finds(protocol::Level::Violation, "$", "not yet", None),
        FixedRule::new("sees-little", Verdict::Unknown).because("it may be elsewhere"),
        FixedRule::new("never-decides", Verdict::Error).because("no luck"),
        FixedRule::new("not-for-this", Verdict::NotApplicable).because("it is a Pod").finds(
            protocol::Level::Note,
            "$['kind']",
            "a Pod",
            None,
        ),
    ];
    let list = "kind: List\napiVersion: v1\nitems:\n- {kind: Pod, apiVersion: v1, metadata: {generateName: x-}}\n";
    Folder::of("pod.yaml", POD)
        .and("list.yaml", format!("# first\n---\na: 1\n---\n{list}"))
        .and("twice.yaml", "a: 1\na: 2\napiVersion: v1\n")
        .and("template.yaml", "a: {{ b }}\n{{ c }}\n")
        .and(
            "c.yml.txt",
            "longest_waiver_days: 400000\nwaivers: [{rule: waived-for-now, object: {name: web}, by: ana, why: soon, until: 2999-12-31}]",
        )
        .bundle(&rules)
}

#[test]
fn a_document_that_could_not_be_read_is_told_from_one_without_an_object() {
    let folder = usual_folder().and("odd.yaml", "a: [\n").and("values.yaml", "a: 1\n");
    let (_, report) = report(&folder, &["."], 1);
    let skipped = report["skipped"].as_array().unwrap();
    let of = |name: &str| skipped.iter().find(|it| it["file"] == name).map(|it| it["unreadable"] == true);
    assert_eq!((of("odd.yaml"), of("values.yaml")), (Some(true), Some(false)));
}

#[test]
fn a_report_says_everything() {
    let (text, _) = report(&everything(), &[".", "missing", "--config", "c.yml.txt"], 2);
    assert_data_eq!(text, file!["goldens/report.json"].raw());
}

#[test]
fn a_finding_is_known_by_the_same_in_sarif() {
    let shop = seaworthy_tests::artifacts::workspace().join("examples/shop");
    let run = |format| -> Value {
        let text = Folder::new().run(&["check", shop.to_str().unwrap(), "--format", format]).with(1);
        serde_json::from_str(&text).unwrap()
    };
    let (json, sarif) = (run("json"), run("sarif"));
    let results = json["results"].as_array().unwrap().iter();
    let findings = results.flat_map(|result| result["findings"].as_array().unwrap());
    let mut ours: Vec<&str> = findings.filter_map(|finding| finding["fingerprint"].as_str()).collect();
    let alerts = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let mut theirs: Vec<&str> =
        alerts.map(|alert| alert["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap()).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert!(!ours.is_empty());
    assert_eq!(ours, theirs);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let many: String =
        (0..300).map(|number| format!("---\n{}", POD.replace("name: web", &format!("name: web-{number}")))).collect();
    let folder = everything().and("many.yaml", many);
    let first = report(&folder, &["."], 2).0;
    for _ in 0..5 {
        assert!(first == report(&folder, &["."], 2).0);
    }
}

#[test]
fn the_report_is_there_also_where_there_is_nothing_to_judge() {
    let folder = usual_folder().and("empty/a.txt", "");
    let (_, report) = report(&folder, &["empty"], 2);
    assert_eq!(report["summary"]["objects"], 0);
    assert_eq!(report["problems"][0]["message"], "no .yaml, .yml or .json file in it");
    assert_eq!(report["problems"][0]["failure"], false);
}

#[test]
fn the_rules_of_the_binary_report_by_the_schema() {
    let shop = seaworthy_tests::artifacts::workspace().join("examples/shop");
    let text = Folder::new().run(&["check", shop.to_str().unwrap(), "--format", "json"]).with(1);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema::faults(&report), Vec::<String>::new());
}

#[test]
fn a_report_that_is_not_as_promised_is_found_out() {
    let (_, good) = report(&usual_folder(), &["pod.yaml"], 1);
    let spoil = |pointer: &str, value: Option<Value>| {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = bad.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => parent.insert(key.into(), value),
            None => parent.remove(key),
        };
        schema::faults(&bad)
    };
    for (pointer, value) in [
        ("/format", Some("other".into())),
        ("/world", None),
        ("/more", Some(1.into())),
        ("/summary/objects", Some("1".into())),
        ("/summary/objects", Some((-1).into())),
        ("/summary/verdicts/perhaps", Some(1.into())),
        ("/results/0/verdict", Some("perhaps".into())),
        ("/results/0/object/line", Some(0.into())),
        ("/results/0/findings/0/level", Some(Value::Null)),
    ] {
        assert_eq!(spoil(pointer, value.clone()).len(), 1, "{pointer} {value:?}");
    }
}
