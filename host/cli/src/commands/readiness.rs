//! `seaworthy readiness`: the checklist of each service.

use std::fmt::Write as _;

use anstyle::Style;
use clap::ValueEnum;
use engine::report::{Conclusion, Report};
use engine::scorecard::{Card, Grouping, Line, Mark, NameSource, Owner, Scorecard, Share, render};
use protocol::Profile;

use crate::exit::{self, UNDECIDED};
use crate::failure::Failure;
use crate::judging::{Judged, Wanted, judged};
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::present::human::unchecked;
use crate::present::output::{self, BOLD, CYAN, DIM, GREEN, RED, YELLOW, count, one_line};

/// Characters of a bar: each stands for 5 %.
const BAR: usize = 20;

/// Problems that are told one by one.
const TOLD: usize = 10;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy readiness k8s/                                     the checklist of each service
  seaworthy readiness k8s/ --service catalog                   of one
  seaworthy readiness k8s/ --format markdown                   to paste in a pull request
  seaworthy readiness k8s/ --format html > readiness.html      one page, for everybody
  seaworthy readiness k8s/ --fail-under 80                     a gate, to be raised step by step
  seaworthy readiness k8s/ --group-by part-of,name             a system as one

Sources of a service's name: kubernetes-id, name, part-of (labels), workload (its own name)

Exit codes:
  0  all checks pass; with --fail-under, enough of them for every service
  1  a line does not hold; with --fail-under, too few hold for some service
  2  something could not be decided: bad usage, unreadable or unchecked input, a broken bundle";

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub judging: Judging,

    /// How to print the checklist.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,

    /// Only this service: its name, or NAMESPACE/NAME.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// Where the name of a workload's service stands: the first of these that it has, or else its own name.
    #[arg(long, value_delimiter = ',', default_value = "kubernetes-id,name", value_parser = name_source, value_name = "SOURCES")]
    pub group_by: Vec<NameSource>,

    /// Fail (exit code 1) only if less than this share of a service's checks passs, in percent.
    #[arg(long, value_parser = clap::value_parser!(u8).range(..=100), value_name = "PERCENT")]
    pub fail_under: Option<u8>,

    #[command(flatten)]
    pub policies: PolicyOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// A checklist to paste in a pull request.
    Markdown,
    /// One page that needs nothing else.
    Html,
    /// For machines, see `docs/readiness.md`.
    Json,
}

/// Runs the command; the exit code says what was decided.
pub fn run(options: &Args) -> Result<u8, Failure> {
    judged(&options.judging, &options.policies, Profile::Full, Wanted::Whole, None, |Judged { report, .. }| {
        let mut scorecard = Scorecard::new(report, &Grouping(options.group_by.clone()));
        if let Some(name) = &options.service {
            only(name, &mut scorecard)?;
        }
        let version = env!("CARGO_PKG_VERSION");
        let text = match options.format {
            Format::Human => human(&scorecard, report, options.fail_under),
            Format::Markdown => render::markdown(&scorecard, report),
            Format::Html => render::html(&scorecard, report, version),
            Format::Json => render::json(&scorecard, report, version) + "\n",
        };
        output::print(&text)?;
        if report.is_incomplete() {
            // No format tells what could not be read or was not checked.
            let mut problems = sources::problems(report.input, &report.unread);
            problems.extend(unchecked::lines(report, report.missing()));
            problems.iter().take(TOLD).for_each(|problem| output::complain(problem));
            if problems.len() > TOLD || problems.is_empty() && report.has_faults() {
                output::complain("not all could be decided; `seaworthy check` says what and why");
            } else if !report.missing().is_empty() {
                output::complain("what deploys workloads was not checked; `--allow-unchecked` accepts this");
            } else if problems.is_empty() {
                output::complain("there is no Kubernetes object here; `seaworthy check` says what was passed over");
            }
            return Ok(UNDECIDED);
        }
        // Without services, `--fail-under` cannot be evaluated: exit code 2.
        if scorecard.services().next().is_none() && (scorecard.cards.is_empty() || options.fail_under.is_some()) {
            output::complain(
                "nothing was decided; give a workload's manifests, of a chart or a kustomization what it builds",
            );
            return Ok(UNDECIDED);
        }
        Ok(exit_code(&scorecard, options.fail_under))
    })
}

