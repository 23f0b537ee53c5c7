//! Reports for CI systems: several at once, each as its reader documents it, and each saying that a run is incomplete.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use protocol::{Level, Severity, Verdict};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use seaworthy_tests::schema;
use serde_json::{Value, json};

use crate::bundles::{FixedRule, POD, usual, usual_folder};
use crate::json::everything;
use crate::support::{Folder, run};

/// What `check` of the usual bundle prints in that format.
fn printed(folder: &Folder, format: &str, arguments: &[&str], code: i32) -> String {
    folder.run(&[&["check", "--bundle", "bundle", "--format", format], arguments].concat()).with(code)
}

/// A folder with so many findings of each of these severities.
fn many(number: usize, severities: &[Severity]) -> Folder {
    let rules = severities.iter().map(|severity| {
        let rule = FixedRule::new(&format!("fails-{severity}"), Verdict::Fail).severity(*severity);
        rule.finds(Level::Violation, "$['kind']", &format!("{severity} it is"), Some("kind: `Job`\n```\nx: 1"))
    });
    let pod = |at: usize| format!("---\n{}", POD.replace("name: web\n", &format!("name: web-{at}\n")));
    let pods: String = (0..number).map(pod).collect();
    Folder::of("pod.yaml", pods).bundle(&rules.collect::<Vec<_>>())
}

#[test]
fn several_outputs_are_written_at_once() {
    let folder = usual_folder().and("out/old.sarif", "old");
    let outputs = [
        "--output=sarif=out/old.sarif",
        "--output=junit=out/junit.xml",
        "--output=gitlab=out/gitlab.json",
        "--output=markdown=out/comment.md",
        "--output=policy-report=out/report.txt",
        "--output=full=out/full.txt",
        "--output=services=out/services.txt",
        "--output=github",
    ];
    let all = [&["check", "--bundle", "bundle", "pod.yaml", "--color", "always"], &outputs[..]].concat();
    let out = folder.run(&all).with(1);
    assert!(
        out.starts_with("::error file=pod.yaml,line=13,col=14,endLine=13,endColumn=21,title=high[image-is-plain]::")
    );
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    for (name, start) in [
        ("old.sarif", "{\n  \"$schema\""),
        (
            "junit.xml",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"seaworthy\" tests=\"3\" failures=\"2\" errors=\"0\">",
        ),
        ("gitlab.json", "[\n  {\n    \"description\""),
        ("comment.md", "<!-- seaworthy -->\n## seaworthy: 2 findings in 1 object\n\n1 high, 1 medium, 1 advice\n"),
        ("report.txt", "apiVersion: wgpolicyk8s.io/v1alpha2\nkind: ClusterPolicyReport\n"),
        ("full.txt", "high[image-is-plain]: Pod shop/web, container app: the image is not plain\n"),
        (
            "services.txt",
            "service        pass  critical      high    medium       low\nshop/web     1 of 3         -         1         1         -\n",
        ),
    ] {
        let text = read(name);
        assert!(text.starts_with(start) && text.ends_with('\n'), "{name}: {text}");
        assert!(!text.contains('\u{1b}'), "{name} has colours");
    }
    let left: BTreeSet<_> =
        fs::read_dir(folder.path().join("out")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left.len(), 7, "no draft is left: {left:?}");
    let human = folder.run(&["check", "--bundle", "bundle", "pod.yaml", "--output=json=out/report.json"]).with(1);
    assert!(human.contains("2 findings in 1 of 1 object"), "people read the result all the same: {human}");
}

