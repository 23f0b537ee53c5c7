//! A baseline: what was there fails nothing, what is new does.

use protocol::{Level, Verdict};
use serde_json::{Value, json};

use crate::bundles::{FixedRule, POD, usual_folder};
use crate::schema;
use crate::support::{Folder, Run};

fn run(folder: &Folder, arguments: &[&str]) -> Run {
    let (words, rest) = arguments.split_at(if arguments[0] == "baseline" { 2 } else { 1 });
    folder.run(&[words, &["--bundle", "bundle"], rest].concat())
}

const FILE: &str = "seaworthy-baseline.yaml";

fn with_baseline() -> Folder {
    let folder = usual_folder();
    assert_eq!(
        run(&folder, &["baseline", "write", "pod.yaml"]).with(0),
        format!("{FILE}: 2 findings; `--baseline {FILE}` accepts them\n")
    );
    folder
}

fn read(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path().join(FILE)).unwrap()
}

#[test]
fn what_is_known_does_not_fail_and_is_counted() {
    let folder = with_baseline();
    run(&folder, &["check", "pod.yaml"]).with(1);
    let out = run(&folder, &["check", "pod.yaml", "--baseline", FILE]).with(0);
    assert!(out.contains("\nbaseline: 2 findings known, 0 new\n"), "{out}");
    let report = run(&folder, &["check", "pod.yaml", "--baseline", FILE, "--format", "json"]).with(0);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(schema::faults(&report), Vec::<String>::new());
    assert_eq!(report["baseline"], json!({"known": 2, "new": 0, "stale": []}));
    let waived = report["results"].as_array().unwrap().iter().filter(|result| result["verdict"] == "waived");
    assert!(waived.clone().all(|result| result["reason"] == "known: it is in the baseline"));
    assert_eq!(waived.count(), 2);
    let folder = folder.and("seaworthy.yaml", format!("baseline: {FILE}\n"));
    run(&folder, &["check", "pod.yaml"]).with(0);
}

#[test]
fn what_is_new_fails() {
    let folder = with_baseline().and("new.yaml", POD.replace("name: web", "name: new"));
    let out = run(&folder, &["check", "pod.yaml", "new.yaml", "--baseline", FILE]).with(1);
    assert!(out.contains("Pod shop/new") && out.contains("\nbaseline: 2 findings known, 2 new\n"), "{out}");
    // Another one that is equal is another one.
    let folder = with_baseline().and("again.yaml", POD);
    let out = run(&folder, &["check", "pod.yaml", "again.yaml", "--baseline", FILE]).with(1);
    assert!(out.contains("\nbaseline: 2 findings known, 2 new\n"), "{out}");
}

#[test]
fn a_finding_is_known_wherever_it_moves() {
    let folder = with_baseline().and("moved/other.yaml", format!("# a comment\n\n{POD}"));
    run(&folder, &["check", "moved", "--baseline", FILE]).with(0);
}

#[test]
fn containers_may_change_places() {
    let pod = |first: &str, second: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n  - {first}\n  - {second}\n")
    };
    let (app, proxy) = ("{name: app, image: a}", "{name: proxy, image: b}");
    let folder = Folder::of("pod.yaml", pod(app, proxy)).and("turned.yaml", pod(proxy, app));
    folder.run(&["baseline", "write", "pod.yaml", "--rule", "read-only-root-filesystem"]).with(0);
    let check = |file: &str| folder.run(&["check", file, "--rule", "read-only-root-filesystem", "--baseline", FILE]);
    check("pod.yaml").with(0);
    check("turned.yaml").with(0);
    let folder = Folder::of("pod.yaml", pod(app, "{name: late, image: b}")).and(FILE, read(&folder));
    let run = folder.run(&["check", "pod.yaml", "--rule", "read-only-root-filesystem", "--baseline", FILE]);
    assert!(run.with(1).contains("container late"));
}

#[test]
fn what_was_fixed_is_named_fails_nothing_and_is_taken_out() {
    let folder = with_baseline().and("pod.yaml", POD.replace("name: web", "name: other"));
    let out = run(&folder, &["check", "pod.yaml", "--baseline", FILE, "--rule", "note-is-short"]).with(0);
    assert!(out.contains("\nbaseline: 0 findings known, 0 new\n"), "its rules were not asked: {out}");
    let out = run(&folder, &["check", "pod.yaml", "--baseline", FILE]).with(1);
    assert!(out.contains("\nbaseline: 0 findings known, 2 new\n"), "shop/web may be in another file: {out}");
    let said = run(&folder, &["baseline", "update", "pod.yaml"]).with(0);
    assert!(said.starts_with(&format!("{FILE}: 2 findings, 0 removed, 0 added; 2 new findings left out")), "{said}");
    let out = run(&folder, &["check", "pod.yaml", "--baseline", FILE, "--world", "complete"]).with(1);
    assert!(out.contains("gone: team-is-named: Pod shop/web: nobody is named\n"), "{out}");
    assert!(out.contains("baseline: 0 findings known, 2 new, 2 gone"), "{out}");
    let said = run(&folder, &["baseline", "update", "pod.yaml", "--world", "complete"]).with(0);
    assert_eq!(said, format!("{FILE}: 0 findings, 2 removed, 0 added; 2 new findings left out; --add adds them\n"));
    assert!(read(&folder).ends_with("findings: []\n"));
    let said = run(&folder, &["baseline", "update", "pod.yaml", "--add"]).with(0);
    assert_eq!(said, format!("{FILE}: 2 findings, 0 removed, 2 added\n"));
    run(&folder, &["check", "pod.yaml", "--baseline", FILE]).with(0);
}

