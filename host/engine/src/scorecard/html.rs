//! The checklist as one page for people: no script, nothing fetched, light and dark, on paper and on a phone.
//!
//! Everything from a manifest or a module goes through [`escape`]; the policy in the page's head keeps a browser from
//! running or fetching anything even if it did not.

use std::fmt::Write as _;

use super::model::{Card, Line, Mark, Remark, Scorecard, UNDECIDED};
use crate::report::{Report, is_hidden};

const STYLE: &str = include_str!("page.css");

impl Scorecard<'_> {
    /// The page.
    #[must_use]
    pub fn to_html(&self, report: &Report<'_>, version: &str) -> String {
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>Production readiness</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
             <h1>Production readiness</h1>\n<p>{}</p>\n</header>\n<main>\n",
            self.in_one_sentence()
        );
        if report.is_incomplete() {
            let _ = writeln!(page, "<p class=\"undecided\" role=\"alert\">{UNDECIDED}</p>");
        }
        if self.cards.len() > 1 {
            page.push_str("<nav aria-label=\"Services\">\n<ul>\n");
            self.cards.iter().enumerate().for_each(|(index, card)| write_entry(index, card, &mut page));
            page.push_str("</ul>\n</nav>\n");
        }
        self.cards.iter().enumerate().for_each(|(index, card)| write_card(index, card, report, &mut page));
        let world = report.completeness.name();
        let _ = write!(
            page,
            "</main>\n<footer>\n<p>A line counts if it applies and is not waived; unknown counts as not holding. The world \
             is {world}. seaworthy {}.</p>\n</footer>\n</body>\n</html>\n",
            escape(version)
        );
        page
    }

    fn in_one_sentence(&self) -> String {
        let services = self.services().count();
        let ready = self.services().filter(|card| card.share().percent() == Some(100)).count();
        match services {
            0 => "There is no service here.".into(),
            1 => format!("1 service, {}.", if ready == 1 { "ready" } else { "not ready" }),
            _ => format!("{services} services, {ready} ready."),
        }
    }
}

/// One service in the overview.
fn write_entry(index: usize, card: &Card<'_>, page: &mut String) {
    let share = card.share();
    let title = escape(&card.title());
    let _ = writeln!(
        page,
        "<li><a href=\"#card-{index}\"><strong>{title}</strong> <span class=\"bar\" aria-hidden=\"true\">\
         <i style=\"width:{}%\"></i></span> <span class=\"number\">{} of {} hold</span></a></li>",
        share.percent().unwrap_or_default(),
        share.holds,
        share.counted
    );
}

fn write_card(index: usize, card: &Card<'_>, report: &Report<'_>, page: &mut String) {
    let share = card.share();
    let percent = share.percent().map_or_else(|| "n/a".into(), |percent| format!("{percent} %"));
    let mut counts = format!("{} of {} lines hold", share.holds, share.counted);
    for (mark, what) in [(Mark::Unknown, "unknown"), (Mark::Waived, "waived"), (Mark::NotApplicable, "n/a")] {
        match card.count(mark) {
            0 => {}
            number => {
                let _ = write!(counts, ", {number} {what}");
            }
        }
    }
    let _ = write!(
        page,
        "<article id=\"card-{index}\" aria-labelledby=\"title-{index}\">\n<header>\n<h2 id=\"title-{index}\">{}</h2>\n\
         <p><span class=\"percent{}\">{percent}</span> <span class=\"quiet\">{counts}</span></p>\n</header>\n\
         <div class=\"sections\">\n",
        escape(&card.title()),
        if share.percent() == Some(100) { " good" } else { "" }
    );
    for section in &card.sections {
        let share = section.share();
        let name = section.title();
        let _ = writeln!(page, "<section>\n<h3>{name} <span>{} of {}</span></h3>\n<ul>", share.holds, share.counted);
        section.lines.iter().for_each(|line| write_line(line, report, page));
        page.push_str("</ul>\n</section>\n");
    }
    page.push_str("</div>\n</article>\n");
}

fn write_line(line: &Line<'_>, report: &Report<'_>, page: &mut String) {
    // What a mark means is said in words too, for those who do not see it.
    let (symbol, tone, said, is_shown) = match line.mark() {
        Mark::Done => ("✓", "good", "holds", false),
        Mark::Open => ("✗", "bad", "does not hold", false),
        Mark::Unknown => ("?", "warn", "unknown", true),
        Mark::Waived => ("–", "warn", "waived", true),
        Mark::NotApplicable => ("–", "off", "n/a", true),
    };
    let off = if line.mark() == Mark::NotApplicable { " class=\"off\"" } else { "" };
    let word = if is_shown { format!(" <span class=\"word {tone}\">{said}</span>") } else { String::new() };
    let _ = write!(
        page,
        "<li{off}><span class=\"mark {tone}\" role=\"img\" aria-label=\"{said}\">{symbol}</span>\
         <div>{}{word} <code class=\"rule\">{}</code>",
        escape(&line.rule.title),
        escape(&line.rule.name)
    );
    let remarks = line.remarks();
    if !remarks.is_empty() {
        page.push_str("\n<ul class=\"remarks\">\n");
        remarks.iter().for_each(|remark| write_remark(remark, line.mark(), report, page));
        page.push_str("</ul>\n");
    }
    page.push_str("</div></li>\n");
}

fn write_remark(remark: &Remark<'_>, mark: Mark, report: &Report<'_>, page: &mut String) {
    page.push_str("<li>");
    if let Some(prefix) = remark.prefix() {
        let _ = write!(page, "{prefix}: ");
    }
    page.push_str(&escape(remark.message));
    if mark != Mark::NotApplicable {
        let (file, line) = remark.place(report);
        let _ = write!(page, "<small>{}, <code>{}:{line}</code></small>", escape(&remark.about()), escape(file));
    }
    if let Some(fix) = remark.finding.and_then(|finding| finding.fix.as_ref()) {
        let _ = write!(page, "<pre>{}</pre>", escape(&fix.text()));
    }
    page.push_str("</li>\n");
}

/// The text as literal HTML, in an element or in a quoted attribute. Line breaks stay; what is hidden is written out.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            hidden if is_hidden(hidden) => safe.extend(hidden.escape_default()),
            other => safe.push(other),
        }
    }
    safe
}
