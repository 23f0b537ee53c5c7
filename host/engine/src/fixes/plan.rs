//! From a report to new texts of files.

use std::collections::{BTreeMap, BTreeSet};

use protocol::path::{self, Segment};
use protocol::{Applicability, Edit, Fix, Json};
use serde_json::Value;

use super::answers::asked;
use super::target::{self, Target};
use super::{Finding, Made};
use crate::edit::{MergeError, Wanted, edited, merged};
use crate::manifest::{Manifest, Object};
use crate::report::{Diagnostic, Report, of_object};

/// Which edits are made.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// Whether those too that somebody has to review.
    pub needing_review: bool,
    /// Not these, for what a check says with them.
    pub refused: &'a BTreeMap<Finding, String>,
    /// Not these this time.
    pub held: &'a BTreeSet<Finding>,
}

/// What to do about the findings of a report.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The files that change.
    pub texts: Vec<NewText>,
    /// The findings whose edits are in these texts.
    pub made: Vec<Made>,
    /// The edits that cannot be made, and why.
    pub left: Vec<Left>,
    /// How many edits wait for somebody who reviews them.
    pub need_review: usize,
    /// How many findings have no edit that a program can make.
    pub by_hand: usize,
}

/// A file that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewText {
    /// The index of the file in the input.
    pub file: usize,
    /// What it says then.
    pub text: String,
}

/// An edit that is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The finding.
    pub finding: Finding,
    /// What to call the object: `Deployment shop/web, container app`.
    pub about: String,
    /// What the edit would write.
    pub fix: String,
    /// Why it is not made.
    pub why: String,
}

/// A proposed edit, and the object that it belongs into.
#[derive(Clone)]
struct Proposal<'r> {
    left: Left,
    edit: &'r Edit,
    target: Target<'r>,
}

/// What to do about the findings that people are told: those that are waived or known are left alone.
#[must_use]
pub fn plan(report: &Report<'_>, choice: Choice<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut proposals: BTreeMap<usize, Vec<Proposal<'_>>> = BTreeMap::new();
    for judged in &report.judged {
        let (subject, file) = (judged.subject, report.file_name(judged.subject));
        for judgement in &judged.judgements {
            let all = of_object(&report.rules, subject.object, file, &judged.judgements, judgement);
            for found in all.filter(|found| found.is_told() && found.message.is_some()) {
                let Some(edit) = found.fix.and_then(Fix::edit).filter(|edit| is_edit(edit)) else {
                    plan.by_hand += 1;
                    continue;
                };
                if edit.applicability == Applicability::NeedsReview && !choice.needing_review {
                    plan.need_review += 1;
                    continue;
                }
                let left = left(report, subject, judgement.rule, &found);
                if choice.held.contains(&left.finding) {
                    continue;
                }
                if let Some(why) = choice.refused.get(&left.finding) {
                    plan.left.push(Left { why: why.clone(), ..left });
                    continue;
                }
                match target::of(report, subject, edit, found.path) {
                    Ok(target) => proposals.entry(target.file).or_default().push(Proposal { left, edit, target }),
                    Err(why) => plan.left.push(Left { why, ..left }),
                }
            }
        }
    }
    for (file, proposals) in proposals {
        plan.of_file(file, proposals);
    }
    plan
}

/// The fields that an edit sets.
fn fields(edit: &Edit) -> Vec<Vec<String>> {
    fn add(value: &Json, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
        match value {
            Json::Map(members) if !members.is_empty() => members.iter().for_each(|(key, value)| {
                path.push(key.to_string());
                add(value, path, all);
                path.pop();
            }),
            _ => all.push(path.clone()),
        }
    }
    let keys = path::parse(&edit.path).unwrap_or_default().into_iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    });
    let mut all = Vec::new();
    add(&edit.value, &mut keys.collect(), &mut all);
    all
}

/// Whether a program can make the edit. A rule says of an edit with a placeholder that it is an example; one that does not
/// is not believed.
fn is_edit(edit: &Edit) -> bool {
    edit.applicability != Applicability::Example && !has_placeholder(&edit.value)
}

fn has_placeholder(value: &Json) -> bool {
    match value {
        Json::String(text) => {
            let is_bracketed = text.split_once('<').is_some_and(|(_, rest)| rest.contains('>'));
            is_bracketed || ["REPLACE", "CHANGEME", "CHANGE_ME", "TODO"].iter().any(|word| text.contains(word))
        }
        Json::List(items) => items.iter().any(has_placeholder),
        Json::Map(members) => members.iter().any(|(_, value)| has_placeholder(value)),
        Json::Null | Json::Bool(_) | Json::Integer(_) => false,
    }
}

