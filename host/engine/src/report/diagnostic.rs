//! One thing that a rule said about one place, with everything that a format may want of it.
//!
//! It must not know any format.

use std::cmp::Reverse;
use std::collections::HashMap;

use protocol::{Finding, Fix, Level, RuleMetadata, Severity, Verdict, WRONG_TYPE};

use super::fingerprint::Fingerprints;
use super::{Judged, Place, Report};
use crate::input::Subject;
use crate::judge::Judgement;
use crate::manifest::{Object, Position, Source, with_container};

/// A finding, or that a rule could not decide.
#[derive(Clone, Debug)]
pub struct Diagnostic<'a> {
    /// The rule.
    pub rule: &'a RuleMetadata,
    /// The rule's index in the report.
    pub rule_index: usize,
    /// The rule's answer that this is part of: a finding may be waived.
    pub verdict: Verdict,
    /// Why, where no finding says it: by whom it is waived, or why nothing could be decided.
    pub reason: Option<&'a str>,
    /// How bad it is here that the rule does not hold: the rule's own severity, or another one for this place.
    pub severity: Severity,
    /// How much it weighs.
    pub level: Level,
    /// What was checked.
    pub object: &'a Object,
    /// What to call it: `Deployment shop/web`.
    pub label: String,
    /// The container concerned, if one is.
    pub container: Option<&'a str>,
    /// The field, as a normalised JSONPath from the root of the object; the root where the rule could not decide.
    pub path: &'a str,
    /// The place in the text that was checked.
    pub place: Option<Place>,
    /// Where the object begins in the text that was checked.
    pub object_start: Option<Position>,
    /// The text that was checked, to cut excerpts from; absent where the place may not be shown.
    pub source: Option<&'a Source>,
    /// The file that a reader opens. Where what was checked is made of other files, as a chart's are, it will name the
    /// file that this came from, and the place in it.
    pub file: &'a str,
    /// What is wrong. Absent where the rule could not decide, which the reason tells.
    pub message: Option<&'a str>,
    /// How to fix it.
    pub fix: Option<&'a Fix>,
    /// The rule that says the same of this field. This one leaves it to that rule, and people are told it once.
    pub said_by: Option<&'a RuleMetadata>,
    /// What it is known by as lines move; absent of what raises no alert.
    pub fingerprint: Option<String>,
    /// Where what was checked was rendered: in which environments it says the same of the same source.
    pub environments: Vec<&'a str>,
    /// The place in what was rendered, where that is not the file that a reader opens.
    pub rendered: Option<Rendered<'a>>,
    /// The object's name in that file, where it may be another one.
    pub source_name: Option<&'a str>,
}

/// A place in a rendered text.
#[derive(Clone, Debug)]
pub struct Rendered<'a> {
    /// What the text is called.
    pub file: &'a str,
    /// The place.
    pub place: Place,
    /// The text, to cut excerpts from; absent where the place may not be shown.
    pub source: Option<&'a Source>,
    /// Whether the place in the source is proven to be what made this one. Otherwise it is the nearest certain one.
    pub is_certain: bool,
}

impl Diagnostic<'_> {
    /// Whether people are told: what is waived, said by another rule, or merely worth knowing, is told elsewhere or not at
    /// all.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        if self.said_by.is_some() {
            return false;
        }
        self.message.is_none() || !matches!(self.verdict, Verdict::Waived) && !matches!(self.level, Level::Note)
    }

    /// Whether the rule is broken here, or could not decide.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.level, Level::Violation)
    }

    /// Its place among all, where the most severe comes first, and advice at the end.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        Reverse(self.is_error().then_some(self.severity))
    }

    /// What it is about: `Deployment shop/web, container app`.
    #[must_use]
    pub fn about(&self) -> String {
        with_container(self.label.clone(), self.container)
    }
}

