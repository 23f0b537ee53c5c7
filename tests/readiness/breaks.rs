//! Each line of the checklist is one line of the sample service: all hold, and for every rule there is a smallest change
//! that breaks its line alone. A rule that reads what it should not, or misses what it should see, is found here.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use engine::report::{Judged, Report};
use engine::scorecard::{Grouping, Scorecard};
use engine::waiver::Date;
use engine::{Bundle, Completeness, File, Input, Judge, Question, World, manifest};
use protocol::{RuleMetadata, Section, Verdict};
use sandbox::{Module, Sandbox};
use seaworthy_tests::{artifacts::workspace, needs_settings};
use serde::Deserialize;

/// One change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Break {
    rule: String,
    file: String,
    /// Stands in the file once.
    replace: String,
    with: String,
}

fn breaks() -> Vec<Break> {
    let path = workspace().join("tests/readiness/breaks.yaml");
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The manifests of the sample service, by name.
fn service() -> BTreeMap<String, String> {
    let entries = fs::read_dir(workspace().join("examples/service")).unwrap().flatten();
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "yaml"));
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap())).collect()
}

static BUNDLE: LazyLock<(Sandbox, Bundle<Module>)> = LazyLock::new(|| seaworthy_tests::sandboxed(1, &[]));

/// The rules that are lines of the checklist; one that is disabled until it has settings is not a line.
fn checklist() -> Vec<&'static str> {
    let rules = BUNDLE.1.rules().iter().map(|rule| &rule.metadata);
    let is_line = |rule: &&RuleMetadata| rule.section != Section::Delivery && !needs_settings(rule);
    rules.filter(is_line).map(|rule| rule.name.as_str()).collect()
}

/// The verdict of each line, and what is said under those that do not hold.
fn lines(files: &BTreeMap<String, String>) -> BTreeMap<String, (Verdict, Vec<String>)> {
    let (sandbox, bundle) = &*BUNDLE;
    let read = |(name, text): (&String, &String)| File {
        manifest: manifest::read(name, text.clone().into_bytes(), &manifest::Limits::default()),
        project: 0,
    };
    let input = Input::new(files.iter().map(read).collect());
    let world = World::new(&input);
    let judge = Judge::new(sandbox, bundle, &world);
    let judged = input
        .subjects()
        .map(|subject| Judged {
            subject,
            judgements: judge.judge(&Question::of(&input, subject, Completeness::Complete)),
        })
        .collect();
    let report = Report::new(&input, bundle, Completeness::Complete, judged, Vec::new(), &[], Date::LAST);
    assert!(input.files().iter().all(|file| file.manifest.problems.is_empty()));
    let scorecard = Scorecard::new(&report, &Grouping::default());
    let titles: Vec<_> = scorecard.cards.iter().map(engine::scorecard::Card::title).collect();
    assert_eq!(titles, ["payments/payments-api"], "everything belongs to the one service");
    let lines = scorecard.cards[0].lines().filter(|line| checklist().contains(&line.rule.name.as_str())).map(|line| {
        let remarks = line.remarks().iter().map(|remark| remark.message.to_owned()).collect();
        (line.rule.name.clone(), (line.verdict, remarks))
    });
    lines.collect()
}

#[test]
fn every_line_of_the_checklist_holds_for_the_sample_service() {
    let lines = lines(&service());
    assert_eq!(lines.keys().map(String::as_str).collect::<Vec<_>>().len(), checklist().len());
    let open: Vec<_> = lines.iter().filter(|(_, (verdict, _))| *verdict != Verdict::Pass).collect();
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn every_rule_of_the_checklist_has_a_break() {
    let breaks = breaks();
    let known: Vec<&str> = breaks.iter().map(|change| change.rule.as_str()).collect();
    let missing: Vec<_> = checklist().into_iter().filter(|rule| !known.contains(rule)).collect();
    assert!(missing.is_empty(), "tests/readiness/breaks.yaml has no break of {}", missing.join(", "));
    let twice = known.iter().find(|rule| known.iter().filter(|other| other == rule).count() > 1);
    assert_eq!(twice, None, "one break a rule");
}

#[test]
fn every_break_breaks_its_own_line_and_no_other() {
    let (service, rules) = (service(), checklist());
    let whole = lines(&service);
    let mut wrong = Vec::new();
    for Break { rule, file, replace, with } in breaks() {
        let text = service.get(&file).unwrap_or_else(|| panic!("{rule}: there is no {file}"));
        assert_eq!(text.matches(&replace).count(), 1, "{rule}: `{replace}` stands once in {file}");
        // An entry may be ahead of its rule.
        if !rules.contains(&rule.as_str()) {
            continue;
        }
        let mut broken = service.clone();
        broken.insert(file, text.replace(&replace, &with));
        let broken = lines(&broken);
        // With one replica there is nothing to spread or to spare: a line that no longer applies is not broken.
        let is_broken = |name: &str, verdict| whole[name].0 != verdict && verdict != Verdict::NotApplicable;
        let changed: Vec<_> = broken.iter().filter(|(name, (verdict, _))| is_broken(name, *verdict)).collect();
        let is_right = matches!(changed.as_slice(), [(name, (Verdict::Fail, _))] if **name == rule);
        if !is_right {
            wrong.push(format!("the break of {rule} changes {changed:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
