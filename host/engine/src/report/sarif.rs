//! The report as SARIF 2.1.0 (OASIS), for code scanning: what GitHub asks of it, GitLab and editors take too.
//!
//! It says what is wrong, and no more: a `violation` is a result, a `warning` one of level `note`; what holds, does not
//! apply or could not be seen raises no alert. What could not be decided is a notification of the tool, and the run then
//! no success.

use std::collections::HashMap;
use std::fmt::Write as _;

use protocol::{Finding, Level, RuleMetadata, Severity, Verdict};
use serde_json::{Map, Value, json};

use super::{Judgement, Report, to_json};
use crate::input::Subject;
use crate::manifest::Position;

/// Characters of a description that GitHub shows.
const DESCRIPTION: usize = 1_000;

impl Report<'_> {
    /// The report as indented SARIF. The same input gives the same bytes, on every host.
    #[must_use]
    pub fn to_sarif(&self, version: &'static str) -> String {
        to_json(&json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "seaworthy",
                    "semanticVersion": version,
                    "informationUri": "https://github.com/seaworthy-policies/seaworthy",
                    "rules": self.rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
                }},
                // As everywhere here: not bytes, not UTF-16.
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": !self.is_incomplete(),
                    "toolExecutionNotifications": self.notifications(),
                }],
                "results": self.results(),
            }],
        }))
    }

    fn results(&self) -> Vec<Value> {
        let mut fingerprints = Fingerprints::default();
        let mut results = Vec::new();
        for (subject, judgement) in self.answers() {
            let Some(rule) = self.rules.get(judgement.rule) else { continue };
            if !matches!(judgement.outcome.verdict, Verdict::Fail | Verdict::Waived) {
                continue;
            }
            for finding in judgement.outcome.findings.iter().filter(|finding| finding.level != Level::Note) {
                let mut result = json!({
                    "ruleId": rule.name,
                    "ruleIndex": judgement.rule,
                    "level": level(rule.severity, finding.level),
                    "message": {"text": message(subject, finding)},
                    "locations": [self.location(subject, Some(finding))],
                    // GitHub's name for what an alert is known by: it must not change as lines move.
                    "partialFingerprints": {"primaryLocationLineHash": fingerprints.of(self, subject, rule, finding)},
                });
                if judgement.outcome.verdict == Verdict::Waived {
                    let justification = judgement.outcome.reason.as_deref().unwrap_or_default();
                    let suppression =
                        json!([{"kind": "external", "status": "accepted", "justification": justification}]);
                    insert(&mut result, "suppressions", suppression);
                }
                results.push(result);
            }
        }
        results
    }

    /// All answers, each with its object.
    fn answers(&self) -> impl Iterator<Item = (Subject<'_>, &Judgement)> {
        self.judged.iter().flat_map(|judged| judged.judgements.iter().map(|judgement| (judged.subject, judgement)))
    }

    /// What could not be decided or read, and what was passed over.
    fn notifications(&self) -> Vec<Value> {
        let mut notifications = Vec::new();
        let mut notify = |level: &str, text: String, location: Value, rule: Option<(usize, &str)>| {
            let mut notification = json!({"level": level, "message": {"text": text}, "locations": [location]});
            if let Some((index, id)) = rule {
                insert(&mut notification, "associatedRule", json!({"id": id, "index": index}));
            }
            notifications.push(notification);
        };
        for (subject, judgement) in self.answers().filter(|(_, it)| it.outcome.verdict == Verdict::Error) {
            let name = self.rules.get(judgement.rule).map_or("", |rule| &rule.name);
            let reason = judgement.outcome.reason.as_deref().unwrap_or("no reason given");
            let text = format!("{name} could not decide about {}: {reason}", about(subject, None));
            notify("error", text, self.location(subject, None), Some((judgement.rule, name)));
        }
        for unread in &self.unread {
            let level = if unread.is_failure { "error" } else { "note" };
            notify(level, format!("{} {}", unread.path, unread.reason), place(&unread.path, None), None);
        }
        for manifest in self.input.files().iter().map(|file| &file.manifest) {
            for problem in &manifest.problems {
                let text = format!("{}. {}", problem.kind, problem.kind.help());
                let at = problem.position;
                notify("error", text, place(&manifest.name, Some((at, at))), None);
            }
        }
        for unchecked in self.unchecked() {
            let level = if self.missing().is_empty() { "note" } else { "warning" };
            let name = self.input.file(unchecked.file).map_or("", |file| &file.manifest.name);
            let command = unchecked.command().map_or_else(String::new, |command| format!(". Check it with: {command}"));
            let at = Position { line: unchecked.line, column: 1 };
            notify(level, format!("not checked: {unchecked}{command}"), place(name, Some((at, at))), None);
        }
        for skipped in &self.skipped {
            let name = self.input.file(skipped.file).map_or("", |file| &file.manifest.name);
            let at = Position { line: skipped.line, column: 1 };
            notify("note", format!("not judged: {}", skipped.reason), place(name, Some((at, at))), None);
        }
        notifications
    }

    /// The place of a finding, or of the object itself.
    fn location(&self, subject: Subject<'_>, finding: Option<&Finding>) -> Value {
        let object = self.source(subject).map(|source| {
            let start = source.position(subject.object.node.locate(&[]).start);
            (start, start)
        });
        let found = finding.and_then(|finding| self.place(subject, finding));
        let mut location = place(self.file_name(subject), found.map(|place| (place.start, place.end)).or(object));
        let path = finding.map_or("$", |finding| &finding.path);
        let name = json!([{"fullyQualifiedName": format!("{} {path}", about(subject, None)), "kind": "member"}]);
        insert(&mut location, "logicalLocations", name);
        location
    }
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

