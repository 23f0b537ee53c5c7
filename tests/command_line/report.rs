//! The report for people.

use protocol::{Level, Verdict};
use snapbox::{assert_data_eq, file};

use crate::bundles::{FixedRule, POD, usual, usual_folder};
use crate::support::Folder;

fn check(manifest: &str) -> String {
    Folder::of("pod.yaml", manifest).bundle(&usual()).run(&["check", "pod.yaml", "--bundle", "bundle"]).with(1)
}

#[test]
fn a_finding_shows_its_line_and_what_to_write_instead() {
    assert_data_eq!(check(POD), file!["goldens/finding.txt"].raw());
}

#[test]
fn underlines_stand_below_what_they_mean_behind_wide_and_narrow_letters() {
    let spec = "apiVersion: v1\nkind: Pod\nmetadata: {name: ü, labels: {漢字: é}, annotations: {ñ: x, note: \"длинный\"}}\n\
                spec: {containers: [{name: \"漢字é\", image: 'fäncy/漢:2'}]}\n";
    assert_data_eq!(check(spec), file!["goldens/letters.txt"].raw());
}

#[test]
fn a_value_of_several_lines_is_shown_by_its_first() {
    let manifest = POD
        .replace("note: short enough", "note: |\n      one\n      two")
        .replace("image: fancy:2", "image: >-\n        fancy\n        :2");
    assert_data_eq!(check(&manifest), file!["goldens/lines.txt"].raw());
}

#[test]
fn lines_of_windows_read_like_all_others() {
    assert_eq!(check(&POD.replace('\n', "\r\n")), check(POD));
}

#[test]
fn items_of_a_list_are_judged_each_in_its_place() {
    let item = |name: &str| {
        format!(
            "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: {name}, labels: {{}}}}\n  spec: {{containers: [{{name: app, image: a:2}}]}}\n"
        )
    };
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{}{}", item("one"), item("two"));
    assert_data_eq!(check(&list), file!["goldens/list.txt"].raw());
}

#[test]
fn a_field_that_is_not_there_is_shown_by_what_is_nearest() {
    let bare = "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: web-\nspec: {}\n";
    assert_data_eq!(check(bare), file!["goldens/absent.txt"].raw());
}

#[test]
fn a_line_that_is_far_too_long_is_named_and_not_shown() {
    let long = format!(
        "{{\"x\": \"{}\", {}",
        "x".repeat(5000),
        &r#""apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web"}, "spec": {"containers": [{"image": "a:2"}]}}"#
            .replace("\n        ", " ")
    );
    let out = check(&long);
    assert!(out.contains("--> pod.yaml:1:5109\n"), "{out}");
    assert!(out.lines().all(|line| line.len() < 200), "{out}");
}

#[test]
fn one_line_for_each_finding_is_a_format() {
    let out = usual_folder().run(&["check", "pod.yaml", "--bundle", "bundle", "--format", "short"]).with(1);
    assert_data_eq!(out, file!["goldens/short.txt"].raw());
}

#[test]
fn more_than_fifty_findings_are_one_line_each_unless_asked_for_in_full() {
    let pod = |number: usize| format!("---\n{}", POD.replace("name: web", &format!("name: web-{number}")));
    let folder = |number| Folder::of("all.yaml", (0..number).map(pod).collect::<String>()).bundle(&usual());
    let lines = |number, format| {
        let out = folder(number).run(&["check", ".", "--bundle", "bundle", "--format", format]).with(1);
        (out.lines().filter(|line| line.starts_with("all.yaml:")).count(), out)
    };
    // Three findings each.
    let (short, out) = lines(17, "human");
    assert_eq!(short, 51);
    assert!(out.contains("51 findings, one line each. `--format full`"), "{out}");
    assert_eq!(lines(16, "human").0, 0);
    assert_eq!(lines(17, "full").0, 0);
    let (_, out) = lines(30, "short");
    assert!(out.contains("\n  and 10 more\n"), "{out}");
}

#[test]
fn what_a_rule_could_not_decide_counts_as_broken_and_the_run_as_undecided() {
    let rule = FixedRule::new("never-decides", Verdict::Error).because("out of \u{1b}[31mluck\nerror: forged");
    let out = Folder::of("pod.yaml", POD).bundle(&[rule]).run(&["check", "pod.yaml", "--bundle", "bundle"]).with(2);
    assert_data_eq!(out, file!["goldens/error.txt"].raw());
}

#[test]
fn what_a_rule_could_not_see_says_why_and_what_helps() {
    let rule = || FixedRule::new("sees-little", Verdict::Unknown).because("no Service in sight; it may be elsewhere");
    let folder = Folder::of("pod.yaml", POD).bundle(&[rule()]);
    let out = folder.run(&["check", "pod.yaml", "--bundle", "bundle"]).with(0);
    assert_data_eq!(out, file!["goldens/unknown.txt"].raw());
    let complete = folder.run(&["check", ".", "--bundle", "bundle"]).with(0);
    assert!(!complete.contains("--world complete"), "{complete}");
}