/// Leaves the cards of that service.
fn only(name: &str, scorecard: &mut Scorecard<'_>) -> Result<(), Failure> {
    let known: Vec<String> = scorecard.services().map(|card| card.title()).collect();
    scorecard.cards.retain(|card| card.is_named(name));
    if !scorecard.cards.is_empty() {
        return Ok(());
    }
    let short = known.iter().filter_map(|title| title.rsplit('/').next());
    let candidates: Vec<&str> = short.chain(known.iter().map(String::as_str)).collect();
    let hint = match engine::config::suggestion(name, &candidates) {
        hint if hint.is_empty() && known.is_empty() => "; there is none here".into(),
        hint if hint.is_empty() => format!(
            "; there is {}",
            known.iter().map(|name| format!("`{name}`")).take(10).collect::<Vec<_>>().join(", ")
        ),
        hint => hint,
    };
    Err(Failure::Usage(format!("there is no service `{name}`{hint}")))
}

fn exit_code(scorecard: &Scorecard<'_>, fail_under: Option<u8>) -> u8 {
    let is_broken = match fail_under {
        Some(least) => scorecard.services().any(|card| is_under(card.share(), least)),
        None => scorecard.cards.iter().any(Card::has_open_lines),
    };
    exit::code(Conclusion::of(true, is_broken))
}

/// A service of which no line counts is not under anything.
fn is_under(share: Share, least: u8) -> bool {
    share.holds * 100 < usize::from(least) * share.counted
}

fn human(scorecard: &Scorecard<'_>, report: &Report<'_>, fail_under: Option<u8>) -> String {
    let mut text = String::new();
    for card in &scorecard.cards {
        write_card(card, report, &mut text);
    }
    write_summary(scorecard, fail_under, &mut text);
    text
}

fn write_card(card: &Card<'_>, report: &Report<'_>, text: &mut String) {
    let (share, title) = (card.share(), one_line(&card.title()));
    let style = style(share);
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
        let _ = writeln!(text, "{YELLOW}There is no service here: no workload was found{YELLOW:#}");
        return;
    }
    let titles: Vec<String> = scorecard.cards.iter().map(|card| one_line(&card.title())).collect();
    let width = titles.iter().map(|title| title.chars().count()).max().unwrap_or_default();
    if scorecard.cards.len() > 1 {
        let _ = writeln!(text, "{BOLD}Services{BOLD:#}");
        for (card, title) in scorecard.cards.iter().zip(&titles) {
            let (share, style) = (card.share(), style(card.share()));
            let full = share.holds * BAR / share.counted.max(1);
            let (bar, rest) = ("█".repeat(full), "░".repeat(BAR - full));
            let percent = percent(share);
            let _ = writeln!(text, "  {title:width$}  {style}{bar}{rest} {percent:>5}{style:#}  {}", counts(card));
        }
        text.push('\n');
    }
    let count = count(services, "service");
    let of_services = |wanted: &dyn Fn(Share) -> bool| scorecard.services().filter(|card| wanted(card.share())).count();
    let _ = match fail_under {
        Some(least) => match of_services(&|share| is_under(share, least)) {
            0 => writeln!(text, "{GREEN}{count}: none is under {least} %{GREEN:#}"),
            under => writeln!(text, "{RED}{count}: {under} under {least} %{RED:#}"),
        },
        None => {
            let ready = of_services(&|share| share.holds == share.counted);
            let shared = scorecard.cards.iter().filter(|card| card.owner == Owner::Shared).any(Card::has_open_lines);
            let style = if ready == services && !shared { GREEN } else { RED };
            let beside = if shared { "; what they share is not" } else { "" };
            writeln!(text, "{style}{count}: {ready} ready{beside}{style:#}")
        }
    };
}

fn percent(share: Share) -> String {
    share.percent().map_or_else(|| "n/a".into(), |percent| format!("{percent} %"))
}

/// `11 of 12 checks pass, 1 unknown, 8 n/a`.
fn counts(card: &Card<'_>) -> String {
    let share = card.share();
    let mut text = format!("{} of {} hold", share.holds, share.counted);
    for mark in [Mark::Unknown, Mark::Waived, Mark::NotApplicable] {
        match card.count(mark) {
            0 => {}
            number => {
                let _ = write!(text, ", {number} {}", mark.text());
            }
        }
    }
    text
}

fn style(share: Share) -> Style {
    match share.percent() {
        Some(100) => GREEN,
        Some(_) => RED,
        None => DIM,
    }
}

fn name_source(text: &str) -> Result<NameSource, String> {
    let names = NameSource::ALL.map(NameSource::name);
    let found = NameSource::ALL.into_iter().find(|source| source.name() == text);
    found.ok_or_else(|| format!("expected {}{}", names.join(", "), engine::config::suggestion(text, &names)))
}
