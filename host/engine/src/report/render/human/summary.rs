//! Who is fine and who is not: by object, by rule, and altogether.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::Style;
use protocol::{Level, RuleMetadata, Verdict};

use super::{Run, who};
use crate::baseline::Comparison;
use crate::profile::{LeftOut, Selected};
use crate::report::render::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW};
use crate::report::{Judged, Report, Since};
use crate::shown::{count, grouped, one_line};

/// Objects listed, the worst first.
const LISTED: usize = 20;

/// Notes listed, those for most objects first.
const NOTED: usize = 5;

/// Writes it, with the number of failures among the findings.
pub(super) fn write(report: &Report<'_>, failures: usize, run: &Run<'_>, text: &mut String) {
    by_object(report, text);
    if !report.judged.is_empty() {
        let verdicts: Vec<_> = (0..report.rules.len()).map(|rule| report.verdicts_of(rule)).collect();
        by_rule(&report.rules, &verdicts, run.off.len(), text);
    }
    total(report, failures, run, text);
}

fn broken(judged: &Judged<'_>) -> usize {
    judged.judgements.iter().filter(|judgement| judgement.outcome.verdict.denies()).count()
}

fn by_object(report: &Report<'_>, text: &mut String) {
    let mut worst: Vec<(usize, &Judged<'_>)> =
        report.judged.iter().map(|judged| (broken(judged), judged)).filter(|(number, _)| *number > 0).collect();
    if worst.is_empty() {
        return;
    }
    worst.sort_by_key(|(number, _)| Reverse(*number));
    let width = worst.iter().take(LISTED).map(|(_, judged)| who(judged.subject.object).chars().count()).max();
    let width = width.unwrap_or_default();
    let _ = writeln!(text, "{BOLD}By object{BOLD:#}");
    for (number, judged) in worst.iter().take(LISTED) {
        let concerned =
            judged.judgements.iter().filter(|judgement| judgement.outcome.verdict != Verdict::NotApplicable).count();
        let place = one_line(report.file_name(judged.subject));
        let name = who(judged.subject.object);
        let _ = writeln!(text, "  {number:>2} of {concerned:<2}  {name:width$}  {CYAN}{place}{CYAN:#}");
    }
    if worst.len() > LISTED {
        let _ = writeln!(text, "  {DIM}and {} more{DIM:#}", worst.len() - LISTED);
    }
    text.push('\n');
}

/// How often each rule gave each verdict; of those that gave none, of which some are off, only the number.
pub fn by_rule(rules: &[&RuleMetadata], verdicts: &[BTreeMap<Verdict, usize>], off: usize, text: &mut String) {
    let idle = verdicts.iter().filter(|verdicts| verdicts.is_empty()).count();
    if idle == rules.len() {
        return;
    }
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let _ = writeln!(text, "{BOLD}By rule{BOLD:#}");
    for (rule, verdicts) in rules.iter().zip(verdicts).filter(|(_, verdicts)| !verdicts.is_empty()) {
        let has = |wanted: fn(Verdict) -> bool| verdicts.keys().any(|verdict| wanted(*verdict));
        let (mark, style) = if has(Verdict::denies) {
            ('x', RED)
        } else if has(|verdict| verdict == Verdict::Unknown) {
            ('?', YELLOW)
        } else {
            ('-', GREEN)
        };
        let (name, severity) = (one_line(&rule.name), rule.severity);
        let _ = writeln!(text, "  {style}{mark}{style:#} {name:width$}  {severity:8}  {}", tally(verdicts));
    }
    let idle = idle.saturating_sub(off);
    if idle > 0 {
        let _ = writeln!(text, "  {DIM}  {} of {} do not apply here{DIM:#}", idle, count(rules.len(), "rule"));
    }
    text.push('\n');
}

fn total(report: &Report<'_>, failures: usize, run: &Run<'_>, text: &mut String) {
    let files = count(report.input.files().len(), "file");
    let problems = report.input.files().iter().map(|file| file.manifest.problems.len()).sum::<usize>()
        + report.unread.iter().filter(|unread| unread.is_failure).count();
    let unread = format!("{}: not everything could be checked", count(problems, "problem"));
    let verdicts = report.verdicts();
    let objects = count(report.judged.len(), "object");
    let broken = report.judged.iter().filter(|judged| broken(judged) > 0).count();
    let (style, result) = if report.judged.is_empty() && problems == 0 {
        (RED, format!("Nothing to check: no Kubernetes object in {files}"))
    } else if broken > 0 && !report.has_failures() && !report.has_faults() {
        let fail_on = report.fails_on();
        (YELLOW, format!("{} in {broken} of {objects}, all below {fail_on}", count(failures, "finding")))
    } else if broken > 0 {
        (RED, format!("{} in {broken} of {objects}", count(failures, "finding")))
    } else if problems > 0 {
        (RED, unread.clone())
    } else if !report.missing().is_empty() {
        (YELLOW, "Incomplete: some files that deploy workloads were not checked".into())
    } else if verdicts.is_empty() {
        (YELLOW, format!("No rule applies to {objects}"))
    } else {
        conclusion(&verdicts)
    };
    let _ = write!(text, "{style}{result}{style:#}");
    if !verdicts.is_empty() {
        let _ = write!(text, " ({}; {files}, {objects}, input: {})", tally(&verdicts), report.completeness.name());
    }
    text.push('\n');
    let unconcerned = report.judged.iter().filter(|judged| judged.judgements.is_empty()).count();
    if unconcerned > 0 && !verdicts.is_empty() {
        let have = if unconcerned == 1 { "has" } else { "have" };
        let _ = writeln!(text, "{DIM}{unconcerned} of {objects} {have} no applicable rule{DIM:#}");
    }
    notes(report, text);
    if let Some(Comparison { known, new, stale }) = &report.baseline {
        let stale = match stale.len() {
            0 => String::new(),
            stale => format!(", {stale} gone; `seaworthy baseline update` removes them"),
        };
        let _ = writeln!(text, "{DIM}baseline: {} known, {new} new{stale}{DIM:#}", count(*known, "finding"));
    }
    if let Some(Since { revision, known, new, fixed }) = &report.since {
        let (revision, known) = (one_line(revision), count(*known, "finding"));
        let _ =
            writeln!(text, "{DIM}since {revision}: {new} new, {fixed} fixed; {known} known, which do not fail{DIM:#}");
    }
    if let Some(configuration) = run.configuration {
        let _ = writeln!(text, "{DIM}configuration: {}{DIM:#}", one_line(configuration));
    }
    if !report.judged.is_empty() {
        profile(report, text);
    }
    if !run.off.is_empty() && !report.judged.is_empty() {
        let _ =
            writeln!(text, "{DIM}disabled, because they have no settings: {}{DIM:#}", one_line(&run.off.join(", ")));
    }
    let projects: BTreeSet<usize> = report.input.files().iter().map(|file| file.project).collect();
    if projects.len() > 1 {
        let _ = writeln!(text, "{DIM}{} projects, each checked on its own{DIM:#}", projects.len());
    }
    let renderings = report.input.files().iter().filter_map(|file| file.manifest.rendering());
    let tools: BTreeSet<&str> = renderings.clone().map(|rendering| &*rendering.tool).collect();
    if !tools.is_empty() {
        let (number, tools) =
            (count(renderings.count(), "environment"), tools.into_iter().collect::<Vec<_>>().join(", "));
        let _ = writeln!(text, "{DIM}{number} rendered with {}{DIM:#}", one_line(&tools));
    }
    if problems > 0 && broken > 0 {
        let _ = writeln!(text, "{RED}{unread}{RED:#}");
    }
    if !report.missing().is_empty() {
        let files = count(report.missing().iter().map(|unchecked| unchecked.files).sum(), "file");
        // Where nothing else was checked, it would not.
        let accepting = if report.judged.is_empty() { "" } else { "; `--allow-unchecked` accepts this" };
        let _ = writeln!(text, "{YELLOW}{files} not checked, see above{accepting}{YELLOW:#}");
    }
    let over = report.passed_over();
    if run.strict && over > 0 {
        let _ = writeln!(text, "{RED}{over} skipped: --strict does not allow this{RED:#}");
    }
}

/// What rules noted: why something was accepted, or what they did not look at.
fn notes(report: &Report<'_>, text: &mut String) {
    let mut notes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for judged in &report.judged {
        let noted = judged.judgements.iter().flat_map(|judgement| {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            let of_rule = judgement.outcome.findings.iter().filter(|finding| finding.level == Level::Note);
            of_rule.map(move |finding| (rule, finding.message.as_str()))
        });
        noted.collect::<BTreeSet<_>>().into_iter().for_each(|note| *notes.entry(note).or_default() += 1);
    }
    let mut notes: Vec<_> = notes.into_iter().collect();
    notes.sort_by_key(|(_, objects)| Reverse(*objects));
    for ((rule, message), objects) in notes.iter().take(NOTED) {
        let (at, message) = (count(*objects, "object"), one_line(message));
        let _ = writeln!(text, "{DIM}note for {at}: {message} ({}){DIM:#}", one_line(rule));
    }
    if notes.len() > NOTED {
        let _ = writeln!(text, "{DIM}and {} more notes: `--format json` has all{DIM:#}", notes.len() - NOTED);
    }
}

/// Which profile ran, and what it left out.
fn profile(report: &Report<'_>, text: &mut String) {
    let Some(Selected { profile, left_out }) = &report.profile else { return };
    if left_out.is_empty() {
        let _ = writeln!(text, "{DIM}profile {profile}: all rules{DIM:#}");
        return;
    }
    let all = report.rules.len() + left_out.len();
    let _ = writeln!(text, "{DIM}profile {profile}: {} of {} left out{DIM:#}", left_out.len(), count(all, "rule"));
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for LeftOut { rule, reason } in left_out {
        by_reason.entry(reason.to_string()).or_default().push(rule);
    }
    for (reason, rules) in by_reason {
        let _ = writeln!(text, "{DIM}  {}: {}{DIM:#}", one_line(&reason), one_line(&rules.join(", ")));
    }
}

/// The last line of a run without failures.
#[must_use]
pub fn conclusion(verdicts: &BTreeMap<Verdict, usize>) -> (Style, String) {
    let has = |verdict| verdicts.contains_key(&verdict);
    let (style, result) = if has(Verdict::Unknown) {
        (YELLOW, "No check failed, but some are unknown")
    } else if has(Verdict::Waived) {
        (GREEN, "All checks passed or are waived")
    } else {
        (GREEN, "All checks passed")
    };
    (style, result.to_owned())
}

/// `3 fail, 12 pass`, the worst first.
#[must_use]
pub fn tally(verdicts: &BTreeMap<Verdict, usize>) -> String {
    verdicts
        .iter()
        .rev()
        .map(|(verdict, number)| format!("{} {verdict}", grouped(*number)))
        .collect::<Vec<_>>()
        .join(", ")
}
