//! What is true of every edit: the file still parses, it differs only where a check proposed an edit, every comment stays on
//! its line, and what was to be fixed is found no more.
//!
//! It is tried on the example manifests of all rules, in every style that people write; and on a folder of real manifests, if
//! `SEAWORTHY_FIX_CORPUS` names one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use engine::manifest::{Limits, read};
use protocol::path::{Segment, parse};
use seaworthy_tests::cases;
use serde_json::Value;

use crate::support::{Folder, Run, run};
use crate::tools::Tools;

/// An edit that a check proposed.
struct Proposed {
    /// The document and the object's path in it; none of what was rendered, whose source is another object.
    object: Option<(u64, String)>,
    path: Vec<Segment>,
    value: Value,
}

/// What a check says.
struct Said {
    /// How often each rule is broken by each object.
    found: BTreeMap<(String, String, String), usize>,
    /// The edits by file.
    proposed: BTreeMap<String, Vec<Proposed>>,
    total: usize,
}

fn command(folder: &Folder, arguments: &[&str]) -> Run {
    let mut command = folder.command(arguments);
    if let Some(tools) = Tools::find() {
        command.env("PATH", tools.path());
    }
    run(&mut command, "")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn check(folder: &Folder) -> Said {
    let run = command(folder, &["check", ".", "--format", "json", "--no-config"]);
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}{}", run.out, run.err));
    let mut said = Said { found: BTreeMap::new(), proposed: BTreeMap::new(), total: 0 };
    for result in report["results"].as_array().unwrap() {
        let object = &result["object"];
        let is_rendered = object["environment"].is_string();
        let key = |rule: &Value| {
            (text(&object["file"]), format!("{}{}", object["document"], text(&object["path"])), text(rule))
        };
        for finding in result["findings"].as_array().unwrap() {
            if finding["level"] == "note" {
                continue;
            }
            *said.found.entry(key(&result["rule"])).or_default() += 1;
            said.total += 1;
            let Some(path) = finding["edit"]["path"].as_str() else { continue };
            let proposed = Proposed {
                object: (!is_rendered).then(|| (object["document"].as_u64().unwrap(), text(&object["path"]))),
                path: parse(path).unwrap(),
                value: finding["edit"]["value"].clone(),
            };
            // What was rendered may be edited in any file that it was made of.
            let file = if is_rendered { String::new() } else { text(&object["file"]) };
            said.proposed.entry(file).or_default().push(proposed);
        }
    }
    said
}

/// Where two values differ: the nearest places that are in both, and below them each member that only one has.
fn differences(old: &Value, new: &Value, path: &mut Vec<Segment>, all: &mut Vec<Vec<Segment>>) {
    let empty = serde_json::Map::new();
    let below = |step: Segment, old: &Value, new: &Value, path: &mut Vec<Segment>, all: &mut Vec<Vec<Segment>>| {
        path.push(step);
        differences(old, new, path, all);
        path.pop();
    };
    match (old, new) {
        _ if old == new => {}
        (Value::Object(_) | Value::Null, Value::Object(members)) => {
            let before = old.as_object().unwrap_or(&empty);
            let keys: BTreeSet<&String> = before.keys().chain(members.keys()).collect();
            for key in keys {
                let none = &Value::Null;
                below(
                    Segment::Key(key.clone()),
                    before.get(key).unwrap_or(none),
                    members.get(key).unwrap_or(none),
                    path,
                    all,
                );
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (old, new)) in before.iter().zip(after).enumerate() {
                below(Segment::Index(index), old, new, path, all);
            }
        }
        _ => all.push(path.clone()),
    }
}

impl Proposed {
    /// Whether the edit may change this place.
    fn covers(&self, path: &[Segment]) -> bool {
        let Some(rest) = path.strip_prefix(self.path.as_slice()) else { return false };
        let mut value = &self.value;
        for step in rest {
            match (step, value) {
                (Segment::Key(key), Value::Object(members)) => match members.get(key) {
                    Some(member) => value = member,
                    None => return false,
                },
                _ => return true,
            }
        }
        true
    }
}

/// The comments at the ends of lines, each with the key of its line, and those that stand alone.
fn comments(text: &str) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let starts = line.match_indices('#').map(|(at, _)| at);
        let Some(at) = starts.into_iter().find(|at| line[..*at].ends_with([' ', '\t']) || *at == 0) else { continue };
        let key = line[..at].split_once(':').map_or("", |(key, _)| key.trim_start_matches(['-', ' ']));
        *all.entry(format!("{key}{}", &line[at..])).or_default() += 1;
    }
    all
}

/// The objects of a text, by document and path; none where it does not parse.
fn objects(name: &str, text: &[u8]) -> Option<BTreeMap<(u64, String), Value>> {
    let manifest = read(name, text.to_vec(), &Limits::default());
    if !manifest.problems.is_empty() {
        return None;
    }
    let documents = (1..).zip(&manifest.documents);
    let all = documents.flat_map(|(index, document)| {
        document
            .objects()
            .iter()
            .map(move |object| ((index, object.path.clone()), serde_json::to_value(&*object.node).unwrap()))
    });
    Some(all.collect())
}