#[test]
fn control_characters_of_manifests_modules_and_names_never_reach_the_terminal() {
    let bad = "\u{1b}]0;owned\u{7}\u{202e}\r\u{9b}31m";
    let rule = FixedRule::new("speaks", Verdict::Fail).finds_in(
        Some(bad),
        Level::Violation,
        "$['metadata']['labels']['a\\u001bb']",
        bad,
        Some(&format!("a\n{bad}")),
    );
    let mut named = rule;
    named.metadata.title = bad.into();
    named.metadata.documentation = format!("{bad}\n\n```\n{bad}\n```\n");
    named.metadata.settings = serde_json::json!({"properties": {bad: {"default": bad, "description": bad}}});
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\\e[31m\\u202e\", labels: {x\u{202e}y: z}}\n";
    let folder = Folder::of(&format!("{}.yaml", "\u{1b}[31m\n\u{202e}"), manifest)
        .and("\u{1b}[2J.yaml", "a: [")
        .and("\u{1b}[3J.yaml", "{{ x }}")
        .bundle(&[named]);
    for arguments in [
        &["check", "."][..],
        &["check", ".", "--format", "short"],
        &["check", ".", "--format", "json"],
        &["check", "no\u{1b}[31m"],
        &["check", ".", "--rule", "\u{1b}[31m"],
        &["rules"],
        &["rules", "--format", "json"],
        &["explain", "speaks"],
        &["explain", "\u{1b}[31m"],
    ] {
        let run = folder.run(&[arguments, &["--bundle", "bundle"]].concat());
        let said = run.out + &run.err;
        let raw = said.chars().find(|character| character.is_control() && *character != '\n');
        assert_eq!(raw, None, "{arguments:?}: {said:?}");
        assert!(!said.contains('\u{202e}'), "{arguments:?}: {said:?}");
        assert!(!said.contains("\nred"), "{arguments:?}: {said:?}");
    }
    let run = folder.run(&["inspect", "bundle/speaks.wasm"]);
    assert!(!run.out.contains(['\u{1b}', '\u{202e}', '\r']), "{run:?}");
}

#[test]
fn a_file_with_nothing_in_it_is_told_and_refused_by_strict() {
    let rule = || FixedRule::new("holds", Verdict::Pass);
    for (nothing, is_empty) in
        [("", true), ("# kind: Pod\n---\n---\n", true), ("---\n---\n# a\n---\n", true), (POD, false)]
    {
        let folder = Folder::of("a.yaml", format!("---\n{POD}---\n")).and("b.yaml", nothing).bundle(&[rule()]);
        let run = |more: &[&str]| folder.run(&[&["check", ".", "--bundle", "bundle"], more].concat());
        let out = run(&[]).with(0);
        assert_eq!(out.contains("skipped 1: nothing in it but comments\n  b.yaml\n"), is_empty, "{nothing}: {out}");
        run(&["--strict"]).with(if is_empty { 2 } else { 0 });
    }
}

#[test]
fn strict_names_every_place_that_it_refuses() {
    let folder =
        (10..30).fold(Folder::of("a.yaml", POD), |folder, number| folder.and(&format!("{number}.yaml"), "a: 1"));
    let folder = folder.bundle(&[FixedRule::new("holds", Verdict::Pass)]);
    let out = folder.run(&["check", ".", "--bundle", "bundle", "--strict"]).with(2);
    assert!((10..30).all(|number| out.contains(&format!("\n  {number}.yaml:1\n"))) && !out.contains(" more;"), "{out}");
}

#[test]
fn objects_that_no_rule_is_about_are_counted() {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    let folder = |manifest: String| Folder::of("a.yaml", manifest).bundle(&[FixedRule::new("holds", Verdict::Pass)]);
    let out = folder(format!("{POD}{service}{service}")).run(&["check", "a.yaml", "--bundle", "bundle"]).with(0);
    let end =
        "1 file, 3 objects, input: partial)\n2 of 3 objects have no applicable rule\nprofile recommended: all rules\n";
    assert!(out.ends_with(end), "{out}");
    let out = folder(POD.to_owned()).run(&["check", "a.yaml", "--bundle", "bundle"]).with(0);
    assert!(!out.contains("no applicable rule"), "{out}");
}

/// Two rules that say the same of one field, and one of them something else too.
fn yielding() -> Folder {
    let image = "$['spec']['containers'][0]['image']";
    let owner = FixedRule::new("owner", Verdict::Fail).finds(Level::Violation, image, "as the owner says", Some("a:3"));
    let mut other = FixedRule::new("standard", Verdict::Fail)
        .finds(Level::Violation, image, "as the standard says", Some("a:3"))
        .finds(Level::Violation, "$['spec']", "beside it", Some("a spec"));
    other.metadata.yields_to = vec!["owner".into(), "somebody".into()];
    Folder::of("pod.yaml", POD).bundle(&[owner, other]).and(
        "waived.yaml",
        "longest_waiver_days: 4000000\nwaivers: [{rule: owner, object: {kind: Pod, name: web}, by: ana, why: legacy, until: 9999-12-31}]",
    )
}

#[test]
fn what_two_rules_say_of_one_field_is_told_once_and_counts_for_both() {
    let check = |arguments: &[&str]| {
        yielding().run(&[&["check", "pod.yaml", "--bundle", "bundle"], arguments].concat()).with(1)
    };
    let out = check(&[]);
    assert!(out.contains("as the owner says") && !out.contains("as the standard says"), "{out}");
    assert!(out.contains("beside it"), "{out}");
    // The other rule's word is needed where the first one is not asked, or its word does not count.
    for arguments in [["--rule", "standard"], ["--config", "waived.yaml"]] {
        let out = check(&arguments);
        assert!(out.contains("as the standard says"), "{out}");
    }
    let sarif: serde_json::Value = serde_json::from_str(&check(&["--format", "sarif"])).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let said: Vec<_> = results.iter().map(|result| result["message"]["text"].to_string()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    // A report for machines has all that was decided.
    let json = check(&["--format", "json"]);
    assert!(json.contains("as the standard says") && json.contains("as the owner says"), "{json}");
}
