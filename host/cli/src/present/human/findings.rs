//! Each finding with its place: in the form of rustc's messages, or on one line.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level as Title, Origin, Renderer, Snippet};
use engine::Subject;
use engine::manifest::{Manifest, Object, Position, Problem, Source};
use engine::report::Report;
use protocol::{Finding, Fix, Level, Outcome, Verdict, path};

use super::{Detail, who};
use crate::present::output::{self, BOLD, DIM, RED, YELLOW, count, one_line};

/// More than this many findings nobody reads with their excerpts.
pub const READABLE: usize = 50;

/// What is left of a line behind its number and frame is cut there; where no terminal says how wide it is.
const WIDTH: usize = 140;

/// A column beyond this is told, but not shown: the line was not made for reading.
const FAR: u32 = 1000;

/// One thing to say, and where.
pub struct Message<'a> {
    is_error: bool,
    rule: Option<&'a str>,
    title: String,
    file: &'a str,
    /// Its start and its end.
    place: Option<(Position, Position)>,
    /// To cut excerpts from; not given where nobody should see the text.
    source: Option<&'a Source>,
    hints: Vec<String>,
}

pub fn write(report: &Report<'_>, detail: Detail, text: &mut String) {
    let messages: Vec<Message<'_>> = broken(report).chain(problems(report)).collect();
    let full = match detail {
        Detail::Fitting => messages.len() <= READABLE,
        Detail::Full => true,
        Detail::Short => false,
    };
    for message in &messages {
        *text += &if full { message.in_full() } else { message.on_one_line() };
    }
    if !full && !messages.is_empty() {
        text.push('\n');
        if detail == Detail::Fitting {
            let number = count(messages.len(), "finding");
            let _ = writeln!(
                text,
                "{DIM}{number}, each on one line; `--format full` shows the lines of the manifests and what to write \
                 instead,\n`--rule` and a path narrow down{DIM:#}\n"
            );
        }
    }
}

/// What rules found, object by object.
fn broken<'a>(report: &'a Report<'a>) -> impl Iterator<Item = Message<'a>> {
    report.judged.iter().flat_map(move |judged| {
        judged.judgements.iter().flat_map(move |judgement| {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            answer(report, judged.subject, rule, &judgement.outcome)
        })
    })
}

fn answer<'a>(report: &'a Report<'a>, subject: Subject<'a>, rule: &'a str, outcome: &Outcome) -> Vec<Message<'a>> {
    let message = |said: Said<'_>| {
        let place = said.finding.map_or_else(|| report.place(subject, &whole_object()), |it| report.place(subject, it));
        let is_shown = place.is_some_and(|place| !report.conceals(subject, place.start.line));
        Message {
            is_error: said.is_error,
            rule: Some(rule),
            title: said.title,
            file: report.file_name(subject),
            place: place.map(|place| (place.start, place.end)),
            source: report.source(subject).filter(|_| is_shown),
            hints: said.hints,
        }
    };
    said(subject.object, outcome).map(message).collect()
}

/// One thing that a rule said about an object.
pub struct Said<'a> {
    is_error: bool,
    title: String,
    hints: Vec<String>,
    /// What it is about; the whole object where there is none.
    finding: Option<&'a Finding>,
}

/// What a rule said that is worth telling.
pub fn said<'a>(object: &Object, outcome: &'a Outcome) -> impl Iterator<Item = Said<'a>> {
    let who = who(object);
    let undecided = (outcome.verdict == Verdict::Error).then(|| {
        let reason = one_line(outcome.reason.as_deref().unwrap_or_default());
        let title = format!("{who} could not be judged: {reason}");
        Said { is_error: true, title, hints: vec!["counts as broken".into()], finding: None }
    });
    let is_told = |finding: &&Finding| outcome.verdict != Verdict::Waived && finding.level != Level::Note;
    let found = outcome.findings.iter().filter(is_told).map(move |finding| {
        let said = one_line(&finding.message);
        let title = match &finding.container {
            Some(container) => format!("{who}, container {}: {said}", one_line(container)),
            None => format!("{who}: {said}"),
        };
        let at = format!("at {}", one_line(&path::shorten(&finding.path)));
        let hints = std::iter::once(at).filter(|at| at != "at ").chain(fix(finding)).collect();
        Said { is_error: finding.level == Level::Violation, title, hints, finding: Some(finding) }
    });
    undecided.into_iter().chain(found)
}

/// A line each, so that none can pass for a line of ours.
fn fix(finding: &Finding) -> Vec<String> {
    match finding.fix.as_ref().map(Fix::text) {
        None => Vec::new(),
        Some(fix) if fix.contains('\n') => std::iter::once("write:".to_owned())
            .chain(fix.lines().map(|line| format!("  {}", one_line(line))))
            .collect(),
        Some(fix) => vec![format!("write: {}", one_line(&fix))],
    }
}

