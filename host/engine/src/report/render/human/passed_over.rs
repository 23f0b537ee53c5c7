//! What was not judged, waived, or could not be decided for want of a wider view, each with its reason: nothing is lost
//! without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use protocol::Verdict;

use super::{Run, unchecked, who};
use crate::baseline::Comparison;
use crate::input::Skip;
use crate::manifest::SkipReason;
use crate::paths::file_name;
use crate::question::Completeness;
use crate::report::render::style::{DIM, RED, YELLOW};
use crate::report::{Report, is_known};
use crate::shown::{count, one_line};
use crate::waiver::{Standing, State};

/// Places shown of one reason, where none of them decides anything.
const SHOWN: usize = 10;

pub(super) fn write(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    let before = text.len();
    unchecked::write(report, run, text);
    absent(report, text);
    skipped(report, run, text);
    waived(report, text);
    unknown(report, text);
    if text.len() > before {
        text.push('\n');
    }
}

/// The API versions that charts ask a cluster for, and that were taken for absent: a line for each chart.
fn absent(report: &Report<'_>, text: &mut String) {
    let mut by_chart: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rendering in report.input.files().iter().filter_map(|file| file.manifest.rendering()) {
        let chart = rendering.made_of.iter().find(|name| matches!(file_name(name), "Chart.yaml" | "Chart.yml"));
        for (chart, version) in rendering.absent.iter().filter_map(|version| Some((chart?, version))) {
            by_chart.entry(chart).or_default().insert(version);
        }
    }
    for (chart, versions) in by_chart {
        let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
        let hint = "`--api-versions` gives what your cluster has";
        let (chart, versions) = (one_line(chart), one_line(&versions));
        let _ = writeln!(text, "{DIM}{chart} is rendered as without {versions}; {hint}{DIM:#}");
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
    for manifest in report.empty_files() {
        let reason = if manifest.rendering().is_some() { "renders to nothing" } else { "nothing in it but comments" };
        by_reason.entry(reason.into()).or_default().push(manifest.name.clone());
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
fn waived(report: &Report<'_>, text: &mut String) {
    for judged in &report.judged {
        for judgement in judged.judgements.iter().filter(|judgement| judgement.outcome.verdict == Verdict::Waived) {
            let rule = report.rules.get(judgement.rule).map_or("", |rule| rule.name.as_str());
            let reason = judgement.outcome.reason.as_deref().unwrap_or_default();
            // What was there before is counted below.
            if !is_known(reason) {
                let (who, reason) = (who(judged.subject.object), one_line(reason));
                let _ = writeln!(text, "{YELLOW}waived:{YELLOW:#} {rule} for {who} {reason}");
            }
        }
    }
    idle_waivers(&report.waivers, text);
    for ignored in &report.ignored_waivers {
        let _ = writeln!(text, "{YELLOW}ignored waiver:{YELLOW:#} {}", one_line(ignored));
    }
    if let Some(Comparison { stale, .. }) = &report.baseline {
        for known in stale.iter().take(SHOWN) {
            let _ = writeln!(text, "{DIM}gone: {}{DIM:#}", one_line(&known.summary()));
        }
        if stale.len() > SHOWN {
            let _ = writeln!(text, "{DIM}  and {} more; `--format json` names all{DIM:#}", stale.len() - SHOWN);
        }
    }
}

/// The waivers that have ended or end soon, and those that nothing needs.
pub fn idle_waivers(standings: &[Standing], text: &mut String) {
    let of = |state: State| standings.iter().filter(move |standing| standing.state == state);
    let about = |Standing { waiver, .. }: &Standing| {
        let spot = waiver.spot.as_ref().map(|spot| format!(" ({})", one_line(&spot.to_string())));
        let kind = waiver.kind.as_ref().map(|kind| format!("{kind} ")).unwrap_or_default();
        let namespace = waiver.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let object = format!("{kind}{namespace}{}", waiver.name);
        let [rule, object, owner] = [&waiver.rule, &object, &waiver.owner].map(|text| one_line(text));
        (format!("of {rule} for {object}, by {owner}"), waiver.expires, spot.unwrap_or_default())
    };
    for standing in of(State::Expired) {
        let (about, expires, spot) = about(standing);
        let what = if standing.findings == 0 { "no finding matches it" } else { "fix the finding or renew the waiver" };
        let _ = writeln!(text, "{RED}expired:{RED:#} the waiver {about}, ended on {expires}: {what}{spot}");
    }
    for standing in standings.iter().filter(|standing| standing.ends_soon()) {
        let (about, expires, spot) = about(standing);
        let when = match standing.days_left {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            days => format!("in {days} days"),
        };
        let _ = writeln!(text, "{YELLOW}ends soon:{YELLOW:#} the waiver {about}, ends on {expires}, {when}{spot}");
    }
    for standing in of(State::Unused) {
        let (about, _, spot) = about(standing);
        let _ = writeln!(text, "{YELLOW}unused waiver{YELLOW:#} {about}: no finding matches it{spot}");
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
        let hint = "if this input is complete, add `--world complete`";
        let _ = writeln!(text, "{DIM}  {hint}{DIM:#}");
    }
}