/// What is wrong with a change of a file.
fn faults(name: &str, old: &[u8], new: &[u8], proposed: &BTreeMap<String, Vec<Proposed>>) -> Vec<String> {
    let mut faults = Vec::new();
    let (before, Some(after)) = (objects(name, old).unwrap_or_default(), objects(name, new)) else {
        return vec![format!("{name} does not parse any more")];
    };
    if !before.keys().eq(after.keys()) {
        return vec![format!("{name} has other objects")];
    }
    let nothing = Vec::new();
    let own = proposed.get(name).unwrap_or(&nothing);
    let rendered = proposed.get("").unwrap_or(&nothing);
    let mut keys = BTreeSet::new();
    for (place, new) in &after {
        let mut all = Vec::new();
        differences(&before[place], new, &mut Vec::new(), &mut all);
        for path in all {
            let is_own = |edit: &Proposed| edit.object.as_ref() == Some(place) && edit.covers(&path);
            if !own.iter().any(is_own) && !rendered.iter().any(|edit| edit.covers(&path)) {
                faults.push(format!("{name}: {place:?} differs at {path:?}, where no edit was proposed"));
            }
            keys.extend(path.into_iter().filter_map(|step| match step {
                Segment::Key(key) => Some(key),
                Segment::Index(_) => None,
            }));
        }
    }
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let kept = comments(&new);
    for (comment, count) in comments(&old) {
        if kept.get(&comment).is_none_or(|kept| *kept < count) {
            faults.push(format!("{name} lost the comment {comment}"));
        }
    }
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    new.split_inclusive('\n').for_each(|line| *lines.entry(line.trim_end_matches(['\r', '\n'])).or_default() += 1);
    for line in old.split_inclusive('\n').map(|line| line.trim_end_matches(['\r', '\n'])) {
        match lines.get_mut(line).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None if keys.iter().any(|key| line.contains(key.as_str())) => {}
            None => faults.push(format!("{name} lost the line {line:?}, which no edit is about")),
        }
    }
    if old.contains("\r\n") && new.replace("\r\n", "").contains('\n') && !old.replace("\r\n", "").contains('\n') {
        faults.push(format!("{name} has line breaks of two kinds"));
    }
    faults
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries =
        walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    entries.map(|entry| (name(entry.path()), fs::read(entry.path()).unwrap())).collect()
}

/// Fixes everything in the folder, and says what is wrong with that; how many findings were fixed.
fn fix(folder: &Folder) -> (usize, Vec<String>) {
    let (before, old) = (check(folder), files(folder.path()));
    let run = command(folder, &["fix", ".", "--unsafe", "--write", "--no-config"]);
    let line = run.out.lines().next().unwrap_or_default();
    let made: usize = line.strip_prefix("Fixed ").and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(0);
    let (after, new) = (check(folder), files(folder.path()));
    let mut faults: Vec<String> = Vec::new();
    for (name, text) in &new {
        match old.get(name) {
            Some(before_text) if before_text == text => {}
            Some(before_text) => faults.extend(self::faults(name, before_text, text, &before.proposed)),
            None => faults.push(format!("{name} was not there")),
        }
    }
    for (key, count) in &after.found {
        if before.found.get(key).is_none_or(|before| before < count) {
            faults.push(format!("{key:?} is broken {count} times, and was less before"));
        }
    }
    if after.total + made > before.total {
        faults.push(format!("{} findings, {made} of them fixed, and {} are left", before.total, after.total));
    }
    let again = command(folder, &["fix", ".", "--unsafe", "--no-config"]);
    if !again.out.starts_with("Nothing to edit") {
        faults.push(format!("the second time there is more to fix: {}", again.out));
    }
    (made, faults)
}

/// The ways in which people write the same manifest.
type Style = (&'static str, fn(&str) -> String);

const STYLES: [Style; 7] = [
    ("plain", |text| text.to_owned()),
    ("carriage-returns", |text| text.replace('\n', "\r\n")),
    ("commented", |text| {
        let ends = |line: &str| !line.contains(['#', '|', '>', '"']) && line.contains(": ") || line.ends_with(':');
        let comment = |(number, line): (usize, &str)| match ends(line) {
            true => format!("{line}   # {number}\n"),
            false => format!("{line}\n"),
        };
        text.lines().enumerate().map(comment).collect()
    }),
    ("between", |text| {
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let is_plain = !text.contains(['|', '>', '"']);
        let lines = text.lines().enumerate();
        lines
            .map(|(number, line)| {
                let comment = if is_plain { format!("{:1$}# {number}\n\n", "", indent(line)) } else { String::new() };
                format!("{comment}{line}\n")
            })
            .collect()
    }),
    ("wide", |text| {
        let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
        text.lines().map(|line| format!("{:1$}{line}\n", "", indent(line))).collect()
    }),
    ("started", |text| format!("---   # first\n{text}...\n---\n# nothing\n")),
    ("unfinished", |text| text.trim_end().to_owned()),
];

#[test]
fn whatever_is_fixed_is_fixed_rightly() {
    let mut folder = Folder::new();
    for (index, case) in cases::all().into_iter().enumerate().filter(|(_, case)| case.verdict == "fail") {
        // Each style in its turn: all of them of all cases would take long.
        for (style, write) in [STYLES[0], STYLES[1 + index % (STYLES.len() - 1)]] {
            if !case.yaml.contains("{{") {
                folder = folder.and(&format!("{style}/{index}-{}/all.yaml", case.rule), write(&case.yaml));
            }
        }
    }
    let (made, faults) = fix(&folder);
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
    assert!(made > 500, "{made} findings are fixed");
}

#[test]
fn real_manifests_are_fixed_rightly() {
    let Some(corpus) = std::env::var_os("SEAWORTHY_FIX_CORPUS") else { return };
    let corpus = Path::new(&corpus);
    let repositories = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut faults = Vec::new();
    for repository in repositories {
        let mut folder = Folder::new();
        for (name, text) in files(&repository) {
            folder = folder.and(&name, text);
        }
        let (made, more) = fix(&folder);
        eprintln!("{}: {made} fixed, {} faults", repository.display(), more.len());
        faults.extend(more.into_iter().map(|fault| format!("{}: {fault}", repository.display())));
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}
