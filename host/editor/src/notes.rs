//! What is said of each file: findings, what no rule could decide, what could not be read, and what was not checked.

use std::collections::{BTreeMap, HashSet};

use engine::Unchecked;
use engine::manifest::Position;
use engine::report::{Diagnostic, Report, Unread, bare_diagnostics};
use protocol::{Applicability, Level, RuleMetadata, Severity};

/// How much a note weighs in an editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Error,
    Warning,
    Information,
    Hint,
}

/// One thing to say at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The first character, and the one after the last; without an end the whole line is meant.
    pub start: Position,
    pub end: Option<Position>,
    pub weight: Weight,
    /// The rule, where one says it.
    pub rule: Option<String>,
    /// The page about the rule.
    pub url: Option<String>,
    pub message: String,
}

/// What is said, by file. Nothing is said at places of sources that have changed since they were rendered: `is_changed`
/// names them.
pub fn notes(report: &Report<'_>, is_changed: impl Fn(&str) -> bool) -> BTreeMap<String, Vec<Note>> {
    let mut notes: BTreeMap<String, Vec<Note>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for told in bare_diagnostics(report).filter(Diagnostic::is_told) {
        if told.rendered.is_some() && is_changed(told.file) {
            continue;
        }
        let Some(start) = told.place.map(|place| place.start).or(told.object_start) else { continue };
        let note = Note {
            start,
            end: told.place.map(|place| place.end).filter(|end| *end != start),
            weight: weight(&told),
            rule: Some(told.rule.name.clone()),
            url: told.rule.link().map(str::to_owned),
            message: message(&told),
        };
        if seen.insert((told.file.to_owned(), note.start, note.message.clone())) {
            notes.entry(told.file.to_owned()).or_default().push(note);
        }
    }
    for file in report.input.files() {
        for problem in &file.manifest.problems {
            let note = Note {
                start: problem.position,
                end: None,
                weight: Weight::Error,
                rule: None,
                url: None,
                message: problem.to_string(),
            };
            notes.entry(file.manifest.name.clone()).or_default().push(note);
        }
    }
    for unchecked in report.input.unchecked() {
        if let Some(file) = report.input.file(unchecked.file) {
            notes.entry(file.manifest.name.clone()).or_default().push(of_unchecked(unchecked));
        }
    }
    for Unread { path, reason, .. } in &report.unread {
        let start = Position { line: 1, column: 1 };
        let message = format!("not checked: {reason}");
        notes.entry(path.clone()).or_default().push(Note {
            start,
            end: None,
            weight: Weight::Warning,
            rule: None,
            url: None,
            message,
        });
    }
    notes
}

fn of_unchecked(unchecked: &Unchecked) -> Note {
    let mut message = format!("not checked: {unchecked}");
    if let Some(command) = unchecked.command() {
        message.push_str("\nto check it: ");
        message.push_str(&command);
    }
    let start = Position { line: unchecked.line.max(1), column: 1 };
    Note { start, end: None, weight: Weight::Hint, rule: None, url: None, message }
}

fn weight(told: &Diagnostic<'_>) -> Weight {
    match (told.message, told.level, told.severity) {
        // A rule that could not decide.
        (None, ..) => Weight::Warning,
        (_, Level::Violation, Severity::Critical | Severity::High) => Weight::Error,
        (_, Level::Violation, Severity::Medium) => Weight::Warning,
        (_, Level::Violation, _) => Weight::Information,
        _ => Weight::Hint,
    }
}

fn message(told: &Diagnostic<'_>) -> String {
    let said = match (told.message, told.reason) {
        (Some(message), _) => message.to_owned(),
        (None, Some(reason)) => format!("could not be decided: {reason}"),
        (None, None) => "could not be decided".to_owned(),
    };
    let mut message = match told.container {
        Some(container) => format!("container {container}: {said}"),
        None => said,
    };
    match told.fix {
        Some(fix) if fix.edit().is_some_and(|edit| edit.applicability == Applicability::Example) => {
            message = format!("{message}\nfix, with values of your own: {}", fix.text());
        }
        Some(fix) => message = format!("{message}\nfix: {}", fix.text()),
        None => {}
    }
    if !told.environments.is_empty() {
        message = format!("{message}\nin {}", told.environments.join(", "));
    }
    message
}

/// What an editor shows of a rule beside what it says: its documentation without the examples, Markdown.
pub fn hover(rule: &RuleMetadata, said: &[&str]) -> String {
    let about = rule.documentation.split("\n## Fails").next().unwrap_or_default().trim_end();
    // The first sentence is the title.
    let about = about.split_once('\n').map_or(about, |(_, rest)| rest.trim_start());
    let said: Vec<String> = said.iter().map(|said| format!("- {}", said.replace('\n', "\n  "))).collect();
    let RuleMetadata { name, title, severity, .. } = rule;
    format!("**{name}** ({severity}): {title}\n\n{}\n\n{about}\n", said.join("\n"))
}