/// All that the rules said, in the order of the input: findings of every level and verdict, and for each rule that could
/// not decide that it could not. What is said alike of several environments, at one place of their sources, is said once.
pub fn diagnostics<'r>(report: &'r Report<'_>) -> Box<dyn Iterator<Item = Diagnostic<'r>> + 'r> {
    let mut fingerprints = Fingerprints::default();
    let number = move |diagnostic: Diagnostic<'r>| Diagnostic {
        fingerprint: known_by(&mut fingerprints, &diagnostic),
        ..diagnostic
    };
    Box::new(each(report, true).map(number))
}

/// The same for whoever shows no excerpt and raises no alert: without sources and without fingerprints. They cost more than
/// all the rest, because which lines may be shown takes a look at every value of a file.
pub fn bare_diagnostics<'r>(report: &'r Report<'_>) -> Box<dyn Iterator<Item = Diagnostic<'r>> + 'r> {
    each(report, false)
}

/// All diagnostics; what is said alike of several environments is one of them.
fn each<'r>(report: &'r Report<'_>, are_shown: bool) -> Box<dyn Iterator<Item = Diagnostic<'r>> + 'r> {
    let all = all(report, are_shown);
    if is_rendered(report) { Box::new(merged(all).0.into_iter()) } else { Box::new(all) }
}

/// What each finding is known by that is, in the order of the input: what is said alike of several environments by the same.
pub fn fingerprints<'r>(report: &'r Report<'_>) -> Box<dyn Iterator<Item = Option<String>> + 'r> {
    let mut fingerprints = Fingerprints::default();
    let all = all(report, false).filter(|diagnostic| diagnostic.message.is_some());
    if is_rendered(report) {
        let (merged, places) = merged(all);
        let known: Vec<_> = merged.iter().map(|diagnostic| known_by(&mut fingerprints, diagnostic)).collect();
        Box::new(places.into_iter().map(move |place| known.get(place).cloned().flatten()))
    } else {
        Box::new(all.map(move |diagnostic| known_by(&mut fingerprints, &diagnostic)))
    }
}

fn is_rendered(report: &Report<'_>) -> bool {
    report.input.files().iter().any(|file| file.manifest.rendering().is_some())
}

/// All diagnostics; nothing is cut from their sources unless they are to be shown.
fn all<'r>(report: &'r Report<'_>, are_shown: bool) -> impl Iterator<Item = Diagnostic<'r>> {
    let judgements = report.judged.iter().flat_map(|judged| judged.judgements.iter().map(move |of| (judged, of)));
    judgements.flat_map(move |(Judged { subject, judgements }, judgement)| {
        let (subject, file) = (*subject, report.file_name(*subject));
        of_object(&report.rules, subject.object, file, judgements, judgement).map(move |found| {
            let place = report.place_of_path(subject, found.path);
            let is_shown = are_shown && place.is_some_and(|place| !report.conceals(subject, place.start.line));
            let source = report.source(subject).filter(|_| is_shown);
            let object_start = start(report, subject);
            at_its_source(report, subject, Diagnostic { place, object_start, source, ..found })
        })
    })
}

/// The diagnostic at the place that made the one in a rendered text.
fn at_its_source<'r>(report: &'r Report<'_>, subject: Subject<'r>, found: Diagnostic<'r>) -> Diagnostic<'r> {
    let Some(origin) = report.origin(subject, found.path) else { return found };
    let environments = vec![origin.environment];
    let Some(place) = found.place else { return Diagnostic { environments, ..found } };
    let rendered = Rendered { file: found.file, place, source: found.source, is_certain: origin.is_certain };
    let source = found.source.and(origin.shown);
    let object_start = report.origin(subject, "$").filter(|it| it.file == origin.file).map(|it| it.place.start);
    Diagnostic {
        file: origin.file,
        place: Some(origin.place),
        object_start,
        source,
        environments,
        rendered: Some(rendered),
        source_name: origin.name,
        ..found
    }
}