/// A `reportingDescriptor`.
fn descriptor(rule: &RuleMetadata) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": description(rule)},
        "help": {"text": rule.documentation, "markdown": rule.documentation},
        "defaultConfiguration": {"level": level(rule.severity, Level::Violation)},
        "properties": properties(rule),
    })
}

/// What GitHub sorts by: `security-severity`, a CVSS score, only of rules about security.
fn properties(rule: &RuleMetadata) -> Value {
    let severity = level(rule.severity, Level::Violation);
    let mut properties = Map::from_iter([
        ("tags".to_owned(), json!(["kubernetes", rule.section.name()])),
        ("precision".to_owned(), json!("very-high")),
        ("problem.severity".to_owned(), json!(if severity == "note" { "recommendation" } else { severity })),
    ]);
    if rule.section == protocol::Section::Security {
        let score = match rule.severity {
            Severity::Critical => "9.5",
            Severity::High => "8.0",
            Severity::Medium => "5.5",
            Severity::Low => "2.0",
        };
        properties.insert("security-severity".to_owned(), json!(score));
    }
    Value::Object(properties)
}

/// What stands before the first heading, as far as it is shown.
fn description(rule: &RuleMetadata) -> String {
    let head = rule.documentation.split("\n#").next().unwrap_or_default().trim();
    let text = if head.is_empty() { &rule.title } else { head };
    text.chars().take(DESCRIPTION).collect()
}

const fn level(severity: Severity, finding: Level) -> &'static str {
    match (finding, severity) {
        (Level::Violation, Severity::Critical | Severity::High) => "error",
        (Level::Violation, Severity::Medium) => "warning",
        (Level::Violation, Severity::Low) | (Level::Warning | Level::Note, _) => "note",
    }
}

/// A `location`; ends before they begin are none.
fn place(file: &str, region: Option<(Position, Position)>) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(file)}});
    if let Some((start, end)) = region {
        let end = end.max(start);
        let region = json!({
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column});
        insert(&mut physical, "region", region);
    }
    json!({"physicalLocation": physical})
}

/// A path as a relative reference of RFC 3986, or an absolute one as a `file` URI.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

/// `Deployment shop/web, container app`.
fn about(subject: Subject<'_>, container: Option<&str>) -> String {
    let object = subject.object;
    let namespace = object.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let about = format!("{} {namespace}{}", object.kind, object.display_name());
    match container {
        Some(container) => format!("{}, container {container}", about.trim_end()),
        None => about.trim_end().to_owned(),
    }
}

fn message(subject: Subject<'_>, finding: &Finding) -> String {
    let message = format!("{}: {}", about(subject, finding.container.as_deref()), finding.message);
    match &finding.fix {
        Some(fix) => format!("{message}\nWrite: {}", fix.text()),
        None => message,
    }
}

/// What alerts are known by: rule, file, object and path, and nothing that moves with a line. Of equal ones the second is
/// the second.
#[derive(Default)]
struct Fingerprints(HashMap<u64, usize>);

impl Fingerprints {
    fn of(&mut self, report: &Report<'_>, subject: Subject<'_>, rule: &RuleMetadata, finding: &Finding) -> String {
        let object = subject.object;
        let parts = [
            &rule.name,
            report.file_name(subject),
            &object.api_version,
            &object.kind,
            object.namespace.as_deref().unwrap_or_default(),
            &object.display_name(),
            finding.container.as_deref().unwrap_or_default(),
            &finding.path,
        ];
        let hash = fnv1a(parts.iter().flat_map(|part| part.bytes().chain([0])));
        let number = self.0.entry(hash).or_default();
        *number += 1;
        format!("{hash:016x}:{number}")
    }
}

/// FNV-1a of 64 bits: the same in every version, on every host.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