fn left(report: &Report<'_>, subject: crate::input::Subject<'_>, rule: usize, found: &Diagnostic<'_>) -> Left {
    let finding = Finding {
        asked: asked(report, subject, rule),
        container: found.container.map(str::to_owned),
        path: found.path.to_owned(),
        message: found.message.unwrap_or_default().to_owned(),
    };
    let fix = found.fix.map(Fix::text).unwrap_or_default();
    Left { finding, about: found.about(), fix, why: String::new() }
}

impl Plan {
    /// Makes those of a file's edits that can be made together.
    fn of_file(&mut self, file: usize, mut proposals: Vec<Proposal<'_>>) {
        if proposals.first().is_some_and(|proposal| is_sealed(proposal.target.manifest)) {
            return proposals.iter().for_each(|it| self.leave(it, "sealed by SOPS: edit it with sops".into()));
        }
        // Several renderings may propose edits of one object. Those that are safe come first, and win.
        proposals.sort_by_key(|of| {
            (of.target.document, &of.target.object.path, of.edit.applicability != Applicability::Safe)
        });
        let mut fitting: Vec<Proposal<'_>> = Vec::new();
        let objects = proposals.chunk_by(|one, other| {
            (one.target.document, &one.target.object.path) == (other.target.document, &other.target.object.path)
        });
        for of_object in objects {
            let mut together: Vec<Proposal<'_>> = Vec::new();
            for proposal in of_object {
                let edits = together.iter().map(|it| it.edit).chain([proposal.edit]);
                match merged(proposal.target.object, edits) {
                    Ok(_) => together.push(proposal.clone()),
                    // The first one wins; a later check says whether the other is still to be made.
                    Err(MergeError::Contradiction(_)) if !together.is_empty() => {}
                    Err(cause) => self.leave(proposal, cause.to_string()),
                }
            }
            fitting.append(&mut together);
        }
        let Some(manifest) = fitting.first().map(|proposal| proposal.target.manifest) else { return };
        let fitting = self.writable(manifest, fitting);
        let Some(text) = text(manifest, &fitting).filter(|_| !fitting.is_empty()) else { return };
        self.texts.push(NewText { file, text });
        self.made.extend(fitting.into_iter().map(|Proposal { left, edit, .. }| Made {
            finding: left.finding,
            needs_review: edit.applicability == Applicability::NeedsReview,
            file,
            fields: fields(edit),
        }));
    }

    /// Those that the text allows, found by halves: mostly it allows all.
    fn writable<'r>(&mut self, manifest: &Manifest, mut proposals: Vec<Proposal<'r>>) -> Vec<Proposal<'r>> {
        if proposals.is_empty() || text(manifest, &proposals).is_some() {
            return proposals;
        }
        if let [proposal] = proposals.as_slice() {
            let why = "the text there is shared by an anchor, an alias or a merge key, or is written in an unusual way, or a \
                       comment would lose its line";
            self.leave(proposal, why.into());
            return Vec::new();
        }
        let second = proposals.split_off(proposals.len() / 2);
        let (first, second) = (self.writable(manifest, proposals), self.writable(manifest, second));
        let both: Vec<Proposal<'_>> = first.iter().chain(&second).cloned().collect();
        // Each by itself can be made: the second ones are, as soon as the first ones are.
        if text(manifest, &both).is_some() { both } else { first }
    }

    fn leave(&mut self, proposal: &Proposal<'_>, why: String) {
        self.left.push(Left { why, ..proposal.left.clone() });
    }
}

/// Whether SOPS has encrypted the file: its checksum covers every value of all documents. What it keeps beside the items of a
/// list is in none of them.
fn is_sealed(manifest: &Manifest) -> bool {
    let is_beside = |object: &Object| object.node.get("sops").and_then(|sops| sops.get("mac")).is_some();
    manifest.objects().any(is_beside) || manifest.source.text().contains("\nsops:")
}

/// The file's text with all of these edits, if it can be written so.
fn text(manifest: &Manifest, proposals: &[Proposal<'_>]) -> Option<String> {
    let objects = proposals.chunk_by(|one, other| std::ptr::eq(one.target.object, other.target.object));
    let mutated = objects.map(|of_object| {
        let target = of_object.first()?.target;
        Some((target, merged(target.object, of_object.iter().map(|it| it.edit)).ok()?))
    });
    let mutated: Vec<(Target<'_>, Value)> = mutated.collect::<Option<_>>()?;
    let wanted: Vec<Wanted<'_>> = mutated
        .iter()
        .map(|(target, mutated)| Wanted { document: target.document, object: target.object, mutated })
        .collect();
    edited(manifest, &wanted).ok()
}
