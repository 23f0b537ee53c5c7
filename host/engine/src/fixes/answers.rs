//! What a check found, to be compared with what another one finds when edits are made.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{FieldMask, Verdict, api_group};

use super::{Asked, Finding, Made};
use crate::report::{Report, of_object};

/// What rules say of objects: the findings that people are told, and where a rule could not decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    found: BTreeMap<Asked, Vec<Finding>>,
    /// What the rules of these findings read of their objects.
    reads: BTreeMap<Asked, FieldMask>,
    undecided: BTreeSet<Asked>,
    /// Files that cannot be read, and others that lack something.
    problems: usize,
}

impl Answers {
    /// All that a report says.
    #[must_use]
    pub fn of(report: &Report<'_>) -> Self {
        let problems = report.input.files().iter().map(|file| file.manifest.problems.len()).sum::<usize>()
            + report.input.unchecked().len()
            + report.unread.iter().filter(|unread| unread.is_failure).count();
        let mut answers = Self { problems, ..Self::default() };
        for judged in &report.judged {
            for judgement in &judged.judgements {
                let asked = asked(report, judged.subject, judgement.rule);
                if matches!(judgement.outcome.verdict, Verdict::Unknown | Verdict::Error) {
                    answers.undecided.insert(asked.clone());
                }
                let file = report.file_name(judged.subject);
                let all = of_object(&report.rules, judged.subject.object, file, &judged.judgements, judgement);
                for found in all.filter(|found| found.is_told()) {
                    let Some(message) = found.message else { continue };
                    let (container, path) = (found.container.map(str::to_owned), found.path.to_owned());
                    let finding = Finding { asked: asked.clone(), container, path, message: message.to_owned() };
                    answers.reads.entry(asked.clone()).or_insert_with(|| mask(report, judged.subject, judgement.rule));
                    answers.found.entry(asked.clone()).or_default().push(finding);
                }
            }
        }
        answers
    }

    /// How much is found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.values().map(Vec::len).sum()
    }

    /// Whether nothing is found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn count(&self, asked: &Asked) -> usize {
        self.found.get(asked).map_or(0, Vec::len)
    }
}

/// What a rule reads of an object; everything, if that is not known.
fn mask(report: &Report<'_>, subject: crate::input::Subject<'_>, rule: usize) -> FieldMask {
    let Some(rule) = report.rules.get(rule) else { return FieldMask::whole() };
    FieldMask::for_kind(&rule.reads, api_group(&subject.object.api_version), &subject.object.kind)
}

/// The rule of that index, and the object.
pub(super) fn asked(report: &Report<'_>, subject: crate::input::Subject<'_>, rule: usize) -> Asked {
    Asked {
        file: report.file_name(subject).to_owned(),
        document: subject.document,
        object: subject.object.path.clone(),
        rule: report.rules.get(rule).map(|rule| rule.name.clone()).unwrap_or_default(),
    }
}

/// What speaks against edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The findings whose edits it may be laid to: one of them, where that is known.
    pub suspects: Vec<Finding>,
    /// What a check says with these edits.
    pub reason: String,
}

/// What speaks against these edits: what is found still, or anew, or cannot be decided any more.
#[must_use]
pub fn objections(before: &Answers, made: &[Made], after: &Answers) -> Vec<Objection> {
    if after.problems > before.problems {
        return vec![Objection {
            suspects: made.iter().map(|made| made.finding.clone()).collect(),
            reason: "then something could not be checked any more".into(),
        }];
    }
    let mut objections = Vec::new();
    let mut fixed: BTreeMap<&Asked, usize> = BTreeMap::new();
    for Made { finding, .. } in made {
        *fixed.entry(&finding.asked).or_default() += 1;
        if after.found.get(&finding.asked).is_some_and(|found| found.contains(finding)) {
            let reason = "then the check would find the same".into();
            objections.push(Objection { suspects: vec![finding.clone()], reason });
        }
    }
    let edits = Edits::of(made);
    for (asked, found) in &after.found {
        let left = before.count(asked).saturating_sub(fixed.get(asked).copied().unwrap_or_default());
        if found.len() > left {
            let is_new = |of: &&Finding| !before.found.get(asked).is_some_and(|found| found.contains(of));
            let new = found.iter().find(is_new).or(found.last()).map_or("", |of| of.message.as_str());
            let reason = format!("then {} would find: {new}", asked.rule);
            objections.push(Objection { suspects: edits.near(asked, after.reads.get(asked)), reason });
        }
    }
    for asked in after.undecided.difference(&before.undecided) {
        let reason = format!("then {} could not decide", asked.rule);
        objections.push(Objection { suspects: edits.near(asked, None), reason });
    }
    objections
}

/// An object, by its file and its place there.
type Place<'a> = (&'a str, usize, &'a str);

/// Edits by where they are made.
struct Edits<'a> {
    all: &'a [Made],
    by_object: BTreeMap<Place<'a>, Vec<&'a Made>>,
    by_file: BTreeMap<&'a str, Vec<&'a Made>>,
}

impl<'a> Edits<'a> {
    fn of(all: &'a [Made]) -> Self {
        let mut edits = Self { all, by_object: BTreeMap::new(), by_file: BTreeMap::new() };
        for made in all {
            let asked = &made.finding.asked;
            edits.by_object.entry((&asked.file, asked.document, &asked.object)).or_default().push(made);
            edits.by_file.entry(&asked.file).or_default().push(made);
        }
        edits
    }

    /// Those that are nearest to what a rule says of an object: for the rule itself, else those of what it reads of the
    /// object, of the object, of the file, or all.
    fn near(&self, asked: &Asked, reads: Option<&FieldMask>) -> Vec<Finding> {
        let findings = |made: &[&Made]| made.iter().map(|made| made.finding.clone()).collect();
        let of_object = self.by_object.get(&(&*asked.file, asked.document, &*asked.object));
        let of_object = of_object.map(Vec::as_slice).unwrap_or_default();
        let of_rule: Vec<&Made> = of_object.iter().copied().filter(|made| made.finding.asked == *asked).collect();
        let is_read = |made: &&Made| reads.is_none_or(|mask| made.fields.iter().any(|field| touches(mask, field)));
        let read: Vec<&Made> = of_object.iter().copied().filter(is_read).collect();
        let of_file = self.by_file.get(&*asked.file).map(Vec::as_slice).unwrap_or_default();
        let near = [of_rule.as_slice(), &read, of_object, of_file].into_iter().find(|near| !near.is_empty());
        near.map_or_else(|| self.all.iter().map(|made| made.finding.clone()).collect(), findings)
    }
}

/// Whether a change of a field changes what a mask keeps.
fn touches(mask: &FieldMask, field: &[String]) -> bool {
    match field.split_first() {
        _ if mask.is_whole() => true,
        None => true,
        Some((key, rest)) => mask.field(key).is_some_and(|mask| touches(mask, rest)),
    }
}

#[cfg(test)]
pub(super) fn near(made: &[Made], asked: &Asked, reads: &FieldMask) -> Vec<Finding> {
    Edits::of(made).near(asked, Some(reads))
}
