//! What was not judged, waived, or could not be decided for want of a wider view, each with its reason: nothing is lost
//! without a word.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use engine::manifest::{Manifest, Object, SkipReason};
use engine::report::Report;
use engine::waiver::{Date, Waiver};
use engine::{Completeness, Judgement, Skip};
use protocol::{Level, Verdict};

use super::{Run, unchecked, who};
use crate::present::output::{DIM, YELLOW, count, one_line};

/// Places shown of one reason, where none of them decides anything.
const SHOWN: usize = 10;

pub fn write(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    let before = text.len();
    unchecked::write(report, text);
    skipped(report, run, text);
    waived(report, run, text);
    unknown(report, text);
    if text.len() > before {
        text.push('\n');
    }
}

fn skipped(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for skipped in &report.skipped {
        let name = report.input.file(skipped.file).map_or("", |file| &file.manifest.name);
        let place = format!("{name}:{}", skipped.line);
        let (reason, place) = match &skipped.reason {
            // Files of nothing else are told below.
            Skip::NoObject(SkipReason::Empty) | Skip::Known(_) | Skip::Rendered(_) => continue,
            Skip::NoObject(reason) => (reason.description().into(), place),
            Skip::Patch(kustomization) => (
                "patches; to check the result: `kustomize build DIR | seaworthy check -`".into(),
                format!("{place}, of {kustomization}"),
            ),
        };
        by_reason.entry(reason).or_default().push(place);
    }
    for name in empty_files(report) {
        by_reason.entry("nothing in it but comments".into()).or_default().push(name.to_owned());
    }
    for unread in report.unread.iter().filter(|unread| !unread.is_failure) {
        by_reason.entry(unread.reason.clone()).or_default().push(unread.path.clone());
    }
    let shown = if run.strict { usize::MAX } else { SHOWN };
    for (reason, places) in &by_reason {
        let _ = writeln!(text, "{DIM}skipped {}: {}{DIM:#}", places.len(), one_line(reason));
        for place in places.iter().take(shown) {
            let _ = writeln!(text, "{DIM}  {}{DIM:#}", one_line(place));
        }
        if places.len() > shown {
            let _ = writeln!(text, "{DIM}  and {} more; `--format json` names all{DIM:#}", places.len() - shown);
        }
    }
}

/// Who answers for what, and whose word no longer counts.
fn waived(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    for judged in &report.judged {
        for judgement in judged.judgements.iter().filter(|judgement| judgement.outcome.verdict == Verdict::Waived) {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            let reason = one_line(judgement.outcome.reason.as_deref().unwrap_or_default());
            let _ = writeln!(text, "{YELLOW}waived:{YELLOW:#} {rule} for {} {reason}", who(judged.subject.object));
        }
    }
    idle_waivers(
        run.waivers.iter().filter(|waiver| waiver.until < run.today || is_unused(waiver, report)),
        run.today,
        text,
    );
}

/// The waivers that have ended, and of the others those that nothing needs.
pub fn idle_waivers<'a>(idle: impl Iterator<Item = &'a Waiver>, today: Date, text: &mut String) {
    let (expired, unused): (Vec<&Waiver>, Vec<&Waiver>) = idle.partition(|waiver| waiver.until < today);
    for waiver in expired {
        let (rule, name, by) = (one_line(&waiver.rule), one_line(&waiver.name), one_line(&waiver.by));
        let until = waiver.until;
        let _ = writeln!(text, "{YELLOW}expired:{YELLOW:#} the waiver of {rule} for {name}, by {by}, ended on {until}");
    }
    for waiver in unused {
        let (rule, name, by) = (one_line(&waiver.rule), one_line(&waiver.name), one_line(&waiver.by));
        let _ = writeln!(text, "{YELLOW}unused waiver{YELLOW:#} of {rule} for {name}, by {by}: no finding matches it");
    }
}

/// Whether the waiver's rule has judged, and found nothing that the waiver covers.
fn is_unused(waiver: &Waiver, report: &Report<'_>) -> bool {
    let Some(rule) = report.rules.iter().position(|rule| rule.name == waiver.rule) else { return false };
    !report.judged.iter().any(|judged| needs(waiver, judged.subject.object, rule, &judged.judgements))
}

/// Whether one of the rule's findings about an object is a violation that the waiver covers.
pub fn needs(waiver: &Waiver, object: &Object, rule: usize, judgements: &[Judgement]) -> bool {
    let of_rule = judgements.iter().filter(|judgement| judgement.rule == rule);
    let mut findings = of_rule.flat_map(|judgement| &judgement.outcome.findings);
    findings.any(|finding| finding.level == Level::Violation && waiver.covers(&waiver.rule, object, finding))
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
        let hint = "if this input is complete, add `--world complete`";
        let _ = writeln!(text, "{DIM}  {hint}{DIM:#}");
    }
}

/// How many documents, files and paths were passed over that may have held something.
pub fn passed_over(report: &Report<'_>) -> usize {
    let is_told = |skip: &Skip| !matches!(skip, Skip::NoObject(SkipReason::Empty) | Skip::Known(_) | Skip::Rendered(_));
    let documents = report.skipped.iter().filter(|skipped| is_told(&skipped.reason)).count();
    let paths = report.unread.iter().filter(|unread| !unread.is_failure).count();
    documents + empty_files(report).count() + paths
}

/// The files in which there is nothing at all. A single empty document stands between two separators and is nobody's
/// loss; of a whole file somebody may think that it was judged.
pub fn empty_files<'a>(report: &'a Report<'_>) -> impl Iterator<Item = &'a str> {
    let is_empty = |manifest: &Manifest| {
        manifest.problems.is_empty()
            && manifest.documents.iter().all(|document| document.skipped() == Some(SkipReason::Empty))
    };
    let manifests = report.input.files().iter().map(|file| &file.manifest);
    manifests.filter(move |manifest| is_empty(manifest)).map(|manifest| manifest.name.as_str())
}