/// Each of what is said alike of one place once, with all its environments; and for each of all which one it is then.
fn merged<'r>(all: impl Iterator<Item = Diagnostic<'r>>) -> (Vec<Diagnostic<'r>>, Vec<usize>) {
    let mut known = HashMap::new();
    let (mut merged, mut places): (Vec<Diagnostic<'r>>, _) = (Vec::new(), Vec::new());
    for diagnostic in all {
        if diagnostic.rendered.is_none() {
            places.push(merged.len());
            merged.push(diagnostic);
            continue;
        }
        let Diagnostic { rule_index, verdict, reason, level, container, path, message, file, place, .. } = diagnostic;
        let name = diagnostic.source_name.map_or_else(|| diagnostic.object.display_name(), str::to_owned);
        let kind = (&diagnostic.object.api_version, &diagnostic.object.kind, name);
        let start = place.map(|place| place.span.start);
        let is_left = diagnostic.said_by.is_some();
        let key = (rule_index, verdict, reason, level, container, path, message, (file, start), kind, is_left);
        let place = *known.entry(key).or_insert(merged.len());
        places.push(place);
        match merged.get_mut(place) {
            Some(first) => {
                let new = diagnostic.environments.iter().filter(|it| !first.environments.contains(it));
                let new: Vec<&str> = new.copied().collect();
                first.environments.extend(new);
            }
            None => merged.push(diagnostic),
        }
    }
    (merged, places)
}

/// What an alert is known by.
fn known_by(fingerprints: &mut Fingerprints, diagnostic: &Diagnostic<'_>) -> Option<String> {
    let raises_alerts = matches!(diagnostic.verdict, Verdict::Fail | Verdict::Waived);
    let is_alert = raises_alerts && diagnostic.message.is_some() && diagnostic.level != Level::Note;
    let is_alert = is_alert && diagnostic.said_by.is_none();
    let Diagnostic { rule, object, container, path, file, .. } = diagnostic;
    is_alert.then(|| match &diagnostic.rendered {
        // Its name and its namespace are those of one environment.
        Some(_) => {
            let name = diagnostic.source_name.map_or_else(|| object.display_name(), str::to_owned);
            fingerprints.of_source(&rule.name, file, object, &name, *container, path)
        }
        None => fingerprints.of(&rule.name, file, object, *container, path),
    })
}

/// What one rule said about an object that stands in no text, as one of a cluster does; `file` is what to call its place.
/// `all` is what all rules said about the object.
pub fn of_object<'r>(
    rules: &[&'r RuleMetadata],
    object: &'r Object,
    file: &'r str,
    all: &'r [Judgement],
    judgement: &'r Judgement,
) -> impl Iterator<Item = Diagnostic<'r>> {
    let said = said_by_others(rules, all, judgement);
    let outcome = &judgement.outcome;
    let undecided = (outcome.verdict == Verdict::Error).then_some(None);
    let findings = undecided.into_iter().chain(outcome.findings.iter().map(Some));
    let rule = rules.get(judgement.rule).copied();
    findings.filter_map(move |finding| {
        Some(Diagnostic {
            rule: rule?,
            rule_index: judgement.rule,
            severity: judgement.severity.or_else(|| rule.map(|rule| rule.severity))?,
            verdict: outcome.verdict,
            reason: outcome.reason.as_deref(),
            level: finding.map_or(Level::Violation, |finding| finding.level),
            object,
            label: object.label(),
            container: finding.and_then(|finding| finding.container.as_deref()),
            path: finding.map_or("$", |finding| &finding.path),
            place: None,
            object_start: None,
            source: None,
            file,
            message: finding.map(|finding| &*finding.message),
            fix: finding.and_then(|finding| finding.fix.as_ref()),
            said_by: finding.and_then(|finding| {
                let said = said.get(finding.path.as_str()).copied();
                said.or_else(|| rules.get(said_by_name(all, finding)?).copied())
            }),
            fingerprint: None,
            environments: Vec::new(),
            rendered: None,
            source_name: None,
        })
    })
}

