//! The checklist as one page for people: no script, nothing fetched, light and dark, on paper and on a phone.
//!
//! maud escapes whatever is put into the page; the policy in the page's head keeps a browser from running or fetching
//! anything even if it did not.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use protocol::Severity;

use super::{UNDECIDED, counts};
use crate::date::Date;
use crate::report::Report;
use crate::report::render::printable;
use crate::scorecard::model::{Card, Line, Remark, Scorecard, SectionCard};
use crate::scorecard::share::{Mark, Share, Standing};

const STYLE: &str = include_str!("page.css");

/// The page, as of that day.
#[must_use]
pub fn html(scorecard: &Scorecard<'_>, report: &Report<'_>, version: &str, date: Date) -> String {
    page(scorecard, report, version, date).into_string() + "\n"
}

fn page(scorecard: &Scorecard<'_>, report: &Report<'_>, version: &str, date: Date) -> Markup {
    let cards = scorecard.worst_first();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Production readiness" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Production readiness" }
                    p { (in_one_sentence(scorecard)) }
                    p.quiet {
                        time datetime=(date) { (date) } ", seaworthy " (printable(version)) ", input: "
                        (report.completeness.name())
                    }
                }
                main {
                    @if report.is_incomplete() {
                        p.undecided role="alert" { (UNDECIDED) }
                    }
                    @if cards.len() > 1 {
                        nav aria-label="Services, worst first" {
                            ul {
                                @for (index, card) in cards.iter().enumerate() { (entry(index, card, scorecard)) }
                            }
                        }
                    }
                    @for (index, card) in cards.iter().enumerate() { (article(index, card, scorecard, report)) }
                }
                footer {
                    p {
                        "The share counts checks that pass or fail. Unknown, waived and not applicable checks are not in it, "
                        "and a service with unknown checks is not ready."
                    }
                }
            }
        }
    }
}

fn in_one_sentence(scorecard: &Scorecard<'_>) -> String {
    let services = scorecard.services().count();
    let ready = scorecard.services().filter(|card| scorecard.standing(card.share()) == Standing::Ready).count();
    let why = if scorecard.is_incomplete { ": not everything was checked" } else { "" };
    match services {
        0 => "No services found: the input has no workload.".into(),
        1 => format!("1 service, {}{why}.", if ready == 1 { "ready" } else { "not ready" }),
        _ => format!("{services} services, {ready} ready{why}."),
    }
}

/// The colour of a share; the number beside it says it too.
const fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Ready => "good",
        Standing::Nearly => "warn",
        Standing::Not => "bad",
        Standing::Nothing => "off",
    }
}

fn percent(share: Share) -> String {
    share.percent().map_or_else(|| "n/a".into(), |percent| format!("{percent} %"))
}

/// One service in the overview.
fn entry(index: usize, card: &Card<'_>, scorecard: &Scorecard<'_>) -> Markup {
    let share = card.share();
    let tone = tone(scorecard.standing(share));
    html! {
        li {
            a href={ "#card-" (index) } {
                strong { (printable(&card.title())) } " "
                span.bar.(tone) aria-hidden="true" {
                    i style={ "width:" (share.percent().unwrap_or_default()) "%" } {}
                } " "
                span.number { span.(tone) { (percent(share)) } " " span.quiet { (failures(card)) } }
            }
        }
    }
}

/// `1 critical, 2 high`; what is unknown is no failure, and is said.
fn failures(card: &Card<'_>) -> String {
    let failing = Severity::ALL.into_iter().rev().map(|severity| (card.failing(severity), severity.name()));
    let all = failing.chain([(card.count(Mark::Unknown), "unknown")]);
    let said: Vec<String> =
        all.filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    if said.is_empty() { "no failure".into() } else { said.join(", ") }
}

fn article(index: usize, card: &Card<'_>, scorecard: &Scorecard<'_>, report: &Report<'_>) -> Markup {
    let share = card.share();
    let tone = tone(scorecard.standing(share));
    html! {
        article id={ "card-" (index) } aria-labelledby={ "title-" (index) } {
            header {
                h2 id={ "title-" (index) } { (printable(&card.title())) }
                p { span.percent.(tone) { (percent(share)) } " " span.quiet { (counts(card)) } }
            }
            @for part in &card.sections { (section(part, scorecard, report)) }
        }
    }
}

/// A section folds; one in which all is well is folded already.
fn section(part: &SectionCard<'_>, scorecard: &Scorecard<'_>, report: &Report<'_>) -> Markup {
    let share = part.share();
    let tone = tone(scorecard.standing(share));
    let is_open = part.lines.iter().any(|line| matches!(line.mark(), Mark::Open | Mark::Unknown));
    html! {
        details open[is_open] {
            summary {
                h3 { (part.title()) }
                " " span.(tone) { (share.holds) " of " (share.counted) }
                @if share.unknown > 0 { span.warn { ", " (share.unknown) " unknown" } }
            }
            ul {
                @for line in part.worst_first() { (item(line, report)) }
            }
        }
    }
}

fn item(line: &Line<'_>, report: &Report<'_>) -> Markup {
    let mark = line.mark();
    // What a mark means is said in words too, for those who do not see it.
    let (symbol, tone, said, is_shown) = match mark {
        Mark::Done => ("✓", "good", "passes", false),
        Mark::Open => ("✗", "bad", "fails", false),
        Mark::Unknown => ("?", "warn", "unknown", true),
        Mark::Waived => ("–", "warn", "waived", true),
        Mark::NotApplicable => ("–", "off", "n/a", true),
    };
    let remarks = line.remarks();
    let severity = line.rule.severity.name();
    html! {
        li class=[(mark == Mark::NotApplicable).then_some("off")] {
            span.mark.(tone) role="img" aria-label=(said) { (symbol) }
            div {
                (printable(&line.rule.title)) " "
                @if is_shown { span.word.(tone) { (said) } " " }
                span.rule { code { (printable(&line.rule.name)) } " " span.severity.(severity) { (severity) } }
                @if !remarks.is_empty() {
                    ul.remarks {
                        @for remark in &remarks { (note(remark, mark, report)) }
                    }
                }
            }
        }
    }
}

fn note(remark: &Remark<'_>, mark: Mark, report: &Report<'_>) -> Markup {
    let (file, line) = remark.place(report);
    let fix = remark.finding.and_then(|finding| finding.fix.as_ref());
    html! {
        li {
            @if let Some(prefix) = remark.prefix() { (prefix) ": " }
            (printable(remark.message))
            @if mark != Mark::NotApplicable {
                small { (printable(&remark.about())) ", " code { (printable(file)) ":" (line) } }
            }
            @match fix {
                // What is written into a manifest is code; advice is a sentence.
                Some(fix) if fix.edit().is_some() => pre { code { (printable(&fix.text())) } },
                Some(fix) => p.advice { "Fix: " (printable(&fix.text())) },
                None => {},
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_of_strangers_is_text() {
        let text = "<script>alert('1')</script>\"&\u{202e}\n";
        assert_eq!(
            html! { (printable(text)) }.into_string(),
            "&lt;script&gt;alert('1')&lt;/script&gt;&quot;&amp;\\u{202e}\n"
        );
    }
}
