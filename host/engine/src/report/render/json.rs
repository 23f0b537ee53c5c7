//! The report as JSON, format `seaworthy.dev/report/v1`: fields are added, never renamed or removed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use protocol::Verdict;
use serde::{Serialize, Serializer};

use super::rows::{FindingRow, ObjectRow, ResultRow, RuleRow};
use crate::baseline::Comparison;
use crate::manifest::Position;
use crate::path_pattern::PathPattern;
use crate::profile::Selected;
use crate::report::{Judged, Origin, Report, Since, fingerprints};
use crate::shown::write_json;
use crate::waiver::Standing;

type Row<'a> = ResultRow<'a, Object<'a>, Finding<'a>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r, 'a> {
    format: &'static str,
    version: &'static str,
    /// Whether the input was taken for everything there is.
    world: &'static str,
    summary: Summary,
    /// The profile that the rules are of; absent where they were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'r Selected>,
    rules: Vec<RuleRow<'r>>,
    /// An entry for each rule and each object that it concerns.
    results: Results<'r, 'a>,
    /// Documents that held nothing to judge.
    skipped: Vec<Skipped<'r>>,
    /// What deploys workloads and was not checked.
    unchecked: Vec<Unchecked<'r>>,
    /// Each waiver, and what became of it.
    waivers: Vec<Waiver<'r>>,
    /// Annotations that waive nothing, though they say so.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    ignored_waivers: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'r Comparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'r Since>,
    /// What kept something from being judged, or is worth knowing about a path.
    problems: Vec<Problem<'r>>,
}

#[derive(Serialize)]
struct Summary {
    outcome: &'static str,
    files: usize,
    objects: usize,
    verdicts: BTreeMap<Verdict, usize>,
}

/// An object and where it stands.
#[derive(Clone, Serialize)]
struct Object<'a> {
    #[serde(flatten)]
    object: ObjectRow<'a>,
    file: &'a str,
    /// Counted from 1.
    document: usize,
    /// Of the object in its document: `$`, or the item of a list.
    path: &'a str,
    line: u32,
    column: u32,
    /// Of an object that was rendered, the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
}

/// A finding and where it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    #[serde(flatten)]
    finding: FindingRow<'a>,
    /// What it is known by as lines move, in SARIF too.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    line: u32,
    column: u32,
    /// Behind the last character.
    end_line: u32,
    end_column: u32,
    /// Of an object that was rendered, the place that made it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceRow<'a>>,
}

/// A place in a file that others were rendered of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceRow<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    /// Whether it is proven that this place made the rendered one. Otherwise it is the nearest certain place.
    certain: bool,
}

impl<'a> From<Origin<'a>> for SourceRow<'a> {
    fn from(Origin { file, place, is_certain, .. }: Origin<'a>) -> Self {
        let (Position { line, column }, end) = (place.start, place.end);
        Self { file, line, column, end_line: end.line, end_column: end.column, certain: is_certain }
    }
}

#[derive(Serialize)]
struct Skipped<'a> {
    file: &'a str,
    line: u32,
    reason: String,
    /// Whether its content is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<bool>,
}

#[derive(Serialize)]
struct Unchecked<'a> {
    file: &'a str,
    line: u32,
    /// How many files of the input were skipped for it.
    files: usize,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

/// A waiver, and what became of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiver<'a> {
    rule: &'a str,
    object: Pattern<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    owner: &'a str,
    reason: &'a str,
    expires: String,
    state: &'static str,
    /// How many findings it covers.
    findings: usize,
    /// Where it stands; absent of an annotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// Which objects a waiver is for.
#[derive(Serialize)]
struct Pattern<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
}