#[test]
fn nothing_is_taken_out_where_not_all_was_checked() {
    let folder =
        with_baseline().and("pod.yaml", POD.replace("name: web", "name: other")).and("broken.yaml", "apiVersion: [");
    let before = read(&folder);
    let run = run(&folder, &["baseline", "update", "pod.yaml", "broken.yaml"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains("was not changed"), "{}", run.err);
    assert_eq!(read(&folder), before);
}

#[test]
fn a_baseline_of_what_was_not_all_checked_is_called_incomplete() {
    let folder = usual_folder().and("broken.yaml", "apiVersion: [");
    let run = run(&folder, &["baseline", "write", "pod.yaml", "broken.yaml"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains(&format!("{FILE} is incomplete")), "{}", run.err);
}

#[test]
fn a_baseline_is_not_written_over_and_has_no_waived_findings() {
    let folder = with_baseline();
    let complaint = run(&folder, &["baseline", "write", "pod.yaml"]).complaint();
    assert!(complaint.starts_with("error: seaworthy-baseline.yaml exists already"), "{complaint}");
    let complaint = run(&folder, &["baseline", "write", "pod.yaml", "--output", "gone/known.yaml"]).complaint();
    assert_eq!(complaint, "error: gone/known.yaml cannot be written: its folder does not exist; mkdir -p it first\n");
    let waiver = "longest_waiver_days: 400000\nwaivers: [{rule: team-is-named, object: {name: web}, owner: a, reason: b, expires: 2999-01-01}]\n";
    let folder = folder.and("seaworthy.yaml", waiver);
    let written = run(&folder, &["baseline", "write", "pod.yaml", "--force"]).with(0);
    assert_eq!(written, format!("{FILE}: 1 finding; `--baseline {FILE}` accepts them\n"));
    assert!(!read(&folder).contains("team-is-named"));
}

#[test]
fn a_file_that_is_no_baseline_is_refused() {
    let folder = usual_folder().and("b.yaml", "findings: []\n");
    let complaint = run(&folder, &["check", "pod.yaml", "--baseline", "b.yaml"]).complaint();
    assert!(complaint.starts_with("error: b.yaml:1:1: this is no baseline"), "{complaint}");
    let complaint = run(&folder, &["check", "pod.yaml", "--baseline", "gone.yaml"]).complaint();
    assert!(complaint.starts_with("error: the baseline gone.yaml does not exist"), "{complaint}");
}

#[test]
fn an_error_is_never_known() {
    let fails = FixedRule::new("fails", Verdict::Fail).finds(Level::Violation, "$", "no", None);
    let rules = [FixedRule::new("never-decides", Verdict::Error).because("no luck"), fails];
    let folder = Folder::of("pod.yaml", POD).bundle(&rules);
    assert_eq!(run(&folder, &["baseline", "write", "pod.yaml"]).code, Some(2));
    run(&folder, &["check", "pod.yaml", "--baseline", FILE]).with(2);
}

#[test]
fn what_an_object_no_longer_has_is_gone_whatever_else_there_is() {
    let folder = with_baseline().and("pod.yaml", format!("# A comment\n{POD}"));
    let before = read(&folder);
    run(&folder, &["baseline", "update", "pod.yaml"]).with(0);
    assert_eq!(read(&folder), before, "the same is found");
    let rules = [FixedRule::new("team-is-named", Verdict::Pass), FixedRule::new("image-is-plain", Verdict::Unknown)];
    let folder = folder.bundle(&rules);
    let said = run(&folder, &["baseline", "update", "pod.yaml"]).with(0);
    assert_eq!(said, format!("{FILE}: 1 finding, 1 removed, 0 added\n"));
    assert!(read(&folder).contains("image-is-plain"), "what is not decided may be there still");
}

#[test]
fn the_baseline_of_the_configuration_is_written_and_updated() {
    let folder = usual_folder().and("seaworthy.yaml", "baseline: known/all.yaml\n").and("known/README", "");
    let ours = |folder: &Folder| std::fs::read_to_string(folder.path().join("known/all.yaml")).unwrap();
    assert_eq!(
        run(&folder, &["baseline", "write", "pod.yaml"]).with(0),
        "known/all.yaml: 2 findings; `--baseline known/all.yaml` accepts them\n"
    );
    run(&folder, &["check", "pod.yaml"]).with(0);
    let folder = folder.and("pod.yaml", POD.replace("name: web", "name: other"));
    let said = run(&folder, &["baseline", "update", "pod.yaml", "--add"]).with(0);
    assert_eq!(said, "known/all.yaml: 4 findings, 0 removed, 2 added\n");
    assert!(ours(&folder).contains("name: other"));
    assert!(!folder.path().join(FILE).exists());
}