/// The fields that other rules say are wrong, of those to which this rule leaves what both say. What is waived is not said.
fn said_by_others<'r>(
    rules: &[&'r RuleMetadata],
    all: &'r [Judgement],
    judgement: &Judgement,
) -> HashMap<&'r str, &'r RuleMetadata> {
    let mut said = HashMap::new();
    let Some(rule) = rules.get(judgement.rule).filter(|rule| !rule.yields_to.is_empty()) else { return said };
    for other in all.iter().filter(|other| other.outcome.verdict == Verdict::Fail) {
        let Some(by) = rules.get(other.rule).filter(|by| rule.yields_to.contains(&by.name)) else { continue };
        let violations = other.outcome.findings.iter().filter(|finding| finding.level == Level::Violation);
        said.extend(violations.map(|finding| (finding.path.as_str(), *by)));
    }
    said
}

/// The rule that says the same of the same field, and its name: that the value is of the wrong type. Whoever reads a field
/// says so, and one of them knows all fields.
fn said_by_name(all: &[Judgement], finding: &Finding) -> Option<usize> {
    if !finding.message.contains(WRONG_TYPE) {
        return None;
    }
    let names_it = |it: &Finding| {
        let name = it.message.strip_suffix(finding.message.as_str());
        it.path == finding.path && name.is_some_and(|name| !name.is_empty())
    };
    let mut failing = all.iter().filter(|judgement| judgement.outcome.verdict == Verdict::Fail);
    failing.find(|judgement| judgement.outcome.findings.iter().any(names_it)).map(|judgement| judgement.rule)
}

