//! The checklist as GitHub and GitLab show it: to paste in a pull request.
//!
//! The worst service comes first, and each section folds. A comment that is too long is refused, so what does not fit is
//! said shorter, and what does not fit then is counted. Names and messages come from strangers: no character of theirs is
//! markup.

use std::fmt::Write as _;

use super::{UNDECIDED, counts};
use crate::report::Report;
use crate::report::render::markdown::COMMENT;
use crate::scorecard::model::{Card, Line, Scorecard, SectionCard};
use crate::scorecard::share::Mark;
use crate::shown::{count, cut, markdown as escape};

/// What is kept free for the line that counts the rest.
const REST: usize = 200;

/// Characters of a name or a message: no single one takes the room of all others.
const SENTENCE: usize = 1_000;

/// The checklist as Markdown, short enough for a comment.
#[must_use]
pub fn markdown(scorecard: &Scorecard<'_>, report: &Report<'_>) -> String {
    let mut text = String::from("## Production readiness\n");
    if report.is_incomplete() {
        let _ = writeln!(text, "\n**{UNDECIDED}**");
    }
    if scorecard.cards.is_empty() {
        text.push_str("\nNo services found: the input has no workload.\n");
    }
    let mut left_out = 0;
    for card in scorecard.worst_first() {
        let room = (COMMENT - REST).saturating_sub(text.len());
        // Everything about it, or what fails, or its share alone.
        let forms = [Depth::Everything, Depth::Failures, Depth::Share].into_iter();
        match forms.map(|depth| card_text(card, report, depth)).find(|form| form.len() <= room) {
            Some(form) if left_out == 0 => text += &form,
            _ => left_out += 1,
        }
    }
    if left_out > 0 {
        let services = count(left_out, "more card");
        let _ = writeln!(text, "\n{services}, none worse: `seaworthy readiness` shows all.");
    }
    text
}

/// How much is told of a card.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Everything,
    /// The lines that do not hold, without remarks.
    Failures,
    Share,
}

fn card_text(card: &Card<'_>, report: &Report<'_>, depth: Depth) -> String {
    let percent = card.share().percent().map_or_else(|| "nothing counts".into(), |percent| format!("{percent} %"));
    let mut text = format!("\n### {}: {percent}\n\n{}\n", escape(&cut(&card.title(), SENTENCE)), counts(card));
    for section in &card.sections {
        write_section(section, report, depth, &mut text);
    }
    text
}

fn write_section(section: &SectionCard<'_>, report: &Report<'_>, depth: Depth, text: &mut String) {
    let is_told = |line: &&Line<'_>| match depth {
        Depth::Everything => true,
        Depth::Failures => line.mark() == Mark::Open,
        Depth::Share => false,
    };
    let lines: Vec<&Line<'_>> = section.worst_first().into_iter().filter(is_told).collect();
    if lines.is_empty() {
        return;
    }
    let share = section.share();
    let unknown = if share.unknown > 0 { format!(", {} unknown", share.unknown) } else { String::new() };
    let of = format!("{} of {} pass{unknown}", share.holds, share.counted);
    let open = if lines.iter().any(|line| line.mark() == Mark::Open) { " open" } else { "" };
    let _ = writeln!(text, "\n<details{open}><summary>{} ({of})</summary>\n", section.title());
    for line in lines {
        write_line(line, report, depth, text);
    }
    text.push_str("\n</details>\n");
}

fn write_line(line: &Line<'_>, report: &Report<'_>, depth: Depth, text: &mut String) {
    let (title, rule) = (escape(&line.rule.title), &line.rule.name);
    let _ = match line.mark() {
        mark @ Mark::Done => writeln!(text, "- {} {title} (`{rule}`)", mark.text()),
        mark @ Mark::Open => writeln!(text, "- {} {title} (`{rule}`, {})", mark.text(), line.rule.severity),
        // A box would ask somebody to tick it.
        mark => writeln!(text, "- *{}*: {title} (`{rule}`)", mark.text()),
    };
    if depth != Depth::Everything {
        return;
    }
    for remark in line.remarks() {
        let message = escape(&cut(remark.message, SENTENCE));
        let message = match remark.prefix() {
            Some(prefix) => format!("{prefix}: {message}"),
            None => message,
        };
        if line.mark() == Mark::NotApplicable {
            let _ = writeln!(text, "  - {message}");
            continue;
        }
        let (file, row) = remark.place(report);
        let (file, about) = (escape(&cut(file, SENTENCE)), escape(&cut(&remark.about(), SENTENCE)));
        let _ = writeln!(text, "  - {file}:{row}, {about}: {message}");
    }
}
