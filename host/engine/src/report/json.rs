//! The report as JSON, format `seaworthy.dev/report/v1`: fields are added, never renamed or removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use protocol::Verdict;
use serde::Serialize;

use super::Report;
use super::rows::{FindingRow, ObjectRow, ResultRow, RuleRow};
use crate::manifest::Position;

type Result<'a> = ResultRow<'a, Object<'a>, Finding<'a>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    format: &'static str,
    version: &'static str,
    /// Whether the input was taken for everything there is.
    world: &'static str,
    summary: Summary,
    rules: Vec<RuleRow<'a>>,
    /// An entry for each rule and each object that it concerns.
    results: Vec<Result<'a>>,
    /// Documents that held nothing to judge.
    skipped: Vec<Skipped<'a>>,
    /// What deploys workloads and was not checked.
    unchecked: Vec<Unchecked<'a>>,
    /// What kept something from being judged, or is worth knowing about a path.
    problems: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Summary {
    outcome: &'static str,
    files: usize,
    objects: usize,
    verdicts: BTreeMap<Verdict, usize>,
}

/// An object and where it stands.
#[derive(Clone, Serialize)]
struct Object<'a> {
    #[serde(flatten)]
    object: ObjectRow<'a>,
    file: &'a str,
    /// Counted from 1.
    document: usize,
    /// Of the object in its document: `$`, or the item of a list.
    path: &'a str,
    line: u32,
    column: u32,
}

/// A finding and where it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    #[serde(flatten)]
    finding: FindingRow<'a>,
    line: u32,
    column: u32,
    /// Behind the last character.
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Skipped<'a> {
    file: &'a str,
    line: u32,
    reason: String,
}

#[derive(Serialize)]
struct Unchecked<'a> {
    file: &'a str,
    line: u32,
    /// How many files of the input were skipped for it.
    files: usize,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

#[derive(Serialize)]
struct Problem<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Related>,
    failure: bool,
}

#[derive(Serialize)]
struct Related {
    line: u32,
    column: u32,
    message: &'static str,
}

impl Report<'_> {
    /// The report as indented JSON. The same input gives the same bytes, on every host.
    #[must_use]
    pub fn to_json(&self, version: &'static str) -> String {
        let document = Document {
            format: "seaworthy.dev/report/v1",
            version,
            world: self.completeness.name(),
            summary: Summary {
                outcome: self.conclusion().name(),
                files: self.input.files().len(),
                objects: self.judged.len(),
                verdicts: self.verdicts(),
            },
            rules: self.json_rules(),
            results: self.json_results(),
            skipped: self.json_skipped(),
            unchecked: self.json_unchecked(),
            problems: self.json_problems(),
        };
        to_json(&document)
    }

    fn json_rules(&self) -> Vec<RuleRow<'_>> {
        let rules = self.rules.iter().enumerate();
        rules.map(|(index, rule)| RuleRow::new(rule, self.verdicts_of(index))).collect()
    }

    fn json_results(&self) -> Vec<Result<'_>> {
        let mut results = Vec::new();
        for judged in &self.judged {
            let subject = judged.subject;
            let span = subject.object.node.locate(&[]);
            let first = Position { line: 1, column: 1 };
            let position = self.source(subject).map_or(first, |source| source.position(span.start));
            let object = Object {
                object: subject.object.into(),
                file: self.file_name(subject),
                document: subject.document + 1,
                path: &subject.object.path,
                line: position.line,
                column: position.column,
            };
            for judgement in &judged.judgements {
                let Some(rule) = self.rules.get(judgement.rule) else { continue };
                results.push(ResultRow::new(rule, &judgement.outcome, object.clone(), |finding| {
                    let place = self.place(subject, finding);
                    let (start, end) = place.map_or((position, position), |place| (place.start, place.end));
                    Finding {
                        finding: finding.into(),
                        line: start.line,
                        column: start.column,
                        end_line: end.line,
                        end_column: end.column,
                    }
                }));
            }
        }
        results
    }

    fn json_skipped(&self) -> Vec<Skipped<'_>> {
        let skipped = self.skipped.iter().map(|skipped| Skipped {
            file: self.input.file(skipped.file).map_or("", |file| &file.manifest.name),
            line: skipped.line,
            reason: skipped.reason.to_string(),
        });
        skipped.collect()
    }

    fn json_unchecked(&self) -> Vec<Unchecked<'_>> {
        let unchecked = self.unchecked().iter().map(|unchecked| Unchecked {
            file: self.input.file(unchecked.file).map_or("", |file| &file.manifest.name),
            line: unchecked.line,
            files: unchecked.files,
            reason: &unchecked.reason,
            command: unchecked.command(),
        });
        unchecked.collect()
    }

    fn json_problems(&self) -> Vec<Problem<'_>> {
        let unread = self.unread.iter().map(|unread| Problem {
            file: &unread.path,
            line: None,
            column: None,
            message: unread.reason.clone(),
            help: None,
            related: None,
            failure: unread.is_failure,
        });
        let in_files = self.input.files().iter().flat_map(|file| {
            file.manifest.problems.iter().map(|problem| Problem {
                file: &file.manifest.name,
                line: Some(problem.position.line),
                column: Some(problem.position.column),
                message: problem.kind.to_string(),
                help: Some(problem.kind.help()),
                related: problem.related.as_ref().map(|related| Related {
                    line: related.position.line,
                    column: related.position.column,
                    message: related.message,
                }),
                failure: true,
            })
        });
        unread.chain(in_files).collect()
    }
}

/// Indented JSON in which what a terminal would act upon is escaped, also where JSON itself would not.
#[must_use]
pub fn to_json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    if !text.chars().any(|character| is_hidden(character) && character != '\n') {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        // The only line breaks are those between values, and everything else that is hidden stands within a string.
        if is_hidden(character) && character != '\n' {
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a character is a control, has no width, or changes the direction of the text around it: what must not reach a
/// terminal from a manifest or a module. All of them have four hexadecimal digits.
#[must_use]
pub const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}