#[test]
fn places_are_looked_at_before_anything_is_checked() {
    let folder = usual_folder().and("out/a.txt", "");
    let complaint = |outputs: &[&str]| {
        let arguments = [&["check", "--bundle", "bundle", "pod.yaml"], outputs].concat();
        folder.run(&arguments).complaint()
    };
    for (outputs, said) in [
        (
            &["--output=sarif=gone/a.sarif"][..],
            "error: --output sarif=gone/a.sarif: there is no folder gone: mkdir -p it first\n",
        ),
        (&["--output=sarif=out"], "error: --output sarif=out: it is a folder\n"),
        (
            &["--output=sarif=a", "--output=json=./out/../a"],
            "error: two outputs are written to out/../a: name another file\n",
        ),
        (
            &["--output=sarif", "--output=json"],
            "error: standard output is sarif already: write the other one to a file, with --output json=FILE\n",
        ),
        (
            &["--format=human", "--output=github"],
            "error: standard output is human already: write the other one to a file, with --output github=FILE\n",
        ),
        (&["--output=step-summary"], "error: --output step-summary: GITHUB_STEP_SUMMARY is not set"),
    ] {
        let complaint = complaint(outputs);
        assert!(complaint.starts_with(said), "{complaint}");
    }
    let wrong = folder.run(&["check", "pod.yaml", "--output=sarfi=x"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("did you mean `sarif`?"), "{}", wrong.err);
    std::os::unix::fs::symlink("a.txt", folder.path().join("out/link")).unwrap();
    let link = folder.run(&["check", "--bundle", "bundle", "pod.yaml", "--output=sarif=out/link"]);
    assert!(
        link.code == Some(2) && link.err.contains("out/link is a link, and is not written through"),
        "{}",
        link.err
    );
}

#[test]
fn github_shows_the_worst_and_counts_the_rest() {
    let folder = many(30, &[Severity::Low, Severity::Critical, Severity::Medium, Severity::High]);
    let out = printed(&folder, "github", &["pod.yaml"], 1);
    let of = |kind: &str| out.lines().filter(|line| line.starts_with(&format!("::{kind} "))).collect::<Vec<_>>();
    assert_eq!([of("error").len(), of("warning").len(), of("notice").len(), out.lines().count()], [10, 10, 10, 30]);
    assert!(of("error")[..9].iter().all(|line| line.contains("title=critical[fails-critical]::")), "{out}");
    assert_eq!(
        of("error")[9],
        "::error title=seaworthy::and 51 more of this kind, none worse: GitHub shows 10 of a step"
    );
    assert!(of("error")[0].ends_with("%0Afix: kind: `Job`%0A```%0Ax: 1"), "{out}");
}

#[test]
fn a_step_summary_is_added_to_and_a_comment_has_an_end() {
    let folder = many(2_000, &[Severity::High, Severity::Critical]).and("summary.md", "before\n");
    let summary = folder.path().join("summary.md");
    let arguments =
        ["check", "--bundle", "bundle", "pod.yaml", "--output=step-summary", "--output=markdown=comment.md"];
    let run = run(folder.command(&arguments).env("GITHUB_STEP_SUMMARY", &summary), "");
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
    let summary = fs::read_to_string(summary).unwrap();
    assert!(
        summary.starts_with("before\n<!-- seaworthy -->\n## seaworthy: 4,000 findings in 2,000 objects"),
        "{summary}"
    );
    assert!(summary.len() < 1 << 20, "{}", summary.len());
    let comment = fs::read_to_string(folder.path().join("comment.md")).unwrap();
    assert!(comment.chars().count() < 65_536 && comment.len() > 60_000);
    let shown = comment.matches("<b>critical</b>").count();
    assert_eq!((comment.matches("<details>").count(), comment.matches("</details>").count()), (shown, shown));
    let more = 4_000 - shown;
    let more = format!("{},{:03}", more / 1000, more % 1000);
    let rest = format!("\n{more} findings more, none worse: `seaworthy check` shows all.\n");
    assert!(comment.ends_with(&rest), "{}", &comment[comment.len() - 200..]);
    assert!(comment.contains("````yaml\nkind: `Job`\n```\nx: 1\n````\n"), "no fix ends its block");
}

#[test]
fn gitlab_tells_findings_apart() {
    let text = printed(&everything(), "gitlab", &[".", "missing", "--config", "c.yml.txt"], 2);
    let issues: Vec<Value> = serde_json::from_str(&text).unwrap();
    let format = json!({
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"type": "string", "enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {"type": "object", "required": ["path", "lines"], "properties": {
                "path": {"type": "string", "minLength": 1},
                "lines": {"type": "object", "required": ["begin"], "properties": {
                    "begin": {"type": "integer", "minimum": 1}}},
            }},
        },
    });
    for issue in &issues {
        assert_eq!(schema::faults(&format, "", issue), Vec::<String>::new(), "{issue:#}");
        assert!(!issue["location"]["path"].as_str().unwrap().starts_with("./"));
    }
    let fingerprints: BTreeSet<&str> = issues.iter().map(|it| it["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), issues.len());
    let waived = issues.iter().filter(|issue| issue["check_name"] == "waived-for-now");
    assert_eq!(waived.count(), 1, "of another object");
    let incomplete = issues.iter().filter(|issue| issue["check_name"] == "incomplete");
    assert!(incomplete.count() > 2 && issues[0]["severity"] == "blocker");
    let moved = |pod: String| printed(&usual_folder().and("pod.yaml", pod), "gitlab", &["pod.yaml"], 1);
    let known = |text: &str| {
        let issues: Vec<Value> = serde_json::from_str(text).unwrap();
        issues.iter().map(|issue| issue["fingerprint"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(known(&moved(POD.to_owned())), known(&moved(format!("# moved\n\n---\n{POD}"))));
}

/// What may stand in an element, by the schema of Jenkins' JUnit format, and its attributes. `disabled` is of others.
const JUNIT: [(&str, &[&str], &[&str]); 6] = [
    ("testsuites", &["testsuite"], &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &["testcase", "properties", "system-out", "system-err"],
        &["name", "tests", "failures", "errors", "skipped", "disabled", "time", "timestamp", "package"],
    ),
    ("testcase", &["skipped", "error", "failure", "system-out", "system-err"], &["name", "classname", "time", "group"]),
    ("skipped", &[], &["type", "message"]),
    ("failure", &[], &["type", "message"]),
    ("error", &[], &["type", "message"]),
];

/// The elements of a JUnit document, each with its attributes, where it is as the schema says.
fn junit(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let attributes = |start: &BytesStart<'_>| {
        let all = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let value =
                quick_xml::escape::unescape(std::str::from_utf8(&attribute.value).unwrap()).unwrap().into_owned();
            (String::from_utf8(attribute.key.as_ref().to_vec()).unwrap(), value)
        });
        all.collect::<BTreeMap<String, String>>()
    };
    let (mut reader, mut around, mut found) = (Reader::from_str(text), Vec::<String>::new(), Vec::new());
    loop {
        let event = reader.read_event().unwrap();
        let (start, is_open) = match &event {
            Event::Eof => break,
            Event::Start(start) => (start, true),
            Event::Empty(start) => (start, false),
            Event::End(_) => {
                around.pop();
                continue;
            }
            _ => continue,
        };
        let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
        let allowed = |name: &str| JUNIT.iter().find(|(of, ..)| *of == name).unwrap_or_else(|| panic!("{name}"));
        let parent = around.last().map(|parent| allowed(parent));
        assert!(parent.is_none_or(|(_, children, _)| children.contains(&&*name)), "{name} in {around:?}");
        let attributes = attributes(start);
        assert!(attributes.keys().all(|key| allowed(&name).2.contains(&key.as_str())), "{name} {attributes:?}");
        found.push((name.clone(), attributes));
        if is_open {
            around.push(name);
        }
    }
    found
}

#[test]
fn junit_fails_where_the_run_fails() {
    let text = printed(&everything(), "junit", &[".", "missing", "--config", "c.yml.txt"], 2);
    let elements = junit(&text);
    let named = |name: &str| -> Vec<&str> {
        elements.iter().filter(|(of, _)| of == name).map(|(_, it)| it["message"].as_str()).collect()
    };
    assert!(named("error").iter().any(|text| text.contains("missing does not exist")), "{text}");
    assert!(named("error").iter().any(|text| text.contains("could not be checked: no luck")));
    assert!(named("skipped").contains(&"waived by ana until 2999-12-31: soon"));
    assert!(named("skipped").contains(&"unknown: it may be elsewhere"));
    assert!(named("failure").contains(&"the image is not plain"));
    let cases: BTreeSet<_> = elements.iter().filter(|(of, _)| of == "testcase").map(|(_, it)| &it["name"]).collect();
    assert!(
        !cases.iter().any(|name| name.contains("not-for-this")) && cases.iter().any(|name| *name == "note-is-short")
    );
    let only_high = printed(&usual_folder(), "junit", &["pod.yaml", "--fail-on", "critical"], 0);
    let root = &junit(&only_high)[0].1;
    assert_eq!((&*root["tests"], &*root["failures"], &*root["errors"]), ("3", "0", "0"));
    assert!(only_high.contains("high, below critical: the image is not plain"), "{only_high}");
}

#[test]
fn a_policy_report_is_as_its_definition_says() {
    let text = printed(&everything(), "policy-report", &[".", "missing", "--config", "c.yml.txt"], 2);
    let root: Value = serde_saphyr::from_str(include_str!("../audit/schemas.yaml")).unwrap();
    let report: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(schema::faults(&root, "/$defs/PolicyReport", &report), Vec::<String>::new(), "{text}");
    let results = report["results"].as_array().unwrap();
    let count = |result: &str| results.iter().filter(|it| it["result"] == result).count();
    for result in ["pass", "fail", "warn", "error", "skip"] {
        assert!(count(result) > 0 && report["summary"][result] == count(result), "{result}: {text}");
    }
    let image = results.iter().find(|it| it["policy"] == "image-is-plain").unwrap();
    let about = json!([{"apiVersion": "v1", "kind": "Pod", "name": "x-*"}]);
    assert_eq!(image["resources"], about);
    assert_eq!(image["properties"]["file"], "list.yaml");
}

#[test]
fn code_scanning_is_told_of_what_is_waived_only_if_asked() {
    let rules = usual();
    let waiver = "longest_waiver_days: 400000\nwaivers: [{rule: team-is-named, object: {name: web}, owner: a, reason: b, expires: 2999-01-01}]\n";
    let folder = Folder::of("pod.yaml", POD).bundle(&rules).and("seaworthy.yaml", waiver);
    let results = |arguments: &[&str]| {
        let log: Value = serde_json::from_str(&printed(&folder, "sarif", arguments, 1)).unwrap();
        assert_eq!(log["runs"][0]["automationDetails"]["id"], "seaworthy/");
        log["runs"][0]["results"].as_array().unwrap().iter().map(|it| it["ruleId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(results(&["pod.yaml"]), ["image-is-plain"]);
    assert_eq!(results(&["pod.yaml", "--sarif-suppressed"]), ["image-is-plain", "team-is-named"]);
}

#[test]
fn no_format_shows_an_incomplete_run_as_a_green_one() {
    let passes = FixedRule::new("passes", Verdict::Pass);
    let folder = Folder::of("pod.yaml", POD).and("broken.yaml", "apiVersion: [").bundle(&[passes]);
    for (format, said) in [
        ("human", "not everything could be checked"),
        ("short", "not everything could be checked"),
        ("services", "Not everything could be read or checked"),
        ("json", "\"outcome\": \"incomplete\""),
        ("sarif", "\"executionSuccessful\": false"),
        ("junit", "<error message="),
        ("github", "::error title=seaworthy%3A incomplete::"),
        ("step-summary", "**Incomplete: 1 problem, not everything could be checked.**"),
        ("markdown", "**Incomplete: 1 problem, not everything could be checked.**"),
        ("gitlab", "\"check_name\": \"incomplete\""),
        ("gitlab", "; fix the YAML at or just above this line"),
        ("policy-report", "result: error"),
    ] {
        let file = format!("--output={format}=out");
        folder.run(&["check", "--bundle", "bundle", "pod.yaml", "broken.yaml", &file]);
        let text = fs::read_to_string(folder.path().join("out")).unwrap();
        assert!(text.contains(said), "{format}: {text}");
        if matches!(format, "markdown" | "step-summary" | "github") {
            assert!(text.starts_with(said), "{format} says so first: {text}");
        }
    }
    let nothing = Folder::of("a.txt", "").bundle(&usual());
    let text = printed(&nothing, "github", &["."], 2);
    assert!(text.contains("nothing to check: no Kubernetes object"), "{text}");
}
