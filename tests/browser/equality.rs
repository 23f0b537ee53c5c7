//! The same bytes everywhere: the rules as native code, as modules in wasmtime, the command line, the npm package in Node
//! and in a browser give one report.

use std::fs;
use std::process::Command;

use engine::report::{Judged, Report, render};
use engine::waiver::Date;
use engine::{Bundle, Completeness, File, Input, Judge, Question, Runtime, Selected, World, manifest};
use protocol::Profile;
use seaworthy_tests::{artifacts, cases, generate, metadata, native, sandboxed};
use serde_json::{Map, Value, json};

use crate::library::{Place, ask, question};

/// Far more than a rule takes on a machine that is busy with tests.
const PATIENCE: u32 = 60_000;

/// How many odd manifests there are, and how many of them are a world.
const MANIFESTS: usize = 200;
const WORLD: usize = 8;

type Files = Vec<(String, String)>;

/// The report as the command line prints it.
fn report<R: Runtime>(runtime: &R, bundle: &Bundle<R::Module>, files: &Files, completeness: Completeness) -> String {
    let file = |(name, text): &(String, String)| File {
        manifest: manifest::read(name, text.clone().into_bytes(), &manifest::Limits::default()),
        project: 0,
    };
    let input = Input::new(files.iter().map(file).collect());
    let world = World::new(&input);
    let judge = Judge::new(runtime, bundle, &world);
    let judged = input
        .subjects()
        .map(|subject| Judged { subject, judgements: judge.judge(&Question::of(&input, subject, completeness)) })
        .collect();
    let full = Selected { profile: Profile::Full, left_out: Vec::new() };
    let report = Report::new(&input, bundle, completeness, judged, Vec::new(), &[], Date::LAST).selected_by(Some(full));
    render::text(|out| render::json(&report, env!("CARGO_PKG_VERSION"), out)) + "\n"
}

/// The worlds made of the odd manifests, complete and partial in turn.
fn worlds() -> Vec<(Files, Completeness)> {
    let examples = metadata().into_values().flat_map(|rule| rule.examples);
    let texts: Vec<String> = examples.map(|example| example.yaml).chain([generate::services(1)]).collect();
    let all: Files = (0..MANIFESTS).map(|number| generate::odd::manifest(number, &texts)).collect();
    let completeness = [Completeness::Complete, Completeness::Partial].into_iter().cycle();
    all.chunks(WORLD).map(<[_]>::to_vec).zip(completeness).collect()
}

fn command_line(files: &Files, completeness: Completeness) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut command = Command::new(artifacts::target().join("release/seaworthy"));
    command.args(["check", "--profile", "full", "--format", "json", "--world", completeness.name()]);
    let output = command.args(files.iter().map(|(name, _)| name)).current_dir(folder.path()).output();
    let output = output.expect("run `make build` first");
    String::from_utf8(output.stdout).expect("a report is text")
}

#[test]
fn odd_manifests_give_the_same_bytes_everywhere() {
    let worlds = worlds();
    let (sandbox, modules) = sandboxed(1, &[]);
    let (native_runtime, libraries) = native(&[]);
    let questions: Vec<Value> = worlds
        .iter()
        .map(|(files, completeness)| question(files, &json!({"world": completeness.name(), "profile": "full"})))
        .collect();
    let answers = [Place::Node, Place::Chromium].map(|place| (place, ask(place, &[], &questions, PATIENCE).answers));
    let mut verdicts = Map::new();
    for (index, (files, completeness)) in worlds.iter().enumerate() {
        let expected = command_line(files, *completeness);
        let context = || files.iter().map(|(name, text)| format!("# {name}\n{text}\n")).collect::<String>();
        assert_eq!(expected, report(&sandbox, &modules, files, *completeness), "wasmtime, {}", context());
        assert_eq!(expected, report(&native_runtime, &libraries, files, *completeness), "native, {}", context());
        for (place, answers) in &answers {
            assert_eq!(
                Some(expected.as_str()),
                answers[index].as_str(),
                "{place:?}, {}\n{}",
                context(),
                answers[index]
            );
        }
        let report: Value = serde_json::from_str(&expected).unwrap();
        verdicts.extend(report["summary"]["verdicts"].as_object().unwrap().clone());
        assert_eq!(report["summary"]["files"], files.len());
    }
    // Otherwise they are not odd enough to show anything.
    for verdict in ["pass", "fail", "not-applicable", "unknown"] {
        assert!(verdicts.contains_key(verdict), "{verdicts:?}");
    }
}

#[test]
fn every_case_of_every_rule_gives_the_same_bytes_everywhere() {
    let (sandbox, modules) = sandboxed(1, &[]);
    let mut modules = modules.into_rules();
    let names: Vec<String> = modules.iter().map(|rule| rule.metadata.name.clone()).collect();
    // A page asks of what is new alone.
    let cases: Vec<_> = cases::all().into_iter().filter(|case| case.old.is_none()).collect();
    let files = |yaml: &str| vec![("case.yaml".to_owned(), yaml.to_owned())];
    let questions: Vec<Value> = cases
        .iter()
        .map(|case| {
            // Skipping the others, not asking for one: that may be off without settings.
            let skip: Vec<&String> = names.iter().filter(|name| **name != case.rule).collect();
            let mut options = json!({"world": case.completeness.name(), "profile": "full", "skip": skip});
            if !case.settings.is_null() {
                options["settings"] = json!({case.rule.clone(): case.settings});
            }
            question(&files(&case.yaml), &options)
        })
        .collect();
    let answers = [Place::Node, Place::Chromium].map(|place| (place, ask(place, &[], &questions, PATIENCE).answers));
    for (index, case) in cases.iter().enumerate() {
        let at = modules.iter().position(|rule| rule.metadata.name == case.rule).unwrap();
        let settings = if case.settings.is_null() { json!({}) } else { case.settings.clone() };
        let bundle = Bundle::new(vec![modules.swap_remove(at).with_settings(&settings)]);
        let expected = report(&sandbox, &bundle, &files(&case.yaml), case.completeness);
        modules.extend(bundle.into_rules());
        for (place, answers) in &answers {
            let answer = &answers[index];
            let context = format!("{place:?}, {}: {}\n{}\n{answer}", case.rule, case.name, case.yaml);
            match answer.get("error") {
                None => assert_eq!(Some(expected.as_str()), answer.as_str(), "{context}"),
                // Settings are looked at before anything is judged by them, as the command line does.
                Some(refused) => {
                    let report: Value = serde_json::from_str(&expected).unwrap();
                    assert_eq!(report["results"][0]["verdict"], "error", "{context}");
                    let said = format!("the settings of {} are refused: ", case.rule);
                    assert!(refused.as_str().is_some_and(|refused| refused.starts_with(&said)), "{context}");
                }
            }
        }
    }
}
