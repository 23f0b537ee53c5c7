//! The checklist as one page for people: no script, nothing fetched, light and dark, on paper and on a phone.
//!
//! maud escapes whatever is put into the page; the policy in the page's head keeps a browser from running or fetching
//! anything even if it did not.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{UNDECIDED, counts};
use crate::report::Report;
use crate::report::render::printable;
use crate::scorecard::model::{Card, Line, Mark, Remark, Scorecard};

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn html(scorecard: &Scorecard<'_>, report: &Report<'_>, version: &str) -> String {
    page(scorecard, report, version).into_string() + "\n"
}

fn page(scorecard: &Scorecard<'_>, report: &Report<'_>, version: &str) -> Markup {
    let cards = || scorecard.cards.iter().enumerate();
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
                }
                main {
                    @if report.is_incomplete() {
                        p.undecided role="alert" { (UNDECIDED) }
                    }
                    @if scorecard.cards.len() > 1 {
                        nav aria-label="Services" {
                            ul {
                                @for (index, card) in cards() { (entry(index, card)) }
                            }
                        }
                    }
                    @for (index, card) in cards() { (article(index, card, report)) }
                }
                footer {
                    p {
                        "A line counts if it applies and is not waived; unknown counts as not holding. The world is "
                        (report.completeness.name()) ". seaworthy " (printable(version)) "."
                    }
                }
            }
        }
    }
}

fn in_one_sentence(scorecard: &Scorecard<'_>) -> String {
    let services = scorecard.services().count();
    let ready = scorecard.services().filter(|card| card.share().percent() == Some(100)).count();
    match services {
        0 => "There is no service here.".into(),
        1 => format!("1 service, {}.", if ready == 1 { "ready" } else { "not ready" }),
        _ => format!("{services} services, {ready} ready."),
    }
}

/// One service in the overview.
fn entry(index: usize, card: &Card<'_>) -> Markup {
    let share = card.share();
    let percent = share.percent().unwrap_or_default();
    html! {
        li {
            a href={ "#card-" (index) } {
                strong { (printable(&card.title())) } " "
                span.bar aria-hidden="true" { i style={ "width:" (percent) "%" } {} } " "
                span.number { (share.holds) " of " (share.counted) " hold" }
            }
        }
    }
}

fn article(index: usize, card: &Card<'_>, report: &Report<'_>) -> Markup {
    let percent = card.share().percent();
    html! {
        article id={ "card-" (index) } aria-labelledby={ "title-" (index) } {
            header {
                h2 id={ "title-" (index) } { (printable(&card.title())) }
                p {
                    span.percent.good[percent == Some(100)] {
                        @match percent {
                            Some(percent) => { (percent) " %" }
                            None => "n/a",
                        }
                    }
                    " " span.quiet { (counts(card)) }
                }
            }
            div.sections {
                @for part in &card.sections {
                    @let share = part.share();
                    section {
                        h3 { (part.title()) " " span { (share.holds) " of " (share.counted) } }
                        ul {
                            @for line in &part.lines { (item(line, report)) }
                        }
                    }
                }
            }
        }
    }
}

fn item(line: &Line<'_>, report: &Report<'_>) -> Markup {
    let mark = line.mark();
    // What a mark means is said in words too, for those who do not see it.
    let (symbol, tone, said, is_shown) = match mark {
        Mark::Done => ("✓", "good", "holds", false),
        Mark::Open => ("✗", "bad", "does not hold", false),
        Mark::Unknown => ("?", "warn", "unknown", true),
        Mark::Waived => ("–", "warn", "waived", true),
        Mark::NotApplicable => ("–", "off", "n/a", true),
    };
    let remarks = line.remarks();
    html! {
        li class=[(mark == Mark::NotApplicable).then_some("off")] {
            span.mark.(tone) role="img" aria-label=(said) { (symbol) }
            div {
                (printable(&line.rule.title)) " "
                @if is_shown { span.word.(tone) { (said) } " " }
                code.rule { (printable(&line.rule.name)) }
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
            @if let Some(fix) = fix { pre { (printable(&fix.text())) } }
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
