//! Fixes and waivers as edits of texts. The editor makes them, and people see them before they are saved.

use engine::Subject;
use engine::config::{FILE_NAME, with_waiver};
use engine::edit::{Wanted, edited, merged, with_edits};
use engine::report::{Diagnostic, Report, bare_diagnostics};
use engine::waiver::Date;
use protocol::{Applicability, Edit, Level};

/// An edit of one file that somebody may want.
pub struct Action {
    /// What it does, in one line.
    pub title: String,
    /// The rule whose finding it fixes; none where it fixes several.
    pub rule: Option<String>,
    /// The line that the finding is at.
    pub line: u32,
    /// Whether a program may make it unasked.
    pub is_safe: bool,
    /// The file's whole new text.
    pub text: String,
}

/// The fixes of the findings of a file, within these lines, counted from 1.
pub fn fixes(report: &Report<'_>, file: &str, first: u32, last: u32) -> Vec<Action> {
    let told = of_file(report, file).filter(|(_, told, _)| is_within(told, first, last));
    let made = told.filter_map(|(subject, told, edit)| {
        let manifest = &report.input.file(subject.file)?.manifest;
        Some(Action {
            title: title(&told),
            rule: Some(told.rule.name.clone()),
            line: told.place?.start.line,
            is_safe: edit.applicability == Applicability::Safe,
            text: with_edits(manifest, subject.document, subject.object, [edit]).ok()?,
        })
    });
    made.collect()
}

/// All safe fixes of a file at once.
pub fn all_fixes(report: &Report<'_>, file: &str) -> Option<String> {
    let mut objects: Vec<(Subject<'_>, Vec<&Edit>)> = Vec::new();
    for (subject, _, edit) in of_file(report, file).filter(|(.., edit)| edit.applicability == Applicability::Safe) {
        match objects.iter_mut().find(|(of, _)| std::ptr::eq(of.object, subject.object)) {
            Some((_, edits)) => edits.push(edit),
            None => objects.push((subject, vec![edit])),
        }
    }
    let (first, _) = objects.first()?;
    let manifest = &report.input.file(first.file)?.manifest;
    let objects =
        objects.into_iter().filter_map(|(subject, edits)| Some((subject, merged(subject.object, edits).ok()?)));
    let objects: Vec<_> = objects.collect();
    let wanted = objects.iter().map(|(Subject { document, object, .. }, mutated)| Wanted {
        document: *document,
        object,
        mutated,
    });
    edited(manifest, &wanted.collect::<Vec<_>>()).ok()
}

/// A waiver for each rule that is broken within these lines, as an edit of the configuration.
pub fn waivers(
    report: &Report<'_>,
    file: &str,
    (first, last): (u32, u32),
    configuration: &str,
    today: Date,
) -> Vec<Action> {
    let broken = bare_diagnostics(report).filter(|told| {
        told.is_told()
            && told.file == file
            && told.rendered.is_none()
            && told.level == Level::Violation
            && told.message.is_some()
    });
    let mut actions: Vec<Action> = Vec::new();
    for told in broken.filter(|told| is_within(told, first, last)) {
        let rule = &told.rule.name;
        if actions.iter().any(|action| action.rule.as_ref() == Some(rule)) {
            continue;
        }
        let Some(text) = with_waiver(configuration, rule, told.object, told.container, today) else { continue };
        let Some(line) = told.place.map(|place| place.start.line) else { continue };
        let title = format!("Waive {rule} here: write why, and who answers for it, in {FILE_NAME}");
        actions.push(Action { title, rule: Some(rule.clone()), line, is_safe: false, text });
    }
    actions
}

/// The pages about the rules that say something within these lines, each once: the rule's name and the address.
pub fn pages(report: &Report<'_>, file: &str, first: u32, last: u32) -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = Vec::new();
    for told in bare_diagnostics(report).filter(|told| told.is_told() && told.file == file) {
        let is_here = match (told.place, told.object_start) {
            (None, Some(start)) => (first..=last).contains(&start.line),
            _ => is_within(&told, first, last),
        };
        let Some(address) = told.rule.link().filter(|_| is_here) else { continue };
        if pages.iter().all(|(rule, _)| *rule != told.rule.name) {
            pages.push((told.rule.name.clone(), address.to_owned()));
        }
    }
    pages
}

fn is_within(told: &Diagnostic<'_>, first: u32, last: u32) -> bool {
    told.place.is_some_and(|place| place.start.line <= last && place.end.line >= first)
}

/// What the rules tell of a file that was not rendered, where a program may change it.
fn of_file<'r>(report: &'r Report<'_>, file: &'r str) -> impl Iterator<Item = (Subject<'r>, Diagnostic<'r>, &'r Edit)> {
    let subjects: Vec<Subject<'r>> = report.judged.iter().map(|judged| judged.subject).collect();
    bare_diagnostics(report).filter_map(move |told| {
        if !told.is_told() || told.file != file || told.rendered.is_some() {
            return None;
        }
        let edit = told.fix?.edit().filter(|edit| edit.applicability != Applicability::Example)?;
        let subject = subjects.iter().find(|subject| std::ptr::eq(subject.object, told.object))?;
        Some((*subject, told, edit))
    })
}

fn title(told: &Diagnostic<'_>) -> String {
    let fix = told.fix.map(protocol::Fix::text).unwrap_or_default();
    let line = fix.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = line.chars().take(60).collect();
    let dots = if shown.len() < line.len() { "…" } else { "" };
    format!("Fix {}: {shown}{dots}", told.rule.name)
}
