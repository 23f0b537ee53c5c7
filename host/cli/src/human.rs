//! The report for people: each finding with its place, an excerpt and what to write instead; then who is fine and who is
//! not, by rule and by workload.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level as Title, Renderer, Snippet};
use engine::report::{Judged, Place, Report};
use engine::{Judgement, Skip, Subject};
use protocol::{Finding, Level, RuleMetadata, Verdict, path};

use crate::output::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, count, printable};

/// The whole report as text with colours; the printer takes them out where they do not belong.
pub fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    for judged in &report.judged {
        for judgement in &judged.judgements {
            answer(report, judged, judgement, &mut text);
        }
    }
    problems(report, &mut text);
    skipped(report, &mut text);
    by_rule(report, &mut text);
    by_workload(report, &mut text);
    total(report, &mut text);
    text
}

fn answer(report: &Report<'_>, judged: &Judged<'_>, judgement: &Judgement, text: &mut String) {
    let Some(rule) = report.rules.get(judgement.rule) else { return };
    let (subject, outcome) = (judged.subject, &judgement.outcome);
    match outcome.verdict {
        Verdict::Error => {
            let place = report.place(subject, &whole_object());
            let reason = outcome.reason.as_deref().unwrap_or_default();
            let title = format!("{} could not be judged: {reason}", who(subject));
            excerpt(report, subject, rule, place, &title, Title::ERROR, &["it counts as broken"], text);
        }
        Verdict::Fail | Verdict::Pass => {
            for finding in &outcome.findings {
                let level = match finding.level {
                    Level::Violation => Title::ERROR,
                    Level::Warning => Title::WARNING,
                    Level::Note => continue,
                };
                located(report, subject, rule, finding, level, text);
            }
        }
        Verdict::NotApplicable | Verdict::Unknown | Verdict::Waived => {}
    }
}

fn located(
    report: &Report<'_>,
    subject: Subject<'_>,
    rule: &RuleMetadata,
    finding: &Finding,
    level: Title<'static>,
    text: &mut String,
) {
    let title = match &finding.container {
        Some(container) => format!("{}, container {container}: {}", who(subject), finding.message),
        None => format!("{}: {}", who(subject), finding.message),
    };
    let at = format!("at {}", path::shorten(&finding.path));
    let fix = finding
        .fix
        .as_ref()
        .map(|fix| if fix.contains('\n') { format!("write:\n{fix}") } else { format!("write: {fix}") });
    let hints: Vec<&str> = std::iter::once(at.as_str()).chain(fix.as_deref()).collect();
    excerpt(report, subject, rule, report.place(subject, finding), &title, level, &hints, text);
}

/// One message in the form of rustc's, with the line that it is about.
#[allow(clippy::too_many_arguments)]
fn excerpt(
    report: &Report<'_>,
    subject: Subject<'_>,
    rule: &RuleMetadata,
    place: Option<Place>,
    title: &str,
    level: Title<'static>,
    hints: &[&str],
    text: &mut String,
) {
    let hints: Vec<String> = hints.iter().map(|hint| printable(hint)).collect();
    let title = printable(title);
    let mut group = level
        .primary_title(&title)
        .id(&rule.name)
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    let line = place.zip(report.source(subject)).map(|(place, source)| (place, source.excerpt(place.start.line)));
    if let Some((place, line)) = line {
        // One line is enough to see what is meant; a value may be a whole file long.
        let start = byte_of_column(line, place.start.column);
        let end = if place.end.line == place.start.line { byte_of_column(line, place.end.column) } else { line.len() };
        let snippet = Snippet::source(line)
            .line_start(place.start.line as usize)
            .path(report.file_name(subject))
            .fold(false)
            .annotation(AnnotationKind::Primary.span(start..end.max(start)));
        group = group.element(snippet);
    }
    let group = hints.iter().fold(group, |group, hint| group.element(Title::HELP.no_name().message(hint.as_str())));
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let _ = writeln!(text, "{}\n", renderer.render(&[group]));
}

/// The byte at which a column begins; the end of the line where it is shorter.
fn byte_of_column(line: &str, column: u32) -> usize {
    let at = line.char_indices().nth((column as usize).saturating_sub(1));
    at.map_or(line.len(), |(byte, _)| byte)
}

fn whole_object() -> Finding {
    Finding { level: Level::Violation, path: "$".into(), container: None, message: String::new(), fix: None }
}

/// `Deployment shop/web`.
fn who(subject: Subject<'_>) -> String {
    let name = subject.object.display_name();
    match &subject.object.namespace {
        Some(namespace) => format!("{} {namespace}/{name}", subject.object.kind),
        None => format!("{} {name}", subject.object.kind),
    }
}

fn problems(report: &Report<'_>, text: &mut String) {
    for file in report.input.files() {
        for problem in &file.manifest.problems {
            let name = &file.manifest.name;
            let _ = writeln!(text, "{RED}error:{RED:#} {BOLD}{}{BOLD:#}", printable(&problem.kind.to_string()));
            let _ = writeln!(text, "  --> {}:{}:{}", printable(name), problem.position.line, problem.position.column);
            if let Some(related) = &problem.related {
                let at = related.position;
                let _ = writeln!(text, "  {}: {}:{}:{}", related.message, printable(name), at.line, at.column);
            }
            let _ = writeln!(text, "  {}\n", problem.kind.help());
        }
    }
    for unread in report.unread.iter().filter(|unread| unread.is_failure) {
        let (path, reason) = (printable(&unread.path), printable(&unread.reason));
        let _ = writeln!(text, "{RED}error:{RED:#} {BOLD}{path}{BOLD:#} {reason}\n");
    }
}

