//! The checklist as GitHub and GitLab show it: to paste in a pull request.
//!
//! Names and messages come from strangers: no character of theirs is markup.

use std::fmt::Write as _;

use super::{UNDECIDED, counts};
use crate::report::Report;
use crate::scorecard::model::{Card, Line, Mark, Scorecard};
use crate::shown::markdown as escape;

/// The checklist as Markdown.
#[must_use]
pub fn markdown(scorecard: &Scorecard<'_>, report: &Report<'_>) -> String {
    let mut text = String::from("## Production readiness\n");
    if report.is_incomplete() {
        let _ = writeln!(text, "\n**{UNDECIDED}**");
    }
    if scorecard.cards.is_empty() {
        text.push_str("\nThere is no service here.\n");
    }
    for card in &scorecard.cards {
        write_card(card, report, &mut text);
    }
    text
}

fn write_card(card: &Card<'_>, report: &Report<'_>, text: &mut String) {
    let share = card.share();
    let percent = share.percent().map_or_else(|| "nothing counts".into(), |percent| format!("{percent} %"));
    let _ = writeln!(text, "\n### {}: {percent}", escape(&card.title()));
    let _ = writeln!(text, "\n{}", counts(card));
    for section in &card.sections {
        let share = section.share();
        let _ = writeln!(text, "\n#### {} ({}/{})\n", section.title(), share.holds, share.counted);
        section.lines.iter().for_each(|line| write_line(line, report, text));
    }
}

fn write_line(line: &Line<'_>, report: &Report<'_>, text: &mut String) {
    let title = escape(&line.rule.title);
    let _ = match line.mark() {
        mark @ (Mark::Done | Mark::Open) => writeln!(text, "- {} {title} (`{}`)", mark.text(), line.rule.name),
        // A box would ask somebody to tick it.
        mark => writeln!(text, "- *{}*: {title} (`{}`)", mark.text(), line.rule.name),
    };
    for remark in line.remarks() {
        let message = escape(remark.message);
        let message = match remark.prefix() {
            Some(prefix) => format!("{prefix}: {message}"),
            None => message,
        };
        if line.mark() == Mark::NotApplicable {
            let _ = writeln!(text, "  - {message}");
            continue;
        }
        let (file, row) = remark.place(report);
        let _ = writeln!(text, "  - {}:{row}, {}: {message}", escape(file), escape(&remark.about()));
    }
}