fn start(report: &Report<'_>, subject: Subject<'_>) -> Option<Position> {
    Some(report.source(subject)?.position(subject.object.node.look().locate(&[]).start))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use protocol::Outcome;

    use super::*;
    use crate::bundle::{Bundle, Rule};
    use crate::file::File;
    use crate::input::Input;
    use crate::manifest::{Limits, Origin, Rendering, SourcePlace, Span, read};
    use crate::policy::Policy;
    use crate::question::Completeness;
    use crate::report::Judged;
    use crate::waiver::Date;

    #[test]
    fn a_wrong_type_is_said_by_the_rule_that_names_the_field() {
        let finding = |path: &str, message: &str| Finding {
            level: Level::Violation,
            path: path.into(),
            container: None,
            message: message.into(),
            fix: None,
            conceal: false,
        };
        let judgement = |rule, verdict, path: &str, message: &str| {
            let outcome = Outcome { verdict, reason: None, findings: vec![finding(path, message)] };
            Judgement { rule, outcome: Arc::new(outcome), mutated: None, severity: None }
        };
        let (number, named) = (
            "this is a number, where Kubernetes takes a string",
            "`value`: this is a number, where Kubernetes takes a string",
        );
        let all = [judgement(0, Verdict::Fail, "$['a']", number), judgement(1, Verdict::Fail, "$['a']", named)];
        assert_eq!(said_by_name(&all, &finding("$['a']", number)), Some(1));
        for (path, message) in [("$['a']", named), ("$['b']", number), ("$['a']", "a string")] {
            assert_eq!(said_by_name(&all, &finding(path, message)), None, "{path} {message}");
        }
        let waived = [judgement(1, Verdict::Waived, "$['a']", named)];
        assert_eq!(said_by_name(&waived, &finding("$['a']", number)), None);
    }

    const BASE: &str = "kind: Pod\nspec:\n  hostNetwork: true\n";

    /// What was rendered of the base in an environment; where its field stands is proven, or where the object stands is.
    fn rendered(environment: &str, is_proven: bool) -> File {
        let text =
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {environment}-web}}\nspec:\n  hostNetwork: true\n");
        let mut manifest = read(&format!("{environment} (kustomize build)"), text.clone().into(), &Limits::default());
        let offset = |text: &str, of: &str| u32::try_from(text.find(of).unwrap()).unwrap();
        let start = offset(BASE, "true");
        let place = SourcePlace { text: 0, span: Span { start, end: start + 4 }, name: Some("web".into()) };
        let whole = SourcePlace { span: Span::default(), ..place.clone() };
        let places = is_proven.then(|| (offset(&text, "true"), place)).into_iter().collect();
        let texts = vec![("base/pod.yaml".to_owned(), Source::new(BASE.to_owned()))];
        let environment = environment.to_owned();
        let objects = BTreeMap::from([(0, whole)]);
        manifest.origin =
            Origin::Rendered(Rendering { environment, texts, places, objects, ..Rendering::default() }.into());
        File { manifest, project: 0 }
    }

    /// Where a finding of each of these files is said to be, in which environments, whether that is certain, and what it is
    /// known by.
    fn said(files: Vec<(File, &str)>) -> Vec<(String, Vec<String>, bool, Option<String>)> {
        let (files, messages): (Vec<File>, Vec<&str>) = files.into_iter().unzip();
        let input = Input::new(files);
        let metadata = serde_json::json!({"protocolVersion": "v1", "rules": [], "mutating": false});
        let policy = Policy::read("fails", &metadata).unwrap();
        let bundle = Bundle::new(vec![Rule::foreign(policy, ())]);
        let judged = input.subjects().zip(messages).map(|(subject, message)| {
            let finding = Finding {
                level: Level::Violation,
                path: "$['spec']['hostNetwork']".into(),
                container: None,
                message: message.into(),
                fix: None,
                conceal: false,
            };
            let outcome = Outcome { verdict: Verdict::Fail, reason: None, findings: vec![finding] };
            Judged {
                subject,
                judgements: vec![Judgement { rule: 0, outcome: Arc::new(outcome), mutated: None, severity: None }],
            }
        });
        let judged = judged.collect();
        let report = Report::new(&input, &bundle, Completeness::Partial, judged, Vec::new(), &[], Date::LAST);
        let bare: Vec<_> = bare_diagnostics(&report).map(|found| found.place).collect();
        assert!(
            input.files().iter().all(|file| file.manifest.source.hidden.get().is_none()),
            "no value is looked at for a bare one"
        );
        assert_eq!(bare, diagnostics(&report).map(|found| found.place).collect::<Vec<_>>());
        let said = diagnostics(&report).map(|found| {
            let line = found.place.map_or(0, |place| place.start.line);
            let environments = found.environments.iter().map(|it| (*it).to_owned()).collect();
            let is_certain = found.rendered.is_some_and(|it| it.is_certain);
            (format!("{}:{line}", found.file), environments, is_certain, found.fingerprint)
        });
        let said: Vec<_> = said.collect();
        let known: Vec<Option<String>> = fingerprints(&report).collect();
        assert_eq!(known.len(), input.subjects().count(), "each finding has its own");
        assert!(
            said.iter().all(|(.., fingerprint)| known.contains(fingerprint)) && !known.contains(&None),
            "{known:?}"
        );
        said
    }

    #[test]
    fn what_is_alike_at_one_place_is_said_once_with_its_environments() {
        let three = ["dev", "staging", "production"].map(|name| (rendered(name, true), "no")).into();
        let [(place, environments, is_certain, fingerprint)] = &*said(three) else { panic!("it is one") };
        assert_eq!((place.as_str(), *is_certain), ("base/pod.yaml:3", true));
        assert_eq!(environments, &["dev", "staging", "production"]);
        let one = said(vec![(rendered("eu", true), "no")]);
        assert_eq!(&one[0].3, fingerprint, "environments are no part of it");
    }

    #[test]
    fn what_is_said_otherwise_or_elsewhere_stays_apart() {
        let apart = said(vec![(rendered("dev", true), "no"), (rendered("staging", true), "never")]);
        assert_eq!(apart.len(), 2);
        assert_ne!(apart[0].3, apart[1].3);
        let near = said(vec![(rendered("dev", false), "no")]);
        assert_eq!((near[0].0.as_str(), near[0].2), ("base/pod.yaml:1", false), "the nearest certain place");
        let plain =
            File { manifest: read("a.yaml", "apiVersion: v1\nkind: Pod\n".into(), &Limits::default()), project: 0 };
        assert_eq!(said(vec![(plain, "no")])[0].1, Vec::<String>::new());
    }
}
