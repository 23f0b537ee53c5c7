//! What formats for people say of a diagnostic, and of what could not be read, before it is laid out.

use std::cmp::Reverse;

use protocol::{Fix, Severity, path};

use crate::manifest::{Manifest, Position, Problem, Source};
use crate::report::{Diagnostic, Report, Unread, bare_diagnostics, diagnostics};
use crate::shown::one_line;

/// How much a message weighs. What stands first is told first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// A rule that is broken.
    Finding(Reverse<Severity>),
    /// Advice.
    Warning,
    /// Something could not be read or decided.
    Error,
}

impl Level {
    /// `high`, `warning`, `error`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Finding(Reverse(severity)) => severity.name(),
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing to say, and where. No text in it has a line break or anything that a terminal acts upon, except for what is
/// cut from `source`.
pub struct Message<'a> {
    pub(super) level: Level,
    pub(super) rule: Option<String>,
    /// The page about the rule.
    pub(super) url: Option<&'a str>,
    pub(super) title: String,
    /// Empty where it is about no file.
    pub(super) file: String,
    /// Its start and its end.
    pub(super) place: Option<(Position, Position)>,
    /// To cut excerpts from; not given where nobody should see the text.
    pub(super) source: Option<&'a Source>,
    pub(super) hints: Vec<String>,
}

/// All that people are told one by one: what rules found, object by object, and what could not be read.
pub fn messages<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Message<'r>> {
    told(report, diagnostics(report), |found| Message::from(found))
}

/// The same for whoever shows a line of each: without hints, and without texts to cut excerpts from, which cost more than the
/// rest.
pub fn brief_messages<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Message<'r>> {
    told(report, bare_diagnostics(report), Message::brief)
}

fn told<'r>(
    report: &'r Report<'_>,
    found: impl Iterator<Item = Diagnostic<'r>>,
    message: fn(&Diagnostic<'r>) -> Message<'r>,
) -> impl Iterator<Item = Message<'r>> {
    let found = found.filter(Diagnostic::is_told).map(move |found| message(&found));
    let manifests = report.input.files().iter().map(|file| &file.manifest);
    let unreadable = manifests.flat_map(|manifest| manifest.problems.iter().map(|problem| in_file(manifest, problem)));
    let unread = report.unread.iter().filter(|unread| unread.is_failure).map(no_file);
    found.chain(unreadable).chain(unread)
}

impl Message<'_> {
    /// Its place among all: the most severe first, and what could not be read or decided at the end, where a terminal
    /// shows it.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        self.level
    }

    /// Whether a rule is broken or could not decide.
    pub(super) fn is_failure(&self) -> bool {
        self.level != Level::Warning && self.rule.is_some()
    }

    /// Whether something could not be read or decided.
    pub(super) fn is_fault(&self) -> bool {
        self.level == Level::Error
    }

    /// All that it says, in one line: the title, and its hints behind it.
    pub(super) fn with_hints(&self) -> String {
        let rule = self.rule.iter().map(|rule| format!("{rule}: {}", self.title));
        let title = rule.chain([self.title.clone()]).take(1);
        title.chain(self.hints.iter().map(|hint| hint.trim().to_owned())).collect::<Vec<_>>().join("; ")
    }
}

impl<'a> Message<'a> {
    /// What is said of a diagnostic on one line.
    fn brief(diagnostic: &Diagnostic<'a>) -> Self {
        let about = one_line(&diagnostic.about());
        let title = match diagnostic.message {
            Some(message) => format!("{about}: {}", one_line(message)),
            None => format!("{about} could not be checked: {}", one_line(diagnostic.reason.unwrap_or_default())),
        };
        Self {
            level: match (diagnostic.is_error(), diagnostic.message) {
                (_, None) => Level::Error,
                (true, _) => Level::Finding(Reverse(diagnostic.severity)),
                (false, _) => Level::Warning,
            },
            rule: Some(one_line(&diagnostic.rule.name)),
            url: diagnostic.rule.link(),
            title,
            file: one_line(diagnostic.file),
            place: diagnostic.place.map(|place| (place.start, place.end)),
            source: diagnostic.source,
            hints: Vec::new(),
        }
    }
}

impl<'a> From<&Diagnostic<'a>> for Message<'a> {
    fn from(diagnostic: &Diagnostic<'a>) -> Self {
        let mut hints = Vec::new();
        if diagnostic.message.is_some() {
            let at = path::shorten(diagnostic.path);
            hints.extend(Some(format!("at {}", one_line(&at))).filter(|_| !at.is_empty()));
            hints.extend(diagnostic.fix.into_iter().flat_map(fix));
        } else {
            hints.push("counts as a failure".to_owned());
        }
        hints.extend(rendered(diagnostic));
        Self { hints, ..Self::brief(diagnostic) }
    }
}

/// In which environments what was rendered is so, and the rendered line beside the one that made it.
fn rendered(diagnostic: &Diagnostic<'_>) -> Vec<String> {
    let Some(rendered) = &diagnostic.rendered else { return Vec::new() };
    let environments = one_line(&diagnostic.environments.join(", "));
    let plural = if diagnostic.environments.len() == 1 { "environment" } else { "environments" };
    let line = rendered.place.start.line;
    let excerpt = rendered.source.map_or_else(String::new, |source| source.excerpt(line));
    let excerpt = excerpt.trim();
    let excerpt = if excerpt.is_empty() { String::new() } else { format!(": `{}`", one_line(excerpt)) };
    let mut hints = vec![
        format!("in {plural}: {environments}"),
        format!("rendered: {}, line {line}{excerpt}", one_line(rendered.file)),
    ];
    if !rendered.is_certain {
        hints.push("what writes the rendered line is not proven: this is the nearest certain place".to_owned());
    }
    hints
}

/// A line each, so that none can pass for a line of ours.
fn fix(fix: &Fix) -> Vec<String> {
    let text = fix.text();
    if text.contains('\n') {
        let lines = text.lines().map(|line| format!("  {}", one_line(line)));
        std::iter::once("fix:".to_owned()).chain(lines).collect()
    } else {
        vec![format!("fix: {}", one_line(&text))]
    }
}

/// What kept a part of a file from being read.
fn in_file<'r>(manifest: &'r Manifest, problem: &Problem) -> Message<'r> {
    let related = problem.related.as_ref().map(|related| {
        let Position { line, column } = related.position;
        format!("{}: line {line}, column {column}", related.message)
    });
    Message {
        level: Level::Error,
        rule: None,
        url: None,
        title: one_line(&problem.kind.to_string()),
        file: one_line(&manifest.name),
        place: Some((problem.position, manifest.source.position(problem.span.end))),
        // What could not be read may be a Secret's value.
        source: None,
        hints: related.into_iter().chain([problem.kind.help().to_owned()]).collect(),
    }
}

/// What kept a path from giving a file.
fn no_file(unread: &Unread) -> Message<'_> {
    Message {
        level: Level::Error,
        rule: None,
        url: None,
        title: format!("{} {}", one_line(&unread.path), one_line(&unread.reason)),
        file: String::new(),
        place: None,
        source: None,
        hints: Vec::new(),
    }
}