impl<'a> From<&'a Standing> for Waiver<'a> {
    fn from(standing: &'a Standing) -> Self {
        let Standing { waiver, findings, state, .. } = standing;
        let object = Pattern {
            group: waiver.group.as_deref(),
            kind: waiver.kind.as_deref(),
            namespace: waiver.namespace.as_deref(),
            name: &waiver.name,
        };
        Self {
            rule: &waiver.rule,
            object,
            container: waiver.container.as_deref(),
            path: waiver.path.as_ref().map(PathPattern::text),
            environment: waiver.environment.as_deref(),
            owner: &waiver.owner,
            reason: &waiver.reason,
            expires: waiver.expires.to_string(),
            state: state.name(),
            findings: *findings,
            file: waiver.spot.as_ref().map(|spot| spot.file.as_str()),
            line: waiver.spot.as_ref().map(|spot| spot.position.line),
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Related>,
    failure: bool,
}

#[derive(Serialize)]
struct Related {
    line: u32,
    column: u32,
    message: &'static str,
}

/// Writes the report as indented JSON. The same input gives the same bytes, on every host.
///
/// # Errors
/// The writer's own.
pub fn json(report: &Report<'_>, version: &'static str, out: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let document = Document {
        format: "seaworthy.dev/report/v1",
        version,
        world: report.completeness.name(),
        summary: Summary {
            outcome: report.conclusion().name(),
            files: report.input.files().len(),
            objects: report.judged.len(),
            verdicts: report.verdicts(),
        },
        profile: report.profile.as_ref(),
        rules: rules(report),
        results: Results(report),
        skipped: skipped(report),
        unchecked: unchecked(report),
        waivers: report.waivers.iter().map(Waiver::from).collect(),
        ignored_waivers: &report.ignored_waivers,
        baseline: report.baseline.as_ref(),
        since: report.since.as_ref(),
        problems: problems(report),
    };
    write_json(&document, out)
}

/// The results, made one by one as they are written.
struct Results<'r, 'a>(&'r Report<'a>);

impl Serialize for Results<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let known = RefCell::new(fingerprints(self.0));
        let next = || known.borrow_mut().next().flatten();
        serializer.collect_seq(self.0.judged.iter().flat_map(|judged| results(self.0, judged, &next)))
    }
}

fn rules<'r>(report: &'r Report<'_>) -> Vec<RuleRow<'r>> {
    let rules = report.rules.iter().enumerate();
    rules.map(|(index, rule)| RuleRow::new(rule, report.verdicts_of(index))).collect()
}

/// The results of one object; `next` says what its next finding is known by.
fn results<'r>(
    report: &'r Report<'_>,
    judged: &'r Judged<'_>,
    next: &impl Fn() -> Option<String>,
) -> impl Iterator<Item = Row<'r>> {
    let subject = judged.subject;
    let span = subject.object.node.look().locate(&[]);
    let first = Position { line: 1, column: 1 };
    let position = report.source(subject).map_or(first, |source| source.position(span.start));
    let object = Object {
        object: subject.object.into(),
        file: report.file_name(subject),
        document: subject.document + 1,
        path: &subject.object.path,
        line: position.line,
        column: position.column,
        environment: report.environment(subject),
    };
    judged.judgements.iter().filter_map(move |judgement| {
        let rule = report.rules.get(judgement.rule)?;
        Some(ResultRow::new(rule, judgement, object.clone(), |finding| {
            let place = report.place(subject, finding);
            let (start, end) = place.map_or((position, position), |place| (place.start, place.end));
            Finding {
                finding: finding.into(),
                fingerprint: next(),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                source: report.origin(subject, &finding.path).map(SourceRow::from),
            }
        }))
    })
}

fn skipped<'r>(report: &'r Report<'_>) -> Vec<Skipped<'r>> {
    let skipped = report.skipped.iter().map(|skipped| Skipped {
        file: report.input.file(skipped.file).map_or("", |file| &file.manifest.name),
        line: skipped.line,
        reason: skipped.reason.to_string(),
        unreadable: skipped.reason.is_unreadable().then_some(true),
    });
    skipped.collect()
}

fn unchecked<'r>(report: &'r Report<'_>) -> Vec<Unchecked<'r>> {
    let unchecked = report.unchecked().iter().map(|unchecked| Unchecked {
        file: report.input.file(unchecked.file).map_or("", |file| &file.manifest.name),
        line: unchecked.line,
        files: unchecked.files,
        reason: &unchecked.reason,
        command: unchecked.command(),
    });
    unchecked.collect()
}

fn problems<'r>(report: &'r Report<'_>) -> Vec<Problem<'r>> {
    let unread = report.unread.iter().map(|unread| Problem {
        file: &unread.path,
        line: None,
        column: None,
        message: unread.reason.clone(),
        help: None,
        related: None,
        failure: unread.is_failure,
    });
    let in_files = report.input.files().iter().flat_map(|file| {
        file.manifest.problems.iter().map(|problem| Problem {
            file: &file.manifest.name,
            line: Some(problem.position.line),
            column: Some(problem.position.column),
            message: problem.kind.to_string(),
            help: Some(problem.kind.help()),
            related: problem.related.as_ref().map(|related| Related {
                line: related.position.line,
                column: related.position.column,
                message: related.message,
            }),
            failure: true,
        })
    });
    unread.chain(in_files).collect()
}
