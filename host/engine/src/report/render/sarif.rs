//! The report as SARIF 2.1.0 (OASIS), for code scanning: what GitHub asks of it, GitLab and editors take too.
//!
//! It says what is wrong, and no more: a `violation` is a result, a `warning` one of level `note`; what holds, does not
//! apply or could not be seen raises no alert. What could not be decided is a notification of the tool, and the run then
//! no success.

use std::fmt::Write as _;
use std::io;

use protocol::{Level, RuleMetadata, Severity, Verdict};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::manifest::Position;
use crate::report::Report;
use crate::report::diagnostic::{Diagnostic, diagnostics};
use crate::shown::{count, write_json};

/// Characters of a description that GitHub shows.
const DESCRIPTION: usize = 1_000;

/// Results that GitHub takes of one run.
const RESULTS: usize = 25_000;

/// What becomes of findings that are waived or known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// They are no results: code scanning shows suppressed ones as open alerts.
    LeftOut,
    /// They are suppressed results, with their justification.
    Suppressed,
}

/// Writes the report as indented SARIF, result by result. The same input gives the same bytes, on every host.
///
/// # Errors
/// The writer's own.
pub fn sarif(
    report: &Report<'_>,
    accepted: Accepted,
    version: &'static str,
    out: &mut (impl io::Write + ?Sized),
) -> io::Result<()> {
    let is_result = |found: &Diagnostic<'_>| {
        let is_wanted = accepted == Accepted::Suppressed || found.verdict != Verdict::Waived;
        is_wanted && found.fingerprint.is_some() && found.message.is_some()
    };
    let all = diagnostics(report).filter(is_result).count();
    let invocation = json!({
        "executionSuccessful": !report.is_incomplete(),
        "toolExecutionNotifications": notifications(report, all.saturating_sub(RESULTS)),
    });
    let driver = json!({
        "name": "seaworthy",
        "semanticVersion": version,
        "informationUri": "https://github.com/seaworthy-policies/seaworthy",
        "rules": report.rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
    });
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        runs: [Run {
            // As everywhere here: not bytes, not UTF-16.
            column_kind: "unicodeCodePoints",
            // By this code scanning tells our alerts from those of other tools in the same place.
            automation_details: json!({"id": "seaworthy/"}),
            invocations: [invocation],
            results: Results { report, is_result: &is_result, are_too_many: all > RESULTS },
            tool: json!({"driver": driver}),
        }],
        version: "2.1.0",
    };
    write_json(&log, out)
}

#[derive(Serialize)]
struct Log<'r, 'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<'r, 'a>; 1],
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r, 'a> {
    automation_details: Value,
    column_kind: &'static str,
    invocations: [Value; 1],
    results: Results<'r, 'a>,
    tool: Value,
}

/// The results, made one by one as they are written; where there are too many, the worst.
struct Results<'r, 'a> {
    report: &'r Report<'a>,
    is_result: &'r dyn Fn(&Diagnostic<'_>) -> bool,
    are_too_many: bool,
}

impl Serialize for Results<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let found = diagnostics(self.report).filter(self.is_result);
        if !self.are_too_many {
            return serializer.collect_seq(found.filter_map(|diagnostic| result(&diagnostic)));
        }
        let mut found: Vec<Diagnostic<'_>> = found.collect();
        found.sort_by_key(Diagnostic::rank);
        serializer.collect_seq(found.iter().take(RESULTS).filter_map(result))
    }
}

fn result(diagnostic: &Diagnostic<'_>) -> Option<Value> {
    let mut result = json!({
        "ruleId": diagnostic.rule.name,
        "ruleIndex": diagnostic.rule_index,
        "level": level(diagnostic.severity, diagnostic.level),
        "message": {"text": message(diagnostic)?},
        "locations": [location(diagnostic)],
        // GitHub's name for what an alert is known by: it must not change as lines move.
        "partialFingerprints": {
            "primaryLocationLineHash": diagnostic.fingerprint.as_ref()?,
            "seaworthy/v1": diagnostic.fingerprint.as_ref()?,
        },
    });
    if let Some(rendered) = &diagnostic.rendered {
        let place = rendered.place;
        let related = json!([{
            "message": {"text": format!("rendered: {}, line {}", rendered.file, place.start.line)},
        }]);
        insert(&mut result, "relatedLocations", related);
        let properties = json!({"environments": diagnostic.environments, "certain": rendered.is_certain});
        insert(&mut result, "properties", properties);
    }
    if diagnostic.verdict == Verdict::Waived {
        let justification = diagnostic.reason.unwrap_or_default();
        let suppression = json!([{"kind": "external", "status": "accepted", "justification": justification}]);
        insert(&mut result, "suppressions", suppression);
    }
    Some(result)
}