fn whole_object() -> Finding {
    Finding {
        level: Level::Violation,
        path: "$".into(),
        container: None,
        message: String::new(),
        fix: None,
        conceal: false,
    }
}

/// What kept files and parts of them from being read.
fn problems<'a>(report: &'a Report<'a>) -> impl Iterator<Item = Message<'a>> {
    let manifests = report.input.files().iter().map(|file| &file.manifest);
    let in_files = manifests.flat_map(|manifest| manifest.problems.iter().map(move |found| problem(manifest, found)));
    let unread = report.unread.iter().filter(|unread| unread.is_failure).map(|unread| Message {
        is_error: true,
        rule: None,
        title: format!("{} {}", one_line(&unread.path), one_line(&unread.reason)),
        file: "",
        place: None,
        source: None,
        hints: Vec::new(),
    });
    in_files.chain(unread)
}

fn problem<'a>(manifest: &'a Manifest, problem: &'a Problem) -> Message<'a> {
    let related = problem.related.as_ref().map(|related| {
        let Position { line, column } = related.position;
        format!("{}: line {line}, column {column}", related.message)
    });
    Message {
        is_error: true,
        rule: None,
        title: one_line(&problem.kind.to_string()),
        file: &manifest.name,
        place: Some((problem.position, manifest.source.position(problem.span.end))),
        // What could not be read may be a Secret's value.
        source: None,
        hints: related.into_iter().chain([problem.kind.help().to_owned()]).collect(),
    }
}

impl<'a> Message<'a> {
    /// About an object that stands in no file; `place` is what to call it.
    pub fn of_object(place: &'a str, rule: &'a str, said: Said<'_>) -> Self {
        let Said { is_error, title, hints, .. } = said;
        Self { is_error, rule: Some(rule), title, file: place, place: None, source: None, hints }
    }

    /// As rustc would say it, with an empty line behind.
    pub fn in_full(&self) -> String {
        let renderer = Renderer::styled().decor_style(DecorStyle::Ascii).term_width(output::width().unwrap_or(WIDTH));
        renderer.render(&[self.group()]) + "\n\n"
    }

    /// `k8s/web.yaml:12:9: error[rule]: ...`
    pub fn on_one_line(&self) -> String {
        let (style, level) = if self.is_error { (RED, "error") } else { (YELLOW, "warning") };
        let id = self.rule.map_or(String::new(), |rule| format!("[{}]", one_line(rule)));
        let at = match self.place {
            Some((Position { line, column }, _)) => format!("{BOLD}{}:{line}:{column}{BOLD:#}: ", one_line(self.file)),
            None if self.file.is_empty() => String::new(),
            None => format!("{BOLD}{}{BOLD:#}: ", one_line(self.file)),
        };
        format!("{at}{style}{level}{id}{style:#}: {}\n", self.title)
    }

    fn group(&self) -> Group<'_> {
        let level = if self.is_error { Title::ERROR } else { Title::WARNING };
        let title = level.primary_title(self.title.as_str());
        let title = match self.rule {
            Some(rule) => title.id(one_line(rule)),
            None => title,
        };
        let nowhere = (!self.file.is_empty()).then(|| Origin::path(one_line(self.file)).into());
        let place = self.place.map(|(start, end)| self.excerpt(start, end)).or(nowhere);
        let hints = self.hints.iter().map(|hint| Title::HELP.no_name().message(hint.as_str()).into());
        title.elements(place.into_iter().chain(hints).collect::<Vec<Element<'_>>>())
    }

    /// The line with the place marked. One line is enough to see what is meant; a value may be a whole file long.
    fn excerpt(&self, start: Position, end: Position) -> Element<'_> {
        let file = one_line(self.file);
        let line = self.source.map_or("", |source| source.excerpt(start.line));
        if line.is_empty() || start.column > FAR {
            return Origin::path(file).line(start.line as usize).char_column(start.column as usize).into();
        }
        let from = byte_of_column(line, start.column);
        let to = if end.line == start.line { byte_of_column(line, end.column) } else { line.len() };
        let annotation = AnnotationKind::Primary.span(from..to.max(from));
        Snippet::source(line).line_start(start.line as usize).path(file).fold(false).annotation(annotation).into()
    }
}

/// The byte at which a column begins; the end of the line where it is shorter.
fn byte_of_column(line: &str, column: u32) -> usize {
    let at = line.char_indices().nth((column as usize).saturating_sub(1));
    at.map_or(line.len(), |(byte, _)| byte)
}
