//! The audit for people: the findings as they come, each with the object as its place, and at the end what counts most.

use std::fmt::Write as _;

use engine::manifest::Object;
pub use engine::report::render::human::Detail;
use engine::report::render::human::{READABLE, by_rule, conclusion, idle_waivers, in_full, tally as tell};
use engine::report::render::{self, Message};
use engine::report::{Diagnostic, of_object};

use super::tally::Tally;
use super::{Judged, Outlet};
use crate::failure::Failure;
use crate::present::output::{self, BOLD, DIM, RED, YELLOW, count, one_line};

/// Prints findings. Up to so many as can be read they are kept back until it is clear that there are no more.
pub struct Human {
    detail: Detail,
    /// Each in full and on one line.
    kept: Vec<(String, String)>,
    findings: usize,
}

impl Human {
    pub const fn new(detail: Detail) -> Self {
        Self { detail, kept: Vec::new(), findings: 0 }
    }

    fn take(&mut self, message: &Message<'_>, text: &mut String) {
        self.findings += 1;
        match self.detail {
            Detail::Full => *text += &in_full(message, output::screen()),
            Detail::Short => *text += &render::short(message),
            Detail::Fitting => {
                self.kept.push((in_full(message, output::screen()), render::short(message)));
                if self.findings > READABLE {
                    self.kept.drain(..).for_each(|(_, line)| *text += &line);
                }
            }
        }
    }
}

impl Outlet for Human {
    fn batch(&mut self, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> Result<(), Failure> {
        let mut text = String::new();
        for Judged { object, judgements } in judged {
            let place = place(object);
            for judgement in judgements {
                let found = of_object(&tally.rules, object, &place, judgements, judgement);
                for diagnostic in found.filter(Diagnostic::is_told) {
                    self.take(&Message::from(&diagnostic), &mut text);
                }
            }
        }
        output::print(&text)
    }

    fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Failure> {
        let mut text = String::new();
        self.kept.drain(..).for_each(|(full, _)| text += &full);
        if self.detail == Detail::Fitting && self.findings > READABLE {
            let number = count(self.findings, "finding");
            let _ = writeln!(
                text,
                "\n{DIM}{number}, each on one line; `--format full` says what to write instead, `--rule` and `--namespace` \
                 narrow down{DIM:#}"
            );
        }
        if self.findings > 0 && self.detail != Detail::Full {
            text.push('\n');
        }
        summary(tally, &mut text);
        output::print(&text)
    }
}

/// `shop/Deployment/web`, or `ClusterRole/view`.
fn place(object: &Object) -> String {
    let name = object.display_name();
    one_line(&match &object.namespace {
        Some(namespace) => format!("{namespace}/{}/{name}", object.kind),
        None => format!("{}/{name}", object.kind),
    })
}

/// Who is fine and who is not, and what could not be seen.
pub fn summary(tally: &Tally<'_>, text: &mut String) {
    if !tally.worst.is_empty() {
        let _ = writeln!(text, "{BOLD}By object{BOLD:#}");
        for (broken, concerned, name) in &tally.worst {
            let _ = writeln!(text, "  {broken:>2} of {concerned:<2}  {name}");
        }
        if tally.broken > tally.worst.len() {
            let _ = writeln!(text, "  {DIM}and {} more{DIM:#}", tally.broken - tally.worst.len());
        }
        text.push('\n');
    }
    if tally.objects > 0 {
        by_rule(&tally.rules, &tally.verdicts, tally.off.len(), text);
    }
    let before = text.len();
    idle_waivers(&tally.waivers(), text);
    for ignored in &tally.ignored_waivers {
        let _ = writeln!(text, "{YELLOW}ignored waiver:{YELLOW:#} {}", one_line(ignored));
    }
    for (kind, reason) in &tally.unseen {
        let _ = writeln!(text, "{YELLOW}not seen:{YELLOW:#} {kind}: {}", one_line(reason));
    }
    for problem in &tally.problems {
        let _ = writeln!(text, "{RED}problem:{RED:#} {}", one_line(problem));
    }
    if tally.problem_count > tally.problems.len() {
        let _ = writeln!(text, "  {DIM}and {} more{DIM:#}", tally.problem_count - tally.problems.len());
    }
    if text.len() > before {
        text.push('\n');
    }
    total(tally, text);
}

fn total(tally: &Tally<'_>, text: &mut String) {
    let (verdicts, objects) = (tally.all_verdicts(), count(tally.objects, "object"));
    let (style, result) = if tally.broken > 0 {
        (RED, format!("Rules fail for {} of {objects}", tally.broken))
    } else if tally.problem_count > 0 {
        (RED, "Not everything could be checked".into())
    } else if tally.objects == 0 {
        (RED, "Nothing to check: no object here has an applicable rule".into())
    } else {
        conclusion(&verdicts)
    };
    let _ = write!(text, "{style}{result}{style:#}");
    if !verdicts.is_empty() {
        let owned =
            if tally.owned > 0 { format!(", {} checked through their owners", tally.owned) } else { String::new() };
        let _ = write!(text, " ({}; {objects}{owned})", tell(&verdicts));
    }
    text.push('\n');
    if !tally.off.is_empty() && tally.objects > 0 {
        let _ =
            writeln!(text, "{DIM}disabled, because they have no settings: {}{DIM:#}", one_line(&tally.off.join(", ")));
    }
    if tally.problem_count > 0 {
        let problems = count(tally.problem_count, "problem");
        let _ = writeln!(text, "{RED}{problems}: not everything could be checked or written{RED:#}");
    }
}
