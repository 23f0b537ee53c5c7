//! A table of services: how many checks of each pass, and how many fail by severity.

use std::fmt::Write as _;

use protocol::Severity;

use super::UNDECIDED;
use crate::report::Report;
use crate::report::render::style::{BOLD, GREEN, RED, YELLOW};
use crate::report::render::{count, one_line};
use crate::scorecard::model::Scorecard;
use crate::scorecard::share::Standing;

/// The table as text with colours; the printer takes them out where they do not belong.
#[must_use]
pub fn services(scorecard: &Scorecard<'_>, report: &Report<'_>) -> String {
    let mut text = String::new();
    if report.is_incomplete() {
        let _ = writeln!(text, "{RED}{UNDECIDED}{RED:#}\n");
    }
    let titles: Vec<String> = scorecard.cards.iter().map(|card| one_line(&card.title())).collect();
    let width = titles.iter().map(|title| title.chars().count()).chain(["service".len()]).max().unwrap_or_default();
    let _ = write!(text, "{BOLD}{:width$}  {:>9}{BOLD:#}", "service", "pass");
    let severities: Vec<Severity> = Severity::ALL.into_iter().rev().collect();
    for severity in &severities {
        let _ = write!(text, "  {BOLD}{:>8}{BOLD:#}", severity.name());
    }
    text.push('\n');
    for (card, title) in scorecard.cards.iter().zip(&titles) {
        let share = card.share();
        let pass = format!("{} of {}", share.holds, share.counted);
        let style = if scorecard.standing(share) == Standing::Ready { GREEN } else { YELLOW };
        let _ = write!(text, "{title:width$}  {style}{pass:>9}{style:#}");
        for severity in &severities {
            match card.failing(*severity) {
                0 => _ = write!(text, "  {:>8}", "-"),
                number => _ = write!(text, "  {RED}{number:>8}{RED:#}"),
            }
        }
        text.push('\n');
    }
    let ready = scorecard.services().filter(|card| !card.has_open_lines()).count();
    let services = count(scorecard.services().count(), "service");
    let _ = writeln!(text, "\n{ready} of {services} without a failing check");
    text
}
