//! The checklist for people, as text with colours; the printer takes them out where they do not belong.

use std::fmt::Write as _;

use anstyle::Style;

use super::counts;
use crate::report::Report;
use crate::report::render::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};
use crate::report::render::{count, one_line};
use crate::scorecard::model::{Card, Line, Owner, Scorecard};
use crate::scorecard::share::{Mark, Share, Standing};
use crate::shown::cut;

/// Characters of a bar: each stands for 10 %.
const BAR: usize = 10;

/// Characters of a service's name in the overview.
const TITLE: usize = 28;

/// The checklist of each service, and who is ready; with `fail_under`, who has at least so many percent.
#[must_use]
pub fn human(scorecard: &Scorecard<'_>, report: &Report<'_>, fail_under: Option<u8>) -> String {
    let mut text = String::new();
    for card in &scorecard.cards {
        write_card(card, scorecard, report, &mut text);
    }
    write_summary(scorecard, fail_under, &mut text);
    text
}

fn write_card(card: &Card<'_>, scorecard: &Scorecard<'_>, report: &Report<'_>, text: &mut String) {
    let (share, title) = (card.share(), one_line(&card.title()));
    let style = style(scorecard.standing(share));
    let _ = writeln!(text, "{BOLD}{title}{BOLD:#}  {style}{}{style:#}  {}", percent(share), counts(card));
    for section in &card.sections {
        let share = section.share();
        let of = format!("{} of {}", share.holds, share.counted);
        let _ = writeln!(text, "\n  {BOLD}{}{BOLD:#}  {DIM}{of}{DIM:#}", section.title());
        section.lines.iter().for_each(|line| write_line(line, report, text));
    }
    text.push('\n');
}

fn write_line(line: &Line<'_>, report: &Report<'_>, text: &mut String) {
    let mark = line.mark();
    let style = match mark {
        Mark::Done => GREEN,
        Mark::Open => RED,
        Mark::Unknown | Mark::Waived => YELLOW,
        Mark::NotApplicable => DIM,
    };
    let (title, rule) = (one_line(&line.rule.title), &line.rule.name);
    let quiet = if mark == Mark::NotApplicable { DIM } else { Style::new() };
    let word = mark.text();
    let _ = writeln!(text, "  {style}{word:7}{style:#} {quiet}{title}{quiet:#}  {DIM}{rule}{DIM:#}");
    for remark in line.remarks() {
        let message = one_line(remark.message);
        if mark == Mark::NotApplicable {
            let _ = writeln!(text, "          {DIM}{message}{DIM:#}");
            continue;
        }
        let (file, row) = remark.place(report);
        let prefix = remark.prefix().map_or_else(String::new, |prefix| format!("{prefix}: "));
        let (file, about) = (one_line(file), one_line(&remark.about()));
        let _ = writeln!(text, "          {CYAN}{file}:{row}{CYAN:#}  {about}: {prefix}{message}");
    }
}

fn write_summary(scorecard: &Scorecard<'_>, fail_under: Option<u8>, text: &mut String) {
    let services = scorecard.services().count();
    if services == 0 {
        let _ = writeln!(text, "{YELLOW}No services found: the input has no workload{YELLOW:#}");
        return;
    }
    if scorecard.cards.len() > 1 {
        write_overview(scorecard, text);
    }
    let count = count(services, "service");
    let of_services = |wanted: &dyn Fn(Share) -> bool| scorecard.services().filter(|card| wanted(card.share())).count();
    let unchecked = if scorecard.is_incomplete { "; not everything was checked" } else { "" };
    let _ = match fail_under {
        Some(least) => match of_services(&|share| share.is_under(least)) {
            0 if scorecard.is_incomplete => {
                writeln!(text, "{YELLOW}{count}: none is under {least} %{unchecked}{YELLOW:#}")
            }
            0 => writeln!(text, "{GREEN}{count}: none is under {least} %{GREEN:#}"),
            under => writeln!(text, "{RED}{count}: {under} under {least} %{unchecked}{RED:#}"),
        },
        None => {
            let ready = of_services(&|share| scorecard.standing(share) == Standing::Ready);
            let shared = scorecard.cards.iter().filter(|card| card.owner == Owner::Shared).any(Card::has_open_lines);
            let is_known = scorecard.cards.iter().all(|card| card.share().unknown == 0);
            let style = match scorecard.cards.iter().any(Card::has_open_lines) {
                true => RED,
                false if ready == services && is_known => GREEN,
                false => YELLOW,
            };
            let beside = if shared { "; what they share is not" } else { "" };
            writeln!(text, "{style}{count}: {ready} ready{beside}{unchecked}{style:#}")
        }
    };
}

/// All services, the worst first, in lines of at most 80 columns.
fn write_overview(scorecard: &Scorecard<'_>, text: &mut String) {
    let cards = scorecard.worst_first();
    let titles: Vec<String> = cards.iter().map(|card| cut(&one_line(&card.title()), TITLE)).collect();
    let width = titles.iter().map(|title| title.chars().count()).max().unwrap_or_default();
    let _ = writeln!(text, "{BOLD}Services{BOLD:#}");
    for (card, title) in cards.iter().zip(&titles) {
        let (share, style) = (card.share(), style(scorecard.standing(card.share())));
        let full = share.holds * BAR / share.counted.max(1);
        let (bar, rest) = ("█".repeat(full), "░".repeat(BAR - full));
        let (percent, of) = (percent(share), format!("{} of {}", share.holds, share.counted));
        let unknown = if share.unknown > 0 { format!(", {} unknown", share.unknown) } else { String::new() };
        let _ = writeln!(text, "  {title:width$}  {style}{bar}{rest} {percent:>5}{style:#}  {of}{unknown}");
    }
    text.push('\n');
}

fn percent(share: Share) -> String {
    share.percent().map_or_else(|| "n/a".into(), |percent| format!("{percent} %"))
}

const fn style(standing: Standing) -> Style {
    match standing {
        Standing::Ready => GREEN,
        Standing::Nearly => YELLOW,
        Standing::Not => RED,
        Standing::Nothing => DIM,
    }
}
