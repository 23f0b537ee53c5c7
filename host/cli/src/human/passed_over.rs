//! What was not judged, waived, or could not be decided for want of a wider view, each with its reason: nothing is lost
//! without a word.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use engine::manifest::SkipReason;
use engine::report::Report;
use engine::{Completeness, Skip};
use protocol::Verdict;

use super::{Run, who};
use crate::output::{DIM, YELLOW, count, one_line};

/// Places shown of one reason.
const SHOWN: usize = 10;

pub fn write(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    let before = text.len();
    skipped(report, text);
    waived(report, run, text);
    unknown(report, text);
    if text.len() > before {
        text.push('\n');
    }
}

fn skipped(report: &Report<'_>, text: &mut String) {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for skipped in &report.skipped {
        let name = report.input.file(skipped.file).map_or("", |file| &file.manifest.name);
        let place = format!("{name}:{}", skipped.line);
        let (reason, place) = match &skipped.reason {
            // An empty document between two separators is nobody's loss.
            Skip::NoObject(SkipReason::Empty) => continue,
            Skip::NoObject(SkipReason::Template) => {
                ("templates; to judge what they make: `helm template . | seaworthy check -`".into(), place)
            }
            Skip::NoObject(SkipReason::NotKubernetes) => (skipped.reason.to_string(), place),
            Skip::Patch(kustomization) => (
                "patches; to judge the whole: `kustomize build DIR | seaworthy check -`".into(),
                format!("{place}, of {kustomization}"),
            ),
        };
        by_reason.entry(reason).or_default().push(place);
    }
    for unread in report.unread.iter().filter(|unread| !unread.is_failure) {
        by_reason.entry(unread.reason.clone()).or_default().push(unread.path.clone());
    }
    for (reason, places) in &by_reason {
        let _ = writeln!(text, "{DIM}skipped {}: {}{DIM:#}", places.len(), one_line(reason));
        for place in places.iter().take(SHOWN) {
            let _ = writeln!(text, "{DIM}  {}{DIM:#}", one_line(place));
        }
        if places.len() > SHOWN {
            let _ = writeln!(text, "{DIM}  and {} more; `--format json` names all{DIM:#}", places.len() - SHOWN);
        }
    }
}

/// Who answers for what, and whose word no longer counts.
fn waived(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    for judged in &report.judged {
        for judgement in judged.judgements.iter().filter(|judgement| judgement.outcome.verdict == Verdict::Waived) {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            let reason = one_line(judgement.outcome.reason.as_deref().unwrap_or_default());
            let _ = writeln!(text, "{YELLOW}waived:{YELLOW:#} {rule} for {} {reason}", who(judged.subject));
        }
    }
    for waiver in run.waivers.iter().filter(|waiver| waiver.until < run.today) {
        let (rule, name, by) = (one_line(&waiver.rule), one_line(&waiver.name), one_line(&waiver.by));
        let until = waiver.until;
        let _ = writeln!(text, "{YELLOW}expired:{YELLOW:#} the waiver of {rule} for {name}, by {by}, ended on {until}");
    }
}

/// Why rules could not see enough, each reason once.
fn unknown(report: &Report<'_>, text: &mut String) {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for judgement in report.judged.iter().flat_map(|judged| &judged.judgements) {
        if judgement.outcome.verdict == Verdict::Unknown {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            *reasons.entry((rule, judgement.outcome.reason.as_deref().unwrap_or_default())).or_default() += 1;
        }
    }
    for ((rule, reason), number) in &reasons {
        let objects = count(*number, "object");
        let _ = writeln!(text, "{YELLOW}unknown:{YELLOW:#} {rule}, {objects}: {}", one_line(reason));
    }
    if !reasons.is_empty() && report.completeness == Completeness::Partial {
        let hint = "if what you gave is everything there is, say `--world complete`";
        let _ = writeln!(text, "{DIM}  {hint}{DIM:#}");
    }
}
