//! Dockerfiles on a disk: they are found, read with their places, and checked by the rule `dockerfile`.

use serde::Deserialize;
use serde_json::Value;

use crate::support::Folder;

/// One Dockerfile of `dockerfiles.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    text: String,
    /// All findings in order: `3 violation: words of the message`.
    says: Vec<String>,
}

const CHECK: [&str; 6] = ["check", ".", "--rule", "dockerfile", "--format", "json"];

fn results(folder: &Folder, arguments: &[&str], code: i32) -> Vec<Value> {
    let report: Value = serde_json::from_str(&folder.run(arguments).with(code)).expect("a report is JSON");
    report["results"].as_array().expect("it has results").clone()
}

#[test]
fn each_dockerfile_is_found_read_and_checked() {
    let cases: Vec<Case> = serde_saphyr::from_str(include_str!("dockerfiles.yaml")).expect("it is a list of cases");
    assert!(cases.len() >= 40, "{}", cases.len());
    let folder = cases
        .iter()
        .enumerate()
        .fold(Folder::new(), |folder, (index, case)| folder.and(&format!("{index:02}/Dockerfile"), &case.text));
    let results = results(&folder, &CHECK, 1);
    assert_eq!(results.len(), cases.len());
    let mut wrong = Vec::new();
    for (index, Case { name, says, .. }) in cases.iter().enumerate() {
        let file = format!("{index:02}/Dockerfile");
        let result = results.iter().find(|result| result["object"]["file"] == file.as_str()).expect(&file);
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let findings = result["findings"].as_array().expect("findings are a list").iter();
        let findings: Vec<String> = findings
            .map(|finding| format!("{} {}: {}", finding["line"], text(finding, "level"), text(finding, "message")))
            .collect();
        let fits = |(found, said): (&String, &String)| {
            let (place, words) = said.split_once(": ").expect("a place and words");
            found.starts_with(&format!("{place}: ")) && found.contains(words)
        };
        if findings.len() != says.len() || !findings.iter().zip(says).all(fits) {
            wrong.push(format!("{name}: expected {says:?}, found {findings:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_may_be_named_and_none_is_read_that_only_looks_like_one() {
    let folder = Folder::of("web/Dockerfile.dev", "FROM node\nUSER 1\n")
        .and("web/Dockerfile.dockerignore", "node_modules\n")
        .and("web/Dockerfile.tmpl", "FROM {{ base }}\n")
        .and("web/app.dockerfile", "{{ if a }}\nFROM node\n{{ end }}\n");
    let names: Vec<String> =
        results(&folder, &CHECK, 1).iter().map(|result| result["object"]["file"].to_string()).collect();
    assert_eq!(names, ["\"web/Dockerfile.dev\""]);
    let named = results(&folder, &["check", "web/Dockerfile.dev", "--rule", "dockerfile", "--format", "json"], 1);
    assert_eq!(named.len(), 1);
}

#[test]
fn a_folder_of_a_dockerfile_alone_is_not_skipped() {
    let folder = Folder::of("Dockerfile", "FROM node:24.1\nUSER 1\n");
    let out = folder.run(&["check", ".", "--rule", "dockerfile", "--strict"]).with(0);
    assert!(!out.contains("skipped"), "{out}");
}

#[test]
fn what_could_not_be_built_is_told_with_its_line() {
    let folder = Folder::of("Dockerfile", "FROM node:24.1\nRUM a\n").and("web.yaml", "apiVersion: v1\nkind: Pod\n");
    let run = folder.run(&CHECK);
    let said = "Dockerfile is not a Dockerfile that can be built: line 2: `RUM` is not an instruction";
    assert!(
        run.out.contains("line 2: `RUM` is not an instruction") || run.err.contains(said),
        "{}{}",
        run.out,
        run.err
    );
    assert_eq!(run.code, Some(2));
}

#[test]
fn no_value_of_a_dockerfile_is_shown() {
    let folder = Folder::of("Dockerfile", "FROM node:24.1\nENV DB_PASSWORD=hunter2\nUSER 1\n");
    for format in ["full", "short", "json", "sarif"] {
        let run = folder.run(&["check", ".", "--rule", "dockerfile", "--format", format]);
        assert!(!run.out.contains("hunter2") && !run.err.contains("hunter2"), "{format}: {}{}", run.out, run.err);
    }
}
