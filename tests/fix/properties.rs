//! What is true of every edit, tried on Deployments that are made up, in blocks and braces and with a comment on every line:
//! the text still parses, what was found is found no more, each comment stands beside the same key, and once is enough.

use std::collections::BTreeMap;

use engine::manifest::{Limits, read};
use serde_json::{Map, Value, json};

use crate::support::Folder;
use crate::text;

/// Rules whose edits need nothing but the object itself.
const RULES: [&str; 4] =
    ["min-ready-seconds", "privilege-escalation-disabled", "read-only-root-filesystem", "run-as-non-root"];

/// How many files are made up, each of one Deployment.
const FILES: usize = 40;

/// Numbers that look random, of a linear congruence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A Deployment of one or two containers, each of which breaks three rules by what it says or does not say.
fn deployment(dice: &mut Dice, number: usize) -> Value {
    let wrong = [
        ("allowPrivilegeEscalation", true),
        ("privileged", false),
        ("readOnlyRootFilesystem", false),
        ("runAsNonRoot", false),
    ];
    let mut containers = Vec::new();
    for at in 0..=dice.below(2) {
        let mut container = json!({
            "image": "example.com/web:1.4.2", "name": format!("c{at}"), "terminationMessagePolicy": "File",
        });
        match dice.below(4) {
            0 => {}
            1 => container["securityContext"] = Value::Null,
            _ => {
                let said = wrong.iter().filter(|_| dice.below(2) == 0);
                container["securityContext"] =
                    Value::Object(said.map(|(field, value)| ((*field).to_owned(), json!(value))).collect());
            }
        }
        containers.push(container);
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": format!("web-{number}"), "labels": {"app": "web"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}},
        },
    })
}

/// Writes an object in the styles that the dice choose.
struct Writer {
    text: String,
    lines: usize,
    dice: Dice,
}

impl Writer {
    /// A line with a comment behind it, and perhaps one above it.
    fn line(&mut self, indent: usize, code: &str) {
        self.lines += 1;
        let number = self.lines;
        if self.dice.below(4) == 0 {
            self.text += &format!("{:indent$}# above {number}\n", "");
        }
        self.text += &format!("{:indent$}{code} # behind {number}\n", "");
    }

    /// A member on a line, or on several; those of an item stand behind its dash.
    fn block(&mut self, members: &Map<String, Value>, indent: usize, is_item: bool) {
        for (at, (key, value)) in members.iter().enumerate() {
            let (column, dash) = if is_item && at == 0 { (indent - 2, "- ") } else { (indent, "") };
            let head = format!("{dash}{key}:");
            match (value, self.dice.below(4)) {
                (Value::Object(inner), 1..) if !inner.is_empty() => {
                    self.line(column, &head);
                    self.block(inner, indent + 2, false);
                }
                (Value::Array(items), 1..) => {
                    self.line(column, &head);
                    let dashes = indent + 2 * self.dice.below(2);
                    for item in items {
                        match item.as_object().filter(|_| self.dice.below(3) > 0) {
                            Some(members) => self.block(members, dashes + 2, true),
                            None => self.braces(dashes, "- ", item, ""),
                        }
                    }
                }
                (Value::Null, 1..) => self.line(column, &head),
                _ => self.braces(column, &format!("{head} "), value, ""),
            }
        }
    }

    /// A value in braces, on one line or with a line for each member.
    fn braces(&mut self, indent: usize, head: &str, value: &Value, tail: &str) {
        let is_long = self.dice.below(2) == 0;
        let (open, close, members): (_, _, Vec<(String, &Value)>) = match value {
            Value::Object(members) if is_long && !members.is_empty() => {
                ("{", "}", members.iter().map(|(key, value)| (format!("{key}: "), value)).collect())
            }
            Value::Array(items) if is_long => ("[", "]", items.iter().map(|item| (String::new(), item)).collect()),
            _ => return self.line(indent, &format!("{head}{}{tail}", one_line(value))),
        };
        self.line(indent, &format!("{head}{open}"));
        let last = if self.dice.below(2) == 0 { members.len() } else { members.len() - 1 };
        for (at, (head, value)) in members.iter().enumerate() {
            self.braces(indent + 4, head, value, if at < last { "," } else { "" });
        }
        self.line(indent + 2, &format!("{close}{tail}"));
    }
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| format!("{key}: {}", one_line(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::String(text) => text.clone(),
        scalar => scalar.to_string(),
    }
}

/// Each comment with the key of its line; for one that has a line to itself, of the next one.
pub fn beside(text: &str) -> BTreeMap<String, String> {
    let (mut all, mut above) = (BTreeMap::new(), Vec::new());
    for line in text.lines() {
        let (code, comment) = line.split_once('#').unwrap_or((line, ""));
        if code.trim().is_empty() {
            above.push(comment);
            continue;
        }
        let key = code.split(':').next().unwrap_or_default().trim().trim_end_matches(',');
        let behind = (!comment.is_empty()).then_some(comment);
        for comment in above.drain(..).chain(behind) {
            all.insert(comment.to_owned(), key.to_owned());
        }
    }
    all
}

/// How many findings there are.
fn found(folder: &Folder, rules: &[&str]) -> usize {
    let run = folder.run(&[&["check", ".", "--format", "json"][..], rules].concat());
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}{}", run.out, run.err));
    let findings = report["results"].as_array().unwrap().iter().flat_map(|result| result["findings"].as_array());
    findings.flatten().filter(|finding| finding["level"] != "note").count()
}

#[test]
fn whatever_is_fixed_is_found_no_more_and_no_comment_moves() {
    let rules: Vec<&str> = RULES.iter().flat_map(|rule| ["--rule", *rule]).collect();
    let (mut folder, mut dice) = (Folder::new(), Dice(1));
    let (mut texts, mut expected) = (Vec::new(), 0);
    for number in 0..FILES {
        let object = deployment(&mut dice, number);
        let containers = object["spec"]["template"]["spec"]["containers"].as_array().unwrap().len();
        expected += 1 + 3 * containers;
        let mut writer = Writer { text: String::new(), lines: 0, dice: Dice(number as u64) };
        writer.block(object.as_object().unwrap(), 0, false);
        let text = if number % 5 == 0 { writer.text.replace('\n', "\r\n") } else { writer.text };
        folder = folder.and(&format!("{number}.yaml"), &text);
        texts.push(text);
    }
    assert_eq!(found(&folder, &rules), expected);

    let fix = |more: &[&str]| folder.run(&[&["fix", ".", "--unsafe"][..], &rules[..], more].concat()).with(0);
    let said = fix(&["--write"]);
    assert!(said.starts_with(&format!("Fixed {expected} findings in {FILES} files\n")), "{said}");
    assert_eq!(found(&folder, &rules), 0);
    for (number, old) in texts.iter().enumerate() {
        let name = format!("{number}.yaml");
        let new = text(&folder, &name);
        assert_eq!(read(&name, new.clone().into_bytes(), &Limits::default()).problems, [], "{new}");
        assert_eq!(beside(&new), beside(old), "{old}\n{new}");
    }
    assert_eq!(fix(&[]), "Nothing to edit\n");
}
