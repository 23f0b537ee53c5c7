//! The report as JUnit XML, which every CI system shows as tests: a suite for each object, a case for each rule.
//!
//! What does not concern an object is no case. What is waived, known, unknown, or below the severity that fails the run is
//! skipped, so that the tests fail exactly where the run does.

use std::fmt::Write as _;
use std::io;

use protocol::{Finding, Fix, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::gaps::gaps;
use crate::input::Subject;
use crate::judge::Judgement;
use crate::report::{Judged, Report};
use crate::shown::{count, one_line, printable};
use crate::waiver::is_violation;

/// The tests of one object, or of the run itself.
struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    class: String,
    status: Status,
}

enum Status {
    Passed,
    Skipped(String),
    /// What is wrong in one line, how bad it is, and all of it.
    Failed(String, &'static str, String),
    Undecided(String, &'static str),
}

/// Writes the report as JUnit XML. What keeps the run from being complete is a suite of its own, with an error for each.
///
/// # Errors
/// The writer's own.
pub fn junit(report: &Report<'_>, out: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let gaps = gaps(report).into_iter().map(|gap| Case {
        name: format!("everything is checked: {}", gap.text),
        class: if gap.file.is_empty() { "seaworthy".to_owned() } else { gap.file },
        status: Status::Undecided(gap.text, "incomplete"),
    });
    let mut suites = vec![Suite { name: "incomplete".to_owned(), cases: gaps.collect() }];
    suites.extend(report.judged.iter().map(|judged| {
        let environment = report.environment(judged.subject);
        let environment = environment.map_or_else(String::new, |name| format!(" ({name})"));
        let name = one_line(&format!("{}{environment}", judged.subject.object.label()));
        Suite { name, cases: judged.judgements.iter().filter_map(|it| case(report, judged, it)).collect() }
    }));
    suites.retain(|suite| !suite.cases.is_empty());
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    let totals = [("name", "seaworthy".to_owned())].into_iter().chain(numbers(all).into_iter().take(3));
    let totals: Vec<(&str, String)> = totals.collect();
    writer
        .create_element("testsuites")
        .with_attributes(totals.iter().map(|(name, value)| (*name, value.as_str())))
        .write_inner_content(|writer| suites.iter().try_for_each(|suite| write_suite(suite, writer)))?;
    out.write_all(b"\n")
}

/// How many cases there are: all, failed, undecided, skipped.
fn numbers<'c, C: Iterator<Item = &'c Case>>(cases: impl Fn() -> C) -> [(&'static str, String); 4] {
    let count = |is: fn(&Status) -> bool| cases().filter(|case| is(&case.status)).count().to_string();
    [
        ("tests", count(|_| true)),
        ("failures", count(|status| matches!(status, Status::Failed(..)))),
        ("errors", count(|status| matches!(status, Status::Undecided(..)))),
        ("skipped", count(|status| matches!(status, Status::Skipped(_)))),
    ]
}

fn write_suite<W: io::Write>(Suite { name, cases }: &Suite, writer: &mut Writer<W>) -> io::Result<()> {
    let numbers = numbers(|| cases.iter());
    let suite = writer.create_element("testsuite").with_attribute(("name", &*text(name)));
    let suite = suite.with_attributes(numbers.iter().map(|(name, value)| (*name, value.as_str())));
    suite.write_inner_content(|writer| cases.iter().try_for_each(|case| write_case(case, writer)))?;
    Ok(())
}

fn write_case<W: io::Write>(Case { name, class, status }: &Case, writer: &mut Writer<W>) -> io::Result<()> {
    let attributes = [("name", text(name)), ("classname", text(class))];
    let case = writer.create_element("testcase");
    let case = case.with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())));
    let (element, message, kind, body) = match status {
        Status::Passed => return case.write_empty().map(drop),
        Status::Skipped(why) => ("skipped", why, None, None),
        Status::Failed(message, kind, body) => ("failure", message, Some(*kind), Some(body)),
        Status::Undecided(message, kind) => ("error", message, Some(*kind), None),
    };
    case.write_inner_content(|writer| {
        let inner = writer.create_element(element).with_attribute(("message", &*text(message)));
        let inner = inner.with_attributes(kind.map(|kind| ("type", kind)));
        match body {
            Some(body) => inner.write_text_content(BytesText::new(&text(body))).map(drop),
            None => inner.write_empty().map(drop),
        }
    })?;
    Ok(())
}

/// The text without what XML has no way to say.
fn text(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn case(report: &Report<'_>, Judged { subject, .. }: &Judged<'_>, judgement: &Judgement) -> Option<Case> {
    let rule = report.rules.get(judgement.rule)?;
    let outcome = &judgement.outcome;
    let severity = judgement.severity.unwrap_or(rule.severity);
    let reason = one_line(outcome.reason.as_deref().unwrap_or_default());
    let violations: Vec<&Finding> = outcome.findings.iter().filter(|finding| is_violation(finding)).collect();
    let status = match outcome.verdict {
        Verdict::NotApplicable => return None,
        Verdict::Pass => Status::Passed,
        Verdict::Waived => Status::Skipped(format!("waived {reason}")),
        Verdict::Unknown => Status::Skipped(format!("unknown: {reason}")),
        Verdict::Fail if severity < report.fails_on() => {
            Status::Skipped(format!("{severity}, below {}: {}", report.fails_on(), said(&violations)))
        }
        Verdict::Fail => {
            let body = violations.iter().map(|finding| told(report, *subject, finding)).collect();
            Status::Failed(said(&violations), severity.name(), body)
        }
        Verdict::Error => Status::Undecided(format!("could not be checked: {reason}"), severity.name()),
    };
    // Two cases of one name are one to many readers.
    let part = if outcome.verdict == Verdict::Waived { " (waived)" } else { "" };
    let (name, class) = (format!("{}{part}", one_line(&rule.name)), one_line(report.file_name(*subject)));
    Some(Case { name, class, status })
}

/// What is wrong, in one line.
fn said(violations: &[&Finding]) -> String {
    let first = violations.first().map(|finding| one_line(&finding.message)).unwrap_or_default();
    match violations.len() {
        0 | 1 => first,
        all => format!("{first} (and {} more)", count(all - 1, "finding")),
    }
}

/// A finding in full, with a line break at its end.
fn told(report: &Report<'_>, subject: Subject<'_>, finding: &Finding) -> String {
    let origin = report.origin(subject, &finding.path).map(|origin| (origin.file, origin.place));
    let place = origin.or_else(|| Some((report.file_name(subject), report.place(subject, finding)?)));
    let place = place.map_or_else(String::new, |(file, place)| format!("{}:{}: ", one_line(file), place.start.line));
    let container = finding.container.as_deref().map_or_else(String::new, |name| format!("container {name}: "));
    let mut text = format!("{place}{}{}\n", one_line(&container), one_line(&finding.message));
    for line in finding.fix.as_ref().map(Fix::text).unwrap_or_default().lines() {
        let _ = writeln!(text, "  fix: {}", one_line(line));
    }
    text
}
