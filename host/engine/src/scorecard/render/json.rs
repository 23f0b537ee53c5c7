//! The scorecard as JSON, format `seaworthy.dev/readiness/v1`: fields are added, never renamed or removed.

use std::collections::BTreeMap;

use protocol::{Edit, Fix, Level, Section, Severity, Verdict};
use serde::Serialize;

use crate::report::{ObjectRow, Report, to_json};
use crate::scorecard::model::{Card, Line, Owner, Remark, Scorecard};
use crate::scorecard::share::{Mark, Share};

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: &'static str,
    world: &'static str,
    /// Whether something could not be read or decided.
    undecided: bool,
    services: Vec<CardJson<'a>>,
    /// What belongs to no single service, by namespace.
    shared: Vec<CardJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    /// Its place among all cards, from 1 for the worst.
    rank: usize,
    share: ShareJson,
    /// How many checks fail, or could not decide; delivery included.
    failing: BTreeMap<Severity, usize>,
    unknown: usize,
    waived: usize,
    not_applicable: usize,
    sections: Vec<SectionJson<'a>>,
    objects: Vec<ObjectJson<'a>>,
}

#[derive(Serialize)]
struct ShareJson {
    holds: usize,
    counted: usize,
    /// Rounded down; null where no line counts.
    percent: Option<usize>,
    standing: &'static str,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    section: Section,
    share: ShareJson,
    lines: Vec<LineJson<'a>>,
}

#[derive(Serialize)]
struct LineJson<'a> {
    rule: &'a str,
    title: &'a str,
    severity: Severity,
    verdict: Verdict,
    remarks: Vec<RemarkJson<'a>>,
}

#[derive(Serialize)]
struct RemarkJson<'a> {
    /// Absent where the message is a reason and no finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<&'a Edit>,
    kind: &'a str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
struct ObjectJson<'a> {
    #[serde(flatten)]
    object: ObjectRow<'a>,
    file: &'a str,
}

/// The scorecard as indented JSON.
#[must_use]
pub fn json(scorecard: &Scorecard<'_>, report: &Report<'_>, version: &'static str) -> String {
    // Two cards may have one title: they are told apart by their place in memory.
    let place = |card: &Card<'_>| std::ptr::from_ref(card).addr();
    let ranks: BTreeMap<usize, usize> = scorecard.worst_first().into_iter().map(place).zip(1..).collect();
    let cards = |is_shared: bool| {
        let cards = scorecard.cards.iter().filter(move |card| (card.owner == Owner::Shared) == is_shared);
        let rank = |card: &Card<'_>| ranks.get(&place(card)).copied().unwrap_or_default();
        cards.map(|card| card_json(card, rank(card), scorecard, report)).collect()
    };
    let document = Document {
        format: "seaworthy.dev/readiness/v1",
        version,
        world: report.completeness.name(),
        undecided: report.is_incomplete(),
        services: cards(false),
        shared: cards(true),
    };
    to_json(&document)
}

fn card_json<'a>(card: &'a Card<'_>, rank: usize, scorecard: &Scorecard<'_>, report: &'a Report<'_>) -> CardJson<'a> {
    let share = |share: Share| ShareJson {
        holds: share.holds,
        counted: share.counted,
        percent: share.percent(),
        standing: scorecard.standing(share).name(),
    };
    let sections = card.sections.iter().map(|section| SectionJson {
        section: section.section,
        share: share(section.share()),
        lines: section.lines.iter().map(|line| line_json(line, report)).collect(),
    });
    let objects = card.objects.iter();
    let objects = objects.map(|subject| ObjectJson { object: subject.object.into(), file: report.file_name(*subject) });
    CardJson {
        name: match &card.owner {
            Owner::Service(name) => Some(name),
            Owner::Shared => None,
        },
        namespace: card.namespace,
        rank,
        share: share(card.share()),
        failing: Severity::ALL.map(|severity| (severity, card.failing(severity))).into(),
        unknown: card.count(Mark::Unknown),
        waived: card.count(Mark::Waived),
        not_applicable: card.count(Mark::NotApplicable),
        sections: sections.collect(),
        objects: objects.collect(),
    }
}

fn line_json<'a>(line: &'a Line<'_>, report: &'a Report<'_>) -> LineJson<'a> {
    let remark = |remark: Remark<'a>| {
        let (file, line) = remark.place(report);
        let fix = remark.finding.and_then(|finding| finding.fix.as_ref());
        RemarkJson {
            level: remark.finding.map(|finding| finding.level),
            message: remark.message,
            fix: fix.map(Fix::text),
            edit: fix.and_then(Fix::edit),
            kind: &remark.subject.object.kind,
            name: remark.subject.object.display_name(),
            container: remark.finding.and_then(|finding| finding.container.as_deref()),
            path: remark.finding.map(|finding| finding.path.as_str()),
            file,
            line,
        }
    };
    LineJson {
        rule: &line.rule.name,
        title: &line.rule.title,
        severity: line.rule.severity,
        verdict: line.verdict,
        remarks: line.remarks().into_iter().map(remark).collect(),
    }
}