/// Every document that was passed over, by reason, so that nothing is lost without a word.
fn skipped(report: &Report<'_>, text: &mut String) {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for skipped in &report.skipped {
        // An empty document between two separators is nobody's loss.
        if skipped.reason == Skip::NoObject(engine::manifest::SkipReason::Empty) {
            continue;
        }
        let name = report.input.file(skipped.file).map_or("", |file| &file.manifest.name);
        by_reason.entry(skipped.reason.to_string()).or_default().push(format!("{name}:{}", skipped.line));
    }
    for unread in report.unread.iter().filter(|unread| !unread.is_failure) {
        by_reason.entry(unread.reason.clone()).or_default().push(unread.path.clone());
    }
    for (reason, places) in &by_reason {
        let _ = writeln!(text, "{DIM}skipped {} ({}):{DIM:#}", count(places.len(), "document"), printable(reason));
        for place in places {
            let _ = writeln!(text, "{DIM}  {}{DIM:#}", printable(place));
        }
    }
    if !by_reason.is_empty() {
        text.push('\n');
    }
}

fn by_rule(report: &Report<'_>, text: &mut String) {
    if report.judged.is_empty() {
        return;
    }
    let width = report.rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let _ = writeln!(text, "{BOLD}By rule{BOLD:#}");
    for (index, rule) in report.rules.iter().enumerate() {
        let verdicts = report.verdicts_of(index);
        let broken = verdicts.keys().any(|verdict| verdict.denies());
        let (mark, style) = if broken { ("x", RED) } else { ("-", GREEN) };
        let counts = tally(&verdicts);
        let _ = writeln!(text, "  {style}{mark}{style:#} {:width$}  {:8}  {counts}", rule.name, rule.severity);
    }
    text.push('\n');
    reasons(report, text);
}

/// Why rules could not see enough, each reason once.
fn reasons(report: &Report<'_>, text: &mut String) {
    let mut unknown: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for judged in &report.judged {
        for judgement in judged.judgements.iter().filter(|judgement| judgement.outcome.verdict == Verdict::Unknown) {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            let reason = judgement.outcome.reason.clone().unwrap_or_default();
            *unknown.entry((rule, reason)).or_default() += 1;
        }
    }
    for ((rule, reason), number) in &unknown {
        let objects = count(*number, "object");
        let _ = writeln!(text, "{YELLOW}unknown:{YELLOW:#} {rule}, {objects}: {}", printable(reason));
    }
    if !unknown.is_empty() {
        let hint = "if what you gave is everything there is, say --world complete";
        let _ = writeln!(text, "{DIM}  {hint}{DIM:#}\n");
    }
}

fn by_workload(report: &Report<'_>, text: &mut String) {
    let broken: Vec<(&Judged<'_>, Vec<&str>)> = report
        .judged
        .iter()
        .filter_map(|judged| {
            let broken = judged.judgements.iter().filter(|judgement| judgement.outcome.verdict.denies());
            let names = broken.filter_map(|judgement| report.rules.get(judgement.rule)).map(|rule| rule.name.as_str());
            let names: Vec<&str> = names.collect();
            (!names.is_empty()).then_some((judged, names))
        })
        .collect();
    if broken.is_empty() {
        return;
    }
    let _ = writeln!(text, "{BOLD}By workload{BOLD:#}");
    for (judged, names) in broken {
        let concerned = judged.judgements.iter().filter(|judgement| {
            matches!(judgement.outcome.verdict, Verdict::Pass | Verdict::Fail | Verdict::Error | Verdict::Waived)
        });
        let (number, of) = (names.len(), concerned.count());
        let place = printable(report.file_name(judged.subject));
        let _ = writeln!(text, "  {}  {CYAN}{place}{CYAN:#}", printable(&who(judged.subject)));
        let _ = writeln!(text, "    {number} of {of} broken: {}", names.join(", "));
    }
    text.push('\n');
}

fn total(report: &Report<'_>, text: &mut String) {
    let files = count(report.input.files().len(), "file");
    if report.judged.is_empty() {
        let _ = writeln!(text, "{RED}No Kubernetes object found{RED:#} in {files}: there was nothing to judge.");
        return;
    }
    let verdicts = report.verdicts();
    let objects = report.judged.len();
    let judged = format!("{files}, {}, world {}", count(objects, "object"), report.completeness.name());
    let broken: usize = verdicts.iter().filter(|(verdict, _)| verdict.denies()).map(|(_, number)| number).sum();
    let _ = if broken == 0 {
        writeln!(text, "{GREEN}All rules hold{GREEN:#} ({}; {judged})", tally(&verdicts))
    } else {
        writeln!(text, "{RED}{} broken{RED:#} ({}; {judged})", count(broken, "rule"), tally(&verdicts))
    };
}

/// `3 fail, 12 pass`, the worst first.
fn tally(verdicts: &BTreeMap<Verdict, usize>) -> String {
    if verdicts.is_empty() {
        return "concerns nothing here".into();
    }
    verdicts.iter().rev().map(|(verdict, number)| format!("{number} {verdict}")).collect::<Vec<_>>().join(", ")
}