/// What could not be decided or read, and what was passed over; and how many results are left out.
fn notifications(report: &Report<'_>, left_out: usize) -> Vec<Value> {
    let mut notifications = Vec::new();
    if left_out > 0 {
        let text = format!("{} left out, none worse than those that are here", count(left_out, "result"));
        notifications.push(json!({"level": "warning", "message": {"text": text}}));
    }
    let mut notify = |level: &str, text: String, location: Value, rule: Option<(usize, &str)>| {
        let mut notification = json!({"level": level, "message": {"text": text}, "locations": [location]});
        if let Some((index, id)) = rule {
            insert(&mut notification, "associatedRule", json!({"id": id, "index": index}));
        }
        notifications.push(notification);
    };
    for diagnostic in diagnostics(report).filter(|it| it.message.is_none()) {
        let name = &diagnostic.rule.name;
        let reason = diagnostic.reason.unwrap_or("no reason given");
        let text = format!("{name} could not decide about {}: {reason}", diagnostic.label);
        notify("error", text, location(&diagnostic), Some((diagnostic.rule_index, name)));
    }
    for unread in &report.unread {
        let level = if unread.is_failure { "error" } else { "note" };
        notify(level, format!("{} {}", unread.path, unread.reason), place(&unread.path, None), None);
    }
    for manifest in report.input.files().iter().map(|file| &file.manifest) {
        for problem in &manifest.problems {
            let text = format!("{}; {}", problem.kind, problem.kind.help());
            let at = problem.position;
            notify("error", text, place(&manifest.name, Some((at, at))), None);
        }
    }
    for unchecked in report.unchecked() {
        let level = if report.missing().is_empty() { "note" } else { "warning" };
        let name = report.input.file(unchecked.file).map_or("", |file| &file.manifest.name);
        let command = unchecked.command().map_or_else(String::new, |command| format!(". Check it with: {command}"));
        let at = Position { line: unchecked.line, column: 1 };
        notify(level, format!("not checked: {unchecked}{command}"), place(name, Some((at, at))), None);
    }
    for skipped in &report.skipped {
        let name = report.input.file(skipped.file).map_or("", |file| &file.manifest.name);
        let at = Position { line: skipped.line, column: 1 };
        notify("note", format!("not checked: {}", skipped.reason), place(name, Some((at, at))), None);
    }
    notifications
}

/// The place of a finding, or of the object itself.
fn location(diagnostic: &Diagnostic<'_>) -> Value {
    let object = diagnostic.object_start.map(|start| (start, start));
    let found = diagnostic.place.filter(|_| diagnostic.message.is_some()).map(|place| (place.start, place.end));
    let mut location = place(diagnostic.file, found.or(object));
    let name = format!("{} {}", diagnostic.label, diagnostic.path);
    insert(&mut location, "logicalLocations", json!([{"fullyQualifiedName": name, "kind": "member"}]));
    location
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

/// A `reportingDescriptor`.
fn descriptor(rule: &RuleMetadata) -> Value {
    let mut descriptor = json!({
        "id": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": description(rule)},
        "help": {"text": rule.documentation, "markdown": rule.documentation},
        "defaultConfiguration": {"level": level(rule.severity, Level::Violation)},
        "properties": properties(rule),
    });
    if let Some(url) = rule.link() {
        insert(&mut descriptor, "helpUri", json!(url));
    }
    descriptor
}

/// What GitHub sorts by: `security-severity`, a CVSS score, only of rules about security.
fn properties(rule: &RuleMetadata) -> Value {
    let severity = level(rule.severity, Level::Violation);
    let mut tags = protocol::documents::tags(&rule.applies_to);
    tags.push(rule.section.name());
    let mut properties = Map::from_iter([
        ("tags".to_owned(), json!(tags)),
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

/// A `location`. An end before the start counts as the start.
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

/// Absent where nothing was found. `[text](target)` would be a link: what a manifest says is text.
fn message(diagnostic: &Diagnostic<'_>) -> Option<String> {
    let mut message = format!("{}: {}", diagnostic.about(), diagnostic.message?);
    if let Some(fix) = diagnostic.fix {
        message = message + "\nWrite: " + &fix.text();
    }
    if !diagnostic.environments.is_empty() {
        message = message + "\nEnvironments: " + &diagnostic.environments.join(", ");
    }
    Some(message.replace("](", "\\]("))
}
