//! The report as Markdown: a comment in a pull request, or the summary of a step on GitHub.
//!
//! Both have an end: a comment that is too long is refused, a summary that is too long is dropped whole. So the worst come
//! first, and what does not fit is counted.

use std::fmt::Write as _;

use protocol::{Fix, Severity, path};

use super::gaps::{gaps, worst_first};
use crate::report::{Diagnostic, Report};
use crate::shown::{code_block, count, cut, markdown as escape};

/// Bytes of a comment: GitHub takes 65,536 characters.
pub const COMMENT: usize = 65_000;

/// Bytes of a step's summary: GitHub takes 1 MiB of it.
pub const SUMMARY: usize = 1_000_000;

/// By which whoever posts the comment finds it again.
const MARK: &str = "<!-- seaworthy -->";

/// What is kept free for the line that counts the rest.
const REST: usize = 200;

/// What is kept of what keeps a run from being complete.
const GAPS: usize = 20;

/// The report as Markdown of at most so many bytes. An incomplete run says so in the first line.
#[must_use]
pub fn markdown(report: &Report<'_>, bytes: usize) -> String {
    let found = worst_first(report);
    let mut text = head(report, &found);
    let room = bytes.saturating_sub(REST);
    let mut left_out = 0;
    for found in &found {
        let entry = entry(found);
        // The first one that does not fit ends it: none behind it is worse.
        if left_out > 0 || text.len() + entry.len() > room {
            left_out += 1;
        } else {
            text += &entry;
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n{} more, none worse: `seaworthy check` shows all.", count(left_out, "finding"));
    }
    text
}

fn head(report: &Report<'_>, found: &[Diagnostic<'_>]) -> String {
    let (gaps, mut text) = (gaps(report), String::new());
    if !gaps.is_empty() {
        let problems = count(gaps.len(), "problem");
        let _ = writeln!(text, "**Incomplete: {problems}, not everything could be checked.**\n");
    }
    let errors = found.iter().filter(|found| found.is_error()).count();
    let objects = count(report.judged.len(), "object");
    let title = if errors > 0 {
        format!("{} in {objects}", count(errors, "finding"))
    } else if gaps.is_empty() {
        format!("all checks passed ({objects})")
    } else {
        format!("no finding in {objects}")
    };
    let _ = writeln!(text, "{MARK}\n## seaworthy: {title}\n");
    let tally: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .map(|severity| (severity.name(), found.iter().filter(|it| it.is_error() && it.severity == severity).count()))
        .chain([("advice", found.len() - errors)])
        .filter(|(_, number)| *number > 0)
        .map(|(name, number)| format!("{number} {name}"))
        .collect();
    if !tally.is_empty() {
        let _ = writeln!(text, "{}\n", tally.join(", "));
    }
    if let Some(comparison) = &report.baseline {
        let _ = writeln!(text, "Baseline: {} known, {} new.\n", count(comparison.known, "finding"), comparison.new);
    }
    if let Some(since) = &report.since {
        let known = count(since.known, "known finding");
        let (new, fixed, revision) = (since.new, since.fixed, escape(&since.revision));
        let _ = writeln!(text, "Since {revision}: {new} new, {fixed} fixed; {known} left out.\n");
    }
    for gap in gaps.iter().take(GAPS) {
        let place = if gap.file.is_empty() { String::new() } else { format!("{}:{}: ", escape(&gap.file), gap.line) };
        let _ = writeln!(text, "- not checked: {place}{}", escape(&short(&gap.text)));
    }
    if gaps.len() > GAPS {
        let _ = writeln!(text, "- and {} more", gaps.len() - GAPS);
    }
    if !gaps.is_empty() {
        text.push('\n');
    }
    text
}

/// One finding, to be opened.
fn entry(found: &Diagnostic<'_>) -> String {
    let severity = if found.is_error() { found.severity.name() } else { "advice" };
    let (about, message) = (escape(&short(&found.about())), escape(&short(found.message.unwrap_or_default())));
    let mut text = format!(
        "<details><summary><b>{severity}</b> <code>{}</code> {about}: {message}</summary>\n\n",
        escape(&found.rule.name)
    );
    let line = found.place.map_or(String::new(), |place| format!(":{}", place.start.line));
    let field = path::shorten(found.path);
    let field = if field.is_empty() { String::new() } else { format!(", at {}", escape(&short(&field))) };
    let _ = writeln!(text, "{}{line}{field}\n", escape(&short(found.file)));
    if !found.environments.is_empty() {
        let _ = writeln!(text, "In {}.\n", escape(&short(&found.environments.join(", "))));
    }
    if let Some(fix) = found.fix.map(Fix::text) {
        let _ = writeln!(text, "Fix:\n\n{}", code_block(&cut(&fix, FIX)));
    }
    text + "</details>\n\n"
}

/// Characters of a name or a sentence; of a fix.
const SENTENCE: usize = 1_000;
const FIX: usize = 2_000;

/// No single finding may take the room of all others.
fn short(text: &str) -> String {
    cut(text, SENTENCE)
}
