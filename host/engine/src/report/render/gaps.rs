//! What keeps a run from being complete, one by one, for formats that have a place for each. An incomplete run must not
//! look like a green one in any of them.

use super::message::messages;
use crate::report::{Diagnostic, Report, diagnostics};
use crate::shown::{count, one_line};

/// Something that was not checked and should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file; empty where it is about no file.
    pub file: String,
    /// The line there, from 1.
    pub line: u32,
    /// What was not checked, why, and what to do about it, in one line.
    pub text: String,
}

/// All of it; nothing where the run is complete.
#[must_use]
pub fn gaps(report: &Report<'_>) -> Vec<Gap> {
    if !report.is_incomplete() {
        return Vec::new();
    }
    let mut gaps: Vec<Gap> = messages(report)
        .filter(|message| message.is_fault())
        .map(|message| Gap {
            line: message.place.map_or(1, |(start, _)| start.line),
            text: message.with_hints(),
            file: message.file,
        })
        .collect();
    gaps.extend(report.missing().iter().map(|unchecked| {
        let file = report.input.file(unchecked.file).map_or("", |file| &file.manifest.name);
        let command = unchecked.command().map_or_else(String::new, |command| format!("; check it with: {command}"));
        let text = one_line(&format!("not checked: {unchecked}{command}"));
        Gap { file: one_line(file), line: unchecked.line.max(1), text }
    }));
    if gaps.is_empty() {
        let files = count(report.input.files().len(), "file");
        gaps.push(Gap {
            file: String::new(),
            line: 1,
            text: format!("nothing to check: no Kubernetes object in {files}"),
        });
    }
    gaps
}

/// What is wrong, the most severe first; findings that nobody answers for, and advice at the end.
#[must_use]
pub fn worst_first<'r>(report: &'r Report<'_>) -> Vec<Diagnostic<'r>> {
    let is_open = |found: &Diagnostic<'_>| found.is_told() && found.message.is_some();
    let mut found: Vec<Diagnostic<'r>> = diagnostics(report).filter(is_open).collect();
    found.sort_by_key(Diagnostic::rank);
    found
}
