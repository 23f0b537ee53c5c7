//! What a check found, to be compared with what another one finds when edits are made.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Verdict;

use super::{Asked, Finding};
use crate::report::{Report, of_object};

/// What rules say of objects: the findings that people are told, and where a rule could not decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    found: BTreeMap<Asked, Vec<Finding>>,
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

/// What speaks against edits of which these findings were to be fixed: what is found still, or anew, or cannot be decided
/// any more.
#[must_use]
pub fn objections(before: &Answers, made: &[Finding], after: &Answers) -> Vec<Objection> {
    if after.problems > before.problems {
        return vec![Objection {
            suspects: made.to_vec(),
            reason: "then something could not be checked any more".into(),
        }];
    }
    let mut objections = Vec::new();
    let mut fixed: BTreeMap<&Asked, usize> = BTreeMap::new();
    for finding in made {
        *fixed.entry(&finding.asked).or_default() += 1;
        if after.found.get(&finding.asked).is_some_and(|found| found.contains(finding)) {
            let reason = "then the check would find the same".into();
            objections.push(Objection { suspects: vec![finding.clone()], reason });
        }
    }
    for (asked, found) in &after.found {
        let left = before.count(asked).saturating_sub(fixed.get(asked).copied().unwrap_or_default());
        if found.len() > left {
            let is_new = |of: &&Finding| !before.found.get(asked).is_some_and(|found| found.contains(of));
            let new = found.iter().find(is_new).or(found.last()).map_or("", |of| of.message.as_str());
            let reason = format!("then {} would find: {new}", asked.rule);
            objections.push(Objection { suspects: suspects(made, asked), reason });
        }
    }
    for asked in after.undecided.difference(&before.undecided) {
        let reason = format!("then {} could not decide", asked.rule);
        objections.push(Objection { suspects: suspects(made, asked), reason });
    }
    objections
}

/// The edits that are nearest to what a rule says of an object: for the rule itself, else those of the object, of the file,
/// or all.
fn suspects(made: &[Finding], asked: &Asked) -> Vec<Finding> {
    let place = |asked: &Asked| (asked.file.clone(), asked.document, asked.object.clone());
    let is_near: [&dyn Fn(&Asked) -> bool; 4] =
        [&|of| of == asked, &|of| place(of) == place(asked), &|of| of.file == asked.file, &|_| true];
    let near = is_near.iter().map(|is_near| made.iter().filter(|of| is_near(&of.asked)).cloned().collect::<Vec<_>>());
    near.into_iter().find(|near| !near.is_empty()).unwrap_or_default()
}
